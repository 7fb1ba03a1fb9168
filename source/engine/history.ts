/** The last samples of one container: time, CPU in millicores, memory in MiB (bytes would lose digits in 32 bits). */
export class History {
	readonly capacity: number;
	/** Epoch milliseconds of the first sample; the others count from it in tenths of a second, which lasts for 13 years. */
	originMs = Number.NaN;
	/** Samples ever. */
	count = 0;
	readonly tenths: Uint32Array;
	readonly cpu: Float32Array;
	readonly memory: Float32Array;

	constructor(capacity: number) {
		this.capacity = capacity;
		this.tenths = new Uint32Array(capacity);
		this.cpu = new Float32Array(capacity);
		this.memory = new Float32Array(capacity);
	}

	get length(): number {
		return Math.min(this.count, this.capacity);
	}

	push(atMs: number, cpu: number, memory: number): void {
		if (this.count === 0) this.originMs = atMs;
		const i = this.count % this.capacity;
		this.tenths[i] = Math.round((atMs - this.originMs) / 100);
		this.cpu[i] = cpu;
		this.memory[i] = memory;
		this.count++;
	}

	/** Place of the sample that is `back` samples old; 0 = the newest. */
	place(back: number): number {
		return (this.count - 1 - back) % this.capacity;
	}

	atMs(back: number): number {
		return this.originMs + (this.tenths[this.place(back)] as number) * 100;
	}

	/** The newest value; NaN where there is none. */
	newest(metric: number): number {
		return this.count === 0 ? Number.NaN : (this.column(metric)[this.place(0)] as number);
	}

	column(metric: number): Float32Array {
		return metric === 0 ? this.cpu : this.memory;
	}

	/**
	 * Copies the known values of samples `from` back to `to` back (older, exclusive) into `target`; returns how many.
	 * `recent(0, 0, 7, target)`: the seven newest values of CPU.
	 */
	recent(metric: number, from: number, to: number, target: Float64Array): number {
		const values = this.column(metric);
		const end = Math.min(to, this.length);
		let n = 0;
		for (let back = from; back < end; back++) {
			const x = values[(this.count - 1 - back) % this.capacity] as number;
			if (!Number.isNaN(x)) target[n++] = x;
		}
		return n;
	}
}
