/**
 * Takes the place of the package `@alcalzone/ansi-tokenize` in the bundle (see `alias` in build.mjs). Ink takes every line of every
 * frame apart into styled cells and puts it together again, and most lines are those of the frame before. So lines of one-cell
 * characters and colours are taken apart by hand and remembered, as are the steps between styles; what the steps are, and
 * everything else, is asked of the package itself.
 */
import * as real from '../../node_modules/@alcalzone/ansi-tokenize/build/index.js';
import {isOneCell, sgrEnd} from './one-cell.ts';

export {
	ansiCodesToString,
	diffAnsiCodes,
	reduceAnsiCodes,
	reduceAnsiCodesIncremental,
	undoAnsiCodes,
} from '../../node_modules/@alcalzone/ansi-tokenize/build/index.js';

type Token = ReturnType<typeof real.tokenize>[number];
type Cell = ReturnType<typeof real.styledCharsFromTokens>[number];
type AnsiCode = Cell['styles'][number];
type CharToken = Extract<Token, {type: 'char'}>;

const LINES_KEPT = 1024;
const STYLES_KEPT = 2048;

/** A reduced set of styles, and what is known of the ways from it to others. */
class Style {
	readonly codes: AnsiCode[];
	readonly cells = new Map<CharToken, Cell>();
	readonly after = new Map<AnsiCode, Style>();
	readonly changes = new Map<Style, string>();

	constructor(codes: AnsiCode[]) {
		this.codes = codes;
	}
}

/** A line taken apart by hand: tokens are shared between lines, so they must not be changed. */
class Line extends Array<Token> {
	cells: Cells | undefined;

	static override get [Symbol.species](): ArrayConstructor {
		return Array;
	}
}

/** Its cells, all of them visible. */
class Cells extends Array<Cell> {
	/**
	 * Ink sieves out invisible characters, with a Unicode regular expression for each cell of each frame. Here are none, so a
	 * predicate that drops an invisible character and keeps a visible one is answered at once.
	 */
	override filter<S extends Cell>(predicate: (cell: Cell, index: number, cells: Cell[]) => cell is S): S[];
	override filter(predicate: (cell: Cell, index: number, cells: Cell[]) => unknown): Cell[];
	override filter(predicate: (cell: Cell, index: number, cells: Cell[]) => unknown): Cell[] {
		if (!predicate(INVISIBLE, 0, SAMPLE) && predicate(VISIBLE, 1, SAMPLE)) return this;
		return super.filter(predicate);
	}

	static override get [Symbol.species](): ArrayConstructor {
		return Array;
	}
}

const INVISIBLE: Cell = {type: 'char', value: '\u200b', fullWidth: false, styles: []};
const VISIBLE: Cell = {type: 'char', value: 'x', fullWidth: false, styles: []};
const SAMPLE: Cell[] = [INVISIBLE, VISIBLE];

const characters = new Map<number, CharToken>();
let sequences = new Map<string, readonly AnsiCode[]>();
let plain = new Style([]);
let styles = new Map<string, Style>();
let styleOf = new WeakMap<AnsiCode[], Style>([[plain.codes, plain]]);
let lines = new Map<string, Line>();
let olderLines = new Map<string, Line>();

/** Styles and lines refer to one another, so they are forgotten together. */
function forget(): void {
	sequences = new Map();
	plain = new Style([]);
	styles = new Map();
	styleOf = new WeakMap([[plain.codes, plain]]);
	lines = new Map();
	olderLines = new Map();
}

export function tokenize(text: string, endChar?: number): Token[] {
	if (endChar !== undefined) return real.tokenize(text, endChar);
	const known = lines.get(text) ?? olderLines.get(text);
	const line = known ?? parse(text);
	if (line === undefined) return real.tokenize(text);
	if (!lines.has(text)) {
		if (lines.size >= LINES_KEPT) {
			olderLines = lines;
			lines = new Map();
		}
		lines.set(text, line);
	}
	return line;
}

function parse(text: string): Line | undefined {
	const line = new Line();
	for (let i = 0; i < text.length; ) {
		const code = text.charCodeAt(i);
		if (isOneCell(code)) {
			line.push(character(code));
			i++;
		} else {
			const end = code === 0x1b ? sgrEnd(text, i) : -1;
			if (end < 0) return undefined;
			for (const ansi of sequence(text.slice(i, end))) line.push(ansi);
			i = end;
		}
	}
	return line;
}

function character(code: number): CharToken {
	let token = characters.get(code);
	if (token === undefined) {
		token = {type: 'char', value: String.fromCharCode(code), fullWidth: false};
		characters.set(code, token);
	}
	return token;
}

function sequence(text: string): readonly AnsiCode[] {
	let codes = sequences.get(text);
	if (codes === undefined) {
		codes = real.tokenize(text).filter(token => token.type === 'ansi');
		sequences.set(text, codes);
	}
	return codes;
}

function after(style: Style, code: AnsiCode): Style {
	let next = style.after.get(code);
	if (next === undefined) {
		const codes = real.reduceAnsiCodesIncremental(style.codes, [code]);
		const name = codes.map(ansi => `${ansi.code} ${ansi.endCode}`).join(' ');
		next = codes.length === 0 ? plain : styles.get(name);
		if (next === undefined) {
			next = new Style(codes);
			styles.set(name, next);
			styleOf.set(codes, next);
		}
		style.after.set(code, next);
	}
	return next;
}

export function styledCharsFromTokens(tokens: Token[]): Cell[] {
	if (!(tokens instanceof Line)) return real.styledCharsFromTokens(tokens);
	if (tokens.cells !== undefined) return tokens.cells;
	if (styles.size > STYLES_KEPT || sequences.size > STYLES_KEPT) forget();
	const cells = new Cells();
	let style = plain;
	for (const token of tokens) {
		if (token.type === 'ansi') style = after(style, token);
		else if (token.type === 'char') {
			let cell = style.cells.get(token);
			if (cell === undefined) {
				cell = {...token, styles: style.codes};
				style.cells.set(token, cell);
			}
			cells.push(cell);
		}
	}
	tokens.cells = cells;
	return cells;
}

/** What is written between a cell of one style and the next of another. */
function change(from: AnsiCode[], to: AnsiCode[]): string {
	const a = from.length === 0 ? plain : styleOf.get(from);
	const b = to.length === 0 ? plain : styleOf.get(to);
	if (a === undefined || b === undefined) return real.ansiCodesToString(isSame(from, to) ? [] : real.diffAnsiCodes(from, to));
	let text = a.changes.get(b);
	if (text === undefined) {
		text = real.ansiCodesToString(isSame(from, to) ? [] : real.diffAnsiCodes(from, to));
		a.changes.set(b, text);
	}
	return text;
}

function isSame(from: AnsiCode[], to: AnsiCode[]): boolean {
	return from.length === to.length && from.every((ansi, i) => ansi.code === to[i]?.code && ansi.endCode === to[i]?.endCode);
}

export function styledCharsToString(cells: Cell[]): string {
	let text = '';
	let style = plain.codes;
	for (let i = 0; i < cells.length; i++) {
		const cell = cells[i];
		if (cell === undefined) continue;
		if (cell.styles !== style) {
			if (cell.styles.length > 0 || style.length > 0) text += change(style, cell.styles);
			style = cell.styles;
		}
		text += cell.value;
	}
	return style.length === 0 ? text : text + change(style, plain.codes);
}
