/** Random trees for Ink, and random text for them: all that layout and colours can do to a frame, from a seed. */
import type {ReactNode} from 'react';

/** Ink and the React that it is used with: the bundled ones or the stock ones. */
export interface Library {
	readonly ink: typeof import('ink');
	readonly createElement: typeof import('react').createElement;
}

export type Random = () => number;

/** mulberry32. */
export function createRandom(seed: number): Random {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

export const whole = (random: Random, below: number): number => Math.floor(random() * below);
const pick = <T>(random: Random, from: readonly T[]): T => from[whole(random, from.length)] as T;

/** On whose width all terminals agree. */
export const PLAIN_WORDS = [
	'pod',
	'checkout-7d9f5c-x2x9l',
	'a',
	'  ',
	'412Mi',
	'▁▂▃▄▅▆▇█',
	'‼ ▲ △ ◔ · ○ ✕ ◇ ✓',
	'╭─╮',
	'⣿⡇⠁',
	'−3 ± 2 × 5 → 7',
	'Ünïcödé',
];
export const CJK_WORDS = ['監視', '한국어', 'ポッド', '中', 'ｆｕｌｌ'];
export const MARKED_WORDS = ['e\u0301', 'n\u0303a\u0308\u0304'];
/** On which terminals differ, and what ought not to be in a text at all. */
export const ODD_WORDS = [
	'😀',
	'👩‍👩‍👧‍👦',
	'🇩🇪',
	'⚠️',
	'1️⃣',
	'\u0301leading',
	'क्षि',
	'ᄀ가',
	'\u200b',
	'a\u200db',
	'\ufeff',
	'\u00ad',
	'a\tb',
	'\t',
	'a\r\nb',
	'\x07',
	'\x1b]8;;https://example.com\x07link\x1b]8;;\x07',
	'\x1b]8;id=1;https://example.com\x1b\\link\x1b]8;;\x1b\\',
	'\x1b]0;title\x07',
	'\x1b[2J',
	'\x1b[3A',
	'\x1b[',
	'\x1b',
	'\x9b31m',
	'\x1b[4:3mcurly\x1b[24m',
	'\x1b[38:2::1:2:3mcolon\x1b[39m',
	'\ud83d',
	'½',
	'ﾊﾞ',
];
const SGR = [
	'1',
	'2',
	'22',
	'3',
	'23',
	'4',
	'24',
	'7',
	'27',
	'9',
	'29',
	'31',
	'92',
	'39',
	'44',
	'103',
	'49',
	'0',
	'',
	'38;5;208',
	'48;5;236',
	'38;2;95;201;201',
	'48;2;51;56;63',
	'1;31',
	'1;38;5;203;48;5;237',
	'58;5;3',
	'59',
	'53',
	'55',
	'5',
	'8',
	'28',
];

export function randomText(random: Random, words: readonly string[]): string {
	let text = '';
	for (let n = whole(random, 8); n >= 0; n--) {
		const kind = random();
		if (kind < 0.35) text += `\x1b[${pick(random, SGR)}m`;
		else if (kind < 0.45) text += '\n';
		else text += pick(random, words) + (random() < 0.5 ? ' ' : '');
	}
	return text;
}

const COLOURS = ['red', 'greenBright', '#5fc9c9', 'ansi256(208)', 'rgb(1,2,3)'];

/** What to draw, without any library yet, so that the same tree can be drawn by two. */
type Tree =
	| {readonly what: 'text'; readonly props: Record<string, unknown>; readonly parts: readonly (string | Tree)[]}
	| {readonly what: 'box'; readonly props: Record<string, unknown>; readonly parts: readonly Tree[]}
	| {readonly what: 'lines'; readonly lines: readonly string[]};

export function randomTree(random: Random, words: readonly string[], depth = 0): Tree {
	const maybe = (chance: number, props: () => Record<string, unknown>): Record<string, unknown> => (random() < chance ? props() : {});
	if (depth > 2 || (depth > 0 && random() < 0.5)) {
		if (random() < 0.25)
			return {what: 'lines', lines: Array.from({length: 1 + whole(random, 5)}, () => randomText(random, words).replaceAll('\n', ''))};
		return {
			what: 'text',
			props: {
				...maybe(0.7, () => ({wrap: pick(random, ['wrap', 'hard', 'truncate', 'truncate-start', 'truncate-middle', 'truncate-end'])})),
				...maybe(0.3, () => ({color: pick(random, COLOURS)})),
				...maybe(0.2, () => ({backgroundColor: pick(random, COLOURS)})),
				...maybe(0.2, () => ({bold: true})),
				...maybe(0.2, () => ({dimColor: true})),
				...maybe(0.2, () => ({inverse: true})),
				...maybe(0.1, () => ({underline: true})),
			},
			parts: Array.from({length: 1 + whole(random, 3)}, () =>
				random() < 0.2
					? {what: 'text', props: {color: pick(random, COLOURS)}, parts: [randomText(random, words)]}
					: randomText(random, words),
			),
		};
	}
	return {
		what: 'box',
		props: {
			...maybe(0.5, () => ({flexDirection: pick(random, ['row', 'column', 'row-reverse', 'column-reverse'])})),
			// No share of a width: beside what cannot shrink Yoga can make a width of millions of it, in stock Ink too.
			...maybe(0.3, () => ({width: whole(random, 30)})),
			...maybe(0.3, () => ({height: whole(random, 8)})),
			...maybe(0.4, () => ({
				borderStyle: pick(random, ['single', 'round', 'double', 'classic']),
				borderColor: pick(random, [undefined, ...COLOURS]),
			})),
			...maybe(0.1, () => ({borderTop: false})),
			...maybe(0.2, () => ({padding: whole(random, 3)})),
			...maybe(0.3, () => ({overflow: pick(random, ['hidden', 'visible'])})),
			...maybe(0.1, () => ({overflowX: 'hidden'})),
			...maybe(0.15, () => ({position: 'absolute', left: whole(random, 20) - 5, top: whole(random, 8) - 3})),
			...maybe(0.2, () => ({marginLeft: whole(random, 12) - 6, marginTop: whole(random, 6) - 3})),
			...maybe(0.2, () => ({backgroundColor: pick(random, COLOURS)})),
			...maybe(0.2, () => ({flexGrow: 1})),
			...maybe(0.2, () => ({
				alignItems: pick(random, ['center', 'flex-end']),
				justifyContent: pick(random, ['center', 'space-between', 'flex-end']),
			})),
			...maybe(0.2, () => ({flexWrap: 'wrap'})),
			...maybe(0.2, () => ({flexShrink: 0})),
			...maybe(0.2, () => ({gap: whole(random, 3)})),
		},
		parts: Array.from({length: 1 + whole(random, depth === 0 ? 3 : 2)}, () => randomTree(random, words, depth + 1)),
	};
}

export function element({ink, createElement}: Library, tree: Tree, key?: number): ReactNode {
	switch (tree.what) {
		case 'lines':
			return createElement(
				ink.Transform,
				{key, transform: (_: string, i: number) => tree.lines[i] ?? ''} as never,
				createElement(ink.Text, null, '\n'.repeat(tree.lines.length - 1)),
			);
		case 'text':
			return createElement(
				ink.Text,
				{key, ...tree.props} as never,
				...tree.parts.map((part, i) => (typeof part === 'string' ? part : element({ink, createElement}, part, i))),
			);
		case 'box':
			return createElement(ink.Box, {key, ...tree.props} as never, ...tree.parts.map((part, i) => element({ink, createElement}, part, i)));
	}
}
