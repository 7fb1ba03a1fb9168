// The engine on our own recording: what the demo shows is what was switched on.
import assert from 'node:assert/strict';
import {existsSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {evaluateRecording} from '../../source/evaluation/evaluate.ts';
import {openRecording} from '../../source/recording/feed.ts';

const file = path.join(import.meta.dirname, '../../recordings/shop.jsonl.gz');

for (const seed of [1, 2, 3]) {
	test(`every fault is named rightly and nothing else is warned of, whatever the forests' seed: ${seed}`, async () => {
		assert.ok(existsSync(file));
		const recording = await openRecording(file);
		const {figures} = await evaluateRecording('shop', recording.scrapes(new AbortController().signal), {settings: {seed}});
		const missed = figures.labels
			.filter(({found}) => !found)
			.map(({label, told}) => `${label.kind} of ${label.of}: told ${told.join(', ') || 'nothing'}`);
		assert.deepEqual(missed, []);
		assert.deepEqual(
			figures.falseWarnings.map(({kind, of}) => `${kind} of ${of.key}`),
			[],
		);
		assert.ok(figures.windows >= 10);
	});
}
