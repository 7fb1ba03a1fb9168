/** Order statistics on typed arrays, without allocation. Every function answers NaN for no values. */

export type Numbers = Float32Array | Float64Array;

/**
 * Rearranges `values[from..to)` so that position `k` holds what sorting would put there.
 * Hoare's selection, middle as pivot: sorted input is common here.
 */
export function select(values: Numbers, k: number, from: number, to: number): number {
	let low = from;
	let high = to - 1;
	while (low < high) {
		const pivot = values[(low + high) >> 1] as number;
		let i = low;
		let j = high;
		while (i <= j) {
			while ((values[i] as number) < pivot) i++;
			while ((values[j] as number) > pivot) j--;
			if (i <= j) {
				const swap = values[i] as number;
				values[i] = values[j] as number;
				values[j] = swap;
				i++;
				j--;
			}
		}
		if (k <= j) high = j;
		else if (k >= i) low = i;
		else break;
	}
	return values[k] as number;
}

/** Median of the first `length` values, which are rearranged; the mean of the middle two where their number is even. */
export function median(values: Numbers, length: number = values.length): number {
	if (length === 0) return Number.NaN;
	const middle = length >> 1;
	const upper = select(values, middle, 0, length);
	if (length & 1) return upper;
	let lower = Number.NEGATIVE_INFINITY;
	for (let i = 0; i < middle; i++) lower = Math.max(lower, values[i] as number);
	return (lower + upper) / 2;
}

/** Quantile by linear interpolation between closest ranks (type 7 of Hyndman and Fan 1996). */
export function quantileSorted(sorted: Numbers, length: number, q: number): number {
	if (length === 0) return Number.NaN;
	const position = (length - 1) * q;
	const below = Math.floor(position);
	const low = sorted[below] as number;
	if (below + 1 >= length) return low;
	return low + (position - below) * ((sorted[below + 1] as number) - low);
}

/** Median absolute deviation from the median (Hampel 1974), unscaled. `scratch` is overwritten. */
export function medianAbsoluteDeviation(values: Numbers, length: number, center: number, scratch: Float64Array): number {
	for (let i = 0; i < length; i++) scratch[i] = Math.abs((values[i] as number) - center);
	return median(scratch, length);
}

/** Makes the MAD of a normal distribution its standard deviation. */
export const MAD_TO_DEVIATION = 1.4826;
/** The same for the interquartile range (divide). */
export const IQR_TO_DEVIATION = 1.349;
/** And for the 5 % to 95 % range (divide). */
export const MIDDLE_90_TO_DEVIATION = 3.29;

export const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
