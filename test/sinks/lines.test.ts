// One line an event, on our own recording: in the order of time, and a rise of load once for all replicas.
import assert from 'node:assert/strict';
import {before, test} from 'node:test';
import {createEngine} from '../../source/engine/engine.ts';
import type {Anomaly, Assessment, Event} from '../../source/engine/verdict.ts';
import {timeFormat} from '../../source/format.ts';
import {run} from '../../source/pipeline.ts';
import {openRecording} from '../../source/recording/feed.ts';
import type {Scrape} from '../../source/scrape.ts';
import {lines} from '../../source/sinks/lines.ts';
import {LoadRises} from '../../source/sinks/load-rises.ts';

const time = timeFormat('UTC');
const text: string[] = [];
const json: string[] = [];
let load: Anomaly;
let killedAgain: Event;

before(async () => {
	await run({
		feed: await openRecording('recordings/shop.jsonl.gz'),
		engine: createEngine({seed: 1}),
		readers: [
			lines(line => void text.push(line), 'text', time),
			lines(line => void json.push(line), 'json', time),
			{
				name: 'samples',
				read(_, {events}) {
					for (const event of events) {
						if (!('anomaly' in event)) continue;
						if (event.anomaly.kind === 'load') load ??= event.anomaly;
						if (event.anomaly.kind === 'oom-killed' && event.type === 'closed') killedAgain ??= event;
					}
				},
			},
		],
		signal: new AbortController().signal,
	});
});

test('lines are in the order of time', () => {
	const times = text.map(line => line.slice(0, 8));
	assert.ok(times.length > 40);
	assert.deepEqual(times, times.toSorted());
});

test('a rise of load is one line when it begins and one when it is over, for each workload; JSON has one an event', () => {
	const loads = text.filter(line => line.slice(11).startsWith('load '));
	const of = (mark: string): string[] =>
		loads
			.filter(line => line[9] === mark)
			.map(line => line.slice(28).split('  ')[0] ?? '')
			.sort();
	assert.equal(of('△').length, 4);
	assert.deepEqual(of('✓'), of('△'));
	assert.ok(json.filter(line => JSON.parse(line).kind === 'load').length > 30);
});

test('a kill after a kill is the end of the first one', () => {
	const told: string[] = [];
	lines(line => void told.push(line), 'text', time).read(
		{atMs: killedAgain.atMs} as Scrape,
		{events: [killedAgain]} as unknown as Assessment,
	);
	assert.match(told.join(''), /oom-killed .* OOM-killed 15:05: 25 min until the next kill\n$/);
});

const MINUTE_MS = 60_000;
type Step = readonly [minute: number, type: 'opened' | 'updated' | 'closed' | 'renamed', replica: number, over?: Partial<Anomaly>];
/** What is told, and when, of these events; a scrape each minute up to the last and `more`. */
function toldOf(steps: readonly Step[], more = 0): string[] {
	const rises = new LoadRises();
	const told: Event[] = [];
	const started = new Map<number, number>();
	const lastMinute = (steps.at(-1)?.[0] ?? 0) + more;
	for (let minute = 0; minute <= lastMinute; minute++) {
		const events = steps
			.filter(([at]) => at === minute)
			.map(([, type, replica, over]): Event => {
				if (type === 'opened') started.set(replica, minute);
				const startedAtMs = (started.get(replica) ?? 0) * MINUTE_MS;
				const anomaly: Anomaly = {
					...load,
					id: `${replica}@${startedAtMs}`,
					of: {...load.of, pod: `replica-${replica}`},
					startedAtMs,
					...(type === 'closed' && {ended: {atMs: minute * MINUTE_MS, by: 'recovered'}}),
					...over,
				};
				return {type, atMs: minute * MINUTE_MS, anomaly};
			});
		told.push(...rises.tell(events, minute * MINUTE_MS));
	}
	told.push(...rises.ends(lastMinute * MINUTE_MS));
	return told.map(event =>
		'anomaly' in event ? `${event.atMs / MINUTE_MS} ${event.type} ${event.anomaly.of.pod} ${event.anomaly.kind}` : event.type,
	);
}

const rises: readonly (readonly [says: string, steps: readonly Step[], more: number, told: readonly string[]])[] = [
	[
		'replicas that follow',
		[
			[1, 'opened', 1],
			[2, 'opened', 2],
			[5, 'closed', 1],
			[7, 'closed', 2],
		],
		9,
		['1 opened replica-1 load', '13 closed replica-1 load'],
	],
	[
		'it begins again within five minutes',
		[
			[1, 'opened', 1],
			[3, 'closed', 1],
			[8, 'opened', 2],
			[9, 'closed', 2],
		],
		9,
		['1 opened replica-1 load', '15 closed replica-1 load'],
	],
	[
		'another one later',
		[
			[1, 'opened', 1],
			[3, 'closed', 1],
			[20, 'opened', 2],
		],
		9,
		['1 opened replica-1 load', '9 closed replica-1 load', '20 opened replica-2 load'],
	],
	[
		'the file ends before',
		[
			[1, 'opened', 1],
			[3, 'closed', 1],
		],
		2,
		['1 opened replica-1 load', '5 closed replica-1 load'],
	],
	[
		'one gets worse',
		[
			[1, 'opened', 1],
			[2, 'opened', 2, {severity: 'critical'}],
		],
		0,
		['1 opened replica-1 load', '2 opened replica-2 load'],
	],
	[
		'one is called otherwise',
		[
			[1, 'opened', 1],
			[4, 'renamed', 1, {kind: 'cpu-sustained'}],
		],
		20,
		['1 opened replica-1 load', '4 renamed replica-1 cpu-sustained'],
	],
	[
		'a habit',
		[
			[1, 'opened', 1, {recurring: true}],
			[4, 'closed', 1, {recurring: true}],
		],
		9,
		['1 opened replica-1 load', '4 closed replica-1 load'],
	],
];
for (const [says, steps, more, told] of rises) test(`a rise of load: ${says}`, () => assert.deepEqual(toldOf(steps, more), told));
