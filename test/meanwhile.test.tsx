// The whole screen while data comes: keys in bursts, pastes, dragged windows and a clock that only the test moves.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Clock} from '../source/app.tsx';
import {liveCursor, replayCursor} from '../source/cursor.ts';
import {BINDINGS} from '../source/screen/keys.ts';
import {AppScreen} from './app-screen.tsx';
import {ChangingCluster, type Happening, happenings} from './screen/changing-cluster.ts';

class HandClock implements Clock {
	#nowMs = 0;
	readonly #waiting = new Set<{readonly atMs: number; readonly call: () => void}>();

	now(): number {
		return this.#nowMs;
	}

	after(ms: number, call: () => void): () => void {
		const timer = {atMs: this.#nowMs + ms, call};
		this.#waiting.add(timer);
		return () => this.#waiting.delete(timer);
	}

	pass(ms: number): void {
		this.#nowMs += ms;
		for (const timer of [...this.#waiting]) {
			if (timer.atMs > this.#nowMs || !this.#waiting.delete(timer)) continue;
			timer.call();
		}
	}
}

type Step =
	| {readonly type: 'keys'; readonly keys: readonly string[]}
	| {readonly type: 'paste'; readonly text: string}
	| {readonly type: 'resize'; readonly columns: number; readonly rows: number}
	| {readonly type: 'happens'; readonly what: Happening}
	| {readonly type: 'scrapes'; readonly count: number}
	| {readonly type: 'passes'; readonly ms: number};

/** Not those that leave; nor esc, which is one only when nothing has followed it for a while. */
const KEYS = BINDINGS.filter(({action}) => action.type !== 'quit' && action.type !== 'undo').flatMap(({keys}) => keys);
const steps: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({type: fc.constant('keys'), keys: fc.array(fc.constantFrom(...KEYS, 'a', 'enter'), {minLength: 1, maxLength: 5})}),
	},
	{weight: 1, arbitrary: fc.record({type: fc.constant('paste'), text: fc.string({unit: 'binary', maxLength: 60})})},
	{
		weight: 2,
		arbitrary: fc.record({type: fc.constant('resize'), columns: fc.integer({min: 1, max: 220}), rows: fc.integer({min: 1, max: 70})}),
	},
	{weight: 4, arbitrary: fc.record({type: fc.constant('happens'), what: happenings})},
	{weight: 4, arbitrary: fc.record({type: fc.constant('scrapes'), count: fc.integer({min: 1, max: 25})})},
	{weight: 4, arbitrary: fc.record({type: fc.constant('passes'), ms: fc.integer({min: 1, max: 2000})})},
);

test('whatever comes in whatever order, nothing is thrown and the terminal shows what was last drawn', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(steps, {minLength: 10, maxLength: 50, size: 'max'}),
			fc.constantFrom(liveCursor(), replayCursor(60), replayCursor(10, {loop: true, stopAtAnomalies: true})),
			fc.boolean(),
			async (all, cursor, forgetful) => {
				const cluster = new ChangingCluster({forgetful});
				const {timeline} = cluster;
				const clock = new HandClock();
				const source = {label: 'lab', live: cursor.home === 'follow', finished: () => timeline.complete};
				await using screen = new AppScreen({columns: 100, rows: 32}, {timeline, cursor, clock, source});
				for (const step of all) {
					switch (step.type) {
						case 'keys':
							for (const key of step.keys) screen.send(key);
							break;
						case 'paste':
							screen.paste(step.text);
							break;
						case 'resize':
							screen.resize(step.columns, step.rows);
							break;
						case 'happens':
							cluster.happens(step.what);
							break;
						case 'scrapes':
							cluster.scrapes(step.count);
							break;
						case 'passes':
							clock.pass(step.ms);
					}
					const shown = await screen.cells();
					assert.equal(screen.failure, undefined);
					assert.deepEqual(await screen.cells({anew: true}), shown);
					const selected = screen.text.split('\n').filter(line => /^.?▸/.test(line));
					assert.ok(selected.length <= 2, screen.text);
				}
			},
		),
		{numRuns: 20},
	);
});
