/** Labelled CSV to scrapes: `stream,t,cpu,mem,cpu_limit,mem_limit,label,ignore` and perhaps `workload`, one line a sample. No I/O. */
import {cleanText} from '../clean.ts';
import {type Container, containerKey, type Reading, type Scrape} from '../scrape.ts';

const MIB = 2 ** 20;
const DEMANDED = ['stream', 't', 'cpu'] as const;

/** One series with its truth, in columns. */
export interface Stream {
	readonly name: string;
	readonly key: string;
	/** One object for each stretch with the same limits. */
	readonly of: readonly Container[];
	/** Epoch seconds. */
	readonly t: Float64Array;
	readonly cpuMillicores: Float64Array;
	readonly memoryMib: Float64Array;
	/** 0 = normal, else inside a fault window. */
	readonly label: Uint8Array;
	/** 1 = not counted. */
	readonly ignore: Uint8Array;
}

export interface CsvSet {
	readonly streams: readonly Stream[];
	/** Lines that could not be read. */
	readonly dropped: number;
	readonly readings: number;
}

export class CsvError extends Error {
	override name = 'CsvError';
}

interface Draft {
	readonly name: string;
	readonly key: string;
	readonly workload: string | undefined;
	readonly of: Container[];
	readonly t: number[];
	readonly cpu: number[];
	readonly memory: number[];
	readonly label: number[];
	readonly ignore: number[];
}

/** @throws {CsvError} when the header lacks a column that is needed. */
export async function readCsv(lines: AsyncIterable<string> | Iterable<string>): Promise<CsvSet> {
	let columns: Map<string, number> | undefined;
	const drafts = new Map<string, Draft>();
	const keys = new Set<string>();
	let dropped = 0;
	let readings = 0;
	for await (const line of lines) {
		if (line.trim() === '') continue;
		const cells = split(line);
		if (!columns) {
			columns = new Map(cells.map((name, i) => [name.trim(), i]));
			const missing = DEMANDED.filter(name => !columns?.has(name));
			if (missing.length > 0) throw new CsvError(`its first line names no column ${missing.join(', ')}`);
			continue;
		}
		const known = columns;
		const cell = (name: string): string => cells[known.get(name) ?? -1]?.trim() ?? '';
		const name = cell('stream');
		const t = Number(cell('t'));
		if (name === '' || cell('t') === '' || !Number.isFinite(t)) {
			dropped++;
			continue;
		}
		let draft = drafts.get(name);
		if (!draft) {
			const workload = cell('workload') || undefined;
			draft = {name, key: uniqueKey(name, keys), workload, of: [], t: [], cpu: [], memory: [], label: [], ignore: []};
			drafts.set(name, draft);
		}
		draft.of.push(container(draft, number(cell('cpu_limit')), number(cell('mem_limit')) * MIB));
		draft.t.push(t);
		draft.cpu.push(number(cell('cpu')));
		draft.memory.push(number(cell('mem')));
		draft.label.push(Number(cell('label')) || 0);
		draft.ignore.push(Number(cell('ignore')) || 0);
		readings++;
	}
	return {streams: [...drafts.values()].map(finish), dropped, readings};
}

const number = (cell: string): number => (cell === '' ? Number.NaN : Number(cell));

/** Cells of a line; quotes as RFC 4180 has them. */
function split(line: string): string[] {
	if (!line.includes('"')) return line.split(',');
	const cells: string[] = [];
	for (const match of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
	return cells;
}

function uniqueKey(name: string, taken: Set<string>): string {
	const cut = name.lastIndexOf('/');
	let key = containerKey('csv', cut < 0 ? 'default' : name.slice(0, cut), name.slice(cut + 1), 'main');
	while (taken.has(key)) key += "'";
	taken.add(key);
	return key;
}

function container(draft: Draft, cpuLimitMillicores: number, memoryLimitBytes: number): Container {
	const last = draft.of.at(-1);
	if (last && Object.is(last.cpuLimitMillicores, cpuLimitMillicores) && Object.is(last.memoryLimitBytes, memoryLimitBytes)) return last;
	const cut = draft.name.lastIndexOf('/');
	return {
		key: draft.key,
		namespace: cut < 0 ? 'default' : cleanText(draft.name.slice(0, cut)),
		pod: cleanText(draft.name.slice(cut + 1)),
		name: 'main',
		incarnation: '-',
		...(draft.workload !== undefined && {workload: draft.workload}),
		cpuRequestMillicores: Number.NaN,
		memoryRequestBytes: Number.NaN,
		cpuLimitMillicores,
		memoryLimitBytes,
		restarts: 0,
	};
}

function finish(draft: Draft): Stream {
	// A source without a memory series writes 0 throughout: unknown, not zero.
	const noMemory = draft.memory.every(value => value === 0 || Number.isNaN(value));
	return {
		name: draft.name,
		key: draft.key,
		of: draft.of,
		t: Float64Array.from(draft.t),
		cpuMillicores: Float64Array.from(draft.cpu),
		memoryMib: noMemory ? new Float64Array(draft.t.length).fill(Number.NaN) : Float64Array.from(draft.memory),
		label: Uint8Array.from(draft.label),
		ignore: Uint8Array.from(draft.ignore),
	};
}

/** All streams merged by time: one scrape for each moment at which any has a sample. */
export function* csvScrapes({streams}: CsvSet): Generator<Scrape> {
	const order: {t: number; stream: Stream; i: number}[] = [];
	for (const stream of streams) for (let i = 0; i < stream.t.length; i++) order.push({t: stream.t[i] as number, stream, i});
	order.sort((a, b) => a.t - b.t);
	for (let from = 0; from < order.length; ) {
		const {t} = order[from] as {t: number};
		const readings: Reading[] = [];
		for (; from < order.length && order[from]?.t === t; from++) {
			const {stream, i} = order[from] as (typeof order)[number];
			const windowMs = i > 0 ? (t - (stream.t[i - 1] as number)) * 1000 : Number.NaN;
			readings.push({
				of: stream.of[i] as Container,
				sampledAtMs: t * 1000,
				windowMs,
				cpuMillicores: stream.cpuMillicores[i] as number,
				memoryBytes: (stream.memoryMib[i] as number) * MIB,
			});
		}
		yield {atMs: t * 1000, readings, absent: [], problems: []};
	}
}
