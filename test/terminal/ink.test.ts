// Ink itself, once with the writer before the terminal and once without.
import assert from 'node:assert/strict';
import {PassThrough} from 'node:stream';
import test from 'node:test';
import * as ink from 'ink';
import {createElement, type ReactNode, useEffect} from 'react';
import {ScreenWriter, screenWriter} from '../../source/terminal/screen-writer.ts';
import {FakeTerminal, look, settled} from './fake-terminal.ts';
import {CJK_WORDS, createRandom, element, PLAIN_WORDS, randomTree, whole} from './random-screen.ts';

const asStdout = (terminal: FakeTerminal): NodeJS.WriteStream => terminal as unknown as NodeJS.WriteStream;
const OPTIONS = {alternateScreen: true, exitOnCtrlC: false, interactive: true, maxFps: 1000, patchConsole: false} as const;

/** A frame of exactly the terminal's size, as a full-screen program draws it. */
const full = ({columns, rows}: FakeTerminal, child: ReactNode): ReactNode =>
	createElement(ink.Box, {width: columns, height: rows, overflow: 'hidden'}, child);

test('random trees drawn by Ink, with other sizes in between, look the same; and the terminal is left as it was', async () => {
	const random = createRandom(21);
	const plain = new FakeTerminal(60, 12);
	const terminal = new FakeTerminal(60, 12);
	const writer = screenWriter(asStdout(terminal));
	const stdin = new PassThrough();
	const apps = [
		{on: plain, app: ink.render(full(plain, null), {...OPTIONS, stdout: asStdout(plain), stdin})},
		{on: terminal, app: ink.render(full(terminal, null), {...OPTIONS, stdout: writer, stdin})},
	];
	for (let i = 0; i < 200; i++) {
		if (random() < 0.15) {
			const [columns, rows] = [2 + whole(random, 90), 1 + whole(random, 20)];
			for (const {on} of apps) on.resize(columns, rows);
		}
		const tree = randomTree(random, [...PLAIN_WORDS, ...CJK_WORDS]);
		for (const {on, app} of apps) {
			app.rerender(full(on, element({ink, createElement}, tree)));
			await app.waitUntilRenderFlush();
		}
		await Promise.all([settled(plain.screen), settled(terminal.screen)]);
		assert.deepEqual(look(terminal.screen), look(plain.screen), `${i}: ${terminal.columns}x${terminal.rows} ${JSON.stringify(tree)}`);
	}
	assert.ok(terminal.bytes < plain.bytes * 0.7, `${terminal.bytes} of ${plain.bytes} bytes`);
	for (const {on, app} of apps) {
		app.unmount();
		await app.waitUntilExit();
		await settled(on.screen);
		assert.equal(on.screen.buffer.active.type, 'normal');
		assert.match(on.writes.join(''), /\x1b\[\?1049l\x1b\[\?25h$/);
	}
});

test('a screen that is suspended leaves the terminal to others, and is drawn anew afterwards', async () => {
	const terminal = new FakeTerminal(20, 2);
	const writer = new ScreenWriter(asStdout(terminal));
	const during: string[] = [];
	const done = Promise.withResolvers<void>();
	function Suspending() {
		const {suspendTerminal} = ink.useApp();
		useEffect(() => {
			const line = (): string => terminal.screen.buffer.active.getLine(0)?.translateToString(true).trimEnd() ?? '';
			void settled(terminal.screen)
				.then(() => during.push(line()))
				.then(() =>
					suspendTerminal(async () => {
						await settled(terminal.screen);
						during.push(terminal.screen.buffer.active.type);
						writer.write('from kubectl');
						during.push(terminal.writes.at(-1) ?? '');
					}),
				)
				.then(done.resolve);
		}, [suspendTerminal]);
		return createElement(ink.Box, {width: 20, height: 2}, createElement(ink.Text, null, 'the screen'));
	}
	const app = ink.render(createElement(Suspending), {...OPTIONS, stdout: writer, stdin: new PassThrough()});
	await done.promise;
	await app.waitUntilRenderFlush();
	await settled(terminal.screen);
	assert.deepEqual(during, ['the screen', 'normal', 'from kubectl']);
	assert.equal(terminal.screen.buffer.active.type, 'alternate');
	assert.equal(terminal.screen.buffer.active.getLine(0)?.translateToString(true).trimEnd(), 'the screen');
	app.unmount();
	await app.waitUntilExit();
});
