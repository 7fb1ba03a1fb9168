import {Failure, UsageError} from '../failure.ts';
import {type Flags, parseDuration} from '../flags.ts';
import type {Cluster} from '../k8s/feed.ts';
import type {ClusterOptions} from '../k8s/options.ts';

export function clusterOptions(flags: Flags, interactive = false): ClusterOptions {
	const list = (text: string | undefined): string[] =>
		(text ?? '')
			.split(',')
			.map(part => part.trim())
			.filter(Boolean);
	if (flags.allNamespaces && flags.namespace !== undefined)
		throw new UsageError('Expected either --namespace or --all-namespaces, got both');
	return {
		kubeconfig: flags.kubeconfig,
		context: flags.context,
		cluster: flags.cluster,
		user: flags.user,
		server: flags.server,
		token: flags.token,
		as: flags.as,
		asGroups: list(flags.asGroup),
		insecureSkipTlsVerify: flags.insecureSkipTlsVerify,
		requestTimeoutMs: flags.requestTimeout === undefined ? undefined : parseDuration(flags.requestTimeout, '--request-timeout'),
		namespaces: list(flags.namespace),
		allNamespaces: flags.allNamespaces,
		selector: flags.selector,
		intervalMs: flags.interval === undefined ? undefined : flags.interval * 1000,
		interactive,
	};
}

/** The cluster of the kubeconfig as a feed. The client library is loaded here and no sooner. @throws {Failure} */
export async function openLive(flags: Flags, interactive = false): Promise<Cluster> {
	const options = clusterOptions(flags, interactive);
	const {openCluster} = await import('../k8s/feed.ts');
	const opened = await openCluster(options);
	if ('what' in opened) throw new Failure(opened);
	return opened;
}
