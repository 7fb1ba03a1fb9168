/**
 * What was seen and what was said of it, in columns. The pipeline appends, everybody else reads: a chart, a list row or
 * an anomaly of any kept moment. Nothing here is drawn, and nothing asks the engine.
 */
import type {Anomaly, Assessment, Change, Event, Forecast, State} from './engine/verdict.ts';
import {STATES} from './engine/verdict.ts';
import type {AbsenceReason, Container, Label, Problem, Scrape} from './scrape.ts';
import {siblingKey} from './scrape.ts';

/** One container at one moment. */
export interface Row {
	readonly key: string;
	readonly of: Container;
	/** `absent`: it has no sample that is fresh enough; {@link absence} says why. */
	readonly state: State | 'absent';
	readonly absence?: AbsenceReason;
	/** Of its newest sample; NaN while it never had one. An absent row keeps its last numbers here: show them as old, or not at all. */
	readonly sampledAtMs: number;
	readonly cpuMillicores: number;
	readonly memoryBytes: number;
	readonly score: number;
	/** Samples learned; how many the training takes stands in {@link Timeline.training}. */
	readonly learned: number;
	/** Bits of MARK. */
	readonly marks: number;
	/** The worst anomaly that is open or standing then; or one that was closed by a kill less than an hour before. */
	readonly anomaly?: Anomaly;
}

/** A view of one moment: no copy of the columns. */
export interface Moment {
	readonly atMs: number;
	/** Everything that exists then, in the order in which it was first seen. */
	readonly rows: readonly Row[];
	row(key: string): Row | undefined;
	/** Keys of containers of the same namespace, workload and container name, without itself. */
	siblings(key: string): readonly string[];
	/** Every episode that had begun by then, each as it was known then, newest beginning first. */
	readonly anomalies: readonly Anomaly[];
	/** Everything told by then, oldest first. */
	readonly events: readonly Event[];
	readonly problems: readonly Problem[];
	readonly labels: readonly Label[];
	/** Newest sample of all; NaN before the first. */
	readonly newestSampleMs: number;
	readonly counts: {
		/** Rows that are judged (trained), learning, and without a fresh sample. */
		readonly judged: number;
		readonly learning: number;
		readonly absent: number;
		readonly critical: number;
		readonly warning: number;
		readonly notice: number;
		readonly pods: number;
	};
}

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
	readonly training?: number;
}

const CHUNK = 256;
const WORDS = 4; // time, cpu, memory, packed
/** A container that is gone stays on the list for this long. */
const GONE_SHOWN_MS = 5 * 60_000;
/** A kill stays on top for an hour. */
const KILL_SHOWN_MS = 60 * 60_000;
const NO_SCORE = 255;

/** 256 readings: one buffer, read as whole numbers and as floats. */
class Chunk {
	length = 0;
	readonly words: Uint32Array;
	readonly floats: Float32Array;

	constructor() {
		const buffer = new ArrayBuffer(CHUNK * WORDS * 4);
		this.words = new Uint32Array(buffer);
		this.floats = new Float32Array(buffer);
	}
}

/** What is kept of one container. */
class Track {
	readonly chunks: Chunk[] = [];
	/** Each from when on; the newest last. */
	readonly versions: {readonly atMs: number; readonly of: Container}[] = [];
	readonly absences: {readonly atMs: number; readonly why: AbsenceReason | undefined}[] = [];
	/** Rows of five: from when on, cpu low, cpu high, memory low, memory high. */
	readonly bands: number[] = [];
	/** Its episodes by beginning, each with its versions. */
	readonly episodes: Episode[] = [];

	constructor(atMs: number, of: Container) {
		this.versions.push({atMs, of});
	}
}

interface Episode {
	readonly id: string;
	readonly versions: {readonly atMs: number; readonly anomaly: Anomaly}[];
}

export class Timeline {
	/** Counts appends: the same number means nothing changed. */
	revision = 0;
	/** Nothing more will come: the file has been read to its end. */
	complete = false;
	readonly training: number;
	readonly #budgetBytes: number;
	readonly #tracks = new Map<string, Track>();
	readonly #siblings = new Map<string, string[]>();
	readonly #episodes = new Map<string, Episode>();
	readonly #order: Episode[] = [];
	readonly #events: Event[] = [];
	readonly #labels = new Map<string, {readonly atMs: number; readonly label: Label}[]>();
	readonly #problems: {readonly atMs: number; readonly problems: readonly Problem[]}[] = [];
	readonly #scrapes: number[] = [];
	readonly #subscribers = new Set<() => void>();
	/** Times of readings are kept as whole milliseconds after this: 49 days fit. */
	#baseMs = Number.NaN;
	#bytes = 0;
	#newest: Moment | undefined;
	#newestRevision = -1;

	constructor({budgetBytes = 64 * 2 ** 20, training = 100}: TimelineOptions = {}) {
		this.#budgetBytes = budgetBytes;
		this.training = training;
	}

	/** Time of the first and the newest scrape; NaN before the first. */
	get startMs(): number {
		return this.#scrapes[0] ?? Number.NaN;
	}

	get endMs(): number {
		return this.#scrapes.at(-1) ?? Number.NaN;
	}

	/** Mean time between the newest scrapes; NaN before the second. */
	get stepMs(): number {
		const n = Math.min(20, this.#scrapes.length - 1);
		return n < 1 ? Number.NaN : (this.endMs - this.#scrapes[this.#scrapes.length - 1 - n]!) / n;
	}

	subscribe(changed: () => void): () => void {
		this.#subscribers.add(changed);
		return () => this.#subscribers.delete(changed);
	}

	append(scrape: Scrape, {verdicts, events}: Assessment): void {
		const {atMs} = scrape;
		if (Number.isNaN(this.#baseMs)) this.#baseMs = atMs - 600_000;
		if (this.#scrapes.length === 0 || atMs > this.endMs) this.#scrapes.push(atMs);
		scrape.readings.forEach((reading, i) => {
			const track = this.#track(atMs, reading.of);
			if (track.absences.at(-1)?.why !== undefined) track.absences.push({atMs, why: undefined});
			let chunk = track.chunks.at(-1);
			if (chunk === undefined || chunk.length === CHUNK) {
				chunk = new Chunk();
				track.chunks.push(chunk);
				this.#bytes += CHUNK * WORDS * 4;
			}
			const at = chunk.length++ * WORDS;
			const score = verdicts.score[i] ?? Number.NaN;
			chunk.words[at] = Math.max(0, reading.sampledAtMs - this.#baseMs);
			chunk.floats[at + 1] = reading.cpuMillicores;
			chunk.floats[at + 2] = reading.memoryBytes;
			chunk.words[at + 3] =
				(verdicts.state[i] ?? 0) |
				((verdicts.marks[i] ?? 0) << 4) |
				((Number.isNaN(score) ? NO_SCORE : Math.min(254, Math.round(score * 254))) << 8) |
				(Math.min(0xffff, verdicts.learned[i] ?? 0) << 16);
			const bands = track.bands;
			const last = bands.length - 4;
			const low = verdicts.cpuLowMillicores[i] ?? Number.NaN;
			const high = verdicts.cpuHighMillicores[i] ?? Number.NaN;
			const memoryLow = verdicts.memoryLowBytes[i] ?? Number.NaN;
			const memoryHigh = verdicts.memoryHighBytes[i] ?? Number.NaN;
			const same =
				last >= 0 &&
				Object.is(bands[last], low) &&
				Object.is(bands[last + 1], high) &&
				Object.is(bands[last + 2], memoryLow) &&
				Object.is(bands[last + 3], memoryHigh);
			if (!same && !(last < 0 && Number.isNaN(low) && Number.isNaN(memoryLow)))
				bands.push(reading.sampledAtMs, low, high, memoryLow, memoryHigh);
		});
		for (const {of, why} of scrape.absent) {
			const track = this.#track(atMs, of);
			if (track.absences.at(-1)?.why !== why) track.absences.push({atMs, why});
		}
		for (const event of events) this.#tell(event);
		for (const label of scrape.labels ?? []) {
			const versions = this.#labels.get(label.id);
			if (versions) versions.push({atMs, label});
			else this.#labels.set(label.id, [{atMs, label}]);
		}
		if (!sameProblems(this.#problems.at(-1)?.problems ?? [], scrape.problems)) this.#problems.push({atMs, problems: scrape.problems});
		if (this.#bytes > this.#budgetBytes) this.#forget();
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
		let n = countUpTo(this.#scrapes, ms);
		if (this.#scrapes[n - 1] === ms) n--;
		return this.#scrapes[n - 1] ?? Number.NaN;
	}

	/** Every anomaly as it is known at the end, oldest beginning first: the marks that `[` and `]` jump to. */
	get anomalies(): readonly Anomaly[] {
		return this.#order.map(({versions}) => versions.at(-1)!.anomaly);
	}

	at(ms: number): Moment {
		const newest = ms >= this.endMs;
		if (newest && this.#newestRevision === this.revision && this.#newest) return this.#newest;
		const moment = this.#moment(newest ? this.endMs : ms);
		if (newest) {
			this.#newest = moment;
			this.#newestRevision = this.revision;
		}
		return moment;
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
		const track = this.#tracks.get(key);
		if (!track || !(toMs > fromMs) || columns < 1) return course;
		const {min, max, low, high, state} = course;
		const offset = metric === 'cpu' ? 1 : 2;
		const columnMs = (toMs - fromMs) / columns;
		// A step between two samples is filled with the earlier one, unless they lie so far apart that it is a gap.
		const gapMs = 3.5 * (Number.isNaN(this.stepMs) ? 60_000 : Math.max(this.stepMs, 10_000));
		let band = -1;
		let previousColumn = -1;
		let previousMs = Number.NaN;
		let previousValue = Number.NaN;
		const bandAt = (ms: number, column: number): void => {
			while (band * 5 + 5 < track.bands.length && track.bands[band * 5 + 5]! <= ms) band++;
			if (band < 0) return;
			const at = band * 5 + (metric === 'cpu' ? 1 : 3);
			low[column] = track.bands[at]!;
			high[column] = track.bands[at + 1]!;
		};
		for (const chunk of track.chunks) {
			if (chunk.length === 0 || this.#baseMs + chunk.words[(chunk.length - 1) * WORDS]! < fromMs - gapMs) continue;
			for (let i = 0; i < chunk.length; i++) {
				const at = i * WORDS;
				const sampledAtMs = this.#baseMs + chunk.words[at]!;
				if (sampledAtMs > toMs) return course;
				const value = chunk.floats[at + offset]!;
				const column = Math.min(columns - 1, Math.floor((sampledAtMs - fromMs) / columnMs));
				if (column >= 0) {
					if (sampledAtMs - previousMs <= gapMs) {
						for (let between = Math.max(0, previousColumn + 1); between < column; between++) {
							min[between] = max[between] = previousValue;
							state[between] = state[Math.max(0, previousColumn)]!;
							bandAt(fromMs + between * columnMs, between);
						}
					}
					if (!(value >= min[column]!)) min[column] = value;
					if (!(value <= max[column]!)) max[column] = value;
					state[column] = Math.max(state[column]!, chunk.words[at + 3]! & 15);
					bandAt(sampledAtMs, column);
				}
				previousColumn = column;
				previousMs = sampledAtMs;
				previousValue = value;
			}
		}
		return course;
	}

	/** Changes (restart, rollout, …) of a container or its workload between two times, for marks on a chart. */
	changes(key: string, fromMs: number, toMs: number): readonly Change[] {
		const track = this.#tracks.get(key);
		const of = track?.versions.at(-1)?.of;
		if (!of) return [];
		const workload = `${of.namespace}/${of.workload}`;
		const found: Change[] = [];
		for (const event of this.#events) {
			if (event.type !== 'change' || event.change.atMs < fromMs || event.change.atMs > toMs) continue;
			if (event.change.of === key || event.change.of === workload) found.push(event.change);
		}
		return found;
	}

	#tellAll(): void {
		this.revision++;
		for (const changed of this.#subscribers) changed();
	}

	#track(atMs: number, of: Container): Track {
		let track = this.#tracks.get(of.key);
		if (!track) {
			track = new Track(atMs, of);
			this.#tracks.set(of.key, track);
			const siblings = siblingKey(of);
			if (siblings !== undefined) {
				const keys = this.#siblings.get(siblings);
				if (keys) keys.push(of.key);
				else this.#siblings.set(siblings, [of.key]);
			}
		} else if (track.versions.at(-1)!.of !== of) track.versions.push({atMs, of});
		return track;
	}

	#tell(event: Event): void {
		this.#events.push(event);
		if (!('anomaly' in event)) return;
		const {anomaly, atMs} = event;
		let episode = this.#episodes.get(anomaly.id);
		if (!episode) {
			episode = {id: anomaly.id, versions: []};
			this.#episodes.set(anomaly.id, episode);
			this.#order.push(episode);
			this.#track(atMs, anomaly.of).episodes.push(episode);
		}
		episode.versions.push({atMs, anomaly});
	}

	/** Lets the oldest chunk of every container go, until a tenth of the budget is free again. */
	#forget(): void {
		while (this.#bytes > this.#budgetBytes * 0.9) {
			let freed = false;
			for (const track of this.#tracks.values()) {
				if (track.chunks.length < 2) continue;
				track.chunks.shift();
				this.#bytes -= CHUNK * WORDS * 4;
				freed = true;
			}
			if (!freed) return;
		}
	}

	#moment(atMs: number): Moment {
		const rows: Row[] = [];
		const byKey = new Map<string, Row>();
		const pods = new Set<string>();
		const counts = {judged: 0, learning: 0, absent: 0, critical: 0, warning: 0, notice: 0, pods: 0};
		const staleMs = 4 * (Number.isNaN(this.stepMs) ? 30_000 : Math.max(this.stepMs, 15_000));
		let newestSampleMs = Number.NaN;
		for (const [key, track] of this.#tracks) {
			const of = lastUpTo(track.versions, atMs)?.of;
			if (!of) continue;
			const absence = lastUpTo(track.absences, atMs);
			if ((absence?.why === 'gone' || absence?.why === 'completed') && atMs - absence.atMs > GONE_SHOWN_MS) continue;
			const row = this.#row(key, of, track, atMs, absence?.why, staleMs);
			rows.push(row);
			byKey.set(key, row);
			pods.add(`${of.namespace}/${of.pod}`);
			if (!(row.sampledAtMs <= newestSampleMs)) newestSampleMs = Number.isNaN(row.sampledAtMs) ? newestSampleMs : row.sampledAtMs;
			if (row.state === 'absent') counts.absent++;
			else if (row.state === 'learning') counts.learning++;
			else counts.judged++;
			if (row.anomaly && !row.anomaly.recurring) counts[row.anomaly.severity]++;
		}
		counts.pods = pods.size;
		const anomalies: Anomaly[] = [];
		for (const {versions} of this.#order) {
			const version = lastUpTo(versions, atMs);
			if (version) anomalies.push(version.anomaly);
		}
		anomalies.sort((a, b) => b.firedAtMs - a.firedAtMs);
		const labels: Label[] = [];
		for (const versions of this.#labels.values()) {
			const version = lastUpTo(versions, atMs);
			if (version) labels.push(version.label);
		}
		return {
			atMs,
			rows,
			row: key => byKey.get(key),
			siblings: key => {
				const of = byKey.get(key)?.of;
				const siblings = of && siblingKey(of);
				return siblings === undefined ? [] : (this.#siblings.get(siblings) ?? []).filter(other => other !== key && byKey.has(other));
			},
			anomalies,
			events: this.#events.slice(0, countEventsUpTo(this.#events, atMs)),
			problems: lastUpTo(this.#problems, atMs)?.problems ?? [],
			labels,
			newestSampleMs,
			counts,
		};
	}

	#row(key: string, of: Container, track: Track, atMs: number, absence: AbsenceReason | undefined, staleMs: number): Row {
		const found = this.#newestUpTo(track, atMs);
		const anomaly = worstAnomaly(track.episodes, atMs);
		const common = {key, of, ...(anomaly && {anomaly})};
		if (!found) {
			return {
				...common,
				state: 'absent',
				absence: absence ?? 'no-sample',
				sampledAtMs: Number.NaN,
				cpuMillicores: Number.NaN,
				memoryBytes: Number.NaN,
				score: Number.NaN,
				learned: 0,
				marks: 0,
			};
		}
		const {chunk, at} = found;
		const sampledAtMs = this.#baseMs + chunk.words[at]!;
		const packed = chunk.words[at + 3]!;
		const score = (packed >> 8) & 255;
		const missing = absence ?? (atMs - sampledAtMs > staleMs ? 'no-sample' : undefined);
		return {
			...common,
			state: missing === undefined ? (STATES[packed & 15] ?? 'learning') : 'absent',
			...(missing !== undefined && {absence: missing}),
			sampledAtMs,
			cpuMillicores: chunk.floats[at + 1]!,
			memoryBytes: chunk.floats[at + 2]!,
			score: score === NO_SCORE ? Number.NaN : score / 254,
			learned: packed >>> 16,
			marks: (packed >> 4) & 15,
		};
	}

	/** Where the newest reading up to this moment lies. Live, the answer is the last one of the last chunk. */
	#newestUpTo(track: Track, atMs: number): {readonly chunk: Chunk; readonly at: number} | undefined {
		const sinceBase = atMs - this.#baseMs;
		for (let c = track.chunks.length - 1; c >= 0; c--) {
			const chunk = track.chunks[c]!;
			if (chunk.length === 0 || chunk.words[0]! > sinceBase) continue;
			let low = 0;
			let high = chunk.length - 1;
			while (low < high) {
				const middle = (low + high + 1) >> 1;
				if (chunk.words[middle * WORDS]! <= sinceBase) low = middle;
				else high = middle - 1;
			}
			return {chunk, at: low * WORDS};
		}
		return undefined;
	}
}

/** Small enough that no age outweighs a severity: 0.02 for a time of these years. */
const RECENCY = 1e-14;
const SEVERITY = {notice: 1, warning: 2, critical: 3} as const;

/** Higher is worse: severity, then the nearer limit, then what was told last. Habits come last. */
export function gravity(anomaly: Anomaly): number {
	const forecast: Forecast | undefined = anomaly.explanation.forecast;
	const hours = forecast ? Math.max(0, forecast.atMs - anomaly.explanation.atMs) / 3_600_000 : Number.POSITIVE_INFINITY;
	return (anomaly.recurring ? 0 : SEVERITY[anomaly.severity]) + 0.9 / (1 + hours) + RECENCY * anomaly.firedAtMs;
}

function worstAnomaly(episodes: readonly Episode[], atMs: number): Anomaly | undefined {
	let worst: Anomaly | undefined;
	for (const {versions} of episodes) {
		const anomaly = lastUpTo(versions, atMs)?.anomaly;
		if (!anomaly) continue;
		const {ended} = anomaly;
		const killed =
			ended !== undefined &&
			(anomaly.kind === 'oom-killed' || anomaly.kind === 'crash-loop') &&
			ended.by !== 'gone' &&
			atMs - ended.atMs < KILL_SHOWN_MS;
		if (ended && ended.atMs <= atMs && !killed) continue;
		// Of equals the newest: the last kill, not the first.
		if (!worst || gravity(anomaly) >= gravity(worst)) worst = anomaly;
	}
	return worst;
}

/** How many of these rising times lie at or before `ms`. */
function countUpTo(times: readonly number[], ms: number): number {
	let low = 0;
	let high = times.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (times[middle]! <= ms) low = middle + 1;
		else high = middle;
	}
	return low;
}

function countEventsUpTo(events: readonly Event[], ms: number): number {
	let n = events.length;
	while (n > 0 && events[n - 1]!.atMs > ms) n--;
	return n;
}

/** The newest of these versions that held at `ms`. They are few, and mostly the last one is asked for. */
function lastUpTo<T extends {readonly atMs: number}>(versions: readonly T[], ms: number): T | undefined {
	for (let i = versions.length - 1; i >= 0; i--) if (versions[i]!.atMs <= ms) return versions[i];
	return undefined;
}

const sameProblems = (a: readonly Problem[], b: readonly Problem[]): boolean =>
	a === b ||
	(a.length === b.length &&
		a.every((problem, i) => problem.id === b[i]!.id && problem.what === b[i]!.what && problem.sinceMs === b[i]!.sinceMs));
