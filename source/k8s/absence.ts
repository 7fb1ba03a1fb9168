import type {AbsenceReason} from '../scrape.ts';
import type {Pod, PodContainer} from './pod.ts';

/** What is known around a container without a sample. */
export interface Surroundings {
	readonly nowMs: number;
	/** NaN while it is not known. */
	readonly resolutionMs: number;
	readonly silentNodes: ReadonlySet<string>;
}

/** Waiting for these is how every pod begins. */
const STARTING = new Set(['ContainerCreating', 'PodInitializing', 'Pending']);
const NEW_MS = 60_000;

/** Two rounds of samples, one to spare for a kubelet that is late, and a minimum for when the pace is not known. */
const settleMs = (resolutionMs: number): number => Math.max(45_000, 2.5 * (resolutionMs || 0));

/** Should there be a sample of it by now? */
function isExpected(pod: Pod, {of, state}: PodContainer, {nowMs, resolutionMs}: Surroundings): boolean {
	const sinceMs = of.startedAtMs ?? pod.startedAtMs;
	return pod.phase === 'Running' && !pod.deleting && state === 'running' && nowMs - sinceMs > settleMs(resolutionMs);
}

/**
 * Why a container has no sample. metrics.k8s.io says nothing about it: a restarted container hides its pod for one round or not at all, a
 * silent node hides all of its pods at once, a pod without CPU time never appears.
 */
export function absenceOf(pod: Pod, container: PodContainer, around: Surroundings): AbsenceReason {
	const {of, state} = container;
	const settled = settleMs(around.resolutionMs);
	if (pod.phase === 'Succeeded') return 'completed';
	if (state === 'terminated' && container.exitCode === 0 && pod.restartPolicy !== 'Always') return 'completed';
	if (pod.phase === 'Failed') return 'not-running';
	// A dead node's pods keep the state that its kubelet told last.
	if (pod.node !== undefined && around.silentNodes.has(pod.node)) return 'node-silent';
	if (state === 'terminated') return pod.restartPolicy === 'Never' ? 'not-running' : 'restarting';
	if (of.waiting !== undefined) {
		const young = around.nowMs - pod.createdAtMs < NEW_MS;
		if (of.waiting === 'CrashLoopBackOff') return 'restarting';
		return young && STARTING.has(of.waiting) ? 'too-new' : 'not-running';
	}
	if (state !== 'running') return around.nowMs - pod.createdAtMs < NEW_MS ? 'too-new' : 'not-running';
	const ranMs = around.nowMs - (of.startedAtMs ?? pod.startedAtMs);
	if (ranMs <= settled) return of.restarts > 0 ? 'restarting' : 'too-new';
	// A neighbour in the same pod that has just restarted hides this one too.
	if (
		pod.containers.some(
			other =>
				other !== container && other.state === 'running' && other.of.restarts > 0 && around.nowMs - (other.of.startedAtMs ?? 0) <= settled,
		)
	)
		return 'restarting';
	return 'no-sample';
}

/**
 * Nodes of which nothing is heard: all the containers that should have a sample have none. One container alone is no proof, unless the
 * node's own condition says so.
 */
export function silentNodes(
	pods: Iterable<Pod>,
	hasSample: (pod: Pod, container: PodContainer) => boolean,
	ready: (node: string) => boolean | undefined,
	around: Omit<Surroundings, 'silentNodes'>,
): Map<string, number> {
	const nodes = new Map<string, {expected: number; sampled: number; pods: number}>();
	for (const pod of pods) {
		if (pod.node === undefined) continue;
		let entry = nodes.get(pod.node);
		if (entry === undefined) {
			entry = {expected: 0, sampled: 0, pods: 0};
			nodes.set(pod.node, entry);
		}
		let expected = false;
		for (const container of pod.containers) {
			if (hasSample(pod, container)) entry.sampled++;
			else if (isExpected(pod, container, {...around, silentNodes: NONE})) expected = true;
		}
		if (expected) entry.expected++;
		entry.pods++;
	}
	const silent = new Map<string, number>();
	for (const [node, {expected, sampled}] of nodes) {
		if (sampled === 0 && expected > 0 && (expected > 1 || ready(node) === false)) silent.set(node, expected);
	}
	return silent;
}

const NONE: ReadonlySet<string> = new Set();
