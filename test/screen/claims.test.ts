// The screen claims no more than it knows: that it is live, that there is peace, what an axis is, which way an order goes.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {podListRows} from '../../source/components/pod-list.tsx';
import type {Problem} from '../../source/scrape.ts';
import type {Sort} from '../../source/screen/state.ts';
import {createTheme, textOf} from '../../source/screen/theme.ts';
import {mono, Pane} from './frame.ts';
import {container, END_MS, PARTS, STEPS, sampleTimeline} from './sample.ts';

const SIZE = {columns: 120, rows: 40};
const problem = (id: string): Problem => ({
	id,
	what: 'The connection to the server 127.0.0.1:1 was refused',
	why: 'Nothing listens there.',
	fix: 'kubectl cluster-info',
});
const statusOf = (pane: Pane): string => textOf(pane.scene.status);

for (const [id, word, head] of [
	['unreachable', 'OFFLINE', 'prod-eu cannot be reached.'],
	['tls-authority', 'OFFLINE', 'prod-eu cannot be reached.'],
	['timeout', 'OFFLINE', 'prod-eu does not answer.'],
	['forbidden-metrics', 'NO ACCESS', 'No access to prod-eu.'],
	['certificate-expired', 'NO ACCESS', 'No access to prod-eu.'],
	['metrics-not-installed', 'NO SAMPLES', 'No samples from prod-eu.'],
] as const) {
	test(`nothing is live before the first sample: ${id} is ${word}, and stands with what to do in the empty list`, () => {
		for (const size of [{columns: 80, rows: 24}, SIZE, {columns: 200, rows: 60}]) {
			const pane = new Pane(sampleTimeline({steps: 3, parts: [], problems: [problem(id)]}), size);
			assert.match(statusOf(pane), new RegExp(` ${word} +13:00:30`));
			assert.doesNotMatch(statusOf(pane), /LIVE/);
			// What is wrong is told once: in the middle.
			assert.deepEqual(pane.scene.sentence.map(textOf), [` ▲ ${head}`]);
			const list = (pane.scene.list?.empty ?? []).map(textOf).join('\n');
			assert.match(list, /127\.0\.0\.1:1 was refused[\s\S]*Nothing listens there[\s\S]*\n +kubectl cluster-info/);
			assert.match(pane.frame(), /│? +kubectl cluster-info/);
		}
	});
}

test('before anything was asked nothing is claimed; with samples it is live, until the server is lost', () => {
	assert.doesNotMatch(statusOf(new Pane(sampleTimeline({steps: 0}), SIZE)), /LIVE|NO |OFF/);
	assert.match(statusOf(new Pane(sampleTimeline({steps: 3}), SIZE)), / LIVE 13:00:26/);
	for (const id of ['forbidden-pods', 'timeout']) {
		const problems = [problem(id)];
		assert.match(statusOf(new Pane(sampleTimeline({steps: 3, problems}), SIZE)), / LIVE 13:00:26/, `${id}: samples come all the same`);
	}
	assert.match(statusOf(new Pane(sampleTimeline({steps: 3, problems: [problem('unreachable')]}), SIZE)), / OFFLINE +13:00:26/);
});

test('where nobody is judged calm there is no peace: what learns is told, with its mark', () => {
	const notice = PARTS.filter(({of}) => of.pod === 'ledger-0');
	const young = ['a', 'b'].map(name => ({of: container('payments', name, 'app'), cpu: () => 5, memory: () => 64, from: 210}));
	const size = {columns: 160, rows: 50};
	const payments = {type: 'namespaces', names: ['payments']} as const;
	const {sentence} = new Pane(sampleTimeline({parts: [...notice, ...young]}), size).do(payments).scene;
	assert.match(
		sentence.map(textOf).join('\n'),
		/^ ◔ Learning what is usual in 2 containers in payments \(~7 min\); 1 notice\. [\s\S]*\n △ ledger/,
	);
	const silences = {revision: 1000, of: () => 'silenced 1 h'};
	const silenced = new Pane(sampleTimeline({parts: notice}), size, {silences}).do(payments).scene;
	assert.match(textOf(silenced.sentence[0] ?? []), /^ ◔ 1 notice silenced\. /);
});

test('the name of who is in trouble is as bright as any other; dim is who is over', () => {
	const parts = PARTS.map(part => (part.of.pod === 'migrate-28x9k' ? {...part, until: STEPS - 5, why: 'completed' as const} : part));
	const rows = new Pane(sampleTimeline({parts}), {columns: 200, rows: 60}).do({type: 'wide'}).scene.list?.rows ?? [];
	const styleOf = (pod: string): string | undefined =>
		rows.flatMap(({cells}) => cells).find(({text, cut}) => cut === 'middle' && text.startsWith(pod))?.style;
	assert.equal(styleOf('invoices'), 'plain');
	assert.equal(styleOf('checkout'), 'plain');
	assert.equal(styleOf('migrate'), 'dim');
});

test("Kubernetes' words keep their capitals, ours have none, and a state has one spelling in every column", () => {
	const parts = PARTS.map(part => (part.why === 'node-silent' ? {...part, why: 'restarting' as const} : part));
	const frame = (parts: typeof PARTS): string => new Pane(sampleTimeline({parts}), {columns: 200, rows: 60}).do({type: 'wide'}).frame();
	assert.match(frame(parts), / restarting .* restarting /);
	assert.doesNotMatch(frame(parts), /Restarting/);
	const completed = PARTS.map(part => (part.why === 'node-silent' ? {...part, until: STEPS - 5, why: 'completed' as const} : part));
	assert.match(frame(completed), / Completed .* Completed /);
});

test('the age is that of the pod, where it is known', () => {
	const aged = (of: object): string => {
		const parts = PARTS.filter(({of: {waiting}}) => waiting !== undefined).map(part => ({...part, of: {...part.of, ...of}}));
		const {list} = new Pane(sampleTimeline({parts}), {columns: 240, rows: 60}).do({type: 'wide'}).scene;
		return list?.rows.find(({id}) => id.includes('invoices'))?.cells[list.columns.findIndex(({id}) => id === 'age')]?.text ?? '';
	};
	const day = {podCreatedAtMs: END_MS - 3 * 86_400_000};
	assert.equal(aged({...day, startedAtMs: END_MS - 6000}), '3d');
	assert.equal(aged({...day, startedAtMs: undefined}), '3d');
	assert.equal(aged({startedAtMs: END_MS - 6000}), '6s');
	assert.equal(aged({startedAtMs: undefined}), '–');
});

test('a chart without any sample says so, and invents no axis', () => {
	const parts = PARTS.filter(({of}) => of.waiting !== undefined);
	for (const size of [{columns: 80, rows: 24}, SIZE]) {
		const {charts} = new Pane(sampleTimeline({parts}), size).scene;
		assert.ok(charts.length > 0);
		for (const {lines, rect, boxed} of charts) {
			const text = lines.map(textOf).join('\n');
			assert.match(text, /^ +no samples in this time *$/m);
			assert.doesNotMatch(text, /[┤│\d]/);
			assert.equal(lines.length, rect.height - (boxed ? 2 : 1));
		}
	}
});

test('an arrow goes the way that the column goes', () => {
	const headed = (by: Sort, again: boolean, theme = mono): string => {
		const pane = new Pane(sampleTimeline({steps: 60}), {columns: 240, rows: 60}).do({type: 'wide'}).do({type: 'sort', by});
		if (again) pane.do({type: 'sort', by});
		const {list} = pane.scene;
		assert.ok(list);
		return podListRows(list, theme)[1] ?? '';
	};
	const ascii = createTheme({ascii: true, colour: 'none'});
	for (const [by, title, first] of [
		['name', 'POD', '↑'],
		['namespace', 'NAMESPACE', '↑'],
		['node', 'NODE', '↑'],
		['limit-at', 'LIMIT A', '↑'],
		['age', 'AGE', '↑'],
		['cpu', 'CPU', '↓'],
		['memory', 'MEM', '↓'],
		['restarts', 'RESTART', '↓'],
		['memory-limit', '%MEM/L', '↓'],
	] as const) {
		const second = first === '↑' ? '↓' : '↑';
		assert.ok(headed(by, false).includes(`${title}${first}`), `${by}: ${headed(by, false)}`);
		assert.ok(headed(by, true).includes(`${title}${second}`), `${by}, reversed: ${headed(by, true)}`);
		assert.ok(headed(by, false, ascii).includes(`${title}${first === '↑' ? '^' : 'v'}`), `${by}: ${headed(by, false, ascii)}`);
	}
});
