/** Which windows and alarms count: warm-up, labels, the firing part; and what a line of CSV may look like. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {createEngine} from '../../source/engine/engine.ts';
import {AlarmLog} from '../../source/evaluation/alarms.ts';
import {alarmedSamples, countStream, emptyCount, figures, type WarmUp, warmUpSamples} from '../../source/evaluation/counting.ts';
import {csvScrapes, readCsv} from '../../source/evaluation/csv.ts';
import {drain} from '../../source/evaluation/evaluate.ts';

const HEADER = 'stream,t,cpu,mem,cpu_limit,mem_limit,label,ignore';

/** One stream, a sample a minute; a character a sample: its label, or `i` = ignored. */
async function stream(labels: string) {
	const lines = [...labels].map((mark, i) => `a,${60 * i},5,10,,,${mark === 'i' || mark === '.' ? 0 : mark},${mark === 'i' ? 1 : 0}`);
	const [only] = (await readCsv([HEADER, ...lines])).streams;
	assert.ok(only);
	return only;
}

const flags = (text: string): Uint8Array => Uint8Array.from(text, mark => (mark === '!' ? 1 : 0));

const cases: readonly [says: string, labels: string, alarms: string, expected: [windows: number, found: number, falseEpisodes: number]][] =
	[
		['a window that starts in the warm-up and ends after it is not counted', '...1111.......', '......!.......', [0, 0, 0]],
		['one that starts with the first counted sample is', '.....11.......', '.....!........', [1, 1, 0]],
		['an episode that starts in the warm-up is not counted', '..............', '...!!!!!!.....', [0, 0, 0]],
		['a window of label 2 counts as any other', '.......22.....', '........!.....', [1, 1, 0]],
		['labels that touch are one window', '......1122....', '.........!....', [1, 1, 0]],
		['two alarms in a window find it once', '......11111...', '......!...!...', [1, 1, 0]],
		['windows apart are found apart', '......11..11..', '......!.......', [2, 1, 0]],
		[
			'an alarm after a window is false where it is more than five samples apart',
			'.....11.............',
			'.....!.......!......',
			[1, 1, 1],
		],
		['and part of its episode where it is not', '.....11.............', '.....!....!.........', [1, 1, 0]],
		['an episode that starts where it is ignored does not count, wherever it ends', '......ii........', '.......!!!!!....', [0, 0, 0]],
		['one that starts before does', '.......ii.......', '......!!!.......', [0, 0, 1]],
		['a window that lasts to the end is one', '..........1111', '.............!', [1, 1, 0]],
	];
for (const [says, labels, alarms, [windows, found, falseEpisodes]] of cases) {
	test(says, async () => {
		const count = emptyCount();
		countStream(await stream(labels), flags(alarms), {samples: 5}, count);
		assert.deepEqual([count.windows, count.found, count.falseEpisodes], [windows, found, falseEpisodes]);
	});
}

const warmUps: readonly [WarmUp, length: number, samples: number][] = [
	[{samples: 100}, 5000, 100],
	[{share: 0.15}, 1000, 150],
	[{share: 0.15}, 4032, 604],
	[{share: 0.15}, 22_695, 750],
];
for (const [warmUp, length, expected] of warmUps) {
	test(`the warm-up of ${length} samples by ${JSON.stringify(warmUp)} is ${expected}`, () => {
		assert.equal(warmUpSamples(warmUp, length), expected);
	});
}

test('precision, recall and F1 of 6 windows found of 7, with 2 false episodes; delays by their median', () => {
	const found = figures('x', {
		readings: 900,
		windows: 7,
		found: 6,
		falseEpisodes: 2,
		delaysSeconds: [60, 0, 120, 0],
		delaysReadings: [1, 0, 2, 0],
	});
	assert.equal(found.precision, 0.75);
	assert.equal(found.recall, 6 / 7);
	assert.ok(Math.abs(found.f1 - 0.8) < 1e-12); // 2 * 6 / (6 + 2 + 7)
	assert.deepEqual([found.medianDelaySeconds, found.medianDelayReadings], [30, 0.5]);
	assert.equal(figures('x', {...emptyCount(), windows: 3}).f1, 0);
	assert.ok(Number.isNaN(figures('x', emptyCount()).f1));
});

test('of an episode that came to stand, the firing part alone is an alarm', async () => {
	const high = (i: number): boolean => i >= 200 && i < 400;
	const lines = Array.from(
		{length: 460},
		(_, i) => `a,${60 * i},${(high(i) ? 700 : 50) + (i % 7)},${100 + (i % 5)},1000,512,${high(i) ? 1 : 0},0`,
	);
	const set = await readCsv([HEADER, ...lines]);
	const [only] = set.streams;
	assert.ok(only);
	const log = new AlarmLog();
	const engine = createEngine();
	for (const one of csvScrapes(set)) log.add(drain(engine.assess(one)).events);
	assert.deepEqual(
		log.anomalies.map(({kind, ended}) => [kind, ended?.by, (ended?.atMs ?? 0) / 60_000]),
		[['cpu-sustained', 'recovered', 402]],
	);
	const alarmed = alarmedSamples(only, log.alarms());
	assert.equal(alarmed[240], 1);
	assert.equal(alarmed.subarray(245).indexOf(1), -1);
});

test('cells may be quoted, columns in any order, lines end as they like; what has no time or no name is dropped', async () => {
	const {streams, dropped, readings} = await readCsv([
		'label,cpu,stream,t\r',
		'0,5,"x/a, the first",10\r',
		'1,6,"x/a, the first",20\r',
		'0,7,b,',
		'0,7,b,soon',
		'0,7,,30',
		'\r',
		'0,,b,40',
	]);
	assert.deepEqual([dropped, readings, streams.length], [3, 3, 2]);
	const [a, b] = streams;
	assert.deepEqual(
		[a?.name, [...(a?.t ?? [])], [...(a?.cpuMillicores ?? [])], [...(a?.label ?? [])]],
		['x/a, the first', [10, 20], [5, 6], [0, 1]],
	);
	assert.ok(Number.isNaN(a?.memoryMib[0]) && Number.isNaN(b?.cpuMillicores[0]));
});

test('a limit that changes is a container that changed, of the same key', async () => {
	const {streams} = await readCsv([HEADER, 'a,10,5,64,1000,512,0,0', 'a,20,5,64,1000,512,0,0', 'a,30,5,64,1000,,0,0']);
	const [first, second, third] = streams[0]?.of ?? [];
	assert.equal(first, second);
	assert.notEqual(second, third);
	assert.equal(second?.key, third?.key);
	assert.ok(Number.isNaN(third?.memoryLimitBytes));
});
