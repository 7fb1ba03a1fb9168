/**
 * A screen as it would be if everything written had gone to a terminal: characters, colours and the few cursor movements that Ink
 * uses. What has no place in cells (a title, the clipboard, modes) is handed on.
 */
import {BLANK, CONTINUED, Glyphs, MOST_CLUSTERS} from './glyphs.ts';
import {isOneCell} from './one-cell.ts';
import {MOST_STYLES, PLAIN, Styles} from './style.ts';

export interface Size {
	readonly columns: number;
	readonly rows: number;
}

/** What is handed on. `disturbs`: nobody can say what the terminal shows after it. */
export type Aside = (sequence: string, disturbs: boolean) => void;

// ECMA-48: parameters, intermediates, final. Control strings end with ST; OSC may end with BEL.
const CSI = /\x1b\[([0-?]*)([ -/]*)([@-~])/y;
const OSC = /\x1b\]([^\x00-\x1f]*)(?:\x07|\x1b\\)/y;
const CONTROL_STRING = /\x1b[PX^_][^\x00-\x1f]*\x1b\\/y;
const ESCAPE = /\x1b[ -/]*[0-~]/y;
const ERASE_LINE_AND_UP = '\x1b[2K\x1b[1A';
/** A sequence of which the rest has yet to come. */
const UNFINISHED = /\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x00-\x1f]*\x1b?|[ -/]*)$/y;
/** CSI sequences that ask, or set what is not in cells. */
const HARMLESS = /[nctqhl]/;

const graphemes = new Intl.Segmenter(undefined, {granularity: 'grapheme'});

interface DrawnLine {
	readonly text: string;
	readonly glyph: Int32Array;
	readonly style: Uint16Array;
}

export class ScreenModel {
	columns: number;
	rows: number;
	glyph: Int32Array;
	style: Uint16Array;
	glyphs = new Glyphs();
	styles = new Styles();
	/** Where the next character goes; in `columns` it waits for the next one to wrap. */
	x = 0;
	y = 0;
	cursorVisible = true;
	#pen = PLAIN;
	#unfinished = '';
	/** Lines as they were last drawn from the left edge in plain style: most of a frame's are those of the frame before. */
	#drawn: (DrawnLine | undefined)[] = [];
	/** Whether the line being drawn is characters and styles alone so far. */
	#simple = true;
	readonly #aside: Aside;

	constructor({columns, rows}: Size, aside: Aside) {
		this.columns = columns;
		this.rows = rows;
		this.glyph = new Int32Array(columns * rows).fill(BLANK);
		this.style = new Uint16Array(columns * rows);
		this.#aside = aside;
	}

	clear(): void {
		this.glyph.fill(BLANK);
		this.style.fill(PLAIN);
		this.x = 0;
		this.y = 0;
		this.#pen = PLAIN;
		this.#unfinished = '';
	}

	/** As terminals do it without a scrollback: rows are cut below the cursor first, then above. */
	resize({columns, rows}: Size): void {
		const glyph = new Int32Array(columns * rows).fill(BLANK);
		const style = new Uint16Array(columns * rows);
		const above = Math.max(0, this.y + 1 - rows);
		const width = Math.min(columns, this.columns);
		for (let y = 0; y < rows && y + above < this.rows; y++) {
			const from = (y + above) * this.columns;
			glyph.set(this.glyph.subarray(from, from + width), y * columns);
			style.set(this.style.subarray(from, from + width), y * columns);
			if (width < this.columns && this.glyph[from + width] === CONTINUED) {
				for (let x = width - 1; x >= 0; x--) {
					const was = glyph[y * columns + x];
					glyph[y * columns + x] = BLANK;
					if (was !== CONTINUED) break;
				}
			}
		}
		this.columns = columns;
		this.rows = rows;
		this.glyph = glyph;
		this.style = style;
		this.#drawn = [];
		this.y -= above;
		this.x = Math.min(this.x, columns);
	}

	/** Tables have only what can be seen again. True if they had grown too large: numbers have changed. */
	renumber(): boolean {
		if (this.styles.size <= MOST_STYLES && this.glyphs.size <= MOST_CLUSTERS) return false;
		const [styles, glyphs] = [new Styles(), new Glyphs()];
		this.style.forEach((number, i) => {
			this.style[i] = this.styles.numberIn(styles, number);
		});
		this.glyph.forEach((number, i) => {
			if (number !== CONTINUED) this.glyph[i] = glyphs.number(this.glyphs.text(number));
		});
		this.#pen = this.styles.numberIn(styles, this.#pen);
		this.styles = styles;
		this.glyphs = glyphs;
		this.#drawn = [];
		return true;
	}

	write(chunk: string): void {
		const text = this.#unfinished + chunk;
		this.#unfinished = '';
		for (let i = 0; i >= 0 && i < text.length; ) {
			if (this.x === 0 && this.#pen === PLAIN && text.charCodeAt(i) !== 0x0a) {
				const newline = text.indexOf('\n', i);
				i = this.#line(text, i, newline < 0 ? text.length : newline);
			} else i = this.#step(text, i);
		}
	}

	/** A line from the left edge: copied if it is the one that was drawn here last. */
	#line(text: string, start: number, end: number): number {
		const {y} = this;
		const row = y * this.columns;
		const known = this.#drawn[y];
		if (known && known.text.length === end - start && text.startsWith(known.text, start)) {
			this.glyph.set(known.glyph, row);
			this.style.set(known.style, row);
			this.x = known.glyph.length;
			if (this.x < this.columns) this.#blankRightFrom(row + this.x);
			return end;
		}
		this.#simple = true;
		let i = start;
		while (i >= 0 && i < end) i = this.#step(text, i);
		if (i === end && this.#simple && this.y === y && this.x > 0 && this.#pen === PLAIN) {
			const [from, to] = [row, row + this.x];
			this.#drawn[y] = {text: text.slice(start, end), glyph: this.glyph.slice(from, to), style: this.style.slice(from, to)};
		}
		return i;
	}

	/** One character, run of characters or sequence. Returns where it ends; -1 if its end has not come yet. */
	#step(text: string, i: number): number {
		const code = text.charCodeAt(i);
		if (code === 0x1b) {
			const end = this.#escape(text, i);
			if (end < 0) this.#unfinished = text.slice(i);
			return end;
		}
		if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
			this.#simple = false;
			this.#control(code);
			return i + 1;
		}
		return this.#print(text, i);
	}

	#print(text: string, start: number): number {
		let end = start;
		let easy = true;
		for (; end < text.length; end++) {
			const code = text.charCodeAt(end);
			if (isOneCell(code)) continue;
			if (code < 0x20 || (code >= 0x7f && code < 0xa0)) break;
			easy = false;
		}
		if (easy) for (let i = start; i < end; i++) this.#put(text.charCodeAt(i), 1);
		else for (const {segment} of graphemes.segment(text.slice(start, end))) this.#putCluster(segment);
		return end;
	}

	#putCluster(text: string): void {
		const number = this.glyphs.number(text);
		const width = this.glyphs.width(number);
		if (width > 0) this.#put(number, width);
		else if (this.x > 0 && /\p{M}/u.test(text)) {
			// A mark joins the character before it.
			let at = this.y * this.columns + this.x - 1;
			while (this.glyph[at] === CONTINUED) at--;
			const joined = this.glyphs.number(this.glyphs.text(this.glyph[at] ?? BLANK) + text);
			this.glyph[at] = joined;
		}
	}

	#put(glyph: number, width: number): void {
		if (this.x + width > this.columns) {
			if (width > this.columns) return;
			const row = this.y * this.columns;
			this.#erase(row + this.x, row + this.columns, this.styles.blank(this.#pen));
			this.x = 0;
			this.#lineFeed();
		}
		const at = this.y * this.columns + this.x;
		if (this.glyph[at] === CONTINUED) this.#blankLeftOf(at);
		this.glyph[at] = glyph;
		this.style[at] = glyph === BLANK ? this.styles.blank(this.#pen) : this.#pen;
		for (let i = 1; i < width; i++) {
			this.glyph[at + i] = CONTINUED;
			this.style[at + i] = this.#pen;
		}
		this.x += width;
		if (this.x < this.columns) this.#blankRightFrom(at + width);
	}

	/** A wide character loses its left part: so it is none any more. */
	#blankRightFrom(at: number): void {
		for (let i = at; this.glyph[i] === CONTINUED && i < this.glyph.length; i++) {
			this.glyph[i] = BLANK;
			this.style[i] = this.styles.blank(this.style[i] ?? PLAIN);
		}
	}

	#blankLeftOf(at: number): void {
		for (let i = at - 1; i >= 0; i--) {
			const was = this.glyph[i];
			this.glyph[i] = BLANK;
			this.style[i] = this.styles.blank(this.style[i] ?? PLAIN);
			if (was !== CONTINUED) break;
		}
	}

	#lineFeed(): void {
		this.#simple = false;
		if (this.y < this.rows - 1) {
			this.y++;
			return;
		}
		this.glyph.copyWithin(0, this.columns);
		this.style.copyWithin(0, this.columns);
		this.#erase(this.glyph.length - this.columns, this.glyph.length);
	}

	#erase(from: number, to: number, style = this.styles.erased(this.#pen)): void {
		if (from >= to) return;
		if (this.glyph[from] === CONTINUED) this.#blankLeftOf(from);
		this.glyph.fill(BLANK, from, to);
		this.style.fill(style, from, to);
		if (to % this.columns !== 0) this.#blankRightFrom(to);
	}

	#control(code: number): void {
		switch (code) {
			case 0x0a: // the terminal driver makes CR LF of it
				this.x = 0;
				this.#lineFeed();
				break;
			case 0x0d:
				this.x = 0;
				break;
			case 0x08:
				this.x = Math.max(0, Math.min(this.x, this.columns - 1) - 1);
				break;
			case 0x09:
				if (this.x < this.columns) this.x = Math.min(this.columns - 1, (this.x & ~7) + 8);
				break;
			case 0x07:
				this.#aside('\x07', false);
		}
	}

	/** Where the sequence ends; -1 if its end has not come yet. */
	#escape(text: string, start: number): number {
		// Each frame of Ink's begins with these, once a row.
		if (text.startsWith(ERASE_LINE_AND_UP, start)) {
			this.#simple = false;
			this.#erase(this.y * this.columns, (this.y + 1) * this.columns);
			this.#goTo(Math.min(this.x, this.columns - 1), this.y - 1);
			return start + ERASE_LINE_AND_UP.length;
		}
		const csi = match(CSI, text, start);
		if (csi) {
			const [all, parameters = '', intermediates = '', final = ''] = csi;
			if (final !== 'm') this.#simple = false;
			if (intermediates !== '' || /[<=>?]/.test(parameters)) this.#private(all, parameters, final);
			else if (final === 'm') this.#pen = this.styles.apply(this.#pen, parameters);
			else if (!this.#move(final, parameters)) this.#aside(all, !HARMLESS.test(final));
			return start + all.length;
		}
		this.#simple = false;
		const osc = match(OSC, text, start);
		if (osc) {
			const [all, payload = ''] = osc;
			if (payload.startsWith('8;')) this.#pen = this.styles.link(this.#pen, payload === '8;;' ? '' : payload.slice(2));
			else this.#aside(all, false);
			return start + all.length;
		}
		const string = match(CONTROL_STRING, text, start);
		if (string) {
			this.#aside(string[0], false);
			return start + string[0].length;
		}
		if (match(UNFINISHED, text, start)) return -1;
		const other = match(ESCAPE, text, start);
		if (other) this.#aside(other[0], true);
		return start + (other?.[0].length ?? 1);
	}

	#private(sequence: string, parameters: string, final: string): void {
		// Frames are made here, so Ink's own marks of where one begins and ends (mode 2026) are not needed.
		if (parameters === '?2026' && (final === 'h' || final === 'l')) return;
		if (parameters === '?25' && final === 'h') this.cursorVisible = true;
		else if (parameters === '?25' && final === 'l') this.cursorVisible = false;
		else this.#aside(sequence, false);
	}

	#move(final: string, parameters: string): boolean {
		const [first, second] = parameters.split(';').map(part => Number.parseInt(part, 10));
		const n = Math.max(1, first || 1);
		const x = Math.min(this.x, this.columns - 1);
		switch (final) {
			case 'A':
			case 'F':
				this.#goTo(final === 'F' ? 0 : x, this.y - n);
				return true;
			case 'B':
			case 'E':
				this.#goTo(final === 'E' ? 0 : x, this.y + n);
				return true;
			case 'C':
				this.#goTo(x + n, this.y);
				return true;
			case 'D':
				this.#goTo(x - n, this.y);
				return true;
			case 'G':
				this.#goTo(n - 1, this.y);
				return true;
			case 'd':
				this.#goTo(x, n - 1);
				return true;
			case 'H':
			case 'f':
				this.#goTo((second || 1) - 1, n - 1);
				return true;
			case 'J':
			case 'K': {
				const row = this.y * this.columns;
				const [begin, end] = final === 'K' ? [row, row + this.columns] : [0, this.glyph.length];
				if (first === 3) return false; // the scrollback is the terminal's
				this.#erase(first === 1 || first === 2 ? begin : row + x, first === 1 ? row + x + 1 : end);
				return true;
			}
			default:
				return false;
		}
	}

	#goTo(x: number, y: number): void {
		this.x = Math.max(0, Math.min(this.columns - 1, x));
		this.y = Math.max(0, Math.min(this.rows - 1, y));
	}
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
	pattern.lastIndex = at;
	return pattern.exec(text);
}
