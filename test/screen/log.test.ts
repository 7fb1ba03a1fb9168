// The anomaly log on our own recording, in the middle of its rise of load: many episodes, few lines, and no trouble hidden.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import {createEngine} from '../../source/engine/engine.ts';
import {type Anomaly, isToldAlone} from '../../source/engine/verdict.ts';
import {drain} from '../../source/evaluation/evaluate.ts';
import {timeFormat} from '../../source/format.ts';
import {openRecording} from '../../source/recording/feed.ts';
import {kindsOf, logOf, logRowView} from '../../source/screen/log.ts';
import {allEntries, foldLoads} from '../../source/screen/log-entries.ts';
import {Timeline} from '../../source/timeline.ts';

const recording = await openRecording(path.join(import.meta.dirname, '../../recordings/shop.jsonl.gz'));
const engine = createEngine({seed: 1});
const timeline = new Timeline();
for await (const scrape of recording.scrapes(new AbortController().signal)) {
	timeline.append(scrape, drain(engine.assess(scrape)));
	if (new Date(scrape.atMs).toISOString().slice(11, 16) === '15:14') break;
}
const moment = timeline.at(timeline.endMs);
const unfiltered = {filter: '', kind: undefined, top: 0, selected: undefined};

test('it lists storms and folded loads instead of an episode a container', () => {
	assert.ok(moment.anomalies.length > 25, `${moment.anomalies.length} episodes`);
	const entries = logOf(moment, unfiltered);
	assert.ok(entries.length < (2 / 3) * moment.anomalies.length, `${entries.length} lines`);
	// Told three times while it spread.
	assert.equal(moment.storms.length, 3);
	const [storm, ...others] = entries.filter(({storm}) => storm);
	assert.deepEqual([storm?.firedAtMs, storm?.count, others.length], [moment.storms[0]?.atMs, 10, 0]);
	assert.match(storm?.storm?.detail ?? '', /^10 containers: 9 load, 1 level-shift$/);
});

test('a storm is told in the words of the screen', () => {
	const storm = logOf(moment, unfiltered).find(({storm}) => storm) ?? assert.fail();
	const context = {moment, times: timeFormat('UTC'), crowded: new Set<string>(), short: false};
	assert.match(logRowView(storm, false, context).detail, /^10 containers: 9 load rise, 1 stepped up/);
});

test('only kinds that have a line are offered to choose from', () => {
	const shown = new Set(logOf(moment, unfiltered).flatMap(({anomaly, storm}) => (anomaly && !storm ? [anomaly.kind] : [])));
	assert.deepEqual(kindsOf(moment), [...shown].sort());
	assert.ok(!kindsOf(moment).includes('load') && moment.anomalies.some(({kind}) => kind === 'load'));
});

test('leaks, kills and whatever is told alone keep a line of their own', () => {
	const alone = moment.anomalies.filter(({kind}) => isToldAlone(kind)).map(({id}) => id);
	assert.ok(alone.length > 3);
	const listed = new Set(allEntries(moment).map(({id}) => id));
	assert.deepEqual(
		alone.filter(id => !listed.has(id)),
		[],
	);
});

test('the one whose memory rises among many that are loaded keeps a line of its own too', () => {
	const storm = moment.storms.at(-1);
	assert.match(storm?.detail ?? '', /load, 1 level-shift$/);
	const [odd] = allEntries(moment).filter(
		({anomaly, storm}) => !storm && anomaly?.kind === 'level-shift' && anomaly.of.pod.startsWith('checkout'),
	);
	assert.ok(odd && storm?.keys.includes(odd.key));
});

const MINUTE_MS = 60_000;
const [load] = moment.anomalies.filter(({kind}) => kind === 'load');
assert.ok(load);
/** The same rise in replica `n`, from and to these minutes; without an end it goes on. */
const rise = (n: number, from: number, to?: number): Anomaly =>
	({
		...load,
		id: `rise-${n}`,
		of: {...load.of, key: `replica-${n}`},
		startedAtMs: from * MINUTE_MS,
		firedAtMs: from * MINUTE_MS,
		ended: to === undefined ? undefined : {atMs: to * MINUTE_MS, by: 'recovered'},
	}) as Anomaly;
const folds: readonly [says: string, rises: readonly Anomaly[], entries: readonly [id: string, count: number, over: boolean][]][] = [
	['replicas that rise together', [rise(1, 0, 10), rise(2, 1, 9)], [['rise-1', 2, true]]],
	['one that follows within five minutes', [rise(1, 0, 10), rise(2, 14, 20)], [['rise-1', 2, true]]],
	[
		'one that comes later',
		[rise(1, 0, 10), rise(2, 16, 20)],
		[
			['rise-1', 1, true],
			['rise-2', 1, true],
		],
	],
	['it goes on while one of them does', [rise(1, 0), rise(2, 60, 62)], [['rise-1', 2, false]]],
	['the same one twice', [rise(1, 0, 10), rise(1, 12, 14)], [['rise-1', 1, true]]],
];
for (const [says, rises, entries] of folds) {
	test(`a rise of load is one line for a workload: ${says}`, () => {
		assert.deepEqual(
			foldLoads(rises).map(({id, count, anomaly}) => [id, count, anomaly.ended !== undefined]),
			entries,
		);
	});
}

test('a storm takes nothing that is told alone', () => {
	const kinds = ['load', 'memory-leak', 'oom-killed', 'unlike-siblings'] as const;
	const anomalies = kinds.flatMap(kind => [1, 2, 3, 4].map(n => ({...rise(n, 1), id: `${kind}-${n}`, kind})));
	const storm = {
		type: 'storm' as const,
		atMs: 2 * MINUTE_MS,
		of: 'namespace shop',
		keys: [1, 2, 3, 4].map(n => `replica-${n}`),
		detail: '',
	};
	const entries = allEntries({...moment, anomalies, storms: [storm]});
	assert.equal(entries.length, 1 + 12);
	assert.equal(entries.find(({storm}) => storm)?.anomaly?.kind, 'load');
});

test('a storm of a namespace and of its node is one line, even if one of them is told a scrape later', () => {
	const anomalies = [1, 2, 3, 4].map(n => rise(n, 1));
	const storm = {type: 'storm' as const, atMs: 2 * MINUTE_MS, of: 'node n1', keys: anomalies.map(({of}) => of.key), detail: ''};
	const wider = {...storm, atMs: storm.atMs + 15_000, of: 'namespace shop'};
	const entries = allEntries({...moment, anomalies, storms: [storm, wider]});
	assert.deepEqual(
		entries.map(({storm}) => storm?.of),
		['node n1'],
	);
});

test('a rise that spreads is one storm, with those that come between; the next one is another', () => {
	const waves = [
		[1, 2, 3, 4, 5].map(n => rise(n, 1, 20)),
		[6, 7, 8].map(n => rise(n, 7, 20)),
		[11, 12, 13, 14, 15].map(n => rise(n, 60, 70)),
	].map(wave => wave.map(({of, ...more}) => ({...more, of: {...of, namespace: 'shop'}})));
	const storms = waves.map(wave => ({
		type: 'storm' as const,
		atMs: (wave[0]?.firedAtMs ?? 0) + MINUTE_MS,
		of: 'namespace shop',
		keys: wave.map(({of}) => of.key),
		detail: `${wave.length} of 20 containers: ${wave.length} load`,
	}));
	const between = {...rise(9, 4, 6), of: {...load.of, key: 'replica-9', namespace: 'shop'}};
	const elsewhere = {...rise(10, 4, 6), of: {...load.of, key: 'replica-10', namespace: 'payments', node: 'n9'}};
	const entries = allEntries({...moment, anomalies: [...waves.flat(), between, elsewhere], storms});
	assert.deepEqual(
		entries.map(({storm, count}) => [storm?.detail, count]),
		[
			['9 containers: 9 load', 9],
			['5 of 20 containers: 5 load', 5],
			[undefined, 1],
		],
	);
});

test('who filters by kind sees the episodes', () => {
	const entries = logOf(moment, {...unfiltered, kind: 'load'});
	assert.ok(entries.length > 0);
	assert.ok(entries.every(({storm, anomaly}) => storm === undefined && anomaly?.kind === 'load'));
});

test('before a storm was told there is none', () => {
	const [first] = moment.storms;
	assert.ok(first);
	assert.deepEqual(timeline.at(first.atMs - 1).storms, []);
	assert.equal(timeline.at(first.atMs).storms.length, 1);
});
