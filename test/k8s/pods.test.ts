import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Backoff, StartLimit} from '../../source/k8s/clock.ts';
import {Credentials} from '../../source/k8s/credentials.ts';
import {isProblem, loadKubeconfig} from '../../source/k8s/kubeconfig.ts';
import {Interner} from '../../source/k8s/pod.ts';
import {Pods} from '../../source/k8s/pods.ts';
import {Transport} from '../../source/k8s/transport.ts';
import {ScriptedServer, type Seen, type Stream, wire} from './scripted-server.ts';
import {settle, TurnedClock, until} from './turned-clock.ts';

const PODS = '/api/v1/pods';
const isWatch = ({query}: Seen): boolean => query.get('watch') === '1';
const isList = (seen: Seen): boolean => !isWatch(seen);

const pod = (name: string, version: string, uid = name) => ({
	metadata: {name, namespace: 'shop', uid, resourceVersion: version},
	spec: {containers: [{name: 'app'}]},
	status: {phase: 'Running'},
});
const list = (version: string, ...names: readonly string[]) => ({
	body: {kind: 'PodList', metadata: {resourceVersion: version}, items: names.map(name => pod(name, version))},
});
const line = (type: string, object: object): string => `${JSON.stringify({type, object})}\n`;

interface Setting {
	readonly server: ScriptedServer;
	readonly clock: TurnedClock;
	readonly pods: Pods;
	/** Watches that are open or were, in order. */
	readonly streams: Stream[];
	readonly asked: Seen[];
	readonly names: () => string[];
	readonly lists: () => number;
	readonly watches: () => number;
}

/** Pods that are followed until the test ends; each watch stays open under the test's hand. */
async function following(
	t: {after: (done: () => unknown) => void},
	first: ReturnType<typeof list> | 'hang' = list('100', 'a', 'b'),
	watching = true,
): Promise<Setting> {
	const server = await ScriptedServer.start();
	const clock = new TurnedClock();
	const access = loadKubeconfig({env: {}, server: server.url, token: 't', insecureSkipTlsVerify: true});
	assert.ok(!isProblem(access));
	const credentials = new Credentials(access, () => access, clock, false);
	const streams: Stream[] = [];
	const asked: Seen[] = [];
	server.on(seen => {
		if (seen.path !== PODS) return undefined;
		asked.push(seen);
		if (!isWatch(seen)) return first;
		return stream => {
			streams.push(stream);
			stream.begin();
		};
	});
	const pods = new Pods({
		transport: new Transport(credentials, clock),
		clock,
		context: 'c',
		scope: {},
		selector: '',
		interner: new Interner(),
		changed: () => {},
		watching,
	});
	const stop = new AbortController();
	const done = pods.follow(stop.signal);
	t.after(async () => {
		stop.abort();
		credentials.closeConnections();
		await done;
		await server.close();
	});
	return {
		server,
		clock,
		pods,
		streams,
		asked,
		names: () => [...pods.byId.values()].map(({name}) => name).sort(),
		lists: () => asked.filter(isList).length,
		watches: () => asked.filter(isWatch).length,
	};
}

test('lists in pages of 500, then watches from where the list ended', async t => {
	const setting = await following(t, 'hang');
	const {server, asked, streams, names, clock} = setting;
	await until(() => asked.length > 0, 'a first request');
	server.on(seen => {
		if (seen.path !== PODS || isWatch(seen)) return undefined;
		asked.push(seen);
		if (seen.query.get('continue') === 'next') return list('100', 'c');
		return {body: {metadata: {resourceVersion: '100', continue: 'next'}, items: [pod('a', '1'), pod('b', '2')]}};
	});
	await clock.turn(31_000);
	await until(() => streams.length === 1, 'the watch');
	assert.deepEqual(names(), ['a', 'b', 'c']);
	assert.equal(asked.at(-3)?.query.get('limit'), '500');
	const {query} = asked.at(-1) ?? assert.fail();
	assert.equal(query.get('resourceVersion'), '100');
	assert.equal(query.get('allowWatchBookmarks'), 'true');
});

test('the recorded watch is followed through create, restart and delete', async t => {
	const {streams, pods, watches} = await following(t, list('1'));
	await until(() => streams.length === 1, 'the watch');
	const lines = (wire('11-watch-events').body as Buffer).toString().trim().split('\n');
	const types = lines.map(text => JSON.parse(text) as {type: string; object: {metadata: {name?: string; resourceVersion: string}}});
	for (const text of lines) streams[0]?.write(`${text}\n`);
	await settle();
	const deleted = types.filter(({type}) => type === 'DELETED').map(({object}) => object.metadata.name);
	assert.ok(deleted.length > 0);
	for (const {name} of pods.byId.values()) assert.ok(!deleted.includes(name));
	streams[0]?.end();
	await settle();
	assert.ok(watches() >= 1);
});

test('a reset in mid-stream: watched again from the last version, no new list, the next event seen within 10 s', async t => {
	const {streams, clock, names, lists, asked} = await following(t);
	await until(() => streams.length === 1, 'the watch');
	streams[0]?.write(line('ADDED', pod('c', '107')));
	await until(() => names().length === 3, 'the new pod');
	await clock.turn(8000);
	streams[0]?.cut();
	await settle();
	await clock.turn(10_000);
	await until(() => streams.length === 2, 'the second watch');
	assert.equal(asked.at(-1)?.query.get('resourceVersion'), '107');
	streams[1]?.write(line('DELETED', pod('a', '108')));
	await until(() => names().length === 2, 'the delete');
	assert.equal(lists(), 1);
});

test('a connection that is open on our side alone is given up within 60 s, without a new list', async t => {
	const {streams, clock, lists} = await following(t);
	await until(() => streams.length === 1, 'the watch');
	await clock.turn(60_000);
	await clock.turn(1000);
	assert.equal(streams.length, 2);
	assert.equal(lists(), 1);
});

test('a quiet watch whose bookmarks come is left alone, and its version goes on', async t => {
	const {streams, clock, asked, lists} = await following(t);
	await until(() => streams.length === 1, 'the watch');
	await clock.turn(40_000);
	streams[0]?.write(line('BOOKMARK', {metadata: {resourceVersion: '150'}}));
	await settle();
	await clock.turn(40_000);
	assert.equal(streams.length, 1);
	streams[0]?.end();
	await until(() => streams.length === 2, 'the second watch');
	assert.equal(asked.at(-1)?.query.get('resourceVersion'), '150');
	assert.equal(lists(), 1);
});

test('410 as an event and as a status: one list, deletes found, nothing twice', async t => {
	for (const way of ['event', 'status'] as const) {
		const {server, streams, clock, names, asked} = await following(t);
		await until(() => streams.length === 1, 'the watch');
		let lists = 0;
		server.on(seen => {
			if (seen.path !== PODS) return undefined;
			if (isList(seen)) {
				lists++;
				return list('200', 'b', 'c');
			}
			// The old version is refused for good.
			if (seen.query.get('resourceVersion') === '100')
				return way === 'status' ? wire('12-410-continue') : {body: wire('12-410-watch-old').body ?? ''};
			return undefined;
		});
		if (way === 'event') streams[0]?.write((wire('12-410-watch-old').body as Buffer).toString());
		streams[0]?.end();
		await settle();
		await clock.turn(5000);
		await until(() => streams.length === 2, 'the watch after the list');
		assert.deepEqual(names(), ['b', 'c']);
		assert.equal(lists, 1);
		assert.equal(asked.at(-1)?.query.get('resourceVersion'), '200');
	}
});

test('a history that is too old each time does not become a list each time', async t => {
	const {server, clock} = await following(t);
	let lists = 0;
	server.on(seen => {
		if (seen.path !== PODS) return undefined;
		if (isWatch(seen)) return {body: wire('12-410-watch-old').body ?? ''};
		lists++;
		return list('200', 'a');
	});
	await settle();
	server.dropConnections();
	await clock.turn(600_000);
	assert.ok(lists >= 5 && lists <= 30, `${lists} lists in ten minutes`);
});

test('a list token that is too old begins the list again', async t => {
	const {server, clock, names, streams} = await following(t, 'hang');
	let pages = 0;
	server.on(seen => {
		if (seen.path !== PODS || isWatch(seen)) return undefined;
		pages++;
		if (seen.query.has('continue')) return pages < 4 ? wire('12-410-continue') : list('300', 'z');
		return {body: {metadata: {resourceVersion: '300', continue: 'next'}, items: [pod('a', '1')]}};
	});
	await settle();
	await clock.turn(32_000);
	await until(() => streams.length > 0, 'the watch');
	assert.equal(pages, 4);
	assert.deepEqual(names(), ['a', 'z']);
});

test('a server that closes at once is not stormed: at most ten connects a minute', async t => {
	for (const chance of [0, 0.5, 0.999]) {
		const {server, clock} = await following(t);
		clock.chance = () => chance;
		const startsMs: number[] = [];
		server.on(seen => {
			if (seen.path !== PODS) return undefined;
			startsMs.push(clock.nowMs);
			return isWatch(seen) ? {body: ''} : list('100', 'a');
		});
		await settle();
		server.dropConnections();
		await clock.turn(300_000);
		for (let i = 10; i < startsMs.length; i++) assert.ok((startsMs[i] ?? 0) - (startsMs[i - 10] ?? 0) >= 60_000, `${startsMs}`);
		assert.ok(startsMs.length >= 5, 'it does not give up either');
	}
});

test('watches that are cut again and again after they brought something: each is followed by another at once', async t => {
	const {streams, clock, names, lists, pods} = await following(t);
	// The longest waits that chance can bring.
	clock.chance = () => 0.999;
	for (let i = 1; i <= 12; i++) {
		await until(() => streams.length === i, `watch ${i}`);
		streams.at(-1)?.write(line('ADDED', pod(`new-${i}`, String(200 + i))));
		await until(() => names().includes(`new-${i}`), `the pod of watch ${i}`);
		await clock.turn(30_000);
		streams.at(-1)?.cut();
		await settle();
		await clock.turn(1000);
	}
	await until(() => streams.length === 13, 'a watch after the last cut');
	assert.equal(lists(), 1);
	assert.deepEqual(pods.state, {state: 'known'});
});

test('Retry-After is obeyed for lists and watches', async t => {
	for (const of of [isList, isWatch]) {
		const {server, clock, streams} = await following(t, of === isList ? 'hang' : undefined);
		if (of === isWatch) await until(() => streams.length === 1, 'the watch');
		const askedMs: number[] = [];
		server.on(seen => {
			if (seen.path !== PODS || !of(seen)) return undefined;
			askedMs.push(clock.nowMs);
			return askedMs.length === 1 ? {status: 429, headers: {'retry-after': '23'}, body: 'Too many requests'} : undefined;
		});
		await settle();
		server.dropConnections();
		await clock.turn(90_000);
		assert.ok((askedMs[1] ?? 0) - (askedMs[0] ?? 0) >= 23_000, `${askedMs}`);
	}
});

test('waits are anything up to a ceiling that doubles from 1 s to 60 s, never less than the server asks for', () => {
	const clock = new TurnedClock();
	const waits = (chance: number, ...retryAfterMs: readonly number[]) => {
		clock.chance = () => chance;
		const backoff = new Backoff(clock);
		return Array.from({length: 9}, (_, i) => backoff.next(retryAfterMs[i] ?? 0));
	};
	assert.deepEqual(waits(0), Array(9).fill(0));
	assert.deepEqual(
		waits(0.5).map(ms => ms * 2),
		[1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000],
	);
	assert.deepEqual(waits(0.5, 7000, 100, 86_400_000).slice(0, 3), [7000, 1000, 300_000]);
});

test('deletes are never lost: not in a gap, not for a pod of the same name', async t => {
	const {streams, names, pods} = await following(t);
	await until(() => streams.length === 1, 'the watch');
	// The end of the old one is told after the new one has come.
	streams[0]?.write(line('ADDED', pod('a', '110', 'second')) + line('DELETED', pod('a', '111', 'a')) + line('DELETED', pod('b', '112')));
	await until(() => names().length === 1, 'the delete');
	assert.equal(pods.byId.get('shop/a')?.uid, 'second');
});

test('a version of another cluster’s future is silence: after some watches without a word it is listed anew', async t => {
	const {server, clock, asked, streams} = await following(t);
	await until(() => streams.length === 1, 'the first watch');
	let lists = 0;
	server.on(seen => {
		if (seen.path !== PODS) return undefined;
		asked.push(seen);
		if (isList(seen)) {
			lists++;
			return list('50', 'a');
		}
		// 200 and silence, ended in time.
		return stream => {
			stream.begin();
			void clock.sleep(Number(seen.query.get('timeoutSeconds')) * 1000).then(() => stream.end());
		};
	});
	await settle();
	server.dropConnections();
	await clock.turn(600_000);
	assert.ok(lists >= 1 && lists <= 3, `${lists} lists in ten minutes`);
});

test('where listing is allowed and watching is not, it is looked at each minute', async t => {
	const {server, clock, pods} = await following(t);
	let lists = 0;
	server.on(seen => {
		if (seen.path !== PODS) return undefined;
		if (isWatch(seen)) return wire('05-403-pods-cluster');
		lists++;
		return list('100', `n${lists}`);
	});
	await settle();
	server.dropConnections();
	await clock.turn(200_000);
	assert.ok(lists >= 3 && lists <= 4, `${lists}`);
	assert.equal(pods.state.state, 'known');
});

test('nonsense among the pods and events is passed over and counted, and the watch goes on', async t => {
	const {streams, names, pods} = await following(t, {
		body: {kind: 'PodList', metadata: {resourceVersion: '1'}, items: [null, 'x', {}, pod('a', '1')] as never[]},
	});
	await until(() => streams.length === 1, 'the watch');
	assert.equal(pods.malformed, 3);
	streams[0]?.write(`${line('ADDED', {})}${line('SOMETHING', pod('c', '2'))}[]\nnull\n{"type":7}\n${line('ADDED', pod('b', '2'))}`);
	await until(() => names().length === 2, 'the good one');
	assert.deepEqual([names(), pods.malformed, streams.length], [['a', 'b'], 8, 1]);
});

test('the limit on starts waits, and forgets after a minute', async () => {
	const clock = new TurnedClock();
	const limit = new StartLimit(clock, 3);
	const {signal} = new AbortController();
	let starts = 0;
	void (async () => {
		for (;;) {
			await limit.wait(signal);
			starts++;
		}
	})();
	await clock.turn(59_000);
	assert.equal(starts, 3);
	await clock.turn(121_000);
	assert.equal(starts, 12);
});
