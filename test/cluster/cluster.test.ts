/** What the other tests stand on: the stand-in kubelet's pods, as the API server and metrics-server tell of them. */
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import type {KubeObject} from './api.ts';
import type {Cluster} from './cluster.ts';
import {leaking, service, steady, WaitingProgram} from './program.ts';
import {limited} from './scripted.ts';
import {skip, startCluster, until} from './test-cluster.ts';
import type {Workload} from './workload.ts';

interface ContainerStatus {
	readonly restartCount: number;
	readonly state: {readonly waiting?: {readonly reason: string}; readonly running?: object};
	readonly lastState: {readonly terminated?: {readonly reason: string; readonly exitCode: number}};
}

describe('the cluster of the tests', {skip}, () => {
	let cluster: Cluster;
	let steadyPods: Workload;
	const app = limited('app', 'registry.example/app:v1', 500, 128, () => service(60, 90));

	const podPath = ({namespace, name}: {readonly namespace: string; readonly name: string}): string =>
		`/api/v1/namespaces/${namespace}/pods/${name}`;
	const statusOf = async (pod: {readonly namespace: string; readonly name: string}): Promise<ContainerStatus> => {
		const {status} = (await cluster.api.get(podPath(pod))) as unknown as {status: {containerStatuses: ContainerStatus[]}};
		const [first] = status.containerStatuses;
		assert.ok(first);
		return first;
	};
	const metrics = async (): Promise<Map<string, string>> => {
		const {items} = (await cluster.api.get('/apis/metrics.k8s.io/v1beta1/pods')) as unknown as {
			items: (KubeObject & {timestamp: string})[];
		};
		return new Map(items.map(({metadata, timestamp}) => [metadata.name, timestamp]));
	};
	/** Looks again each second, for a minute at most. */
	const holds = async (condition: () => Promise<boolean>): Promise<boolean> => {
		for (let i = 0; i < 60; i++) {
			if (await condition()) return true;
			await until(Date.now() + 1000);
		}
		return false;
	};

	before(async () => {
		cluster = await startCluster('self', {spareNodes: ['node-spare']});
		steadyPods = await cluster.create({
			kind: 'Deployment',
			namespace: 'shop',
			name: 'app',
			replicas: 2,
			nodes: ['node-spare'],
			containers: [app],
		});
		await cluster.untilMetrics(steadyPods.pods.map(({namespace, name}) => `${namespace}/${name}`));
	});
	after(() => cluster?.stop());

	test('a kill at the limit is told as a kubelet tells it', async () => {
		const containers = [limited('app', 'registry.example/leak:v1', 500, 64, () => leaking(steady(20, 60), 120))];
		const {pods} = await cluster.create({kind: 'StatefulSet', namespace: 'shop', name: 'leak', replicas: 1, containers});
		const [pod] = pods;
		assert.ok(pod);
		assert.ok(await holds(async () => (await statusOf(pod)).restartCount > 0));
		const {lastState} = await statusOf(pod);
		assert.equal(lastState.terminated?.reason, 'OOMKilled');
		assert.equal(lastState.terminated?.exitCode, 137);
	});

	test('what never starts waits, with its reason', async () => {
		const containers = [{name: 'app', image: 'registry.example/typo:v1', program: () => new WaitingProgram('ImagePullBackOff')}];
		const {pods} = await cluster.create({kind: 'StatefulSet', namespace: 'shop', name: 'typo', replicas: 1, containers});
		const [pod] = pods;
		assert.ok(pod);
		assert.equal((await statusOf(pod)).state.waiting?.reason, 'ImagePullBackOff');
	});

	test('a rollout makes new pods and removes the old ones', async () => {
		const workload = await cluster.create({kind: 'Deployment', namespace: 'payments', name: 'roll', replicas: 2, containers: [app]});
		const before = workload.pods.map(({name}) => name);
		await workload.rollOut('registry.example/app:v2');
		const {items} = (await cluster.api.get('/api/v1/namespaces/payments/pods')) as unknown as {items: KubeObject[]};
		const names = items.map(({metadata}) => metadata.name);
		assert.equal(names.length, 2);
		assert.ok(!names.some(name => before.includes(name)));
	});

	test('a pod that is deleted goes', async () => {
		const {pods} = await cluster.create({kind: 'Deployment', namespace: 'payments', name: 'short', replicas: 1, containers: [app]});
		const [pod] = pods;
		assert.ok(pod);
		await cluster.api.remove(podPath(pod));
		assert.ok(await holds(async () => (await cluster.api.send('GET', podPath(pod))).status === 404));
	});

	test('a frozen node repeats its samples; a silent one has none, and they come back', async () => {
		const [pod] = steadyPods.pods;
		assert.ok(pod);
		cluster.kubelet.setNode('node-spare', 'silent');
		assert.ok(await holds(async () => !(await metrics()).has(pod.name)), 'still there after a minute of silence');
		cluster.kubelet.setNode('node-spare', 'ready');
		assert.ok(await holds(async () => (await metrics()).has(pod.name)), 'not back after a minute');
		cluster.kubelet.setNode('node-spare', 'frozen');
		await until(Date.now() + 15_000);
		const frozen = (await metrics()).get(pod.name);
		await until(Date.now() + 15_000);
		assert.equal((await metrics()).get(pod.name), frozen);
	});
});
