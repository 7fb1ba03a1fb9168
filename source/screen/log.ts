/** The anomaly log: one row an entry, what goes on first. */
import type {Anomaly, Kind} from '../engine/verdict.ts';
import {formatDuration, type TimeFormat} from '../format.ts';
import type {Moment} from '../moment.ts';
import {gravity} from '../moment.ts';
import {detail, inWords, KIND_WORDS, titleOf} from '../sentences.ts';
import type {Silences} from './facts.ts';
import {parseFilter} from './filter.ts';
import {allEntries, type EpisodeEntry, foldLoads, type LogEntry, type StormEntry} from './log-entries.ts';
import {anomalyNow, workloadName} from './row-view.ts';
import type {ScreenState} from './state.ts';
import type {Mark, Style} from './theme.ts';
import {MARK_STYLES} from './theme.ts';
import {printable} from './width.ts';

const kept = new WeakMap<Moment, {filter: string; kind: Kind | undefined; entries: readonly LogEntry[]}>();

/** Those that stand in it while nothing is filtered, in the order of the alphabet: it stays the same while others come. */
export function kindsOf(moment: Moment): readonly Kind[] {
	let kinds = keptKinds.get(moment);
	if (!kinds) {
		const seen = logOf(moment, {filter: '', kind: undefined}).flatMap(({anomaly, storm}) => (anomaly && !storm ? [anomaly.kind] : []));
		kinds = [...new Set(seen)].sort();
		keptKinds.set(moment, kinds);
	}
	return kinds;
}

const keptKinds = new WeakMap<Moment, readonly Kind[]>();

/** What goes on, the worst first; then what is over, the newest first. */
export function logOf(moment: Moment, {filter, kind}: Pick<ScreenState['log'], 'filter' | 'kind'>): readonly LogEntry[] {
	const found = kept.get(moment);
	if (found?.filter === filter && found.kind === kind) return found.entries;
	const wanted = parseFilter(filter);
	const isWanted = (anomaly: Anomaly): boolean =>
		(kind === undefined || anomaly.kind === kind) &&
		(filter === '' || wanted.matches(anomaly.of, () => `${anomaly.kind} ${titleOf(anomaly)} ${anomaly.severity}`));
	// Who looks for something looks for episodes: a storm has none of its own.
	const listed = kind === undefined && filter === '' ? allEntries(moment) : foldLoads(moment.anomalies.filter(isWanted));
	const entries = listed.toSorted((a, b) => rank(b) - rank(a) || b.firedAtMs - a.firedAtMs);
	kept.set(moment, {filter, kind, entries});
	return entries;
}

const rank = ({anomaly}: LogEntry): number => (anomaly === undefined || anomaly.ended ? -1 : gravity(anomaly));

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

export function logRowView(entry: LogEntry, selected: boolean, context: LogContext): LogRowView {
	return entry.storm ? stormRowView(entry, selected, context) : episodeRowView(entry, selected, context);
}

export function timeOf({anomaly, storm}: LogEntry, {moment, times, short}: LogContext): string {
	const atMs = storm ? storm.atMs : anomaly.startedAtMs;
	const sameDay = times.near(atMs, moment.atMs).length <= 5;
	return sameDay && !short ? times.time(atMs) : times.near(atMs, moment.atMs);
}

function stormRowView(entry: StormEntry, selected: boolean, context: LogContext): LogRowView {
	const {id, anomaly, storm} = entry;
	const {of, detail} = storm;
	const over = anomaly === undefined || anomaly.ended !== undefined;
	const mark: Mark = over ? 'resolved' : anomaly.severity;
	return {
		id,
		time: timeOf(entry, context),
		mark,
		style: MARK_STYLES[mark],
		pod: printable(of),
		words: 'many at once',
		detail: `${printable(inWords(detail))}${over && anomaly?.ended ? `: over after ${formatDuration(anomaly.ended.atMs - anomaly.startedAtMs)}` : ''}`,
		over,
		selected,
	};
}

function episodeRowView(entry: EpisodeEntry, selected: boolean, context: LogContext): LogRowView {
	const {id, anomaly, count} = entry;
	const {of, ended, recurring, severity, kind, startedAtMs} = anomaly;
	const {moment, times, crowded, short, silences} = context;
	const row = moment.row(of.key);
	const shown = (row?.anomaly?.id === anomaly.id && anomalyNow(row)) || anomaly;
	// What still goes on has gone on until this moment, whenever its numbers were last told.
	const now =
		ended || anomaly.state !== 'firing' ? shown : {...shown, explanation: {...shown.explanation, heldMs: moment.atMs - startedAtMs}};
	const silence = ended ? undefined : silences?.of(of, moment.atMs);
	const mark: Mark = ended ? 'resolved' : silence !== undefined ? 'silenced' : recurring ? 'normal' : severity;
	const suffix = crowded.has(`${of.namespace}/${of.pod}`) ? `:${of.name}` : '';
	const who = count > 1 ? `${workloadName(of)}${suffix} (${count} pods)` : `${of.pod}${suffix}`;
	return {
		id,
		time: timeOf(entry, context),
		mark,
		style: MARK_STYLES[mark],
		pod: printable(`${short ? '' : `${of.namespace}/`}${who}`),
		// How often it was killed stands in the detail.
		words: `${recurring ? 'habit: ' : ''}${kind === 'oom-killed' ? KIND_WORDS[kind] : titleOf(now)}`,
		detail: `${silence === undefined ? '' : `${silence}. `}${printable(detail(now, times))}`,
		over: ended !== undefined || recurring,
		selected,
	};
}
