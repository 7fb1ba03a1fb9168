/**
 * Each scrape → verdicts and events. First every new sample goes through its container's series (score first, learn
 * after); then what is odd is named, because a name needs the siblings' newest samples too.
 */
import type {Absence, Container, Reading, Scrape} from '../scrape.ts';
import {siblingKey} from '../scrape.ts';
import {Changes} from './changes.ts';
import {load, type State, save} from './checkpoint.ts';
import {Columns, MARK, stateCode} from './columns.ts';
import type {Context} from './context.ts';
import {describe, strongest} from './explanation.ts';
import {MIB} from './features.ts';
import {ForestStore} from './forest-store.ts';
import {endOf, followExits, forgetExits, Kills} from './kills.ts';
import {explainLeak, followLeak} from './leaks.ts';
import {followRetention} from './retained.ts';
import {followRun} from './runs.ts';
import {Series} from './series.ts';
import {checkSettings, DEFAULTS, type Settings} from './settings.ts';
import {isNearLimit} from './severity.ts';
import {followStanding} from './standing.ts';
import {Storms, scopesOf} from './storms.ts';
import {compareReplicas} from './unlike.ts';
import type {Assessment, EndedBy, Engine, Event, Explanation} from './verdict.ts';
import {Watched} from './watched.ts';
import {Workloads} from './workloads.ts';

/** From so many containers on the first fits are spread over ticks. */
const FLEET = 200;
/** A process is young for so long: neither flags nor trend count. */
const WARM_MS = 300_000;
/** CPU this near to its limit, in so many readings, is probably throttled. */
const THROTTLED = 0.95;
/** What a forest that is grown, and a container whose odd samples are compared with its siblings, cost: as much as so many calm ones. */
const FOREST_WORK = 10;
const RUN_WORK = 10;
const THROTTLED_READINGS = 3;
const UNKNOWN = '-';

/** A `checkpoint` that is not of these settings is passed over. @throws {RangeError} for a setting out of range. */
export function createEngine(settings: Partial<Settings> = {}, checkpoint?: Uint8Array): Engine {
	const engine = new OddEngine(checkSettings({...DEFAULTS, ...settings}));
	if (checkpoint) engine.restore(checkpoint);
	return engine;
}

class OddEngine implements Engine {
	readonly #settings: Settings;
	readonly #forests: ForestStore;
	readonly #watched = new Map<string, Watched>();
	readonly #workloads = new Workloads();
	readonly #changes = new Changes();
	readonly #kills = new Kills();
	readonly #storms = new Storms();
	readonly #columns = new Columns();
	#newestMs = Number.NaN;

	constructor(settings: Settings) {
		this.#settings = settings;
		this.#forests = new ForestStore(settings);
	}

	*assess(scrape: Scrape): Generator<undefined, Assessment> {
		const events: Event[] = [];
		const context = this.#context(scrape.atMs, events);
		this.#newestMs = scrape.atMs;
		const columns = this.#columns;
		const {readings} = scrape;
		columns.resize(readings.length);
		const gone: Container[] = [];
		for (const absence of scrape.absent) if (this.#miss(absence, context)) gone.push(absence.of);
		const slice = new Slice(this.#settings.slice, this.#forests);
		for (const reading of readings) {
			const watched = this.#watch(reading.of, context);
			this.#observe(watched, reading);
			if (watched.series.run) context.runs++;
			if (slice.isFull(1)) yield undefined;
		}
		this.#changes.settle(scrape.atMs, events);
		// After all are met: who its siblings are is part of what is told.
		for (const exit of context.exits) followExits(exit, this.#kills, context);
		for (const {of} of readings) {
			const watched = this.#watched.get(of.key);
			if (!watched?.isNew) continue;
			this.#follow(watched, context);
			if (slice.isFull(watched.series.run ? RUN_WORK : 1)) yield undefined;
		}
		for (const group of this.#workloads.replicas()) {
			compareReplicas(group, context);
			if (slice.isFull(1)) yield undefined;
		}
		if (events.length > 0 || gone.length > 0) {
			const storms = this.#storms.follow(events, gone, scrape.atMs, {judged: this.#sizes(), isWatched: key => this.#watched.has(key)});
			events.push(...storms);
		}
		for (let i = 0; i < readings.length; i++) {
			this.#write(i, readings[i] as Reading);
			if (i % 1000 === 999) yield undefined;
		}
		return {verdicts: columns, events};
	}

	explain(key: string): Explanation | undefined {
		const watched = this.#watched.get(key);
		if (!watched) return undefined;
		const {series} = watched;
		const context = this.#context(this.#newestMs, []);
		const reasons = strongest(series.reasons(this.#forests, this.#settings));
		const state = watched.state(this.#settings.train);
		const siblings = {count: context.siblings(watched.of).length, alike: 0, ratio: Number.NaN};
		const now = describe(series, this.#settings, {
			state,
			reasons,
			siblings,
			changes: context.changes(watched.of, this.#newestMs),
			atMs: this.#newestMs,
			score: series.scoreNow(this.#forests, this.#settings),
			threshold: series.threshold.value(this.#settings),
		});
		const told = watched.episodes()[0]?.anomaly;
		if (told && watched.leak?.isGrowing && told.id === watched.leak.episode.anomaly.id)
			return {...explainLeak(watched, watched.leak, context), reasons};
		if (!told) return now;
		// What the trouble is, and what was usual before it, stands as it was told; the numbers are of now.
		const {value, score, threshold, atMs, learned, baseline, of} = now;
		// The other metric goes on as usual.
		const usual = {...now.usual, [told.metric]: told.explanation.usual[told.metric]};
		const heldMs = told.state === 'firing' && told.startedAtMs < atMs ? atMs - told.startedAtMs : told.explanation.heldMs;
		return {
			...told.explanation,
			of,
			atMs,
			state,
			value,
			usual,
			score,
			threshold,
			learned,
			baseline,
			...(heldMs !== undefined && {heldMs}),
		};
	}

	checkpoint(): Uint8Array {
		return save(this.#state(), this.#settings);
	}

	restore(bytes: Uint8Array): void {
		load(bytes, this.#state(), this.#settings);
	}

	#state(): State {
		return {watched: this.#watched, workloads: this.#workloads, changes: this.#changes, kills: this.#kills, storms: this.#storms};
	}

	#context(atMs: number, events: Event[]): Context {
		return {
			settings: this.#settings,
			forests: this.#forests,
			atMs,
			events,
			runs: 0,
			siblings: of => this.#workloads.siblings(of),
			changes: (of, beforeMs) => this.#changes.near(of, beforeMs),
			scaledOut: (of, sinceMs) => this.#changes.scaledOut(of, sinceMs),
			kills: of => this.#kills.ofWorkload(of),
			wasKilledLately: of => this.#kills.wasKilledLately(of, atMs),
			exits: [],
		};
	}

	/** The container's state; a new one where it is new, or a new process. */
	#watch(of: Container, context: Context): Watched {
		const watched = this.#watched.get(of.key);
		if (watched?.of === of) return watched;
		if (!watched) return this.#meet(of, context);
		const before = watched.of;
		watched.of = of;
		watched.series.of = of;
		const restarted =
			(before.incarnation !== of.incarnation && before.incarnation !== UNKNOWN && of.incarnation !== UNKNOWN) ||
			of.restarts > before.restarts;
		if (siblingKey(before) !== siblingKey(of)) {
			this.#workloads.remove(before, watched);
			this.#workloads.add(watched);
		}
		this.#changes.note(of, context.atMs, context.events);
		const {leak, series} = watched;
		if (restarted) this.#restart(watched, context);
		context.exits.push({watched, restarted, leak, history: series.history});
		return watched;
	}

	#meet(of: Container, context: Context): Watched {
		const watched = new Watched(of, new Series(of, this.#settings));
		this.#watched.set(of.key, watched);
		this.#changes.note(of, context.atMs, context.events);
		const startSeen = of.startedAtMs !== undefined && context.atMs - of.startedAtMs < WARM_MS;
		watched.wasAlike = !startSeen;
		if (of.startedAtMs !== undefined) watched.series.warmUntilMs = of.startedAtMs + WARM_MS;
		this.#workloads.inherit(watched.series, of, undefined, this.#settings);
		this.#workloads.add(watched);
		context.exits.push({watched, restarted: false, leak: undefined, history: watched.series.history});
		return watched;
	}

	/** The same container, a new process: what was told of the old one is over. */
	#restart(watched: Watched, context: Context): void {
		const {of, series: before} = watched;
		this.#closeAll(watched, endOf(of), context);
		const series = new Series(of, this.#settings);
		series.warmUntilMs = (of.startedAtMs ?? context.atMs) + WARM_MS;
		this.#forests.drop(before.baseline);
		watched.series = series;
		watched.forget();
		this.#workloads.inherit(series, of, before, this.#settings);
		this.#changes.restarted(of, of.lastExit ? of.lastExit.reason : 'exit unknown', context.atMs, context.events);
	}

	/** No new sample. True when a container that was judged is gone for good. */
	#miss({of, why}: Absence, context: Context): boolean {
		if (why !== 'gone' && why !== 'completed') {
			// A container that never had a reading is not watched for it, unless it has a kill to tell of.
			if (this.#watched.has(of.key) || of.lastExit || of.waiting !== undefined) forgetExits(this.#watch(of, context), context);
			return false;
		}
		const watched = this.#watched.get(of.key);
		if (!watched) return false;
		this.#closeAll(watched, why, context);
		this.#workloads.bequeath(watched, this.#settings);
		this.#workloads.remove(watched.of, watched);
		this.#changes.gone(of, context.atMs);
		this.#kills.gone(of, context.atMs);
		this.#forests.drop(watched.series.baseline);
		this.#watched.delete(of.key);
		return this.#isJudged(watched);
	}

	#closeAll(watched: Watched, by: EndedBy, context: Context): void {
		for (const episode of watched.episodes()) {
			if (by !== 'gone' && by !== 'completed' && (episode === watched.killed || episode === watched.crashing)) continue;
			const {anomaly} = episode;
			const {leak, series} = watched;
			const {history} = series;
			// An episode is told again only when its numbers have moved enough: its last ones are of now, as its end is.
			const last = {
				...(series.count > 0 && {value: {cpu: history.newest(0), memory: history.newest(1) * MIB}}),
				...(leak?.isGrowing && episode === leak.episode && {heldMs: history.atMs(0) - anomaly.startedAtMs, peak: leak.peak * MIB}),
			};
			context.events.push(episode.close(by, {...anomaly.explanation, ...last, atMs: context.atMs}));
		}
	}

	#observe(watched: Watched, {sampledAtMs, cpuMillicores, memoryBytes, of}: Reading): void {
		const {series} = watched;
		const outcome = series.observe(
			sampledAtMs,
			cpuMillicores,
			memoryBytes / MIB,
			this.#settings,
			this.#forests,
			this.#watched.size > FLEET,
		);
		if (outcome === 'repeated') return;
		watched.isNew = true;
		watched.atCpuLimit = cpuMillicores >= THROTTLED * of.cpuLimitMillicores ? watched.atCpuLimit + 1 : 0;
	}

	#follow(watched: Watched, context: Context): void {
		const {series, growth} = watched;
		watched.isNew = false;
		const memory = series.history.newest(1);
		const at = series.history.atMs(0);
		const longChanged = at >= series.warmUntilMs && growth.push((at - series.history.originMs) / 1000, memory);
		followLeak(watched, context, longChanged);
		if (series.run || series.finished) followRun(watched, context);
		followStanding(watched, context);
		followRetention(watched, context);
		forgetExits(watched, context);
	}

	/** It has trained itself, or speaks from its workload's baseline. */
	#isJudged({series}: Watched): boolean {
		return series.count >= this.#settings.train || series.inherited;
	}

	/** How many judged containers each namespace and node holds; counted once, and only where a storm is in question. */
	#sizes(): (scope: string) => number {
		let sizes: Map<string, number> | undefined;
		return scope => {
			if (!sizes) {
				sizes = new Map();
				for (const watched of this.#watched.values()) {
					if (!this.#isJudged(watched)) continue;
					for (const name of scopesOf(watched.of)) sizes.set(name, (sizes.get(name) ?? 0) + 1);
				}
			}
			return sizes.get(scope) ?? 0;
		};
	}

	#write(i: number, {of}: Reading): void {
		const watched = this.#watched.get(of.key);
		if (!watched) return;
		const {series} = watched;
		const c = this.#columns;
		const [cpu, memory] = series.baseline.usual;
		const cpuBefore = watched.usualBefore('cpu');
		const memoryBefore = watched.usualBefore('memory');
		c.state[i] = stateCode(watched.state(this.#settings.train));
		c.score[i] = series.score;
		c.threshold[i] = series.thresholdThen;
		c.learned[i] = Math.min(series.count, this.#settings.train);
		c.cpuLowMillicores[i] = cpuBefore?.low ?? cpu.low;
		c.cpuHighMillicores[i] = cpuBefore?.high ?? cpu.high;
		c.memoryLowBytes[i] = memoryBefore?.low ?? memory.low * MIB;
		c.memoryHighBytes[i] = memoryBefore?.high ?? memory.high * MIB;
		const newest = series.history.newest(1);
		let marks = 0;
		if (isNearLimit(of, newest)) marks |= MARK.nearLimit;
		if (watched.atCpuLimit >= THROTTLED_READINGS) marks |= MARK.atCpuLimit;
		if (series.inherited) marks |= MARK.inherited;
		else if (series.count < this.#settings.train && series.baseline.fit > 0) marks |= MARK.provisional;
		c.marks[i] = marks;
	}
}

/** How much is done between two yields: containers, and what some of them cost more. */
class Slice {
	readonly #most: number;
	readonly #forests: ForestStore;
	#done = 0;
	#grown: number;

	constructor(most: number, forests: ForestStore) {
		this.#most = most;
		this.#forests = forests;
		this.#grown = forests.grown;
	}

	/** Adds `work`, and what forests were grown for it. */
	isFull(work: number): boolean {
		this.#done += work + FOREST_WORK * (this.#forests.grown - this.#grown);
		this.#grown = this.#forests.grown;
		if (this.#done < this.#most) return false;
		this.#done = 0;
		return true;
	}
}
