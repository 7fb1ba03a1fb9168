import {cleanName, cleanText} from '../clean.ts';
import {type Container, containerKey} from '../scrape.ts';
import {isObject, type Json, listOf, objectOf, textOf, timeOf} from './json.ts';
import type {PodSample} from './metrics.ts';
import {parseQuantity} from './quantity.ts';
import {originOfLabels, originOfOwner} from './workload.ts';

/** What is kept of a pod: some hundred bytes of its five to ten thousand. */
export interface Pod {
	/** `namespace/name`, as the metrics have it. */
	readonly id: string;
	readonly uid: string;
	readonly namespace: string;
	readonly name: string;
	readonly node?: string;
	readonly workload?: string;
	readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
	readonly createdAtMs: number;
	readonly startedAtMs: number;
	/** It is being deleted. */
	readonly deleting: boolean;
	/** Is a container that ends started again? */
	readonly restartPolicy: string;
	readonly containers: readonly PodContainer[];
}

export interface PodContainer {
	readonly of: Container;
	readonly state: 'running' | 'waiting' | 'terminated' | 'unknown';
	/** When it ended, if it has. */
	readonly endedAtMs: number;
	readonly exitCode: number;
}

const PHASES: readonly string[] = ['Pending', 'Running', 'Succeeded', 'Failed'] satisfies Pod['phase'][];

/** Labels and the like occur in many pods: one string in memory for all of them. */
export class Interner {
	static readonly most = 50_000;
	#strings = new Map<string, string>();
	#labels = new Map<string, Readonly<Record<string, string>>>();

	string(text: string): string {
		const known = this.#strings.get(text);
		if (known !== undefined) return known;
		if (this.#strings.size >= Interner.most) this.#strings.clear(); // what is in use stays in use; only the finding starts again
		this.#strings.set(text, text);
		return text;
	}

	/** Siblings carry the same labels, but for StatefulSets. */
	labels(labels: Json): Readonly<Record<string, string>> | undefined {
		const kept: Record<string, string> = {};
		let count = 0;
		for (const name in labels) {
			const value = labels[name];
			if (typeof value !== 'string' || count === 64) continue;
			kept[this.string(cleanText(name, 317))] = this.string(cleanText(value, 63));
			count++;
		}
		if (count === 0) return undefined;
		const text = JSON.stringify(kept);
		const known = this.#labels.get(text);
		if (known !== undefined) return known;
		if (this.#labels.size >= Interner.most / 10) this.#labels.clear();
		this.#labels.set(text, kept);
		return kept;
	}
}

/** Undefined where it is no pod. `old` = what is known of the same pod: what has not changed stays the same object. */
export function readPod(value: unknown, context: string, old: Pod | undefined, interner: Interner): Pod | undefined {
	if (!isObject(value)) return undefined;
	const metadata = objectOf(value.metadata);
	const namespace = interner.string(cleanName(metadata.namespace));
	const name = cleanName(metadata.name);
	const uid = cleanText(metadata.uid, 64);
	if (namespace === '' || name === '') return undefined;
	const spec = objectOf(value.spec);
	const status = objectOf(value.status);
	const labels = objectOf(metadata.labels);
	const node = textOf(spec.nodeName) === undefined ? undefined : interner.string(cleanName(spec.nodeName));
	const {workload, revision} = originOfOwner(controllerOf(metadata.ownerReferences), labels, name, node);
	const phase = (typeof status.phase === 'string' && PHASES.includes(status.phase) ? status.phase : 'Unknown') as Pod['phase'];
	const deleting = metadata.deletionTimestamp !== undefined && metadata.deletionTimestamp !== null;
	const createdAtMs = timeOf(metadata.creationTimestamp);
	const common: Common = {
		context,
		namespace,
		pod: name,
		uid,
		createdAtMs,
		node,
		workload: workload === undefined ? undefined : interner.string(workload),
		revision: revision === undefined ? undefined : interner.string(revision),
		labels: interner.labels(labels),
		phase,
		deleting,
		reason: textOf(status.reason),
	};
	const statuses = statusesByName(status.containerStatuses);
	const initStatuses = statusesByName(status.initContainerStatuses);
	const initSpecs = listOf(spec.initContainers).map(objectOf);
	const specs = listOf(spec.containers).map(objectOf);
	const containers: PodContainer[] = [];
	const add = (itsSpec: Json, itsStatus: Json, role: 'init' | 'sidecar' | undefined) => {
		const before = old?.containers.find(({of}) => of.name === itsSpec.name);
		const container = readContainer(
			itsSpec,
			itsStatus,
			role,
			common,
			before,
			interner,
			role === undefined && specs.length === 1 ? objectOf(spec.resources) : {},
		);
		if (container !== undefined && !containers.some(({of}) => of.key === container.of.key)) containers.push(container);
	};
	for (const itsSpec of initSpecs) {
		const itsStatus = initStatuses.get(String(itsSpec.name)) ?? {};
		if (itsSpec.restartPolicy === 'Always') add(itsSpec, itsStatus, 'sidecar');
		else if (matters(itsStatus)) add(itsSpec, itsStatus, 'init');
	}
	for (const itsSpec of specs) add(itsSpec, statuses.get(String(itsSpec.name)) ?? {}, undefined);
	return {
		id: `${namespace}/${name}`,
		uid,
		namespace,
		name,
		...(node !== undefined && {node}),
		...(common.workload !== undefined && {workload: common.workload}),
		phase,
		createdAtMs,
		startedAtMs: timeOf(status.startTime),
		deleting,
		restartPolicy: interner.string(textOf(spec.restartPolicy) ?? 'Always'),
		containers: old !== undefined && sameList(old.containers, containers) ? old.containers : containers,
	};
}

/** An init container that runs or fails; not one that has done its work or waits for its turn. */
function matters(status: Json): boolean {
	const {running, waiting, terminated} = objectOf(status.state);
	if (isObject(running)) return true;
	if (isObject(terminated)) return terminated.exitCode !== 0;
	return isObject(waiting) && waiting.reason !== 'PodInitializing' && waiting.reason !== undefined;
}

interface Common {
	readonly context: string;
	readonly namespace: string;
	readonly pod: string;
	readonly uid: string;
	readonly createdAtMs: number;
	readonly node: string | undefined;
	readonly workload: string | undefined;
	readonly revision: string | undefined;
	readonly labels: Readonly<Record<string, string>> | undefined;
	readonly phase: Pod['phase'];
	readonly deleting: boolean;
	readonly reason: string | undefined;
}

function readContainer(
	spec: Json,
	status: Json,
	role: 'init' | 'sidecar' | undefined,
	common: Common,
	before: PodContainer | undefined,
	interner: Interner,
	podResources: Json,
): PodContainer | undefined {
	const name = interner.string(cleanName(spec.name));
	if (name === '') return undefined;
	const {running, waiting, terminated} = objectOf(status.state);
	const ended = isObject(terminated) ? terminated : undefined;
	const last = objectOf(objectOf(status.lastState).terminated);
	const state = isObject(running) ? 'running' : ended !== undefined ? 'terminated' : isObject(waiting) ? 'waiting' : 'unknown';
	// What the kubelet has set (in-place resize) goes before what was asked for.
	const resources = [objectOf(status.resources), objectOf(spec.resources), podResources].map(each => ({
		requests: objectOf(each.requests),
		limits: objectOf(each.limits),
	}));
	const amount = (kind: 'requests' | 'limits', what: 'cpu' | 'memory', none: number): number => {
		for (const each of resources) if (each[kind][what] !== undefined) return parseQuantity(each[kind][what]);
		return none;
	};
	const cpuLimit = amount('limits', 'cpu', Number.POSITIVE_INFINITY);
	const memoryLimit = amount('limits', 'memory', Number.POSITIVE_INFINITY);
	const restarts = typeof status.restartCount === 'number' && status.restartCount >= 0 ? Math.floor(status.restartCount) : 0;
	const exit = ended ?? last;
	const exitAtMs = timeOf(exit.finishedAt);
	const startedAtMs = timeOf(objectOf(running).startedAt);
	const why = waitingReason(state, textOf(objectOf(waiting).reason), ended, common);
	const of: Container = {
		key: before?.of.key ?? containerKey(cleanName(common.context), common.namespace, common.pod, name),
		namespace: common.namespace,
		pod: before?.of.pod ?? common.pod,
		name,
		incarnation: common.uid === '' ? '-' : `${common.uid}:${restarts}`,
		...(common.workload !== undefined && {workload: common.workload}),
		...(common.revision !== undefined && {revision: common.revision}),
		...(textOf(spec.image) !== undefined && {image: interner.string(cleanText(spec.image, 300))}),
		...(common.node !== undefined && {node: common.node}),
		...(common.labels !== undefined && {labels: common.labels}),
		...(role !== undefined && {role}),
		...(!Number.isNaN(startedAtMs) && {startedAtMs}),
		...(!Number.isNaN(common.createdAtMs) && {podCreatedAtMs: common.createdAtMs}),
		...(why !== undefined && {waiting: interner.string(why)}),
		cpuRequestMillicores: amount('requests', 'cpu', 0) * 1000,
		memoryRequestBytes: amount('requests', 'memory', 0),
		cpuLimitMillicores: cpuLimit * 1000,
		memoryLimitBytes: memoryLimit,
		restarts,
		...(!Number.isNaN(exitAtMs) && {lastExit: {reason: interner.string(exitReason(exit)), atMs: exitAtMs}}),
	};
	const exitCode = typeof ended?.exitCode === 'number' ? ended.exitCode : Number.NaN;
	const endedAtMs = ended === undefined ? Number.NaN : exitAtMs;
	if (before === undefined) return {of, state, endedAtMs, exitCode};
	const kept = sameContainer(before.of, of) ? before.of : of;
	return kept === before.of && before.state === state && Object.is(before.endedAtMs, endedAtMs)
		? before
		: {of: kept, state, endedAtMs, exitCode};
}

/** What kubectl's STATUS column would say of a container that does not run. */
function waitingReason(
	state: PodContainer['state'],
	reason: string | undefined,
	ended: Json | undefined,
	common: Common,
): string | undefined {
	if (state === 'running') return undefined;
	if (common.phase === 'Failed' && common.reason !== undefined) return cleanText(common.reason, 60); // Evicted
	if (common.deleting) return 'Terminating';
	if (reason !== undefined) return cleanText(reason, 60);
	if (ended !== undefined) return common.phase === 'Succeeded' || ended.exitCode === 0 ? 'Completed' : exitReason(ended);
	return common.phase === 'Running' ? undefined : common.phase;
}

const exitReason = (exit: Json): string =>
	cleanText(textOf(exit.reason) ?? (typeof exit.exitCode === 'number' ? `exit code ${exit.exitCode}` : 'ended'), 60);

function controllerOf(references: unknown): {readonly kind: string; readonly name: string} | undefined {
	for (const reference of listOf(references)) {
		const {controller, kind, name} = objectOf(reference);
		if (controller === true && typeof kind === 'string' && typeof name === 'string') return {kind: cleanName(kind), name: cleanName(name)};
	}
	return undefined;
}

function statusesByName(value: unknown): Map<string, Json> {
	const statuses = new Map<string, Json>();
	for (const entry of listOf(value)) if (isObject(entry)) statuses.set(String(entry.name), entry);
	return statuses;
}

const sameList = (a: readonly PodContainer[], b: readonly PodContainer[]): boolean =>
	a.length === b.length && a.every((entry, i) => entry === b[i]);

function sameContainer(a: Container, b: Container): boolean {
	return (
		a.incarnation === b.incarnation &&
		a.waiting === b.waiting &&
		a.restarts === b.restarts &&
		a.startedAtMs === b.startedAtMs &&
		a.podCreatedAtMs === b.podCreatedAtMs &&
		a.lastExit?.atMs === b.lastExit?.atMs &&
		a.lastExit?.reason === b.lastExit?.reason &&
		a.image === b.image &&
		a.node === b.node &&
		a.workload === b.workload &&
		a.revision === b.revision &&
		a.role === b.role &&
		Object.is(a.cpuRequestMillicores, b.cpuRequestMillicores) &&
		Object.is(a.memoryRequestBytes, b.memoryRequestBytes) &&
		Object.is(a.cpuLimitMillicores, b.cpuLimitMillicores) &&
		Object.is(a.memoryLimitBytes, b.memoryLimitBytes) &&
		sameLabels(a.labels, b.labels)
	);
}

function sameLabels(a: Container['labels'], b: Container['labels']): boolean {
	if (a === b) return true;
	return a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

/** What can be told of a container from metrics alone: no limits, no restarts, but the workload by name and labels. */
export function containerOfSample(sample: PodSample, name: string, context: string, interner: Interner): Container {
	const {workload, revision} = originOfLabels(sample.pod, sample.labels);
	const labels = interner.labels(sample.labels);
	return {
		key: containerKey(cleanName(context), sample.namespace, sample.pod, name),
		namespace: interner.string(sample.namespace),
		pod: sample.pod,
		name: interner.string(name),
		incarnation: '-',
		...(workload !== undefined && {workload: interner.string(workload)}),
		...(revision !== undefined && {revision: interner.string(revision)}),
		...(labels !== undefined && {labels}),
		cpuRequestMillicores: Number.NaN,
		memoryRequestBytes: Number.NaN,
		cpuLimitMillicores: Number.NaN,
		memoryLimitBytes: Number.NaN,
		restarts: 0,
	};
}
