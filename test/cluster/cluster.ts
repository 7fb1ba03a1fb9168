/**
 * A real control plane on 127.0.0.1, with users of different rights: etcd, kube-apiserver and metrics-server as they are,
 * and the stand-in kubelet of kubelet.ts. Its folder goes when it stops.
 */
import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {promisify} from 'node:util';
import {Api, type KubeObject} from './api.ts';
import {Kubelet} from './kubelet.ts';
import {Workload, type WorkloadTemplate} from './workload.ts';

/**
 * admin may do everything; viewer has the ClusterRole of docs/rbac.yaml, team has its Role in some namespaces; minimal has no more than metrics and pods,
 * metrics-only and pods-only have one of the two, nobody has nothing; expired is a viewer whose certificate is out of date.
 * admin, viewer and expired authenticate by certificate, the others by token.
 */
export type User = 'admin' | 'viewer' | 'expired' | keyof typeof TOKENS;
const TOKENS = {
	team: 'token-of-the-team',
	minimal: 'token-of-minimal',
	'metrics-only': 'token-of-metrics-only',
	'pods-only': 'token-of-pods-only',
	nobody: 'token-of-nobody',
} as const;

export interface ClusterOptions {
	/** The program of control-plane.ts. */
	readonly controlPlane: string;
	/** Emptied first, and removed at the end. */
	readonly folder: string;
	/** Pods go on them in turn. */
	readonly nodes: readonly string[];
	/** Pods go on them only where their template says so. */
	readonly spareNodes?: readonly string[];
	readonly namespaces: readonly string[];
	/** Where `team` may look. */
	readonly teamNamespaces: readonly string[];
	/** Name of the contexts: NAME for the admin, NAME-viewer, NAME-team, … */
	readonly name: string;
}

/** What a test may kill and start again. */
export type Server = 'kube-apiserver' | 'metrics-server';

const RIGHTS = join(import.meta.dirname, '../../docs/rbac.yaml');
const START_TIMEOUT_MS = 120_000;

export class Cluster {
	readonly api: Api;
	readonly kubelet: Kubelet;
	/** All users, each in a context of its own; the admin's is the current one. */
	readonly kubeconfig: string;
	readonly #options: ClusterOptions;
	readonly #processes: Map<string, ChildProcess>;
	readonly #flags: Readonly<Record<Server, readonly string[]>>;

	static async start(options: ClusterOptions): Promise<Cluster> {
		const {folder, controlPlane, namespaces, nodes, spareNodes = []} = options;
		rmSync(folder, {recursive: true, force: true});
		mkdirSync(folder, {recursive: true, mode: 0o700});
		const processes = new Map<string, ChildProcess>();
		try {
			await promisify(execFile)(controlPlane, ['certificates', folder]);
			const file = (name: string): string => join(folder, name);
			const [etcdPort, peerPort, apiPort, metricsPort] = await freePorts(4);
			const server = `https://127.0.0.1:${apiPort}`;
			const etcd = `http://127.0.0.1:${etcdPort}`;
			writeFileSync(
				file('tokens.csv'),
				Object.entries(TOKENS)
					.map(([user, token]) => `${token},${user},${user}\n`)
					.join(''),
				{mode: 0o600},
			);
			writeKubeconfigs(options, server);
			const run = (name: string, args: readonly string[]): void => {
				processes.set(name, runProcess(controlPlane, name, args, file(`${name}.log`)));
			};
			run('etcd', [`--data-dir=${file('etcd')}`, `--client-url=${etcd}`, `--peer-url=http://127.0.0.1:${peerPort}`]);
			const apiServer = apiServerFlags(file, etcd, Number(apiPort));
			run('kube-apiserver', apiServer);
			const read = (name: string): string => readFileSync(file(name), 'utf8');
			const api = new Api({server, ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key')});
			await until('the API server to be ready', () => isWell(api, '/readyz'), processes, folder);
			// Its rights come before it: it reads them once, when it starts.
			await grant(api, options);
			const kubelet = await Kubelet.start(api, {key: read('serving.key'), cert: read('serving.crt')});
			const flags = {'kube-apiserver': apiServer, 'metrics-server': metricsServerFlagsOf(file, Number(metricsPort))};
			const cluster = new Cluster(options, api, kubelet, processes, flags);
			await registerMetricsApi(api, Number(metricsPort));
			cluster.launch('metrics-server');
			for (const name of namespaces) await api.ensure('/api/v1/namespaces', {apiVersion: 'v1', kind: 'Namespace', metadata: {name}});
			for (const name of [...nodes, ...spareNodes]) await kubelet.addNode(name);
			return cluster;
		} catch (error) {
			for (const child of processes.values()) child.kill('SIGKILL');
			throw error;
		}
	}

	private constructor(
		options: ClusterOptions,
		api: Api,
		kubelet: Kubelet,
		processes: Map<string, ChildProcess>,
		flags: Readonly<Record<Server, readonly string[]>>,
	) {
		this.#options = options;
		this.api = api;
		this.kubelet = kubelet;
		this.kubeconfig = join(options.folder, 'kubeconfig');
		this.#processes = processes;
		this.#flags = flags;
	}

	get folder(): string {
		return this.#options.folder;
	}

	context(user: User): string {
		return contextOf(this.#options.name, user);
	}

	create(template: WorkloadTemplate): Promise<Workload> {
		return Workload.create(this.api, this.kubelet, this.#options.nodes, template);
	}

	/** Resolves when metrics-server has an answer for every pod in the list (`namespace/name`). */
	untilMetrics(pods: readonly string[], timeoutMs = START_TIMEOUT_MS): Promise<void> {
		const hasAll = async (): Promise<boolean> => {
			const {status, text} = await this.api.send('GET', '/apis/metrics.k8s.io/v1beta1/pods');
			if (status !== 200) return false;
			const {items} = JSON.parse(text) as {items: readonly KubeObject[]};
			const names = new Set(items.map(({metadata}) => `${metadata.namespace}/${metadata.name}`));
			return pods.every(name => names.has(name));
		};
		return until('metrics of all pods', hasAll, this.#processes, this.#options.folder, timeoutMs);
	}

	launch(server: Server): void {
		const log = join(this.#options.folder, `${server}.log`);
		this.#processes.set(server, runProcess(this.#options.controlPlane, server, this.#flags[server], log));
	}

	/** At once and without a word to anybody, as a machine that loses power. */
	kill(server: Server): Promise<void> {
		const child = this.#processes.get(server);
		this.#processes.delete(server);
		return child ? ended(child) : Promise.resolve();
	}

	untilReady(): Promise<void> {
		return until('the API server to be ready', () => isWell(this.api, '/readyz'), this.#processes, this.#options.folder);
	}

	async stop(): Promise<void> {
		await this.kubelet.stop();
		this.api.close();
		await Promise.all([...this.#processes.values()].map(ended));
		rmSync(this.#options.folder, {recursive: true, force: true});
	}
}

const contextOf = (name: string, user: User): string => (user === 'admin' ? name : `${name}-${user}`);

/** With SIGKILL: the API server's own way out waits a minute for open watches. */
function ended(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
	return new Promise(resolve => {
		child.once('exit', () => resolve());
		child.kill('SIGKILL');
	});
}

function runProcess(path: string, name: string, args: readonly string[], log: string): ChildProcess {
	const output = openSync(log, 'a');
	// It ends when its standard input does: also when we are killed.
	const child = spawn(path, [name, ...args], {stdio: ['pipe', output, output]});
	closeSync(output);
	child.on('error', () => {});
	return child;
}

/** Ports that are free now; held all at once, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
	const servers = await Promise.all(
		Array.from({length: count}, () => {
			const server = createServer();
			return new Promise<typeof server>(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));
		}),
	);
	return Promise.all(
		servers.map(server => {
			const address = server.address();
			const port = typeof address === 'object' && address ? address.port : 0;
			return new Promise<number>(resolve => server.close(() => resolve(port)));
		}),
	);
}

const isWell = async (api: Api, path: string): Promise<boolean> => (await api.send('GET', path)).status === 200;

async function until(
	what: string,
	holds: () => Promise<boolean>,
	processes: ReadonlyMap<string, ChildProcess>,
	folder: string,
	timeoutMs = START_TIMEOUT_MS,
): Promise<void> {
	const end = Date.now() + timeoutMs;
	let last = '';
	while (Date.now() < end) {
		try {
			if (await holds()) return;
		} catch (error) {
			last = `: ${(error as Error).message}`;
		}
		for (const [name, {exitCode, signalCode}] of processes) {
			if (exitCode === null && signalCode === null) continue;
			const log = readFileSync(join(folder, `${name}.log`), 'utf8');
			throw new Error(`${name} ended (${exitCode ?? signalCode}) before it was ready: ${log.trim().split('\n').slice(-5).join('\n')}`);
		}
		await wait(200);
	}
	throw new Error(`waited ${timeoutMs / 1000} s for ${what}${last}`);
}

const apiServerFlags = (file: (name: string) => string, etcd: string, port: number): string[] => [
	`--etcd-servers=${etcd}`,
	'--bind-address=127.0.0.1',
	'--advertise-address=127.0.0.1',
	`--secure-port=${port}`,
	`--cert-dir=${file('')}`,
	`--tls-cert-file=${file('serving.crt')}`,
	`--tls-private-key-file=${file('serving.key')}`,
	`--client-ca-file=${file('ca.crt')}`,
	`--token-auth-file=${file('tokens.csv')}`,
	'--authorization-mode=RBAC',
	'--allow-privileged=true',
	'--disable-admission-plugins=ServiceAccount',
	'--endpoint-reconciler-type=none',
	'--service-cluster-ip-range=10.0.0.0/24',
	`--service-account-key-file=${file('service-account.pub')}`,
	`--service-account-signing-key-file=${file('service-account.key')}`,
	'--service-account-issuer=https://kubernetes.default.svc.cluster.local',
	`--proxy-client-cert-file=${file('front-proxy.crt')}`,
	`--proxy-client-key-file=${file('front-proxy.key')}`,
	`--requestheader-client-ca-file=${file('front-proxy-ca.crt')}`,
	'--requestheader-allowed-names=front-proxy',
	'--requestheader-username-headers=X-Remote-User',
	'--requestheader-group-headers=X-Remote-Group',
	'--requestheader-extra-headers-prefix=X-Remote-Extra-',
];

const metricsServerFlagsOf = (file: (name: string) => string, port: number): string[] => [
	`--kubeconfig=${file('metrics-server.kubeconfig')}`,
	`--authentication-kubeconfig=${file('metrics-server.kubeconfig')}`,
	`--authorization-kubeconfig=${file('metrics-server.kubeconfig')}`,
	'--bind-address=127.0.0.1',
	`--secure-port=${port}`,
	`--tls-cert-file=${file('serving.crt')}`,
	`--tls-private-key-file=${file('serving.key')}`,
	'--kubelet-preferred-address-types=InternalIP',
	'--kubelet-use-node-status-port',
	'--kubelet-insecure-tls',
	// Its floor. The kubelet's time to answer must be shorter.
	'--metric-resolution=10s',
	'--kubelet-request-timeout=9s',
];

/** Of a file that holds them all, and of one that metrics-server reads. JSON is YAML too. */
function writeKubeconfigs({folder, name, teamNamespaces}: ClusterOptions, server: string): void {
	const base64 = (file: string): string => readFileSync(join(folder, file)).toString('base64');
	const certificate = (user: string) => ({'client-certificate-data': base64(`${user}.crt`), 'client-key-data': base64(`${user}.key`)});
	const write = (
		file: string,
		users: readonly {readonly context: string; readonly user: unknown; readonly namespace?: string | undefined}[],
	): void => {
		const kubeconfig = {
			apiVersion: 'v1',
			kind: 'Config',
			'current-context': users[0]?.context,
			clusters: [{name, cluster: {server, 'certificate-authority-data': base64('ca.crt')}}],
			users: users.map(({context, user}) => ({name: context, user})),
			contexts: users.map(({context, namespace}) => ({
				name: context,
				context: {cluster: name, user: context, ...(namespace && {namespace})},
			})),
		};
		writeFileSync(join(folder, file), `${JSON.stringify(kubeconfig, null, 2)}\n`, {mode: 0o600});
	};
	const byToken = Object.entries(TOKENS) as [keyof typeof TOKENS, string][];
	write('kubeconfig', [
		...(['admin', 'viewer', 'expired'] as const).map(user => ({context: contextOf(name, user), user: certificate(user)})),
		...byToken.map(([user, token]) => ({
			context: contextOf(name, user),
			user: {token},
			namespace: user === 'team' ? teamNamespaces[0] : undefined,
		})),
	]);
	write('metrics-server.kubeconfig', [{context: 'metrics-server', user: certificate('metrics-server')}]);
}

const rbac = (kind: string, name: string, rest: Readonly<Record<string, unknown>>): KubeObject => ({
	apiVersion: 'rbac.authorization.k8s.io/v1',
	kind,
	metadata: {name},
	...rest,
});
const role = (kind: 'ClusterRole' | 'Role', name: string) => ({apiGroup: 'rbac.authorization.k8s.io', kind, name});
const user = (name: string) => ({apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name});
const rule = (apiGroup: string, resources: readonly string[], verbs: readonly string[]) => ({apiGroups: [apiGroup], resources, verbs});

const METRICS = rule('metrics.k8s.io', ['pods'], ['get', 'list']);
const PODS = rule('', ['pods'], ['list', 'watch']);

async function grant(api: Api, {teamNamespaces}: ClusterOptions): Promise<void> {
	const all = '/apis/rbac.authorization.k8s.io/v1';
	const bind = (name: string, clusterRole: string, subject: string): Promise<unknown> =>
		api.ensure(
			`${all}/clusterrolebindings`,
			rbac('ClusterRoleBinding', name, {roleRef: role('ClusterRole', clusterRole), subjects: [user(subject)]}),
		);
	// What is told to users is what is tested.
	const [clusterRole = '', namespacedRole = ''] = readFileSync(RIGHTS, 'utf8').split(/^---$/m);
	await api.ensure(`${all}/clusterroles`, clusterRole);
	await bind('oddpod', 'oddpod', 'viewer');
	for (const namespace of teamNamespaces) {
		const path = `${all}/namespaces/${namespace}`;
		await api.ensure('/api/v1/namespaces', {apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace}});
		await api.ensure(`${path}/roles`, namespacedRole);
		await api.ensure(`${path}/rolebindings`, rbac('RoleBinding', 'oddpod', {roleRef: role('Role', 'oddpod'), subjects: [user('team')]}));
	}
	for (const [name, rules] of [
		['minimal', [METRICS, PODS]],
		['metrics-only', [METRICS]],
		['pods-only', [PODS]],
	] as const) {
		await api.ensure(`${all}/clusterroles`, rbac('ClusterRole', name, {rules}));
		await bind(name, name, name);
	}
	// As in metrics-server's own manifest.
	const rules = [rule('', ['nodes/metrics'], ['get']), rule('', ['pods', 'nodes'], ['get', 'list', 'watch'])];
	await api.ensure(`${all}/clusterroles`, rbac('ClusterRole', 'metrics-server', {rules}));
	await bind('metrics-server', 'metrics-server', 'metrics-server');
	await bind('metrics-server:system:auth-delegator', 'system:auth-delegator', 'metrics-server');
	await api.ensure(
		`${all}/namespaces/kube-system/rolebindings`,
		rbac('RoleBinding', 'metrics-server-auth-reader', {
			roleRef: role('Role', 'extension-apiserver-authentication-reader'),
			subjects: [user('metrics-server')],
		}),
	);
}

/** Where the API server finds metrics-server: outside the cluster, on this machine. */
async function registerMetricsApi(api: Api, port: number): Promise<void> {
	const name = 'metrics-server';
	await api.ensure('/api/v1/namespaces/kube-system/services', {
		apiVersion: 'v1',
		kind: 'Service',
		metadata: {name},
		spec: {type: 'ExternalName', externalName: 'localhost', ports: [{port, protocol: 'TCP'}]},
	});
	await api.ensure('/apis/apiregistration.k8s.io/v1/apiservices', {
		apiVersion: 'apiregistration.k8s.io/v1',
		kind: 'APIService',
		metadata: {name: 'v1beta1.metrics.k8s.io'},
		spec: {
			group: 'metrics.k8s.io',
			version: 'v1beta1',
			groupPriorityMinimum: 100,
			versionPriority: 100,
			insecureSkipTLSVerify: true,
			service: {name, namespace: 'kube-system', port},
		},
	});
}
