/** Faults of known size put into real series: graded levels, and leaks of several shapes. Seeded. */
import {FLOOR} from '../engine/baseline.ts';
import {Random} from '../engine/random.ts';
import type {CsvSet, Stream} from './csv.ts';

const MIB = 2 ** 20;
/** Readings that a level is held, how many a series, and how far apart. */
const HELD = 8;
const EACH = 3;
const APART = 80;
/** Where a series may be touched: after its training, and some time before its end. */
const FIRST = 130;

interface Copy {
	readonly cpuMillicores: Float64Array;
	readonly memoryMib: Float64Array;
	readonly label: Uint8Array;
	readonly ignore: Uint8Array;
}

/** A copy without faults of its own: what was labelled is not counted. */
function copy(stream: Stream): Copy {
	return {
		cpuMillicores: stream.cpuMillicores.slice(),
		memoryMib: stream.memoryMib.slice(),
		label: new Uint8Array(stream.label.length),
		ignore: stream.ignore.map((value, i) => (value !== 0 || stream.label[i] !== 0 ? 1 : 0)),
	};
}

/** Nothing is labelled or ignored from `from` to `to`. */
function isClean({label, ignore, t}: Stream, from: number, to: number): boolean {
	for (let i = Math.max(0, from); i < Math.min(to, t.length); i++) if (label[i] !== 0 || ignore[i] !== 0) return false;
	return to <= t.length;
}

/** Levels of `share` of the limit, held for eight readings. Series whose limit is unknown, or where it would lie under the floor, are left out. */
export function injectLevels(set: CsvSet, metric: 'cpu' | 'memory', share: number, seed: number): CsvSet {
	const random = new Random(seed);
	const streams: Stream[] = [];
	for (const stream of set.streams) {
		const [of] = stream.of;
		const limit = metric === 'cpu' ? of?.cpuLimitMillicores : (of?.memoryLimitBytes ?? Number.NaN) / MIB;
		const height = share * (limit ?? Number.NaN);
		if (!(height > FLOOR[metric === 'cpu' ? 0 : 1] && Number.isFinite(height))) continue;
		const changed = copy(stream);
		let placed = 0;
		for (let at = FIRST + random.below(APART); placed < EACH && at + HELD < stream.t.length; at += APART + random.below(APART)) {
			if (!isClean(stream, at - 10, at + HELD + 10)) continue;
			for (let i = at; i < at + HELD; i++) {
				const values = metric === 'cpu' ? changed.cpuMillicores : changed.memoryMib;
				values[i] = (values[i] as number) + height;
				changed.label[i] = 1;
			}
			placed++;
		}
		if (placed > 0) streams.push({...stream, ...changed});
	}
	return {...set, streams};
}

export type LeakShape = 'linear' | 'saw-tooth' | 'step-wise';

export interface InjectedLeak {
	readonly stream: Stream;
	/** Epoch seconds: began, and reached the limit. */
	readonly beganAt: number;
	readonly limitAt: number;
}

/** Leaks that reach the limit in `hours`; the series ends there. */
export function injectLeaks(set: CsvSet, hours: number, shape: LeakShape, seed: number): readonly InjectedLeak[] {
	const random = new Random(seed);
	const leaks: InjectedLeak[] = [];
	for (const stream of set.streams) {
		const limit = (stream.of[0]?.memoryLimitBytes ?? Number.NaN) / MIB;
		const every = ((stream.t.at(-1) ?? 0) - (stream.t[0] ?? 0)) / (stream.t.length - 1);
		const length = Math.round((hours * 3600) / every);
		const room = stream.t.length - FIRST - length;
		if (!Number.isFinite(limit) || room < 1) continue;
		const from = FIRST + random.below(room);
		const {memoryMib} = copy(stream);
		const base = memoryMib[from] as number;
		const height = limit - base;
		if (!(height > 0.2 * limit)) continue;
		const tooth = 0.08 * height;
		const steps = 12;
		let end = from;
		for (; end < stream.t.length; end++) {
			const share = (end - from) / length;
			const ramp = shape === 'step-wise' ? (Math.floor(share * steps) / steps) * height : share * height;
			const saw = shape === 'saw-tooth' ? tooth * (((end - from) / 14) % 1) : 0;
			const value = (memoryMib[end] as number) + ramp + saw;
			if (value >= limit) break;
			memoryMib[end] = value;
		}
		const cut = <T extends {slice(from: number, to: number): T}>(values: T): T => values.slice(0, end);
		leaks.push({
			stream: {
				...stream,
				of: stream.of.slice(0, end),
				t: cut(stream.t),
				cpuMillicores: cut(stream.cpuMillicores),
				memoryMib: cut(memoryMib),
				label: new Uint8Array(end),
				ignore: new Uint8Array(end),
			},
			beganAt: stream.t[from] as number,
			limitAt: end < stream.t.length ? (stream.t[end] as number) : (stream.t.at(-1) as number),
		});
	}
	return leaks;
}
