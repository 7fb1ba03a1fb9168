/** Each rule as a short series: what goes in, what is told. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type {Anomaly} from '../../source/engine/verdict.ts';
import {timeFormat} from '../../source/format.ts';
import type {Container} from '../../source/scrape.ts';
import {headline} from '../../source/sentences.ts';
import {container, jitter, kinds, MIB, reading, START_MS, samples, scrape, together, watch} from './watch.ts';

const calmCpu = (i: number): number => 50 + 4 * jitter(i);
const calmMemory = (i: number): number => 120 + jitter(i + 7777);

test('a flat series never alarms and scores one half', () => {
	const seen = watch(
		samples(
			400,
			() => 40,
			() => 100,
		),
	);
	assert.deepEqual(seen.events, []);
	assert.ok(Math.abs((seen.scores.at(-1) ?? 0) - 0.5) < 0.01);
	assert.equal(seen.states.at(50), 'learning');
	assert.equal(seen.states.at(-1), 'normal');
});

test('noise never alarms', () => {
	assert.deepEqual(kinds(watch(samples(1500, calmCpu, calmMemory))), []);
});

const kindsOf: readonly [string, (i: number) => number, (i: number) => number, string[]][] = [
	['one odd reading is none', i => (i === 200 ? 600 : calmCpu(i)), calmMemory, []],
	['two minutes of CPU are a spike', i => (i >= 200 && i < 208 ? 600 : calmCpu(i)), calmMemory, ['cpu-spike']],
	['ten minutes of CPU without siblings are sustained', i => (i >= 200 && i < 240 ? 600 : calmCpu(i)), calmMemory, ['cpu-sustained']],
	['CPU that falls to nothing is a drop', i => (i >= 200 && i < 230 ? 0.2 : calmCpu(i)), calmMemory, ['drop']],
	['a burst of memory is a spike', calmCpu, i => calmMemory(i) + (i >= 200 && i < 210 ? 150 : 0), ['memory-spike']],
	['memory that steps up and stays is a level shift', calmCpu, i => calmMemory(i) + (i >= 200 ? 150 : 0), ['level-shift']],
	['memory that falls is normal', calmCpu, i => calmMemory(i) - (i >= 200 ? 60 : 0), []],
	['steady growth is a leak', calmCpu, i => calmMemory(i) + Math.max(0, i - 150), ['memory-leak']],
	['a saw-tooth from the start never is', calmCpu, i => 100 + ((i * 2) % 60), []],
	['nor is one whose teeth are long', calmCpu, i => 100 + ((i * 1.3) % 80), []],
];
for (const [says, cpu, memory, expected] of kindsOf) {
	test(says, () => assert.deepEqual(kinds(watch(samples(420, cpu, memory))), expected));
}

test('a cache that fills is a level shift in the end, and no warning on its way', () => {
	const seen = watch(samples(500, calmCpu, i => calmMemory(i) + (i < 200 ? 0 : 150 * (1 - Math.exp(-(i - 200) / 12)))));
	assert.deepEqual(kinds(seen), ['level-shift']);
	for (const event of seen.events) if ('anomaly' in event) assert.equal(event.anomaly.severity, 'notice');
});

test('a large cache that fills slowly, sampled often, is no warning on its way either', () => {
	// 140 MiB with a time constant of a quarter of an hour, every 15 s: its first minutes are a line.
	const fill = (i: number): number => calmMemory(i) + (i < 300 ? 0 : 140 * (1 - Math.exp(-(i - 300) / 60)));
	const seen = watch(samples(700, calmCpu, fill, {of: container('a', {memoryLimitBytes: 400 * MIB})}));
	assert.deepEqual(kinds(seen), ['level-shift']);
	for (const event of seen.events) if ('anomaly' in event) assert.equal(event.anomaly.severity, 'notice');
});

test('a busy loop of three hours is listed to its end, and the old level comes back without an alarm', () => {
	const hours = 3 * 240;
	const seen = watch(samples(200 + hours + 200, i => calmCpu(i) + (i >= 200 && i < 200 + hours ? 500 : 0), calmMemory));
	assert.deepEqual(kinds(seen), ['cpu-sustained']);
	const [busy] = seen.anomalies;
	assert.ok(busy?.ended);
	assert.equal(busy.ended.by, 'recovered');
	const minutes = (busy.ended.atMs - busy.startedAtMs) / 60_000;
	assert.ok(minutes > 179 && minutes < 184, `${minutes}`);
	assert.equal(seen.states.at(200 + 300), 'standing');
});

test('a fall to another level and back is one drop and one end, and new trouble is then seen as before', () => {
	const low = (i: number): boolean => i >= 200 && i < 500;
	const seen = watch(samples(700, i => (low(i) ? 60 : 240) + 4 * jitter(i) + (i >= 560 && i < 568 ? 500 : 0), calmMemory));
	assert.deepEqual(kinds(seen), ['drop', 'cpu-spike']);
	assert.equal(seen.anomalies[0]?.ended?.by, 'recovered');
	assert.ok((seen.engine.explain(container('a').key)?.usual.cpu.median ?? 0) > 200);
});

test('a rise since it was first seen may be the first tooth of a collector', () => {
	assert.deepEqual(kinds(watch(samples(400, calmCpu, i => 100 + ((i * 0.8) % 120), {seconds: 30}))), []);
});

test('new trouble on top of a standing one is seen', () => {
	const seen = watch(samples(420, i => calmCpu(i) + (i >= 200 ? 300 : 0) + (i >= 330 && i < 345 ? 400 : 0), calmMemory));
	assert.equal(kinds(seen).length, 2);
});

test('a daily spike is a habit from the third on, once mature', () => {
	const day = 288;
	const seen = watch(samples(8 * day, i => calmCpu(i) + (i % day >= 100 && i % day < 103 ? 300 : 0), calmMemory, {seconds: 300}));
	const spikes = seen.anomalies.filter(({metric}) => metric === 'cpu');
	assert.ok(spikes.length >= 5);
	for (const {recurring, startedAtMs} of spikes) {
		if (startedAtMs > START_MS + 5 * 86_400_000) assert.ok(recurring, new Date(startedAtMs).toISOString());
	}
});

const siblings = ['a', 'b', 'c'].map(pod => container(pod, {workload: 'Deployment/web', revision: '1'}));

test('a rise in all replicas is load, and no warning', () => {
	const rise = (i: number): number => calmCpu(i) + (i >= 200 && i < 260 ? 300 : 0);
	const seen = watch(
		together(
			420,
			siblings.map((of, n) => ({of, cpu: (i: number) => rise(i) + n, memory: calmMemory})),
		),
	);
	assert.deepEqual(new Set(kinds(seen)), new Set(['load']));
	for (const event of seen.events) if ('anomaly' in event) assert.equal(event.anomaly.severity, 'notice');
});

test('a rise in one of them is not', () => {
	const seen = watch(
		together(
			300,
			siblings.map((of, n) => ({of, cpu: (i: number) => calmCpu(i + n) + (n === 0 && i >= 200 ? 300 : 0), memory: calmMemory})),
		),
	);
	assert.deepEqual(kinds(seen), ['cpu-sustained']);
	assert.equal(seen.anomalies[0]?.explanation.siblings.alike, 0);
});

test('a leak beside flat siblings: growth, forecast and its interval', () => {
	const actors = siblings.map((of, n) => ({of, cpu: calmCpu, memory: (i: number) => calmMemory(i) + (n === 0 ? Math.max(0, i - 150) : 0)}));
	const {anomalies} = watch(together(330, actors));
	const [leak] = anomalies;
	assert.equal(leak?.kind, 'memory-leak');
	const {forecast, growthBytesPerMinute = 0} = leak.explanation;
	assert.ok(Math.abs(growthBytesPerMinute / MIB - 4) < 0.5);
	const limitAt = START_MS + (150 + 392) * 15_000;
	assert.ok(forecast && forecast.earliestMs < forecast.atMs && forecast.atMs < forecast.latestMs);
	assert.ok(Math.abs(forecast.atMs - limitAt) < 20 * 60_000, new Date(forecast.atMs).toISOString());
});

test('a kill is told on the first scrape, without training, and closes the leak', () => {
	const of = container('a', {workload: 'Deployment/web'});
	const growing = [...samples(300, calmCpu, i => calmMemory(i) + Math.max(0, i - 150), {of})];
	const atMs = START_MS + 300 * 15_000;
	const killed = {...of, incarnation: 'a:1', restarts: 1, lastExit: {reason: 'OOMKilled', atMs: atMs - 5000}};
	const seen = watch([...growing, scrape(atMs, [reading(killed, atMs, 20, 60)])]);
	const leak = seen.anomalies.find(({kind}) => kind === 'memory-leak');
	assert.equal(leak?.ended?.by, 'oom-killed');
	assert.equal(seen.anomalies.find(({kind}) => kind === 'oom-killed')?.severity, 'critical');
	const first = watch([scrape(atMs, [reading(killed, atMs, 20, 60)])]);
	assert.deepEqual(kinds(first), ['oom-killed']);
	const among = watch([
		scrape(
			atMs,
			[killed, ...['b', 'c'].map(pod => ({...of, ...container(pod), workload: of.workload ?? ''}))].map(each =>
				reading(each, atMs, 20, 60),
			),
		),
	]);
	assert.equal(among.anomalies[0]?.explanation.siblings.count, 2);
	const old = {...killed, lastExit: {reason: 'OOMKilled', atMs: atMs - 7_200_000}};
	assert.deepEqual(kinds(watch([scrape(atMs, [reading(old, atMs, 20, 60)])])), []);
});

test('a container that waits in CrashLoopBackOff is in a crash loop', () => {
	const of = container('a', {waiting: 'CrashLoopBackOff', restarts: 5, lastExit: {reason: 'Error', atMs: START_MS - 60_000}});
	assert.deepEqual(kinds(watch([scrape(START_MS, [], [{of, why: 'not-running'}])])), ['crash-loop']);
});

test('who comes while a crash loop has its container running for a moment is told of it by how long the kubelet waited', () => {
	const seenRunning = (waitedMs: number) => {
		const exitedMs = START_MS - 200_000;
		const of = container('a', {restarts: 8, lastExit: {reason: 'Error', atMs: exitedMs}, startedAtMs: exitedMs + waitedMs});
		return kinds(watch([scrape(START_MS, [reading(of, START_MS, 20, 60)])]));
	};
	assert.deepEqual(seenRunning(160_000), ['crash-loop']);
	assert.deepEqual(seenRunning(5000), [], 'the first restart is at once');
});

test('what a process did that leaks from its start is not called usual where its replicas are known', () => {
	const three = ['a', 'b', 'c'].map(pod => container(pod, {workload: 'Deployment/web', revision: '1', startedAtMs: START_MS - 3_600_000}));
	const again = {...(three[1] as Container), incarnation: 'b:1', restarts: 1, startedAtMs: START_MS + 200 * 15_000};
	const seen = watch(
		(function* () {
			for (let i = 0; i < 290; i++) {
				const atMs = START_MS + i * 15_000;
				yield scrape(
					atMs,
					three.map((of, n) =>
						reading(n === 1 && i >= 200 ? again : of, atMs, calmCpu(i), calmMemory(i + n) + (n === 1 && i >= 200 ? 2 * (i - 200) : 0)),
					),
				);
			}
		})(),
	);
	const leak = seen.anomalies.find(({kind}) => kind === 'memory-leak');
	assert.equal(leak?.of.pod, 'b');
	assert.ok((leak?.explanation.usual.memory.high ?? Number.NaN) < 125 * MIB, `${(leak?.explanation.usual.memory.high ?? 0) / MIB} MiB`);
});

test('a crash loop has the restarts and the exit of now', () => {
	const scrapes = [5, 6, 7].map((restarts, i) => {
		const atMs = START_MS + i * 300_000;
		const lastExit = {reason: 'Error', atMs: atMs - 60_000};
		return scrape(atMs, [], [{of: container('a', {waiting: 'CrashLoopBackOff', restarts, lastExit}), why: 'not-running'}]);
	});
	const {anomalies, events} = watch(scrapes);
	assert.equal(anomalies.length, 1);
	assert.equal(anomalies[0]?.of.restarts, 7);
	assert.equal(anomalies[0]?.explanation.of.restarts, 7);
	assert.equal(headline(anomalies[0] as Anomaly, timeFormat('UTC')), 'a: crash loop: 7 restarts, last exit Error at 00:09.');
	assert.deepEqual(
		events.filter(event => 'anomaly' in event).map(({type}) => type),
		['opened', 'updated', 'updated'],
	);
});

test('a new replica starts from its siblings and is judged at once', () => {
	const late = container('d', {workload: 'Deployment/web', revision: '1', startedAtMs: START_MS + 150 * 15_000});
	const scrapes = [
		...together(
			300,
			siblings.map(of => ({of, cpu: calmCpu, memory: calmMemory})),
		),
	].map((one, i) =>
		i < 151
			? one
			: scrape(one.atMs, [reading(late, one.atMs, calmCpu(i) + (i > 200 && i < 215 ? 400 : 0), calmMemory(i)), ...one.readings]),
	);
	const seen = watch(scrapes);
	assert.deepEqual(
		seen.anomalies.map(({kind, of, provisional}) => [kind, of.pod, provisional]),
		[['cpu-spike', 'd', false]],
	);
});

test('a rollout is told once, and named beside what began after it', () => {
	const v2 = container('e', {
		workload: 'Deployment/web',
		revision: '2',
		image: 'registry.example/shop/web:v2',
		startedAtMs: START_MS + 1500_000,
	});
	const old = siblings.map(of => ({...of, image: 'registry.example/shop/web:v1'}));
	const scrapes = [
		...together(
			300,
			old.map(of => ({of, cpu: calmCpu, memory: calmMemory})),
		),
	].map((one, i) =>
		i < 101 ? one : scrape(one.atMs, [reading(v2, one.atMs, calmCpu(i), calmMemory(i) + Math.max(0, i - 140) * 1.5), ...one.readings]),
	);
	const {events, anomalies} = watch(scrapes);
	const changes = events.filter(event => event.type === 'change');
	assert.equal(changes.filter(({change}) => change.what === 'rollout').length, 1);
	assert.equal(changes[0]?.change.detail, 'web:v1 → web:v2');
	const leak = anomalies.find(({kind}) => kind === 'memory-leak');
	assert.equal(leak?.of.pod, 'e');
	assert.equal(leak?.explanation.changes[0]?.what, 'rollout');
});

test('one of four replicas that is far from the others is told before any training', () => {
	const four = ['a', 'b', 'c', 'd'].map(pod => container(pod, {workload: 'Deployment/web', revision: '1'}));
	const seen = watch(
		together(
			25,
			four.map((of, n) => ({of, cpu: calmCpu, memory: (i: number) => calmMemory(i + 31 * n) + (n === 2 ? 200 : 0)})),
		),
	);
	assert.deepEqual(kinds(seen), ['unlike-siblings']);
	assert.equal(seen.anomalies[0]?.of.pod, 'c');
});

test('what is unlike its siblings is so by its samples: while none comes nothing is opened', () => {
	const four = ['a', 'b', 'c', 'd'].map(pod => container(pod, {workload: 'Deployment/web', revision: '1'}));
	const actors = four.map((of, n) => ({of, cpu: calmCpu, memory: (i: number) => calmMemory(i + 31 * n) + (n === 2 ? 200 : 0)}));
	const silence = Array.from({length: 40}, (_, i) => scrape(START_MS + (8 + i) * 15_000, []));
	assert.deepEqual(kinds(watch([...together(8, actors), ...silence])), []);
});

/** Three replicas that have run for an hour when they are first seen, and what each grows by a sample. */
const seenLate = (grows: readonly number[], over: Partial<Parameters<typeof container>[1]> = {}, length = 60) =>
	watch(
		together(
			length,
			grows.map((mib, n) => ({
				of: container(`p${n}`, {workload: 'Deployment/web', revision: '1', startedAtMs: START_MS - 3_600_000, ...over}),
				cpu: calmCpu,
				memory: (i: number) => calmMemory(i + 31 * n) + mib * i,
			})),
		),
	);

test('who looks in the middle of a leak is told of it after a few minutes, because its replicas are flat', () => {
	const {anomalies, events} = seenLate([0, 2, 0]);
	assert.deepEqual(
		anomalies.map(({kind, of, provisional}) => [kind, of.pod, provisional]),
		[['memory-leak', 'p1', true]],
	);
	const [opened] = events;
	assert.ok(opened?.type === 'opened' && opened.atMs - START_MS <= 30 * 15_000);
	assert.equal(anomalies[0]?.explanation.siblings.count, 2);
	assert.equal(anomalies[0]?.explanation.siblings.alike, 0);
	assert.equal(anomalies[0]?.severity, 'critical', 'an hour from its limit');
});

test('a rise that has been seen for a few minutes is believed neither of all replicas, nor of processes that start, nor without replicas', () => {
	assert.deepEqual(kinds(seenLate([2, 2, 2])), []);
	assert.deepEqual(kinds(seenLate([0, 2, 0], {startedAtMs: START_MS - 60_000})), []);
	assert.deepEqual(kinds(seenLate([2])), []);
	assert.deepEqual(kinds(seenLate([0, 2])), [], 'one replica that is flat is no proof');
});

test('at its limit, and rising to it before long, it is a warning without any replica', () => {
	const all = seenLate([2, 2, 2], {memoryLimitBytes: 180 * MIB}, 30).anomalies;
	assert.deepEqual(
		all.map(({explanation: {siblings}}) => [siblings.count, siblings.alike]),
		[
			[2, 2],
			[2, 2],
			[2, 2],
		],
		'that the others rise too is said',
	);
	const told = seenLate([2], {memoryLimitBytes: 180 * MIB}, 30).anomalies;
	assert.deepEqual(
		told.map(({kind, severity, provisional}) => [kind, severity, provisional]),
		[['memory-leak', 'warning', true]],
	);
});

test('memory that stays when the load is gone is retained', () => {
	const loaded = (i: number): boolean => i >= 200 && i < 260;
	const seen = watch(
		samples(
			500,
			i => calmCpu(i) + (loaded(i) ? 400 : 0),
			i => calmMemory(i) + (i >= 202 ? 80 : 0),
			{of: container('a', {memoryLimitBytes: 512 * MIB})},
		),
	);
	assert.ok(kinds(seen).includes('memory-retained'), kinds(seen).join(' '));
	const [retained] = seen.anomalies.filter(({kind}) => kind === 'memory-retained');
	const fellAt = ((retained?.explanation.loadFellMs ?? Number.NaN) - START_MS) / 15_000;
	assert.ok(fellAt >= 260 && fellAt < 266, `the load fell at sample 260, told: ${fellAt}`);
});

test('a container that is gone takes its anomalies with it', () => {
	const of = container('a');
	const scrapes = [...samples(230, i => calmCpu(i) + (i >= 200 ? 500 : 0), calmMemory, {of})];
	const atMs = START_MS + 230 * 15_000;
	const seen = watch([...scrapes, scrape(atMs, [], [{of, why: 'gone'}])]);
	assert.equal(seen.anomalies[0]?.ended?.by, 'gone');
	assert.equal(seen.engine.explain(of.key), undefined);
});
