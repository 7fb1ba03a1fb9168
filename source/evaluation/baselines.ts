/** What others would do, as engines: so that the difference can be seen on the same data, counted the same way. */
import {hash, Random} from '../engine/random.ts';
import type {Anomaly, Assessment, Engine, Event, Explanation, Verdicts} from '../engine/verdict.ts';
import {STATES} from '../engine/verdict.ts';
import type {Container, Reading, Scrape} from '../scrape.ts';
import {PlainForest} from './plain-forest.ts';

export type BaselineName = 'original' | 'z-score' | 'static' | 'forest';

export interface BaselineSettings {
	readonly seed?: number;
	/** Share of the training that a forest calls odd. */
	readonly contamination?: number | undefined;
}

/** Samples of the training, and of the rolling window. */
const WINDOW = 100;
const TREES = 100;
/** Odd samples in a row that make an alarm. */
const IN_A_ROW = 2;
const REFIT = 20;
const SIGMAS = 3;
const OF_LIMIT = 0.9;
const MIB = 2 ** 20;

/** The newest samples, CPU and memory in turn; their order does not matter to a forest. */
class Window {
	readonly rows = new Float64Array(2 * WINDOW);
	#count = 0;

	get isFull(): boolean {
		return this.#count >= WINDOW;
	}

	push(cpu: number, memory: number): void {
		const at = 2 * (this.#count++ % WINDOW);
		this.rows[at] = cpu;
		this.rows[at + 1] = memory;
	}

	column(metric: 0 | 1): number[] {
		return Array.from({length: WINDOW}, (_, i) => this.rows[2 * i + metric] ?? Number.NaN);
	}

	scores(forest: PlainForest): number[] {
		return Array.from({length: WINDOW}, (_, i) => forest.score(this.rows, 2 * i));
	}
}

/** Says of one sample of one container whether it is odd. */
type Detector = (cpu: number, memory: number, of: Container) => boolean;

const DETECTORS: Readonly<Record<BaselineName, (random: Random, contamination: number) => Detector>> = {
	/**
	 * The program this one grew from: at each sample an isolation forest is trained on the newest hundred, with the cut where a
	 * tenth of them counts as odd; then the median of the same hundred is asked about. A median is hardly ever odd.
	 */
	original(random, contamination) {
		const window = new Window();
		return (cpu, memory) => {
			window.push(cpu, memory);
			if (!window.isFull) return false;
			const {rows} = window;
			const forest = new PlainForest(rows, 2, TREES, WINDOW, random);
			const middle = Float64Array.of(median(window.column(0)), median(window.column(1)));
			return forest.score(middle) > quantile(window.scores(forest), 1 - contamination);
		};
	},
	/** The same forest used as its authors meant it: trained on the past, asked about the present. */
	forest(random, contamination) {
		const window = new Window();
		let forest: PlainForest | undefined;
		let cut = Number.POSITIVE_INFINITY;
		let sinceFit = 0;
		return (cpu, memory) => {
			const odd = forest !== undefined && forest.score(Float64Array.of(cpu, memory)) > cut;
			window.push(cpu, memory);
			if (window.isFull && (forest === undefined || ++sinceFit === REFIT)) {
				forest = new PlainForest(window.rows.slice(), 2, TREES, WINDOW, random);
				cut = quantile(window.scores(forest), 1 - contamination);
				sinceFit = 0;
			}
			return odd;
		};
	},
	/** Three standard deviations from the mean of the last hundred. */
	'z-score'() {
		const windows: [number[], number[]] = [[], []];
		return (cpu, memory) => {
			let odd = false;
			for (const [metric, value] of [cpu, memory].entries()) {
				const window = windows[metric] ?? [];
				if (window.length === WINDOW) {
					const mean = window.reduce((sum, x) => sum + x, 0) / WINDOW;
					const deviation = Math.sqrt(window.reduce((sum, x) => sum + (x - mean) ** 2, 0) / WINDOW);
					odd ||= Math.abs(value - mean) > SIGMAS * deviation;
					window.shift();
				}
				window.push(value);
			}
			return odd;
		};
	},
	/** Nine tenths of a limit. */
	static: () => (cpu, memory, of) => cpu > OF_LIMIT * of.cpuLimitMillicores || memory * MIB > OF_LIMIT * of.memoryLimitBytes,
};

export function createBaseline(name: BaselineName, {seed = 1, contamination = 0.1}: BaselineSettings = {}): Engine {
	const tracks = new Map<string, {readonly detect: Detector; inARow: number; open: Anomaly | undefined}>();
	return {
		*assess({readings}: Scrape): Generator<undefined, Assessment> {
			const events: Event[] = [];
			for (const reading of readings) {
				let track = tracks.get(reading.of.key);
				if (!track) {
					track = {detect: DETECTORS[name](new Random(seed ^ hash(reading.of.key)), contamination), inARow: 0, open: undefined};
					tracks.set(reading.of.key, track);
				}
				const known = (value: number): number => (Number.isNaN(value) ? 0 : value);
				const odd = track.detect(known(reading.cpuMillicores), known(reading.memoryBytes) / MIB, reading.of);
				track.inARow = odd ? track.inARow + 1 : 0;
				if (track.inARow === IN_A_ROW) {
					track.open = opened(reading);
					events.push({type: 'opened', atMs: reading.sampledAtMs, anomaly: track.open});
				} else if (!odd && track.open) {
					const heldMs = reading.sampledAtMs - track.open.startedAtMs - 1;
					const anomaly: Anomaly = {
						...track.open,
						state: 'resolved',
						ended: {atMs: reading.sampledAtMs, by: 'recovered'},
						explanation: {...track.open.explanation, heldMs},
					};
					track.open = undefined;
					events.push({type: 'closed', atMs: reading.sampledAtMs, anomaly});
				}
			}
			return {verdicts: nothing(readings.length), events};
		},
		explain: () => undefined,
		checkpoint: () => new Uint8Array(0),
	};
}

/** A baseline knows that something is odd, not what. */
function opened({of, sampledAtMs}: Reading): Anomaly {
	const unknown = {median: Number.NaN, low: Number.NaN, high: Number.NaN, need: Number.NaN};
	const explanation: Explanation = {
		of,
		atMs: sampledAtMs,
		state: 'firing',
		learned: WINDOW,
		training: WINDOW,
		sampleMs: Number.NaN,
		value: {cpu: Number.NaN, memory: Number.NaN},
		usual: {cpu: unknown, memory: unknown},
		score: Number.NaN,
		threshold: Number.NaN,
		reasons: [],
		siblings: {count: 0, alike: 0, ratio: Number.NaN},
		changes: [],
		baseline: {ageMs: Number.NaN, samples: WINDOW, from: 'itself'},
		provisional: false,
		recurring: false,
	};
	return {
		id: `${of.key}@${sampledAtMs}`,
		of,
		kind: 'cpu-spike',
		metric: 'cpu',
		severity: 'warning',
		state: 'firing',
		recurring: false,
		provisional: false,
		startedAtMs: sampledAtMs,
		firedAtMs: sampledAtMs,
		explanation,
	};
}

function nothing(length: number): Verdicts {
	const unknown = new Float32Array(length).fill(Number.NaN);
	return {
		length,
		state: new Uint8Array(length).fill(STATES.indexOf('normal')),
		score: unknown,
		threshold: unknown,
		learned: new Uint16Array(length),
		cpuLowMillicores: unknown,
		cpuHighMillicores: unknown,
		memoryLowBytes: unknown,
		memoryHighBytes: unknown,
		marks: new Uint8Array(length),
	};
}

/** Linear interpolation, as scikit-learn's percentile. */
function quantile(values: readonly number[], q: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const at = q * (sorted.length - 1);
	const low = sorted[Math.floor(at)] ?? Number.NaN;
	return low + (at % 1) * ((sorted[Math.ceil(at)] ?? low) - low);
}

const median = (values: readonly number[]): number => quantile(values, 0.5);
