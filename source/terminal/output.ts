/**
 * Takes the place of Ink's `output.js` in the bundle (see build.mjs). Ink puts a frame together cell by cell: 8,000 objects at 160x50, each
 * looked at several times, whatever has changed. A frame of panes side by side, each line of it one-cell characters and colours
 * that end where the line does, is put together line by line here; of everything else Ink's own makes the frame.
 */
import Stock from '../../node_modules/ink/build/output.js';
import {isOneCell, sgrEnd} from './one-cell.ts';
import {MOST_STYLES, PLAIN, Styles} from './style.ts';

type Write = Parameters<Stock['write']>;

interface Piece {
	readonly x: number;
	readonly width: number;
	readonly text: string;
}

export default class Output extends Stock {
	readonly #writes: Write[] = [];
	#clipped = false;

	override write(...write: Write): void {
		this.#writes.push(write);
		super.write(...write);
	}

	override clip(...clip: Parameters<Stock['clip']>): void {
		this.#clipped = true;
		super.clip(...clip);
	}

	override get(): {output: string; height: number} {
		const rows = this.#clipped ? undefined : this.#rows();
		return rows ? {output: rows.join('\n'), height: rows.length} : super.get();
	}

	/** Undefined: this frame is not of the simple kind. */
	#rows(): readonly string[] | undefined {
		const rows: Piece[][] = Array.from({length: Math.ceil(this.height)}, () => []);
		for (const [x, y, text, {transformers}] of this.#writes) {
			if (text.includes('\x1b')) return undefined; // its styles may go over several lines
			for (const [index, plain] of text.split('\n').entries()) {
				if (widthOf(plain) < 0) return undefined;
				const pieces = rows[y + index];
				if (!pieces) continue;
				const line = transformers.reduce((changed, transform) => transform(changed, index), plain);
				const width = widthOf(line);
				if (width < 0 || x < 0 || x + width > this.width) return undefined;
				if (width > 0) pieces.push({x, width, text: line});
			}
		}
		const lines: string[] = [];
		for (const pieces of rows) {
			let line = '';
			let end = 0;
			for (const {x, width, text} of pieces.sort((a, b) => a.x - b.x)) {
				if (x < end) return undefined; // the later one covers a part of the earlier one
				line += ' '.repeat(x - end) + text;
				end = x + width;
			}
			lines.push(line.trimEnd());
		}
		return lines;
	}
}

const LINES_KEPT = 1024;
let widths = new Map<string, number>();
let olderWidths = new Map<string, number>();

/** Cells of a line that is simple; -1 of any other. Most lines are those of the frame before. */
function widthOf(line: string): number {
	let width = widths.get(line);
	if (width === undefined) {
		width = olderWidths.get(line) ?? measure(line);
		if (widths.size >= LINES_KEPT) {
			olderWidths = widths;
			widths = new Map();
		}
		widths.set(line, width);
	}
	return width;
}

let styles = new Styles();

function measure(line: string): number {
	if (styles.size > MOST_STYLES) styles = new Styles();
	let width = 0;
	let style = PLAIN;
	for (let i = 0; i < line.length; ) {
		const code = line.charCodeAt(i);
		if (isOneCell(code)) {
			width++;
			i++;
		} else {
			const end = code === 0x1b ? sgrEnd(line, i) : -1;
			if (end < 0) return -1;
			style = styles.apply(style, line.slice(i + 2, end - 1));
			i = end;
		}
	}
	return style === PLAIN ? width : -1;
}
