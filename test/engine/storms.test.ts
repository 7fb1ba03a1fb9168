/** Many that change at once are one event; leaks, kills and the single odd one are not folded away. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type {Absence, Scrape} from '../../source/scrape.ts';
import {container, jitter, kinds, reading, START_MS, scrape, watch} from './watch.ts';

const at = (i: number): number => START_MS + i * 15_000;

interface Crowd {
	readonly size?: number;
	readonly length?: number;
	/** CPU and memory that container `k` has more at sample `i`. */
	readonly cpu?: (k: number, i: number) => number;
	readonly memory?: (k: number, i: number) => number;
	/** Gone from this sample on. */
	readonly until?: (k: number) => number;
}

/** Workloads of one pod each, on two nodes. */
function crowd({size = 12, length = 260, cpu = () => 0, memory = () => 0, until = () => length}: Crowd): Scrape[] {
	const all = Array.from({length: size}, (_, k) => container(`w${k}`, {workload: `Deployment/w${k}`, node: `node-${k % 2}`}));
	return Array.from({length}, (_, i) => {
		const here = all.filter((_, k) => i < until(k));
		const gone: Absence[] = all.filter((_, k) => i === until(k)).map(of => ({of, why: 'gone'}));
		return scrape(
			at(i),
			here.map(of => {
				const k = all.indexOf(of);
				return reading(of, at(i), 50 + 4 * jitter(i + 999 * k) + cpu(k, i), 120 + jitter(i * 3 + 777 * k) + memory(k, i));
			}),
			gone,
		);
	});
}

const storms = (scrapes: Scrape[]): string[] =>
	watch(scrapes).events.flatMap(event => (event.type === 'storm' ? [`${event.of}: ${event.detail} (${event.keys.length})`] : []));
const busy = (from: number, of: number) => (k: number, i: number) => (k < of && i >= from && i < from + 15 ? 600 : 0);

test('containers of different workloads that are odd at once are a storm of their namespace and their nodes', () => {
	assert.deepEqual(storms(crowd({cpu: busy(200, 10)})), [
		'namespace shop: 10 of 12 containers: 10 cpu-spike (10)',
		'node node-0: 5 of 6 containers: 5 cpu-spike (5)',
		'node node-1: 5 of 6 containers: 5 cpu-spike (5)',
	]);
});

test('fewer than five are not', () => assert.deepEqual(storms(crowd({cpu: busy(200, 4)})), []));

test('nor is a fifth of them', () => {
	assert.deepEqual(storms(crowd({size: 40, cpu: busy(200, 8)})), []);
	assert.equal(storms(crowd({size: 40, cpu: busy(200, 9)})).length, 1 + 1);
});

test('nor are those that learn', () => {
	const learning = crowd({length: 90, cpu: busy(40, 10)});
	assert.equal(kinds(watch(learning)).length, 10);
	assert.deepEqual(storms(learning), []);
	assert.deepEqual(storms(crowd({length: 60, until: k => (k < 10 ? 50 : 60)})), []);
});

test('a node that is drained within minutes is one event of the node', () => {
	const drained = storms(crowd({until: k => (k % 2 === 0 ? 200 + k : 260)}));
	assert.deepEqual(drained, ['namespace shop: 5 of 12 containers: 5 gone (5)', 'node node-0: 5 of 6 containers: 5 gone (5)']);
});

test('what was odd five minutes before is not counted with what is odd now', () => {
	const cpu = (k: number, i: number): number => (k < 10 && i >= 200 && i < 203 ? 600 : k === 11 && i >= 220 && i < 223 ? 600 : 0);
	assert.equal(storms(crowd({cpu})).filter(storm => storm.startsWith('namespace')).length, 1);
});

test('a pod that went and came back is counted once', () => {
	const scrapes = crowd({length: 230, until: k => (k < 6 ? 200 + k : 230)});
	const back = scrapes[199]?.readings.filter(({of}) => of.pod === 'w0' || of.pod === 'w1') ?? [];
	const returned = scrapes.map((one, i) =>
		i < 203 ? one : {...one, readings: [...one.readings, ...back.map(reading => ({...reading, sampledAtMs: one.atMs}))]},
	);
	assert.match(storms(returned)[0] ?? '', /^namespace shop: 5 of 12 containers/);
});

test('over an hour they are no storm', () => {
	assert.deepEqual(storms(crowd({length: 500, until: k => (k < 6 ? 200 + 40 * k : 500)})), []);
});

test('leaks that begin together are each told, and no storm', () => {
	const scrapes = crowd({length: 320, memory: (k, i) => (k < 6 ? Math.max(0, i - 200) / 2 : 0)});
	assert.deepEqual(kinds(watch(scrapes)), Array(6).fill('memory-leak'));
	assert.deepEqual(storms(scrapes), []);
});
