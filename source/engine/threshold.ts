import type {Settings} from './settings.ts';
import {clamp} from './statistics.ts';

/** Decay of the sums at each score: a memory of about 2,560 of them. */
const DECAY = 1 - 1 / 2560;
/** What a score may add, in thresholds: one fault must not lift the threshold out of reach of the next. */
const WINSOR = 1.3;

/** Learned score threshold: mean + deviations of past scores, as in AWS' open-source random cut forest thresholder. */
export class Threshold {
	sum = 0;
	sumOfSquares = 0;
	weight = 0;

	value(settings: Settings): number {
		if (this.weight === 0) return settings.thresholdLow;
		const mean = this.sum / this.weight;
		const variance = Math.max(0, this.sumOfSquares / this.weight - mean * mean);
		return clamp(mean + settings.thresholdDeviations * Math.sqrt(variance), settings.thresholdLow, settings.thresholdHigh);
	}

	/** After use. */
	update(score: number, settings: Settings): void {
		const taken = Math.min(score, WINSOR * this.value(settings));
		this.sum = this.sum * DECAY + taken;
		this.sumOfSquares = this.sumOfSquares * DECAY + taken * taken;
		this.weight = this.weight * DECAY + 1;
	}
}
