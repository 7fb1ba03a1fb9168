/**
 * Colours by meaning, and the glyphs. The rooms above say *critical*, *dim*, *band*; only here is it known what that is in a
 * terminal with 16, 256 or all colours, in one without, and in one that has ASCII alone.
 */
import type {Severity} from '../engine/verdict.ts';
import {graphemes, widthOf} from './width.ts';

export type Style =
	| 'plain'
	| 'strong'
	| 'dim'
	| 'chrome'
	| 'title'
	| 'head'
	| 'critical'
	| 'warning'
	| 'notice'
	| 'learning'
	| 'good'
	| 'line'
	| 'spark'
	| 'sibling'
	| 'limit'
	| 'key'
	| 'badge'
	| 'cursor';

/** What a piece of text stands on. */
export type Ground = 'selected' | 'band' | 'bar';

export interface Span {
	readonly text: string;
	readonly style?: Style;
	readonly on?: Ground;
}

/** One row of a pane, from left to right. */
export type Line = readonly Span[];

export type ColourDepth = 'none' | '16' | '256' | 'true';

/** Whether a background can be tinted softly, colours alone tell things apart, or only glyphs do. */
export type Tones = 'tinted' | 'coloured' | 'mono';

export interface Theme {
	readonly ascii: boolean;
	readonly colour: ColourDepth;
	readonly tones: Tones;
	readonly paint: (line: Line) => string;
}

export interface ThemeOptions {
	readonly ascii: boolean;
	readonly colour: ColourDepth;
	readonly background?: 'dark' | 'light';
	/** In place of the colours that these meanings have: `#rrggbb`, an index among the 256, `red`, `bright-red`. */
	readonly inks?: Readonly<Partial<Record<Style, string>>>;
}

export const MARKS = {
	critical: '‼',
	warning: '▲',
	notice: '△',
	pending: '△',
	learning: '◔',
	normal: '·',
	absent: '○',
	gone: '✕',
	silenced: '◇',
	resolved: '✓',
} as const;
export type Mark = keyof typeof MARKS;

export const MARK_STYLES: Readonly<Record<Mark, Style>> = {
	critical: 'critical',
	warning: 'warning',
	notice: 'notice',
	pending: 'notice',
	learning: 'learning',
	normal: 'dim',
	absent: 'dim',
	gone: 'dim',
	silenced: 'dim',
	resolved: 'good',
};

export const severityStyle = (severity: Severity): Style => severity;

/** One letter or sign for each glyph that the screen draws; whatever else is not ASCII (a name) becomes `?`. */
const ASCII: Readonly<Record<string, string>> = {
	'‼': '!',
	'▲': '^',
	'△': 'n',
	'◔': 'l',
	'·': '.',
	'○': 'o',
	'✕': 'x',
	'◇': 's',
	'✓': 'v',
	'▸': '>',
	'▹': '-',
	'…': '~',
	'–': '-',
	'—': '-',
	'−': '-',
	'×': 'x',
	'±': '~',
	'→': '>',
	'←': '<',
	'↑': '^',
	'↓': 'v',
	'▁': '_',
	'▂': '.',
	'▃': '-',
	'▄': '=',
	'▅': '+',
	'▆': '*',
	'▇': '#',
	'█': '@',
	'─': '-',
	'│': '|',
	'╭': '+',
	'╮': '+',
	'╰': '+',
	'╯': '+',
	'├': '|',
	'┤': '|',
	'┼': '+',
	'┈': '-',
	'╌': '.',
	'╎': ':',
	'┃': '#',
	'┊': ':',
	'━': '=',
	'●': 'O',
	'┬': '-',
	'┴': '-',
	'≥': '>',
	'≤': '<',
};

const BOLD = ['\x1b[1m', '\x1b[22m'] as const;
const FAINT = ['\x1b[2m', '\x1b[22m'] as const;
const INVERSE = ['\x1b[7m', '\x1b[27m'] as const;
const UNDERLINE = ['\x1b[4m', '\x1b[24m'] as const;
type Sgr = readonly [open: string, close: string];

const ink = (code: string): Sgr => [`\x1b[${code}m`, '\x1b[39m'];
const ground = (code: string): Sgr => [`\x1b[${code}m`, '\x1b[49m'];
const rgb = (hex: number): string => `2;${hex >> 16};${(hex >> 8) & 255};${hex & 255}`;

/** Without colour: weight alone. */
const MONO: Readonly<Record<Style, readonly Sgr[]>> = {
	plain: [],
	strong: [BOLD],
	dim: [FAINT],
	chrome: [FAINT],
	title: [BOLD],
	head: [FAINT],
	critical: [BOLD],
	warning: [BOLD],
	notice: [],
	learning: [FAINT],
	good: [FAINT],
	line: [],
	spark: [FAINT],
	sibling: [FAINT],
	limit: [],
	key: [BOLD],
	badge: [INVERSE],
	cursor: [INVERSE],
};

const coloured = (colours: {
	readonly dim: Sgr;
	readonly chrome: Sgr;
	readonly head: Sgr;
	readonly critical: Sgr;
	readonly warning: Sgr;
	readonly notice: Sgr;
	readonly learning: Sgr;
	readonly good: Sgr;
	readonly line: Sgr;
	readonly spark: Sgr;
	readonly sibling: Sgr;
	readonly limit: Sgr;
	readonly key: Sgr;
}): Readonly<Record<Style, readonly Sgr[]>> => ({
	plain: [],
	strong: [BOLD],
	dim: [colours.dim],
	chrome: [colours.chrome],
	title: [BOLD],
	head: [colours.head],
	critical: [BOLD, colours.critical],
	warning: [colours.warning],
	notice: [colours.notice],
	learning: [colours.learning],
	good: [colours.good],
	line: [colours.line],
	spark: [colours.spark],
	sibling: [colours.sibling],
	limit: [colours.limit],
	key: [colours.key],
	badge: [BOLD, INVERSE],
	cursor: [INVERSE],
});

/** The sixteen are the reader's own, so they suit either background. */
const SIXTEEN = coloured({
	dim: ink('90'),
	chrome: ink('90'),
	head: ink('90'),
	critical: ink('31'),
	warning: ink('33'),
	notice: ink('36'),
	learning: ink('34'),
	good: ink('32'),
	line: ink('36'),
	spark: ink('90'),
	sibling: ink('90'),
	limit: ink('31'),
	key: ink('36'),
});

/** Tones that can be read on either background, each with its nearest of the 256. */
const tones = (of: (dark: Tone, light: Tone) => Sgr): Readonly<Record<Style, readonly Sgr[]>> =>
	coloured({
		dim: of([245, 0x8a8f98], [243, 0x6b7078]),
		chrome: of([240, 0x565c66], [250, 0xb4b9c2]),
		head: of([244, 0x7d838d], [243, 0x767c86]),
		critical: of([203, 0xff6b68], [160, 0xc9211e]),
		warning: of([215, 0xf0b05a], [130, 0xa65f00]),
		notice: of([110, 0x8ab4d8], [25, 0x2a6aa8]),
		learning: of([103, 0x8f93bd], [61, 0x5f63a0]),
		good: of([108, 0x8fb58a], [65, 0x4f8049]),
		line: of([80, 0x5fc9c9], [30, 0x0b7f86]),
		spark: of([66, 0x51767d], [109, 0x84a3a8]),
		sibling: of([240, 0x5d646e], [249, 0xaab0b9]),
		limit: of([167, 0xc96a5f], [167, 0xc05a50]),
		key: of([80, 0x5fc9c9], [30, 0x0b7f86]),
	});

/** Index among the 256, and all 24 bits. */
type Tone = readonly [index: number, hex: number];

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

function withInks(
	styles: Readonly<Record<Style, readonly Sgr[]>>,
	inks: Readonly<Partial<Record<Style, string>>>,
	colour: ColourDepth,
): Readonly<Record<Style, readonly Sgr[]>> {
	const changed = {...styles};
	for (const style of Object.keys(inks) as Style[]) {
		const code = codeOfInk(inks[style] ?? '', colour);
		if (code !== undefined) changed[style] = [...styles[style].filter(sgr => sgr === BOLD), ink(code)];
	}
	return changed;
}

/** The nearest that the terminal has; undefined where it has none near. */
function codeOfInk(text: string, colour: ColourDepth): string | undefined {
	const name = NAMES.indexOf(text.replace('bright-', ''));
	if (name >= 0) return String((text.startsWith('bright-') ? 90 : 30) + name);
	if (colour === '16') return Number(text) < 16 ? String(Number(text) < 8 ? 30 + Number(text) : 82 + Number(text)) : undefined;
	if (!text.startsWith('#')) return `38;5;${text}`;
	const hex = Number.parseInt(text.slice(1), 16);
	if (colour === 'true') return `38;${rgb(hex)}`;
	// The 6×6×6 cube of the 256: its steps are 0, 95, 135, …
	const step = (value: number): number => (value < 48 ? 0 : value < 115 ? 1 : Math.floor((value - 35) / 40));
	return `38;5;${16 + 36 * step(hex >> 16) + 6 * step((hex >> 8) & 255) + step(hex & 255)}`;
}

const pass: readonly Sgr[] = [];

export function createTheme({ascii, colour, background = 'dark', inks = {}}: ThemeOptions): Theme {
	const light = background === 'light';
	const codeOf = ([index, hex]: Tone): string => (colour === 'true' ? rgb(hex) : `5;${index}`);
	const usual = colour === 'none' ? MONO : colour === '16' ? SIXTEEN : tones((dark, pale) => ink(`38;${codeOf(light ? pale : dark)}`));
	const styles = colour === 'none' ? usual : withInks(usual, inks, colour);
	const tint = (dark: Tone, pale: Tone): Sgr => ground(`48;${codeOf(light ? pale : dark)}`);
	const tints = colour === '256' || colour === 'true';
	const grounds: Readonly<Record<Ground, readonly Sgr[]>> = tints
		? {
				selected: [tint([237, 0x33383f], [253, 0xdde2e8])],
				band: [tint([235, 0x1f2429], [255, 0xedf0f3])],
				bar: [tint([236, 0x2a2f36], [254, 0xe4e8ec])],
			}
		: {selected: [INVERSE], band: pass, bar: [UNDERLINE]};
	const codes = new Map<string, readonly [string, string]>();
	const codesOf = (style: Style, on: Ground | undefined): readonly [string, string] => {
		const name = `${style}/${on ?? ''}`;
		let found = codes.get(name);
		if (!found) {
			// An inverted row in a terminal with few colours: a grey on it would be unreadable, so it keeps weight alone.
			const own = on === 'selected' && !tints ? MONO[style].filter(sgr => sgr === BOLD) : styles[style];
			const all = [...(on ? grounds[on] : pass), ...own];
			found = [
				all.map(([open]) => open).join(''),
				all
					.map(([, close]) => close)
					.reverse()
					.join(''),
			];
			codes.set(name, found);
		}
		return found;
	};
	return {
		ascii,
		colour,
		tones: tints ? 'tinted' : colour === 'none' ? 'mono' : 'coloured',
		paint(line) {
			let painted = '';
			let open = '';
			let close = '';
			for (const {text, style = 'plain', on} of line) {
				if (text === '') continue;
				const [opens, closes] = codesOf(style, on);
				if (opens !== open) {
					painted += close + opens;
					open = opens;
					close = closes;
				}
				painted += ascii ? toAscii(text) : text;
			}
			return painted + close;
		},
	};
}

/** As many cells as before: what has no letter becomes a question mark a cell. */
export function toAscii(text: string): string {
	if (!/[^\x00-\x7f]/.test(text)) return text;
	let plain = '';
	for (const glyph of text) {
		const letter = glyph <= '\x7f' ? glyph : ASCII[glyph];
		if (letter === undefined) return toAsciiByGraphemes(text);
		plain += letter;
	}
	return plain;
}

function toAsciiByGraphemes(text: string): string {
	let plain = '';
	for (const {segment} of graphemes.segment(text.normalize('NFC'))) {
		const [glyph = ''] = segment;
		const letter = segment === '\r\n' ? segment : glyph <= '\x7f' ? glyph : (ASCII[segment] ?? '');
		plain += letter + '?'.repeat(Math.max(0, widthOf(segment) - letter.length));
	}
	return plain;
}

export const textOf = (line: Line): string => line.map(({text}) => text).join('');

/** What the terminal can do, from what it says of itself: NO_COLOR (no-color.org), COLORTERM, TERM, COLORFGBG, and the locale. */
export function themeOptionsFrom(environment: Readonly<Record<string, string | undefined>>): Required<Omit<ThemeOptions, 'inks'>> {
	const {NO_COLOR: noColor, TERM: term = '', COLORTERM: colorTerm = '', COLORFGBG: colorFgBg = ''} = environment;
	const {LC_ALL: all, LC_CTYPE: characters, LANG: language} = environment;
	const locale = all || characters || language || '';
	return {
		ascii: (locale !== '' && !/utf-?8/i.test(locale)) || term === 'linux',
		colour:
			(noColor !== undefined && noColor !== '') || term === 'dumb' || term === 'vt100'
				? 'none'
				: /truecolor|24bit/i.test(colorTerm)
					? 'true'
					: /256/.test(term)
						? '256'
						: '16',
		background: backgroundFrom(colorFgBg) ?? 'dark',
	};
}

/** Of COLORFGBG, rxvt's `foreground;background`: 7 and 9 to 15 are light. Undefined where it does not say. */
export function backgroundFrom(colorFgBg: string | undefined): 'dark' | 'light' | undefined {
	const index = Number(colorFgBg?.split(';').at(-1) || Number.NaN);
	return Number.isNaN(index) ? undefined : index === 7 || index >= 9 ? 'light' : 'dark';
}
