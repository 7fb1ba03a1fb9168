import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {containerOfSample, Interner, type Pod, readPod} from '../../source/k8s/pod.ts';
import {wireGzip, wireJson} from './scripted-server.ts';

const interner = new Interner();
const read = (value: unknown, old?: Pod): Pod => {
	const pod = readPod(value, 'arn:aws:eks:cluster/prod', old, interner);
	assert.ok(pod !== undefined);
	return pod;
};

function podOf(
	more: {
		readonly metadata?: object;
		readonly spec?: object;
		readonly status?: object;
		readonly container?: object;
		readonly state?: object;
	} = {},
) {
	return {
		metadata: {name: 'web-0', namespace: 'shop', uid: 'u1', creationTimestamp: '2026-11-24T08:00:00Z', ...more.metadata},
		spec: {
			nodeName: 'node-1',
			restartPolicy: 'Always',
			containers: [
				{name: 'app', image: 'web:1', resources: {requests: {cpu: '100m', memory: '64Mi'}, limits: {memory: '128Mi'}}, ...more.container},
			],
			...more.spec,
		},
		status: {
			phase: 'Running',
			startTime: '2026-11-24T08:00:01Z',
			containerStatuses: [{name: 'app', restartCount: 0, state: {running: {startedAt: '2026-11-24T08:00:02Z'}}, ...more.state}],
			...more.status,
		},
	};
}

test('keeps of the recorded pods what is needed', () => {
	const {items} = JSON.parse(wireGzip('06-pods-list-100.full.json.gz')) as {items: unknown[]};
	const pods = items.map(entry => read(entry));
	assert.equal(pods.length, 100);
	for (const pod of pods) {
		assert.match(pod.workload ?? '', /^Deployment\//);
		assert.match(pod.node ?? '', /^node-\d$/);
		for (const {of, state} of pod.containers) {
			assert.equal(state, 'running');
			assert.ok(of.memoryLimitBytes > 0 && of.cpuRequestMillicores > 0);
		}
	}
	const bytes = JSON.stringify(pods).length / pods.length;
	assert.ok(bytes < 1500, `${bytes} bytes a pod`);
});

test('a restart that was recorded: count, time and way of its end', () => {
	const {containers} = read(wireJson('08-restart-core-pod'));
	const [{of} = assert.fail()] = containers;
	assert.equal(of.restarts, 4);
	assert.equal(of.incarnation, `${(wireJson('08-restart-core-pod').metadata as {uid: string}).uid}:4`);
	assert.ok(of.lastExit !== undefined && of.lastExit.atMs > 0 && of.lastExit.reason !== '');
});

test('a container that crashes has its pod’s time of creation, also while it does not run', () => {
	const crashing = {state: {waiting: {reason: 'CrashLoopBackOff'}}, restartCount: 7};
	const [{of} = assert.fail()] = read(podOf({state: crashing})).containers;
	assert.equal(of.startedAtMs, undefined);
	assert.equal(of.podCreatedAtMs, Date.UTC(2026, 10, 24, 8));
	assert.equal(read(podOf({metadata: {creationTimestamp: 'soon'}})).containers[0]?.of.podCreatedAtMs, undefined);
});

test('limits: none is infinite, none asked for is 0, what the kubelet has set goes first, then what the pod as a whole may', () => {
	const numbers = (value: unknown) => {
		const [{of} = assert.fail()] = read(value).containers;
		return [of.cpuRequestMillicores, of.memoryRequestBytes, of.cpuLimitMillicores, of.memoryLimitBytes];
	};
	assert.deepEqual(numbers(podOf()), [100, 64 * 2 ** 20, Number.POSITIVE_INFINITY, 128 * 2 ** 20]);
	assert.deepEqual(numbers(podOf({container: {resources: {}}})), [0, 0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
	assert.deepEqual(numbers(podOf({state: {resources: {requests: {cpu: '200m', memory: '64Mi'}, limits: {memory: '256Mi'}}}})), [
		200,
		64 * 2 ** 20,
		Number.POSITIVE_INFINITY,
		256 * 2 ** 20,
	]);
	assert.deepEqual(numbers(podOf({container: {resources: {}}, spec: {resources: {limits: {cpu: '1', memory: '1Gi'}}}})).slice(2), [
		1000,
		2 ** 30,
	]);
	assert.deepEqual(numbers(podOf({container: {resources: {limits: {memory: 'lots'}}}})).slice(3), [Number.NaN]);
});

test('the key names context, namespace, pod and container; a context may hold slashes', () => {
	const [{of} = assert.fail()] = read(podOf()).containers;
	assert.equal(of.key, 'arn:aws:eks:cluster_prod/shop/web-0/app');
});

test('what waits says why, in kubectl’s words', () => {
	const waiting = (value: unknown) => read(value).containers.map(({of}) => of.waiting);
	const state = (reason: string) => ({state: {state: {waiting: {reason}}}});
	assert.deepEqual(waiting(podOf()), [undefined]);
	assert.deepEqual(waiting(podOf(state('CrashLoopBackOff'))), ['CrashLoopBackOff']);
	assert.deepEqual(
		waiting(
			podOf({
				...state('ImagePullBackOff'),
				status: {phase: 'Pending', containerStatuses: [{name: 'app', state: {waiting: {reason: 'ImagePullBackOff'}}}]},
			}),
		),
		['ImagePullBackOff'],
	);
	assert.deepEqual(waiting(podOf({status: {phase: 'Pending', containerStatuses: undefined}})), ['Pending']);
	assert.deepEqual(waiting(podOf({status: {phase: 'Failed', reason: 'Evicted', containerStatuses: []}})), ['Evicted']);
	assert.deepEqual(waiting(podOf({metadata: {deletionTimestamp: 'x'}, state: {state: {terminated: {exitCode: 0}}}})), ['Terminating']);
	assert.deepEqual(waiting(podOf({state: {state: {terminated: {exitCode: 137, reason: 'OOMKilled'}}}})), ['OOMKilled']);
	assert.deepEqual(
		waiting(
			podOf({status: {phase: 'Succeeded', containerStatuses: [{name: 'app', state: {terminated: {exitCode: 0, reason: 'Completed'}}}]}}),
		),
		['Completed'],
	);
});

test('sidecars are listed, init containers while they run or fail', () => {
	const names = (initContainerStatuses: readonly object[]) =>
		read(
			podOf({
				spec: {initContainers: [{name: 'setup'}, {name: 'proxy', restartPolicy: 'Always'}], containers: [{name: 'app'}]},
				status: {initContainerStatuses},
			}),
		).containers.map(({of}) => [of.name, of.role]);
	assert.deepEqual(names([{name: 'setup', state: {terminated: {exitCode: 0}}}]), [
		['proxy', 'sidecar'],
		['app', undefined],
	]);
	assert.deepEqual(names([{name: 'setup', state: {running: {}}}])[0], ['setup', 'init']);
	assert.deepEqual(names([{name: 'setup', state: {waiting: {reason: 'CrashLoopBackOff'}}}])[0], ['setup', 'init']);
	assert.deepEqual(names([{name: 'setup', state: {waiting: {reason: 'PodInitializing'}}}])[0], ['proxy', 'sidecar']);
});

test('a container is the same object for as long as nothing of it changes', () => {
	const first = read(podOf());
	const same = read(
		structuredClone(podOf({metadata: {resourceVersion: '2', annotations: {a: 'b'}}, status: {conditions: [{type: 'Ready'}]}})),
		first,
	);
	assert.equal(same.containers, first.containers);
	const changes: readonly object[] = [
		podOf({state: {restartCount: 1}}),
		podOf({container: {image: 'web:2'}}),
		podOf({metadata: {labels: {a: 'b'}}}),
		podOf({state: {resources: {limits: {memory: '256Mi'}}}}),
		podOf({state: {state: {waiting: {reason: 'CrashLoopBackOff'}}}}),
		podOf({state: {lastState: {terminated: {reason: 'OOMKilled', finishedAt: '2026-11-24T08:10:00Z'}}}}),
	];
	for (const change of changes) {
		const [{of} = assert.fail()] = read(change, first).containers;
		assert.notEqual(of, first.containers[0]?.of, JSON.stringify(change));
		assert.equal(of.key, first.containers[0]?.of.key);
	}
});

test('from metrics alone: workload and labels, no limits, an incarnation that is not known', () => {
	const of = containerOfSample(
		{
			id: 'shop/web-5c6-abcde',
			namespace: 'shop',
			pod: 'web-5c6-abcde',
			sampledAtMs: 0,
			windowMs: 0,
			answeredAtMs: 0,
			containers: [],
			labels: {'pod-template-hash': '5c6', app: 'web'},
		},
		'app',
		'c',
		interner,
	);
	assert.equal(of.incarnation, '-');
	assert.equal(of.workload, 'Deployment/web');
	assert.ok(Number.isNaN(of.memoryLimitBytes));
	assert.equal(of.key, 'c/shop/web-5c6-abcde/app');
});

test('pods of any shape are read or passed over, never thrown', () => {
	for (const value of [null, 1, 'x', [], {}, {metadata: {name: 'a'}}, {metadata: {namespace: 'a', name: 7}}])
		assert.equal(readPod(value, 'c', undefined, interner), undefined);
	const text = fc.string({unit: 'binary', maxLength: 80});
	const loose = fc.oneof(fc.jsonValue(), text);
	fc.assert(
		fc.property(
			fc.record({
				metadata: fc.record({name: text, namespace: text, uid: loose, labels: loose, ownerReferences: loose, deletionTimestamp: loose}),
				spec: fc.oneof(
					loose,
					fc.record({
						nodeName: loose,
						containers: fc.oneof(loose, fc.array(fc.record({name: text, image: loose, resources: loose}))),
						initContainers: loose,
					}),
				),
				status: fc.oneof(
					loose,
					fc.record({
						phase: loose,
						containerStatuses: fc.oneof(loose, fc.array(fc.record({name: text, state: loose, lastState: loose, restartCount: loose}))),
					}),
				),
			}),
			value => {
				const pod = readPod(value, 'c', undefined, interner);
				if (pod === undefined) return;
				for (const {of} of pod.containers) {
					assert.equal(of.key.split('/').length, 4);
					assert.doesNotMatch(JSON.stringify(of), /\\u00[01]|\u202e/);
					assert.ok(Number.isSafeInteger(of.restarts) && of.restarts >= 0);
				}
			},
		),
		{numRuns: 100},
	);
});
