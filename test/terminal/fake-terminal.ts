import {EventEmitter} from 'node:events';
import xterm from '@xterm/headless';

/** A terminal that says of itself what process.stdout does. Answers each write when told to, or at once. */
export class FakeTerminal extends EventEmitter {
	readonly isTTY = true;
	readonly screen: xterm.Terminal;
	columns: number;
	rows: number;
	readonly writes: string[] = [];
	slow = false;
	#unanswered: (() => void)[] = [];

	constructor(columns: number, rows: number) {
		super();
		this.columns = columns;
		this.rows = rows;
		this.screen = new xterm.Terminal({cols: columns, rows, allowProposedApi: true, convertEol: true, scrollback: 0});
	}

	write(text: string, done?: () => void): boolean {
		this.writes.push(text);
		this.screen.write(text);
		if (this.slow && done) this.#unanswered.push(done);
		else done?.();
		return !this.slow;
	}

	answer(): void {
		const all = this.#unanswered;
		this.#unanswered = [];
		for (const done of all) done();
	}

	resize(columns: number, rows: number): void {
		this.columns = columns;
		this.rows = rows;
		this.screen.resize(columns, rows);
		this.emit('resize');
	}

	get bytes(): number {
		return this.writes.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
	}
}

export const settled = (terminal: xterm.Terminal): Promise<void> => new Promise(resolve => terminal.write('', resolve));

/** Everything that can be seen: characters, widths, colours, weights, and the cursor unless it is hidden. */
export function look(terminal: xterm.Terminal, {cursor = false} = {}): string[] {
	const {active} = terminal.buffer;
	const cell = active.getNullCell();
	const rows = Array.from({length: terminal.rows}, (_, y) => {
		const line = active.getLine(active.viewportY + y);
		let row = '';
		for (let x = 0; x < terminal.cols; x++) {
			line?.getCell(x, cell);
			const text = cell.getChars() || (cell.getWidth() === 0 ? '' : ' ');
			const marks = `${cell.isInverse()},${cell.isUnderline()},${cell.isStrikethrough()},${cell.isOverline()}`;
			const back = `${cell.getBgColorMode()}:${cell.getBgColor()}`;
			// Of a blank without marks only the background can be seen.
			const pen = `${cell.getFgColorMode()}:${cell.getFgColor()},${cell.isBold()},${cell.isDim()},${cell.isItalic()},${cell.isBlink()},${cell.isInvisible()}`;
			row += `${text}${text === '' ? '' : `<${back} ${text === ' ' && /^0,0,0,0$/.test(marks) ? '' : `${marks} ${pen}`}>`}`;
		}
		return row;
	});
	return cursor ? [...rows, `cursor ${Math.min(active.cursorX, terminal.cols - 1)},${active.cursorY}`] : rows;
}
