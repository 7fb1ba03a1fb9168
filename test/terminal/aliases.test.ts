// What takes the place of Ink's dependencies gives exactly what they give. Only the bundle has the aliases, so only there the frames can
// be compared; run straight from source, these tests ask the two modules alone.
import assert from 'node:assert/strict';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import {pathToFileURL} from 'node:url';
import * as aliased from 'ink';
import {createElement} from 'react';
import * as real from '../../node_modules/@alcalzone/ansi-tokenize/build/index.js';
import realWidth from '../../node_modules/string-width/index.js';
import * as fast from '../../source/terminal/ansi-tokenize.ts';
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

const bundled = import.meta.url.endsWith('.js');
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

test('lines are taken apart and put together as the package does it', () => {
	const random = createRandom(2);
	for (let i = 0; i < 5000; i++) {
		const text = randomText(random, i % 2 ? WORDS : PLAIN_WORDS);
		const name = JSON.stringify(text);
		const tokens = fast.tokenize(text);
		assert.deepEqual([...tokens], real.tokenize(text), name);
		const cells = fast.styledCharsFromTokens(tokens);
		const expected = real.styledCharsFromTokens(real.tokenize(text));
		assert.deepEqual([...cells], expected, name);
		const visible = (cell: {value: string}): boolean => !/^\p{Default_Ignorable_Code_Point}+$/u.test(cell.value);
		assert.deepEqual([...cells.filter(visible)], expected.filter(visible), name);
		assert.deepEqual(
			[...cells.filter(cell => cell.value !== 'a')],
			expected.filter(cell => cell.value !== 'a'),
			name,
		);
		const from = whole(random, 5);
		const blank = {type: 'char', value: ' ', fullWidth: false, styles: []} as const;
		assert.equal(
			fast.styledCharsToString([...cells.slice(from), {...blank, styles: []}, ...cells]),
			real.styledCharsToString([...expected.slice(from), {...blank, styles: []}, ...expected]),
			name,
		);
		assert.deepEqual(fast.tokenize(text, 3), real.tokenize(text, 3), name);
	}
});

test('what it forgets changes nothing', () => {
	for (let i = 0; i < 10_000; i++) {
		const text = `\x1b[38;2;${i % 256};${i >> 8};7mpod ${i}\x1b[39m`;
		assert.equal(fast.styledCharsToString(fast.styledCharsFromTokens(fast.tokenize(text))), text);
	}
});

test('3,000 random trees are drawn as stock Ink draws them', {skip: !bundled && 'only the bundle has the aliases'}, async () => {
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
		assert.equal(bundle.ink.renderToString(element(bundle, tree), {columns}), expected, JSON.stringify(tree));
		if (expected.trim() !== '') drawn++;
		if (i % 20 === 0) await new Promise(setImmediate); // React forgets the roots that are done
	}
	assert.ok(drawn > 2000, `only ${drawn} drew something`);
});
