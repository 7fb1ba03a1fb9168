/** Robust slope and trend test on a handful of points, and the interval of the slope. */
import {median, select} from './statistics.ts';

const MAXIMUM_POINTS = 32;
const slopes = new Float64Array((MAXIMUM_POINTS * (MAXIMUM_POINTS - 1)) / 2);
const residuals = new Float64Array(MAXIMUM_POINTS);

function pairSlopes(m: Float64Array, tau: Float64Array, from: number, to: number): number {
	let n = 0;
	for (let i = from; i < to - 1; i++) {
		for (let j = i + 1; j < to; j++) {
			const run = (tau[j] as number) - (tau[i] as number);
			if (run > 0) slopes[n++] = ((m[j] as number) - (m[i] as number)) / run;
		}
	}
	return n;
}

/** Median of all pair slopes of points `from` to `to` (exclusive): Theil 1950, Sen 1968. NaN for fewer than two points. */
export const theilSen = (m: Float64Array, tau: Float64Array, from = 0, to: number = m.length): number =>
	median(slopes, pairSlopes(m, tau, from, to));

/** c of the line m = c + g tau: median of m - g tau. */
export function intercept(m: Float64Array, tau: Float64Array, g: number, length: number = m.length): number {
	for (let i = 0; i < length; i++) residuals[i] = (m[i] as number) - g * (tau[i] as number);
	return median(residuals, length);
}

export interface MannKendall {
	/** Variance of the statistic, corrected for ties. */
	readonly variance: number;
	/** Standard normal under no trend; 0 where nothing can be said. */
	readonly z: number;
}

/** Mann 1945; ties as in Kendall, "Rank Correlation Methods", 1975. */
export function mannKendall(m: Float64Array, length: number = m.length): MannKendall {
	let u = 0;
	for (let i = 0; i < length - 1; i++) {
		for (let j = i + 1; j < length; j++) u += Math.sign((m[j] as number) - (m[i] as number));
	}
	let ties = 0;
	for (let i = 0; i < length; i++) {
		let k = 1;
		let isFirst = true;
		for (let j = 0; j < length; j++) {
			if (j === i || m[j] !== m[i]) continue;
			if (j < i) isFirst = false;
			else k++;
		}
		if (isFirst) ties += k * (k - 1) * (2 * k + 5);
	}
	const variance = (length * (length - 1) * (2 * length + 5) - ties) / 18;
	return {variance, z: variance > 0 ? (u - Math.sign(u)) / Math.sqrt(variance) : 0};
}

/** Sen's interval of the slope: the pair slopes at ranks (N ∓ z √V) / 2. */
export function slopeInterval(
	m: Float64Array,
	tau: Float64Array,
	length: number,
	variance: number,
	z: number,
): [low: number, high: number] {
	const n = pairSlopes(m, tau, 0, length);
	if (n === 0) return [Number.NaN, Number.NaN];
	const half = (z * Math.sqrt(variance)) / 2;
	const rank = (r: number): number => Math.min(Math.max(Math.round(r), 0), n - 1);
	const low = select(slopes, rank(n / 2 - half - 1), 0, n);
	return [low, select(slopes, rank(n / 2 + half), 0, n)];
}
