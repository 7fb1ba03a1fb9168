import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {loadAllYaml} from '@kubernetes/client-node';
import {CHECKS, type Examination, examine, type Terminal} from '../../source/k8s/doctor.ts';
import type {ClusterOptions} from '../../source/k8s/options.ts';
import {CLIENT_CERTIFICATE, CLIENT_KEY, FIXTURES, kubeconfig, OTHER_CA, ScriptedServer, wire, wireJson} from './scripted-server.ts';
import {TurnedClock} from './turned-clock.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'oddpod-doctor-'));
after(() => rmSync(folder, {recursive: true}));
const server = await ScriptedServer.start();
after(() => server.close());

const METRICS = '/apis/metrics.k8s.io/v1beta1/pods';
const terminal: Terminal = {
	isTTY: true,
	columns: 120,
	rows: 40,
	colorDepth: 24,
	term: 'xterm-256color',
	unicode: true,
	least: {columns: 60, rows: 15},
};
const [newest] = wireJson('03-list-100').items as {metadata: {creationTimestamp: string}}[];
const answeredMs = Date.parse(newest?.metadata.creationTimestamp ?? '');
const dated = (name: string) => ({...wire(name), headers: {date: new Date(answeredMs).toUTCString()}});

/** In good health. */
function healthy(): void {
	server
		.path('/version', dated('02-version'))
		.path('/apis/metrics.k8s.io', dated('02-discovery-group'))
		.path(METRICS, dated('03-list-100'))
		.path(/^\/api\/v1\/pods$/, wire('06-pods-page1'))
		.path(/^\/api\/v1\/nodes$/, wire('05-403-nodes'))
		.path(/events$/, wire('05-403-events'))
		.path(/horizontalpodautoscalers$/, {body: {items: []}})
		.path(/apiservices/, wire('07-503-apiservice-object'));
}

let configs = 0;
async function look(
	text: string | undefined,
	options: ClusterOptions = {},
	itsTerminal = terminal,
	nowMs = answeredMs,
): Promise<Examination> {
	const file = path.join(folder, `config-${++configs}`);
	if (text !== undefined) writeFileSync(file, text);
	const clock = new TurnedClock(nowMs);
	return examine(
		{...(text !== undefined && {kubeconfig: file}), env: {HOME: folder}, clock, ...options},
		itsTerminal,
		new AbortController().signal,
	);
}

const failed = ({checks, exitCode}: Examination) => {
	const check = checks.find(({ok}) => ok === false);
	return [check?.name, exitCode, check?.problem?.id];
};

test('a cluster in good health', async () => {
	healthy();
	const {checks, exitCode} = await look(kubeconfig(server.url));
	assert.equal(exitCode, 0);
	assert.deepEqual(
		checks.map(({name}) => name),
		Object.keys(CHECKS),
	);
	const said = Object.fromEntries(checks.map(check => [check.name, check.said]));
	assert.match(said.reachable ?? '', /Kubernetes v1\.37\.2/);
	assert.equal(said.rights, 'metrics yes, pods yes, events no, nodes no, autoscalers yes in all namespaces');
	assert.match(said.samples ?? '', /^100 pods, \d+ s to \d+ s old, one about every 1\d s$/);
	assert.equal(said.terminal, '120x40, 16M colours, Unicode');
	server.path(METRICS, {body: {items: [...(wireJson('03-list-100').items as object[]), null, 'x']}});
	const again = await look(kubeconfig(server.url));
	assert.match(again.checks.find(({name}) => name === 'samples')?.said ?? '', /^100 pods, .*; 2 unreadable$/);
});

test('each check has its own exit code and says what mends it', async () => {
	const usual = () => kubeconfig(server.url);
	const table: readonly (readonly [string, number, string, () => Promise<Examination>])[] = [
		['kubeconfig', 10, 'no-kubeconfig', () => look(undefined)],
		['kubeconfig', 10, 'kubeconfig-invalid', () => look('[')],
		['context', 11, 'unknown-context', () => look(usual(), {context: 'nope'})],
		['reachable', 12, 'unreachable', () => look(kubeconfig('https://127.0.0.1:1'))],
		['tls', 13, 'tls-authority', () => look(kubeconfig(server.url, {cluster: {'certificate-authority-data': OTHER_CA}}))],
		[
			'authentication',
			14,
			'credentials',
			() =>
				look(
					kubeconfig(server.url, {
						user: {token: '', exec: {command: 'no-such-plugin-here', apiVersion: 'client.authentication.k8s.io/v1'}},
					}),
				),
		],
		[
			'authentication',
			14,
			'unauthorized',
			() => {
				server.path(/./, wire('05-401-bad-token'));
				return look(usual());
			},
		],
		[
			'authentication',
			14,
			'certificate-expired',
			() => {
				server.path(/./, wire('05-401-expired-cert'));
				return look(
					kubeconfig(server.url, {user: {token: '', 'client-certificate-data': CLIENT_CERTIFICATE, 'client-key-data': CLIENT_KEY}}),
					{},
					terminal,
					Date.UTC(2040, 0, 1),
				);
			},
		],
		[
			'authentication',
			14,
			'not-logged-in',
			() => {
				server.path(METRICS, wire('05-403-anonymous'));
				return look(kubeconfig(server.url, {user: {token: ''}}));
			},
		],
		[
			'metrics API',
			15,
			'metrics-not-installed',
			() => {
				server.path(/^\/apis\/metrics/, wire('01-no-apiservice-group'));
				return look(usual());
			},
		],
		[
			'metrics API',
			15,
			'metrics-unavailable',
			() => {
				server.path(METRICS, wire('07-503-unavailable'));
				return look(usual());
			},
		],
		[
			'rights',
			16,
			'forbidden-metrics',
			() => {
				server.path(/^\/apis\/metrics.*pods$/, wire('05-403-metrics-cluster')).path('/api/v1/namespaces', wire('05-403-namespaces'));
				return look(usual());
			},
		],
		[
			'samples',
			17,
			'no-pods',
			() => {
				server.path(METRICS, wire('03-list-empty-namespace'));
				return look(usual());
			},
		],
		['clock', 18, 'clock-skew', () => look(usual(), {}, terminal, answeredMs - 600_000)],
		['terminal', 19, 'terminal-small', () => look(usual(), {}, {...terminal, columns: 59})],
	];
	for (const [name, code, id, run] of table) {
		healthy();
		const examination = await run();
		assert.deepEqual(failed(examination), [name, code, id]);
		const check = examination.checks.find(({ok}) => ok === false);
		assert.ok((check?.problem?.fix ?? '').length > 3, id);
		assert.equal(examination.checks.length, Object.keys(CHECKS).length, id);
		assert.equal(CHECKS[name as keyof typeof CHECKS], code);
	}
});

test('samples that are old are told by the server’s own clock', async () => {
	healthy();
	const list = wireJson('03-list-100') as {items: {metadata: {creationTimestamp: string}}[]};
	for (const item of list.items) item.metadata.creationTimestamp = new Date(answeredMs + 600_000).toISOString();
	server.path(METRICS, {body: list});
	assert.deepEqual(failed(await look(kubeconfig(server.url))), ['samples', 17, 'samples-stale']);
});

test('with rights in some namespaces it is well, and says which', async () => {
	healthy();
	server
		.path(METRICS, wire('05-403-metrics-team-cluster'))
		.path('/api/v1/namespaces', {body: {items: [{metadata: {name: 'shop'}}, {metadata: {name: 'web'}}]}})
		.path(/namespaces\/shop\/pods$/, {body: {items: []}})
		.path(/namespaces\/web\/pods$/, wire('05-403-metrics-namespace'));
	const {checks, exitCode} = await look(kubeconfig(server.url));
	assert.equal(exitCode, 0);
	assert.match(checks.find(({name}) => name === 'rights')?.said ?? '', /^Watching 1 of 2 namespaces \(shop\)/);
});

test('where pods may not be read it is well, with a warning of what that costs', async () => {
	healthy();
	server.path(/^\/api\/v1\/pods$/, wire('05-403-pods-cluster')).path('/api/v1/namespaces', wire('05-403-namespaces'));
	server.path(/namespaces\/default\/pods$/, wire('05-403-pods-cluster'));
	const {checks, exitCode} = await look(kubeconfig(server.url));
	const rights = checks.find(({name}) => name === 'rights');
	assert.equal(exitCode, 0);
	assert.equal(rights?.ok, true);
	assert.match(rights?.said ?? '', /^metrics yes, pods no/);
	assert.match(rights?.problem?.why ?? '', /^Without pods there are no limits .*, no restarts.*siblings/);
	assert.match(rights?.problem?.fix ?? '', /can-i list pods --all-namespaces; .*docs\/rbac\.yaml/);
	server.path('/api/v1/namespaces', {body: {items: [{metadata: {name: 'shop'}}]}}).path(/namespaces\/shop\/pods$/, {body: {items: []}});
	const some = await look(kubeconfig(server.url));
	assert.match(some.checks.find(({name}) => name === 'rights')?.problem?.why ?? '', /^Without pods elsewhere than in shop there/);
});

test('without a terminal, and on a dumb one, there are lines: no failure', async () => {
	healthy();
	const last = async (its: Partial<Terminal>) => {
		const {checks, exitCode} = await look(kubeconfig(server.url), {}, {...terminal, ...its});
		const {ok, said, problem} = checks.at(-1) ?? {};
		return [exitCode, ok, said, problem?.id];
	};
	assert.deepEqual(await last({isTTY: false}), [0, true, 'none: lines instead of a screen', undefined]);
	assert.deepEqual(await last({term: 'dumb'}), [0, true, '120x40, 16M colours, Unicode: lines instead of a screen', 'terminal-dumb']);
	assert.deepEqual(await last({columns: 60, rows: 15}), [0, true, '60x15, 16M colours, Unicode', undefined]);
});

test('the rights in the documentation are all that is asked for, and nothing but reading', () => {
	const roles = loadAllYaml(readFileSync(path.join(FIXTURES, '../../docs/rbac.yaml'), 'utf8')) as unknown as {
		kind: string;
		rules: {apiGroups: string[]; resources: string[]; verbs: string[]}[];
	}[];
	assert.deepEqual(
		roles.map(({kind}) => kind),
		['ClusterRole', 'Role'],
	);
	for (const {kind, rules} of roles) {
		for (const {resources, verbs} of rules) {
			assert.ok(verbs.every(verb => ['get', 'list', 'watch'].includes(verb)));
			assert.ok(resources.every(resource => !resource.includes('/') && resource !== 'secrets'));
		}
		const granted = new Set(
			rules.flatMap(({apiGroups, resources, verbs}) =>
				apiGroups.flatMap(group => resources.flatMap(resource => verbs.map(verb => `${verb} ${resource}.${group}`))),
			),
		);
		const needed = [
			'list pods.metrics.k8s.io',
			'get pods.metrics.k8s.io',
			'list pods.',
			'watch pods.',
			'list events.',
			'list horizontalpodautoscalers.autoscaling',
			...(kind === 'ClusterRole' ? ['list nodes.', 'list namespaces.'] : []),
		];
		assert.deepEqual([...granted].sort(), needed.sort());
	}
});
