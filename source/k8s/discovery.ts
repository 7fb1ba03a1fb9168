import {cleanText} from '../clean.ts';
import {listOf, objectOf, textOf} from './json.ts';
import type {RequestLimits, Result, Transport} from './transport.ts';

const GROUP = '/apis/metrics.k8s.io';

export type MetricsVersion = 'v1' | 'v1beta1';

/**
 * Which versions of metrics.k8s.io are served: v1 (GA in Kubernetes 1.37) before v1beta1, as kubectl prefers. Every user that is logged in may
 * ask; what forbids even that (anonymous) is left for the list itself to tell. The group document also stands while its backend is down.
 */
export async function discoverMetrics(transport: Transport, limits: RequestLimits): Promise<Result<readonly MetricsVersion[]>> {
	const answer = await transport.get(GROUP, {timeoutMs: 10_000, ...limits});
	if (!answer.ok) {
		const {failure} = answer;
		return failure.type === 'status' && failure.status === 403 ? {ok: true, value: ['v1beta1'], serverMs: Number.NaN} : answer;
	}
	const served = new Set(listOf(answer.value.versions).map(version => objectOf(version).version));
	return {...answer, value: PREFERRED.filter(version => served.has(version))};
}

const PREFERRED = ['v1', 'v1beta1'] as const;

/** Why the APIService is not available, in its own words; undefined where that may not be read, or it is available. */
export async function unavailableBecause(
	transport: Transport,
	version: MetricsVersion,
	limits: RequestLimits,
): Promise<string | undefined> {
	const answer = await transport.get(`/apis/apiregistration.k8s.io/v1/apiservices/${version}.metrics.k8s.io`, {timeoutMs: 5000, ...limits});
	if (!answer.ok) return undefined;
	for (const condition of listOf(objectOf(answer.value.status).conditions)) {
		const {type, status, reason, message} = objectOf(condition);
		if (type === 'Available' && status === 'False')
			return cleanText(`${textOf(reason) ?? 'unknown reason'}: ${textOf(message) ?? ''}`, 300);
	}
	return undefined;
}
