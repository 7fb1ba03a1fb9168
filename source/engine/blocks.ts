/** Memory over a long time, in blocks of a fixed span: minimum and its time, maximum, mean. The newest 24 whole ones are kept. */
export const BLOCKS = 24;

export class Blocks {
	readonly spanSeconds: number;
	/** Whole blocks ever. */
	count = 0;
	readonly min = new Float32Array(BLOCKS);
	readonly minAt = new Float64Array(BLOCKS);
	readonly max = new Float32Array(BLOCKS);
	readonly mean = new Float32Array(BLOCKS);
	/** Which block the newest sample lies in, and that block so far. */
	current = Number.NaN;
	low = Number.POSITIVE_INFINITY;
	lowAt = Number.NaN;
	high = Number.NEGATIVE_INFINITY;
	sum = 0;
	samples = 0;

	constructor(spanSeconds: number) {
		this.spanSeconds = spanSeconds;
	}

	/** Takes one sample, `t` in seconds of any fixed origin. True when a block was completed by it. */
	push(t: number, value: number): boolean {
		if (Number.isNaN(value)) return false;
		const block = Math.floor(t / this.spanSeconds);
		const completed = block !== this.current && this.samples > 0;
		if (completed) this.#complete();
		this.current = block;
		if (value < this.low) {
			this.low = value;
			this.lowAt = t;
		}
		if (value > this.high) this.high = value;
		this.sum += value;
		this.samples++;
		return completed;
	}

	clear(): void {
		this.count = 0;
		this.samples = 0;
		this.#begin();
	}

	#complete(): void {
		const i = this.count % BLOCKS;
		this.min[i] = this.low;
		this.minAt[i] = this.lowAt;
		this.max[i] = this.high;
		this.mean[i] = this.sum / this.samples;
		this.count++;
		this.#begin();
	}

	#begin(): void {
		this.low = Number.POSITIVE_INFINITY;
		this.high = Number.NEGATIVE_INFINITY;
		this.sum = 0;
		this.samples = 0;
	}
}
