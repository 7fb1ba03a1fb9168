/** The list's columns: which there is room for, and how wide they are. */
import type {MomentFacts} from './facts.ts';
import type {Group, Sort} from './state.ts';

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
const POD_MOST = 50;
const NAMESPACE_MOST = 30;
const VERDICT_MORE = 16;
/** Before the last columns: `OOM-killed 15:55, 3rd time`. */
const VERDICT_FAIR = 26;
/** `memory kept after load fell` */
const VERDICT_WHOLE = 27;

const WISHES: readonly Wish[] = [
	{id: 'namespace', title: 'NAMESPACE', width: 9, sort: 'namespace', rank: 6, wideRank: 6},
	{id: 'pod', title: 'POD', width: POD_LEAST, sort: 'name', rank: 0, wideRank: 0},
	// `load rise, all replicas`
	{id: 'verdict', title: 'VERDICT', width: 23, rank: 0, wideRank: 0},
	{id: 'cpu', title: 'CPU', width: 5, align: 'right', sort: 'cpu', rank: 3, wideRank: 2, sparkRank: 8},
	{id: 'cpu-request', title: '%CPU/R', width: 6, align: 'right', rank: Number.NaN, wideRank: 10},
	{id: 'cpu-limit', title: '%CPU/L', width: 8, align: 'right', sort: 'cpu-limit', rank: 7, wideRank: 12, gap: 1},
	{id: 'memory', title: 'MEM', width: 6, align: 'right', sort: 'memory', rank: 1, wideRank: 1, sparkRank: 4},
	{id: 'memory-request', title: '%MEM/R', width: 6, align: 'right', rank: Number.NaN, wideRank: 9},
	{id: 'memory-limit', title: '%MEM/L', width: 8, align: 'right', sort: 'memory-limit', rank: 5, wideRank: 11, gap: 1},
	{id: 'limit-at', title: 'LIMIT AT', width: 8, sort: 'limit-at', rank: 2, wideRank: 8},
	{id: 'status', title: 'STATUS', width: 16, sort: 'status', rank: Number.NaN, wideRank: 7},
	{id: 'restarts', title: 'RESTARTS', width: 8, align: 'right', sort: 'restarts', rank: 7.3, wideRank: 3},
	{id: 'age', title: 'AGE', width: 4, align: 'right', sort: 'age', rank: 9, wideRank: 4},
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

/** Cells that the names would like to have in every row. */
export const namesWidth = ({podWidth, namespaceWidth}: Pick<MomentFacts, 'namespaceWidth' | 'podWidth'>): number =>
	Math.min(podWidth, POD_MOST) + Math.min(namespaceWidth, NAMESPACE_MOST);

/** Columns for `width` cells: the most important ones that fit, then sparklines; the pod's name and the verdict share what is left. */
export function columnsFor(
	width: number,
	wide: boolean,
	facts: Pick<MomentFacts, 'namespaceWidth' | 'podWidth'>,
	multipleNamespaces: boolean,
	group: Group = 'none',
	own: readonly ColumnId[] | undefined = undefined,
	sort: Sort = 'trouble',
): readonly Column[] {
	const columns = columnsWith(undefined, width, wide, facts, multipleNamespaces, group, own);
	const sorted = WISHES.find(wish => wish.sort === sort)?.id;
	if (sorted === undefined || columns.some(({id}) => id === sorted)) return columns;
	// An order that nobody sees is none: the least important columns give way.
	return columnsWith(sorted, width, wide, facts, multipleNamespaces, group, own);
}

/** `always`: a column that stands there whatever others need. */
function columnsWith(
	always: ColumnId | undefined,
	width: number,
	wide: boolean,
	facts: Pick<MomentFacts, 'namespaceWidth' | 'podWidth'>,
	multipleNamespaces: boolean,
	group: Group,
	own: readonly ColumnId[] | undefined,
): readonly Column[] {
	const cells = width >= 150 ? 8 : width >= 124 ? 6 : 4;
	const candidates: {readonly wish: Wish; readonly rank: number; readonly spark: boolean; readonly needs: number; readonly grows?: true}[] =
		[];
	const wishes = own && !wide ? chosenWishes(always ? [...own, always] : own) : WISHES;
	for (const wish of wishes) {
		const rank = wish.id === always ? 0 : wide ? wish.wideRank : wish.rank;
		if (Number.isNaN(rank) || (wish.id === 'namespace' && !multipleNamespaces) || (wish.id === 'node' && group === 'node')) continue;
		const own = wish.id === 'namespace' ? Math.max(9, Math.min(width < 124 ? 11 : 16, facts.namespaceWidth)) : wish.width;
		candidates.push({wish: {...wish, width: own}, rank, spark: false, needs: own + (wish.gap ?? GAP)});
		if (wish.sparkRank !== undefined)
			candidates.push({wish, rank: wide || always ? 20 + wish.sparkRank : wish.sparkRank, spark: true, needs: cells + 1});
	}
	// Names and verdicts that are cut say less than a share of a limit; without columns of the reader's own choice.
	const grown = new Map<ColumnId, number>();
	const namespaceWidth = candidates.find(({wish}) => wish.id === 'namespace')?.wish.width ?? 0;
	const podFair = Math.min(facts.podWidth, width < 122 ? 25 : 40);
	const growths: readonly (readonly [id: ColumnId, needs: number, rank: number])[] =
		own && !wide
			? []
			: wide
				? [['pod', podFair - POD_LEAST, 13]]
				: [
						['pod', podFair - POD_LEAST, 3.5],
						// `team-pa…duction` may be another team's.
						['namespace', width < 122 ? 0 : Math.min(facts.namespaceWidth, NAMESPACE_MOST) - namespaceWidth, 6.3],
						['verdict', VERDICT_FAIR - 23, 6.5],
						['pod', Math.min(facts.podWidth, POD_MOST) - podFair, 7.4],
					];
	for (const [id, needs, rank] of growths) {
		const wish = wishes.find(each => each.id === id);
		if (wish && needs > 0) candidates.push({wish, rank, spark: false, needs, grows: true});
	}
	let left = width + GAP;
	const chosen = new Map<ColumnId, Wish>();
	const sparks = new Set<ColumnId>();
	for (const {wish, spark, needs, rank, grows: isGrowth} of candidates.toSorted((a, b) => a.rank - b.rank)) {
		if (needs > left && rank > 0) continue;
		if ((spark || isGrowth) && !chosen.has(wish.id)) continue;
		left -= needs;
		if (isGrowth) grown.set(wish.id, (grown.get(wish.id) ?? 0) + needs);
		else if (spark) sparks.add(wish.id);
		else chosen.set(wish.id, wish);
	}
	const widthOf = (id: ColumnId): number => (chosen.get(id)?.width ?? 0) + (grown.get(id) ?? 0);
	// What is left over: where it is too little, the name gives way.
	const grow = (id: ColumnId, most: number): void => {
		const more = Math.max(Math.min(left, 0), Math.min(left, most - widthOf(id)));
		grown.set(id, (grown.get(id) ?? 0) + more);
		left -= more;
	};
	if (left > 0 && widthOf('verdict') >= VERDICT_FAIR) grow('verdict', VERDICT_WHOLE);
	// Where nothing is left over, a name that is shorter than its column has the last cell, or a gap.
	const lacksCell = left === 0 && widthOf('verdict') === VERDICT_WHOLE - 1;
	const fromName = lacksCell && widthOf('pod') > Math.max(facts.podWidth, 12);
	const fromGap = lacksCell && !fromName && chosen.has('limit-at');
	if (fromName) grown.set('pod', (grown.get('pod') ?? 0) - 1);
	if (fromName || fromGap) grown.set('verdict', (grown.get('verdict') ?? 0) + 1);
	grow('pod', Math.max(facts.podWidth, 12));
	grow('verdict', 23 + VERDICT_MORE);
	return wishes
		.filter(({id}) => chosen.has(id))
		.map(
			({id, title: heading, align, gap = GAP, sort}, i): Column => ({
				id,
				title: id === 'pod' && group !== 'none' ? group.toUpperCase() : heading,
				width: id === 'pod' ? Math.max(4, widthOf(id)) : widthOf(id),
				align: align ?? 'left',
				spark: sparks.has(id) ? cells : 0,
				sort,
				gap: i === 0 ? 0 : id === 'limit-at' && fromGap ? 1 : gap,
			}),
		);
}
