/** The list of pods: which rows, under which groups, in what order. */
import type {Moment, Row, Rows} from '../moment.ts';
import {ABSENT} from '../moment.ts';
import type {Container} from '../scrape.ts';
import type {MomentFacts} from './facts.ts';
import {compare, factsAbout, ofContainers} from './facts.ts';
import {parseFilter} from './filter.ts';
import {remembered} from './remembered.ts';
import type {VerdictView} from './row-view.ts';
import {bornMs, share, statusOf, verdictOf} from './row-view.ts';
import type {Group, ScreenState, Sort} from './state.ts';
import {isGroupId} from './state.ts';

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
	readonly indices: Uint32Array;
	/** Before the filter. */
	readonly unfiltered: number;
	readonly group: Group;
	readonly problem?: string;
}

/** What of a listing outlives a moment in which nobody has become better or worse: which rows, in what order, under which groups. */
interface Arrangement extends Pick<Listing, 'ids' | 'indices' | 'unfiltered' | 'problem'> {
	/** Of a group's line: the rows it has. Undefined is a member under it. */
	members(at: number): Uint32Array | undefined;
}

/** Above this many pods one row a workload. */
const MANY_PODS = 200;

const groupOf = (state: Pick<ScreenState, 'group'>, moment: Moment): Group =>
	state.group ?? (moment.counts.pods > MANY_PODS ? 'workload' : 'none');

/** What the listing depends on besides the moment, in a few letters. */
const signature = (state: ListState, group: Group): string =>
	JSON.stringify([state.filter, state.sort, state.namespaces, group, state.open]);

export type ListState = Pick<ScreenState, 'filter' | 'sort' | 'namespaces' | 'group' | 'open'>;

const MOST_LISTINGS = 20;
const kept = new WeakMap<MomentFacts, Map<string, Listing>>();
/** By the ranks: they are the same array for as long as they and the containers are the same. */
const keptArrangements = new WeakMap<Float64Array, Map<string, Arrangement>>();

/** Sorted and filtered once for a moment and a way of looking at it. */
export function listingOf(moment: Moment, state: ListState, view: VerdictView): Listing {
	const facts = factsAbout(moment, view.silences);
	const group = groupOf(state, moment);
	const name = signature(state, group);
	const make = (): Listing => {
		const {rows} = moment;
		const isLasting = state.filter === '' && LASTING.has(state.sort.by);
		const arrangeNow = (): Arrangement => arrange(moment, state, view, facts, group);
		const arrangement = isLasting ? remembered(keptArrangements, facts.rank, name, arrangeNow, MOST_LISTINGS) : arrangeNow();
		const {ids, indices, unfiltered, problem} = arrangement;
		const item = (at: number): ListItem | undefined => {
			const row = rows.at(indices[at] ?? -1);
			if (!row || group === 'none') return row && {id: row.key, row};
			const members = arrangement.members(at);
			const id = ids[at] ?? '';
			return members
				? {id, row, members: Array.from(members, i => rows.at(i)).filter(each => each !== undefined)}
				: {id, row, inside: true};
		};
		return {ids, indices, item, unfiltered, group, ...(problem !== undefined && {problem})};
	};
	return remembered(kept, facts, name, make, MOST_LISTINGS);
}

/** Orders that neither the numbers nor the words of a moment decide. */
const LASTING: ReadonlySet<Sort> = new Set(['trouble', 'name', 'namespace', 'restarts', 'age', 'node']);

function arrange(moment: Moment, state: ListState, view: VerdictView, facts: MomentFacts, group: Group): Arrangement {
	const {rows} = moment;
	const {of} = rows;
	const wanted = new Set(state.namespaces);
	const inside = wanted.size === 0 ? facts.order.slice() : facts.order.filter(i => wanted.has(of[i]?.namespace ?? ''));
	const filter = parseFilter(state.filter);
	const matches = (i: number): boolean => {
		const row = rows.at(i);
		return row !== undefined && filter.matches(row.of, () => verdictOf(row, moment, view).words);
	};
	// Where the order leaves a tie they stay as they are: by name.
	const order = orderOf(state.sort, rows, facts);
	const sorted = (state.filter === '' ? inside : inside.filter(matches)).sort(order);
	const whole = {unfiltered: inside.length, ...(filter.problem !== undefined && {problem: filter.problem})};
	const keyOf = (i: number): string => facts.keys[i] ?? '';
	if (group === 'none') return {...whole, ids: Array.from(sorted, keyOf), indices: sorted, members: () => undefined};

	const {ids: groupIds, numbers} = group === 'node' ? nodesIn(of) : workloadsIn(of);
	const {groups, begins, together} = gather(sorted, numbers, groupIds.length);
	const ids: string[] = [];
	const indices: number[] = [];
	/** By line: which of the groups it is of; -1 is a member under it. */
	const lines: number[] = [];
	const membersOf = (at: number): Uint32Array => together.subarray(begins[at], begins[at + 1]);
	const worst = Uint32Array.from(groups, (_, at) => membersOf(at).reduce((a, b) => ((facts.rank[b] ?? 0) > (facts.rank[a] ?? 0) ? b : a)));
	const names = groups.map(number => groupIds[number] ?? '');
	const ofNodes = group === 'node' ? nodeOrder(state.sort, rows, names, membersOf) : undefined;
	const groupOrder = ofNodes ?? ((a: number, b: number): number => order(worst[a] ?? 0, worst[b] ?? 0));
	// In the order of the numbers that they show.
	for (const at of [...groups.keys()].sort(groupOrder)) {
		const id = names[at] ?? '';
		const all = membersOf(at);
		ids.push(id);
		indices.push(worst[at] ?? 0);
		lines.push(at);
		if (!state.open.includes(id)) continue;
		for (const i of all) {
			ids.push(keyOf(i));
			indices.push(i);
			lines.push(-1);
		}
	}
	const members = (line: number): Uint32Array | undefined => {
		const at = lines[line] ?? -1;
		return at < 0 ? undefined : membersOf(at);
	};
	return {...whole, ids, indices: Uint32Array.from(indices), members};
}

/** The groups in the order of their first, and in `together` the members of each, from where it begins to where the next one does. */
function gather(sorted: Uint32Array, numbers: Uint32Array, most: number) {
	const sizes = new Uint32Array(most);
	const places = new Int32Array(most).fill(-1);
	const groups: number[] = [];
	for (const i of sorted) {
		const number = numbers[i] ?? 0;
		if (places[number] === -1) places[number] = groups.push(number) - 1;
		sizes[number] = (sizes[number] ?? 0) + 1;
	}
	const begins = new Uint32Array(groups.length + 1);
	for (const [at, number] of groups.entries()) begins[at + 1] = (begins[at] ?? 0) + (sizes[number] ?? 0);
	const next = begins.slice();
	const together = new Uint32Array(sorted.length);
	for (const i of sorted) {
		const at = places[numbers[i] ?? 0] ?? 0;
		const place = next[at] ?? 0;
		together[place] = i;
		next[at] = place + 1;
	}
	return {groups, begins, together};
}

/** A node's row shows its name, and sums where its worst container's numbers say nothing of it. */
function nodeOrder(
	{by, reverse}: ScreenState['sort'],
	rows: Rows,
	names: readonly string[],
	membersOf: (at: number) => Uint32Array,
): Order | undefined {
	const bySum = (value: (i: number) => number): Order => {
		const sums = names.map((_, at) => {
			const known = [...membersOf(at)].map(value).filter(each => !Number.isNaN(each));
			return known.length === 0 ? Number.NaN : known.reduce((sum, each) => sum + each, 0);
		});
		return byNumber(Float64Array.from(sums), reverse);
	};
	switch (by) {
		case 'cpu':
			return bySum(i => used(rows, i, rows.cpuMillicores));
		case 'memory':
			return bySum(i => used(rows, i, rows.memoryBytes));
		case 'restarts':
			return bySum(i => rows.of[i]?.restarts ?? Number.NaN);
		case 'name':
		case 'node':
			return byText(names, reverse);
		default:
			return undefined;
	}
}

/** An absent container keeps its last numbers; they are not of now. */
const used = ({state}: Rows, i: number, numbers: Float32Array): number => (state[i] === ABSENT ? Number.NaN : (numbers[i] ?? Number.NaN));

/** The line that is selected: by identity; its group's when it is folded away; what stands in its place when it is gone; else the first. */
export function selectedLine({ids, group}: Listing, {selection}: ScreenState, {rows}: Moment): number {
	if (!selection) return 0;
	const found = ids.indexOf(selection.id);
	if (found >= 0) return found;
	const {ids: groupIds, numbers} = group === 'node' ? nodesIn(rows.of) : workloadsIn(rows.of);
	const folded = group === 'none' ? -1 : ids.indexOf(groupIds[numbers[rows.indexOf(selection.id)] ?? -1] ?? '');
	return folded >= 0 ? folded : Math.max(0, Math.min(ids.length - 1, selection.index));
}

/** Whether there is no such container, workload or node at this moment, shown or not. */
export function isGone(id: string | undefined, shown: string | undefined, {rows}: Moment): boolean {
	if (id === undefined || id === shown) return false;
	return isGroupId(id) ? ![workloadsIn, nodesIn].some(groups => groups(rows.of).ids.includes(id)) : rows.indexOf(id) < 0;
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

/** Which way what stands in the column goes, from top to bottom; the largest stands first where nobody has turned it round. */
export const isAscending = ({by, reverse}: ScreenState['sort']): boolean => SMALLEST_FIRST.has(by) !== reverse;

/** Names from A on, the nearest limit, the youngest. */
const SMALLEST_FIRST: ReadonlySet<Sort> = new Set(['name', 'namespace', 'node', 'limit-at', 'age']);

function orderOf({by, reverse}: ScreenState['sort'], rows: Rows, {rank}: MomentFacts): Order {
	const {of, forecasts} = rows;
	const numbers = (value: (of: Container, i: number) => number): Order => byNumber(Float64Array.from(of, value), reverse);
	const texts = (value: (of: Container, i: number) => string): Order => byText(of.map(value), reverse);
	const cpu = (i: number): number => used(rows, i, rows.cpuMillicores);
	const memory = (i: number): number => used(rows, i, rows.memoryBytes);
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
			return numbers((_, i) => -(forecasts.get(i)?.atMs ?? Number.NaN));
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
			return numbers(bornMs);
		case 'node':
			return texts(({node}) => node ?? '\uffff');
	}
}
