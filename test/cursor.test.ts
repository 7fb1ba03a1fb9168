import assert from 'node:assert/strict';
import test from 'node:test';
import {type Cursor, type CursorAction, due, type Line, liveCursor, moveCursor, placeOf, replayCursor} from '../source/cursor.ts';
import type {Anomaly} from '../source/engine/verdict.ts';

/** Scrapes at 0, 10, … 100 s; anomalies told at 30 and 70 s. */
const times = Array.from({length: 11}, (_, i) => i * 10_000);
const line: Line = {
	startMs: 0,
	endMs: 100_000,
	complete: true,
	scrapeAt: ms => times.findLast(time => time <= ms) ?? Number.NaN,
	scrapeAfter: ms => times.find(time => time > ms) ?? Number.NaN,
	scrapeBefore: ms => times.findLast(time => time < ms) ?? Number.NaN,
	anomalies: [{firedAtMs: 30_000}, {firedAtMs: 70_000}] as unknown as Anomaly[],
};
const after = (cursor: Cursor, ...actions: CursorAction[]): Cursor => actions.reduce((at, action) => moveCursor(at, action, line), cursor);
const place = (cursor: Cursor): [number, string] => [placeOf(cursor, line) / 1000, cursor.mode];

const forward: CursorAction = {type: 'step', by: 1};
const back: CursorAction = {type: 'step', by: -1};
const next: CursorAction = {type: 'jump-anomaly', by: 1};
const previous: CursorAction = {type: 'jump-anomaly', by: -1};
const space: CursorAction = {type: 'toggle-pause'};
const advance: CursorAction = {type: 'advance'};
const home: CursorAction = {type: 'go-home'};

for (const [what, cursor, expected] of [
	['live is held at the end', liveCursor(), [100, 'follow']],
	['a step back from live pauses', after(liveCursor(), back), [90, 'pause']],
	['esc goes back to live', after(liveCursor(), back, back, home), [100, 'follow']],
	['[ goes to the anomaly before', after(liveCursor(), previous), [70, 'pause']],
	['and to the one before that', after(liveCursor(), previous, previous), [30, 'pause']],
	['and stays at the first', after(liveCursor(), previous, previous, previous), [30, 'pause']],
	['] goes to the next', after(replayCursor(), next), [30, 'pause']],
	['a replay begins at the start', replayCursor(), [0, 'play']],
	['and goes on by scrapes', after(replayCursor(), advance, advance), [20, 'play']],
	['it stands when paused', after(replayCursor(), space, advance), [0, 'pause']],
	['space at its end begins again', after(replayCursor(), {type: 'seek', toMs: 1e9}, space), [0, 'play']],
	[
		'it stops at an anomaly when asked to',
		after(replayCursor(60, {stopAtAnomalies: true}), advance, advance, advance, advance),
		[30, 'pause'],
	],
	['a loop begins again', after(replayCursor(60, {loop: true}), {type: 'seek', toMs: 1e9}, home, advance), [0, 'play']],
	['without one it stands at the end', after(replayCursor(), {type: 'seek', toMs: 1e9}, home, advance), [100, 'play']],
	['past live, played on, is live again', after(liveCursor(), back, space, advance, advance), [100, 'follow']],
	['a seek lands on a scrape', after(liveCursor(), {type: 'seek', toMs: 47_000}), [40, 'pause']],
	['a seek before the start lands on the first', after(liveCursor(), {type: 'seek', toMs: -5}), [0, 'pause']],
	['no step leaves the end', after(liveCursor(), forward), [100, 'pause']],
] as const) {
	test(what, () => assert.deepEqual(place(cursor), expected));
}

test('an anomaly that fired between two scrapes is gone to where the second one tells it', () => {
	const between: Line = {...line, anomalies: [{firedAtMs: 26_000}, {firedAtMs: 67_000}] as unknown as Anomaly[]};
	const placed = (...actions: CursorAction[]): number =>
		actions.reduce((at, action) => moveCursor(at, action, between), liveCursor()).atMs / 1000;
	assert.equal(placed({type: 'seek-told', firedAtMs: 67_000}), 70);
	assert.equal(placed({type: 'seek-told', firedAtMs: 70_000}), 70);
	assert.equal(placed({type: 'seek-told', firedAtMs: 1e9}), 100);
	assert.equal(placed(previous), 70);
	assert.equal(placed(previous, previous), 30);
	assert.equal(placed(previous, previous, next), 70);
});

test('the next scrape is due after its distance over the speed', () => {
	assert.equal(due(replayCursor(60), line), 10_000 / 60);
	assert.equal(due(liveCursor(), line), undefined);
	assert.equal(due(after(replayCursor(), space), line), undefined);
});

test('a gap in which nothing was recorded is passed over', () => {
	const gap: Line = {...line, scrapeAfter: ms => ms + 3_600_000, endMs: 1e12};
	assert.equal(due(replayCursor(60), gap), 1000);
	assert.equal(due(replayCursor(36_000), gap), 100);
});

test('speed stays within its steps', () => {
	let cursor = replayCursor(60);
	for (let i = 0; i < 20; i++) cursor = moveCursor(cursor, {type: 'change-speed', by: 1}, line);
	assert.equal(cursor.speed, 600);
	for (let i = 0; i < 20; i++) cursor = moveCursor(cursor, {type: 'change-speed', by: -1}, line);
	assert.equal(cursor.speed, 1);
});

test('nothing moves before the first scrape', () => {
	const empty: Line = {...line, startMs: Number.NaN, endMs: Number.NaN, anomalies: []};
	assert.deepEqual(moveCursor(replayCursor(), advance, empty), replayCursor());
	assert.equal(due(replayCursor(), {...empty, scrapeAfter: () => Number.NaN}), undefined);
});
