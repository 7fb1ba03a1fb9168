/** How fast a series rises, and how sure that is. */
export interface Slope {
	/** Per value of the series. */
	readonly slope: number;
	/** Ends of the 95 % confidence interval. */
	readonly low: number;
	readonly high: number;
}

/**
 * The median of the slopes of all pairs, with the interval that Kendall's tau gives (P. K. Sen, "Estimates of the Regression Coefficient Based on
 * Kendall's Tau", 1968). Neighbours in a series of heap sizes resemble each other, which would make the interval too narrow: so it goes by
 * the medians of blocks.
 */
export function theilSen(values: readonly number[], block = 1): Slope {
	const points: number[] = [];
	for (let from = 0; from + block <= values.length; from += block) points.push(median(values.slice(from, from + block)));
	const slopes: number[] = [];
	for (let i = 0; i < points.length; i++)
		for (let j = i + 1; j < points.length; j++) slopes.push(((points[j] ?? Number.NaN) - (points[i] ?? Number.NaN)) / (j - i) / block);
	slopes.sort((a, b) => a - b);
	const n = points.length;
	const spread = 1.96 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
	const at = (index: number): number => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(index)))] ?? Number.NaN;
	return {slope: median(slopes), low: at((slopes.length - spread) / 2 - 1), high: at((slopes.length + spread) / 2)};
}

function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted.length >> 1;
	return sorted.length % 2 === 1
		? (sorted[middle] ?? Number.NaN)
		: ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
