/** What one moment of the timeline shows: everything that exists then, in columns, and how bad it is. */
import type {Anomaly, Forecast, State, Storm, Verdicts} from './engine/verdict.ts';
import {STATES, severityRank} from './engine/verdict.ts';
import type {AbsenceReason, Container, Label, Problem} from './scrape.ts';

/** One container at one moment. */
export interface Row {
	readonly key: string;
	readonly of: Container;
	/** `absent`: it has no sample that is fresh enough; {@link absence} says why. */
	readonly state: State | 'absent';
	readonly absence?: AbsenceReason;
	/** Of its newest sample; NaN while it never had one. An absent row keeps its last numbers here: show them as old, or not at all. */
	readonly sampledAtMs: number;
	readonly cpuMillicores: number;
	readonly memoryBytes: number;
	readonly score: number;
	/** Samples learned; how many the training takes stands in {@link Timeline.training}. */
	readonly learned: number;
	/** Bits of MARK. */
	readonly marks: number;
	/** The worst anomaly that is open or standing then; or the kill less than an hour before of one that has completed. */
	readonly anomaly?: Anomaly;
	/** The nearest one of any open anomaly, also where a worse one has none: after a kill memory rises again. */
	readonly forecast?: Forecast;
}

/** Everything that exists at one moment, in columns that share an index. A row of its own is made when it is asked for. */
export interface Rows {
	readonly length: number;
	/** The same array for as long as these are the same objects. */
	readonly of: readonly Container[];
	/** Index into STATES, or {@link ABSENT}. */
	readonly state: Uint8Array;
	readonly marks: Uint8Array;
	readonly learned: Uint16Array;
	readonly cpuMillicores: Float32Array;
	readonly memoryBytes: Float32Array;
	/** By index, of those that are absent for another reason than `no-sample`. */
	readonly absence: ReadonlyMap<number, AbsenceReason>;
	/** By index: see {@link Row.anomaly}. */
	readonly anomalies: ReadonlyMap<number, Anomaly>;
	/** By index: see {@link Row.forecast}. */
	readonly forecasts: ReadonlyMap<number, Forecast>;
	/** The same object each time. */
	at(index: number): Row | undefined;
	/** -1: there is none. */
	indexOf(key: string): number;
	[Symbol.iterator](): Iterator<Row>;
}

/** In {@link Rows.state}: no sample that is fresh enough. */
export const ABSENT = 255;

export interface Moment {
	readonly atMs: number;
	readonly rows: Rows;
	row(key: string): Row | undefined;
	/** Keys of containers of the same namespace, workload and container name, without itself. */
	siblings(key: string): readonly string[];
	/** Every episode that had begun by then, each as it was known then, newest beginning first. */
	readonly anomalies: readonly Anomaly[];
	/** Oldest first. */
	readonly storms: readonly Storm[];
	readonly problems: readonly Problem[];
	readonly labels: readonly Label[];
	/** Newest sample of all; NaN before the first. */
	readonly newestSampleMs: number;
	readonly counts: {
		/** Rows that are judged (trained), learning, and without a fresh sample. */
		readonly judged: number;
		readonly learning: number;
		readonly absent: number;
		readonly critical: number;
		readonly warning: number;
		readonly notice: number;
		readonly pods: number;
	};
}

/** What was said of a reading, in the 32 bits that are kept with it: state, marks, score, samples learned. */
export function bitsOf(verdicts: Verdicts, i: number): number {
	const score = verdicts.score[i] ?? Number.NaN;
	const rounded = Number.isNaN(score) ? NO_SCORE : Math.min(254, Math.round(score * 254));
	const learned = Math.min(0xffff, verdicts.learned[i] ?? 0);
	return ((verdicts.state[i] ?? 0) | ((verdicts.marks[i] ?? 0) << 4) | (rounded << 8) | (learned << 16)) >>> 0;
}

const NO_SCORE = 255;
/** Of what has never had a reading. */
export const NO_BITS = NO_SCORE << 8;
export const stateOf = (bits: number): number => bits & 15;
const marksOf = (bits: number): number => (bits >> 4) & 15;
const scoreOf = (bits: number): number => (((bits >> 8) & 255) === NO_SCORE ? Number.NaN : ((bits >> 8) & 255) / 254);
const learnedOf = (bits: number): number => bits >>> 16;

/** The rows of a moment, while they are gathered and afterwards. */
export class RowsAt implements Rows {
	of: readonly Container[] = [];
	readonly sampledAtMs: Float64Array;
	readonly state: Uint8Array;
	readonly marks: Uint8Array;
	readonly learned: Uint16Array;
	readonly cpuMillicores: Float32Array;
	readonly memoryBytes: Float32Array;
	readonly absence = new Map<number, AbsenceReason>();
	readonly anomalies = new Map<number, Anomaly>();
	readonly forecasts = new Map<number, Forecast>();
	readonly #score: Float32Array;
	readonly #indices: Int32Array;
	readonly #numberOf: ReadonlyMap<string, number>;
	readonly #made: (Row | undefined)[] = [];

	constructor(most: number, numberOf: ReadonlyMap<string, number>) {
		this.sampledAtMs = new Float64Array(most);
		this.state = new Uint8Array(most);
		this.marks = new Uint8Array(most);
		this.learned = new Uint16Array(most);
		this.cpuMillicores = new Float32Array(most);
		this.memoryBytes = new Float32Array(most);
		this.#score = new Float32Array(most);
		this.#indices = new Int32Array(most).fill(-1);
		this.#numberOf = numberOf;
	}

	get length(): number {
		return this.of.length;
	}

	set(i: number, number: number, sampledAtMs: number, cpuMillicores: number, memoryBytes: number, bits: number): void {
		this.#indices[number] = i;
		this.sampledAtMs[i] = sampledAtMs;
		this.cpuMillicores[i] = cpuMillicores;
		this.memoryBytes[i] = memoryBytes;
		this.state[i] = stateOf(bits);
		this.marks[i] = marksOf(bits);
		this.learned[i] = learnedOf(bits);
		this.#score[i] = scoreOf(bits);
	}

	indexOf(key: string): number {
		const number = this.#numberOf.get(key);
		const i = number === undefined ? -1 : (this.#indices[number] ?? -1);
		// A number that has been given to another container since is not this one's.
		return this.of[i]?.key === key ? i : -1;
	}

	*[Symbol.iterator](): Iterator<Row> {
		for (let i = 0; i < this.length; i++) yield this.at(i)!;
	}

	at(i: number): Row | undefined {
		const of = this.of[i];
		if (!of) return undefined;
		const anomaly = this.anomalies.get(i);
		const forecast = this.forecasts.get(i);
		const state = STATES[this.state[i]!];
		this.#made[i] ??= {
			key: of.key,
			of,
			...(anomaly && {anomaly}),
			...(forecast && {forecast}),
			state: state ?? 'absent',
			...(state === undefined && {absence: this.absence.get(i) ?? 'no-sample'}),
			sampledAtMs: this.sampledAtMs[i]!,
			cpuMillicores: this.cpuMillicores[i]!,
			memoryBytes: this.memoryBytes[i]!,
			score: this.#score[i]!,
			learned: this.learned[i]!,
			marks: this.marks[i]!,
		};
		return this.#made[i];
	}
}

const podCounts = new WeakMap<readonly Container[], number>();

export function podsOf(all: readonly Container[]): number {
	let count = podCounts.get(all);
	if (count === undefined) {
		count = new Set(all.map(({namespace, pod}) => `${namespace}/${pod}`)).size;
		podCounts.set(all, count);
	}
	return count;
}

/** Small enough that no age outweighs a severity: 0.02 for a time of these years. */
const RECENCY = 1e-14;

/** Higher is worse: severity, then the nearer limit, then what was told last. Habits come last. */
export function gravity(anomaly: Anomaly): number {
	const forecast: Forecast | undefined = anomaly.explanation.forecast;
	const hours = forecast ? Math.max(0, forecast.atMs - anomaly.explanation.atMs) / 3_600_000 : Number.POSITIVE_INFINITY;
	return (anomaly.recurring ? 0 : severityRank(anomaly.severity)) + 0.9 / (1 + hours) + RECENCY * anomaly.firedAtMs;
}
