import type {AppProps} from '../app.tsx';
import {cleanText} from '../clean.ts';
import {liveCursor} from '../cursor.ts';
import {createEngine} from '../engine/engine.ts';
import {DEFAULTS, type Settings} from '../engine/settings.ts';
import {Failure} from '../failure.ts';
import type {Flags} from '../flags.ts';
import type {Cluster} from '../k8s/feed.ts';
import {healthLine, unreadable} from '../k8s/health.ts';
import {kubectl} from '../kubectl.ts';
import {type Reader, run as runPipeline} from '../pipeline.ts';
import type {AbsenceReason, Problem, Scrape} from '../scrape.ts';
import type {Elsewhere} from '../screen/command.ts';
import {Silences, silencesFile} from '../silences.ts';
import {type Opened, openFeed, Succession} from '../succession.ts';
import {Timeline} from '../timeline.ts';
import {openLive} from './live.ts';
import {openReaders} from './readers.ts';
import {settingsFrom} from './settings.ts';

/** What the screen shows of it. */
export type LiveProps = Omit<AppProps, 'theme' | 'times' | 'onQuit' | 'stop'>;

/** One context: its feed, its engine and its timeline belong together, also while another one is looked at. */
interface Place {
	readonly succession: Succession;
	readonly ended: Promise<void>;
	readonly props: LiveProps;
	cluster: Cluster;
}

/** Another cluster that gives no answer for so long is not gone to. */
const PATIENCE_MS = 20_000;

/** The live session: what is watched now, and the way to other namespaces and contexts. */
export class Watching {
	problem: Problem | undefined;
	readonly #flags: Flags;
	readonly #settings: Partial<Settings>;
	readonly #stop: AbortController;
	readonly #places = new Map<string, Place>();
	readonly #listeners = new Set<() => void>();
	readonly #patienceMs: number;
	/** Where the session began: what is written to files is of this place. */
	readonly #first: Place;
	#here: Place;
	/** Commands that asked for another place: only the newest is obeyed. */
	#asked = 0;
	#changed: ((props: LiveProps) => void) | undefined;

	/** @throws {Failure} where a file that is to be written cannot be. */
	static async begin(cluster: Cluster, flags: Flags, patienceMs = PATIENCE_MS): Promise<Watching> {
		let watching: Watching | undefined;
		// More namespaces are another feed.
		const health = (): string => healthLine((watching === undefined ? cluster : watching.#first.cluster).health());
		const readers = await openReaders(flags, cluster.feed, settingsFrom(flags), health);
		const stop = new AbortController();
		watching = new Watching(cluster, await openFeed(cluster.feed, stop.signal, () => true), flags, readers, stop, patienceMs);
		return watching;
	}

	private constructor(
		cluster: Cluster,
		opened: Opened,
		flags: Flags,
		readers: readonly Reader[],
		stop: AbortController,
		patienceMs: number,
	) {
		this.#flags = flags;
		this.#patienceMs = patienceMs;
		this.#settings = settingsFrom(flags);
		this.#stop = stop;
		cluster.screenTaken();
		this.#first = this.#settle(cluster, opened, readers);
		this.#here = this.#first;
	}

	get props(): LiveProps {
		const {props, cluster} = this.#here;
		const names = cluster.namespaces();
		return {...props, namespaceLabel: names?.join(', ') ?? 'all namespaces', partial: names !== undefined};
	}

	follow(changed: (props: LiveProps) => void): void {
		this.#changed = changed;
	}

	async end(): Promise<void> {
		this.#stop.abort();
		await Promise.all([...this.#places.values()].map(({ended}) => ended));
	}

	#settle(cluster: Cluster, opened: Opened, readers: readonly Reader[], resting?: string): Place {
		const engine = createEngine(this.#settings);
		const timeline = new Timeline({training: this.#settings.train ?? DEFAULTS.train});
		const succession = new Succession(opened, () => [...timeline.at(timeline.endMs).rows].filter(row => !isOver(row.absence)));
		const {label} = cluster.feed;
		const ended = runPipeline({
			feed: succession,
			engine,
			timeline,
			readers,
			signal: this.#stop.signal,
			interactive: true,
			readerFailed: (reader, error) =>
				this.#report({
					id: `${reader.name}-failed`,
					what: `the ${reader.name} has stopped: ${(error as Error).message}`,
					fix: 'The screen goes on without it',
				}),
		}).catch((error: unknown) => {
			if (!this.#stop.signal.aborted)
				this.#report({
					id: 'feed-failed',
					what: `the feed has stopped: ${error instanceof Error ? error.message : String(error)}`,
					fix: 'Start oddpod again',
				});
		});
		const {kubeconfig, as} = this.#flags;
		const place: Place = {
			succession,
			cluster,
			ended,
			props: {
				timeline,
				source: {
					label,
					live: true,
					finished: () => false,
					...(resting !== undefined && {resting}),
					problem: () => this.problem,
					dropped: () => unreadable(place.cluster.health()),
					subscribe: changed => {
						this.#listeners.add(changed);
						return () => this.#listeners.delete(changed);
					},
				},
				cursor: liveCursor(),
				namespaceLabel: '',
				explain: key => engine.explain(key),
				details: key => succession.details(key),
				silences: new Silences(silencesFile(label)),
				kubectl: kubectl({context: label, ...(kubeconfig !== undefined && {kubeconfig}), ...(as !== undefined && {as})}),
				goTo: to => this.#goTo(to),
				contexts: cluster.contexts,
			},
		};
		this.#places.set(label, place);
		return place;
	}

	#report(problem: Problem): void {
		this.problem = problem;
		for (const changed of this.#listeners) changed();
	}

	/** Files hold what is seen of the first context, and nothing of another one. */
	get #resting(): string | undefined {
		const {record, log} = this.#flags;
		const files = [record !== undefined && 'recording', log !== undefined && 'log'].filter(file => file !== false);
		return files.length === 0
			? undefined
			: `${files.join(' and ')} of ${this.#first.succession.label} ${files.length > 1 ? 'rest' : 'rests'}`;
	}

	/** Resolves to what went wrong: then everything is as it was. */
	async #goTo({context, namespaces = []}: Elsewhere): Promise<string | undefined> {
		const here = this.#here;
		const asked = ++this.#asked;
		const elsewhere = context !== undefined && context !== here.cluster.context;
		if (context !== undefined && !elsewhere && namespaces.length === 0) return undefined;
		// What is watched already is watched on: nothing that was learned is lost, and going back costs nothing.
		const read = elsewhere ? undefined : here.cluster.namespaces();
		const wanted = namespaces.length === 0 ? namespaces : [...new Set([...(read ?? []), ...namespaces])];
		let cluster: Cluster;
		try {
			cluster = await openLive({
				...(elsewhere ? withoutIdentity(this.#flags) : this.#flags),
				// Somebody may have made another one the current one meanwhile.
				context: here.cluster.contexts.includes(context ?? here.cluster.context) ? (context ?? here.cluster.context) : context,
				namespace: wanted.length > 0 ? wanted.join(',') : undefined,
				allNamespaces: !elsewhere && wanted.length === 0,
			});
		} catch (error) {
			if (error instanceof Failure) return error.problem.what;
			throw error;
		}
		cluster.screenTaken();
		const impatient = new AbortController();
		const patience = setTimeout(() => impatient.abort(), this.#patienceMs);
		const opened = await openFeed(cluster.feed, AbortSignal.any([this.#stop.signal, impatient.signal]), scrapes => hasAnswer(scrapes));
		clearTimeout(patience);
		let problem: string | undefined;
		if (asked !== this.#asked) problem = 'Meanwhile another command was given';
		// Its feed has ended, whatever it told before.
		else if (impatient.signal.aborted)
			problem = `${cleanText(cluster.feed.label, 100)} gave no ${opened.first.length > 0 ? 'samples' : 'answer'} within ${this.#patienceMs / 1000} s`;
		else problem = whatIsMissing(opened, namespaces);
		if (problem !== undefined) {
			opened.close();
			return problem;
		}
		if (elsewhere) {
			here.succession.rest();
			const before = this.#places.get(cluster.feed.label);
			before?.succession.follow(opened);
			this.#here = before ?? this.#settle(cluster, opened, [], this.#resting);
		} else here.succession.follow(opened);
		this.#here.cluster = cluster;
		this.#changed?.(this.props);
		return undefined;
	}
}

const isOver = (why: AbsenceReason | undefined): boolean => why === 'gone' || why === 'completed';

/** Whose they are belongs to the context that they were given with. */
const withoutIdentity = ({cluster, user, server, token, ...flags}: Flags): Flags => flags;

/** Samples, or what keeps them from coming: pods alone are told first where the metrics take longer. */
const hasAnswer = (scrapes: readonly Scrape[]): boolean =>
	scrapes.some(({readings}) => readings.length > 0) || (scrapes.at(-1)?.problems.length ?? 0) > 0 || scrapes.length >= 3;

/** Why this is not where one wants to be; undefined where there is something to see. */
function whatIsMissing({first, feed}: Opened, namespaces: readonly string[]): string | undefined {
	const label = cleanText(feed.label, 100);
	if (first.length === 0) return `${label} gave no answer`;
	const seen = new Set(first.flatMap(({readings, absent}) => [...readings, ...absent].map(({of}) => of.namespace)));
	const unseen = namespaces.filter(namespace => !seen.has(namespace));
	if (seen.size > 0 && unseen.length === 0) return undefined;
	const problems = first.at(-1)?.problems ?? [];
	const problem = problems.find(({what}) => unseen.some(namespace => what.includes(namespace))) ?? problems[0];
	return problem?.what ?? `There is no container in ${unseen.length > 0 ? cleanText(unseen.join(', '), 200) : label}`;
}
