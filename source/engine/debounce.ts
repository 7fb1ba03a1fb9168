/** Samples this far apart are means over minutes already: one is enough. */
const SLOW_MS = 120_000;
const BITS = 0xffff;

/** Odd now and in `consecutive` of the last `consecutive + 1`. Flags are bits, the newest lowest. */
export class Debounce {
	flags = 0;

	push(flagged: boolean): void {
		this.flags = ((this.flags << 1) | (flagged ? 1 : 0)) & BITS;
	}

	/** Of the last `of` samples, how many were odd. */
	odd(of: number): number {
		let n = 0;
		for (let i = 0; i < of; i++) n += (this.flags >> i) & 1;
		return n;
	}

	confirmed(consecutive: number, sampleMs: number): boolean {
		if ((this.flags & 1) === 0) return false;
		return sampleMs >= SLOW_MS ? this.odd(consecutive) >= Math.max(1, consecutive - 1) : this.odd(consecutive + 1) >= consecutive;
	}

	/** How many samples ago the confirmed run began: the oldest odd one of those that count. */
	first(consecutive: number): number {
		for (let i = consecutive; i > 0; i--) if ((this.flags >> i) & 1) return i;
		return 0;
	}
}
