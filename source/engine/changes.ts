/** What changed: rollouts, scaling, node moves and restarts, told once, and kept for two hours to be named beside an anomaly. */
import type {Container} from '../scrape.ts';
import type {Change, Event} from './verdict.ts';

const REMEMBERED_MS = 2 * 3_600_000;
/** A change seen so soon after an anomaly's first odd reading may have caused it: the two are sampled apart. */
const AFTER_MS = 120_000;
/** Replicas that came so long before a fall of CPU explain it. */
const SCALED_BEFORE_MS = 300_000;
/** A number of replicas that held for so long is told. */
const SETTLED_MS = 30_000;

interface Workload {
	/** `namespace/Deployment/checkout` */
	readonly name: string;
	/** Pods, each with its revision. */
	readonly pods: Map<string, string>;
	latest: {revision: string; image: string};
	/** Numbers of replicas with the time from which they held, oldest first. */
	readonly replicas: {readonly atMs: number; readonly count: number}[];
	told: number;
	/** First seen then: what is there at that moment is no change. */
	readonly firstMs: number;
	readonly log: Change[];
}

const podOf = ({key, name}: Container): string => key.slice(0, key.length - name.length - 1);
const revisionOf = ({revision, image}: Container): string => revision ?? image ?? '';
/** `registry.example/shop/checkout:v44@sha256:…` → `checkout:v44` */
const shortImage = (image: string): string => image.slice(image.lastIndexOf('/') + 1).replace(/@.*$/, '');

export class Changes {
	readonly workloads = new Map<string, Workload>();
	/** Node of each pod: a pod of a stateful set keeps its name when it moves. */
	readonly nodes = new Map<string, string>();
	/** Restarts and moves by container key. */
	readonly own = new Map<string, Change[]>();
	readonly unsettled = new Set<string>();
	/** Workloads without a pod, and since when: forgotten once no anomaly can name what changed of them. */
	readonly emptied = new Map<string, number>();

	/** A container that is new, or of which something changed. */
	note(of: Container, atMs: number, events: Event[]): void {
		const pod = podOf(of);
		const before = this.nodes.get(pod);
		if (of.node !== undefined) {
			this.nodes.set(pod, of.node);
			if (before !== undefined && before !== of.node)
				this.#tell({what: 'moved', atMs, of: of.key, detail: `${before} → ${of.node}`}, events);
		}
		if (of.workload === undefined || of.role === 'init') return;
		const name = `${of.namespace}/${of.workload}`;
		const revision = revisionOf(of);
		const image = shortImage(of.image ?? '');
		let workload = this.workloads.get(name);
		if (!workload) {
			workload = {name, pods: new Map(), latest: {revision, image}, replicas: [], told: 0, firstMs: atMs, log: []};
			this.workloads.set(name, workload);
		}
		const isNew = !workload.pods.has(pod);
		workload.pods.set(pod, revision);
		this.emptied.delete(name);
		if (!isNew) return;
		this.#count(workload, atMs);
		if (workload.firstMs === atMs || workload.latest.revision === revision) return;
		const {latest} = workload;
		const detail = image !== '' && image !== latest.image ? `${latest.image} → ${image}` : `${latest.revision} → ${revision}`;
		workload.latest = {revision, image};
		this.#log(workload, {what: 'rollout', atMs, of: name, detail}, events);
	}

	gone(of: Container, atMs: number): void {
		const pod = podOf(of);
		this.nodes.delete(pod);
		this.own.delete(of.key);
		const name = `${of.namespace}/${of.workload}`;
		const workload = this.workloads.get(name);
		if (!workload?.pods.delete(pod)) return;
		if (workload.pods.size === 0) {
			this.unsettled.delete(name);
			this.emptied.delete(name);
			this.emptied.set(name, atMs);
		}
		this.#count(workload, atMs);
	}

	restarted(of: Container, detail: string, atMs: number, events: Event[]): void {
		this.#tell({what: 'restart', atMs, of: of.key, detail}, events);
	}

	/** Tells numbers of replicas that have settled. A rollout's surge is none of them. */
	settle(atMs: number, events: Event[]): void {
		for (const [name, sinceMs] of this.emptied) {
			if (atMs - sinceMs < REMEMBERED_MS) break; // oldest first
			this.emptied.delete(name);
			this.workloads.delete(name);
			this.unsettled.delete(name);
		}
		for (const name of this.unsettled) {
			const workload = this.workloads.get(name);
			const now = workload?.replicas.at(-1);
			if (!workload || !now) continue;
			if (atMs - now.atMs < SETTLED_MS || new Set(workload.pods.values()).size > 1) continue;
			this.unsettled.delete(name);
			const was = workload.told;
			workload.told = now.count;
			// A job that comes to its end has not been scaled in.
			if (was === now.count || was === 0 || /\/(?:Cron)?Job\//.test(name)) continue;
			const what = now.count > was ? 'scaled-out' : 'scaled-in';
			this.#log(workload, {what, atMs: now.atMs, of: name, detail: `${was} → ${now.count} replicas`}, events);
		}
	}

	/** Changes near a container, of its workload and its own, in the two hours before, oldest first. */
	near(of: Container, beforeMs: number): readonly Change[] {
		const found: Change[] = [];
		for (const log of [this.workloads.get(`${of.namespace}/${of.workload}`)?.log, this.own.get(of.key)]) {
			for (const change of log ?? []) {
				if (change.atMs > beforeMs - REMEMBERED_MS && change.atMs <= beforeMs + AFTER_MS) found.push(change);
			}
		}
		return found.sort((a, b) => a.atMs - b.atMs);
	}

	/** More replicas now than some minutes before `sinceMs`. */
	scaledOut(of: Container, sinceMs: number): boolean {
		const replicas = this.workloads.get(`${of.namespace}/${of.workload}`)?.replicas;
		if (!replicas) return false;
		const now = replicas.at(-1)?.count ?? 0;
		const before = replicas.findLast(({atMs}) => atMs <= sinceMs - SCALED_BEFORE_MS);
		return before !== undefined && now > before.count;
	}

	#count(workload: Workload, atMs: number): void {
		const count = workload.pods.size;
		if (workload.firstMs === atMs) {
			workload.replicas.length = 0;
			workload.told = count;
		} else this.unsettled.add(workload.name);
		if (workload.replicas.at(-1)?.count === count) return;
		workload.replicas.push({atMs, count});
		if (workload.replicas.length > 32) workload.replicas.shift();
	}

	#log(workload: Workload, change: Change, events: Event[]): void {
		workload.log.push(change);
		if (workload.log.length > 16) workload.log.shift();
		events.push({type: 'change', atMs: change.atMs, change});
	}

	#tell(change: Change, events: Event[]): void {
		const log = this.own.get(change.of) ?? [];
		log.push(change);
		if (log.length > 8) log.shift();
		this.own.set(change.of, log);
		events.push({type: 'change', atMs: change.atMs, change});
	}
}
