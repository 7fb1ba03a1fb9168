/** Which pane lies where, for a size of the terminal. */
import type {Pane} from './state.ts';

export interface Size {
	readonly columns: number;
	readonly rows: number;
}

export interface Rect {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

export interface Layout {
	readonly size: Size;
	/** Frames round panes; without, a rule above each, which leaves more rows to a small terminal. */
	readonly boxed: boolean;
	readonly sentence: Rect;
	readonly status: Rect;
	readonly list: Rect | undefined;
	/** One or two. */
	readonly charts: readonly Rect[];
	readonly log: Rect | undefined;
	readonly why: Rect | undefined;
	readonly help: Rect | undefined;
	readonly bar: Rect | undefined;
	readonly keys: Rect;
	/** What `tab` goes through. */
	readonly panes: readonly Pane[];
}

export const LEAST: Size = {columns: 60, rows: 15};
export const isTooSmall = ({columns, rows}: Size): boolean => columns < LEAST.columns || rows < LEAST.rows;

export interface Needs {
	readonly sentenceRows: number;
	readonly bar: boolean;
	/** Rows that the list would fill. */
	readonly listRows: number;
	/** Episodes that the log has. */
	readonly logRows: number;
	/** Cells of the longest names on the list. */
	readonly namesWidth: number;
	/** More columns than half a screen holds. */
	readonly wide: boolean;
	readonly overlay: 'help' | 'why' | undefined;
}

/** `team-payments` and `frontend-vbs99kvzp9-gpsk6`, and a little more. */
const USUAL_NAMES = 43;

export function layoutFor(size: Size, {sentenceRows, bar, listRows, logRows, namesWidth, wide, overlay}: Needs): Layout {
	const {columns, rows} = size;
	const boxed = columns >= 100 && rows >= 30;
	const line = (y: number, height = 1): Rect => ({x: 0, y, width: columns, height});
	const top = sentenceRows + 1;
	const body = rows - top - 1 - (bar ? 1 : 0);
	const common = {
		size,
		boxed,
		sentence: line(0, sentenceRows),
		status: line(sentenceRows),
		bar: bar ? line(rows - 2) : undefined,
		keys: line(rows - 1),
	};
	const nothing = {list: undefined, charts: [], log: undefined, why: undefined, help: undefined};
	if (overlay === 'help') return {...common, ...nothing, help: line(top, body), panes: ['pods']};

	if (columns >= 180 && rows >= 40 && !wide) {
		// Longer names than most take some of the charts' width.
		const left = Math.max(120, Math.min(columns - LEAST.columns, Math.round(columns * 0.65) + Math.max(0, namesWidth - USUAL_NAMES)));
		const right = columns - left;
		const chart = overlay === 'why' ? Math.floor(body / 2) : Math.min(28, Math.floor(body * 0.29));
		const charts: Rect[] = [
			{x: left, y: top, width: right, height: chart},
			{x: left, y: top + chart, width: right, height: overlay === 'why' ? body - chart : chart},
		];
		if (overlay === 'why') {
			const why: Rect = {x: 0, y: top, width: left, height: body};
			return {...common, ...nothing, charts, why, panes: ['pods', 'charts']};
		}
		const why: Rect = {x: left, y: top + 2 * chart, width: right, height: body - 2 * chart};
		const log = Math.max(12, body - Math.max(12, Math.min(listRows + 3, Math.round(body * 0.74))));
		return {
			...common,
			...nothing,
			list: {x: 0, y: top, width: left, height: body - log},
			log: {x: 0, y: top + body - log, width: left, height: log},
			charts,
			why,
			panes: ['pods', 'charts', 'log'],
		};
	}

	const chrome = boxed ? 3 : 2;
	const chartHeight = body < 12 ? 0 : body < 16 ? 6 : Math.max(7, Math.min(18, Math.round(body * 0.36)));
	const logMost = Math.max(4, Math.min(14, Math.round(body * 0.24)));
	const logHeight = body < 16 ? 0 : Math.min(logMost, Math.max(logRows, 3) + chrome - 1);
	const chartsAt = (y: number, height: number): readonly Rect[] => {
		if (height === 0) return [];
		if (columns < 100) return [line(y, height)];
		const left = Math.floor(columns / 2);
		return [
			{x: 0, y, width: left, height},
			{x: left, y, width: columns - left, height},
		];
	};
	if (overlay === 'why') {
		// An explanation has about twenty lines; what it does not need shows more of the course.
		const why = body - (body < 30 ? chartHeight : Math.max(chartHeight, Math.min(22, Math.round(body * 0.45))));
		return {
			...common,
			...nothing,
			why: line(top, why),
			charts: chartsAt(top + why, body - why),
			panes: chartHeight > 0 ? ['pods', 'charts'] : ['pods'],
		};
	}
	// A short list gives what it does not need to the charts first, then to the log.
	const full = body - chartHeight - logHeight;
	const list = logHeight === 0 ? full : Math.min(full, Math.max(chrome + 3, listRows + chrome));
	const spare = full - list;
	const forCharts = Math.min(spare, Math.ceil(spare * 0.6), Math.max(0, 20 - chartHeight));
	const charts = chartHeight + forCharts;
	const log = logHeight + spare - forCharts;
	return {
		...common,
		...nothing,
		list: line(top, list),
		charts: chartsAt(top + list, charts),
		log: log > 0 ? line(top + list + charts, log) : undefined,
		panes: ['pods', ...(charts > 0 ? (['charts'] as const) : []), ...(log > 0 ? (['log'] as const) : [])],
	};
}
