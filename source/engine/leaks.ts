/** A leak from its first sign to its end: section 8's rule opens it, levelling off renames it, falling back closes it. */
import {FLOOR} from './baseline.ts';
import type {Context} from './context.ts';
import {type Episode, open, type Telling} from './episode.ts';
import {describe} from './explanation.ts';
import {MIB} from './features.ts';
import {gateFactor, MEMORY_UP, need} from './gates.ts';
import {type Growth, longGrowth, shortGrowth} from './growth.ts';
import {compareSiblings, growthSince, riseSince} from './kinds.ts';
import {seriesOf} from './runs.ts';
import type {Series} from './series.ts';
import {SENSITIVITY} from './settings.ts';
import {isNearLimit} from './severity.ts';
import {median, quantileSorted} from './statistics.ts';
import {type Explanation, type Forecast, type Severity, worse} from './verdict.ts';
import type {Leak, Watched} from './watched.ts';

/** The rule is asked every so many samples. */
const EVERY = 5;
const HOUR_MS = 3_600_000;
/** Levelled off: the newest 20 samples are no higher than those 60 to 80 ago, but for 5 % of the whole rise. */
const LATELY = 20;
const AGO = 60;
const LEVELLED = 0.05;
/** Back within this share of the rise: over. */
const FALLEN = 0.25;
/** Told again when the forecast moved by this share of what remains. */
const MOVED = 0.25;
/** A limit further away than so many times what has been seen of the growth is worth a notice, no warning. */
const REACH = 8;
/** In its first minutes a rise may be anything that starts or fills: less is believed of it. */
const BRIEF_SECONDS = 600;
const BRIEF_REACH = 4;
/** A leak that has slowed down to this share of its fastest is on its way to a level. */
const SLOWED = 0.5;

/** A process that has run for so long before the rise is not starting any more. */
const STARTING_MS = 600_000;
/** Tops of a collector's saw-tooth lie lower, or it would have been killed. */
const AT_LIMIT = 0.95;
/** So many replicas at least, and so flat beside the rise. */
const WITNESSES = 2;
const MOST_WITNESSES = 20;
const FLAT = 0.2;

/** CPU of so many times its median before is a load of its own. */
const LOADED = 1.5;
/** Samples before a leak that tell what was usual then; fewer than replicas have to say more; and how few of them say anything. */
const BEFORE = 240;
const BEFORE_SURE = 60;
const BEFORE_ENOUGH = 20;

const values = new Float64Array(256);
/** Growth before the window, of what the same slope would have given. */
const FIRST_RISE = 0.5;

const before = new Float64Array(BEFORE);
const UNKNOWN = {median: Number.NaN, low: Number.NaN, high: Number.NaN};

export function followLeak(watched: Watched, context: Context, longChanged: boolean): void {
	const {series, growth} = watched;
	const {history} = series;
	const memory = history.newest(1);
	if (watched.leak) {
		watched.leak.peak = Math.max(watched.leak.peak, memory);
		if (hasFallen(watched.leak, watched)) {
			close(watched, watched.leak, context);
			return;
		}
	}
	// Refits and trends of one tick are spread by key.
	if ((history.count + (series.seed >>> 8)) % EVERY !== 0 && !longChanged) return;
	const usable = series.usable();
	const trained = isTrained(watched, context);
	const limit = Number.isFinite(watched.of.memoryLimitBytes) ? watched.of.memoryLimitBytes / MIB : 0;
	const seconds = series.sampleMs / 1000;
	if (longChanged) growth.longGrowth = longGrowth(growth, history, limit, seconds);
	const short = shortGrowth(history, usable, limit, seconds, trained);
	const isBelieved =
		short &&
		((trained && !isFirstRise(series, short)) || watched.leak || isAtLimit(watched, short) || hasFlatReplicas(watched, short, context));
	const found = (isBelieved ? short : undefined) ?? growth.longGrowth;
	if (found) grow(watched, found, context);
	else if (watched.leak?.isGrowing) {
		if (hasLevelled(watched.leak, watched)) levelOff(watched, watched.leak, context);
	}
}

/**
 * It has grown ever since it was first seen, and that was not long ago: the first tooth of a collector looks like that.
 * One whose workload is known is not given this grace.
 */
function isFirstRise(series: Series, {slope, sinceMs}: Growth): boolean {
	const {history} = series;
	const usable = series.usable();
	if (series.heir || usable >= BEFORE) return false;
	const first = median(values, history.recent(1, usable - EVERY, usable, values));
	let back = 0;
	while (back < usable && history.atMs(back) > sinceMs) back++;
	const then = median(values, history.recent(1, back, back + EVERY, values));
	return then - first > FIRST_RISE * slope * ((sinceMs - history.atMs(usable - 1)) / 1000);
}

const isTrained = ({series}: Watched, {settings}: Context): boolean => series.history.count >= settings.train || series.inherited;

/** Of a container that nothing is known of from before: all but at its limit, and that is nearer than the rise is old. */
const isAtLimit = ({of, series}: Watched, {toLimit, riseSeconds}: Growth): boolean =>
	series.history.newest(1) * MIB > AT_LIMIT * of.memoryLimitBytes && toLimit !== undefined && toLimit.point < riseSeconds;

/** Its replicas, none of which is starting, are flat while it rises: whoever looks in the middle of an incident has no hour to learn. */
function hasFlatReplicas(watched: Watched, {sinceMs, slope, atMs}: Growth, context: Context): boolean {
	const {of} = watched;
	const isOld = ({of: {startedAtMs}}: Watched): boolean => startedAtMs !== undefined && sinceMs - startedAtMs > STARTING_MS;
	const replicas = context.siblings(of).filter(sibling => sibling.of.revision === of.revision && isOld(sibling));
	if (replicas.length < WITNESSES || !isOld(watched)) return false;
	const rise = (slope * (atMs - sinceMs)) / 1000;
	return replicas.slice(0, MOST_WITNESSES).every(({series: {history}}) => Math.abs(riseSince(history, 1, sinceMs)) < FLAT * rise);
}

function grow(watched: Watched, growth: Growth, context: Context): void {
	const {leak} = watched;
	if (!leak) {
		begin(watched, growth, context);
		return;
	}
	const was = leak.isGrowing;
	leak.growth = growth;
	leak.fastest = Math.max(leak.fastest, growth.slope);
	leak.isGrowing = true;
	const telling = tellingOf(watched, growth, leak.episode, context);
	if (was && leak.episode.isTold(telling) && !hasMoved(leak.episode, growth, watched)) return;
	context.events.push(leak.episode.tell(telling, explain(watched, growth, leak.episode.anomaly.startedAtMs, telling, context)));
}

function begin(watched: Watched, growth: Growth, context: Context): void {
	const {series} = watched;
	const {history} = series;
	// What memory was before: the lowest of the window's beginning.
	let startLevel = Number.POSITIVE_INFINITY;
	let peak = Number.NEGATIVE_INFINITY;
	for (let back = 0; back < history.length && history.atMs(back) >= growth.sinceMs; back++) {
		const x = history.memory[history.place(back)] as number;
		startLevel = Math.min(startLevel, x);
		peak = Math.max(peak, x);
	}
	// An open rise of memory is this leak under its first name.
	let episode = onlyMemory(watched) ? watched.firing : undefined;
	if (episode) watched.firing = undefined;
	else {
		const i = watched.standing.findIndex(
			({channels, episode}) => channels === 1 << MEMORY_UP && episode.anomaly.startedAtMs >= growth.sinceMs - growth.spanSeconds * 1000,
		);
		if (i >= 0) episode = watched.standing.splice(i, 1)[0]?.episode;
	}
	const telling = tellingOf(watched, growth, episode, context);
	const sinceMs = episode?.anomaly.startedAtMs ?? growth.sinceMs;
	const explanation = explain(watched, growth, sinceMs, telling, context);
	if (episode) context.events.push(episode.tell(telling, explanation));
	else {
		const [opened, event] = open(watched.of.key, telling, growth.sinceMs, explanation.provisional, explanation, 'memory');
		episode = opened;
		context.events.push(event);
	}
	watched.leak = {
		episode,
		startLevel,
		usual: usualBefore(watched, growth.sinceMs, context),
		peak,
		growth,
		fastest: growth.slope,
		isGrowing: true,
	};
}

/**
 * Of the last samples before this time. Of what has grown nearly ever since it is watched, what its replica in the middle has;
 * without one, its first samples; of what is met in the middle of its growth nothing is known.
 */
function usualBefore(watched: Watched, sinceMs: number, context: Context): Leak['usual'] {
	const {series, of} = watched;
	const {history} = series;
	const usable = series.usable();
	let then = 0;
	while (then < usable && history.atMs(then) >= sinceMs) then++;
	if (usable - then < BEFORE_SURE) {
		const replicas = context
			.siblings(of)
			.filter(sibling => sibling.of.revision === of.revision && isTrained(sibling, context) && !sibling.leak)
			.map(sibling => sibling.series.usual(1))
			.sort((a, b) => a.median - b.median);
		const middle = replicas[replicas.length >> 1];
		if (middle) return middle;
	}
	if (usable - then < BEFORE_ENOUGH && !isTrained(watched, context)) return UNKNOWN;
	const newest = Math.max(0, Math.min(then, usable - BEFORE_ENOUGH));
	const n = history.recent(1, newest, Math.min(usable, newest + BEFORE), before);
	before.subarray(0, n).sort();
	return {median: quantileSorted(before, n, 0.5), low: quantileSorted(before, n, 0.005), high: quantileSorted(before, n, 0.995)};
}

const onlyMemory = ({firing, series}: Watched): boolean => firing !== undefined && series.run?.channels === 1 << MEMORY_UP;

function tellingOf(watched: Watched, growth: Growth, told: Episode | undefined, context: Context): Telling {
	const {of, series} = watched;
	const memory = series.history.newest(1);
	const near = isNearLimit(of, memory);
	// Memory that is nearly at its limit, and rises, needs no further proof.
	const isSure =
		(near && !growth.long) ||
		!(growth.long || isSlowing(growth, watched.leak) || isFarOff(growth, memory, told) || risesWithLoad(series, growth));
	const isSoon =
		(near || (growth.toLimit !== undefined && growth.toLimit.point * 1000 < HOUR_MS)) &&
		// The tooth of a collector that nothing is known of may rise to a limit too.
		(isTrained(watched, context) || hasFlatReplicas(watched, growth, context));
	let severity: Severity = isSure ? (isSoon ? 'critical' : 'warning') : 'notice';
	// What it was once called it stays while it grows: a forecast that wavers around an hour is no news.
	if (told?.anomaly.kind === 'memory-leak') severity = worse(severity, told.anomaly.severity);
	return {kind: 'memory-leak', metric: 'memory', severity, state: 'firing', recurring: false};
}

const isSlowing = ({slowing, slope}: Growth, leak: Leak | undefined): boolean => slowing || slope < SLOWED * (leak?.fastest ?? 0);

/** What is seen for twenty minutes says little about tomorrow: a heap that warms up grows like that, and stops. Without a limit, until it has doubled. */
function isFarOff({toLimit, slope, atMs, riseSeconds}: Growth, memory: number, told: Episode | undefined): boolean {
	const seenSeconds = Math.max(riseSeconds, (atMs - (told?.anomaly.startedAtMs ?? atMs)) / 1000);
	return (toLimit?.point ?? memory / slope) > (seenSeconds < BRIEF_SECONDS ? BRIEF_REACH : REACH) * seenSeconds;
}

/** CPU rose while memory did: memory may follow the load, and is a warning only once it grows without it. */
function risesWithLoad({history}: Series, {sinceMs}: Growth): boolean {
	let earlier = 0;
	let since = 0;
	for (let back = 0; back < history.length; back++) {
		const x = history.cpu[history.place(back)] as number;
		if (Number.isNaN(x)) continue;
		if (history.atMs(back) >= sinceMs) {
			if (since < values.length) values[since++] = x;
		} else if (earlier < before.length) before[earlier++] = x;
	}
	if (earlier < BEFORE_ENOUGH || since === 0) return false;
	const usual = median(before, earlier);
	values.subarray(0, since).sort();
	const high = quantileSorted(values, since, 0.75);
	return high > LOADED * usual && high > usual + FLOOR[0];
}

function forecast(growth: Growth, limitBytes: number): Forecast | undefined {
	if (!growth.toLimit) return undefined;
	const {atMs} = growth;
	const {point, early, late} = growth.toLimit;
	return {
		atMs: atMs + point * 1000,
		earliestMs: atMs + early * 1000,
		latestMs: atMs + late * 1000,
		limitBytes,
		growthBytesPerMinute: growth.slope * 60 * MIB,
	};
}

/** A leak that goes on, with the numbers of now. */
export function explainLeak(watched: Watched, {episode, growth}: Leak, context: Context): Explanation {
	return explain(watched, growth, episode.anomaly.startedAtMs, tellingOf(watched, growth, episode, context), context);
}

function explain(watched: Watched, growth: Growth, sinceMs: number, telling: Telling, context: Context): Explanation {
	const {series, of} = watched;
	const atMs = series.history.atMs(0);
	const siblings = compareSiblings(series, seriesOf(context.siblings(of)), 1, Math.max(sinceMs, growth.sinceMs), growthSince);
	const toLimit = forecast(growth, of.memoryLimitBytes);
	const kills = context.kills(of);
	const peak = (watched.leak?.peak ?? Number.NaN) * MIB;
	const explanation = describe(series, context.settings, {
		...telling,
		siblings,
		sinceMs,
		heldMs: atMs - sinceMs,
		...(Number.isFinite(peak) && {peak}),
		growthBytesPerMinute: growth.slope * 60 * MIB,
		...(toLimit && {forecast: toLimit}),
		changes: context.changes(of, sinceMs),
		...(kills.length > 0 && {kills}),
	});
	const then = watched.leak?.usual ?? usualBefore(watched, growth.sinceMs, context);
	const limit = Number.isFinite(of.memoryLimitBytes) ? of.memoryLimitBytes / MIB : 0;
	const memory = {
		median: then.median * MIB,
		low: then.low * MIB,
		high: then.high * MIB,
		need: need(1, 0, then.median, limit, gateFactor(series.mat(context.settings)), 1, SENSITIVITY[context.settings.sensitivity]) * MIB,
	};
	return {...explanation, usual: {...explanation.usual, memory}};
}

function hasMoved(episode: Episode, growth: Growth, watched: Watched): boolean {
	const told = episode.anomaly.explanation.forecast;
	if (!growth.toLimit) return told !== undefined;
	if (!told) return true;
	const now = watched.series.history.atMs(0);
	return Math.abs(now + growth.toLimit.point * 1000 - told.atMs) > MOVED * Math.max(told.atMs - now, watched.series.sampleMs * 20);
}

function hasLevelled({startLevel, peak}: Leak, {series}: Watched): boolean {
	const {history} = series;
	const lately = median(values, history.recent(1, 0, LATELY, values));
	const ago = median(values, history.recent(1, AGO, AGO + LATELY, values));
	return lately <= ago + LEVELLED * (peak - startLevel);
}

function hasFallen({startLevel, peak}: Leak, {series}: Watched): boolean {
	const {history} = series;
	return median(values, history.recent(1, 0, EVERY, values)) < startLevel + FALLEN * (peak - startLevel);
}

function levelOff(watched: Watched, leak: Leak, context: Context): void {
	leak.isGrowing = false;
	const {startedAtMs} = leak.episode.anomaly;
	const telling: Telling = {kind: 'level-shift', metric: 'memory', severity: 'notice', state: 'standing', recurring: false};
	const {forecast: _, growthBytesPerMinute: __, ...explanation} = explain(watched, leak.growth, startedAtMs, telling, context);
	context.events.push(leak.episode.tell(telling, explanation));
}

function close(watched: Watched, leak: Leak, context: Context): void {
	const {startedAtMs: sinceMs, kind, metric, severity} = leak.episode.anomaly;
	const atMs = watched.series.history.atMs(0);
	const explanation = describe(watched.series, context.settings, {
		state: 'normal',
		kind,
		metric,
		severity,
		sinceMs,
		heldMs: atMs - sinceMs,
		peak: leak.peak * MIB,
	});
	context.events.push(leak.episode.close('recovered', explanation));
	watched.leak = undefined;
}
