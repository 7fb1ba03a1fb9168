/**
 * The forests in use. A forest is a function of a baseline and a seed, so this is a cache and nothing else: a verdict
 * needs one only where a gate is passed, and calm rows are scored together before the next fit. What is dropped here
 * and grown again later is the same forest.
 */
import type {Baseline} from './baseline.ts';
import {FEATURES, IsolationForest} from './isolation-forest.ts';
import {Random} from './random.ts';
import type {Settings} from './settings.ts';

interface Slot {
	readonly forest: IsolationForest;
	baseline: Baseline | undefined;
	fit: number;
}

export class ForestStore {
	/** Forests grown so far: what they cost is known by their number. */
	grown = 0;
	readonly #settings: Settings;
	readonly #rows: Int16Array;
	/** Least recently used first. */
	readonly #slots = new Map<Baseline, Slot>();
	/** For forests that are used once: to score the rows since the last fit. */
	readonly #passing: Slot;
	readonly #capacityRows: number;

	constructor(settings: Settings) {
		this.#settings = settings;
		this.#capacityRows = settings.reference + settings.longPast;
		this.#rows = new Int16Array(this.#capacityRows * FEATURES);
		this.#passing = this.#slot();
	}

	/** The forest of the baseline's last fit. `keep` it where it will be asked again soon. */
	of(baseline: Baseline, seed: number, keep: boolean): IsolationForest {
		let slot = this.#slots.get(baseline);
		if (!slot && !keep) slot = this.#passing;
		if (!slot) {
			if (this.#slots.size >= this.#settings.forests) {
				const [oldest, freed] = this.#slots.entries().next().value as [Baseline, Slot];
				this.#slots.delete(oldest);
				slot = freed;
			} else slot = this.#slot();
			this.#slots.set(baseline, slot);
		} else if (keep) {
			this.#slots.delete(baseline);
			this.#slots.set(baseline, slot);
		}
		if (slot.baseline !== baseline || slot.fit !== baseline.fit) {
			slot.baseline = baseline;
			slot.fit = baseline.fit;
			slot.forest.fit(this.#rows, baseline.sample(this.#rows), new Random(seed));
			this.grown++;
		}
		return slot.forest;
	}

	drop(baseline: Baseline): void {
		this.#slots.delete(baseline);
		if (this.#passing.baseline === baseline) this.#passing.baseline = undefined;
	}

	#slot(): Slot {
		return {forest: new IsolationForest(this.#settings, this.#capacityRows), baseline: undefined, fit: -1};
	}
}
