/** Memory that rose with load and was not given back when the load fell. */
import {FLOOR} from './baseline.ts';
import type {Context} from './context.ts';
import {open, type Telling} from './episode.ts';
import {describe} from './explanation.ts';
import {MIB} from './features.ts';
import {CPU_UP, MEMORY_UP} from './gates.ts';
import {compareSiblings} from './kinds.ts';
import {seriesOf} from './runs.ts';
import {median} from './statistics.ts';
import type {Retention, Watched} from './watched.ts';

/** CPU back in its usual range for so long. */
const QUIET_MS = 1_800_000;
const BEFORE = 120;
const LATELY = 5;
/** A rise that matters: of the level before, and of the limit. */
const RISE_SHARE = 0.15;
const RISE_OF_LIMIT = 0.05;

const values = new Float64Array(256);
const warning: Telling = {kind: 'memory-retained', metric: 'memory', severity: 'warning', state: 'firing', recurring: false};
// What most replicas do is the runtime's way.
const notice: Telling = {...warning, severity: 'notice'};

export function followRetention(watched: Watched, context: Context): void {
	const {series} = watched;
	if (!watched.retention && context.runs > 0) begin(watched, context);
	const {retention} = watched;
	if (!retention) return;
	const {history} = series;
	const atMs = history.atMs(0);
	const memory = median(values, history.recent(1, 0, LATELY, values));
	const cpu = median(values, history.recent(0, 0, LATELY, values));
	const middle = (retention.before + retention.peak) / 2;
	if (retention.episode) {
		if (!(memory <= middle)) return;
		const {startedAtMs: sinceMs, severity} = retention.episode.anomaly;
		const explanation = describe(series, context.settings, {...warning, severity, state: 'normal', sinceMs, heldMs: atMs - sinceMs});
		context.events.push(retention.episode.close('recovered', explanation));
		watched.retention = undefined;
		return;
	}
	const isBusy = cpu > retention.cpuUsual;
	if (isBusy) {
		retention.quietSinceMs = Number.NaN;
		if (memory > retention.peak) retention.peak = memory;
		return;
	}
	if (Number.isNaN(retention.quietSinceMs)) retention.quietSinceMs = atMs;
	if (!(memory > middle)) watched.retention = undefined;
	else if (atMs - retention.quietSinceMs >= QUIET_MS) tell(watched, retention, context);
}

/** A run of high CPU, of this container or of a sibling, may take memory with it. */
function begin(watched: Watched, context: Context): void {
	const {series} = watched;
	let run = series.run;
	if (!run || !(run.channels & (1 << CPU_UP))) {
		run = undefined;
		for (const sibling of context.siblings(watched.of)) {
			if (sibling.series.run && sibling.series.run.channels & (1 << CPU_UP)) run = sibling.series.run;
		}
	}
	if (!run || series.baseline.fit === 0) return;
	const {history} = series;
	let during = 0;
	while (during < history.length && history.atMs(during) >= run.firstAtMs) during++;
	const before = median(values, history.recent(1, during, during + BEFORE, values));
	const {high, scale} = series.usual(0);
	if (Number.isNaN(before)) return;
	const {usual} = describe(series, context.settings, {state: 'normal'});
	watched.retention = {
		before,
		usual,
		peak: before,
		sinceMs: run.firstAtMs,
		cpuUsual: high + scale,
		quietSinceMs: Number.NaN,
		episode: undefined,
	};
}

function tell(watched: Watched, retention: Retention, context: Context): void {
	const {series, of} = watched;
	const {before, peak} = retention;
	const limit = Number.isFinite(of.memoryLimitBytes) ? of.memoryLimitBytes / MIB : 0;
	if (peak - before < Math.max(RISE_SHARE * before, FLOOR[1], RISE_OF_LIMIT * limit) || watched.leak) {
		watched.retention = undefined;
		return;
	}
	// The step that memory made is this trouble under its first name.
	const i = watched.standing.findIndex(
		({channels, episode}) => channels & (1 << MEMORY_UP) && episode.anomaly.startedAtMs >= retention.sinceMs - QUIET_MS,
	);
	const found = i >= 0 ? watched.standing.splice(i, 1)[0]?.episode : undefined;
	const sinceMs = found?.anomaly.startedAtMs ?? retention.sinceMs;
	const atMs = series.history.atMs(0);
	const siblings = compareSiblings(series, seriesOf(context.siblings(of)), 1, retention.sinceMs);
	const telling = siblings.count > 0 && 2 * siblings.alike >= siblings.count ? notice : warning;
	const explanation = {
		...describe(series, context.settings, {
			...telling,
			sinceMs,
			heldMs: atMs - sinceMs,
			peak: peak * MIB,
			siblings,
			changes: context.changes(of, sinceMs),
		}),
		usual: retention.usual,
		loadFellMs: retention.quietSinceMs,
	};
	if (found) {
		context.events.push(found.tell(telling, explanation));
		retention.episode = found;
		return;
	}
	const [episode, event] = open(of.key, telling, sinceMs, false, explanation, 'retained');
	retention.episode = episode;
	context.events.push(event);
}
