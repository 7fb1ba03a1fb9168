import assert from 'node:assert/strict';
import {test} from 'node:test';
import {originOfLabels, originOfOwner} from '../../source/k8s/workload.ts';

test('the owner is what a person wrote', () => {
	const hash = {'pod-template-hash': '7d9f5c'};
	const table: readonly (readonly [
		{kind: string; name: string} | undefined,
		Record<string, string>,
		string,
		string | undefined,
		string | undefined,
		string | undefined,
	])[] = [
		[{kind: 'ReplicaSet', name: 'checkout-7d9f5c'}, hash, 'checkout-7d9f5c-x2x9l', undefined, 'Deployment/checkout', '7d9f5c'],
		[{kind: 'ReplicaSet', name: 'by-hand'}, {}, 'by-hand-abcde', undefined, 'ReplicaSet/by-hand', undefined],
		[{kind: 'ReplicaSet', name: 'other-name'}, hash, 'x', undefined, 'ReplicaSet/other-name', '7d9f5c'],
		[{kind: 'ReplicaSet', name: 'web-5c6'}, {'rollouts-pod-template-hash': '5c6'}, 'web-5c6-abcde', undefined, 'Rollout/web', '5c6'],
		[
			{kind: 'StatefulSet', name: 'ledger'},
			{'controller-revision-hash': 'ledger-66c8d'},
			'ledger-0',
			undefined,
			'StatefulSet/ledger',
			'66c8d',
		],
		[
			{kind: 'DaemonSet', name: 'node-agent'},
			{'controller-revision-hash': '5d4f'},
			'node-agent-8xk2p',
			undefined,
			'DaemonSet/node-agent',
			'5d4f',
		],
		[{kind: 'Job', name: 'backup-29398080'}, {}, 'backup-29398080-abcde', undefined, 'CronJob/backup', undefined],
		[{kind: 'Job', name: 'backup-1763856000'}, {}, 'x', undefined, 'CronJob/backup', undefined],
		[{kind: 'Job', name: 'migrate-42'}, {}, 'x', undefined, 'Job/migrate-42', undefined],
		[{kind: 'Node', name: 'node-1'}, {}, 'kube-apiserver-node-1', 'node-1', 'StaticPod/kube-apiserver', undefined],
		[{kind: 'Cluster', name: 'pg'}, {}, 'pg-1', undefined, 'Cluster/pg', undefined],
		[undefined, hash, 'alone', undefined, undefined, undefined],
	];
	for (const [owner, labels, pod, node, workload, revision] of table) {
		const origin = originOfOwner(owner, labels, pod, node);
		assert.deepEqual([origin.workload, origin.revision], [workload, revision], owner?.name);
	}
});

test('without the right to read pods, names and labels tell most of it', () => {
	const table: readonly (readonly [string, Record<string, string>, string | undefined])[] = [
		['checkout-7d9f5c-x2x9l', {'pod-template-hash': '7d9f5c'}, 'Deployment/checkout'],
		['web-5c6-abcde', {'rollouts-pod-template-hash': '5c6'}, 'Rollout/web'],
		['ledger-12', {'controller-revision-hash': 'ledger-66c8d', 'apps.kubernetes.io/pod-index': '12'}, 'StatefulSet/ledger'],
		['agent-8xk2p', {'controller-revision-hash': '5d4f'}, 'DaemonSet/agent'],
		['backup-29398080-abcde', {'batch.kubernetes.io/job-name': 'backup-29398080'}, 'CronJob/backup'],
		['migrate-abcde', {'job-name': 'migrate'}, 'Job/migrate'],
		['alone', {}, undefined],
	];
	for (const [pod, labels, workload] of table) assert.equal(originOfLabels(pod, labels).workload, workload, pod);
});
