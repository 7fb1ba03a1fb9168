/** For tests: a series in, what was told out. */
import {createEngine} from '../../source/engine/engine.ts';
import type {Settings} from '../../source/engine/settings.ts';
import type {Anomaly, Assessment, Engine, Event} from '../../source/engine/verdict.ts';
import {STATES} from '../../source/engine/verdict.ts';
import {drain} from '../../source/evaluation/evaluate.ts';
import {type Container, containerKey, type Scrape} from '../../source/scrape.ts';

export const MIB = 2 ** 20;
export const START_MS = Date.UTC(2026, 0, 5);

export const container = (pod: string, of: Partial<Container> = {}): Container => ({
	key: containerKey('test', 'shop', pod, 'main'),
	namespace: 'shop',
	pod,
	name: 'main',
	incarnation: `${pod}:0`,
	cpuRequestMillicores: Number.NaN,
	memoryRequestBytes: Number.NaN,
	cpuLimitMillicores: 1000,
	memoryLimitBytes: 512 * MIB,
	restarts: 0,
	...of,
});

export const reading = (of: Container, atMs: number, cpu: number, memoryMib: number) => ({
	of,
	sampledAtMs: atMs,
	windowMs: 15_000,
	cpuMillicores: cpu,
	memoryBytes: memoryMib * MIB,
});

export const scrape = (atMs: number, readings: Scrape['readings'], absent: Scrape['absent'] = []): Scrape => ({
	atMs,
	readings,
	absent,
	problems: [],
});

/** A number in [-1, 1), the same for the same place. */
export const jitter = (i: number): number => ((Math.imul(i + 1, 2654435761) >>> 0) / 2 ** 31 - 1) as number;

export interface Seen {
	readonly engine: Engine;
	readonly events: readonly Event[];
	/** By id, as last told. */
	readonly anomalies: readonly Anomaly[];
	/** State of the first reading of each scrape. */
	readonly states: readonly string[];
	readonly scores: readonly number[];
}

export function watch(scrapes: Iterable<Scrape>, settings: Partial<Settings> = {}, engine = createEngine(settings)): Seen {
	const events: Event[] = [];
	const states: string[] = [];
	const scores: number[] = [];
	for (const scrape of scrapes) {
		const {verdicts, events: told}: Assessment = drain(engine.assess(scrape));
		events.push(...told);
		if (scrape.readings.length > 0) {
			states.push(STATES[verdicts.state[0] as number] ?? '?');
			scores.push(verdicts.score[0] as number);
		}
	}
	const newest = new Map<string, Anomaly>();
	for (const event of events) if ('anomaly' in event) newest.set(event.anomaly.id, event.anomaly);
	return {engine, events, anomalies: [...newest.values()], states, scores};
}

/** One container, sampled every `seconds`. */
export function* samples(
	length: number,
	cpu: (i: number) => number,
	memory: (i: number) => number,
	{seconds = 15, of = container('a')}: {seconds?: number; of?: Container} = {},
): Generator<Scrape> {
	for (let i = 0; i < length; i++) {
		const atMs = START_MS + i * seconds * 1000;
		yield scrape(atMs, [reading(of, atMs, cpu(i), memory(i))]);
	}
}

/** Several containers at once. */
export function* together(
	length: number,
	actors: readonly {of: Container; cpu: (i: number) => number; memory: (i: number) => number}[],
	seconds = 15,
): Generator<Scrape> {
	for (let i = 0; i < length; i++) {
		const atMs = START_MS + i * seconds * 1000;
		yield scrape(
			atMs,
			actors.map(({of, cpu, memory}) => reading(of, atMs, cpu(i), memory(i))),
		);
	}
}

export const kinds = ({anomalies}: Seen): string[] => anomalies.filter(({recurring}) => !recurring).map(({kind}) => kind);
