import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setImmediate} from 'node:timers/promises';
import {stripVTControlCharacters} from 'node:util';
import {render} from 'ink-testing-library';
import {App, type AppProps, type Clock} from '../source/app.tsx';
import {liveCursor, replayCursor} from '../source/cursor.ts';
import type {Timeline} from '../source/timeline.ts';
import {mono, Pane, utc} from './screen/frame.ts';
import {END_MS, START_MS, STEP_MS, sampleTimeline, scrapeAt} from './screen/sample.ts';

/** Timers that go off when they are told to. */
class TurnedClock implements Clock {
	#nowMs = 0;
	#timers: {readonly atMs: number; readonly call: () => void}[] = [];

	now(): number {
		return this.#nowMs;
	}

	after(ms: number, call: () => void): () => void {
		const timer = {atMs: this.#nowMs + ms, call};
		this.#timers.push(timer);
		return () => {
			this.#timers = this.#timers.filter(other => other !== timer);
		};
	}

	get pending(): number {
		return this.#timers.length;
	}

	/** Lets time pass, timer by timer. */
	async turn(ms: number): Promise<void> {
		const untilMs = this.#nowMs + ms;
		for (;;) {
			const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs);
			if (!next || next.atMs > untilMs) break;
			this.#nowMs = next.atMs;
			this.#timers = this.#timers.filter(other => other !== next);
			next.call();
			await settled();
		}
		this.#nowMs = untilMs;
	}
}

/** Ink reads keys and React runs effects between turns of the loop. */
async function settled(): Promise<void> {
	for (let i = 0; i < 6; i++) await setImmediate();
}

interface Shown {
	readonly frame: () => string;
	readonly press: (keys: string) => Promise<void>;
	readonly resize: (columns: number, rows: number) => Promise<void>;
	readonly frames: () => number;
	readonly clock: TurnedClock;
	readonly written: () => readonly string[];
	readonly left: () => number;
}

async function show(timeline: Timeline, columns: number, rows: number, more: Partial<AppProps> = {}): Promise<Shown> {
	const clock = new TurnedClock();
	let left = 0;
	const app = render(
		<App
			timeline={timeline}
			source={{label: 'prod-eu', live: true, finished: () => false}}
			cursor={liveCursor()}
			theme={mono}
			times={utc}
			namespaceLabel="all namespaces"
			clock={clock}
			onQuit={() => left++}
			{...more}
		/>,
	);
	const resize = async (toColumns: number, toRows: number): Promise<void> => {
		Object.defineProperties(app.stdout, {
			columns: {value: toColumns, configurable: true},
			rows: {value: toRows, configurable: true},
		});
		app.stdout.emit('resize');
		await settled();
	};
	await settled();
	await resize(columns, rows);
	return {
		frame: () => stripVTControlCharacters(app.lastFrame() ?? ''),
		press: async keys => {
			app.stdin.write(keys);
			await settled();
		},
		resize,
		frames: () => app.frames.length,
		clock,
		written: () => app.frames,
		left: () => left,
	};
}

const trimmed = (frame: string): string =>
	frame
		.split('\n')
		.map(line => line.trimEnd())
		.join('\n');

const trouble = sampleTimeline();

for (const [columns, rows] of [
	[80, 24],
	[120, 40],
	[200, 60],
] as const) {
	test(`the app draws what its panes paint at ${columns}x${rows}`, async () => {
		const {frame} = await show(trouble, columns, rows);
		assert.equal(trimmed(frame()), new Pane(trouble, {columns, rows}, {canKubectl: false}).frame());
	});
}

test('three keys in one read are three keys', async () => {
	const {frame, press} = await show(trouble, 120, 40);
	await press('jjj');
	assert.match(frame(), /▸△ payments +ledger-0/);
	await press('Gg');
	assert.match(frame(), /▸▲ shop +checkout/);
	await press('/cart\rj');
	assert.match(frame(), /▸· shop +cart-66b7d-bd8rr/);
});

test('a command that cannot be done is answered in its line', async () => {
	const {frame, press} = await show(trouble, 120, 40);
	await press(':sort colour\r');
	assert.match(frame(), /“colour” is no column to sort by/);
	await press('j');
	assert.doesNotMatch(frame(), /“colour”/);
	await press(':ns pay\r');
	assert.doesNotMatch(frame(), /│.. shop /);
});

test('q closes an overlay, and leaves when there is none', async () => {
	const {frame, press, left} = await show(trouble, 120, 40);
	await press('\r');
	assert.match(frame(), /╭ Why checkout/);
	await press('q');
	assert.doesNotMatch(frame(), /╭ Why/);
	assert.equal(left(), 0);
	await press('q');
	assert.equal(left(), 1);
});

test('new samples are drawn as they come; without any nothing is drawn', async () => {
	const timeline = sampleTimeline({steps: 200});
	const {frame, frames, clock} = await show(timeline, 120, 40);
	const before = frames();
	await clock.turn(3_600_000);
	assert.equal(frames(), before);
	assert.equal(clock.pending, 0);
	timeline.append(...scrapeAt(200, true));
	await settled();
	assert.ok(frames() > before);
	assert.match(frame(), new RegExp(utc.time(START_MS + 200 * STEP_MS - 4000)));
});

test('a replay plays at its speed, pauses, steps and says when it is over', async () => {
	const source = {label: 'shop.jsonl.gz', live: false, finished: () => true};
	const {frame, press, clock} = await show(trouble, 120, 40, {source, cursor: {...replayCursor(60), atMs: START_MS}});
	assert.match(frame(), /REPLAY ×60 12:59:56/);
	await clock.turn(10_000);
	assert.match(frame(), /REPLAY ×60 13:09:56/);
	await press(' ');
	assert.match(frame(), /PAUSED +13:09:56/);
	await clock.turn(10_000);
	assert.match(frame(), /PAUSED +13:09:56/);
	await press('.');
	assert.match(frame(), /PAUSED +13:10:11/);
	await press(' ');
	await press('>>>');
	await clock.turn(30_000);
	assert.match(frame(), new RegExp(`END ${utc.time(END_MS - 4000)}`));
	assert.equal(clock.pending, 0);
});

test('it can be made larger and smaller in the middle of anything', async () => {
	const {frame, press, resize} = await show(trouble, 120, 40);
	await press('/ca');
	await resize(60, 15);
	assert.ok(frame().split('\n').length <= 15);
	await resize(40, 10);
	assert.match(frame(), /oddpod needs 60x15/);
	await resize(200, 60);
	assert.match(frame(), /▸▲ shop +cart-66b7d-p4qzt/);
});

test('the workload that was asked for is selected once it is there', async () => {
	const timeline = sampleTimeline({steps: 0});
	const {frame} = await show(timeline, 120, 40, {select: of => of.workload === 'Deployment/frontend'});
	for (let step = 0; step < 3; step++) timeline.append(...scrapeAt(step, false));
	await settled();
	assert.match(frame(), /▸◔ shop +frontend/);
});

test('while keys run through the list the charts wait, and follow when they rest', async () => {
	const {frame, press, clock} = await show(trouble, 120, 40);
	await press('j');
	await clock.turn(100);
	await press('j');
	assert.match(frame(), /▸▲ payments +invoices/);
	assert.match(frame(), /╭ CPU checkout/);
	await clock.turn(149);
	assert.match(frame(), /╭ CPU checkout/);
	await clock.turn(1);
	assert.match(frame(), /╭ CPU invoices/);
	await press('k\r');
	assert.match(frame(), /╭ Why cart/);
});
