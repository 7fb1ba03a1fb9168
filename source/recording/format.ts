/**
 * The recording format of docs/recording-format.md: values to lines and back. No I/O.
 */
import {cleanText} from '../clean.ts';
import type {Absence, AbsenceReason, Container, Label, Problem, Reading, Scrape} from '../scrape.ts';

export const FORMAT_VERSION = 1;

export interface Header {
	readonly oddpod: number;
	readonly startedAtMs: number;
	readonly intervalMs: number;
	readonly source: string;
	readonly title?: string;
	readonly writer?: string;
	readonly seed?: number;
	readonly settings?: Readonly<Record<string, unknown>>;
}

export const serialiseHeader = (header: Omit<Header, 'oddpod'>): string => `${JSON.stringify({oddpod: FORMAT_VERSION, ...header})}\n`;

/** CPU to 0.1 millicores and memory to 1 KiB: rounded once, at the edge where a reading is made. */
export const roundCpu = (millicores: number): number => Math.round(millicores * 10) / 10;
export const roundMemory = (bytes: number): number => Math.round(bytes / 1024) * 1024;

/** Turns scrapes into lines. Holds the numbers that it has given to containers: one writer a file. */
export class Writer {
	readonly #startedAtMs: number;
	readonly #numbers = new Map<string, number>();
	readonly #written = new Map<string, Container>();

	constructor(startedAtMs: number) {
		this.#startedAtMs = startedAtMs;
	}

	scrape(scrape: Scrape): string {
		let lines = '';
		const number = (of: Container): number => {
			let i = this.#numbers.get(of.key);
			if (i === undefined) {
				i = this.#numbers.size;
				this.#numbers.set(of.key, i);
			}
			if (this.#written.get(of.key) !== of) {
				this.#written.set(of.key, of);
				lines += this.#line(scrape.atMs, 'c', containerToJson(i, of));
			}
			return i;
		};
		const r = scrape.readings.map(({of, sampledAtMs, windowMs, cpuMillicores, memoryBytes}) => [
			number(of),
			scrape.atMs - sampledAtMs,
			windowMs,
			roundCpu(cpuMillicores),
			Math.round(memoryBytes / 1024),
		]);
		const a = scrape.absent.map(({of, why}) => [number(of), why]);
		for (const label of scrape.labels ?? []) lines += this.label(scrape.atMs, label);
		return (
			lines +
			this.#line(scrape.atMs, 's', {
				...(r.length > 0 && {r}),
				...(a.length > 0 && {a}),
				...(scrape.problems.length > 0 && {p: scrape.problems}),
			})
		);
	}

	label(atMs: number, label: Label): string {
		return this.#line(atMs, 'l', label);
	}

	note(atMs: number, text: string): string {
		return this.#line(atMs, 'n', text);
	}

	#line(atMs: number, code: string, data: unknown): string {
		return `${JSON.stringify([Math.round(atMs - this.#startedAtMs) / 1000, code, data])}\n`;
	}
}

const NUMBERS = ['cpuRequestMillicores', 'memoryRequestBytes', 'cpuLimitMillicores', 'memoryLimitBytes'] as const;

function containerToJson(i: number, of: Container): Record<string, unknown> {
	const data: Record<string, unknown> = {i, ...of};
	for (const name of NUMBERS) {
		if (Number.isNaN(of[name])) delete data[name];
		else if (of[name] === Number.POSITIVE_INFINITY) data[name] = 'none';
	}
	return data;
}

/** A line that cannot be read, or is of a file that cannot: what is wrong with it. */
export class FormatError extends Error {
	override name = 'FormatError';
}

export function parseHeader(line: string): Header {
	const header = parseJson(line);
	if (!isObject(header) || typeof header.oddpod !== 'number')
		throw new FormatError('its first line is not the header of an oddpod recording');
	if (header.oddpod > FORMAT_VERSION) {
		throw new FormatError(`it is of format version ${header.oddpod}, this oddpod reads up to ${FORMAT_VERSION}`);
	}
	const {startedAtMs, intervalMs, source, title, writer, seed, settings} = header;
	if (!isFiniteNumber(startedAtMs)) throw new FormatError('its header has no startedAtMs');
	return {
		oddpod: header.oddpod,
		startedAtMs,
		intervalMs: isFiniteNumber(intervalMs) && intervalMs > 0 ? intervalMs : Number.NaN,
		source: cleanText(source) || 'recording',
		...(typeof title === 'string' && {title: cleanText(title)}),
		...(typeof writer === 'string' && {writer: cleanText(writer)}),
		...(isFiniteNumber(seed) && {seed}),
		...(isObject(settings) && {settings}),
	};
}

/** Lines back to scrapes. Labels ride on the next scrape; notes are passed over. */
export class Parser {
	/** Lines that could not be read. */
	dropped = 0;
	readonly #startedAtMs: number;
	readonly #containers: (Container | undefined)[] = [];
	#labels: Label[] = [];

	constructor(header: Header) {
		this.#startedAtMs = header.startedAtMs;
	}

	/** The scrape that this line holds, if it is one. Never throws: a bad line is counted. */
	line(text: string): Scrape | undefined {
		if (text.trim() === '') return undefined;
		try {
			const value = parseJson(text);
			if (!Array.isArray(value) || !isFiniteNumber(value[0])) throw new FormatError('not [time, code, data]');
			const atMs = this.#startedAtMs + Math.round(value[0] * 1000);
			const data: unknown = value[2];
			switch (value[1]) {
				case 'c':
					this.#container(data);
					return undefined;
				case 's':
					return this.#scrape(atMs, data);
				case 'l':
					this.#labels.push(label(data));
					return undefined;
				default:
					return undefined;
			}
		} catch (error) {
			if (!(error instanceof FormatError)) throw error;
			this.dropped++;
			return undefined;
		}
	}

	/** Labels that came after the last scrape: a fault that ended with the file. */
	takeLabels(): readonly Label[] {
		const labels = this.#labels;
		this.#labels = [];
		return labels;
	}

	#container(data: unknown): void {
		if (!isObject(data) || !isIndex(data.i)) throw new FormatError('a container without a number');
		this.#containers[data.i] = containerFromJson(data);
	}

	#scrape(atMs: number, data: unknown): Scrape {
		if (!isObject(data)) throw new FormatError('a scrape that is no object');
		const of = (i: unknown): Container => {
			const container = isIndex(i) ? this.#containers[i] : undefined;
			if (!container) throw new FormatError('a container number that was not told before');
			return container;
		};
		const readings = list(data.r).map((row): Reading => {
			const [i, ageMs, windowMs, cpu, memoryKiB] = list(row);
			return {
				of: of(i),
				sampledAtMs: atMs - (isFiniteNumber(ageMs) ? ageMs : 0),
				windowMs: number(windowMs),
				cpuMillicores: number(cpu),
				memoryBytes: number(memoryKiB) * 1024,
			};
		});
		const absent = list(data.a).map((row): Absence => {
			const [i, why] = list(row);
			return {of: of(i), why: absence(why)};
		});
		const problems = list(data.p).filter(
			(value): value is Problem & Record<string, unknown> =>
				isObject(value) && typeof value.id === 'string' && typeof value.what === 'string',
		);
		const labels = this.takeLabels();
		return {atMs, readings, absent, problems, ...(labels.length > 0 && {labels})};
	}
}

const ABSENCES: readonly string[] = [
	'gone',
	'completed',
	'restarting',
	'node-silent',
	'too-new',
	'not-running',
	'no-sample',
] satisfies AbsenceReason[];
const absence = (value: unknown): AbsenceReason =>
	typeof value === 'string' && ABSENCES.includes(value) ? (value as AbsenceReason) : 'no-sample';

function containerFromJson(data: Record<string, unknown>): Container {
	// A file is as foreign as a cluster.
	const text = (name: string): string | undefined => (typeof data[name] === 'string' ? cleanText(data[name], 1100) : undefined);
	const quantity = (name: string): number => (data[name] === 'none' ? Number.POSITIVE_INFINITY : number(data[name]));
	const key = text('key');
	if (key === undefined) throw new FormatError('a container without a key');
	const parts = key.split('/');
	const lastExit = data.lastExit;
	const role = data.role;
	const optional = {
		workload: text('workload'),
		revision: text('revision'),
		image: text('image'),
		node: text('node'),
		waiting: text('waiting'),
		startedAtMs: isFiniteNumber(data.startedAtMs) ? data.startedAtMs : undefined,
		podCreatedAtMs: isFiniteNumber(data.podCreatedAtMs) ? data.podCreatedAtMs : undefined,
		role: role === 'init' || role === 'sidecar' ? role : undefined,
		labels: isObject(data.labels) ? (data.labels as Record<string, string>) : undefined,
		lastExit:
			isObject(lastExit) && typeof lastExit.reason === 'string' && isFiniteNumber(lastExit.atMs)
				? {reason: cleanText(lastExit.reason), atMs: lastExit.atMs}
				: undefined,
	};
	for (const name of Object.keys(optional) as (keyof typeof optional)[]) if (optional[name] === undefined) delete optional[name];
	return {
		key,
		namespace: text('namespace') ?? parts.at(-3) ?? '',
		pod: text('pod') ?? parts.at(-2) ?? key,
		name: text('name') ?? parts.at(-1) ?? key,
		incarnation: text('incarnation') ?? '-',
		cpuRequestMillicores: quantity('cpuRequestMillicores'),
		memoryRequestBytes: quantity('memoryRequestBytes'),
		cpuLimitMillicores: quantity('cpuLimitMillicores'),
		memoryLimitBytes: quantity('memoryLimitBytes'),
		restarts: isFiniteNumber(data.restarts) ? data.restarts : 0,
		...(optional as Partial<Container>),
	};
}

function label(data: unknown): Label {
	if (!isObject(data)) throw new FormatError('a label that is no object');
	const {id, kind, of, fromMs, toMs, note} = data;
	if (typeof id !== 'string' || typeof kind !== 'string' || typeof of !== 'string' || !isFiniteNumber(fromMs))
		throw new FormatError('a label without id, kind, of and fromMs');
	return {id, kind, of, fromMs, ...(isFiniteNumber(toMs) && {toMs}), ...(typeof note === 'string' && {note})};
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw new FormatError('not JSON');
	}
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isFiniteNumber = (value: unknown): value is number => Number.isFinite(value);
const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 1e6;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const number = (value: unknown): number => (isFiniteNumber(value) ? value : Number.NaN);
