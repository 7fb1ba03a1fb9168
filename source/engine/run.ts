import {CHANNELS, CPU_DOWN, metricOf, type Passed} from './gates.ts';
import type {Habits} from './habits.ts';
import type {History} from './history.ts';

/** A run of odd samples of one container, from the debounce on: what an episode is made of. Counts are sample numbers. */
export interface Run {
	/** Bits of the channels that took part. */
	channels: number;
	/** First odd sample, the one that confirmed it, the last odd one. */
	readonly first: number;
	readonly fired: number;
	last: number;
	readonly firstAtMs: number;
	readonly firedAtMs: number;
	lastAtMs: number;
	/** ef, the largest so far, of each channel. */
	readonly effect: [number, number, number];
	/** Most extreme value of each channel. */
	readonly peak: [number, number, number];
	/** Passed the gates of a newcomer: a warning. */
	young: boolean;
	/** Channels, of those, that are habits. */
	habits: number;
	readonly provisional: boolean;
}

/** A run of the newest samples, of which the first odd one is `back` samples old. */
export function beginRun(history: History, channels: number, back: number, provisional: boolean): Run {
	const atMs = history.atMs(0);
	const run: Run = {
		channels,
		first: history.count - back,
		fired: history.count,
		last: history.count,
		firstAtMs: history.atMs(back),
		firedAtMs: atMs,
		lastAtMs: atMs,
		effect: [0, 0, 0],
		peak: [Number.NaN, Number.NaN, Number.NaN],
		young: false,
		habits: 0,
		provisional,
	};
	for (let i = back; i > 0; i--) extremes(run, history, i);
	return run;
}

function extremes(run: Run, history: History, back: number): void {
	for (let channel = 0; channel < CHANNELS.length; channel++) {
		const x = history.column(metricOf(channel))[history.place(back)] as number;
		const peak = run.peak[channel] as number;
		if (!(channel === CPU_DOWN ? peak <= x : peak >= x)) run.peak[channel] = x;
	}
}

/** Takes the newest sample, which is odd in the channels of `flags`. */
export function extendRun(
	run: Run,
	history: History,
	flags: number,
	passed: readonly Passed[],
	habits: readonly Habits[],
	mature: boolean,
): void {
	extremes(run, history, 0);
	run.last = history.count;
	run.lastAtMs = history.atMs(0);
	for (let channel = 0; channel < CHANNELS.length; channel++) {
		const p = passed[channel] as Passed;
		const bit = 1 << channel;
		if ((flags & bit) === 0) continue;
		run.effect[channel] = Math.max(run.effect[channel] as number, p.effect);
		run.young ||= p.young;
		if ((run.channels & bit) === 0) continue;
		// A habit is decided where the run begins, and lost where the effect grows beyond it.
		const known = (habits[channel] as Habits).known(run.effect[channel] as number, history.count, mature);
		if (!known) run.habits &= ~bit;
		else if (run.fired === history.count) run.habits |= bit;
	}
}
