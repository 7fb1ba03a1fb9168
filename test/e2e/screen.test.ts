// The built program in a real pty: what a person sees, and what the terminal is left with.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test from 'node:test';
import {PROGRAM, Terminal} from './terminal.ts';

/** Every mode that was set has been unset again, in the end. */
function assertRestored(terminal: Terminal): void {
	assert.equal(terminal.alternate, false, 'the alternate screen was left');
	for (const [mode, what] of [
		['1049', 'alternate screen'],
		['2004', 'bracketed paste'],
		['2026', 'synchronised output'],
	] as const) {
		const set = terminal.written.lastIndexOf(`\x1b[?${mode}h`);
		assert.ok(set < 0 || terminal.written.lastIndexOf(`\x1b[?${mode}l`) > set, `${what} was left on`);
	}
	assert.ok(terminal.written.lastIndexOf('\x1b[?25h') > terminal.written.lastIndexOf('\x1b[?25l'), 'the cursor was left hidden');
}

const FOUND = /leak|growing|OOM|CPU high/;

test('the demo tells what is wrong without a key being pressed, and leaves the terminal as it was', {timeout: 60_000}, async () => {
	using terminal = new Terminal(['demo', '--speed', '600']);
	await terminal.until('the list of pods', ({text}) => /Pods/.test(text) && /NAMESPACE/.test(text));
	assert.equal(terminal.alternate, true);
	assert.doesNotMatch(terminal.rows[0] ?? '', /Learning/, 'it begins where learning is over');
	await terminal.until('a fault in the first line', ({rows}) => FOUND.test(rows[0] ?? ''));
	terminal.type('q');
	assert.equal(await terminal.exited(), 0);
	assertRestored(terminal);
});

test('enter says why, esc goes back, ? helps', {timeout: 60_000}, async () => {
	using terminal = new Terminal(['demo', '--start', 'anomaly:1', '--utc']);
	await terminal.until('the list', ({text}) => /NAMESPACE/.test(text));
	terminal.type(' ');
	terminal.type('\r');
	await terminal.until('the explanation', ({text}) => /Why/.test(text));
	terminal.type('\x1b');
	await terminal.until('the list again', ({text}) => /NAMESPACE/.test(text));
	terminal.type('?');
	await terminal.until('the help', ({text}) => /Help/.test(text));
	terminal.type('q');
	await terminal.until('the list again', ({text}) => /NAMESPACE/.test(text));
	terminal.type('\x03');
	assert.equal(await terminal.exited(), 0);
	assertRestored(terminal);
});

test('it fits every size, also when that changes under it', {timeout: 60_000}, async () => {
	using terminal = new Terminal(['demo', '--start', '30m'], {columns: 80, rows: 24});
	await terminal.until('the list', ({text}) => /NAMESPACE|POD/.test(text));
	terminal.type(' ');
	for (const [columns, rows] of [
		[200, 60],
		[60, 15],
		[120, 40],
		[40, 10],
		[80, 24],
	] as const) {
		terminal.resize({columns, rows});
		await terminal.until(`a frame of ${columns}x${rows}`, ({text}) =>
			columns < 60 || rows < 15 ? /needs|small|larger/i.test(text) : /quit|help/.test(text.split('\n').at(-1) ?? ''),
		);
	}
	terminal.type('q');
	assert.equal(await terminal.exited(), 0);
	assertRestored(terminal);
});

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
	test(`${signal} leaves the terminal as it was`, {timeout: 60_000}, async () => {
		using terminal = new Terminal(['demo']);
		await terminal.until('the list', ({text}) => /NAMESPACE/.test(text));
		terminal.signal(signal);
		await terminal.exited();
		assertRestored(terminal);
	});
}

test('an error is told after the screen was left', {timeout: 60_000}, async () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'oddpod-crash-'));
	const fault = path.join(folder, 'fault.mjs');
	writeFileSync(fault, "process.on('SIGUSR2', () => setImmediate(() => { throw new Error('a fault of the test'); }));");
	using terminal = new Terminal(['demo'], undefined, {NODE_OPTIONS: `--import=${fault}`});
	await terminal.until('the list', ({text}) => /NAMESPACE/.test(text));
	terminal.signal('SIGUSR2');
	assert.equal(await terminal.exited(), 1);
	assertRestored(terminal);
	assert.match(terminal.text, /oddpod: something went wrong that should not have: a fault of the test/);
	assert.doesNotMatch(terminal.text, /^\s+at /m);
	rmSync(folder, {recursive: true});
});

test('many keys in one burst, pastes, mouse reports and unknown sequences break nothing', {timeout: 60_000}, async () => {
	using terminal = new Terminal(['demo', '--start', '10m']);
	await terminal.until('the list', ({text}) => /NAMESPACE/.test(text));
	terminal.type('jjjkkGgjjj');
	terminal.type('\x1b[<0;10;5M\x1b[I\x1b[O\x1b[?1;2c\x1b[999~\x1b[M !q\x1b]11;rgb:1e1e/1e1e/qqqq\x1b\\\x1bP>|q\x1b\\');
	terminal.type(`\x1b[200~${'q paste '.repeat(131_072)}\x1b[201~`);
	terminal.type('?');
	await terminal.until('the help', ({text}) => /Help/.test(text));
	terminal.type('q/');
	terminal.type(`\x1b[200~${'cart'.repeat(250_000)}\x1b[201~`);
	await terminal.until('the beginning of what was pasted', ({rows}) => /cartcart/.test(rows.at(-1) ?? ''));
	terminal.type('\x1b');
	await terminal.until('the list again', ({rows}) => /quit/.test(rows.at(-1) ?? ''));
	terminal.type('q');
	assert.equal(await terminal.exited(), 0);
	assertRestored(terminal);
});

test('nothing is sent while nothing changes', {timeout: 60_000}, async () => {
	using terminal = new Terminal(['demo', '--start', '5m']);
	await terminal.until('the list', ({text}) => /NAMESPACE/.test(text));
	terminal.type(' ');
	await terminal.until('the pause', ({text}) => /PAUSED/.test(text));
	await terminal.bytesWithin(300); // the frame that shows the pause may still be on its way
	assert.equal(await terminal.bytesWithin(1000), 0);
	const {bytes} = terminal;
	terminal.type('.');
	await terminal.until('a step', terminal => terminal.bytes > bytes);
	terminal.type('q');
	await terminal.exited();
});

test('c copies the explanation by way of the terminal', {timeout: 60_000}, async () => {
	using terminal = new Terminal(['demo', '--start', 'anomaly:1', '--utc']);
	await terminal.until('the list', ({text}) => /NAMESPACE/.test(text));
	terminal.type(' ');
	terminal.type('c');
	await terminal.until('what was done', ({rows}) => /Copied/.test(rows.at(-1) ?? ''));
	const [, copied = ''] = /\x1b\]52;c;([A-Za-z0-9+/=]+)\x07/.exec(terminal.written) ?? [];
	const text = Buffer.from(copied, 'base64').toString();
	terminal.type('\r');
	await terminal.until('the explanation', ({text}) => /Why/.test(text));
	const [first = '', second = ''] = text.split('\n');
	assert.ok(first.length > 10 && second.length > 10, text);
	assert.ok(terminal.text.includes(first.slice(0, 60)), `${first} is not what the screen says`);
	terminal.type('qq');
	await terminal.exited();
});

test('ctrl-z gives the shell back, fg the screen', {timeout: 60_000}, async () => {
	using shell = new Terminal(['-i'], {columns: 100, rows: 30}, {PS1: 'shell> ', ENV: '/dev/null'}, ['/bin/sh']);
	await shell.until('the prompt', ({text}) => /shell> /.test(text));
	shell.type(`${PROGRAM.map(part => `'${part}'`).join(' ')} demo\r`);
	await shell.until('the screen', ({alternate, text}) => alternate && /quit/.test(text));
	shell.type('\x1a');
	await shell.until('the prompt', ({alternate, text}) => !alternate && text.trimEnd().endsWith('\nshell>'));
	shell.type('echo here $((6 * 7))\r');
	await shell.until('an answer of the shell', ({text}) => /here 42/.test(text));
	shell.type('fg\r');
	await shell.until('the screen again', ({alternate, text}) => alternate && /quit/.test(text));
	shell.type('?');
	await shell.until('that keys are heard', ({text}) => /Help/.test(text));
	shell.type('qq');
	await shell.until('the prompt', ({alternate, text}) => !alternate && text.trimEnd().endsWith('\nshell>'));
	assertRestored(shell);
	shell.type('exit\r');
	await shell.exited();
});

for (const [from, to] of [
	[
		{columns: 120, rows: 40},
		{columns: 100, rows: 30},
	],
	[
		{columns: 80, rows: 24},
		{columns: 120, rows: 40},
	],
] as const) {
	test(`${from.columns}x${from.rows} becomes ${to.columns}x${to.rows} while it is suspended: fg draws it as if it had begun so`, {
		timeout: 60_000,
	}, async () => {
		using shell = new Terminal(['-i'], from, {PS1: 'shell> ', ENV: '/dev/null'}, ['/bin/sh']);
		await shell.until('the prompt', ({text}) => /shell> /.test(text));
		shell.type(`${PROGRAM.map(part => `'${part}'`).join(' ')} demo --start 30m --utc\r`);
		await shell.until('the screen', ({alternate, text}) => alternate && /quit/.test(text));
		shell.type(' ,');
		await shell.until('the pause', ({text}) => /PAUSED/.test(text));
		shell.type('\x1a');
		await shell.until('the prompt', ({alternate, text}) => !alternate && text.trimEnd().endsWith('shell>'));
		shell.resize(to);
		shell.type('fg\r');
		await shell.until('the whole screen, to its last line', ({alternate, rows}) => alternate && /quit/.test(rows.at(-1) ?? ''));
		const seen = (): string => shell.rows.map(row => row.trimEnd()).join('\n');
		const after = seen();
		// A window dragged to and fro: what a terminal cuts off then has to be drawn anew, even if no other size is ever seen.
		shell.resize({columns: 90, rows: 20});
		shell.resize(to);
		await shell.until(`what stood there, which was\n${after}`, () => seen() === after);
		shell.type('q');
		await shell.until('the prompt', ({alternate, text}) => !alternate && text.trimEnd().endsWith('shell>'));
		assertRestored(shell);
		shell.type('exit\r');
		await shell.exited();
	});
}
