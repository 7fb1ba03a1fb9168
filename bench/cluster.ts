/**
 * What it costs to watch a cluster. At 100 pods: how often it asks, and whether it misses a sample. At 10,000: CPU, stalls, memory, bytes and
 * connections over 50 polls, beside client-node's own Metrics class; then an hour in which 1,000 pods are replaced each minute.
 *
 * `npm run bench:cluster`, `-- --pods N` for another size, `-- --json` for one line of JSON at the end.
 */
import {fork} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {monitorEventLoopDelay} from 'node:perf_hooks';
import process from 'node:process';
import {setTimeout as wait} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import type {Clock} from '../source/k8s/clock.ts';
import type {Cluster} from '../source/k8s/feed.ts';
import {type Slope, theilSen} from './slope.ts';

const {values: options} = parseArgs({options: {json: {type: 'boolean', default: false}, pods: {type: 'string', default: '10000'}}});
const PODS = Number(options.pods);
const POLLS = 50;
const INTERVAL_MS = 15_000;
const HOUR = 3_600_000 / INTERVAL_MS;
/** Between two polls. */
const PAUSE_MS = 400;
/** Each poll of the hour brings a quarter of a minute's churn. */
const REPLACED = Math.round(PODS / 40);

/** The server's rounds and ours go by the same clock, which runs this much faster. */
const HASTE = 40;
class FastClock implements Clock {
	readonly #startMs = Date.now();
	random = Math.random;
	now = (): number => this.#startMs + (Date.now() - this.#startMs) * HASTE;
	sleep = (ms: number, signal?: AbortSignal): Promise<void> => wait(ms / HASTE, undefined, {...(signal && {signal})}).catch(() => {});
	get startMs(): number {
		return this.#startMs;
	}
}

/** Polls follow each other at once, each when it is told to, and 15 s have passed at each; all else takes the time that it takes. */
class HastyClock implements Clock {
	/** From the word to the poll. */
	pauseMs = PAUSE_MS;
	#skippedMs = 0;
	#go: () => void = () => {};
	random = Math.random;
	now = (): number => Date.now() + this.#skippedMs;
	async sleep(ms: number, signal?: AbortSignal): Promise<void> {
		// The interval less what the poll took. No limit on time lies so; one that did would let the clock jump twice, which looks like a machine
		// that was asleep, and that closes the connections.
		const isPoll = ms > INTERVAL_MS - 1900 && ms < INTERVAL_MS;
		if (isPoll) {
			const told = new Promise<void>(resolve => {
				this.#go = resolve;
			});
			// On a machine that is so busy that a poll began untold, nobody may tell.
			await Promise.race([told, wait(3000, undefined, {...(signal && {signal})}).catch(() => {})]);
			this.#skippedMs += INTERVAL_MS - this.pauseMs;
		}
		await wait(isPoll ? this.pauseMs : ms, undefined, {...(signal && {signal})}).catch(() => {});
	}
	/** Lets the next poll begin, so that none is under way while something is measured. */
	go(): void {
		this.#go();
	}
}

/** Turns of the event loop by the thread's own CPU time, which says the same on a busy machine. Node 23.9 and newer. */
class Turns {
	readonly #ms: number[] = [];
	#running = false;

	start(): void {
		if (process.threadCpuUsage === undefined) return;
		this.#running = true;
		this.#turn();
	}

	stop(): void {
		this.#running = false;
	}

	get count(): number {
		return this.#ms.length;
	}

	longest(count: number): string {
		const longest = this.#ms.toSorted((a, b) => b - a).slice(0, count);
		return longest.map(ms => ms.toFixed(0)).join(', ');
	}

	#turn(): void {
		const used = process.threadCpuUsage();
		setTimeout(() => {
			if (!this.#running) return;
			const {user, system} = process.threadCpuUsage(used);
			this.#ms.push((user + system) / 1000);
			this.#turn();
		}, 1).unref();
	}
}

const mebi = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
const collect = (): void => (globalThis as {gc?: () => void}).gc?.();
const say = (what: string, value: string, wanted = ''): void =>
	void process.stdout.write(`${what.padEnd(50)}${value.padEnd(34)}${wanted}\n`);

const folder = mkdtempSync(path.join(os.tmpdir(), 'oddpod-bench-'));
const ca = readFileSync(path.join(import.meta.dirname, '../test/k8s/tls/server.crt')).toString('base64');

interface Server {
	readonly config: string;
	readonly ask: (message: object) => Promise<{readonly connections: number; readonly round: number}>;
}

async function serve(...args: readonly (string | number)[]): Promise<Server> {
	// It ends when we do.
	const child = fork(path.join(import.meta.dirname, 'cluster-server.ts'), args.map(String));
	const {port} = await new Promise<{port: number}>(resolve => child.once('message', message => resolve(message as {port: number})));
	const config = path.join(folder, `config-${port}`);
	const text = JSON.stringify({
		clusters: [{name: 'b', cluster: {server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca}}],
		users: [{name: 'b', user: {token: 't'}}],
		contexts: [{name: 'b', context: {cluster: 'b', user: 'b'}}],
		'current-context': 'b',
	});
	writeFileSync(config, text);
	return {
		config,
		ask: message =>
			new Promise(resolve => {
				child.once('message', answer => resolve(answer as {connections: number; round: number}));
				child.send(message);
			}),
	};
}

const result: Record<string, number> = {};
const imported = performance.now();
const {openCluster} = await import('../source/k8s/feed.ts');
say('import of the room and client-node, unbundled', `${Math.round(performance.now() - imported)} ms`);

async function open(config: string, clock: Clock, intervalMs?: number): Promise<Cluster> {
	const opened = await openCluster({kubeconfig: config, env: {}, clock, ...(intervalMs !== undefined && {intervalMs})});
	if ('what' in opened) throw new Error(opened.what);
	return opened;
}

try {
	await rhythm();
	const server = await serve(PODS);
	await large(server);
	await peer(server);
} finally {
	rmSync(folder, {recursive: true});
}
if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit();

/** 100 pods on a clock that runs faster, for both sides: the rhythm is learned, then followed. */
async function rhythm(): Promise<void> {
	const clock = new FastClock();
	const {config, ask} = await serve(100, clock.startMs, HASTE);
	const cluster = await open(config, clock);
	const stop = new AbortController();
	let from = {ms: Number.NaN, polls: 0, connections: 0, round: 0};
	const seen = new Set<number>();
	for await (const {readings} of cluster.feed.scrapes(stop.signal)) {
		const {polls, connections, resolutionMs} = cluster.health();
		// Learned, and ten rounds more to find the moment.
		if (Number.isNaN(from.ms) && (resolutionMs !== INTERVAL_MS || polls < 30)) continue;
		if (Number.isNaN(from.ms)) from = {ms: clock.now(), polls, connections, round: (await ask({})).round};
		else for (const {sampledAtMs} of readings) seen.add(Math.floor((sampledAtMs - clock.startMs) / INTERVAL_MS));
		if (polls - from.polls < POLLS) continue;
		const rounds = (await ask({})).round - from.round;
		const pollsPerMinute = (polls - from.polls) / ((clock.now() - from.ms) / 60_000);
		// The last round may have come while the last poll was answered.
		const missed = Math.max(0, rounds - 1 - seen.size);
		say('100 pods, 50 polls: polls a minute', pollsPerMinute.toFixed(2), 'at most 4.3');
		say('  rounds of samples, missed', `${rounds}, ${missed}`, '0 missed');
		say('  new connections', `${connections - from.connections}`, '0');
		Object.assign(result, {pollsPerMinute, missedRounds: missed, newConnections100: connections - from.connections});
		break;
	}
	stop.abort();
}

async function large({config, ask}: Server): Promise<void> {
	collect();
	const before = process.memoryUsage();
	const clock = new HastyClock();
	const cluster = await open(config, clock, INTERVAL_MS);
	const stop = new AbortController();
	const delay = monitorEventLoopDelay({resolution: 5});
	const turns = new Turns();
	const heapMib: number[] = [];
	/** Where the watch does not keep up, old pods stand as absent beside the new ones: then it would not be the churn that is measured. */
	let mostAbsent = 0;
	let scrapes = 0;
	let startedMs = performance.now();
	let cpu = process.cpuUsage();
	let was = cluster.health();
	for await (const scrape of cluster.feed.scrapes(stop.signal)) {
		if (scrape.readings.length < PODS / 2) continue;
		scrapes++;
		if (scrapes === 1) {
			say(`${PODS} pods: first scrape`, `${Math.round(performance.now() - startedMs)} ms`);
			collect();
			const heldMib = (process.memoryUsage().heapUsed - before.heapUsed) / 2 ** 20;
			say('  held of the heap', `${heldMib.toFixed(1)} MiB`, '30');
			result.heldMebibytes = heldMib;
			delay.enable();
			turns.start();
			cpu = process.cpuUsage();
			was = cluster.health();
			startedMs = performance.now();
		}
		if (scrapes === POLLS + 1) {
			delay.disable();
			turns.stop();
			const {user, system} = process.cpuUsage(cpu);
			const now = cluster.health();
			const polls = now.polls - was.polls;
			const cpuMs = (user + system) / 1000 / polls;
			const p99Ms = delay.percentile(99) / 1e6;
			const rssMib = process.memoryUsage().rss / 2 ** 20;
			say(`  ${polls} polls, one each ${Math.round((performance.now() - startedMs) / polls)} ms: CPU a poll`, `${cpuMs.toFixed(0)} ms`);
			say(
				'  event-loop delay, median / p99 / max',
				`${[50, 99, 100].map(p => (delay.percentile(p) / 1e6).toFixed(1)).join(' / ')} ms`,
				'p99 25 ms',
			);
			say('  longest turns of the event loop, by CPU time', `${turns.longest(5)} ms of ${turns.count}`);
			say('  unpacked bytes a poll', `${mebi((now.bytes - was.bytes) / polls)} MiB`);
			say('  new connections', `${now.connections - was.connections}`, '0');
			say('  RSS, polling thirty times as often as in life', `${rssMib.toFixed(0)} MiB`);
			Object.assign(result, {cpuMillisecondsPerPoll: cpuMs, eventLoopDelayP99Milliseconds: p99Ms, rssMebibytes: rssMib});
			result.newConnections = now.connections - was.connections;
			clock.pauseMs = PAUSE_MS / 8;
		}
		if (scrapes > POLLS) {
			mostAbsent = Math.max(mostAbsent, scrape.absent.length);
			// Twice: what the first lets go of may hold more.
			collect();
			collect();
			heapMib.push(process.memoryUsage().heapUsed / 2 ** 20);
			if (heapMib.length > HOUR) break;
		}
		await ask({round: true, replace: scrapes > POLLS ? REPLACED : 0});
		clock.go();
	}
	stop.abort();
	// In the first quarter the tables grow to what they need.
	const settled = heapMib.slice(HOUR / 4);
	const slope = theilSen(settled, 12);
	const perHour = (kept: Slope): string =>
		`${(kept.slope * HOUR).toFixed(2)} (95 %: ${(kept.low * HOUR).toFixed(2)} to ${(kept.high * HOUR).toFixed(2)})`;
	say(`  an hour, ${REPLACED * 4} pods replaced a minute: heap`, `${settled[0]?.toFixed(1)} to ${settled.at(-1)?.toFixed(1)} MiB`);
	say('  its slope, MiB an hour', perHour(slope), 'not to be told from 0');
	const {lists, watches} = cluster.health();
	say('  lists, watches; containers absent at most', `${lists}, ${watches}; ${mostAbsent}`, '1, about 70; few');
	Object.assign(result, {
		heapSlopeMebibytesPerHour: slope.slope * HOUR,
		heapSlopeLow: slope.low * HOUR,
		heapSlopeHigh: slope.high * HOUR,
	});
}

async function peer({config, ask}: Server): Promise<void> {
	const {KubeConfig, Metrics} = await import('@kubernetes/client-node');
	const kubeConfig = new KubeConfig();
	kubeConfig.loadFromFile(config);
	const metrics = new Metrics(kubeConfig);
	const {connections} = await ask({round: true});
	const delay = monitorEventLoopDelay({resolution: 5});
	delay.enable();
	const cpu = process.cpuUsage();
	for (let i = 0; i < POLLS; i++) {
		await metrics.getPodMetrics();
		await wait(PAUSE_MS);
	}
	const {user, system} = process.cpuUsage(cpu);
	delay.disable();
	const after = await ask({round: true});
	say('beside it, client-node’s Metrics class: CPU a poll', `${((user + system) / 1000 / POLLS).toFixed(0)} ms`);
	say('  event-loop delay, p99 / max', `${[99, 100].map(p => (delay.percentile(p) / 1e6).toFixed(1)).join(' / ')} ms`);
	say('  new connections', `${after.connections - connections}`);
	say('k9s, as measured once elsewhere: 5,000 pods', '16 % of a core, 480 MB');
}
