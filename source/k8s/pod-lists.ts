import type {Clock} from './clock.ts';
import type {Interner, Pod} from './pod.ts';
import {Pods} from './pods.ts';
import type {Transport} from './transport.ts';

export interface PodListsOptions {
	readonly transport: Transport;
	readonly clock: Clock;
	readonly context: string;
	readonly selector: string;
	readonly interner: Interner;
	/** Told of each change: of pods, or of how well they are known. */
	readonly changed: (what: 'pods' | 'state') => void;
}

/** The pods of all namespaces that are read: one list for all of them, or one for each. */
export class PodLists {
	/** More watches at once would be a burden: then the lists are looked at in turn. */
	static readonly mostWatches = 25;

	each: readonly Pods[] = [];
	readonly #options: PodListsOptions;
	#over = new AbortController();

	constructor(options: PodListsOptions) {
		this.#options = options;
	}

	/** Follows these namespaces in place of those before; undefined = all. */
	follow(namespaces: readonly string[] | undefined, signal: AbortSignal): void {
		this.close();
		this.#over = new AbortController();
		const both = AbortSignal.any([signal, this.#over.signal]);
		const scopes = namespaces === undefined ? [{}] : namespaces.map(namespace => ({namespace}));
		this.each = scopes.map(scope => new Pods({...this.#options, scope, watching: scopes.length <= PodLists.mostWatches}));
		for (const pods of this.each) void pods.follow(both);
	}

	close(): void {
		this.#over.abort();
	}

	/** By `namespace/name`. */
	get(id: string): Pod | undefined {
		for (const {byId} of this.each) {
			const pod = byId.get(id);
			if (pod !== undefined) return pod;
		}
		return undefined;
	}

	*all(): Generator<Pod> {
		for (const {byId} of this.each) yield* byId.values();
	}

	get isLoading(): boolean {
		return this.each.some(({state}) => state.state === 'loading');
	}

	/** At least one list is in. */
	get isKnown(): boolean {
		return this.each.some(({state}) => state.state === 'known');
	}

	/** Is it known which pods this namespace has? */
	covers(namespace: string): boolean {
		return this.each.some(({state, scope}) => state.state === 'known' && (scope.namespace === undefined || scope.namespace === namespace));
	}

	total(count: 'lists' | 'watches' | 'malformed'): number {
		return this.each.reduce((sum, pods) => sum + pods[count], 0);
	}
}
