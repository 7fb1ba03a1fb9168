/** What a sample is judged by: its row of features, and what the gates look at. */
import type {Container} from '../scrape.ts';
import type {Observation} from './gates.ts';
import type {History} from './history.ts';
import {median} from './statistics.ts';

export const MIB = 2 ** 20;
/** Residuals from fewer values than this say nothing. */
const WINDOW_ENOUGH = 7;
/** v7. */
const LATELY = 7;
/** Nothing measures more than a million cores or a pebibyte. */
const ABSURD = [1e9, 2 ** 30] as const;

const values = new Float64Array(128);

/** A number that a metrics source can mean; NaN otherwise. */
export const plausible = (value: number, metric: 0 | 1): number => (value >= 0 && value <= ABSURD[metric] ? value : Number.NaN);

/**
 * Fills `row` for the sample that is `back` samples old: level, residual against the median of the `window` values before,
 * difference from the one before; of each metric.
 */
export function fillRow(history: History, back: number, window: number, row: Float64Array): void {
	for (let metric = 0; metric < 2; metric++) {
		const x = history.column(metric)[history.place(back)] as number;
		const before = history.column(metric)[history.place(back + 1)] as number;
		const n = history.recent(metric, back + 1, back + 1 + window, values);
		row[metric * 3] = x;
		row[metric * 3 + 1] = n > 0 ? x - median(values, n) : 0;
		row[metric * 3 + 2] = window > 0 && !Number.isNaN(before) ? x - before : 0;
	}
}

/** For the newest sample; `row` is filled already, `window` is how many values before it count. */
export function fillObservations(
	history: History,
	window: number,
	of: Container,
	row: Float64Array,
	observations: readonly [Observation, Observation],
): void {
	for (const metric of [0, 1] as const) {
		const o = observations[metric];
		o.value = row[metric * 3] as number;
		const residual = row[metric * 3 + 1] as number;
		o.rolling = o.value - residual;
		o.residual = knownBefore(history, metric, window) >= WINDOW_ENOUGH ? residual : Number.NaN;
		o.lately = median(values, history.recent(metric, 0, Math.min(LATELY, window + 1), values));
	}
	observations[0].limit = limitOf(of.cpuLimitMillicores);
	observations[1].limit = limitOf(of.memoryLimitBytes) / MIB;
}

/** Known values before the newest, as far as it takes to trust their median. */
const knownBefore = (history: History, metric: number, window: number): number =>
	history.recent(metric, 1, 1 + Math.min(window, 2 * WINDOW_ENOUGH), values);

/** 0 without a limit, or where it is not known. */
const limitOf = (limit: number): number => (limit > 0 && limit < Number.POSITIVE_INFINITY ? limit : 0);
