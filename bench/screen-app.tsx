/**
 * Draws the screen, then fills its timeline; on SIGUSR2 every container has a new sample. With `updates` so many follow at once, on a timeline that
 * is full, and what the heap has grown by is told.
 */
import process from 'node:process';
import {render} from 'ink';
import {App} from '../source/app.tsx';
import {liveCursor} from '../source/cursor.ts';
import type {Anomaly, Assessment, Event, Explanation, Kind, Severity, Verdicts} from '../source/engine/verdict.ts';
import {timeFormat} from '../source/format.ts';
import {type Container, containerKey, type Scrape} from '../source/scrape.ts';
import {createTheme, themeOptionsFrom} from '../source/screen/theme.ts';
import {screenWriter} from '../source/terminal/screen-writer.ts';
import {Timeline} from '../source/timeline.ts';
import {keepYoungHeapSmall} from '../source/young-heap.ts';

const STEP_MS = 15_000;
const START_MS = Date.UTC(2026, 0, 1);
const NODES = 200;
const REPLICAS = 4;
const MIB = 2 ** 20;

/** xorshift32: the same cluster each time. */
function createRandom(seed: number): () => number {
	let state = seed;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) / 2 ** 32;
	};
}

const APPS = ['checkout', 'cart', 'frontend', 'ledger', 'ads', 'recommendation', 'currency', 'shipping', 'email', 'search'];

function containers(pods: number): Container[] {
	return Array.from({length: pods}, (_, i) => {
		const workload = Math.floor(i / REPLICAS);
		const app = `${APPS[workload % APPS.length]}-${Math.floor(workload / APPS.length)}`;
		const namespace = `team-${workload % 50}`;
		const pod = `${app}-7d9f5c-${(i * 7919).toString(36).padStart(5, 'x').slice(-5)}`;
		return {
			key: containerKey('bench', namespace, pod, 'app'),
			namespace,
			pod,
			name: 'app',
			incarnation: `${i}/0`,
			workload: `Deployment/${app}`,
			revision: '7d9f5c',
			image: `registry.example/${app}:v43`,
			node: `node-${i % NODES}`,
			startedAtMs: START_MS - 3_600_000,
			cpuRequestMillicores: 100,
			memoryRequestBytes: 128 * MIB,
			cpuLimitMillicores: i % 10 === 9 ? Number.POSITIVE_INFINITY : 500,
			memoryLimitBytes: 512 * MIB,
			restarts: i % 97 === 0 ? 3 : 0,
		};
	});
}

function verdicts(length: number): Verdicts {
	const full = (value: number): Float32Array => new Float32Array(length).fill(value);
	return {
		length,
		state: new Uint8Array(length).fill(1),
		score: full(0.4),
		threshold: full(0.6),
		learned: new Uint16Array(length).fill(100),
		cpuLowMillicores: full(20),
		cpuHighMillicores: full(120),
		memoryLowBytes: full(60 * MIB),
		memoryHighBytes: full(240 * MIB),
		marks: new Uint8Array(length),
	};
}

const TROUBLES: readonly (readonly [Kind, Severity])[] = [
	['memory-leak', 'critical'],
	['cpu-sustained', 'warning'],
	['memory-spike', 'warning'],
	['unlike-siblings', 'notice'],
	['level-shift', 'notice'],
];

function anomaly(of: Container, i: number, atMs: number): Anomaly {
	const [kind, severity] = TROUBLES[i % TROUBLES.length] as (typeof TROUBLES)[number];
	const metric = kind === 'cpu-sustained' ? 'cpu' : 'memory';
	const usual = {
		cpu: {median: 60, low: 20, high: 120, need: 40},
		memory: {median: 120 * MIB, low: 60 * MIB, high: 240 * MIB, need: 40 * MIB},
	};
	const explanation: Explanation = {
		of,
		atMs,
		state: 'firing',
		learned: 100,
		training: 100,
		sampleMs: STEP_MS,
		kind,
		severity,
		metric,
		sinceMs: atMs - 600_000,
		heldMs: 600_000,
		value: {cpu: 310, memory: 400 * MIB},
		usual,
		score: 0.7,
		threshold: 0.6,
		reasons: [{feature: 'level', metric, side: 'up', weight: 0.6}],
		confirmed: {odd: 3, of: 3},
		siblings: {count: REPLICAS - 1, alike: 0, ratio: 0},
		growthBytesPerMinute: 2.1 * MIB,
		...(kind === 'memory-leak' && {
			forecast: {
				atMs: atMs + 2_400_000 + i * 60_000,
				earliestMs: atMs + 2_000_000,
				latestMs: atMs + 3_000_000,
				limitBytes: 512 * MIB,
				growthBytesPerMinute: 2.1 * MIB,
			},
		}),
		changes: [],
		baseline: {ageMs: 3_600_000, samples: 240, from: 'itself'},
		provisional: false,
		recurring: false,
	};
	return {
		id: `${of.key}@${atMs}`,
		of,
		kind,
		metric,
		severity,
		state: 'firing',
		recurring: false,
		provisional: false,
		startedAtMs: atMs - 600_000,
		firedAtMs: atMs,
		explanation,
	};
}

export async function run(pods: number, scrapes: number, updates: number): Promise<void> {
	const timeline = new Timeline({budgetBytes: updates > 0 ? MIB : 256 * MIB});
	const writer = screenWriter(process.stdout);
	const app = render(
		<App
			timeline={timeline}
			source={{label: 'bench', live: true, finished: () => false}}
			cursor={liveCursor()}
			theme={createTheme(themeOptionsFrom(process.env))}
			times={timeFormat('UTC')}
			namespaceLabel="all namespaces"
			onQuit={() => app.unmount()}
		/>,
		{stdout: writer, alternateScreen: true, exitOnCtrlC: false, interactive: true, maxFps: 60, patchConsole: false},
	);
	// Told to the bench by a control string that terminals pass over.
	const tell = (word: string): void => void writer.write(`\x1b_oddpod-bench ${word}\x1b\\`);
	await app.waitUntilRenderFlush();
	tell('drawn');
	keepYoungHeapSmall();

	const random = createRandom(42);
	const all = containers(pods);
	const cpu = Float64Array.from(all, () => 40 + 60 * random());
	const memory = Float64Array.from(all, () => (80 + 120 * random()) * MIB);
	const judged = verdicts(pods);
	let n = 0;
	let passing: Anomaly | undefined;
	const scrape = (): void => {
		const atMs = START_MS + n * STEP_MS;
		const readings = all.map((of, i) => {
			cpu[i] = Math.max(1, Math.min(480, (cpu[i] ?? 0) + 10 * (random() - 0.5)));
			memory[i] = Math.max(20 * MIB, Math.min(480 * MIB, (memory[i] ?? 0) + 4 * MIB * (random() - 0.5)));
			return {
				of,
				sampledAtMs: atMs - 2000,
				windowMs: STEP_MS,
				cpuMillicores: Math.round((cpu[i] ?? 0) * 10) / 10,
				memoryBytes: Math.round((memory[i] ?? 0) / 1024) * 1024,
			};
		});
		const events: Event[] =
			n === Math.floor(scrapes / 2)
				? Array.from({length: Math.min(12, pods)}, (_, i) => ({
						type: 'opened',
						atMs,
						anomaly: anomaly(all[(i * 331) % pods] as Container, i, atMs),
					}))
				: [];
		if (updates > 0 && n % 20 === 0) {
			// One is over, the next begins.
			if (passing) events.push({type: 'closed', atMs, anomaly: {...passing, state: 'resolved', ended: {atMs, by: 'recovered'}}});
			passing = anomaly(all[n % pods] as Container, n, atMs);
			events.push({type: 'opened', atMs, anomaly: passing});
		}
		const next: Scrape = {atMs, readings, absent: [], problems: []};
		const assessment: Assessment = {verdicts: judged, events};
		timeline.append(next, assessment);
		n++;
	};
	if (pods > 0) {
		for (let i = 0; i < scrapes; i++) {
			scrape();
			await new Promise(setImmediate);
		}
		process.on('SIGUSR2', scrape);
	}
	await app.waitUntilRenderFlush();
	tell('filled');
	if (updates > 0) {
		const {gc} = globalThis as {gc?: () => void};
		const follow = async (count: number): Promise<number> => {
			for (let i = 0; i < count; i++) {
				scrape();
				await new Promise(setImmediate);
			}
			await app.waitUntilRenderFlush();
			gc?.();
			return process.memoryUsage().heapUsed;
		};
		const before = await follow(3000);
		tell(`grown_${Math.round(((await follow(updates)) - before) / updates)}`);
	}
	await app.waitUntilExit();
}
