/** Rules at their edges: from which reading on, until when, and what is only a mark. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {createEngine} from '../../source/engine/engine.ts';
import {MARK, STATES} from '../../source/engine/verdict.ts';
import {drain} from '../../source/evaluation/evaluate.ts';
import type {Container, Scrape} from '../../source/scrape.ts';
import {container, jitter, kinds, MIB, reading, START_MS, samples, scrape, together, watch} from './watch.ts';

const calmCpu = (i: number): number => 50 + 4 * jitter(i);
const calmMemory = (i: number): number => 120 + jitter(i + 7777);
const at = (i: number): number => START_MS + i * 15_000;
/** Odd at the places of the pattern, from sample 200 on. */
const odd = (pattern: string) => (i: number) => calmCpu(i) + (pattern[i - 200] === '!' ? 600 : 0);

const confirmations: readonly [pattern: string, confirmed: boolean][] = [
	['!', false],
	['!!', true],
	['!.!', true],
	['!..!', false],
	['!...!...!', false],
	['.!!', true],
];
for (const [pattern, confirmed] of confirmations) {
	test(`two of three confirm: ${pattern} ${confirmed ? 'does' : 'does not'}`, () => {
		assert.equal(kinds(watch(samples(230, odd(pattern), calmMemory))).length, confirmed ? 1 : 0);
	});
}

test('an episode fires from its confirmation, begins with its first odd reading, and ends after five quiet ones', () => {
	const {events, states} = watch(samples(240, odd('!.!!!!'), calmMemory));
	assert.deepEqual(
		events.map(({type, atMs}) => [type, (atMs - START_MS) / 15_000]),
		[
			['opened', 202],
			['closed', 210],
		],
	);
	const [opened] = events;
	assert.ok(opened && 'anomaly' in opened);
	assert.equal(opened.anomaly.startedAtMs, at(200));
	assert.equal(opened.anomaly.firedAtMs, at(202));
	assert.deepEqual(states.slice(199, 204), ['normal', 'pending', 'normal', 'firing', 'firing']);
	assert.deepEqual(states.slice(209, 212), ['firing', 'normal', 'normal']);
});

test('it stands once it is forty readings old, is listed to its end, and is told so', () => {
	const {events, states} = watch(samples(420, i => calmCpu(i) + (i >= 200 && i < 350 ? 500 : 0), calmMemory));
	const stood = events.find(event => 'anomaly' in event && event.anomaly.state === 'standing');
	assert.equal(stood?.atMs, at(240));
	assert.equal(states.indexOf('standing'), 240);
	assert.deepEqual(new Set(states.slice(240, 350)), new Set(['standing']));
	const last = events.at(-1);
	assert.equal(last?.type, 'closed');
	assert.equal(last?.atMs, at(352)); // the third reading back
	assert.equal(states.at(353), 'normal');
});

test('what the chart calls usual is what the verdict calls usual, also once the trouble is in the baseline', () => {
	const from200 = (more: number) => (i: number) => (i >= 200 ? more : 0);
	for (const [kind, cpu, memory] of [
		['cpu-sustained', from200(600), from200(0)],
		['level-shift', from200(0), from200(90)],
	] as const) {
		const engine = createEngine();
		let high: readonly number[] = [];
		for (const scrape of samples(
			280,
			i => calmCpu(i) + cpu(i),
			i => calmMemory(i) + memory(i),
		)) {
			const {verdicts} = drain(engine.assess(scrape));
			high = [verdicts.cpuHighMillicores[0] ?? Number.NaN, verdicts.memoryHighBytes[0] ?? Number.NaN];
		}
		const told = engine.explain(container('a').key);
		assert.equal(told?.kind, kind);
		assert.deepEqual(high, [Math.fround(told.usual.cpu.high), Math.fround(told.usual.memory.high)]);
		assert.ok((high[0] ?? 0) < 100 && (high[1] ?? 0) < 130 * MIB, kind);
	}
});

test('memory that steps up and comes back is one level shift, recovered', () => {
	const {anomalies, states} = watch(samples(500, calmCpu, i => calmMemory(i) + (i >= 200 && i < 320 ? 150 : 0)));
	assert.deepEqual(
		anomalies.map(({kind, ended}) => [kind, ended?.by]),
		[['level-shift', 'recovered']],
	);
	assert.equal(states.at(-1), 'normal');
});

const web = (pod: string, of: Partial<Container> = {}): Container => container(pod, {workload: 'Deployment/web', revision: '1', ...of});

test('a level of CPU that was left hides nothing of memory', () => {
	// Memory falls while CPU stands high, and then rises to where it was when that began.
	const memory = (i: number): number => calmMemory(i) + (i < 245 ? 100 : 0) + (i >= 400 && i < 410 ? 100 : 0);
	const {anomalies} = watch(samples(430, i => calmCpu(i) + (i >= 200 ? 500 : 0), memory));
	assert.deepEqual(
		anomalies.map(({kind}) => kind),
		['cpu-sustained', 'memory-spike'],
	);
});

test('what stands is over when its siblings have followed', () => {
	const actors = ['a', 'b', 'c'].map((pod, n) => ({
		of: web(pod),
		cpu: (i: number) => calmCpu(i + 100 * n) + (i >= (n === 0 ? 200 : 300) ? 400 : 0),
		memory: calmMemory,
	}));
	const first = watch(together(420, actors)).anomalies.find(({of}) => of.pod === 'a');
	assert.equal(first?.kind, 'cpu-sustained');
	assert.equal(first.ended?.by, 'siblings-followed');
	assert.ok(first.ended.atMs > at(300));
});

const limitMib = 512;
/** Grows by `rate` MiB a minute from `from` on, in noise of `spread`. */
const growing = (rate: number, spread: number, from: number) => (i: number) =>
	120 + spread * jitter(i + 7777) + (Math.max(0, i - from) * rate) / 4;

for (const rate of [4, 2, 1]) {
	test(`one of three that grows by ${rate} MiB a minute is a leak, the others are flat`, () => {
		const actors = ['a', 'b', 'c'].map((pod, n) => ({of: web(pod), cpu: calmCpu, memory: n === 0 ? growing(rate, 1, 250) : calmMemory}));
		const {anomalies} = watch(together(500, actors));
		assert.deepEqual(
			anomalies.map(({kind, of, explanation}) => [kind, of.pod, explanation.siblings.count, explanation.siblings.alike]),
			[['memory-leak', 'a', 2, 0]],
		);
		const told = (anomalies[0]?.explanation.growthBytesPerMinute ?? 0) / MIB;
		assert.ok(Math.abs(told - rate) < 0.15 * rate, `${told}`);
	});
}

test('once the growth fills the window, four of five intervals hold the crossing, and none is wider than half of what remains', () => {
	const from = 250;
	let asked = 0;
	let held = 0;
	for (const rate of [1, 2, 4]) {
		for (const spread of [0.5, 2, 4]) {
			const limitAt = at(from + ((limitMib - 120) / rate) * 4);
			const engine = createEngine();
			for (const one of samples(from + 300, calmCpu, growing(rate, spread, from))) {
				drain(engine.assess(one));
				const since = (one.atMs - at(from)) / 15_000;
				if (since < 120 || since % 20 !== 0) continue;
				const forecast = engine.explain(container('a').key)?.forecast;
				assert.ok(forecast, `no forecast at ${rate} MiB a minute, spread ${spread}, ${since} readings on`);
				const {earliestMs, atMs, latestMs} = forecast;
				assert.ok(earliestMs <= atMs && atMs <= latestMs);
				assert.ok(latestMs - earliestMs < 0.5 * (limitAt - one.atMs));
				asked++;
				if (earliestMs <= limitAt && limitAt <= latestMs) held++;
			}
		}
	}
	assert.equal(asked, 81);
	assert.ok(held >= 0.8 * asked, `${held} of ${asked}`);
});

test('a leak that levels off is renamed a level shift, and stands', () => {
	const {events} = watch(samples(700, calmCpu, i => calmMemory(i) + Math.min(Math.max(0, i - 250), 150)));
	const renamed = events.find(event => event.type === 'renamed' && event.was === 'memory-leak');
	assert.ok(renamed && 'anomaly' in renamed);
	assert.equal(renamed.anomaly.kind, 'level-shift');
	assert.equal(renamed.anomaly.state, 'standing');
	assert.equal(renamed.anomaly.explanation.forecast, undefined);
});

test('a leak does not end by age', () => {
	const {anomalies} = watch(
		samples(1000, calmCpu, i => calmMemory(i) + Math.max(0, i - 250) / 4, {of: container('a', {memoryLimitBytes: 1024 * MIB})}),
	);
	assert.deepEqual(
		anomalies.map(({kind, state, ended}) => [kind, state, ended]),
		[['memory-leak', 'firing', undefined]],
	);
});

test('three kills are kept across runs of the container', () => {
	const scrapes: Scrape[] = [];
	const kill = [300, 500, 700];
	for (let i = 0, run = 0; i < 720; i++) {
		if (kill.includes(i)) run++;
		const lastExit = run > 0 ? {lastExit: {reason: 'OOMKilled', atMs: at(kill[run - 1] as number) - 5000}} : {};
		const of = web('a', {incarnation: `a:${run}`, restarts: run, ...lastExit});
		const since = i - (run === 0 ? 150 : (kill[run - 1] as number));
		scrapes.push(scrape(at(i), [reading(of, at(i), calmCpu(i), calmMemory(i) + 2 * Math.max(0, since))]));
	}
	const {anomalies} = watch(scrapes);
	const killed = anomalies.filter(({kind}) => kind === 'oom-killed');
	assert.deepEqual(
		killed.map(({explanation}) => explanation.kills?.length),
		[1, 2, 3],
	);
	for (const {kind, ended, of} of anomalies)
		if (kind === 'memory-leak' && of.restarts < 3) assert.equal(ended?.by, 'oom-killed', `run ${of.restarts}`);
});

/** State and marks of the first reading of each scrape. */
function marked(scrapes: Iterable<Scrape>): {state: string; marks: number; score: number; threshold: number}[] {
	const engine = createEngine();
	return [...scrapes].map(one => {
		const {verdicts} = drain(engine.assess(one));
		const {state, marks, score, threshold} = verdicts;
		return {
			state: STATES[state[0] as number] ?? '?',
			marks: marks[0] as number,
			score: score[0] as number,
			threshold: threshold[0] as number,
		};
	});
}

test('a restarted container is judged by its baseline from before until it has its own', () => {
	const before = web('a', {startedAtMs: at(-1000)});
	const after = web('a', {incarnation: 'a:1', restarts: 1, startedAtMs: at(200), lastExit: {reason: 'Error', atMs: at(199)}});
	const cpu = (i: number): number => calmCpu(i) + (i >= 260 && i < 268 ? 700 : 0);
	const scrapes = Array.from({length: 420}, (_, i) => scrape(at(i), [reading(i < 200 ? before : after, at(i), cpu(i), calmMemory(i))]));
	const {anomalies, engine} = watch(scrapes.slice(0, 290));
	assert.deepEqual(
		anomalies.map(({kind, startedAtMs, explanation, provisional}) => [kind, startedAtMs, explanation.baseline.from, provisional]),
		[['cpu-spike', at(260), 'previous pods', false]],
	);
	assert.equal(engine.explain(before.key)?.baseline.from, 'previous pods');
	const verdicts = marked(scrapes);
	assert.deepEqual(
		[199, 200, 298, 299, 300].map(i => [(verdicts[i]?.marks ?? 0) & MARK.inherited, verdicts[i]?.state]),
		[
			[0, 'normal'],
			[MARK.inherited, 'normal'],
			[MARK.inherited, 'normal'],
			[0, 'normal'],
			[0, 'normal'],
		],
	);
});

test('what a process does in its first five minutes is no alarm, after them it is', () => {
	const before = web('a', {startedAtMs: at(-1000)});
	const after = web('a', {incarnation: 'a:1', restarts: 1, startedAtMs: at(200)});
	const burst = (from: number): string[] =>
		kinds(
			watch(
				Array.from({length: 260}, (_, i) =>
					scrape(at(i), [
						reading(
							i < 200 ? before : after,
							at(i),
							calmCpu(i) + (i >= from && i < from + 8 ? 700 : 0),
							calmMemory(i) + (i >= from && i < from + 8 ? 200 : 0),
						),
					]),
				),
			),
		);
	assert.deepEqual(burst(202), []);
	assert.equal(burst(225).length, 1);
});

test('the load of a start is not learned: a later fault as high is told, and its end is no drop', () => {
	const before = web('a', {startedAtMs: at(-1000)});
	const after = web('a', {incarnation: 'a:1', restarts: 1, startedAtMs: at(200)});
	const odd = (i: number): boolean => (i >= 200 && i < 218) || (i >= 260 && i < 268);
	const {anomalies} = watch(
		Array.from({length: 330}, (_, i) =>
			scrape(at(i), [reading(i < 200 ? before : after, at(i), calmCpu(i) + (odd(i) ? 700 : 0), calmMemory(i))]),
		),
	);
	assert.deepEqual(
		anomalies.map(({kind, startedAtMs}) => [kind, startedAtMs]),
		[['cpu-spike', at(260)]],
	);
	assert.ok((anomalies[0]?.explanation.usual.cpu.high ?? Number.NaN) < 100);
});

test('the pods of a rollout are judged by those that they replace', () => {
	const old = ['a', 'b'].map(pod => web(pod));
	const fresh = ['c', 'd'].map(pod => web(pod, {revision: '2', startedAtMs: at(200)}));
	const scrapes = Array.from({length: 300}, (_, i) => {
		const now = i < 200 ? old : fresh;
		const gone = i === 200 ? old.map(of => ({of, why: 'gone' as const})) : [];
		return scrape(
			at(i),
			now.map((of, n) => reading(of, at(i), calmCpu(i + n) + (i >= 260 && i < 268 && n === 0 ? 700 : 0), calmMemory(i + n))),
			gone,
		);
	});
	const {events, anomalies} = watch(scrapes);
	assert.deepEqual(
		anomalies.map(({kind, of, explanation}) => [kind, of.pod, explanation.baseline.from]),
		[['cpu-spike', 'c', 'previous pods']],
	);
	assert.equal(events.filter(event => event.type === 'change' && event.change.what === 'rollout').length, 1);
});

const learning: readonly [from: number, told: boolean][] = [
	[10, false],
	[20, false],
	[32, true],
	[60, true],
];
for (const [from, told] of learning) {
	test(`trouble from reading ${from} on is ${told ? 'told as provisional' : 'not told'}`, () => {
		const length = from + 8;
		const {anomalies} = watch(samples(Math.max(length, 29), i => calmCpu(i) + (i >= from && i < length ? 700 : 0), calmMemory));
		assert.deepEqual(
			anomalies.map(({provisional}) => provisional),
			told ? [true] : [],
		);
	});
}

test('verdicts before the training is over are marked provisional', () => {
	const verdicts = marked(samples(140, calmCpu, calmMemory));
	const provisional = verdicts.map(({marks}) => (marks & MARK.provisional) !== 0);
	assert.equal(provisional.indexOf(true), 29);
	assert.equal(provisional.lastIndexOf(true), 98);
	assert.deepEqual([verdicts[98]?.state, verdicts[99]?.state], ['learning', 'normal']);
	assert.ok(Number.isNaN(verdicts[0]?.score) && Number.isNaN(verdicts[28]?.score));
});

const told = (scrapes: Iterable<Scrape>): string[] => watch(scrapes).events.map(event => JSON.stringify(event));
const fault = (i: number): number => calmCpu(i) + (i >= 200 && i < 230 ? 600 : 0);

test('a reading that comes again changes nothing, with another value neither', () => {
	const of = container('a');
	const once = [...samples(300, fault, calmMemory, {of})];
	const expected = told(once);
	assert.ok(expected.length > 0);
	const again = (one: Scrape, seconds: number): Scrape => scrape(one.atMs + seconds * 1000, one.readings);
	assert.deepEqual(told(once.flatMap(one => [one, again(one, 5), again(one, 10)])), expected);
	const other = (one: Scrape): Scrape => scrape(one.atMs + 5000, [reading(of, one.atMs, 990, 500)]);
	assert.deepEqual(told(once.flatMap(one => [one, other(one)])), expected);
});

test('a reading from the past changes nothing', () => {
	const of = container('a');
	const once = [...samples(300, fault, calmMemory, {of})];
	const late = (one: Scrape): Scrape => scrape(one.atMs + 5000, [reading(of, one.atMs - 40_000, 990, 500)]);
	assert.deepEqual(told(once.flatMap((one, i) => (i > 10 ? [one, late(one)] : [one]))), told(once));
});

test('scrapes without a sample change nothing, whatever the reason', () => {
	const of = container('a');
	const once = [...samples(300, fault, calmMemory, {of})];
	const expected = told(once);
	for (const why of ['no-sample', 'node-silent', 'too-new', 'restarting', 'not-running'] as const) {
		assert.deepEqual(told(once.flatMap(one => [one, scrape(one.atMs + 5000, [], [{of, why}])])), expected, why);
	}
});

test('readings that are missing here and there make no alarm', () => {
	const kept = [...samples(600, calmCpu, calmMemory)].filter((_, i) => jitter(i * 31 + 5) > -0.4);
	assert.ok(kept.length < 480);
	assert.deepEqual(kinds(watch(kept)), []);
});

test('near the limit and flat is a mark, no alarm', () => {
	const of = container('a', {memoryLimitBytes: 128 * MIB});
	assert.deepEqual(watch(samples(400, calmCpu, calmMemory, {of})).events, []);
	const verdicts = marked(samples(150, calmCpu, calmMemory, {of}));
	assert.ok(verdicts.every(({marks}) => (marks & MARK.nearLimit) !== 0));
	const far = marked(samples(150, calmCpu, calmMemory, {of: container('b', {memoryLimitBytes: 256 * MIB})}));
	assert.ok(far.every(({marks}) => (marks & MARK.nearLimit) === 0));
});

test('near the limit and rising is critical', () => {
	const of = container('a', {memoryLimitBytes: 256 * MIB});
	const {anomalies} = watch(samples(370, calmCpu, i => calmMemory(i) + Math.max(0, i - 250), {of}));
	assert.deepEqual(
		anomalies.map(({kind, severity}) => [kind, severity]),
		[['memory-leak', 'critical']],
	);
});

test('memory that was killed at its limit and is near it again stays critical, flat or not', () => {
	const near = web('a', {
		memoryLimitBytes: 128 * MIB,
		incarnation: 'a:1',
		restarts: 1,
		lastExit: {reason: 'OOMKilled', atMs: at(-40)},
	});
	const hourAndHalf = (of: Container): unknown =>
		watch(samples(360, calmCpu, calmMemory, {of})).anomalies.map(({kind, severity, ended}) => [kind, severity, ended?.by]);
	assert.deepEqual(hourAndHalf(near), [['oom-killed', 'critical', undefined]]);
	assert.deepEqual(hourAndHalf({...near, memoryLimitBytes: 256 * MIB}), [['oom-killed', 'critical', 'recovered']]);
});

test('a kill of long ago makes nothing critical', () => {
	const stepped = (agoMs: number): unknown =>
		watch(
			samples(300, calmCpu, i => calmMemory(i) + (i >= 200 ? 70 : 0), {
				of: web('a', {memoryLimitBytes: 200 * MIB, restarts: 1, lastExit: {reason: 'OOMKilled', atMs: at(-300) - agoMs}}),
			}),
		).anomalies.map(({kind, severity, state}) => [kind, severity, state]);
	assert.deepEqual(stepped(0), [['level-shift', 'critical', 'standing']]);
	assert.deepEqual(stepped(60 * 86_400_000), [['level-shift', 'notice', 'standing']]);
});

test('a crash loop that is over is not told again when something else of the container changes', () => {
	const exits = [10, 20, 30];
	const told = watch(
		Array.from({length: 130}, (_, i) => {
			const run = exits.filter(exit => i >= exit).length;
			const of = web('a', {
				incarnation: `a:${run}`,
				restarts: run,
				image: i < 100 ? 'web:1' : 'web:1-again',
				...(run > 0 && {lastExit: {reason: 'Error', atMs: at(exits[run - 1] as number) - 1000}}),
			});
			return scrape(at(i), [reading(of, at(i), calmCpu(i), calmMemory(i))]);
		}),
	).events.flatMap(event => ('anomaly' in event && event.anomaly.kind === 'crash-loop' ? [event.type] : []));
	assert.deepEqual(told, ['opened', 'closed']);
});

test('of many siblings some are looked at, and all are counted', () => {
	const pods = Array.from({length: 60}, (_, k) => web(`p${k}`));
	const rise = (rising: number) =>
		watch(
			Array.from({length: 206}, (_, i) =>
				scrape(
					at(i),
					pods.map((of, k) => reading(of, at(i), calmCpu(i + 99 * k) + (i >= 200 && k < rising ? 600 : 0), calmMemory(i + 77 * k))),
				),
			),
		).anomalies.find(({of}) => of.pod === 'p0');
	const all = rise(60);
	assert.deepEqual([all?.kind, all?.explanation.siblings.count, all?.explanation.siblings.alike], ['load', 59, 59]);
	const alone = rise(1);
	assert.deepEqual([alone?.kind, alone?.explanation.siblings.count, alone?.explanation.siblings.alike], ['cpu-spike', 59, 0]);
});

test('memory that jumps to its limit is critical, elsewhere a warning', () => {
	const jump = (limit: number): unknown =>
		watch(
			samples(206, calmCpu, i => calmMemory(i) + (i >= 200 ? 80 : 0), {of: container('a', {memoryLimitBytes: limit * MIB})}),
		).anomalies.map(({kind, severity}) => [kind, severity]);
	assert.deepEqual(jump(210), [['memory-spike', 'critical']]);
	assert.deepEqual(jump(400), [['memory-spike', 'warning']]);
});

test('a leak is a warning once it has been seen for a part of the way that it foretells', () => {
	// 2 MiB a minute: 40 minutes to the one limit, a day to the other.
	const severities = (limit: number): string[] =>
		watch(samples(360, calmCpu, i => calmMemory(i) + Math.max(0, i - 250) / 2, {of: container('a', {memoryLimitBytes: limit * MIB})}))
			.events.filter(event => 'anomaly' in event && event.anomaly.kind === 'memory-leak')
			.map(event => ('anomaly' in event ? event.anomaly.severity : ''));
	assert.equal(severities(200).at(-1), 'critical');
	assert.deepEqual(new Set(severities(3000)), new Set(['notice']));
});

test('CPU at its limit in three readings is marked, and no longer once it is below', () => {
	const of = container('a', {cpuLimitMillicores: 100});
	const marks = marked(samples(12, i => (i >= 4 && i < 9 ? 96 : 40), calmMemory, {of})).map(({marks}) =>
		marks & MARK.atCpuLimit ? '!' : '.',
	);
	assert.equal(marks.join(''), '......!!!...');
});

test('CPU that falls because replicas came is no drop', () => {
	const cpu = (i: number): number => (i >= 200 ? 12 : 240) + 2 * jitter(i);
	const scrapes = (comes: boolean): Scrape[] =>
		Array.from({length: 260}, (_, i) => {
			const now = comes && i >= 196 ? [web('a'), ...['b', 'c', 'd'].map(pod => web(pod, {startedAtMs: at(196)}))] : [web('a')];
			return scrape(
				at(i),
				now.map(of => reading(of, at(i), cpu(i), calmMemory(i))),
			);
		});
	assert.deepEqual(kinds(watch(scrapes(false))), ['drop']);
	assert.deepEqual(kinds(watch(scrapes(true))), []);
});
