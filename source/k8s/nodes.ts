import {cleanName} from '../clean.ts';
import type {Problem} from '../scrape.ts';
import type {Clock} from './clock.ts';
import {listOf, objectOf} from './json.ts';
import type {Pod} from './pod.ts';
import type {Transport} from './transport.ts';

export interface Node {
	readonly name: string;
	/** The kubelet reports. Undefined while that is not known. */
	readonly ready?: boolean;
	readonly memoryPressure: boolean;
	readonly cordoned: boolean;
}

/** The nodes, where they may be read: why a node is silent, and which is short of memory. Looked at once a minute: no watch, no right needed. */
export class Nodes {
	static readonly everyMs = 60_000;
	/** Where reading them is forbidden. */
	static readonly forbiddenEveryMs = 30 * 60_000;

	byName: ReadonlyMap<string, Node> = new Map();
	readonly #transport: Transport;
	readonly #clock: Clock;
	readonly #changed: () => void;

	constructor(transport: Transport, clock: Clock, changed: () => void) {
		this.#transport = transport;
		this.#clock = clock;
		this.#changed = changed;
	}

	async follow(signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			const forbidden = await this.#look(signal);
			await this.#clock.sleep(forbidden ? Nodes.forbiddenEveryMs : Nodes.everyMs, signal);
		}
	}

	async #look(signal: AbortSignal): Promise<boolean> {
		const nodes = new Map<string, Node>();
		let token = '';
		do {
			const answer = await this.#transport.list(
				`/api/v1/nodes?limit=100${token === '' ? '' : `&continue=${encodeURIComponent(token)}`}`,
				item => {
					const node = readNode(item);
					if (node !== undefined) nodes.set(node.name, node);
				},
				{signal},
			);
			if (!answer.ok) return answer.failure.type === 'status' && answer.failure.status === 403;
			const next = objectOf(answer.value.metadata).continue;
			token = typeof next === 'string' ? next : '';
		} while (token !== '');
		if (JSON.stringify([...nodes.values()]) !== JSON.stringify([...this.byName.values()])) {
			this.byName = nodes;
			this.#changed();
		}
		return false;
	}
}

function readNode(item: unknown): Node | undefined {
	const {metadata, spec, status} = objectOf(item);
	const name = cleanName(objectOf(metadata).name);
	if (name === '') return undefined;
	let ready: boolean | undefined;
	let memoryPressure = false;
	for (const condition of listOf(objectOf(status).conditions)) {
		const {type, status: holds} = objectOf(condition);
		if (type === 'Ready') ready = holds === 'True';
		if (type === 'MemoryPressure') memoryPressure = holds === 'True';
	}
	return {name, memoryPressure, cordoned: objectOf(spec).unschedulable === true, ...(ready !== undefined && {ready})};
}

/**
 * Who goes first when a node runs out of memory: what uses more than it asked for, by how much it does
 * (kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction, "Pod selection for kubelet eviction").
 */
export function pressureProblem(node: Node, pods: Iterable<Pod>, memoryOf: (key: string) => number): Problem {
	const over: {name: string; bytes: number}[] = [];
	for (const pod of pods) {
		if (pod.node !== node.name || pod.phase !== 'Running') continue;
		let bytes = 0;
		for (const {of} of pod.containers) bytes += (memoryOf(of.key) || 0) - of.memoryRequestBytes;
		if (bytes > 0) over.push({name: pod.id, bytes});
	}
	over.sort((a, b) => b.bytes - a.bytes);
	const first = over.slice(0, 3).map(({name, bytes}) => `${name} (${Math.round(bytes / 2 ** 20)}Mi over its request)`);
	return {
		id: `node-memory-pressure/${node.name}`,
		what: `Node ${node.name} has MemoryPressure${node.cordoned ? ' and is cordoned' : ''}`,
		why: first.length > 0 ? `Evicted first: ${first.join(', ')}.` : 'Its kubelet will evict pods.',
		fix: `kubectl describe node ${node.name}`,
	};
}
