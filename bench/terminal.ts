/** A program in a pty behind a terminal emulator, with a stopwatch: what went over the line and when, and what it cost. */
import {readdirSync, readFileSync} from 'node:fs';
import process from 'node:process';
import {type IPty, spawn} from '@lydell/node-pty';
import xterm from '@xterm/headless';

export interface Chunk {
	readonly atMs: number;
	readonly bytes: number;
}

export class Terminal {
	readonly startedAtMs = performance.now();
	readonly #pty: IPty;
	readonly screen: xterm.Terminal;
	readonly chunks: Chunk[] = [];
	/** Words that the program tells the bench, and when. */
	readonly told = new Map<string, number>();
	readonly #looks = new Set<() => void>();
	#ended = false;

	constructor(file: string, args: readonly string[], {columns, rows}: {columns: number; rows: number}) {
		this.screen = new xterm.Terminal({cols: columns, rows, allowProposedApi: true});
		const {CI, NO_COLOR, ...inherited} = process.env;
		this.#pty = spawn(file, [...args], {
			cols: columns,
			rows,
			name: 'xterm-256color',
			env: {...inherited, TERM: 'xterm-256color', COLORTERM: 'truecolor', LANG: 'C.UTF-8', TZ: 'UTC'} as Record<string, string>,
		});
		this.#pty.onData(data => {
			const atMs = performance.now();
			this.chunks.push({atMs, bytes: Buffer.byteLength(data)});
			for (const [, word = ''] of data.matchAll(/\x1b_oddpod-bench ([\w-]+)\x1b/g)) this.told.set(word, atMs);
			this.screen.write(data, () => {
				for (const look of this.#looks) look();
			});
		});
		// Terminals answer questions; htop and others wait for it.
		this.screen.onData(answer => this.#pty.write(answer));
		this.#pty.onExit(() => {
			this.#ended = true;
			for (const look of this.#looks) look();
		});
	}

	get pid(): number {
		return this.#pty.pid;
	}

	type(keys: string): void {
		this.#pty.write(keys);
	}

	/** Bytes since then. */
	bytesSince(atMs: number): number {
		return this.chunks.reduce((sum, chunk) => (chunk.atMs >= atMs ? sum + chunk.bytes : sum), 0);
	}

	row(y: number): string {
		const {active} = this.screen.buffer;
		return active.getLine(active.viewportY + y)?.translateToString(true) ?? '';
	}

	get text(): string {
		return Array.from({length: this.screen.rows}, (_, y) => this.row(y)).join('\n');
	}

	/** Resolves with the time at which it was first so; undefined when the deadline passed. */
	until(isSo: () => boolean, deadlineMs: number): Promise<number | undefined> {
		return new Promise(resolve => {
			const done = (atMs: number | undefined): void => {
				clearTimeout(timer);
				this.#looks.delete(look);
				resolve(atMs);
			};
			const look = (): void => {
				if (isSo()) done(performance.now());
				else if (this.#ended) done(undefined);
			};
			const timer = setTimeout(() => done(undefined), deadlineMs);
			this.#looks.add(look);
			look();
		});
	}

	/** CPU time of all its threads so far, in ms, as the scheduler counts it. */
	get cpuMs(): number {
		let ns = 0;
		for (const task of readdirSync(`/proc/${this.pid}/task`)) {
			try {
				ns += Number(readFileSync(`/proc/${this.pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
			} catch {
				// A thread that has just ended.
			}
		}
		return ns / 1e6;
	}

	get rssMegabytes(): number {
		const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8')) ?? [];
		return Number(kilobytes) / 1024;
	}

	signal(name: NodeJS.Signals): void {
		process.kill(this.pid, name);
	}

	[Symbol.dispose](): void {
		if (!this.#ended) this.#pty.kill('SIGKILL');
		this.screen.dispose();
	}
}
