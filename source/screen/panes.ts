/** The panes as view models: what stands on their edges, and in them. Rows and lines of known width; nothing here draws. */
import type {Kind, Metric} from '../engine/verdict.ts';
import type {Moment, Row} from '../moment.ts';
import type {Problem} from '../scrape.ts';
import {KIND_WORDS} from '../sentences.ts';
import {fitCaption} from './chart.ts';
import type {Column} from './columns.ts';
import type {drawMetric} from './detail-charts.ts';
import {labelsThere} from './filter.ts';
import type {HeaderInput} from './header.ts';
import {widthOfAll} from './header.ts';
import type {Rect} from './layout.ts';
import type {Listing} from './list.ts';
import type {LogContext, LogRowView} from './log.ts';
import {logRowView, timeOf} from './log.ts';
import type {LogEntry} from './log-entries.ts';
import type {RowView, VerdictView} from './row-view.ts';
import type {Group, ScreenState} from './state.ts';
import type {Line, Style} from './theme.ts';
import {cutMiddle, printable, wrap} from './width.ts';
import {plural} from './words.ts';

export interface PaneView {
	readonly rect: Rect;
	readonly boxed: boolean;
	readonly focused: boolean;
	readonly title: Line;
	/** Right end of the title's line. */
	readonly caption: string;
	/** Right end of the lower edge: `1-14 of 412`. */
	readonly footer: string;
}

export interface ListView extends PaneView {
	readonly columns: readonly Column[];
	readonly rows: readonly RowView[];
	readonly sort: ScreenState['sort'];
	/** The charts follow the log: what is selected here is only remembered. */
	readonly away: boolean;
	/** In place of rows, where there are none. */
	readonly empty: readonly Line[];
}

export interface TextView extends PaneView {
	readonly lines: readonly Line[];
}

export interface LogView extends PaneView {
	readonly rows: readonly LogRowView[];
	/** Of all entries, seen or not. */
	readonly timeWidth: number;
	readonly empty: string;
}

export const GROUP_WORDS: Readonly<Record<Group, string>> = {none: 'Pods', workload: 'Workloads', node: 'Nodes'};

/** Whose numbers a group's row has. */
export const NUMBERS_OF: Readonly<Record<Group, string>> = {
	none: '',
	workload: ', numbers of the worst pod',
	node: ', CPU and MEM of all their pods',
};

export const SORT_WORDS: Readonly<Record<ScreenState['sort']['by'], string>> = {
	trouble: 'trouble',
	name: 'name',
	namespace: 'namespace',
	cpu: 'CPU',
	memory: 'memory',
	'cpu-limit': '%CPU/L',
	'memory-limit': '%MEM/L',
	'limit-at': 'time to the limit',
	status: 'status',
	restarts: 'restarts',
	age: 'age',
	node: 'node',
};

export const pane = (rect: Rect, boxed: boolean, focused: boolean): Pick<PaneView, 'rect' | 'boxed' | 'focused'> => ({
	rect,
	boxed,
	focused,
});

export const clampTop = (top: number, height: number, length: number): number => Math.max(0, Math.min(top, length - height));

/** `1-14 of 412`, and nothing where all is seen. */
export function footerOf(top: number, height: number, length: number, outOf: number | undefined): string {
	const filtered = outOf !== undefined && outOf > length ? `, ${outOf} unfiltered` : '';
	if (length === 0) return filtered === '' ? '' : `0 of ${outOf}`;
	if (length <= height) return filtered === '' ? '' : `${length} of ${outOf}`;
	return `${top + 1}-${Math.min(length, top + height)} of ${length}${filtered}`;
}

/** A log that is filtered has lines that stand in no other: a storm is told by its episodes. */
function matchesOf(top: number, height: number, length: number): string {
	const matches = length === 1 ? '1 match' : `${length} matches`;
	return length <= height ? matches : `${top + 1}-${Math.min(length, top + height)} of ${matches}`;
}

export function chartView(
	rect: Rect,
	boxed: boolean,
	focused: boolean,
	endWords: string,
	row: Row | undefined,
	moment: Moment,
	metric: Metric,
	second: boolean,
	crowded: ReadonlySet<string>,
	drawing: ReturnType<typeof drawMetric> | undefined,
): TextView {
	const word = metric === 'cpu' ? 'CPU' : 'Memory';
	const siblings = row ? moment.siblings(row.key).length : 0;
	const name = row && !second ? nameOf(row, crowded) : '';
	const behind = second && siblings > 0 ? ` with ${plural(siblings, 'sibling')} behind` : '';
	const room = Math.max(0, Math.floor(rect.width * 0.38) - word.length);
	const title: Line = [
		{text: word, style: focused ? 'title' : 'plain'},
		{text: name === '' ? (behind.length <= room ? behind : '') : ` ${cutMiddle(name, room)}`, style: 'dim'},
		{text: endWords === '' ? '' : ` ${endWords}`, style: 'key'},
	];
	return {
		...pane(rect, boxed, focused),
		title,
		caption: drawing ? fitCaption(drawing.caption, rect.width - widthOfAll(title) - 8) : '',
		footer: '',
		lines: drawing?.lines ?? [],
	};
}

export function logView(
	rect: Rect,
	boxed: boolean,
	focused: boolean,
	{kind, filter}: ScreenState['log'],
	entries: readonly LogEntry[],
	top: number,
	height: number,
	selected: number,
	moment: Moment,
	{times, silences}: VerdictView,
	crowded: ReadonlySet<string>,
	short: boolean,
): LogView {
	const context = {moment, times, crowded, short, ...(silences && {silences})};
	return {
		...pane(rect, boxed, focused),
		title: [
			{text: 'Anomalies', style: focused ? 'title' : 'plain'},
			{text: kind === undefined ? '' : ` only ${kindWords(kind, entries, context)}`, style: 'key'},
			{text: filter === '' ? '' : ` /${printable(filter)}`, style: 'key'},
			{text: kind === undefined && filter === '' ? ' by trouble, then what is over, newest first' : '', style: 'dim'},
		],
		caption: '',
		footer: kind === undefined && filter === '' ? footerOf(top, height, entries.length, undefined) : matchesOf(top, height, entries.length),
		rows: entries.slice(top, top + height).map((entry, i) => logRowView(entry, focused && top + i === selected, context)),
		timeWidth: entries.reduce((most, entry) => Math.max(most, timeOf(entry, context).length), 0),
		empty: moment.anomalies.length > 0 ? 'No anomaly matches the filter.' : 'None so far.',
	};
}

/** As its rows call it, which may be in two ways. */
function kindWords(kind: Kind, entries: readonly LogEntry[], context: LogContext): string {
	// They differ by the number of siblings.
	if (kind === 'unlike-siblings') return KIND_WORDS[kind];
	const words = entries.map(entry => logRowView(entry, false, context).words.replace(/^habit: |,.*/g, ''));
	return [...new Set(words)].join(', ') || KIND_WORDS[kind];
}

export const nameOf = ({of}: Row, crowded: ReadonlySet<string>): string =>
	printable(crowded.has(`${of.namespace}/${of.pod}`) ? `${of.pod}:${of.name}` : of.pod);

export function emptyLines(
	listing: Listing,
	state: ScreenState,
	{moment, source}: HeaderInput,
	width: number,
	height: number,
): readonly Line[] {
	if (listing.ids.length > 0) return [];
	const says = (...texts: readonly string[]): readonly Line[] => texts.map(text => [{text: `   ${text}`, style: 'dim'}]);
	if (listing.unfiltered > 0) {
		const more = listing.problem ?? labelsThere(state.filter, moment.rows.of);
		return says(
			`None of ${plural(listing.unfiltered, 'container')} matches /${printable(state.filter)}; esc clears the filter.`,
			...(more === undefined ? [] : [printable(more)]),
		);
	}
	if (moment.rows.length > 0) return says(`No containers in ${state.namespaces.map(printable).join(', ')}; 0 shows all namespaces.`);
	const problem = source.problem?.() ?? moment.problems[0];
	return problem ? problemLines(problem, width, height) : [];
}

/** As much room as the empty list asks for. */
export const ROWS_OF_A_PROBLEM = 8;
const PROBLEM_WIDTH = 76;

/** In the middle of the empty list: what is wrong, and what to do. Why goes first where there is no room. */
function problemLines({what, why = '', fix = ''}: Problem, width: number, height: number): readonly Line[] {
	const room = Math.min(PROBLEM_WIDTH, width - 6);
	const part = (text: string, style: Style, most: number): Line[] =>
		text === '' ? [] : wrap(printable(text), room, Math.max(1, most)).map(piece => [{text: piece, style}]);
	const fixes = part(fix, 'key', height - 1);
	const whats = part(what, 'strong', height - fixes.length);
	const whys = height > whats.length + fixes.length ? part(why, 'plain', height - whats.length - fixes.length) : [];
	const all = [...whats, ...whys, ...fixes];
	const above = Array.from({length: Math.max(0, Math.floor((height - all.length) / 2))}, (): Line => []);
	const left = Math.floor((width - Math.max(...all.map(widthOfAll))) / 2);
	return [...above, ...all.map((line): Line => [{text: ' '.repeat(Math.max(0, left))}, ...line])];
}
