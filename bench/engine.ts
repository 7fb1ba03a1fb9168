/**
 * What the engine costs: a step with its share of the refits, a tick of 2,000 and of 10,000 containers, the longest slice
 * between two yields, and the memory of a container. Seeded.
 *
 * `npm run bench:engine`, `-- --json` for one line of JSON at the end.
 */
import process from 'node:process';
import {parseArgs} from 'node:util';
import {createEngine} from '../source/engine/engine.ts';
import {FEATURES, IsolationForest, quantise} from '../source/engine/isolation-forest.ts';
import {Random} from '../source/engine/random.ts';
import type {Container, Reading} from '../source/scrape.ts';

const {values: options} = parseArgs({options: {json: {type: 'boolean', default: false}, ticks: {type: 'string', default: '60'}}});
const MIB = 2 ** 20;
const INTERVAL_MS = 15_000;
/** Ticks before anything is measured: training, the first fits, and a threshold that knows enough. */
const WARM = 260;
/** Of the containers, one in so many misbehaves at a time. */
const ODD = 200;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

function containers(count: number): Container[] {
	return Array.from({length: count}, (_, i) => ({
		key: `bench/ns-${i % 20}/pod-${i}/main`,
		namespace: `ns-${i % 20}`,
		pod: `pod-${i}`,
		name: 'main',
		incarnation: `pod-${i}:0`,
		workload: `Deployment/workload-${i >> 2}`,
		revision: '1',
		cpuRequestMillicores: Number.NaN,
		memoryRequestBytes: Number.NaN,
		cpuLimitMillicores: 500,
		memoryLimitBytes: 512 * MIB,
		restarts: 0,
	}));
}

interface Run {
	readonly tickMilliseconds: number;
	readonly slowestTickMilliseconds: number;
	readonly stepMicroseconds: number;
	readonly longestSliceMilliseconds: number;
	readonly bytesPerContainer: number;
}

function run(count: number, ticks: number): Run {
	const random = new Random(count);
	const all = containers(count);
	const level = all.map(() => 10 + random.next() * 200);
	globalThis.gc?.();
	const before = process.memoryUsage();
	const engine = createEngine();
	const durations: number[] = [];
	const slices: number[] = [];
	for (let tick = 0; tick < WARM + ticks; tick++) {
		const atMs = 1.7e12 + tick * INTERVAL_MS;
		const readings = all.map((of, i): Reading => {
			const usual = level[i] as number;
			const odd = tick > 120 && (i + (tick >> 3)) % ODD === 0 ? 400 : 0;
			return {
				of,
				sampledAtMs: atMs,
				windowMs: INTERVAL_MS,
				cpuMillicores: usual * (0.8 + 0.4 * random.next()) + odd,
				memoryBytes: (usual + 60 + random.next()) * MIB,
			};
		});
		const began = performance.now();
		const assessing = engine.assess({atMs, readings, absent: [], problems: []});
		for (let from = began; ; ) {
			const {done} = assessing.next();
			const now = performance.now();
			if (tick >= WARM) slices.push(now - from);
			from = now;
			if (done) break;
		}
		if (tick >= WARM) durations.push(performance.now() - began);
	}
	globalThis.gc?.();
	const after = process.memoryUsage();
	const result = {
		tickMilliseconds: median(durations),
		slowestTickMilliseconds: Math.max(...durations),
		stepMicroseconds: (durations.reduce((sum, ms) => sum + ms, 0) / durations.length / count) * 1000,
		longestSliceMilliseconds: Math.max(...slices),
		bytesPerContainer: (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / count,
	};
	engine.explain(all[0]?.key ?? ''); // alive until here
	return result;
}

function forest(): {fitMilliseconds: number; scoreMicroseconds: number} {
	const random = new Random(1);
	const rows = Int16Array.from({length: 184 * FEATURES}, () => quantise(random.next() * 2 + random.next() - 1.5));
	const grown = new IsolationForest({trees: 40, sampleSize: 64, depth: 6}, 184);
	const fits: number[] = [];
	for (let i = 0; i < 400; i++) {
		const began = performance.now();
		grown.fit(rows, 184, new Random(i));
		if (i > 100) fits.push(performance.now() - began);
	}
	const row = rows.subarray(0, FEATURES);
	const began = performance.now();
	for (let i = 0; i < 20_000; i++) grown.score(rows.subarray((i % 184) * FEATURES, (i % 184) * FEATURES + FEATURES));
	const scoreMicroseconds = (performance.now() - began) / 20;
	grown.score(row);
	return {fitMilliseconds: median(fits), scoreMicroseconds};
}

const ticks = Number(options.ticks);
const one = forest();
const small = run(2000, ticks);
const large = run(10_000, Math.ceil(ticks / 3));
const rows: readonly (readonly [string, string, string])[] = [
	['', 'oddpod', 'asked for'],
	['forest, fit of 184 rows', `${one.fitMilliseconds.toFixed(2)} ms`, '0.3 ms'],
	['forest, score of a row', `${one.scoreMicroseconds.toFixed(1)} µs`, ''],
	['step, all included, warm', `${small.stepMicroseconds.toFixed(1)} µs`, '20 µs'],
	['tick of 2,000', `${small.tickMilliseconds.toFixed(0)} ms (slowest ${small.slowestTickMilliseconds.toFixed(0)})`, '60 ms'],
	['tick of 10,000', `${large.tickMilliseconds.toFixed(0)} ms (slowest ${large.slowestTickMilliseconds.toFixed(0)})`, '300 ms'],
	['longest slice', `${large.longestSliceMilliseconds.toFixed(1)} ms`, '8 ms'],
	['memory of a container', `${(large.bytesPerContainer / 1024).toFixed(1)} KB`, '24 KB'],
	['', '', ''],
	['beside it, as measured once elsewhere', '', ''],
	['the first Python program, a verdict', '118-191 ms', ''],
	['scikit-learn IsolationForest, fit / score', '40-50 ms / 8.9 ms', ''],
	['AWS random cut forest (Java), a sample', '23-68 µs', ''],
];
for (const [name, value, wanted] of rows) process.stdout.write(`${name.padEnd(42)}${value.padEnd(28)}${wanted}\n`);
if (options.json) {
	const line = {
		stepMicroseconds: small.stepMicroseconds,
		bytesPerContainer: large.bytesPerContainer,
		tick2000Milliseconds: small.tickMilliseconds,
		tick10000Milliseconds: large.tickMilliseconds,
		longestSliceMilliseconds: large.longestSliceMilliseconds,
	};
	process.stdout.write(`${JSON.stringify(line)}\n`);
}
