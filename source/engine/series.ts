/**
 * One container's state, and what one sample does to it: score first, learn after. Sections 1 to 6 of the specification;
 * naming what is found needs the siblings and comes after all samples of a scrape (kinds.ts).
 */
import type {Container} from '../scrape.ts';
import {Baseline, type Usual} from './baseline.ts';
import {Debounce} from './debounce.ts';
import {fillObservations, fillRow, plausible} from './features.ts';
import type {ForestStore} from './forest-store.ts';
import {CHANNELS, CPU_DOWN, gateFactor, metricOf, type Observation, type Passed, passGates} from './gates.ts';
import {Habits} from './habits.ts';
import {History} from './history.ts';
import {FEATURES} from './isolation-forest.ts';
import {isInside, keepLevel, type OldLevel} from './old-level.ts';
import {hash} from './random.ts';
import {beginRun, extendRun, type Run} from './run.ts';
import {SENSITIVITY, type Settings} from './settings.ts';
import {clamp} from './statistics.ts';
import {Threshold} from './threshold.ts';

/** A sample over this long is a mean of many moments. */
const LONG_MEAN_MS = 45_000;
/** Scores that the threshold knows before calm rows are taken from one fit in so many. */
const KNOWN_SCORES = 100;
const CALM_FITS = 4;
/** Samples kept. */
export const HISTORY = 480;
/** A gap of more than this many sample times clears the rolling window. */
const GAP = 10;
/** Sample times are the mean of this many. */
const TIMES = 20;
/** Fewer rows than this are no baseline. */
const INHERIT_ENOUGH = 30;
/** An old level is kept for this many samples; a return is believed at the third sample in it. */
const OLD_SAMPLES = 2000;
const RETURNED = 3;
/** What a sample did, beside the state that it left. */
export type Outcome = 'repeated' | 'learned' | 'odd' | 'opened' | 'firing' | 'closed' | 'stood' | 'returned';

const passed: Passed[] = CHANNELS.map(() => ({now: false, young: false, mature: false, bypass: false, evident: false, effect: 0}));
const observations: [Observation, Observation] = [
	{value: 0, residual: 0, rolling: 0, lately: 0, limit: 0},
	{value: 0, residual: 0, rolling: 0, lately: 0, limit: 0},
];
const row = new Float64Array(FEATURES);
const quantised = new Int16Array(FEATURES);

export class Series {
	of: Container;
	readonly seed: number;
	readonly history = new History(HISTORY);
	readonly baseline: Baseline;
	readonly threshold = new Threshold();
	readonly debounces = CHANNELS.map(() => new Debounce());
	readonly shadows = CHANNELS.map(() => new Debounce());
	readonly habits = CHANNELS.map(() => new Habits());
	run: Run | undefined;
	/** The run that ended or stood with the newest sample. */
	finished: Run | undefined;
	/** It stood: what was odd for so long is the new baseline. */
	stood = false;
	old: OldLevel | undefined;
	/** Samples since the last gap: how far the rolling window reaches. */
	sinceGap = 0;
	/** What the window holds is of a process that was starting: it begins anew. */
	stale = false;
	sampleMs = Number.NaN;
	/** Time over which it has been judged in full: what makes it mature. */
	judgedMs = 0;
	/** Channels flagged by the newest sample. */
	flags = 0;
	/** Its baseline is its workload's: it has not trained itself yet. */
	inherited = false;
	/** It started from its workload's baseline, or from its own of before. */
	heir = false;
	/** Rows that it has learned of its own. */
	ownRows = 0;
	/** For the first minutes of a process neither flags nor trend count: until when, and how many samples that were. */
	warmUntilMs = Number.NEGATIVE_INFINITY;
	warmSamples = 0;
	/** Newest score that was asked for, and the threshold then. */
	score = Number.NaN;
	thresholdThen = Number.NaN;
	/** The newest sample's score is in the threshold already. */
	#asked = false;

	constructor(of: Container, settings: Settings) {
		this.of = of;
		this.seed = (settings.seed ^ hash(of.key)) | 0;
		this.baseline = new Baseline(settings, this.seed);
	}

	/** n: samples so far. */
	get count(): number {
		return this.history.count;
	}

	/** Takes one sample; `memory` in MiB. */
	observe(atMs: number, cpu: number, memory: number, settings: Settings, forests: ForestStore, fleet: boolean): Outcome {
		// A repeated sample changes nothing: not even what the sample before it has brought to an end.
		if (!this.#accept(atMs, settings)) return 'repeated';
		this.finished = undefined;
		this.stood = false;
		this.history.push(atMs, plausible(cpu, 0), plausible(memory, 1));
		if (atMs < this.warmUntilMs) this.warmSamples = this.count;
		const window = Math.min(settings.window, this.sinceGap - 1);
		fillRow(this.history, 0, window, row);
		fillObservations(this.history, window, this.of, row, observations);
		const {baseline} = this;
		const mat = this.mat(settings);
		if (baseline.fit === 0) {
			this.flags = 0;
			baseline.learn(row);
			this.#refitIfDue(settings, forests, mat, fleet);
			return 'learned';
		}
		const outcome = this.#judge(atMs, mat, settings, forests);
		// What a process does while it starts is no alarm, and not what is usual for it either.
		if (this.flags === 0 && !this.run && !this.stale) {
			baseline.learn(row);
			this.ownRows++;
			if (this.#asked) baseline.scored = baseline.learned;
		}
		this.#refitIfDue(settings, forests, mat, fleet);
		return outcome;
	}

	/** Starts with rows of its workload, or of its own process before, and their maturity. */
	inherit(rows: Float32Array, judgedMs: number, settings: Settings): void {
		if (rows.length < INHERIT_ENOUGH * FEATURES) return;
		this.inherited = true;
		this.heir = true;
		this.judgedMs = judgedMs;
		this.baseline.replace(rows, gateFactor(this.mat(settings)));
	}

	mat(settings: Settings): number {
		return clamp(this.judgedMs / settings.matureMs, 0, 1);
	}

	/** Is it a new sample? Keeps the sample time and the rolling window's reach. */
	#accept(atMs: number, settings: Settings): boolean {
		if (!Number.isFinite(atMs)) return false;
		if (this.count === 0) {
			this.sinceGap = 1;
			return true;
		}
		const interval = atMs - this.history.atMs(0);
		if (!(interval >= 100)) return false;
		if (this.stale || (this.sinceGap > 1 && interval > GAP * this.sampleMs)) {
			this.stale = false;
			this.sinceGap = 1;
			for (const debounce of [...this.debounces, ...this.shadows]) debounce.flags = 0;
			return true;
		}
		const back = Math.min(this.sinceGap - 1, TIMES - 1);
		this.sampleMs = (atMs - this.history.atMs(back)) / (back + 1);
		this.sinceGap++;
		if (this.count >= settings.train) this.judgedMs += interval;
		return true;
	}

	#judge(atMs: number, mat: number, settings: Settings, forests: ForestStore): Outcome {
		const {baseline} = this;
		const factor = SENSITIVITY[settings.sensitivity];
		let asks = this.run !== undefined;
		this.#asked = false;
		for (let channel = 0; channel < CHANNELS.length; channel++) {
			const metric = metricOf(channel);
			passGates(channel, baseline.usual[metric], observations[metric], mat, factor, passed[channel] as Passed);
			asks ||= (passed[channel] as Passed).now;
		}
		let vote = false;
		if (asks) {
			this.catchUp(settings, forests);
			this.thresholdThen = this.threshold.value(settings);
			this.score = this.#score(forests);
			vote = this.score > this.thresholdThen;
			this.#asked = true;
			this.threshold.update(this.score, settings);
		}
		const warming = atMs < this.warmUntilMs;
		let flags = 0;
		let returned = false;
		for (let channel = 0; channel < CHANNELS.length; channel++) {
			const p = passed[channel] as Passed;
			let flag = p.now && (vote || p.bypass);
			// Less than usual may be its level from now on: a replica that takes its share of a load.
			if (flag && warming && channel !== CPU_DOWN) this.stale = true;
			flag &&= !warming;
			(this.shadows[channel] as Debounce).push((flag || p.mature) && !warming);
			if (flag && !this.run && this.old && isInside(this.old, metricOf(channel), observations[metricOf(channel)])) {
				flag = false;
				returned = true;
			}
			(this.debounces[channel] as Debounce).push(flag);
			if (flag) flags |= 1 << channel;
		}
		this.flags = flags;
		let outcome: Outcome = flags === 0 ? 'learned' : 'odd';
		if (returned && this.old && ++this.old.returned >= RETURNED) {
			baseline.replace(this.old.rows, gateFactor(mat));
			this.old = undefined;
			this.sinceGap = RETURNED; // or the rolling window would call the old level odd
			outcome = 'returned';
		}
		if (this.old && this.count - this.old.atCount > OLD_SAMPLES) this.old = undefined;
		const next = this.run ? this.#goOn(settings) : this.#begin(mat, settings);
		this.#noteHabits(settings);
		return next ?? outcome;
	}

	#score(forests: ForestStore, reasons?: Float64Array): number {
		this.baseline.standardise(row, 0, quantised, 0);
		return forests.of(this.baseline, this.seed, true).score(quantised, reasons);
	}

	/**
	 * Scores the rows learned since the last fit, in their order, for the threshold. Once that knows enough, the calm rows
	 * of one fit stand for those of several: a forest grown for them alone is most of what a sample costs.
	 */
	catchUp(settings: Settings, forests: ForestStore): void {
		const {baseline, threshold} = this;
		const times = threshold.weight < KNOWN_SCORES ? 1 : CALM_FITS;
		// Without a fit there is no forest that they could be asked.
		if (baseline.fit === 0 || (times > 1 && (baseline.fit + (this.seed >>> 16)) % CALM_FITS !== 0)) baseline.scored = baseline.learned;
		for (; baseline.scored < baseline.learned; baseline.scored++) {
			baseline.standardise(baseline.rows, baseline.at(baseline.scored), quantised, 0);
			this.score = forests.of(baseline, this.seed, false).score(quantised);
			this.thresholdThen = threshold.value(settings);
			threshold.update(this.score, settings, times);
		}
	}

	#begin(mat: number, settings: Settings): Outcome | undefined {
		let channels = 0;
		let back = 0;
		for (let channel = 0; channel < CHANNELS.length; channel++) {
			const debounce = this.debounces[channel] as Debounce;
			const isEvident = (passed[channel] as Passed).evident && this.sampleMs >= LONG_MEAN_MS && (this.flags & (1 << channel)) !== 0;
			if (!isEvident && !debounce.confirmed(settings.consecutive, this.sampleMs)) continue;
			channels |= 1 << channel;
			back = Math.max(back, debounce.first(settings.consecutive));
		}
		if (channels === 0) return undefined;
		this.run = beginRun(this.history, channels, back, this.count < settings.train && !this.inherited);
		extendRun(this.run, this.history, this.flags, passed, this.habits, mat === 1);
		return 'opened';
	}

	#goOn(settings: Settings): Outcome {
		const run = this.run as Run;
		for (let channel = 0; channel < CHANNELS.length; channel++) {
			if ((this.debounces[channel] as Debounce).confirmed(settings.consecutive, this.sampleMs)) run.channels |= 1 << channel;
		}
		if (this.flags !== 0) extendRun(run, this.history, this.flags, passed, this.habits, this.mat(settings) === 1);
		if (this.count - run.last >= settings.quiet) {
			this.run = undefined;
			this.finished = run;
			return 'closed';
		}
		if (this.count - run.first < settings.standing) return 'firing';
		this.#shift(run, settings);
		this.stood = true;
		this.run = undefined;
		this.finished = run;
		return 'stood';
	}

	/** What was odd for so long is the new baseline; the old one is kept in case it comes back. */
	#shift(run: Run, settings: Settings): void {
		const {baseline, history} = this;
		const g = gateFactor(this.mat(settings));
		this.old = keepLevel(baseline, run.channels, history, settings.standing);
		const length = Math.min(settings.standing, this.sinceGap, history.length);
		for (let back = length - 1; back >= 0; back--) {
			fillRow(history, back, settings.window, row);
			baseline.learn(row);
		}
		baseline.refit(g);
		for (const debounce of this.debounces) debounce.flags = 0;
	}

	#noteHabits(settings: Settings): void {
		for (let channel = 0; channel < CHANNELS.length; channel++) {
			const shadow = this.shadows[channel] as Debounce;
			const began = shadow.confirmed(settings.consecutive, this.sampleMs);
			(this.habits[channel] as Habits).observe(
				this.count,
				began,
				(shadow.flags & 1) === 1,
				(passed[channel] as Passed).effect,
				settings.quiet,
				settings.standing,
			);
		}
	}

	#refitIfDue(settings: Settings, forests: ForestStore, mat: number, fleet: boolean): void {
		const {baseline, count} = this;
		// In a fleet the fits of one tick are spread by key; alone, only the first refit is moved.
		const offset = this.seed >>> 0;
		const late = fleet ? offset % settings.refit : 0;
		let due: boolean;
		if (this.inherited) {
			if (count < settings.train) due = baseline.learned - baseline.fitted >= settings.refit;
			else {
				// From now on it speaks for itself.
				this.inherited = false;
				this.catchUp(settings, forests);
				baseline.replace(baseline.copy(Math.max(settings.train / 2, this.ownRows)), gateFactor(mat));
				return;
			}
		} else if (count - late < settings.train) due = settings.provisional.includes(count - late);
		else if (count - late === settings.train) due = true;
		else {
			const first = count - late < settings.train + settings.refit && !fleet;
			due = baseline.learned - baseline.fitted >= (first ? settings.refit - (offset % settings.refit) : settings.refit);
		}
		if (!due) return;
		this.catchUp(settings, forests);
		baseline.refit(gateFactor(mat));
	}

	/** Newest samples on which a trend may be seen. */
	usable(): number {
		return Math.min(this.history.length, this.count - this.warmSamples);
	}

	/** What makes the newest sample odd, as weights of feature × above, below. */
	reasons(forests: ForestStore, settings: Settings): Float64Array {
		const reasons = new Float64Array(2 * FEATURES);
		if (this.baseline.fit === 0) return reasons;
		fillRow(this.history, 0, Math.min(settings.window, this.sinceGap - 1), row);
		this.#score(forests, reasons);
		return reasons;
	}

	/** The newest sample's score, asked for without a trace: that somebody looks changes nothing. */
	scoreNow(forests: ForestStore, settings: Settings): number {
		if (this.baseline.fit === 0) return Number.NaN;
		fillRow(this.history, 0, Math.min(settings.window, this.sinceGap - 1), row);
		return this.#score(forests);
	}

	usual(metric: 0 | 1): Usual {
		return this.baseline.usual[metric];
	}
}
