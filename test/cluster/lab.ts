/**
 * A small cluster to try the program on: `node test/cluster/lab.ts [FOLDER]` prints the path of a kubeconfig and runs until it is told to stop.
 * Calm for eight minutes, then the same faults again and again.
 */
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {Cluster} from './cluster.ts';
import {buildControlPlane} from './control-plane.ts';
import {alternating, busy, leaking, type Shape, sawTooth, service, steady, WaitingProgram} from './program.ts';
import {limited, unlimited} from './scripted.ts';
import type {WorkloadTemplate} from './workload.ts';

const proxy = {...limited('istio-proxy', 'istio/proxyv2:1.28.1', 200, 128, () => service(9, 44)), isSidecar: true};
const calmFor = (seconds: number, shape: Shape, then: (since: number) => Shape): Shape => ({
	cpuMillicores: s => (s < seconds ? shape.cpuMillicores(s) : then(seconds).cpuMillicores(s)),
	memoryMib: s => (s < seconds ? shape.memoryMib(s) : then(seconds).memoryMib(s - seconds)),
});

const workloads: readonly WorkloadTemplate[] = [
	{
		// One replica leaks 6 MiB a minute from its eighth minute on, until it is killed: every half hour.
		kind: 'Deployment',
		namespace: 'shop',
		name: 'checkout',
		replicas: 3,
		containers: [
			limited('app', 'registry.example/shop/checkout:v43', 500, 256, replica =>
				replica === 1 ? calmFor(480, service(40, 120), () => leaking(service(40, 120), 6)) : service(40, 120),
			),
			proxy,
		],
	},
	{
		// A busy loop in one of five, eight minutes of each twenty.
		kind: 'Deployment',
		namespace: 'shop',
		name: 'cart',
		replicas: 5,
		containers: [
			limited('app', 'registry.example/shop/cart:v12', 500, 192, replica =>
				replica === 3 ? alternating(service(60, 90), busy(service(60, 90), 400), 1200, 480, 480) : service(60, 90),
			),
		],
	},
	{
		// More load on all of them now and then: no trouble.
		kind: 'Deployment',
		namespace: 'shop',
		name: 'frontend',
		replicas: 4,
		containers: [
			limited('web', 'registry.example/shop/frontend:v101', 1000, 256, () =>
				alternating(service(70, 130), service(190, 140), 2400, 1500, 420),
			),
		],
	},
	{
		kind: 'StatefulSet',
		namespace: 'shop',
		name: 'redis',
		replicas: 1,
		containers: [limited('redis', 'redis:8.2', 500, 512, () => steady(14, 210))],
	},
	{
		kind: 'Deployment',
		namespace: 'shop',
		name: 'recommendations-with-a-very-long-name-as-real-ones-have-them',
		replicas: 2,
		containers: [limited('java', 'registry.example/shop/recommendations:2026.11.3', 1000, 768, () => sawTooth(120, 380, 520, 300))],
	},
	{
		kind: 'StatefulSet',
		namespace: 'payments',
		name: 'ledger',
		replicas: 3,
		containers: [limited('postgres', 'postgres:18', 1000, 1024, () => service(90, 640))],
	},
	{
		kind: 'Deployment',
		namespace: 'payments',
		name: 'gateway',
		replicas: 2,
		containers: [limited('app', 'registry.example/payments/gateway:v7', 500, 256, () => service(35, 100)), proxy],
	},
	{
		kind: 'Deployment',
		namespace: 'payments',
		name: 'fraud-score',
		replicas: 1,
		containers: [
			limited('app', 'registry.example/payments/fraud-score:v3', 500, 256, () => ({
				...steady(150, 90),
				exit: {afterSeconds: 25, code: 1},
			})),
		],
	},
	{
		kind: 'Deployment',
		namespace: 'payments',
		name: 'reports',
		replicas: 1,
		containers: [{name: 'app', image: 'registry.example/payments/reports:v1-typo', program: () => new WaitingProgram('ImagePullBackOff')}],
	},
	{
		// Without requests and limits.
		kind: 'Deployment',
		namespace: 'platform',
		name: 'ads',
		replicas: 2,
		containers: [
			unlimited('app', 'registry.example/platform/ads:main', () => service(30, 75)),
			unlimited('metrics', 'registry.example/platform/exporter:0.9', () => steady(3, 18)),
		],
	},
	{
		kind: 'DaemonSet',
		namespace: 'platform',
		name: 'log-shipper',
		replicas: 3,
		containers: [limited('agent', 'fluent/fluent-bit:4.2', 200, 128, () => service(12, 38))],
	},
	{
		kind: 'Deployment',
		namespace: 'platform',
		name: 'search',
		replicas: 3,
		containers: [limited('app', 'registry.example/platform/search:v9', 2000, 2048, () => service(350, 1400))],
	},
	{
		kind: 'Deployment',
		namespace: 'platform',
		name: 'mailer',
		replicas: 2,
		containers: [limited('app', 'registry.example/platform/mailer:v2', 100, 64, () => steady(4, 30))],
	},
];

const say = (line: string): void => {
	process.stderr.write(`${line}\n`);
};

const built = await buildControlPlane(say);
if (!('path' in built)) {
	say('missing' in built ? built.missing : built.broken);
	process.exit(1);
}
const cluster = await Cluster.start({
	controlPlane: built.path,
	folder: resolve(process.argv[2] ?? join(tmpdir(), 'oddpod-lab')),
	nodes: ['node-a', 'node-b', 'node-c'],
	namespaces: ['shop', 'payments', 'platform'],
	teamNamespaces: ['shop'],
	name: 'lab',
});
const stop = async (): Promise<void> => {
	await cluster.stop();
	process.exit(0);
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

for (const template of workloads) await cluster.create(template);
// No node has room for it.
await cluster.api.create('/api/v1/namespaces/platform/pods', {
	apiVersion: 'v1',
	kind: 'Pod',
	metadata: {name: 'model-training-0', namespace: 'platform', labels: {app: 'model-training'}},
	spec: {containers: [{name: 'train', image: 'registry.example/platform/train:v1', resources: {requests: {cpu: '64', memory: '512Gi'}}}]},
});
await cluster.api.merge('/api/v1/namespaces/platform/pods/model-training-0/status', {
	status: {
		conditions: [
			{
				type: 'PodScheduled',
				status: 'False',
				reason: 'Unschedulable',
				message: '0/3 nodes are available: 3 Insufficient cpu, 3 Insufficient memory.',
			},
		],
	},
});
await cluster.api.create('/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers', {
	apiVersion: 'autoscaling/v2',
	kind: 'HorizontalPodAutoscaler',
	metadata: {name: 'frontend', namespace: 'shop'},
	spec: {
		scaleTargetRef: {apiVersion: 'apps/v1', kind: 'Deployment', name: 'frontend'},
		minReplicas: 2,
		maxReplicas: 8,
		metrics: [{type: 'Resource', resource: {name: 'cpu', target: {type: 'Utilization', averageUtilization: 70}}}],
	},
});
say(
	'contexts: lab, and lab-USER for viewer, minimal, team, metrics-only, pods-only, nobody, expired; metrics every 10 s, from about 25 s on',
);
process.stdout.write(`${cluster.kubeconfig}\n`);
