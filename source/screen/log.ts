/** The anomaly log: one row an episode, what goes on first. */
import type {Anomaly, Kind} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import {detail, title} from '../sentences.ts';
import type {Moment} from '../timeline.ts';
import {gravity} from '../timeline.ts';
import {parseFilter} from './filter.ts';
import type {Silences} from './list.ts';
import type {ScreenState} from './state.ts';
import type {Mark, Style} from './theme.ts';
import {MARK_STYLES} from './theme.ts';
import {printable} from './width.ts';

export interface LogEntry {
	readonly id: string;
	readonly key: string;
	readonly firedAtMs: number;
	readonly anomaly: Anomaly;
}

const kept = new WeakMap<Moment, {filter: string; kind: Kind | undefined; entries: readonly LogEntry[]}>();

/** Those that there are, in the order of the alphabet: it stays the same while others come. */
export const kindsOf = (moment: Moment): readonly Kind[] => [...new Set(moment.anomalies.map(({kind}) => kind))].sort();

/** What goes on, the worst first; then what is over, the newest first. */
export function logOf(moment: Moment, {filter, kind}: ScreenState['log']): readonly LogEntry[] {
	const found = kept.get(moment);
	if (found?.filter === filter && found.kind === kind) return found.entries;
	const wanted = parseFilter(filter);
	const entries = moment.anomalies
		.filter(
			anomaly =>
				(kind === undefined || anomaly.kind === kind) &&
				(filter === '' ||
					wanted.matches(anomaly.of, () => `${anomaly.kind} ${title(anomaly.kind, anomaly.explanation)} ${anomaly.severity}`)),
		)
		.map(anomaly => ({id: anomaly.id, key: anomaly.of.key, firedAtMs: anomaly.firedAtMs, anomaly}))
		.sort((a, b) => rank(b.anomaly) - rank(a.anomaly) || b.firedAtMs - a.firedAtMs);
	kept.set(moment, {filter, kind, entries});
	return entries;
}

const rank = (anomaly: Anomaly): number => (anomaly.ended ? -1 : gravity(anomaly));

export interface LogRowView {
	readonly id: string;
	readonly time: string;
	readonly mark: Mark;
	readonly style: Style;
	readonly pod: string;
	readonly words: string;
	readonly detail: string;
	readonly over: boolean;
	readonly selected: boolean;
}

export interface LogContext {
	readonly moment: Moment;
	readonly times: TimeFormat;
	readonly crowded: ReadonlySet<string>;
	/** Neither seconds nor namespaces. */
	readonly short: boolean;
	readonly silences?: Silences;
}

export function logRowView({id, anomaly}: LogEntry, selected: boolean, {moment, times, crowded, short, silences}: LogContext): LogRowView {
	const {of, ended, recurring, severity, kind, explanation, startedAtMs} = anomaly;
	// What still goes on has gone on until this moment, whenever its numbers were last told.
	const now =
		ended || anomaly.state !== 'firing' ? anomaly : {...anomaly, explanation: {...explanation, heldMs: moment.atMs - startedAtMs}};
	const silence = ended ? undefined : silences?.of(of, moment.atMs);
	const mark: Mark = ended ? 'resolved' : silence !== undefined ? 'silenced' : recurring ? 'normal' : severity;
	const sameDay = times.near(startedAtMs, moment.atMs).length <= 5;
	const suffix = crowded.has(`${of.namespace}/${of.pod}`) ? `:${of.name}` : '';
	return {
		id,
		time: sameDay && !short ? times.time(startedAtMs) : times.near(startedAtMs, moment.atMs),
		mark,
		style: MARK_STYLES[mark],
		pod: printable(`${short ? '' : `${of.namespace}/`}${of.pod}${suffix}`),
		// What follows the comma stands in the detail.
		words: `${recurring ? 'habit: ' : ''}${title(kind, explanation).replace(/,.*/, '')}`,
		detail: `${silence === undefined ? '' : `${silence}. `}${printable(detail(now, times))}`,
		over: ended !== undefined || recurring,
		selected,
	};
}
