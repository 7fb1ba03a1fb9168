import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test, {after} from 'node:test';
import type {Container} from '../source/scrape.ts';
import {Silences, silencesFile} from '../source/silences.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'oddpod-test-'));
after(() => rmSync(folder, {recursive: true}));

const of: Container = {
	key: 'lab/shop/checkout-1/app',
	namespace: 'shop',
	pod: 'checkout-1',
	name: 'app',
	incarnation: 'uid:0',
	workload: 'Deployment/checkout',
	cpuRequestMillicores: Number.NaN,
	memoryRequestBytes: Number.NaN,
	cpuLimitMillicores: Number.NaN,
	memoryLimitBytes: Number.NaN,
	restarts: 0,
};
const HOUR = 3_600_000;

test('any silence is undone at once', () => {
	const silences = new Silences();
	assert.equal(silences.end(of, 0), false);
	for (const presses of [1, 2, 3]) {
		for (let i = 0; i < presses; i++) silences.next(of, 0);
		const {revision} = silences;
		assert.equal(silences.end(of, 0), true);
		assert.equal(silences.of(of, 0), undefined);
		assert.ok(silences.revision > revision);
	}
});

test('m goes round: an hour, until it restarts, expected, none', () => {
	const silences = new Silences();
	assert.equal(silences.of(of, 0), undefined);
	assert.deepEqual(
		[1, 2, 3, 4].map(() => silences.next(of, 0)),
		[
			{now: 'silenced 1 h', after: 'until it restarts'},
			{now: 'silenced until it restarts', after: 'expected here'},
			{now: 'expected here', after: 'not at all'},
			{now: 'no longer silenced', after: undefined},
		],
	);
	assert.equal(silences.of(of, 0), undefined);
});

test('an hour is an hour', () => {
	const silences = new Silences();
	silences.next(of, 0);
	assert.equal(silences.of(of, HOUR - 1), 'silenced 1 h');
	assert.equal(silences.of(of, HOUR), undefined);
	assert.equal(silences.of({...of, key: 'lab/shop/checkout-2/app'}, 0), undefined);
});

test('a restart ends the second, a new pod of the workload does not end the third', () => {
	const silences = new Silences();
	silences.next(of, 0);
	silences.next(of, 0);
	assert.equal(silences.of({...of, incarnation: 'uid:1'}, 0), undefined);
	silences.next(of, 0);
	assert.equal(silences.of({...of, key: 'lab/shop/checkout-9/app', pod: 'checkout-9', incarnation: 'other:0'}, 9 * HOUR), 'expected here');
	assert.equal(silences.of({...of, key: 'lab/shop/cart-1/app', workload: 'Deployment/cart'}, 0), undefined);
});

test('they are there again in the next session, and a damaged file is begun anew', () => {
	const file = path.join(folder, 'state', 'silences.json');
	new Silences(file).next(of, 0);
	assert.equal(new Silences(file).of(of, 1), 'silenced 1 h');
	writeFileSync(file, readFileSync(file, 'utf8').slice(0, 20));
	const again = new Silences(file);
	assert.equal(again.of(of, 1), undefined);
	again.next(of, 0);
	assert.equal(new Silences(file).of(of, 1), 'silenced 1 h');
});

test('a context cannot name a file outside of its folder', () => {
	assert.equal(silencesFile('../../etc/x', {XDG_STATE_HOME: '/s'}), '/s/oddpod/.._.._etc_x/silences.json');
	assert.equal(silencesFile('a', {HOME: '/h'}), '/h/.local/state/oddpod/a/silences.json');
	assert.equal(silencesFile('a', {}), undefined);
});
