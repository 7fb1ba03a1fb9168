import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Credentials} from '../../source/k8s/credentials.ts';
import {isProblem, loadKubeconfig} from '../../source/k8s/kubeconfig.ts';
import {readPodSample, Sieve} from '../../source/k8s/metrics.ts';
import {Interner, readPod} from '../../source/k8s/pod.ts';
import {PodLists} from '../../source/k8s/pod-lists.ts';
import {Pods} from '../../source/k8s/pods.ts';
import {Rows} from '../../source/k8s/rows.ts';
import {Transport} from '../../source/k8s/transport.ts';
import {TurnedClock} from './turned-clock.ts';

const ROUND_MS = 15_000;
const PODS = 100;
const REPLACED = 10;

test('an hour of churn, each new pod shown by the metrics before the list has it: no table holds more than there is', () => {
	const clock = new TurnedClock();
	const access = loadKubeconfig({env: {}, server: 'https://127.0.0.1:1', token: 't'});
	assert.ok(!isProblem(access));
	const transport = new Transport(new Credentials(access, () => access, clock, false), clock);
	const interner = new Interner();
	const shared = {transport, clock, context: 'c', selector: '', interner, changed: () => {}};
	const lists = new PodLists(shared);
	const list = new Pods({...shared, scope: {}, watching: true});
	list.state = {state: 'known'};
	lists.each = [list];
	const sieve = new Sieve();
	const rows = new Rows({context: 'c', pods: lists, sieve, interner, isGone: async () => false});

	const iso = (ms: number): string => new Date(ms).toISOString();
	let first = 0;
	const names = (): string[] => Array.from({length: PODS}, (_, i) => `web-${first + i}`);
	const hear = (): void => {
		const now = new Set(names());
		for (const {id, name} of [...list.byId.values()]) if (!now.has(name)) list.byId.delete(id);
		for (const name of now) {
			if (list.byId.has(`shop/${name}`)) continue;
			const pod = readPod(
				{
					metadata: {name, namespace: 'shop', uid: name, creationTimestamp: iso(clock.nowMs)},
					spec: {containers: [{name: 'app'}], nodeName: 'n'},
					status: {phase: 'Running', containerStatuses: [{name: 'app', state: {running: {startedAt: iso(clock.nowMs - 60_000)}}}]},
				},
				'c',
				undefined,
				interner,
			);
			assert.ok(pod !== undefined);
			list.byId.set(pod.id, pod);
		}
	};
	const look = (): number => {
		const samples = names().flatMap(name => {
			const item = {
				metadata: {name, namespace: 'shop', creationTimestamp: iso(clock.nowMs)},
				timestamp: iso(clock.nowMs - 5000),
				window: '15s',
				containers: [{name: 'app', usage: {cpu: '1m', memory: '1Mi'}}],
			};
			return readPodSample(item, sieve.dropped) ?? [];
		});
		const times = {askedAtMs: clock.nowMs, endedAtMs: clock.nowMs, offsetMs: 0, youngestMs: 5000};
		const round = {...sieve.sift(samples, clock.nowMs, clock.nowMs), ...times, failed: new Map()};
		const {length} = rows.readings(round);
		rows.absences(clock.nowMs, {round, failing: false}, {nowMs: clock.nowMs, resolutionMs: ROUND_MS, silentNodes: new Set()});
		return length;
	};
	hear();
	for (let round = 0; round < 240; round++) {
		clock.nowMs += ROUND_MS;
		first += REPLACED;
		assert.equal(look(), PODS);
		// Between two polls.
		hear();
	}
	clock.nowMs += ROUND_MS;
	look();
	// Those of the last two minutes are remembered, as are those that the metrics may show again.
	const {gone, ...others} = rows.sizes;
	assert.ok(gone <= REPLACED * (Rows.lingerMs / ROUND_MS + 1), `${gone} gone`);
	assert.deepEqual(others, {rows: PODS, over: 0, unlisted: 0, missing: 0, absent: 0, memory: PODS});
	assert.ok(sieve.size <= PODS + REPLACED * (Sieve.rememberedPolls + 8), `${sieve.size} in the sieve`);
});
