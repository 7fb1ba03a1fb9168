// What the writer makes of Ink's output leaves the same screen in a terminal as the output itself would.
import assert from 'node:assert/strict';
import test from 'node:test';
import {ScreenWriter} from '../../source/terminal/screen-writer.ts';
import {FakeTerminal, look, settled} from './fake-terminal.ts';
import {CJK_WORDS, createRandom, MARKED_WORDS, PLAIN_WORDS, type Random, randomText, whole} from './random-screen.ts';

const WORDS = [...PLAIN_WORDS, ...CJK_WORDS, ...MARKED_WORDS];
const ESC = '\x1b[';

const writerOn = (terminal: FakeTerminal): ScreenWriter => new ScreenWriter(terminal as unknown as NodeJS.WriteStream);
/** As Ink writes a frame: marks of a synchronised update, erase the one before from below, and the text. */
const frame = (text: string, linesBefore: number): readonly string[] => {
	let erase = '';
	for (let i = 0; i < linesBefore; i++) erase += `${ESC}2K${i < linesBefore - 1 ? `${ESC}1A` : ''}`;
	return [`${ESC}?2026h`, `${erase}${linesBefore > 0 ? `${ESC}G` : ''}${text}`, `${ESC}?2026l`];
};

/** A frame of exactly the screen's size or less, most lines those of the frame before. */
function nextFrame(random: Random, before: readonly string[], columns: number, rows: number): string[] {
	const height = random() < 0.8 ? rows : 1 + whole(random, rows);
	const keep = random() < 0.9 ? 0.7 : 0;
	return Array.from({length: height}, (_, y) => {
		const old = before[y];
		if (old !== undefined && random() < keep) return old;
		if (old !== undefined && random() < 0.5) return `${old}${ESC}m`.replace(/(?<!\x1b\[[\d;]*)[a-z]/, 'Z');
		return random() < 0.2 ? '' : oneLine(random, columns);
	});
}

/** Cut to the width in cells by asking a terminal's own rule: what is written beyond the last column is left out. */
function oneLine(random: Random, columns: number): string {
	const text = randomText(random, WORDS).replaceAll('\n', '');
	let line = '';
	let cells = 0;
	for (const [piece] of text.matchAll(/\x1b\[[\d;]*m|\P{M}\p{M}*/gu)) {
		if (!piece.startsWith('\x1b')) {
			cells += /[\u1100-\u115f\u3040-\u9fff\uac00-\ud7a3\uff00-\uff60]/.test(piece) ? 2 : 1;
			if (cells > columns) break;
		}
		line += piece;
	}
	return `${line}${ESC}m`;
}

test('3,000 random frames leave the screen that direct output leaves', async () => {
	const random = createRandom(11);
	let frames = 0;
	let direct = 0;
	let written = 0;
	while (frames < 3000) {
		const [columns, rows] = [2 + whole(random, 60), 1 + whole(random, 14)];
		const plain = new FakeTerminal(columns, rows);
		const terminal = new FakeTerminal(columns, rows);
		const writer = writerOn(terminal);
		let before: string[] = [];
		const both = (text: string): void => {
			plain.write(text);
			writer.write(text);
		};
		both(`${ESC}?1049h`);
		both(`${ESC}?25l`);
		for (let i = 0; i < 50; i++, frames++) {
			const lines = nextFrame(random, before, columns, rows);
			for (const text of frame(lines.join('\n'), before.length)) both(text);
			await null;
			await Promise.all([settled(plain.screen), settled(terminal.screen)]);
			assert.deepEqual(look(terminal.screen), look(plain.screen), `frame ${i} of ${columns}x${rows}: ${JSON.stringify(lines)}`);
			before = lines;
		}
		assert.ok(terminal.writes.length <= 52, 'one write a frame');
		direct += plain.bytes;
		written += terminal.bytes;
		for (const {screen} of [plain, terminal]) screen.dispose();
	}
	assert.ok(written < direct * 0.6, `${written} of ${direct} bytes`);
});

test('cursor movements, erasing, wrapping and scrolling are modelled as terminals do them', async () => {
	const random = createRandom(12);
	const moves = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'd', 'H', 'J', 'K'];
	for (let round = 0; round < 100; round++) {
		const [columns, rows] = [2 + whole(random, 30), 1 + whole(random, 8)];
		const plain = new FakeTerminal(columns, rows);
		const terminal = new FakeTerminal(columns, rows);
		const writer = writerOn(terminal);
		// Terminals differ in the colours of what is left of half a wide character, so either colours or wide characters.
		const wide = round % 2 === 0;
		let text = `${ESC}?1049h${ESC}H`;
		for (let i = 0; i < 25; i++) {
			const kind = random();
			if (kind < 0.4) text += wide ? randomText(random, CJK_WORDS).replace(/\x1b\[[\d;]*m/g, '') : randomText(random, PLAIN_WORDS);
			else if (kind < 0.5) text += ['\r', '\n', '\b', '\t', '\r\n'][whole(random, 5)];
			else {
				const final = moves[whole(random, moves.length)] ?? 'A';
				const n = whole(random, final === 'J' || final === 'K' ? 3 : 12);
				// Behind the last column terminals differ in what is erased, so that is done from a column.
				if (final === 'J' || final === 'K') text += `${ESC}${whole(random, columns)}G`;
				text += `${ESC}${n}${final === 'H' ? `;${whole(random, 30)}` : ''}${final}`;
			}
			// In two pieces, wherever they part.
			const part = whole(random, text.length);
			for (const piece of [text.slice(0, part), text.slice(part)]) {
				plain.write(piece);
				writer.write(piece);
			}
			await null;
			await Promise.all([settled(plain.screen), settled(terminal.screen)]);
			assert.deepEqual(look(terminal.screen, {cursor: true}), look(plain.screen, {cursor: true}), JSON.stringify(text));
			text = '';
		}
	}
});

/** A writer in the alternate screen that has drawn these lines. */
async function showing(
	lines: readonly string[],
	columns = 40,
	rows = lines.length,
): Promise<{terminal: FakeTerminal; writer: ScreenWriter; draw: (next: readonly string[]) => Promise<void>}> {
	const terminal = new FakeTerminal(columns, rows);
	const writer = writerOn(terminal);
	let before: readonly string[] = [];
	const draw = async (next: readonly string[]): Promise<void> => {
		for (const text of frame(next.join('\n'), before.length)) writer.write(text);
		before = next;
		await null;
	};
	writer.write(`${ESC}?1049h`);
	writer.write(`${ESC}?25l`);
	await draw(lines);
	return {terminal, writer, draw};
}

async function textOf(terminal: FakeTerminal): Promise<string[]> {
	await settled(terminal.screen);
	const {active} = terminal.screen.buffer;
	return Array.from(
		{length: terminal.screen.rows},
		(_, y) =>
			active
				.getLine(active.viewportY + y)
				?.translateToString(true)
				.trimEnd() ?? '',
	);
}

test('a frame that changes nothing writes not one byte', async () => {
	const {terminal, draw} = await showing(['one', `${ESC}31mtwo${ESC}39m`]);
	const writes = terminal.writes.length;
	await draw(['one', `${ESC}31mtwo${ESC}39m`]);
	await draw(['one', `${ESC}0;31mtwo${ESC}m   `]);
	assert.equal(terminal.writes.length, writes);
});

test('a changed letter is a few bytes, in one write', async () => {
	const {terminal, draw} = await showing(['the quick brown fox', 'jumps over']);
	const writes = terminal.writes.length;
	await draw(['the quick brown fix', 'jumps over']);
	assert.deepEqual(terminal.writes.slice(writes), [`${ESC}1;18Hi`]);
});

test('several writes of one turn are one write, and what lies between is never seen', async () => {
	const {terminal, writer} = await showing(['a', 'b']);
	const writes = terminal.writes.length;
	writer.write(`${ESC}2J${ESC}H`);
	writer.write('a\nc');
	await null;
	assert.deepEqual(terminal.writes.slice(writes), ['\rc']);
});

test('large frames are synchronised updates, small ones are not worth it', async () => {
	const {terminal, draw} = await showing(
		Array.from({length: 30}, () => ''),
		100,
	);
	await draw(Array.from({length: 30}, (_, i) => `${i}`.repeat(50)));
	const last = terminal.writes.at(-1) ?? '';
	assert.ok(last.startsWith(`${ESC}?2026h`) && last.endsWith(`${ESC}?2026l`));
	await draw(Array.from({length: 30}, (_, i) => `${i}`.repeat(50).replace(/^1.*/, 'x')));
	assert.ok(!terminal.writes.at(-1)?.includes('2026'));
});

test('colours of every depth arrive as they were written', async () => {
	const {terminal} = await showing([`${ESC}31mA${ESC}38;5;208mB${ESC}38;2;95;201;201mC${ESC}48;5;236mD${ESC}49mE${ESC}1;4;91mF${ESC}m`]);
	await settled(terminal.screen);
	assert.equal(terminal.writes.at(-1)?.includes('38;2;95;201;201'), true);
	const line = terminal.screen.buffer.active.getLine(0);
	const cells = Array.from({length: 6}, (_, x) => line?.getCell(x));
	assert.deepEqual(
		cells.map(cell => [cell?.getChars(), cell?.getFgColor(), cell?.getBgColor()]),
		[
			['A', 1, -1],
			['B', 208, -1],
			['C', 0x5fc9c9, -1],
			['D', 0x5fc9c9, 236],
			['E', 0x5fc9c9, -1],
			['F', 9, -1],
		],
	);
	assert.ok(cells[5]?.isBold() && cells[5].isUnderline());
});

test('before and after the alternate screen everything goes through as it is', async () => {
	const terminal = new FakeTerminal(20, 3);
	const writer = writerOn(terminal);
	writer.write('hello\n');
	writer.write(`bye${ESC}31m${ESC}?1049h`);
	writer.write('frame');
	writer.write(`${ESC}?25h${ESC}?1049l`);
	writer.write('after\n');
	await null;
	assert.equal(terminal.writes.join(''), `hello\nbye${ESC}31m${ESC}?1049h${ESC}m${ESC}H${ESC}2J${ESC}m${ESC}?1049lafter\n`);
});

test('what has no place in cells goes through in order: clipboard, title, modes, bell, questions', async () => {
	const {terminal, writer} = await showing(['x']);
	const writes = terminal.writes.length;
	const asides = [
		'\x1b]52;c;aGVsbG8=\x07',
		'\x1b]0;title\x1b\\',
		`${ESC}?2004h`,
		`${ESC}>1u`,
		'\x07',
		`${ESC}?u`,
		`${ESC}6n`,
		'\x1bP+q544e\x1b\\',
	];
	for (const aside of asides) writer.write(aside);
	await null;
	assert.deepEqual(terminal.writes.slice(writes), [asides.join('')]);
});

test('the cursor is hidden and shown, and stands where it was put', async () => {
	const {terminal, writer} = await showing(['abc', 'def']);
	assert.ok(terminal.writes.at(-1)?.endsWith(`${ESC}?25l`));
	writer.write(`${ESC}1A${ESC}2G${ESC}?25h`);
	await null;
	await settled(terminal.screen);
	assert.ok(terminal.writes.at(-1)?.endsWith(`${ESC}?25h`));
	assert.deepEqual([terminal.screen.buffer.active.cursorX, terminal.screen.buffer.active.cursorY], [1, 0]);
});

test('another size: told on, and everything drawn anew', async () => {
	const {terminal, writer, draw} = await showing(['一二三四五', 'second', 'third'], 12);
	const sizes: string[] = [];
	writer.on('resize', () => sizes.push(`${writer.columns}x${writer.rows}`));
	terminal.resize(9, 2);
	await null;
	assert.deepEqual(sizes, ['9x2']);
	await draw(['一二三四', 'second']);
	assert.deepEqual(await textOf(terminal), ['一二三四', 'second']);
	terminal.resize(30, 5);
	// Ink writes nothing if its frame is the same, so the writer draws it by itself.
	await null;
	assert.deepEqual(await textOf(terminal), ['一二三四', 'second', '', '', '']);
	await draw(['1', '2', '3', '4', '5']);
	assert.deepEqual(await textOf(terminal), ['1', '2', '3', '4', '5']);
});

test('random sizes between random frames leave the frame alone on the screen', async () => {
	const random = createRandom(13);
	const {terminal, draw} = await showing([''], 20, 1);
	for (let i = 0; i < 300; i++) {
		const [columns, rows] = [2 + whole(random, 50), 1 + whole(random, 12)];
		terminal.resize(columns, rows);
		if (random() < 0.3) await null;
		const lines = nextFrame(random, [], columns, rows);
		await draw(lines);
		const fresh = new FakeTerminal(columns, rows);
		fresh.write(`${ESC}?1049h${lines.join('\n')}`);
		await Promise.all([settled(fresh.screen), settled(terminal.screen)]);
		assert.deepEqual(look(terminal.screen), look(fresh.screen), `${i}: ${columns}x${rows}`);
	}
});

test('a line that is too long wraps and scrolls each time anew', async () => {
	const {terminal, writer} = await showing(['', '', ''], 10);
	for (let i = 0; i < 3; i++) {
		writer.write('0123456789abc');
		await null;
		assert.deepEqual((await textOf(terminal)).at(-1), 'abc');
		writer.write('\n');
	}
	await null;
	assert.deepEqual(await textOf(terminal), ['0123456789', 'abc', '']);
});

test('repaint draws over what somebody else wrote', async () => {
	const {terminal, writer} = await showing(['abc', 'def']);
	terminal.write(`${ESC}H${ESC}35mgarbage\ngarbage${ESC}?25h`);
	writer.repaint();
	await null;
	assert.deepEqual(await textOf(terminal), ['abc', 'def']);
	assert.ok(terminal.writes.at(-1)?.endsWith(`${ESC}?25l`));
});

test('a busy terminal gets the newest frame, not a queue', async () => {
	const {terminal, draw, writer} = await showing(['0']);
	terminal.slow = true;
	await draw(['1']);
	const writes = terminal.writes.length;
	for (let i = 2; i < 100; i++) await draw([`${i}`]);
	assert.equal(terminal.writes.length, writes, 'nothing is queued');
	writer.write('\x1b]52;c;aGVsbG8=\x07');
	await null;
	assert.equal(terminal.writes.at(-1), '\x1b]52;c;aGVsbG8=\x07', 'but nothing else is held back or lost');
	terminal.slow = false;
	terminal.answer();
	assert.deepEqual(await textOf(terminal), ['99']);
	assert.equal(terminal.writes.length, writes + 2);
	await draw(['100']);
	assert.deepEqual(await textOf(terminal), ['100']);
});

test('leaving does not wait for a frame, and none comes after', async () => {
	const {terminal, draw, writer} = await showing(['0']);
	terminal.slow = true;
	await draw(['1']);
	await draw(['2']);
	writer.write(`${ESC}?25h${ESC}?1049l`);
	terminal.answer();
	await null;
	assert.ok(terminal.writes.at(-1)?.endsWith(`${ESC}?25h${ESC}?1049l`));
	assert.equal(terminal.screen.buffer.active.type, 'normal');
});

test('whatever width a terminal gives an emoji, the rest of the line stays in its place', async () => {
	const {terminal, draw} = await showing(['xxxxxxxxxx']);
	await draw(['a😀b👩‍👩‍👧‍👦c⚠️d']);
	await settled(terminal.screen);
	const line = terminal.screen.buffer.active.getLine(0);
	assert.deepEqual(
		[0, 3, 6, 9].map(x => line?.getCell(x)?.getChars()),
		['a', 'b', 'c', 'd'],
	);
	assert.ok(!line?.translateToString().includes('x'), 'nothing old shows beside it');
});

test('thousands of colours and names come and go', async () => {
	const {terminal, draw} = await showing(['']);
	for (let i = 0; i < 10_000; i++) {
		await draw([
			`${ESC}38;2;${i >> 8};${i & 255};0m${String.fromCodePoint(0x4e00 + i)}e${String.fromCodePoint(0x300 + (i % 40))}${String.fromCodePoint(0x300 + ((i >> 3) % 40))}${ESC}m`,
		]);
	}
	await settled(terminal.screen);
	const cell = terminal.screen.buffer.active.getLine(0)?.getCell(0);
	assert.equal(cell?.getChars(), String.fromCodePoint(0x4e00 + 9999));
	assert.equal(cell?.getFgColor(), ((9999 >> 8) << 16) | ((9999 & 255) << 8));
});
