/** The program's screen on a terminal that can be looked at, with a keyboard; and what it asks of the world around it. */
import {PassThrough} from 'node:stream';
import {setImmediate} from 'node:timers/promises';
import {render} from 'ink';
import {App, type AppProps} from '../source/app.tsx';
import {liveCursor} from '../source/cursor.ts';
import type {Container} from '../source/scrape.ts';
import {Silences} from '../source/silences.ts';
import {type ScreenWriter, screenWriter} from '../source/terminal/screen-writer.ts';
import {mono, utc} from './screen/frame.ts';
import {FakeTerminal, look, settled} from './terminal/fake-terminal.ts';

class Keyboard extends PassThrough {
	readonly isTTY = true;
	setRawMode(): this {
		return this;
	}
	ref(): this {
		return this;
	}
	unref(): this {
		return this;
	}
}

const BYTES: Readonly<Record<string, string>> = {
	up: '\x1b[A',
	down: '\x1b[B',
	right: '\x1b[C',
	left: '\x1b[D',
	home: '\x1b[H',
	end: '\x1b[F',
	pgup: '\x1b[5~',
	pgdn: '\x1b[6~',
	enter: '\r',
	tab: '\t',
	'shift-tab': '\x1b[Z',
	esc: '\x1b',
	space: ' ',
	backspace: '\x7f',
};
const bytesOf = (key: string): string => BYTES[key] ?? (key.startsWith('ctrl-') ? String.fromCharCode(key.charCodeAt(5) - 96) : key);

/** The silences of the program, and what was asked of them. */
class HeardSilences extends Silences {
	readonly #heard: (what: string) => void;

	constructor(heard: (what: string) => void) {
		super();
		this.#heard = heard;
	}

	override next(of: Container, atMs: number) {
		this.#heard(`silence ${of.pod}`);
		return super.next(of, atMs);
	}

	override end(of: Container, atMs: number): boolean {
		this.#heard(`unsilence ${of.pod}`);
		return super.end(of, atMs);
	}
}

export class AppScreen {
	readonly calls: string[] = [];
	readonly #terminal: FakeTerminal;
	readonly #keyboard = new Keyboard();
	readonly #writer: ScreenWriter;
	readonly #app: ReturnType<typeof render>;
	/** What was thrown while it was drawn. */
	failure: unknown;

	constructor({columns, rows}: {columns: number; rows: number}, more: Partial<AppProps> & Pick<AppProps, 'timeline'>) {
		this.#terminal = new FakeTerminal(columns, rows);
		const stdout = screenWriter(this.#terminal as unknown as NodeJS.WriteStream);
		this.#writer = stdout;
		const call = (what: string): void => void this.calls.push(what);
		const props: AppProps = {
			source: {label: 'prod-eu', live: true, finished: () => false},
			cursor: liveCursor(),
			theme: mono,
			times: utc,
			namespaceLabel: 'all namespaces',
			silences: new HeardSilences(call),
			kubectl: async (verb, of) => void call(`${verb} ${of.pod}`),
			goTo: async to => void call(`go to ${JSON.stringify(to)}`),
			stop: async () => call('stop'),
			drawAnew: () => call('draw anew'),
			onQuit: () => call('quit'),
			...more,
		};
		this.#app = render(<App {...props} />, {
			stdin: this.#keyboard as unknown as NodeJS.ReadStream,
			stdout,
			alternateScreen: true,
			exitOnCtrlC: false,
			interactive: true,
			maxFps: 1000,
			patchConsole: false,
		});
		this.#app.waitUntilExit().catch(error => {
			this.failure = error;
		});
	}

	get text(): string {
		const {active} = this.#terminal.screen.buffer;
		return Array.from({length: this.#terminal.rows}, (_, y) => active.getLine(y)?.translateToString(true) ?? '').join('\n');
	}

	get written(): string {
		return this.#terminal.writes.join('');
	}

	async drawn(): Promise<string> {
		await setImmediate();
		await this.#app.waitUntilRenderFlush();
		await settled(this.#terminal.screen);
		return this.text;
	}

	/** Whether something happens, on the screen or beyond it. */
	async press(key: string): Promise<boolean> {
		const before = await this.drawn();
		const calls = this.calls.length;
		this.#keyboard.write(bytesOf(key));
		const deadline = performance.now() + 1000;
		while ((await this.drawn()) === before && this.calls.length === calls) if (performance.now() > deadline) return false;
		return true;
	}

	type(text: string): void {
		this.#keyboard.write(text);
	}

	send(key: string): void {
		this.#keyboard.write(bytesOf(key));
	}

	paste(text: string): void {
		this.#keyboard.write(`\x1b[200~${text}\x1b[201~`);
	}

	resize(columns: number, rows: number): void {
		this.#terminal.resize(columns, rows);
	}

	/** All cells with their colours; `anew`: after every one of them was sent once more. */
	async cells({anew = false} = {}): Promise<readonly string[]> {
		if (anew) this.#writer.repaint();
		await this.drawn();
		return look(this.#terminal.screen);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#app.unmount();
		await this.#app.waitUntilExit().catch(() => {});
	}
}
