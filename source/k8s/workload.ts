import {cleanName} from '../clean.ts';

/** Who made a pod, up to what a person wrote: the Deployment and not its ReplicaSet, the CronJob and not its Job. */
export interface Origin {
	/** `Deployment/checkout`. */
	readonly workload?: string;
	/** What a rollout changes. */
	readonly revision?: string;
}

type Labels = Readonly<Record<string, unknown>>;

const label = (labels: Labels, name: string): string | undefined => {
	const value = labels[name];
	return typeof value === 'string' && value !== '' ? cleanName(value) : undefined;
};

/** From the controlling owner reference. Names of ReplicaSets and Jobs hold the name of what made them: no further request is needed. */
export function originOfOwner(
	owner: {readonly kind: string; readonly name: string} | undefined,
	labels: Labels,
	podName: string,
	node?: string,
): Origin {
	if (owner === undefined) return {};
	const {kind, name} = owner;
	switch (kind) {
		case 'ReplicaSet': {
			const rollout = label(labels, 'rollouts-pod-template-hash'); // Argo Rollouts
			const hash = rollout ?? label(labels, 'pod-template-hash');
			if (hash !== undefined && name.endsWith(`-${hash}`))
				return {workload: `${rollout === undefined ? 'Deployment' : 'Rollout'}/${name.slice(0, -hash.length - 1)}`, revision: hash};
			return {workload: `ReplicaSet/${name}`, ...(hash !== undefined && {revision: hash})};
		}
		case 'Job':
			return {workload: jobOrCronJob(name)};
		case 'StatefulSet':
		case 'DaemonSet': {
			const revision = label(labels, 'controller-revision-hash');
			return {workload: `${kind}/${name}`, ...(revision !== undefined && {revision: withoutName(revision, name)})};
		}
		case 'Node': {
			// A static pod's mirror: `kube-apiserver-NODE`. The same file on each node makes siblings.
			const suffix = `-${node ?? name}`;
			return {workload: `StaticPod/${podName.endsWith(suffix) ? podName.slice(0, -suffix.length) : podName}`};
		}
		default:
			return {workload: `${kind}/${name}`};
	}
}

/** The same from a pod's name and labels alone, for where pods may not be read: metrics carry the labels of their pods. */
export function originOfLabels(podName: string, labels: Labels): Origin {
	const hash = label(labels, 'rollouts-pod-template-hash') ?? label(labels, 'pod-template-hash');
	if (hash !== undefined) {
		const at = podName.lastIndexOf(`-${hash}-`);
		if (at > 0)
			return {
				workload: `${labels['rollouts-pod-template-hash'] === undefined ? 'Deployment' : 'Rollout'}/${podName.slice(0, at)}`,
				revision: hash,
			};
	}
	const job = label(labels, 'batch.kubernetes.io/job-name') ?? label(labels, 'job-name');
	if (job !== undefined) return {workload: jobOrCronJob(job)};
	const revision = label(labels, 'controller-revision-hash');
	if (revision === undefined) return {};
	const ordinal = /^(.+)-\d+$/.exec(podName);
	if (
		ordinal?.[1] !== undefined &&
		(labels['statefulset.kubernetes.io/pod-name'] !== undefined || labels['apps.kubernetes.io/pod-index'] !== undefined)
	)
		return {workload: `StatefulSet/${ordinal[1]}`, revision: withoutName(revision, ordinal[1])};
	const random = /^(.+)-[a-z0-9]{5}$/.exec(podName);
	return random?.[1] === undefined ? {revision} : {workload: `DaemonSet/${random[1]}`, revision};
}

/** The CronJob controller names Jobs after the minute they were due: eight digits from 1989 to 2160. Formerly ten, in seconds. */
function jobOrCronJob(name: string): string {
	const cron = /^(.+)-(\d{8}|\d{10})$/.exec(name);
	return cron?.[1] === undefined ? `Job/${name}` : `CronJob/${cron[1]}`;
}

const withoutName = (revision: string, name: string): string =>
	revision.startsWith(`${name}-`) ? revision.slice(name.length + 1) : revision;
