import {writeFile} from 'node:fs/promises';
import process from 'node:process';
import type {Alarm} from '../evaluation/alarms.ts';
import {type BaselineName, createBaseline} from '../evaluation/baselines.ts';
import {DEFAULT_WARM_UP, type Figures, type WarmUp} from '../evaluation/counting.ts';
import {type Outcome as Evaluation, evaluateCsv, evaluateRecording} from '../evaluation/evaluate.ts';
import type {RecordingFigures} from '../evaluation/labels.ts';
import {Failure, reasonOf, UsageError} from '../failure.ts';
import type {Flags} from '../flags.ts';
import {damageWords, openRecording} from '../recording/feed.ts';
import {nameOfKey} from '../scrape.ts';
import {isCsv, openCsv} from './files.ts';
import type {Outcome} from './outcome.ts';
import {settingsFrom} from './settings.ts';

/** Counts verdicts against the labels of each file. */
export async function run(paths: readonly string[], flags: Flags): Promise<Outcome> {
	if (paths.length === 0) throw new UsageError('Expected at least one FILE');
	const warmUp = flags.warmUp === undefined ? DEFAULT_WARM_UP : parseWarmUp(flags.warmUp);
	const all: Figures[] = [];
	const alarms: Alarm[] = [];
	for (const path of paths) {
		const evaluation = await evaluateFile(path, flags, warmUp);
		all.push(evaluation.figures);
		alarms.push(...evaluation.alarms);
		if (flags.json) process.stdout.write(`${JSON.stringify(figuresJson(evaluation.figures))}\n`);
	}
	if (!flags.json) {
		printTable(all);
		for (const figures of all) if (isOfRecording(figures)) printLabels(figures);
	}
	if (flags.alarms !== undefined) await writeAlarms(flags.alarms, alarms);
	return 'well';
}

async function evaluateFile(path: string, flags: Flags, warmUp: WarmUp): Promise<Evaluation> {
	const settings = settingsFrom(flags);
	const engine =
		flags.baseline === undefined
			? undefined
			: createBaseline(flags.baseline as BaselineName, {seed: flags.seed ?? 1, contamination: flags.contamination});
	const options = {settings, warmUp, ...(engine && {engine})};
	if (await isCsv(path)) return evaluateCsv(path, await openCsv(path), options);
	const recording = await openRecording(path);
	const evaluation = await evaluateRecording(path, recording.scrapes(new AbortController().signal), options);
	const {dropped, torn} = recording.damage;
	if (dropped > 0 || torn) process.stderr.write(`oddpod: ${path}: ${damageWords(recording.damage)}.\n`);
	return evaluation;
}

/** `100` samples, or `15%` of each stream. @throws {UsageError} */
function parseWarmUp(text: string): WarmUp {
	const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
	if (number === undefined || (percent === '%' && Number(number) > 100))
		throw new UsageError(`Expected --warm-up to be a number of readings or a share such as 15%, got ${text}`);
	return percent === '%' ? {share: Number(number) / 100} : {samples: Math.floor(Number(number))};
}

async function writeAlarms(path: string, alarms: readonly Alarm[]): Promise<void> {
	try {
		await writeFile(path, alarms.map(alarm => `${JSON.stringify(alarm)}\n`).join(''));
	} catch (error) {
		throw new Failure({
			id: 'alarms-file',
			what: `${path} cannot be written: ${reasonOf(error)}`,
			fix: 'Give --alarms a name in a folder that you may write to',
		});
	}
}

const isOfRecording = (figures: Figures): figures is RecordingFigures => 'labels' in figures;

/** Numbers that are not known are null. */
function figuresJson(figures: Figures): Record<string, unknown> {
	if (!isOfRecording(figures)) return {...figures};
	return {
		...figures,
		labels: figures.labels.map(({label, ...outcome}) => ({kind: label.kind, of: label.of, ...outcome})),
		falseWarnings: figures.falseWarnings.map(({kind, severity, of, firedAtMs}) => ({kind, severity, of: of.key, at: firedAtMs / 1000})),
	};
}

function printLabels({file, labels, falseWarnings, notices}: RecordingFigures): void {
	const lines = labels.map(
		({label, found, told, delaySeconds}) =>
			`  ${found ? '✓' : '✕'} ${label.kind.padEnd(16)} ${nameOfKey(label.of)}  ${found ? `after ${Math.round(delaySeconds)} s` : told.length > 0 ? `told as ${told.join(', ')}` : 'not found'}`,
	);
	const wrong = falseWarnings.map(({kind, of}) => `  ✕ false ${kind.padEnd(10)} ${nameOfKey(of.key)}`);
	process.stdout.write(`\n${file}: ${notices} notices beside the labels\n${[...lines, ...wrong].map(line => `${line}\n`).join('')}`);
}

function printTable(all: readonly Figures[]): void {
	const share = (value: number): string => (Number.isNaN(value) ? '-' : value.toFixed(3));
	const table = [
		['FILE', 'READINGS', 'WINDOWS', 'FOUND', 'FALSE', 'PRECISION', 'RECALL', 'F1', 'MEDIAN DELAY'],
		...all.map(({file, readings, windows, found, falseEpisodes, precision, recall, f1, medianDelaySeconds}) => [
			file,
			String(readings),
			String(windows),
			String(found),
			String(falseEpisodes),
			share(precision),
			share(recall),
			share(f1),
			Number.isNaN(medianDelaySeconds) ? '-' : `${Math.round(medianDelaySeconds)} s`,
		]),
	];
	const widths = (table[0] ?? []).map((_, i) => Math.max(...table.map(row => row[i]?.length ?? 0)));
	process.stdout.write(
		table
			.map(row => `${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')}\n`)
			.join(''),
	);
}
