/**
 * An API server for the benchmark, in a process of its own: `PODS [START HASTE]`. A round of samples comes when the parent says so; with a start and a
 * haste every 15 s of a clock that began then and runs that much faster.
 */
import {readFileSync} from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import process from 'node:process';
import zlib from 'node:zlib';

const COUNT = Number(process.argv[2] ?? 10_000);
const TLS = path.join(import.meta.dirname, '../test/k8s/tls');
const HASHES = Array.from({length: COUNT / 5}, (_, i) => (i * 2654435761 + 17).toString(36).slice(-9));
const [clockStartMs = Number.NaN, haste = 1] = process.argv.slice(3).map(Number);
let round = 0;
let connections = 0;
/** How often each pod was replaced. */
const generations = new Uint32Array(COUNT);
let nextReplaced = 0;
let version = 1000;

const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const startMs = Number.isNaN(clockStartMs) ? Date.UTC(2026, 10, 24, 8, 0, 0) : clockStartMs;
const nowMs = (): number => (Number.isNaN(clockStartMs) ? startMs + round * 15_000 + 7000 : startMs + (Date.now() - startMs) * haste);

interface Names {
	readonly name: string;
	readonly namespace: string;
	readonly owner: string;
	readonly labels: Record<string, string>;
}

function namesOf(i: number): Names {
	const hash = HASHES[i % HASHES.length] ?? '';
	const app = `service-${i % HASHES.length}`;
	const name = `${app}-${hash}-${((i + (generations[i] ?? 0) * COUNT) * 40503 + 1e6).toString(36).slice(-5)}`;
	return {
		name,
		namespace: `team-${i % 40}`,
		owner: `${app}-${hash}`,
		labels: {
			app,
			'app.kubernetes.io/name': app,
			'app.kubernetes.io/part-of': `team-${i % 40}`,
			'pod-template-hash': hash,
			tier: i % 2 === 0 ? 'web' : 'back',
			'topology.kubernetes.io/zone': `zone-${i % 3}`,
		},
	};
}

function metrics(): Buffer {
	const roundMs = startMs + round * 15_000;
	const items = Array.from({length: COUNT}, (_, i) => {
		const {name, namespace, labels} = namesOf(i);
		return {
			metadata: {name, namespace, creationTimestamp: iso(nowMs()), labels},
			timestamp: iso(roundMs - (i % 8) * 1000),
			window: `${14 + (i % 3)}.${(i * 7919) % 1000}s`,
			containers: [
				{name: 'app', usage: {cpu: `${(i * 104729 + round * 7919) % 900_000_000}n`, memory: `${65536 + ((i * 31 + round) % 400_000)}Ki`}},
			],
		};
	});
	return Buffer.from(JSON.stringify({kind: 'PodMetricsList', apiVersion: 'metrics.k8s.io/v1beta1', metadata: {}, items}));
}

function pod(i: number): object {
	const {name, namespace, owner, labels} = namesOf(i);
	const uid = `${i}-${generations[i]}-4666-481a-ab48-b763025bd308`;
	return {
		metadata: {
			name,
			namespace,
			uid,
			resourceVersion: String(version),
			creationTimestamp: iso(startMs - 3_600_000),
			labels,
			ownerReferences: [{apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true}],
			managedFields: [
				{
					manager: 'kubelet',
					operation: 'Update',
					fieldsV1: {
						'f:status': {'f:conditions': {}, 'f:containerStatuses': {}, 'f:hostIP': {}, 'f:phase': {}, 'f:podIP': {}, 'f:startTime': {}},
					},
				},
			],
		},
		spec: {
			nodeName: `node-${i % 200}`,
			restartPolicy: 'Always',
			containers: [
				{
					name: 'app',
					image: `registry.example/${owner}:1.${i % 7}`,
					env: Array.from({length: 20}, (_, n) => ({name: `VARIABLE_${n}`, value: 'x'.repeat(40)})),
					resources: {limits: {cpu: '500m', memory: '512Mi'}, requests: {cpu: '100m', memory: '128Mi'}},
				},
			],
		},
		status: {
			phase: 'Running',
			startTime: iso(startMs - 3_600_000),
			containerStatuses: [{name: 'app', restartCount: 0, state: {running: {startedAt: iso(startMs - 3_600_000)}}}],
		},
	};
}

let packed = zlib.gzipSync(metrics(), {level: 1});
/** What a watch gets that begins from an older version. */
const history: {readonly version: number; readonly event: string}[] = [];
/** The newest version that the history no longer holds. */
let forgotten = 0;
interface Watcher {
	/** By the clock that the rounds go by. */
	readonly endsAtMs: number;
	readonly write: (text: string) => void;
	readonly end: () => void;
}
const watchers = new Set<Watcher>();
const server = https.createServer(
	{key: readFileSync(path.join(TLS, 'server.key')), cert: readFileSync(path.join(TLS, 'server.crt')), keepAliveTimeout: 0},
	(request, response) => {
		const url = new URL(request.url ?? '/', 'https://localhost');
		const send = (body: Buffer, isPacked = false) => {
			response.writeHead(200, {'content-type': 'application/json', ...(isPacked && {'content-encoding': 'gzip'})});
			response.end(body);
		};
		if (url.pathname === '/apis/metrics.k8s.io') return send(Buffer.from('{"versions":[{"version":"v1beta1"}]}'));
		if (url.pathname.startsWith('/apis/metrics.k8s.io')) return send(packed, true);
		if (url.pathname === '/api/v1/pods' && url.searchParams.get('watch') === '1') {
			response.writeHead(200, {'content-type': 'application/json'});
			response.flushHeaders();
			const watcher: Watcher = {
				endsAtMs: nowMs() + Number(url.searchParams.get('timeoutSeconds')) * 1000,
				write: text => void response.write(text),
				end: () => void response.end(),
			};
			watchers.add(watcher);
			response.once('close', () => watchers.delete(watcher));
			const from = Number(url.searchParams.get('resourceVersion'));
			if (from < forgotten) {
				watcher.write(`${JSON.stringify({type: 'ERROR', object: {code: 410, message: 'too old resource version'}})}\n`);
				watcher.end();
			}
			for (const past of history) if (past.version > from) watcher.write(past.event);
			return undefined;
		}
		if (url.pathname === '/api/v1/pods') {
			const from = Number(url.searchParams.get('continue') ?? 0);
			const to = Math.min(COUNT, from + Number(url.searchParams.get('limit') ?? COUNT));
			const items = Array.from({length: to - from}, (_, i) => pod(from + i));
			return send(
				zlib.gzipSync(JSON.stringify({metadata: {resourceVersion: String(version), ...(to < COUNT && {continue: String(to)})}, items}), {
					level: 1,
				}),
				true,
			);
		}
		response.writeHead(404);
		response.end('404 page not found\n');
		return undefined;
	},
);
server.on('secureConnection', () => connections++);
server.listen(0, '127.0.0.1', () => process.send?.({port: (server.address() as {port: number}).port}));

function pack(): void {
	packed = zlib.gzipSync(metrics(), {level: 1});
}

/** Deletes so many pods, and makes as many new ones. */
function replace(count: number): void {
	const which = Array.from({length: count}, (_, i) => (nextReplaced + i) % COUNT);
	nextReplaced += count;
	for (const i of which) tell('DELETED', i);
	for (const i of which) generations[i] = (generations[i] ?? 0) + 1;
	for (const i of which) tell('ADDED', i);
	while (history.length > 40 * count) forgotten = history.shift()?.version ?? forgotten;
}

function tell(type: 'ADDED' | 'DELETED', i: number): void {
	version++;
	const event = `${JSON.stringify({type, object: pod(i)})}\n`;
	history.push({version, event});
	for (const watcher of watchers) watcher.write(event);
}

function endWatches(): void {
	for (const watcher of watchers) {
		if (watcher.endsAtMs > nowMs()) continue;
		watcher.write(`${JSON.stringify({type: 'BOOKMARK', object: {metadata: {resourceVersion: String(version)}}})}\n`);
		watcher.end();
		watchers.delete(watcher);
	}
}

if (!Number.isNaN(clockStartMs)) {
	setInterval(() => {
		endWatches();
		const due = Math.floor((nowMs() - startMs) / 15_000);
		if (due === round) return;
		round = due;
		pack();
	}, 5);
}
process.on('message', ({round: next = false, replace: count = 0}: {readonly round?: boolean; readonly replace?: number}) => {
	if (next) round++;
	endWatches();
	if (count > 0) replace(count);
	if (next || count > 0) pack();
	process.send?.({connections, round});
});
// Whatever way the parent ends.
process.on('disconnect', () => process.exit());
