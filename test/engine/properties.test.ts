/** What holds for any readings: how they are ordered, split, looked at, scaled or broken changes no verdict. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {createEngine} from '../../source/engine/engine.ts';
import type {Settings} from '../../source/engine/settings.ts';
import {type Engine, type Event, MARK, STATES} from '../../source/engine/verdict.ts';
import {drain} from '../../source/evaluation/evaluate.ts';
import type {Scrape} from '../../source/scrape.ts';
import {container, jitter, MIB, reading, START_MS, samples, scrape, watch} from './watch.ts';

const PODS = ['a', 'b', 'c', 'd'];
const web = PODS.map(pod => container(pod, {workload: 'Deployment/web', revision: '1'}));

const fresh = container('e', {workload: 'Deployment/web', revision: '2', startedAtMs: START_MS + 230 * 15_000});

/** Four replicas: one is busy, one leaks, all are loaded for a while; a fifth comes with a rollout. */
const crowd = (seed: number, length = 420): Scrape[] =>
	Array.from({length}, (_, i) => {
		const atMs = START_MS + i * 15_000;
		return scrape(
			atMs,
			(i < 230 ? web : [...web, fresh]).map((of, n) => {
				const cpu = 60 + 5 * jitter(i + 1000 * n + seed) + (n === 0 && i >= 180 && i < 220 ? 500 : 0) + (i >= 280 && i < 320 ? 250 : 0);
				return reading(of, atMs, cpu, 120 + jitter(i * 3 + 1000 * n + seed) + (n === 1 ? Math.max(0, i - 250) : 0));
			}),
		);
	});

const asLines = (events: readonly Event[]): string[] => events.map(event => JSON.stringify(event));
const told = (scrapes: Iterable<Scrape>, settings: Partial<Settings> = {}): string[] => asLines(watch(scrapes, settings).events);
const seed = fc.integer({min: 0, max: 1e6});

test('the crowd has something to tell', () => {
	const kinds = new Set(watch(crowd(0)).anomalies.map(({kind}) => kind));
	for (const kind of ['cpu-sustained', 'memory-leak', 'load'] as const) assert.ok(kinds.has(kind), [...kinds].join(' '));
});

test('the order of the readings in a scrape changes no verdict', () => {
	fc.assert(
		fc.property(seed, fc.array(fc.shuffledSubarray([0, 1, 2, 3, 4], {minLength: 5}), {minLength: 1, maxLength: 7}), (seed, orders) => {
			const scrapes = crowd(seed);
			const shuffled = scrapes.map((one, i) => ({
				...one,
				readings: (orders[i % orders.length] ?? []).map(n => one.readings[n]).filter(reading => reading !== undefined),
			}));
			// Of one scrape, events come in the order of its readings.
			assert.deepEqual(told(shuffled).sort(), told(scrapes).sort());
		}),
		{numRuns: 8},
	);
});

test('engines that take turns between slices do not disturb each other', () => {
	fc.assert(
		fc.property(seed, seed, (first, second) => {
			const all = [crowd(first), crowd(second)];
			const engines = all.map(() => createEngine({slice: 1, forests: 1}));
			const events: Event[][] = all.map(() => []);
			for (let i = 0; i < 420; i++) {
				const runs = engines.map((engine, n) => engine.assess(all[n]?.[i] as Scrape));
				for (const open = new Set(runs.keys()); open.size > 0; ) {
					for (const n of open) {
						const step = runs[n]?.next();
						if (!step?.done) continue;
						events[n]?.push(...step.value.events);
						open.delete(n);
					}
				}
			}
			assert.deepEqual(
				events.map(asLines),
				all.map(scrapes => told(scrapes)),
			);
		}),
		{numRuns: 3},
	);
});

test('that somebody looks, at any moment, changes no verdict', () => {
	const scrapes = crowd(5);
	const engine = createEngine({slice: 1, forests: 2});
	const events: Event[] = [];
	let looks = 0;
	for (const [i, one] of scrapes.entries()) {
		const run = engine.assess(one);
		for (let step = run.next(); ; step = run.next()) {
			if (++looks % 3 === 0) engine.explain(web[looks % web.length]?.key ?? '');
			if (!step.done) continue;
			events.push(...step.value.events);
			break;
		}
		if (i % 20 === 0) engine.checkpoint();
	}
	assert.deepEqual(asLines(events), told(scrapes));
});

test('a checkpoint taken anywhere tells and explains the same afterwards', () => {
	const whole = watch(crowd(9));
	fc.assert(
		fc.property(fc.integer({min: 1, max: 419}), cut => {
			const scrapes = crowd(9);
			const before = watch(scrapes.slice(0, cut));
			const after = watch(scrapes.slice(cut), {}, createEngine({}, before.engine.checkpoint()));
			assert.deepEqual(asLines([...before.events, ...after.events]), asLines(whole.events));
			for (const {key} of [...web, fresh]) assert.deepEqual(after.engine.explain(key), whole.engine.explain(key));
		}),
		// In training, amid the busy loop, while it stands, after the rollout, amid the load, amid the leak.
		{numRuns: 10, examples: [[40], [182], [200], [240], [283], [300], [400]]},
	);
});

test('the same seed tells the same twice; another seed may score otherwise', () => {
	const scores = (seed: number): readonly number[] => watch(crowd(2, 300), {seed}).scores;
	assert.deepEqual(scores(1), scores(1));
	assert.notDeepEqual(scores(1), scores(2));
});

/**
 * Only where every floor is far below: CPU over 200 m, memory over 200 MiB, whose relative needs (.5 and .15 of the median)
 * exceed 5 m and 8 MiB, and faults far from any gate, so that rounding to 32 bits decides nothing.
 */
test('above the floors, scaling a series and its limits by any constant changes no verdict', () => {
	const scaled = (by: number, seed: number): string[] => {
		const of = container('a', {cpuLimitMillicores: 4000 * by, memoryLimitBytes: 2000 * by * MIB});
		const {events} = watch(
			samples(
				560,
				i => (200 + 10 * jitter(i + seed) + (i >= 150 && i < 190 ? 900 : 0) - (i >= 230 && i < 245 ? 198 : 0)) * by,
				i => (200 + 2 * jitter(i * 7 + seed) + 2 * Math.max(0, i - 330)) * by,
				{of},
			),
		);
		return events.map(event =>
			'anomaly' in event
				? `${event.type} ${event.anomaly.kind} ${event.anomaly.severity} ${event.anomaly.state} ${event.atMs}`
				: event.type,
		);
	};
	fc.assert(
		fc.property(fc.double({min: 1, max: 100, noNaN: true}), seed, (by, seed) => {
			const once = scaled(1, seed);
			assert.ok(once.length > 3);
			assert.deepEqual(scaled(by, seed), once);
		}),
		{numRuns: 15},
	);
});

test('a flat series with holes, gaps, changing limits and changing rhythm never alarms', () => {
	let judged = 0;
	const hole = fc.constantFrom('none', 'none', 'none', 'cpu', 'memory', 'both', 'nothing');
	const after = fc.constantFrom(15, 15, 15, 15, 30, 300, 86_400 * 400);
	const limit = fc.constantFrom(0, 1, 50, 100, 1000, Number.NaN, Number.POSITIVE_INFINITY);
	fc.assert(
		fc.property(
			fc.double({min: 0, max: 2000, noNaN: true}),
			fc.double({min: 0, max: 2000, noNaN: true}),
			fc.array(fc.tuple(hole, after, limit), {minLength: 100, maxLength: 300}),
			(cpu, memory, steps) => {
				let atMs = START_MS;
				// Known first, then with holes: what is missing from the start would be learned as usual.
				const whole = Array.from({length: 120}, () => ['none', 15, 1000] as const);
				const scrapes = [...whole, ...steps].map(([missing, seconds, bound]) => {
					atMs += seconds * 1000;
					const of = container('a', {cpuLimitMillicores: bound, memoryLimitBytes: bound * MIB});
					if (missing === 'nothing') return scrape(atMs, [], [{of, why: 'no-sample'}]);
					const known = (metric: string, value: number): number => (missing === metric || missing === 'both' ? Number.NaN : value);
					return scrape(atMs, [reading(of, atMs, known('cpu', cpu), known('memory', memory))]);
				});
				const {events, scores} = watch(scrapes);
				assert.deepEqual(events, []);
				judged += scores.filter(score => !Number.isNaN(score)).length;
			},
		),
		{numRuns: 40},
	);
	assert.ok(judged > 500, `${judged} were judged`);
});

test('of readings that all have one timestamp the first alone counts', () => {
	const of = container('a');
	const {events, engine} = watch(Array.from({length: 300}, (_, i) => scrape(START_MS, [reading(of, START_MS, i * 50, i)])));
	assert.deepEqual(events, []);
	const {learned, value} = engine.explain(of.key) ?? {};
	assert.equal(learned, 1);
	assert.deepEqual(value, {cpu: 0, memory: 0});
});

/** What `Verdicts` and `Explanation` promise, whatever went in. */
function checkColumns(engine: Engine, one: Scrape): {scored: number} {
	const {verdicts} = drain(engine.assess(one));
	assert.equal(verdicts.length, one.readings.length);
	let scored = 0;
	for (let i = 0; i < verdicts.length; i++) {
		const of = (column: Float32Array): number => column[i] as number;
		assert.ok((verdicts.state[i] as number) < STATES.length);
		assert.ok((verdicts.learned[i] as number) <= 100);
		assert.ok((verdicts.marks[i] as number) < 2 * MARK.inherited);
		const score = of(verdicts.score);
		assert.ok(Number.isNaN(score) || (score > 0 && score <= 1), `score ${score}`);
		if (!Number.isNaN(score)) scored++;
		const threshold = of(verdicts.threshold);
		assert.ok(Number.isNaN(threshold) || (threshold >= Math.fround(0.55) && threshold <= Math.fround(0.9)), `threshold ${threshold}`);
		assert.equal(Number.isNaN(score), Number.isNaN(threshold));
		for (const [low, high] of [
			[of(verdicts.cpuLowMillicores), of(verdicts.cpuHighMillicores)],
			[of(verdicts.memoryLowBytes), of(verdicts.memoryHighBytes)],
		] as const) {
			assert.equal(Number.isNaN(low), Number.isNaN(high));
			assert.ok(Number.isNaN(low) || (Number.isFinite(low) && 0 <= low && low <= high), `${low} to ${high}`);
		}
	}
	return {scored};
}

test('whatever comes, the columns keep their promises and explanations add up', () => {
	const value = fc.oneof(
		{weight: 8, arbitrary: fc.double({min: 0, max: 1000, noNaN: true})},
		{weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -5, 1e18, 0, 1e-300)},
	);
	const after = fc.oneof(
		{weight: 30, arbitrary: fc.constant(15_000)},
		{weight: 1, arbitrary: fc.constantFrom(0, -60_000, 1, 300_000, 400 * 86_400_000)},
	);
	const bound = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 100, 1e18);
	let readings = 0;
	let scored = 0;
	fc.assert(
		fc.property(fc.array(fc.tuple(value, value, after, bound, fc.nat(299)), {minLength: 200, maxLength: 320}), steps => {
			const engine = createEngine();
			let atMs = START_MS;
			let restarts = 0;
			for (const [cpu, memory, gap, limit, dice] of steps) {
				atMs += gap;
				if (dice === 299) restarts++;
				const of = container('a', {cpuLimitMillicores: limit, memoryLimitBytes: limit * MIB, incarnation: `a:${restarts}`, restarts});
				scored += checkColumns(engine, scrape(atMs, [reading(of, atMs, cpu, memory)])).scored;
				readings++;
				const explanation = engine.explain(of.key);
				assert.ok(explanation && (Number.isNaN(explanation.score) || (explanation.score > 0 && explanation.score <= 1)));
				for (const {weight} of explanation.reasons) assert.ok(weight > 0 && weight <= 1 + 1e-9);
				assert.ok(!Number.isFinite(explanation.value.cpu) || (explanation.value.cpu >= 0 && explanation.value.cpu <= 1e9));
			}
		}),
		{numRuns: 40},
	);
	assert.ok(scored > 0.5 * readings, `${scored} of ${readings} were judged`);
});
