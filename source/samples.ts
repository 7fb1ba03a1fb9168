/**
 * Readings of many containers. Those of one lie together in the order in which they were taken, in chains of small blocks that are cut
 * from large buffers: 17 bytes a reading, nothing for the collector to look at, and what is let go is used again.
 */

export interface Sample {
	readonly atMs: number;
	readonly cpuMillicores: number;
	readonly memoryBytes: number;
	/** 32 bits of the caller's. */
	readonly bits: number;
}

// A block: next block, the one before, the time of its first sample as a double; then of each sample the milliseconds since
// that time, CPU, memory, and the caller's bits.
const HEAD = 4;
const WORDS = 4;
const SAMPLES = 15;
const BLOCK = HEAD + SAMPLES * WORDS;
const BLOCKS_A_PAGE = 4096;
/** Block 0 is never used. */
const NONE = 0;

interface Page {
	readonly words: Uint32Array;
	readonly floats: Float32Array;
	readonly doubles: Float64Array;
}

export class Samples {
	readonly #pages: Page[] = [];
	#used = 1;
	/** Blocks that were let go, as a chain. */
	#free = NONE;
	#blocks = 0;
	/** By container: its oldest and its newest block, and how many samples the newest has. */
	#first = new Uint32Array(64);
	#last = new Uint32Array(64);
	#count = new Uint8Array(64);

	get bytes(): number {
		return this.#blocks * BLOCK * 4;
	}

	/** The sample stands at `from` in an array of the caller's: time, CPU, memory, bits. */
	append(of: number, sample: Float64Array, from: number): void {
		if (of >= this.#first.length) this.#grow(of);
		let block = this.#last[of] ?? NONE;
		let n = this.#count[of] ?? 0;
		if (block === NONE || n === SAMPLES) {
			block = this.#link(of, block, sample[from] ?? 0);
			n = 0;
		}
		const {words, floats, doubles} = this.#page(block);
		const head = headOf(block);
		const at = head + HEAD + n * WORDS;
		words[at] = Math.max(0, (sample[from] ?? 0) - (doubles[(head >> 1) + 1] ?? 0));
		floats[at + 1] = sample[from + 1] ?? 0;
		floats[at + 2] = sample[from + 2] ?? 0;
		words[at + 3] = sample[from + 3] ?? 0;
		this.#count[of] = n + 1;
	}

	/** The newest one up to this time. */
	at(of: number, atMs: number): Sample | undefined {
		let found: Sample | undefined;
		const block = this.#blockAt(of, atMs);
		if (block !== NONE)
			this.#each(of, block, sample => {
				if (sample.atMs > atMs) return false;
				found = sample;
				return true;
			});
		return found;
	}

	/** Those from the last one up to `fromMs` on, in their order, for as long as `visit` says true. */
	from(of: number, fromMs: number, visit: (sample: Sample) => boolean): void {
		const block = this.#blockAt(of, fromMs) || (this.#first[of] ?? NONE);
		for (let next = block; next !== NONE; next = this.#page(next).words[headOf(next)] ?? NONE) if (!this.#each(of, next, visit)) return;
	}

	/** Lets the oldest block of a container go, unless it is its only one. Returns when what is left of it begins; NaN if nothing went. */
	dropOldest(of: number): number {
		const block = this.#first[of] ?? NONE;
		if (block === this.#last[of]) return Number.NaN;
		const next = this.#page(block).words[headOf(block)] ?? NONE;
		this.#page(next).words[headOf(next) + 1] = NONE;
		this.#first[of] = next;
		this.#letGo(block);
		return this.#startOf(next);
	}

	/** Forgets a container: its number can be used for another one. */
	drop(of: number): void {
		let block = this.#first[of] ?? NONE;
		while (block !== NONE) {
			const next = this.#page(block).words[headOf(block)] ?? NONE;
			this.#letGo(block);
			block = next;
		}
		this.#first[of] = this.#last[of] = this.#count[of] = 0;
	}

	#each(of: number, block: number, visit: (sample: Sample) => boolean): boolean {
		const {words, floats} = this.#page(block);
		const startMs = this.#startOf(block);
		const n = block === this.#last[of] ? (this.#count[of] ?? 0) : SAMPLES;
		for (let at = headOf(block) + HEAD, end = at + n * WORDS; at < end; at += WORDS) {
			const sample = {
				atMs: startMs + (words[at] ?? 0),
				cpuMillicores: floats[at + 1] ?? 0,
				memoryBytes: floats[at + 2] ?? 0,
				bits: words[at + 3] ?? 0,
			};
			if (!visit(sample)) return false;
		}
		return true;
	}

	/** The newest block that begins up to this time. Mostly the last one is asked for. */
	#blockAt(of: number, atMs: number): number {
		let block = this.#last[of] ?? NONE;
		while (block !== NONE && this.#startOf(block) > atMs) block = this.#page(block).words[headOf(block) + 1] ?? NONE;
		return block;
	}

	#startOf(block: number): number {
		return this.#page(block).doubles[(headOf(block) >> 1) + 1] ?? Number.NaN;
	}

	#page(block: number): Page {
		return this.#pages[Math.floor(block / BLOCKS_A_PAGE)] as Page;
	}

	#link(of: number, before: number, startMs: number): number {
		let block = this.#free;
		if (block !== NONE) this.#free = this.#page(block).words[headOf(block)] ?? NONE;
		else {
			block = this.#used++;
			if (block >= this.#pages.length * BLOCKS_A_PAGE) {
				const buffer = new ArrayBuffer(BLOCKS_A_PAGE * BLOCK * 4);
				this.#pages.push({words: new Uint32Array(buffer), floats: new Float32Array(buffer), doubles: new Float64Array(buffer)});
			}
		}
		this.#blocks++;
		const {words, doubles} = this.#page(block);
		const head = headOf(block);
		words[head] = NONE;
		words[head + 1] = before;
		doubles[(head >> 1) + 1] = startMs;
		if (before === NONE) this.#first[of] = block;
		else this.#page(before).words[headOf(before)] = block;
		this.#last[of] = block;
		return block;
	}

	#letGo(block: number): void {
		this.#page(block).words[headOf(block)] = this.#free;
		this.#free = block;
		this.#blocks--;
	}

	#grow(to: number): void {
		const length = Math.max(to + 1, this.#first.length * 2);
		const grown = <T extends Uint32Array | Uint8Array>(larger: T, array: T): T => {
			larger.set(array);
			return larger;
		};
		this.#first = grown(new Uint32Array(length), this.#first);
		this.#last = grown(new Uint32Array(length), this.#last);
		this.#count = grown(new Uint8Array(length), this.#count);
	}
}

const headOf = (block: number): number => (block % BLOCKS_A_PAGE) * BLOCK;
