// Prints every figure that docs/evaluation.md quotes: `npm run evaluate -- --data DIR`; without the open data, those of our own recordings.
import {existsSync, globSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {parseArgs} from 'node:util';
import type {WarmUp} from '../source/evaluation/counting.ts';
import {type CsvSet, readCsv} from '../source/evaluation/csv.ts';
import {evaluateCsv, evaluateRecording} from '../source/evaluation/evaluate.ts';
import {injectLeaks, injectLevels, type LeakShape} from '../source/evaluation/injections.ts';
import {countLeaks} from '../source/evaluation/leak-figures.ts';
import {openRecording} from '../source/recording/feed.ts';
import {readLines} from '../source/recording/lines.ts';

const {values} = parseArgs({options: {data: {type: 'string'}, seeds: {type: 'string', default: '1,2,3'}}});
const data = values.data ?? process.env.ODDPOD_OPEN_DATA;
const seeds = values.seeds.split(',').map(Number);
const FIVE = /24ae8d|53ea38|5f5533|77c1ca|825cc2/;

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
const middle = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function open(name: string): Promise<CsvSet | undefined> {
	const file = path.join(data ?? '', name);
	return existsSync(file) ? readCsv(readLines(file)) : undefined;
}

function windows(name: string, set: CsvSet, warmUp: WarmUp): void {
	const all = seeds.map(seed => evaluateCsv(name, set, {settings: {seed}, warmUp}).figures);
	const of = (value: (figures: (typeof all)[number]) => number): number => mean(all.map(value));
	print(
		`${name.padEnd(34)} windows ${all[0]?.windows}  found ${of(({found}) => found).toFixed(2)}  false ${of(({falseEpisodes}) => falseEpisodes).toFixed(2)}  F1 ${of(({f1}) => f1).toFixed(3)}  median delay ${of(({medianDelayReadings}) => medianDelayReadings).toFixed(1)} readings`,
	);
}

print(`mean of forest seeds ${seeds.join(', ')}`);
for (const file of globSync('recordings/*.jsonl.gz')) {
	for (const seed of seeds) {
		const {figures} = await evaluateRecording(file, (await openRecording(file)).scrapes(new AbortController().signal), {settings: {seed}});
		print(
			`${file.padEnd(34)} seed ${seed}  faults ${figures.windows}  named rightly ${figures.found}  misnamed ${figures.misnamed}  false warnings ${figures.falseEpisodes}  notices beside ${figures.notices}  median delay ${figures.medianDelaySeconds.toFixed(0)} s`,
		);
	}
}
const nezha = data === undefined ? undefined : await open('nezha_open.csv.gz');
const nab = data === undefined ? undefined : await open('nab_cpu.csv.gz');
if (!nezha || !nab) {
	print(`the open data sets are not here (${data === undefined ? 'no --data DIR' : 'no such files in it'}): skipped`);
} else {
	windows('nezha_open', nezha, {samples: 100});
	windows('nab_cpu', nab, {share: 0.15});
	windows('nab_cpu, five files', {...nab, streams: nab.streams.filter(({name}) => FIVE.test(name))}, {share: 0.15});
	for (const [metric, share] of [
		['cpu', 0.2],
		['cpu', 0.4],
		['memory', 0.1],
	] as const) {
		const all = seeds.map(seed => evaluateCsv('levels', injectLevels(nezha, metric, share, seed * 101), {settings: {seed}}).figures);
		print(
			`injected ${metric} +${share * 100} % of limit`.padEnd(34) +
				` found ${mean(all.map(({recall}) => recall)).toFixed(3)} of ${mean(all.map(figures => figures.windows)).toFixed(0)}  false ${mean(all.map(({falseEpisodes}) => falseEpisodes)).toFixed(2)}`,
		);
	}
	for (const hours of [2, 4, 8]) {
		for (const shape of ['linear', 'saw-tooth', 'step-wise'] satisfies LeakShape[]) {
			const all = seeds.map(seed => countLeaks(injectLeaks(nezha, hours, shape, seed * 77 + hours), {seed}));
			const forecasts = all.flatMap(figures => figures.forecasts);
			print(
				`leak, limit in ${hours} h, ${shape}`.padEnd(34) +
					` found ${mean(all.map(({found, leaks}) => found / leaks)).toFixed(3)}  median way ${middle(all.flatMap(({ways}) => ways)).toFixed(2)}  told early ${mean(all.map(({early}) => early)).toFixed(2)}  limit inside the interval ${mean(forecasts.map(({inside}) => Number(inside))).toFixed(2)}  median width ${middle(forecasts.map(({width}) => width)).toFixed(2)}`,
			);
		}
	}
}
