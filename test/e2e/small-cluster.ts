import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {CA, ScriptedServer, wire} from '../k8s/scripted-server.ts';

const PODS = [
	{namespace: 'shop', pod: 'cart-0', node: 'node-1'},
	{namespace: 'shop', pod: 'checkout-0', node: 'node-2'},
	{namespace: 'payments', pod: 'ledger-0', node: 'node-2'},
];

/** An API server with three pods, a kubeconfig with two contexts for it, and a folder for programs of the test's own. */
export class SmallCluster {
	readonly kubeconfig: string;
	readonly folder: string;
	readonly server: ScriptedServer;

	static async start(): Promise<SmallCluster> {
		return new SmallCluster(await ScriptedServer.start());
	}

	private constructor(server: ScriptedServer) {
		this.server = server;
		this.folder = mkdtempSync(path.join(tmpdir(), 'oddpod-live-'));
		server.path('/apis/metrics.k8s.io', wire('02-discovery-group')).on(({path: asked, query}) => {
			const namespace = /namespaces\/([^/]+)\//.exec(asked)?.[1];
			const inside = PODS.filter(pod => namespace === undefined || pod.namespace === namespace);
			if (asked.startsWith('/apis/metrics.k8s.io/') && asked.endsWith('/pods'))
				return {body: {kind: 'PodMetricsList', metadata: {}, items: inside.map(sample)}};
			if (asked.startsWith('/api/v1/') && asked.endsWith('/pods')) {
				if (query.get('watch') === '1') return stream => stream.begin();
				return {body: {kind: 'PodList', metadata: {resourceVersion: '1'}, items: inside.map(core)}};
			}
			return asked === '/api/v1/nodes' ? wire('05-403-nodes') : undefined;
		});
		const cluster = {server: server.url, 'certificate-authority-data': CA};
		this.kubeconfig = this.file(
			'kubeconfig',
			JSON.stringify({
				apiVersion: 'v1',
				kind: 'Config',
				clusters: [
					{name: 'lab', cluster},
					{name: 'dark', cluster: {...cluster, server: 'https://127.0.0.1:1'}},
				],
				users: [{name: 'me', user: {token: 'secret-token-of-the-test'}}],
				contexts: [
					{name: 'lab', context: {cluster: 'lab', user: 'me', namespace: 'shop'}},
					{name: 'prod', context: {cluster: 'lab', user: 'me', namespace: 'payments'}},
					{name: 'dark', context: {cluster: 'dark', user: 'me'}},
				],
				'current-context': 'lab',
			}),
		);
	}

	/** @returns its path. */
	file(name: string, content: string): string {
		const at = path.join(this.folder, name);
		writeFileSync(at, content);
		return at;
	}

	program(name: string, script: string): string {
		const at = this.file(name, `#!/bin/sh\n${script}\n`);
		chmodSync(at, 0o755);
		return at;
	}

	get env(): Record<string, string> {
		return {KUBECONFIG: this.kubeconfig, XDG_STATE_HOME: this.folder, HOME: this.folder};
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.server.close();
		rmSync(this.folder, {recursive: true, force: true});
	}
}

const second = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

const sample = ({namespace, pod}: (typeof PODS)[number]) => ({
	metadata: {name: pod, namespace, creationTimestamp: second()},
	timestamp: second(),
	window: '15s',
	containers: [{name: 'app', usage: {cpu: '100m', memory: '64Mi'}}],
});

const core = ({namespace, pod, node}: (typeof PODS)[number]) => ({
	metadata: {name: pod, namespace, uid: pod, resourceVersion: '1', creationTimestamp: '2026-11-01T00:00:00Z'},
	spec: {nodeName: node, restartPolicy: 'Always', containers: [{name: 'app', resources: {limits: {memory: '512Mi'}}}]},
	status: {
		phase: 'Running',
		startTime: '2026-11-01T00:00:00Z',
		containerStatuses: [{name: 'app', restartCount: 0, state: {running: {startedAt: '2026-11-01T00:00:00Z'}}}],
	},
});
