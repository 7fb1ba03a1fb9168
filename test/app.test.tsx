// All of the screen in one process: keys in, a terminal's picture and calls of the world around it out.
import assert from 'node:assert/strict';
import test from 'node:test';
import type {AppProps} from '../source/app.tsx';
import {BINDINGS, TYPING_BINDINGS} from '../source/screen/keys.ts';
import {Silences} from '../source/silences.ts';
import {AppScreen} from './app-screen.tsx';
import {sampleTimeline} from './screen/sample.ts';

const timeline = sampleTimeline();

class Screen extends AppScreen {
	constructor(size = {columns: 120, rows: 30}, more: Partial<AppProps> = {}) {
		super(size, {timeline, ...more});
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
	for (const key of ['l', 'p', 'd', 'm', 'u', 'ctrl-z', 'ctrl-l', 'q', 'ctrl-c']) await screen.press(key);
	assert.deepEqual(screen.calls, [
		`logs ${selected}`,
		'draw anew',
		`previous-logs ${selected}`,
		'draw anew',
		`describe ${selected}`,
		'draw anew',
		`silence ${selected}`,
		`unsilence ${selected}`,
		'stop',
		'draw anew',
		'draw anew',
		'quit',
		'quit',
	]);
	await screen.press('c');
	const [, copied = ''] = /\x1b\]52;c;([A-Za-z0-9+/=]+)\x07/.exec(screen.written) ?? [];
	assert.match(Buffer.from(copied, 'base64').toString(), new RegExp(`/${selected}:`));
});

test('a workload that is named and not there is said to be missing, until a key is pressed', async () => {
	for (const [name, isThere] of [
		['deploy/nope', false],
		['deploy/cart', true],
	] as const) {
		await using screen = new Screen(undefined, {select: of => of.workload === `Deployment/${name.slice(7)}`, selectName: name});
		assert.equal(/Nothing in all namespaces is called deploy\/nope/.test(await screen.drawn()), !isThere);
		await screen.press('j');
		assert.doesNotMatch(await screen.drawn(), /is called/);
	}
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

test('a key held down that leaves the screen leaves it once', async () => {
	await using screen = new Screen();
	screen.type('lll');
	await screen.drawn();
	await screen.press('d');
	assert.deepEqual(
		screen.calls.map(call => call.split(' ')[0]),
		['logs', 'draw', 'describe', 'draw'],
	);
});
