/** What the reader did, and nothing of the data. A pure reducer: what was on the screen when a key was pressed comes in as {@link Sight}. */
import type {Cursor, CursorAction, Line as CursorLine} from '../cursor.ts';
import {moveCursor, placeOf} from '../cursor.ts';
import type {Anomaly, Kind} from '../engine/verdict.ts';
import {titleOf} from '../sentences.ts';

export const PANES = ['pods', 'charts', 'log'] as const;
export type Pane = (typeof PANES)[number];

/** Columns that a list can be sorted by; `trouble` is severity, then time to the limit. */
export const SORTS = [
	'trouble',
	'name',
	'namespace',
	'cpu',
	'memory',
	'cpu-limit',
	'memory-limit',
	'limit-at',
	'status',
	'restarts',
	'age',
	'node',
] as const;
export type Sort = (typeof SORTS)[number];
/** What `s` goes through; the others have a letter each. */
const SORT_CYCLE: readonly Sort[] = ['trouble', 'cpu', 'memory', 'memory-limit', 'name'];

/** What shares a row of the list. */
export const GROUPS = ['none', 'workload', 'node'] as const;
export type Group = (typeof GROUPS)[number];

/** Of the row of a group: no container's key looks so. */
export const isGroupId = (id: string): boolean => /^(?:workload|node):/.test(id);

/** Lengths of the charts' window. */
export const WINDOWS_MS = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map(minutes => minutes * 60_000);

/** The line that is being typed, above the key bar. */
export interface Typing {
	readonly what: 'filter' | 'log-filter' | 'command';
	readonly text: string;
	/** What `esc` puts back. */
	readonly before: string;
}

/** Where something was last seen, for when it is gone. */
interface Place {
	readonly id: string;
	readonly index: number;
}

export interface ScreenState {
	readonly cursor: Cursor;
	readonly focus: Pane;
	/** Undefined: the first row, whichever that is. */
	readonly selection: Place | undefined;
	/** First row of the list that is shown; the selection is kept in sight anyway. */
	readonly top: number;
	readonly filter: string;
	readonly sort: {readonly by: Sort; readonly reverse: boolean};
	readonly wide: boolean;
	/** Undefined: by workload above 200 pods. */
	readonly group: Group | undefined;
	/** Groups whose members are shown. */
	readonly open: readonly string[];
	/** Empty: all. */
	readonly namespaces: readonly string[];
	/** The newest first: keys 1 to 9. */
	readonly recentNamespaces: readonly string[];
	readonly overlay: {readonly what: 'help' | 'why'; readonly top: number} | undefined;
	readonly typing: Typing | undefined;
	/** Undefined window: as long as the anomaly needs. `end`: the last moment shown, where that is not the present one. */
	readonly chart: {
		readonly windowMs: number | undefined;
		readonly endMs: number | undefined;
		readonly frozen: boolean;
		readonly other: boolean;
	};
	readonly log: {
		readonly selected: Place | undefined;
		readonly top: number;
		readonly filter: string;
		/** Only these. */
		readonly kind: Kind | undefined;
	};
	/** An answer to the last key, until the next one. */
	readonly notice: {readonly text: string; readonly bad: boolean} | undefined;
}

export const initialState = (
	cursor: Cursor,
	options: {readonly wide?: boolean; readonly filter?: string; readonly sort?: Sort} = {},
): ScreenState => ({
	cursor,
	focus: 'pods',
	selection: undefined,
	top: 0,
	filter: options.filter ?? '',
	sort: {by: options.sort ?? 'trouble', reverse: false},
	wide: options.wide ?? false,
	group: undefined,
	open: [],
	namespaces: [],
	recentNamespaces: [],
	overlay: undefined,
	typing: undefined,
	chart: {windowMs: undefined, endMs: undefined, frozen: false, other: false},
	log: {selected: undefined, top: 0, filter: '', kind: undefined},
	notice: undefined,
});

export type StateAction =
	| {readonly type: 'move'; readonly by: number}
	| {readonly type: 'move-pages'; readonly by: number}
	| {readonly type: 'move-to'; readonly end: 'first' | 'last'}
	| {readonly type: 'focus'; readonly by: 1 | -1}
	| {readonly type: 'open'}
	/** What is selected stays so, though another one becomes the worst. */
	| {readonly type: 'hold'}
	| {readonly type: 'undo'}
	| {readonly type: 'help'}
	| {readonly type: 'filter'}
	| {readonly type: 'command'; readonly text: string}
	| {readonly type: 'type'; readonly text: string}
	| {readonly type: 'erase'; readonly what: 'letter' | 'word' | 'line'}
	| {readonly type: 'submit'}
	| {readonly type: 'sort'; readonly by: Sort}
	| {readonly type: 'next-sort'}
	| {readonly type: 'wide'}
	| {readonly type: 'group'; readonly by: Group}
	| {readonly type: 'namespaces'; readonly names: readonly string[]}
	| {readonly type: 'recent-namespace'; readonly index: number}
	/** Other namespaces are read now; `anew`: in another context. */
	| {readonly type: 'arrive'; readonly namespaces: readonly string[]; readonly anew: boolean}
	| {readonly type: 'time'; readonly action: CursorAction}
	| {readonly type: 'next-kind'}
	| {readonly type: 'zoom'; readonly by: 1 | -1 | 0}
	| {readonly type: 'pan'; readonly by: 1 | -1}
	| {readonly type: 'freeze'}
	| {readonly type: 'other-chart'}
	| {readonly type: 'say'; readonly text: string; readonly bad: boolean};

/** What was on the screen when the key was pressed. */
export interface Sight {
	readonly line: CursorLine;
	readonly list: {
		/** In order: keys of containers, `workload:…` and `node:…` of groups. */
		readonly ids: readonly string[];
		readonly selected: number;
		/** Of the container that the selected line stands for. */
		readonly key: string | undefined;
		/** What had been chosen does not exist any more; what is only hidden does. */
		readonly gone: boolean;
		readonly height: number;
	};
	readonly log: {
		readonly entries: readonly {readonly id: string; readonly key: string; readonly firedAtMs: number}[];
		readonly selected: number;
		readonly height: number;
		/** Those that there are. */
		readonly kinds: readonly Kind[];
		/** Whether the filter finds an entry at another moment: it may have been called otherwise then. */
		readonly listsAt: (atMs: number, id: string) => boolean;
	};
	/** What the scrape of this time is the first to tell, as it was known then, the worst first. */
	readonly told: (atMs: number) => readonly Anomaly[];
	readonly overlay: {readonly length: number; readonly height: number};
	readonly chart: {readonly fromMs: number; readonly toMs: number};
	/** How many there is room for. */
	readonly charts: number;
	readonly group: Group;
	readonly panes: readonly Pane[];
}

export function reduce(state: ScreenState, action: StateAction, sight: Sight): ScreenState {
	if (action.type === 'say') return {...state, notice: {text: action.text, bad: action.bad}};
	const next = decide(state, action, sight);
	const byClock = action.type === 'time' && action.action.type === 'advance';
	return state.notice !== undefined && next.notice === state.notice && !byClock ? {...next, notice: undefined} : next;
}

/**
 * After new data, which move rows: where the selection stands now is where it is looked for when it is gone, and what took the place of
 * what is gone stays selected from then on. Of a moment that the reader went to nothing is gone: there is a way back.
 */
export function seen(state: ScreenState, {list, log}: Sight): ScreenState {
	const id = list.ids[list.selected];
	const isFollowed = id !== undefined && (state.selection?.id === id || (list.gone && state.cursor.mode !== 'pause'));
	const selection = isFollowed ? placed(state.selection, id, list.selected) : state.selection;
	const entry = log.entries[log.selected];
	const logSelected = entry?.id === state.log.selected?.id ? placed(state.log.selected, entry?.id ?? '', log.selected) : state.log.selected;
	if (selection === state.selection && logSelected === state.log.selected) return state;
	return {...state, selection, log: {...state.log, selected: logSelected}};
}

const placed = (before: Place | undefined, id: string, index: number): Place | undefined =>
	before === undefined || (before.id === id && before.index === index) ? before : {id, index};

function decide(state: ScreenState, action: Exclude<StateAction, {type: 'say'}>, sight: Sight): ScreenState {
	switch (action.type) {
		case 'move':
			return move(state, sight, at => at + action.by);
		case 'move-pages':
			return move(state, sight, (at, height) => at + Math.trunc(action.by * Math.max(1, height)) || at + Math.sign(action.by));
		case 'move-to':
			return move(state, sight, (_, __, length) => (action.end === 'first' ? 0 : length - 1));
		case 'focus': {
			const {panes} = sight;
			const at = Math.max(0, panes.indexOf(state.focus));
			return {...state, focus: panes[(at + action.by + panes.length) % panes.length] ?? 'pods'};
		}
		case 'open':
			return open(state, sight);
		case 'hold':
			return hold(state, sight);
		case 'undo':
			return undo(state);
		case 'help':
			return {...state, overlay: state.overlay?.what === 'help' ? undefined : {what: 'help', top: 0}};
		case 'filter': {
			const inLog = state.focus === 'log';
			const before = inLog ? state.log.filter : state.filter;
			return {...state, typing: {what: inLog ? 'log-filter' : 'filter', text: before, before}};
		}
		case 'command':
			return {...state, typing: {what: 'command', text: action.text, before: ''}};
		case 'type':
			return typed(state, text => text + action.text);
		case 'erase':
			if (state.typing?.text === '' && action.what === 'letter') return {...state, typing: undefined};
			return typed(state, text => {
				switch (action.what) {
					case 'letter':
						return [...text].slice(0, -1).join('');
					case 'word':
						return text.replace(/\S+\s*$/, '');
					case 'line':
						return '';
				}
			});
		case 'submit':
			return {...state, typing: undefined};
		case 'sort':
			return {
				...state,
				sort: {by: action.by, reverse: state.sort.by === action.by && action.by !== 'trouble' ? !state.sort.reverse : false},
				...TOP,
			};
		case 'next-sort': {
			const at = SORT_CYCLE.indexOf(state.sort.by);
			return {...state, sort: {by: SORT_CYCLE[(at + 1) % SORT_CYCLE.length] ?? 'trouble', reverse: false}, ...TOP};
		}
		case 'wide':
			return {...state, wide: !state.wide};
		case 'group':
			return regrouped(state, action.by, sight);
		case 'namespaces':
			return onlyIn(state, action.names);
		case 'arrive': {
			if (!action.anew) return onlyIn(state, action.namespaces);
			const {cursor, wide, sort} = state;
			return onlyIn(initialState({...cursor, mode: cursor.home, atMs: Number.NaN}, {wide, sort: sort.by}), action.namespaces);
		}
		case 'recent-namespace': {
			const name = state.recentNamespaces[action.index];
			return name === undefined
				? {...state, notice: {text: `No namespace has been used as number ${action.index + 1} yet; n chooses one`, bad: true}}
				: {...state, namespaces: [name], top: 0};
		}
		case 'time':
			return time(state, action.action, sight);
		case 'next-kind': {
			const {kinds} = sight.log;
			const kind = kinds[state.log.kind === undefined ? 0 : kinds.indexOf(state.log.kind) + 1];
			if (kinds.length === 0) return {...state, notice: {text: 'No anomaly so far', bad: true}};
			return {...state, log: {...state.log, kind, selected: undefined, top: 0}};
		}
		case 'zoom':
			return zoom(state, action.by, sight);
		case 'pan': {
			const {fromMs, toMs} = sight.chart;
			if (!(toMs > fromMs)) return state;
			const newestMs = placeOf(state.cursor, sight.line);
			const endMs = Math.max(sight.line.startMs, Math.min(toMs, newestMs) + (action.by * (toMs - fromMs)) / 4);
			if (endMs >= newestMs) return {...state, chart: {...state.chart, endMs: undefined, frozen: false}};
			return {...state, chart: {...state.chart, windowMs: toMs - fromMs, endMs}};
		}
		case 'freeze': {
			if (state.chart.frozen) return {...state, chart: {...state.chart, endMs: undefined, frozen: false}};
			const {fromMs, toMs} = sight.chart;
			// What lies ahead is not frozen: it is not known yet.
			const endMs = Math.min(toMs, placeOf(state.cursor, sight.line));
			return {...state, chart: {...state.chart, windowMs: endMs - fromMs, endMs, frozen: true}};
		}
		case 'other-chart':
			if (sight.charts !== 1)
				return {...state, notice: {text: sight.charts === 0 ? 'There is no room for a chart' : 'Both charts are shown', bad: true}};
			return {...state, chart: {...state.chart, other: !state.chart.other}};
	}
}

/** Who asks for an order wants to see what comes first in it, wherever the selection was before. */
const TOP = {selection: undefined, top: 0} as const;

const onlyIn = (state: ScreenState, names: readonly string[]): ScreenState => ({
	...state,
	namespaces: names,
	recentNamespaces: [...new Set([...names, ...state.recentNamespaces])].slice(0, 9),
	top: 0,
});

function move(state: ScreenState, sight: Sight, to: (at: number, height: number, length: number) => number): ScreenState {
	if (state.overlay) {
		const {length, height} = sight.overlay;
		const most = Math.max(0, length - height);
		const top = clamp(to(Math.min(state.overlay.top, most), height, length), most);
		return {...state, overlay: {...state.overlay, top}};
	}
	if (state.focus === 'log') {
		const {entries, selected, height} = sight.log;
		if (entries.length === 0) return state;
		const at = clamp(to(selected, height, entries.length), entries.length - 1);
		const id = entries[at]?.id ?? '';
		return {...state, log: {...state.log, selected: {id, index: at}, top: topFor(state.log.top, at, height, entries.length)}};
	}
	const {ids, selected, height} = sight.list;
	if (ids.length === 0) return state;
	const at = clamp(to(selected, height, ids.length), ids.length - 1);
	const id = ids[at];
	if (id === undefined) return state;
	return {...state, focus: 'pods', selection: {id, index: at}, top: topFor(state.top, at, height, ids.length)};
}

/** A group that has been chosen is no row of another list: its container is. */
function regrouped(state: ScreenState, by: Group, {group, list}: Sight): ScreenState {
	const {selection} = state;
	const ofGroup = selection !== undefined && isGroupId(selection.id) && list.key !== undefined;
	return {
		...state,
		...(ofGroup && {selection: {id: list.key, index: list.selected}}),
		group: group === by ? 'none' : by,
		open: [],
		top: 0,
	};
}

/** The first row to show so that row `at` is seen, moved as little as possible. */
export function topFor(top: number, at: number, height: number, length: number): number {
	const most = Math.max(0, length - height);
	const kept = Math.min(Math.max(0, top), most);
	if (at < kept) return Math.max(0, at);
	if (at >= kept + height) return Math.min(most, Math.max(0, at - height + 1));
	return kept;
}

function open(state: ScreenState, sight: Sight): ScreenState {
	if (state.overlay) return {...state, overlay: undefined};
	if (state.focus === 'log') {
		const entry = sight.log.entries[sight.log.selected];
		if (!entry) return state;
		const cursor = moveCursor(state.cursor, {type: 'seek-told', firedAtMs: entry.firedAtMs}, sight.line);
		const narrow = sight.log.listsAt(placeOf(cursor, sight.line), entry.id);
		return {
			...choose(state, entry.key, sight),
			focus: 'pods',
			cursor,
			log: narrow ? state.log : {...state.log, filter: '', kind: undefined},
			chart: {...state.chart, endMs: undefined, frozen: false},
		};
	}
	const id = sight.list.ids[sight.list.selected];
	if (id === undefined) return state;
	if (state.focus === 'pods' && isGroupId(id)) {
		const shown = state.open.includes(id);
		return {
			...state,
			selection: {id, index: sight.list.selected},
			open: shown ? state.open.filter(other => other !== id) : [...state.open, id],
		};
	}
	return {...state, overlay: {what: 'why', top: 0}};
}

/** What hides the pod gives way. */
function choose(state: ScreenState, key: string, sight: Sight): ScreenState {
	const index = sight.list.ids.indexOf(key);
	return {
		...state,
		...(index < 0 && {filter: '', namespaces: [], top: 0}),
		selection: {id: key, index: Math.max(0, index)},
	};
}

function hold(state: ScreenState, {list, log}: Sight): ScreenState {
	if (state.focus === 'log') {
		const entry = log.entries[log.selected];
		if (entry === undefined || state.log.selected?.id === entry.id) return state;
		return {...state, log: {...state.log, selected: {id: entry.id, index: log.selected}}};
	}
	const id = list.ids[list.selected];
	return id === undefined || state.selection !== undefined ? state : {...state, selection: {id, index: list.selected}};
}

/** One layer, the topmost first. A replay goes on by space alone: who closes something would not expect it to move. */
function undo(state: ScreenState): ScreenState {
	if (state.typing) return typed({...state, typing: undefined}, () => state.typing?.before ?? '', state.typing.what);
	if (state.overlay) return {...state, overlay: undefined};
	const calmLog = {...state, log: {...state.log, filter: '', kind: undefined}};
	const narrowLog = state.log.filter !== '' || state.log.kind !== undefined;
	if (state.focus === 'log' && narrowLog) return calmLog;
	if (state.focus !== 'pods') return {...state, focus: 'pods', log: {...state.log, selected: undefined, top: 0}};
	if (state.chart.endMs !== undefined) return {...state, chart: {...state.chart, endMs: undefined, frozen: false}};
	if (state.filter !== '') return {...state, filter: '', top: 0};
	if (narrowLog) return calmLog;
	if (state.cursor.home === 'follow' && state.cursor.mode !== 'follow') return {...state, cursor: {...state.cursor, mode: 'follow'}};
	if (state.chart.windowMs !== undefined) return {...state, chart: {...state.chart, windowMs: undefined}};
	if (state.selection) return {...state, selection: undefined, top: 0};
	return state;
}

function typed(state: ScreenState, change: (text: string) => string, what = state.typing?.what): ScreenState {
	if (what === undefined) return state;
	const text = change(state.typing?.text ?? '').slice(0, 500);
	const typing = state.typing && {...state.typing, text};
	if (what === 'filter') return {...state, typing, filter: text, top: 0};
	if (what === 'log-filter') return {...state, typing, log: {...state.log, filter: text, top: 0}};
	return {...state, typing};
}

function time(state: ScreenState, action: CursorAction, sight: Sight): ScreenState {
	const cursor = moveCursor(state.cursor, action, sight.line);
	if (action.type === 'jump-anomaly' && Object.is(placeOf(cursor, sight.line), placeOf(state.cursor, sight.line))) {
		return {...state, notice: {text: `No anomaly ${action.by > 0 ? 'after' : 'before'} this moment`, bad: true}};
	}
	if (action.type === 'change-speed') {
		if (cursor.mode === 'follow') return {...state, notice: {text: 'At the end there is no speed: , and [ go back in time', bad: true}};
		const most = cursor.speed === state.cursor.speed ? ' already' : '';
		return {...state, cursor, notice: {text: `${cursor.mode === 'pause' ? 'Goes on at' : 'Plays at'} ×${cursor.speed}${most}`, bad: false}};
	}
	if (cursor === state.cursor) return state;
	const thawed = action.type === 'advance' ? state.chart : {...state.chart, endMs: undefined, frozen: false};
	const moved = {...state, cursor, chart: thawed};
	return action.type === 'jump-anomaly' ? tellJump(moved, sight) : moved;
}

/** Where a jump leads: to the worst of what is first told then. */
function tellJump(state: ScreenState, sight: Sight): ScreenState {
	const atMs = placeOf(state.cursor, sight.line);
	const told = sight.told(atMs);
	const [worst] = told;
	if (!worst) return state;
	const {of} = worst;
	const more = told.length > 1 ? ` (and ${told.length - 1} more at this moment)` : '';
	const text = `${of.namespace}/${of.pod}: ${titleOf(worst)}${more}`;
	return {...choose(state, of.key, sight), focus: 'pods', notice: {text, bad: false}};
}

function zoom(state: ScreenState, by: 1 | -1 | 0, sight: Sight): ScreenState {
	if (by === 0) return {...state, chart: {...state.chart, windowMs: undefined, endMs: undefined, frozen: false}};
	const nowMs = sight.chart.toMs - sight.chart.fromMs;
	// `+` comes closer: a shorter window.
	const windowMs = by > 0 ? WINDOWS_MS.findLast(ms => ms < nowMs) : WINDOWS_MS.find(ms => ms > nowMs);
	return windowMs === undefined ? state : {...state, chart: {...state.chart, windowMs}};
}

const clamp = (value: number, most: number): number => Math.max(0, Math.min(most, value));
