/** What controllers would do: a workload's object, its ReplicaSet or Job, and its pods, each with its owner, on nodes in turn. */
import {createHash, randomInt} from 'node:crypto';
import type {Api, KubeObject} from './api.ts';
import type {Kubelet, RunningPod} from './kubelet.ts';
import {MIB, type Program} from './program.ts';

export interface ContainerTemplate {
	readonly name: string;
	readonly image: string;
	/** Absent = none. */
	readonly cpuRequestMillicores?: number;
	readonly memoryRequestBytes?: number;
	readonly cpuLimitMillicores?: number;
	readonly memoryLimitBytes?: number;
	readonly isSidecar?: boolean;
	/** What runs in the replica with this number. */
	readonly program: (replica: number) => Program;
}

export interface WorkloadTemplate {
	readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob';
	readonly namespace: string;
	readonly name: string;
	readonly replicas: number;
	readonly labels?: Readonly<Record<string, string>>;
	readonly containers: readonly ContainerTemplate[];
	/** Of pods that exist already, elsewhere. */
	readonly podNames?: readonly string[];
	/** Default: those of the cluster. */
	readonly nodes?: readonly string[];
}

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const templateHash = (text: string): string =>
	Array.from(createHash('sha256').update(text).digest().subarray(0, 9), byte => ALPHABET[byte % ALPHABET.length]).join('');
const suffix = (length: number): string => Array.from({length}, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

export class Workload {
	readonly pods: RunningPod[] = [];
	readonly #api: Api;
	readonly #kubelet: Kubelet;
	readonly #template: WorkloadTemplate;
	readonly #nodes: readonly string[];
	#object: KubeObject | undefined;
	#revision = 0;

	private constructor(api: Api, kubelet: Kubelet, nodes: readonly string[], template: WorkloadTemplate) {
		this.#api = api;
		this.#kubelet = kubelet;
		this.#nodes = nodes;
		this.#template = template;
	}

	static async create(api: Api, kubelet: Kubelet, nodes: readonly string[], template: WorkloadTemplate): Promise<Workload> {
		const workload = new Workload(api, kubelet, nodes, template);
		await workload.#createObject();
		await workload.#createPods(template.containers);
		return workload;
	}

	/** A rollout: new pods with this image beside the old ones, then the old ones go. */
	async rollOut(image: string): Promise<void> {
		const old = this.pods.splice(0);
		await this.#createPods(this.#template.containers.map(container => ({...container, image})));
		for (const pod of old) await this.#kubelet.remove(pod);
	}

	/** One run of a CronJob: a Job and its pod. */
	async runJob(): Promise<void> {
		await this.#createPods(this.#template.containers);
	}

	async #createObject(): Promise<void> {
		const {kind, namespace, name, replicas, containers} = this.#template;
		const selector = {matchLabels: {app: name}};
		const template = {metadata: {labels: this.#labels()}, spec: this.#podSpec(containers)};
		const spec =
			kind === 'Deployment'
				? {replicas, selector, template}
				: kind === 'StatefulSet'
					? {replicas, selector, template, serviceName: name}
					: kind === 'DaemonSet'
						? {selector, template}
						: {schedule: '*/5 * * * *', jobTemplate: {spec: {template: {...template, spec: {...template.spec, restartPolicy: 'Never'}}}}};
		const [apiVersion, plural] = kind === 'CronJob' ? ['batch/v1', 'cronjobs'] : ['apps/v1', `${kind.toLowerCase()}s`];
		const path = `/apis/${apiVersion}/namespaces/${namespace}/${plural}`;
		this.#object = await this.#api.create(path, {apiVersion, kind, metadata: {name, namespace, labels: {app: name}}, spec});
	}

	async #createPods(containers: readonly ContainerTemplate[]): Promise<void> {
		const {kind, namespace, name, replicas, podNames, nodes = this.#nodes} = this.#template;
		this.#revision++;
		const hash = templateHash(`${namespace}/${name} ${this.#revision}`);
		const labels: Record<string, string> = this.#labels();
		let owner = this.#object;
		let prefix = name;
		if (kind === 'Deployment') {
			labels['pod-template-hash'] = hash;
			prefix = `${name}-${hash}`;
			owner = await this.#createOwned('apps/v1', 'ReplicaSet', prefix, labels, {
				replicas,
				selector: {matchLabels: {app: name, 'pod-template-hash': hash}},
				template: {metadata: {labels}, spec: this.#podSpec(containers)},
			});
		} else if (kind === 'CronJob') {
			prefix = `${name}-${29_000_000 + (Math.floor(Date.now() / 1000) % 1_000_000)}`;
			owner = await this.#createOwned('batch/v1', 'Job', prefix, labels, {
				template: {metadata: {labels}, spec: {...this.#podSpec(containers), restartPolicy: 'Never'}},
			});
		} else if (kind === 'StatefulSet' || kind === 'DaemonSet') labels['controller-revision-hash'] = hash;
		for (let replica = 0; replica < replicas; replica++) {
			const podName = podNames?.[replica] ?? (kind === 'StatefulSet' ? `${name}-${replica}` : `${prefix}-${suffix(5)}`);
			const node = nodes[(replica + name.length) % nodes.length];
			const manifest: KubeObject = {
				apiVersion: 'v1',
				kind: 'Pod',
				metadata: {name: podName, namespace, labels, ...(owner && {ownerReferences: [ownerReference(owner)]})},
				spec: {...this.#podSpec(containers), nodeName: node, ...(kind === 'CronJob' && {restartPolicy: 'Never'})},
			};
			const running = containers.map(({name, image, isSidecar = false, program}) => ({name, image, isSidecar, program: program(replica)}));
			this.pods.push(await this.#kubelet.run(manifest, running));
		}
	}

	#createOwned(
		apiVersion: string,
		kind: string,
		name: string,
		labels: Record<string, string>,
		spec: Record<string, unknown>,
	): Promise<KubeObject> {
		const {namespace} = this.#template;
		const metadata = {name, namespace, labels, ...(this.#object && {ownerReferences: [ownerReference(this.#object)]})};
		return this.#api.create(`/apis/${apiVersion}/namespaces/${namespace}/${kind.toLowerCase()}s`, {apiVersion, kind, metadata, spec});
	}

	#labels(): Record<string, string> {
		return {app: this.#template.name, ...this.#template.labels};
	}

	#podSpec(containers: readonly ContainerTemplate[]) {
		const written = containers.map(({name, image, isSidecar, ...resources}) => ({
			name,
			image,
			...(isSidecar && {restartPolicy: 'Always'}),
			resources: {
				requests: quantities(resources.cpuRequestMillicores, resources.memoryRequestBytes),
				limits: quantities(resources.cpuLimitMillicores, resources.memoryLimitBytes),
			},
		}));
		return {
			containers: written.filter((_, i) => !containers[i]?.isSidecar),
			initContainers: written.filter((_, i) => containers[i]?.isSidecar),
			terminationGracePeriodSeconds: 1,
		};
	}
}

const ownerReference = ({apiVersion, kind, metadata}: KubeObject) => ({
	apiVersion,
	kind,
	name: metadata.name,
	uid: metadata.uid,
	controller: true,
});

const quantities = (cpuMillicores?: number, memoryBytes?: number): Record<string, string> => ({
	...(cpuMillicores !== undefined && {cpu: `${cpuMillicores}m`}),
	...(memoryBytes !== undefined && {memory: memoryBytes % MIB === 0 ? `${memoryBytes / MIB}Mi` : String(memoryBytes)}),
});
