// The recording that ships: what recordings/readme.md promises of it.
import assert from 'node:assert/strict';
import {readFileSync, statSync} from 'node:fs';
import {before, test} from 'node:test';
import {gunzipSync} from 'node:zlib';
import type {Kind} from '../../source/engine/verdict.ts';
import {type Header, Parser, parseHeader} from '../../source/recording/format.ts';
import type {Container, Label, Scrape} from '../../source/scrape.ts';

const FILE = 'recordings/shop.jsonl.gz';
const MIB = 1024 * 1024;
const MINUTE = 60_000;

let header: Header;
let parser: Parser;
const scrapes: Scrape[] = [];
/** The last word on each label. */
const labels = new Map<string, Label>();
/** The newest description of each container, by key. */
const containers = new Map<string, Container>();

before(() => {
	const [first = '', ...lines] = gunzipSync(readFileSync(FILE)).toString('utf8').split('\n');
	header = parseHeader(first);
	parser = new Parser(header);
	for (const line of lines) {
		const scrape = parser.line(line);
		if (!scrape) continue;
		scrapes.push(scrape);
		for (const label of scrape.labels ?? []) labels.set(label.id, label);
		for (const {of} of [...scrape.readings, ...scrape.absent]) containers.set(of.key, of);
	}
	for (const label of parser.takeLabels()) labels.set(label.id, label);
});

const minute = (ms: number): number => (ms - header.startedAtMs) / MINUTE;
const ofKind = (kind: Kind | 'normal'): readonly Label[] => [...labels.values()].filter(label => label.kind === kind);
const pods = (workload: string): ReadonlySet<string> =>
	new Set([...containers.values()].filter(of => of.workload === workload).map(of => of.pod));

test('every line is read', () => {
	assert.equal(parser.dropped, 0);
	assert.equal(header.source, 'shop');
	assert.equal(header.intervalMs, 10_000);
	assert.equal(header.seed, 1);
});

test('it is small, and at least a hundred minutes long at one scrape each ten seconds', () => {
	assert.ok(statSync(FILE).size < MIB);
	const last = scrapes.at(-1);
	assert.ok(last && minute(last.atMs) >= 100);
	assert.ok(scrapes.length >= minute(last.atMs) * 6 - 1);
	const steps = scrapes.slice(1).map((scrape, i) => scrape.atMs - (scrapes[i]?.atMs ?? Number.NaN));
	assert.ok(
		steps.every(step => step > 9000 && step < 11_000),
		`steps of ${Math.min(...steps)} to ${Math.max(...steps)} ms`,
	);
});

test('the cast: at least 14 containers from the first scrape on, three namespaces, three and five replicas, names as long as real ones', () => {
	const first = scrapes[0]?.readings ?? [];
	assert.ok(first.length >= 14, `${first.length}`);
	assert.ok(new Set(first.map(({of}) => of.namespace)).size >= 3);
	assert.equal(first.filter(({of}) => of.workload === 'Deployment/checkout').length, 3);
	assert.equal(first.filter(({of}) => of.workload === 'Deployment/frontend').length, 5);
	assert.ok(first.some(({of}) => of.pod.length > 60));
	assert.ok(first.some(({of}) => of.role === 'sidecar' && of.memoryLimitBytes === Number.POSITIVE_INFINITY));
	for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'])
		assert.ok(
			[...containers.values()].some(of => of.workload?.startsWith(`${kind}/`)),
			kind,
		);
});

test('no reading is of nothing: numbers are known and windows are real', () => {
	for (const {readings, atMs} of scrapes)
		for (const {of, windowMs, cpuMillicores, memoryBytes, sampledAtMs} of readings) {
			assert.ok(cpuMillicores > 0 && memoryBytes > MIB, `${of.key} at ${minute(atMs)}`);
			assert.ok(windowMs > 7000 && windowMs < 13_000 && sampledAtMs <= atMs && sampledAtMs > atMs - 12_000, `${of.key}: ${windowMs}`);
		}
});

test('the first hundred samples of every container are calm', () => {
	for (const {kind, fromMs} of labels.values()) if (kind !== 'normal') assert.ok(minute(fromMs) > 17, kind);
});

test('each fault of the schedule was switched on, once it was said, at something that was there', () => {
	const counts = Object.fromEntries(
		(['memory-leak', 'oom-killed', 'cpu-sustained', 'load', 'memory-spike', 'cpu-spike', 'drop'] as const).map(kind => [
			kind,
			ofKind(kind).length,
		]),
	);
	assert.deepEqual(counts, {'memory-leak': 3, 'oom-killed': 3, 'cpu-sustained': 1, load: 3, 'memory-spike': 1, 'cpu-spike': 1, drop: 1});
	for (const {of, fromMs, toMs, id} of labels.values()) {
		const isWorkload = [...containers.values()].some(container => `${container.namespace}/${container.workload}` === of);
		assert.ok(containers.has(of) || isWorkload, of);
		assert.ok(toMs !== undefined && toMs > fromMs, id);
	}
});

test('the leak ends where the kernel says so: restarts, the reason, and memory near the limit just before', () => {
	const kills = ofKind('oom-killed');
	const key = kills[0]?.of ?? '';
	const last = containers.get(key);
	assert.equal(last?.restarts, 3);
	assert.equal(last?.lastExit?.reason, 'OOMKilled');
	for (const {of, fromMs} of kills) {
		assert.equal(of, key);
		const before = scrapes
			.flatMap(({readings}) => readings)
			.filter(reading => reading.of.key === key && reading.sampledAtMs < fromMs)
			.at(-1);
		assert.ok(before && before.memoryBytes > 0.95 * last.memoryLimitBytes, `${before?.memoryBytes}`);
	}
});

test('what is ordinary is there too: a rollout, a scale-out, jobs that come and go', () => {
	assert.equal(pods('Deployment/ads').size, 4);
	assert.equal(new Set([...containers.values()].filter(of => of.workload === 'Deployment/ads').map(of => of.revision)).size, 2);
	assert.equal(pods('Deployment/frontend').size, 7);
	assert.ok(pods('CronJob/nightly-reconciliation-report').size >= 6);
	const completed = scrapes.flatMap(({absent}) => absent.filter(({why}) => why === 'completed'));
	assert.equal(completed.length, pods('CronJob/nightly-reconciliation-report').size);
	assert.ok(ofKind('normal').length >= 5);
});
