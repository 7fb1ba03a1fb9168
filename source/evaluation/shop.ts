/** A generated stand-in of the shop in recordings/: the same faults, on functions of time. */
import {type Actor, fill, only, ordinary, plus, ramp, type Scene, type Signal, sawtooth, step} from './scenes.ts';

const HOUR = 3600;

interface Replicas {
	readonly workload: string;
	readonly count: number;
	readonly cpu: number;
	readonly memory: number;
	readonly cpuLimit: number;
	readonly memoryLimit: number;
}

/** `scale` stretches the times of all faults, and so what they are called; faults begin after `quiet` seconds. */
export function shop(seed: number, quiet = 0.5 * HOUR, scale = 1): Scene {
	const at = (minutes: number): number => quiet + minutes * 60 * scale;
	const load: Signal = t => (t >= at(45) && t < at(55) ? 1 : 0);
	const replicas = ({workload, count, cpu, memory, cpuLimit, memoryLimit}: Replicas): Actor[] =>
		Array.from({length: count}, (_, i) => ({
			pod: `${workload}-7d9f5c-${'bcdfg'.charAt(i)}x2x9l`,
			name: workload,
			namespace: 'shop',
			workload: `Deployment/${workload}`,
			revision: '7d9f5c',
			cpu: ordinary(cpu, cpu * 0.25, cpu * 0.1, seed + 31 * i + cpu),
			memory: ordinary(memory, 1.5, 1, seed + 77 * i + memory),
			cpuLimitMillicores: cpuLimit,
			memoryLimitMib: memoryLimit,
		}));
	const change = (actor: Actor | undefined, extra: Partial<Actor>): Actor => {
		if (!actor) throw new RangeError('Expected an actor to change');
		return {...actor, ...extra};
	};
	const loaded = (actors: Actor[], cpu: number, memory: number): Actor[] =>
		actors.map(actor => ({
			...actor,
			cpu: plus(actor.cpu, t => load(t) * cpu),
			memory: plus(actor.memory, t => load(t) * memory),
		}));
	const checkout = loaded(replicas({workload: 'checkout', count: 3, cpu: 40, memory: 70, cpuLimit: 400, memoryLimit: 256}), 90, 6);
	const frontend = loaded(replicas({workload: 'frontend', count: 5, cpu: 60, memory: 60, cpuLimit: 500, memoryLimit: 200}), 130, 9);
	const [cache] = replicas({workload: 'cache', count: 1, cpu: 12, memory: 50, cpuLimit: 200, memoryLimit: 320});
	const [ledger] = replicas({workload: 'ledger', count: 1, cpu: 25, memory: 90, cpuLimit: 400, memoryLimit: 256});
	const [worker] = replicas({workload: 'worker', count: 1, cpu: 80, memory: 60, cpuLimit: 300, memoryLimit: 160});
	const [renderer] = replicas({workload: 'renderer', count: 1, cpu: 70, memory: 110, cpuLimit: 500, memoryLimit: 512});
	const [gateway] = replicas({workload: 'gateway', count: 1, cpu: 30, memory: 80, cpuLimit: 300, memoryLimit: 200});
	const kill = at(40);
	const [leaky, ...steady] = checkout;
	const [busy, ...idle] = frontend;
	return {
		name: `shop ${seed}`,
		seconds: at(120),
		actors: [
			change(leaky, {
				memory: plus(
					leaky?.memory ?? (() => 0),
					only(ramp(190, at(5), kill - at(5)), 0, kill),
					only(ramp(190, kill, at(80) - kill), kill, at(80)),
				),
				kills: [kill, at(80)],
			}),
			...steady,
			change(busy, {cpu: plus(busy?.cpu ?? (() => 0), step(380, at(20), at(35)))}),
			...idle,
			change(cache, {memory: plus(cache?.memory ?? (() => 0), fill(140, at(70), 150 * scale))}),
			change(ledger, {cpu: plus(ledger?.cpu ?? (() => 0), step(200, at(60), at(62)))}),
			change(worker, {cpu: t => (worker?.cpu(t) ?? 0) * (t >= at(90) && t < at(97) ? 0.02 : 1)}),
			change(renderer, {memory: plus(renderer?.memory ?? (() => 0), step(160, at(65), at(68)))}),
			change(gateway, {memory: plus(gateway?.memory ?? (() => 0), sawtooth(40, 240))}),
		],
		labels: [
			{kind: 'memory-leak', of: leaky?.pod ?? '', from: at(5), to: kill},
			{kind: 'oom-killed', of: leaky?.pod ?? '', from: kill, to: kill + 60},
			{kind: 'memory-leak', of: leaky?.pod ?? '', from: kill, to: at(80)},
			{kind: 'cpu-sustained', of: busy?.pod ?? '', from: at(20), to: at(35)},
			{kind: 'load', of: 'Deployment/checkout', from: at(45), to: at(55)},
			{kind: 'load', of: 'Deployment/frontend', from: at(45), to: at(55)},
			{kind: 2 * scale >= 5 ? 'cpu-sustained' : 'cpu-spike', of: ledger?.pod ?? '', from: at(60), to: at(62)},
			{kind: 3 * scale >= 10 ? 'level-shift' : 'memory-spike', of: renderer?.pod ?? '', from: at(65), to: at(68)},
			{kind: 'normal', of: cache?.pod ?? '', from: at(70), to: at(85)},
			{kind: 'normal', of: gateway?.pod ?? '', from: 0, to: at(120)},
			{kind: 'drop', of: worker?.pod ?? '', from: at(90), to: at(97)},
		],
	};
}
