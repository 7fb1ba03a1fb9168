// The engine on our own recording: what the demo shows is what was switched on.
import assert from 'node:assert/strict';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import {createEngine} from '../../source/engine/engine.ts';
import {drain, evaluateRecording} from '../../source/evaluation/evaluate.ts';
import {openRecording} from '../../source/recording/feed.ts';
import type {Scrape} from '../../source/scrape.ts';

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

test('who starts in the middle of it is told of the leak within seven minutes, and of no other', async () => {
	const recording = await openRecording(file);
	const scrapes: Scrape[] = [];
	for await (const scrape of recording.scrapes(new AbortController().signal)) scrapes.push(scrape);
	const startMs = scrapes[0]?.atMs ?? Number.NaN;
	// The leaking container is killed in minutes 44.5, 69.5 and 95, and grows between.
	for (const [minute, isLeaking] of [
		[5, false],
		[25, true],
		[35, true],
		[60, true],
		[80, true],
	] as const) {
		const fromMs = startMs + minute * 60_000;
		const engine = createEngine({seed: 1});
		const told = new Map<string, number>();
		for (const scrape of scrapes.filter(({atMs}) => atMs >= fromMs && atMs < fromMs + 10 * 60_000)) {
			for (const event of drain(engine.assess(scrape)).events) {
				if (event.type === 'opened' && event.anomaly.kind === 'memory-leak') told.set(event.anomaly.of.pod, (event.atMs - fromMs) / 60_000);
			}
		}
		assert.deepEqual([...told.keys()], isLeaking ? ['checkout-6fnvsnzfk9-cnzh6'] : [], `from minute ${minute}`);
		for (const minutes of told.values()) assert.ok(minutes < 7, `from minute ${minute}: after ${minutes}`);
	}
});

/** What is told of the demo, a line an event, to be read in review: `UPDATE_GOLDEN=1` writes it anew. */
test('what is told of the demo is what was told before', async () => {
	const golden = path.join(import.meta.dirname, 'verdicts.txt');
	const recording = await openRecording(file);
	const engine = createEngine({seed: 1});
	const lines: string[] = [];
	for await (const scrape of recording.scrapes(new AbortController().signal)) {
		for (const event of drain(engine.assess(scrape)).events) {
			const time = new Date(event.atMs).toISOString().slice(11, 19);
			if (event.type === 'change') lines.push(`${time} ${event.change.what} ${event.change.of} ${event.change.detail}`);
			else if (event.type === 'storm') lines.push(`${time} storm ${event.of} ${event.detail}`);
			else {
				const {kind, severity, of, ended} = event.anomaly;
				lines.push(`${time} ${event.type} ${kind} ${severity} ${of.namespace}/${of.pod}/${of.name}${ended ? ` ${ended.by}` : ''}`);
			}
		}
	}
	const told = `${lines.join('\n')}\n`;
	if (process.env.UPDATE_GOLDEN) writeFileSync(golden, told);
	assert.equal(told, readFileSync(golden, 'utf8'));
});
