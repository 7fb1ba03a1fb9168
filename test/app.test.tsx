// All of the screen in one process: keys in, a terminal's picture and calls of the world around it out.
import assert from 'node:assert/strict';
import {PassThrough} from 'node:stream';
import test from 'node:test';
import {setImmediate} from 'node:timers/promises';
import {render} from 'ink';
import {App, type AppProps} from '../source/app.tsx';
import {liveCursor} from '../source/cursor.ts';
import type {Container} from '../source/scrape.ts';
import {BINDINGS, TYPING_BINDINGS} from '../source/screen/keys.ts';
import {Silences} from '../source/silences.ts';
import {screenWriter} from '../source/terminal/screen-writer.ts';
import {mono, utc} from './screen/frame.ts';
import {sampleTimeline} from './screen/sample.ts';
import {FakeTerminal, settled} from './terminal/fake-terminal.ts';

const timeline = sampleTimeline();

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

class Screen {
	readonly calls: string[] = [];
	readonly #terminal: FakeTerminal;
	readonly #keyboard = new Keyboard();
	readonly #app: ReturnType<typeof render>;

	constructor({columns, rows}: {columns: number; rows: number} = {columns: 120, rows: 30}, more: Partial<AppProps> = {}) {
		this.#terminal = new FakeTerminal(columns, rows);
		const stdout = screenWriter(this.#terminal as unknown as NodeJS.WriteStream);
		const call = (what: string): void => void this.calls.push(what);
		const props: AppProps = {
			timeline,
			source: {label: 'prod-eu', live: true, finished: () => false},
			cursor: liveCursor(),
			theme: mono,
			times: utc,
			namespaceLabel: 'all namespaces',
			silences: new HeardSilences(call),
			kubectl: async (verb, of) => void call(`${verb} ${of.pod}`),
			goTo: async to => void call(`go to ${JSON.stringify(to)}`),
			stop: async () => call('stop'),
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

	async [Symbol.asyncDispose](): Promise<void> {
		this.#app.unmount();
		await this.#app.waitUntilExit();
	}
}

/** What has to come before, where at the beginning there is nothing to be done. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
	up: ['G'],
	k: ['G'],
	pgup: ['G'],
	'ctrl-b': ['G'],
	'ctrl-u': ['G'],
	g: ['G'],
	home: ['G'],
	esc: ['?'],
	'0': [':', 'n', 's', 'space', 's', 'h', 'o', 'p', 'enter'],
	R: ['N'],
	']': ['[', '['],
	'.': [','],
	'=': ['+'],
	right: ['left', 'left'],
	'<': ['space', '>'],
	'>': ['space'],
};

for (const {keys, action} of BINDINGS) {
	for (const key of keys) {
		test(`${key} does something: ${action.type}`, async () => {
			await using screen = new Screen();
			for (const each of BEFORE[key] ?? []) await screen.press(each);
			assert.ok(await screen.press(key), `nothing happened\n${screen.text}`);
		});
	}
}

for (const {keys, action} of TYPING_BINDINGS) {
	for (const key of keys) {
		test(`${key} does something while a line is typed: ${action.type}`, async () => {
			await using screen = new Screen();
			await screen.press('/');
			await screen.press('x');
			assert.ok(await screen.press(key), `nothing happened\n${screen.text}`);
		});
	}
}

test('what is asked of the world is asked of the selected container', async () => {
	await using screen = new Screen();
	await screen.press('j');
	const selected = /▸. \S+ +(\S+)/.exec(await screen.drawn())?.[1] ?? assert.fail(screen.text);
	for (const key of ['l', 'p', 'd', 'm', 'u', 'ctrl-z', 'q', 'ctrl-c']) await screen.press(key);
	assert.deepEqual(screen.calls, [
		`logs ${selected}`,
		`previous-logs ${selected}`,
		`describe ${selected}`,
		`silence ${selected}`,
		`unsilence ${selected}`,
		'stop',
		'quit',
		'quit',
	]);
	await screen.press('c');
	const [, copied = ''] = /\x1b\]52;c;([A-Za-z0-9+/=]+)\x07/.exec(screen.written) ?? [];
	assert.match(Buffer.from(copied, 'base64').toString(), new RegExp(`/${selected}:`));
});

test('m again is about the same container, whichever is the worst by then, and u undoes the last one wherever the selection is', async () => {
	const silences = new Silences();
	await using screen = new Screen({columns: 120, rows: 40}, {silences});
	const first = /▸. \S+ +(\S+)/.exec(await screen.drawn())?.[1] ?? assert.fail(screen.text);
	const last = (): string => screen.text.trimEnd().split('\n').at(-1) ?? '';
	for (const words of ['silenced 1 h', 'silenced until it restarts', 'expected here']) {
		await screen.press('m');
		assert.ok(last().includes(`${first}: ${words}`), last());
		assert.match(screen.text, new RegExp(`▸◇ shop +${first}`));
	}
	await screen.press('g');
	assert.doesNotMatch(screen.text, new RegExp(`▸. shop +${first}`));
	await screen.press('u');
	assert.ok(last().includes(`${first}: no longer silenced`), last());
	await screen.press('w');
	await screen.press('g');
	await screen.press('m');
	const [, member = ''] = /(\S+): silenced 1 h/.exec(last()) ?? [];
	await screen.press('m');
	assert.ok(last().includes(`${member}: silenced until`), last());
});

test('a namespace that is not on the list, and another context, are gone to', async () => {
	await using screen = new Screen(undefined, {contexts: ['prod-eu', 'prod-us'], partial: true});
	screen.type(':ns elsewhere\r');
	await screen.press('enter');
	await screen.press('esc');
	screen.type(':ctx prod-u\r');
	await screen.press('0');
	assert.deepEqual(screen.calls, ['go to {"namespaces":["elsewhere"]}', 'go to {"context":"prod-us"}', 'go to {"namespaces":[]}']);
});
