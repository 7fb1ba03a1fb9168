// The built program in a real pty: what a person sees, and what the terminal is left with.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Terminal} from './terminal.ts';

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

test('many keys in one burst, pastes, mouse reports and unknown sequences break nothing', {timeout: 60_000}, async () => {
	using terminal = new Terminal(['demo', '--start', '10m']);
	await terminal.until('the list', ({text}) => /NAMESPACE/.test(text));
	terminal.type('jjjkkGgjjj');
	terminal.type('\x1b[<0;10;5M\x1b[I\x1b[O\x1b[?1;2c\x1b[999~');
	terminal.type(`\x1b[200~${'q paste '.repeat(2000)}\x1b[201~`);
	terminal.type('?');
	await terminal.until('the help', ({text}) => /Help/.test(text));
	terminal.type('qq');
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
