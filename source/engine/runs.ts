/** Names the run of odd samples that goes on or just ended, and tells what changed of it. */
import type {Context} from './context.ts';
import {open, type Telling} from './episode.ts';
import {describe, strongest} from './explanation.ts';
import {MIB} from './features.ts';
import {CHANNELS, CPU_DOWN, CPU_UP, MEMORY_UP, metricOf} from './gates.ts';
import {compareSiblings, type Name, nameRun, type Siblings} from './kinds.ts';
import type {Run} from './run.ts';
import {isNearLimit, SEVERITY} from './severity.ts';
import type {Explanation, Severity} from './verdict.ts';
import type {Watched} from './watched.ts';

const bit = (channel: number): number => 1 << channel;

export function followRun(watched: Watched, context: Context): void {
	const {series} = watched;
	const run = series.run ?? series.finished;
	if (!run) return;
	const isOver = series.finished === run;
	const stood = isOver && series.stood;
	// Memory that a leak explains is the leak's; CPU that fell because replicas came is nobody's trouble.
	let channels = run.channels;
	if (watched.leak) channels &= ~bit(MEMORY_UP);
	if (channels & bit(CPU_DOWN) && context.scaledOut(watched.of, run.firstAtMs)) channels &= ~bit(CPU_DOWN);
	if (channels === 0) {
		if (isOver && watched.firing) {
			context.events.push(watched.firing.close('recovered', {...watched.firing.anomaly.explanation, atMs: series.history.atMs(0)}));
			watched.firing = undefined;
		}
		return;
	}
	const metric = channels & (bit(CPU_UP) | bit(CPU_DOWN)) ? 0 : 1;
	const siblings = compareSiblings(series, seriesOf(context.siblings(watched.of)), metric, run.firstAtMs);
	const name = steadyLoad(watched, nameRun(run, channels, series, siblings), context);
	const telling: Telling = {
		kind: name.kind,
		metric: name.metric,
		severity: severityOf(watched, run, name, context),
		state: stood ? 'standing' : 'firing',
		recurring: (run.habits & channels) === channels,
	};
	const {firing} = watched;
	if (!firing?.isTold(telling) || isOver) {
		const explanation = explainRun(watched, context, run, name, telling, siblings);
		if (!firing) {
			const [episode, event] = open(watched.of.key, telling, run.firstAtMs, run.provisional, explanation);
			watched.firing = episode;
			context.events.push(event);
		} else if (!firing.isTold(telling)) context.events.push(firing.tell(telling, explanation));
		if (isOver && !stood && watched.firing) context.events.push(watched.firing.close('recovered', explanation));
	}
	if (!isOver) return;
	if (stood && watched.firing && series.old) {
		const {low, high} = series.old;
		watched.standing.push({episode: watched.firing, channels, low, high, inside: 0});
	}
	watched.firing = undefined;
}

function severityOf({of, series, firing}: Watched, run: Run, {kind, metric}: Name, context: Context): Severity {
	if (metric === 'memory' && kind !== 'load') {
		// Up near the limit: it may be about to be killed, all the more where it was before. Once said, it stays said.
		const isCritical = isNearLimit(of, series.history.newest(1)) && (kind === 'memory-spike' || context.wasKilledLately(of));
		if (isCritical || (firing?.anomaly.kind === kind && firing.anomaly.severity === 'critical')) return 'critical';
	}
	return run.young ? SEVERITY[kind] : 'notice';
}

/** Replicas do not rise and fall at one moment: what was a load is another thing only after as many samples as end it. */
function steadyLoad(watched: Watched, name: Name, {settings}: Context): Name {
	const isSpike = name.kind === 'cpu-spike' || name.kind === 'cpu-sustained' || name.kind === 'memory-spike';
	watched.alone = watched.firing?.anomaly.kind === 'load' && isSpike ? watched.alone + 1 : 0;
	if (watched.alone === 0 || watched.alone > settings.quiet) return name;
	return {kind: 'load', also: name.also, metric: watched.firing?.anomaly.metric ?? name.metric};
}

export const seriesOf = (watched: readonly Watched[]) => watched.map(({series}) => series);

function explainRun(watched: Watched, context: Context, run: Run, name: Name, telling: Telling, siblings: Siblings): Explanation {
	const {series} = watched;
	const channel = CHANNELS.findIndex((_, i) => run.channels & bit(i) && metricOf(i) === (name.metric === 'cpu' ? 0 : 1));
	const kills = context.kills(watched.of);
	const explanation = describe(series, context.settings, {
		...telling,
		also: name.also,
		siblings,
		run,
		sinceMs: run.firstAtMs,
		heldMs: run.lastAtMs - run.firstAtMs,
		peak: (run.peak[channel] ?? Number.NaN) * (metricOf(channel) === 0 ? 1 : MIB),
		reasons: strongest(series.reasons(context.forests, context.settings)),
		changes: context.changes(watched.of, run.firstAtMs),
		...(kills.length > 0 && {kills}),
	});
	// Once it stands it is the baseline; what was usual before it is what was told first.
	return {...explanation, usual: watched.firing?.anomaly.explanation.usual ?? explanation.usual};
}
