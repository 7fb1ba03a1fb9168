/**
 * What is usual for one container: the rows that it learned lately, a thin memory of the long past, and the statistics of
 * both. A row has three features a metric: level x, residual r = x - rolling median before it, difference e = x - value before.
 */
import {FEATURES, quantise} from './isolation-forest.ts';
import {Random} from './random.ts';
import type {Settings} from './settings.ts';
import {IQR_TO_DEVIATION, MAD_TO_DEVIATION, MIDDLE_90_TO_DEVIATION, medianAbsoluteDeviation, quantileSorted} from './statistics.ts';

/** Smallest spread in proportion to the median: CPU 5 %, memory 1 %. */
const RELATIVE_SPREAD = [0.05, 0.01] as const;
/** The floor f: 5 millicores, 8 MiB. Nothing smaller ever matters to a young series. */
export const FLOOR = [5, 8] as const;
/** Of the floor, what a scale is never below. */
const FLOOR_SHARE = 0.05;
/** Differences spread wider than residuals: the difference of two independent values has √2 times their deviation. */
const DIFFERENCE_SCALE = 1.4;

const scratch = new Float64Array(1024);
const deviations = new Float64Array(1024);

/** Statistics of one metric over the reference, and over reference + long past for the residual. */
export class Usual {
	/** M: median of the level. */
	median = Number.NaN;
	/** Q.005, Q.995 of the level. */
	low = Number.NaN;
	high = Number.NaN;
	/** q.002, q.998 of the residual. */
	residualLow = Number.NaN;
	residualHigh = Number.NaN;
	/** S and Sr. */
	scale = Number.NaN;
	residualScale = Number.NaN;
}

export class Baseline {
	readonly usual: [Usual, Usual] = [new Usual(), new Usual()];
	/** Ring of learned rows: those of the reference, and those learned since the last fit. */
	readonly rows: Float32Array;
	/** Rows ever learned; how many of them the last fit saw; how many have given their score to the threshold. */
	learned = 0;
	fitted = 0;
	scored = 0;
	/** Rows in the reference of the last fit. */
	reference = 0;
	/** Counts fits: a forest is of one fit. */
	fit = 0;
	readonly longPast: Float32Array;
	longPastLength = 0;
	readonly random: Random;
	readonly #settings: Settings;

	constructor(settings: Settings, seed: number) {
		this.#settings = settings;
		this.rows = new Float32Array((settings.reference + settings.standing) * FEATURES);
		this.longPast = new Float32Array(settings.longPast * FEATURES);
		this.random = new Random(seed);
	}

	get capacity(): number {
		return this.rows.length / FEATURES;
	}

	learn(row: Float64Array): void {
		this.rows.set(row, (this.learned % this.capacity) * FEATURES);
		this.learned++;
	}

	/** Where row number `i` (of all ever learned) lies in the ring. */
	at(i: number): number {
		return (i % this.capacity) * FEATURES;
	}

	/** Takes all learned rows into the reference and computes its statistics. `g` is the gate factor of now. */
	refit(g: number): void {
		for (let i = this.fitted; i < this.learned; i++) this.#remember(i);
		this.fitted = this.learned;
		this.scored = this.learned;
		this.reference = Math.min(this.learned, this.#settings.reference);
		this.fit++;
		this.#describe(0, g);
		this.#describe(1, g);
	}

	/** Puts other rows in the place of all that was learned: a level that came back, a workload's rows for its new replica. */
	replace(rows: Float32Array, g: number): void {
		const length = Math.min(rows.length, this.rows.length);
		this.rows.set(rows.subarray(rows.length - length));
		this.learned = length / FEATURES;
		this.fitted = this.learned; // known rows: they are not remembered a second time
		this.refit(g);
	}

	/** A copy of the newest learned rows. */
	copy(length: number = this.#settings.reference): Float32Array {
		const n = Math.min(length, this.learned, this.capacity);
		const copy = new Float32Array(n * FEATURES);
		for (let i = 0; i < n; i++) {
			const at = this.at(this.learned - n + i);
			copy.set(this.rows.subarray(at, at + FEATURES), i * FEATURES);
		}
		return copy;
	}

	/** Filled first; then each learned row replaces a random one with constant probability (Vitter 1985, here decaying). */
	#remember(i: number): void {
		const {longPast, longPastSamples} = this.#settings;
		let place = this.longPastLength;
		if (place < longPast) this.longPastLength++;
		else if (this.random.next() < longPast / longPastSamples) place = this.random.below(longPast);
		else return;
		const at = this.at(i);
		for (let f = 0; f < FEATURES; f++) this.longPast[place * FEATURES + f] = this.rows[at + f] as number;
	}

	/** Copies the known values of one feature into `scratch`: of the reference, and with `past` of the long past too. */
	#collect(feature: number, past: boolean): number {
		let n = 0;
		for (let i = this.fitted - this.reference; i < this.fitted; i++) {
			const x = this.rows[this.at(i) + feature] as number;
			if (!Number.isNaN(x)) scratch[n++] = x;
		}
		if (past) {
			for (let i = 0; i < this.longPastLength; i++) {
				const x = this.longPast[i * FEATURES + feature] as number;
				if (!Number.isNaN(x)) scratch[n++] = x;
			}
		}
		return n;
	}

	#describe(metric: 0 | 1, g: number): void {
		const usual = this.usual[metric];
		const floor = FLOOR_SHARE * FLOOR[metric] * g;
		let n = this.#collect(metric * 3, false);
		scratch.subarray(0, n).sort();
		const M = quantileSorted(scratch, n, 0.5);
		usual.median = M;
		usual.low = quantileSorted(scratch, n, 0.005);
		usual.high = quantileSorted(scratch, n, 0.995);
		const relative = RELATIVE_SPREAD[metric] * Math.abs(M);
		const iqr = quantileSorted(scratch, n, 0.75) - quantileSorted(scratch, n, 0.25);
		const mad = medianAbsoluteDeviation(scratch, n, M, deviations);
		usual.scale = n === 0 ? Number.NaN : Math.max(MAD_TO_DEVIATION * mad, iqr / IQR_TO_DEVIATION, relative, floor);
		n = this.#collect(metric * 3 + 1, true);
		scratch.subarray(0, n).sort();
		usual.residualLow = quantileSorted(scratch, n, 0.002);
		usual.residualHigh = quantileSorted(scratch, n, 0.998);
		usual.residualScale =
			n === 0
				? Number.NaN
				: Math.max(
						(quantileSorted(scratch, n, 0.75) - quantileSorted(scratch, n, 0.25)) / IQR_TO_DEVIATION,
						(quantileSorted(scratch, n, 0.95) - quantileSorted(scratch, n, 0.05)) / MIDDLE_90_TO_DEVIATION,
						relative,
						floor,
					);
	}

	/** Standardises `source[from..from + 6)` into `target[to..to + 6)`, with the divisors of the last fit. */
	standardise(source: Float32Array | Float64Array, from: number, target: Int16Array, to: number): void {
		for (let metric = 0; metric < 2; metric++) {
			const {median: M, scale, residualScale} = this.usual[metric] as Usual;
			const f = metric * 3;
			target[to + f] = quantise(((source[from + f] as number) - M) / scale);
			target[to + f + 1] = quantise((source[from + f + 1] as number) / residualScale);
			target[to + f + 2] = quantise((source[from + f + 2] as number) / (DIFFERENCE_SCALE * residualScale));
		}
	}

	/** The rows that the forest of the last fit is grown on; returns how many. */
	sample(target: Int16Array): number {
		let n = 0;
		for (let i = this.fitted - this.reference; i < this.fitted; i++) this.standardise(this.rows, this.at(i), target, FEATURES * n++);
		for (let i = 0; i < this.longPastLength; i++) this.standardise(this.longPast, i * FEATURES, target, FEATURES * n++);
		return n;
	}
}
