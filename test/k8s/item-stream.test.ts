import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {ItemStream, ListError} from '../../source/k8s/item-stream.ts';

function read(text: string | Buffer, sizes: readonly number[] = [64 * 1024]): {items: unknown[]; rest: Record<string, unknown>} {
	const items: unknown[] = [];
	const stream = new ItemStream(item => items.push(item));
	const bytes = Buffer.from(text);
	for (let from = 0, turn = 0; from < bytes.length; turn++) {
		const size = sizes[turn % sizes.length] ?? 1;
		stream.write(bytes.subarray(from, from + size));
		from += size;
	}
	return {items, rest: stream.end()};
}

test('hands over the items and keeps the rest', () => {
	const list = {
		kind: 'PodList',
		metadata: {resourceVersion: '7', items: [1]},
		items: [{a: '{"items":[{}]}'}, {b: {items: [{c: 1}]}}],
		after: [{x: 1}],
	};
	const {items, rest} = read(JSON.stringify(list));
	assert.deepEqual(items, list.items);
	assert.deepEqual(rest, {...list, items: []});
});

test('any JSON, cut anywhere, reads as JSON.parse reads it', () => {
	fc.assert(
		fc.property(
			fc.array(fc.oneof({weight: 4, arbitrary: fc.dictionary(fc.string(), fc.jsonValue(), {maxKeys: 4})}, fc.jsonValue()), {maxLength: 6}),
			fc.jsonValue(),
			fc.array(fc.integer({min: 1, max: 9}), {minLength: 1, maxLength: 5}),
			fc.constantFrom(undefined, 1, '\t'),
			(list, more, sizes, indent) => {
				const document = {before: more, items: list, metadata: {continue: 'x'}};
				const {items, rest} = read(JSON.stringify(document, undefined, indent), sizes);
				assert.deepEqual(items, JSON.parse(JSON.stringify(list)));
				assert.deepEqual(rest, JSON.parse(JSON.stringify({...document, items: []})));
			},
		),
	);
});

test('items that are no objects are handed over too, wherever the body is cut: whoever reads them counts them', () => {
	const text = '{"items":[null, 1,"a,{",[{"x":1},2] ,{"ok":1} , true]}';
	for (let size = 1; size < 12; size++) assert.deepEqual(read(text, [size]).items, [null, 1, 'a,{', [{x: 1}, 2], {ok: 1}, true]);
	for (let size = 1; size < 12; size++) assert.deepEqual(read('{"items":[ \n]}', [size]).items, []);
	assert.deepEqual(read('{"items":null}').rest, {items: null});
	assert.deepEqual(read('{"items":{"a":1}}').items, []);
});

test('a body that is cut, or no object, is an error that quotes nothing of it', () => {
	for (const text of [
		'{"items":[{"a":"secret"',
		'{"items":[{"a":1}]',
		'{"items":[{"a":1}}',
		'',
		'[]',
		'{"items":[{secret}]}',
		'{"items":[secret]}',
		'{"metadata":secret}',
		']',
	])
		assert.throws(
			() => read(text, [3]),
			(error: unknown) => error instanceof ListError && !error.message.includes('secret'),
			text,
		);
});

test('an item or a document without end is given up', () => {
	const endless = new ItemStream(() => {});
	endless.write(Buffer.from('{"items":[{"a":"'));
	assert.throws(() => {
		for (let i = 0; i < 40; i++) endless.write(Buffer.alloc(2 ** 20, 'x'));
	}, ListError);
	const headless = new ItemStream(() => {});
	assert.throws(() => {
		for (let i = 0; i < 40; i++) headless.write(Buffer.alloc(2 ** 20, ' '));
	}, ListError);
});
