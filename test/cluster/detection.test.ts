/**
 * The built program watches scripted containers through a real API server and a real metrics-server, as a user with the minimal rights:
 * one replica leaks, one grows until it is killed, one of five loops, one has a short spike; all that may look like trouble and is none stands beside them.
 * Paced by the engine: a training of 30 samples of 10 s, a trend over 60 of them.
 */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {openRecording} from '../../source/recording/feed.ts';
import type {Absence} from '../../source/scrape.ts';
import type {Cluster} from './cluster.ts';
import {type EventLine, jsonLines, kindsByPod, type Outcome, run, told, toldAfterSeconds} from './oddpod.ts';
import {busy, leaking, type Shape, sawTooth, service, steady} from './program.ts';
import {limited} from './scripted.ts';
import {skip, startCluster, until} from './test-cluster.ts';
import type {Workload, WorkloadTemplate} from './workload.ts';

const WATCH_SECONDS = 720;
/** Of the training: 30 samples, and a few that the metrics server needs to begin. */
const TRAINED_SECONDS = 340;

const SERVICE = service(60, 90);
const KILLED = 45; // MiB a minute: 256 MiB are full after four minutes
const LEAK = 9;

const leak = limited('app', 'registry.example/leak:v1', 500, 512, replica => (replica === 1 ? leaking(SERVICE, LEAK) : SERVICE));
const kill = limited('app', 'registry.example/kill:v1', 500, 256, () => SERVICE);
const loop = limited('app', 'registry.example/loop:v1', 500, 192, () => SERVICE);
const spike = limited('app', 'registry.example/spike:v1', 1000, 192, () => steady(60, 90));
const load = limited('web', 'registry.example/load:v1', 1000, 256, () => service(70, 130));
const counterReset = limited('app', 'registry.example/reset:v1', 500, 192, () => SERVICE);
const job = limited('job', 'registry.example/job:v1', 500, 192, () => ({...steady(150, 60), exit: {afterSeconds: 70, code: 0}}), 'never');
const proxy = {...limited('istio-proxy', 'istio/proxyv2:1.28.1', 200, 128, () => service(9, 44)), isSidecar: true};

const trouble = {namespace: 'trouble', kind: 'Deployment'} as const;
const calm = {namespace: 'calm', kind: 'Deployment'} as const;
const app = (name: string, shape: Shape) => limited('app', `registry.example/${name}:v1`, 500, 256, () => shape);

const TEMPLATES = {
	leak: {...trouble, name: 'leak', replicas: 3, containers: [leak]},
	kill: {...trouble, name: 'kill', replicas: 2, containers: [kill]},
	loop: {...trouble, name: 'loop', replicas: 5, containers: [loop]},
	spike: {...trouble, name: 'spike', replicas: 1, containers: [spike]},
	steady: {...calm, name: 'steady', replicas: 2, containers: [app('steady', steady(14, 210))]},
	wave: {...calm, name: 'wave', replicas: 2, containers: [app('wave', service(90, 120)), proxy]},
	sawTooth: {...calm, name: 'saw-tooth', replicas: 1, containers: [app('saw-tooth', sawTooth(40, 60, 95, 120))]},
	load: {...calm, name: 'load', replicas: 4, containers: [load]},
	counterReset: {...calm, kind: 'StatefulSet', name: 'counter-reset', replicas: 1, containers: [counterReset]},
	rollout: {...calm, name: 'rollout', replicas: 2, containers: [app('rollout', service(35, 100))]},
	cronJob: {...calm, kind: 'CronJob', name: 'report', replicas: 1, containers: [job]},
} as const satisfies Record<string, WorkloadTemplate>;

/** Each on a node of its own, so that the node can fail. */
const onNode = (name: string, node: string): WorkloadTemplate => ({
	...calm,
	name,
	replicas: 3,
	nodes: [node],
	containers: [app(name, service(40, 80))],
});

describe('the built program on a live cluster', {skip}, () => {
	let cluster: Cluster;
	let watchedFromMs: number;
	let troubleRun: Outcome;
	let calmRun: Outcome;
	let troubleEvents: EventLine[];
	let calmEvents: EventLine[];
	const absences: Absence[] = [];
	const workloads = new Map<string, Workload>();
	const podOf = (name: string, replica: number): string => {
		const pod = workloads.get(name)?.pods[replica];
		return `${pod?.namespace}/${pod?.name}`;
	};

	before(async () => {
		cluster = await startCluster('detection', {
			nodes: ['node-a', 'node-b'],
			spareNodes: ['node-frozen', 'node-dead'],
			namespaces: ['trouble', 'calm'],
			teamNamespaces: [],
		});
		const templates: readonly WorkloadTemplate[] = [
			...Object.values(TEMPLATES),
			onNode('frozen', 'node-frozen'),
			onNode('dead', 'node-dead'),
		];
		for (const template of templates) workloads.set(template.name, await cluster.create(template));
		await cluster.untilMetrics([...workloads.values()].flatMap(({pods}) => pods.map(({namespace, name}) => `${namespace}/${name}`)));

		watchedFromMs = Date.now();
		const at = (seconds: number): Promise<void> => until(watchedFromMs + seconds * 1000);
		const watch = (namespace: string, failOn: string): Promise<Outcome> =>
			run(
				[
					...['check', '--context', cluster.context('minimal'), '-n', namespace, '--for', `${WATCH_SECONDS}s`, '--fail-on', failOn],
					...['--train', '30', '-o', 'json', '--record', join(cluster.folder, `${namespace}.jsonl`)],
				],
				cluster.kubeconfig,
				(WATCH_SECONDS + 60) * 1000,
			);
		const runs = Promise.all([watch('trouble', 'memory-leak,oom-killed,cpu-sustained'), watch('calm', 'warning')]);

		await at(TRAINED_SECONDS);
		kill.programs[0]?.become(leaking(SERVICE, KILLED));
		loop.programs[3]?.become(busy(SERVICE, 400));
		await workloads.get('rollout')?.rollOut('registry.example/rollout:v2');
		await workloads.get('report')?.runJob();
		cluster.kubelet.setNode('node-frozen', 'frozen');
		await at(400);
		for (const program of load.programs) program.become(service(170, 145));
		counterReset.programs[0]?.crash(1);
		await at(420);
		cluster.kubelet.setNode('node-frozen', 'ready');
		cluster.kubelet.setNode('node-dead', 'silent');
		await at(460);
		spike.programs[0]?.become(busy(steady(60, 90), 600));
		await at(500);
		spike.programs[0]?.become(steady(60, 90));
		cluster.kubelet.setNode('node-dead', 'ready');
		await at(540);
		for (const program of load.programs) program.become(service(70, 130));

		[troubleRun, calmRun] = await runs;
		troubleEvents = jsonLines(troubleRun.stdout);
		calmEvents = jsonLines(calmRun.stdout);
		const recording = await openRecording(join(cluster.folder, 'calm.jsonl'));
		for await (const {absent} of recording.scrapes(new AbortController().signal)) absences.push(...absent);
	});
	after(() => cluster?.stop());

	test('finds the leak', t => {
		const seconds = toldAfterSeconds(troubleEvents, podOf('leak', 1), 'memory-leak', watchedFromMs);
		assert.ok(seconds !== undefined, told(troubleEvents));
		t.diagnostic(`told after ${seconds} of ${WATCH_SECONDS} s`);
	});

	test('finds the kill', t => {
		const seconds = toldAfterSeconds(troubleEvents, podOf('kill', 0), 'oom-killed', watchedFromMs);
		assert.ok(seconds !== undefined, told(troubleEvents));
		t.diagnostic(`told after ${seconds} of ${WATCH_SECONDS} s`);
	});

	test('finds the busy loop', t => {
		const seconds = toldAfterSeconds(troubleEvents, podOf('loop', 3), 'cpu-sustained', watchedFromMs);
		assert.ok(seconds !== undefined, told(troubleEvents));
		t.diagnostic(`told after ${seconds} of ${WATCH_SECONDS} s`);
	});

	test('finds the spike', () => {
		assert.deepEqual(kindsByPod(troubleEvents).get(podOf('spike', 0)), ['cpu-spike'], told(troubleEvents));
	});

	test('ends with 3 where it found something', () => {
		assert.equal(troubleRun.code, 3, troubleRun.stderr);
	});

	test('finds nothing else', () => {
		const pods = [podOf('leak', 1), podOf('kill', 0), podOf('loop', 3), podOf('spike', 0)];
		assert.deepEqual(
			[...kindsByPod(troubleEvents).keys()].filter(name => !pods.includes(name)),
			[],
			told(troubleEvents),
		);
	});

	test('is calm where all is calm: waves, a saw-tooth, more load, a restart, a rollout, a job, frozen and silent nodes', () => {
		assert.deepEqual([...kindsByPod(calmEvents)], [], told(calmEvents));
		assert.equal(calmRun.code, 0, calmRun.stderr);
	});

	test('takes more load on all replicas for what it is', () => {
		const pods = new Set(workloads.get('load')?.pods.map(({name}) => name));
		const said = calmEvents.filter(({pod}) => pod !== undefined && pods.has(pod));
		assert.deepEqual([...new Set(said.map(({kind}) => kind))], ['load'], told(calmEvents));
	});

	test('tells the rollout', () => {
		assert.ok(
			calmEvents.some(({type, of}) => type === 'rollout' && of === 'calm/Deployment/rollout'),
			told(calmEvents),
		);
	});

	test('knows why there is no sample', () => {
		const why = (prefix: string): string[] => [...new Set(absences.filter(({of}) => of.pod.startsWith(prefix)).map(({why}) => why))];
		assert.ok(why('dead-').includes('node-silent'), `the silent node: ${why('dead-')}`);
		assert.ok(why('report-').includes('completed'), `the job: ${why('report-')}`);
		assert.ok(!why('report-').includes('gone'), `the job: ${why('report-')}`);
	});
});
