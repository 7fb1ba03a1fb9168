import assert from 'node:assert/strict';
import {test} from 'node:test';
import {stripVTControlCharacters} from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import {podListRows, sparkline} from '../../source/components/pod-list.tsx';
import type {Container} from '../../source/scrape.ts';
import {drawChart, fitCaption} from '../../source/screen/chart.ts';
import type {Column, ColumnId} from '../../source/screen/columns.ts';
import {columnsFor} from '../../source/screen/columns.ts';
import {parseCommand} from '../../source/screen/command.ts';
import {labelsThere, parseFilter} from '../../source/screen/filter.ts';
import {actionOf, namesOf} from '../../source/screen/keys.ts';
import {layoutFor} from '../../source/screen/layout.ts';
import {positionBar} from '../../source/screen/position-bar.ts';
import type {RowView} from '../../source/screen/row-view.ts';
import {SORTS, type Sort, topFor} from '../../source/screen/state.ts';
import {createTheme, textOf, themeOptionsFrom, toAscii} from '../../source/screen/theme.ts';
import {cut, cutClause, cutMiddle, fit, printable, widthOf, wrap, wrapClauses} from '../../source/screen/width.ts';
import type {Course} from '../../source/timeline.ts';
import {mono, Pane, utc} from './frame.ts';
import {PARTS, sampleTimeline} from './sample.ts';

test('keys have names, several in one read each their own', () => {
	const table: readonly [string, Parameters<typeof namesOf>[1], readonly string[]][] = [
		['j', {}, ['j']],
		['jjj', {}, ['j', 'j', 'j']],
		['G\r', {}, ['G', 'enter']],
		['', {upArrow: true}, ['up']],
		['', {return: true}, ['enter']],
		['\t', {tab: true, shift: true}, ['shift-tab']],
		['d', {ctrl: true}, ['ctrl-d']],
		['', {delete: true}, ['backspace']],
		[' ', {}, ['space']],
		['\u0004', {}, ['ctrl-d']],
		['x', {meta: true}, ['esc', 'x']],
		['', {meta: true, escape: true}, ['esc', 'esc']],
		['', {meta: true, upArrow: true}, ['up']],
	];
	for (const [input, key, names] of table) assert.deepEqual(namesOf(input, key), names, JSON.stringify(input));
});

test('while a line is typed letters are letters', () => {
	assert.deepEqual(actionOf('q', true), {type: 'type', text: 'q'});
	assert.deepEqual(actionOf('space', true), {type: 'type', text: ' '});
	assert.deepEqual(actionOf('enter', true), {type: 'submit'});
	assert.deepEqual(actionOf('q', false), {type: 'quit'});
	assert.equal(actionOf('pgup', true), undefined);
});

test('widths of names', () => {
	const table: readonly [string, number][] = [
		['checkout-7d9f5c', 15],
		['決済', 4],
		['e\u0301', 1],
		['‼ ▲ △ ◔ · ○ ✕ ◇ ✓ ▸ – … ×', 25],
		['▁▂▃▄▅▆▇█╭╮╰╯│─┤┈╌┊', 18],
	];
	for (const [text, width] of table) assert.equal(widthOf(text), width, text);
});

test('names from hell take the cells they are given', () => {
	const text = fc.oneof(
		fc.string({unit: 'binary', maxLength: 300}),
		fc.string({unit: 'grapheme', maxLength: 80}),
		fc.string({
			unit: fc.constantFrom('決', 'e\u0301', '\u202e', '\u001b[2J', '👩‍👩‍👧', '🇩🇪', '\u200d', 'ｱ', '한', '⚠️', '\u0300', 'a', '-'),
			maxLength: 60,
		}),
	);
	fc.assert(
		fc.property(text, fc.integer({min: 0, max: 80}), (raw, width) => {
			const name = printable(raw);
			assert.doesNotMatch(name, /[\p{Cc}\p{Cf}]/u);
			assert.equal(widthOf(name), stringWidth(name));
			assert.equal(stringWidth(fit(name, width)), width);
			assert.ok(stringWidth(cut(name, width)) <= width);
			assert.ok(stringWidth(cutMiddle(name, width)) <= width);
			for (const line of wrap(name, width)) assert.ok(stringWidth(line) <= width);
		}),
		{numRuns: 500},
	);
});

test('in letters alone a name takes as many cells as before', () => {
	for (const text of ['x\u0301', 'é', '決済', '\u{1d157}\u{1d165}', 'a▸決\u0301…'])
		assert.equal(toAscii(printable(text)).length, widthOf(printable(text)), JSON.stringify(text));
	fc.assert(fc.property(fc.string({unit: 'grapheme'}), text => toAscii(printable(text)).length === widthOf(printable(text))));
});

test('a long name is cut in the middle', () => {
	assert.equal(cutMiddle('checkout-7d9f5c6b8d-x2x9l', 16), 'checkout…d-x2x9l');
	assert.equal(cutMiddle('short', 16), 'short');
	assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
	assert.deepEqual(wrap('one two three four', 7, 2), ['one two', 'three …']);
});

const container = (more: Partial<Container>): Container => ({...PARTS[0]!.of, ...more});

test('a sentence is cut where a clause or a word ends, and never within a number', () => {
	const limit = 'shop/web: memory growing 2.1Mi/min since 13:14, siblings flat; limit at ~18:00 (17:51-18:12).';
	for (const [text, width, shown] of [
		[limit, 93, limit],
		[limit, 92, 'shop/web: memory growing 2.1Mi/min since 13:14, siblings flat; limit at ~18:00…'],
		[limit, 76, 'shop/web: memory growing 2.1Mi/min since 13:14, siblings flat…'],
		[limit, 40, 'shop/web: memory growing 2.1Mi/min…'],
		['+4.16Mi/min for 14 min; its 2 siblings are flat', 19, '+4.16Mi/min…'],
		['+4.16Mi/min for 14 min; its 2 siblings are flat', 24, '+4.16Mi/min for 14 min…'],
		['決済サービス、決済サービス', 10, '決済サー…'],
	] as const)
		assert.equal(cutClause(text, width), shown);
	fc.assert(
		fc.property(fc.array(fc.constantFrom('a', '12', '決', ', ', '; ', ' ', '(', '.')), fc.integer({min: 0, max: 30}), (parts, width) => {
			const text = parts.join('');
			assert.ok(widthOf(cutClause(text, width)) <= width);
			const lines = width > 1 ? wrapClauses(text, width) : [];
			assert.ok(lines.every(line => widthOf(line) <= width));
			if (width > 1) assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''));
		}),
	);
	assert.deepEqual(wrapClauses('86.2Mi memory for 5 min; its 4 siblings are far from that', 52), [
		'86.2Mi memory for 5 min;',
		'its 4 siblings are far from that',
	]);
});

test('filters', () => {
	const cart = container({pod: 'cart-1', workload: 'Deployment/cart', node: 'node-7', labels: {app: 'cart', tier: 'web'}});
	const table: readonly [string, boolean][] = [
		['', true],
		['cart', true],
		['CART', true],
		['^shop/cart', true],
		['!cart', false],
		['!', true],
		['node-7', true],
		['node=node-7', true],
		['node=node-8', false],
		['!node=node-8', true],
		['node=cart', false],
		['leak', true],
		['api-(', false],
		['-l app=cart', true],
		['-l app==cart,tier!=db', true],
		['-l app!=cart', false],
		['-l tier', true],
		['-l !tier', false],
		['-l', true],
	];
	for (const [text, matches] of table)
		assert.equal(
			parseFilter(text).matches(cart, () => 'leak likely'),
			matches,
			text,
		);
	assert.match(parseFilter('-l a b').problem ?? '', /no label selector/);
	assert.match(parseFilter('!foo([').problem ?? '', /“foo\(\[” is no regular expression: taken letter by letter/);
	assert.equal(parseFilter('foo(a|b)[x]').problem, undefined);
	const all = [cart, {...cart, labels: {app: 'db', 'pod-template-hash': 'x'}}, {...cart, labels: {}}];
	const labels: readonly [string, string | undefined][] = [
		['-l app.kubernetes.io/name=cart', 'There is no label app.kubernetes.io/name; there are app, pod-template-hash, tier'],
		['-l app=checkout', 'app is cart, db'],
		['-l app=cart,tier', undefined],
		['-l !app', undefined],
		['cart', undefined],
	];
	for (const [text, said] of labels) assert.equal(labelsThere(text, all), said, text);
	assert.equal(labelsThere('-l app=x', [{...cart, labels: {}}]), 'No labels are known here.');
});

test('commands', () => {
	const known = ['shop', 'payments', 'kube-system', 'kube-public'];
	const table: readonly [string, unknown][] = [
		['', {type: 'nothing'}],
		['q', {type: 'action', action: {type: 'quit'}}],
		['ns shop,payments', {type: 'action', action: {type: 'namespaces', names: ['shop', 'payments']}}],
		['ns pay', {type: 'action', action: {type: 'namespaces', names: ['payments']}}],
		['ns', {type: 'action', action: {type: 'namespaces', names: []}}],
		['ns kube', {type: 'elsewhere', to: {namespaces: ['kube']}}],
		['ctx prod-us', {type: 'elsewhere', to: {context: 'prod-us'}}],
		['sort mem', {type: 'action', action: {type: 'sort', by: 'memory'}}],
		['group node', {type: 'action', action: {type: 'group', by: 'node'}}],
		['ctx', {type: 'action', action: {type: 'command', text: 'ctx '}}],
		['ctx prod-e', {type: 'elsewhere', to: {context: 'prod-eu'}}],
		['ctx prod', {type: 'elsewhere', to: {context: 'prod'}}],
	];
	for (const [text, parsed] of table) assert.deepEqual(parseCommand(text, known, ['prod-eu', 'prod-asia']), parsed, text);
	for (const text of ['ctx', 'sort colour', 'group colour', 'delete']) assert.equal(parseCommand(text, known).type, 'problem', text);
});

test('both ends of the position bar have their day where the file spans several', () => {
	const hour = 3_600_000;
	const startMs = Date.UTC(2026, 10, 24, 22);
	const bar = (endMs: number): string =>
		textOf(positionBar({startMs, endMs, atMs: startMs, anomalies: [], times: utc, state: 'paused'}, 100));
	assert.match(bar(startMs + hour), /^ 22:00 .* 23:00 {2}paused $/);
	assert.match(bar(startMs + 26 * hour), /^ Nov 24 22:00 .* Nov 26 00:00 {2}paused $/);
});

test('panes fill the screen and do not overlap', () => {
	const sizes = fc.record({columns: fc.integer({min: 60, max: 300}), rows: fc.integer({min: 15, max: 100})});
	const needs = fc.record({
		sentenceRows: fc.integer({min: 1, max: 2}),
		bar: fc.boolean(),
		listRows: fc.integer({min: 0, max: 500}),
		logRows: fc.integer({min: 0, max: 50}),
		namesWidth: fc.integer({min: 0, max: 80}),
		wide: fc.boolean(),
		overlay: fc.constantFrom(undefined, 'help' as const, 'why' as const),
	});
	fc.assert(
		fc.property(sizes, needs, (size, need) => {
			const {sentence, status, list, charts, log, why, help, bar, keys} = layoutFor(size, need);
			const rects = [sentence, status, list, ...charts, log, why, help, bar, keys].filter(rect => rect !== undefined);
			const cells = new Uint8Array(size.columns * size.rows);
			for (const {x, y, width, height} of rects)
				for (let row = y; row < y + height; row++)
					for (let column = x; column < x + width; column++) cells[row * size.columns + column]! += 1;
			assert.ok(cells.every(times => times === 1));
			if (list && list.height > 0) assert.ok(list.height >= 5, 'room for three rows');
		}),
	);
});

test('columns never need more cells than there are', () => {
	fc.assert(
		fc.property(
			fc.integer({min: 56, max: 300}),
			fc.boolean(),
			fc.integer({min: 1, max: 253}),
			fc.integer({min: 1, max: 63}),
			fc.boolean(),
			fc.constantFrom(...SORTS),
			(width, wide, podWidth, namespaceWidth, several, sort) => {
				const columns = columnsFor(width, wide, {podWidth, namespaceWidth}, several, 'none', undefined, sort);
				const total = columns.reduce((sum, {width: own, gap, spark}) => sum + own + gap + (spark > 0 ? spark + 1 : 0), 0);
				assert.ok(total <= width, `${total} of ${width}`);
				assert.ok(columns.some(({id}) => id === 'pod') && columns.some(({id}) => id === 'verdict'));
			},
		),
	);
	const ids = (width: number): string =>
		columnsFor(width, false, {podWidth: 25, namespaceWidth: 11}, true)
			.map(({id}) => id)
			.join(' ');
	const widths = (width: number): string =>
		columnsFor(width, false, {podWidth: 40, namespaceWidth: 13}, true)
			.filter(({id}) => id === 'pod' || id === 'verdict')
			.map(({width: own}) => own)
			.join(' ');
	// Inside the frame of a list at 80, 120, 160 and, where it has a part of the width, 200 columns.
	assert.deepEqual([77, 114, 154, 124].map(widths), ['27 23', '25 27', '40 27', '40 27']);
	// `recommendation-service-worker-7d9f5cbb6-x2x9l` in `team-payments-production`.
	const long = (width: number, wide = false): string =>
		columnsFor(width, wide, {podWidth: 45, namespaceWidth: 24}, true)
			.filter(({id}) => id === 'namespace' || id === 'pod')
			.map(({width: own}) => own)
			.join(' ');
	assert.deepEqual(
		[154, 134].map(width => long(width)),
		['24 45', '24 42'],
	);
	assert.equal(long(194, true), '16 42');
	assert.equal(ids(57), 'pod verdict memory');
	assert.equal(ids(77), 'pod verdict cpu memory limit-at');
	assert.equal(ids(114), 'namespace pod verdict cpu cpu-limit memory memory-limit limit-at');
});

test('what the list is sorted by is shown, in the place of what is less important', () => {
	const ids = (width: number, sort: Sort, own?: readonly ColumnId[]): string =>
		columnsFor(width, false, {podWidth: 25, namespaceWidth: 11}, true, 'none', own, sort)
			.map(({id}) => id)
			.join(' ');
	assert.equal(ids(114, 'memory'), ids(114, 'trouble'));
	assert.equal(ids(114, 'node'), 'namespace pod verdict cpu memory memory-limit limit-at node');
	assert.equal(ids(77, 'node'), 'pod verdict memory node');
	assert.equal(ids(57, 'status'), 'pod verdict status');
	assert.equal(ids(77, 'age', ['memory', 'cpu']), 'pod verdict memory cpu age');
	for (const width of [57, 77, 114, 154, 194])
		for (const sort of SORTS.filter(each => each !== 'trouble'))
			assert.ok(
				columnsFor(width, false, {podWidth: 40, namespaceWidth: 24}, true, 'none', undefined, sort).some(each => each.sort === sort),
			);
	const pane = new Pane(sampleTimeline({steps: 3}), {columns: 120, rows: 40}).do({type: 'sort', by: 'node'});
	assert.match(pane.frame(), / NODE↑ /);
});

test('of a verdict that is too long the third part goes first, as a whole', () => {
	const column: Column = {id: 'verdict', title: 'VERDICT', width: 26, align: 'left', spark: 0, sort: undefined, gap: 0};
	const shown = (text: string, width: number): string =>
		rowText({
			row: {id: 'x', mark: 'normal', markStyle: 'plain', cells: [{text, style: 'plain', cut: 'clause'}], selected: false, inside: false},
			columns: [{...column, width}],
		});
	assert.equal(shown('OOM-killed 15:55, 3rd time, every ~42 min', 41), 'OOM-killed 15:55, 3rd time, every ~42 min');
	assert.equal(shown('OOM-killed 15:55, 3rd time, every ~42 min', 40), 'OOM-killed 15:55, 3rd time');
	assert.equal(shown('OOM-killed 15:55, 3rd time, every ~42 min', 26), 'OOM-killed 15:55, 3rd time');
	assert.equal(shown('OOM-killed 15:55, 3rd time, every ~42 min', 22), 'OOM-killed 15:55, 3rd…');
	assert.equal(shown('leak likely, silenced until it restarts', 26), 'leak likely, silenced unt…');
});

function rowText({row, columns}: {readonly row: RowView; readonly columns: readonly Column[]}): string {
	const rect = {x: 0, y: 0, width: 60, height: 3};
	const pane = {rect, boxed: false, focused: false, title: [], caption: '', footer: ''};
	const rows = podListRows({...pane, columns, rows: [row], away: false, sort: {by: 'trouble', reverse: false}, empty: []}, mono);
	return stripVTControlCharacters(rows[2] ?? '')
		.slice(3)
		.trimEnd();
}

test('a list scrolls as little as it must', () => {
	const table: readonly [top: number, at: number, height: number, length: number, becomes: number][] = [
		[0, 0, 5, 20, 0],
		[0, 4, 5, 20, 0],
		[0, 5, 5, 20, 1],
		[10, 3, 5, 20, 3],
		[18, 19, 5, 20, 15],
		[3, 1, 5, 2, 0],
	];
	for (const [top, at, height, length, becomes] of table) assert.equal(topFor(top, at, height, length), becomes);
});

const course = (values: readonly number[], more: Partial<Course> = {}): Course => ({
	fromMs: 0,
	toMs: values.length * 60_000,
	columns: values.length,
	min: Float64Array.from(values),
	max: Float64Array.from(values),
	low: new Float64Array(values.length).fill(Number.NaN),
	high: new Float64Array(values.length).fill(Number.NaN),
	state: new Uint8Array(values.length),
	...more,
});

const chart = (values: readonly number[], more: {limit?: number; siblings?: readonly Course[]; rows?: number} = {}): string[] =>
	drawChart(
		{
			metric: 'cpu',
			own: course(values),
			siblings: more.siblings ?? [],
			limit: more.limit ?? Number.POSITIVE_INFINITY,
			request: Number.NaN,
			anomalies: [],
			changes: [],
			heading: false,
		},
		values.length + 8,
		more.rows ?? 6,
		utc,
		'coloured',
	).map(line => textOf(line).trimEnd());

test('a gap in a chart is a gap', () => {
	const {NaN: gap} = Number;
	const rows = chart([20, 20, gap, gap, 40, 40, 20, gap]);
	assert.deepEqual(
		rows.map(row => row.slice(8)),
		['    ──╮', '      │', '──    ╰', '', '', '   00:08'],
	);
});

test('a flat course is a line, nothing at all is an empty chart', () => {
	assert.ok(chart([50, 50, 50, 50]).some(line => line.endsWith('────')));
	assert.ok(chart([Number.NaN, Number.NaN]).every(line => !line.includes('─')));
	assert.ok(chart([0, 0, 0]).at(-2)?.endsWith('───'));
});

test('any values are drawn in as many rows as there are, each of the same width', () => {
	const value = fc.oneof(fc.double({min: 0, max: 1e15, noNaN: true}), fc.constant(Number.NaN), fc.constant(0));
	fc.assert(
		fc.property(
			fc.array(value, {minLength: 1, maxLength: 60}),
			fc.integer({min: 2, max: 20}),
			fc.constantFrom('cpu' as const, 'memory' as const),
			(values, rows, metric) => {
				const lines = drawChart(
					{
						metric,
						own: course(values),
						siblings: [course(values.toReversed())],
						limit: 500,
						request: 100,
						anomalies: [],
						changes: [{what: 'restart', atMs: 60_000, of: 'x', detail: ''}],
						heading: true,
					},
					values.length + 8,
					rows,
					utc,
					'mono',
				);
				assert.equal(lines.length, rows);
				for (const line of lines) assert.equal(stringWidth(textOf(line)), values.length + 8);
				assert.doesNotMatch(lines.map(textOf).join(''), /NaN|Infinity|undefined/);
			},
		),
	);
});

test('sparklines and captions', () => {
	assert.equal(sparkline([0, 0.5, Number.NaN, 1], 4), '▁▄ █');
	assert.equal(sparkline([], 3), '   ');
	assert.equal(fitCaption(['309Mi', 'usual 191-196Mi', 'limit 512Mi'], 40), '309Mi, usual 191-196Mi, limit 512Mi');
	assert.equal(fitCaption(['309Mi', 'usual 191-196Mi', 'limit 512Mi'], 25), '309Mi, usual 191-196Mi');
	assert.equal(fitCaption(['309Mi', '', 'no limit'], 4), '');
});

test('what the terminal can do is taken from what it says', () => {
	assert.deepEqual(themeOptionsFrom({TERM: 'xterm-256color', LANG: 'en_GB.UTF-8'}), {ascii: false, colour: '256', background: 'dark'});
	assert.equal(themeOptionsFrom({TERM: 'xterm', COLORTERM: 'truecolor'}).colour, 'true');
	assert.equal(themeOptionsFrom({TERM: 'xterm', NO_COLOR: '1'}).colour, 'none');
	assert.equal(themeOptionsFrom({TERM: 'xterm', NO_COLOR: ''}).colour, '16');
	assert.equal(themeOptionsFrom({LC_ALL: 'C', LANG: 'en_GB.UTF-8'}).ascii, true);
	assert.equal(themeOptionsFrom({COLORFGBG: '0;15'}).background, 'light');
});

test('a theme without colour sends no colour, one with sixteen no more than those', () => {
	const line = [
		{text: 'a', style: 'critical'},
		{text: 'b', style: 'warning', on: 'band'},
		{text: 'c', style: 'dim', on: 'selected'},
	] as const;
	assert.doesNotMatch(createTheme({ascii: false, colour: 'none'}).paint(line), /\x1b\[(3|4|9)\d/);
	assert.doesNotMatch(createTheme({ascii: false, colour: '16'}).paint(line), /[34]8;/);
	assert.match(createTheme({ascii: false, colour: 'true'}).paint(line), /38;2;/);
});
