/** The level before a shift, kept in case it comes back. */
import type {Baseline} from './baseline.ts';
import {CHANNELS, metricOf, type Observation} from './gates.ts';
import type {History} from './history.ts';
import {median} from './statistics.ts';

/** An old level is wider than its extremes by this share of their range, and one scale. */
const MARGIN = 0.25;

export interface OldLevel {
	readonly rows: Float32Array;
	readonly channels: number;
	/** CPU, memory. */
	readonly low: readonly [number, number];
	readonly high: readonly [number, number];
	readonly atCount: number;
	/** Samples that were back in it. */
	returned: number;
}

const values = new Float64Array(256);

/** `samples`: the newest that make up the level that comes after it. */
export function keepLevel(baseline: Baseline, channels: number, history: History, samples: number): OldLevel {
	// An old level ends where the new one begins to be nearer.
	const bound = (metric: 0 | 1, sign: number): number => {
		const {low, high, scale, median: M} = baseline.usual[metric];
		const m = MARGIN * (high - low) + scale;
		const level = median(values, history.recent(metric, 0, samples, values));
		const middle = (M + level) / 2;
		if (sign < 0) return middle < M ? Math.max(low - m, middle) : low - m;
		return middle > M ? Math.min(high + m, middle) : high + m;
	};
	return {
		rows: baseline.copy(),
		channels,
		low: [bound(0, -1), bound(1, -1)],
		high: [bound(0, 1), bound(1, 1)],
		atCount: history.count,
		returned: 0,
	};
}

/** Is the value back in the old level? Only of a metric that left it: of the other one nothing was put aside. */
export const isInside = ({channels, low, high}: OldLevel, metric: 0 | 1, {value}: Observation): boolean =>
	CHANNELS.some((_, channel) => metricOf(channel) === metric && (channels & (1 << channel)) !== 0) &&
	value >= low[metric] &&
	value <= high[metric];
