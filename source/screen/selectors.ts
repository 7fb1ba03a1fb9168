/** Moment × state × size → everything that is on the screen, as view models. Nothing here draws, and nothing is kept but the last answers. */
import type {Cursor} from '../cursor.ts';
import {placeOf, toldAt} from '../cursor.ts';
import type {Anomaly, Explanation, Metric} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import type {Moment, Row} from '../moment.ts';
import {gravity} from '../moment.ts';
import type {Details, Problem} from '../scrape.ts';
import type {Timeline} from '../timeline.ts';
import {bottomLine} from './bottom-line.ts';
import type {ColumnId} from './columns.ts';
import {columnsFor, namesWidth} from './columns.ts';
import {drawMetric, oneMetric, windowOf} from './detail-charts.ts';
import {detailWords} from './details.ts';
import {explained, whyLines} from './explained.ts';
import type {Silences} from './facts.ts';
import {factsAbout} from './facts.ts';
import type {HeaderInput, Source} from './header.ts';
import {sentenceRows, sentences, statusLine} from './header.ts';
import {helpLines} from './help.ts';
import type {Layout, Needs, Size} from './layout.ts';
import {isTooSmall, LEAST, layoutFor} from './layout.ts';
import {isGone, listingOf, selectedLine} from './list.ts';
import {kindsOf, logOf} from './log.ts';
import type {ListView, LogView, TextView} from './panes.ts';
import {
	chartView,
	clampTop,
	emptyLines,
	footerOf,
	GROUP_WORDS,
	logView,
	NUMBERS_OF,
	nameOf,
	pane,
	ROWS_OF_A_PROBLEM,
	SORT_WORDS,
} from './panes.ts';
import {positionBar} from './position-bar.ts';
import type {RowView, VerdictView} from './row-view.ts';
import {rowView, sparkOf, verdictOf} from './row-view.ts';
import type {ScreenState, Sight} from './state.ts';
import {topFor} from './state.ts';
import type {Line, Tones} from './theme.ts';
import {cutMiddle, padEnd, printable, wrap} from './width.ts';

export interface SceneInput {
	readonly timeline: Timeline;
	readonly moment: Moment;
	readonly state: ScreenState;
	readonly size: Size;
	readonly source: Source;
	readonly times: TimeFormat;
	readonly tones: Tones;
	/** What the feed was asked for: `all namespaces`, `shop, payments`. */
	readonly namespaceLabel: string;
	readonly silences?: Silences;
	/** Of now, from the engine. */
	readonly explain?: (key: string) => Explanation | undefined;
	readonly canKubectl: boolean;
	/** In place of those that the list chooses. */
	readonly columns?: readonly ColumnId[];
	/** What `:ctx` can go to. */
	readonly contexts?: readonly string[];
	/** What the cluster says of a container now. */
	readonly details?: {readonly key: string; readonly details: Details};
	/** Container whose detail is still shown while keys run through the list; absent: the selected one's. */
	readonly detail?: string;
}

export interface Scene {
	readonly layout: Layout;
	readonly tooSmall: readonly string[] | undefined;
	readonly sentence: readonly Line[];
	readonly status: Line;
	readonly list: ListView | undefined;
	readonly charts: readonly TextView[];
	readonly log: LogView | undefined;
	readonly why: TextView | undefined;
	readonly help: TextView | undefined;
	readonly bar: Line | undefined;
	readonly keys: Line;
	/** The container that the detail is about. */
	readonly selected: Row | undefined;
	/** The explanation as plain text: asked of the engine only when it is shown or copied. */
	readonly whyText: () => readonly string[];
	readonly sight: Sight;
	/** Of what is on the list before any filter. */
	readonly namespaces: readonly string[];
	readonly atMs: number;
}

/** Keeps the last answer for as long as its arguments are the same objects. */
function last<A extends readonly unknown[], R>(compute: (...args: A) => R): (...args: A) => R {
	let before: A | undefined;
	let answer: R;
	return (...args) => {
		if (before?.length !== args.length || args.some((arg, i) => !Object.is(arg, before?.[i]))) {
			answer = compute(...args);
			before = args;
		}
		return answer;
	};
}

export type SceneOf = (input: SceneInput) => Scene;

export function createScene(): SceneOf {
	const sparks = new WeakMap<Moment, Map<string, readonly number[]>>();
	const keptColumns = last(columnsFor);
	const keptHelp = last(helpLines);
	const keptNames = last((...names: readonly string[]): string => (names.length === 0 ? '' : names.map(printable).join(', ')));
	const keptView = last(
		(training: number, stepMs: number, times: TimeFormat, silences: Silences | undefined, _revision: number | undefined): VerdictView => ({
			training,
			stepMs,
			times,
			...(silences && {silences}),
		}),
	);
	// Another object also when what can change without the timeline has changed.
	const keptHeader = last(
		(
			moment: Moment,
			startMs: number,
			source: Source,
			view: VerdictView,
			only: readonly string[],
			_problem: Problem | undefined,
			_finished: boolean,
		): HeaderInput => ({
			moment,
			startMs,
			source,
			view,
			only,
		}),
	);
	const keptSentenceRows = last(sentenceRows);
	const keptSentences = last(sentences);
	const keptStatus = last(
		(header: HeaderInput, cursor: Cursor, namespaces: string, filter: string, frozen: boolean, endMs: number, width: number): Line =>
			statusLine({...header, cursor, namespaces, filter, frozen, endMs}, width),
	);
	const keptLayout = last(
		(
			size: Size,
			sentenceRows: number,
			bar: boolean,
			listRows: number,
			logRows: number,
			namesWidth: number,
			wide: boolean,
			overlay: Needs['overlay'],
		) => layoutFor(size, {sentenceRows, bar, listRows, logRows, namesWidth, wide, overlay}),
	);
	const keptRows = last((..._of: readonly unknown[]) => new Map<number, RowView>());
	const drawings = [last(drawMetric), last(drawMetric)];
	const keptCharts = [last(chartView), last(chartView)];
	const keptLog = last(logView);
	const keptWhy = last(whyLines);
	const keptText = last(explained);
	let place: {moment: Moment; stepMs: number} | undefined;

	return input => {
		const {timeline, moment, state, size, source, times, tones, silences, explain, canKubectl} = input;
		const {columns: width, rows: height} = size;
		// The rhythm of the newest scrapes changes with every append; what was said of a moment stays.
		if (place?.moment !== moment) place = {moment, stepMs: timeline.stepMs};
		const view = keptView(timeline.training, place.stepMs, times, silences, silences?.revision);
		const facts = factsAbout(moment, silences);
		const listing = listingOf(moment, state, view);
		const selectedIndex = selectedLine(listing, state, moment);
		const item = listing.item(selectedIndex);
		const entries = logOf(moment, state.log);
		const header = keptHeader(moment, timeline.startMs, source, view, state.namespaces, source.problem?.(), source.finished());
		const overlay = state.overlay?.what;
		const showBar = !source.live || state.cursor.mode !== 'follow';
		const layout = keptLayout(
			size,
			keptSentenceRows(header, width),
			showBar,
			moment.rows.length === 0 ? ROWS_OF_A_PROBLEM : listing.group === 'none' ? listing.unfiltered : listing.ids.length,
			entries.length,
			namesWidth(facts),
			state.wide,
			overlay,
		);
		const focus = layout.panes.includes(state.focus) ? state.focus : 'pods';
		const {boxed} = layout;
		const atEnd = !(moment.atMs < timeline.endMs);

		const chrome = boxed ? 2 : 1;
		const listHeight = layout.list ? Math.max(0, layout.list.height - chrome - 1) : 0;
		const top = topFor(state.top, selectedIndex, listHeight, listing.ids.length);
		const logSelected = placeIn(entries, state.log.selected);
		// While the log is gone through, the charts follow it.
		const inLog = focus === 'log' && overlay === undefined ? moment.row(entries[logSelected]?.key ?? '') : undefined;
		const selected = inLog ?? item?.row;
		const detail = (input.detail === undefined ? undefined : moment.row(input.detail)) ?? selected;
		const window = windowOf(state, moment, timeline, detail);
		const logHeight = layout.log ? Math.max(0, layout.log.height - chrome) : 0;
		const logTop = focus === 'log' ? topFor(state.log.top, logSelected, logHeight, entries.length) : 0;

		const sparkFor = (row: Row, metric: Metric, cells: number): readonly number[] => {
			let ofMoment = sparks.get(moment);
			if (!ofMoment) {
				ofMoment = new Map();
				sparks.set(moment, ofMoment);
			}
			const name = `${metric}${cells}${row.key}`;
			let levels = ofMoment.get(name);
			if (!levels) {
				levels = sparkOf(timeline, row, metric, moment.atMs, Math.min(3_600_000, Math.max(600_000, moment.atMs - timeline.startMs)), cells);
				ofMoment.set(name, levels);
			}
			return levels;
		};

		const list: ListView | undefined = layout.list && {
			...pane(layout.list, boxed, focus === 'pods' && !overlay),
			title: [
				{text: GROUP_WORDS[listing.group], style: focus === 'pods' ? 'title' : 'plain'},
				{text: ` by ${SORT_WORDS[state.sort.by]}${state.sort.reverse ? ', reversed' : ''}${NUMBERS_OF[listing.group]}`, style: 'dim'},
			],
			caption: listing.problem ?? '',
			footer: footerOf(top, listHeight, listing.ids.length, listing.group === 'none' ? listing.unfiltered : undefined),
			columns: keptColumns(
				layout.list.width - (boxed ? 6 : 3),
				state.wide,
				facts,
				facts.namespaces.length > 1 && state.namespaces.length !== 1,
				listing.group,
				input.columns,
				state.sort.by,
			),
			rows: [],
			sort: state.sort,
			away: inLog !== undefined,
			empty: emptyLines(listing, state, header, layout.list.width - (boxed ? 2 : 0), listHeight),
		};
		const rows: RowView[] = [];
		if (list) {
			const known = keptRows(listing, list.columns, moment, view, facts);
			for (let line = top; line < Math.min(top + listHeight, listing.ids.length); line++) {
				const selected = line === selectedIndex;
				const name = 2 * line + (selected ? 1 : 0);
				const each = known.has(name) ? undefined : listing.item(line);
				if (each) known.set(name, rowView(each, list.columns, selected, {moment, view, facts, spark: sparkFor}));
				const row = known.get(name);
				if (row) rows.push(row);
			}
		}

		const {frozen, endMs} = state.chart;
		const until = endMs !== undefined && endMs < moment.atMs ? times.near(endMs, moment.atMs) : '';
		const endWords = frozen ? `frozen${until === '' ? '' : ` at ${until}`}` : until === '' ? '' : `until ${until}`;
		const metrics: readonly Metric[] = layout.charts.length > 1 ? ['cpu', 'memory'] : [oneMetric(detail, state.chart.other)];
		const charts = layout.charts.map((rect, i): TextView => {
			const metric = metrics[i] ?? 'memory';
			const inner = {width: rect.width - (boxed ? 4 : 2), height: rect.height - chrome};
			const drawing =
				detail &&
				(drawings[i] ?? drawMetric)(timeline, moment, detail, metric, window.fromMs, window.toMs, inner.width, inner.height, times, tones);
			const second = layout.charts.length > 1 && i > 0;
			return (keptCharts[i] ?? chartView)(
				rect,
				boxed,
				focus === 'charts',
				endWords,
				detail,
				moment,
				metric,
				second,
				facts.crowded,
				drawing,
			);
		});

		const whyText = (): readonly string[] => {
			if (!detail) return [];
			const words = keptText(detail, moment, atEnd ? explain : undefined, verdictOf(detail, moment, view).words, times);
			// Of the present: what it would have said at a past moment is not known.
			const more = atEnd && input.details?.key === detail.key ? detailWords(input.details.details, moment.atMs, times) : [];
			return more.length > 0 ? [...words, ...more.map(printable)] : words;
		};
		const whyRect = layout.why;
		const whyWidth = whyRect ? whyRect.width - (boxed ? 4 : 2) : 80;
		const allWhy = whyRect ? keptWhy(whyText().join('\n'), whyWidth) : [];
		const whyHeight = whyRect ? Math.max(0, whyRect.height - chrome) : 0;
		const whyTop = overlay === 'why' ? clampTop(state.overlay?.top ?? 0, whyHeight, allWhy.length) : 0;
		const whyPane: TextView | undefined = whyRect && {
			...pane(whyRect, boxed, overlay === 'why'),
			title: [
				{text: 'Why', style: overlay === 'why' ? 'title' : 'plain'},
				{text: detail ? ` ${cutMiddle(nameOf(detail, facts.crowded), Math.max(8, whyRect.width - 30))}` : '', style: 'dim'},
			],
			caption: '',
			footer: footerOf(whyTop, whyHeight, allWhy.length, undefined),
			lines: allWhy.slice(whyTop, whyTop + whyHeight),
		};

		const helpRect = layout.help;
		const allHelp = helpRect ? keptHelp(helpRect.width - (boxed ? 4 : 2)) : [];
		const helpHeight = helpRect ? Math.max(0, helpRect.height - chrome) : 0;
		const helpTop = clampTop(state.overlay?.top ?? 0, helpHeight, allHelp.length);
		const help: TextView | undefined = helpRect && {
			...pane(helpRect, boxed, true),
			title: [{text: 'Help', style: 'title'}],
			caption: '',
			footer: footerOf(helpTop, helpHeight, allHelp.length, undefined),
			lines: allHelp.slice(helpTop, helpTop + helpHeight),
		};

		const log =
			layout.log &&
			keptLog(
				layout.log,
				boxed,
				focus === 'log',
				state.log,
				entries,
				logTop,
				logHeight,
				logSelected,
				moment,
				view,
				facts.crowded,
				width < 100,
			);

		const names = keptNames(...state.namespaces);
		return {
			layout,
			tooSmall: isTooSmall(size)
				? wrap(`oddpod needs ${LEAST.columns}x${LEAST.rows}; this is ${width}x${height}. Still watching.`, width, Math.max(1, height))
				: undefined,
			sentence: keptSentences(header, width, layout.sentence.height),
			status: keptStatus(
				header,
				state.cursor,
				names === '' ? input.namespaceLabel : names,
				state.filter,
				state.chart.frozen,
				timeline.endMs,
				width,
			),
			list: list && {...list, rows},
			charts,
			log,
			why: whyPane,
			help,
			bar:
				layout.bar &&
				positionBar(
					{
						startMs: timeline.startMs,
						endMs: timeline.endMs,
						atMs: moment.atMs,
						anomalies: timeline.anomalies,
						times,
						state: padEnd(placeWords(state, source, moment, timeline), PLACE_WIDTH),
					},
					width,
				),
			keys: bottomLine(
				state,
				width,
				focus,
				overlay,
				source,
				item?.members && (listing.group === 'node' ? 'containers' : 'replicas'),
				canKubectl,
				{
					namespaces: facts.namespaces,
					recent: state.recentNamespaces,
					contexts: input.contexts ?? [],
				},
			),
			selected,
			whyText,
			namespaces: facts.namespaces,
			atMs: moment.atMs,
			sight: {
				line: timeline,
				list: {
					ids: listing.ids,
					selected: selectedIndex,
					key: item?.row.key,
					gone: isGone(state.selection?.id, listing.ids[selectedIndex], moment),
					height: listHeight,
				},
				log: {
					entries,
					selected: logSelected,
					height: logHeight,
					kinds: kindsOf(moment),
					listsAt: (atMs, id) => logOf(timeline.at(atMs), state.log).some(entry => entry.id === id),
				},
				told: atMs => toldIn(timeline, atMs),
				overlay: overlay === 'why' ? {length: allWhy.length, height: whyHeight} : {length: allHelp.length, height: helpHeight},
				chart: window,
				charts: layout.charts.length,
				group: listing.group,
				panes: layout.panes,
			},
		};
	};
}

function toldIn(timeline: Timeline, atMs: number): readonly Anomaly[] {
	const then = new Map(timeline.at(atMs).anomalies.map(anomaly => [anomaly.id, anomaly]));
	return timeline.anomalies
		.filter(({firedAtMs}) => toldAt(firedAtMs, timeline) === atMs)
		.map(anomaly => then.get(anomaly.id) ?? anomaly)
		.sort((a, b) => gravity(b) - gravity(a));
}

/** By identity; what stands in its place when it is gone; else the first. */
function placeIn(entries: readonly {readonly id: string}[], place: ScreenState['log']['selected']): number {
	if (!place) return 0;
	const found = entries.findIndex(({id}) => id === place.id);
	return found >= 0 ? found : Math.max(0, Math.min(entries.length - 1, place.index));
}

/** Of the longest of them, so that the bar keeps its length whatever stands behind it. */
const PLACE_WIDTH = 'paused'.length;

function placeWords(state: ScreenState, source: Source, moment: Moment, timeline: Timeline): string {
	const {cursor} = state;
	if (cursor.mode === 'pause') return 'paused';
	if (cursor.mode === 'play' && !(moment.atMs >= timeline.endMs && (source.live || source.finished()))) return `×${cursor.speed}`;
	return source.live ? 'live' : 'end';
}

/** The moment that the cursor shows: the same object for as long as nothing of it can have changed. */
export function createMomentOf(timeline: Timeline): (state: ScreenState) => Moment {
	let moment: Moment | undefined;
	let revision = -1;
	let asked = Number.NaN;
	return ({cursor}) => {
		const atMs = placeOf(cursor, timeline);
		const past = moment !== undefined && Object.is(asked, atMs) && atMs < timeline.endMs;
		if (!moment || (!past && (revision !== timeline.revision || !Object.is(asked, atMs)))) {
			moment = timeline.at(atMs);
			asked = atMs;
			revision = timeline.revision;
		}
		return moment;
	};
}
