import path from 'node:path';
import process from 'node:process';
import {setTimeout} from 'node:timers/promises';
import {type IPty, spawn} from '@lydell/node-pty';
import xterm from '@xterm/headless';

export interface Size {
	readonly columns: number;
	readonly rows: number;
}

export const PROGRAM: readonly [string, ...string[]] = [process.execPath, path.resolve('dist/oddpod.js')];

/** The built program in a real pty, behind a real terminal emulator. */
export class Terminal {
	readonly #pty: IPty;
	readonly #screen: xterm.Terminal;
	readonly #changed = new Set<() => void>();
	bytes = 0;
	/** Everything that was written, for what an emulator swallows: which modes were set and unset. */
	written = '';
	exitCode: number | undefined;

	constructor(
		args: readonly string[],
		{columns, rows}: Size = {columns: 120, rows: 40},
		env: Readonly<Record<string, string>> = {},
		[program, ...before]: readonly [string, ...string[]] = PROGRAM,
	) {
		this.#screen = new xterm.Terminal({cols: columns, rows, allowProposedApi: true});
		const {CI, NO_COLOR, ...inherited} = process.env; // Ink draws nothing under CI unless told to, and that is the program's business
		this.#pty = spawn(program, [...before, ...args], {
			cols: columns,
			rows,
			name: 'xterm-256color',
			env: {...inherited, TERM: 'xterm-256color', TZ: 'UTC', LANG: 'C.UTF-8', XDG_CONFIG_HOME: '/nonexistent', ...env} as Record<
				string,
				string
			>,
		});
		this.#pty.onData(data => {
			this.bytes += Buffer.byteLength(data);
			this.written += data;
			this.#screen.write(data, () => this.#tell());
		});
		this.#pty.onExit(({exitCode}) => {
			this.exitCode = exitCode;
			this.#tell();
		});
	}

	#tell(): void {
		for (const changed of this.#changed) changed();
	}

	type(keys: string): void {
		this.#pty.write(keys);
	}

	/** What somebody else writes on the same terminal. */
	scribble(text: string): void {
		this.#screen.write(text, () => this.#tell());
	}

	resize({columns, rows}: Size): void {
		this.#screen.resize(columns, rows);
		this.#pty.resize(columns, rows);
	}

	signal(name: string): void {
		this.#pty.kill(name);
	}

	/** Its rows as text, trailing blanks cut. */
	get rows(): readonly string[] {
		const {active} = this.#screen.buffer;
		return Array.from({length: this.#screen.rows}, (_, y) => active.getLine(active.viewportY + y)?.translateToString(true) ?? '');
	}

	get text(): string {
		return this.rows.join('\n');
	}

	/** The emulator's own buffer, for colours. */
	get buffer(): xterm.IBuffer {
		return this.#screen.buffer.active;
	}

	get alternate(): boolean {
		return this.#screen.buffer.active.type === 'alternate';
	}

	/** Waits for a screen that fits; fails with the screen that it has when the deadline is over. */
	async until(what: string, fits: (terminal: this) => boolean, deadlineMs = 20_000): Promise<void> {
		if (fits(this)) return;
		await new Promise<void>((resolve, reject) => {
			const done = (): void => {
				clearTimeout(timer);
				this.#changed.delete(look);
			};
			const look = (): void => {
				if (!fits(this)) return;
				done();
				resolve();
			};
			const timer = globalThis.setTimeout(() => {
				done();
				reject(new Error(`Waited ${deadlineMs} ms in vain for: ${what}\nexit code ${this.exitCode}\n${this.text}`));
			}, deadlineMs);
			this.#changed.add(look);
		});
	}

	/** What is sent in so long: a measurement, no waiting for something. */
	async bytesWithin(ms: number): Promise<number> {
		const before = this.bytes;
		await setTimeout(ms);
		return this.bytes - before;
	}

	async exited(): Promise<number> {
		await this.until('the program to end', ({exitCode}) => exitCode !== undefined);
		return this.exitCode!;
	}

	[Symbol.dispose](): void {
		if (this.exitCode === undefined) this.#pty.kill('SIGKILL');
		this.#screen.dispose();
	}
}
