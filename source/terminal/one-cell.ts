/**
 * The characters of a monitor's screen: each is one UTF-16 unit, one grapheme whatever stands beside it of its kind, and one
 * cell wide for every package and terminal concerned (a test asks them all). Where a line holds only these, nothing has to be
 * segmented and no Unicode table be asked.
 */
const RANGES: readonly (readonly [from: number, to: number])[] = [
	[0x20, 0x7e],
	[0xa1, 0xac], // not U+00AD, the soft hyphen
	[0xae, 0x24f], // Latin
	[0x391, 0x3a1], // Greek
	[0x3a3, 0x3ff],
	[0x400, 0x482], // Cyrillic
	[0x48a, 0x52f],
	[0x2010, 0x2027], // dashes, quotes, …
	[0x2030, 0x205e],
	[0x2070, 0x2071],
	[0x2074, 0x208e],
	[0x20a0, 0x20c0], // currencies
	[0x2190, 0x21ff], // arrows
	[0x2200, 0x22ff], // mathematics
	[0x2500, 0x25fc], // boxes, blocks, shapes up to the first two-cell one
	[0x2713, 0x2718], // ✓ ✕
	[0x2800, 0x28ff], // braille
];

const TABLE = new Uint8Array(0x2900);
for (const [from, to] of RANGES) TABLE.fill(1, from, to + 1);

/** Whether this UTF-16 unit is such a character. */
export const isOneCell = (code: number): boolean => TABLE[code] === 1;

/** Where the SGR sequence (`ESC [`, digits and semicolons, `m`) that begins at `start` ends; -1 if there is none. */
export function sgrEnd(text: string, start: number): number {
	if (text.charCodeAt(start + 1) !== 0x5b) return -1;
	for (let i = start + 2; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code === 0x6d) return i + 1;
		if ((code < 0x30 || code > 0x39) && code !== 0x3b) return -1;
	}
	return -1;
}
