/**
 * Stands between Ink and the terminal: `render(<App/>, {stdout: screenWriter(process.stdout), alternateScreen: true, …})`.
 *
 * Ink erases and writes the whole frame each time. Here that is drawn on a model of the screen; at the end of the turn of the event
 * loop only the cells that differ from what the terminal shows are written, in one write. A frame that changes nothing writes nothing.
 * A terminal that is still busy with the last frame gets the newest one when it has done with it, never a queue of old ones.
 *
 * Only the alternate screen is modelled, because only there it is known what the terminal shows. Everything before and after it,
 * and everything that has no place in cells, goes through in order.
 */
import {Writable} from 'node:stream';
import {StringDecoder} from 'node:string_decoder';
import {BLANK, CONTINUED, UNKNOWN} from './glyphs.ts';
import {type Outlet, openOutlet} from './outlet.ts';
import {ScreenModel, type Size} from './screen-model.ts';
import {PLAIN} from './style.ts';

/** `CSI ? 1049 h`: save the cursor, enter the alternate screen, clear it. */
const ENTER = '\x1b[?1049h';
const LEAVE = '\x1b[?1049l';
/** A synchronised update (mode 2026) keeps a terminal from showing half a frame. Smaller ones arrive in one piece anyway. */
const SYNCHRONISED_FROM = 1024;

const UNKNOWN_PLACE = -1;

export class ScreenWriter extends Writable {
	readonly #stdout: NodeJS.WriteStream;
	readonly #outlet: Outlet;
	readonly #decoder = new StringDecoder('utf8');
	readonly #model: ScreenModel;
	/** What the terminal shows: the same numbers as the model's. */
	#glyph: Int32Array;
	#style: Uint16Array;
	#pen = PLAIN;
	#x = UNKNOWN_PLACE;
	#y = UNKNOWN_PLACE;
	#cursorVisible = true;
	#alternate = false;
	/** Asides that have not been sent yet. */
	#asides = '';
	#due = false;
	/** Counts frames that were written: not those that changed nothing or were overtaken. */
	frames = 0;

	constructor(stdout: NodeJS.WriteStream) {
		super({decodeStrings: false});
		this.#stdout = stdout;
		this.#outlet = openOutlet(stdout, () => this.flush());
		this.#model = new ScreenModel(this.#size, (sequence, disturbs) => {
			this.#asides += sequence;
			if (disturbs) this.#forget();
		});
		this.#glyph = new Int32Array(this.#model.glyph.length);
		this.#style = new Uint16Array(this.#model.glyph.length);
		stdout.on('resize', this.#resized);
	}

	readonly isTTY = true;

	get columns(): number {
		return this.#model.columns;
	}

	get rows(): number {
		return this.#model.rows;
	}

	get #size(): Size {
		return {columns: this.#stdout.columns || 80, rows: this.#stdout.rows || 24};
	}

	/** Draws everything anew with the next flush: after somebody else has written to the terminal. */
	repaint(): void {
		this.#forget();
		this.#schedule();
	}

	override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
		let text = typeof chunk === 'string' ? chunk : this.#decoder.write(chunk);
		while (text !== '') {
			const end = text.indexOf(this.#alternate ? LEAVE : ENTER);
			const part = end < 0 ? text : text.slice(0, end);
			if (this.#alternate) {
				if (part !== '') this.#model.write(part);
				if (end >= 0) this.#leave();
			} else {
				if (part !== '') this.#outlet.sendNow(part);
				if (end >= 0) this.#enter();
			}
			text = end < 0 ? '' : text.slice(end + ENTER.length);
		}
		if (this.#alternate) this.#schedule();
		done();
	}

	override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
		this.#stdout.off('resize', this.#resized);
		done(error);
	}

	/** Writes what has changed now, instead of at the end of this turn. */
	flush(): void {
		this.#due = false;
		if (!this.#alternate) return;
		if (this.#outlet.blocked) {
			// Asides cannot be dropped; the frame is drawn when the outlet is ready.
			if (this.#asides !== '') this.#outlet.send(this.#asides);
			this.#asides = '';
			return;
		}
		const frame = this.#paint();
		const text = this.#asides + (frame.length < SYNCHRONISED_FROM ? frame : `\x1b[?2026h${frame}\x1b[?2026l`);
		this.#asides = '';
		if (text === '') return;
		if (frame !== '') this.frames++;
		this.#outlet.send(text);
	}

	#schedule(): void {
		if (this.#due) return;
		this.#due = true;
		queueMicrotask(() => {
			if (this.#due) this.flush();
		});
	}

	#enter(): void {
		this.#alternate = true;
		this.#model.clear();
		this.#glyph.fill(BLANK);
		this.#style.fill(PLAIN);
		this.#pen = PLAIN;
		this.#x = 0;
		this.#y = 0;
		// Where the cursor stands is the shell's; and a console without an alternate screen has not cleared anything.
		this.#outlet.sendNow(`${ENTER}\x1b[m\x1b[H\x1b[2J`);
	}

	#leave(): void {
		this.#alternate = false;
		const cursor = this.#cursorVisible === this.#model.cursorVisible ? '' : this.#model.cursorVisible ? '\x1b[?25h' : '\x1b[?25l';
		this.#cursorVisible = this.#model.cursorVisible;
		// The frame that was due is not drawn: it would be gone at once.
		this.#outlet.sendNow(`${this.#asides}\x1b[m${cursor}${LEAVE}`);
		this.#asides = '';
	}

	readonly #resized = (): void => {
		this.#model.resize(this.#size);
		this.#glyph = new Int32Array(this.#model.glyph.length);
		this.#style = new Uint16Array(this.#model.glyph.length);
		this.#forget();
		this.emit('resize');
		this.#schedule();
	};

	/** It is not known any more what the terminal shows, nor how it writes. */
	#forget(): void {
		this.#glyph.fill(UNKNOWN);
		this.#pen = UNKNOWN;
		this.#cursorVisible = !this.#model.cursorVisible;
		this.#x = UNKNOWN_PLACE;
		this.#y = UNKNOWN_PLACE;
	}

	/** What makes the terminal show what the model says. */
	#paint(): string {
		const model = this.#model;
		if (model.renumber()) this.#forget();
		const {columns, rows, glyph, style, glyphs, styles} = model;
		const [shownGlyph, shownStyle] = [this.#glyph, this.#style];
		let out = '';

		const penTo = (next: number): void => {
			if (next === this.#pen) return;
			out += this.#pen === UNKNOWN ? `\x1b[m\x1b]8;;\x1b\\${styles.change(PLAIN, next)}` : styles.change(this.#pen, next);
			this.#pen = next;
		};
		const moveTo = (x: number, y: number): void => {
			out += shortestMove(this.#x, this.#y, x, y);
			this.#x = x;
			this.#y = y;
		};
		const advance = (cells: number): void => {
			this.#x += cells;
			// Behind the last column terminals differ.
			if (this.#x >= columns) this.#x = this.#y = UNKNOWN_PLACE;
		};
		const same = (at: number): boolean => glyph[at] === shownGlyph[at] && style[at] === shownStyle[at];
		const isEmpty = (at: number): boolean => glyph[at] === BLANK && style[at] === PLAIN;

		for (let y = 0; y < rows; y++) {
			const row = y * columns;
			let first = 0;
			while (first < columns && same(row + first)) first++;
			if (first === columns) continue;
			let last = columns - 1;
			while (same(row + last)) last--;
			let text = columns;
			while (text > 0 && isEmpty(row + text - 1)) text--;

			for (let x = first; x <= last; ) {
				const at = row + x;
				if (x >= text && last - x >= 3) {
					moveTo(x, y);
					penTo(PLAIN);
					out += '\x1b[K';
					break;
				}
				if (same(at)) {
					const gap = this.#gap(at, row + last);
					if (gap > 0) {
						x += gap;
						continue;
					}
				}
				let blanks = 0;
				while (x + blanks <= last && isEmpty(at + blanks)) blanks++;
				if (blanks > 10) {
					moveTo(x, y);
					penTo(PLAIN);
					out += `\x1b[${blanks}X`;
					x += blanks;
					continue;
				}
				const number = glyph[at] ?? BLANK;
				const width = glyphs.width(number);
				moveTo(x, y);
				penTo(style[at] ?? PLAIN);
				if (glyphs.isAgreed(number)) {
					out += glyphs.text(number);
					advance(width);
				} else {
					// Whatever width the terminal gives it: nothing old beside it, and nothing after it out of place.
					out += ' '.repeat(width);
					this.#x = this.#y = UNKNOWN_PLACE;
					moveTo(x, y);
					out += glyphs.text(number);
					this.#x = this.#y = UNKNOWN_PLACE;
				}
				x += width;
			}
		}
		shownGlyph.set(glyph);
		shownStyle.set(style);

		if (model.cursorVisible) moveTo(Math.min(model.x, columns - 1), model.y);
		if (model.cursorVisible !== this.#cursorVisible) {
			this.#cursorVisible = model.cursorVisible;
			out += this.#cursorVisible ? '\x1b[?25h' : '\x1b[?25l';
		}
		return out;
	}

	/** How many unchanged cells from here on are better jumped over than written again. */
	#gap(from: number, last: number): number {
		const {glyph, style, glyphs} = this.#model;
		let cells = 0;
		let bytes = 0;
		for (let at = from; at <= last && glyph[at] === this.#glyph[at] && style[at] === this.#style[at]; at++) {
			cells++;
			if (style[at] !== this.#pen) bytes += 8; // about what a change of colours takes
			const number = glyph[at] ?? BLANK;
			if (number !== CONTINUED) bytes += number < 0x80 ? 1 : number < 0x800 ? 2 : glyphs.isAgreed(number) ? 3 : 32;
		}
		return bytes < (cells === 1 ? 3 : cells < 10 ? 4 : 5) ? 0 : cells;
	}
}

function shortestMove(fromX: number, fromY: number, x: number, y: number): string {
	if (fromX === x && fromY === y) return '';
	const absolute = x === 0 ? (y === 0 ? '\x1b[H' : `\x1b[${y + 1}H`) : `\x1b[${y + 1};${x + 1}H`;
	if (fromX === UNKNOWN_PLACE) return absolute;
	const ways = [absolute];
	if (y === fromY) {
		if (x > fromX) ways.push(relative(x - fromX, 'C'));
		else ways.push(relative(fromX - x, 'D'), x === 0 ? '\r' : `\r${relative(x, 'C')}`);
	} else if (x === fromX) ways.push(relative(Math.abs(y - fromY), y > fromY ? 'B' : 'A'));
	if (y === fromY + 1) ways.push(x === 0 ? '\r\n' : `\r\n${relative(x, 'C')}`);
	return ways.reduce((shortest, way) => (way.length < shortest.length ? way : shortest));
}

const relative = (cells: number, final: string): string => (cells === 1 ? `\x1b[${final}` : `\x1b[${cells}${final}`);

/** To be given to Ink as `stdout`. `stdout` itself must be a terminal. */
export const screenWriter = (stdout: NodeJS.WriteStream): ScreenWriter => new ScreenWriter(stdout);
