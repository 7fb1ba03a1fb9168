/** As little right as possible: what users of different rights see, and what they are told. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import type {Cluster, User} from './cluster.ts';
import {jsonLines, type Outcome, run} from './oddpod.ts';
import {service} from './program.ts';
import {limited} from './scripted.ts';
import {skip, startCluster} from './test-cluster.ts';

describe('users of different rights', {skip}, () => {
	let cluster: Cluster;
	const as = (user: User, ...args: readonly string[]): Promise<Outcome> =>
		run([...args, '--context', cluster.context(user)], cluster.kubeconfig);
	const namespacesIn = (stdout: string): string[] =>
		[...new Set(jsonLines<{namespace: string}>(stdout).map(({namespace}) => namespace))].sort();

	const recordedAs = async (user: User): Promise<string> => {
		const file = join(cluster.folder, `${user}.jsonl`);
		const {code, stderr} = await as(user, 'check', '--for', '30s', '--record', file);
		assert.equal(code, 4, stderr); // half a minute judges nobody
		return readFileSync(file, 'utf8');
	};

	before(async () => {
		cluster = await startCluster('rights');
		const all: string[] = [];
		for (const namespace of ['shop', 'payments']) {
			const {pods} = await cluster.create({
				kind: 'Deployment',
				namespace,
				name: 'api',
				replicas: 2,
				containers: [limited('app', 'registry.example/api:v1', 500, 256, () => service(60, 90))],
			});
			all.push(...pods.map(pod => `${pod.namespace}/${pod.name}`));
		}
		await cluster.untilMetrics(all);
	});
	after(() => cluster?.stop());

	for (const user of ['admin', 'viewer', 'minimal', 'metrics-only'] as const) {
		test(`${user} sees all namespaces`, async () => {
			const {code, stdout, stderr} = await as(user, 'top', '-o', 'json');
			assert.equal(code, 0, stderr);
			assert.deepEqual(namespacesIn(stdout), ['payments', 'shop']);
		});
	}

	test('metrics and pods are enough for limits, owners and incarnations', async () => {
		const recorded = await recordedAs('minimal');
		assert.match(recorded, /"workload":"Deployment\/api"/);
		assert.match(recorded, /"memoryLimitBytes":268435456/);
		assert.doesNotMatch(recorded, /"incarnation":"-"/);
	});

	test('metrics alone are worth watching: what is not known is left out, and why is told', async () => {
		const recorded = await recordedAs('metrics-only');
		assert.match(recorded, /"pod":"api-/);
		assert.match(recorded, /"r":\[\[/);
		assert.doesNotMatch(recorded, /memoryLimitBytes|cpuLimitMillicores/);
		assert.match(recorded, /User \\"metrics-only\\" cannot list resource \\"pods\\"/);
	});

	test('pods alone: what waits is seen, and why there are no samples is told', async () => {
		const {code, stderr} = await as('pods-only', 'top', '-A');
		assert.notEqual(code, 0);
		assert.match(stderr, /pods\.metrics\.k8s\.io is forbidden: User "pods-only"/);
	});

	test('a team sees the namespace of its context', async () => {
		const {code, stdout, stderr} = await as('team', 'top', '-o', 'json');
		assert.equal(code, 0, stderr);
		assert.deepEqual(namespacesIn(stdout), ['shop']);
	});

	test('a team that asks for all namespaces gets what it may read, and is told', async () => {
		const {code, stdout, stderr} = await as('team', 'top', '-A', '-o', 'json');
		assert.equal(code, 0, stderr);
		assert.deepEqual(namespacesIn(stdout), ['shop']);
		assert.match(stderr, /watching 1 of \? namespaces \(shop\): no cluster-wide permission for pods\.metrics\.k8s\.io/);
	});

	test('a team is told that a namespace is closed to it', async () => {
		const {code, stdout, stderr} = await as('team', 'top', '-n', 'payments');
		assert.notEqual(code, 0);
		assert.equal(stdout, '');
		assert.match(
			stderr,
			/pods\.metrics\.k8s\.io is forbidden: User "team" cannot list resource "pods" in API group "metrics\.k8s\.io" in the namespace "payments"/,
		);
	});

	test('nobody is told what is missing, and how to ask for it', async () => {
		const {code, stdout, stderr} = await as('nobody', 'top', '-A');
		assert.notEqual(code, 0);
		assert.equal(stdout, '');
		assert.match(stderr, /forbidden: User "nobody" cannot list/);
		assert.match(stderr, /kubectl/);
		assert.doesNotMatch(stderr, /\n\s+at /, 'a stack trace');
	});

	test('an expired certificate is called expired', async () => {
		const {code, stderr} = await as('expired', 'top', '-A');
		assert.notEqual(code, 0);
		assert.match(stderr, /you must be logged in to the server/);
		assert.match(stderr, /ran out|expired/);
	});

	test('no secret is told to anybody', async () => {
		for (const user of ['team', 'nobody'] as const) {
			const {stdout, stderr} = await as(user, 'doctor');
			assert.doesNotMatch(stdout + stderr, /token-of-/);
		}
	});

	test('doctor fails with a code of its own where rights are missing', async () => {
		const {code, stdout, stderr} = await as('nobody', 'doctor');
		assert.ok(code !== null && code >= 10 && code <= 19, `${code}: ${stdout}${stderr}`);
	});
});
