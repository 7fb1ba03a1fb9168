/**
 * Isolation forest (Liu, Ting, Zhou 2008) with the range-proportional cuts and the "how deep would it lie had it been in
 * the sample" score of robust random cut forests (Guha, Mishra, Roy, Schrijvers 2016).
 *
 * Flat arrays, nodes in preorder: a left child is the next node. Rows and boxes are int16: features come standardised, in
 * 1/64 of their scale, clipped at ±500 scales, which keeps the order of magnitude of anything larger.
 */
import {anomalyScore, averagePathLength} from './path-length.ts';
import type {Random} from './random.ts';

/** Level, residual, difference of CPU; the same of memory. */
export const FEATURES = 6;
const BOX = 2 * FEATURES;
/** Steps to one scale of a feature, and the largest number of them. */
const RESOLUTION = 64;
const CLIP = 32_000;

/** A standardised feature as the forest keeps it. Unknown is the middle, which no cut separates from it. */
export const quantise = (standardised: number): number =>
	standardised > -500 ? (standardised < 500 ? Math.round(standardised * RESOLUTION) : CLIP) : standardised <= -500 ? -CLIP : 0;

/** With fewer than this much of a row's chance to be still unseparated, the rest of its path does not matter. */
const ALIVE_ENOUGH = 1e-6;

export interface ForestShape {
	readonly trees: number;
	readonly sampleSize: number;
	readonly depth: number;
}

export class IsolationForest {
	readonly #shape: ForestShape;
	/** Where each tree begins; the last entry is the number of nodes. */
	readonly #roots: Uint32Array;
	/** -1 = leaf. */
	readonly #feature: Int8Array;
	readonly #cut: Float32Array;
	readonly #right: Uint32Array;
	readonly #count: Uint16Array;
	/** Six lows, six highs a node. */
	readonly #box: Int16Array;
	/** Sum of the box's ranges. */
	readonly #range: Int32Array;
	readonly #index: Uint16Array;
	/** The drawn rows of the tree that grows; a node's rows lie together. */
	readonly #drawn: Int16Array;
	#sample = 0;
	#random: Random | undefined;
	#size = 0;

	constructor(shape: ForestShape, capacityRows: number) {
		const nodes = shape.trees * (Math.min(2 ** (shape.depth + 1), 2 * shape.sampleSize) - 1);
		this.#shape = shape;
		this.#roots = new Uint32Array(shape.trees + 1);
		this.#feature = new Int8Array(nodes);
		this.#cut = new Float32Array(nodes);
		this.#right = new Uint32Array(nodes);
		this.#count = new Uint16Array(nodes);
		this.#box = new Int16Array(nodes * BOX);
		this.#range = new Int32Array(nodes);
		this.#index = new Uint16Array(capacityRows);
		this.#drawn = new Int16Array(shape.sampleSize * FEATURES);
	}

	/** Grows all trees on `length` rows of {@link FEATURES} quantised features each. */
	fit(rows: Int16Array, length: number, random: Random): void {
		const {trees, sampleSize} = this.#shape;
		const index = this.#index;
		const drawn = this.#drawn;
		this.#random = random;
		this.#sample = Math.min(sampleSize, length);
		this.#size = 0;
		for (let i = 0; i < length; i++) index[i] = i;
		for (let tree = 0; tree < trees; tree++) {
			// Drawn without replacement: the first steps of a Fisher-Yates shuffle.
			for (let i = 0; i < this.#sample; i++) {
				const j = i + random.below(length - i);
				const row = index[j] as number;
				index[j] = index[i] as number;
				index[i] = row;
				for (let f = 0; f < FEATURES; f++) drawn[i * FEATURES + f] = rows[row * FEATURES + f] as number;
			}
			this.#roots[tree] = this.#size;
			this.#grow(0, this.#sample, 0);
		}
		this.#roots[trees] = this.#size;
	}

	#grow(from: number, to: number, depth: number): void {
		const rows = this.#drawn;
		const box = this.#box;
		const node = this.#size++;
		const at = node * BOX;
		let range = 0;
		for (let f = 0; f < FEATURES; f++) {
			let low = rows[from * FEATURES + f] as number;
			let high = low;
			for (let i = (from + 1) * FEATURES + f, end = to * FEATURES; i < end; i += FEATURES) {
				const x = rows[i] as number;
				if (x < low) low = x;
				else if (x > high) high = x;
			}
			box[at + f] = low;
			box[at + FEATURES + f] = high;
			range += high - low;
		}
		this.#range[node] = range;
		this.#count[node] = to - from;
		if (to - from === 1 || depth === this.#shape.depth || range === 0) {
			this.#feature[node] = -1;
			return;
		}
		// One draw gives both: the feature with probability proportional to its range, and a uniform place in it.
		let place = (this.#random as Random).next() * range;
		let f = 0;
		for (; f < FEATURES - 1; f++) {
			const span = (box[at + FEATURES + f] as number) - (box[at + f] as number);
			if (place < span) break;
			place -= span;
		}
		const low = box[at + f] as number;
		const cut = Math.fround(Math.min(low + place, (box[at + FEATURES + f] as number) - 0.5));
		this.#feature[node] = f;
		this.#cut[node] = cut;
		let left = from;
		let right = to;
		while (left < right) {
			const row = left * FEATURES;
			if ((rows[row + f] as number) <= cut) left++;
			else {
				right--;
				const last = right * FEATURES;
				for (let g = 0; g < FEATURES; g++) {
					const x = rows[row + g] as number;
					rows[row + g] = rows[last + g] as number;
					rows[last + g] = x;
				}
			}
		}
		this.#grow(from, left, depth + 1);
		this.#right[node] = this.#size;
		this.#grow(left, to, depth + 1);
	}

	/**
	 * Box score: how deep would `row` lie had it been in the sample? Grows with distance, which the classic score does not.
	 * At each node the row would have been cut off from the box with probability p = ext / (ext + rng).
	 * With `reasons` (two a feature: above, below) it also adds up which features cut it off, early cuts weighing more.
	 */
	score(row: Int16Array, reasons?: Float64Array): number {
		const box = this.#box;
		const roots = this.#roots;
		const {trees} = this.#shape;
		let sum = 0;
		for (let tree = 0; tree < trees; tree++) {
			let node = roots[tree] as number;
			let alive = 1;
			let depth = 0;
			for (;;) {
				const at = node * BOX;
				let extension = 0;
				for (let f = 0; f < FEATURES; f++) {
					const x = row[f] as number;
					const low = box[at + f] as number;
					if (x < low) extension += low - x;
					else {
						const high = box[at + FEATURES + f] as number;
						if (x > high) extension += x - high;
					}
				}
				if (extension > 0) {
					const p = extension / (extension + (this.#range[node] as number));
					sum += alive * p * (depth + 1);
					if (reasons) this.#blame(reasons, row, at, (alive * p) / (extension * (depth + 1)));
					alive *= 1 - p;
					if (alive < ALIVE_ENOUGH) break;
				}
				const f = this.#feature[node] as number;
				if (f < 0) {
					sum += alive * (depth + averagePathLength(this.#count[node] as number));
					break;
				}
				node = (row[f] as number) <= (this.#cut[node] as number) ? node + 1 : (this.#right[node] as number);
				depth++;
			}
		}
		return anomalyScore(sum / trees, this.#sample);
	}

	#blame(reasons: Float64Array, row: Int16Array, at: number, weight: number): void {
		for (let f = 0; f < FEATURES; f++) {
			const x = row[f] as number;
			const low = this.#box[at + f] as number;
			const high = this.#box[at + FEATURES + f] as number;
			if (x > high) reasons[2 * f] = (reasons[2 * f] as number) + weight * (x - high);
			else if (x < low) reasons[2 * f + 1] = (reasons[2 * f + 1] as number) + weight * (low - x);
		}
	}
}
