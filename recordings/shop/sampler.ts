/** What a kubelet and a metrics server make of counters: samples at each container's own time, CPU from two of them, and a scrape of what is new. */

import {roundCpu, roundMemory} from '../../source/recording/format.ts';
import {type Absence, type Container, containerKey, type Label, type Reading, type Scrape} from '../../source/scrape.ts';
import type {Sample} from './container.ts';
import {CONTEXT, type Member} from './shop.ts';

const MIB = 1024 * 1024;

export const keyOf = (member: Member): string => containerKey(CONTEXT, member.namespace, member.pod, member.template.name);

/** A member as the API server would tell of it now. */
export function describe(member: Member): Container {
	const {container, template} = member;
	return {
		key: keyOf(member),
		namespace: member.namespace,
		pod: member.pod,
		name: template.name,
		incarnation: `${member.podUid}:${container.restarts}`,
		workload: member.workload,
		...(member.revision !== undefined && {revision: member.revision}),
		image: template.image,
		node: member.node,
		labels: member.labels,
		...(template.role && {role: template.role}),
		startedAtMs: container.startedAtMs,
		...(container.waiting !== undefined && {waiting: container.waiting}),
		cpuRequestMillicores: template.cpuRequest,
		memoryRequestBytes: template.memoryRequestMib * MIB,
		cpuLimitMillicores: template.cpuLimit ?? Number.POSITIVE_INFINITY,
		memoryLimitBytes: (template.memoryLimitMib ?? Number.POSITIVE_INFINITY) * MIB,
		restarts: container.restarts,
		...(container.lastExit && {lastExit: {reason: container.lastExit.reason, atMs: container.lastExit.atMs}}),
	};
}

/** The mean over the time between two samples of one process; undefined when it is not the same one. */
export function reading(of: Container, before: Sample, now: Sample): Reading | undefined {
	if (before.startedAtMs !== now.startedAtMs || now.atMs <= before.atMs || now.cpuSeconds < before.cpuSeconds) return undefined;
	const windowMs = now.atMs - before.atMs;
	return {
		of,
		sampledAtMs: now.atMs,
		windowMs,
		cpuMillicores: roundCpu(((now.cpuSeconds - before.cpuSeconds) * 1e6) / windowMs),
		memoryBytes: roundMemory(now.workingSetBytes),
	};
}

interface Watched {
	readonly member: Member;
	of: Container;
	/** What `of` was made from. */
	state: string;
	/** Of the scrape before, and the newest. */
	scraped: Sample | undefined;
	newest: Sample | undefined;
	everRead: boolean;
	dueMs: number;
}

export class Sampler {
	readonly #intervalMs: number;
	readonly #roll: () => number;
	readonly #clock: () => number;
	readonly #watched = new Map<Member, Watched>();

	constructor(intervalMs: number, roll: () => number, clock: () => number = Date.now) {
		this.#intervalMs = intervalMs;
		this.#roll = roll;
		this.#clock = clock;
	}

	/** Takes the samples that are due; each container has its own phase and a second of jitter. Call it often. */
	sample(members: readonly Member[], nowMs: number, nextScrapeMs: number): void {
		for (const member of members) {
			let watched = this.#watched.get(member);
			if (!watched) {
				// Away from the scrape itself: one sample for each.
				const phaseMs = this.#intervalMs * (0.15 + 0.6 * this.#roll());
				let dueMs = nextScrapeMs - this.#intervalMs + phaseMs;
				while (dueMs <= nowMs) dueMs += this.#intervalMs;
				watched = {member, of: describe(member), state: '', scraped: undefined, newest: undefined, everRead: false, dueMs};
				this.#watched.set(member, watched);
			}
			if (nowMs < watched.dueMs + this.#intervalMs * 0.1 * this.#jitter(watched.dueMs)) continue;
			watched.dueMs += this.#intervalMs;
			watched.newest = member.container.sample(this.#clock()) ?? watched.newest;
		}
	}

	/** The same for one due time, whenever it is asked. */
	#jitter(dueMs: number): number {
		const x = Math.sin(dueMs * 12.9898) * 43_758.5453;
		return x - Math.floor(x);
	}

	scrape(members: readonly Member[], atMs: number, labels: readonly Label[] = []): Scrape {
		const readings: Reading[] = [];
		const absent: Absence[] = [];
		const here = new Set(members);
		for (const watched of this.#watched.values()) {
			const {member} = watched;
			const {container} = member;
			const state = `${container.restarts} ${container.startedAtMs} ${container.waiting ?? ''} ${container.lastExit?.atMs ?? ''}`;
			if (state !== watched.state) {
				watched.of = describe(member);
				watched.state = state;
			}
			if (!here.has(member)) {
				absent.push({
					of: watched.of,
					why: container.lastExit?.reason === 'Completed' && container.spec.restart === 'never' ? 'completed' : 'gone',
				});
				this.#watched.delete(member);
				continue;
			}
			const {scraped, newest} = watched;
			// Of the process that runs now: what was sampled of one that has ended since is not told as the new one's.
			const isCurrent = container.isRunning && newest?.startedAtMs === container.startedAtMs;
			const made = isCurrent && scraped ? reading(watched.of, scraped, newest) : undefined;
			watched.scraped = newest;
			if (made) {
				readings.push(made);
				watched.everRead = true;
			} else if (container.restarts > 0 || !container.isRunning)
				absent.push({of: watched.of, why: container.waiting === undefined ? 'restarting' : 'not-running'});
			else absent.push({of: watched.of, why: watched.everRead ? 'no-sample' : 'too-new'});
		}
		return {atMs, readings, absent, problems: [], ...(labels.length > 0 && {labels})};
	}
}
