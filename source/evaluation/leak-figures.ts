/** What is told of injected leaks: whether, when, and how well the limit was foretold. */
import {createEngine} from '../engine/engine.ts';
import type {Settings} from '../engine/settings.ts';
import type {Forecast} from '../engine/verdict.ts';
import {csvScrapes} from './csv.ts';
import {drain} from './evaluate.ts';
import type {InjectedLeak} from './injections.ts';

export interface LeakFigures {
	readonly leaks: number;
	/** Told as a leak before the limit. */
	readonly found: number;
	/** Of the way to the limit, where each was told. */
	readonly ways: readonly number[];
	/** The same, where each was a warning or worse for the first time. */
	readonly warned: readonly number[];
	/** Leaks told where there was none, before the injection. */
	readonly early: number;
	readonly forecasts: readonly ForecastCheck[];
}

export interface ForecastCheck {
	readonly inside: boolean;
	/** Of the interval, in remaining times. */
	readonly width: number;
}

export function countLeaks(leaks: readonly InjectedLeak[], settings: Partial<Settings>): LeakFigures {
	let found = 0;
	let early = 0;
	const ways: number[] = [];
	const warned: number[] = [];
	const forecasts: ForecastCheck[] = [];
	for (const {stream, beganAt, limitAt} of leaks) {
		const engine = createEngine(settings);
		let told = Number.NaN;
		let warnedAt = Number.NaN;
		let asked = 0;
		for (const scrape of csvScrapes({streams: [stream], dropped: 0, readings: stream.t.length})) {
			const {events} = drain(engine.assess(scrape));
			for (const event of events) {
				if (!('anomaly' in event) || event.anomaly.kind !== 'memory-leak' || event.type === 'closed') continue;
				if (event.atMs / 1000 < beganAt) early++;
				else {
					if (Number.isNaN(told)) told = event.atMs / 1000;
					if (Number.isNaN(warnedAt) && event.anomaly.severity !== 'notice') warnedAt = event.atMs / 1000;
				}
			}
			// From the moment it is told, the forecast is asked at each twentieth of the way.
			const way = (scrape.atMs / 1000 - beganAt) / (limitAt - beganAt);
			if (Number.isNaN(told) || way * 20 < asked || way > 0.95) continue;
			asked = Math.floor(way * 20) + 1;
			const forecast = engine.explain(stream.key)?.forecast;
			if (forecast) forecasts.push(check(forecast, scrape.atMs, limitAt * 1000));
		}
		if (Number.isNaN(told)) continue;
		found++;
		ways.push((told - beganAt) / (limitAt - beganAt));
		if (!Number.isNaN(warnedAt)) warned.push((warnedAt - beganAt) / (limitAt - beganAt));
	}
	return {leaks: leaks.length, found, ways, warned, early, forecasts};
}

function check({earliestMs, latestMs}: Forecast, atMs: number, limitAtMs: number): ForecastCheck {
	return {inside: earliestMs <= limitAtMs && limitAtMs <= latestMs, width: (latestMs - earliestMs) / Math.max(limitAtMs - atMs, 1)};
}
