/**
 * What it costs to watch a large cluster: CPU, stalls, memory, bytes and connections over 50 polls, beside client-node's own Metrics class;
 * then an hour of churn, a tenth of the pods replaced each time. `node bench/cluster.ts [PODS]`; with --expose-gc the heap is told after collections.
 */
import {type ChildProcess, fork} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {monitorEventLoopDelay} from 'node:perf_hooks';
import process from 'node:process';
import type {Clock} from '../source/k8s/clock.ts';
import type {Cluster} from '../source/k8s/feed.ts';

const PODS = Number(process.argv[2] ?? 10_000);
const POLLS = 50;
const CHURNS = 60;

/** Real time for what is short, none for what is long: a poll each half second instead of each 15 s. */
class HastyClock implements Clock {
	#skippedMs = 0;
	now = () => Date.now() + this.#skippedMs;
	random = Math.random;
	async sleep(ms: number, signal?: AbortSignal): Promise<void> {
		// Polls are a turn of the clock apart; limits on time are as they are.
		const isPoll = ms > 4000 && ms < 9000 && signal !== undefined;
		await new Promise<void>(resolve => {
			if (signal?.aborted) return resolve();
			const timer = setTimeout(resolve, isPoll ? 400 : ms);
			signal?.addEventListener(
				'abort',
				() => {
					clearTimeout(timer);
					resolve();
				},
				{once: true},
			);
		});
		if (isPoll && signal?.aborted === false) this.#skippedMs += ms - 400;
	}
}

const mebi = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
const collect = (): void => (globalThis as {gc?: () => void}).gc?.();
const ask = (child: ChildProcess, message: object): Promise<{readonly connections: number; readonly bytes: number}> =>
	new Promise(resolve => {
		child.once('message', answer => resolve(answer as {connections: number; bytes: number}));
		child.send(message);
	});

const child = fork(path.join(import.meta.dirname, 'cluster-server.ts'), [String(PODS)]);
const {port} = await new Promise<{port: number}>(resolve => child.once('message', message => resolve(message as {port: number})));
const folder = mkdtempSync(path.join(os.tmpdir(), 'oddpod-bench-'));
const config = path.join(folder, 'config');
const ca = readFileSync(path.join(import.meta.dirname, '../test/k8s/tls/server.crt')).toString('base64');
writeFileSync(
	config,
	JSON.stringify({
		clusters: [{name: 'b', cluster: {server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca}}],
		users: [{name: 'b', user: {token: 't'}}],
		contexts: [{name: 'b', context: {cluster: 'b', user: 'b'}}],
		'current-context': 'b',
	}),
);

try {
	const importedAt = performance.now();
	const {openCluster} = await import('../source/k8s/feed.ts');
	console.log(`import ${Math.round(performance.now() - importedAt)} ms (unbundled)`);
	collect();
	const rssBefore = process.memoryUsage().rss;
	const heapBefore = process.memoryUsage().heapUsed;
	const opened = await openCluster({kubeconfig: config, env: {}, clock: new HastyClock(), intervalMs: 5000});
	if ('what' in opened) throw new Error(opened.what);
	await feed(opened, rssBefore, heapBefore);
	await peer();
} finally {
	child.kill();
	rmSync(folder, {recursive: true});
}

async function feed(cluster: Cluster, rssBefore: number, heapBefore: number): Promise<void> {
	const stop = new AbortController();
	const delay = monitorEventLoopDelay({resolution: 5});
	let scrapes = 0;
	let readings = 0;
	const firstAt = performance.now();
	let cpu = process.cpuUsage();
	let before = cluster.health();
	const heaps: number[] = [];
	const turnsMs: number[] = [];
	/** By the thread's own CPU time, which says the same on a busy machine. Node 23.9 and newer. */
	const watchTurns = () => {
		if (process.threadCpuUsage === undefined) return;
		const used = process.threadCpuUsage();
		setTimeout(() => {
			const {user, system} = process.threadCpuUsage(used);
			turnsMs.push((user + system) / 1000);
			watchTurns();
		}, 1).unref();
	};
	let churning = false;
	for await (const scrape of cluster.feed.scrapes(stop.signal)) {
		if (scrape.readings.length < PODS / 2) continue;
		scrapes++;
		readings += scrape.readings.length;
		if (scrapes === 1) {
			console.log(
				`first scrape: ${scrape.readings.length} readings in ${Math.round(performance.now() - firstAt)} ms, RSS +${mebi(process.memoryUsage().rss - rssBefore)} MiB`,
			);
			collect();
			console.log(`held: heap +${mebi(process.memoryUsage().heapUsed - heapBefore)} MiB`);
			delay.enable();
			watchTurns();
			cpu = process.cpuUsage();
			before = cluster.health();
			readings = 0;
		}
		if (scrapes === POLLS + 1) {
			const used = process.cpuUsage(cpu);
			const health = cluster.health();
			delay.disable();
			const polls = health.polls - before.polls;
			console.log(
				`${polls} polls, ${Math.round(readings / POLLS)} readings each: CPU ${((used.user + used.system) / 1000 / polls).toFixed(0)} ms a poll, event loop p50 ${(delay.percentile(50) / 1e6).toFixed(1)} p99 ${(delay.percentile(99) / 1e6).toFixed(1)} max ${(delay.max / 1e6).toFixed(1)} ms, ${mebi((health.bytes - before.bytes) / polls)} MiB a poll unpacked, ${health.connections - before.connections} new connections, RSS ${mebi(process.memoryUsage().rss)} MiB`,
			);
			console.log(
				`longest turns of the event loop, CPU: ${turnsMs
					.sort((a, b) => b - a)
					.slice(0, 5)
					.map(ms => ms.toFixed(0))
					.join(', ')} ms of ${turnsMs.length}`,
			);
			churning = true;
		}
		if (churning) {
			collect();
			heaps.push(process.memoryUsage().heapUsed);
			if (heaps.length === CHURNS) break;
		}
		await ask(child, churning ? {round: true, churn: true} : {round: true});
	}
	stop.abort();
	const half = heaps.slice(CHURNS / 4);
	const mean = half.reduce((a, b) => a + b, 0) / half.length;
	const middle = (half.length - 1) / 2;
	const slope =
		half.reduce((sum, heap, i) => sum + (i - middle) * (heap - mean), 0) / half.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
	console.log(
		`${CHURNS} rounds of churn (${PODS / 10} pods replaced in each): heap ${mebi(half[0] ?? 0)} to ${mebi(half.at(-1) ?? 0)} MiB, slope ${(slope / 1024).toFixed(1)} KiB a round`,
	);
}

async function peer(): Promise<void> {
	const {KubeConfig, Metrics} = await import('@kubernetes/client-node');
	const kubeConfig = new KubeConfig();
	kubeConfig.loadFromFile(config);
	const metrics = new Metrics(kubeConfig);
	const {connections} = await ask(child, {round: true});
	const delay = monitorEventLoopDelay({resolution: 5});
	delay.enable();
	const cpu = process.cpuUsage();
	for (let i = 0; i < POLLS; i++) {
		await metrics.getPodMetrics();
		await new Promise(resolve => setTimeout(resolve, 400));
	}
	const used = process.cpuUsage(cpu);
	delay.disable();
	const after = await ask(child, {round: true});
	console.log(
		`client-node Metrics, ${POLLS} polls: CPU ${((used.user + used.system) / 1000 / POLLS).toFixed(0)} ms a poll, event loop p99 ${(delay.percentile(99) / 1e6).toFixed(1)} max ${(delay.max / 1e6).toFixed(1)} ms, ${after.connections - connections} new connections, RSS ${mebi(process.memoryUsage().rss)} MiB`,
	);
}
