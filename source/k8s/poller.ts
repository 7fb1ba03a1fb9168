import {Backoff, type Clock} from './clock.ts';
import {discoverMetrics, type MetricsVersion} from './discovery.ts';
import {type PodSample, readPodSample, Sieve, type Sifted} from './metrics.ts';
import {Rhythm} from './rhythm.ts';
import type {Failure, Transport} from './transport.ts';

/** A poll that brought an answer. */
export interface Round extends Sifted {
	readonly askedAtMs: number;
	readonly endedAtMs: number;
	/** The cluster's clock minus ours, where it is off by more than some seconds; else 0. */
	readonly offsetMs: number;
	/** Namespaces that did not answer this time: nothing is known of their pods. */
	readonly failed: ReadonlyMap<string, Failure>;
	/** Time from the newest sample to the answer, by the server's own clock. */
	readonly youngestMs: number;
}

export interface PollFailure {
	readonly failure: Failure;
	/** False: metrics.k8s.io is not served at all. */
	readonly registered: boolean;
	readonly version: MetricsVersion | undefined;
}

/** Asks metrics.k8s.io for samples, in the server's rhythm, for ever. One request at a time. */
export class Poller {
	/** A metrics server that is installed later is found within a minute. */
	static readonly probeMs = 15_000;
	/** A clock that differs by less may as well be the network's delay. */
	static readonly offsetMs = 5000;
	static readonly atOnce = 4;

	readonly rhythm: Rhythm;
	readonly sieve = new Sieve();
	/** Namespaces to ask for; undefined = all. */
	scopes: readonly string[] | undefined;
	polls = 0;
	lastMs = Number.NaN;
	readonly #transport: Transport;
	readonly #clock: Clock;
	readonly #selector: string;
	readonly #backoff: Backoff;
	readonly #slept: () => void;
	readonly #isKnown: (id: string) => boolean;
	#version: MetricsVersion | undefined;
	#unserved: MetricsVersion | undefined;
	#offsetMs = 0;
	#forbidden = 0;

	constructor(options: {
		readonly transport: Transport;
		readonly clock: Clock;
		readonly scopes: readonly string[] | undefined;
		readonly selector: string;
		readonly intervalMs: number;
		/** Is this pod (`namespace/name`) listed? */
		readonly isKnown: (id: string) => boolean;
		/** The machine was asleep: told before the next poll. */
		readonly slept: () => void;
	}) {
		this.#transport = options.transport;
		this.#clock = options.clock;
		this.scopes = options.scopes;
		this.#selector = options.selector;
		this.#slept = options.slept;
		this.#isKnown = options.isKnown;
		this.#backoff = new Backoff(options.clock);
		this.rhythm = new Rhythm(options.intervalMs);
	}

	get offsetMs(): number {
		return this.#offsetMs;
	}

	path(namespace: string | undefined): string {
		const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
		const query = this.#selector === '' ? '' : `?${new URLSearchParams({labelSelector: this.#selector})}`;
		return `/apis/metrics.k8s.io/${this.#version ?? 'v1beta1'}${within}/pods${query}`;
	}

	/**
	 * Without the right to read pods, two kinds of 404 tell them apart (metrics-server): `pods "x" not found` is gone,
	 * `podmetrics "ns/x" not found` runs and has no sample.
	 */
	async isGone({namespace, pod}: {readonly namespace: string; readonly pod: string}, signal: AbortSignal): Promise<boolean> {
		const path = this.path(namespace).replace(/\?.*$/, '');
		const answer = await this.#transport.get(`${path}/${encodeURIComponent(pod)}`, {signal, timeoutMs: 5000});
		return !answer.ok && answer.failure.type === 'status' && answer.failure.status === 404 && answer.failure.kind === 'pods';
	}

	/** Until the signal aborts. `onFailure` says whether something was changed that makes asking again at once sensible. */
	async run(
		signal: AbortSignal,
		onRound: (round: Round) => void,
		onFailure: (failure: PollFailure) => Promise<'again' | 'later'>,
	): Promise<void> {
		while (!signal.aborted) {
			const outcome = await this.#poll(signal);
			if (signal.aborted) return;
			const startMs = this.#clock.now();
			let wakeMs: number;
			if ('round' in outcome) {
				this.#backoff.reset();
				this.#forbidden = 0;
				const {askedAtMs, fresh, meanStepMs, meanWindowMs} = outcome.round;
				wakeMs = this.rhythm.next({startedAtMs: askedAtMs, fresh: fresh.length > 0, meanStepMs, meanWindowMs});
				onRound(outcome.round);
			} else {
				wakeMs = startMs + (await this.#failed(outcome, onFailure));
			}
			await this.#clock.sleep(Math.max(0, wakeMs - this.#clock.now()), signal);
			// Timers stand still while a machine sleeps, the clock does not.
			if (this.#clock.now() - wakeMs > Math.max(30_000, 3 * (this.rhythm.resolutionMs || 0)) && !signal.aborted) this.#slept();
		}
	}

	async #failed(failed: PollFailure, onFailure: (failure: PollFailure) => Promise<'again' | 'later'>): Promise<number> {
		const {failure, registered} = failed;
		const isForbidden = failure.type === 'status' && failure.status === 403;
		this.#forbidden = isForbidden ? this.#forbidden + 1 : 0;
		const waitMs = this.#backoff.next(failure.type === 'status' ? failure.retryAfterMs : 0);
		// While an API server starts it forbids everything for a moment: once is no reason to say that rights are missing.
		if (this.#forbidden === 1) return Math.max(500, Math.min(waitMs, 1000));
		if ((await onFailure(failed)) === 'again') return 0;
		return registered ? waitMs : Poller.probeMs + this.#clock.random() * Poller.probeMs;
	}

	async #poll(signal: AbortSignal): Promise<{readonly round: Round} | PollFailure> {
		if (this.#version === undefined) {
			const found = await discoverMetrics(this.#transport, {signal});
			if (!found.ok) {
				const missing = found.failure.type === 'status' && found.failure.status === 404;
				return {failure: found.failure, registered: !missing, version: undefined};
			}
			// One that is registered but answers 404 is passed over for the other, if there is one.
			this.#version = found.value.find(version => version !== this.#unserved) ?? found.value[0] ?? 'v1beta1';
			this.#unserved = undefined;
		}
		const askedAtMs = this.#clock.now();
		this.polls++;
		const samples: PodSample[] = [];
		const failed = new Map<string, Failure>();
		let serverMs = Number.NaN;
		let asked = 0;
		let last: Failure | undefined;
		const waiting: (string | undefined)[] = this.scopes === undefined ? [undefined] : [...this.scopes];
		const askNext = async () => {
			while (waiting.length > 0 && !signal.aborted) {
				const namespace = waiting.shift();
				const part: PodSample[] = [];
				const answer = await this.#transport.list(
					this.path(namespace),
					item => {
						const sample = readPodSample(item, this.sieve.dropped, this.#isKnown);
						if (sample !== undefined) part.push(sample);
					},
					{signal, timeoutMs: samples.length > 5000 || this.sieve.size > 5000 ? 20_000 : 10_000},
				);
				asked++;
				if (answer.ok) {
					serverMs = answer.serverMs;
					for (const sample of part) samples.push(sample);
				} else {
					last = answer.failure;
					failed.set(namespace ?? '', answer.failure);
				}
			}
		};
		await Promise.all(Array.from({length: Math.min(Poller.atOnce, waiting.length)}, askNext));
		if (last !== undefined && (failed.size === asked || signal.aborted)) {
			// The group is gone, or this version of it: look again.
			if (last.type === 'status' && last.status === 404) {
				this.#unserved = this.#version;
				this.#version = undefined;
			}
			return {failure: last, registered: true, version: this.#version};
		}
		const endedAtMs = this.#clock.now();
		this.lastMs = endedAtMs;
		const sifted = this.sieve.sift(samples, askedAtMs, serverMs);
		this.rhythm.setAdapter(this.sieve.adapterWindowMs);
		const [first] = samples;
		const answeredAtMs = first === undefined ? serverMs : Number.isNaN(first.answeredAtMs) ? serverMs : first.answeredAtMs;
		this.#setOffset(answeredAtMs + 500 - (askedAtMs + endedAtMs) / 2);
		let youngestMs = Number.NaN;
		for (const {sampledAtMs} of samples) if (!(answeredAtMs - sampledAtMs >= youngestMs)) youngestMs = answeredAtMs - sampledAtMs;
		return {round: {...sifted, askedAtMs, endedAtMs, offsetMs: this.#offsetMs, failed, youngestMs}};
	}

	/** Kept as it is while it is about right, so that sample times do not jitter with it. */
	#setOffset(offsetMs: number): void {
		if (Number.isNaN(offsetMs) || Math.abs(offsetMs - this.#offsetMs) <= Poller.offsetMs) return;
		this.#offsetMs = Math.abs(offsetMs) > Poller.offsetMs ? Math.round(offsetMs / 1000) * 1000 : 0;
	}
}
