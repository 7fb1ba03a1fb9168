/** Shapes of memory that must not be called a leak, and some that must: on generated bases, with siblings. */
import {createEngine} from '../engine/engine.ts';
import type {Kind} from '../engine/verdict.ts';
import {AlarmLog} from './alarms.ts';
import {drain} from './evaluate.ts';
import {type Actor, fill, only, ordinary, plus, ramp, render, type Scene, type Signal, sawtooth, step} from './scenes.ts';

const MINUTE = 60;
const HOUR = 3600;
const BEGIN = 3 * HOUR;
const EVERY_SECONDS = 30;

interface Shape {
	readonly name: string;
	/** Added to a calm base of 100 MiB; the limit is 400. */
	readonly memory: Signal;
	/** The kind that it ends as, or that it is no leak in the end. */
	readonly expected: 'no-leak' | Kind;
	readonly cpu?: Signal;
	readonly kills?: readonly number[];
	readonly hours?: number;
}

const stairs =
	(height: number, from: number, every: number, steps: number): Signal =>
	t =>
		t < from ? 0 : Math.min(Math.floor((t - from) / every) + 1, steps) * height;

const SHAPES: readonly Shape[] = [
	{name: 'saw-tooth of 10 min', memory: sawtooth(60, 10 * MINUTE), expected: 'no-leak'},
	{name: 'saw-tooth of 25 min', memory: sawtooth(80, 25 * MINUTE), expected: 'no-leak'},
	{name: 'saw-tooth of 70 min', memory: sawtooth(120, 70 * MINUTE), expected: 'no-leak'},
	{name: 'saw-tooth that begins', memory: only(sawtooth(60, 12 * MINUTE), BEGIN), expected: 'no-leak'},
	{name: 'cache fill, 5 min', memory: fill(150, BEGIN, 100), expected: 'no-leak'},
	{name: 'cache fill, 20 min', memory: fill(150, BEGIN, 400), expected: 'no-leak'},
	{name: 'cache fill, 60 min, levels off', memory: fill(150, BEGIN, 1200), expected: 'no-leak'},
	{name: 'deploy step', memory: step(80, BEGIN), expected: 'no-leak'},
	{name: 'two steps, an hour apart', memory: plus(step(50, BEGIN), step(50, BEGIN + HOUR)), expected: 'no-leak'},
	{name: 'step up and back', memory: step(80, BEGIN, BEGIN + HOUR), expected: 'no-leak'},
	{name: 'ramp of 15 min, then flat', memory: ramp(100, BEGIN, 15 * MINUTE), expected: 'no-leak'},
	{
		name: 'restart: warm-up, then plateau',
		memory: t => (t < BEGIN ? 0 : -60 + 60 * (1 - Math.exp(-(t - BEGIN) / 300))),
		kills: [BEGIN],
		expected: 'no-leak',
	},
	{
		name: 'restart: slow warm-up, then plateau',
		memory: t => (t < BEGIN ? 0 : -60 + 60 * (1 - Math.exp(-(t - BEGIN) / 900))),
		kills: [BEGIN],
		expected: 'no-leak',
	},
	{name: 'heap at 95 % of its limit', memory: () => 280, expected: 'no-leak', hours: 24},
	{
		name: 'daily load, memory follows',
		memory: t => 25 * (1 - Math.cos((t / 86_400) * 2 * Math.PI)),
		cpu: t => 20 * (1 - Math.cos((t / 86_400) * 2 * Math.PI)),
		expected: 'no-leak',
		hours: 40,
	},
	{name: 'batch every hour', memory: t => (t % HOUR < 6 * MINUTE ? 70 : 0), expected: 'no-leak'},
	{name: 'wanders', memory: t => 8 * Math.sin(t / 2900) + 5 * Math.sin(t / 970), expected: 'no-leak'},
	{name: 'falls back slowly', memory: t => (t < BEGIN ? 80 : Math.max(0, 80 - (t - BEGIN) / 60)), expected: 'no-leak'},
	{name: 'leak of 3 h', memory: ramp(290, BEGIN, 3 * HOUR), expected: 'memory-leak', hours: 5.5},
	{
		name: 'leak of 6 h under a saw-tooth',
		memory: plus(ramp(250, BEGIN, 6 * HOUR), sawtooth(20, 9 * MINUTE)),
		expected: 'memory-leak',
		hours: 7,
	},
	{name: 'leak in stairs', memory: stairs(12, BEGIN, 8 * MINUTE, 100), expected: 'memory-leak', hours: 5.5},
	{
		name: '12 MiB a day on 64, without a limit',
		memory: plus(() => -36, ramp(24, 26 * HOUR, 48 * HOUR)),
		expected: 'memory-leak',
		hours: 73,
	},
];

export interface ShapeFigures {
	readonly name: string;
	readonly right: number;
	readonly of: number;
	/** Kinds, with severities, that were told where it was not right. */
	readonly told: readonly string[];
}

export function countShapes(seeds: readonly number[]): readonly ShapeFigures[] {
	return SHAPES.map(shape => {
		let right = 0;
		const told = new Set<string>();
		for (const seed of seeds) {
			const log = new AlarmLog();
			const engine = createEngine({seed});
			const scene = sceneOf(shape, seed);
			for (const scrape of render(scene, EVERY_SECONDS)) log.add(drain(engine.assess(scrape)).events);
			const anomalies = log.anomalies.filter(({of, recurring}) => of.pod === 'shaped' && !recurring);
			const leaks = anomalies.filter(
				({kind, severity}) => kind === 'memory-leak' && (severity !== 'notice' || shape.expected === 'memory-leak'),
			);
			if (shape.expected === 'memory-leak' ? leaks.length > 0 : leaks.length === 0) right++;
			else for (const {kind, severity} of anomalies) told.add(`${kind} ${severity}`);
		}
		return {name: shape.name, right, of: seeds.length, told: [...told]};
	});
}

function sceneOf(shape: Shape, seed: number): Scene {
	const actor = (pod: string, i: number): Actor => ({
		pod,
		name: 'main',
		namespace: 'shapes',
		workload: 'Deployment/shaped',
		revision: '1',
		cpu: ordinary(60, 12, 4, seed * 13 + i),
		memory: ordinary(100, 1, 0.8, seed * 17 + i),
		cpuLimitMillicores: 500,
		memoryLimitMib: shape.name.includes('without a limit') ? Number.POSITIVE_INFINITY : 400,
	});
	const base = actor('shaped', 1);
	return {
		name: shape.name,
		seconds: (shape.hours ?? 7) * HOUR,
		actors: [
			{
				...base,
				cpu: shape.cpu ? plus(base.cpu, shape.cpu) : base.cpu,
				memory: plus(base.memory, shape.memory),
				...(shape.kills && {kills: shape.kills}),
			},
			actor('sibling-1', 2),
			actor('sibling-2', 3),
		],
		labels: [],
	};
}
