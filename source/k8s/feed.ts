import {setImmediate} from 'node:timers/promises';
import {cleanText} from '../clean.ts';
import type {Absence, AbsenceReason, Container, Details, Feed, Problem, Reading, Scrape} from '../scrape.ts';
import {absenceOf, type Surroundings, silentNodes} from './absence.ts';
import {isForbidden, narrowed, readableNamespaces} from './access.ts';
import {type Clock, systemClock} from './clock.ts';
import {Credentials} from './credentials.ts';
import {readDetails} from './details.ts';
import {unavailableBecause} from './discovery.ts';
import {CredentialsError} from './exec-plugin.ts';
import type {Health} from './health.ts';
import {type ClusterAccess, isProblem, loadKubeconfig} from './kubeconfig.ts';
import type {PodSample} from './metrics.ts';
import {Nodes, pressureProblem} from './nodes.ts';
import type {ClusterOptions} from './options.ts';
import {containerOfSample, Interner, type Pod, type PodContainer} from './pod.ts';
import {Pods} from './pods.ts';
import {Poller, type PollFailure, type Round} from './poller.ts';
import {emptyProblem, ProblemBoard, problemOf} from './problems.ts';
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
		if (scrape.readings.length > 0 || scrape.problems.some(({id}) => METRICS_PROBLEMS.test(id) || EMPTY_ANSWERS.test(id))) return scrape;
	return undefined;
}

/** What the reader has been told of a container. */
interface Row {
	of: Container;
	/** The last scrape for which the pod list held it. */
	turn: number;
	/** Since when its pod is unknown to a feed that sees metrics alone. */
	missingSinceMs: number;
}

class LiveFeed implements Feed {
	/** A slow pod list must not hold up the metrics by more, nor the other way round. */
	static readonly patienceMs = 2000;
	/** Changes of pods between two polls are told together. */
	static readonly podChangesEveryMs = 5000;
	/** Without a word of the pod list, a container whose samples stopped is taken for gone after so long. */
	static readonly goneAfterMs = 10 * 60_000;
	static readonly lingerMs = 2 * 60_000;
	static readonly narrowAgainMs = 5 * 60_000;
	/** More watches at once would be a burden: then the lists are looked at in turn. */
	static readonly mostWatches = 25;

	readonly label: string;
	readonly #context: string;
	readonly #clock: Clock;
	readonly #access: ClusterAccess;
	readonly #credentials: Credentials;
	readonly #transport: Transport;
	readonly #poller: Poller;
	readonly #nodes: Nodes;
	readonly #board = new ProblemBoard();
	readonly #interner = new Interner();
	readonly #selector: string;
	/** Asked for by name; undefined = all that may be read. */
	readonly #asked: readonly string[] | undefined;
	#pods: Pods[] = [];
	#podsOver = new AbortController();
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

	readonly #rows = new Map<string, Row>();
	#turn = 0;
	/** Pods that were deleted, and when. */
	readonly #gone = new Map<string, number>();
	/** Had their last word. */
	readonly #over = new Set<string>();
	/** Containers that are known from metrics alone. */
	readonly #unlisted = new Map<string, Container>();
	readonly #missing = new Map<string, 'gone' | 'asked'>();
	#absent = new Map<string, Absence>();
	#told: readonly Problem[] = [];
	readonly #memoryBytes = new Map<string, number>();

	constructor(options: ClusterOptions, access: ClusterAccess, credentials: Credentials, clock: Clock) {
		this.#access = access;
		this.#credentials = credentials;
		this.#clock = clock;
		this.#context = access.context;
		this.label = cleanText(access.context, 253);
		this.#selector = options.selector ?? '';
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
			selector: this.#selector,
			intervalMs: options.intervalMs ?? Number.NaN,
			isKnown: id => this.#pod(id) !== undefined,
			slept: () => this.#credentials.closeConnections(),
		});
		this.#nodes = new Nodes(this.#transport, clock, () => this.#touch());
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
		const sum = (count: (pods: Pods) => number) => this.#pods.reduce((total, pods) => total + count(pods), 0);
		return {
			polls,
			requests,
			connections,
			bytes,
			failures,
			underway,
			lists: sum(pods => pods.lists),
			watches: sum(pods => pods.watches),
			dropped: {...sieve.dropped, malformed: sieve.dropped.malformed + sum(pods => pods.malformed)},
			resolutionMs: rhythm.resolutionMs,
			lastPollMs: lastMs,
			clockOffsetMs: offsetMs,
			adapter: !Number.isNaN(sieve.adapterWindowMs),
		};
	}

	async details(key: string): Promise<Details> {
		const of = this.#rows.get(key)?.of;
		if (of === undefined) return {events: []};
		const pod = this.#pod(`${of.namespace}/${of.pod}`);
		return readDetails(
			this.#transport,
			{
				namespace: of.namespace,
				pod: of.pod,
				...(pod !== undefined && {uid: pod.uid}),
				...(of.workload !== undefined && {workload: of.workload}),
			},
			{signal: new AbortController().signal},
		);
	}

	async *scrapes(signal: AbortSignal): AsyncGenerator<Scrape> {
		const over = new AbortController();
		const stop = () => over.abort();
		signal.addEventListener('abort', stop, {once: true});
		if (signal.aborted) over.abort();
		try {
			this.#followPods(this.#asked, over.signal);
			void this.#nodes.follow(over.signal);
			void this.#keepNarrow(over.signal);
			void this.#poller.run(
				over.signal,
				round => this.#round(round),
				failed => this.#pollFailed(failed, over.signal),
			);
			await this.#bothOrPatience(over.signal);
			for (let first = true; !over.signal.aborted; first = false) {
				if (!first) await this.#somethingToTell(over.signal);
				if (over.signal.aborted) return;
				// What came with the last bytes of a poll has had its turn of the event loop: keys are heard in between.
				await setImmediate();
				const scrape = await this.#compose(over.signal);
				if (first || scrape !== undefined)
					yield scrape ?? {atMs: this.#clock.now(), readings: [], absent: [...this.#absent.values()], problems: this.#told};
			}
		} finally {
			signal.removeEventListener('abort', stop);
			over.abort();
			this.#podsOver.abort();
			this.#credentials.closeConnections();
		}
	}

	// What the parts tell.

	#round(round: Round): void {
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

	async #pollFailed({failure, registered, version}: PollFailure, signal: AbortSignal): Promise<'again' | 'later'> {
		if (lacksRights(failure) && this.#asked === undefined && this.#poller.scopes === undefined) {
			await this.#narrow(signal);
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
	async #listen(ms: number, signal: AbortSignal): Promise<void> {
		if (this.#bell.signal.aborted) this.#bell = new AbortController();
		const either = AbortSignal.any([this.#bell.signal, signal]);
		await this.#clock.sleep(ms, either);
	}

	async #bothOrPatience(signal: AbortSignal): Promise<void> {
		let oneMs = Number.NaN;
		while (!signal.aborted) {
			const podsSettled = this.#pods.every(pods => pods.state.state !== 'loading');
			if (this.#metricsSettled && podsSettled) return;
			if (Number.isNaN(oneMs) && (this.#metricsSettled || podsSettled)) oneMs = this.#clock.now();
			const leftMs = Number.isNaN(oneMs) ? 60_000 : oneMs + LiveFeed.patienceMs - this.#clock.now();
			if (leftMs <= 0) return;
			await this.#listen(leftMs, signal);
		}
	}

	async #somethingToTell(signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			if (this.#urgent || this.#rounds.length > 0) return;
			const leftMs = this.#touched ? this.#composedAtMs + LiveFeed.podChangesEveryMs - this.#clock.now() : 3_600_000;
			if (leftMs <= 0) return;
			await this.#listen(leftMs, signal);
		}
	}

	// Which pods are followed.

	#followPods(namespaces: readonly string[] | undefined, signal: AbortSignal): void {
		this.#podsOver.abort();
		this.#podsOver = new AbortController();
		const both = AbortSignal.any([signal, this.#podsOver.signal]);
		const scopes = namespaces === undefined ? [{}] : namespaces.map(namespace => ({namespace}));
		this.#pods = scopes.map(
			scope =>
				new Pods({
					transport: this.#transport,
					clock: this.#clock,
					context: this.#context,
					scope,
					selector: this.#selector,
					interner: this.#interner,
					watching: scopes.length <= LiveFeed.mostWatches,
					changed: what => this.#podsChanged(what, signal),
				}),
		);
		for (const pods of this.#pods) void pods.follow(both);
	}

	#podsChanged(what: 'pods' | 'state', signal: AbortSignal): void {
		this.#touched = true;
		this.#ring(what === 'state');
		const [first] = this.#pods;
		if (this.#asked !== undefined || first?.scope.namespace !== undefined || first?.state.state !== 'failed') return;
		// An API server that starts forbids everything for a moment.
		if (first.failures > 1 && lacksRights(first.state.failure)) void this.#narrow(signal);
	}

	/** All namespaces may not be read: those that may. Metrics and pods are granted apart; what may be read everywhere is read everywhere. */
	#narrow(signal: AbortSignal): Promise<void> {
		this.#narrowing ??= this.#narrowNow(signal).finally(() => {
			this.#narrowing = undefined;
		});
		return this.#narrowing;
	}

	async #narrowNow(signal: AbortSignal): Promise<void> {
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
		const before = this.#pods.map(({scope}) => scope.namespace).join(',');
		if (before !== (pods ?? []).join(',')) this.#followPods(pods, signal);
		for (const [what, names] of [
			['metrics', metrics],
			['pods', pods],
		] as const) {
			if (names === undefined) this.#board.end(id => id === `narrowed-${what}`);
			else this.#board.set(narrowed(what, names, readable?.namespaces ?? Number.NaN), this.#clock.now());
		}
	}

	/** Rights and namespaces come and go. */
	async #keepNarrow(signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			await this.#clock.sleep(LiveFeed.narrowAgainMs + 1000, signal);
			const isNarrow = this.#asked === undefined && (this.#poller.scopes !== undefined || this.#pods[0]?.scope.namespace !== undefined);
			if (isNarrow && !signal.aborted) await this.#narrow(signal);
		}
	}

	#pod(id: string): Pod | undefined {
		for (const {byId} of this.#pods) {
			const pod = byId.get(id);
			if (pod !== undefined) return pod;
		}
		return undefined;
	}

	*#allPods(): Generator<Pod> {
		for (const {byId} of this.#pods) yield* byId.values();
	}

	// One scrape.

	/** Undefined where nothing is new. */
	async #compose(signal: AbortSignal): Promise<Scrape | undefined> {
		const round = this.#rounds.shift();
		this.#touched = false;
		this.#urgent = false;
		const atMs = this.#clock.now();
		this.#composedAtMs = atMs;
		const readings = round === undefined ? [] : this.#readings(round);
		if (readings.length > 1000) await setImmediate();
		const present = this.#latest?.present;
		const sampled = (pod: Pod, {of}: PodContainer): boolean => {
			const sample = present?.get(pod.id);
			return sample?.containers.some(({name}) => name === of.name) === true && !this.#isOutdated(sample, of);
		};
		const around: Surroundings = {
			nowMs: atMs + this.#poller.offsetMs,
			resolutionMs: this.#poller.rhythm.resolutionMs,
			silentNodes: new Set(),
		};
		// While the metrics fail, or before they came, that a sample is missing tells nothing of a node.
		const silent =
			present === undefined || present.size === 0 || this.#metricsFail
				? new Map<string, number>()
				: silentNodes(this.#allPods(), sampled, node => this.#nodes.byName.get(node)?.ready, around);
		if (readings.length > 1000) await setImmediate();
		const absent = this.#absences(atMs, present, sampled, {...around, silentNodes: new Set(silent.keys())}, signal);
		this.#circumstances(atMs, silent);
		const changed = absent.size !== this.#absent.size || [...absent].some(([key, absence]) => this.#absent.get(key) !== absence);
		const problems = this.#board.list;
		const news = readings.length > 0 || changed || problems !== this.#told;
		// A last word is said once.
		this.#absent = new Map([...absent].filter(([, {why}]) => why !== 'gone' && why !== 'completed'));
		this.#told = problems;
		return news ? {atMs, readings, absent: [...absent.values()], problems} : undefined;
	}

	#readings(round: Round): Reading[] {
		const readings: Reading[] = [];
		for (const sample of round.fresh) {
			const pod = this.#pod(sample.id);
			// The metrics server may show a pod a moment longer than there is one.
			if (pod === undefined && this.#gone.has(sample.id)) continue;
			for (const {name, cpuMillicores, memoryBytes} of sample.containers) {
				const of = pod?.containers.find(container => container.of.name === name)?.of ?? this.#containerOf(sample, name);
				if (this.#isOutdated(sample, of)) {
					this.#poller.sieve.dropped.outdated++;
					continue;
				}
				this.#row(of);
				this.#memoryBytes.set(of.key, memoryBytes);
				readings.push({of, sampledAtMs: sample.sampledAtMs - round.offsetMs, windowMs: sample.windowMs, cpuMillicores, memoryBytes});
			}
		}
		return readings;
	}

	/** A sample of what ran under this name before. Both times are of the node's clock. */
	#isOutdated(sample: PodSample, of: Container): boolean {
		return of.startedAtMs !== undefined && sample.sampledAtMs < of.startedAtMs;
	}

	#containerOf(sample: PodSample, name: string): Container {
		const id = `${sample.id}/${name}`;
		let of = this.#unlisted.get(id);
		if (of === undefined) {
			of = containerOfSample(sample, name, this.#context, this.#interner);
			this.#unlisted.set(id, of);
		}
		return of;
	}

	#row(of: Container): Row {
		let row = this.#rows.get(of.key);
		if (row === undefined) {
			row = {of, turn: 0, missingSinceMs: Number.NaN};
			this.#rows.set(of.key, row);
			this.#over.delete(of.key);
		} else {
			row.of = of;
			row.missingSinceMs = Number.NaN;
		}
		return row;
	}

	#absences(
		atMs: number,
		present: ReadonlyMap<string, PodSample> | undefined,
		sampled: (pod: Pod, container: PodContainer) => boolean,
		around: Surroundings,
		signal: AbortSignal,
	): Map<string, Absence> {
		const absent = new Map<string, Absence>();
		const say = (of: Container, why: AbsenceReason) => {
			const before = this.#absent.get(of.key);
			absent.set(of.key, before?.of === of && before.why === why ? before : {of, why});
		};
		this.#turn++;
		for (const [id, goneMs] of this.#gone) {
			if (atMs - goneMs < LiveFeed.lingerMs) break; // in the order of their going
			this.#gone.delete(id);
		}
		const kept = new Set<string>();
		const ended = new NewestEnded();
		for (const pod of this.#allPods()) {
			if (pod.phase === 'Succeeded' || pod.phase === 'Failed') ended.add(pod);
			for (const container of pod.containers) {
				const {of} = container;
				if (sampled(pod, container)) {
					this.#row(of).turn = this.#turn;
					continue;
				}
				const why = absenceOf(pod, container, around);
				if (why === 'completed' || pod.phase === 'Failed') {
					kept.add(of.key);
					if (this.#over.has(of.key)) continue;
					const row = this.#rows.get(of.key);
					// What ended before anybody looked is told for the last run of its workload alone.
					if (row === undefined) ended.hold(pod, container, why);
					else this.#ended(row, of, why, say);
					continue;
				}
				// That the metrics cannot be read, or those of this namespace, is told once, not for each container.
				const silenced = this.#metricsFail || this.#latest?.failed.has(pod.namespace) === true;
				this.#row(of).turn = this.#turn;
				if (why !== 'no-sample' || !silenced || this.#latest === undefined) say(of, why);
			}
		}
		for (const {container, why} of ended.newest(atMs)) this.#ended(this.#row(container.of), container.of, why, say);
		this.#missed(atMs, present, say, signal);
		for (const key of this.#over) if (!kept.has(key)) this.#over.delete(key);
		return absent;
	}

	/** A container that will not run again: completed is a last word, failed stands there until its pod is deleted. */
	#ended(row: Row, of: Container, why: AbsenceReason, say: (of: Container, why: AbsenceReason) => void): void {
		row.of = of;
		row.turn = this.#turn;
		if (why === 'completed') {
			this.#end(of.key);
			this.#over.add(of.key);
		}
		say(of, why);
	}

	/** Rows that the pod list does not hold: seen by the metrics alone, or gone. */
	#missed(
		atMs: number,
		present: ReadonlyMap<string, PodSample> | undefined,
		say: (of: Container, why: AbsenceReason) => void,
		signal: AbortSignal,
	): void {
		const listed = this.#pods.some(({state}) => state.state === 'known');
		for (const [key, row] of this.#rows) {
			if (row.turn === this.#turn) continue;
			const id = `${row.of.namespace}/${row.of.pod}`;
			const sample = present?.get(id);
			if (sample?.containers.some(({name}) => name === row.of.name) === true && !(listed && row.of.incarnation !== '-')) {
				row.missingSinceMs = Number.NaN;
				continue;
			}
			if (this.#latest?.failed.has(row.of.namespace) === true || (this.#metricsFail && !listed)) continue;
			if (Number.isNaN(row.missingSinceMs)) row.missingSinceMs = atMs;
			if (listed && this.#covers(row.of.namespace)) {
				// One that only metrics have shown may be newer than the list.
				if (row.of.incarnation === '-' && atMs - row.missingSinceMs < 60_000) continue;
			} else if (this.#missing.get(id) !== 'gone' && atMs - row.missingSinceMs < LiveFeed.goneAfterMs) {
				void this.#ask(id, row.of, signal);
				say(row.of, 'no-sample');
				continue;
			}
			this.#end(key);
			this.#missing.delete(id);
			if (listed) this.#gone.set(id, atMs);
			this.#poller.sieve.forget(id);
			say(row.of, 'gone');
		}
	}

	#covers(namespace: string): boolean {
		return this.#pods.some(({state, scope}) => state.state === 'known' && (scope.namespace === undefined || scope.namespace === namespace));
	}

	#end(key: string): void {
		const row = this.#rows.get(key);
		if (row !== undefined) this.#unlisted.delete(`${row.of.namespace}/${row.of.pod}/${row.of.name}`);
		this.#rows.delete(key);
		this.#memoryBytes.delete(key);
	}

	/**
	 * Without the right to read pods, two kinds of 404 tell them apart (metrics-server): `pods "x" not found` is gone,
	 * `podmetrics "ns/x" not found` runs and has no sample. Some at a time.
	 */
	async #ask(id: string, of: Container, signal: AbortSignal): Promise<void> {
		if (this.#missing.has(id) || [...this.#missing.values()].filter(state => state === 'asked').length >= 5) return;
		this.#missing.set(id, 'asked');
		const path = this.#poller.path(of.namespace).replace(/\?.*$/, '');
		const answer = await this.#transport.get(`${path}/${encodeURIComponent(of.pod)}`, {signal, timeoutMs: 5000});
		if (!answer.ok && answer.failure.type === 'status' && answer.failure.status === 404 && answer.failure.kind === 'pods') {
			this.#missing.set(id, 'gone');
			this.#touch();
		} else {
			this.#missing.delete(id);
		}
	}

	/** Problems that follow from what is seen, not from a failure. */
	#circumstances(atMs: number, silent: ReadonlyMap<string, number>): void {
		const board = this.#board;
		const keep = new Set<string>();
		const set = (problem: Problem | undefined) => {
			if (problem === undefined) return;
			keep.add(problem.id);
			board.set(problem, atMs);
		};
		for (const [node, count] of silent) {
			const ready = this.#nodes.byName.get(node)?.ready;
			set({
				id: `node-silent/${node}`,
				what: `Node ${node} reports no samples: ${count} ${count === 1 ? 'pod is' : 'pods are'} not seen`,
				why:
					ready === false
						? 'Its kubelet is down or cut off (NotReady).'
						: 'The metrics server did not reach its kubelet in the last round.',
				fix: `kubectl describe node ${node}`,
			});
		}
		for (const node of this.#nodes.byName.values())
			if (node.memoryPressure) set(pressureProblem(node, this.#allPods(), key => this.#memoryBytes.get(key) ?? Number.NaN));
		for (const {state, scope, failures} of this.#pods) {
			const failure = state.state === 'loading' ? undefined : state.failure;
			if (failure === undefined || (lacksRights(failure) && failures < 2)) continue;
			const problem = problemOf(failure, {...this.#at('pods'), ...(scope.namespace !== undefined && {namespace: scope.namespace})});
			// What has already been said of the metrics need not be said twice.
			if (problem !== undefined && !board.list.some(({id}) => id === problem.id))
				set({...problem, id: problem.id.startsWith('forbidden') ? problem.id : `pods-${problem.id}`});
			else if (problem !== undefined) keep.add(problem.id);
		}
		const round = this.#latest;
		if (round !== undefined && !this.#metricsFail) {
			if (round.present.size === 0 && round.failed.size === 0) set(this.#emptyAnswer(atMs));
			const resolutionMs = this.#poller.rhythm.resolutionMs || 60_000;
			if (round.youngestMs > Math.max(120_000, 4 * resolutionMs)) {
				set({
					id: 'samples-stale',
					what: `The newest sample is ${Math.round(round.youngestMs / 60_000)} min old`,
					why: 'The metrics server answers, but takes no new samples: it does not reach the kubelets.',
					fix: 'kubectl -n kube-system logs deploy/metrics-server',
				});
			}
			if (Math.abs(round.offsetMs) >= 60_000) {
				const minutes = Math.round(Math.abs(round.offsetMs) / 60_000);
				set({
					id: 'clock-skew',
					what: `The cluster's clock is ${minutes} min ${round.offsetMs > 0 ? 'ahead of' : 'behind'} this machine's`,
					why: 'One of the two is wrong; ages are told by the cluster’s, times of day by this machine’s.',
					fix: 'timedatectl status',
				});
			}
		}
		board.end(id => CIRCUMSTANCES.test(id) && !keep.has(id));
	}

	#emptyAnswer(atMs: number): Problem | undefined {
		const where = this.#asked === undefined ? '' : `${this.#asked.join(', ')} namespace`;
		if (!this.#pods.some(({state}) => state.state === 'known'))
			return this.#pods.some(({state}) => state.state === 'loading') ? undefined : emptyProblem({running: 0, oldestMs: 0, name: ''}, where);
		let running = 0;
		let oldestMs = 0;
		let name = '';
		for (const pod of this.#allPods()) {
			if (pod.phase === 'Succeeded' || pod.phase === 'Failed') continue;
			running++;
			const ageMs = atMs + this.#poller.offsetMs - pod.createdAtMs;
			if (!(ageMs > oldestMs)) continue;
			oldestMs = ageMs;
			name = pod.id;
		}
		return emptyProblem({running, oldestMs, name}, where);
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
const EMPTY_ANSWERS = /^(metrics-empty|metrics-warming-up|no-pods)$/;
/** Those that are found anew each time. */
const CIRCUMSTANCES =
	/^(node-silent\/|node-memory-pressure\/|pods-|forbidden-pods|metrics-empty|metrics-warming-up|no-pods|samples-stale|clock-skew)/;

/** Pods that ended before anybody looked: of each workload the newest, and none that is older than a day. */
class NewestEnded {
	static readonly notOlderThanMs = 86_400_000;
	readonly #newest = new Map<string, Pod>();
	readonly #held: {readonly pod: Pod; readonly container: PodContainer; readonly why: AbsenceReason}[] = [];

	add(pod: Pod): void {
		const of = `${pod.namespace}/${pod.workload ?? pod.name}`;
		const other = this.#newest.get(of);
		if (other === undefined || pod.createdAtMs > other.createdAtMs) this.#newest.set(of, pod);
	}

	hold(pod: Pod, container: PodContainer, why: AbsenceReason): void {
		this.#held.push({pod, container, why});
	}

	newest(nowMs: number): {readonly container: PodContainer; readonly why: AbsenceReason}[] {
		return this.#held.filter(
			({pod}) =>
				this.#newest.get(`${pod.namespace}/${pod.workload ?? pod.name}`) === pod && nowMs - pod.createdAtMs < NewestEnded.notOlderThanMs,
		);
	}
}
