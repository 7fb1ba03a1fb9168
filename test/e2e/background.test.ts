// The built program asks terminals for their background: one that answers, in every way that terminals do, or never.
import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test from 'node:test';
import {PROGRAM, Terminal} from './terminal.ts';

const QUESTION = '\x1b]11;?\x07';
const LIGHT = '\x1b]11;rgb:ffff/ffff/ffff\x07';
const DARK = '\x1b]11;rgb:1010/1212/1414\x1b\\';
const SIZE = {columns: 100, rows: 30};
const ARGS = ['demo', '--start', '30m', '--utc'];
/** Of the 256: the tints of the selected name. */
const ON_DARK = 237;
const ON_LIGHT = 253;

const demo = (env: Readonly<Record<string, string>> = {}): Terminal => new Terminal(ARGS, SIZE, {COLORTERM: '', COLORFGBG: '', ...env});
const asked = async (terminal: Terminal): Promise<void> => terminal.until('the question', ({written}) => written.includes(QUESTION));
const shown = async (terminal: Terminal): Promise<void> => terminal.until('the list', ({rows}) => /quit/.test(rows.at(-1) ?? ''));

function tintOf({buffer, rows}: Terminal): number | undefined {
	const y = rows.findIndex(row => row.includes('▸'));
	return buffer
		.getLine(y)
		?.getCell((rows[y] ?? '').indexOf('▸'))
		?.getBgColor();
}

const onLight = async (terminal: Terminal): Promise<void> =>
	terminal.until('tints for a light background', each => tintOf(each) === ON_LIGHT);
const onDark = async (terminal: Terminal): Promise<void> => terminal.until('tints for a dark background', each => tintOf(each) === ON_DARK);

async function heardAndLeft(terminal: Terminal): Promise<void> {
	terminal.type('?');
	await terminal.until('the help: keys are heard', ({text}) => /Help/.test(text));
	terminal.type('qq');
	assert.equal(await terminal.exited(), 0);
	assert.doesNotMatch(terminal.text, /rgb:|11;/);
}

for (const [how, pieces] of [
	['at once', [LIGHT]],
	['in pieces', ['\x1b]1', '1;rgb:ff', 'ff/ffff/ff', 'ff\x1b', '\\']],
	['among keys', [`jj${LIGHT}k`]],
] as const) {
	test(`a light terminal that answers ${how} gets the theme for it`, {timeout: 60_000}, async () => {
		using terminal = demo();
		await asked(terminal);
		for (const piece of pieces) terminal.type(piece);
		await shown(terminal);
		await onLight(terminal);
		terminal.type(' ');
		await terminal.until('the pause', ({text}) => /PAUSED/.test(text));
		assert.equal(terminal.written.split(QUESTION).length, 2, 'asked once');
		await heardAndLeft(terminal);
	});
}

test('an answer that comes late changes the theme of the whole screen', {timeout: 60_000}, async () => {
	using terminal = demo();
	await shown(terminal);
	await onDark(terminal);
	terminal.type(' ');
	await terminal.until('the pause', ({text}) => /PAUSED/.test(text));
	await terminal.bytesWithin(2000);
	terminal.type(LIGHT);
	await onLight(terminal);
	await heardAndLeft(terminal);
});

for (const [who, answer] of [
	['is dark', DARK],
	['never answers', ''],
	['answers with garbage', '\x1b]11;rgb:qq/zz/jj\x07'],
	['breaks off', '\x1b]11;rgb:ff'],
] as const) {
	test(`a terminal that ${who} keeps the theme for a dark one, and its keys`, {timeout: 60_000}, async () => {
		using terminal = demo();
		await asked(terminal);
		if (answer !== '') terminal.type(answer);
		await shown(terminal);
		await onDark(terminal);
		await terminal.bytesWithin(700);
		await heardAndLeft(terminal);
	});
}

test('the theme for a light terminal is the one that it has when COLORFGBG says so, and then nothing is asked', {
	timeout: 60_000,
}, async () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'oddpod-config-'));
	mkdirSync(path.join(folder, 'oddpod'));
	writeFileSync(path.join(folder, 'oddpod/config.yaml'), 'colours:\n  background: light\n');
	for (const env of [{COLORFGBG: '0;15'}, {XDG_CONFIG_HOME: folder}]) {
		using terminal = demo(env);
		await shown(terminal);
		await onLight(terminal);
		assert.ok(!terminal.written.includes(QUESTION));
		await heardAndLeft(terminal);
	}
	rmSync(folder, {recursive: true});
});

test('who leaves at once leaves nothing of the answer to the shell', {timeout: 60_000}, async () => {
	using shell = new Terminal(['-i'], SIZE, {PS1: 'shell> ', ENV: '/dev/null', COLORTERM: '', COLORFGBG: ''}, ['/bin/sh']);
	await shell.until('the prompt', ({text}) => /shell> /.test(text));
	for (const key of ['q', '\x1a']) {
		const before = shell.written.length;
		shell.type(`${PROGRAM.map(part => `'${part}'`).join(' ')} ${ARGS.join(' ')}\r`);
		await shell.until('the question', ({written}) => written.indexOf(QUESTION, before) >= 0);
		shell.type(key);
		await shell.bytesWithin(250); // the way of the answer
		shell.type(LIGHT);
		await shell.until('the prompt', ({alternate, text}) => !alternate && text.trimEnd().endsWith('\nshell>'));
		shell.type('echo here $((6 * 7))\r');
		await shell.until('an answer of the shell', ({text}) => /here 42/.test(text));
		assert.doesNotMatch(shell.text, /rgb:|11;/);
		shell.type('clear\r');
		await shell.until('a clean screen', ({text}) => !/here 42/.test(text));
	}
});
