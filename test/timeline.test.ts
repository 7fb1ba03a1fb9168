import assert from 'node:assert/strict';
import test from 'node:test';
import {liveCursor, placeOf} from '../source/cursor.ts';
import {type Anomaly, type Assessment, type Event, STATES, type State} from '../source/engine/verdict.ts';
import {type Absence, type Container, containerKey, type Problem, type Reading} from '../source/scrape.ts';
import {Timeline} from '../source/timeline.ts';

const T0 = Date.UTC(2026, 10, 25, 12);
const STEP = 15_000;
const MI = 2 ** 20;

const container = (pod: string, over: Partial<Container> = {}): Container => ({
	key: containerKey('lab', 'shop', pod, 'app'),
	namespace: 'shop',
	pod,
	name: 'app',
	incarnation: `${pod}:0`,
	workload: 'Deployment/checkout',
	cpuRequestMillicores: Number.NaN,
	memoryRequestBytes: Number.NaN,
	cpuLimitMillicores: 500,
	memoryLimitBytes: 512 * MI,
	restarts: 0,
	...over,
});

interface Sample {
	readonly of: Container;
	readonly cpu: number;
	readonly memory?: number;
	readonly state?: State;
	readonly band?: readonly [number, number];
	readonly score?: number;
}

function append(
	timeline: Timeline,
	i: number,
	samples: readonly Sample[],
	{absent = [], problems = [], events = []}: {absent?: Absence[]; problems?: Problem[]; events?: Event[]} = {},
): void {
	const atMs = T0 + i * STEP;
	const readings: Reading[] = samples.map(({of, cpu, memory = 64 * MI}) => ({
		of,
		sampledAtMs: atMs - 2000,
		windowMs: STEP,
		cpuMillicores: cpu,
		memoryBytes: memory,
	}));
	const f32 = (value: (sample: Sample) => number): Float32Array => Float32Array.from(samples, value);
	const assessment: Assessment = {
		verdicts: {
			length: samples.length,
			state: Uint8Array.from(samples, ({state = 'normal'}) => STATES.indexOf(state)),
			score: f32(({score = 0.5}) => score),
			threshold: f32(() => 0.6),
			learned: Uint16Array.from(samples, () => 100),
			cpuLowMillicores: f32(({band}) => band?.[0] ?? Number.NaN),
			cpuHighMillicores: f32(({band}) => band?.[1] ?? Number.NaN),
			memoryLowBytes: f32(() => Number.NaN),
			memoryHighBytes: f32(() => Number.NaN),
			marks: Uint8Array.from(samples, () => 0),
		},
		events,
	};
	timeline.append({atMs, readings, absent, problems}, assessment);
}

const anomaly = (of: Container, over: Partial<Anomaly> = {}): Anomaly => ({
	id: `${of.key}@0`,
	of,
	kind: 'cpu-spike',
	metric: 'cpu',
	severity: 'warning',
	state: 'firing',
	recurring: false,
	provisional: false,
	startedAtMs: T0,
	firedAtMs: T0,
	explanation: {} as Anomaly['explanation'],
	...over,
});

test('a moment shows what was known then, and no later', () => {
	const timeline = new Timeline();
	const a = container('a');
	for (let i = 0; i < 1000; i++) append(timeline, i, [{of: a, cpu: i}]);
	for (const i of [0, 1, 255, 256, 500, 999]) assert.equal(timeline.at(T0 + i * STEP).rows.at(0)?.cpuMillicores, i);
	assert.equal(timeline.at(T0 + 500 * STEP + 7000).rows.at(0)?.cpuMillicores, 500);
	assert.equal(timeline.at(Number.POSITIVE_INFINITY).rows.at(0)?.cpuMillicores, 999);
	assert.equal(timeline.at(T0 - 1).rows.length, 0);
});

test('the same moment is the same object until something is appended', () => {
	const timeline = new Timeline();
	append(timeline, 0, [{of: container('a'), cpu: 1}]);
	const moment = timeline.at(Number.POSITIVE_INFINITY);
	assert.equal(timeline.at(Number.POSITIVE_INFINITY), moment);
	append(timeline, 1, [{of: container('a'), cpu: 2}]);
	assert.notEqual(timeline.at(Number.POSITIVE_INFINITY), moment);
});

test('an absence has a reason, and ends with the next sample', () => {
	const timeline = new Timeline();
	const a = container('a');
	append(timeline, 0, [{of: a, cpu: 1}]);
	append(timeline, 1, [], {absent: [{of: a, why: 'restarting'}]});
	append(timeline, 2, [{of: a, cpu: 3}]);
	const row = (i: number) => timeline.at(T0 + i * STEP).rows.at(0);
	assert.equal(row(0)?.state, 'normal');
	assert.equal(row(1)?.state, 'absent');
	assert.equal(row(1)?.absence, 'restarting');
	assert.equal(row(2)?.state, 'normal');
});

test('a container without samples for a while is absent without having been told so', () => {
	const timeline = new Timeline();
	const [a, b] = [container('a'), container('b')];
	append(timeline, 0, [
		{of: a, cpu: 1},
		{of: b, cpu: 1},
	]);
	for (let i = 1; i < 10; i++) append(timeline, i, [{of: b, cpu: 1}]);
	assert.equal(timeline.at(T0 + 2 * STEP).row(a.key)?.state, 'normal');
	assert.equal(timeline.at(T0 + 9 * STEP).row(a.key)?.absence, 'no-sample');
});

test('what is gone stays for five minutes', () => {
	const timeline = new Timeline();
	const [a, b] = [container('a'), container('b')];
	append(timeline, 0, [
		{of: a, cpu: 1},
		{of: b, cpu: 1},
	]);
	append(timeline, 1, [{of: b, cpu: 1}], {absent: [{of: a, why: 'gone'}]});
	for (let i = 2; i < 40; i++) append(timeline, i, [{of: b, cpu: 1}]);
	assert.equal(timeline.at(T0 + 10 * STEP).row(a.key)?.absence, 'gone');
	assert.equal(timeline.at(T0 + 30 * STEP).row(a.key), undefined);
});

test('an anomaly is shown as it was known at the moment, and leaves its row when it ended', () => {
	const timeline = new Timeline();
	const a = container('a');
	const at = (i: number): number => T0 + i * STEP;
	append(timeline, 0, [{of: a, cpu: 1}]);
	append(timeline, 1, [{of: a, cpu: 9}], {events: [{type: 'opened', atMs: at(1), anomaly: anomaly(a)}]});
	append(timeline, 2, [{of: a, cpu: 9}], {
		events: [{type: 'renamed', was: 'cpu-spike', atMs: at(2), anomaly: anomaly(a, {kind: 'cpu-sustained'})}],
	});
	append(timeline, 3, [{of: a, cpu: 1}], {
		events: [
			{type: 'closed', atMs: at(3), anomaly: anomaly(a, {kind: 'cpu-sustained', state: 'resolved', ended: {atMs: at(3), by: 'recovered'}})},
		],
	});
	const shown = (i: number) => [
		timeline.at(at(i)).rows.at(0)?.anomaly?.kind,
		timeline.at(at(i)).anomalies[0]?.kind,
		timeline.at(at(i)).counts.warning,
	];
	assert.deepEqual(shown(0), [undefined, undefined, 0]);
	assert.deepEqual(shown(1), ['cpu-spike', 'cpu-spike', 1]);
	assert.deepEqual(shown(2), ['cpu-sustained', 'cpu-sustained', 1]);
	assert.deepEqual(shown(3), [undefined, 'cpu-sustained', 0]);
	assert.equal(timeline.anomalies.length, 1);
});

test('the worst of several anomalies names the row', () => {
	const timeline = new Timeline();
	const a = container('a');
	append(timeline, 0, [{of: a, cpu: 1}], {
		events: [
			{type: 'opened', atMs: T0, anomaly: anomaly(a, {id: '1', severity: 'notice', kind: 'load'})},
			{type: 'opened', atMs: T0, anomaly: anomaly(a, {id: '2', severity: 'critical', kind: 'memory-leak'})},
			{type: 'opened', atMs: T0, anomaly: anomaly(a, {id: '3', severity: 'critical', kind: 'cpu-spike', recurring: true})},
		],
	});
	assert.equal(timeline.at(T0).rows.at(0)?.anomaly?.kind, 'memory-leak');
});

test('a change that is told late is not known before', () => {
	const timeline = new Timeline();
	const a = container('a');
	const change = {what: 'restart' as const, atMs: T0 + STEP, of: a.key, detail: 'Error'};
	append(timeline, 0, [{of: a, cpu: 1}]);
	append(timeline, 3, [{of: a, cpu: 1}], {events: [{type: 'change', atMs: T0 + 3 * STEP, change}]});
	const known = (step: number) => timeline.changes(a.key, T0, T0 + step * STEP, T0 + step * STEP);
	assert.deepEqual(known(2), []);
	assert.deepEqual(known(3), [change]);
	assert.deepEqual(timeline.changes(a.key, T0 + 2 * STEP, T0 + 3 * STEP, T0 + 3 * STEP), []);
});

test('siblings share namespace, workload and container name', () => {
	const timeline = new Timeline();
	const all = [
		container('a'),
		container('b'),
		container('c', {workload: 'Deployment/cart'}),
		container('d', {namespace: 'other', key: 'lab/other/d/app'}),
	];
	append(
		timeline,
		0,
		all.map(of => ({of, cpu: 1})),
	);
	assert.deepEqual(timeline.at(T0).siblings(all[0]!.key), [all[1]!.key]);
	assert.deepEqual(timeline.at(T0).siblings(all[2]!.key), []);
});

test('a course keeps spikes and drops however narrow it is drawn', () => {
	const timeline = new Timeline();
	const a = container('a');
	for (let i = 0; i < 1000; i++)
		append(timeline, i, [{of: a, cpu: i === 333 ? 900 : i === 777 ? 1 : 50, band: [40, 60], state: i === 333 ? 'firing' : 'normal'}]);
	const {min, max, low, high, state} = timeline.course(a.key, 'cpu', T0 - STEP, T0 + 1000 * STEP, 40);
	assert.equal(Math.max(...max), 900);
	assert.equal(Math.min(...min), 1);
	assert.equal(low[20], 40);
	assert.equal(high[20], 60);
	assert.equal(Math.max(...state), STATES.indexOf('firing'));
});

test('a course wider than its samples holds the value between them, and a gap is a gap', () => {
	const timeline = new Timeline();
	const a = container('a');
	const [first, last] = [0, 40];
	for (let i = first; i <= last; i++) append(timeline, i, i < 15 || i > 30 ? [{of: a, cpu: i}] : [{of: container('b'), cpu: 1}]);
	const {max} = timeline.course(a.key, 'cpu', T0, T0 + 40 * STEP, 160);
	assert.equal(max.slice(4, 50).some(Number.isNaN), false);
	assert.ok(max.slice(60, 120).every(Number.isNaN));
	assert.ok(max.slice(0, 1).every(value => value === 0 || Number.isNaN(value)));
});

test('the cursor can step by scrapes', () => {
	const timeline = new Timeline();
	assert.ok(Number.isNaN(timeline.startMs));
	for (let i = 0; i < 5; i++) append(timeline, i, [{of: container('a'), cpu: 1}]);
	assert.equal(timeline.startMs, T0);
	assert.equal(timeline.endMs, T0 + 4 * STEP);
	assert.equal(timeline.stepMs, STEP);
	assert.equal(timeline.scrapeAfter(T0), T0 + STEP);
	assert.equal(timeline.scrapeBefore(T0 + STEP), T0);
	assert.equal(timeline.scrapeAt(T0 + STEP + 1), T0 + STEP);
	assert.ok(Number.isNaN(timeline.scrapeBefore(T0)));
	assert.ok(Number.isNaN(timeline.scrapeAfter(T0 + 4 * STEP)));
});

test('beyond its budget the oldest readings go, the newest stay', () => {
	const timeline = new Timeline({budgetBytes: 64 * 1024});
	const a = container('a');
	for (let i = 0; i < 10_000; i++) append(timeline, i, [{of: a, cpu: i}]);
	assert.equal(timeline.at(Number.POSITIVE_INFINITY).rows.at(0)?.cpuMillicores, 9999);
	assert.equal(timeline.at(T0 + 9000 * STEP).rows.at(0)?.cpuMillicores, 9000);
	assert.ok(Number.isNaN(timeline.at(T0 + 10 * STEP).rows.at(0)?.cpuMillicores));
});

test('problems are those of the moment, and subscribers hear of every append', () => {
	const timeline = new Timeline();
	let heard = 0;
	const unsubscribe = timeline.subscribe(() => heard++);
	const a = container('a');
	append(timeline, 0, [{of: a, cpu: 1}]);
	append(timeline, 1, [], {problems: [{id: 'unreachable', what: 'no'}]});
	append(timeline, 2, [{of: a, cpu: 1}]);
	unsubscribe();
	append(timeline, 3, [{of: a, cpu: 1}]);
	assert.equal(heard, 3);
	assert.deepEqual(
		[0, 1, 2].map(i => timeline.at(T0 + i * STEP).problems.length),
		[0, 1, 0],
	);
});

test('of containers that come and go only what is kept of the others is kept', () => {
	const timeline = new Timeline({budgetBytes: 16 * 1024});
	const a = container('a');
	const job = (i: number): Container => container(`job-${i}`, {workload: 'Job/nightly'});
	for (let i = 0; i < 5000; i++) {
		const of = job(Math.floor(i / 10));
		if (i % 10 < 9)
			append(timeline, i, [
				{of: a, cpu: i},
				{of, cpu: i},
			]);
		else append(timeline, i, [{of: a, cpu: i}], {absent: [{of, why: 'completed'}]});
	}
	const now = timeline.at(Number.POSITIVE_INFINITY);
	assert.equal(now.row(a.key)?.cpuMillicores, 4999);
	assert.equal(now.row(job(499).key)?.cpuMillicores, 4998);
	assert.equal(now.row(job(10).key), undefined);
	assert.ok(now.rows.length < 5);
	assert.ok(now.siblings(job(499).key).length < 3);
	assert.ok(timeline.size < 80, `${timeline.size} containers`);
	assert.equal(timeline.at(T0 + 4950 * STEP).row(a.key)?.cpuMillicores, 4950);
});

test('an exit that the engine has closed leaves its row, but for the kill of what has completed', () => {
	const timeline = new Timeline();
	const [a, b, c] = [container('a'), container('b'), container('c')];
	const at = (i: number): number => T0 + i * STEP;
	const exit = (of: Container, kind: Anomaly['kind']): Anomaly => anomaly(of, {id: of.key, kind, severity: 'critical'});
	const exits = [exit(a, 'oom-killed'), exit(b, 'crash-loop'), exit(c, 'oom-killed')];
	append(
		timeline,
		0,
		[a, b, c].map(of => ({of, cpu: 1})),
		{events: exits.map(each => ({type: 'opened', atMs: at(0), anomaly: each}))},
	);
	const closed = (told: Anomaly, by: 'recovered' | 'completed', i: number): Event => ({
		type: 'closed',
		atMs: at(i),
		anomaly: {...told, state: 'resolved', ended: {atMs: at(i), by}},
	});
	append(
		timeline,
		40,
		[a, b].map(of => ({of, cpu: 1})),
		{
			absent: [{of: c, why: 'completed'}],
			events: [closed(exits[0]!, 'recovered', 40), closed(exits[1]!, 'recovered', 40), closed(exits[2]!, 'completed', 40)],
		},
	);
	const shown = (i: number) => Array.from(timeline.at(at(i)).rows, row => row.anomaly?.kind);
	assert.deepEqual(shown(0), ['oom-killed', 'crash-loop', 'oom-killed']);
	assert.deepEqual(shown(40), [undefined, undefined, 'oom-killed']);
	assert.equal(timeline.at(at(40)).counts.critical, 1);
});

test('of containers that are gone only so many are kept, whatever room there is', () => {
	const timeline = new Timeline({mostGone: 100});
	const a = container('a', {workload: 'CronJob/tick'});
	const job = (i: number): Container => container(`tick-${i}`, {workload: 'CronJob/tick'});
	const done = container('done', {workload: 'CronJob/tick'});
	for (let i = 0; i < 1000; i++) {
		const kill = anomaly(job(i), {id: `${i}`, kind: 'oom-killed', startedAtMs: T0 + i * STEP});
		append(
			timeline,
			i,
			[a, job(i)].map(of => ({of, cpu: i})),
			{
				absent: [{of: done, why: 'completed'}, ...(i > 0 ? [{of: job(i - 1), why: 'gone' as const}] : [])],
				events: [{type: 'opened', atMs: T0 + i * STEP, anomaly: kill}],
			},
		);
	}
	assert.ok(timeline.size <= 103, `${timeline.size} containers`);
	assert.ok(timeline.anomalies.length <= 101, `${timeline.anomalies.length} anomalies`);
	const now = timeline.at(Number.POSITIVE_INFINITY);
	assert.equal(now.row(job(998).key)?.absence, 'gone');
	assert.equal(now.row(done.key), undefined, 'what is still said to have completed is no news');
	assert.equal(timeline.at(T0).row(a.key)?.cpuMillicores, 0, 'the others are kept from the beginning');
	assert.equal(timeline.at(T0 + 950 * STEP).row(job(950).key)?.cpuMillicores, 950);
	assert.ok(now.siblings(a.key).includes(job(999).key));
});

test('what is kept begins with the first scrape that has readings', () => {
	const timeline = new Timeline({budgetBytes: 20_000});
	const all = [container('a'), container('b')];
	for (let i = 0; i < 2000; i++)
		append(
			timeline,
			i,
			all.map(of => ({of, cpu: i})),
		);
	const {startMs} = timeline;
	assert.ok(startMs > T0 + 1000 * STEP, `${(startMs - T0) / STEP}`);
	assert.deepEqual(
		Array.from(timeline.at(startMs).rows, ({cpuMillicores}) => cpuMillicores),
		all.map(() => (startMs - T0) / STEP),
	);
	assert.ok(Number.isNaN(timeline.scrapeBefore(startMs)));
	assert.equal(placeOf({...liveCursor(), mode: 'pause', atMs: T0}, timeline), startMs, 'a cursor that stood before it moves to it');
});

test('a course that begins between two samples has the state of the earlier one', () => {
	const timeline = new Timeline();
	const a = container('a');
	for (let i = 0; i < 10; i++) append(timeline, i, [{of: a, cpu: 1, state: 'firing'}]);
	const {state} = timeline.course(a.key, 'cpu', T0 + 5 * STEP, T0 + 8 * STEP, 30);
	assert.deepEqual(new Set(state.slice(0, 28)), new Set([STATES.indexOf('firing')]));
});

test('readings in another order, of new objects, of fewer containers, go to the containers that they are of', () => {
	const timeline = new Timeline();
	const [a, b, c] = ['a', 'b', 'c'].map(pod => container(pod)) as [Container, Container, Container];
	append(
		timeline,
		0,
		[a, b, c].map((of, n) => ({of, cpu: n})),
	);
	append(
		timeline,
		1,
		[c, a, b].map((of, n) => ({of, cpu: 10 + n})),
	);
	append(timeline, 2, [
		{of: {...b, restarts: 1}, cpu: 20},
		{of: a, cpu: 21},
	]);
	append(timeline, 3, [
		{of: container('d'), cpu: 30},
		{of: a, cpu: 31},
		{of: c, cpu: 32},
	]);
	const cpu = (pod: string, i: number): number | undefined => timeline.at(T0 + i * STEP).row(container(pod).key)?.cpuMillicores;
	assert.deepEqual(
		[0, 1, 2, 3].map(i => ['a', 'b', 'c', 'd'].map(pod => cpu(pod, i))),
		[
			[0, 1, 2, undefined],
			[11, 12, 10, undefined],
			[21, 20, 10, undefined],
			[31, 20, 32, 30],
		],
	);
});

test('the step is that of samples, not of scrapes that hold some containers each, and no gap is part of it', () => {
	const timeline = new Timeline();
	const [a, b, c] = ['a', 'b', 'c'].map(pod => container(pod)) as [Container, Container, Container];
	assert.ok(Number.isNaN(timeline.stepMs));
	for (let i = 0; i < 30; i++) append(timeline, i, [{of: [a, b, c][i % 3]!, cpu: i}]);
	assert.equal(timeline.stepMs, 3 * STEP);
	for (let i = 1000; i < 1006; i++) append(timeline, i, [{of: [a, b, c][i % 3]!, cpu: i}]);
	assert.equal(timeline.stepMs, 3 * STEP);
});
