// The first lines count each container once, and keep their parts apart.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Container} from '../../source/scrape.ts';
import {MARKS, textOf} from '../../source/screen/theme.ts';
import {Pane} from './frame.ts';
import {PARTS, sampleTimeline} from './sample.ts';

const trouble = sampleTimeline();
const statusOf = (pane: Pane): string => textOf(pane.scene.status);
const WITHOUT_COUNT = new Set<string>(['normal', 'pending']);

for (const silenced of [/^$/, /invoices/, /invoices|x2x9l|ads/]) {
	test(`the marks of the status line count the rows that have them; silenced: ${silenced.source}`, () => {
		const silences = {revision: 2000 + silenced.source.length, of: ({pod}: Container) => (silenced.test(pod) ? 'silenced' : undefined)};
		const {status, list, sight} = new Pane(trouble, {columns: 200, rows: 60}, {silences}).scene;
		const rows = list?.rows ?? [];
		assert.equal(rows.length, sight.list.ids.length);
		for (const [mark, {length}] of Map.groupBy(rows, row => row.mark)) {
			if (WITHOUT_COUNT.has(mark)) continue;
			assert.match(textOf(status), new RegExp(` ${MARKS[mark]} ${length} `), `${length} rows are ${mark}`);
		}
	});
}

test('containers are counted beside their pods where there are more of them', () => {
	const {scene} = new Pane(trouble, {columns: 200, rows: 60});
	assert.match(textOf(scene.status), / 19 pods, 20 containers, 16 judged /);
	const single = sampleTimeline({parts: PARTS.filter(({of}) => of.name !== 'proxy')});
	assert.match(statusOf(new Pane(single, {columns: 200, rows: 60})), / 19 pods, 16 judged /);
});

test('whatever the width, what stands beside something else has a gap before it', () => {
	for (let columns = 60; columns <= 200; columns++)
		assert.doesNotMatch(statusOf(new Pane(trouble, {columns, rows: 40})), /\S {0,2}(samples every|LIVE)/, `${columns} columns`);
});
