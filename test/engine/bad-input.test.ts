/** Bad input is expected input: no throw, no NaN out, no alarm made of nothing. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {createEngine} from '../../source/engine/engine.ts';
import {render} from '../../source/evaluation/scenes.ts';
import {shop} from '../../source/evaluation/shop.ts';
import {container, jitter, kinds, MIB, reading, START_MS, samples, scrape, watch} from './watch.ts';

const value = fc.oneof(
	{weight: 6, arbitrary: fc.double({min: 0, max: 1000, noNaN: true})},
	{weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -5, 1e18, 0)},
);
const gap = fc.constantFrom(15_000, 15_000, 15_000, 15_000, 0, -15_000, 1, 300_000, 400 * 86_400_000);
const limit = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0, 100, 1e18);

test('whatever comes, verdicts are numbers and scores lie in (0, 1]', () => {
	fc.assert(
		fc.property(fc.array(fc.tuple(value, value, gap, limit), {minLength: 120, maxLength: 260}), steps => {
			let atMs = START_MS;
			const scrapes = steps.map(([cpu, memory, after, bound]) => {
				atMs += after;
				return scrape(atMs, [reading(container('a', {cpuLimitMillicores: bound, memoryLimitBytes: bound * MIB}), atMs, cpu, memory)]);
			});
			const {events, scores, engine} = watch(scrapes);
			for (const score of scores) assert.ok(Number.isNaN(score) || (score > 0 && score <= 1), `${score}`);
			for (const event of events) {
				if (!('anomaly' in event)) continue;
				const {startedAtMs, firedAtMs, explanation} = event.anomaly;
				assert.ok(Number.isFinite(startedAtMs) && Number.isFinite(firedAtMs) && startedAtMs <= firedAtMs);
				assert.ok(Number.isFinite(explanation.score) && Number.isFinite(explanation.threshold));
				const {forecast} = explanation;
				if (forecast) assert.ok(Object.values(forecast).every(Number.isFinite), JSON.stringify(forecast));
			}
			engine.explain(container('a').key);
		}),
		{numRuns: 60},
	);
});

test('a constant series never alarms, at whatever height, rhythm and limit', () => {
	fc.assert(
		fc.property(
			fc.double({min: 0, max: 5000, noNaN: true}),
			fc.double({min: 0, max: 5000, noNaN: true}),
			fc.constantFrom(1, 10, 15, 60, 300),
			limit,
			(cpu, memory, seconds, bound) => {
				const of = container('a', {cpuLimitMillicores: bound, memoryLimitBytes: bound * MIB});
				assert.deepEqual(
					watch(
						samples(
							260,
							() => cpu,
							() => memory,
							{seconds, of},
						),
					).events,
					[],
				);
			},
		),
		{numRuns: 40},
	);
});

const calm = (i: number): number => 200 + 10 * jitter(i);
const fault = (i: number): number => calm(i) + (i >= 200 && i < 240 ? 900 : 0);

test('scaling a series and its limits changes no verdict', () => {
	const told = (by: number): string[] => {
		const of = container('a', {cpuLimitMillicores: 4000 * by, memoryLimitBytes: 4000 * by * MIB});
		return watch(
			samples(
				500,
				i => fault(i) * by,
				i => (calm(i + 9) + Math.max(0, i - 300)) * by,
				{of},
			),
		).events.map(event =>
			'anomaly' in event ? `${event.type} ${event.anomaly.kind} ${event.anomaly.severity} ${event.atMs}` : event.type,
		);
	};
	const once = told(1);
	assert.ok(once.length > 1);
	for (const by of [2, 4, 64]) assert.deepEqual(told(by), once);
});

test('what comes later changes nothing that was said before', () => {
	const told = (length: number): string[] =>
		watch(samples(length, fault, calm))
			.events.filter(({atMs}) => atMs < START_MS + 260 * 15_000)
			.map(event => JSON.stringify(event));
	assert.deepEqual(told(260), told(600));
});

test('slices, forests kept and other containers change no verdict', () => {
	const scrapes = (others: number): ReturnType<typeof scrape>[] =>
		Array.from({length: 320}, (_, i) => {
			const atMs = START_MS + i * 15_000;
			return scrape(
				atMs,
				['a', ...Array.from({length: others}, (_, n) => `other-${n}`)].map((pod, n) =>
					reading(container(pod), atMs, pod === 'a' ? fault(i) : fault(i + 17 * n) * (1 + n), calm(i + n)),
				),
			);
		});
	const told = (others: number, settings: Parameters<typeof watch>[1]): string[] =>
		watch(scrapes(others), settings)
			.events.filter(event => 'anomaly' in event && event.anomaly.of.pod === 'a')
			.map(event => JSON.stringify(event));
	const alone = told(0, {});
	assert.ok(alone.length > 0);
	assert.deepEqual(told(6, {slice: 1, forests: 1}), alone);
	assert.deepEqual(told(6, {slice: 3}), alone);
});

test('a checkpoint and its restoring change no verdict', () => {
	const scene = shop(3, 1200, 0.5);
	const scrapes = [...render(scene, 10)];
	const whole = watch(scrapes).events.map(event => JSON.stringify(event));
	assert.ok(whole.length > 10);
	let engine = createEngine();
	const split: string[] = [];
	scrapes.forEach((one, i) => {
		split.push(...watch([one], {}, engine).events.map(event => JSON.stringify(event)));
		if (i % 37 === 0) engine = createEngine({}, engine.checkpoint());
	});
	assert.deepEqual(split, whole);
});

test('a checkpoint of other settings, or none at all, is passed over', () => {
	const {engine} = watch(samples(120, calm, calm));
	const {key} = container('a');
	assert.equal(createEngine({}, engine.checkpoint()).explain(key)?.learned, 100);
	assert.equal(createEngine({train: 60}, engine.checkpoint()).explain(key), undefined);
	assert.equal(createEngine({}, new Uint8Array([1, 2, 3])).explain(key), undefined);
});

test('a repeated reading is none; a gap and another rhythm make no alarm', () => {
	const of = container('a');
	const scrapes = [...samples(200, calm, calm, {of})];
	assert.deepEqual(watch(scrapes.flatMap(one => [one, one])).events, []);
	const years = START_MS + 3 * 365 * 86_400_000;
	const later = Array.from({length: 200}, (_, i) => scrape(years + i * 300_000, [reading(of, years + i * 300_000, calm(i), calm(i))]));
	assert.deepEqual(kinds(watch([...scrapes, ...later])), []);
});

test('one metric alone is judged alone', () => {
	assert.deepEqual(kinds(watch(samples(300, fault, () => Number.NaN))), ['cpu-sustained']);
	assert.deepEqual(
		kinds(
			watch(
				samples(
					300,
					() => Number.NaN,
					i => calm(i) + (i >= 200 && i < 210 ? 300 : 0),
				),
			),
		),
		['memory-spike'],
	);
});

test('a setting out of range is named with its demand', () => {
	assert.throws(() => watch([], {train: 3}), /Expected `train` to be a whole number from 20 to 10000, got 3/);
});
