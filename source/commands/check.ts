import process from 'node:process';
import {createEngine} from '../engine/engine.ts';
import {DEFAULTS} from '../engine/settings.ts';
import {type Event, type Kind, STATES, type Verdicts} from '../engine/verdict.ts';
import {Failure, reasonOf, told, UsageError} from '../failure.ts';
import {type Flags, parseDuration} from '../flags.ts';
import {formatDuration} from '../format.ts';
import {healthLine} from '../k8s/health.ts';
import {type Reader, run as runPipeline} from '../pipeline.ts';
import type {Scrape} from '../scrape.ts';
import {lines} from '../sinks/lines.ts';
import {failOn} from './fail-on.ts';
import {bounded, openFile} from './files.ts';
import {openLive} from './live.ts';
import type {Outcome} from './outcome.ts';
import {openReaders} from './readers.ts';
import {settingsFrom, timeFrom} from './settings.ts';
import {printer} from './terminal.ts';

/** Watches for a while, or reads a file; one line an event; `found` when an anomaly of the kinds asked for was told. */
export async function run([path, ...more]: readonly string[], flags: Flags): Promise<Outcome> {
	if (more.length > 0) throw new UsageError(`Expected one FILE, got ${more.length + 1}`);
	const found = new Found(flags.failOn ?? 'warning');
	const forMs = flags.for === undefined ? Number.POSITIVE_INFINITY : parseDuration(flags.for, '--for');
	const stop = new AbortController();
	const cluster = path === undefined ? await openLive(flags) : undefined;
	const feed = bounded(cluster?.feed ?? (await openFile(path ?? '')), forMs);
	const settings = settingsFrom(flags);
	const format = flags.output === 'json' ? 'json' : 'text';
	let readings = 0;
	const judgement = new Judgement();
	let problemsTold: readonly string[] = [];
	const watcher: Reader = {
		name: 'check',
		read(scrape, {verdicts, events}) {
			judgement.add(scrape, verdicts);
			readings += scrape.readings.length;
			found.add(events);
			const problems = scrape.problems.map(told);
			for (const problem of problems) if (!problemsTold.includes(problem)) process.stderr.write(problem);
			problemsTold = problems;
		},
	};
	const readers: Reader[] = [watcher, lines(printer(flags), format, timeFrom(flags))];
	readers.push(...(await openReaders(flags, feed, settings, cluster && (() => healthLine(cluster.health())))));
	const end = (): void => stop.abort();
	process.once('SIGINT', end).once('SIGTERM', end);
	// A cluster that never answers has no time of its own: the clock ends the wait.
	const timer = path === undefined && Number.isFinite(forMs) ? setTimeout(end, forMs + 5000) : undefined;
	try {
		await runPipeline({
			feed,
			engine: createEngine(settings),
			readers,
			signal: stop.signal,
			readerFailed: (reader, error) => process.stderr.write(`oddpod: the ${reader.name} failed and was stopped: ${reasonOf(error)}.\n`),
		});
	} finally {
		clearTimeout(timer);
		process.off('SIGINT', end).off('SIGTERM', end);
	}
	if (readings === 0) {
		throw new Failure({
			id: 'nothing-read',
			what: path === undefined ? 'not one sample came from the cluster' : `${path} holds no reading`,
			fix: path === undefined ? 'See what keeps it: oddpod doctor' : 'Give a recording made with: oddpod --record FILE',
		});
	}
	// Silence means that all is well only where somebody could have spoken.
	if (judgement.judged < judgement.seen) process.stderr.write(`oddpod: ${judgement.words(settings.train ?? DEFAULTS.train)}.\n`);
	if (found.count > 0 && flags.failOn !== undefined) process.stderr.write(`oddpod: ${found.words}.\n`);
	return found.count > 0 ? 'found' : judgement.judged === 0 ? 'unjudged' : 'well';
}

/** The anomalies that `--fail-on` asks for. */
class Found {
	readonly #asked: string;
	readonly #counts: (event: Event) => boolean;
	readonly #kinds = new Map<string, Kind>();

	/** @throws {UsageError} */
	constructor(asked: string) {
		this.#asked = asked;
		this.#counts = failOn(asked);
	}

	get count(): number {
		return this.#kinds.size;
	}

	add(events: readonly Event[]): void {
		for (const event of events) if ('anomaly' in event && this.#counts(event)) this.#kinds.set(event.anomaly.id, event.anomaly.kind);
	}

	/** `found what --fail-on memory-leak,oom-killed asks for: 3 memory-leak, 2 oom-killed` */
	get words(): string {
		const counts = new Map<Kind, number>();
		for (const kind of this.#kinds.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
		return `found what --fail-on ${this.#asked} asks for: ${[...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')}`;
	}
}

/** Which of the containers were judged at all: what learns is not. */
class Judgement {
	readonly #seen = new Set<string>();
	readonly #judged = new Set<string>();
	#startMs = Number.NaN;
	#endMs = Number.NaN;
	/** Most samples of the training that one of them has had. */
	#learned = 0;

	get seen(): number {
		return this.#seen.size;
	}

	get judged(): number {
		return this.#judged.size;
	}

	add({atMs, readings}: Scrape, {state, learned}: Verdicts): void {
		if (Number.isNaN(this.#startMs)) this.#startMs = atMs;
		this.#endMs = atMs;
		for (const [i, {of}] of readings.entries()) {
			this.#seen.add(of.key);
			if (state[i] !== LEARNING) this.#judged.add(of.key);
			this.#learned = Math.max(this.#learned, learned[i] ?? 0);
		}
	}

	/** `10 min seen, 0 of 25 containers judged: the training takes 100 samples, about 17 min here` */
	words(train: number): string {
		const seenMs = this.#endMs - this.#startMs;
		// From the samples that came: nobody knows beforehand how often the metrics server has new ones.
		const takesMs = this.#learned > 1 ? (seenMs / (this.#learned - 1)) * train : Number.NaN;
		const here = this.judged === 0 && Number.isFinite(takesMs) ? `, about ${formatDuration(takesMs)} here` : '';
		return `${formatDuration(seenMs)} seen, ${this.judged} of ${this.seen} containers judged: the training takes ${train} samples${here}`;
	}
}

const LEARNING = STATES.indexOf('learning');
