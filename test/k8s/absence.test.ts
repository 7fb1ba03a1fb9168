import assert from 'node:assert/strict';
import {test} from 'node:test';
import {absenceOf, silentNodes} from '../../source/k8s/absence.ts';
import {Interner, type Pod, readPod} from '../../source/k8s/pod.ts';

const interner = new Interner();
const nowMs = Date.UTC(2026, 10, 24, 9, 0, 0);
const ago = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString();
const around = {nowMs, resolutionMs: 15_000, silentNodes: new Set(['dead'])};

interface Shape {
	readonly name?: string;
	readonly node?: string;
	readonly phase?: string;
	readonly ageSeconds?: number;
	readonly policy?: string;
	readonly states?: readonly {readonly state: object; readonly restartCount?: number}[];
}

const running = (seconds: number) => ({running: {startedAt: ago(seconds)}});

function podOf({
	name = 'a',
	node = 'node-1',
	phase = 'Running',
	ageSeconds = 3600,
	policy = 'Always',
	states = [{state: running(3600)}],
}: Shape): Pod {
	const names = states.map((_, i) => `c${i}`);
	const pod = readPod(
		{
			metadata: {name, namespace: 'shop', uid: name, creationTimestamp: ago(ageSeconds)},
			spec: {nodeName: node, restartPolicy: policy, containers: names.map(each => ({name: each}))},
			status: {
				phase,
				startTime: ago(ageSeconds),
				containerStatuses: states.map((state, i) => ({name: names[i], restartCount: 0, ...state})),
			},
		},
		'c',
		undefined,
		interner,
	);
	assert.ok(pod !== undefined);
	return pod;
}

test('each absence has its name', () => {
	const ended = (exitCode: number) => ({terminated: {exitCode, finishedAt: ago(30)}});
	const waits = (reason: string) => ({waiting: {reason}});
	const table: readonly (readonly [string, Shape])[] = [
		['no-sample', {}],
		['completed', {phase: 'Succeeded', states: [{state: ended(0)}]}],
		['completed', {policy: 'OnFailure', states: [{state: ended(0)}, {state: running(3600)}]}],
		['not-running', {phase: 'Failed', states: [{state: ended(1)}]}],
		['not-running', {policy: 'Never', states: [{state: ended(1)}, {state: running(3600)}]}],
		['restarting', {states: [{state: ended(137)}]}],
		['restarting', {states: [{state: waits('CrashLoopBackOff'), restartCount: 4}]}],
		['restarting', {states: [{state: running(10), restartCount: 4}]}],
		['restarting', {states: [{state: running(3600)}, {state: running(10), restartCount: 1}]}],
		['no-sample', {states: [{state: running(3600)}, {state: running(600), restartCount: 1}]}],
		['too-new', {ageSeconds: 10, states: [{state: running(8)}]}],
		['too-new', {phase: 'Pending', ageSeconds: 10, states: [{state: waits('ContainerCreating')}]}],
		['not-running', {phase: 'Pending', ageSeconds: 600, states: [{state: waits('ContainerCreating')}]}],
		['not-running', {phase: 'Pending', ageSeconds: 10, states: [{state: waits('ImagePullBackOff')}]}],
		['not-running', {phase: 'Pending', ageSeconds: 600, states: [{state: {}}]}],
		['node-silent', {node: 'dead'}],
		['node-silent', {node: 'dead', states: [{state: waits('CrashLoopBackOff'), restartCount: 4}]}],
		['completed', {node: 'dead', phase: 'Succeeded', states: [{state: ended(0)}]}],
	];
	for (const [why, shape] of table) {
		const pod = podOf(shape);
		const [container = assert.fail()] = pod.containers;
		assert.equal(absenceOf(pod, container, around), why, JSON.stringify(shape));
	}
});

test('a node is silent when all that should be seen of it is not, and one pod alone is no proof', () => {
	const silent = (pods: readonly Pod[], seen: readonly string[], ready: boolean | undefined = undefined) => [
		...silentNodes(
			pods,
			pod => seen.includes(pod.name),
			() => ready,
			around,
		),
	];
	const pods = ['a', 'b', 'c'].map(name => podOf({name, node: 'node-1'}));
	assert.deepEqual(silent(pods, []), [['node-1', 3]]);
	assert.deepEqual(silent(pods, ['b']), []);
	assert.deepEqual(silent(pods.slice(0, 1), []), []);
	assert.deepEqual(silent(pods.slice(0, 1), [], false), [['node-1', 1]]);
	// Those that are new, waiting or done say nothing.
	assert.deepEqual(
		silent(
			[
				podOf({name: 'x', states: [{state: running(5)}]}),
				podOf({name: 'y', phase: 'Succeeded'}),
				podOf({name: 'z', states: [{state: {waiting: {reason: 'CrashLoopBackOff'}}}]}),
			],
			[],
		),
		[],
	);
});
