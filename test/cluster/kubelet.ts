/**
 * A stand-in for the kubelets of a few nodes, and for the controllers that a test cluster does not have: registers nodes, runs pods, tells the API server
 * their status, serves what metrics-server asks a kubelet for, lets go of pods that are deleted.
 * One HTTPS port for all nodes: an annotation on the node tells metrics-server its path.
 */
import {randomUUID} from 'node:crypto';
import {createServer, type Server} from 'node:https';
import type {Api, KubeObject} from './api.ts';
import type {Program} from './program.ts';

/** Readings from a node: as they are, the same text for ever, or no answer at all. */
export type NodeState = 'ready' | 'frozen' | 'silent';

export interface PodContainer {
	readonly name: string;
	readonly image: string;
	readonly program: Program;
	/** A native sidecar: it stands among the init containers. */
	readonly isSidecar?: boolean;
}

export interface RunningPod {
	readonly namespace: string;
	readonly name: string;
	readonly node: string;
	readonly containers: readonly PodContainer[];
}

interface Pod extends RunningPod {
	readonly uid: string;
	readonly path: string;
	readonly ip: string;
	readonly startTime: string;
	/** What the API server was told last. */
	told: string;
	isLeaving: boolean;
}

interface Node {
	state: NodeState;
	lastText: string;
}

const TICK_MS = 1000;

export class Kubelet {
	readonly #api: Api;
	readonly #server: Server;
	readonly #port: number;
	readonly #nodes = new Map<string, Node>();
	readonly #pods = new Map<string, Pod>();
	readonly #ended = new AbortController();
	readonly #timer: NodeJS.Timeout;
	#pending: Promise<unknown> = Promise.resolve();
	#count = 0;

	/** `key` and `cert` are those of a server on 127.0.0.1. */
	static start(api: Api, serving: {readonly key: string; readonly cert: string}): Promise<Kubelet> {
		return new Promise((resolve, reject) => {
			const server = createServer(serving);
			server.on('error', reject);
			server.listen(0, '127.0.0.1', () => resolve(new Kubelet(api, server)));
		});
	}

	private constructor(api: Api, server: Server) {
		this.#api = api;
		this.#server = server;
		const address = server.address();
		if (address === null || typeof address === 'string') throw new Error('the stand-in kubelet does not listen');
		this.#port = address.port;
		server.on('request', (incoming, response) => {
			const node = this.#nodes.get(incoming.url?.split('/')[2] ?? '');
			if (node?.state === 'silent') {
				incoming.socket.destroy();
				return;
			}
			if (!node || !incoming.url?.endsWith('/metrics/resource')) {
				response.writeHead(404).end();
				return;
			}
			if (node.state === 'ready') node.lastText = this.#resourceMetrics(incoming.url.split('/')[2] ?? '');
			response.writeHead(200, {'content-type': 'text/plain; version=0.0.4'}).end(node.lastText);
		});
		this.#timer = setInterval(() => this.#tick(), TICK_MS);
		void api.watch('/api/v1/pods', (type, object) => this.#seen(type, object), this.#ended.signal);
	}

	async addNode(name: string): Promise<void> {
		this.#nodes.set(name, {state: 'ready', lastText: ''});
		const at = new Date().toISOString();
		const condition = (type: string, status: string, reason: string) => ({
			type,
			status,
			reason,
			lastHeartbeatTime: at,
			lastTransitionTime: at,
		});
		const room = {cpu: '8', memory: '32Gi', pods: '110'};
		await this.#api.create('/api/v1/nodes', {
			apiVersion: 'v1',
			kind: 'Node',
			metadata: {
				name,
				labels: {'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux'},
				annotations: {'metrics.k8s.io/resource-metrics-path': `/node/${name}/metrics/resource`},
			},
			spec: {},
			status: {
				capacity: room,
				allocatable: room,
				addresses: [{type: 'InternalIP', address: '127.0.0.1'}],
				daemonEndpoints: {kubeletEndpoint: {Port: this.#port}},
				conditions: [
					condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
					condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
					condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
					condition('Ready', 'True', 'KubeletReady'),
				],
				nodeInfo: {
					machineID: '',
					systemUUID: '',
					bootID: '',
					kernelVersion: '',
					osImage: '',
					containerRuntimeVersion: '',
					kubeletVersion: 'v1.37.2',
					kubeProxyVersion: '',
					operatingSystem: 'linux',
					architecture: 'amd64',
				},
			},
		});
	}

	setNode(name: string, state: NodeState): void {
		const node = this.#nodes.get(name);
		if (!node) throw new Error(`Expected \`name\` to be one of ${[...this.#nodes.keys()].join(', ')}, got ${name}`);
		node.state = state;
	}

	/** Creates the pod (its manifest names its node) and starts its programs. */
	async run(manifest: KubeObject, containers: readonly PodContainer[]): Promise<RunningPod> {
		const {name, namespace = 'default'} = manifest.metadata;
		const created = await this.#api.create(`/api/v1/namespaces/${namespace}/pods`, manifest);
		const node = String((manifest.spec as {nodeName?: string}).nodeName);
		this.#count++;
		for (const {program} of containers) program.start();
		const pod: Pod = {
			namespace,
			name,
			node,
			containers,
			uid: String(created.metadata.uid),
			path: `/api/v1/namespaces/${namespace}/pods/${name}`,
			startTime: iso(Math.min(...containers.map(({program}) => program.startedAtMs).filter(Number.isFinite), Date.now())),
			ip: `10.1.${this.#count >> 8}.${this.#count & 255}`,
			told: '',
			isLeaving: false,
		};
		this.#pods.set(pod.uid, pod);
		await this.#tell(pod);
		return pod;
	}

	/** As `kubectl delete pod`: resolves when it is gone. */
	async remove(pod: RunningPod): Promise<void> {
		const known = [...this.#pods.values()].find(({name, namespace}) => name === pod.name && namespace === pod.namespace);
		await this.#api.remove(`/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`, 0);
		if (known) await this.#letGo(known);
	}

	#seen(type: string, object: KubeObject): void {
		const pod = this.#pods.get(object.metadata.uid ?? '');
		if (pod && (type === 'DELETED' || object.metadata.deletionTimestamp !== undefined)) void this.#letGo(pod);
	}

	async #letGo(pod: Pod): Promise<void> {
		if (pod.isLeaving) return;
		pod.isLeaving = true;
		await Promise.all(pod.containers.map(({program}) => program.stop()));
		this.#pods.delete(pod.uid);
		await this.#api.remove(pod.path, 0).catch(() => {});
	}

	/** One after another: there are few, and the API server has more to do than to serve us. */
	#tick(): void {
		this.#pending = this.#pending.then(async () => {
			for (const pod of this.#pods.values()) {
				for (const {program} of pod.containers) program.sample();
				if (!pod.isLeaving) await this.#tell(pod).catch(() => {});
			}
		});
	}

	async #tell(pod: Pod): Promise<void> {
		const status = podStatus(pod);
		const text = JSON.stringify(status);
		if (text === pod.told) return;
		const before = pod.told;
		pod.told = text;
		try {
			await this.#api.merge(`${pod.path}/status`, {status});
		} catch (error) {
			pod.told = before;
			throw error;
		}
		for (const {name, program} of pod.containers) {
			if (program.waiting === 'CrashLoopBackOff' && !before.includes('CrashLoopBackOff')) {
				await this.#event(pod, 'BackOff', `Back-off restarting failed container ${name} in pod ${pod.name}_${pod.namespace}(${pod.uid})`);
			}
		}
	}

	async #event(pod: Pod, reason: string, message: string): Promise<void> {
		const at = new Date().toISOString().replace(/\.\d+/, '');
		await this.#api.create(`/api/v1/namespaces/${pod.namespace}/events`, {
			apiVersion: 'v1',
			kind: 'Event',
			metadata: {name: `${pod.name}.${randomUUID().slice(0, 13)}`, namespace: pod.namespace},
			involvedObject: {apiVersion: 'v1', kind: 'Pod', name: pod.name, namespace: pod.namespace, uid: pod.uid},
			type: 'Warning',
			reason,
			message,
			count: 1,
			firstTimestamp: at,
			lastTimestamp: at,
			source: {component: 'kubelet', host: pod.node},
		});
	}

	/** The text of a kubelet's /metrics/resource. A value of zero would hide the pod. */
	#resourceMetrics(node: string): string {
		const lines: string[] = [];
		const now = Date.now();
		let memoryBytes = 512 * 1024 * 1024;
		for (const {namespace, name: podName, node: podNode, containers} of this.#pods.values()) {
			if (podNode !== node) continue;
			for (const {name, program} of containers) {
				const sample = program.sample();
				if (!sample) continue;
				const labels = `{container="${name}",namespace="${namespace}",pod="${podName}"}`;
				lines.push(
					`container_cpu_usage_seconds_total${labels} ${sample.cpuSeconds} ${now}`,
					`container_memory_working_set_bytes${labels} ${sample.workingSetBytes} ${now}`,
					`container_start_time_seconds${labels} ${program.startedAtMs / 1000}`,
				);
				memoryBytes += sample.workingSetBytes;
			}
		}
		// A node's counter must not fall when a pod goes: here a node always takes one core.
		lines.push(`node_cpu_usage_seconds_total ${(now / 1000) % 1e6} ${now}`, `node_memory_working_set_bytes ${memoryBytes} ${now}`);
		return `${lines.join('\n')}\n`;
	}

	/** Ends all programs; the objects stay in an API server that ends too. */
	async stop(): Promise<void> {
		clearInterval(this.#timer);
		this.#ended.abort();
		this.#server.close();
		this.#server.closeAllConnections();
		await this.#pending;
		await Promise.all([...this.#pods.values()].flatMap(({containers}) => containers.map(({program}) => program.stop())));
	}
}

const iso = (ms: number): string => new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000', '');

function containerStatus({name, image, program}: PodContainer, uid: string) {
	const {lastExit, isRunning, waiting, restarts, startedAtMs} = program;
	const idOf = (run: number): string => `containerd://${uid.replaceAll('-', '')}${name}${run}`;
	const containerID = idOf(restarts);
	const terminated = lastExit && {
		reason: lastExit.reason,
		exitCode: lastExit.exitCode,
		...(!isRunning && Number.isFinite(startedAtMs) && {startedAt: iso(startedAtMs)}),
		finishedAt: iso(lastExit.atMs),
		containerID: idOf(isRunning ? restarts - 1 : restarts),
	};
	const hasEnded = !isRunning && waiting === undefined && terminated !== undefined;
	return {
		name,
		image,
		imageID: `${image}@sha256:${'0'.repeat(64)}`,
		containerID: isRunning || terminated ? containerID : '',
		ready: isRunning,
		started: isRunning,
		restartCount: restarts,
		state: isRunning
			? {running: {startedAt: iso(startedAtMs)}}
			: hasEnded
				? {terminated}
				: {waiting: {reason: waiting ?? 'ContainerCreating', message: waitingMessage(waiting, image)}},
		lastState: terminated && !hasEnded ? {terminated} : {},
	};
}

function waitingMessage(waiting: string | undefined, image: string): string {
	if (waiting === 'ImagePullBackOff') return `Back-off pulling image "${image}"`;
	return waiting === 'CrashLoopBackOff' ? 'back-off restarting failed container' : '';
}

function podStatus(pod: Pod) {
	const programs = pod.containers.map(({program}) => program);
	const isReady = programs.every(({isRunning}) => isRunning);
	const isOver = programs.every(({isRunning, waiting, lastExit}) => !isRunning && waiting === undefined && lastExit !== undefined);
	const neverRan = programs.some(({startedAtMs}) => Number.isNaN(startedAtMs));
	const restarting = programs.some(({lastExit}) => lastExit !== undefined && lastExit.reason !== 'Completed');
	const phase = neverRan ? 'Pending' : isOver && !restarting ? 'Succeeded' : 'Running';
	const statuses = (containers: readonly PodContainer[]) => containers.map(container => containerStatus(container, pod.uid));
	const condition = (type: string, holds: boolean) => ({type, status: holds ? 'True' : 'False'});
	return {
		phase,
		hostIP: '127.0.0.1',
		podIP: pod.ip,
		podIPs: [{ip: pod.ip}],
		startTime: pod.startTime,
		conditions: [
			condition('PodScheduled', true),
			condition('Initialized', true),
			condition('ContainersReady', isReady),
			condition('Ready', isReady),
		],
		initContainerStatuses: statuses(pod.containers.filter(({isSidecar}) => isSidecar)),
		containerStatuses: statuses(pod.containers.filter(({isSidecar}) => !isSidecar)),
	};
}
