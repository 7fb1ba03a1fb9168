import assert from 'node:assert/strict';
import test from 'node:test';
import {alarmedSamples, countStream, emptyCount, figures} from '../../source/evaluation/counting.ts';
import {CsvError, csvScrapes, readCsv} from '../../source/evaluation/csv.ts';

const HEADER = 'stream,t,cpu,mem,cpu_limit,mem_limit,label,ignore';

/** One stream of 40 samples a minute apart; `labels` has one character a sample: 1 labelled, i ignored. */
async function stream(labels: string) {
	const lines = [...labels].map((mark, i) => `a,${1000 + 60 * i},5,10,1000,512,${mark === '1' ? 1 : 0},${mark === 'i' ? 1 : 0}`);
	const {streams} = await readCsv([HEADER, ...lines]);
	const [only] = streams;
	assert.ok(only);
	return only;
}

const flags = (text: string): Uint8Array => Uint8Array.from(text, mark => (mark === '!' ? 1 : 0));

const cases: readonly [string, string, string, {windows: number; found: number; falseEpisodes: number}][] = [
	['a window is found by any alarm in it', '..........1111......', '............!.......', {windows: 1, found: 1, falseEpisodes: 0}],
	['and missed without one', '..........1111......', '....................', {windows: 1, found: 0, falseEpisodes: 0}],
	['an alarm elsewhere is false', '..........1111......', '.......!............', {windows: 1, found: 0, falseEpisodes: 1}],
	['five samples apart are one episode', '....................', '......!....!........', {windows: 0, found: 0, falseEpisodes: 1}],
	['six apart are two', '....................', '......!.....!.......', {windows: 0, found: 0, falseEpisodes: 2}],
	[
		'an episode that reaches into a window is not false',
		'..........1111......',
		'........!!!.........',
		{windows: 1, found: 1, falseEpisodes: 0},
	],
	['the warm-up does not count', '.111................', '!!!!................', {windows: 0, found: 0, falseEpisodes: 0}],
	['nor does what is to be ignored', '.......iiii.........', '........!...........', {windows: 0, found: 0, falseEpisodes: 0}],
];
for (const [says, labels, alarms, expected] of cases) {
	test(says, async () => {
		const count = emptyCount();
		countStream(await stream(labels), flags(alarms), {samples: 5}, count);
		const {windows, found, falseEpisodes} = count;
		assert.deepEqual({windows, found, falseEpisodes}, expected);
	});
}

test('the delay counts from the window, figures follow', async () => {
	const count = emptyCount();
	countStream(await stream('..........1111......'), flags('...........!........'), {samples: 5}, count);
	const {precision, recall, f1, medianDelaySeconds, medianDelayReadings} = figures('a', count);
	assert.deepEqual(
		{precision, recall, f1, medianDelaySeconds, medianDelayReadings},
		{precision: 1, recall: 1, f1: 1, medianDelaySeconds: 60, medianDelayReadings: 1},
	);
});

test('habits are no alarms; an open one lasts to the end', async () => {
	const alarm = {stream: 'a', start: 1060, end: 1180, kind: 'cpu-spike', severity: 'warning', recurring: false} as const;
	const one = await stream('......');
	assert.equal(alarmedSamples(one, [alarm]).join(''), '011100');
	assert.equal(alarmedSamples(one, [{...alarm, end: null}]).join(''), '011111');
	assert.equal(alarmedSamples(one, [{...alarm, recurring: true}]).join(''), '000000');
});

test('memory that is 0 throughout, and a limit that is empty, are unknown; streams are merged by time', async () => {
	const set = await readCsv([
		`${HEADER},workload`,
		'x/b,30,7,0,,,0,0,Deployment/web',
		'x/b,10,7,0,,,0,0,Deployment/web',
		'x/a,10,5,64,1000,512,0,0,Deployment/web',
		'broken',
		'',
	]);
	assert.equal(set.dropped, 1);
	const scrapes = [...csvScrapes(set)];
	assert.deepEqual(
		scrapes.map(({atMs, readings}) => [atMs, readings.map(({of}) => of.pod)]),
		[
			[10_000, ['b', 'a']],
			[30_000, ['b']],
		],
	);
	const [b, a] = scrapes[0]?.readings ?? [];
	assert.ok(b && a);
	assert.ok(Number.isNaN(b.memoryBytes) && Number.isNaN(b.of.memoryLimitBytes));
	assert.equal(a.of.memoryLimitBytes, 512 * 2 ** 20);
	assert.equal(a.of.workload, b.of.workload);
	await assert.rejects(readCsv(['nothing,of,this']), CsvError);
});
