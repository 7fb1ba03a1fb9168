/**
 * What was seen and what was said of it, in columns. The pipeline appends, everybody else reads: a chart, a list row or
 * an anomaly of any kept moment. Nothing here is drawn, and nothing asks the engine.
 */
import type {Anomaly, Assessment, Change, Event, Storm, Verdicts} from './engine/verdict.ts';
import {STATES} from './engine/verdict.ts';
import {Episodes} from './episodes.ts';
import type {Moment} from './moment.ts';
import {ABSENT, bitsOf, NO_BITS, podsOf, RowsAt, stateOf} from './moment.ts';
import {Samples} from './samples.ts';
import type {AbsenceReason, Container, Label, Problem, Scrape} from './scrape.ts';
import {siblingKey} from './scrape.ts';
import {countBefore, countUpTo, dropBefore, lastUpTo, type Since} from './versions.ts';

/** One container's course over a stretch of time, in `columns` equal steps; NaN where nothing was sampled. */
export interface Course {
	readonly fromMs: number;
	readonly toMs: number;
	readonly columns: number;
	/** Smallest and largest value in each step, so that neither spike nor drop disappears. */
	readonly min: Float64Array;
	readonly max: Float64Array;
	/** The usual range as it was held then. */
	readonly low: Float64Array;
	readonly high: Float64Array;
	/** Largest state code (index into STATES) in each step. */
	readonly state: Uint8Array;
}

export interface TimelineOptions {
	/** Oldest readings are let go beyond this. */
	readonly budgetBytes?: number;
	/** Of those that are gone, so many are kept, and for no longer than the readings of the others. */
	readonly mostGone?: number;
	readonly training?: number;
}

/** A container that is gone stays on the list for this long. */
const GONE_SHOWN_MS = 5 * 60_000;

/** The newest of each container lies side by side in one array, so that a new scrape and the present moment touch little else. */
/** The first four as {@link Samples} take them. */
const SAMPLED_AT = 0;
const CPU = 1;
const MEMORY = 2;
const BITS = 3;
/** CPU low and high, memory low and high. */
const BAND = 4;
const FIELDS = 8;

/** What is kept of one container besides its samples. The newest of each list is last. */
interface Track {
	readonly versions: Since<{readonly of: Container}>[];
	readonly absences: Since<{readonly why: AbsenceReason | undefined}>[];
	readonly bands: Since<{readonly band: Float64Array}>[];
}

export class Timeline {
	/** Counts appends: the same number means nothing changed. */
	revision = 0;
	/** Nothing more will come: the file has been read to its end. */
	complete = false;
	readonly training: number;
	readonly #budgetBytes: number;
	readonly #mostGone: number;
	/** Each container has a number, by which everything of it is found. */
	readonly #numbers = new Map<string, number>();
	readonly #unused: number[] = [];
	readonly #of: (Container | undefined)[] = [];
	readonly #tracks: Track[] = [];
	readonly #absence: (AbsenceReason | undefined)[] = [];
	#newest = new Float64Array(64 * FIELDS);
	readonly #samples = new Samples();
	/** Those that are gone or completed, and when that was last said: the oldest first. */
	readonly #gone = new Map<string, number>();
	readonly #siblings = new Map<string, Set<string>>();
	readonly #episodes = new Episodes();
	#changes: Since<{readonly change: Change}>[] = [];
	/** Mean time since the sample before, of the newest scrapes. */
	readonly #stepsMs: number[] = [];
	/** By index of the newest scrape's readings: the number of the container. */
	readonly #readIn: number[] = [];
	#storms: Storm[] = [];
	readonly #labels = new Map<string, Since<{readonly label: Label}>[]>();
	readonly #problems: Since<{readonly problems: readonly Problem[]}>[] = [];
	readonly #scrapes: number[] = [];
	readonly #subscribers = new Set<() => void>();
	#moment: Moment | undefined;
	#momentRevision = -1;
	#shownOf: readonly Container[] = [];

	constructor({budgetBytes = 64 * 2 ** 20, mostGone = 20_000, training = 100}: TimelineOptions = {}) {
		this.#budgetBytes = budgetBytes;
		this.#mostGone = mostGone;
		this.training = training;
	}

	/** Time of the first and the newest scrape; NaN before the first. */
	get startMs(): number {
		return this.#scrapes[0] ?? Number.NaN;
	}

	get endMs(): number {
		return this.#scrapes.at(-1) ?? Number.NaN;
	}

	/** Time between two samples of a container, as it is lately: not of scrapes, which may hold some containers each. NaN before the second. */
	stepMs = Number.NaN;

	/** Containers of which something is kept. */
	get size(): number {
		return this.#numbers.size;
	}

	subscribe(changed: () => void): () => void {
		this.#subscribers.add(changed);
		return () => this.#subscribers.delete(changed);
	}

	append(scrape: Scrape, {verdicts, events}: Assessment): void {
		const {atMs} = scrape;
		if (this.#scrapes.length === 0 || atMs > this.endMs) this.#scrapes.push(atMs);
		let intervalsMs = 0;
		let intervals = 0;
		// Numbers that are handed on one by one, or that a closure adds to, are objects to V8: ten thousand of each a scrape.
		for (let i = 0; i < scrape.readings.length; i++) {
			const reading = scrape.readings[i]!;
			const number = this.#numberIn(i, atMs, reading.of);
			const newest = this.#newest;
			const at = number * FIELDS;
			const intervalMs = reading.sampledAtMs - newest[at + SAMPLED_AT]!;
			if (intervalMs > 0) {
				intervalsMs += intervalMs;
				intervals++;
			}
			newest[at + SAMPLED_AT] = reading.sampledAtMs;
			newest[at + CPU] = reading.cpuMillicores;
			newest[at + MEMORY] = reading.memoryBytes;
			newest[at + BITS] = bitsOf(verdicts, i);
			this.#samples.append(number, newest, at);
			const same =
				Object.is(newest[at + BAND], verdicts.cpuLowMillicores[i]) &&
				Object.is(newest[at + BAND + 1], verdicts.cpuHighMillicores[i]) &&
				Object.is(newest[at + BAND + 2], verdicts.memoryLowBytes[i]) &&
				Object.is(newest[at + BAND + 3], verdicts.memoryHighBytes[i]);
			if (!same) this.#setBand(number, i, verdicts);
		}
		if (intervals > 0) this.#step(intervalsMs / intervals);
		for (const {of, why} of scrape.absent) {
			const number = this.#numberOf(atMs, of);
			if (this.#absence[number] !== why) this.#setAbsence(number, atMs, why);
			this.#gone.delete(of.key);
			if (isOver(why)) this.#gone.set(of.key, atMs);
		}
		for (const event of events) this.#tell(event);
		for (const label of scrape.labels ?? []) {
			const versions = this.#labels.get(label.id);
			if (versions) versions.push({atMs, label});
			else this.#labels.set(label.id, [{atMs, label}]);
		}
		if (!sameProblems(this.#problems.at(-1)?.problems ?? [], scrape.problems)) this.#problems.push({atMs, problems: scrape.problems});
		if (this.#gone.size > this.#mostGone) this.#forgetGone(atMs);
		if (this.#samples.bytes > this.#budgetBytes) this.#forget();
		this.#tellAll();
	}

	/** Says that nothing more will come. */
	finish(): void {
		this.complete = true;
		this.#tellAll();
	}

	/** The scrape at or before this time, so that a cursor can step by scrapes; NaN where there is none. */
	scrapeAt(ms: number): number {
		return this.#scrapes[countUpTo(this.#scrapes, ms) - 1] ?? Number.NaN;
	}

	scrapeAfter(ms: number): number {
		return this.#scrapes[countUpTo(this.#scrapes, ms)] ?? Number.NaN;
	}

	scrapeBefore(ms: number): number {
		return this.#scrapes[countBefore(this.#scrapes, ms) - 1] ?? Number.NaN;
	}

	/** Every anomaly as it is known at the end, oldest beginning first: the marks that `[` and `]` jump to. */
	get anomalies(): readonly Anomaly[] {
		return this.#episodes.newest;
	}

	at(ms: number): Moment {
		if (ms < this.endMs) return this.#momentAt(ms);
		if (this.#momentRevision !== this.revision || !this.#moment) {
			this.#moment = this.#momentAt(this.endMs);
			this.#momentRevision = this.revision;
		}
		return this.#moment;
	}

	/** The course of one metric of a container, for a chart. */
	course(key: string, metric: 'cpu' | 'memory', fromMs: number, toMs: number, columns: number): Course {
		const course: Course = {
			fromMs,
			toMs,
			columns,
			min: new Float64Array(columns).fill(Number.NaN),
			max: new Float64Array(columns).fill(Number.NaN),
			low: new Float64Array(columns).fill(Number.NaN),
			high: new Float64Array(columns).fill(Number.NaN),
			state: new Uint8Array(columns),
		};
		const number = this.#numbers.get(key);
		if (number === undefined || !(toMs > fromMs) || columns < 1) return course;
		const {bands} = this.#tracks[number]!;
		const {min, max, low, high, state} = course;
		const columnMs = (toMs - fromMs) / columns;
		// A step between two samples is filled with the earlier one, unless they lie so far apart that it is a gap.
		const gapMs = 3.5 * (Number.isNaN(this.stepMs) ? 60_000 : Math.max(this.stepMs, 10_000));
		let band = -1;
		let previousColumn = -1;
		let previousMs = Number.NaN;
		let previousValue = Number.NaN;
		let previousState = 0;
		const bandAt = (ms: number, column: number): void => {
			while (bands[band + 1] !== undefined && bands[band + 1]!.atMs <= ms) band++;
			const held = bands[band]?.band;
			if (!held) return;
			low[column] = held[metric === 'cpu' ? 0 : 2]!;
			high[column] = held[metric === 'cpu' ? 1 : 3]!;
		};
		this.#samples.from(number, fromMs - gapMs, ({atMs, cpuMillicores, memoryBytes, bits}) => {
			if (atMs > toMs) return false;
			const value = metric === 'cpu' ? cpuMillicores : memoryBytes;
			const column = Math.min(columns - 1, Math.floor((atMs - fromMs) / columnMs));
			if (column >= 0) {
				if (atMs - previousMs <= gapMs) {
					for (let between = Math.max(0, previousColumn + 1); between < column; between++) {
						min[between] = max[between] = previousValue;
						state[between] = previousState;
						bandAt(fromMs + between * columnMs, between);
					}
				}
				if (!(value >= min[column]!)) min[column] = value;
				if (!(value <= max[column]!)) max[column] = value;
				state[column] = Math.max(state[column]!, stateOf(bits));
				bandAt(atMs, column);
			}
			previousColumn = column;
			previousMs = atMs;
			previousValue = value;
			previousState = stateOf(bits);
			return true;
		});
		return course;
	}

	/** Changes (restart, rollout, …) of a container or its workload between two times, as far as they had been told by `knownMs`, for marks on a chart. */
	changes(key: string, fromMs: number, toMs: number, knownMs: number): readonly Change[] {
		const of = this.#of[this.#numbers.get(key) ?? -1];
		if (!of) return [];
		const workload = `${of.namespace}/${of.workload}`;
		return this.#changes
			.filter(({atMs, change}) => atMs <= knownMs && change.atMs >= fromMs && change.atMs <= toMs)
			.map(({change}) => change)
			.filter(({of}) => of === key || of === workload);
	}

	#tellAll(): void {
		this.revision++;
		for (const changed of this.#subscribers) changed();
	}

	#numberOf(atMs: number, of: Container): number {
		let number = this.#numbers.get(of.key);
		if (number === undefined) {
			number = this.#unused.pop() ?? this.#of.length;
			this.#numbers.set(of.key, number);
			this.#of[number] = of;
			this.#tracks[number] = {versions: [{atMs, of}], absences: [], bands: []};
			this.#absence[number] = undefined;
			if (this.#newest.length <= number * FIELDS) {
				const larger = new Float64Array(this.#newest.length * 2);
				larger.set(this.#newest);
				this.#newest = larger;
			}
			this.#newest.fill(Number.NaN, number * FIELDS, (number + 1) * FIELDS);
			const siblings = siblingKey(of);
			if (siblings !== undefined) {
				const keys = this.#siblings.get(siblings);
				if (keys) keys.add(of.key);
				else this.#siblings.set(siblings, new Set([of.key]));
			}
		} else if (this.#of[number] !== of) {
			this.#of[number] = of;
			this.#tracks[number]!.versions.push({atMs, of});
		}
		return number;
	}

	/** Of the i-th reading of a scrape. Scrapes mostly hold the same containers in the same order: then no key is looked up. */
	#numberIn(i: number, atMs: number, of: Container): number {
		const last = this.#readIn[i] ?? -1;
		const number = this.#of[last] === of ? last : this.#numberOf(atMs, of);
		this.#readIn[i] = number;
		if (this.#absence[number] !== undefined) {
			this.#setAbsence(number, atMs, undefined);
			this.#gone.delete(of.key);
		}
		return number;
	}

	/** From its newest sample on. */
	#setBand(number: number, i: number, {cpuLowMillicores, cpuHighMillicores, memoryLowBytes, memoryHighBytes}: Verdicts): void {
		const unknown = Number.NaN;
		const band = Float64Array.of(
			cpuLowMillicores[i] ?? unknown,
			cpuHighMillicores[i] ?? unknown,
			memoryLowBytes[i] ?? unknown,
			memoryHighBytes[i] ?? unknown,
		);
		this.#newest.set(band, number * FIELDS + BAND);
		this.#tracks[number]!.bands.push({atMs: this.#newest[number * FIELDS + SAMPLED_AT]!, band});
	}

	#setAbsence(number: number, atMs: number, why: AbsenceReason | undefined): void {
		this.#absence[number] = why;
		this.#tracks[number]!.absences.push({atMs, why});
	}

	/** The middle of the last twenty: a gap in which nobody looked is none of the rhythm. */
	#step(intervalMs: number): void {
		this.#stepsMs.push(intervalMs);
		if (this.#stepsMs.length > 20) this.#stepsMs.shift();
		this.stepMs = this.#stepsMs.toSorted((a, b) => a - b)[this.#stepsMs.length >> 1]!;
	}

	#tell(event: Event): void {
		if (event.type === 'change') this.#changes.push(event);
		if (event.type === 'storm') this.#storms.push(event);
		if (!('anomaly' in event)) return;
		const {anomaly, atMs} = event;
		this.#episodes.tell(this.#numbers.get(anomaly.of.key) ?? this.#numberOf(atMs, anomaly.of), atMs, anomaly);
	}

	/** Lets a tenth of those go that have been gone longest, and what was said of them; not what is still said to be gone. */
	#forgetGone(nowMs: number): void {
		const dropped = new Set<string>();
		for (const [key, toldAtMs] of this.#gone) {
			if (this.#gone.size - dropped.size <= this.#mostGone * 0.9 || toldAtMs >= nowMs) break;
			dropped.add(key);
		}
		this.#drop(dropped);
		if (dropped.size > 0) this.#changes = this.#changes.filter(({change}) => !dropped.has(change.of));
	}

	/** Lets the oldest samples of every container go, until a tenth of the budget is free again; and what is older than all that is kept. */
	#forget(): void {
		let keptMs = Number.NaN;
		while (this.#samples.bytes > this.#budgetBytes * 0.9) {
			const startMs = this.#dropOldest();
			if (Number.isNaN(startMs)) break;
			keptMs = startMs;
			const dropped: string[] = [];
			for (const [key, toldAtMs] of this.#gone) {
				if (toldAtMs >= keptMs) break;
				dropped.push(key);
			}
			this.#drop(dropped);
		}
		if (Number.isNaN(keptMs)) return;
		for (const number of this.#numbers.values()) {
			const {versions, absences, bands} = this.#tracks[number]!;
			for (const list of [versions, absences, bands]) dropBefore(list, keptMs);
		}
		this.#scrapes.splice(0, Math.min(countBefore(this.#scrapes, keptMs), this.#scrapes.length - 1));
		for (const versions of this.#labels.values()) dropBefore(versions, keptMs);
		dropBefore(this.#problems, keptMs);
		this.#changes = this.#changes.filter(({atMs}) => atMs >= keptMs);
		this.#storms = this.#storms.filter(({atMs}) => atMs >= keptMs);
		this.#episodes.forget(keptMs, keptMs - GONE_SHOWN_MS);
	}

	/** Of every container that has more than one block. Returns when what is left of them begins; NaN where nothing went. */
	#dropOldest(): number {
		let keptMs = Number.NaN;
		for (const number of this.#numbers.values()) {
			const startMs = this.#samples.dropOldest(number);
			if (startMs < keptMs || Number.isNaN(keptMs)) keptMs = startMs;
		}
		return keptMs;
	}

	#drop(keys: Iterable<string>): void {
		const numbers = new Set<number>();
		for (const key of keys) {
			this.#gone.delete(key);
			const number = this.#numbers.get(key);
			const of = number === undefined ? undefined : this.#of[number];
			if (number === undefined || of === undefined) continue;
			const name = siblingKey(of) ?? '';
			const siblings = this.#siblings.get(name);
			siblings?.delete(key);
			if (siblings?.size === 0) this.#siblings.delete(name);
			this.#samples.drop(number);
			this.#numbers.delete(key);
			this.#of[number] = undefined;
			this.#unused.push(number);
			numbers.add(number);
		}
		this.#episodes.drop(numbers);
	}

	#momentAt(atMs: number): Moment {
		const rows = this.#rowsAt(atMs);
		const {length, of, state, anomalies: standing} = rows;
		const counts = {judged: 0, learning: 0, absent: 0, critical: 0, warning: 0, notice: 0, pods: podsOf(of)};
		let newestSampleMs = Number.NaN;
		for (let i = 0; i < length; i++) {
			if (state[i] === ABSENT) counts.absent++;
			else if (state[i] === LEARNING) counts.learning++;
			else counts.judged++;
			if (rows.sampledAtMs[i]! > newestSampleMs || Number.isNaN(newestSampleMs)) newestSampleMs = rows.sampledAtMs[i]!;
		}
		for (const {recurring, severity} of standing.values()) if (!recurring) counts[severity]++;
		return {
			atMs,
			rows,
			row: key => rows.at(rows.indexOf(key)),
			siblings: key => {
				const siblings = of[rows.indexOf(key)];
				const name = siblings && siblingKey(siblings);
				const keys = name === undefined ? undefined : this.#siblings.get(name);
				return keys ? [...keys].filter(other => other !== key && rows.indexOf(other) >= 0) : [];
			},
			anomalies: this.#episodes.knownAt(atMs).toSorted((a, b) => b.firedAtMs - a.firedAtMs),
			storms: this.#storms.filter(storm => storm.atMs <= atMs),
			problems: lastUpTo(this.#problems, atMs)?.problems ?? [],
			labels: Array.from(this.#labels.values(), versions => lastUpTo(versions, atMs)?.label).filter(label => label !== undefined),
			newestSampleMs,
			counts,
		};
	}

	#rowsAt(atMs: number): RowsAt {
		const live = atMs >= this.endMs;
		const staleMs = 4 * (Number.isNaN(this.stepMs) ? 30_000 : Math.max(this.stepMs, 15_000));
		const rows = new RowsAt(this.#of.length, this.#numbers);
		const all: Container[] = [];
		const newest = this.#newest;
		let same = live;
		for (let number = 0; number < this.#of.length; number++) {
			const track = live ? undefined : this.#tracks[number];
			const of = this.#of[number] && (track ? lastUpTo(track.versions, atMs)?.of : this.#of[number]);
			if (!of) continue;
			const why = track ? lastUpTo(track.absences, atMs)?.why : this.#absence[number];
			if (isOver(why) && atMs - lastUpTo(this.#tracks[number]!.absences, atMs)!.atMs > GONE_SHOWN_MS) continue;
			const i = all.push(of) - 1;
			same &&= this.#shownOf[i] === of;
			if (track) {
				const sample = this.#samples.at(number, atMs);
				rows.set(
					i,
					number,
					sample?.atMs ?? Number.NaN,
					sample?.cpuMillicores ?? Number.NaN,
					sample?.memoryBytes ?? Number.NaN,
					sample?.bits ?? NO_BITS,
				);
			} else {
				const at = number * FIELDS;
				const bits = newest[at + BITS]!;
				rows.set(i, number, newest[at + SAMPLED_AT]!, newest[at + CPU]!, newest[at + MEMORY]!, Number.isNaN(bits) ? NO_BITS : bits);
			}
			if (why !== undefined || !(atMs - rows.sampledAtMs[i]! <= staleMs)) {
				rows.state[i] = ABSENT;
				if (why !== undefined) rows.absence.set(i, why);
			}
			if (!this.#episodes.has(number)) continue;
			const anomaly = this.#episodes.worst(number, atMs);
			if (anomaly) rows.anomalies.set(i, anomaly);
			const forecast = anomaly && this.#episodes.nearestForecast(number, atMs);
			if (forecast) rows.forecasts.set(i, forecast);
		}
		rows.of = same && this.#shownOf.length === all.length ? this.#shownOf : all;
		if (live) this.#shownOf = rows.of;
		return rows;
	}
}
const LEARNING = STATES.indexOf('learning');

const isOver = (why: AbsenceReason | undefined): boolean => why === 'gone' || why === 'completed';

const sameProblems = (a: readonly Problem[], b: readonly Problem[]): boolean =>
	a === b ||
	(a.length === b.length &&
		a.every((problem, i) => problem.id === b[i]!.id && problem.what === b[i]!.what && problem.sinceMs === b[i]!.sinceMs));
