// Which events end a check with exit code 3: CI must neither cry wolf nor miss a leak.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {failOn} from '../../source/commands/fail-on.ts';
import {createEngine} from '../../source/engine/engine.ts';
import type {Anomaly, Event, Kind, Severity} from '../../source/engine/verdict.ts';
import {UsageError} from '../../source/failure.ts';
import {run} from '../../source/pipeline.ts';
import {openRecording} from '../../source/recording/feed.ts';

const events: Event[] = [];
await run({
	feed: await openRecording('recordings/shop.jsonl.gz'),
	engine: createEngine({seed: 1}),
	readers: [{name: 'events', read: (_, assessment) => void events.push(...assessment.events)}],
	signal: new AbortController().signal,
});
const isOf = (kind: Kind) => (event: Event) => 'anomaly' in event && event.anomaly.kind === kind && event.type !== 'closed';
const an = events.find(isOf('memory-leak'));
assert.ok(an && 'anomaly' in an);
const told = (kind: Kind, severity: Severity, more: Partial<Anomaly> = {}): Event => ({
	...an,
	anomaly: {...an.anomaly, kind, severity, recurring: false, ...more},
});

/** What is asked for, what is told, whether it counts. */
const cases: readonly (readonly [string, Event, boolean])[] = [
	['memory-leak', told('memory-leak', 'notice'), false],
	['memory-leak', told('memory-leak', 'warning'), true],
	['memory-leak', told('memory-leak', 'critical'), true],
	['memory-leak', told('cpu-spike', 'critical'), false],
	['memory-leak:notice', told('memory-leak', 'notice'), true],
	['memory-leak:critical', told('memory-leak', 'warning'), false],
	['memory-leak:critical', told('memory-leak', 'critical'), true],
	['oom-killed', told('oom-killed', 'critical'), true],
	['level-shift', told('level-shift', 'notice'), true],
	['load', told('load', 'notice'), true],
	['drop', told('drop', 'notice'), true],
	['unlike-siblings', told('unlike-siblings', 'notice'), true],
	['level-shift:warning', told('level-shift', 'notice'), false],
	['warning', told('memory-leak', 'notice'), false],
	['warning', told('cpu-spike', 'warning'), true],
	['warning', told('oom-killed', 'critical'), true],
	['notice', told('load', 'notice'), true],
	['critical, memory-leak', told('memory-leak', 'warning'), true],
	['critical, memory-leak', told('cpu-spike', 'warning'), false],
	['memory-leak', told('memory-leak', 'critical', {recurring: true}), false],
	['memory-leak', {...told('memory-leak', 'critical'), type: 'closed'} as Event, false],
	['level-shift', {...told('level-shift', 'notice'), type: 'renamed', was: 'memory-leak'} as Event, true],
];
for (const [asked, event, counts] of cases) {
	const {kind, severity, recurring} = 'anomaly' in event ? event.anomaly : an.anomaly;
	test(`--fail-on ${asked} ${counts ? 'counts' : 'passes over'} ${event.type} ${kind}, ${severity}${recurring ? ', a habit' : ''}`, () =>
		assert.equal(failOn(asked)(event), counts));
}

test('a leak of the recording counts from its warning on, and the steps that were notices of a leak never do', () => {
	const found = events.filter(failOn('memory-leak')).flatMap(event => ('anomaly' in event ? [event.anomaly.of.pod] : []));
	assert.deepEqual([...new Set(found)], ['checkout-6fnvsnzfk9-cnzh6']);
	const steps = events.filter(event => 'anomaly' in event && event.type === 'renamed' && event.was === 'memory-leak');
	assert.ok(steps.length >= 4, 'the recording has leaks that turned out to be steps');
});

test('what is neither kind nor severity is refused', () => {
	for (const asked of ['leak', '', 'memory-leak,', 'memory-leak:bad', 'warning:memory-leak', 'memory-leak:notice:warning'])
		assert.throws(() => failOn(asked), UsageError, asked);
});
