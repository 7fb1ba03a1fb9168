/**
 * One feed after another, as one: more namespaces are another feed, and who reads this one does not notice. What both have seen
 * is told once, and what the new one never mentions is told to be gone.
 */
import type {Absence, Container, Feed, Scrape} from './scrape.ts';

/** A feed that has been asked already, with what it answered so far. */
export interface Opened {
	readonly feed: Feed;
	readonly first: readonly Scrape[];
	readonly rest: AsyncIterator<Scrape>;
	/** Ends it. */
	readonly close: () => void;
}

/** The newest of a container that was known before. */
export interface Known {
	readonly of: Container;
	/** NaN: never sampled. */
	readonly sampledAtMs: number;
}

/** A feed has told of everything that there is after so long. */
const COMPLETE_AFTER_MS = 60_000;

/** Reads a feed until `enough` of what it told so far, or a problem that keeps it from telling. */
export async function openFeed(feed: Feed, signal: AbortSignal, enough: (scrapes: readonly Scrape[]) => boolean): Promise<Opened> {
	const over = new AbortController();
	const close = (): void => over.abort();
	signal.addEventListener('abort', close, {once: true});
	if (signal.aborted) close();
	const rest = feed.scrapes(over.signal)[Symbol.asyncIterator]();
	const first: Scrape[] = [];
	while (!enough(first)) {
		const next = await rest.next();
		if (next.done) break;
		first.push(next.value);
	}
	return {feed, first, rest, close};
}

export class Succession implements Feed {
	#current: Opened;
	#next: Opened | undefined;
	#resting = false;
	#woken: (() => void) | undefined;
	readonly #known: () => Iterable<Known>;

	/** `known`: what has been told so far, asked when another feed begins. */
	constructor(first: Opened, known: () => Iterable<Known>) {
		this.#current = first;
		this.#known = known;
	}

	get label(): string {
		return this.#current.feed.label;
	}

	get intervalMs(): number {
		return this.#current.feed.intervalMs;
	}

	details(key: string): ReturnType<NonNullable<Feed['details']>> {
		return this.#current.feed.details?.(key) ?? Promise.resolve({events: []});
	}

	/** The present feed ends, this one goes on. */
	follow(next: Opened): void {
		this.#next?.close();
		this.#next = next;
		this.#current.close();
		this.#woken?.();
	}

	/** The present feed ends, and nothing is told until another follows. */
	rest(): void {
		this.#resting = true;
		this.#current.close();
	}

	async *scrapes(signal: AbortSignal): AsyncGenerator<Scrape> {
		const stop = (): void => {
			this.#current.close();
			this.#next?.close();
			this.#woken?.();
		};
		signal.addEventListener('abort', stop, {once: true});
		if (signal.aborted) stop();
		try {
			for (let known: Iterable<Known> = []; ; known = this.#known()) {
				yield* continued(this.#current, known);
				if (!signal.aborted && this.#resting && !this.#next) await new Promise<void>(resolve => (this.#woken = resolve));
				if (signal.aborted || !this.#next) return;
				this.#current = this.#next;
				this.#next = undefined;
				this.#resting = false;
			}
		} finally {
			signal.removeEventListener('abort', stop);
			stop();
		}
	}
}

async function* continued({first, rest}: Opened, known: Iterable<Known>): AsyncGenerator<Scrape> {
	const missing = new Map([...known].map(each => [each.of.key, each] as const));
	const sampled = new Map([...missing].map(([key, {sampledAtMs}]) => [key, sampledAtMs] as const));
	let startedAtMs = Number.NaN;
	const join = (scrape: Scrape): Scrape => {
		if (sampled.size === 0) return scrape;
		for (const {of} of [...scrape.readings, ...scrape.absent]) missing.delete(of.key);
		if (Number.isNaN(startedAtMs)) startedAtMs = scrape.atMs;
		const readings = scrape.readings.filter(({of, sampledAtMs}) => !(sampledAtMs <= (sampled.get(of.key) ?? Number.NaN)));
		let {absent} = scrape;
		// A feed that has failed meanwhile has not told of everything.
		if (scrape.atMs - startedAtMs >= COMPLETE_AFTER_MS && scrape.readings.length > 0) {
			absent = [...absent, ...Array.from(missing.values(), ({of}): Absence => ({of, why: 'gone'}))];
			missing.clear();
			sampled.clear();
		}
		return {...scrape, readings, absent};
	};
	for (const scrape of first) yield join(scrape);
	for (let next = await rest.next(); !next.done; next = await rest.next()) yield join(next.value);
}
