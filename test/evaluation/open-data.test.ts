/** What must hold on the open data sets, and on generated scenes. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import test from 'node:test';
import {gunzipSync} from 'node:zlib';
import {readCsv} from '../../source/evaluation/csv.ts';
import {evaluateCsv, evaluateRecording} from '../../source/evaluation/evaluate.ts';
import {injectLevels} from '../../source/evaluation/injections.ts';
import {render} from '../../source/evaluation/scenes.ts';
import {shop} from '../../source/evaluation/shop.ts';

const folder = process.env.ODDPOD_OPEN_DATA;
const skip = folder === undefined && 'ODDPOD_OPEN_DATA is not set';
const csv = (name: string) =>
	readCsv(
		gunzipSync(readFileSync(join(folder ?? '', name)))
			.toString()
			.split('\n'),
	);

test('nezha_open: six of seven windows, no false episode, within a reading', {skip}, async () => {
	const {figures} = evaluateCsv('nezha_open', await csv('nezha_open.csv.gz'));
	assert.equal(figures.windows, 7);
	assert.ok(figures.found >= 6, `${figures.found}`);
	assert.equal(figures.falseEpisodes, 0);
	assert.ok(figures.medianDelayReadings <= 1);
});

test('nab_cpu: F1 of .70 at least', {skip}, async () => {
	const {figures} = evaluateCsv('nab_cpu', await csv('nab_cpu.csv.gz'), {warmUp: {share: 0.15}});
	assert.equal(figures.windows, 17);
	assert.ok(figures.f1 >= 0.7, `${figures.f1}`);
});

const levels: readonly [metric: 'cpu' | 'memory', share: number, recall: number][] = [
	['cpu', 0.2, 0.98],
	['cpu', 0.4, 0.95],
	['memory', 0.1, 0.96],
];
for (const [metric, share, least] of levels) {
	test(`${metric} +${share * 100} % of the limit for eight readings: ${least} found, nothing else told`, {skip}, async () => {
		const {figures} = evaluateCsv('levels', injectLevels(await csv('nezha_open.csv.gz'), metric, share, 101));
		assert.ok(figures.windows > 100);
		assert.ok(figures.recall >= least, `${figures.recall}`);
		assert.equal(figures.falseEpisodes, 0);
	});
}

test('a generated shop: every fault named rightly, no false warning', async () => {
	const {figures} = await evaluateRecording('shop', render(shop(1), 10));
	assert.deepEqual(
		figures.labels.filter(({found}) => !found).map(({label}) => label.id),
		[],
	);
	assert.deepEqual(
		figures.falseWarnings.map(({kind, of}) => `${kind} ${of.pod}`),
		[],
	);
	assert.equal(figures.normalsWarned, 0);
});
