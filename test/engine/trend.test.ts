/** Slope, interval and trend test against published examples, and against values that another library computed. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {intercept, mannKendall, slopeInterval, theilSen} from '../../source/engine/trend.ts';

const close = (actual: number, expected: number, within = 1e-9): void =>
	assert.ok(Math.abs(actual - expected) <= within, `expected ${expected}, got ${actual}`);

interface Example {
	readonly source: string;
	readonly times: readonly number[];
	readonly values: readonly number[];
	readonly slope: number;
	readonly intercept: number;
	/** z of the two-sided interval, and its ends. */
	readonly interval: readonly [z: number, low: number, high: number];
}

const lines: readonly Example[] = [
	{
		// The paper's own list of slopes has slips: the ends are those of the tests of scipy and of the R package deming.
		source: 'the example of Sen 1968, at 93 %',
		times: [1, 2, 3, 4, 10, 12, 18],
		values: [9, 15, 19, 20, 45, 55, 78],
		slope: 4,
		intercept: 6,
		interval: [1.8119106729525973, 26 / 7, 35 / 8],
	},
	{
		source: 'the same at 80 %, by theilslopes of scipy 1.17.1',
		times: [1, 2, 3, 4, 10, 12, 18],
		values: [9, 15, 19, 20, 45, 55, 78],
		slope: 4,
		intercept: 6,
		interval: [1.2815515655446004, 3.8333333333333335, 4.166666666666667],
	},
	{
		source: 'twelve points at uneven times, falling, with ties, by theilslopes of scipy 1.17.1',
		times: [0, 15, 31, 44, 61, 75, 90, 106, 119, 135, 151, 164],
		values: [31, 30.5, 30.5, 28, 27, 27.5, 24, 25, 21, 20.5, 20.5, 18],
		slope: -0.08174933174933174,
		intercept: 31.661605286605287,
		interval: [1.2815515655446004, -0.08695652173913043, -0.07222222222222222],
	},
];
for (const {source, times, values, slope, intercept: c, interval} of lines) {
	test(`Theil-Sen: ${source}`, () => {
		const m = Float64Array.from(values);
		const tau = Float64Array.from(times);
		close(theilSen(m, tau), slope);
		close(intercept(m, tau, slope), c);
		const [z, low, high] = interval;
		const [actualLow, actualHigh] = slopeInterval(m, tau, m.length, mannKendall(m).variance, z);
		close(actualLow, low);
		close(actualHigh, high);
	});
}

const trends: readonly {source: string; values: readonly number[]; variance: number; z: number}[] = [
	{
		// S = 22, V = 155.33, Z = 1.685, as EarthSoft's help quotes it: a group of four ties, one of two.
		source: 'EPA QA/G-9S, page 109: rising, with ties',
		values: [10, 10, 10, 5, 10, 20, 18, 17, 15, 24, 15],
		variance: 2796 / 18,
		z: 21 / Math.sqrt(2796 / 18),
	},
	{
		// S = -5 in print; V = (5 * 4 * 15 - 2 * 1 * 9) / 18 by hand.
		source: 'Wisconsin Administrative Code, example of the Mann-Kendall statistic, table A: falling, one pair of ties',
		values: [100, 50, 85, 75, 50],
		variance: 282 / 18,
		z: -4 / Math.sqrt(282 / 18),
	},
	{
		// S = -60 of 66 pairs, two pairs of ties, counted by a loop in Python.
		source: 'twelve points, falling, two pairs of ties',
		values: [31, 30.5, 30.5, 28, 27, 27.5, 24, 25, 21, 20.5, 20.5, 18],
		variance: 3792 / 18,
		z: -59 / Math.sqrt(3792 / 18),
	},
];
for (const {source, values, variance, z} of trends) {
	test(`Mann-Kendall: ${source}`, () => {
		const found = mannKendall(Float64Array.from(values));
		close(found.variance, variance);
		close(found.z, z);
	});
}

test('of a longer array the first points alone are looked at', () => {
	assert.deepEqual(mannKendall(Float64Array.of(1, 2, 3, 4, -9, -9), 4), mannKendall(Float64Array.of(1, 2, 3, 4)));
	assert.equal(theilSen(Float64Array.of(50, 0, 2, 4, -50), Float64Array.of(0, 1, 2, 3, 4), 1, 4), 2);
});

test('points at one time give no slope, too few give none at all', () => {
	assert.equal(theilSen(Float64Array.of(1, 9, 3), Float64Array.of(0, 0, 1)), -2); // 2 and -6
	assert.ok(Number.isNaN(theilSen(Float64Array.of(1), Float64Array.of(0))));
	assert.ok(Number.isNaN(theilSen(Float64Array.of(1, 2), Float64Array.of(5, 5))));
});
