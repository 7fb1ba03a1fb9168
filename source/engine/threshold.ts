import type {Settings} from './settings.ts';
import {clamp} from './statistics.ts';

/** Decay of the sums at each score: a memory of about 2,560 of them. */
const DECAY = 1 - 1 / 2560;
/** A score adds no more than the threshold itself: one fault must not lift it out of reach of the next. */

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

	/** After use. `times`: the score stands for so many. */
	update(score: number, settings: Settings, times = 1): void {
		const taken = Math.min(score, this.value(settings));
		const decay = times === 1 ? DECAY : DECAY ** times;
		this.sum = this.sum * decay + taken * times;
		this.sumOfSquares = this.sumOfSquares * decay + taken * taken * times;
		this.weight = this.weight * decay + times;
	}
}
