/** How many cells a text takes, and how it is made to take exactly so many. */
import stringWidth from 'string-width';

/**
 * What a cluster or a file calls itself must not move the cursor, turn the writing direction or hide itself; terminals disagree
 * about the width of emoji and of what joins them. All of it becomes one plain cell, or nothing.
 */
export function printable(text: string): string {
	if (isPlain(text)) return text;
	return text
		.normalize('NFC')
		.replace(/[\p{Cf}\p{Variation_Selector}]/gu, '')
		.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Co}\p{Cn}]|[\u{1f000}-\u{1faff}]|\p{Emoji_Presentation}/gu, '\ufffd')
		.replace(/(\p{M})\p{M}+/gu, '$1')
		.replace(/^\p{M}/u, '\ufffd');
}

/** Cells that a cleaned text takes. */
export function widthOf(text: string): number {
	for (let i = 0; i < text.length; i++) if (!isNarrow(text.charCodeAt(i))) return stringWidth(text);
	return text.length;
}

function isPlain(text: string): boolean {
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code < 0x20 || code > 0x7e) return false;
	}
	return true;
}

/** Printable ASCII, Latin, and the punctuation, arrows, boxes and marks that the screen itself draws. */
const isNarrow = (code: number): boolean =>
	(code >= 0x20 && code <= 0x7e) ||
	(code >= 0xa1 && code <= 0x17f && code !== 0xad) ||
	(code >= 0x2010 && code <= 0x2027) ||
	(code >= 0x2030 && code <= 0x205e) ||
	(code >= 0x2190 && code <= 0x21ff) ||
	(code >= 0x2264 && code <= 0x2265) ||
	(code >= 0x2500 && code <= 0x25fc) ||
	(code >= 0x2713 && code <= 0x2717);

/** The longest beginning that takes at most `width` cells. */
function head(text: string, width: number): string {
	if (width <= 0) return '';
	let taken = '';
	let cells = 0;
	for (const {segment} of graphemes.segment(text)) {
		const next = widthOf(segment);
		if (cells + next > width) break;
		taken += segment;
		cells += next;
	}
	return taken;
}

function tail(text: string, width: number): string {
	const all = [...graphemes.segment(text)].map(({segment}) => segment);
	let taken = '';
	let cells = 0;
	for (let i = all.length - 1; i >= 0; i--) {
		const segment = all[i] ?? '';
		const next = widthOf(segment);
		if (cells + next > width) break;
		taken = segment + taken;
		cells += next;
	}
	return taken;
}

export const graphemes = new Intl.Segmenter(undefined, {granularity: 'grapheme'});

/** Cut at the end, with `…`. */
export function cut(text: string, width: number): string {
	if (widthOf(text) <= width) return text;
	return width <= 0 ? '' : `${isPlain(text) ? text.slice(0, width - 1) : head(text, width - 1)}…`;
}

/** Cut where a clause ends, or at least a word: half of a number, or of an interval, is another one. */
export function cutClause(text: string, width: number): string {
	if (widthOf(text) <= width) return text;
	const at = clauseEnd(text, width, width / 2);
	// `for 14` what?
	return at === 0 ? cut(text, width) : `${text.slice(0, at).replace(/[,;:.]$|(?: \S+)? \d+$/, '')}…`;
}

/** Lines that are broken where a clause ends. */
export function wrapClauses(text: string, width: number): string[] {
	const lines: string[] = [];
	let rest = text;
	for (let at = -1; at !== 0 && widthOf(rest) > width; ) {
		at = clauseEnd(rest, width, width / 3);
		if (at > 0) lines.push(rest.slice(0, at));
		rest = rest.slice(at).trimStart();
	}
	return [...lines, ...wrap(rest, width)];
}

/** Characters of the clauses, or at least the words, that take less than `width` cells; 0 where those are less than `least`. */
function clauseEnd(text: string, width: number, least: number): number {
	const taken = head(text, width + 1);
	for (const end of [/[,;:.](?= )|\S(?= \()/g, /\S(?= .)/g]) {
		const last = [...taken.matchAll(end)].map(({index}) => index + 1).findLast(at => widthOf(taken.slice(0, at)) < width);
		if (last !== undefined && last > least) return last;
	}
	return 0;
}

/** Cut at the beginning: of what is typed the end is looked at. */
export const cutStart = (text: string, width: number): string =>
	widthOf(text) <= width ? text : width <= 0 ? '' : `…${tail(text, width - 1)}`;

/** Cut in the middle: of a pod's name the end is what tells it from its siblings. */
export function cutMiddle(text: string, width: number): string {
	if (widthOf(text) <= width) return text;
	if (width <= 1) return width === 1 ? '…' : '';
	const after = Math.floor((width - 1) / 2);
	return `${head(text, width - 1 - after)}…${tail(text, after)}`;
}

export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));
export const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(text))) + text;

/** Exactly `width` cells. */
export function fit(text: string, width: number, align: 'left' | 'right' = 'left'): string {
	const short = cut(text, width);
	return align === 'left' ? padEnd(short, width) : padStart(short, width);
}

/** Lines of at most `width` cells, broken at spaces where possible; the last one is cut when there are more than `most`. */
export function wrap(text: string, width: number, most = Number.POSITIVE_INFINITY): string[] {
	const lines: string[] = [];
	let rest = text.trim();
	while (rest !== '' && width > 0) {
		if (widthOf(rest) <= width || lines.length === most - 1) {
			lines.push(cut(rest, width));
			break;
		}
		const piece = head(rest, width + 1);
		const space = piece.lastIndexOf(' ');
		const line = space > width / 3 ? piece.slice(0, space) : head(rest, width) || head(rest, 2);
		if (widthOf(line) > width) {
			lines.push('…');
			break;
		}
		lines.push(line.trimEnd());
		rest = rest.slice(line.length).trimStart();
	}
	return lines;
}
