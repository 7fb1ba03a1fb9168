/** One of several replicas of one revision that is far from the others: seen before any training. */
import {FLOOR} from './baseline.ts';
import type {Context} from './context.ts';
import {open, type Telling} from './episode.ts';
import {describe} from './explanation.ts';
import {MIB} from './features.ts';
import {need} from './gates.ts';
import {SENSITIVITY} from './settings.ts';
import {MAD_TO_DEVIATION, median, medianAbsoluteDeviation} from './statistics.ts';
import type {Watched} from './watched.ts';

/** Replicas of one revision, this one included. */
const REPLICAS = 4;
/** Scaled MADs. */
const FAR = 6;
const HOLD_MS = 180_000;
/** The newest samples of each are looked at as one: replicas are sampled at different moments. */
const LATELY = 3;
/** A process is left alone for so long after its start. */
const WARM_MS = 300_000;
/** Smallest spread that replicas of one revision are taken to have, in proportion: busy replicas differ. */
const SPREAD = [0.1, 0.03] as const;

const values = new Float64Array(4096);
const deviations = new Float64Array(4096);
const lately = new Float64Array(LATELY);

/** `group`: living containers of one workload and name. Only one odd one is the odd one out: more are two kinds of replica. */
export function compareReplicas(group: readonly Watched[], context: Context): void {
	if (group.length < REPLICAS || group.length > values.length) return;
	for (const metric of [0, 1] as const) {
		let n = 0;
		for (const watched of group) if (isWarm(watched, context)) values[n++] = newest(watched, metric);
		if (n < REPLICAS) continue;
		const center = median(values, n);
		const mad = medianAbsoluteDeviation(values, n, center, deviations);
		const spread = Math.max(MAD_TO_DEVIATION * mad, SPREAD[metric] * center, FLOOR[metric] / FAR);
		let far = 0;
		for (const watched of group) if (isWarm(watched, context) && isFar(watched, metric, center, spread, context)) far++;
		for (const watched of group) {
			if (!isWarm(watched, context)) continue;
			const odd = isFar(watched, metric, center, spread, context);
			if (!odd) watched.wasAlike = true;
			follow(watched, metric, odd && far === 1 && watched.wasAlike, n - 1, context);
		}
	}
}

const newest = ({series}: Watched, metric: 0 | 1): number => {
	const {history} = series;
	return median(lately, history.recent(metric, 0, LATELY, lately));
};

const isWarm = ({of, series}: Watched, {atMs}: Context): boolean =>
	series.history.count > 0 && (of.startedAtMs === undefined || atMs - of.startedAtMs > WARM_MS);

function isFar(watched: Watched, metric: 0 | 1, center: number, spread: number, {settings}: Context): boolean {
	const {of} = watched;
	const limit = metric === 0 ? of.cpuLimitMillicores : of.memoryLimitBytes / MIB;
	const known = limit > 0 && limit < Number.POSITIVE_INFINITY ? limit : 0;
	const distance = Math.abs(newest(watched, metric) - center);
	return distance > FAR * spread && distance > need(metric, 0, center, known, 1, 1, SENSITIVITY[settings.sensitivity]);
}

function follow(watched: Watched, metric: 0 | 1, odd: boolean, siblings: number, context: Context): void {
	// By its samples: while none comes nothing lasts.
	const atMs = watched.series.history.atMs(0);
	const name = metric === 0 ? 'cpu' : 'memory';
	let unlike = watched.unlike[metric];
	if (odd) {
		if (!unlike) {
			unlike = {sinceMs: atMs, alikeSinceMs: Number.NaN, episode: undefined};
			watched.unlike[metric] = unlike;
		}
		unlike.alikeSinceMs = Number.NaN;
		// Another episode of this metric says more.
		const explained = watched.episodes().some(({anomaly}) => anomaly.metric === name);
		if (unlike.episode || explained || atMs - unlike.sinceMs < HOLD_MS) return;
		const telling: Telling = {kind: 'unlike-siblings', metric: name, severity: 'notice', state: 'firing', recurring: false};
		const {history} = watched.series;
		const explanation = describe(watched.series, context.settings, {
			...telling,
			sinceMs: unlike.sinceMs,
			heldMs: atMs - unlike.sinceMs,
			peak: (history.column(metric)[history.place(0)] as number) * (metric === 0 ? 1 : MIB),
			siblings: {count: siblings, alike: 0, ratio: 0},
			changes: context.changes(watched.of, unlike.sinceMs),
		});
		const [episode, event] = open(watched.of.key, telling, unlike.sinceMs, false, explanation, `unlike-${name}`);
		unlike.episode = episode;
		context.events.push(event);
		return;
	}
	if (!unlike) return;
	if (Number.isNaN(unlike.alikeSinceMs)) unlike.alikeSinceMs = atMs;
	if (unlike.episode && atMs - unlike.alikeSinceMs < HOLD_MS) return;
	if (unlike.episode) {
		const {anomaly} = unlike.episode;
		const heldMs = unlike.alikeSinceMs - anomaly.startedAtMs;
		context.events.push(unlike.episode.close('recovered', {...anomaly.explanation, atMs, heldMs}));
	}
	watched.unlike[metric] = undefined;
}
