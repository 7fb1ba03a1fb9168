// The built program on an API server: other namespaces and contexts, kubectl beside it, silences.
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import {SmallCluster} from './small-cluster.ts';
import {PROGRAM, Terminal} from './terminal.ts';

const SIZE = {columns: 120, rows: 30};
const bottom = ({rows}: Terminal): string => rows.at(-1) ?? '';
const live = (cluster: SmallCluster, env: Readonly<Record<string, string>> = {}): Terminal =>
	new Terminal([], SIZE, {...cluster.env, ...env});
const pods = async (terminal: Terminal, ...names: readonly string[]): Promise<void> =>
	terminal.until(`the pods ${names.join(', ')} and no others`, ({rows}) => {
		const list = rows.slice(0, 12).join('\n');
		return ['cart-0', 'checkout-0', 'ledger-0'].every(name => list.includes(name) === names.includes(name));
	});

test(':ns reads other namespaces too, 0 all of them, and a number goes back', {timeout: 60_000}, async () => {
	await using cluster = await SmallCluster.start();
	using terminal = live(cluster);
	await pods(terminal, 'cart-0', 'checkout-0');
	terminal.type(':ns payments\r');
	await pods(terminal, 'ledger-0');
	terminal.type(':ns shop\r');
	await pods(terminal, 'cart-0', 'checkout-0');
	terminal.type('2');
	await pods(terminal, 'ledger-0');
	terminal.type('0');
	await pods(terminal, 'cart-0', 'checkout-0', 'ledger-0');
	terminal.type(':ns nowhere\r');
	await terminal.until('what is wrong', terminal => /no container in nowhere|No resources found in nowhere/.test(bottom(terminal)));
	await pods(terminal, 'cart-0', 'checkout-0', 'ledger-0');
	terminal.type('q');
	assert.equal(await terminal.exited(), 0);
});

test(':ctx goes to another context and back; one that does not answer is not gone to', {timeout: 60_000}, async () => {
	await using cluster = await SmallCluster.start();
	using terminal = live(cluster);
	await pods(terminal, 'cart-0', 'checkout-0');
	terminal.type(':ctx ');
	await terminal.until('the contexts', terminal => /lab {2}prod {2}dark/.test(bottom(terminal)));
	terminal.type('prod\r');
	await pods(terminal, 'ledger-0');
	assert.match(terminal.text, / prod · payments · 1 pod/);
	terminal.type(':ctx lab\r');
	await pods(terminal, 'cart-0', 'checkout-0');
	terminal.type(':ctx dark\r');
	await terminal.until('what is wrong', terminal => /127\.0\.0\.1:1 was refused/.test(bottom(terminal)));
	await pods(terminal, 'cart-0', 'checkout-0');
	terminal.type(':ctx nowhere\r');
	await terminal.until('what is wrong', terminal => /"nowhere" does not exist/.test(bottom(terminal)));
	terminal.type('q');
	assert.equal(await terminal.exited(), 0);
});

test("l, p and d run the user's own kubectl and pager, and come back", {timeout: 60_000}, async () => {
	await using cluster = await SmallCluster.start();
	const log = path.join(cluster.folder, 'asked');
	cluster.program('kubectl', `echo "$@" >> ${log}\necho "kubectl was asked: $@"`);
	const pager = cluster.program('pager', 'cat\nwhile read line < /dev/tty && [ "$line" != q ]; do echo "heard $line"; done');
	using terminal = live(cluster, {PATH: `${cluster.folder}:${process.env.PATH}`, KUBECTL_PAGER: pager});
	await pods(terminal, 'cart-0', 'checkout-0');
	terminal.type('j');
	for (const [key, asked] of [
		['l', '--context=lab --namespace=shop logs --tail=2000 --container=app checkout-0'],
		['p', '--context=lab --namespace=shop logs --tail=2000 --previous --container=app checkout-0'],
		['d', '--context=lab --namespace=shop describe pod checkout-0'],
	] as const) {
		terminal.type(key);
		await terminal.until('what kubectl says', ({text, alternate}) => !alternate && text.includes(`kubectl was asked: ${asked}`));
		// Every key is the pager's, none is ours.
		for (const word of ['one', 'two', 'three', 'four', 'five', 'six']) {
			terminal.type(`${word}${key}\r`);
			await terminal.until(`what the pager heard: ${word}`, ({text}) => text.includes(`heard ${word}${key}`));
		}
		terminal.type('q\r');
		await terminal.until('the screen again', ({alternate, text}) => alternate && /quit/.test(text));
		await pods(terminal, 'cart-0', 'checkout-0');
		assert.equal(readFileSync(log, 'utf8').trim().split('\n').at(-1), asked);
	}
	terminal.type('q');
	assert.equal(await terminal.exited(), 0);
});

test('a terminal that kubectl has had comes back in the size that it has by then, and ctrl-l wipes away what others wrote', {
	timeout: 60_000,
}, async () => {
	await using cluster = await SmallCluster.start();
	cluster.program('kubectl', 'echo "kubectl was asked"');
	const pager = cluster.program('pager', 'cat\nread line < /dev/tty');
	using terminal = live(cluster, {PATH: `${cluster.folder}:${process.env.PATH}`, KUBECTL_PAGER: pager});
	await pods(terminal, 'cart-0', 'checkout-0');
	for (const size of [
		{columns: 80, rows: 24},
		{columns: 140, rows: 44},
	]) {
		terminal.type('l');
		await terminal.until('what kubectl says', ({text, alternate}) => !alternate && text.includes('kubectl was asked'));
		terminal.resize(size);
		terminal.type('q\r');
		// The first frame may still be of the size before: the size is told and the program goes on in either order.
		await terminal.until(
			'a whole screen of this size',
			({alternate, rows, text}) =>
				alternate && /quit/.test(rows.at(-1) ?? '') && text.match(/quit/g)?.length === 1 && rows.some(row => row.length === size.columns),
		);
		await pods(terminal, 'cart-0', 'checkout-0');
	}
	terminal.scribble('\x1b[10;10HBroadcast message from root');
	await terminal.until('what somebody else wrote', ({text}) => text.includes('Broadcast message'));
	terminal.type('\f');
	await terminal.until('that it is gone', ({text}) => !text.includes('Broadcast message'));
	terminal.type('q');
	assert.equal(await terminal.exited(), 0);
});

test('what kubectl complains of is told; without kubectl that is told', {timeout: 60_000}, async () => {
	await using cluster = await SmallCluster.start();
	cluster.program('kubectl', 'echo "Error from server (NotFound): pods not found" >&2\nexit 1');
	using terminal = live(cluster, {PATH: `${cluster.folder}:${process.env.PATH}`, KUBECTL_PAGER: 'cat'});
	await pods(terminal, 'cart-0', 'checkout-0');
	terminal.type('l');
	await terminal.until('the complaint', terminal => /Error from server \(NotFound\)/.test(bottom(terminal)));
	terminal.type('q');
	await terminal.exited();

	using without = live(cluster, {PATH: '/nonexistent'});
	await pods(without, 'cart-0', 'checkout-0');
	without.type('l');
	await without.until('that there is none', terminal => /kubectl was not found in PATH/.test(bottom(terminal)));
	without.type('q');
	assert.equal(await without.exited(), 0);
});

test('m silences for an hour, until a restart, for good and not at all, and is kept', {timeout: 60_000}, async () => {
	await using cluster = await SmallCluster.start();
	using terminal = live(cluster);
	await pods(terminal, 'cart-0', 'checkout-0');
	for (const said of [/silenced 1 h/, /silenced until it restarts/, /expected here/, /no longer silenced/]) {
		terminal.type('m');
		await terminal.until(String(said), terminal => said.test(bottom(terminal)));
	}
	terminal.type('m');
	await terminal.until('how to take it back', terminal => /m again: until it restarts; u: undo/.test(bottom(terminal)));
	terminal.type('u');
	await terminal.until('that it is taken back', terminal => /no longer silenced/.test(bottom(terminal)));
	terminal.type('m');
	await terminal.until('silenced again', terminal => /silenced 1 h/.test(bottom(terminal)));
	terminal.type('q');
	await terminal.exited();
	assert.match(readFileSync(path.join(cluster.folder, 'oddpod/lab/silences.json'), 'utf8'), /lab\/shop\/cart-0\/app/);
});

test('an error ends everything and is told', {timeout: 60_000}, async () => {
	await using cluster = await SmallCluster.start();
	const fault = cluster.file('fault.mjs', "process.on('SIGUSR2', () => setImmediate(() => { throw new Error('a fault of the test'); }));");
	using terminal = live(cluster, {NODE_OPTIONS: `--import=${fault}`});
	await pods(terminal, 'cart-0', 'checkout-0');
	terminal.signal('SIGUSR2');
	assert.equal(await terminal.exited(), 1);
	assert.match(terminal.text, /something went wrong that should not have: a fault of the test/);
});

test('into a pipe there is a line an event instead of the screen, and that is told', {timeout: 60_000}, async () => {
	await using cluster = await SmallCluster.start();
	using terminal = new Terminal(['-c', `'${PROGRAM.join("' '")}' | cat`], SIZE, cluster.env, ['/bin/sh']);
	await terminal.until('what comes instead', ({text}) => /oddpod: stdout is no terminal: one line an event/.test(text));
	await terminal.until('that it was stopped', ({text}) => {
		terminal.type('\x03');
		return /0 of \d+ containers judged|\^C/.test(text);
	});
	await terminal.exited();
	assert.equal(terminal.written.includes('\x1b[?1049h'), false);
});

/** Writes down what is dear: tables of ICU that were asked for, and parts of Node that a GET and a screen do not need. */
const TELL_WHAT_IS_LOADED = `
	import {writeFileSync} from 'node:fs';
	const asked = new Set();
	const {localeCompare} = String.prototype;
	String.prototype.localeCompare = function (...rest) { asked.add('localeCompare'); return localeCompare.apply(this, rest); };
	for (const name of Object.getOwnPropertyNames(Intl).filter(name => name !== 'Locale' && /^[A-Z]/.test(name)))
		Intl[name] = new Proxy(Intl[name], {construct(of, rest) { asked.add(name); return Reflect.construct(of, rest); }});
	process.on('exit', () => {
		const loaded = process.moduleLoadList.filter(name => /^NativeModule (.*undici|http2|inspector|crypto)$/.test(name));
		writeFileSync(process.env.LOADED, JSON.stringify([...asked, ...loaded]));
	});
`;

test('a session loads no undici, no http2 and no tables of ICU', {timeout: 60_000}, async t => {
	await using cluster = await SmallCluster.start();
	const folder = mkdtempSync(path.join(tmpdir(), 'oddpod-test-'));
	t.after(() => rmSync(folder, {recursive: true}));
	const told = path.join(folder, 'loaded.json');
	using terminal = live(cluster, {
		NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(TELL_WHAT_IS_LOADED).replaceAll("'", '%27')}`,
		LOADED: told,
	});
	await pods(terminal, 'cart-0', 'checkout-0');
	terminal.type('q');
	assert.equal(await terminal.exited(), 0);
	assert.deepEqual(JSON.parse(readFileSync(told, 'utf8')), ['NativeModule crypto'], 'crypto for the certificates: proof that it is told');
});

test('the bundle has what is used of client-node, and no more', () => {
	const licenses = readFileSync('dist/licenses.txt', 'utf8');
	for (const name of ['@kubernetes/client-node', 'js-yaml', 'socks-proxy-agent']) assert.match(licenses, new RegExp(`^${name} `, 'm'));
	assert.doesNotMatch(licenses, /^(undici|ws|openid-client|oauth4webapi|tar-stream) /m);
});
