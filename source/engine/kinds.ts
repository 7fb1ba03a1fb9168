/** What is it? Section 7 of the specification: the first kind that fits. */
import {FLOOR} from './baseline.ts';
import {CPU_DOWN, CPU_UP, MEMORY_UP} from './gates.ts';
import type {History} from './history.ts';
import type {Run} from './run.ts';
import type {Series} from './series.ts';
import {median} from './statistics.ts';
import type {Kind, Metric} from './verdict.ts';

/** CPU that is up for this long is no spike. */
const SUSTAINED_MS = 5 * 60_000;
/** Memory that is up for this long is another level, at whatever rhythm it is sampled. */
const LEVEL_MS = 10 * 60_000;
const LEVEL_SAMPLES = 10;
/** Odd samples before siblings are asked. */
const LOAD_SAMPLES = 2;
/** Siblings that rise by this share of this container's rise do the same work. */
const SIBLINGS_FOLLOW = 0.5;
/** Siblings that are looked at. */
const MOST_COMPARED = 20;
/** Samples before the episode with which it is compared, and how few of them still say something. */
const BEFORE = 120;
const BEFORE_ENOUGH = 10;

/** The more severe names an episode of two metrics; the other is listed. */
const ORDER: readonly Kind[] = ['memory-leak', 'cpu-sustained', 'load', 'level-shift', 'drop', 'memory-spike', 'cpu-spike'];

export interface Name {
	readonly kind: Kind;
	readonly also: readonly Kind[];
	readonly metric: Metric;
}

/** What the siblings do while this one is odd. */
export interface Siblings {
	readonly count: number;
	/** How many of them do the same. */
	readonly alike: number;
	/** Median of their change over the change of this one; NaN without any. */
	readonly ratio: number;
}

export const NO_SIBLINGS: Siblings = {count: 0, alike: 0, ratio: Number.NaN};

const values = new Float64Array(512);

/** Samples at either end of a rise. */
const ENDS = 5;

/** Of a growth that may be as old as what is known of it: where nothing is known of the time before, how far it rose since. */
export function growthSince(history: History, metric: 0 | 1, fromMs: number): number {
	const sinceBefore = change(history, metric, fromMs);
	return Number.isNaN(sinceBefore) ? riseSince(history, metric, fromMs) : sinceBefore;
}

/** Median of the newest samples minus that of the first ones since `fromMs`; NaN where they are too few. */
export function riseSince(history: History, metric: 0 | 1, fromMs: number): number {
	let n = 0;
	while (n < history.length && history.atMs(n) >= fromMs) n++;
	if (n < 2 * ENDS) return Number.NaN;
	const first = median(values, history.recent(metric, n - ENDS, n, values));
	return median(values, history.recent(metric, 0, ENDS, values)) - first;
}

/** Median since `fromMs` minus the median of the samples before; NaN where too little is known. */
export function change(history: History, metric: 0 | 1, fromMs: number): number {
	let during = 0;
	while (during < history.length && history.atMs(during) >= fromMs) during++;
	const now = median(values, history.recent(metric, 0, during, values));
	const n = history.recent(metric, during, during + BEFORE, values);
	return n < BEFORE_ENOUGH ? Number.NaN : now - median(values, n);
}

/**
 * Compares the change of a container since `fromMs`, or what `changeOf` takes for it, with that of its siblings. Of many, every so manyth is looked at:
 * when a thousand replicas rise together each of them asks.
 */
export function compareSiblings(of: Series, siblings: readonly Series[], metric: 0 | 1, fromMs: number, changeOf = change): Siblings {
	const own = changeOf(of.history, metric, fromMs);
	const ratios: number[] = [];
	let alike = 0;
	const compared = Math.min(siblings.length, MOST_COMPARED);
	for (let i = 0; i < compared; i++) {
		const sibling = siblings[Math.floor((i * siblings.length) / compared)] as Series;
		const ratio = changeOf(sibling.history, metric, fromMs) / own;
		if (!Number.isFinite(ratio)) continue;
		ratios.push(ratio);
		if (ratio > SIBLINGS_FOLLOW) alike++;
	}
	const count = siblings.length;
	return {count, alike: compared > 0 ? Math.round((alike * count) / compared) : 0, ratio: median(Float64Array.from(ratios))};
}

/** Memory that goes on rising by this share of its rise a sample is not up yet. */
const RISING = 0.1;
/** A spike is up within so many samples. */
const SUDDEN_SAMPLES = 3;
const ONSET = 10;
/** Samples this far apart hide any ramp. */
const SLOW_MS = 120_000;

/**
 * Did memory jump? What rises for longer than three samples is on its way to another level (a cache that fills), or is
 * a leak, which the trend rule will say; neither is a spike.
 */
export function isSudden({history, sampleMs}: Series, run: Run): boolean {
	if (sampleMs >= SLOW_MS) return true;
	const during = history.count - run.first + 1;
	const n = history.recent(1, during + SUDDEN_SAMPLES, during + BEFORE, values);
	const level = median(values, n);
	let peak = Number.NEGATIVE_INFINITY;
	for (let back = 0; back < during; back++) peak = Math.max(peak, history.memory[history.place(back)] as number);
	const rise = peak - level;
	if (n < BEFORE_ENOUGH || history.newest(1) - (history.memory[history.place(1)] as number) > RISING * rise) return false;
	let span = 0;
	for (let back = Math.min(during + ONSET, history.length) - 1; back >= 0; back--) {
		const x = history.memory[history.place(back)] as number;
		if (x >= peak - RISING * rise) return span < SUDDEN_SAMPLES;
		if (x > level + RISING * rise) span++;
	}
	return true;
}

/** `siblings` compares CPU, or memory where memory alone is odd. */
export function nameRun(run: Run, channels: number, series: Series, siblings: Siblings): Name {
	const kinds: Kind[] = [];
	const held = run.last - run.first + 1;
	const has = (channel: number): boolean => (channels & (1 << channel)) !== 0;
	if (has(CPU_UP)) {
		if (held >= LOAD_SAMPLES && siblings.ratio > SIBLINGS_FOLLOW) kinds.push('load');
		else if (held * series.sampleMs >= SUSTAINED_MS) kinds.push('cpu-sustained');
		else kinds.push('cpu-spike');
	}
	// Memory that rises in all replicas rises with what they do.
	if (has(MEMORY_UP)) {
		if (series.stood || (held >= LEVEL_SAMPLES && held * series.sampleMs >= LEVEL_MS)) kinds.push('level-shift');
		else if (kinds.length === 0 && siblings.ratio > SIBLINGS_FOLLOW) return {kind: 'load', also: [], metric: 'memory'};
		else kinds.push(isSudden(series, run) ? 'memory-spike' : 'level-shift');
	}
	if (has(CPU_DOWN)) kinds.push('drop');
	kinds.sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
	// Of two that are young yet, the one that is further out names it: a busy loop takes some memory, a burst of memory some CPU.
	if (kinds.includes('cpu-spike') && kinds.length > 1 && !series.stood && further(run, series) === 'cpu') kinds.reverse();
	const [kind = 'cpu-spike', ...also] = kinds;
	return {kind, also, metric: metricOfKind(kind)};
}

/** The metric whose effect is larger beside its own median. */
function further({effect}: Run, {baseline}: Series): Metric {
	const times = (channel: number, metric: 0 | 1): number => (effect[channel] ?? 0) / Math.max(baseline.usual[metric].median, FLOOR[metric]);
	return times(CPU_UP, 0) > times(MEMORY_UP, 1) ? 'cpu' : 'memory';
}

export const metricOfKind = (kind: Kind): Metric =>
	kind === 'cpu-spike' || kind === 'cpu-sustained' || kind === 'load' || kind === 'drop' ? 'cpu' : 'memory';
