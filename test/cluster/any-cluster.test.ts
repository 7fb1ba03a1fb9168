/** What holds on any cluster with a metrics server: that of KUBECONFIG, else one of our own. Nothing is written to it. */
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {after, before, describe, test} from 'node:test';
import {promisify} from 'node:util';
import type {Cluster} from './cluster.ts';
import {jsonLines, run} from './oddpod.ts';
import {service} from './program.ts';
import {limited} from './scripted.ts';
import {skip, startCluster, until} from './test-cluster.ts';

interface UsageLine {
	readonly namespace: string;
	readonly pod: string;
	readonly container: string;
	readonly cpuCores: number | null;
	readonly memoryMiB: number | null;
	readonly sampledAt: string;
}

const given = process.env.KUBECONFIG;

describe('any cluster with a metrics server', {skip: !given && skip}, () => {
	let own: Cluster | undefined;
	let kubeconfig: string;

	before(async () => {
		if (given) {
			kubeconfig = given;
			return;
		}
		own = await startCluster('any');
		const {pods} = await own.create({
			kind: 'Deployment',
			namespace: 'shop',
			name: 'cart',
			replicas: 3,
			containers: [
				limited('app', 'registry.example/cart:v1', 500, 256, () => service(60, 90)),
				limited('proxy', 'registry.example/proxy:v1', 200, 128, () => service(9, 44)),
			],
		});
		await own.untilMetrics(pods.map(({namespace, name}) => `${namespace}/${name}`));
		kubeconfig = own.kubeconfig;
	});
	after(() => own?.stop());

	test('top lists every container that the metrics API has, once', async () => {
		const listed = () => (own ? namesFrom(own) : namesFromKubectl(kubeconfig));
		const before = await listed();
		const {code, stdout, stderr} = await run(['top', '-A', '-o', 'json'], kubeconfig);
		const after = await listed();
		assert.equal(code, 0, stderr);
		const lines = jsonLines<UsageLine>(stdout);
		assert.ok(lines.length > 0, 'not one line');
		const names = lines.map(({namespace, pod, container}) => `${namespace}/${pod}/${container}`);
		assert.equal(new Set(names).size, names.length, 'a container twice');
		for (const {cpuCores, memoryMiB, sampledAt} of lines) {
			assert.ok(cpuCores !== null && cpuCores >= 0, `CPU ${cpuCores}`);
			assert.ok(memoryMiB !== null && memoryMiB > 0, `memory ${memoryMiB}`);
			assert.ok(Math.abs(Date.now() - Date.parse(sampledAt)) < 5 * 60_000, `sampled at ${sampledAt}`);
		}
		// Pods come and go meanwhile.
		const pods = new Set(lines.map(({namespace, pod}) => `${namespace}/${pod}`));
		for (const name of pods) if (before.size > 0) assert.ok(before.has(name) || after.has(name), `the metrics API has no ${name}`);
		// A sample of before a container's last start is not listed: those that have just restarted come with the next one.
		let missing = [...before].filter(name => after.has(name) && !pods.has(name));
		for (let again = 0; missing.length > 0 && again < 4; again++) {
			await until(Date.now() + 20_000);
			const later = await run(['top', '-A', '-o', 'json'], kubeconfig);
			const names = new Set(jsonLines<UsageLine>(later.stdout).map(({namespace, pod}) => `${namespace}/${pod}`));
			const there = await listed();
			missing = missing.filter(name => there.has(name) && !names.has(name));
		}
		assert.deepEqual(missing, [], 'in the metrics API, and never listed');
	});

	test('top in a pipe: one line a container, tab-separated, without a header', async () => {
		const {code, stdout, stderr} = await run(['top', '-A'], kubeconfig);
		assert.equal(code, 0, stderr);
		const rows = stdout.trimEnd().split('\n');
		for (const row of rows) assert.match(row, /^\S+\t\S+\t\S+\t\d+\.\d{4}\t\d+\.\d\t\S+$/);
	});

	test('check watches for a minute and ends by itself', async () => {
		const {code, stderr} = await run(['check', '-A', '--for', '60s', '--fail-on', 'critical'], kubeconfig, 100_000);
		assert.ok(code === 3 || code === 4, `${code}: ${stderr}`);
	});

	test('doctor finds nothing to mend', async () => {
		const {code, stdout, stderr} = await run(['doctor', '-A'], kubeconfig);
		assert.equal(code, 0, `${stdout}${stderr}`);
	});

	test('a context that does not exist is told, and what to do', async () => {
		const {code, stderr} = await run(['top', '--context', 'no-such-context'], kubeconfig);
		assert.equal(code, 1);
		assert.match(stderr, /no-such-context/);
		assert.doesNotMatch(stderr, /\n\s+at /, 'a stack trace');
	});
});

async function namesFrom({api}: Cluster): Promise<Set<string>> {
	const {items} = (await api.get('/apis/metrics.k8s.io/v1beta1/pods')) as unknown as {
		items: {metadata: {namespace: string; name: string}}[];
	};
	return new Set(items.map(({metadata: {namespace, name}}) => `${namespace}/${name}`));
}

/** Empty where there is no kubectl. */
async function namesFromKubectl(kubeconfig: string): Promise<Set<string>> {
	try {
		const {stdout} = await promisify(execFile)('kubectl', ['--kubeconfig', kubeconfig, 'top', 'pods', '-A', '--no-headers']);
		const lines = stdout.trimEnd().split('\n');
		return new Set(lines.map(line => line.split(/\s+/, 2).join('/')));
	} catch {
		return new Set();
	}
}
