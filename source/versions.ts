/** What was so from when on: lists of versions, the newest last. */

export type Since<T> = T & {readonly atMs: number};

/** How many of these rising times lie at or before `ms`. */
export function countUpTo(times: readonly number[], ms: number): number {
	let low = 0;
	let high = times.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (times[middle]! <= ms) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** How many of these rising times lie before `ms`. */
export function countBefore(times: readonly number[], ms: number): number {
	const n = countUpTo(times, ms);
	return times[n - 1] === ms ? n - 1 : n;
}

/** The newest of these versions that held at `ms`. They are few, and mostly the last one is asked for. */
export function lastUpTo<T extends {readonly atMs: number}>(versions: readonly T[], ms: number): T | undefined {
	for (let i = versions.length - 1; i >= 0; i--) if (versions[i]!.atMs <= ms) return versions[i];
	return undefined;
}

/** Forgets what had been replaced by then. */
export function dropBefore(versions: {readonly atMs: number}[], ms: number): void {
	let n = 0;
	while (n + 1 < versions.length && versions[n + 1]!.atMs <= ms) n++;
	versions.splice(0, n);
}
