import {cleanName} from '../clean.ts';
import type {Problem} from '../scrape.ts';
import {objectOf} from './json.ts';
import type {Result, Transport} from './transport.ts';

export interface Readable {
	readonly metrics: readonly string[];
	readonly pods: readonly string[];
	/** How many namespaces there are; NaN where they may not be listed. */
	readonly namespaces: number;
}

/**
 * Which namespaces may be read, when not all may. Asked by reading, not by access reviews: those are writes, in form at least.
 * Namespaces that may not be listed are tried by the names that are likely: the context's, the service account's, `default`.
 */
export async function readableNamespaces(
	transport: Transport,
	metricsPath: (namespace: string) => string,
	likely: readonly (string | undefined)[],
	signal: AbortSignal,
): Promise<Readable> {
	const listed = new Set<string>();
	let namespaces = 0;
	let token = '';
	do {
		const answer: Result<Record<string, unknown>> = await transport.list(
			`/api/v1/namespaces?limit=500${token === '' ? '' : `&continue=${encodeURIComponent(token)}`}`,
			item => {
				const name = cleanName(objectOf(objectOf(item).metadata).name);
				if (name !== '') listed.add(name);
			},
			{signal},
		);
		if (!answer.ok) {
			namespaces = Number.NaN;
			break;
		}
		const next = objectOf(answer.value.metadata).continue;
		token = typeof next === 'string' ? next : '';
	} while (token !== '');
	if (!Number.isNaN(namespaces)) namespaces = listed.size;
	for (const name of [...likely, 'default']) if (name !== undefined && Number.isNaN(namespaces)) listed.add(name);

	const metrics: string[] = [];
	const pods: string[] = [];
	const waiting = [...listed];
	const tryOne = async () => {
		for (let namespace = waiting.shift(); namespace !== undefined; namespace = waiting.shift()) {
			if (signal.aborted) return;
			const [metricsAnswer, podsAnswer] = [
				await transport.list(metricsPath(namespace), () => {}, {signal}),
				await transport.list(`/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?limit=1`, () => {}, {signal}),
			];
			if (!isForbidden(metricsAnswer)) metrics.push(namespace);
			if (!isForbidden(podsAnswer)) pods.push(namespace);
		}
	};
	await Promise.all([tryOne(), tryOne(), tryOne(), tryOne()]);
	return {metrics: metrics.sort(), pods: pods.sort(), namespaces};
}

export const isForbidden = (answer: Result<unknown>): boolean =>
	!answer.ok && answer.failure.type === 'status' && answer.failure.status === 403;

/** Not a failure, but the reader must know what is not seen. */
export function narrowed(what: 'metrics' | 'pods', names: readonly string[], namespaces: number): Problem {
	const resource = what === 'metrics' ? 'pods.metrics.k8s.io' : 'pods';
	const shown = names.length > 5 ? `${names.slice(0, 5).join(', ')}, …` : names.join(', ');
	return {
		id: `narrowed-${what}`,
		what: `Watching ${names.length} of ${Number.isNaN(namespaces) ? '?' : namespaces} namespaces (${shown}): no cluster-wide permission for ${resource}`,
		why: 'This user may read some namespaces only.',
		fix: 'Name them with -n a,b, or bind the ClusterRole in docs/rbac.yaml',
	};
}
