// The built program on a scripted cluster: what a kubeconfig may ask of a person, what is shown first, and what must never be shown.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {after} from 'node:test';
import {type Answer, kubeconfig, ScriptedServer, type Seen, wire} from '../k8s/scripted-server.ts';
import {Terminal} from './terminal.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'oddpod-live-'));
after(() => rmSync(folder, {recursive: true}));

const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const DEPLOYMENTS = ['ads', 'checkout', 'frontend'];
const names = DEPLOYMENTS.flatMap(name => [1, 2].map(replica => ({name: `${name}-5c6-${replica}`, deployment: name})));

/** Three Deployments with two replicas each, a sample of each every 5 s; `script` is asked first. */
async function cluster(t: {after: (done: () => unknown) => void}, script: (seen: Seen) => Answer | undefined = () => undefined) {
	const server = await ScriptedServer.start();
	t.after(() => server.close());
	server.path('/apis/metrics.k8s.io', wire('02-discovery-group'));
	server.on(seen => {
		const nowMs = Date.now();
		if (/^\/apis\/metrics.*\/pods$/.test(seen.path)) {
			const timestamp = iso(Math.floor(nowMs / 5000) * 5000);
			const usage = {cpu: '40m', memory: '64Mi'};
			const items = names.map(({name}) => ({
				metadata: {name, namespace: 'shop', creationTimestamp: iso(nowMs)},
				timestamp,
				window: '5s',
				containers: [{name: 'app', usage}],
			}));
			return {body: {kind: 'PodMetricsList', metadata: {}, items}};
		}
		if (!/^\/api\/v1\/.*pods$/.test(seen.path)) return undefined;
		if (seen.query.get('watch') === '1') return stream => stream.begin();
		const items = names.map(({name, deployment}) => ({
			metadata: {
				name,
				namespace: 'shop',
				uid: name,
				creationTimestamp: iso(nowMs - 3_600_000),
				labels: {'pod-template-hash': '5c6'},
				ownerReferences: [{kind: 'ReplicaSet', name: `${deployment}-5c6`, controller: true}],
			},
			spec: {nodeName: 'node-1', containers: [{name: 'app', resources: {limits: {memory: '512Mi'}}}]},
			status: {
				phase: 'Running',
				containerStatuses: [{name: 'app', restartCount: 0, state: {running: {startedAt: iso(nowMs - 3_600_000)}}}],
			},
		}));
		return {body: {kind: 'PodList', metadata: {resourceVersion: '1'}, items}};
	});
	return server.on(script);
}

let configs = 0;
function environment(text: string): Record<string, string> {
	const file = path.join(folder, `config-${++configs}`);
	writeFileSync(file, text);
	return {KUBECONFIG: file, HOME: folder, XDG_STATE_HOME: path.join(folder, 'state'), XDG_CONFIG_HOME: path.join(folder, 'config')};
}

function plugin(name: string, script: string): string {
	const file = path.join(folder, name);
	writeFileSync(file, `#!${process.execPath}\n${script}`);
	chmodSync(file, 0o755);
	return file;
}

const exec = (command: string, interactiveMode: string) => ({
	user: {token: '', exec: {apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode}},
});

/** Asks a person where it may, as its own specification has it; else takes what it was told before. */
const ASKING = `
const {existsSync, readFileSync, writeFileSync} = require('node:fs');
const kept = __filename + '.kept';
const answer = token => {
	writeFileSync(kept, token);
	console.log(JSON.stringify({apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: {token}}));
	process.exit();
};
if (!JSON.parse(process.env.KUBERNETES_EXEC_INFO).spec.interactive) answer(existsSync(kept) ? readFileSync(kept, 'utf8') + '-renewed' : 'nobody');
process.stderr.write('One-time password: ');
process.stdin.once('data', text => answer('otp-' + String(text).trim()));
`;

for (const mode of ['Always', 'IfAvailable']) {
	test(`a credential plugin that asks (${mode}) does so before the screen is drawn`, {timeout: 60_000}, async t => {
		const server = await cluster(t, seen => (seen.headers.authorization === 'Bearer otp-123456' ? undefined : wire('05-401-bad-token')));
		using terminal = new Terminal(
			['-n', 'shop'],
			undefined,
			environment(kubeconfig(server.url, exec(plugin(`asking-${mode}`, ASKING), mode))),
		);
		await terminal.until('the question', ({text}) => text.includes('One-time password:'));
		assert.equal(terminal.alternate, false);
		assert.equal(server.requests.length, 0, 'nothing is sent before it is known who asks');
		terminal.type('123456\r');
		await terminal.until('the pods', ({text, alternate}) => alternate && text.includes('checkout-5c6-1'));
		assert.ok(terminal.written.indexOf('One-time password:') < terminal.written.indexOf('\u001b[?1049h'));
		assert.doesNotMatch(terminal.text, /logged in|401|Unauthorized/);
		terminal.type('q');
		assert.equal(await terminal.exited(), 0);
	});
}

test('a token that is refused while the screen is up is renewed once, without a question and without a word', {
	timeout: 60_000,
}, async t => {
	let valid = 'Bearer otp-1';
	const server = await cluster(t, seen => (seen.headers.authorization === valid ? undefined : wire('05-401-bad-token')));
	using terminal = new Terminal(
		['-n', 'shop', '--interval', '5'],
		undefined,
		environment(kubeconfig(server.url, exec(plugin('renewing', ASKING), 'IfAvailable'))),
	);
	await terminal.until('the question', ({text}) => text.includes('One-time password:'));
	terminal.type('1\r');
	await terminal.until('the pods', ({text}) => text.includes('checkout-5c6-1'));
	valid = 'Bearer otp-1-renewed';
	const isPoll = ({path: asked, headers}: Seen) => asked.startsWith('/apis/metrics') && headers.authorization === valid;
	const polls = () => server.requests.filter(isPoll).length;
	await terminal.until('a poll with the new token', () => polls() > 0);
	assert.equal(terminal.written.split('One-time password:').length, 2, 'asked once');
	assert.doesNotMatch(terminal.text, /logged in|Unauthorized/);
	terminal.type('q');
	assert.equal(await terminal.exited(), 0);
});

test('the workload that is named is selected', {timeout: 60_000}, async t => {
	const server = await cluster(t);
	for (const [word, pod] of [
		['deploy/checkout', 'checkout-5c6-'],
		['pod/frontend-5c6-2', 'frontend-5c6-2'],
	] as const) {
		using terminal = new Terminal(['-n', 'shop', word], undefined, environment(kubeconfig(server.url)));
		// The panes below the list are those of the selected container.
		await terminal.until(`the panes of ${word}`, ({rows}) => rows.some(row => row.startsWith('╭') && row.includes(pod)));
		assert.ok(server.requests.every(({path: asked}) => !asked.endsWith('/pods') || asked.includes('/namespaces/shop/')));
		terminal.type('q');
		await terminal.exited();
	}
});

test('enter on a container tells its pod’s events and its autoscaler, where they may be read', {timeout: 60_000}, async t => {
	let mayRead = true;
	const server = await cluster(t, ({path: asked}) => {
		if (!/events$|horizontalpodautoscalers$/.test(asked)) return undefined;
		if (!mayRead) return wire('05-403-events');
		const at = iso(Date.now() - 30_000);
		return asked.endsWith('events')
			? {body: {items: [{type: 'Warning', reason: 'BackOff', message: 'Back-off pulling \u001b[31mimage', count: 5, lastTimestamp: at}]}}
			: {
					body: {
						items: [
							{
								metadata: {name: 'checkout'},
								spec: {scaleTargetRef: {kind: 'Deployment', name: 'checkout'}, minReplicas: 2, maxReplicas: 10},
								status: {currentReplicas: 2, desiredReplicas: 2},
							},
						],
					},
				};
	});
	const open = () => new Terminal(['-n', 'shop', 'deploy/checkout'], {columns: 120, rows: 50}, environment(kubeconfig(server.url)));
	using terminal = open();
	await terminal.until('the panes', ({rows}) => rows.some(row => row.startsWith('╭') && row.includes('checkout-5c6-')));
	terminal.type('\r');
	await terminal.until('the events', ({text}) => /Warning BackOff \(5 times\): Back-off pulling \[31mimage/.test(text));
	assert.match(terminal.text, /HPA checkout: 2 replicas of 2 to 10/);
	assert.equal(
		server.requests.find(({path: asked}) => asked.endsWith('/events'))?.query.get('fieldSelector'),
		'involvedObject.uid=checkout-5c6-1',
	);
	terminal.type('qq');
	assert.equal(await terminal.exited(), 0);
	mayRead = false;
	using poor = open();
	await poor.until('the panes', ({rows}) => rows.some(row => row.startsWith('╭') && row.includes('checkout-5c6-')));
	poor.type('\r');
	await poor.until('the explanation', ({text}) => /Why/.test(text));
	const asked = () => server.requests.filter(({path}) => path.endsWith('/events')).length;
	await poor.until('the question', () => asked() >= 2);
	assert.doesNotMatch(poor.text, /HPA|Events of the pod|forbidden/);
	poor.type('qq');
	assert.equal(await poor.exited(), 0);
});

test('what cannot be read is counted on the screen', {timeout: 60_000}, async t => {
	const server = await cluster(t, seen => {
		if (!/^\/apis\/metrics.*\/pods$/.test(seen.path)) return undefined;
		const good = {
			metadata: {name: names[0]?.name, namespace: 'shop'},
			timestamp: iso(Date.now()),
			window: '5s',
			containers: [{name: 'app', usage: {cpu: '40m', memory: '64Mi'}}],
		};
		return {body: {items: [good, good, null, {metadata: {name: 7}}]}};
	});
	using terminal = new Terminal(['-n', 'shop'], {columns: 160, rows: 40}, environment(kubeconfig(server.url)));
	await terminal.until('the count', ({rows}) => rows.slice(0, 3).some(row => /[1-9]\d* unreadable/.test(row)));
	terminal.type('q');
	await terminal.exited();
});

test('no secret reaches the output, the log, the recording or a kept state', {timeout: 60_000}, async t => {
	writeFileSync(path.join(folder, 'silent.kept'), 'kept-by-the-plugin');
	const logins: readonly (readonly [string, object])[] = [
		['secret-token-of-the-test', {}],
		['kept-by-the-plugin', exec(plugin('silent', ASKING), 'Never')],
		['a-password-of-old', {user: {token: '', username: 'somebody', password: 'a-password-of-old'}}],
	];
	await Promise.all(
		logins.map(async ([secret, login], i) => {
			// A server that says in its errors all that it was told.
			let polls = 0;
			const server = await cluster(t, seen => {
				if (!/^\/apis\/metrics.*\/pods$/.test(seen.path) || polls++ !== 1) return undefined;
				const {authorization = ''} = seen.headers;
				const message = `refused: ${authorization}, token=${String(authorization).replace(/^\w+ /, '')}`;
				return {status: 500, body: {kind: 'Status', status: 'Failure', message}};
			});
			const place = path.join(folder, `run-${i}`);
			mkdirSync(place);
			const file = (name: string) => path.join(place, name);
			const args = ['check', '-n', 'shop', '--for', '8s', '--interval', '5', '--log', file('log'), '--record', file('session.jsonl')];
			const child = spawn(process.execPath, ['dist/oddpod.js', ...args], {
				env: {...process.env, ...environment(kubeconfig(server.url, login)), XDG_STATE_HOME: file('state')},
				stdio: ['ignore', 'pipe', 'pipe'],
			});
			let said = '';
			for (const stream of [child.stdout, child.stderr])
				stream.setEncoding('utf8').on('data', part => {
					said += part;
				});
			assert.deepEqual(await once(child, 'close'), [4, null], said); // eight seconds judge nobody
			const texts = readdirSync(place, {recursive: true, withFileTypes: true})
				.filter(entry => entry.isFile())
				.map(entry => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'));
			assert.ok(texts.length >= 2);
			assert.match(texts.join('\n'), / health: \d+ polls; 1 of \d+ requests failed; .* dropped: 0 malformed/);
			assert.equal([said, ...texts].filter(text => text.includes('refused: ')).length, 3, 'told in the output, the log and the recording');
			for (const text of [said, ...texts])
				for (const each of [secret, Buffer.from(`somebody:${secret}`).toString('base64')]) assert.ok(!text.includes(each), text);
		}),
	);
});
