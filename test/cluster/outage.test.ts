/** The metrics server dies and comes back, then the API server does; the program says so, waits, and goes on. */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {openRecording} from '../../source/recording/feed.ts';
import type {Scrape} from '../../source/scrape.ts';
import type {Cluster, Server} from './cluster.ts';
import {jsonLines, kindsByPod, type Outcome, run} from './oddpod.ts';
import {service} from './program.ts';
import {limited} from './scripted.ts';
import {skip, startCluster, until} from './test-cluster.ts';

describe('servers that die and come back', {skip}, () => {
	let cluster: Cluster;
	let outcome: Outcome;
	const killedAtMs = {'metrics-server': 0, 'kube-apiserver': 0};
	const startedAtMs = {'metrics-server': 0, 'kube-apiserver': 0};
	/** Deleted before the program can have found the API server again. */
	let deleted: string;
	let deletedAtMs: number;
	const scrapes: Scrape[] = [];

	const restart = async (server: Server, afterMs: number): Promise<void> => {
		await cluster.kill(server);
		killedAtMs[server] = Date.now();
		await until(killedAtMs[server] + afterMs);
		cluster.launch(server);
		startedAtMs[server] = Date.now();
	};

	before(async () => {
		cluster = await startCluster('outage');
		const template = (name: string, replicas: number) => ({
			kind: 'Deployment' as const,
			namespace: 'shop',
			name,
			replicas,
			containers: [limited('app', `registry.example/${name}:v1`, 500, 256, () => service(60, 90))],
		});
		const {pods} = await cluster.create(template('cart', 3));
		const short = await cluster.create(template('short', 1));
		const [shortPod] = short.pods;
		assert.ok(shortPod);
		deleted = shortPod.name;
		const names = [...pods, shortPod].map(({namespace, name}) => `${namespace}/${name}`);
		await cluster.untilMetrics(names);
		const file = join(cluster.folder, 'outage.jsonl');
		const args = ['check', '--context', cluster.context('viewer'), '--for', '430s', '--train', '20', '-o', 'json', '--record', file];
		const running = run(args, cluster.kubeconfig, 490_000);
		// Trained on 20 samples of 10 s, and a few that the beginning takes.
		await until(Date.now() + 230_000);
		await restart('metrics-server', 35_000);
		await cluster.untilMetrics(names);
		await until(Date.now() + 15_000);
		await restart('kube-apiserver', 12_000);
		await cluster.untilReady();
		await cluster.kubelet.remove(shortPod);
		deletedAtMs = Date.now();
		outcome = await running;
		assert.equal(outcome.stderr.includes('See: oddpod help'), false, outcome.stderr);
		const recording = await openRecording(file);
		for await (const scrape of recording.scrapes(new AbortController().signal)) scrapes.push(scrape);
	});
	after(() => cluster?.stop());

	test('check lives through it, and finds nothing odd in it', () => {
		assert.equal(outcome.code, 0, outcome.stderr);
		assert.deepEqual([...kindsByPod(jsonLines(outcome.stdout))], []);
	});

	for (const [server, said] of [
		['metrics-server', /Error from server \(ServiceUnavailable\)/],
		['kube-apiserver', /the connection to the server 127\.0\.0\.1:\d+ was refused/],
	] as const) {
		test(`the problem is told while it lasts, in the words of kubectl: ${server}`, () => {
			assert.match(outcome.stderr, said);
			const first = scrapes.find(({atMs, problems}) => atMs > killedAtMs[server] && problems.length > 0);
			assert.ok(first && first.atMs < killedAtMs[server] + 30_000, 'no problem within 30 s');
		});

		test(`samples come again by themselves, and the problem goes: ${server}`, t => {
			const back = scrapes.find(({atMs, readings}) => atMs > startedAtMs[server] && readings.length > 0);
			const seconds = ((back?.atMs ?? Number.NaN) - startedAtMs[server]) / 1000;
			// metrics-server needs two scrapes of its own before it has an answer; the program asks at least once a minute.
			assert.ok(seconds < 90, `back after ${seconds} s`);
			t.diagnostic(`back after ${seconds} s`);
		});
	}

	test('no sample is made up while there is none', () => {
		const during = (server: Server) => scrapes.filter(({atMs}) => atMs > killedAtMs[server] + 1000 && atMs < startedAtMs[server]);
		assert.equal(
			[...during('metrics-server'), ...during('kube-apiserver')].reduce((sum, {readings}) => sum + readings.length, 0),
			0,
		);
		for (const {readings} of scrapes) for (const {cpuMillicores, memoryBytes} of readings) assert.ok(cpuMillicores > 0 && memoryBytes > 0);
	});

	test('nothing holds in the end', () => {
		assert.deepEqual(scrapes.at(-1)?.problems, []);
	});

	test('a pod that was deleted meanwhile is gone, and no other is', t => {
		const gone = scrapes.flatMap(({atMs, absent}) => absent.filter(({why}) => why === 'gone').map(({of}) => ({atMs, pod: of.pod})));
		assert.deepEqual(
			gone.map(({pod}) => pod),
			[deleted],
		);
		t.diagnostic(`told ${((gone[0]?.atMs ?? Number.NaN) - deletedAtMs) / 1000} s after it`);
	});
});
