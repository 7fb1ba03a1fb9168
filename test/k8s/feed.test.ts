import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {type Cluster, firstScrape, openCluster} from '../../source/k8s/feed.ts';
import type {ClusterOptions} from '../../source/k8s/options.ts';
import type {Reading, Scrape} from '../../source/scrape.ts';
import {type Answer, kubeconfig, ScriptedServer, type Seen, wire, wireGzip, wireJson} from './scripted-server.ts';
import {settle, TurnedClock, until} from './turned-clock.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'oddpod-feed-'));
after(() => rmSync(folder, {recursive: true}));

const METRICS = '/apis/metrics.k8s.io/v1beta1/pods';
const PODS = '/api/v1/pods';
const isWatch = ({query}: Seen): boolean => query.get('watch') === '1';
const startMs = Date.UTC(2026, 10, 24, 8, 23, 36);
const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A pod as the API server has it, and as the metrics have it. */
interface PodShape {
	readonly name: string;
	readonly namespace?: string;
	readonly uid?: string;
	readonly node?: string;
	readonly startedMs?: number;
	readonly restarts?: number;
	readonly containers?: readonly string[];
	readonly memory?: string;
	readonly cpu?: string;
	readonly owner?: {readonly kind: string; readonly name: string};
	readonly labels?: Readonly<Record<string, string>>;
	readonly phase?: string;
	readonly waiting?: string;
	readonly ended?: {readonly exitCode: number; readonly atMs: number; readonly reason?: string};
	readonly policy?: string;
	readonly sampled?: boolean;
}

function corePod(shape: PodShape) {
	const {
		name,
		namespace = 'shop',
		uid = name,
		node = 'node-1',
		startedMs = startMs - 3_600_000,
		restarts = 0,
		containers = ['app'],
		phase = 'Running',
		waiting,
		ended,
		owner,
	} = shape;
	const state =
		waiting !== undefined
			? {waiting: {reason: waiting}}
			: ended !== undefined
				? {terminated: {exitCode: ended.exitCode, reason: ended.reason ?? 'Error', finishedAt: iso(ended.atMs)}}
				: phase === 'Pending'
					? {}
					: {running: {startedAt: iso(startedMs)}};
	return {
		metadata: {
			name,
			namespace,
			uid,
			resourceVersion: '100',
			creationTimestamp: iso(Math.min(startedMs, startMs - 1000)),
			labels: shape.labels ?? {},
			...(owner !== undefined && {ownerReferences: [{...owner, controller: true}]}),
		},
		spec: {
			nodeName: node,
			restartPolicy: shape.policy ?? 'Always',
			containers: containers.map(each => ({name: each, resources: {limits: {memory: '512Mi'}}})),
		},
		status: {phase, startTime: iso(startedMs), containerStatuses: containers.map(each => ({name: each, restartCount: restarts, state}))},
	};
}

const sampleOf = (
	{name, namespace = 'shop', containers = ['app'], memory = '64Mi', cpu = '100m', labels = {}}: PodShape,
	sampledMs: number,
	nowMs: number,
) => ({
	metadata: {name, namespace, creationTimestamp: iso(nowMs), labels},
	timestamp: iso(sampledMs),
	window: '15s',
	containers: containers.map(each => ({name: each, usage: {cpu, memory}})),
});

interface Setting {
	readonly server: ScriptedServer;
	readonly clock: TurnedClock;
	readonly cluster: Cluster;
	readonly scrapes: Scrape[];
	/** Lets so much time pass. */
	readonly pass: (ms: number) => Promise<void>;
	readonly last: () => Scrape;
	/** Pods that run; changed by the test. */
	pods: readonly PodShape[];
	/** Tells the watchers. */
	readonly event: (type: string, shape: PodShape) => Promise<void>;
	readonly readings: () => Reading[];
	readonly absent: () => Readonly<Record<string, string>>;
	readonly problems: () => string[];
}

/** A feed on a scripted cluster whose metrics server takes samples every 15 s, first 5 s before the start. */
async function watching(
	t: {after: (done: () => unknown) => void},
	pods: readonly PodShape[],
	options: ClusterOptions & {
		readonly script?: (server: ScriptedServer, clock: TurnedClock) => void;
		readonly config?: (url: string) => string;
	} = {},
): Promise<Setting> {
	const server = await ScriptedServer.start();
	const clock = new TurnedClock(startMs);
	const streams: {write: (text: string) => void}[] = [];
	const config = path.join(folder, `config-${server.port}`);
	writeFileSync(config, options.config?.(server.url) ?? kubeconfig(server.url));
	const sampledMs = () => startMs - 5000 + Math.floor((clock.nowMs - (startMs - 5000)) / 15_000) * 15_000;
	server.path('/apis/metrics.k8s.io', wire('02-discovery-group'));
	server.on(seen => {
		const namespace = /namespaces\/([^/]+)\//.exec(seen.path)?.[1];
		const inside = (shape: PodShape) => namespace === undefined || (shape.namespace ?? 'shop') === namespace;
		if (/^\/apis\/metrics\.k8s\.io\/v1(beta1)?\/(namespaces\/[^/]+\/)?pods$/.test(seen.path)) {
			const items = setting.pods
				.filter(
					shape =>
						inside(shape) &&
						shape.sampled !== false &&
						shape.waiting === undefined &&
						shape.ended === undefined &&
						shape.phase === undefined,
				)
				.map(shape => sampleOf(shape, sampledMs(), clock.nowMs));
			return {body: {kind: 'PodMetricsList', metadata: {}, items}, gzip: true, headers: {date: new Date(clock.nowMs).toUTCString()}};
		}
		if (/^\/api\/v1\/(namespaces\/[^/]+\/)?pods$/.test(seen.path)) {
			if (!isWatch(seen))
				return {body: {kind: 'PodList', metadata: {resourceVersion: '100'}, items: setting.pods.filter(inside).map(corePod)}, gzip: true};
			return stream => {
				streams.push(stream);
				stream.begin();
				void clock.sleep(Number(seen.query.get('timeoutSeconds')) * 1000).then(() => {
					stream.write(`${JSON.stringify({type: 'BOOKMARK', object: {metadata: {resourceVersion: '100'}}})}\n`);
					stream.end();
				});
			};
		}
		if (seen.path === '/api/v1/nodes') return wire('05-403-nodes');
		return undefined;
	});
	options.script?.(server, clock);
	const cluster = await openCluster({kubeconfig: config, env: {}, clock, ...options});
	assert.ok('feed' in cluster, JSON.stringify(cluster));
	const scrapes: Scrape[] = [];
	const stop = new AbortController();
	const settled = () => server.busy === 0 && cluster.health().underway <= server.held;
	const setting: Setting = {
		server,
		clock,
		cluster,
		scrapes,
		pods,
		pass: ms => clock.turn(ms, settled),
		last: () => scrapes.at(-1) ?? assert.fail('no scrape yet'),
		event: async (type, shape) => {
			await until(() => streams.length > 0, 'a watch');
			for (const stream of streams) stream.write(`${JSON.stringify({type, object: corePod(shape)})}\n`);
		},
		readings: () => scrapes.flatMap(scrape => scrape.readings),
		absent: () => Object.fromEntries((scrapes.at(-1)?.absent ?? []).map(({of, why}) => [`${of.pod}/${of.name}`, why])),
		problems: () => (scrapes.at(-1)?.problems ?? []).map(({id}) => id),
	};
	const done = (async () => {
		for await (const scrape of cluster.feed.scrapes(stop.signal)) scrapes.push(scrape);
	})();
	t.after(async () => {
		stop.abort();
		await done;
		await server.close();
	});
	return setting;
}

const first = (setting: Setting) => until(() => setting.scrapes.length > 0, 'the first scrape');

test('joins samples and pods: the recorded hundred', async t => {
	const pods = JSON.parse(wireGzip('06-pods-list-100.full.json.gz')) as {items: unknown[]};
	const setting = await watching(t, [], {
		script: (server, clock) => {
			const [newest] = wireJson('03-list-100').items as {metadata: {creationTimestamp: string}}[];
			clock.nowMs = Date.parse(newest?.metadata.creationTimestamp ?? '');
			server.path(METRICS, {...wire('03-list-100'), gzip: true});
			server.on(seen => (seen.path === PODS && !isWatch(seen) ? {body: pods, gzip: true} : undefined));
		},
	});
	await first(setting);
	const {readings, absent, problems} = setting.last();
	const {items} = wireJson('03-list-100') as {items: {containers: unknown[]}[]};
	assert.equal(
		readings.length,
		items.reduce((sum, {containers}) => sum + containers.length, 0),
	);
	assert.deepEqual([absent, problems], [[], []]);
	for (const {of, cpuMillicores, memoryBytes, windowMs} of readings) {
		assert.match(of.workload ?? '', /^Deployment\//);
		assert.match(of.incarnation, /^[0-9a-f-]{36}:\d+$/);
		assert.ok(cpuMillicores > 0 && memoryBytes > 0 && windowMs > 0 && of.memoryLimitBytes > 0);
	}
	assert.equal(new Set(readings.map(({of}) => of.key)).size, readings.length);
});

test('the first scrape waits for metrics and pods, and no more than 2 s for the slower', async t => {
	const setting = await watching(t, [{name: 'a'}], {script: server => void server.on(seen => (seen.path === PODS ? 'hang' : undefined))});
	await settle();
	await setting.pass(1900);
	assert.equal(setting.scrapes.length, 0);
	await setting.pass(200);
	assert.equal(setting.last().readings.length, 1);
	assert.equal(setting.last().readings[0]?.of.incarnation, '-');
	const forbidden = await watching(t, [{name: 'a'}], {script: server => void server.path(PODS, wire('05-403-pods-cluster'))});
	await first(forbidden);
	assert.equal(forbidden.last().readings.length, 1);
});

test('a metrics backend that hangs does not hold up the pods', async t => {
	const setting = await watching(t, [{name: 'a'}, {name: 'b', waiting: 'CrashLoopBackOff', restarts: 3}], {
		script: server => void server.path(METRICS, 'hang'),
	});
	await settle();
	await setting.pass(2100);
	assert.equal(setting.absent()['b/app'], 'restarting');
	assert.equal(setting.last().absent.find(({of}) => of.pod === 'b')?.of.waiting, 'CrashLoopBackOff');
	await setting.pass(10_000);
	assert.deepEqual(setting.problems(), ['metrics-timeout']);
});

test('over 50 rounds: every sample seen once, at most 4.3 polls a minute, no new connection', async t => {
	const setting = await watching(
		t,
		Array.from({length: 100}, (_, i) => ({name: `p-${i}`})),
	);
	await first(setting);
	await setting.pass(150_000);
	assert.equal(setting.cluster.feed.intervalMs, 15_000);
	const {polls, connections} = setting.cluster.health();
	const before = setting.readings().length;
	await setting.pass(50 * 15_000);
	const health = setting.cluster.health();
	assert.ok(health.polls - polls <= 4.3 * 12.5, `${(health.polls - polls) / 12.5} polls a minute`);
	assert.equal(health.connections, connections);
	assert.ok(Math.abs(setting.readings().length - before - 5000) <= 100, `${setting.readings().length - before} readings`);
	const times = setting.readings().filter(({of}) => of.pod === 'p-7');
	for (let i = 1; i < times.length; i++) assert.equal((times[i]?.sampledAtMs ?? 0) - (times[i - 1]?.sampledAtMs ?? 0), 15_000);
	assert.equal(
		times.every(({of}) => of === times[0]?.of),
		true,
	);
});

test('slow answers do not overlap', async t => {
	let open = 0;
	let most = 0;
	let polls = 0;
	const setting = await watching(t, [{name: 'a'}], {
		intervalMs: 5000,
		script: (server, clock) => {
			server.path(METRICS, stream => {
				polls++;
				most = Math.max(most, ++open);
				void clock.sleep(9000).then(() => {
					open--;
					stream.begin();
					stream.write('{"items":[]}');
					stream.end();
				});
			});
		},
	});
	await settle();
	await setting.pass(60_000);
	assert.equal(most, 1);
	assert.ok(polls >= 6);
});

test('429: not asked again before the time that the server asks for', async t => {
	const asked: number[] = [];
	const setting = await watching(t, [{name: 'a'}], {
		script: (server, clock) =>
			void server.on(seen => {
				if (seen.path !== METRICS) return undefined;
				asked.push(clock.nowMs);
				return asked.length === 1
					? {status: 429, headers: {'retry-after': '17'}, body: 'Too many requests, please try again later.'}
					: undefined;
			}),
	});
	await settle();
	await setting.pass(2100);
	assert.deepEqual(setting.problems(), ['throttled']);
	await setting.pass(18_000);
	assert.ok((asked[1] ?? 0) - (asked[0] ?? 0) >= 17_000, String(asked));
	assert.deepEqual(setting.problems(), []);
});

test('a metrics server that is installed later is found within 60 s', async t => {
	let installed = false;
	const setting = await watching(t, [{name: 'a'}], {
		script: server =>
			void server.on(seen => (!installed && seen.path.startsWith('/apis/metrics.k8s.io') ? wire('01-no-apiservice-group') : undefined)),
	});
	await first(setting);
	assert.deepEqual(setting.problems(), ['metrics-not-installed']);
	assert.equal(setting.absent()['a/app'], 'no-sample');
	await setting.pass(300_000);
	assert.ok(setting.server.count('/apis/metrics.k8s.io') <= 22, 'and not asked for all the time');
	installed = true;
	await setting.pass(60_000);
	assert.deepEqual(setting.problems(), []);
	assert.ok(setting.readings().length > 0);
});

test('v1 is taken where it is served, v1beta1 where v1 is registered but answers 404', async t => {
	const v1 = await watching(t, [{name: 'a'}], {
		script: server => void server.path('/apis/metrics.k8s.io', wire('02-discovery-group-v1-and-v1beta1')),
	});
	await first(v1);
	assert.equal(v1.last().readings.length, 1);
	assert.equal(v1.server.count('/apis/metrics.k8s.io/v1/pods'), 1);
	const broken = await watching(t, [{name: 'a'}], {
		script: server =>
			void server
				.path('/apis/metrics.k8s.io', wire('02-discovery-group-v1-and-v1beta1'))
				.path('/apis/metrics.k8s.io/v1/pods', wire('01-no-apiservice-list')),
	});
	await settle();
	await broken.pass(3000);
	assert.equal(broken.readings().length, 1);
	const only = await watching(t, [{name: 'a'}], {
		script: server =>
			void server
				.path('/apis/metrics.k8s.io', {body: {kind: 'APIGroup', versions: [{version: 'v1'}]}})
				.path(/v1beta1/, wire('01-no-apiservice-list')),
	});
	await first(only);
	assert.equal(only.last().readings.length, 1);
});

test('a metrics server that was upgraded to another version is found within 60 s, without a gap of more', async t => {
	let version = 'v1beta1';
	const setting = await watching(t, [{name: 'a'}], {
		script: server =>
			void server.on(({path: asked}) => {
				if (asked === '/apis/metrics.k8s.io') return {body: {kind: 'APIGroup', versions: [{version}]}};
				return asked.startsWith('/apis/metrics.k8s.io/') && !asked.startsWith(`/apis/metrics.k8s.io/${version}/`)
					? wire('01-no-apiservice-list')
					: undefined;
			}),
	});
	await first(setting);
	await setting.pass(120_000);
	version = 'v1';
	const before = setting.readings().length;
	await setting.pass(60_000);
	assert.ok(setting.readings().length - before >= 2, `${setting.readings().length - before} readings in the minute after`);
	assert.deepEqual(setting.problems(), []);
	assert.ok(setting.server.count('/apis/metrics.k8s.io/v1/pods') > 0);
});

test('samples that get old while answers come: told once they are, by the server’s clock', async t => {
	let standsStill = false;
	let stoodMs = 0;
	const setting = await watching(t, [{name: 'a'}, {name: 'b', node: 'node-2'}], {
		script: (server, clock) =>
			void server.on(seen => {
				if (seen.path !== METRICS || !standsStill) return undefined;
				return {body: {items: [sampleOf({name: 'a'}, stoodMs, clock.nowMs), sampleOf({name: 'b'}, stoodMs, clock.nowMs)]}};
			}),
	});
	await first(setting);
	await setting.pass(150_000);
	stoodMs = setting.last().readings[0]?.sampledAtMs ?? Number.NaN;
	standsStill = true;
	const before = setting.readings().length;
	await setting.pass(100_000);
	assert.deepEqual(setting.problems(), []);
	await setting.pass(60_000);
	assert.deepEqual(setting.problems(), ['samples-stale']);
	assert.match(setting.last().problems[0]?.what ?? '', /^The newest sample is [23] min old$/);
	assert.equal(setting.readings().length, before, 'the same sample is not told again');
	standsStill = false;
	await setting.pass(60_000);
	assert.deepEqual(setting.problems(), []);
});

test('every row of failures: the problem appears, the next good answer ends it', async t => {
	const table: readonly (readonly [Answer, string, RegExp])[] = [
		[wire('07-503-unavailable'), 'metrics-unavailable', /FailedDiscoveryCheck/],
		[wire('07-503-dial-refused'), 'metrics-backend', /FailedDiscoveryCheck/],
		[wire('07-hang-available'), 'metrics-backend', /FailedDiscoveryCheck/],
		[wire('07-504-slow-backend'), 'metrics-timeout', /hangs/],
		[wire('05-401-bad-token'), 'unauthorized', /expired/],
		[wire('05-403-anonymous'), 'aggregation-untrusted', /front-proxy/],
		[wire('05-impersonate-403'), 'forbidden-impersonation', /--as/],
		[wire('03-list-labelselector-bad'), 'bad-request', /selector/],
		[{status: 429, body: 'x'}, 'throttled', /overloaded/],
		['reset', 'connection-lost', /cut/],
		[{body: '<html>'}, 'bad-answer', /login page/],
		[{body: '{"items":[{"a":'}, 'bad-answer', /cut/],
	];
	for (const [answer, id, why] of table) {
		let failing = true;
		const setting = await watching(t, [{name: 'a'}], {
			script: server =>
				void server
					.path(/apiservices/, wire('07-503-apiservice-object'))
					.on(seen => (failing && seen.path === METRICS ? answer : undefined)),
		});
		await settle();
		await setting.pass(5000);
		assert.deepEqual(setting.problems(), [id], id);
		assert.match(setting.last().problems[0]?.why ?? '', why, id);
		assert.equal(setting.readings().length, 0);
		failing = false;
		await setting.pass(61_000);
		assert.deepEqual(setting.problems(), [], id);
		assert.ok(setting.readings().length > 0);
	}
});

test('while an API server starts, a 403 that passes is no word about rights', async t => {
	let answers = 0;
	const setting = await watching(t, [{name: 'a'}], {
		script: server =>
			void server.on(seen =>
				[METRICS, PODS].includes(seen.path) && answers++ < 2
					? wire(seen.path === PODS ? '05-403-pods-cluster' : '05-403-metrics-cluster')
					: undefined,
			),
	});
	await settle();
	await setting.pass(4000);
	assert.ok(setting.scrapes.every(({problems}) => problems.length === 0));
	assert.equal(setting.last().readings.length + setting.last().absent.length, 1);
	assert.equal(setting.cluster.namespaces(), undefined);
});

const forbidden =
	(...allowed: readonly string[]) =>
	(seen: Seen): Answer | undefined => {
		const [, namespace] = /namespaces\/([^/]+)\/pods$/.exec(seen.path) ?? [];
		if (!seen.path.endsWith('/pods') || (namespace !== undefined && allowed.includes(namespace))) return undefined;
		return wire(seen.path.startsWith('/apis/') ? '05-403-metrics-team-cluster' : '05-403-pods-team-cluster');
	};

test('without cluster-wide rights those namespaces are watched that may be, and it is said', async t => {
	const names = ['a', 'b', 'c', 'default', 'kube-system'];
	const setting = await watching(
		t,
		names.map(namespace => ({name: `in-${namespace}`, namespace})),
		{
			script: server =>
				void server
					.on(forbidden('a', 'b'))
					.path('/api/v1/namespaces', {body: {metadata: {}, items: names.map(name => ({metadata: {name}}))}}),
		},
	);
	await settle();
	await setting.pass(5000);
	assert.deepEqual(setting.cluster.namespaces(), ['a', 'b']);
	assert.deepEqual([...new Set(setting.readings().map(({of}) => of.pod))].sort(), ['in-a', 'in-b']);
	assert.ok(setting.last().readings.every(({of}) => of.incarnation !== '-') || setting.scrapes.length > 1);
	assert.deepEqual(setting.problems().sort(), ['narrowed-metrics', 'narrowed-pods']);
	assert.match(setting.last().problems[0]?.what ?? '', /^Watching 2 of 5 namespaces \(a, b\): no cluster-wide permission/);
	const forbiddenCount = () =>
		setting.server.requests.filter(seen => seen.path.endsWith('/pods') && forbidden('a', 'b')(seen) !== undefined).length;
	const before = forbiddenCount();
	await setting.pass(240_000);
	assert.equal(forbiddenCount(), before, 'what is forbidden is not asked for again and again');
});

test('where not even namespaces may be listed, the likely ones are tried', async t => {
	const setting = await watching(t, [{name: 'x', namespace: 'default'}], {
		script: server => void server.on(forbidden('default')).path('/api/v1/namespaces', wire('05-403-namespaces')),
	});
	await settle();
	await setting.pass(700);
	assert.deepEqual(setting.cluster.namespaces(), ['default']);
	assert.match(setting.last().problems[0]?.what ?? '', /^Watching 1 of \? namespaces \(default\)/);
});

test('metrics without pods: verdicts can be had, gone is told from silent by the two kinds of 404', async t => {
	const shapes: PodShape[] = ['a', 'b'].map(name => ({name: `web-5c6-${name}aaaa`, labels: {'pod-template-hash': '5c6'}}));
	const setting = await watching(t, shapes, {
		script: server =>
			void server
				.on(seen => (/^\/api\/v1\/(namespaces\/[^/]+\/)?pods$/.test(seen.path) ? wire('05-403-pods-cluster') : undefined))
				.path(/pods\/web-5c6-baaaa$/, wire('04-pod-not-found'))
				.path(/pods\/web-5c6-aaaaa$/, wire('08-restart-absent-get')),
	});
	await settle();
	await setting.pass(3000);
	assert.deepEqual(setting.problems(), ['forbidden-pods']);
	assert.deepEqual(
		setting.readings().map(({of}) => of.workload),
		['Deployment/web', 'Deployment/web'],
	);
	setting.pods = [{name: 'other'}];
	await setting.pass(20_000);
	const said = setting.scrapes.flatMap(({absent}) => absent.map(({of, why}) => `${of.pod} ${why}`));
	assert.ok(said.includes('web-5c6-baaaa gone'));
	assert.ok(!said.includes('web-5c6-aaaaa gone'));
	assert.equal(setting.absent()['web-5c6-aaaaa/app'], 'no-sample');
});

test('pods without metrics: rows with their reasons', async t => {
	const setting = await watching(
		t,
		[{name: 'a'}, {name: 'b', waiting: 'ImagePullBackOff', phase: 'Pending', startedMs: startMs - 600_000}],
		{
			script: server =>
				void server
					.on(seen => (/^\/apis\/metrics.*pods$/.test(seen.path) ? wire('05-403-metrics-cluster') : undefined))
					.path('/api/v1/namespaces', wire('05-403-namespaces')),
		},
	);
	await settle();
	await setting.pass(5000);
	assert.deepEqual(setting.problems(), ['forbidden-metrics']);
	assert.deepEqual(setting.absent(), {'a/app': 'no-sample', 'b/app': 'not-running'});
});

test('a pod that waits has a row; what becomes known is no new incarnation of it', async t => {
	const setting = await watching(t, [{name: 'a'}, {name: 'p', phase: 'Pending', startedMs: startMs - 600_000}]);
	await first(setting);
	assert.deepEqual(setting.absent(), {'p/app': 'not-running'});
	assert.equal(setting.last().absent[0]?.of.waiting, 'Pending');
});

test('missing is not zero: a pod without a sample for two rounds is a gap', async t => {
	const setting = await watching(t, [{name: 'a'}, {name: 'b'}]);
	await first(setting);
	await setting.pass(90_000);
	setting.pods = [{name: 'a'}, {name: 'b', sampled: false}];
	await setting.pass(30_000);
	assert.equal(setting.absent()['b/app'], 'no-sample');
	setting.pods = [{name: 'a'}, {name: 'b'}];
	await setting.pass(30_000);
	assert.deepEqual(setting.absent(), {});
	assert.ok(setting.readings().every(({cpuMillicores, memoryBytes}) => cpuMillicores > 0 && memoryBytes > 0));
});

test('a node that goes silent is one line, not a hundred pods', async t => {
	const on = (node: string, sampled: boolean) => Array.from({length: 50}, (_, i): PodShape => ({name: `${node}-${i}`, node, sampled}));
	const setting = await watching(t, [...on('node-1', true), ...on('node-2', true)]);
	await first(setting);
	setting.pods = [...on('node-1', true), ...on('node-2', false)];
	await setting.pass(20_000);
	assert.deepEqual(setting.problems(), ['node-silent/node-2']);
	assert.match(setting.last().problems[0]?.what ?? '', /50 pods are not seen/);
	const why = new Set(setting.last().absent.map(absence => absence.why));
	assert.deepEqual([setting.last().absent.length, ...why], [50, 'node-silent']);
	setting.pods = [...on('node-1', true), ...on('node-2', true)];
	await setting.pass(20_000);
	assert.deepEqual([setting.problems(), setting.last().absent.length], [[], 0]);
});

test('a silent node that its own condition calls not ready: said so, for a single pod as well', async t => {
	const nodes = (ready: string) => ({
		body: {metadata: {}, items: [{metadata: {name: 'node-2'}, status: {conditions: [{type: 'Ready', status: ready}]}}]},
	});
	const shapes = (sampled: boolean): PodShape[] => [{name: 'a'}, {name: 'b', node: 'node-2', sampled}];
	const setting = await watching(t, shapes(true), {script: server => void server.path('/api/v1/nodes', nodes('True'))});
	await first(setting);
	setting.pods = shapes(false);
	await setting.pass(30_000);
	assert.deepEqual([setting.problems(), setting.absent()], [[], {'b/app': 'no-sample'}], 'one pod alone is no proof');
	setting.server.path('/api/v1/nodes', nodes('Unknown'));
	await setting.pass(60_000);
	assert.deepEqual([setting.problems(), setting.absent()], [['node-silent/node-2'], {'b/app': 'node-silent'}]);
	assert.match(setting.last().problems[0]?.why ?? '', /NotReady/);
});

test('one container missing of a pod: the other’s reading alone, no drop', async t => {
	const setting = await watching(t, [{name: 'a', containers: ['app', 'proxy']}], {
		script: (server, clock) => {
			let polls = 0;
			server.on(seen => {
				if (seen.path !== METRICS || ++polls < 2) return undefined;
				return {body: {items: [sampleOf({name: 'a', containers: ['app']}, clock.nowMs - 5000, clock.nowMs)]}};
			});
		},
	});
	await first(setting);
	assert.equal(setting.readings().length, 2);
	await setting.pass(5000);
	assert.equal(setting.readings().length, 3);
	assert.deepEqual(setting.absent(), {'a/proxy': 'no-sample'});
});

test('a restart that the metrics do not show is in the incarnation; a sample from before it is not taken', async t => {
	const setting = await watching(t, [{name: 'a'}]);
	await first(setting);
	const before = setting.last().readings[0]?.of.incarnation;
	await setting.pass(9500);
	// The kubelet's sample of 10 s after the start is from just before it started the container again.
	const again: PodShape = {name: 'a', restarts: 1, startedMs: startMs + 11_000};
	await setting.event('MODIFIED', again);
	setting.pods = [again];
	await setting.pass(4000);
	assert.equal(setting.readings().length, 1);
	assert.equal(setting.absent()['a/app'], 'restarting');
	assert.equal(setting.cluster.health().dropped.outdated, 1);
	await setting.pass(15_000);
	assert.equal(setting.last().readings[0]?.of.incarnation, 'a:1');
	assert.notEqual(before, 'a:1');
});

test('one name, another pod: a StatefulSet’s successor is a new incarnation under the same key', async t => {
	const setting = await watching(t, [{name: 'db-0', uid: 'one'}]);
	await first(setting);
	const next: PodShape = {name: 'db-0', uid: 'two', startedMs: startMs + 1000};
	await setting.event('DELETED', {name: 'db-0', uid: 'one'});
	await setting.event('ADDED', next);
	setting.pods = [next];
	await setting.pass(30_000);
	const readings = setting.readings();
	assert.deepEqual([readings[0]?.of.incarnation, readings.at(-1)?.of.incarnation], ['one:0', 'two:0']);
	assert.equal(readings[0]?.of.key, readings.at(-1)?.of.key);
	assert.ok(!setting.scrapes.some(({absent}) => absent.some(({why}) => why === 'gone')));
});

test('a pod that is deleted is gone, said once, though the metrics show it for a round more', async t => {
	const setting = await watching(t, [{name: 'a'}, {name: 'b'}]);
	await first(setting);
	void setting.clock.sleep(50_000).then(() => {
		setting.pods = [{name: 'a'}];
	});
	await setting.event('DELETED', {name: 'b'});
	await setting.pass(200_000);
	assert.deepEqual(
		setting.scrapes.flatMap(({absent}) => absent.map(({of, why}) => `${of.pod} ${why}`)),
		['b gone'],
	);
});

test('a CronJob has one row: its run, and of those that ended the last; completed is not gone', async t => {
	const job = (minute: number, more: Partial<PodShape> = {}): PodShape => ({
		name: `backup-${minute}-aaaaa`,
		owner: {kind: 'Job', name: `backup-${minute}`},
		policy: 'OnFailure',
		startedMs: startMs - (29_700_002 - minute) * 300_000,
		...more,
	});
	const ended = (minute: number) => job(minute, {phase: 'Succeeded', ended: {exitCode: 0, reason: 'Completed', atMs: startMs - 100_000}});
	const setting = await watching(t, [{name: 'a'}, ended(29_700_000), ended(29_700_001)]);
	await first(setting);
	assert.deepEqual(setting.absent(), {'backup-29700001-aaaaa/app': 'completed'});
	assert.equal(setting.last().absent[0]?.of.workload, 'CronJob/backup');
	await setting.event('ADDED', job(29_700_002));
	setting.pods = [{name: 'a'}, job(29_700_002)];
	await setting.pass(30_000);
	assert.equal(setting.last().readings.length, 2);
	await setting.event('MODIFIED', ended(29_700_002));
	setting.pods = [{name: 'a'}];
	await setting.event('DELETED', ended(29_700_000));
	await setting.pass(30_000);
	await setting.event('DELETED', ended(29_700_002));
	await setting.pass(30_000);
	const said = setting.scrapes.flatMap(({absent}) => absent.map(({of, why}) => `${of.pod} ${why}`));
	assert.deepEqual(said, ['backup-29700001-aaaaa completed', 'backup-29700002-aaaaa too-new', 'backup-29700002-aaaaa completed']);
});

test('pods of one name in two namespaces stay apart', async t => {
	const setting = await watching(t, [
		{name: 'a', namespace: 'x', memory: '1Mi', node: 'n1'},
		{name: 'a', namespace: 'y', memory: '2Mi', node: 'n2'},
	]);
	await first(setting);
	assert.deepEqual(
		setting.last().readings.map(({of, memoryBytes}) => [of.namespace, of.node, memoryBytes / 2 ** 20]),
		[
			['x', 'n1', 1],
			['y', 'n2', 2],
		],
	);
});

test('a clock that is 10 min off: samples keep their age, and it is said', async t => {
	for (const offset of [600_000, -600_000]) {
		const setting = await watching(t, [{name: 'a', startedMs: startMs + offset - 3_600_000}], {
			script: (server, clock) =>
				void server.path(METRICS, stream => {
					stream.begin({date: new Date(clock.nowMs + offset).toUTCString()});
					stream.write(JSON.stringify({items: [sampleOf({name: 'a'}, clock.nowMs + offset - 7000, clock.nowMs + offset)]}));
					stream.end();
				}),
		});
		await first(setting);
		const {atMs, readings} = setting.last();
		assert.ok(Math.abs(atMs - (readings[0]?.sampledAtMs ?? 0) - 7000) <= 1000);
		assert.deepEqual(setting.problems(), ['clock-skew']);
	}
});

test('an hour of sleep: a gap, fresh connections, no storm', async t => {
	const setting = await watching(t, [{name: 'a'}]);
	await first(setting);
	await setting.pass(120_000);
	const {connections, polls} = setting.cluster.health();
	// Timers stood still, the clock did not.
	setting.clock.nowMs += 3_600_000;
	await setting.pass(60_000);
	const health = setting.cluster.health();
	assert.ok(health.connections > connections);
	assert.ok(health.polls - polls <= 8, `${health.polls - polls}`);
	assert.deepEqual(setting.problems(), []);
	assert.ok(setting.last().atMs > startMs + 3_600_000);
});

test('an adapter: polled by its window, no filler zero, no repeated value', async t => {
	const setting = await watching(t, [{name: 'a'}], {
		script: (server, clock) => {
			let polls = 0;
			server.on(seen => {
				if (seen.path !== METRICS) return undefined;
				polls++;
				const usage = polls % 5 === 0 ? {cpu: '0', memory: `${60 + polls}Mi`} : {cpu: `${100 + Math.floor(polls / 2)}m`, memory: '64Mi'};
				return {
					body: {
						items: [
							{
								metadata: {name: 'a', namespace: 'shop', creationTimestamp: iso(clock.nowMs)},
								timestamp: iso(clock.nowMs),
								window: '1m0s',
								containers: [{name: 'app', usage}],
							},
						],
					},
				};
			});
		},
	});
	await first(setting);
	await setting.pass(1_200_000);
	assert.equal(setting.cluster.health().adapter, true);
	assert.equal(setting.cluster.feed.intervalMs, 60_000);
	const values = setting.readings().map(({cpuMillicores}) => cpuMillicores);
	assert.ok(values.every(value => value !== 0));
	assert.ok(values.length >= 15 && setting.cluster.health().polls <= 28, `${values.length} ${setting.cluster.health().polls}`);
});

test('an empty answer is told as kubectl tells it', async t => {
	const empty = {body: {items: []}};
	const none = await watching(t, [], {namespaces: ['shop'], script: server => void server.path(/^\/apis\/metrics.*pods$/, empty)});
	await first(none);
	assert.equal(none.last().problems[0]?.what, 'No resources found in shop namespace.');
	const young = await watching(t, [{name: 'a', startedMs: startMs - 30_000}], {script: server => void server.path(METRICS, empty)});
	await first(young);
	assert.equal(young.last().problems[0]?.what, 'error: metrics not available yet');
	const old = await watching(t, [{name: 'a'}], {script: server => void server.path(METRICS, empty)});
	await first(old);
	assert.equal(old.last().problems[0]?.what, 'error: Metrics not available for pod shop/a, age: 60m');
	assert.equal(old.absent()['a/app'], 'no-sample');
});

test('namespaces and selector are asked for as given', async t => {
	const setting = await watching(
		t,
		[
			{name: 'a', namespace: 'x'},
			{name: 'b', namespace: 'y'},
			{name: 'c', namespace: 'z'},
		],
		{namespaces: ['x', 'y', 'x'], selector: 'app in (web), tier!=test'},
	);
	await first(setting);
	assert.deepEqual(
		setting
			.last()
			.readings.map(({of}) => of.pod)
			.sort(),
		['a', 'b'],
	);
	const asked = setting.server.requests.filter(({path}) => path.endsWith('/pods'));
	assert.ok(asked.every(({query}) => query.get('labelSelector') === 'app in (web), tier!=test'));
	assert.ok(asked.every(({path}) => /namespaces\/[xy]\/pods$/.test(path)));
	const ofContext = await watching(t, [{name: 'a', namespace: 'x'}], {config: url => kubeconfig(url, {context: {namespace: 'x'}})});
	assert.deepEqual(ofContext.cluster.namespaces(), ['x']);
	const all = await watching(t, [{name: 'a', namespace: 'x'}], {
		allNamespaces: true,
		config: url => kubeconfig(url, {context: {namespace: 'x'}}),
	});
	assert.equal(all.cluster.namespaces(), undefined);
});

test('one namespace that fails tells nothing of its pods, and nothing against the others', async t => {
	let failing = false;
	const setting = await watching(
		t,
		[
			{name: 'a', namespace: 'x'},
			{name: 'b', namespace: 'y'},
		],
		{
			namespaces: ['x', 'y'],
			script: server =>
				void server.on(seen =>
					failing && seen.path === '/apis/metrics.k8s.io/v1beta1/namespaces/y/pods' ? wire('05-403-metrics-namespace') : undefined,
				),
		},
	);
	await first(setting);
	failing = true;
	await setting.pass(16_000);
	assert.deepEqual([setting.problems(), setting.absent()], [['forbidden-metrics/y'], {}]);
	assert.equal(setting.readings().filter(({of}) => of.pod === 'a').length, 2);
});

test('the same without the pod list', async t => {
	let failing = false;
	const setting = await watching(
		t,
		[
			{name: 'a', namespace: 'x'},
			{name: 'b', namespace: 'y'},
		],
		{
			namespaces: ['x', 'y'],
			script: server =>
				void server
					.path(/^\/api\/v1\/namespaces\/.*pods$/, wire('05-403-pods-cluster'))
					.on(seen => (failing && seen.path === '/apis/metrics.k8s.io/v1beta1/namespaces/y/pods' ? wire('07-503-unavailable') : undefined)),
		},
	);
	await first(setting);
	failing = true;
	await setting.pass(60_000);
	assert.ok(setting.problems().includes('metrics-unavailable'));
	assert.deepEqual(setting.absent(), {});
});

test('details: the pod’s events in order, and the autoscaler that holds its workload', async t => {
	const setting = await watching(
		t,
		[{name: 'web-5c6-a', uid: 'u7', owner: {kind: 'ReplicaSet', name: 'web-5c6'}, labels: {'pod-template-hash': '5c6'}}],
		{
			script: server =>
				void server
					.path('/api/v1/namespaces/shop/events', {
						body: {
							items: [
								{
									type: 'Warning',
									reason: 'BackOff',
									message: 'Back-off \u001b[31mrestarting',
									count: 5,
									lastTimestamp: iso(startMs - 1000),
									metadata: {},
								},
								{type: 'Normal', reason: 'Pulled', note: 'pulled', series: {count: 2, lastObservedTime: iso(startMs - 9000)}},
								{reason: 'NoTime'},
								null,
							],
						},
					})
					.path('/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers', {
						body: {
							items: [
								{metadata: {name: 'other'}, spec: {scaleTargetRef: {kind: 'Deployment', name: 'other'}}},
								{
									metadata: {name: 'web'},
									spec: {
										scaleTargetRef: {kind: 'Deployment', name: 'web'},
										minReplicas: 2,
										maxReplicas: 10,
										metrics: [{type: 'Resource', resource: {name: 'memory', target: {averageUtilization: 80}}}],
									},
									status: {
										currentReplicas: 5,
										desiredReplicas: 5,
										currentMetrics: [{type: 'Resource', resource: {name: 'memory', current: {averageUtilization: 82}}}],
										conditions: [{type: 'AbleToScale', status: 'True', reason: 'ScaleDownStabilized'}],
									},
								},
							],
						},
					}),
		},
	);
	await first(setting);
	const {events, autoscaler} = await setting.cluster.feed.details('test/shop/web-5c6-a/app');
	assert.deepEqual(
		events.map(({reason, count}) => [reason, count]),
		[
			['Pulled', 2],
			['BackOff', 5],
		],
	);
	assert.equal(events[1]?.message, 'Back-off [31mrestarting');
	assert.equal(autoscaler, 'HPA web: 5 replicas of 2 to 10; memory 82% of 80%; scale-down waits (ScaleDownStabilized)');
	assert.equal(setting.server.requests.find(({path}) => path.endsWith('/events'))?.query.get('fieldSelector'), 'involvedObject.uid=u7');
	setting.server.path(/events|autoscalers/, wire('05-403-events'));
	assert.deepEqual(await setting.cluster.feed.details('test/shop/web-5c6-a/app'), {events: []});
	assert.deepEqual(await setting.cluster.feed.details('no/such/key/here'), {events: []});
});

test('details of what does not run: what the kubelet says, or else the scheduler; of what runs nothing is asked', async t => {
	const setting = await watching(t, [{name: 'a'}, {name: 'b', waiting: 'ImagePullBackOff', phase: 'Pending'}]);
	await first(setting);
	const {feed} = setting.cluster;
	const asked = () => setting.server.requests.filter(({query}) => query.get('fieldSelector') === 'metadata.name=b').length;
	const says = async (status: object, name = 'b'): Promise<string | undefined> => {
		setting.server.path('/api/v1/namespaces/shop/pods', {body: {kind: 'PodList', items: [{metadata: {name}, status}]}});
		return (await feed.details('test/shop/b/app')).message;
	};
	const conditions = [
		{type: 'Ready', status: 'False', message: 'containers with unready status'},
		{type: 'PodScheduled', status: 'False', message: '0/3 nodes are available: 3 Insufficient cpu.'},
	];
	const waiting = {reason: 'ImagePullBackOff', message: 'Back-off pulling \u001b[31mimage "a:typo"\n'};
	const others = {name: 'proxy', state: {waiting: {message: 'of another container'}}};
	assert.equal(await says({containerStatuses: [others, {name: 'app', state: {waiting}}]}), 'Kubelet: Back-off pulling [31mimage "a:typo"');
	assert.equal(await says({conditions}), 'Scheduler: 0/3 nodes are available: 3 Insufficient cpu.');
	assert.equal(await says({message: 'The node was low on memory.'}), 'Pod: The node was low on memory.');
	for (const status of [{}, {containerStatuses: 7, conditions: 'x', message: null}, {containerStatuses: [null, others]}])
		assert.equal(await says(status), undefined);
	assert.equal(await says({conditions}, 'another'), undefined);
	setting.server.path('/api/v1/namespaces/shop/pods', wire('05-403-events'));
	assert.equal((await feed.details('test/shop/b/app')).message, undefined);
	const before = asked();
	assert.ok(before > 0);
	assert.equal((await feed.details('test/shop/a/app')).message, undefined);
	assert.equal(setting.server.requests.filter(({query}) => query.get('fieldSelector') === 'metadata.name=a').length, 0);
	assert.equal(asked(), before);
});

test('a node short of memory names those that are evicted first', async t => {
	const setting = await watching(
		t,
		[
			{name: 'big', memory: '400Mi'},
			{name: 'small', memory: '10Mi'},
			{name: 'elsewhere', node: 'node-2', memory: '900Mi'},
		],
		{
			script: server =>
				void server.path('/api/v1/nodes', {
					body: {
						metadata: {},
						items: [
							{
								metadata: {name: 'node-1'},
								spec: {unschedulable: true},
								status: {
									conditions: [
										{type: 'MemoryPressure', status: 'True'},
										{type: 'Ready', status: 'True'},
									],
								},
							},
							{metadata: {name: 'node-2'}},
						],
					},
				}),
		},
	);
	await first(setting);
	await setting.pass(16_000);
	const [problem] = setting.last().problems;
	assert.equal(problem?.what, 'Node node-1 has MemoryPressure and is cordoned');
	assert.match(problem?.why ?? '', /^Evicted first: shop\/big \(400Mi over its request\), shop\/small/);
});

test('hostile names and bodies reach no key and no text', async t => {
	const setting = await watching(t, [{name: 'a'}], {
		script: (server, clock) =>
			void server.path(METRICS, {
				body: {
					items: [
						sampleOf({name: 'a'}, clock.nowMs - 5000, clock.nowMs),
						sampleOf({name: 'evil\u001b]0;title\u0007/\u202epod'}, clock.nowMs - 5000, clock.nowMs),
						sampleOf({name: '日本'.repeat(300)}, clock.nowMs - 5000, clock.nowMs),
						sampleOf({name: 'nan', cpu: 'NaN', memory: '-5Mi'}, clock.nowMs - 5000, clock.nowMs),
						{metadata: {name: 'null', namespace: 'shop'}, timestamp: null, containers: []},
						null,
						'text',
					],
				},
			}),
	});
	await first(setting);
	const {readings} = setting.last();
	assert.deepEqual(
		readings.map(({of}) => of.pod.length),
		[1, 16, 253],
	);
	for (const {of} of readings) {
		assert.doesNotMatch(of.key, /[\p{Cc}\p{Cf}]/u);
		assert.equal(of.key.split('/').length, 4);
	}
	// NaN and a negative amount in one container, and two items that are no objects. The metrics server's own empty pod is none.
	assert.equal(setting.cluster.health().dropped.malformed, 3);
});

test('the first look that has an answer in it, for those who want but one', async t => {
	const setting = await watching(t, [{name: 'a'}]);
	const open = async () => {
		const cluster = await openCluster({kubeconfig: path.join(folder, `config-${setting.server.port}`), env: {}, clock: setting.clock});
		assert.ok('feed' in cluster);
		return cluster.feed;
	};
	const scrape = await firstScrape(await open(), new AbortController().signal);
	assert.equal(scrape?.readings.length, 1);
	const stopped = new AbortController();
	stopped.abort();
	assert.equal(await firstScrape(await open(), stopped.signal), undefined);
});

test('what is wrong on this side is a problem at once', async () => {
	const problem = await openCluster({env: {HOME: folder}});
	assert.ok(!('feed' in problem));
	assert.match(problem.fix ?? '', /oddpod demo$/);
	const failing = path.join(folder, 'failing-plugin');
	writeFileSync(
		failing,
		kubeconfig('https://127.0.0.1:1', {user: {exec: {command: 'no-such-plugin-here', apiVersion: 'client.authentication.k8s.io/v1'}}}),
	);
	const login = await openCluster({kubeconfig: failing, env: {}});
	assert.ok(!('feed' in login));
	assert.match(login.what, /exec: executable no-such-plugin-here not found/);
});

test('no secret reaches a scrape, a health line or a detail', async t => {
	const setting = await watching(t, [{name: 'a'}], {
		script: server =>
			void server.on(seen =>
				seen.path === METRICS
					? {status: 500, body: {kind: 'Status', status: 'Failure', message: `because of ${seen.headers.authorization}`}}
					: undefined,
			),
	});
	await settle();
	await setting.pass(5000);
	assert.match(JSON.stringify(setting.scrapes), /because of Bearer \*\*\*/);
	assert.doesNotMatch(JSON.stringify([setting.scrapes, setting.cluster.health()]), /secret-token/);
});
