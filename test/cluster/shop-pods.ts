/** The real programs of recordings/shop/ as pods: their processes and control groups are the shop's, their objects the API server's. */
import type {Member, Shop} from '../../recordings/shop/shop.ts';
import type {Cluster} from './cluster.ts';
import type {Program} from './program.ts';
import type {Workload, WorkloadTemplate} from './workload.ts';

const MIB = 1024 * 1024;

/** The shop has started it; the kubelet only looks at it. */
const running = ({container}: Member): Program => ({
	get isRunning() {
		return container.isRunning;
	},
	get startedAtMs() {
		return container.startedAtMs;
	},
	get restarts() {
		return container.restarts;
	},
	get lastExit() {
		return container.lastExit;
	},
	get waiting() {
		return container.waiting;
	},
	start: () => {},
	stop: () => container.stop(),
	sample: () => container.sample(),
});

/** Objects for all members that the shop has now. */
export async function createShopPods(cluster: Cluster, shop: Shop): Promise<Workload[]> {
	const byWorkload = Map.groupBy(shop.members, member => `${member.namespace}/${member.workload}`);
	return Promise.all(
		[...byWorkload.values()].map(members => {
			const byPod = [...Map.groupBy(members, ({pod}) => pod).values()];
			const [first] = members;
			if (!first || !byPod[0]) throw new Error('Expected a workload with members');
			const [kind, name] = first.workload.split('/') as [WorkloadTemplate['kind'], string];
			return cluster.create({
				kind,
				namespace: first.namespace,
				name,
				replicas: byPod.length,
				podNames: byPod.map(([member]) => member?.pod ?? ''),
				containers: byPod[0].map(({template}, i) => ({
					name: template.name,
					image: template.image,
					isSidecar: template.role === 'sidecar',
					cpuRequestMillicores: template.cpuRequest,
					memoryRequestBytes: template.memoryRequestMib * MIB,
					...(template.cpuLimit !== undefined && {cpuLimitMillicores: template.cpuLimit}),
					...(template.memoryLimitMib !== undefined && {memoryLimitBytes: template.memoryLimitMib * MIB}),
					program: replica => {
						const member = byPod[replica]?.[i];
						if (!member) throw new Error(`Expected a container ${template.name} in replica ${replica}`);
						return running(member);
					},
				})),
			});
		}),
	);
}
