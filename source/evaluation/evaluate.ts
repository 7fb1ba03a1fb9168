/** Runs an engine over labelled data and counts. No I/O: lines or scrapes in, figures out. */
import {createEngine} from '../engine/engine.ts';
import type {Settings} from '../engine/settings.ts';
import type {Assessment, Engine} from '../engine/verdict.ts';
import type {Label, Scrape} from '../scrape.ts';
import {type Alarm, AlarmLog} from './alarms.ts';
import {alarmedSamples, countStream, DEFAULT_WARM_UP, emptyCount, type Figures, figures, type WarmUp} from './counting.ts';
import {type CsvSet, csvScrapes} from './csv.ts';
import {countLabels, type RecordingFigures} from './labels.ts';

export interface Options {
	readonly settings?: Partial<Settings>;
	readonly warmUp?: WarmUp;
	/** Something else than the engine: a baseline. */
	readonly engine?: Engine;
}

export interface Outcome {
	readonly figures: Figures;
	readonly alarms: readonly Alarm[];
}

/** To the end, without giving way. */
export function drain(slices: Generator<undefined, Assessment>): Assessment {
	for (;;) {
		const slice = slices.next();
		if (slice.done) return slice.value;
	}
}

export function runAll(engine: Engine, scrapes: Iterable<Scrape>): AlarmLog {
	const log = new AlarmLog();
	for (const scrape of scrapes) log.add(drain(engine.assess(scrape)).events);
	return log;
}

/** Labelled CSV, counted in windows. */
export function evaluateCsv(file: string, set: CsvSet, {settings = {}, warmUp = DEFAULT_WARM_UP, engine}: Options = {}): Outcome {
	const names = new Map(set.streams.map(({key, name}) => [key, name]));
	const alarms = runAll(engine ?? createEngine(settings), csvScrapes(set)).alarms(key => names.get(key) ?? key);
	const byStream = Map.groupBy(alarms, ({stream}) => stream);
	const count = emptyCount();
	for (const stream of set.streams) countStream(stream, alarmedSamples(stream, byStream.get(stream.name) ?? []), warmUp, count);
	return {figures: figures(file, count), alarms};
}

/** A labelled recording: every label is a window. */
export async function evaluateRecording(
	file: string,
	scrapes: AsyncIterable<Scrape> | Iterable<Scrape>,
	{settings = {}, engine = createEngine(settings)}: Options = {},
): Promise<{readonly figures: RecordingFigures; readonly alarms: readonly Alarm[]}> {
	const log = new AlarmLog();
	const labels: Label[] = [];
	let readings = 0;
	for await (const scrape of scrapes) {
		readings += scrape.readings.length;
		labels.push(...(scrape.labels ?? []));
		log.add(drain(engine.assess(scrape)).events);
	}
	return {figures: countLabels(file, readings, labels, log.anomalies), alarms: log.alarms()};
}
