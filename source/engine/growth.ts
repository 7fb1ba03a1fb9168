/** Is memory growing, and when does it reach the limit? Section 8 of the specification. Memory in MiB, time in seconds. */
import {Blocks} from './blocks.ts';
import type {History} from './history.ts';
import {clamp, median, quantileSorted} from './statistics.ts';
import {intercept, mannKendall, slopeInterval, theilSen} from './trend.ts';

/** Window and block of the short horizons, in samples. */
const SHORT = [
	[48, 4],
	[60, 5],
	[120, 10],
	[240, 20],
] as const;
/** Of a container that has not been trained: six minutes of samples every 15 s. What else must speak for it: leaks.ts. */
const EARLY = [[24, 2], ...SHORT] as const;
const POINTS = 12;
/** The long horizons, in blocks of a twelfth. */
const LONG_SECONDS = [6 * 3600, 24 * 3600] as const;
const DAY_SECONDS = 86_400;
/** Before the window: so many samples are looked at for new ground. */
const BEFORE = 240;
const LEAST_GROWTH_MIB = 4;
const LEAST_GROWTH_SHARE = 0.05;
const TREND_Z = 3.1;
const LEVELLING = 0.6;
/** A rise begins where this share of it is reached, and takes up half of the window at least. */
const ONSET = 0.1;
const LATEST_ONSET = POINTS / 2;
/** Where only a part of the window rises, more is asked of it: an exponential fill is told from a line by its bend. */
const RISE_LEVELLING = 0.75;
const ONE_STEP = 0.5;
const NEW_GROUND = 0.25;
const LIMIT_WINDOWS = 4;
const DOUBLING_WINDOWS = 8;
/** z of an 80 % interval. */
const INTERVAL_Z = 1.28;
/** And of what remains, for what no line knows: of .02, .01, .005, .003 and none the one that holds .75 to .90 of the crossings. */
const MARGIN = 0.003;

export interface Growth {
	/** MiB a second. */
	readonly slope: number;
	/** When this was computed. */
	readonly atMs: number;
	/** Since when: the beginning of the window. */
	readonly sinceMs: number;
	readonly spanSeconds: number;
	/** Of that, how long it has been rising. */
	readonly riseSeconds: number;
	/** Without a whole day of history a long horizon gives a notice: memory that follows the day's load rises for hours too. */
	readonly long: boolean;
	/** It slows down, and so fast that it would level off below the limit: what fills looks like this. */
	readonly slowing: boolean;
	/** Seconds to the limit: point and 80 % interval; absent without a limit. */
	readonly toLimit?: {readonly point: number; readonly early: number; readonly late: number};
}

interface Line {
	readonly slope: number;
	/** Of the line at `now`. */
	readonly level: number;
	readonly intercept: number;
	/** The first of the points that it is of: those before are flat. */
	readonly from: number;
	readonly variance: number;
	readonly slowing: boolean;
}

const m = new Float64Array(POINTS);
const tau = new Float64Array(POINTS);
const before = new Float64Array(BEFORE);
const residuals = new Float64Array(Math.max(BEFORE, 2 * POINTS));

export class GrowthWatch {
	readonly long: readonly Blocks[] = LONG_SECONDS.map(seconds => new Blocks(seconds / POINTS));
	/** What the long horizons said when their newest block was completed. */
	longGrowth: Growth | undefined;

	/** Takes a sample into the long horizons; true where one of them has something new to say. */
	push(t: number, memory: number): boolean {
		let completed = false;
		for (const blocks of this.long) completed = blocks.push(t, memory) || completed;
		return completed;
	}

	clear(): void {
		for (const blocks of this.long) blocks.clear();
		this.longGrowth = undefined;
	}
}

/** The first horizon on which memory grows. `usable`: newest samples that count; `limit` in MiB, 0 without one. */
export function shortGrowth(
	history: History,
	usable: number,
	limit: number,
	sampleSeconds: number,
	isTrained: boolean,
): Growth | undefined {
	for (const [window, block] of isTrained ? SHORT : EARLY) {
		if (usable < window) return undefined;
		if (!minima(history, window, block)) continue;
		const windowSeconds = window * sampleSeconds;
		const line = growing(windowSeconds - block * sampleSeconds, windowSeconds, limit, seconds(history, 0), () =>
			highestBefore(history, window, block, usable),
		);
		if (!line) continue;
		let n = 0;
		for (let back = 0; back < window - line.from * block; back++) {
			const x = history.memory[history.place(back)] as number;
			if (!Number.isNaN(x)) residuals[n++] = x - line.intercept - line.slope * seconds(history, back);
		}
		return growth(line, n, history, history.atMs(window - 1), windowSeconds, limit, sampleSeconds, false);
	}
	return undefined;
}

/** The same for six hours and a day, where that reaches further back. */
export function longGrowth(watch: GrowthWatch, history: History, limit: number, sampleSeconds: number): Growth | undefined {
	for (const blocks of watch.long) {
		const {spanSeconds, count, min, minAt, max, mean} = blocks;
		const windowSeconds = POINTS * spanSeconds;
		if (windowSeconds <= BEFORE * sampleSeconds || count < POINTS) continue;
		const at = (i: number): number => (count - POINTS + i) % min.length;
		for (let i = 0; i < POINTS; i++) {
			m[i] = min[at(i)] as number;
			tau[i] = minAt[at(i)] as number;
		}
		const line = growing(windowSeconds - spanSeconds, windowSeconds, limit, seconds(history, 0), () => {
			let highest = Number.NEGATIVE_INFINITY;
			for (let i = Math.max(0, count - min.length); i < count - POINTS; i++) highest = Math.max(highest, min[i % min.length] as number);
			return highest;
		});
		if (!line) continue;
		let n = 0;
		for (let i = line.from; i < POINTS; i++) {
			const middle = line.intercept + line.slope * (tau[i] as number);
			residuals[n++] = (mean[at(i)] as number) - middle;
			residuals[n++] = (max[at(i)] as number) - middle;
		}
		const age = seconds(history, 0) - (tau[0] as number);
		const wholeDay = count * spanSeconds >= DAY_SECONDS;
		return growth(line, n, history, history.atMs(0) - age * 1000, windowSeconds, limit, sampleSeconds, !wholeDay);
	}
	return undefined;
}

const seconds = (history: History, back: number): number => (history.tenths[history.place(back)] as number) / 10;

/** Block minima at their own times: the lower envelope, in which collectors' saw-teeth vanish. False where a block is empty. */
function minima(history: History, window: number, block: number): boolean {
	for (let i = 0; i < POINTS; i++) {
		let low = Number.POSITIVE_INFINITY;
		let lowAt = Number.NaN;
		const newest = window - (i + 1) * block;
		for (let back = newest + block - 1; back >= newest; back--) {
			const x = history.memory[history.place(back)] as number;
			if (x < low) {
				low = x;
				lowAt = seconds(history, back);
			}
		}
		if (low === Number.POSITIVE_INFINITY) return false;
		m[i] = low;
		tau[i] = lowAt;
	}
	return true;
}

/** Largest block minimum of the time before the window. */
function highestBefore(history: History, window: number, block: number, usable: number): number {
	let highest = Number.NEGATIVE_INFINITY;
	const end = Math.min(window + BEFORE, usable);
	for (let from = window; from + block <= end; from += block) {
		let low = Number.POSITIVE_INFINITY;
		for (let back = from; back < from + block; back++) {
			const x = history.memory[history.place(back)] as number;
			if (x < low) low = x;
		}
		if (low < Number.POSITIVE_INFINITY) highest = Math.max(highest, low);
	}
	return highest;
}

/** The last point before the rise: 0 where all of the window rises. */
function onsetOf(m: Float64Array): number {
	const foot = (m[0] as number) + ONSET * ((m[POINTS - 1] as number) - (m[0] as number));
	let onset = 0;
	while (onset < POINTS - 1 && (m[onset + 1] as number) < foot) onset++;
	return onset;
}

/** Rules 1 to 7 on `m` at `tau`. */
function growing(growthSeconds: number, windowSeconds: number, limit: number, now: number, highestBefore: () => number): Line | undefined {
	// Growth over the window is at most what lies between the extremes: most calm series end here.
	let low = Number.POSITIVE_INFINITY;
	let high = Number.NEGATIVE_INFINITY;
	for (let i = 0; i < POINTS; i++) {
		low = Math.min(low, m[i] as number);
		high = Math.max(high, m[i] as number);
	}
	if (high - low < LEAST_GROWTH_MIB / 2) return undefined;
	const slope = theilSen(m, tau);
	if (!(slope > 0)) return undefined;
	const grown = slope * growthSeconds;
	before.set(m);
	if (grown < Math.max(LEAST_GROWTH_MIB, LEAST_GROWTH_SHARE * median(before, POINTS))) return undefined;
	const {z, variance} = mannKendall(m);
	if (z < TREND_Z) return undefined;
	const onset = onsetOf(m);
	if (onset > LATEST_ONSET) return undefined;
	const middle = (onset + POINTS) >> 1;
	const early = theilSen(m, tau, onset, middle);
	const late = theilSen(m, tau, middle, POINTS);
	if (early > 0 && late < (onset === 0 ? LEVELLING : RISE_LEVELLING) * early) return undefined;
	let step = 0;
	for (let i = 1; i < POINTS; i++) step = Math.max(step, (m[i] as number) - (m[i - 1] as number));
	if (step > ONE_STEP * Math.max((m[POINTS - 1] as number) - (m[0] as number), grown)) return undefined;
	const ground = highestBefore();
	const reached = Math.max(m[POINTS - 1] as number, m[POINTS - 2] as number, m[POINTS - 3] as number);
	if (ground > Number.NEGATIVE_INFINITY && reached < ground + NEW_GROUND * grown) return undefined;
	const whole = intercept(m, tau, slope) + slope * now;
	const room = limit > 0 ? limit - whole : whole; // without a limit: until it has doubled
	const slowing = early > 0 && levelsOff(early, late, ((tau[POINTS - 1] as number) - (tau[onset] as number)) / 2, room);
	if (room / slope >= Math.max(DAY_SECONDS, (limit > 0 ? LIMIT_WINDOWS : DOUBLING_WINDOWS) * windowSeconds)) return undefined;
	if (onset === 0) return {slope, level: whole, intercept: whole - slope * now, from: 0, variance, slowing};
	// The flat stretch before the rise says that it rises, not how fast: with it the first forecast would always be late.
	return rise(onset + 1, now, slowing);
}

/**
 * An exponential fill through the slopes of two halves whose middles lie `apart`: what would it still add?
 * Slope s e^(-λt) adds s/λ, and λ = ln(early / late) / apart.
 */
function levelsOff(early: number, late: number, apart: number, room: number): boolean {
	const λ = Math.log(early / late) / apart;
	return λ > 0 && (late * Math.exp((-λ * apart) / 2)) / λ < room;
}

/** The line of the points from `from` on. */
function rise(from: number, now: number, slowing: boolean): Line | undefined {
	const slope = theilSen(m, tau, from, POINTS);
	if (!(slope > 0)) return undefined;
	const c = intercept(m.subarray(from), tau.subarray(from), slope);
	const {variance} = mannKendall(m.subarray(from));
	return {slope, level: c + slope * now, intercept: c, from, variance, slowing};
}

function growth(
	{slope, level, variance, from, slowing}: Line,
	n: number,
	history: History,
	sinceMs: number,
	spanSeconds: number,
	limit: number,
	sampleSeconds: number,
	long: boolean,
): Growth {
	const riseSeconds = from === 0 ? spanSeconds : seconds(history, 0) - (tau[from] as number);
	const common = {slope, atMs: history.atMs(0), sinceMs, spanSeconds, riseSeconds, long, slowing};
	if (!(limit > 0) || history.length === 0) return common;
	residuals.subarray(0, n).sort();
	const room = limit - level;
	const [low, high] = slopeInterval(m.subarray(from), tau.subarray(from), POINTS - from, variance, INTERVAL_Z);
	const slowest = Math.max(low, slope / 4);
	const fastest = Math.max(high, slope);
	const point = Math.max(0, (room - quantileSorted(residuals, n, 0.9)) / slope);
	return {
		...common,
		toLimit: {
			point,
			early: clamp(((1 - MARGIN) * (room - quantileSorted(residuals, n, 1))) / fastest - sampleSeconds, 0, point),
			late: Math.max(point, ((1 + MARGIN) * (room - quantileSorted(residuals, n, 0.5))) / slowest + sampleSeconds),
		},
	};
}
