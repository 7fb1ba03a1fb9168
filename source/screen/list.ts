/** The list of pods: which rows, in what order, with which words; and which columns there is room for. */
import type {Metric} from '../engine/verdict.ts';
import {MARK} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import {formatAge, formatCpu, formatDuration, formatMemory, formatPercent, UNKNOWN} from '../format.ts';
import type {Container} from '../scrape.ts';
import {markWords, title} from '../sentences.ts';
import type {Moment, Row, Timeline} from '../timeline.ts';
import {gravity} from '../timeline.ts';
import {parseFilter} from './filter.ts';
import type {Group, ScreenState, Sort} from './state.ts';
import type {Mark, Style} from './theme.ts';
import {MARK_STYLES} from './theme.ts';
import {printable, widthOf} from './width.ts';
import {ABSENCE_WORDS, isFailingToStart} from './words.ts';

/** How the reader's silences look to the screen. */
export interface Silences {
	/** Counts changes. */
	readonly revision: number;
	/** `silenced 1 h`, `expected`; undefined where none holds. */
	of(container: Container, atMs: number): string | undefined;
}

/** One line of the list. */
export interface ListItem {
	/** A container's key, or `workload:…`, or `node:…`. */
	readonly id: string;
	/** The container it stands for: of a group, the worst one. */
	readonly row: Row;
	/** Of a group's row: all it has. */
	readonly members?: readonly Row[];
	/** A member under the opened row of its group. */
	readonly inside?: true;
}

export interface Listing {
	readonly items: readonly ListItem[];
	readonly ids: readonly string[];
	/** Before the filter. */
	readonly unfiltered: number;
	readonly group: Group;
	readonly problem?: string;
}

/** Above this many pods one row a workload. */
const MANY_PODS = 200;

const groupOf = (state: Pick<ScreenState, 'group'>, moment: Moment): Group =>
	state.group ?? (moment.counts.pods > MANY_PODS ? 'workload' : 'none');

/** What only changes when containers come and go. */
interface Names {
	/** In the moment's order: the same objects mean the same names. */
	readonly keys: readonly string[];
	/** Indices by namespace, pod and container name: where an order leaves a tie. */
	readonly order: Uint32Array;
	/** Pods with more than one container: only there the container's name has to stand. */
	readonly crowded: ReadonlySet<string>;
	readonly namespaceWidth: number;
	readonly podWidth: number;
	readonly namespaces: readonly string[];
}

/** Gathered once a moment: with 10,000 rows no key may go through them again. */
interface MomentFacts extends Names {
	readonly rank: ReadonlyMap<string, number>;
	readonly byName: readonly Row[];
	/** Rows with an anomaly that is neither a habit nor silenced. */
	readonly odd: readonly Row[];
	/** Rows that wait for what the cluster calls trouble, without an anomaly of their own. */
	readonly failing: readonly Row[];
	readonly silenced: number;
	/** Samples that the slowest of those that learn has had; NaN where none learns. */
	readonly leastLearned: number;
}

const kept = new WeakMap<Moment, {silences: number; facts: MomentFacts; listings: Map<string, Listing>; verdicts: Map<string, Verdict>}>();

function keptOf(
	moment: Moment,
	silences: Silences | undefined,
): {facts: MomentFacts; listings: Map<string, Listing>; verdicts: Map<string, Verdict>} {
	const revision = silences?.revision ?? 0;
	let found = kept.get(moment);
	if (!found || found.silences !== revision) {
		found = {silences: revision, facts: factsOf(moment, silences), listings: new Map(), verdicts: new Map()};
		kept.set(moment, found);
	}
	return found;
}

export const factsAbout = (moment: Moment, silences?: Silences): MomentFacts => keptOf(moment, silences).facts;

function factsOf(moment: Moment, silences: Silences | undefined): MomentFacts {
	const {rows, atMs} = moment;
	const names = namesOf(rows);
	const rank = new Map<string, number>();
	const odd: Row[] = [];
	const failing: Row[] = [];
	let silenced = 0;
	let leastLearned = Number.NaN;
	for (const row of rows) {
		const {anomaly, of} = row;
		const waits = isFailingToStart(of.waiting);
		const isSilenced = (anomaly !== undefined || waits) && silences?.of(of, atMs) !== undefined;
		rank.set(row.key, rankOf(row, isSilenced));
		if (isSilenced) silenced++;
		else if (anomaly && !anomaly.recurring) odd.push(row);
		else if (waits) failing.push(row);
		if (row.state === 'learning' && !(row.learned >= leastLearned)) leastLearned = row.learned;
	}
	return {...names, rank, byName: Array.from(names.order, i => rows[i] as Row), odd, failing, silenced, leastLearned};
}

let keptNames: Names | undefined;

function namesOf(rows: readonly Row[]): Names {
	const before = keptNames;
	if (before && before.keys.length === rows.length && rows.every((row, i) => row.key === before.keys[i])) return before;
	const pods = new Set<string>();
	const crowded = new Set<string>();
	const namespaces = new Set<string>();
	for (const {of} of rows) {
		const pod = podOf(of);
		if (pods.has(pod)) crowded.add(pod);
		pods.add(pod);
		namespaces.add(of.namespace);
	}
	let podWidth = 0;
	for (const {of} of rows) {
		const width = widthOf(printable(of.pod)) + (crowded.has(podOf(of)) ? widthOf(printable(of.name)) + 1 : 0);
		if (width > podWidth) podWidth = width;
	}
	keptNames = {
		keys: rows.map(({key}) => key),
		order: Uint32Array.from(rows.keys()).sort((a, b) => compareNames(rows[a] as Row, rows[b] as Row)),
		crowded,
		namespaces: [...namespaces].sort(),
		namespaceWidth: Math.max(0, ...Array.from(namespaces, name => widthOf(printable(name)))),
		podWidth,
	};
	return keptNames;
}

const podOf = ({namespace, pod}: Container): string => `${namespace}/${pod}`;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const compareNames = (a: Row, b: Row): number =>
	compare(a.of.namespace, b.of.namespace) || compare(a.of.pod, b.of.pod) || compare(a.of.name, b.of.name);

/** Higher is worse. Severity, then the nearer limit; pending; normal; learning; without a sample. */
function rankOf(row: Row, silenced: boolean): number {
	const {anomaly} = row;
	if (anomaly && !anomaly.recurring && !silenced) return 100 + 10 * gravity(anomaly);
	// What the cluster itself calls trouble stands between warnings and notices.
	if (isFailingToStart(row.of.waiting) && !silenced) return 119;
	if (row.state === 'pending') return 60;
	if (anomaly) return silenced ? 40 : 50;
	switch (row.state) {
		case 'learning':
			return 10;
		case 'absent':
			return row.absence === 'gone' || row.absence === 'completed' ? 1 : 5;
		default:
			return row.marks & (MARK.nearLimit | MARK.atCpuLimit) ? 30 : 20;
	}
}

/** What the listing depends on besides the moment, in a few letters. */
const signature = (state: ListState, group: Group): string =>
	JSON.stringify([state.filter, state.sort, state.namespaces, group, state.open]);

export type ListState = Pick<ScreenState, 'filter' | 'sort' | 'namespaces' | 'group' | 'open'>;

/** Sorted and filtered once for a moment and a way of looking at it. */
export function listingOf(moment: Moment, state: ListState, view: VerdictView): Listing {
	const {facts, listings} = keptOf(moment, view.silences);
	const group = groupOf(state, moment);
	const name = signature(state, group);
	let listing = listings.get(name);
	if (!listing) {
		if (listings.size > 20) listings.clear();
		listing = makeListing(moment, state, view, facts, group);
		listings.set(name, listing);
	}
	return listing;
}

function makeListing(moment: Moment, state: ListState, view: VerdictView, facts: MomentFacts, group: Group): Listing {
	const wanted = new Set(state.namespaces);
	const inside = wanted.size === 0 ? facts.byName : facts.byName.filter(({of}) => wanted.has(of.namespace));
	const filter = parseFilter(state.filter);
	const rows = state.filter === '' ? [...inside] : inside.filter(row => filter.matches(row.of, () => verdictOf(row, moment, view).words));
	const order = orderOf(state.sort.by, facts);
	const sign = state.sort.reverse ? -1 : 1;
	rows.sort((a, b) => sign * order(a, b));
	const items: ListItem[] = [];
	if (group !== 'none') {
		const idOf = group === 'node' ? nodeId : workloadId;
		const groups = new Map<string, Row[]>();
		for (const row of rows) {
			const id = idOf(row.of);
			const members = groups.get(id);
			if (members) members.push(row);
			else groups.set(id, [row]);
		}
		for (const [id, members] of groups) {
			const [first] = members;
			if (!first) continue;
			const worst = members.reduce((a, b) => ((facts.rank.get(b.key) ?? 0) > (facts.rank.get(a.key) ?? 0) ? b : a), first);
			items.push({id, row: worst, members});
			if (state.open.includes(id)) for (const row of members) items.push({id: row.key, row, inside: true});
		}
	} else for (const row of rows) items.push({id: row.key, row});
	return {
		items,
		ids: items.map(({id}) => id),
		unfiltered: inside.length,
		group,
		...(filter.problem !== undefined && {problem: filter.problem}),
	};
}

/** A bare pod is its own workload. */
export const workloadId = (of: Container): string => `workload:${of.namespace}/${of.workload ?? `Pod/${of.pod}`}`;

const nodeId = (of: Container): string => `node:${of.node ?? ''}`;

/** NaN, the unknown, comes last whichever way the numbers go. */
const descending =
	(value: (row: Row) => number) =>
	(a: Row, b: Row): number => {
		const left = value(a);
		const right = value(b);
		if (Number.isNaN(left)) return Number.isNaN(right) ? 0 : 1;
		return Number.isNaN(right) ? -1 : left === right ? 0 : right - left;
	};

function orderOf(by: Sort, facts: MomentFacts): (a: Row, b: Row) => number {
	switch (by) {
		case 'trouble':
			return descending(row => facts.rank.get(row.key) ?? 0);
		case 'name':
			return (a, b) => compare(a.of.pod, b.of.pod) || compare(a.of.name, b.of.name);
		case 'namespace':
			return () => 0; // they come by namespace
		case 'cpu':
			return descending(row => usageOf(row).cpu);
		case 'memory':
			return descending(row => usageOf(row).memory);
		case 'cpu-limit':
			return descending(row => share(usageOf(row).cpu, row.of.cpuLimitMillicores));
		case 'memory-limit':
			return descending(row => share(usageOf(row).memory, row.of.memoryLimitBytes));
		case 'limit-at':
			return descending(row => -(row.anomaly?.explanation.forecast?.atMs ?? Number.NaN));
		case 'status':
			return (a, b) => compare(statusOf(b), statusOf(a));
		case 'restarts':
			return descending(row => row.of.restarts);
		case 'age':
			return descending(row => row.of.startedAtMs ?? Number.NaN);
		case 'node':
			return (a, b) => compare(a.of.node ?? '\uffff', b.of.node ?? '\uffff');
	}
}

/** An absent container keeps its last numbers in its row; they are not of now. */
const usageOf = (row: Row): {readonly cpu: number; readonly memory: number} =>
	row.state === 'absent' ? {cpu: Number.NaN, memory: Number.NaN} : {cpu: row.cpuMillicores, memory: row.memoryBytes};

/** NaN without a limit, or with an unknown one. */
const share = (value: number, limit: number): number => (Number.isFinite(limit) && limit > 0 ? value / limit : Number.NaN);

const statusOf = (row: Row): string => {
	if (row.of.waiting !== undefined) return row.of.waiting;
	if (row.state === 'absent' && row.absence !== undefined && row.absence !== 'no-sample' && row.absence !== 'too-new')
		return capital(ABSENCE_WORDS[row.absence]);
	return 'Running';
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export interface Verdict {
	readonly words: string;
	readonly mark: Mark;
	readonly style: Style;
}

/** What the words need to know. */
export interface VerdictView {
	readonly training: number;
	readonly stepMs: number;
	readonly times: TimeFormat;
	readonly silences?: Silences;
}

export function verdictOf(row: Row, moment: Moment, view: VerdictView): Verdict {
	const {verdicts} = keptOf(moment, view.silences);
	let verdict = verdicts.get(row.key);
	if (!verdict) {
		verdict = makeVerdict(row, moment.atMs, view);
		verdicts.set(row.key, verdict);
	}
	return verdict;
}

function makeVerdict(row: Row, atMs: number, {training, stepMs, times, silences}: VerdictView): Verdict {
	const {anomaly, of, state} = row;
	const silence = silences?.of(of, atMs);
	const says = (words: string, mark: Mark, style: Style = MARK_STYLES[mark]): Verdict => ({words, mark, style});
	if (silence !== undefined && (anomaly || of.waiting !== undefined)) {
		const what = anomaly ? title(anomaly.kind, anomaly.explanation, times).replace(/,.*/, '') : printable(of.waiting ?? '');
		return says(`${what}, ${silence}`, 'silenced');
	}
	if (anomaly && of.waiting === undefined) {
		const words = title(anomaly.kind, anomaly.explanation, times);
		if (anomaly.recurring) return says(`habit: ${words}`, 'normal', 'plain');
		return says(anomaly.provisional ? `${words}?` : words, anomaly.severity);
	}
	if (of.waiting !== undefined) {
		const failing = isFailingToStart(of.waiting);
		const mark = anomaly && !anomaly.recurring ? anomaly.severity : failing ? 'warning' : 'absent';
		return says(printable(of.waiting), mark);
	}
	switch (state) {
		case 'absent':
			return says(ABSENCE_WORDS[row.absence ?? 'no-sample'], row.absence === 'gone' ? 'gone' : 'absent');
		case 'pending':
			return says('odd, not confirmed yet', 'pending');
		case 'learning': {
			const left = training - row.learned;
			return says(left > 0 && Number.isFinite(stepMs) ? `learning, ~${formatDuration(left * stepMs)}` : 'learning', 'learning');
		}
		default: {
			const memory = share(row.memoryBytes, of.memoryLimitBytes);
			const marked = markWords(row.marks, memory);
			return marked === '' ? says('normal', 'normal') : says(marked, 'normal', 'notice');
		}
	}
}

/** How long until all that learn are done, at the present rhythm. */
export const learningLeftMs = (moment: Moment, {training, stepMs, silences}: VerdictView): number => {
	const {leastLearned} = factsAbout(moment, silences);
	return Number.isNaN(leastLearned) ? 0 : (training - leastLearned) * stepMs;
};

export type ColumnId =
	| 'namespace'
	| 'pod'
	| 'verdict'
	| 'cpu'
	| 'cpu-limit'
	| 'cpu-request'
	| 'memory'
	| 'memory-limit'
	| 'memory-request'
	| 'limit-at'
	| 'status'
	| 'restarts'
	| 'age'
	| 'node';

export interface Column {
	readonly id: ColumnId;
	readonly title: string;
	readonly width: number;
	readonly align: 'left' | 'right';
	/** Cells of the sparkline behind the number. */
	readonly spark: number;
	readonly sort: Sort | undefined;
	/** Cells before it. */
	readonly gap: number;
}

/** What a column would like. The lowest rank is given room first. */
interface Wish {
	readonly id: ColumnId;
	readonly title: string;
	readonly width: number;
	readonly align?: 'right';
	readonly sort?: Sort;
	readonly rank: number;
	/** In the wide list, where use against limits gives way to what kubectl tells. */
	readonly wideRank: number;
	/** A column of short numbers brings its own distance. */
	readonly gap?: 1;
	/** Rank of a sparkline behind the number. */
	readonly sparkRank?: number;
}

const GAP = 2;
/** A pod's name is cut down to this before a column is dropped; at 80 columns there is nothing else to give. */
const POD_LEAST = 22;
const VERDICT_MORE = 16;

const WISHES: readonly Wish[] = [
	{id: 'namespace', title: 'NAMESPACE', width: 9, sort: 'namespace', rank: 6, wideRank: 6},
	{id: 'pod', title: 'POD', width: POD_LEAST, sort: 'name', rank: 0, wideRank: 0},
	// `load rise, all replicas`
	{id: 'verdict', title: 'VERDICT', width: 23, rank: 0, wideRank: 0},
	{id: 'cpu', title: 'CPU', width: 6, align: 'right', sort: 'cpu', rank: 3, wideRank: 2, sparkRank: 8},
	{id: 'cpu-request', title: '%CPU/R', width: 6, align: 'right', rank: Number.NaN, wideRank: 10},
	{id: 'cpu-limit', title: '%CPU/L', width: 8, align: 'right', sort: 'cpu-limit', rank: 7, wideRank: 12, gap: 1},
	{id: 'memory', title: 'MEM', width: 6, align: 'right', sort: 'memory', rank: 1, wideRank: 1, sparkRank: 4},
	{id: 'memory-request', title: '%MEM/R', width: 6, align: 'right', rank: Number.NaN, wideRank: 9},
	{id: 'memory-limit', title: '%MEM/L', width: 8, align: 'right', sort: 'memory-limit', rank: 5, wideRank: 11, gap: 1},
	{id: 'limit-at', title: 'LIMIT AT', width: 8, sort: 'limit-at', rank: 2, wideRank: 8},
	{id: 'status', title: 'STATUS', width: 16, sort: 'status', rank: Number.NaN, wideRank: 7},
	{id: 'restarts', title: 'RESTARTS', width: 8, align: 'right', sort: 'restarts', rank: Number.NaN, wideRank: 3},
	{id: 'age', title: 'AGE', width: 4, align: 'right', sort: 'age', rank: Number.NaN, wideRank: 4},
	{id: 'node', title: 'NODE', width: 14, sort: 'node', rank: Number.NaN, wideRank: 5},
];

/** In the reader's own order, the first ones given room first; a pod and what is said of it always stand there. */
function chosenWishes(own: readonly ColumnId[]): readonly Wish[] {
	const always = (['pod', 'verdict'] as const).filter(id => !own.includes(id));
	return [...always, ...own].flatMap((id, i) => {
		const wish = WISHES.find(each => each.id === id);
		if (!wish) return [];
		return [{...wish, rank: wish.rank === 0 ? 0 : i + 1, ...(wish.sparkRank !== undefined && {sparkRank: 20 + wish.sparkRank})}];
	});
}

/** Columns for `width` cells: the most important ones that fit, then sparklines; the pod's name and the verdict share what is left. */
export function columnsFor(
	width: number,
	wide: boolean,
	facts: Pick<MomentFacts, 'namespaceWidth' | 'podWidth'>,
	multipleNamespaces: boolean,
	group: Group = 'none',
	own: readonly ColumnId[] | undefined = undefined,
): readonly Column[] {
	const cells = width >= 150 ? 8 : width >= 124 ? 6 : 4;
	const candidates: {readonly wish: Wish; readonly rank: number; readonly spark: boolean; readonly needs: number}[] = [];
	const wishes = own && !wide ? chosenWishes(own) : WISHES;
	for (const wish of wishes) {
		const rank = wide ? wish.wideRank : wish.rank;
		if (Number.isNaN(rank) || (wish.id === 'namespace' && !multipleNamespaces) || (wish.id === 'node' && group === 'node')) continue;
		const own = wish.id === 'namespace' ? Math.max(9, Math.min(16, facts.namespaceWidth)) : wish.width;
		candidates.push({wish: {...wish, width: own}, rank, spark: false, needs: own + (wish.gap ?? GAP)});
		if (wish.sparkRank !== undefined)
			candidates.push({wish, rank: wide ? 20 + wish.sparkRank : wish.sparkRank, spark: true, needs: cells + 1});
	}
	let left = width + GAP;
	const chosen = new Map<ColumnId, Wish>();
	const sparks = new Set<ColumnId>();
	for (const {wish, spark, needs, rank} of candidates.toSorted((a, b) => a.rank - b.rank)) {
		if (needs > left && rank > 0) continue;
		if (spark && !chosen.has(wish.id)) continue;
		left -= needs;
		if (spark) sparks.add(wish.id);
		else chosen.set(wish.id, wish);
	}
	const forPod = Math.max(Math.min(left, 0), Math.min(left, Math.max(facts.podWidth, 12) - POD_LEAST));
	const forVerdict = Math.max(0, Math.min(left - forPod, VERDICT_MORE));
	return wishes
		.filter(({id}) => chosen.has(id))
		.map(({id, title: heading, align, gap = GAP, sort}, i): Column => {
			const own = chosen.get(id)?.width ?? 0;
			return {
				id,
				title: id === 'pod' && group !== 'none' ? group.toUpperCase() : heading,
				width: id === 'pod' ? Math.max(4, own + forPod) : id === 'verdict' ? own + forVerdict : own,
				align: align ?? 'left',
				spark: sparks.has(id) ? cells : 0,
				sort,
				gap: i === 0 ? 0 : gap,
			};
		});
}

/** A cell of a row: words, and how they look. `cut` says which part may go. */
export interface Cell {
	readonly text: string;
	readonly style: Style;
	readonly cut?: 'middle';
	/** Stays whole when the rest is cut: `:proxy`. */
	readonly tail?: string;
	readonly spark?: readonly number[];
}

export interface RowView {
	readonly id: string;
	readonly mark: Mark;
	readonly markStyle: Style;
	readonly cells: readonly Cell[];
	readonly selected: boolean;
	readonly inside: boolean;
}

export interface RowContext {
	readonly moment: Moment;
	readonly view: VerdictView;
	readonly facts: MomentFacts;
	/** Levels from 0 to 1 of the newest stretch, NaN = gap. */
	readonly spark: (row: Row, metric: Metric, cells: number) => readonly number[];
}

export function rowView(item: ListItem, columns: readonly Column[], selected: boolean, context: RowContext): RowView {
	const verdict = verdictOf(item.row, context.moment, context.view);
	const limitsTold = columns.some(({id}) => id === 'memory-limit');
	return {
		id: item.id,
		mark: verdict.mark,
		markStyle: verdict.style,
		cells: columns.map(column => cellOf(item, column, verdict, limitsTold, context)),
		selected,
		inside: item.inside === true,
	};
}

function cellOf(
	item: ListItem,
	column: Column,
	verdict: Verdict,
	limitsTold: boolean,
	{moment, view: {times}, facts, spark}: RowContext,
): Cell {
	const {row, members} = item;
	const {of} = row;
	const ofNode = members && item.id.startsWith('node:') ? NODE_CELLS[column.id]?.(members) : undefined;
	if (ofNode) return ofNode;
	const absent = row.state === 'absent';
	const {cpu, memory} = usageOf(row);
	const calm: Style = absent ? 'dim' : 'plain';
	switch (column.id) {
		case 'namespace':
			return {text: printable(of.namespace), style: 'dim', cut: 'middle'};
		case 'pod': {
			if (members) return {text: `${printable(workloadName(of))} ×${podsOf(members)}`, style: calm, cut: 'middle'};
			const tail = facts.crowded.has(podOf(of)) ? `:${printable(of.name)}` : '';
			return {text: printable(of.pod), style: calm, cut: 'middle', ...(tail !== '' && {tail})};
		}
		case 'verdict':
			return {text: verdict.words, style: verdict.style};
		case 'cpu':
			return {
				text: formatCpu(cpu),
				style: absent ? 'dim' : oddStyle(row, 'cpu'),
				...(column.spark > 0 && {spark: spark(row, 'cpu', column.spark)}),
			};
		case 'memory':
			return {
				text: formatMemory(memory),
				style: absent ? 'dim' : oddStyle(row, 'memory'),
				...(column.spark > 0 && {spark: spark(row, 'memory', column.spark)}),
			};
		case 'cpu-limit':
			return limitCell(cpu, of.cpuLimitMillicores, row.marks & MARK.atCpuLimit);
		case 'memory-limit':
			return limitCell(memory, of.memoryLimitBytes, row.marks & MARK.nearLimit);
		case 'cpu-request':
			return {text: formatPercent(share(cpu, of.cpuRequestMillicores)), style: 'dim'};
		case 'memory-request':
			return {text: formatPercent(share(memory, of.memoryRequestBytes)), style: 'dim'};
		case 'limit-at': {
			const forecast = absent ? undefined : row.anomaly?.explanation.forecast;
			// “There is no limit” is not “it is not heading there”.
			const never = !limitsTold && of.memoryLimitBytes === Number.POSITIVE_INFINITY ? 'no limit' : UNKNOWN;
			if (!forecast || row.anomaly?.ended) return {text: never, style: 'dim'};
			const text = times.near(forecast.atMs, moment.atMs);
			return {text: text.length <= 5 ? `~${text}` : `~${formatAge(forecast.atMs - moment.atMs)}`, style: verdict.style};
		}
		case 'status': {
			const status = statusOf(row);
			return {text: printable(status), style: status === 'Running' ? 'dim' : isFailingToStart(of.waiting) ? 'warning' : 'plain'};
		}
		case 'restarts':
			return {text: Number.isNaN(of.restarts) ? UNKNOWN : String(of.restarts), style: of.restarts > 0 ? 'plain' : 'dim'};
		case 'age':
			return {text: of.startedAtMs === undefined ? UNKNOWN : formatAge(moment.atMs - of.startedAtMs), style: 'dim'};
		case 'node':
			return {text: of.node === undefined ? UNKNOWN : printable(of.node), style: 'dim', cut: 'middle'};
	}
}

/** A pod has several containers at times. */
const podsOf = (rows: readonly Row[]): number => new Set(rows.map(({of}) => podOf(of))).size;

/** A node's use is the sum of what runs on it; of its own capacity nothing is known here. */
const NODE_CELLS: {readonly [C in ColumnId]?: (members: readonly Row[]) => Cell} = {
	pod: members => ({text: `${printable(members[0]?.of.node ?? 'no node yet')} ×${podsOf(members)}`, style: 'plain', cut: 'middle'}),
	namespace: () => ({text: '', style: 'dim'}),
	cpu: members => ({text: formatCpu(sumOf(members, row => usageOf(row).cpu)), style: 'plain'}),
	memory: members => ({text: formatMemory(sumOf(members, row => usageOf(row).memory)), style: 'plain'}),
	'cpu-limit': () => ({text: UNKNOWN, style: 'dim'}),
	'memory-limit': () => ({text: UNKNOWN, style: 'dim'}),
	'cpu-request': () => ({text: UNKNOWN, style: 'dim'}),
	'memory-request': () => ({text: UNKNOWN, style: 'dim'}),
	restarts: members => ({text: String(sumOf(members, ({of}) => of.restarts)), style: 'dim'}),
	age: () => ({text: '', style: 'dim'}),
};

/** Of what is known; NaN where nothing is. */
function sumOf(rows: readonly Row[], value: (row: Row) => number): number {
	const known = rows.map(value).filter(each => !Number.isNaN(each));
	return known.length === 0 ? Number.NaN : known.reduce((sum, each) => sum + each, 0);
}

const workloadName = (of: Container): string => of.workload?.replace(/^[^/]*\//, '') ?? of.pod;

/** The number that is odd takes the colour of its anomaly. */
const oddStyle = (row: Row, metric: Metric): Style => {
	const {anomaly} = row;
	return anomaly && !anomaly.recurring && !anomaly.ended && anomaly.metric === metric ? anomaly.severity : 'plain';
};

/** “No limit” is not “unknown”. */
function limitCell(value: number, limit: number, near: number): Cell {
	if (limit === Number.POSITIVE_INFINITY) return {text: 'no limit', style: 'dim'};
	return {text: formatPercent(share(value, limit)), style: near ? 'notice' : Number.isNaN(value) ? 'dim' : 'plain'};
}

/** A sparkline's levels: the middle of its height is the top of what is usual, so that only the odd reaches the ceiling. */
export function sparkOf(timeline: Timeline, row: Row, metric: Metric, toMs: number, windowMs: number, cells: number): readonly number[] {
	const course = timeline.course(row.key, metric, toMs - windowMs, toMs + 1, cells);
	let high = 0;
	let usual = Number.NaN;
	for (let i = 0; i < cells; i++) {
		const value = course.max[i] ?? Number.NaN;
		if (value > high) high = value;
		const top = course.high[i] ?? Number.NaN;
		if (!Number.isNaN(top)) usual = top;
	}
	const least = metric === 'cpu' ? 40 : 32 * 2 ** 20;
	const ceiling = Math.max(high, 2 * (Number.isNaN(usual) ? high / 1.3 : usual), least);
	return Array.from(course.max, value => value / ceiling);
}
