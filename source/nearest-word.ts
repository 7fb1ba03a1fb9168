/** The word that was meant, where one of these is a slip or two away: `chek` → `check`, `--spede` → `--speed`. */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
	const [nearest] = words
		.map(known => ({known, slips: slipsBetween(word.toLowerCase(), known.toLowerCase())}))
		.filter(({known, slips}) => slips <= (known.length < 6 ? 1 : 2))
		.sort((a, b) => a.slips - b.slips);
	return nearest?.known;
}

/** `; did you mean check?`, or nothing. */
export function didYouMean(word: string, words: readonly string[]): string {
	const nearest = nearestWord(word, words);
	return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/** Letters missing, too many, wrong or swapped with the next one: the optimal string alignment distance. */
function slipsBetween(a: string, b: string): number {
	const rows = Array.from({length: a.length + 1}, (_, i) => Array.from({length: b.length + 1}, (_, j) => (i === 0 ? j : j === 0 ? i : 0)));
	const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
	for (const [i, row] of rows.entries()) {
		for (let j = 1; i > 0 && j <= b.length; j++) {
			const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
			row[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1), swapped);
		}
	}
	return at(a.length, b.length);
}
