import process from 'node:process';
import type {Config} from '../config.ts';
import {replayCursor, toldAt} from '../cursor.ts';
import {createEngine} from '../engine/engine.ts';
import {DEFAULTS} from '../engine/settings.ts';
import {UsageError} from '../failure.ts';
import {type Flags, parseDuration} from '../flags.ts';
import {formatDuration} from '../format.ts';
import {run as runPipeline} from '../pipeline.ts';
import type {Problem} from '../scrape.ts';
import {Silences} from '../silences.ts';
import {lines} from '../sinks/lines.ts';
import {loadInk} from '../terminal/load-ink.ts';
import {Timeline} from '../timeline.ts';
import {openFile} from './files.ts';
import {numbered} from './numbered.ts';
import type {Outcome} from './outcome.ts';
import {openReaders} from './readers.ts';
import {settingsFrom, timeFrom} from './settings.ts';
import {demandKeyboard, isPlain, printer} from './terminal.ts';

export async function run([path, ...more]: readonly string[], flags: Flags, config: Config): Promise<Outcome> {
	if (path === undefined || more.length > 0) throw new UsageError('Expected one FILE');
	return replay(path, flags, config);
}

/** Shows a recording on the screen; where stdout is no terminal, reads it flat out and prints a line an event. */
export async function replay(path: string, flags: Flags, config: Config): Promise<Outcome> {
	const start = flags.start === undefined ? undefined : parseStart(flags.start);
	const feed = await openFile(path);
	const settings = settingsFrom(flags);
	const engine = createEngine(settings);
	const readers = await openReaders(flags, feed, settings);
	if (isPlain() || flags.output !== undefined) {
		let damage: Problem | undefined;
		const print = printer(flags);
		// A place in the middle is known once all has been read: the lines wait for it.
		const timeline = start && new Timeline({training: settings.train ?? DEFAULTS.train, budgetBytes: REPLAY_BUDGET_BYTES});
		const held: {readonly atMs: number; readonly line: string}[] = [];
		let atMs = Number.NaN;
		readers.unshift({
			name: 'damage',
			read(scrape) {
				damage = scrape.problems.find(({id}) => id === 'recording-damaged') ?? damage;
				atMs = scrape.atMs;
			},
		});
		readers.push(
			lines(timeline ? line => void held.push({atMs, line}) : print, flags.output === 'json' ? 'json' : 'text', timeFrom(flags)),
		);
		await runPipeline({feed, engine, ...(timeline && {timeline}), readers, signal: new AbortController().signal});
		const fromMs = start && timeline ? start(timeline, flags) : Number.NaN;
		for (const {atMs, line} of held) if (!(atMs < fromMs)) print(line);
		if (damage) process.stderr.write(`oddpod: ${damage.what}.\n`);
		return 'well';
	}
	demandKeyboard(`Print its events instead: oddpod replay ${path} | cat`);
	const timeline = new Timeline({training: settings.train ?? DEFAULTS.train, budgetBytes: REPLAY_BUDGET_BYTES});
	const stop = new AbortController();
	let problem: Problem | undefined;
	const reading = runPipeline({feed, engine, timeline, readers, signal: stop.signal, interactive: true})
		.catch((error: unknown) => {
			problem = {
				id: 'replay-failed',
				what: `the recording could not be read on: ${error instanceof Error ? error.message : String(error)}`,
			};
		})
		.finally(() => timeline.finish());
	// A place in the middle is known once the file has been read that far, and an anomaly once it was found.
	if (start) await reading;
	const atMs = start ? start(timeline, flags) : Number.NaN;
	const {show} = await loadInk(() => import('./show.tsx'));
	try {
		await show({
			flags,
			config,
			timeline,
			source: {label: feed.label, live: false, finished: () => timeline.complete, problem: () => problem},
			cursor: replayCursor(flags.speed, {
				atMs,
				stopAtAnomalies: flags.pauseOnAnomaly === true,
				loop: flags.loop === true,
			}),
			namespaceLabel: 'all namespaces',
			explain: key => engine.explain(key),
			silences: new Silences(),
		});
	} finally {
		stop.abort();
		await reading;
	}
	return 'well';
}

/** A replayed file is kept whole up to this. */
const REPLAY_BUDGET_BYTES = 512 * 2 ** 20;

type Place = (timeline: Timeline, flags: Flags) => number;

/** `20m` after the start, the clock time `14:30`, or `anomaly:2`. Its place is NaN where nothing was recorded. @throws {UsageError} both */
function parseStart(text: string): Place {
	const anomaly = /^anomaly:(\d+)$/.exec(text);
	if (anomaly) {
		return timeline => {
			const {anomalies, startMs} = timeline;
			const atMs = numbered(anomalies)[Number(anomaly[1]) - 1]?.firedAtMs;
			if (atMs === undefined && !Number.isNaN(startMs)) throw elsewhere(text, `has ${anomalies.length} anomalies`);
			return atMs === undefined ? startMs : toldAt(atMs, timeline);
		};
	}
	const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text);
	if (clock) {
		const minutes = Number(clock[1]) * 60 + Number(clock[2]);
		return ({startMs, endMs}, flags) => {
			const {minute, time} = timeFrom(flags);
			for (let ms = startMs; ms <= endMs; ms += 60_000) {
				const [hour = 0, past = 0] = minute(ms).split(':').map(Number);
				if (hour * 60 + past >= minutes && hour * 60 + past < minutes + 2)
					return Math.max(startMs, ms - (ms % 60_000) + Number(clock[3] ?? 0) * 1000); // zones differ by whole minutes
			}
			if (!Number.isNaN(startMs)) throw elsewhere(text, `goes from ${time(startMs)} to ${time(endMs)}`);
			return startMs;
		};
	}
	if (!/^[\d.]+(?:[smhd]|$)/.test(text))
		throw new UsageError(`Expected --start to be a time such as 20m, 1h5m, 14:30, 14:30:15 or anomaly:2, got ${text}`);
	const afterMs = parseDuration(text, '--start');
	return ({startMs, endMs}) => {
		if (startMs + afterMs > endMs) throw elsewhere(text, `is ${formatDuration(endMs - startMs)} long`);
		return startMs + afterMs;
	};
}

const elsewhere = (start: string, recording: string): UsageError =>
	new UsageError(`Expected --start to be within the recording, which ${recording}, got ${start}`);
