// The anomaly log on our own recording, in the middle of its rise of load: many episodes, few lines, and no trouble hidden.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import {createEngine} from '../../source/engine/engine.ts';
import {isToldAlone} from '../../source/engine/verdict.ts';
import {drain} from '../../source/evaluation/evaluate.ts';
import {openRecording} from '../../source/recording/feed.ts';
import {logOf} from '../../source/screen/log.ts';
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
	assert.equal(entries.filter(({storm}) => storm).length, moment.storms.length);
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

test('a rise goes on as long as one of its replicas does, from the first on', () => {
	const loads = moment.anomalies.filter(({kind}) => kind === 'load');
	const open = foldLoads(loads.map(load => (load === loads[0] ? {...load, ended: undefined} : load)) as typeof loads).filter(
		({anomaly}) => !anomaly.ended,
	);
	assert.deepEqual(
		open.map(({anomaly}) => anomaly.of.key),
		[loads[0]?.of.key],
	);
	for (const {count, anomaly} of foldLoads(loads)) {
		const ofWorkload = loads.filter(({of}) => of.workload === anomaly.of.workload && of.name === anomaly.of.name);
		assert.ok(count <= new Set(ofWorkload.map(({of}) => of.key)).size);
		assert.ok(ofWorkload.some(({startedAtMs}) => startedAtMs === anomaly.startedAtMs));
	}
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
