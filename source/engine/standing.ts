/** Level shifts that stay: listed until the value is back, the siblings have come to the same level, or the container is another. */
import type {Context} from './context.ts';
import {describe} from './explanation.ts';
import {CPU_DOWN, metricOf} from './gates.ts';
import {compareSiblings} from './kinds.ts';
import {seriesOf} from './runs.ts';
import type {EndedBy} from './verdict.ts';
import type {Standing, Watched} from './watched.ts';

/** Back at the old level for so many samples in a row. */
const RETURNED = 3;
/** Siblings are looked at every so many samples. */
const SIBLINGS_EVERY = 20;
const SIBLINGS_LEAST = 2;

const channelOf = ({channels}: Standing): number => 31 - Math.clz32(channels & -channels);

export function followStanding(watched: Watched, context: Context): void {
	if (watched.standing.length === 0) return;
	const {series} = watched;
	watched.standing = watched.standing.filter(standing => {
		const by = isOver(standing, watched, context);
		if (by === undefined) return true;
		const {anomaly} = standing.episode;
		const {kind, metric, severity, startedAtMs: sinceMs} = anomaly;
		const heldMs = anomaly.explanation.heldMs ?? 0;
		const explanation = describe(series, context.settings, {state: 'normal', kind, metric, severity, sinceMs, heldMs});
		context.events.push(standing.episode.close(by, explanation));
		return false;
	});
}

function isOver(standing: Standing, watched: Watched, context: Context): EndedBy | undefined {
	const {series} = watched;
	const channel = channelOf(standing);
	const metric = metricOf(channel);
	const x = series.history.column(metric)[series.history.place(0)] as number;
	const back = channel === CPU_DOWN ? x >= standing.low[metric] : x <= standing.high[metric];
	standing.inside = back ? standing.inside + 1 : 0;
	if (standing.inside >= RETURNED) return 'recovered';
	if (series.count % SIBLINGS_EVERY !== 0) return undefined;
	const {count, alike} = compareSiblings(series, seriesOf(context.siblings(watched.of)), metric, standing.episode.anomaly.startedAtMs);
	// A rise of load is one of all from the start: it stands until it is over.
	if (standing.episode.anomaly.kind === 'load') return undefined;
	return count >= SIBLINGS_LEAST && alike === count ? 'siblings-followed' : undefined;
}
