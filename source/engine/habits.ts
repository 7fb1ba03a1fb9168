/** Forgotten after this many samples; at most so many are kept. */
const MEMORY_SAMPLES = 1500;
const CAPACITY = 64;
/** Bursts of this share of the effect at least are like it; a mature series needs two of them, a young one six. */
const ALIKE = 0.8;
const ENOUGH = 2;
const ENOUGH_YOUNG = 6;
/** Beyond this times the largest burst it is no habit any more. */
const BEYOND = 1.5;

/** Bursts of one channel (metric and direction): what a container does now and then. */
export class Habits {
	/** Pairs of sample number and peak effect, oldest first. */
	bursts: number[] = [];
	/** The burst that goes on: since which sample, its last odd one, its peak. */
	since = -1;
	last = -1;
	peak = 0;

	/** After each sample: `began` = the debounce is passed, `odd` = this sample is. */
	observe(count: number, began: boolean, odd: boolean, effect: number, quiet: number, longest: number): void {
		if (this.since < 0) {
			if (!began) return;
			this.since = count;
			this.last = count;
			this.peak = effect;
			return;
		}
		if (odd) {
			this.last = count;
			this.peak = Math.max(this.peak, effect);
		}
		if (count - this.last < quiet && count - this.since < longest) return;
		this.bursts.push(this.since, this.peak);
		if (this.bursts.length > 2 * CAPACITY) this.bursts.splice(0, 2);
		this.since = -1;
	}

	/** Is an effect of this size, at this sample, something that this container does now and then? */
	known(effect: number, count: number, mature: boolean): boolean {
		let alike = 0;
		let largest = 0;
		for (let i = 0; i < this.bursts.length; i += 2) {
			if (count - (this.bursts[i] as number) > MEMORY_SAMPLES) continue;
			const peak = this.bursts[i + 1] as number;
			if (peak >= ALIKE * effect) alike++;
			largest = Math.max(largest, peak);
		}
		return alike >= (mature ? ENOUGH : ENOUGH_YOUNG) && effect <= BEYOND * largest;
	}
}
