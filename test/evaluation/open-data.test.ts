/** What must hold on the open data sets, and on generated scenes. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import test from 'node:test';
import {gunzipSync} from 'node:zlib';
import {readCsv} from '../../source/evaluation/csv.ts';
import {evaluateCsv, evaluateRecording} from '../../source/evaluation/evaluate.ts';
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

test('nab_cpu: F1 of .62 at least', {skip}, async () => {
	const {figures} = evaluateCsv('nab_cpu', await csv('nab_cpu.csv.gz'), {warmUp: {share: 0.15}});
	assert.equal(figures.windows, 17);
	assert.ok(figures.f1 >= 0.62, `${figures.f1}`);
});

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
