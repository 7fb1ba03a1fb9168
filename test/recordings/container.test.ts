import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {type Hierarchy, type Limits, openHierarchy} from '../../recordings/shop/cgroup.ts';
import {type Change, Container} from '../../recordings/shop/container.ts';
import {reading, Sampler} from '../../recordings/shop/sampler.ts';
import type {Member} from '../../recordings/shop/shop.ts';

const MIB = 1024 * 1024;
const UNLIMITED: Limits = {
	cpuRequestMillicores: 100,
	cpuLimitMillicores: Number.POSITIVE_INFINITY,
	memoryLimitBytes: Number.POSITIVE_INFINITY,
};
const folder = mkdtempSync(join(tmpdir(), 'oddpod-container-'));
const running = new Set<Container>();
let hierarchy: Hierarchy | undefined;
const reasons: string[] = [];

before(() => {
	hierarchy = openHierarchy(String(process.pid), 1024, line => reasons.push(line));
});
after(async () => {
	await Promise.all([...running].map(container => container.stop()));
	rmSync(folder, {recursive: true});
	// What is left of the groups, the next one to open a hierarchy removes.
	try {
		hierarchy?.remove();
	} catch {}
});

/** A real container, and a way to wait for what happens to it. */
function contain(code: string, limits: Limits, inside: Hierarchy | undefined, restart: 'always' | 'never') {
	const program = join(folder, `program-${running.size}.mjs`);
	writeFileSync(program, code);
	const seen: Change[] = [];
	let wake = (): void => {};
	const container = new Container({id: `test-${running.size}`, program, config: {}, limits, restart}, inside, what => {
		seen.push(what);
		wake();
	});
	running.add(container);
	const until = async (what: Change, times = 1): Promise<void> => {
		while (seen.filter(other => other === what).length < times) await new Promise<void>(resolve => (wake = resolve));
	};
	return {container, until};
}

const READY =
	"process.on('message', () => {}); process.send({type: 'ready', port: 1}); const until = performance.now() + 60; while (performance.now() < until);";
const linuxOnly = process.platform === 'linux' ? false : 'processes are measured through /proc, which only Linux has';

test('a process without groups is measured through /proc, and is gone after stop', {skip: linuxOnly}, async () => {
	const {container, until} = contain(READY, UNLIMITED, undefined, 'always');
	container.start();
	await until('ready');
	const sample = container.sample();
	assert.ok(sample && sample.workingSetBytes > MIB && sample.cpuSeconds > 0);
	assert.equal(sample.restarts, 0);
	assert.equal(sample.lastExit, undefined);
	assert.equal(container.port, 1);
	await container.stop();
	assert.equal(container.sample(), undefined);
	assert.equal(container.isRunning, false);
});

test('a job that ends with 0 is completed and stays down', {skip: linuxOnly}, async () => {
	const {container, until} = contain('process.exit(0)', UNLIMITED, undefined, 'never');
	container.start();
	await until('ended');
	assert.deepEqual([container.lastExit?.reason, container.lastExit?.exitCode, container.restarts], ['Completed', 0, 0]);
});

test('the kernel kills at the limit; the container says so, starts again and counts from nothing', async t => {
	if (!hierarchy) return t.skip(reasons[0] ?? 'no control groups');
	const eat =
		"process.send({type: 'ready'}); const held = []; process.once('message', () => setInterval(() => held.push(Buffer.alloc(4 << 20, 1)), 1));";
	const {container, until} = contain(eat, {...UNLIMITED, memoryLimitBytes: 64 * MIB}, hierarchy, 'always');
	container.start();
	await until('ready');
	const first = container.sample();
	assert.ok(first && first.workingSetBytes > MIB && first.workingSetBytes < 64 * MIB && first.cpuSeconds > 0);
	container.order({type: 'hang', on: true});
	await until('ended');
	assert.deepEqual([container.lastExit?.reason, container.lastExit?.exitCode], ['OOMKilled', 137]);
	await until('ready', 2);
	const second = container.sample();
	assert.equal(second?.restarts, 1);
	assert.equal(second?.lastExit?.reason, 'OOMKilled');
	assert.ok(second && second.startedAtMs > first.startedAtMs);
	await container.stop();
});

test('samples become readings of their own process only', {skip: linuxOnly}, async () => {
	const {container, until} = contain(READY, UNLIMITED, undefined, 'always');
	const member: Member = {
		workload: 'Deployment/cart',
		namespace: 'shop',
		pod: 'cart-1',
		podUid: 'uid',
		node: 'node-1',
		labels: {},
		container,
		template: {
			name: 'cart',
			image: 'cart:1',
			program: 'batch',
			config: {units: 0, heldMib: 0, seconds: 0},
			cpuRequest: 1,
			memoryRequestMib: 1,
			memoryLimitMib: 128,
		},
	};
	container.start();
	await until('ready');
	let nowMs = 0;
	const sampler = new Sampler(
		10_000,
		() => 0.5,
		() => nowMs,
	);
	/** Ten seconds: one sample, then a scrape. The clock is passed in; the CPU time is real. */
	const round = () => {
		for (const end = nowMs + 10_000; nowMs < end; nowMs += 500) sampler.sample([member], nowMs, end);
		return sampler.scrape([member], nowMs);
	};
	assert.deepEqual(
		round().absent.map(({why}) => why),
		['too-new'],
	);
	const second = round();
	assert.equal(second.readings[0]?.of.key, 'shop/shop/cart-1/cart');
	assert.equal(second.readings[0]?.of.incarnation, 'uid:0');
	assert.equal(second.readings[0]?.of.memoryLimitBytes, 128 * MIB);
	assert.equal(second.readings[0]?.of.cpuLimitMillicores, Number.POSITIVE_INFINITY);
	// Killed between a sample and the scrape: the new process must not be told with the old one's numbers.
	for (const end = nowMs + 10_000; nowMs < end; nowMs += 500) sampler.sample([member], nowMs, end);
	process.kill(container.pid ?? 0, 'SIGKILL');
	await until('ready', 2);
	const killed = sampler.scrape([member], nowMs);
	assert.deepEqual([killed.readings.length, killed.absent[0]?.why, killed.absent[0]?.of.incarnation], [0, 'restarting', 'uid:1']);
	assert.deepEqual(
		round().absent.map(({why}) => why),
		['restarting'],
	);
	assert.equal(round().readings[0]?.of.incarnation, 'uid:1');
	await container.stop();
	assert.deepEqual(
		sampler.scrape([], nowMs).absent.map(({why}) => why),
		['gone'],
	);
});

test('CPU is the difference of the counter over the real time between two samples', () => {
	const of = {key: 'k'} as Parameters<typeof reading>[0];
	const before = {atMs: 1000, cpuSeconds: 5, workingSetBytes: MIB, startedAtMs: 1, restarts: 0};
	const now = {...before, atMs: 11_250, cpuSeconds: 5.41, workingSetBytes: MIB + 700};
	assert.deepEqual(reading(of, before, now), {of, sampledAtMs: 11_250, windowMs: 10_250, cpuMillicores: 40, memoryBytes: MIB + 1024});
	assert.equal(reading(of, before, {...now, startedAtMs: 2}), undefined);
	assert.equal(reading(of, before, before), undefined);
	assert.equal(reading(of, now, before), undefined);
});
