/**
 * All figures of docs/evaluation.md: `npm run evaluate -- --data DIR` measures on the open data sets in that folder, mean of
 * the forest's seeds 1, 2, 3; without it, on what is generated and on the recordings here. `--only NAME` for one of the sets.
 */
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {parseArgs} from 'node:util';
import {gunzipSync} from 'node:zlib';
import type {Settings} from '../source/engine/settings.ts';
import {createBaseline} from '../source/evaluation/baselines.ts';
import type {Figures, WarmUp} from '../source/evaluation/counting.ts';
import {type CsvSet, readCsv} from '../source/evaluation/csv.ts';
import {evaluateCsv, evaluateRecording} from '../source/evaluation/evaluate.ts';
import {injectLeaks, injectLevels, type LeakShape} from '../source/evaluation/injections.ts';
import {countLeaks, type ForecastCheck} from '../source/evaluation/leak-figures.ts';
import {render} from '../source/evaluation/scenes.ts';
import {countShapes} from '../source/evaluation/shapes.ts';
import {shop} from '../source/evaluation/shop.ts';
import {openRecording} from '../source/recording/feed.ts';

const {values: options} = parseArgs({options: {data: {type: 'string'}, only: {type: 'string'}}});
const SEEDS = [1, 2, 3];
const FIVE = ['24ae8d', '53ea38', '5f5533', '77c1ca', '825cc2'];

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
/** Median and 90 % quantile. */
function middleAndLate(values: readonly number[]): string {
	const sorted = values.toSorted((a, b) => a - b);
	return `${median(values).toFixed(2)}, ${(sorted[Math.floor(sorted.length * 0.9)] ?? Number.NaN).toFixed(2)}`;
}
const row = (...cells: readonly string[]): void => print(`| ${cells.join(' | ')} |`);
function head(title: string, ...cells: readonly string[]): void {
	print(`\n## ${title}\n`);
	row(...cells);
	print(`|${cells.map(() => '---').join('|')}|`);
}
const wanted = (name: string): boolean => options.only === undefined || options.only === name;

function counted(name: string, all: readonly Figures[]): void {
	row(
		name,
		`${all.map(({found}) => found).join(', ')} of ${all[0]?.windows}`,
		all.map(({falseEpisodes}) => falseEpisodes).join(', '),
		mean(all.map(({f1}) => f1)).toFixed(3),
		all.some(({found}) => found > 0) ? `${mean(all.map(({medianDelayReadings}) => medianDelayReadings)).toFixed(1)} readings` : '-',
	);
}

async function csv(folder: string, name: string): Promise<CsvSet> {
	return readCsv(
		gunzipSync(readFileSync(join(folder, name)))
			.toString()
			.split('\n'),
	);
}

async function openData(folder: string): Promise<void> {
	const nezha = await csv(folder, 'nezha_open.csv.gz');
	const nab = await csv(folder, 'nab_cpu.csv.gz');
	const five = {...nab, streams: nab.streams.filter(({name}) => FIVE.some(file => name.includes(file)))};
	if (wanted('open')) {
		head('Published windows', 'set', 'found, by seed', 'false episodes, by seed', 'F1, mean', 'median delay');
		const sets: readonly (readonly [string, CsvSet, WarmUp])[] = [
			['nezha_open', nezha, {samples: 100}],
			['nab_cpu, eleven files', nab, {share: 0.15}],
			['nab_cpu, five files', five, {share: 0.15}],
		];
		for (const [name, set, warmUp] of sets)
			counted(
				name,
				SEEDS.map(seed => evaluateCsv(name, set, {settings: {seed}, warmUp}).figures),
			);
		head(
			'What the settings do, on nezha_open and on nab_cpu',
			'setting',
			'found, by seed',
			'false episodes, by seed',
			'F1, mean',
			'median delay',
		);
		const changes: readonly Partial<Settings>[] = [
			{sensitivity: 'low'},
			{sensitivity: 'normal'},
			{sensitivity: 'high'},
			...[50, 200].map(train => ({train})),
			...[1, 3].map(consecutive => ({consecutive})),
			...[15, 61].map(window => ({window})),
		];
		for (const [name, set, warmUp] of sets.slice(0, 2)) {
			for (const settings of changes) {
				const [[setting, value] = []] = Object.entries(settings);
				counted(
					`--${setting} ${value}, ${name}`,
					SEEDS.map(seed => evaluateCsv(name, set, {settings: {seed, ...settings}, warmUp}).figures),
				);
			}
		}
	}
	// The first program takes minutes for these 46,000 readings: asked for by name.
	if (options.only === 'baselines') {
		head('Others on nezha_open, seed 1', 'what', 'found', 'false episodes', 'F1', 'median delay');
		for (const name of ['static', 'z-score', 'forest', 'original'] as const)
			counted(name, [evaluateCsv(name, nezha, {engine: createBaseline(name)}).figures]);
		for (const contamination of [0.02, 0.3])
			counted(`original --contamination ${contamination}`, [
				evaluateCsv('original', nezha, {engine: createBaseline('original', {contamination})}).figures,
			]);
	}
	if (wanted('levels')) {
		head('Levels injected into nezha_open, held for 8 readings', 'level', 'found', 'recall, mean', 'false episodes, by seed');
		for (const [metric, share] of [
			['cpu', 0.2],
			['cpu', 0.4],
			['memory', 0.1],
		] as const) {
			const all = SEEDS.map(seed => evaluateCsv('levels', injectLevels(nezha, metric, share, 101 * seed), {settings: {seed}}).figures);
			row(
				`${metric} +${share * 100} % of the limit`,
				all.map(({found, windows}) => `${found} of ${windows}`).join(', '),
				mean(all.map(({recall}) => recall)).toFixed(3),
				all.map(({falseEpisodes}) => falseEpisodes).join(', '),
			);
		}
	}
	if (wanted('leaks')) leaks(nezha);
}

function leaks(nezha: CsvSet): void {
	head(
		'Leaks injected into nezha_open',
		'reaches the limit in',
		'shape',
		'told before it',
		'at which part of the way: median, 90 %',
		'a warning: how many, median, 90 %',
		'told before they began',
	);
	const ramps: ForecastCheck[] = [];
	for (const hours of [2, 4, 8]) {
		for (const shape of ['linear', 'saw-tooth', 'step-wise'] satisfies LeakShape[]) {
			const all = SEEDS.map(seed => countLeaks(injectLeaks(nezha, hours, shape, 77 * seed + hours), {seed}));
			if (shape === 'linear') ramps.push(...all.flatMap(({forecasts}) => forecasts));
			const ways = all.flatMap(({ways}) => ways);
			const warned = all.flatMap(({warned}) => warned);
			row(
				`${hours} h`,
				shape,
				mean(all.map(({found, leaks}) => found / leaks)).toFixed(3),
				middleAndLate(ways),
				`${(warned.length / all.reduce((sum, {leaks}) => sum + leaks, 0)).toFixed(3)}, ${middleAndLate(warned)}`,
				all.map(({early}) => early).join(', '),
			);
		}
	}
	head(
		'Forecasts on the linear ones, asked at each twentieth of the way',
		'asked',
		'true crossing inside the 80 % interval',
		'median width, in remaining times',
	);
	row(String(ramps.length), mean(ramps.map(({inside}) => (inside ? 1 : 0))).toFixed(2), median(ramps.map(({width}) => width)).toFixed(2));
}

async function generated(): Promise<void> {
	if (wanted('rhythms')) {
		head('One generated set at four rhythms', 'a sample every', 'named rightly', 'misnamed', 'false warnings');
		for (const every of [10, 15, 30, 60]) {
			const all = await Promise.all(
				SEEDS.map(async seed => (await evaluateRecording('shop', render(shop(seed, 7800, 6), every), {settings: {seed}})).figures),
			);
			row(
				`${every} s`,
				all.map(({found, windows}) => `${found} of ${windows}`).join(', '),
				all.map(({misnamed}) => misnamed).join(', '),
				all.map(({falseEpisodes}) => falseEpisodes).join(', '),
			);
		}
	}
	if (wanted('shapes')) {
		head('Shapes that are no leak, and some that are', 'shape', 'right', 'what was told otherwise');
		for (const {name, right, of, told} of countShapes([1, 2, 3, 4, 5])) row(name, `${right} of ${of}`, told.join(', '));
	}
}

async function recordings(): Promise<void> {
	const files = existsSync('recordings') ? readdirSync('recordings').filter(name => /\.jsonl(\.gz)?$/.test(name)) : [];
	if (files.length === 0 || !wanted('recordings')) return;
	head(
		'Our own recordings',
		'recording',
		'faults named rightly',
		'misnamed',
		'false warnings',
		'notices beside labels',
		'normal labels warned of',
	);
	for (const name of files) {
		const all = [];
		for (const seed of SEEDS) {
			const feed = await openRecording(join('recordings', name));
			all.push((await evaluateRecording(name, feed.scrapes(new AbortController().signal), {settings: {seed}})).figures);
		}
		row(
			name,
			all.map(({found, windows}) => `${found} of ${windows}`).join(', '),
			all.map(({misnamed}) => misnamed).join(', '),
			all.map(({falseEpisodes}) => falseEpisodes).join(', '),
			all.map(({notices}) => notices).join(', '),
			all.map(({normalsWarned}) => normalsWarned).join(', '),
		);
	}
}

await recordings();
await generated();
if (options.data === undefined) print('\nWithout --data DIR the open data sets are left out.');
else await openData(options.data);
