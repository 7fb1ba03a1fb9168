import {cleanName} from '../clean.ts';
import {roundCpu, roundMemory} from '../recording/format.ts';
import {isObject, type Json, listOf, objectOf, timeOf} from './json.ts';
import {cpuMillicoresOf, memoryBytesOf, parseDuration} from './quantity.ts';

/** One pod in one answer of metrics.k8s.io. */
export interface PodSample {
	/** `namespace/pod`. */
	readonly id: string;
	readonly namespace: string;
	readonly pod: string;
	readonly sampledAtMs: number;
	readonly windowMs: number;
	/** The server's clock when it answered: `creationTimestamp`. */
	readonly answeredAtMs: number;
	readonly containers: readonly ContainerSample[];
	/** Empty where the pod itself is known: ten thousand of them would be held for nothing. */
	readonly labels: Json;
}

export interface ContainerSample {
	readonly name: string;
	readonly cpuMillicores: number;
	readonly memoryBytes: number;
}

/** What was not taken in, and why: for the health line. */
export interface Dropped {
	/** Wrong shapes, no name, no time, no usable number; of pods as of samples. */
	malformed: number;
	/** The same pod or container twice in one answer. */
	duplicate: number;
	/** A timestamp before one that was seen: another replica of the metrics server. */
	backwards: number;
	/** A sample from before the container started: of a pod of the same name. */
	outdated: number;
}

export const nothingDropped = (): Dropped => ({malformed: 0, duplicate: 0, backwards: 0, outdated: 0});

/** One item of a PodMetricsList; undefined where it is useless. Never throws. */
export function readPodSample(item: unknown, dropped: Dropped, isKnown: (id: string) => boolean = () => false): PodSample | undefined {
	if (!isObject(item)) {
		dropped.malformed++;
		return undefined;
	}
	const metadata = objectOf(item.metadata);
	const namespace = cleanName(metadata.namespace);
	const pod = cleanName(metadata.name);
	const containers: ContainerSample[] = [];
	for (const entry of listOf(item.containers)) {
		const {name: itsName, usage} = objectOf(entry);
		const name = cleanName(itsName);
		const {cpu, memory} = objectOf(usage);
		const cpuMillicores = roundCpu(cpuMillicoresOf(cpu));
		const memoryBytes = roundMemory(memoryBytesOf(memory));
		if (name === '' || (Number.isNaN(cpuMillicores) && Number.isNaN(memoryBytes))) dropped.malformed++;
		else if (containers.some(other => other.name === name)) dropped.duplicate++;
		else containers.push({name, cpuMillicores, memoryBytes});
	}
	const sampledAtMs = timeOf(item.timestamp);
	// The metrics server answers with a null timestamp and no containers for a pod whose counters all went back.
	if (containers.length === 0 || namespace === '' || pod === '' || Number.isNaN(sampledAtMs)) {
		if (containers.length > 0 || namespace === '' || pod === '') dropped.malformed++;
		return undefined;
	}
	const id = `${namespace}/${pod}`;
	return {
		id,
		namespace,
		pod,
		sampledAtMs,
		windowMs: windowOf(item.window),
		answeredAtMs: timeOf(metadata.creationTimestamp),
		containers,
		labels: isKnown(id) ? NO_LABELS : objectOf(metadata.labels),
	};
}

const NO_LABELS: Json = {};

function windowOf(value: unknown): number {
	const ms = parseDuration(value);
	return ms > 0 && ms < 86_400_000 ? Math.round(ms) : Number.NaN;
}

interface Seen {
	sampledAtMs: number;
	/** Values, for a source whose timestamps say nothing. */
	values: number;
	/** Timestamps before the newest, in a row: a metrics server whose clock was set back goes on for ever. */
	backwards: number;
	backwardsAtMs: number;
	poll: number;
}

/** What is new in one answer. */
export interface Sifted {
	readonly fresh: readonly PodSample[];
	/** All pods that have a sample, new or not. */
	readonly present: ReadonlyMap<string, PodSample>;
	readonly meanStepMs: number;
	readonly meanWindowMs: number;
}

/**
 * Keeps apart what is new and what was seen: by the timestamp of each pod, or by the values where the source stamps every answer with
 * the time of asking (prometheus-adapter), which is found out here.
 */
export class Sieve {
	static readonly acceptBackwardsAfter = 5;
	/** A pod that comes back after more is new, whatever its timestamp says. */
	static readonly rememberedPolls = 20;
	/** Answers in a row that look like an adapter's before it is taken for one. */
	static readonly adapterAfter = 3;

	readonly dropped: Dropped = nothingDropped();
	readonly #seen = new Map<string, Seen>();
	#poll = 0;
	#lastAskedMs = Number.NaN;
	#adapterLike = 0;
	/** The window of every answer of an adapter; NaN where the source is a metrics server. */
	adapterWindowMs = Number.NaN;

	/** @param askedAtMs When the answer was asked for, by our clock. @param serverMs The server's clock then (Date header); NaN = unknown. */
	sift(samples: readonly PodSample[], askedAtMs: number, serverMs: number): Sifted {
		this.#poll++;
		const like = this.#looksLikeAdapter(samples, askedAtMs, serverMs);
		this.#adapterLike = like ? this.#adapterLike + 1 : 0;
		if (this.#adapterLike >= Sieve.adapterAfter) this.adapterWindowMs = samples[0]?.windowMs ?? Number.NaN;
		else if (samples.length > 0 && !like && this.#adapterLike === 0) this.adapterWindowMs = Number.NaN;
		this.#lastAskedMs = askedAtMs;
		const adapter = !Number.isNaN(this.adapterWindowMs);

		const fresh: PodSample[] = [];
		const present = new Map<string, PodSample>();
		let steps = 0;
		let stepSum = 0;
		let windowSum = 0;
		for (const original of samples) {
			// It invents a zero where one of the two is missing. Until it is known for one, a doubt is enough: better a gap than a false zero.
			const sample = adapter || like ? withoutFiller(original) : original;
			if (sample === undefined) continue;
			if (present.has(sample.id)) {
				this.dropped.duplicate++;
				continue;
			}
			present.set(sample.id, sample);
			const values = adapter ? digest(sample.containers) : 0;
			const seen = this.#seen.get(sample.id);
			if (seen === undefined) {
				this.#seen.set(sample.id, {sampledAtMs: sample.sampledAtMs, values, backwards: 0, backwardsAtMs: 0, poll: this.#poll});
				fresh.push(sample);
				continue;
			}
			seen.poll = this.#poll;
			if (adapter) {
				if (values === seen.values || sample.sampledAtMs <= seen.sampledAtMs) continue;
				seen.values = values;
			} else if (sample.sampledAtMs === seen.sampledAtMs) {
				continue;
			} else if (sample.sampledAtMs < seen.sampledAtMs) {
				this.dropped.backwards++;
				if (sample.sampledAtMs > seen.backwardsAtMs) seen.backwards++;
				seen.backwardsAtMs = sample.sampledAtMs;
				if (seen.backwards < Sieve.acceptBackwardsAfter) continue;
			} else {
				steps++;
				stepSum += sample.sampledAtMs - seen.sampledAtMs;
				windowSum += sample.windowMs;
			}
			seen.backwards = 0;
			seen.sampledAtMs = sample.sampledAtMs;
			fresh.push(sample);
		}
		// The metrics show a pod for a moment after it was deleted, and so after it was forgotten: churn must not grow the map.
		if (this.#poll % 8 === 0)
			for (const [id, seen] of this.#seen) if (this.#poll - seen.poll > Sieve.rememberedPolls) this.#seen.delete(id);
		return {fresh, present, meanStepMs: steps > 0 ? stepSum / steps : Number.NaN, meanWindowMs: steps > 0 ? windowSum / steps : Number.NaN};
	}

	/** Pods that are remembered. */
	get size(): number {
		return this.#seen.size;
	}

	/** A pod that is gone for good. */
	forget(id: string): void {
		this.#seen.delete(id);
	}

	/**
	 * All stamped alike, with the time of the answer, over the same window; and either answers follow each other faster than any metrics server
	 * takes samples (10 s at least), or the window is one that only a query has.
	 */
	#looksLikeAdapter(samples: readonly PodSample[], askedAtMs: number, serverMs: number): boolean {
		const [first] = samples;
		if (first === undefined) return this.#adapterLike > 0;
		const answeredAtMs = Number.isNaN(first.answeredAtMs) ? (Number.isNaN(serverMs) ? askedAtMs : serverMs) : first.answeredAtMs;
		if (Math.abs(answeredAtMs - first.sampledAtMs) > 1500 || Number.isNaN(first.windowMs)) return false;
		for (const sample of samples)
			if (sample.windowMs !== first.windowMs || Math.abs(sample.sampledAtMs - first.sampledAtMs) > 1000) return false;
		const quick = askedAtMs - this.#lastAskedMs < 9000;
		return quick || (first.windowMs >= 30_000 && first.windowMs % 1000 === 0);
	}
}

function withoutFiller(sample: PodSample): PodSample | undefined {
	if (sample.containers.every(({cpuMillicores, memoryBytes}) => cpuMillicores !== 0 && memoryBytes !== 0)) return sample;
	const containers = sample.containers
		.map(({name, cpuMillicores, memoryBytes}) => ({
			name,
			cpuMillicores: cpuMillicores || Number.NaN,
			memoryBytes: memoryBytes || Number.NaN,
		}))
		.filter(({cpuMillicores, memoryBytes}) => !(Number.isNaN(cpuMillicores) && Number.isNaN(memoryBytes)));
	return containers.length > 0 ? {...sample, containers} : undefined;
}

/** Whatever the order, which is random in every answer. */
function digest(containers: readonly ContainerSample[]): number {
	let sum = 0;
	for (const {name, cpuMillicores, memoryBytes} of containers) {
		let hash = 17;
		for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) | 0;
		sum += (hash >>> 8) * ((cpuMillicores || 0) * 7919 + (memoryBytes || 0));
	}
	return sum;
}
