/** The list of pods: which rows, in what order, with which words; and which columns there is room for. */
import type {Metric} from '../engine/verdict.ts';
import {MARK, STATES} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import {formatAge, formatCpu, formatDuration, formatMemory, formatPercent, UNKNOWN} from '../format.ts';
import type {Moment, Row, Rows} from '../moment.ts';
import {ABSENT, gravity} from '../moment.ts';
import type {Container} from '../scrape.ts';
import {markWords, title} from '../sentences.ts';
import type {Timeline} from '../timeline.ts';
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
	readonly ids: readonly string[];
	/** A line of it, made when it is asked for. */
	item(at: number): ListItem | undefined;
	/** Row that a line stands for. */
	readonly indices: readonly number[];
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
	readonly keys: readonly string[];
	/** Indices by namespace, pod and container name; and of each index where it stands there: it decides where an order leaves a tie. */
	readonly order: Uint32Array;
	readonly place: Uint32Array;
	/** Pods with more than one container: only there the container's name has to stand. */
	readonly crowded: ReadonlySet<string>;
	readonly namespaceWidth: number;
	readonly podWidth: number;
	readonly namespaces: readonly string[];
}

/** Gathered once a moment: with 10,000 rows no key may go through them again. */
interface MomentFacts extends Names {
	/** By index. Higher is worse. */
	readonly rank: Float64Array;
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

function factsOf({rows, atMs}: Moment, silences: Silences | undefined): MomentFacts {
	const {length, of, state, marks, learned, absence, anomalies} = rows;
	const rank = new Float64Array(length);
	let leastLearned = Number.NaN;
	for (let i = 0; i < length; i++) {
		const code = state[i] ?? 0;
		if (code === LEARNING && !((learned[i] ?? 0) >= leastLearned)) leastLearned = learned[i] ?? 0;
		const calm = STATE_RANKS[code] ?? ABSENT_RANK;
		rank[i] = calm === NORMAL_RANK && ((marks[i] ?? 0) & (MARK.nearLimit | MARK.atCpuLimit)) !== 0 ? MARKED_RANK : calm;
	}
	for (const [i, why] of absence) if (why === 'gone' || why === 'completed') rank[i] = GONE_RANK;
	const odd: Row[] = [];
	const failing: Row[] = [];
	let silenced = 0;
	for (const i of new Set([...anomalies.keys(), ...waitingIn(of)])) {
		const row = rows.at(i);
		if (!row) continue;
		const {anomaly} = row;
		if (silences?.of(row.of, atMs) !== undefined) {
			silenced++;
			if (anomaly && rank[i] !== PENDING_RANK) rank[i] = SILENCED_RANK;
		} else if (anomaly && !anomaly.recurring) {
			odd.push(row);
			rank[i] = 100 + 10 * gravity(anomaly);
		} else if (isFailingToStart(row.of.waiting)) {
			failing.push(row);
			// What the cluster itself calls trouble stands between warnings and notices.
			rank[i] = 119;
		} else if (anomaly && rank[i] !== PENDING_RANK) rank[i] = HABIT_RANK;
	}
	return {...namesOf(of), rank, odd, failing, silenced, leastLearned};
}

const LEARNING = STATES.indexOf('learning');

/** Of what is in no trouble. */
const PENDING_RANK = 60;
const HABIT_RANK = 50;
const SILENCED_RANK = 40;
const MARKED_RANK = 30;
const NORMAL_RANK = 20;
const ABSENT_RANK = 5;
const GONE_RANK = 1;
const STATE_RANKS: readonly number[] = STATES.map(state => (state === 'learning' ? 10 : state === 'pending' ? PENDING_RANK : NORMAL_RANK));

/** Keeps what was worked out of the same containers. */
function ofContainers<T>(compute: (of: readonly Container[]) => T): (of: readonly Container[]) => T {
	const known = new WeakMap<readonly Container[], T>();
	return of => {
		let found = known.get(of);
		if (found === undefined) {
			found = compute(of);
			known.set(of, found);
		}
		return found;
	};
}

const waitingIn = ofContainers((of): readonly number[] => [...of.keys()].filter(i => isFailingToStart(of[i]?.waiting)));

let keptNames: Names | undefined;

/** A container that has changed is another object, and has the same name. */
const namesOf = ofContainers((all): Names => {
	const before = keptNames;
	if (before?.keys.length === all.length && all.every(({key}, i) => key === before.keys[i])) return before;
	const pods = new Set<string>();
	const crowded = new Set<string>();
	const namespaces = new Set<string>();
	for (const of of all) {
		const pod = podOf(of);
		if (pods.has(pod)) crowded.add(pod);
		pods.add(pod);
		namespaces.add(of.namespace);
	}
	let podWidth = 0;
	for (const of of all) {
		const width = widthOf(printable(of.pod)) + (crowded.has(podOf(of)) ? widthOf(printable(of.name)) + 1 : 0);
		if (width > podWidth) podWidth = width;
	}
	const order = Uint32Array.from(all.keys()).sort((a, b) => compareNames(all[a] as Container, all[b] as Container));
	const place = new Uint32Array(all.length);
	for (const [at, i] of order.entries()) place[i] = at;
	keptNames = {
		keys: all.map(({key}) => key),
		order,
		place,
		crowded,
		namespaces: [...namespaces].sort(),
		namespaceWidth: Math.max(0, ...Array.from(namespaces, name => widthOf(printable(name)))),
		podWidth,
	};
	return keptNames;
});

const podOf = ({namespace, pod}: Container): string => `${namespace}/${pod}`;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const compareNames = (a: Container, b: Container): number =>
	compare(a.namespace, b.namespace) || compare(a.pod, b.pod) || compare(a.name, b.name);

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
	const {rows} = moment;
	const {of} = rows;
	const wanted = new Set(state.namespaces);
	const inside = wanted.size === 0 ? [...facts.order] : [...facts.order].filter(i => wanted.has(of[i]?.namespace ?? ''));
	const filter = parseFilter(state.filter);
	const matches = (i: number): boolean => {
		const row = rows.at(i);
		return row !== undefined && filter.matches(row.of, () => verdictOf(row, moment, view).words);
	};
	const sorted = state.filter === '' ? inside : inside.filter(matches);
	const unfiltered = inside.length;
	const order = orderOf(state.sort, rows, facts);
	sorted.sort((a, b) => order(a, b) || (facts.place[a] ?? 0) - (facts.place[b] ?? 0));
	const problem = filter.problem === undefined ? {} : {problem: filter.problem};
	const keyOf = (i: number): string => facts.keys[i] ?? '';
	if (group === 'none') {
		const item = (at: number): ListItem | undefined => {
			const row = rows.at(sorted[at] ?? -1);
			return row && {id: row.key, row};
		};
		return {ids: sorted.map(keyOf), indices: sorted, item, unfiltered, group, ...problem};
	}

	const {ids: groupIds, numbers} = group === 'node' ? nodesIn(of) : workloadsIn(of);
	const members = new Map<number, number[]>();
	for (const i of sorted) {
		const number = numbers[i] ?? 0;
		const others = members.get(number);
		if (others) others.push(i);
		else members.set(number, [i]);
	}
	const ids: string[] = [];
	const indices: number[] = [];
	/** By line: the members of a group's; undefined is a member under it. */
	const groups: (readonly number[] | undefined)[] = [];
	for (const [number, all] of members) {
		const id = groupIds[number] ?? '';
		ids.push(id);
		indices.push(all.reduce((a, b) => ((facts.rank[b] ?? 0) > (facts.rank[a] ?? 0) ? b : a)));
		groups.push(all);
		if (!state.open.includes(id)) continue;
		for (const i of all) {
			ids.push(keyOf(i));
			indices.push(i);
			groups.push(undefined);
		}
	}
	const item = (at: number): ListItem | undefined => {
		const row = rows.at(indices[at] ?? -1);
		const all = groups[at]?.map(i => rows.at(i)).filter(each => each !== undefined);
		return row && {id: ids[at] ?? '', row, ...(all ? {members: all} : {inside: true})};
	};
	return {ids, indices, item, unfiltered, group, ...problem};
}

/** The line that is selected: by identity; its group's when it is folded away; what stands in its place when it is gone; else the worst. */
export function selectedLine({ids, indices, group}: Listing, {selection, sort}: ScreenState, {rows}: Moment, {rank}: MomentFacts): number {
	if (selection) {
		const found = ids.indexOf(selection.id);
		if (found >= 0) return found;
		const {ids: groupIds, numbers} = group === 'node' ? nodesIn(rows.of) : workloadsIn(rows.of);
		const folded = group === 'none' ? -1 : ids.indexOf(groupIds[numbers[rows.indexOf(selection.id)] ?? -1] ?? '');
		return folded >= 0 ? folded : Math.max(0, Math.min(ids.length - 1, selection.index));
	}
	if (sort.by === 'trouble' && !sort.reverse) return 0;
	let worst = 0;
	for (const [line, i] of indices.entries()) if ((rank[i] ?? 0) > (rank[indices[worst] ?? 0] ?? 0)) worst = line;
	return worst;
}

/** A bare pod is its own workload. */
export const workloadId = (of: Container): string => `workload:${of.namespace}/${of.workload ?? `Pod/${of.pod}`}`;

const nodeId = (of: Container): string => `node:${of.node ?? ''}`;

/** Each container's group as a number, and what the groups are called. */
const groupsBy = (idOf: (of: Container) => string) =>
	ofContainers(all => {
		const known = new Map<string, number>();
		const numbers = Uint32Array.from(all, of => {
			const id = idOf(of);
			const number = known.get(id) ?? known.size;
			known.set(id, number);
			return number;
		});
		return {ids: [...known.keys()], numbers};
	});
const workloadsIn = groupsBy(workloadId);
const nodesIn = groupsBy(nodeId);

type Order = (a: number, b: number) => number;

/** The largest first, or the smallest; NaN, the unknown, comes last whichever way the numbers go. */
function byNumber(keys: Float64Array, reverse: boolean): Order {
	const sign = reverse ? -1 : 1;
	return (a, b) => {
		const left = keys[a] ?? Number.NaN;
		const right = keys[b] ?? Number.NaN;
		if (left === right) return 0;
		if (Number.isNaN(left)) return Number.isNaN(right) ? 0 : 1;
		return Number.isNaN(right) ? -1 : sign * (right - left);
	};
}

function byText(keys: readonly string[], reverse: boolean): Order {
	const sign = reverse ? -1 : 1;
	return (a, b) => sign * compare(keys[a] ?? '', keys[b] ?? '');
}

function orderOf({by, reverse}: ScreenState['sort'], rows: Rows, {rank}: MomentFacts): Order {
	const {of, state, cpuMillicores, memoryBytes, anomalies} = rows;
	const numbers = (value: (of: Container, i: number) => number): Order => byNumber(Float64Array.from(of, value), reverse);
	const texts = (value: (of: Container, i: number) => string): Order => byText(of.map(value), reverse);
	// An absent container keeps its last numbers; they are not of now.
	const cpu = (i: number): number => (state[i] === ABSENT ? Number.NaN : (cpuMillicores[i] ?? Number.NaN));
	const memory = (i: number): number => (state[i] === ABSENT ? Number.NaN : (memoryBytes[i] ?? Number.NaN));
	switch (by) {
		case 'trouble':
			return byNumber(rank, reverse);
		case 'name':
			return texts(({pod, name}) => `${pod}\0${name}`);
		case 'namespace':
			return texts(({namespace}) => namespace);
		case 'cpu':
			return numbers((_, i) => cpu(i));
		case 'memory':
			return numbers((_, i) => memory(i));
		case 'cpu-limit':
			return numbers(({cpuLimitMillicores}, i) => share(cpu(i), cpuLimitMillicores));
		case 'memory-limit':
			return numbers(({memoryLimitBytes}, i) => share(memory(i), memoryLimitBytes));
		case 'limit-at':
			return numbers((_, i) => -(anomalies.get(i)?.explanation.forecast?.atMs ?? Number.NaN));
		case 'status':
			return byText(
				of.map((_, i) => {
					const row = rows.at(i);
					return row ? statusOf(row) : '';
				}),
				!reverse,
			);
		case 'restarts':
			return numbers(({restarts}) => restarts);
		case 'age':
			return numbers(({startedAtMs}) => startedAtMs ?? Number.NaN);
		case 'node':
			return texts(({node}) => node ?? '\uffff');
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

export const workloadName = (of: Container): string => of.workload?.replace(/^[^/]*\//, '') ?? of.pod;

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
