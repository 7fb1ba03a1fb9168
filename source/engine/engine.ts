/**
 * Each scrape → verdicts and events. First every new sample goes through its container's series, then what is odd is
 * named, because a name needs the siblings' newest samples too.
 */
import type {Container, Reading, Scrape} from '../scrape.ts';
import {siblingKey} from '../scrape.ts';
import {Columns, stateCode} from './columns.ts';
import {type Episode, open, type Telling} from './episode.ts';
import {describe, type Findings} from './explanation.ts';
import {ForestStore} from './forest-store.ts';
import {CHANNELS, CPU_UP, metricOf} from './gates.ts';
import {compareSiblings, NO_SIBLINGS, nameRun, SEVERITY, type Siblings} from './kinds.ts';
import type {Run} from './run.ts';
import {MIB, Series} from './series.ts';
import {checkSettings, DEFAULTS, type Settings} from './settings.ts';
import type {Assessment, Engine, Event, Explanation, State} from './verdict.ts';

/** From so many containers on the first fits are spread over ticks. */
const FLEET = 200;

class Watched {
	readonly series: Series;
	/** Of the run that goes on. */
	firing: Episode | undefined;
	standing: Episode[] = [];

	constructor(series: Series) {
		this.series = series;
	}
}

export function createEngine(settings: Partial<Settings> = {}, _checkpoint?: Uint8Array): Engine {
	return new OddEngine(checkSettings({...DEFAULTS, ...settings}));
}

class OddEngine implements Engine {
	readonly #settings: Settings;
	readonly #forests: ForestStore;
	readonly #watched = new Map<string, Watched>();
	readonly #siblings = new Map<string, Set<Series>>();
	readonly #columns = new Columns();

	constructor(settings: Settings) {
		this.#settings = settings;
		this.#forests = new ForestStore(settings);
	}

	*assess(scrape: Scrape): Generator<undefined, Assessment> {
		const events: Event[] = [];
		const named: Watched[] = [];
		const columns = this.#columns;
		const {readings} = scrape;
		columns.resize(readings.length);
		let sinceYield = 0;
		for (const reading of readings) {
			const watched = this.#watch(reading.of);
			this.#observe(watched, reading);
			if (watched.series.run || watched.series.finished) named.push(watched);
			if (++sinceYield >= this.#settings.slice) {
				sinceYield = 0;
				yield undefined;
			}
		}
		for (const watched of named) this.#name(watched, events);
		for (let i = 0; i < readings.length; i++) this.#write(i, readings[i] as Reading);
		return {verdicts: columns, events};
	}

	explain(key: string): Explanation | undefined {
		const watched = this.#watched.get(key);
		if (!watched || watched.series.count === 0) return undefined;
		const told = watched.firing ?? watched.standing.at(-1);
		if (told) return told.anomaly.explanation;
		return describe(watched.series, this.#settings, {state: this.#state(watched)});
	}

	checkpoint(): Uint8Array {
		return new Uint8Array(0);
	}

	#watch(of: Container): Watched {
		let watched = this.#watched.get(of.key);
		if (!watched) {
			watched = new Watched(new Series(of, this.#settings));
			this.#watched.set(of.key, watched);
			const group = siblingKey(of);
			if (group !== undefined) {
				const siblings = this.#siblings.get(group);
				if (siblings) siblings.add(watched.series);
				else this.#siblings.set(group, new Set([watched.series]));
			}
		}
		watched.series.of = of;
		return watched;
	}

	#observe({series}: Watched, reading: Reading): void {
		series.observe(
			reading.sampledAtMs,
			reading.cpuMillicores,
			reading.memoryBytes / MIB,
			this.#settings,
			this.#forests,
			this.#watched.size > FLEET,
		);
	}

	#state({series, firing, standing}: Watched): State {
		if (firing) return 'firing';
		if (standing.length > 0) return 'standing';
		if (series.count < this.#settings.train) return 'learning';
		return series.flags !== 0 ? 'pending' : 'normal';
	}

	#siblingsOf({of}: Series): Iterable<Series> {
		const group = siblingKey(of);
		return (group !== undefined && this.#siblings.get(group)) || [];
	}

	#name(watched: Watched, events: Event[]): void {
		const {series} = watched;
		const run = series.run ?? series.finished;
		if (!run) return;
		const stood = series.finished === run && run.last - run.first >= 0 && this.#settings.standing <= series.count - run.first;
		const cpu = (run.channels & (1 << CPU_UP)) !== 0;
		const siblings = cpu ? compareSiblings(series, this.#siblingsOf(series), 0, run.firstAtMs) : NO_SIBLINGS;
		const name = nameRun(run, series.sampleMs, stood, siblings);
		const telling: Telling = {
			kind: name.kind,
			metric: name.metric,
			severity: run.young ? SEVERITY[name.kind] : 'notice',
			state: stood ? 'standing' : 'firing',
			recurring: run.habits === run.channels,
		};
		const explanation = this.#explainRun(series, run, {...telling, also: name.also, siblings});
		if (!watched.firing) {
			const id = `${series.of.key}@${run.firstAtMs}`;
			const [episode, event] = open(id, telling, run.firstAtMs, run.provisional, explanation);
			watched.firing = episode;
			events.push(event);
		} else if (!watched.firing.isTold(telling)) events.push(watched.firing.tell(telling, explanation));
		if (series.finished !== run) return;
		if (stood) watched.standing.push(watched.firing);
		else events.push(watched.firing.close('recovered', explanation));
		watched.firing = undefined;
	}

	#explainRun(series: Series, run: Run, findings: Findings & {siblings: Siblings}): Explanation {
		const channel = CHANNELS.findIndex((_, i) => run.channels & (1 << i));
		return describe(series, this.#settings, {
			...findings,
			run,
			sinceMs: run.firstAtMs,
			heldMs: run.lastAtMs - run.firstAtMs,
			peak: (run.peak[channel] as number) * (metricOf(channel) === 0 ? 1 : MIB),
		});
	}

	#write(i: number, reading: Reading): void {
		const watched = this.#watched.get(reading.of.key);
		if (!watched) return;
		const {series} = watched;
		const c = this.#columns;
		c.state[i] = stateCode(this.#state(watched));
		c.score[i] = series.score;
		c.threshold[i] = series.thresholdThen;
		c.learned[i] = Math.min(series.count, this.#settings.train);
		c.cpuLowMillicores[i] = series.usual(0).low;
		c.cpuHighMillicores[i] = series.usual(0).high;
		c.memoryLowBytes[i] = series.usual(1).low * MIB;
		c.memoryHighBytes[i] = series.usual(1).high * MIB;
		c.marks[i] = 0;
	}
}
