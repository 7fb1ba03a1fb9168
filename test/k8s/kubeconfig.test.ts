import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {type ClusterAccess, isProblem, loadKubeconfig} from '../../source/k8s/kubeconfig.ts';
import {type ClusterOptions, kubeconfigFiles} from '../../source/k8s/options.ts';
import {proxyFor} from '../../source/k8s/proxy.ts';
import type {Problem} from '../../source/scrape.ts';
import {kubeconfig} from './scripted-server.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'oddpod-kubeconfig-'));
after(() => rmSync(folder, {recursive: true}));

let files = 0;
function save(text: string, name = `config-${++files}`): string {
	const file = path.join(folder, name);
	mkdirSync(path.dirname(file), {recursive: true});
	writeFileSync(file, text);
	return file;
}

function load(options: ClusterOptions): ClusterAccess {
	const access = loadKubeconfig({env: {}, ...options});
	assert.ok(!isProblem(access), JSON.stringify(access));
	return access;
}

function problem(options: ClusterOptions): Problem {
	const found = loadKubeconfig({env: {}, ...options});
	assert.ok(isProblem(found));
	return found;
}

const user = (access: ClusterAccess) => access.kubeConfig.getCurrentUser();
const cluster = (access: ClusterAccess) => access.kubeConfig.getCurrentCluster();

test('of several files the first that names something wins, and missing ones are passed over', () => {
	const a = save(kubeconfig('https://a.test:6443', {name: 'a', context: {namespace: 'of-a'}}));
	const b = save(kubeconfig('https://b.test:6443', {name: 'b'}));
	const again = save(kubeconfig('https://again.test:6443', {name: 'a', context: {namespace: 'of-again'}}));
	const list = (...names: readonly string[]) => ({KUBECONFIG: names.join(path.delimiter)});
	assert.equal(load({env: list(a, b)}).context, 'a');
	assert.equal(load({env: list(path.join(folder, 'no-such-file'), a, b)}).context, 'a');
	assert.equal(load({env: list('', a)}).context, 'a');
	const both = load({env: list(a, again, b)});
	assert.equal(both.server.href, 'https://a.test:6443/');
	assert.equal(both.namespace, 'of-a');
	assert.equal(load({env: list(a, b), context: 'b'}).server.host, 'b.test:6443');
	assert.equal(load({env: list(save(''), a)}).context, 'a');
});

test('without any the last words name the demo', () => {
	const {id, fix} = problem({env: {HOME: folder}});
	assert.equal(id, 'no-kubeconfig');
	assert.match(fix ?? '', /oddpod demo$/);
	assert.match(problem({env: {KUBECONFIG: path.join(folder, 'none')}}).fix ?? '', /oddpod demo$/);
	assert.match(problem({kubeconfig: save('apiVersion: v1\nkind: Config\n')}).fix ?? '', /oddpod demo$/);
});

test('a file that was asked for by name must be there and be readable', () => {
	assert.match(problem({kubeconfig: path.join(folder, 'none')}).what, /^there is no kubeconfig .*none$/);
	assert.match(problem({kubeconfig: folder}).what, /is a directory/);
	assert.equal(problem({kubeconfig: save('just text')}).id, 'kubeconfig-invalid');
	assert.equal(problem({kubeconfig: save('[1, 2]')}).id, 'kubeconfig-invalid');
});

test('what is wrong with a file is told by line, never by its text', () => {
	const broken = problem({kubeconfig: save('users:\n- name: a\n  user:\n    token: "very-secret\n  bad: [\n')});
	assert.match(broken.what, /yaml: line \d+: /);
	assert.doesNotMatch(JSON.stringify(broken), /very-secret/);
	const alias = problem({kubeconfig: save('users: *very-secret')});
	assert.doesNotMatch(JSON.stringify(alias), /very-secret/);
});

test('names that do not exist are told as kubectl tells them', () => {
	const file = save(kubeconfig('https://a.test', {context: {cluster: 'gone'}}));
	assert.equal(problem({kubeconfig: file}).what, 'error: cluster "gone" does not exist');
	assert.equal(problem({kubeconfig: file, context: 'nope'}).what, 'error: context "nope" does not exist');
	assert.match(problem({kubeconfig: file, context: 'nope'}).why ?? '', /test/);
	assert.equal(
		problem({kubeconfig: save(kubeconfig('https://a.test', {context: {user: 'gone'}}))}).what,
		'error: auth info "gone" does not exist',
	);
	const none = save(kubeconfig('https://a.test').replace('"current-context":"test"', '"current-context":""'));
	assert.equal(problem({kubeconfig: none}).id, 'no-current-context');
	assert.equal(load({kubeconfig: none, context: 'test'}).context, 'test');
	assert.equal(problem({kubeconfig: save(kubeconfig('::'))}).id, 'invalid-server');
});

test('flags lie over what the file says', () => {
	const file = save(kubeconfig('https://a.test', {user: {username: 'u', password: 'p'}}));
	const access = load({
		kubeconfig: file,
		server: 'https://other.test:1',
		token: 'flag-token',
		insecureSkipTlsVerify: true,
		as: 'bob',
		asGroups: ['dev', 'ops'],
	});
	assert.equal(access.server.host, 'other.test:1');
	assert.equal(user(access)?.token, 'flag-token');
	assert.equal(user(access)?.username, undefined);
	assert.equal(user(access)?.impersonateUser, 'bob');
	assert.deepEqual(access.headers, {'Impersonate-Group': ['dev', 'ops']});
	assert.equal(cluster(access)?.skipTLSVerify, true);
	assert.equal(cluster(access)?.caData, undefined);
	const alone = load({env: {HOME: folder}, server: 'https://other.test:1', token: 't'});
	assert.deepEqual([alone.from, alone.context], ['flags', 'other.test:1']);
});

test('paths are relative to the file that names them, and data goes before paths', () => {
	const file = save(
		kubeconfig('https://a.test', {
			cluster: {'certificate-authority': 'ca.crt'},
			user: {token: '', tokenFile: 'tokens/one', 'client-certificate': 'c.crt', 'client-certificate-data': 'eA=='},
		}),
		'sub/config',
	);
	const access = load({kubeconfig: file});
	assert.equal(cluster(access)?.caFile, undefined);
	assert.ok(cluster(access)?.caData);
	assert.equal(user(access)?.certFile, undefined);
	assert.equal(user(access)?.authProvider.config.tokenFile, path.join(folder, 'sub/tokens/one'));
	assert.equal(access.login, 'token');
	const byPath = load({
		kubeconfig: save(
			kubeconfig('https://a.test', {cluster: {'certificate-authority': 'ca.crt', 'certificate-authority-data': ''}}),
			'sub/config-2',
		),
	});
	assert.equal(cluster(byPath)?.caFile, path.join(folder, 'sub/ca.crt'));
});

test('plugins are ours to run, with their command found as kubectl finds it', () => {
	const exec = {
		apiVersion: 'client.authentication.k8s.io/v1',
		command: './login',
		args: ['a'],
		env: [{name: 'X', value: 'y'}],
		interactiveMode: 'Never',
		provideClusterInfo: true,
	};
	const access = load({kubeconfig: save(kubeconfig('https://a.test', {user: {exec}}), 'sub/config-3')});
	assert.equal(access.exec?.command, path.join(folder, 'sub/login'));
	assert.deepEqual(access.exec?.env, {X: 'y'});
	assert.equal(access.exec?.cluster?.server, 'https://a.test');
	assert.equal(user(access)?.exec, undefined);
	assert.equal(load({kubeconfig: save(kubeconfig('https://a.test', {user: {exec: {...exec, command: 'aws'}}}))}).exec?.command, 'aws');
	assert.equal(load({kubeconfig: save(kubeconfig('https://a.test', {user: {exec}})), token: 'x'}).exec, undefined);
});

test('in a pod the service account is used, where no kubeconfig is', () => {
	const root = path.join(folder, 'pod');
	const account = path.join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
	mkdirSync(account, {recursive: true});
	for (const [name, text] of Object.entries({token: 'pod-token\n', 'ca.crt': 'x', namespace: 'team\n'}))
		writeFileSync(path.join(account, name), text);
	const env = {HOME: root, KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443'};
	const access = load({env, root});
	assert.deepEqual(
		[access.from, access.context, access.namespace, access.server.href],
		['in-cluster', 'in-cluster', 'team', 'https://[fd00::1]/'],
	);
	assert.equal(problem({env: {HOME: root}, root}).id, 'no-kubeconfig');
	assert.equal(load({env: {...env, KUBECONFIG: save(kubeconfig('https://a.test'))}, root}).from, 'kubeconfig');
});

test('which files are read, as kubectl reads them', () => {
	assert.deepEqual(kubeconfigFiles({env: {HOME: '/home/me'}}).files, ['/home/me/.kube/config']);
	assert.deepEqual(kubeconfigFiles({env: {KUBECONFIG: `a${path.delimiter}b${path.delimiter}a`}}).files, ['a', 'b']);
	assert.deepEqual(kubeconfigFiles({kubeconfig: 'x', env: {KUBECONFIG: 'y'}}), {files: ['x'], explicit: true});
});

test('proxies of the environment are read as Go reads them', () => {
	const table: readonly (readonly [string, NodeJS.ProcessEnv, string | undefined])[] = [
		['https://c.example:6443', {}, undefined],
		['https://c.example:6443', {HTTPS_PROXY: 'http://p:3128'}, 'http://p:3128'],
		['https://c.example:6443', {https_proxy: 'p:3128'}, 'http://p:3128'],
		['https://c.example:6443', {HTTP_PROXY: 'http://p:3128'}, undefined],
		['http://c.example', {HTTP_PROXY: 'http://p:3128'}, 'http://p:3128'],
		['https://c.example:6443', {HTTPS_PROXY: 'http://p', NO_PROXY: 'c.example'}, undefined],
		['https://a.c.example', {HTTPS_PROXY: 'http://p', NO_PROXY: 'other, c.example'}, undefined],
		['https://ac.example', {HTTPS_PROXY: 'http://p', NO_PROXY: 'c.example'}, 'http://p'],
		['https://c.example', {HTTPS_PROXY: 'http://p', NO_PROXY: '.c.example'}, 'http://p'],
		['https://a.c.example', {HTTPS_PROXY: 'http://p', NO_PROXY: '.c.example'}, undefined],
		['https://c.example', {HTTPS_PROXY: 'http://p', NO_PROXY: '*'}, undefined],
		['https://c.example:6443', {HTTPS_PROXY: 'http://p', NO_PROXY: 'c.example:443'}, 'http://p'],
		['https://c.example:6443', {HTTPS_PROXY: 'http://p', NO_PROXY: 'c.example:6443'}, undefined],
		['https://10.1.2.3:6443', {HTTPS_PROXY: 'http://p', NO_PROXY: '10.0.0.0/8'}, undefined],
		['https://11.1.2.3:6443', {HTTPS_PROXY: 'http://p', NO_PROXY: '10.0.0.0/8,nonsense/x'}, 'http://p'],
		['https://[fd00::5]:6443', {HTTPS_PROXY: 'http://p', NO_PROXY: 'fd00::/16'}, undefined],
		['https://[fd00::5]:6443', {HTTPS_PROXY: 'http://p', NO_PROXY: 'fd00::5'}, undefined],
		['https://127.0.0.1:6443', {HTTPS_PROXY: 'http://p'}, undefined],
		['https://localhost:6443', {HTTPS_PROXY: 'http://p'}, undefined],
		['https://[::1]:6443', {HTTPS_PROXY: 'http://p'}, undefined],
	];
	for (const [server, env, proxy] of table) assert.equal(proxyFor(new URL(server), env), proxy, `${server} ${JSON.stringify(env)}`);
	assert.equal(
		load({kubeconfig: save(kubeconfig('https://c.example', {cluster: {'proxy-url': 'socks5://p:1'}})), env: {HTTPS_PROXY: 'http://q'}})
			.proxyUrl,
		'socks5://p:1',
	);
	assert.equal(load({kubeconfig: save(kubeconfig('https://c.example')), env: {HTTPS_PROXY: 'http://q'}}).proxyUrl, 'http://q');
	assert.equal(problem({kubeconfig: save(kubeconfig('https://c.example', {cluster: {'proxy-url': 'ftp://p'}}))}).id, 'invalid-proxy');
});
