/** The metrics server dies and comes back; the program says so, waits, and goes on. */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {openRecording} from '../../source/recording/feed.ts';
import type {Scrape} from '../../source/scrape.ts';
import type {Cluster} from './cluster.ts';
import {jsonLines, kindsByPod, type Outcome, run} from './oddpod.ts';
import {service} from './program.ts';
import {limited} from './scripted.ts';
import {skip, startCluster, until} from './test-cluster.ts';

describe('a metrics server that dies and comes back', {skip}, () => {
	let cluster: Cluster;
	let outcome: Outcome;
	let killedAtMs: number;
	let startedAtMs: number;
	const scrapes: Scrape[] = [];

	before(async () => {
		cluster = await startCluster('outage');
		const {pods} = await cluster.create({
			kind: 'Deployment',
			namespace: 'shop',
			name: 'cart',
			replicas: 3,
			containers: [limited('app', 'registry.example/cart:v1', 500, 256, () => service(60, 90))],
		});
		const names = pods.map(({namespace, name}) => `${namespace}/${name}`);
		await cluster.untilMetrics(names);
		const file = join(cluster.folder, 'outage.jsonl');
		const args = ['check', '--context', cluster.context('viewer'), '--for', '340s', '--train', '20', '-o', 'json', '--record', file];
		const running = run(args, cluster.kubeconfig, 400_000);
		// Trained on 20 samples of 10 s, and a few that the beginning takes.
		await until(Date.now() + 230_000);
		await cluster.killMetricsServer();
		killedAtMs = Date.now();
		await until(killedAtMs + 35_000);
		cluster.startMetricsServer();
		startedAtMs = Date.now();
		await cluster.untilMetrics(names);
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

	test('the problem is told while it lasts, in the words of kubectl', () => {
		assert.match(outcome.stderr, /Error from server \(ServiceUnavailable\)/);
		const first = scrapes.find(({atMs, problems}) => atMs > killedAtMs && problems.length > 0);
		assert.ok(first && first.atMs < killedAtMs + 30_000, 'no problem within 30 s');
	});

	test('no sample is made up while there is none', () => {
		const during = scrapes.filter(({atMs}) => atMs > killedAtMs + 1000 && atMs < startedAtMs);
		assert.equal(
			during.reduce((sum, {readings}) => sum + readings.length, 0),
			0,
		);
		for (const {readings} of scrapes) for (const {cpuMillicores, memoryBytes} of readings) assert.ok(cpuMillicores > 0 && memoryBytes > 0);
	});

	test('samples come again by themselves, and the problem goes', () => {
		const back = scrapes.find(({atMs, readings}) => atMs > startedAtMs && readings.length > 0);
		// It needs two scrapes of its own before it has an answer; the program asks at least once a minute.
		assert.ok(back && back.atMs < startedAtMs + 90_000, `back after ${((back?.atMs ?? Number.NaN) - startedAtMs) / 1000} s`);
		assert.deepEqual(scrapes.at(-1)?.problems, []);
	});
});
