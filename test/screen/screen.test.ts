import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import process from 'node:process';
import {test} from 'node:test';
import {stripVTControlCharacters} from 'node:util';
import fc from 'fast-check';
import {anomalyLogRows} from '../../source/components/anomaly-log.tsx';
import {type Cursor, liveCursor, replayCursor} from '../../source/cursor.ts';
import {createEngine} from '../../source/engine/engine.ts';
import type {Anomaly} from '../../source/engine/verdict.ts';
import {drain} from '../../source/evaluation/evaluate.ts';
import type {Absence, Container} from '../../source/scrape.ts';
import {actionOf, BINDINGS, keysPage} from '../../source/screen/keys.ts';
import type {Group, StateAction} from '../../source/screen/state.ts';
import {createTheme, textOf} from '../../source/screen/theme.ts';
import {Timeline} from '../../source/timeline.ts';
import {frameOf, golden, mono, Pane} from './frame.ts';
import {container, END_MS, PARTS, START_MS, STEP_MS, STEPS, sampleTimeline, scrapeAt} from './sample.ts';

const trouble = sampleTimeline();
const peace = sampleTimeline({trouble: false});
const SIZES = [
	{columns: 80, rows: 24},
	{columns: 120, rows: 40},
	{columns: 160, rows: 50},
	{columns: 200, rows: 60},
];

for (const size of SIZES) {
	const name = `${size.columns}x${size.rows}`;
	test(`in trouble at ${name}`, () => golden(`trouble-${name}`, new Pane(trouble, size).frame()));
	test(`in peace at ${name}`, () => golden(`peace-${name}`, new Pane(peace, size).frame()));
}

const medium = {columns: 120, rows: 40};
const small = {columns: 80, rows: 24};

test('help', () => golden('help-120x40', new Pane(trouble, medium).do({type: 'help'}).frame()));
test('why, small', () => golden('why-80x24', new Pane(trouble, small).do({type: 'open'}).frame()));
test('by workload, one opened', () =>
	golden('workloads-120x40', new Pane(trouble, medium).do({type: 'group', by: 'workload'}).do({type: 'open'}).frame()));

test('above two hundred pods there is one row a workload, until w is pressed', () => {
	const parts = Array.from({length: 201}, (_, i) => ({...PARTS[0]!, of: {...PARTS[0]!.of, key: `lab/shop/web-${i}/app`, pod: `web-${i}`}}));
	const pane = new Pane(sampleTimeline({parts, steps: 3}), medium);
	assert.deepEqual(pane.scene.sight.list.ids, ['workload:shop/Deployment/checkout']);
	assert.equal(pane.do({type: 'group', by: 'workload'}).scene.sight.list.ids.length, 201);
	const fewer = new Pane(sampleTimeline({parts: parts.slice(1), steps: 3}), medium);
	assert.equal(fewer.scene.sight.list.ids.length, 200);
});

test('one row a node, with what its containers use together', () =>
	golden('nodes-120x40', new Pane(trouble, medium).do({type: 'group', by: 'node'}).do({type: 'open'}).frame()));

test('the status line says which namespaces are shown, and all of them again', () => {
	const pane = new Pane(trouble, medium).do({type: 'namespaces', names: ['shop']});
	assert.match(textOf(pane.scene.status), / · shop · /);
	assert.match(textOf(pane.do({type: 'namespaces', names: []}).scene.status), / · all namespaces · /);
});

test('that files rest is said wherever their context is not shown, and takes no peace away', () => {
	const source = {label: 'prod-us', live: true, finished: () => false, resting: 'recording of prod-eu rests'};
	for (const columns of [80, 120, 200]) {
		const {scene} = new Pane(peace, {columns, rows: 40}, {source});
		assert.match(textOf(scene.status), / · recording of prod-eu rests /);
		assert.match(textOf(scene.sentence[0] ?? []), /No trouble/);
	}
});

test('a long name of a cluster gives way to what is watched in it', () => {
	const label = 'arn:aws:eks:eu-central-1:123456789012:cluster/production-payments';
	const status = (columns: number): string =>
		textOf(new Pane(trouble, {columns, rows: 40}, {source: {label, live: true, finished: () => false}}).scene.status);
	assert.match(status(120), /^ arn:aws:eks:eu-c…uction-payments · all namespaces · 19 pods {3}▲ 3/);
	assert.match(status(80), /^ arn:aws:eks:eu-c…uction-payments {3}▲ 3/);
	assert.match(status(200), new RegExp(`^ ${label} · all namespaces · 19 pods, 20 containers, 16 judged`));
});

test('what is silenced is not counted as trouble, and is seen to be silenced', () => {
	const silenced = new Pane(trouble, medium, {
		silences: {revision: 1, of: ({pod}) => (pod.startsWith('checkout-7d9f5c-x2x9l') ? 'silenced 1 h' : undefined)},
	});
	const before = textOf(new Pane(trouble, medium).scene.status);
	const after = textOf(silenced.scene.status);
	const warnings = (text: string): number => Number(/▲ (\d+)/.exec(text)?.[1] ?? 0);
	assert.equal(warnings(after), warnings(before) - 1);
	assert.match(after, /◇ 1 silenced /);
	assert.match(silenced.frame(), /◇ shop +checkout-\S+-x2x9l +leak likely, silenced/);
	assert.doesNotMatch(textOf(silenced.scene.sentence[0] ?? []), /checkout/);
});

test('the first lines have one meaning of trouble, and tell what is silenced', () => {
	let revision = 100;
	const words = (silenced: RegExp): string =>
		new Pane(
			trouble,
			{columns: 160, rows: 50},
			{silences: {revision: revision++, of: ({pod}) => (silenced.test(pod) ? 'silenced 1 h' : undefined)}},
		).scene.sentence
			.map(textOf)
			.join('\n');
	assert.match(words(/invoices|p4qzt/), /No trouble in 14 others, 1 of them with a notice, 2 warnings silenced; 2 learning/);
	assert.match(words(/x2x9l|p4qzt|invoices|ledger-0/), /^ ✓ No trouble in 13 containers, 3 warnings and 1 notice silenced; 2 learning/);
});

test('what has completed or is gone is not said to be without samples', () => {
	const told = (why: Absence['why']): string => {
		const parts = PARTS.map(part => (part.why === 'node-silent' ? {...part, until: STEPS - 5, why} : part));
		return textOf(new Pane(sampleTimeline({trouble: false, parts}), {columns: 160, rows: 50}).scene.sentence[0] ?? []);
	};
	assert.match(told('node-silent'), /; 2 learning \(~7 min\), 1 without samples\./);
	assert.match(told('completed'), /; 2 learning \(~7 min\), 1 completed\./);
	assert.match(told('gone'), /; 2 learning \(~7 min\), 1 gone\./);
});

test('another context begins at the end of its own time, in the same order and width', () => {
	const pane = new Pane(trouble, medium)
		.do({type: 'sort', by: 'memory'})
		.do({type: 'wide'})
		.do({type: 'time', action: {type: 'step', by: -1}})
		.do({type: 'move', by: 2})
		.do({type: 'arrive', namespaces: ['payments'], anew: true});
	const {cursor, sort, wide, selection, namespaces} = pane.state;
	assert.deepEqual([cursor.mode, sort.by, wide, selection, namespaces], ['follow', 'memory', true, undefined, ['payments']]);
});
test('the wide list', () => golden('wide-200x60', new Pane(trouble, {columns: 200, rows: 60}).do({type: 'wide'}).frame()));
test('a filter is typed', () => {
	const pane = new Pane(trouble, medium).do({type: 'filter'});
	for (const text of 'cart') pane.do({type: 'type', text});
	golden('filter-120x40', pane.frame());
});
test('a filter that finds nothing says why: no regular expression, no such label, no such value of it', () => {
	const typed = (text: string, size = medium) => new Pane(trouble, size).do({type: 'filter'}).do({type: 'type', text});
	for (const size of [medium, {columns: 80, rows: 24}]) {
		const letters = typed('foo([', size);
		assert.match(letters.frame(), /matches \/foo\(\[; esc .*\n.*“foo\(\[” is no regular expression: taken letter by letter/);
		assert.match(letters.frame().split('\n').at(-1) ?? '', /is no regular expression/);
	}
	assert.match(typed('-l app.kubernetes.io/name=cart').frame(), /esc .*\n.*There is no label app\.kubernetes\.io\/name; there are app /);
	assert.match(typed('-l app=nobody').frame(), /esc .*\n.*app is .*cart/);
});
test('a past moment of a replay', () => {
	const source = {label: 'shop.jsonl.gz', live: false, finished: () => true};
	const pane = new Pane(trouble, medium, {source, cursor: {...replayCursor(60), atMs: END_MS}}).do({
		type: 'time',
		action: {type: 'jump-anomaly', by: -1},
	});
	golden('replay-paused-120x40', pane.frame());
});
test('the columns of the log stay where they are, whatever is seen of it', () => {
	const pane = new Pane(trouble, {columns: 120, rows: 40}).do({type: 'focus', by: -1});
	const starts = (): string[] =>
		anomalyLogRows(pane.scene.log ?? assert.fail(), mono)
			.map(row => /^│.\d\d:\d\d:\d\d . (\S+ +)\S/.exec(stripVTControlCharacters(row))?.[1]?.length)
			.filter(length => length !== undefined)
			.map(String);
	const all = starts();
	assert.ok(all.length > 2);
	pane.do({type: 'filter'}).do({type: 'type', text: 'ledger'});
	assert.deepEqual(new Set([...all, ...starts()]).size, 1);
});

test('above the bars of a column stands what they are of', () => {
	assert.match(new Pane(trouble, medium).frame(), /MEM PAST +%MEM\/L/);
});

test('groups stand in the order of the numbers that they show, whichever of their pods has larger ones', () => {
	const titles = {cpu: 'CPU', memory: 'MEM', restarts: 'RESTARTS'} as const;
	const numberIn = (text: string): number => Number.parseFloat(text) * (text.endsWith('Gi') ? 1024 : 1);
	// The leak is the worst of its workload, and not the largest.
	const parts = PARTS.map(part => (part.of.pod === 'checkout-7d9f5c-9qjzt' ? {...part, cpu: () => 470, memory: () => 480} : part));
	const timeline = sampleTimeline({parts});
	for (const by of ['workload', 'node'] as const) {
		for (const sort of ['cpu', 'memory', 'restarts'] as const) {
			const pane = new Pane(timeline, {columns: 200, rows: 60}).do({type: 'wide'}).do({type: 'group', by}).do({type: 'sort', by: sort});
			for (let reversed = 0; reversed < 2; reversed++) {
				const {columns = [], rows = []} = pane.scene.list ?? {};
				const at = columns.findIndex(({title}) => title === titles[sort]);
				const shown = rows.map(({cells}) => numberIn(cells[at]?.text ?? '')).filter(value => !Number.isNaN(value));
				assert.ok(shown.length > 2);
				assert.deepEqual(
					shown,
					shown.toSorted((a, b) => (reversed ? a - b : b - a)),
					`${by} by ${sort}`,
				);
				pane.do({type: 'sort', by: sort});
			}
		}
	}
	const names = new Pane(timeline, medium).do({type: 'group', by: 'node'}).do({type: 'sort', by: 'name'}).scene.sight.list.ids;
	assert.deepEqual(names, names.toSorted());
});

test('a row of a group says whose numbers it has', () => {
	const title = (by: Group): string => textOf(new Pane(trouble, medium).do({type: 'group', by}).scene.list?.title ?? []);
	assert.match(title('workload'), /numbers of the worst pod/);
	assert.match(title('node'), /CPU and MEM of all their pods/);
});

test('the key bar holds what is used most, as far as there is room', () => {
	const keys = (columns: number, live: boolean): string =>
		textOf(
			new Pane(trouble, {columns, rows: 40}, {source: {label: 'shop', live, finished: () => true}, canKubectl: live}).scene.keys,
		).replaceAll(/ [a-z]+(?: on)?(?: {2}|$)/g, '  ');
	for (const key of ['w', 'm', 'l']) assert.ok(keys(120, true).includes(`  ${key}  `), `${key} in ${keys(120, true)}`);
	for (const key of ['w', 'm']) assert.ok(keys(120, false).includes(`  ${key}  `), `${key} in ${keys(120, false)}`);
	assert.equal(keys(40, true).trim(), 'enter  ↑↓  ?  q');
});

test('an answer leaves what room it has to the keys, and takes all of it where it needs it', () => {
	const line = (text: string): string => textOf(new Pane(trouble, small).do({type: 'say', text, bad: false}).scene.keys).trimEnd();
	assert.equal(line('Copied'), ' Copied   enter why  ↑↓ pod  / filter  space pause  [ ] anomaly  ? help  q quit');
	assert.equal(line('x'.repeat(70)), ` ${'x'.repeat(70)}`);
	assert.equal(line('決'.repeat(60)), ` ${'決'.repeat(38)}…`);
});

test('where the sentences are full of alarms, a critical one that is silenced is told on the status line', () => {
	const silences = {revision: 1000, of: ({pod}: Container) => (pod === 'checkout-7d9f5c-x2x9l' ? 'silenced 1 h' : undefined)};
	const timeline = sampleTimeline();
	const leak = timeline.anomalies.find(({kind}) => kind === 'memory-leak') ?? assert.fail();
	const [scrape, assessment] = scrapeAt(281, true);
	const events = [{type: 'updated' as const, atMs: scrape.atMs, anomaly: {...leak, severity: 'critical' as const}}];
	timeline.append(scrape, {...assessment, events});
	const status = (columns: number): string => textOf(new Pane(timeline, {columns, rows: 40}, {silences}).scene.status);
	assert.match(status(160), /◇ 1 silenced, 1 critical {2,}/);
	assert.match(status(120), /◇ 1 silenced {2,}/);
	assert.match(status(60), /◇ 1 +LIVE/);
});

test('letters for all marks', () => {
	const ascii = new Pane(trouble, medium).frame(createTheme({ascii: true, colour: 'none'}));
	assert.match(ascii, /^[\x20-\x7e\n]*$/);
	golden('ascii-120x40', ascii);
});
test('before the first sample', () => golden('empty-80x24', new Pane(sampleTimeline({steps: 0}), small).frame()));
test('nothing can be seen', () => {
	const problems = [
		{
			id: 'metrics-not-installed',
			what: 'the server could not find the requested resource (get pods.metrics.k8s.io)',
			why: 'The metrics server is not installed',
			fix: 'minikube addons enable metrics-server',
		},
	];
	golden('problem-80x24', new Pane(sampleTimeline({steps: 3, parts: [], problems}), small).frame());
});

test('too small a terminal is told so', () => {
	assert.equal(new Pane(trouble, {columns: 59, rows: 14}).frame(), 'oddpod needs 60x15; this is 59x14. Still watching.');
	assert.equal(new Pane(trouble, {columns: 30, rows: 8}).frame(), 'oddpod needs 60x15; this is\n30x8. Still watching.');
	assert.doesNotThrow(() => new Pane(trouble, {columns: 60, rows: 15}).frame());
});

test('where several namespaces are watched the sentence says of which it is', () => {
	const sentence = (names: readonly string[]): string =>
		textOf(new Pane(trouble, medium).do({type: 'namespaces', names}).scene.sentence[0] ?? []);
	assert.match(sentence([]), /^ ▲ shop\/checkout: 1 of 3/);
	assert.match(sentence(['shop', 'payments']), /^ ▲ shop\/checkout: 1 of 3/);
	assert.match(sentence(['shop']), /^ ▲ checkout: 1 of 3/);
});

test('the first lines are of the namespaces that are listed, and number the alarms of others', () => {
	const {sentence, status, list} = new Pane(trouble, medium).do({type: 'namespaces', names: ['payments']}).scene;
	const all = sentence.map(textOf).join(' ');
	assert.match(all, /invoices: 1 container does not start/);
	assert.doesNotMatch(all, /checkout|cart/);
	const pods = new Set(list?.rows.map(({id}) => id.split('/')[2]));
	assert.match(textOf(status), new RegExp(`^ prod-eu · payments · ${pods.size} pods, 4 judged   ▲ 1  △ 1  ○ 1  ▲ 2 elsewhere `));
	const calm = new Pane(trouble, medium).do({type: 'namespaces', names: ['kube-system']}).scene;
	assert.match(textOf(calm.sentence[0] ?? []), /^ ✓ No trouble in 3 containers of kube-system\. /);
	assert.match(textOf(calm.status), /3 judged {3}▲ 3 elsewhere/);
	const none = new Pane(trouble, medium).do({type: 'namespaces', names: ['nobody']}).scene;
	assert.match(textOf(none.sentence[0] ?? []), /No containers in nobody\./);
});

test('the title of a recording gives way to the namespaces that are chosen', () => {
	const label = 'A long afternoon in a small shop with a leak, a queue and a rise of load';
	const source = {label, live: false, finished: () => true};
	for (const size of [small, medium]) {
		const {status} = new Pane(trouble, size, {source}).do({type: 'namespaces', names: ['payments']}).scene;
		assert.match(textOf(status), /^ payments · (A long.*· )?6 pods[ ,]/);
	}
});

test('the log says its order, names things as the list does, and counts what matches', () => {
	const pane = new Pane(trouble, medium);
	const titleOf = (): string => pane.scene.log?.title.map(({text}) => text).join('') ?? '';
	assert.equal(titleOf(), 'Anomalies by trouble, then what is over, newest first');
	const verdicts = pane.scene.list?.rows.map(({cells}) => cells[2]?.text);
	for (const {words, over} of pane.scene.log?.rows ?? []) assert.ok(over || verdicts?.includes(words), words);
	assert.ok(verdicts?.includes('at CPU limit, siblings not'));
	const kinds: string[] = [];
	for (;;) {
		pane.do({type: 'next-kind'});
		const kind = /^Anomalies only (.*)$/.exec(titleOf())?.[1];
		if (kind === undefined) break;
		kinds.push(kind);
		assert.equal(pane.scene.log?.footer, '1 match');
		assert.ok(pane.scene.log?.rows[0]?.words.startsWith(kind), kind);
	}
	assert.deepEqual(
		kinds,
		['CPU spike to its limit', 'at CPU limit', 'leak likely', 'memory spike'].sort((a, b) => kinds.indexOf(a) - kinds.indexOf(b)),
	);
});

test('the details of the log take rows that would be empty, and end with a clause where there are none', () => {
	const detailsIn = (size: {columns: number; rows: number}): string => {
		const log = new Pane(trouble, size).scene.log ?? assert.fail();
		const rows = anomalyLogRows(log, mono).map(row => stripVTControlCharacters(row));
		assert.equal(rows.length, log.rect.height);
		return rows.join('\n');
	};
	const wide = detailsIn({columns: 200, rows: 60});
	assert.match(wide, /its 2 siblings are flat; +│\n│ +limit at ~15:47 \(15:37-16:07\) +│\n/);
	assert.doesNotMatch(wide, /…/);
	const [first = '', second = ''] = wide.split('\n').slice(1);
	assert.equal(second.indexOf('limit at'), first.indexOf('+2.1Mi'));
	assert.match(detailsIn(small), /\+2\.1Mi\/min… *\n/);
});

test('the second sentence is not cut within a number', () => {
	for (let columns = 80; columns <= 200; columns++) {
		const {sentence} = new Pane(trouble, {columns, rows: 40}).scene;
		for (const line of sentence.map(textOf)) assert.doesNotMatch(line, /\([^)]*…|[\d.:-]…|\.\d*…/, line);
	}
});

test('what waits since a crash loop is called so, as in the log', () => {
	const timeline = sampleTimeline();
	const [scrape, assessment] = scrapeAt(281, true);
	const of = PARTS.find(({of}) => of.waiting !== undefined)?.of ?? assert.fail();
	const [like] = timeline.anomalies;
	assert.ok(like);
	const anomaly = {
		...like,
		id: 'loop',
		of,
		kind: 'crash-loop' as const,
		severity: 'critical' as const,
		explanation: {...like.explanation, of},
	};
	timeline.append(scrape, {...assessment, events: [{type: 'opened', atMs: scrape.atMs, anomaly}]});
	const {list, log} = new Pane(timeline, medium).scene;
	assert.equal(list?.rows[0]?.cells[2]?.text, 'crash loop');
	assert.equal(log?.rows[0]?.words, 'crash loop');
});

test('CPU at its limit is told in the sentence, in the list, in the log and in the explanation', () => {
	const {scene} = new Pane(trouble, {columns: 200, rows: 60}).do({type: 'move', by: 1});
	assert.match(
		textOf(scene.sentence[1] ?? []),
		/shop\/cart: 1 of 3 replicas at its CPU limit of 500m \(probably throttled\) since 13:51, usually 30m-90m; its siblings do not rise/,
	);
	assert.match(scene.log?.rows[1]?.detail ?? '', /^498m, its limit, usually 30m-90m/);
	assert.match(scene.whyText().join('\n'), /^CPU: 498m now, at its limit of 500m, probably throttled; usually 30m-90m/m);
});

test('who chooses an order sees its top, selected, wherever the list was', () => {
	for (const action of [{type: 'sort', by: 'memory'}, {type: 'next-sort'}] as const) {
		const pane = new Pane(trouble, small).do({type: 'move-to', end: 'last'}).do(action);
		const {list, sight} = pane.scene;
		assert.equal(sight.list.selected, 0);
		assert.equal(list?.rows[0]?.id, sight.list.ids[0]);
		assert.equal(list?.rows[0]?.selected, true);
	}
});

test('the selection follows the worst row until a key moves it, and then stays on its container', () => {
	const timeline = sampleTimeline({steps: 150});
	const pane = new Pane(timeline, medium);
	assert.equal(pane.scene.selected?.of.pod, 'checkout-7d9f5c-x2x9l');
	pane.do({type: 'move-to', end: 'last'}).do({type: 'move', by: -1});
	const {key} = pane.scene.selected ?? {};
	for (let step = 150; step < 281; step++) timeline.append(...scrapeAt(step, true));
	assert.equal(pane.scene.selected?.key, key);
	assert.match(pane.frame(), /▸. shop +(evil|frontend|checkout|cart|ads)/);
});

test('a row that is gone leaves the selection where it stood', () => {
	const pane = new Pane(trouble, medium).do({type: 'move', by: 1}).do({type: 'move', by: 1});
	pane.state = {...pane.state, selection: {id: 'prod-eu/shop/gone/app', index: 4}};
	assert.equal(pane.scene.sight.list.selected, 4);
});

test('what is gone for good leaves the selection on what took its place, from then on', () => {
	const timeline = sampleTimeline();
	const pane = new Pane(timeline, medium).do({type: 'sort', by: 'name'}).do({type: 'move-to', end: 'first'}).do({type: 'move', by: 2});
	const {list} = pane.scene.sight;
	const [gone, next] = [list.ids[2] ?? assert.fail(), list.ids[3] ?? assert.fail()];
	for (let step = 281; step < 310; step++) {
		const [scrape, assessment] = scrapeAt(step, false);
		const readings = scrape.readings.filter(({of}) => of.key !== gone);
		const of = scrape.readings.find(reading => reading.of.key === gone)?.of;
		timeline.append({...scrape, readings, absent: [...scrape.absent, ...(of ? [{of, why: 'gone' as const}] : [])]}, assessment);
		assert.equal(pane.scene.selected?.key, step < 302 ? gone : next, `${step}`);
	}
	pane.do({type: 'group', by: 'node'}).do({type: 'group', by: 'node'});
	assert.equal(pane.scene.selected?.key, next);
});

test('a workload that is selected stays so when its containers have rows of their own', () => {
	const pane = new Pane(trouble, medium).do({type: 'group', by: 'workload'}).do({type: 'move-to', end: 'last'});
	const key = pane.scene.selected?.key ?? assert.fail();
	pane.do({type: 'group', by: 'workload'});
	assert.equal(pane.scene.selected?.key, key);
	pane.do({type: 'group', by: 'node'});
	assert.ok(pane.scene.sight.list.selected >= 0 && pane.do({type: 'group', by: 'node'}).scene.selected?.key === key);
});

test('order: severity, then time to the limit; pending; normal; learning; without a sample', () => {
	const marks = new Pane(trouble, {columns: 120, rows: 100}).scene.list?.rows.map(({mark}) => mark).join(' ') ?? '';
	assert.match(marks, /^(critical )*(warning )+(notice )+(normal )+(learning )+absent$/);
});

test('what learns at its limit says so, and stands above what learns elsewhere', () => {
	const timeline = new Timeline();
	const engine = createEngine();
	const [calm, full] = ['a', 'b'].map(pod => container('shop', pod, 'app'));
	assert.ok(calm && full);
	for (let i = 0; i < 10; i++) {
		const atMs = START_MS + i * STEP_MS;
		const reading = (of: Container, mebibytes: number) => ({
			of,
			sampledAtMs: atMs,
			windowMs: STEP_MS,
			cpuMillicores: 20,
			memoryBytes: mebibytes * 2 ** 20,
		});
		const scrape = {atMs, readings: [reading(calm, 100), reading(full, 497)], absent: [], problems: []};
		timeline.append(scrape, drain(engine.assess(scrape)));
	}
	const rows = new Pane(timeline, medium)
		.frame()
		.split('\n')
		.filter(row => /learning/.test(row) && /[◔]/.test(row));
	assert.match(rows[0] ?? '', / b +97% of limit, learning ~23/);
	assert.match(rows[1] ?? '', / a +learning, ~23 min/);
});

test('nothing but what is known is told of a past moment', () => {
	const pane = new Pane(trouble, medium, {cursor: {...liveCursor(), mode: 'pause', atMs: START_MS + 60 * 15_000}});
	const frame = pane.frame();
	assert.doesNotMatch(frame, /leak|CPU high/);
	assert.match(frame, /PAUSED/);
});

test('the log shows one kind after the other, then all; what is selected there is what the charts are of', () => {
	const pane = new Pane(trouble, medium).do({type: 'focus', by: -1});
	const kinds = pane.scene.sight.log.kinds;
	const all = pane.scene.sight.log.entries.length;
	assert.ok(kinds.length > 2);
	for (const kind of kinds) {
		const {entries} = pane.do({type: 'next-kind'}).scene.sight.log;
		assert.ok(entries.length > 0 && entries.length < all);
		assert.ok(entries.every(({id}) => trouble.anomalies.some(anomaly => anomaly.id === id && anomaly.kind === kind)));
	}
	assert.equal(pane.do({type: 'next-kind'}).scene.sight.log.entries.length, all);
	for (let i = 0; i < all; i++) {
		const {entries, selected} = pane.scene.sight.log;
		assert.equal(pane.scene.selected?.key, entries[selected]?.key);
		pane.do({type: 'move', by: 1});
	}
	pane.do({type: 'next-kind'}).do({type: 'undo'});
	assert.deepEqual([pane.state.log.kind, pane.state.focus], [undefined, 'log']);
});

test('from the log to the pod and the moment, also where a filter hides it', () => {
	const pane = new Pane(trouble, medium)
		.do({type: 'filter'})
		.do({type: 'type', text: 'ledger'})
		.do({type: 'submit'})
		.do({type: 'focus', by: -1});
	const [entry] = pane.scene.sight.log.entries;
	pane.do({type: 'open'});
	assert.equal(pane.scene.selected?.key, entry?.key);
	assert.equal(pane.scene.atMs, trouble.scrapeAt(entry?.firedAtMs ?? Number.NaN));
});

test('from the log to a moment when the anomaly had another kind than the one that is looked for', () => {
	const timeline = sampleTimeline();
	const leak = timeline.anomalies.find(({kind}) => kind === 'memory-leak') ?? assert.fail();
	const of = PARTS.find(part => part.of.pod.startsWith('metrics-server'))?.of ?? assert.fail();
	const atMs = END_MS + STEP_MS;
	const id = `${of.key}@${atMs}`;
	const young = {...leak, id, of, kind: 'level-shift' as const, startedAtMs: atMs, firedAtMs: atMs};
	const types = ['opened', undefined, undefined, 'updated'] as const;
	for (const [i, type] of types.entries()) {
		const [scrape, assessment] = scrapeAt(STEPS + i, true);
		const anomaly: Anomaly = type === 'opened' ? young : {...young, kind: 'memory-leak'};
		timeline.append(scrape, {...assessment, events: type ? [{type, atMs: scrape.atMs, anomaly}] : []});
	}
	const pane = new Pane(timeline, medium).do({type: 'focus', by: -1});
	do pane.do({type: 'next-kind'});
	while (pane.state.log.kind !== 'memory-leak');
	const at = pane.scene.sight.log.entries.findIndex(entry => entry.id === id);
	assert.ok(at >= 0);
	pane.do({type: 'move-to', end: 'first'}).do({type: 'move', by: at}).do({type: 'open'});
	assert.equal(pane.scene.atMs, atMs);
	assert.ok(pane.scene.sight.log.entries.some(entry => entry.id === id));
	assert.ok(pane.scene.log?.rows.some(row => row.id === id));
	// Where it was called so then too, the filter stays.
	const other = new Pane(timeline, medium).do({type: 'focus', by: -1});
	do other.do({type: 'next-kind'});
	while (other.state.log.kind !== 'cpu-sustained');
	assert.equal(other.do({type: 'open'}).state.log.kind, 'cpu-sustained');
});

test('while the log is gone through, the list has no bright cursor', () => {
	const pane = new Pane(trouble, medium);
	assert.equal(pane.frame().match(/▸/g)?.length, 1);
	assert.doesNotMatch(pane.frame(), /▹/);
	pane.do({type: 'focus', by: -1}).do({type: 'move', by: 2});
	assert.equal(pane.frame().match(/▸/g)?.length, 1);
	assert.match(pane.frame(), /^│▹▲ .* leak likely .*$/m);
	assert.match(pane.frame(), /▸\d\d:\d\d:\d\d/);
	assert.match(pane.do({type: 'focus', by: -1}).frame(), /^│▸▲ .* leak likely .*$/m);
});

test('[ goes to an anomaly, its container is selected and named, also where a filter hides it', () => {
	const pane = new Pane(trouble, medium)
		.do({type: 'filter'})
		.do({type: 'type', text: 'coredns'})
		.do({type: 'submit'})
		.do({type: 'time', action: {type: 'jump-anomaly', by: -1}});
	const {selected, atMs, keys} = pane.scene;
	assert.equal(selected?.anomaly?.firedAtMs, atMs);
	assert.ok(textOf(keys).startsWith(` payments/${selected?.of.pod}: memory spike   enter why  `), textOf(keys));
	pane.do({type: 'time', action: {type: 'jump-anomaly', by: -1}});
	assert.match(textOf(pane.scene.keys), /cart-66b7d-p4qzt: at CPU limit, siblings not/);
	assert.equal(pane.scene.selected?.of.pod, 'cart-66b7d-p4qzt');
});

test('after a kill the limit that memory rises to again is told', () => {
	const timeline = sampleTimeline();
	const leak = timeline.anomalies.find(({kind}) => kind === 'memory-leak') ?? assert.fail();
	const [scrape, assessment] = scrapeAt(281, true);
	const {forecast: _, ...explanation} = leak.explanation;
	const kill: Anomaly = {
		...leak,
		id: 'kill',
		kind: 'oom-killed',
		severity: 'critical',
		state: 'standing',
		firedAtMs: scrape.atMs,
		explanation,
	};
	timeline.append(scrape, {...assessment, events: [{type: 'opened', atMs: scrape.atMs, anomaly: kill}]});
	const pane = new Pane(timeline, medium);
	assert.match(pane.frame(), /▸‼ shop +checkout-7d9f5c-x2x9l +OOM-killed.*~15:\d\d +│/);
	const {ids} = pane.do({type: 'sort', by: 'limit-at'}).scene.sight.list;
	assert.equal(ids[0], leak.of.key);
});

test('a chart of an earlier time says so, and its numbers are of that time', () => {
	const pane = new Pane(trouble, medium, {cursor: {...replayCursor(), mode: 'pause', atMs: END_MS}});
	const title = (): string => textOf(pane.scene.charts[1]?.title ?? []) + textOf(pane.scene.charts[0]?.title ?? []);
	const value = (): string | undefined => pane.scene.charts[1]?.caption.split(',')[0];
	const now = value();
	pane.do({type: 'pan', by: -1}).do({type: 'pan', by: -1});
	assert.match(title(), / until 13:\d\d/);
	assert.doesNotMatch(title(), /frozen/);
	assert.notEqual(value(), now);
	assert.match(
		pane
			.do({type: 'freeze'})
			.scene.charts[0]?.title.map(({text}) => text)
			.join('') ?? '',
		/ frozen at 13:\d\d/,
	);
	pane.do({type: 'undo'});
	assert.equal(value(), now);
});

test('the position bar does not move when a replay is paused', () => {
	const source = {label: 'shop.jsonl.gz', live: false, finished: () => true};
	const pane = new Pane(trouble, medium, {source, cursor: {...replayCursor(), atMs: END_MS - 600_000}});
	const bar = (): string => textOf(pane.scene.bar ?? []).replace(/(×60 +|paused) ?$/, '');
	const playing = bar();
	pane.do({type: 'time', action: {type: 'toggle-pause'}});
	assert.equal(bar(), playing);
});

test('a jump names an anomaly as it was called then', () => {
	const timeline = sampleTimeline();
	const leak = timeline.anomalies.find(({kind}) => kind === 'memory-leak') ?? assert.fail();
	const [scrape, assessment] = scrapeAt(281, true);
	timeline.append(scrape, {
		...assessment,
		events: [{type: 'updated', atMs: scrape.atMs, anomaly: {...leak, kind: 'memory-retained'}}],
	});
	const pane = new Pane(timeline, medium, {cursor: {...replayCursor(), mode: 'pause', atMs: leak.firedAtMs - 1}});
	pane.do({type: 'time', action: {type: 'jump-anomaly', by: 1}});
	assert.equal(pane.scene.atMs, leak.firedAtMs);
	assert.match(textOf(pane.scene.keys), /checkout-7d9f5c-x2x9l: leak likely/);
});

test('esc goes back to the end of what is live, and does not let a paused replay go on', () => {
	const pause: StateAction = {type: 'time', action: {type: 'toggle-pause'}};
	const pressed = (cursor: Cursor): string => {
		const pane = new Pane(trouble, medium, {cursor}).do(pause).do({type: 'open'});
		for (let i = 0; i < 5; i++) pane.do({type: 'undo'});
		return pane.state.cursor.mode;
	};
	assert.equal(pressed(liveCursor()), 'follow');
	assert.equal(pressed({...replayCursor(), atMs: END_MS - 600_000}), 'pause');
});

test('every key in the table does something', () => {
	for (const {keys, action} of BINDINGS) {
		for (const key of keys) {
			assert.equal(actionOf(key, false), action);
			const effect = ['quit', 'copy', 'silence', 'unsilence', 'kubectl', 'suspend', 'draw-anew'].includes(action.type);
			// Somewhere in the middle of everything, and with something of each kind to undo.
			const doers = [0, 1, 2, 3, 4].map(way => {
				const pane = new Pane(trouble, {columns: 120, rows: 24});
				if (way === 1) pane.do({type: 'move', by: 3}).do({type: 'focus', by: 1});
				if (way === 2)
					pane
						.do({type: 'sort', by: 'name'})
						.do({type: 'namespaces', names: ['shop']})
						.do({type: 'move-to', end: 'last'});
				if (way === 3) pane.do({type: 'freeze'}).do({type: 'zoom', by: 1});
				if (way === 4) pane.do({type: 'time', action: {type: 'step', by: -1}}).do({type: 'time', action: {type: 'jump-anomaly', by: -1}});
				const before = pane.state;
				return pane.do(action).state !== before;
			});
			assert.ok(effect || doers.some(Boolean), `${key} does nothing`);
		}
	}
});

test('no key is bound twice', () => {
	const keys = BINDINGS.flatMap(binding => binding.keys);
	assert.deepEqual(
		keys.filter((key, i) => keys.indexOf(key) !== i),
		[],
	);
});

test('docs/keys.md is the table', () => {
	if (process.env.UPDATE_GOLDEN) writeFileSync('docs/keys.md', keysPage());
	assert.equal(readFileSync('docs/keys.md', 'utf8'), keysPage());
});

test('whatever is pressed and however it is resized, every row fits and the selection stays on its container', () => {
	const keys = fc.constantFrom(...BINDINGS.flatMap(binding => binding.keys), 'a', 'r', '!', 'backspace', 'space', 'ctrl-h');
	const sizes = fc.record({columns: fc.integer({min: 40, max: 300}), rows: fc.integer({min: 10, max: 100})});
	const step = fc.oneof({arbitrary: keys, weight: 6}, {arbitrary: sizes, weight: 1});
	fc.assert(
		fc.property(fc.array(step, {maxLength: 40}), fc.boolean(), (steps, live) => {
			const source = {label: 'shop', live, finished: () => true};
			const pane = new Pane(trouble, medium, {source});
			for (const each of steps) {
				if (typeof each !== 'string') pane.size = each;
				else {
					const action = actionOf(each, pane.state.typing !== undefined);
					if (action) pane.do(action);
				}
				const {scene} = pane;
				const lines = frameOf(scene, createTheme({ascii: false, colour: '256'})).split('\n');
				assert.ok(scene.tooSmall !== undefined || lines.length === pane.size.rows);
				const {selection} = pane.state;
				const {ids, selected} = scene.sight.list;
				if (selection && ids.includes(selection.id)) {
					assert.equal(ids[selected], selection.id);
					if (scene.list && scene.list.rows.length > 0)
						assert.ok(
							scene.list.rows.some(row => row.selected),
							'in sight',
						);
				}
			}
		}),
		{numRuns: 60},
	);
});
