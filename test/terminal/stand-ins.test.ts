// What takes the place of parts of Ink gives what they give. Only the bundle has it, so only there the frames can be compared; run
// straight from source, these tests ask the modules alone.
import assert from 'node:assert/strict';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import {pathToFileURL} from 'node:url';
import * as aliased from 'ink';
import {createElement} from 'react';
import * as real from '../../node_modules/@alcalzone/ansi-tokenize/build/index.js';
import StockOutput from '../../node_modules/ink/build/output.js';
import realWidth from '../../node_modules/string-width/index.js';
import {isOneCell} from '../../source/terminal/one-cell.ts';
import fastWidth from '../../source/terminal/string-width.ts';
import {
	CJK_WORDS,
	createRandom,
	element,
	type Library,
	MARKED_WORDS,
	ODD_WORDS,
	PLAIN_WORDS,
	randomText,
	randomTree,
	whole,
} from './random-screen.ts';

const notBundled = !import.meta.url.endsWith('.js') && 'only the bundle has the stand-ins';
const WORDS = [...PLAIN_WORDS, ...CJK_WORDS, ...MARKED_WORDS, ...ODD_WORDS];

test('every one-cell character is one for both packages, alone and beside others', () => {
	const all = Array.from({length: 0x10000}, (_, code) => code).filter(isOneCell);
	assert.ok(all.length > 1500);
	for (const code of all) {
		const character = String.fromCharCode(code);
		assert.equal(realWidth(character), 1, code.toString(16));
		assert.deepEqual(real.tokenize(character), [{type: 'char', value: character, fullWidth: false}], code.toString(16));
		assert.ok(!/^\p{Default_Ignorable_Code_Point}$/u.test(character), code.toString(16));
	}
	for (const text of [String.fromCharCode(...all), String.fromCharCode(...all.toReversed())]) {
		assert.equal(real.tokenize(text).length, all.length);
		assert.equal(realWidth(text), all.length);
	}
});

test('widths are those of the package', () => {
	const random = createRandom(1);
	for (let i = 0; i < 5000; i++) {
		const text = randomText(random, i % 2 ? WORDS : PLAIN_WORDS);
		assert.equal(fastWidth(text), realWidth(text), JSON.stringify(text));
	}
	assert.equal(fastWidth('…', {ambiguousIsNarrow: false}), realWidth('…', {ambiguousIsNarrow: false}));
	assert.equal(fastWidth('\x1b[31ma', {countAnsiEscapeCodes: true}), realWidth('\x1b[31ma', {countAnsiEscapeCodes: true}));
});

test('3,000 random trees are drawn as stock Ink draws them', {skip: notBundled}, async () => {
	Reflect.set(process.env, 'NODE_ENV', 'production'); // React's development build is slower, and says the same
	const load = async <T>(file: string): Promise<T> => (await import(pathToFileURL(path.resolve('node_modules', file)).href)) as T;
	const stock: Library = {
		ink: await load<typeof import('ink')>('ink/build/index.js'),
		createElement: (await load<{default: typeof import('react')}>('react/index.js')).default.createElement,
	};
	const bundle: Library = {ink: aliased, createElement};
	const random = createRandom(3);
	let drawn = 0;
	for (let i = 0; i < 3000; i++) {
		const tree = randomTree(random, i % 3 === 0 ? PLAIN_WORDS : WORDS);
		const columns = 1 + whole(random, 80);
		const expected = stock.ink.renderToString(element(stock, tree), {columns});
		const drawnHere = bundle.ink.renderToString(element(bundle, tree), {columns});
		assert.deepEqual(cellsOf(drawnHere), cellsOf(expected), JSON.stringify(tree));
		if (expected.trim() !== '') drawn++;
		if (i % 20 === 0) await new Promise(setImmediate); // React forgets the roots that are done
	}
	assert.ok(drawn > 2000, `only ${drawn} drew something`);
});

/** Each cell's character and what it looks like. */
const cellsOf = (frame: string): readonly unknown[] =>
	frame
		.split('\n')
		.map(line => real.styledCharsFromTokens(real.tokenize(line)).map(({value, styles}) => [value, ...styles.map(({code}) => code)]));

test('panes side by side are put together line by line, what overlaps or is cut is left to Ink', {skip: notBundled}, t => {
	const stock = t.mock.method(StockOutput.prototype, 'get');
	const {Box, Text, Transform, renderToString} = aliased;
	const pane = (left: number, rows: readonly string[]) =>
		createElement(
			Box,
			{position: 'absolute', left, top: 0, height: rows.length, flexShrink: 0},
			createElement(Transform, {transform: (_, row) => rows[row] ?? ''}, createElement(Text, null, ` ${'\n'.repeat(rows.length - 1)}`)),
		);
	const frame = (...panes: readonly ReturnType<typeof pane>[]): string =>
		renderToString(createElement(Box, {width: 20, height: 3}, ...panes), {columns: 20});
	const left = ['╭────╮', '\x1b[1m│ab  │\x1b[22m', '╰────╯'];
	assert.equal(
		frame(pane(8, ['right', '\x1b[38;5;1mred\x1b[39m ']), pane(0, left)),
		'╭────╮  right\n\x1b[1m│ab  │\x1b[22m  \x1b[38;5;1mred\x1b[39m\n╰────╯',
	);
	assert.equal(stock.mock.callCount(), 0);
	assert.equal(frame(pane(0, left), pane(5, ['over'])), '╭────over\n\x1b[1m│ab  │\x1b[22m\n╰────╯');
	assert.equal(frame(pane(0, ['中'])), '中\n\n');
	assert.equal(frame(pane(0, ['\x1b[1mnot ended'])), '\x1b[1mnot ended\x1b[22m\n\n');
	assert.equal(stock.mock.callCount(), 3);
});
