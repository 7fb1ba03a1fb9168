/**
 * The real programs of recordings/shop/, each in a control group with real limits, watched by the built program through a real API server and a real metrics-server:
 * one replica leaks, one grows until the kernel kills it, one of five loops up to its quota.
 */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {openHierarchy} from '../../recordings/shop/cgroup.ts';
import {Shop} from '../../recordings/shop/shop.ts';
import type {Cluster} from './cluster.ts';
import {type EventLine, jsonLines, kindsByPod, type Outcome, run, told, toldAfterSeconds} from './oddpod.ts';
import {createShopPods} from './shop-pods.ts';
import {skip, startCluster, until} from './test-cluster.ts';

const NAMESPACES = ['shop', 'payments', 'batch', 'observability'];
/** The engine gives a young process five minutes before it looks for a trend in the next 60 samples; heaps grow in the first of them. */
const WARM_UP_MS = 60_000;
const WATCH_SECONDS = 900;
const TRAINED_SECONDS = 340;

const whyNot = (): string | false => {
	let reason: string | false = skip;
	if (!reason) openHierarchy(`${process.pid}`, 1024, line => (reason = line))?.remove();
	return reason;
};

describe('the built program on real processes', {skip: whyNot()}, () => {
	let cluster: Cluster;
	let shop: Shop;
	let outcome: Outcome;
	let watchedFromMs: number;
	let events: EventLine[];
	const pods = {leak: '', kill: '', loop: ''};

	before(async () => {
		cluster = await startCluster('shop', {namespaces: NAMESPACES, teamNamespaces: []});
		shop = new Shop(1, 1, () => {});
		shop.start();
		const startedAtMs = Date.now();
		const workloads = await createShopPods(cluster, shop);
		const leak = shop.member('Deployment/checkout', 1);
		const kill = shop.member('Deployment/ads', 0);
		const loop = shop.member('Deployment/frontend', 3);
		const nameOf = ({namespace, pod}: typeof leak): string => `${namespace}/${pod}`;
		Object.assign(pods, {leak: nameOf(leak), kill: nameOf(kill), loop: nameOf(loop)});
		await cluster.untilMetrics(workloads.flatMap(workload => workload.pods.map(({namespace, name}) => `${namespace}/${name}`)));
		await until(startedAtMs + WARM_UP_MS);

		watchedFromMs = Date.now();
		const args = ['check', '--context', cluster.context('viewer'), '-A', '--for', `${WATCH_SECONDS}s`, '--train', '30', '-o', 'json'];
		const found = ['--fail-on', 'memory-leak,oom-killed,cpu-sustained', '--record', join(cluster.folder, 'shop.jsonl')];
		const running = run([...args, ...found], cluster.kubeconfig, (WATCH_SECONDS + 60) * 1000);
		leak.container.order({type: 'leak', mibPerMinute: 4.5});
		await until(watchedFromMs + TRAINED_SECONDS * 1000);
		kill.container.order({type: 'leak', mibPerMinute: 25});
		loop.container.order({type: 'busy', share: 1});
		outcome = await running;
		events = jsonLines(outcome.stdout);
	});
	after(async () => {
		await cluster?.stop();
		await shop?.stop();
	});

	test('finds the leak', t => {
		const seconds = toldAfterSeconds(events, pods.leak, 'memory-leak', watchedFromMs);
		assert.ok(seconds !== undefined, told(events));
		t.diagnostic(`told after ${seconds} of ${WATCH_SECONDS} s`);
	});

	test('finds the kill', t => {
		const seconds = toldAfterSeconds(events, pods.kill, 'oom-killed', watchedFromMs);
		assert.ok(seconds !== undefined, told(events));
		t.diagnostic(`told after ${seconds} of ${WATCH_SECONDS} s`);
	});

	test('finds the busy loop', t => {
		const seconds = toldAfterSeconds(events, pods.loop, 'cpu-sustained', watchedFromMs);
		assert.ok(seconds !== undefined, told(events));
		t.diagnostic(`told after ${seconds} of ${WATCH_SECONDS} s`);
	});

	test('finds nothing else', () => {
		const known = Object.values(pods);
		assert.deepEqual(
			[...kindsByPod(events).keys()].filter(name => !known.includes(name)),
			[],
			told(events),
		);
	});

	test('ends with 3', () => {
		assert.equal(outcome.code, 3, outcome.stderr);
	});
});
