/** The cast: namespaces, workloads, replicas, limits, names. Starts and stops it; wires who calls whom. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {stripTypeScriptTypes} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {BatchConfig} from './batch.ts';
import type {CacheConfig} from './cache.ts';
import {type Hierarchy, openHierarchy} from './cgroup.ts';
import {type Change, Container} from './container.ts';
import type {LoadConfig} from './load.ts';
import type {Order} from './program.ts';
import {dice, safeName, uuid} from './random.ts';
import type {ServiceConfig} from './service.ts';
import type {WorkerConfig} from './worker.ts';

export const CONTEXT = 'shop';
const MIB = 1024 * 1024;
const NODES = ['node-1', 'node-2', 'node-3'] as const;

type Program =
	| {readonly program: 'service'; readonly config: ServiceConfig}
	| {readonly program: 'worker'; readonly config: WorkerConfig}
	| {readonly program: 'cache'; readonly config: CacheConfig}
	| {readonly program: 'batch'; readonly config: BatchConfig};

type ContainerTemplate = Program & {
	readonly name: string;
	readonly image: string;
	readonly role?: 'sidecar';
	/** Requests; a limit that is left out does not exist. */
	readonly cpuRequest: number;
	readonly memoryRequestMib: number;
	readonly cpuLimit?: number;
	readonly memoryLimitMib?: number;
};

export interface Workload {
	readonly namespace: string;
	readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob';
	readonly name: string;
	readonly replicas: number;
	readonly containers: readonly ContainerTemplate[];
}

/** One container of one pod, as the API server would tell of it. */
export interface Member {
	readonly workload: string;
	readonly namespace: string;
	readonly pod: string;
	readonly podUid: string;
	readonly node: string;
	readonly revision?: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly template: ContainerTemplate;
	readonly container: Container;
}

/** Rates and times of the habits: `scale` < 1 compresses them for a dry run. */
export function cast(scale: number): readonly Workload[] {
	const registry = 'registry.example.com/shop';
	const proxy = {
		name: 'istio-proxy',
		role: 'sidecar',
		image: 'docker.io/istio/proxyv2:1.24.1',
		program: 'service',
		config: {units: 0.6, heldMib: 8, calls: ['pod'], sessions: 50},
		cpuRequest: 10,
		memoryRequestMib: 40,
	} as const;
	return [
		{
			namespace: 'shop',
			kind: 'Deployment',
			name: 'frontend',
			replicas: 5,
			containers: [
				{
					name: 'frontend',
					image: `${registry}/frontend:2.14.3`,
					program: 'service',
					config: {units: 14, heldMib: 24, calls: ['checkout', 'cart']},
					cpuRequest: 100,
					memoryRequestMib: 96,
					cpuLimit: 300,
					memoryLimitMib: 192,
				},
			],
		},
		{
			namespace: 'shop',
			kind: 'Deployment',
			name: 'checkout',
			replicas: 3,
			containers: [
				{
					name: 'checkout',
					image: `${registry}/checkout:v43`,
					program: 'service',
					config: {units: 10, heldMib: 22},
					cpuRequest: 100,
					memoryRequestMib: 96,
					cpuLimit: 300,
					memoryLimitMib: 160,
				},
			],
		},
		{
			namespace: 'shop',
			kind: 'Deployment',
			name: 'cart',
			replicas: 2,
			containers: [
				{
					name: 'cart',
					image: `${registry}/cart:1.9.0`,
					program: 'service',
					config: {units: 5, heldMib: 16},
					cpuRequest: 50,
					memoryRequestMib: 64,
					cpuLimit: 200,
					memoryLimitMib: 128,
				},
				proxy,
			],
		},
		{
			namespace: 'shop',
			kind: 'Deployment',
			name: 'ads',
			replicas: 2,
			containers: [
				{
					name: 'ads',
					image: `${registry}/ads:2026.11.1`,
					program: 'service',
					config: {units: 8, heldMib: 20},
					cpuRequest: 50,
					memoryRequestMib: 64,
					cpuLimit: 200,
					memoryLimitMib: 128,
				},
			],
		},
		{
			namespace: 'shop',
			kind: 'Deployment',
			name: 'recommendation-personalisation-inference-gateway',
			replicas: 1,
			containers: [
				{
					name: 'gateway',
					image: `${registry}/recommendation-personalisation-inference-gateway:0.31.0-rc.2`,
					program: 'cache',
					config: {units: 60, heldMib: 24, sawTooth: {mib: 40, seconds: 240 * scale}},
					cpuRequest: 50,
					memoryRequestMib: 128,
					cpuLimit: 250,
					memoryLimitMib: 256,
				},
			],
		},
		{
			namespace: 'shop',
			kind: 'StatefulSet',
			name: 'redis-cart',
			replicas: 1,
			containers: [
				{
					name: 'redis',
					image: 'docker.io/library/redis:8.2.1-alpine',
					program: 'cache',
					config: {units: 40, heldMib: 32},
					cpuRequest: 50,
					memoryRequestMib: 128,
					cpuLimit: 200,
					memoryLimitMib: 384,
				},
			],
		},
		{
			namespace: 'shop',
			kind: 'Deployment',
			name: 'product-catalog-cache',
			replicas: 1,
			containers: [
				{
					name: 'cache',
					image: `${registry}/product-catalog-cache:4.0.7`,
					program: 'cache',
					config: {units: 40, heldMib: 28},
					cpuRequest: 50,
					memoryRequestMib: 128,
					cpuLimit: 200,
					memoryLimitMib: 256,
				},
			],
		},
		{
			namespace: 'payments',
			kind: 'StatefulSet',
			name: 'ledger',
			replicas: 1,
			containers: [
				{
					name: 'ledger',
					image: 'registry.example.com/payments/ledger:7.2.0',
					program: 'service',
					config: {units: 13, heldMib: 48},
					cpuRequest: 100,
					memoryRequestMib: 128,
					cpuLimit: 400,
					memoryLimitMib: 256,
				},
			],
		},
		{
			namespace: 'payments',
			kind: 'Deployment',
			name: 'fraud-detection',
			replicas: 2,
			containers: [
				{
					name: 'scorer',
					image: 'registry.example.com/payments/fraud-detection:2.8.0-hotfix.1',
					program: 'service',
					config: {units: 9, heldMib: 36},
					cpuRequest: 50,
					memoryRequestMib: 96,
					cpuLimit: 250,
				},
			],
		},
		{
			namespace: 'payments',
			kind: 'Deployment',
			name: 'payment-notification-worker',
			replicas: 1,
			containers: [
				{
					name: 'worker',
					image: 'registry.example.com/payments/notification-worker:3.3.1',
					program: 'worker',
					config: {units: 130, heldMib: 16},
					cpuRequest: 50,
					memoryRequestMib: 64,
					cpuLimit: 200,
					memoryLimitMib: 128,
				},
			],
		},
		{
			namespace: 'batch',
			kind: 'Deployment',
			name: 'thumbnail-renderer',
			replicas: 1,
			containers: [
				{
					name: 'renderer',
					image: 'registry.example.com/batch/thumbnail-renderer:1.0.12',
					program: 'worker',
					config: {units: 50, heldMib: 24, batch: {everySeconds: 300 * scale, seconds: 15 * scale, units: 60}},
					cpuRequest: 50,
					memoryRequestMib: 64,
					cpuLimit: 300,
					memoryLimitMib: 320,
				},
			],
		},
		{
			namespace: 'observability',
			kind: 'DaemonSet',
			name: 'fluent-bit-node-log-agent',
			replicas: NODES.length,
			containers: [
				{
					name: 'fluent-bit',
					image: 'cr.fluentbit.io/fluent/fluent-bit:4.1.0',
					program: 'worker',
					config: {units: 10, heldMib: 8},
					cpuRequest: 20,
					memoryRequestMib: 48,
					memoryLimitMib: 96,
				},
			],
		},
	];
}

export const nightlyReport = (scale: number): Workload => ({
	namespace: 'batch',
	kind: 'CronJob',
	name: 'nightly-reconciliation-report',
	replicas: 1,
	containers: [
		{
			name: 'report',
			image: 'registry.example.com/batch/reconciliation-report:5.1.0',
			program: 'batch',
			config: {units: 200, heldMib: 40, seconds: 150 * scale},
			cpuRequest: 100,
			memoryRequestMib: 96,
			cpuLimit: 300,
			memoryLimitMib: 192,
		},
	],
});

export const customers = (scale: number): LoadConfig => ({
	targets: [
		{name: 'frontend', requestsPerSecond: 16},
		{name: 'ads', requestsPerSecond: 8},
		{name: 'ledger', requestsPerSecond: 5},
		{name: 'fraud-detection', requestsPerSecond: 8},
	],
	waveSeconds: 24 * 60 * scale,
	wave: 0.2,
});

/** Small heaps, one thread for the pool: as somebody would run a small service in a small container. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--max-old-space-size=64', '--single-threaded-gc', '--v8-pool-size=1', '--expose-gc'];

/** Is told when a member ends, of itself or not, and when it is started again. */
export interface Watcher {
	ended(member: Member): void;
	restarted(member: Member): void;
}

export class Shop {
	readonly hierarchy: Hierarchy | undefined;
	readonly #roll: () => number;
	readonly #images: string;
	readonly #scale: number;
	readonly #revisions = new Map<string, string>();
	readonly #tell: (line: string) => void;
	#members: Member[] = [];
	#outside: Container | undefined;
	#nextNode = 0;
	#job: Workload;
	watcher: Watcher | undefined;

	constructor(seed: number, scale: number, tell: (line: string) => void) {
		this.#roll = dice(seed);
		this.#scale = scale;
		this.#tell = tell;
		this.#job = nightlyReport(scale);
		this.hierarchy = openHierarchy(String(process.pid), 20_000, tell);
		this.#images = buildImages();
	}

	get members(): readonly Member[] {
		return this.#members;
	}

	/** The container of this workload's replica, in the order in which they were started. */
	member(workload: string, replica = 0, container?: string): Member {
		const found = this.#members.filter(
			member => member.workload === workload && (container === undefined || member.template.name === container),
		)[replica];
		if (!found) throw new Error(`Expected a replica ${replica} of ${workload}`);
		return found;
	}

	start(): void {
		for (const workload of cast(this.#scale)) this.#deploy(workload, workload.replicas);
		this.#outside = this.#run('customers', {
			program: 'load',
			config: customers(this.#scale),
			limits: {cpuRequestMillicores: 300, cpuLimitMillicores: Number.POSITIVE_INFINITY, memoryLimitBytes: Number.POSITIVE_INFINITY},
			restart: 'always',
		});
	}

	load(target: string, factor: number): void {
		this.#outside?.order({type: 'load', target, factor});
	}

	scaleOut(name: string, replicas: number): void {
		this.#deploy(this.#workload(name), replicas);
	}

	/** New pods first, then the old ones go, as a Deployment does with its default strategy. */
	async rollOut(name: string, image: string): Promise<void> {
		const old = this.#members.filter(member => member.workload === `Deployment/${name}`);
		this.#revisions.delete(name);
		const workload = this.#workload(name);
		const containers = workload.containers.map(template => ({...template, image}));
		this.#deploy({...workload, containers}, workload.replicas);
		await new Promise(resolve => setTimeout(resolve, 5000));
		await Promise.all(old.map(member => this.#remove(member)));
	}

	runJob(): Member {
		const [member] = this.#deploy(this.#job, 1);
		if (!member) throw new Error('Expected a job with one container');
		return member;
	}

	async stop(): Promise<void> {
		await Promise.all([...this.#members.map(member => member.container.stop()), this.#outside?.stop()]);
		// The kernel lets go of a group some milliseconds after its last process.
		await new Promise(resolve => setTimeout(resolve, 1500));
		this.#sweep();
	}

	/** At once, for a way out that cannot wait. */
	kill(): void {
		for (const member of this.#members) member.container.kill();
		this.#outside?.kill();
		this.#sweep();
	}

	#sweep(): void {
		rmSync(this.#images, {recursive: true, force: true});
		try {
			this.hierarchy?.remove();
		} catch (error) {
			this.#tell(`control groups are left for the next run to remove: ${(error as Error).message}`);
		}
	}

	#workload(name: string): Workload {
		const found = cast(this.#scale).find(workload => workload.name === name);
		if (!found) throw new Error(`Expected a workload of the cast, got ${name}`);
		return found;
	}

	#deploy(workload: Workload, count: number): readonly Member[] {
		const added: Member[] = [];
		for (let i = 0; i < count; i++) {
			const {pod, revision} = this.#podName(workload, i);
			const podUid = uuid(this.#roll);
			const node = NODES[this.#nextNode++ % NODES.length] ?? NODES[0];
			const labels: Record<string, string> = {
				'app.kubernetes.io/name': workload.name,
				...(revision !== undefined && {'pod-template-hash': revision}),
			};
			for (const template of workload.containers) {
				const container = this.#run(`${workload.namespace}_${pod}_${template.name}`, {
					program: template.program,
					config: template.config,
					limits: {
						cpuRequestMillicores: template.cpuRequest,
						cpuLimitMillicores: template.cpuLimit ?? Number.POSITIVE_INFINITY,
						memoryLimitBytes: (template.memoryLimitMib ?? Number.POSITIVE_INFINITY) * MIB,
					},
					restart: workload.kind === 'CronJob' ? 'never' : 'always',
				});
				added.push({
					workload: `${workload.kind}/${workload.name}`,
					namespace: workload.namespace,
					pod,
					podUid,
					node,
					...(revision !== undefined && {revision}),
					labels,
					template,
					container,
				});
			}
		}
		this.#members.push(...added);
		return added;
	}

	#podName(workload: Workload, ordinal: number): {readonly pod: string; readonly revision?: string} {
		const {name, kind} = workload;
		if (kind === 'StatefulSet') return {pod: `${name}-${ordinal}`};
		if (kind === 'DaemonSet') return {pod: `${name}-${safeName(this.#roll, 5)}`};
		// A CronJob's Job carries the minute for which it was scheduled.
		if (kind === 'CronJob') return {pod: `${name}-${Math.floor(Date.now() / 60_000)}-${safeName(this.#roll, 5)}`};
		const revision = this.#revisions.get(name) ?? safeName(this.#roll, 10);
		this.#revisions.set(name, revision);
		return {pod: `${name}-${revision}-${safeName(this.#roll, 5)}`, revision};
	}

	#run(id: string, spec: Omit<ConstructorParameters<typeof Container>[0], 'id' | 'nodeFlags'>): Container {
		const container: Container = new Container(
			{...spec, id, program: join(this.#images, `${spec.program}.mjs`), nodeFlags: NODE_FLAGS},
			this.hierarchy,
			what => this.#changed(container, what),
		);
		container.start();
		return container;
	}

	#changed(container: Container, what: Change): void {
		const member = this.#members.find(member => member.container === container);
		if (member && what === 'ended') this.watcher?.ended(member);
		if (member && what === 'restarted') this.watcher?.restarted(member);
		if (member?.container.spec.restart === 'never' && what === 'ended') this.#members = this.#members.filter(other => other !== member);
		this.#wire();
	}

	/** Tells everybody who is there: the shop's service discovery. A pod with a proxy is reached through it. */
	#wire(): void {
		const ports: Record<string, number[]> = {};
		const byPod = new Map<string, Member[]>();
		for (const member of this.#members) byPod.set(member.pod, [...(byPod.get(member.pod) ?? []), member]);
		for (const pod of byPod.values()) {
			const front = pod.find(member => member.template.role === 'sidecar') ?? pod[0];
			const port = front?.container.port;
			if (front === undefined || port === undefined) continue;
			const name = front.workload.slice(front.workload.indexOf('/') + 1);
			ports[name] = [...(ports[name] ?? []), port];
		}
		for (const member of this.#members) {
			const own = byPod.get(member.pod)?.find(other => other.template.role !== 'sidecar')?.container.port;
			const order: Order = {
				type: 'endpoints',
				ports: member.template.role === 'sidecar' && own !== undefined ? {...ports, pod: [own]} : ports,
			};
			member.container.order(order);
		}
		this.#outside?.order({type: 'endpoints', ports});
	}

	async #remove(member: Member): Promise<void> {
		this.#members = this.#members.filter(other => other !== member);
		this.#wire();
		await member.container.stop();
		this.watcher?.ended(member);
	}
}

/**
 * The programs as plain JavaScript in a folder of their own: a container that strips types itself would hold a compiler in its memory.
 * Read once, with Node's own file, so that their pages are in the cache before and are counted for no container.
 */
function buildImages(): string {
	const folder = mkdtempSync(join(tmpdir(), 'oddpod-shop-'));
	for (const name of ['program', 'service', 'worker', 'cache', 'batch', 'load']) {
		const source = readFileSync(join(import.meta.dirname, `${name}.ts`), 'utf8');
		writeFileSync(join(folder, `${name}.mjs`), stripTypeScriptTypes(source).replaceAll(/from '(\.\/\w+)\.ts'/g, "from '$1.mjs'"));
	}
	readFileSync(process.execPath);
	return folder;
}
