import type {Absence, AbsenceReason, Container, Reading} from '../scrape.ts';
import {absenceOf, type Surroundings} from './absence.ts';
import type {PodSample, Sieve} from './metrics.ts';
import {containerOfSample, type Interner, type Pod, type PodContainer} from './pod.ts';
import type {PodLists} from './pod-lists.ts';
import type {Round} from './poller.ts';

/** What the reader has been told of a container. */
interface Row {
	of: Container;
	/** The last scrape for which the pod list held it. */
	turn: number;
	/** Since when its pod is unknown to a feed that sees metrics alone. */
	missingSinceMs: number;
}

/** The metrics as they stand: the last good answer, and whether the newest one was none. */
export interface Heard {
	readonly round: Round | undefined;
	readonly failing: boolean;
}

/**
 * One row a container, from its first word to its last: joins what the metrics show with what the pod lists hold, and says of each row
 * without a sample why that is. `gone` and `completed` are said once.
 */
export class Rows {
	/** Without a word of the pod list, a container whose samples stopped is taken for gone after so long. */
	static readonly goneAfterMs = 10 * 60_000;
	/** The metrics show a pod a moment longer than there is one. */
	static readonly lingerMs = 2 * 60_000;
	/** One that only metrics have shown may be newer than the list. */
	static readonly newerMs = 60_000;
	static readonly mostQuestions = 5;

	readonly #context: string;
	readonly #pods: PodLists;
	readonly #sieve: Sieve;
	readonly #interner: Interner;
	/** Asks the metrics API for one pod, since there is no list of pods: is it gone? */
	readonly #isGone: (of: Container) => Promise<boolean>;
	readonly #byKey = new Map<string, Row>();
	#turn = 0;
	/** Pods that were deleted, and when. */
	readonly #gone = new Map<string, number>();
	/** Had their last word. */
	readonly #over = new Set<string>();
	/** Containers that are known from metrics alone. */
	readonly #unlisted = new Map<string, Container>();
	readonly #missing = new Map<string, 'gone' | 'asked'>();
	#absent = new Map<string, Absence>();
	readonly #memoryBytes = new Map<string, number>();

	constructor(options: {
		readonly context: string;
		readonly pods: PodLists;
		readonly sieve: Sieve;
		readonly interner: Interner;
		readonly isGone: (of: Container) => Promise<boolean>;
	}) {
		this.#context = options.context;
		this.#pods = options.pods;
		this.#sieve = options.sieve;
		this.#interner = options.interner;
		this.#isGone = options.isGone;
	}

	/** What is known of it; undefined where there is no such row. */
	of(key: string): Container | undefined {
		return this.#byKey.get(key)?.of;
	}

	/** Of its last sample; NaN where there is none. */
	memoryBytes(key: string): number {
		return this.#memoryBytes.get(key) ?? Number.NaN;
	}

	/** Entries of each table that holds pods or containers: replacing pods must grow none of them. */
	get sizes(): Readonly<Record<'rows' | 'gone' | 'over' | 'unlisted' | 'missing' | 'absent' | 'memory', number>> {
		return {
			rows: this.#byKey.size,
			gone: this.#gone.size,
			over: this.#over.size,
			unlisted: this.#unlisted.size,
			missing: this.#missing.size,
			absent: this.#absent.size,
			memory: this.#memoryBytes.size,
		};
	}

	/** That have no sample and have not had their last word. */
	get absent(): readonly Absence[] {
		return [...this.#absent.values()];
	}

	readings(round: Round): Reading[] {
		const readings: Reading[] = [];
		for (const sample of round.fresh) {
			const pod = this.#pods.get(sample.id);
			if (pod === undefined && this.#gone.has(sample.id)) continue;
			for (const {name, cpuMillicores, memoryBytes} of sample.containers) {
				const of = pod?.containers.find(container => container.of.name === name)?.of ?? this.#containerOf(sample, name);
				if (isOutdated(sample, of)) {
					this.#sieve.dropped.outdated++;
					continue;
				}
				this.#row(of);
				this.#memoryBytes.set(of.key, memoryBytes);
				readings.push({of, sampledAtMs: sample.sampledAtMs - round.offsetMs, windowMs: sample.windowMs, cpuMillicores, memoryBytes});
			}
		}
		return readings;
	}

	/** All that are absent now, with those that have their last word now; and whether that differs from what was said before. */
	absences(atMs: number, heard: Heard, around: Surroundings): {readonly absent: readonly Absence[]; readonly changed: boolean} {
		const absent = new Map<string, Absence>();
		const say = (of: Container, why: AbsenceReason) => {
			const before = this.#absent.get(of.key);
			absent.set(of.key, before?.of === of && before.why === why ? before : {of, why});
		};
		this.#turn++;
		for (const [id, goneMs] of this.#gone) {
			if (atMs - goneMs < Rows.lingerMs) break; // in the order of their going
			this.#gone.delete(id);
		}
		this.#listed(atMs, heard, around, say);
		this.#missed(atMs, heard, say);
		const changed = absent.size !== this.#absent.size || [...absent].some(([key, absence]) => this.#absent.get(key) !== absence);
		this.#absent = new Map([...absent].filter(([, {why}]) => why !== 'gone' && why !== 'completed'));
		return {absent: [...absent.values()], changed};
	}

	#containerOf(sample: PodSample, name: string): Container {
		const id = `${sample.id}/${name}`;
		let of = this.#unlisted.get(id);
		if (of === undefined) {
			of = containerOfSample(sample, name, this.#context, this.#interner);
			this.#unlisted.set(id, of);
		}
		return of;
	}

	#row(of: Container): Row {
		let row = this.#byKey.get(of.key);
		if (row === undefined) {
			row = {of, turn: 0, missingSinceMs: Number.NaN};
			this.#byKey.set(of.key, row);
			this.#over.delete(of.key);
		} else {
			// The list has it now: what was made of the metrics alone is not needed again.
			if (row.of !== of && row.of.incarnation === '-') this.#forgetUnlisted(row.of);
			row.of = of;
			row.missingSinceMs = Number.NaN;
		}
		return row;
	}

	#forgetUnlisted({namespace, pod, name}: Container): void {
		this.#unlisted.delete(`${namespace}/${pod}/${name}`);
	}

	#end(key: string): void {
		const row = this.#byKey.get(key);
		if (row !== undefined) this.#forgetUnlisted(row.of);
		this.#byKey.delete(key);
		this.#memoryBytes.delete(key);
	}

	/** Containers of pods that the lists hold. */
	#listed(atMs: number, {round, failing}: Heard, around: Surroundings, say: (of: Container, why: AbsenceReason) => void): void {
		const kept = new Set<string>();
		const ended = new NewestEnded();
		for (const pod of this.#pods.all()) {
			if (pod.phase === 'Succeeded' || pod.phase === 'Failed') ended.add(pod);
			for (const container of pod.containers) {
				const {of} = container;
				if (hasSample(round, pod, container)) {
					this.#row(of).turn = this.#turn;
					continue;
				}
				const why = absenceOf(pod, container, around);
				if (why === 'completed' || pod.phase === 'Failed') {
					kept.add(of.key);
					if (this.#over.has(of.key)) continue;
					const row = this.#byKey.get(of.key);
					// What ended before anybody looked is told for the last run of its workload alone.
					if (row === undefined) ended.hold(pod, container, why);
					else this.#ended(row, of, why, say);
					continue;
				}
				// That the metrics cannot be read, or those of this namespace, is told once, not for each container.
				const silenced = failing || round?.failed.has(pod.namespace) === true;
				this.#row(of).turn = this.#turn;
				if (why !== 'no-sample' || !silenced || round === undefined) say(of, why);
			}
		}
		for (const {container, why} of ended.newest(atMs)) this.#ended(this.#row(container.of), container.of, why, say);
		for (const key of this.#over) if (!kept.has(key)) this.#over.delete(key);
	}

	/** A container that will not run again: completed is a last word, failed stands there until its pod is deleted. */
	#ended(row: Row, of: Container, why: AbsenceReason, say: (of: Container, why: AbsenceReason) => void): void {
		row.of = of;
		row.turn = this.#turn;
		if (why === 'completed') {
			this.#end(of.key);
			this.#over.add(of.key);
		}
		say(of, why);
	}

	/** Rows that the pod lists do not hold: seen by the metrics alone, or gone. */
	#missed(atMs: number, {round, failing}: Heard, say: (of: Container, why: AbsenceReason) => void): void {
		const listed = this.#pods.isKnown;
		for (const [key, row] of this.#byKey) {
			if (row.turn === this.#turn) continue;
			const id = `${row.of.namespace}/${row.of.pod}`;
			const isSampled = round?.present.get(id)?.containers.some(({name}) => name === row.of.name) === true;
			if (isSampled && !(listed && row.of.incarnation !== '-')) {
				row.missingSinceMs = Number.NaN;
				continue;
			}
			if (round?.failed.has(row.of.namespace) === true || (failing && !listed)) continue;
			if (Number.isNaN(row.missingSinceMs)) row.missingSinceMs = atMs;
			if (listed && this.#pods.covers(row.of.namespace)) {
				if (row.of.incarnation === '-' && atMs - row.missingSinceMs < Rows.newerMs) continue;
			} else if (this.#missing.get(id) !== 'gone' && atMs - row.missingSinceMs < Rows.goneAfterMs) {
				void this.#ask(id, row.of);
				say(row.of, 'no-sample');
				continue;
			}
			this.#end(key);
			this.#missing.delete(id);
			if (listed) this.#gone.set(id, atMs);
			this.#sieve.forget(id);
			say(row.of, 'gone');
		}
	}

	async #ask(id: string, of: Container): Promise<void> {
		if (this.#missing.has(id) || [...this.#missing.values()].filter(state => state === 'asked').length >= Rows.mostQuestions) return;
		this.#missing.set(id, 'asked');
		if (await this.#isGone(of)) this.#missing.set(id, 'gone');
		else this.#missing.delete(id);
	}
}

/** A sample of what ran under this name before. Both times are of the node's clock. */
const isOutdated = (sample: PodSample, of: Container): boolean => of.startedAtMs !== undefined && sample.sampledAtMs < of.startedAtMs;

/** Does the last answer hold a sample of it? */
export function hasSample(round: Round | undefined, pod: Pod, {of}: PodContainer): boolean {
	const sample = round?.present.get(pod.id);
	return sample?.containers.some(({name}) => name === of.name) === true && !isOutdated(sample, of);
}

/** Pods that ended before anybody looked: of each workload the newest, and none that is older than a day. */
class NewestEnded {
	static readonly notOlderThanMs = 86_400_000;
	readonly #newest = new Map<string, Pod>();
	readonly #held: {readonly pod: Pod; readonly container: PodContainer; readonly why: AbsenceReason}[] = [];

	add(pod: Pod): void {
		const of = `${pod.namespace}/${pod.workload ?? pod.name}`;
		const other = this.#newest.get(of);
		if (other === undefined || pod.createdAtMs > other.createdAtMs) this.#newest.set(of, pod);
	}

	hold(pod: Pod, container: PodContainer, why: AbsenceReason): void {
		this.#held.push({pod, container, why});
	}

	newest(nowMs: number): {readonly container: PodContainer; readonly why: AbsenceReason}[] {
		return this.#held.filter(
			({pod}) =>
				this.#newest.get(`${pod.namespace}/${pod.workload ?? pod.name}`) === pod && nowMs - pod.createdAtMs < NewestEnded.notOlderThanMs,
		);
	}
}
