/** The listing of `top` on a terminal: no row is broken in two. */
import {cutMiddle, padEnd, padStart, widthOf} from '../screen/width.ts';

/** What `-o json` prints of a reading. */
export interface Usage {
	readonly namespace: string;
	readonly pod: string;
	readonly container: string;
	readonly cpuCores: number | null;
	readonly memoryMiB: number | null;
	/** Cores per MiB: CPU without memory, or the reverse, is a signal of its own. */
	readonly ratio: number | null;
	readonly sampledAt: string;
}

interface Column {
	readonly head: string;
	readonly cell: (usage: Usage) => string;
	/** A name is cut in the middle, down to so many cells; a number never is. */
	readonly narrowest?: number;
}

const POD: Column = {head: 'POD', cell: ({pod}) => pod, narrowest: 16};
/** Below this a pod's name is worth more than CPU over memory. */
const POD_IS_READ = 32;
const CPU: Column = {head: 'CPU(cores)', cell: ({cpuCores}) => cpuCores?.toFixed(4) ?? '-'};
const MEMORY: Column = {head: 'MEMORY(MiB)', cell: ({memoryMiB}) => memoryMiB?.toFixed(1) ?? '-'};
const CONTAINER: Column = {head: 'CONTAINER', cell: ({container}) => container, narrowest: 9};
const NAMESPACE: Column = {head: 'NAMESPACE', cell: ({namespace}) => namespace, narrowest: 9};
/** Nodes have 0.1 to 0.5 of them: a number that can be read, which cores per MiB are not. */
const RATIO: Column = {head: 'CORES/GiB', cell: ({ratio}) => (ratio === null ? '-' : (ratio * 1024).toFixed(2))};

const COLUMNS: readonly Column[] = [NAMESPACE, POD, CONTAINER, CPU, MEMORY, RATIO];
/** What is left out where the names have no room, in this order. */
const SPARED: readonly Column[] = [RATIO, NAMESPACE, CONTAINER];

const GAP = 2;

/** Lines of at most `width` cells, with a head; only a terminal that has no room for a pod and its two numbers gets longer ones. */
export function usageTable(rows: readonly Usage[], width: number): string[] {
	let columns = COLUMNS;
	let widths = fitted(columns, rows, width);
	for (const spared of SPARED) {
		if (widths) break;
		columns = columns.filter(column => column !== spared);
		widths = fitted(columns, rows, width);
	}
	const cells = widths ?? columns.map(column => column.narrowest ?? widest(column, rows));
	const line = (texts: readonly string[]): string =>
		texts
			.map((text, i) => {
				const room = cells[i] ?? 0;
				return columns[i]?.narrowest === undefined ? padStart(text, room) : padEnd(cutMiddle(text, room), room);
			})
			.join(' '.repeat(GAP))
			.trimEnd();
	return [line(columns.map(({head}) => head)), ...rows.map(row => line(columns.map(({cell}) => cell(row))))];
}

const widest = ({head, cell}: Column, rows: readonly Usage[]): number =>
	rows.reduce((most, row) => Math.max(most, widthOf(cell(row))), widthOf(head));

/** How wide each column is, the widest name cut first; undefined where they do not fit. */
function fitted(columns: readonly Column[], rows: readonly Usage[], width: number): number[] | undefined {
	const widths = columns.map(column => widest(column, rows));
	const isBroad = columns.includes(RATIO);
	let over = widths.reduce((sum, each) => sum + each, GAP * (columns.length - 1)) - width;
	for (; over > 0; over--) {
		let cut = -1;
		for (const [i, column] of columns.entries()) {
			const narrowest = isBroad && column === POD ? POD_IS_READ : column.narrowest;
			if (narrowest !== undefined && (widths[i] ?? 0) > narrowest && (cut < 0 || (widths[i] ?? 0) > (widths[cut] ?? 0))) cut = i;
		}
		if (cut < 0) return undefined;
		widths[cut] = (widths[cut] ?? 0) - 1;
	}
	return widths;
}
