import type {Problem} from '../scrape.ts';
import {type Node, pressureProblem} from './nodes.ts';
import type {PodLists} from './pod-lists.ts';
import type {Round} from './poller.ts';
import {emptyProblem} from './problems.ts';

/** What is seen, as far as a problem may follow from it. */
export interface Seen {
	readonly atMs: number;
	/** The last answer of the metrics; undefined before it, and while there is none. */
	readonly round: Round | undefined;
	/** NaN while it is not known. */
	readonly resolutionMs: number;
	readonly pods: PodLists;
	readonly nodes: ReadonlyMap<string, Node>;
	/** Nodes of which nothing is heard, each with the number of pods that should be. */
	readonly silent: ReadonlyMap<string, number>;
	readonly memoryBytes: (key: string) => number;
	/** Namespaces that were asked for; undefined = all. */
	readonly asked: readonly string[] | undefined;
}

/** An answer, but without a sample in it. */
export const isEmptyAnswer = (id: string): boolean => /^(metrics-empty|metrics-warming-up|no-pods)$/.test(id);
/** Those that {@link circumstances} finds anew each time. */
export const isCircumstance = (id: string): boolean =>
	isEmptyAnswer(id) || /^(node-silent\/|node-memory-pressure\/|samples-stale$|clock-skew$)/.test(id);

/** Problems that follow from what is seen, not from a failure. */
export function circumstances(seen: Seen): Problem[] {
	const {round, nodes, silent, pods, memoryBytes} = seen;
	const problems = [...silent].map(([node, count]) => silentNode(node, count, nodes.get(node)?.ready));
	for (const node of nodes.values()) if (node.memoryPressure) problems.push(pressureProblem(node, pods.all(), memoryBytes));
	if (round === undefined) return problems;
	const empty = round.present.size === 0 && round.failed.size === 0 ? emptyAnswer(seen, round) : undefined;
	if (empty !== undefined) problems.push(empty);
	if (round.youngestMs > Math.max(120_000, 4 * (seen.resolutionMs || 60_000))) problems.push(stale(round.youngestMs));
	if (Math.abs(round.offsetMs) >= 60_000) problems.push(clockSkew(round.offsetMs));
	return problems;
}

const silentNode = (node: string, count: number, ready: boolean | undefined): Problem => ({
	id: `node-silent/${node}`,
	what: `Node ${node} reports no samples: ${count} ${count === 1 ? 'pod is' : 'pods are'} not seen`,
	why: ready === false ? 'Its kubelet is down or cut off (NotReady).' : 'The metrics server did not reach its kubelet in the last round.',
	fix: `kubectl describe node ${node}`,
});

/** The metrics server answers with samples of long ago. */
export const stale = (youngestMs: number): Problem => ({
	id: 'samples-stale',
	what: `The newest sample is ${Math.round(youngestMs / 60_000)} min old`,
	why: 'The metrics server answers, but takes no new samples: it does not reach the kubelets.',
	fix: 'kubectl -n kube-system logs deploy/metrics-server',
});

/** @param offsetMs The cluster's clock minus ours. */
export const clockSkew = (offsetMs: number): Problem => ({
	id: 'clock-skew',
	what: `The cluster's clock is ${Math.round(Math.abs(offsetMs) / 60_000)} min ${offsetMs > 0 ? 'ahead of' : 'behind'} this machine's`,
	why: 'One of the two is wrong; ages are told by the cluster’s, times of day by this machine’s.',
	fix: 'timedatectl status',
});

function emptyAnswer({atMs, pods, asked}: Seen, {offsetMs}: Round): Problem | undefined {
	const where = asked === undefined ? '' : `${asked.join(', ')} namespace`;
	if (!pods.isKnown) return pods.isLoading ? undefined : emptyProblem({running: 0, oldestMs: 0, name: ''}, where);
	let running = 0;
	let oldestMs = 0;
	let name = '';
	for (const pod of pods.all()) {
		if (pod.phase === 'Succeeded' || pod.phase === 'Failed') continue;
		running++;
		const ageMs = atMs + offsetMs - pod.createdAtMs;
		if (!(ageMs > oldestMs)) continue;
		oldestMs = ageMs;
		name = pod.id;
	}
	return emptyProblem({running, oldestMs, name}, where);
}
