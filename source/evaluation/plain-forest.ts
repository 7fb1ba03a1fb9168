/**
 * The isolation forest as Liu, Ting and Zhou describe it (ICDM 2008) and scikit-learn builds it: raw features, one drawn
 * uniformly at each node, cut uniformly in its range, depth limited to log2 of the sample. For the baselines alone.
 */
import {anomalyScore, averagePathLength} from '../engine/path-length.ts';
import type {Random} from '../engine/random.ts';

const LEAF = -1;

export class PlainForest {
	readonly #trees: number;
	readonly #features: number;
	readonly #sampleSize: number;
	readonly #depth: number;
	readonly #random: Random;
	readonly #rows: Float64Array;
	readonly #index: Uint32Array;
	/** Nodes in preorder: a left child is the next node. */
	readonly #feature: Int8Array;
	readonly #cut: Float64Array;
	readonly #right: Uint32Array;
	readonly #path: Float64Array;
	readonly #roots: Uint32Array;
	#size = 0;

	/** `rows` holds `features` values a row, one row after the other. */
	constructor(rows: Float64Array, features: number, trees: number, sampleSize: number, random: Random) {
		const length = rows.length / features;
		this.#rows = rows;
		this.#features = features;
		this.#trees = trees;
		this.#random = random;
		this.#sampleSize = Math.min(sampleSize, length);
		this.#depth = Math.ceil(Math.log2(Math.max(this.#sampleSize, 2)));
		this.#index = Uint32Array.from({length}, (_, i) => i);
		const nodes = trees * (2 * this.#sampleSize);
		this.#feature = new Int8Array(nodes);
		this.#cut = new Float64Array(nodes);
		this.#right = new Uint32Array(nodes);
		this.#path = new Float64Array(nodes);
		this.#roots = new Uint32Array(trees);
		for (let tree = 0; tree < trees; tree++) {
			for (let i = 0; i < this.#sampleSize; i++) this.#swap(i, i + random.below(length - i));
			this.#roots[tree] = this.#size;
			this.#grow(0, this.#sampleSize, 0);
		}
	}

	/** 2^(-E(path) / c(ψ)), in (0, 1]: high = odd. The row begins at `at`. */
	score(row: Float64Array, at = 0): number {
		let sum = 0;
		for (let tree = 0; tree < this.#trees; tree++) {
			let node = this.#roots[tree] as number;
			let feature = this.#feature[node] as number;
			while (feature !== LEAF) {
				node = (row[at + feature] as number) <= (this.#cut[node] as number) ? node + 1 : (this.#right[node] as number);
				feature = this.#feature[node] as number;
			}
			sum += this.#path[node] as number;
		}
		return anomalyScore(sum / this.#trees, this.#sampleSize);
	}

	#grow(from: number, to: number, depth: number): void {
		const node = this.#size++;
		const rows = this.#rows;
		const features = this.#features;
		// A feature without a range cannot be cut: the next one is tried.
		const first = this.#random.below(features);
		for (let tried = 0; tried < features && depth < this.#depth && to - from > 1; tried++) {
			const f = (first + tried) % features;
			let low = Number.POSITIVE_INFINITY;
			let high = Number.NEGATIVE_INFINITY;
			for (let i = from; i < to; i++) {
				const x = rows[(this.#index[i] as number) * features + f] as number;
				if (x < low) low = x;
				if (x > high) high = x;
			}
			if (!(high > low)) continue;
			const cut = low + this.#random.next() * (high - low);
			let middle = from;
			for (let i = from; i < to; i++) if ((rows[(this.#index[i] as number) * features + f] as number) <= cut) this.#swap(middle++, i);
			this.#feature[node] = f;
			this.#cut[node] = cut;
			this.#grow(from, middle, depth + 1);
			this.#right[node] = this.#size;
			this.#grow(middle, to, depth + 1);
			return;
		}
		this.#feature[node] = LEAF;
		this.#path[node] = depth + averagePathLength(to - from);
	}

	#swap(a: number, b: number): void {
		const held = this.#index[a] as number;
		this.#index[a] = this.#index[b] as number;
		this.#index[b] = held;
	}
}
