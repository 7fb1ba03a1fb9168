import {cleanText} from '../clean.ts';
import type {Details} from '../scrape.ts';
import {isObject, type Json, listOf, objectOf, textOf, timeOf} from './json.ts';
import type {RequestLimits, Transport} from './transport.ts';

/** Whose events: by UID where it is known, since a StatefulSet's pods share their names with their predecessors. */
export interface Subject {
	readonly namespace: string;
	readonly pod: string;
	readonly uid?: string;
	readonly workload?: string;
	/** A container that does not run: why is asked for too. */
	readonly waiting?: string;
}

/** The pod's events, newest last, and the autoscaler that holds its workload. What may not be read is left out. */
export async function readDetails(transport: Transport, subject: Subject, limits: RequestLimits): Promise<Details> {
	const [events, autoscaler, message] = await Promise.all([
		readEvents(transport, subject, limits),
		readAutoscaler(transport, subject, limits),
		readMessage(transport, subject, limits),
	]);
	return {events, ...(autoscaler !== undefined && {autoscaler}), ...(message !== undefined && {message})};
}

/** Events are gone after an hour; the status of the pod keeps why its container waits. A list of one: the right to list pods is there already. */
async function readMessage(transport: Transport, {namespace, pod, waiting}: Subject, limits: RequestLimits): Promise<string | undefined> {
	if (waiting === undefined) return undefined;
	let said: string | undefined;
	const query = new URLSearchParams({fieldSelector: `metadata.name=${pod}`, limit: '1'});
	await transport.list(
		`/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?${query}`,
		item => {
			if (objectOf(objectOf(item).metadata).name === pod) said = messageOf(objectOf(objectOf(item).status), waiting);
		},
		{timeoutMs: 5000, ...limits},
	);
	return said;
}

/** `Kubelet: Back-off pulling image …`, `Scheduler: 0/3 nodes are available: …` */
function messageOf(status: Json, container: string): string | undefined {
	const ofContainer = [...listOf(status.containerStatuses), ...listOf(status.initContainerStatuses)]
		.map(objectOf)
		.find(({name}) => name === container);
	const {waiting, terminated} = objectOf(ofContainer?.state);
	const unscheduled = listOf(status.conditions)
		.map(objectOf)
		.find(({type, status: is}) => type === 'PodScheduled' && is === 'False');
	for (const [who, message] of [
		['Kubelet', objectOf(waiting).message ?? objectOf(terminated).message],
		['Scheduler', unscheduled?.message],
		['Pod', status.message],
	] as const) {
		const text = cleanText(message, 500);
		if (text !== '') return `${who}: ${text}`;
	}
	return undefined;
}

async function readEvents(transport: Transport, subject: Subject, limits: RequestLimits): Promise<Details['events']> {
	const fields =
		subject.uid === undefined ? `involvedObject.kind=Pod,involvedObject.name=${subject.pod}` : `involvedObject.uid=${subject.uid}`;
	const events: Details['events'][number][] = [];
	const query = new URLSearchParams({fieldSelector: fields, limit: '500'});
	await transport.list(
		`/api/v1/namespaces/${encodeURIComponent(subject.namespace)}/events?${query}`,
		item => {
			const event = readEvent(item);
			if (event !== undefined) events.push(event);
		},
		{timeoutMs: 5000, ...limits},
	);
	return events.sort((a, b) => a.atMs - b.atMs).slice(-50);
}

function readEvent(item: unknown): Details['events'][number] | undefined {
	if (!isObject(item)) return undefined;
	const series = objectOf(item.series);
	// The newest of the times that old and new event APIs use.
	const atMs = [series.lastObservedTime, item.lastTimestamp, item.eventTime, objectOf(item.metadata).creationTimestamp]
		.map(timeOf)
		.find(ms => !Number.isNaN(ms));
	const reason = cleanText(item.reason, 100);
	if (atMs === undefined || reason === '') return undefined;
	const count = [series.count, item.count].find(value => typeof value === 'number');
	return {
		atMs,
		type: cleanText(item.type, 20),
		reason,
		message: cleanText(item.message ?? item.note, 500),
		count: typeof count === 'number' ? count : 1,
	};
}

async function readAutoscaler(transport: Transport, subject: Subject, limits: RequestLimits): Promise<string | undefined> {
	const [kind, name] = subject.workload?.split('/') ?? [];
	if (kind !== 'Deployment' && kind !== 'StatefulSet' && kind !== 'ReplicaSet') return undefined;
	let said: string | undefined;
	await transport.list(
		`/apis/autoscaling/v2/namespaces/${encodeURIComponent(subject.namespace)}/horizontalpodautoscalers?limit=500`,
		item => {
			const target = objectOf(objectOf(objectOf(item).spec).scaleTargetRef);
			if (target.kind === kind && target.name === name) said = describeAutoscaler(objectOf(item));
		},
		{timeoutMs: 5000, ...limits},
	);
	return said;
}

/** `HPA checkout: 5 replicas of 2 to 10; memory 82% of 80%; scale-down waits (ScaleDownStabilized)`. */
function describeAutoscaler(item: Json): string {
	const spec = objectOf(item.spec);
	const status = objectOf(item.status);
	const parts = [`${number(status.currentReplicas)} replicas of ${number(spec.minReplicas ?? 1)} to ${number(spec.maxReplicas)}`];
	const conditions = new Map(listOf(status.conditions).map(entry => [objectOf(entry).type, objectOf(entry)] as const));
	const active = conditions.get('ScalingActive');
	// With a metric that cannot be read the wish is 0, and none.
	if (active?.status === 'False') parts.push(`cannot scale (${cleanText(active.reason, 60)})`);
	else if (typeof status.desiredReplicas === 'number' && status.desiredReplicas !== status.currentReplicas)
		parts.push(`wants ${status.desiredReplicas}`);
	const current = new Map<string, string>();
	for (const entry of listOf(status.currentMetrics)) {
		const {name, value} = metricOf(objectOf(entry), 'current');
		if (name !== undefined && value !== undefined) current.set(name, value);
	}
	for (const entry of listOf(spec.metrics)) {
		const {name, value} = metricOf(objectOf(entry), 'target');
		if (name !== undefined) parts.push(`${name} ${current.get(name) ?? '?'} of ${value ?? '?'}`);
	}
	const able = conditions.get('AbleToScale');
	if (able?.reason === 'ScaleDownStabilized') parts.push('scale-down waits (ScaleDownStabilized)');
	const limited = conditions.get('ScalingLimited');
	if (limited?.status === 'True')
		parts.push(
			limited.reason === 'TooFewReplicas'
				? 'at its minimum'
				: limited.reason === 'TooManyReplicas'
					? 'at its maximum'
					: cleanText(limited.reason, 60),
		);
	return `HPA ${cleanText(objectOf(item.metadata).name, 253)}: ${parts.join('; ')}`;
}

function metricOf(entry: Json, side: 'current' | 'target'): {readonly name: string | undefined; readonly value: string | undefined} {
	const source =
		['resource', 'containerResource', 'pods', 'object', 'external']
			.map(kind => objectOf(entry[kind]))
			.find(each => Object.keys(each).length > 0) ?? {};
	const {averageUtilization, averageValue, value} = objectOf(source[side]);
	const said = typeof averageUtilization === 'number' ? `${averageUtilization}%` : (textOf(averageValue) ?? textOf(value));
	const name = textOf(source.name) ?? textOf(objectOf(source.metric).name);
	return {name: name === undefined ? undefined : cleanText(name, 100), value: said === undefined ? undefined : cleanText(said, 30)};
}

const number = (value: unknown): string => (typeof value === 'number' ? String(value) : '?');
