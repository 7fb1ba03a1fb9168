import assert from 'node:assert/strict';
import test from 'node:test';
import type {Absence, Container, Feed, Problem, Reading, Scrape} from '../source/scrape.ts';
import {type Known, openFeed, Succession} from '../source/succession.ts';

const container = (pod: string, namespace = 'shop'): Container => ({
	key: `lab/${namespace}/${pod}/app`,
	namespace,
	pod,
	name: 'app',
	incarnation: 'uid:0',
	cpuRequestMillicores: Number.NaN,
	memoryRequestBytes: Number.NaN,
	cpuLimitMillicores: Number.NaN,
	memoryLimitBytes: Number.NaN,
	restarts: 0,
});
const reading = (of: Container, seconds: number): Reading => ({
	of,
	sampledAtMs: seconds * 1000,
	windowMs: 10_000,
	cpuMillicores: 1,
	memoryBytes: 1,
});
const scrape = (
	seconds: number,
	readings: readonly Reading[],
	absent: readonly Absence[] = [],
	problems: readonly Problem[] = [],
): Scrape => ({
	atMs: seconds * 1000,
	readings,
	absent,
	problems,
});

/** Tells what it was given, then waits until it is closed, as a live feed does. */
class ScriptedFeed implements Feed {
	readonly label: string;
	readonly intervalMs = 10_000;
	open = false;
	readonly #scrapes: readonly Scrape[];

	constructor(label: string, scrapes: readonly Scrape[]) {
		this.label = label;
		this.#scrapes = scrapes;
	}

	async *scrapes(signal: AbortSignal): AsyncGenerator<Scrape> {
		this.open = true;
		yield* this.#scrapes;
		if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, {once: true}));
		this.open = false;
	}
}

const at = (seconds: number, ...pods: readonly Container[]): Scrape =>
	scrape(
		seconds,
		pods.map(of => reading(of, seconds)),
	);

class Session {
	readonly stop = new AbortController();
	readonly succession: Succession;
	readonly #told: AsyncGenerator<Scrape>;
	readonly #known = new Map<string, Known>();

	static async of(feed: Feed): Promise<Session> {
		const stop = new AbortController();
		return new Session(await openFeed(feed, stop.signal, () => true), stop);
	}

	private constructor(first: Awaited<ReturnType<typeof openFeed>>, stop: AbortController) {
		this.stop = stop;
		this.succession = new Succession(first, () => this.#known.values());
		this.#told = this.succession.scrapes(stop.signal);
	}

	/** The next scrape: `cart@10 frontend✕`. */
	async next(): Promise<string | undefined> {
		const {value, done} = await this.#told.next();
		if (done) return undefined;
		for (const {of, sampledAtMs} of value.readings) this.#known.set(of.key, {of, sampledAtMs});
		return [
			...value.readings.map(({of, sampledAtMs}) => `${of.pod}@${sampledAtMs / 1000}`),
			...value.absent.map(({of, why}) => `${of.pod} ${why}`),
		].join(', ');
	}

	async follow(feed: Feed): Promise<void> {
		this.succession.follow(await openFeed(feed, this.stop.signal, scrapes => scrapes.some(({readings}) => readings.length > 0)));
	}
}

const [cart, checkout, ledger] = [container('cart'), container('checkout'), container('ledger', 'payments')] as const;

test('another feed goes on where the first one was left, and tells nothing twice', async () => {
	const first = new ScriptedFeed('lab', [at(10, cart, checkout)]);
	const session = await Session.of(first);
	assert.equal(await session.next(), 'cart@10, checkout@10');
	const second = new ScriptedFeed('lab', [
		scrape(12, [reading(cart, 10), reading(checkout, 10), reading(ledger, 9)]),
		at(20, cart, ledger),
	]);
	await session.follow(second);
	assert.equal(await session.next(), 'ledger@9');
	assert.equal(await session.next(), 'cart@20, ledger@20');
	assert.equal(first.open, false, 'the first one was closed');
	session.stop.abort();
	assert.equal(await session.next(), undefined);
	assert.equal(second.open, false, 'the second one was closed');
});

test('what the new feed does not mention within a minute is gone', async () => {
	const session = await Session.of(new ScriptedFeed('lab', [at(10, cart, checkout)]));
	await session.next();
	await session.follow(new ScriptedFeed('lab', [at(20, cart), at(70, cart), at(80, cart), at(90, cart)]));
	assert.equal(await session.next(), 'cart@20');
	assert.equal(await session.next(), 'cart@70');
	assert.equal(await session.next(), 'cart@80, checkout gone');
	assert.equal(await session.next(), 'cart@90');
	session.stop.abort();
});

test('a session that rests tells nothing, and goes on with the next feed', async () => {
	const first = new ScriptedFeed('lab', [at(10, cart)]);
	const session = await Session.of(first);
	await session.next();
	session.succession.rest();
	const next = session.next();
	await session.follow(new ScriptedFeed('lab', [at(500, cart)]));
	assert.equal(await next, 'cart@500');
	session.succession.rest();
	const last = session.next();
	session.stop.abort();
	assert.equal(await last, undefined);
});

test('a feed that is closed before it has answered is told to have said nothing', async () => {
	const over = new AbortController();
	const opening = openFeed(new ScriptedFeed('lab', []), over.signal, scrapes => scrapes.length > 0);
	over.abort();
	assert.deepEqual((await opening).first, []);
});
