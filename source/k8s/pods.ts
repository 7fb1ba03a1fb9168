import {cleanText} from '../clean.ts';
import {Backoff, type Clock, StartLimit} from './clock.ts';
import {objectOf, textOf} from './json.ts';
import {type Interner, type Pod, readPod} from './pod.ts';
import type {Failure, Result, Transport, WatchEvent} from './transport.ts';

/** Followed by one list and one watch: a namespace, or all of them. */
export interface Scope {
	readonly namespace?: string;
}

export type PodsState =
	| {readonly state: 'loading'}
	/** The list is in; a watch keeps it true, or tries to. */
	| {readonly state: 'known'; readonly failure?: Failure}
	| {readonly state: 'failed'; readonly failure: Failure};

/**
 * The pods of one scope, kept true by list and watch. Pages of 500 are trimmed while they arrive. What the informers of client
 * libraries leave to their users is done here: reconnecting after any end, a new list after 410 only, deletes found by comparing, a
 * connection that went silent, and never more than ten starts a minute.
 */
export class Pods {
	static readonly pageSize = 500;
	static readonly startsPerMinute = 10;
	/** The server is asked to end a watch after so long, so that a silence of a little more means a dead connection. */
	static readonly watchSeconds = 45;
	/** A watch that lived so long was no failed attempt. */
	static readonly soundAfterMs = 5000;

	state: PodsState = {state: 'loading'};
	lists = 0;
	watches = 0;
	/** Items and events that were no pods. */
	malformed = 0;
	readonly scope: Scope;
	readonly byId = new Map<string, Pod>();
	readonly #transport: Transport;
	readonly #clock: Clock;
	readonly #context: string;
	readonly #selector: string;
	readonly #interner: Interner;
	readonly #changed: (what: 'pods' | 'state') => void;
	readonly #watching: boolean;
	readonly #backoff: Backoff;
	/** Between lists that a watch asked for: a history that is too old each time must not become a list each time. */
	readonly #relist: Backoff;
	readonly #starts: StartLimit;
	#resourceVersion = '';
	/** Watches in a row that ended without a word, not even a bookmark: the version may be one of another cluster's future. */
	#mute = 0;

	constructor(options: {
		readonly transport: Transport;
		readonly clock: Clock;
		readonly context: string;
		readonly scope: Scope;
		readonly selector: string;
		readonly interner: Interner;
		/** Told of each change: of pods, or of how well they are known. */
		readonly changed: (what: 'pods' | 'state') => void;
		/** False: look again each minute. For where hundreds of namespaces would each hold a connection. */
		readonly watching: boolean;
	}) {
		this.#transport = options.transport;
		this.#clock = options.clock;
		this.#context = options.context;
		this.scope = options.scope;
		this.#selector = options.selector;
		this.#interner = options.interner;
		this.#changed = options.changed;
		this.#watching = options.watching;
		this.#backoff = new Backoff(options.clock);
		this.#relist = new Backoff(options.clock);
		this.#starts = new StartLimit(options.clock, Pods.startsPerMinute);
	}

	/** Failures in a row. */
	get failures(): number {
		return this.#backoff.failures;
	}

	/** Until the signal aborts. */
	async follow(signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			await this.#starts.wait(signal);
			if (signal.aborted) return;
			const failure = this.#resourceVersion === '' ? await this.#list(signal) : await this.#watch(signal);
			if (signal.aborted) return;
			if (failure === undefined) {
				this.#backoff.reset();
				continue;
			}
			const waitMs = this.#backoff.next(failure.type === 'status' ? failure.retryAfterMs : 0);
			this.#fail(failure);
			await this.#clock.sleep(waitMs, signal);
		}
	}

	#fail(failure: Failure): void {
		// That a watch ends is how watches are: it is worth a word only when the next attempts fail too.
		if (this.state.state === 'known' && this.#backoff.failures < 3) return;
		this.state = this.state.state === 'known' ? {state: 'known', failure} : {state: 'failed', failure};
		this.#changed('state');
	}

	#path(query: Readonly<Record<string, string>>): string {
		const {namespace} = this.scope;
		const parameters = new URLSearchParams(query);
		if (this.#selector !== '') parameters.set('labelSelector', this.#selector);
		return `/api/v1/${namespace === undefined ? '' : `namespaces/${encodeURIComponent(namespace)}/`}pods?${parameters}`;
	}

	async #list(signal: AbortSignal): Promise<Failure | undefined> {
		this.lists++;
		const found = new Set<string>();
		let token = '';
		let version = '';
		do {
			const page: Pod[] = [];
			const answer = await this.#transport.list(
				this.#path({limit: String(Pods.pageSize), ...(token !== '' && {continue: token})}),
				item => {
					const pod = this.#read(item);
					if (pod === undefined) this.malformed++;
					else page.push(pod);
				},
				{signal, timeoutMs: 30_000},
			);
			// 410 in mid-list (the token is too old) begins again, like any failure.
			if (!answer.ok) return answer.failure;
			for (const pod of page) {
				found.add(pod.id);
				this.byId.set(pod.id, pod);
			}
			const metadata = objectOf(answer.value.metadata);
			token = textOf(metadata.continue) ?? '';
			version = textOf(metadata.resourceVersion) ?? '';
			if (version === '') return {type: 'malformed', message: 'a list without a resourceVersion'};
		} while (token !== '');
		// What was deleted while nobody watched.
		for (const id of this.byId.keys()) if (!found.has(id)) this.byId.delete(id);
		this.#resourceVersion = version;
		this.#mute = 0;
		this.state = {state: 'known'};
		this.#changed('state');
		return undefined;
	}

	async #watch(signal: AbortSignal): Promise<Failure | undefined> {
		if (!this.#watching) return this.#lookAgain(signal);
		this.watches++;
		const seconds = Pods.watchSeconds + Math.floor(this.#clock.random() * 10);
		const startedAtMs = this.#clock.now();
		let heard = false;
		let gone: Failure | undefined;
		const answer: Result<undefined> = await this.#transport.watch(
			this.#path({watch: '1', allowWatchBookmarks: 'true', resourceVersion: this.#resourceVersion, timeoutSeconds: String(seconds)}),
			event => {
				heard = true;
				gone ??= this.#take(event);
			},
			{signal, silenceMs: (seconds + 5) * 1000},
		);
		if (heard && this.state.state === 'known' && this.state.failure !== undefined) {
			this.state = {state: 'known'};
			this.#changed('state');
		}
		this.#mute = heard ? 0 : this.#mute + 1;
		const livedMs = this.#clock.now() - startedAtMs;
		if (gone !== undefined || isStatus(answer, 410) || this.#mute >= 5) {
			this.#resourceVersion = '';
			this.#mute = 0;
			if (livedMs > 30_000) this.#relist.reset();
			if (this.#relist.failures++ > 0) await this.#clock.sleep(this.#relist.next(), signal);
			return undefined;
		}
		if (isStatus(answer, 403)) {
			// Listing is allowed and watching is not.
			return this.#lookAgain(signal);
		}
		if (!answer.ok) {
			// It worked until it was cut, as some proxies do each minute: that is no failure in a row with those before it.
			if (heard && livedMs >= Pods.soundAfterMs) this.#backoff.reset();
			return answer.failure;
		}
		// One that ends as soon as it has begun, again and again, must not be restarted at once for ever.
		return livedMs < Pods.soundAfterMs ? {type: 'network', code: 'ECONNRESET', message: 'the watch ended at once'} : undefined;
	}

	async #lookAgain(signal: AbortSignal): Promise<undefined> {
		this.#resourceVersion = '';
		await this.#clock.sleep(60_000, signal);
	}

	/** A failure that needs a new list. */
	#take({type, object}: WatchEvent): Failure | undefined {
		if (type === 'ERROR') {
			const status = typeof object.code === 'number' ? object.code : 500;
			const message = cleanText(object.message, 300);
			return {type: 'status', status, message, retryAfterMs: 0, named: true, certificateEndsAtMs: Number.NaN};
		}
		const version = textOf(objectOf(object.metadata).resourceVersion);
		if (version !== undefined) this.#resourceVersion = version;
		if (type === 'BOOKMARK') return undefined;
		const pod = EVENTS.has(type) ? this.#read(object) : undefined;
		if (pod === undefined) {
			this.malformed++;
			return undefined;
		}
		const old = this.byId.get(pod.id);
		if (type === 'DELETED') {
			// A pod of the same name may have been made before the end of this one was told.
			if (old?.uid !== pod.uid || !this.byId.delete(pod.id)) return undefined;
		} else {
			this.byId.set(pod.id, pod);
		}
		this.#changed('pods');
		return undefined;
	}

	#read(item: unknown): Pod | undefined {
		const {name, namespace, uid} = objectOf(objectOf(item).metadata);
		const old = this.byId.get(`${namespace}/${name}`);
		return readPod(item, this.#context, old?.uid === uid ? old : undefined, this.#interner);
	}
}

const EVENTS: ReadonlySet<string> = new Set(['ADDED', 'MODIFIED', 'DELETED']);

const isStatus = (answer: Result<unknown>, status: number): boolean =>
	!answer.ok && answer.failure.type === 'status' && answer.failure.status === status;
