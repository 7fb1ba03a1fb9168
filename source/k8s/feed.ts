import {setImmediate} from 'node:timers/promises';
import {cleanText} from '../clean.ts';
import type {Details, Feed, Problem, Scrape} from '../scrape.ts';
import {type Surroundings, silentNodes} from './absence.ts';
import {isForbidden, narrowed, readableNamespaces} from './access.ts';
import {circumstances, isCircumstance, isEmptyAnswer} from './circumstances.ts';
import {type Clock, systemClock} from './clock.ts';
import {Credentials} from './credentials.ts';
import {readDetails} from './details.ts';
import {unavailableBecause} from './discovery.ts';
import {CredentialsError} from './exec-plugin.ts';
import type {Health} from './health.ts';
import {type ClusterAccess, isProblem, loadKubeconfig} from './kubeconfig.ts';
import {Nodes} from './nodes.ts';
import type {ClusterOptions} from './options.ts';
import {Interner} from './pod.ts';
import {PodLists} from './pod-lists.ts';
import {Poller, type PollFailure, type Round} from './poller.ts';
import {ProblemBoard, problemOf} from './problems.ts';
import {hasSample, Rows} from './rows.ts';
import {type Failure, Transport} from './transport.ts';

export interface Cluster {
	readonly feed: Feed & {details(key: string): Promise<Details>};
	readonly context: string;
	/** All that the kubeconfig names. */
	readonly contexts: readonly string[];
	readonly server: string;
	/** Those that are read; undefined = all. May become known, or change, while the feed runs. */
	namespaces(): readonly string[] | undefined;
	health(): Health;
	/** The screen has the terminal from now on: credential plugins must not prompt. */
	screenTaken(): void;
}

/**
 * Opens the cluster that the options and kubeconfigs name. What is wrong on this side (no kubeconfig, unknown context, a credential plugin
 * that fails) is a Problem here; what is wrong on the other side is for the feed to tell, again and again until it is mended.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster | Problem> {
	const access = loadKubeconfig(options);
	if (isProblem(access)) return access;
	const clock = options.clock ?? systemClock;
	const reload = (): ClusterAccess | undefined => {
		// The context stays, even when somebody else has meanwhile switched to another.
		const again = loadKubeconfig(access.from === 'kubeconfig' ? {...options, context: access.context} : options);
		return isProblem(again) ? undefined : again;
	};
	const credentials = new Credentials(access, reload, clock, options.interactive === true);
	try {
		// Before anything else: a plugin may have to ask a person, who takes longer than any request may.
		await credentials.current();
	} catch (error) {
		if (!(error instanceof CredentialsError)) throw error;
		return {
			id: 'credentials',
			what: `Unable to connect to the server: ${credentials.redact(error.message)}`,
			why: 'What the kubeconfig names to log in with did not work.',
			fix: error.hint === undefined ? 'kubectl config view --minify' : credentials.redact(error.hint),
		};
	}
	const live = new LiveFeed(options, access, credentials, clock);
	return {
		feed: live,
		context: live.label,
		contexts: access.contexts,
		server: access.server.host,
		namespaces: () => live.namespaces,
		health: () => live.health(),
		screenTaken: () => credentials.screenTaken(),
	};
}

/** For commands that want one look: the first scrape that has an answer of the metrics API in it, good or bad. */
export async function firstScrape(feed: Feed, signal: AbortSignal): Promise<Scrape | undefined> {
	for await (const scrape of feed.scrapes(signal))
		if (scrape.readings.length > 0 || scrape.problems.some(({id}) => METRICS_PROBLEMS.test(id) || isEmptyAnswer(id))) return scrape;
	return undefined;
}

class LiveFeed implements Feed {
	/** A slow pod list must not hold up the metrics by more, nor the other way round. */
	static readonly patienceMs = 2000;
	/** Changes of pods between two polls are told together. */
	static readonly podChangesEveryMs = 5000;
	static readonly narrowAgainMs = 5 * 60_000;

	readonly label: string;
	readonly #clock: Clock;
	readonly #access: ClusterAccess;
	readonly #credentials: Credentials;
	readonly #transport: Transport;
	readonly #poller: Poller;
	readonly #nodes: Nodes;
	readonly #pods: PodLists;
	readonly #rows: Rows;
	readonly #board = new ProblemBoard();
	/** Asked for by name; undefined = all that may be read. */
	readonly #asked: readonly string[] | undefined;
	/** For as long as somebody listens. */
	#over = new AbortController();
	#narrowing: Promise<void> | undefined;
	#narrowedAtMs = Number.NEGATIVE_INFINITY;

	#rounds: Round[] = [];
	#latest: Round | undefined;
	#metricsSettled = false;
	#metricsFail = false;
	#touched = false;
	#urgent = false;
	#bell = new AbortController();
	#composedAtMs = Number.NEGATIVE_INFINITY;

	#told: readonly Problem[] = [];

	constructor(options: ClusterOptions, access: ClusterAccess, credentials: Credentials, clock: Clock) {
		this.#access = access;
		this.#credentials = credentials;
		this.#clock = clock;
		this.label = cleanText(access.context, 253);
		const selector = options.selector ?? '';
		const interner = new Interner();
		this.#asked = options.allNamespaces
			? undefined
			: options.namespaces?.length
				? [...new Set(options.namespaces)]
				: access.namespace === undefined
					? undefined
					: [access.namespace];
		this.#transport = new Transport(credentials, clock, options.requestTimeoutMs);
		this.#poller = new Poller({
			transport: this.#transport,
			clock,
			scopes: this.#asked,
			selector,
			intervalMs: options.intervalMs ?? Number.NaN,
			isKnown: id => this.#pods.get(id) !== undefined,
			slept: () => this.#credentials.closeConnections(),
		});
		this.#nodes = new Nodes(this.#transport, clock, () => this.#touch());
		this.#pods = new PodLists({
			transport: this.#transport,
			clock,
			context: access.context,
			selector,
			interner,
			changed: what => this.#podsChanged(what),
		});
		this.#rows = new Rows({
			context: access.context,
			pods: this.#pods,
			sieve: this.#poller.sieve,
			interner,
			isGone: async of => {
				const gone = await this.#poller.isGone(of, this.#over.signal);
				if (gone) this.#touch();
				return gone;
			},
		});
	}

	get intervalMs(): number {
		return this.#poller.rhythm.resolutionMs;
	}

	get namespaces(): readonly string[] | undefined {
		return this.#poller.scopes;
	}

	health(): Health {
		const {requests, connections, bytes, failures, underway} = this.#transport.traffic;
		const {sieve, rhythm, polls, lastMs, offsetMs} = this.#poller;
		return {
			polls,
			requests,
			connections,
			bytes,
			failures,
			underway,
			lists: this.#pods.total('lists'),
			watches: this.#pods.total('watches'),
			dropped: {...sieve.dropped, malformed: sieve.dropped.malformed + this.#pods.total('malformed')},
			resolutionMs: rhythm.resolutionMs,
			lastPollMs: lastMs,
			clockOffsetMs: offsetMs,
			adapter: !Number.isNaN(sieve.adapterWindowMs),
		};
	}

	async details(key: string): Promise<Details> {
		const of = this.#rows.of(key);
		if (of === undefined) return {events: []};
		const pod = this.#pods.get(`${of.namespace}/${of.pod}`);
		return readDetails(
			this.#transport,
			{
				namespace: of.namespace,
				pod: of.pod,
				...(pod !== undefined && {uid: pod.uid}),
				...(of.workload !== undefined && {workload: of.workload}),
				...(of.waiting !== undefined && {waiting: of.name}),
			},
			{signal: new AbortController().signal},
		);
	}

	async *scrapes(signal: AbortSignal): AsyncGenerator<Scrape> {
		this.#over = new AbortController();
		const over = this.#over.signal;
		const stop = () => this.#over.abort();
		signal.addEventListener('abort', stop, {once: true});
		if (signal.aborted) stop();
		try {
			this.#pods.follow(this.#asked, over);
			void this.#nodes.follow(over);
			void this.#keepNarrow();
			void this.#poller.run(
				over,
				round => this.#heard(round),
				failed => this.#pollFailed(failed),
			);
			await this.#bothOrPatience();
			for (let first = true; !over.aborted; first = false) {
				if (!first) await this.#somethingToTell();
				if (over.aborted) return;
				// What came with the last bytes of a poll has had its turn of the event loop: keys are heard in between.
				await setImmediate();
				const scrape = await this.#compose();
				if (first || scrape !== undefined)
					yield scrape ?? {atMs: this.#clock.now(), readings: [], absent: this.#rows.absent, problems: this.#told};
			}
		} finally {
			signal.removeEventListener('abort', stop);
			stop();
			this.#credentials.closeConnections();
		}
	}

	// What the parts tell.

	#heard(round: Round): void {
		this.#latest = round;
		this.#metricsSettled = true;
		this.#metricsFail = false;
		// A reader that does not come back for minutes loses rounds, not memory.
		if (this.#rounds.length >= 16) this.#rounds.shift();
		this.#rounds.push(round);
		const failing = new Set<string>();
		for (const [namespace, failure] of round.failed) {
			const id = this.#tell(failure, 'metrics', namespace === '' ? undefined : namespace);
			if (id !== undefined) failing.add(id);
		}
		this.#board.end(id => METRICS_PROBLEMS.test(id) && !failing.has(id));
		this.#ring(true);
	}

	async #pollFailed({failure, registered, version}: PollFailure): Promise<'again' | 'later'> {
		const {signal} = this.#over;
		if (lacksRights(failure) && this.#asked === undefined && this.#poller.scopes === undefined) {
			await this.#narrow();
			// With fewer namespaces it is asked again before anything is said.
			if (this.#poller.scopes !== undefined) return 'again';
		}
		const unavailable = failure.type === 'status' && failure.status === 503 && version !== undefined;
		const condition = unavailable ? await unavailableBecause(this.#transport, version, {signal}) : undefined;
		if (signal.aborted) return 'later';
		const id = this.#tell(failure, 'metrics', this.#asked?.length === 1 ? this.#asked[0] : undefined, registered, condition);
		this.#board.end(other => METRICS_PROBLEMS.test(other) && other !== id);
		this.#metricsFail = true;
		this.#metricsSettled = true;
		this.#ring(true);
		return 'later';
	}

	#at(asked: 'metrics' | 'pods') {
		const {server} = this.#access;
		return {
			asked,
			host: server.port === '' ? `${server.hostname}:${server.protocol === 'http:' ? 80 : 443}` : server.host,
			context: this.label,
			nowMs: this.#clock.now(),
			proxied: this.#access.proxyUrl !== undefined,
		};
	}

	#tell(failure: Failure, asked: 'metrics' | 'pods', namespace?: string, registered = true, condition?: string): string | undefined {
		const problem = problemOf(failure, {
			...this.#at(asked),
			registered,
			...(namespace !== undefined && {namespace}),
			...(condition !== undefined && {condition}),
		});
		if (problem !== undefined) this.#board.set(problem, this.#clock.now());
		return problem?.id;
	}

	#touch(): void {
		this.#touched = true;
		this.#ring(false);
	}

	#ring(urgent: boolean): void {
		if (urgent) this.#urgent = true;
		this.#bell.abort();
	}

	/** Until the bell rings, for so long at most. */
	async #listen(ms: number): Promise<void> {
		if (this.#bell.signal.aborted) this.#bell = new AbortController();
		await this.#clock.sleep(ms, AbortSignal.any([this.#bell.signal, this.#over.signal]));
	}

	async #bothOrPatience(): Promise<void> {
		let oneMs = Number.NaN;
		while (!this.#over.signal.aborted) {
			const podsSettled = !this.#pods.isLoading;
			if (this.#metricsSettled && podsSettled) return;
			if (Number.isNaN(oneMs) && (this.#metricsSettled || podsSettled)) oneMs = this.#clock.now();
			const leftMs = Number.isNaN(oneMs) ? 60_000 : oneMs + LiveFeed.patienceMs - this.#clock.now();
			if (leftMs <= 0) return;
			await this.#listen(leftMs);
		}
	}

	async #somethingToTell(): Promise<void> {
		while (!this.#over.signal.aborted) {
			if (this.#urgent || this.#rounds.length > 0) return;
			const leftMs = this.#touched ? this.#composedAtMs + LiveFeed.podChangesEveryMs - this.#clock.now() : 3_600_000;
			if (leftMs <= 0) return;
			await this.#listen(leftMs);
		}
	}

	// Which namespaces are read.

	#podsChanged(what: 'pods' | 'state'): void {
		this.#touched = true;
		this.#ring(what === 'state');
		const [first] = this.#pods.each;
		if (this.#asked !== undefined || first?.scope.namespace !== undefined || first?.state.state !== 'failed') return;
		// An API server that starts forbids everything for a moment.
		if (first.failures > 1 && lacksRights(first.state.failure)) void this.#narrow();
	}

	/** All namespaces may not be read: those that may. Metrics and pods are granted apart; what may be read everywhere is read everywhere. */
	#narrow(): Promise<void> {
		this.#narrowing ??= this.#narrowNow().finally(() => {
			this.#narrowing = undefined;
		});
		return this.#narrowing;
	}

	async #narrowNow(): Promise<void> {
		const {signal} = this.#over;
		if (this.#clock.now() - this.#narrowedAtMs < LiveFeed.narrowAgainMs) return;
		this.#narrowedAtMs = this.#clock.now();
		const [allMetrics, allPods] = await Promise.all([
			this.#transport.list(this.#poller.path(undefined), () => {}, {signal}),
			this.#transport.list('/api/v1/pods?limit=1', () => {}, {signal}),
		]);
		const few = isForbidden(allMetrics) || isForbidden(allPods);
		const readable = few
			? await readableNamespaces(this.#transport, namespace => this.#poller.path(namespace), [this.#access.namespace], signal)
			: undefined;
		if (signal.aborted) return;
		const metrics = isForbidden(allMetrics) && readable !== undefined && readable.metrics.length > 0 ? readable.metrics : undefined;
		const pods = isForbidden(allPods) && readable !== undefined && readable.pods.length > 0 ? readable.pods : undefined;
		this.#poller.scopes = metrics;
		const before = this.#pods.each.map(({scope}) => scope.namespace).join(',');
		if (before !== (pods ?? []).join(',')) this.#pods.follow(pods, signal);
		for (const [what, names] of [
			['metrics', metrics],
			['pods', pods],
		] as const) {
			if (names === undefined) this.#board.end(id => id === `narrowed-${what}`);
			else this.#board.set(narrowed(what, names, readable?.namespaces ?? Number.NaN), this.#clock.now());
		}
	}

	/** Rights and namespaces come and go. */
	async #keepNarrow(): Promise<void> {
		const {signal} = this.#over;
		while (!signal.aborted) {
			await this.#clock.sleep(LiveFeed.narrowAgainMs + 1000, signal);
			const isNarrow =
				this.#asked === undefined && (this.#poller.scopes !== undefined || this.#pods.each[0]?.scope.namespace !== undefined);
			if (isNarrow && !signal.aborted) await this.#narrow();
		}
	}

	// One scrape.

	/** Undefined where nothing is new. */
	async #compose(): Promise<Scrape | undefined> {
		const news = this.#rounds.shift();
		this.#touched = false;
		this.#urgent = false;
		const atMs = this.#clock.now();
		this.#composedAtMs = atMs;
		const readings = news === undefined ? [] : this.#rows.readings(news);
		// Thousands of them: keys are heard between the steps.
		const isLarge = readings.length > 1000;
		if (isLarge) await setImmediate();
		const round = this.#latest;
		const failing = this.#metricsFail;
		const {resolutionMs} = this.#poller.rhythm;
		const around: Surroundings = {nowMs: atMs + this.#poller.offsetMs, resolutionMs, silentNodes: new Set()};
		const nodes = this.#nodes.byName;
		// While the metrics fail, or before they came, that a sample is missing tells nothing of a node.
		const silent =
			round === undefined || round.present.size === 0 || failing
				? new Map<string, number>()
				: silentNodes(
						this.#pods.all(),
						(pod, container) => hasSample(round, pod, container),
						node => nodes.get(node)?.ready,
						around,
					);
		if (isLarge) await setImmediate();
		const {absent, changed} = this.#rows.absences(atMs, {round, failing}, {...around, silentNodes: new Set(silent.keys())});
		const found = circumstances({
			atMs,
			round: failing ? undefined : round,
			resolutionMs,
			pods: this.#pods,
			nodes,
			silent,
			memoryBytes: key => this.#rows.memoryBytes(key),
			asked: this.#asked,
		});
		this.#tellAll([...found, ...this.#podProblems()], atMs);
		const problems = this.#board.list;
		if (readings.length === 0 && !changed && problems === this.#told) return undefined;
		this.#told = problems;
		return {atMs, readings, absent, problems};
	}

	/** Of the lists of pods. What has already been said of the metrics need not be said twice. */
	#podProblems(): Problem[] {
		const problems: Problem[] = [];
		for (const {state, scope, failures} of this.#pods.each) {
			const failure = state.state === 'loading' ? undefined : state.failure;
			if (failure === undefined || (lacksRights(failure) && failures < 2)) continue;
			const problem = problemOf(failure, {...this.#at('pods'), ...(scope.namespace !== undefined && {namespace: scope.namespace})});
			if (problem === undefined) continue;
			if (problem.id.startsWith('forbidden-pods')) problems.push(problem);
			else if (!this.#board.list.some(({id}) => id === problem.id)) problems.push({...problem, id: `pods-${problem.id}`});
		}
		return problems;
	}

	/** Those that are found anew each time: all that hold now. */
	#tellAll(problems: readonly Problem[], atMs: number): void {
		const held = new Set(problems.map(({id}) => id));
		for (const problem of problems) this.#board.set(problem, atMs);
		this.#board.end(id => isFoundAnew(id) && !held.has(id));
	}
}

/** The user is known, and not allowed. */
const lacksRights = (failure: Failure): boolean =>
	failure.type === 'status' &&
	failure.status === 403 &&
	failure.named &&
	!failure.message.includes('"system:anonymous"') &&
	!/cannot impersonate/.test(failure.message);

/** Those that a good poll ends. */
const METRICS_PROBLEMS =
	/^(metrics-(not-installed|unavailable|backend|timeout)|forbidden-metrics.*|forbidden-impersonation|aggregation-untrusted|not-logged-in|unauthorized|certificate-expired|throttled|timeout|unreachable|dns|tls.*|proxy|network|connection-lost|bad-answer|bad-request|credentials|status-\d+)$/;
const isFoundAnew = (id: string): boolean => isCircumstance(id) || /^(pods-|forbidden-pods)/.test(id);
