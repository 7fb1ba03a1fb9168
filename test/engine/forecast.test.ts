// The first time at which a limit is foretold is what somebody on call reads.
import assert from 'node:assert/strict';
import test from 'node:test';
import {container, jitter, MIB, START_MS, samples, watch} from './watch.ts';

const LIMIT_MIB = 512;
const ONSET = 250;
const SECONDS = 15;

test('of the first forecasts told of sixty straight ramps seven in ten hold the crossing, and they are not late by habit', () => {
	const ratios: number[] = [];
	let inside = 0;
	for (let k = 0; k < 60; k++) {
		const perSample = ((1 + (3 * k) / 60) * SECONDS) / 60;
		const noise = 0.5 + 3.5 * Math.abs(jitter(k));
		const until = ONSET + (LIMIT_MIB - 120) / perSample;
		const crossingMs = START_MS + until * SECONDS * 1000;
		const memory = (i: number): number => 120 + Math.max(0, i - ONSET) * perSample + noise * jitter(i + 1000 * k);
		const of = container(`ramp-${k}`, {memoryLimitBytes: LIMIT_MIB * MIB});
		const {events} = watch(samples(Math.floor(until * 0.9), i => 50 + 4 * jitter(i), memory, {of}));
		const first = events.flatMap(event => ('anomaly' in event ? (event.anomaly.explanation.forecast ? [event] : []) : []))[0];
		assert.ok(first, `ramp ${k} is told with a forecast`);
		const {forecast} = first.anomaly.explanation;
		assert.ok(forecast);
		if (forecast.earliestMs <= crossingMs && crossingMs <= forecast.latestMs) inside++;
		ratios.push((forecast.atMs - first.atMs) / (crossingMs - first.atMs));
	}
	ratios.sort((a, b) => a - b);
	const middle = ratios[30] ?? Number.NaN;
	assert.ok(inside >= 42, `${inside} of 60 inside`);
	assert.ok(middle > 0.85 && middle < 1.15, `median of told over true remaining time: ${middle}`);
});

test('a sample that is there twice is one sample: in one scrape, and in two of the same time', () => {
	const of = container('a');
	const fault = (i: number): number => 50 + 4 * jitter(i) + (i >= 200 && i < 230 ? 600 : i >= 300 && i < 350 ? 600 : 0);
	const once = [...samples(420, fault, i => 120 + jitter(i + 7777), {of})];
	const told = (scrapes: typeof once): string[] =>
		watch(scrapes).events.map(
			event =>
				`${event.type} ${(event.atMs - START_MS) / 15_000} ${'anomaly' in event ? `${event.anomaly.kind} ${event.anomaly.state}` : ''}`,
		);
	const expected = told(once);
	assert.ok(expected.some(line => line.startsWith('closed')));
	assert.deepEqual(told(once.map(one => ({...one, readings: [...one.readings, ...one.readings]}))), expected);
	assert.deepEqual(told(once.flatMap(one => [one, one])), expected);
});
