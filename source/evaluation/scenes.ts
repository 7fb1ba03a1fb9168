/**
 * Scenes: containers whose CPU and memory are functions of time, so that one scene can be rendered at any rhythm.
 * Seeded: the same scene, seed and rhythm give the same scrapes.
 */
import {hash} from '../engine/random.ts';
import type {Absence, Container, Label, Reading, Scrape} from '../scrape.ts';
import {containerKey} from '../scrape.ts';

export const MIB = 2 ** 20;
const START_MS = Date.UTC(2026, 0, 5);
/** CPU of a sample is the mean over its window: so many moments of it. */
const MOMENTS = 5;

/** Seconds since the scene began → millicores, or MiB. */
export type Signal = (t: number) => number;

export interface Actor {
	readonly pod: string;
	readonly name: string;
	readonly namespace: string;
	readonly workload?: string;
	readonly revision?: string;
	readonly cpu: Signal;
	readonly memory: Signal;
	/** NaN = not known, Infinity = none. */
	readonly cpuLimitMillicores: number;
	readonly memoryLimitMib: number;
	/** Seconds: exists from then, until then. */
	readonly from?: number;
	readonly to?: number;
	/** Seconds at which its process was killed for its memory. */
	readonly kills?: readonly number[];
}

export interface Scene {
	readonly name: string;
	readonly seconds: number;
	readonly actors: readonly Actor[];
	/** Times in seconds of the scene. `of`: a pod or a workload's name. */
	readonly labels: readonly {readonly kind: string; readonly of: string; readonly from: number; readonly to: number}[];
}

/** Uniform in [-1, 1), a function of place and seed. */
export function noise(seed: number, i: number): number {
	let h = Math.imul((i | 0) ^ Math.imul(seed | 0, 0x9e3779b1), 0x85ebca6b);
	h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
	return (((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1) as number;
}

/** Noise that moves on every `every` seconds, in between linearly. */
export function wander(seed: number, every: number): Signal {
	return t => {
		const i = Math.floor(t / every);
		const share = t / every - i;
		return noise(seed, i) * (1 - share) + noise(seed, i + 1) * share;
	};
}

/** A container's ordinary day: a level, its noise, a slow wave. */
export const ordinary =
	(level: number, spread: number, wave: number, seed: number): Signal =>
	t =>
		Math.max(
			0,
			level + spread * (0.7 * wander(seed, 7)(t) + 0.5 * wander(seed + 1, 130)(t)) + wave * Math.sin((t / 5400) * Math.PI * 2 + seed),
		);

export const plus =
	(...signals: readonly Signal[]): Signal =>
	t =>
		signals.reduce((sum, signal) => sum + signal(t), 0);

/** `height` from `from` to `to`. */
export const step =
	(height: number, from: number, to = Number.POSITIVE_INFINITY): Signal =>
	t =>
		t >= from && t < to ? height : 0;

/** Rises by `height` over `seconds`, then stays. */
export const ramp =
	(height: number, from: number, seconds: number): Signal =>
	t =>
		height * Math.min(Math.max((t - from) / seconds, 0), 1);

/** Fills fast, then slower, then stays. */
export const fill =
	(height: number, from: number, tau: number): Signal =>
	t =>
		t < from ? 0 : height * (1 - Math.exp(-(t - from) / tau));

/** A collector: grows by `height` over `period`, falls back. */
export const sawtooth =
	(height: number, period: number, phase = 0): Signal =>
	t =>
		height * ((((t / period + phase) % 1) + 1) % 1);

export const only =
	(signal: Signal, from: number, to = Number.POSITIVE_INFINITY): Signal =>
	t =>
		t >= from && t < to ? signal(t) : 0;

/** All scrapes of a scene at a rhythm; each container is sampled at its own moment of the interval. */
export function* render(scene: Scene, everySeconds: number): Generator<Scrape> {
	const known = new Map<string, Container>();
	for (let t = everySeconds; t <= scene.seconds; t += everySeconds) {
		const readings: Reading[] = [];
		const absent: Absence[] = [];
		for (const actor of scene.actors) {
			const {from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY} = actor;
			const before = known.get(actor.pod);
			if (t > to) {
				if (before) absent.push({of: before, why: 'gone'});
				known.delete(actor.pod);
				continue;
			}
			if (t - everySeconds < from) continue;
			const of = containerAt(actor, t, before);
			known.set(actor.pod, of);
			const at = t - (hash(actor.pod) % 1000) / 2000;
			let cpu = 0;
			for (let i = 0; i < MOMENTS; i++) cpu += Math.max(0, actor.cpu(at - (everySeconds * (i + 0.5)) / MOMENTS));
			readings.push({
				of,
				sampledAtMs: START_MS + Math.round(at * 1000),
				windowMs: everySeconds * 1000,
				cpuMillicores: Math.round((cpu / MOMENTS) * 10) / 10,
				memoryBytes: Math.round(Math.max(0, actor.memory(at)) * 1024) * 1024,
			});
		}
		const labels = scene.labels.filter(({to}) => to > t - everySeconds && to <= t).map(label => labelOf(scene, label));
		yield {atMs: START_MS + t * 1000, readings, absent, problems: [], ...(labels.length > 0 && {labels})};
	}
}

function containerAt(actor: Actor, t: number, before: Container | undefined): Container {
	const kills = (actor.kills ?? []).filter(kill => kill <= t - 1);
	if (before && before.restarts === kills.length) return before;
	const last = kills.at(-1);
	const started = last ?? actor.from;
	return {
		key: containerKey('scene', actor.namespace, actor.pod, actor.name),
		namespace: actor.namespace,
		pod: actor.pod,
		name: actor.name,
		incarnation: `${actor.pod}:${kills.length}`,
		...(actor.workload !== undefined && {workload: actor.workload}),
		...(actor.revision !== undefined && {revision: actor.revision}),
		...(started !== undefined && {startedAtMs: START_MS + started * 1000}),
		...(last !== undefined && {lastExit: {reason: 'OOMKilled', atMs: START_MS + last * 1000}}),
		cpuRequestMillicores: Number.NaN,
		memoryRequestBytes: Number.NaN,
		cpuLimitMillicores: actor.cpuLimitMillicores,
		memoryLimitBytes: actor.memoryLimitMib * MIB,
		restarts: kills.length,
	};
}

function labelOf({actors, labels}: Scene, label: Scene['labels'][number]): Label {
	const actor = actors.find(({pod}) => pod === label.of);
	const {namespace = 'shop', workload} = actor ?? actors.find(({workload}) => workload === label.of) ?? {};
	return {
		id: `${label.kind}-${labels.indexOf(label)}`,
		kind: label.kind,
		of: actor ? containerKey('scene', namespace, actor.pod, actor.name) : `${namespace}/${workload}`,
		fromMs: START_MS + label.from * 1000,
		toMs: START_MS + label.to * 1000,
	};
}
