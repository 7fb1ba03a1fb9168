import assert from 'node:assert/strict';
import {once} from 'node:events';
import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import net, {type AddressInfo} from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {after, test} from 'node:test';
import zlib from 'node:zlib';
import {Credentials} from '../../source/k8s/credentials.ts';
import {isProblem, loadKubeconfig} from '../../source/k8s/kubeconfig.ts';
import type {ClusterOptions} from '../../source/k8s/options.ts';
import {problemOf} from '../../source/k8s/problems.ts';
import {type Failure, type Result, Transport, type WatchEvent} from '../../source/k8s/transport.ts';
import {
	CA,
	CLIENT_CERTIFICATE,
	CLIENT_KEY,
	FIXTURES,
	kubeconfig,
	OTHER_CA,
	ScriptedServer,
	type Stream,
	wire,
	wireJson,
} from './scripted-server.ts';
import {settle, TurnedClock, until} from './turned-clock.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'oddpod-transport-'));
after(() => rmSync(folder, {recursive: true}));
const server = await ScriptedServer.start();
after(() => server.close());
const never = new AbortController().signal;
const LIST = '/apis/metrics.k8s.io/v1beta1/pods';

let configs = 0;
function open(text: string, options: ClusterOptions = {}, clock = new TurnedClock()) {
	const file = path.join(folder, `config-${++configs}`);
	writeFileSync(file, text);
	const load = () => {
		const access = loadKubeconfig({kubeconfig: file, env: {}, ...options});
		return isProblem(access) ? undefined : access;
	};
	const access = load();
	assert.ok(access !== undefined);
	const credentials = new Credentials(access, load, clock, false);
	after(() => credentials.closeConnections());
	return {transport: new Transport(credentials, clock, options.requestTimeoutMs), credentials, clock, file};
}
const usual = () => open(kubeconfig(server.url));

function failureOf(result: Result<unknown>): Failure {
	assert.ok(!result.ok);
	return result.failure;
}

async function countItems(transport: Transport, where = LIST): Promise<number> {
	let items = 0;
	const result = await transport.list(where, () => items++, {signal: never});
	assert.ok(result.ok, JSON.stringify(result));
	return items;
}

test('50 polls open one connection', async () => {
	server.path(LIST, {...wire('03-list-100'), gzip: true});
	const {transport} = usual();
	const before = server.connections;
	for (let i = 0; i < 50; i++) assert.equal(await countItems(transport), 100);
	assert.equal(server.connections - before, 1);
	assert.equal(transport.traffic.connections, 1);
});

test('asks for gzip by the one token that the API server knows', async () => {
	server.path(LIST, {...wire('03-list-100'), gzip: true});
	await countItems(usual().transport);
	assert.equal(server.requests.at(-1)?.headers['accept-encoding'], 'gzip');
});

test('a kept connection that the server has closed is opened again without a word', async () => {
	server.path(LIST, wire('03-list-100'));
	const {transport} = usual();
	await countItems(transport);
	server.turns(LIST, 'reset', wire('03-list-100'));
	assert.equal(await countItems(transport), 100);
	server.turns(LIST, 'reset');
	const fresh = usual().transport;
	assert.deepEqual(failureOf(await fresh.list(LIST, () => {}, {signal: never})).type, 'network');
});

test('texts where JSON is promised are read by their first character', async () => {
	const {transport} = usual();
	const failure = async (name: string) => {
		server.path(LIST, wire(name));
		const found = failureOf(await transport.list(LIST, () => {}, {signal: never}));
		assert.ok(found.type === 'status', name);
		return [found.status, found.reason, found.message];
	};
	assert.deepEqual(await failure('01-no-apiservice-list'), [404, undefined, '404 page not found']);
	assert.deepEqual(await failure('07-503-unavailable'), [503, undefined, 'service unavailable']);
	assert.deepEqual(await failure('07-504-slow-backend'), [504, 'Timeout', 'Timeout: request did not complete within the allotted timeout']);
	assert.deepEqual(await failure('05-401-bad-token'), [401, 'Unauthorized', 'Unauthorized']);
	server.path(LIST, {status: 200, headers: {'content-type': 'application/json'}, body: '<html>Please log in</html>'});
	assert.deepEqual(failureOf(await transport.list(LIST, () => {}, {signal: never})), {
		type: 'malformed',
		message: 'a web page instead of JSON',
	});
	assert.deepEqual(failureOf(await transport.get(LIST, {signal: never})), {type: 'malformed', message: 'a web page instead of JSON'});
	server.path(LIST, {status: 200, headers: {'content-type': 'text/plain'}, body: wire('03-list-100').body ?? ''});
	assert.equal(await countItems(transport), 100);
});

test('a body that is cut is a failure, packed or not', async () => {
	const {transport} = usual();
	const body = wire('03-list-100').body as Buffer;
	server.path(LIST, {body: body.subarray(0, 20_000)});
	assert.equal(failureOf(await transport.list(LIST, () => {}, {signal: never})).type, 'malformed');
	server.path(LIST, {headers: {'content-encoding': 'gzip'}, body: zlib.gzipSync(body).subarray(0, 2000)});
	assert.deepEqual(failureOf(await transport.list(LIST, () => {}, {signal: never})).type, 'network');
	let stream: Stream | undefined;
	server.path(LIST, begun => {
		stream = begun;
		begun.begin();
		begun.write(body.subarray(0, 20_000));
	});
	const answer = transport.list(LIST, () => {}, {signal: never});
	await until(() => stream !== undefined, 'the first half');
	await settle();
	stream?.cut();
	assert.equal(failureOf(await answer).type, 'network');
});

test('the time limit covers the body, and the next request works', async () => {
	const {transport, clock} = usual();
	let started = false;
	server.path(LIST, stream => {
		stream.begin();
		stream.write('{"items":[');
		started = true;
	});
	const answer = transport.list(LIST, () => {}, {signal: never, timeoutMs: 10_000});
	await until(() => started, 'the first bytes');
	await clock.turn(9999);
	await clock.turn(1);
	assert.deepEqual(failureOf(await answer), {type: 'timeout', afterMs: 10_000});
	server.path(LIST, wire('03-list-100'));
	assert.equal(await countItems(transport), 100);
	server.path(LIST, 'hang');
	const hung = transport.list(LIST, () => {}, {signal: never, timeoutMs: 10_000});
	await settle();
	await clock.turn(10_000);
	assert.equal(failureOf(await hung).type, 'timeout');
	assert.equal(clock.sleepers, 0);
});

test('--request-timeout overrules the limits', async () => {
	const {transport, clock} = open(kubeconfig(server.url), {requestTimeoutMs: 2000});
	server.path(LIST, 'hang');
	const hung = transport.list(LIST, () => {}, {signal: never, timeoutMs: 10_000});
	await settle();
	await clock.turn(2000);
	assert.deepEqual(failureOf(await hung), {type: 'timeout', afterMs: 2000});
});

test('a body without end is given up, small or grown by unpacking', async () => {
	const {transport} = usual();
	server.path(LIST, {headers: {'content-encoding': 'gzip'}, body: zlib.gzipSync(Buffer.alloc(20 * 2 ** 20, 0x20), {level: 1})});
	assert.equal(failureOf(await transport.list(LIST, () => {}, {signal: never})).type, 'malformed');
	server.path('/version', {headers: {'content-encoding': 'gzip'}, body: zlib.gzipSync(Buffer.alloc(20 * 2 ** 20, 0x20), {level: 1})});
	assert.equal(failureOf(await transport.get('/version', {signal: never})).type, 'malformed');
	server.path(LIST, {status: 500, body: 'x'.repeat(1e6)});
	const failure = failureOf(await transport.list(LIST, () => {}, {signal: never}));
	assert.ok(failure.type === 'status' && failure.message.length <= 600);
});

test('stops when told to', async () => {
	const {transport} = usual();
	server.path(LIST, 'hang');
	const stop = new AbortController();
	const answer = transport.list(LIST, () => {}, {signal: stop.signal});
	await settle();
	stop.abort();
	assert.deepEqual(failureOf(await answer), {type: 'aborted'});
	assert.deepEqual(failureOf(await transport.list(LIST, () => {}, {signal: stop.signal})), {type: 'aborted'});
});

test('Retry-After is told in seconds and as a date', async () => {
	const {transport, clock} = usual();
	const after = async (value: string) => {
		server.path(LIST, {status: 429, headers: {'retry-after': value}, body: 'Too many requests, please try again later.'});
		const failure = failureOf(await transport.list(LIST, () => {}, {signal: never}));
		return failure.type === 'status' ? failure.retryAfterMs : undefined;
	};
	assert.equal(await after('7'), 7000);
	assert.equal(await after(new Date(Math.floor(clock.nowMs / 1000) * 1000 + 30_000).toUTCString()), 30_000);
	assert.equal(await after('soon'), 0);
});

test('events come as they are flushed, packed or not', async () => {
	for (const gzip of [false, true]) {
		let stream: Stream | undefined;
		server.path('/watch', begun => {
			stream = begun;
			begun.begin(gzip ? {'content-encoding': 'gzip'} : {});
		});
		const {transport} = usual();
		const events: WatchEvent[] = [];
		const done = transport.watch('/watch', event => events.push(event), {signal: never, silenceMs: 60_000});
		await until(() => stream !== undefined, 'the watch');
		const packer = zlib.createGzip({flush: zlib.constants.Z_SYNC_FLUSH});
		packer.on('data', (chunk: Buffer) => stream?.write(chunk));
		const send = async (text: string) => {
			if (gzip) await new Promise(resolve => packer.write(text, resolve));
			else stream?.write(text);
		};
		await send('{"type":"ADDED","object":{"metadata":{"na');
		await send('me":"a"}}}\n{"type":"MODIFIED","object":{}}\n\n');
		await until(() => events.length === 2, 'two events');
		await send('{"type":"BOOKMARK","object":{}}\n');
		await until(() => events.length === 3, 'the third event');
		if (gzip) {
			packer.end();
			await once(packer, 'end');
		}
		await settle();
		stream?.end();
		assert.equal((await done).ok, true);
		assert.deepEqual(
			events.map(({type}) => type),
			['ADDED', 'MODIFIED', 'BOOKMARK'],
		);
	}
});

test('a watch on which nothing comes is given up; each event gives it more time', async () => {
	let stream: Stream | undefined;
	server.path('/watch', begun => {
		stream = begun;
		begun.begin();
	});
	const {transport, clock} = usual();
	let events = 0;
	const done = transport.watch('/watch', () => events++, {signal: never, silenceMs: 50_000});
	await until(() => stream !== undefined, 'the watch');
	await clock.turn(40_000);
	stream?.write('{"type":"BOOKMARK","object":{}}\n');
	await until(() => events === 1, 'the bookmark');
	await clock.turn(40_000);
	assert.equal(stream?.closed, false);
	await clock.turn(10_000);
	assert.deepEqual(failureOf(await done), {type: 'timeout', afterMs: 50_000});
});

test('without TLS that can be trusted nothing is sent', async () => {
	const code = async (text: string, options: ClusterOptions = {}) => {
		const before = server.requests.length;
		const failure = failureOf(await open(text, options).transport.get('/version', {signal: never}));
		assert.equal(server.requests.length, before);
		return failure.type === 'network' ? failure.code : failure.type;
	};
	assert.equal(await code(kubeconfig(server.url, {cluster: {'certificate-authority-data': OTHER_CA}})), 'DEPTH_ZERO_SELF_SIGNED_CERT');
	assert.equal(await code(kubeconfig(server.url, {cluster: {'tls-server-name': 'elsewhere.test'}})), 'ERR_TLS_CERT_ALTNAME_INVALID');
	const plain = http.createServer((_, response) => response.end('{}'));
	await new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve));
	const {port} = plain.address() as AddressInfo;
	assert.equal(await code(kubeconfig(`https://127.0.0.1:${port}`)), 'EPROTO');
	const open1 = await open(kubeconfig(`http://127.0.0.1:${port}/prefix`)).transport.get('/version', {signal: never});
	assert.equal(open1.ok, true);
	plain.close();
	plain.closeAllConnections();
	assert.equal(await code(kubeconfig(`https://127.0.0.1:${port}`)), 'ECONNREFUSED');
	server.path('/version', wire('02-version'));
	assert.equal(
		(
			await open(kubeconfig(server.url, {cluster: {'certificate-authority-data': OTHER_CA}}), {insecureSkipTlsVerify: true}).transport.get(
				'/version',
				{signal: never},
			)
		).ok,
		true,
	);
	assert.equal(
		(await open(kubeconfig(server.url, {cluster: {'tls-server-name': 'cluster.test'}})).transport.get('/version', {signal: never})).ok,
		true,
	);
});

test('sends what says who we are: token, password, impersonation with groups', async () => {
	server.path('/version', wire('02-version'));
	await open(kubeconfig(server.url), {as: 'bob', asGroups: ['dev', 'ops']}).transport.get('/version', {signal: never});
	const headers = server.requests.at(-1)?.headers ?? {};
	assert.equal(headers.authorization, 'Bearer secret-token-of-the-test');
	assert.equal(headers['impersonate-user'], 'bob');
	assert.equal(headers['impersonate-group'], 'dev, ops');
	await open(kubeconfig(server.url, {user: {token: '', username: 'u', password: 'p'}})).transport.get('/version', {signal: never});
	assert.equal(server.requests.at(-1)?.headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`);
});

test('a client certificate is shown, from the file or from a plugin, and a new one on new connections', async () => {
	server.path('/version', wire('02-version'));
	const shown = async ({transport}: {readonly transport: Transport}) => {
		assert.equal((await transport.get('/version', {signal: never})).ok, true);
		return server.requests.at(-1)?.certificateOf;
	};
	assert.equal(await shown(usual()), undefined);
	const login = {token: '', 'client-certificate-data': CLIENT_CERTIFICATE, 'client-key-data': CLIENT_KEY};
	assert.equal(await shown(open(kubeconfig(server.url, {user: login}))), 'viewer');
	// The plugin's second certificate is another one.
	const pem = (text: string) => JSON.stringify(Buffer.from(text, 'base64').toString());
	const [other = '', otherKey = ''] = ['other.crt', 'other.key'].map(name =>
		readFileSync(path.join(FIXTURES, 'tls', name)).toString('base64'),
	);
	const command = plugin(
		'certificates',
		`const {existsSync, writeFileSync} = require('node:fs');
const again = existsSync(__filename + '.ran');
writeFileSync(__filename + '.ran', '');
console.log(JSON.stringify({kind: 'ExecCredential', status: again
	? {clientCertificateData: ${pem(other)}, clientKeyData: ${pem(otherKey)}}
	: {clientCertificateData: ${pem(CLIENT_CERTIFICATE)}, clientKeyData: ${pem(CLIENT_KEY)}}}));`,
	);
	const byPlugin = open(kubeconfig(server.url, exec(command)));
	assert.equal(await shown(byPlugin), 'viewer');
	server.on(seen => (seen.path === '/version' && seen.certificateOf === 'viewer' ? wire('05-401-bad-token') : undefined));
	assert.equal(await shown(byPlugin), 'oddpod test, another authority');
});

test('a client certificate that ran out is told by its own date, for the server says the same of every login that it refuses', async () => {
	server.path('/version', wire('05-401-expired-cert'));
	const {transport} = open(
		kubeconfig(server.url, {user: {token: '', 'client-certificate-data': CLIENT_CERTIFICATE, 'client-key-data': CLIENT_KEY}}),
	);
	const failure = failureOf(await transport.get('/version', {signal: never}));
	assert.ok(failure.type === 'status');
	assert.equal(new Date(failure.certificateEndsAtMs).getUTCFullYear(), 2036);
	assert.equal(failure.named, true);
});

test('a token file is read with its newline taken off, and again after a 401', async () => {
	const tokens = path.join(folder, 'token');
	writeFileSync(tokens, 'first-token\n');
	const {transport} = open(kubeconfig(server.url, {user: {token: '', tokenFile: tokens}}));
	server.on(seen =>
		seen.path === '/version'
			? seen.headers.authorization === 'Bearer second-token'
				? wire('02-version')
				: wire('05-401-bad-token')
			: undefined,
	);
	writeFileSync(tokens, 'second-token\n');
	const before = server.requests.length;
	assert.equal((await transport.get('/version', {signal: never})).ok, true);
	assert.ok(server.requests.length - before <= 2);
});

test('a kubeconfig that was written anew is read again after a 401, once', async () => {
	const {transport, file} = usual();
	server.on(seen =>
		seen.path === '/version'
			? seen.headers.authorization === 'Bearer renewed'
				? wire('02-version')
				: wire('05-401-bad-token')
			: undefined,
	);
	const before = server.requests.length;
	assert.equal((await transport.get('/version', {signal: never})).ok, false);
	assert.equal(server.requests.length - before, 2);
	writeFileSync(file, kubeconfig(server.url, {user: {token: 'renewed'}}));
	assert.equal((await transport.get('/version', {signal: never})).ok, true);
	rmSync(file);
	server.on(seen => (seen.path === '/version' ? wire('05-401-bad-token') : undefined));
	assert.equal(failureOf(await transport.get('/version', {signal: never})).type, 'status');
});

function plugin(name: string, script: string): string {
	const file = path.join(folder, name);
	writeFileSync(file, `#!${process.execPath}\n${script}`);
	chmodSync(file, 0o755);
	return file;
}

const counting = (name: string, more = '') => `
const {readFileSync, writeFileSync} = require('node:fs');
const file = ${JSON.stringify(path.join(folder, name))};
let runs = 0;
try { runs = Number(readFileSync(file, 'utf8')); } catch {}
writeFileSync(file, String(++runs));
const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
console.log(JSON.stringify({apiVersion: info.apiVersion, kind: 'ExecCredential', status: {token: [info.kind, info.spec.cluster?.server ?? '-', process.env.EXTRA, runs].join('|')${more}}}));
`;
const runsOf = (name: string): number => Number(readFileSync(path.join(folder, name), 'utf8'));
const exec = (command: string, more: object = {}) => ({
	user: {
		token: '',
		exec: {
			apiVersion: 'client.authentication.k8s.io/v1',
			command,
			interactiveMode: 'IfAvailable',
			env: [{name: 'EXTRA', value: 'e'}],
			...more,
		},
	},
});

test('a credential plugin is run once, told of the cluster, and run once more after a 401', async () => {
	const {transport, clock} = open(kubeconfig(server.url, exec(plugin('login', counting('login-runs')), {provideClusterInfo: true})));
	server.path('/version', wire('02-version'));
	await Promise.all([transport.get('/version', {signal: never}), transport.get('/version', {signal: never})]);
	assert.equal(server.requests.at(-1)?.headers.authorization, `Bearer ExecCredential|${server.url}|e|1`);
	assert.equal(runsOf('login-runs'), 1);
	const recovered = (until: number) => (seen: {readonly path: string; readonly headers: Readonly<Record<string, unknown>>}) =>
		seen.path !== '/version'
			? undefined
			: String(seen.headers.authorization).endsWith(`|${until}`)
				? wire('02-version')
				: wire('05-401-bad-token');
	server.on(recovered(2));
	assert.equal((await transport.get('/version', {signal: never})).ok, true);
	assert.equal(runsOf('login-runs'), 2);
	// Refused for good: a plugin that opens a browser must not do so at every poll.
	server.on(recovered(-1));
	for (let i = 0; i < 5; i++) assert.equal((await transport.get('/version', {signal: never})).ok, false);
	assert.equal(runsOf('login-runs'), 2);
	clock.nowMs += Credentials.renewPluginEveryMs;
	assert.equal((await transport.get('/version', {signal: never})).ok, false);
	assert.equal(runsOf('login-runs'), 3);
});

test('what a plugin hands out is used until shortly before it expires', async () => {
	const clock = new TurnedClock();
	const ends = new Date(clock.nowMs + 600_000).toISOString();
	const {transport} = open(
		kubeconfig(server.url, exec(plugin('expiring', counting('expiring-runs', `, expirationTimestamp: ${JSON.stringify(ends)}`)))),
		{},
		clock,
	);
	server.path('/version', wire('02-version'));
	await transport.get('/version', {signal: never});
	clock.nowMs += 560_000;
	await transport.get('/version', {signal: never});
	assert.equal(runsOf('expiring-runs'), 1);
	clock.nowMs += 15_000;
	await transport.get('/version', {signal: never});
	assert.equal(runsOf('expiring-runs'), 2);
});

test('plugins that fail are told as kubectl tells them, without what they should not have said', async () => {
	const said = async (config: string) => {
		const failure = failureOf(await open(config).transport.get('/version', {signal: never}));
		assert.ok(failure.type === 'credentials', JSON.stringify(failure));
		return failure;
	};
	const failing = await said(
		kubeconfig(
			server.url,
			exec(plugin('failing', 'console.error("first\\nAuthorization: Bearer abc.def.ghi was refused"); process.exit(3);')),
		),
	);
	assert.match(failing.message, /exec: executable .*failing failed with exit code 3: Authorization: Bearer \*\*\* was refused$/);
	const missing = await said(kubeconfig(server.url, exec('no-such-plugin-here', {installHint: 'Install it from there'})));
	assert.match(missing.message, /exec: executable no-such-plugin-here not found/);
	assert.equal(missing.hint, 'Install it from there');
	assert.match(
		(await said(kubeconfig(server.url, exec(plugin('chatty', 'console.log("secret=hunter22")'))))).message,
		/decoding stdout: .*did not print JSON$/,
	);
	assert.match(
		(await said(kubeconfig(server.url, exec(plugin('empty', 'console.log(JSON.stringify({kind: "ExecCredential", status: {}}))')))))
			.message,
		/didn't return a token or cert\/key pair/,
	);
	assert.match(
		(await said(kubeconfig(server.url, exec(plugin('asking', ''), {interactiveMode: 'Always'})))).message,
		/standard input is not a terminal/,
	);
});

/** As an identity provider signs them; nobody verifies it here. */
const idToken = (name: string, endsAtMs: number): string =>
	`${[{alg: 'none'}, {sub: name, exp: Math.floor(endsAtMs / 1000)}]
		.map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
		.join('.')}.c2ln`;

test('OIDC: the ID token is sent until it ends, then renewed once; kubectl’s newer one goes first', async () => {
	const clock = new TurnedClock();
	const issuer = await ScriptedServer.start();
	after(() => issuer.close());
	let renewed = 0;
	issuer
		.path('/realm/.well-known/openid-configuration', {body: {token_endpoint: `${issuer.url}/realm/token`}})
		.on(({path: asked, form}) => {
			if (asked !== '/realm/token') return undefined;
			renewed++;
			return form?.get('client_secret') === 'client-secret-of-the-test' && form.get('refresh_token') === `refresh-${renewed}`
				? {body: {id_token: idToken(`renewed-${renewed}`, clock.nowMs + 600_000), refresh_token: `refresh-${renewed + 1}`}}
				: {status: 400, body: {error: 'invalid_grant', error_description: `not ${form}`}};
		});
	const config = (more: object = {}) =>
		kubeconfig(server.url, {
			user: {
				token: '',
				'auth-provider': {
					name: 'oidc',
					config: {
						'id-token': idToken('first', clock.nowMs + 600_000),
						'refresh-token': 'refresh-1',
						'client-id': 'oddpod',
						'client-secret': 'client-secret-of-the-test',
						'idp-issuer-url': `${issuer.url}/realm`,
						'idp-certificate-authority-data': CA,
						...more,
					},
				},
			},
		});
	const {transport, file} = open(config(), {}, clock);
	server.path('/version', wire('02-version'));
	const sent = async () => {
		assert.equal((await transport.get('/version', {signal: never})).ok, true);
		const token = String(server.requests.at(-1)?.headers.authorization).replace('Bearer ', '');
		return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sub;
	};
	assert.equal(await sent(), 'first');
	clock.nowMs += 595_000;
	assert.deepEqual(await Promise.all([sent(), sent()]), ['renewed-1', 'renewed-1']);
	assert.equal(await sent(), 'renewed-1');
	assert.equal(renewed, 1, 'and not before each request');
	clock.nowMs += 600_000;
	assert.equal(await sent(), 'renewed-2');
	// Refused: what kubectl has written meanwhile goes first, then a new one is asked for.
	const refuseOnce = () => {
		const before = server.count('/version');
		server.on(seen => (seen.path === '/version' && server.count('/version') === before + 1 ? wire('05-401-bad-token') : undefined));
	};
	writeFileSync(file, config({'id-token': idToken('by-kubectl', clock.nowMs + 600_000), 'refresh-token': 'refresh-3'}));
	refuseOnce();
	assert.equal(await sent(), 'by-kubectl');
	clock.nowMs += Credentials.renewPluginEveryMs;
	refuseOnce();
	assert.equal(await sent(), 'renewed-3');
	// What fails is told, without what it must not tell.
	clock.nowMs += 600_000;
	issuer.on(({path: asked, form}) =>
		asked === '/realm/token'
			? {status: 400, body: {error: 'invalid_grant', error_description: `not ${form?.get('refresh_token')}`}}
			: undefined,
	);
	assert.deepEqual(failureOf(await transport.get('/version', {signal: never})), {
		type: 'credentials',
		message: `getting credentials: failed to refresh token: 127.0.0.1:${issuer.port} answered 400: invalid_grant, not ***`,
		hint: 'Log in again',
	});
	const without = open(config({'refresh-token': ''}), {}, clock).transport;
	clock.nowMs += 600_000;
	assert.match(JSON.stringify(failureOf(await without.get('/version', {signal: never}))), /No valid id-token/);
});

test('goes through the proxy that is named, on one connection', async () => {
	let tunnels = 0;
	let authorization: string | undefined;
	const proxy = http.createServer();
	proxy.on('connect', (request, socket) => {
		tunnels++;
		authorization = request.headers['proxy-authorization'];
		if (request.url === 'refused.test:443') {
			socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
			return;
		}
		const target = net.connect(server.port, '127.0.0.1', () => {
			socket.write('HTTP/1.1 200 OK\r\n\r\n');
			target.pipe(socket).pipe(target);
		});
		for (const side of [target, socket]) side.on('error', () => {});
	});
	await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
	const {port} = proxy.address() as AddressInfo;
	server.path('/version', wire('02-version'));
	// A name that only the proxy can reach.
	const {transport} = open(kubeconfig(`https://cluster.test:${server.port}`), {
		env: {HTTPS_PROXY: `http://user:proxy-secret@127.0.0.1:${port}`},
	});
	for (let i = 0; i < 10; i++) assert.equal((await transport.get('/version', {signal: never})).ok, true);
	assert.equal(tunnels, 1);
	assert.equal(authorization, `Basic ${Buffer.from('user:proxy-secret').toString('base64')}`);
	const refused = failureOf(
		await open(kubeconfig('https://refused.test:443', {cluster: {'proxy-url': `http://127.0.0.1:${port}`}})).transport.get('/version', {
			signal: never,
		}),
	);
	assert.deepEqual(refused, {type: 'network', code: 'unknown', message: 'Bad response: 403'});
	proxy.close();
	proxy.closeAllConnections();
	// Without it the server is not to blame.
	const none = open(kubeconfig('https://cluster.test', {cluster: {'proxy-url': `http://127.0.0.1:${port}`}})).transport;
	const gone = problemOf(failureOf(await none.get('/version', {signal: never})), {
		asked: 'server',
		host: 'cluster.test',
		context: 'c',
		nowMs: 0,
		proxied: true,
	});
	assert.equal(gone?.what, `Unable to connect to the server: proxyconnect tcp: dial tcp 127.0.0.1:${port}: connect: connection refused`);
});

/** As RFC 1928 and 1929 have it: tunnels to this machine whatever name is asked for, but for one. */
async function socksProxy(toPort: number, password: string) {
	const seen = {tunnels: 0, hosts: [] as string[]};
	const proxy = net.createServer(socket => {
		socket.on('error', () => {});
		const step = (take: (bytes: Buffer) => void) => socket.once('data', take);
		const connect = () =>
			step(bytes => {
				const host = bytes.toString('latin1', 5, 5 + (bytes[4] ?? 0));
				seen.hosts.push(bytes[3] === 3 ? host : `address type ${bytes[3]}`);
				const answer = (code: number) => socket.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
				if (host === 'refused.test') {
					answer(2);
					return;
				}
				const target = net.connect(toPort, '127.0.0.1', () => {
					seen.tunnels++;
					answer(0);
					target.pipe(socket).pipe(target);
				});
				target.on('error', () => {});
			});
		step(() => {
			socket.write(Buffer.from([5, 2]));
			step(bytes => {
				const isKnown = bytes.toString('latin1').endsWith(password);
				socket.write(Buffer.from([1, isKnown ? 0 : 1]));
				if (isKnown) connect();
			});
		});
	});
	await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
	after(() => proxy.close());
	return {seen, at: (login: string) => `socks5://${login}@127.0.0.1:${(proxy.address() as AddressInfo).port}`};
}

test('goes through a SOCKS proxy, which resolves the name, on one connection', async () => {
	const {seen, at} = await socksProxy(server.port, 'proxy-secret');
	server.path('/version', wire('02-version'));
	const through = (host: string, login = 'user:proxy-secret') =>
		open(kubeconfig(`https://${host}:${server.port}`, {cluster: {'proxy-url': at(login)}}));
	const {transport, credentials} = through('cluster.test');
	for (let i = 0; i < 10; i++) assert.equal((await transport.get('/version', {signal: never})).ok, true);
	assert.deepEqual(seen, {tunnels: 1, hosts: ['cluster.test']});
	credentials.closeConnections();
	const failed = async (host: string, login?: string) => failureOf(await through(host, login).transport.get('/version', {signal: never}));
	for (const failure of [await failed('refused.test'), await failed('cluster.test', 'user:wrong-secret')]) {
		const problem = problemOf(failure, {asked: 'server', host: 'h:1', context: 'c', nowMs: 0});
		assert.match(problem?.what ?? '', /^Unable to connect to the server: proxyconnect tcp: Socks5 /);
		assert.doesNotMatch(JSON.stringify(problem), /-secret/);
	}
});

test('no secret reaches an error text', async () => {
	const {transport} = usual();
	for (const status of [400, 401, 403, 500, 503]) {
		server.on(seen =>
			seen.path === '/version'
				? {
						status,
						body: {
							kind: 'Status',
							status: 'Failure',
							message: `you sent ${seen.headers.authorization} and eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln`,
						},
					}
				: undefined,
		);
		const text = JSON.stringify(await transport.get('/version', {signal: never}));
		assert.doesNotMatch(text, /secret-token|eyJhbGci/);
		assert.match(text, /\*\*\*/);
	}
	server.path('/version', {status: 200, body: 'secret-token-of-the-test'});
	assert.doesNotMatch(JSON.stringify(await transport.get('/version', {signal: never})), /secret-token/);
});

test('all that is asked is a GET', () => {
	assert.ok(server.requests.length > 50);
	for (const {headers} of server.requests) assert.equal(headers['content-length'], undefined);
});

test('the recorded list reads as it was recorded', async () => {
	server.path(LIST, {...wire('03-list-100'), gzip: true});
	const items: unknown[] = [];
	await usual().transport.list(LIST, item => items.push(item), {signal: never});
	assert.deepEqual(items, wireJson('03-list-100').items);
});
