import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {cpuMillicoresOf, memoryBytesOf, parseDuration, parseQuantity} from '../../source/k8s/quantity.ts';

test('reads every suffix that Kubernetes writes', () => {
	const table: readonly (readonly [unknown, number])[] = [
		['0', 0],
		['2', 2],
		['85150056n', 0.085150056],
		['42500u', 0.0425],
		['250m', 0.25],
		['1.5', 1.5],
		['.5', 0.5],
		['5.', 5],
		['+3', 3],
		['1k', 1000],
		['1M', 1e6],
		['2G', 2e9],
		['1T', 1e12],
		['1P', 1e15],
		['1E', 1e18],
		['181116Ki', 181116 * 1024],
		['512Mi', 512 * 2 ** 20],
		['1.5Gi', 1.5 * 2 ** 30],
		['1Ti', 2 ** 40],
		['1Pi', 2 ** 50],
		['1Ei', 2 ** 60],
		['1e3', 1000],
		['1E3', 1000],
		['12e-3', 0.012],
		['6856330092', 6856330092],
		['134217728000m', 134217728],
		[2, 2],
	];
	for (const [text, value] of table) assert.equal(parseQuantity(text), value, String(text));
});

test('what is no quantity is NaN, never 0 and never thrown', () => {
	for (const value of [
		'',
		' ',
		'1 Mi',
		'Mi',
		'1p',
		'1Kii',
		'1e',
		'e3',
		'--1',
		'1,5',
		'NaN',
		'Infinity',
		'0x10',
		'1e9999',
		'9'.repeat(500),
		null,
		undefined,
		{},
		[],
		true,
		Number.NaN,
		Infinity,
	])
		assert.ok(Number.isNaN(parseQuantity(value)), JSON.stringify(value) ?? String(value));
});

test('use of a container is neither negative nor larger than any machine', () => {
	assert.equal(cpuMillicoresOf('250m'), 250);
	assert.equal(memoryBytesOf('64Mi'), 64 * 2 ** 20);
	for (const value of ['-1', '-5m', '1e30', '200000']) assert.ok(Number.isNaN(cpuMillicoresOf(value)), value);
	for (const value of ['-1Ki', '2Ei', '1e30']) assert.ok(Number.isNaN(memoryBytesOf(value)), value);
});

test('a quantity means the same whatever its suffix', () => {
	const factors = {
		n: 1e-9,
		u: 1e-6,
		m: 1e-3,
		'': 1,
		k: 1e3,
		M: 1e6,
		G: 1e9,
		T: 1e12,
		P: 1e15,
		Ki: 2 ** 10,
		Mi: 2 ** 20,
		Gi: 2 ** 30,
		Ti: 2 ** 40,
		Pi: 2 ** 50,
	} as const;
	fc.assert(
		fc.property(
			fc.integer({min: 0, max: 1e9}),
			fc.integer({min: 0, max: 999}),
			fc.constantFrom(...(Object.keys(factors) as (keyof typeof factors)[])),
			(whole, part, suffix) => {
				const expected = Number(`${whole}.${String(part).padStart(3, '0')}`) * factors[suffix];
				const value = parseQuantity(`${whole}.${String(part).padStart(3, '0')}${suffix}`);
				assert.ok(Math.abs(value - expected) <= expected * 1e-14, `${value} ${expected}`);
				assert.equal(typeof value, 'number');
			},
		),
	);
});

test('no text is anything but a finite number or NaN', () => {
	fc.assert(
		fc.property(fc.oneof(fc.string({maxLength: 80}), fc.stringMatching(/^[0-9.eEKMGnumi+-]{0,12}$/)), text => {
			const value = parseQuantity(text);
			assert.ok(Number.isNaN(value) || Number.isFinite(value));
		}),
	);
});

test('reads the windows of metrics-server', () => {
	assert.equal(parseDuration('14.362000192s'), 14362.000192);
	assert.equal(parseDuration('1m0s'), 60_000);
	assert.equal(parseDuration('1h2m3.5s'), 3_723_500);
	assert.equal(parseDuration('250ms'), 250);
	for (const value of ['', '10', '10 s', 's', '-10s', '1d', null, 10]) assert.ok(Number.isNaN(parseDuration(value)), String(value));
});
