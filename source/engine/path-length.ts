const EULER_MASCHERONI = 0.5772156649015329;

/**
 * c(n): the average path length of an unsuccessful search in a binary search tree of n rows, by which path lengths are
 * made comparable. Liu, Ting, Zhou, "Isolation Forest", ICDM 2008, equation 1, with c(2) = 1 as in their TKDD 2012 paper.
 * @example averagePathLength(256) // 10.24477…
 */
export function averagePathLength(n: number): number {
	if (n <= 1) return 0;
	if (n === 2) return 1;
	return 2 * (Math.log(n - 1) + EULER_MASCHERONI) - (2 * (n - 1)) / n;
}

/** 2^(-E(h) / c(psi)): in (0, 1], high = odd. Liu et al. 2008, equation 2. */
export function anomalyScore(meanPathLength: number, sampleSize: number): number {
	const c = averagePathLength(sampleSize);
	return c === 0 ? 0.5 : 2 ** (-meanPathLength / c);
}
