/** Seeded generator (mulberry32: 32 bits of state, passes the usual batteries at the few thousand draws that a forest takes). */
export class Random {
	state: number;

	constructor(seed: number) {
		this.state = seed | 0;
	}

	/** Uniform in [0, 1). */
	next(): number {
		this.state = (this.state + 0x6d2b79f5) | 0;
		let z = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
		z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
		return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
	}

	/** Uniform integer in [0, n). */
	below(n: number): number {
		return Math.floor(this.next() * n);
	}
}

/** FNV-1a over UTF-16 units: spreads containers over ticks and gives each its own seed. */
export function hash(text: string): number {
	let h = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
	return h >>> 0;
}
