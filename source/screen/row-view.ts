/** One row of the list: its verdict in words, and its cells. */
import type {Anomaly, Metric} from '../engine/verdict.ts';
import {MARK} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import {formatAge, formatCpu, formatDuration, formatMemory, formatPercent, UNKNOWN} from '../format.ts';
import type {Moment, Row} from '../moment.ts';
import type {Container} from '../scrape.ts';
import {markWords, titleOf, withUse} from '../sentences.ts';
import type {Timeline} from '../timeline.ts';
import type {Column, ColumnId} from './columns.ts';
import type {MomentFacts, Silences} from './facts.ts';
import {factsAbout, podOf} from './facts.ts';
import type {ListItem} from './list.ts';
import {remembered} from './remembered.ts';
import type {Mark, Style} from './theme.ts';
import {MARK_STYLES} from './theme.ts';
import {printable} from './width.ts';
import {ABSENCE_WORDS, isFailingToStart} from './words.ts';

/** An absent container keeps its last numbers in its row; they are not of now. */
const usageOf = (row: Row): {readonly cpu: number; readonly memory: number} =>
	row.state === 'absent' ? {cpu: Number.NaN, memory: Number.NaN} : {cpu: row.cpuMillicores, memory: row.memoryBytes};

/** NaN without a limit, or with an unknown one. */
export const share = (value: number, limit: number): number => (Number.isFinite(limit) && limit > 0 ? value / limit : Number.NaN);

export const statusOf = (row: Row): string => {
	if (row.of.waiting !== undefined) return row.of.waiting;
	if (row.state === 'absent' && row.absence !== undefined && row.absence !== 'no-sample' && row.absence !== 'too-new')
		return ABSENCE_WORDS[row.absence];
	return 'Running';
};

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

const kept = new WeakMap<MomentFacts, Map<string, Verdict>>();

export function verdictOf(row: Row, moment: Moment, view: VerdictView): Verdict {
	const facts = factsAbout(moment, view.silences);
	return remembered(kept, facts, row.key, () => makeVerdict(row, moment.atMs, view));
}

/** Its anomaly with the numbers of now, where there are any. */
export function anomalyNow({anomaly, state, cpuMillicores: cpu, memoryBytes: memory}: Row): Anomaly | undefined {
	return anomaly && !anomaly.ended && state !== 'absent' ? withUse(anomaly, {cpu, memory}) : anomaly;
}

function makeVerdict(row: Row, atMs: number, {training, stepMs, times, silences}: VerdictView): Verdict {
	const {of, state} = row;
	const anomaly = anomalyNow(row);
	const silence = silences?.of(of, atMs);
	const says = (words: string, mark: Mark, style: Style = MARK_STYLES[mark]): Verdict => ({words, mark, style});
	if (silence !== undefined && (anomaly || of.waiting !== undefined)) {
		const what = anomaly ? titleOf(anomaly, times).replace(/,.*/, '') : printable(of.waiting ?? '');
		return says(`${what}, ${silence}`, 'silenced');
	}
	// A kill or a loop is why it waits.
	if (anomaly && (of.waiting === undefined || anomaly.kind === 'oom-killed' || anomaly.kind === 'crash-loop')) {
		const words = titleOf(anomaly, times);
		if (anomaly.recurring) return says(`habit: ${words}`, 'normal', 'plain');
		return says(words, anomaly.severity);
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
			const ready = left > 0 && Number.isFinite(stepMs) ? `~${formatDuration(left * stepMs)}` : '';
			const [limit] = markWords(row.marks, share(row.memoryBytes, of.memoryLimitBytes)).split(', ');
			if (limit) return says(`${limit}, learning ${ready}`.trimEnd(), 'learning', 'notice');
			return says(ready === '' ? 'learning' : `learning, ${ready}`, 'learning');
		}
		default: {
			const memory = share(row.memoryBytes, of.memoryLimitBytes);
			const marked = markWords(row.marks, memory);
			return marked === '' ? says('normal', 'normal') : says(marked, 'normal', 'notice');
		}
	}
}

/** How long until all that learn are done, at the present rhythm. */
export const learningLeftMs = (leastLearned: number, {training, stepMs}: VerdictView): number =>
	Number.isNaN(leastLearned) ? 0 : (training - leastLearned) * stepMs;

/** A cell of a row: words, and how they look. `cut` says which part may go. */
export interface Cell {
	readonly text: string;
	readonly style: Style;
	readonly cut?: 'middle' | 'clause';
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
	const isOver = row.absence === 'gone' || row.absence === 'completed';
	const nameStyle: Style = isOver ? 'dim' : 'plain';
	switch (column.id) {
		case 'namespace':
			return {text: printable(of.namespace), style: 'dim', cut: 'middle'};
		case 'pod': {
			if (members) return {text: `${printable(workloadName(of))} ×${podsOf(members)}`, style: nameStyle, cut: 'middle'};
			const tail = facts.crowded.has(podOf(of)) ? `:${printable(of.name)}` : '';
			return {text: printable(of.pod), style: nameStyle, cut: 'middle', ...(tail !== '' && {tail})};
		}
		case 'verdict':
			return {text: verdict.words, style: verdict.style, cut: 'clause'};
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
			const forecast = absent ? undefined : row.forecast;
			// “There is no limit” is not “it is not heading there”.
			const never = !limitsTold && of.memoryLimitBytes === Number.POSITIVE_INFINITY ? 'no limit' : UNKNOWN;
			if (!forecast) return {text: never, style: 'dim'};
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
			return {text: formatAge(moment.atMs - bornMs(of)), style: 'dim'};
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

/** Of the pod, as kubectl tells it; a recording of before that was kept has only when the container began. NaN: unknown. */
export const bornMs = ({podCreatedAtMs, startedAtMs}: Container): number => podCreatedAtMs ?? startedAtMs ?? Number.NaN;

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
