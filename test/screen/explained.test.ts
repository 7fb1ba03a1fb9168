// Why says what the row says: of the same sample, with the same doubt, and of what does not run that it does not.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {liveCursor, replayCursor} from '../../source/cursor.ts';
import {createEngine} from '../../source/engine/engine.ts';
import {formatCpu, formatMemory} from '../../source/format.ts';
import {explained} from '../../source/screen/explained.ts';
import {Timeline} from '../../source/timeline.ts';
import {jitter, MIB, reading, START_MS, scrape, container as watchedContainer} from '../engine/watch.ts';
import {Pane, utc} from './frame.ts';
import {container, PARTS, STEPS, sampleTimeline} from './sample.ts';

const SIZE = {columns: 200, rows: 60};
const now = (words: readonly string[], metric: string): string | undefined =>
	words.map(line => new RegExp(`^${metric}: (\\S+) now`).exec(line)?.[1]).find(Boolean);

test('"now" is the sample that the row shows, at every step of a replay', () => {
	const timeline = sampleTimeline();
	let moved = 0;
	for (let step = 120; step < STEPS; step++) {
		const atMs = timeline.scrapeAt(timeline.startMs + step * 15_000);
		const pane = new Pane(timeline, SIZE, {cursor: {...replayCursor(), mode: 'pause', atMs}, canKubectl: false});
		const {selected, whyText} = pane.scene;
		assert.ok(selected);
		const words = whyText();
		if (now(words, 'CPU') === undefined) continue;
		moved++;
		assert.equal(now(words, 'CPU'), formatCpu(selected.cpuMillicores), `CPU at step ${step}`);
		assert.equal(now(words, 'Memory'), formatMemory(selected.memoryBytes), `memory at step ${step}`);
	}
	assert.ok(moved > 100, String(moved));
});

test('in the present the engine may be a scrape ahead of what is shown', () => {
	const engine = createEngine();
	const timeline = new Timeline();
	const of = watchedContainer('a');
	for (let i = 0; i < 40; i++) {
		const atMs = START_MS + i * 15_000;
		const each = scrape(atMs, [reading(of, atMs, 50 + jitter(i), 100 + i)]);
		const assessing = engine.assess(each);
		let step = assessing.next();
		while (!step.done) step = assessing.next();
		if (i < 39) timeline.append(each, step.value);
	}
	const moment = timeline.at(timeline.endMs);
	const row = moment.row(of.key);
	assert.ok(row);
	const words = explained(row, moment, key => engine.explain(key), 'learning', utc);
	assert.equal(now(words, 'Memory'), formatMemory(138 * MIB));
});

test('why of what does not start: its state first, its messages, where to look, and nothing of learning', () => {
	const of = container('payments', 'reports-1', 'app', {waiting: 'ImagePullBackOff', image: 'registry.local/reports:typo'});
	const part = {of, cpu: () => 0, memory: () => 0, from: STEPS, why: 'not-running' as const};
	const timeline = sampleTimeline({trouble: true, parts: [part]});
	const message = 'Back-off pulling image "registry.local/reports:typo"';
	const engine = createEngine();
	const {done} = engine.assess(scrape(timeline.endMs, [], [{of, why: 'not-running'}])).next();
	assert.ok(done && engine.explain(of.key), 'the engine would say that it learns');
	const event = {atMs: timeline.endMs - 60_000, type: 'Warning', reason: 'BackOff', message, count: 4};
	const pane = new Pane(timeline, SIZE, {
		cursor: liveCursor(),
		explain: key => engine.explain(key),
		details: {key: of.key, details: {events: [event], message: 'Kubelet: rpc error: not found'}},
	});
	pane.state = {...pane.state, selection: {id: of.key, index: 0}};
	const words = pane.scene.whyText().join('\n');
	assert.match(words, /^payments\/reports-1:app\nImagePullBackOff: the container does not start\b/);
	assert.match(words, /Image: registry\.local\/reports:typo\n/);
	assert.match(words, /Look next: .*kubectl -n payments describe pod reports-1/);
	assert.ok(words.includes(message));
	assert.match(words, /^Kubelet: rpc error: not found$/m);
	assert.doesNotMatch(words, /Learning|\d+\/100|not known\./i);
});

test('what runs no more has no "now"', () => {
	const part = PARTS.find(({of}) => of.pod === 'checkout-7d9f5c-x2x9l');
	assert.ok(part);
	const timeline = sampleTimeline({parts: [{...part, until: STEPS - 30, why: 'node-silent'}]});
	const pane = new Pane(timeline, SIZE);
	const words = pane.scene.whyText().join('\n');
	assert.match(words, /Memory: \S+ at its last sample, \d\d:\d\d/);
	assert.doesNotMatch(words, / now[,;.]/);
});

test('the row, the log, the headline and why tell the same doubt', () => {
	const timeline = new Timeline();
	const engine = createEngine();
	const pods = ['a', 'b', 'c'].map(pod => watchedContainer(pod, {workload: 'Deployment/checkout', memoryLimitBytes: 256 * MIB}));
	for (let i = 0; i < 70; i++) {
		const atMs = START_MS + i * 15_000;
		const each = scrape(
			atMs,
			pods.map((of, n) => reading(of, atMs, 50 + 4 * jitter(i + n), 100 + jitter(3 * i + n) + (n === 0 ? Math.max(0, i - 45) * 3 : 0))),
		);
		const assessing = engine.assess(each);
		let step = assessing.next();
		while (!step.done) step = assessing.next();
		timeline.append(each, step.value);
	}
	const {scene} = new Pane(timeline, SIZE, {explain: key => engine.explain(key)});
	const anomaly = scene.selected?.anomaly;
	assert.ok(anomaly?.provisional, 'it was told while learning');
	const verdict = scene.list?.rows[0]?.cells.find(({cut}) => cut === 'clause')?.text ?? '';
	assert.match(verdict, /[^?]\?$/);
	assert.equal(scene.log?.rows[0]?.words, verdict);
	assert.match(scene.whyText()[1] ?? '', /[^?]\?$/);
	assert.match(scene.sentence.map(line => line.map(({text}) => text).join('')).join(' '), /probably .*\(seen while still learning\)/);
});

test('what it used before a kill is not what its next run uses', () => {
	const engine = createEngine();
	const timeline = new Timeline();
	const of = watchedContainer('a', {memoryLimitBytes: 256 * MIB});
	const killedAtMs = START_MS + 119 * 15_000 + 5000;
	const after = {...of, incarnation: 'a:1', restarts: 1, lastExit: {reason: 'OOMKilled', atMs: killedAtMs}};
	for (let i = 0; i < 124; i++) {
		const atMs = START_MS + i * 15_000;
		const one = i < 120 ? reading(of, atMs, 50 + jitter(i), 240 + jitter(i)) : reading(after, atMs, 50, 60);
		const each = scrape(atMs, [one]);
		const assessing = engine.assess(each);
		let step = assessing.next();
		while (!step.done) step = assessing.next();
		timeline.append(each, step.value);
	}
	const words = new Pane(timeline, SIZE, {explain: key => engine.explain(key)}).scene.whyText().join('\n');
	assert.match(words, /^Critical: OOM-killed/m);
	assert.match(words, /^Memory: 2[34]\dMi before the kill, 9\d% of its limit/m);
});
