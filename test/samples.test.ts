import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {type Sample, Samples} from '../source/samples.ts';

/** What is done to three containers, and to plain lists of what should be there. */
const steps = fc.array(
	fc.oneof(
		{weight: 60, arbitrary: fc.record({type: fc.constant('append' as const), of: fc.nat(2), afterMs: fc.nat(20_000), value: fc.nat(1000)})},
		{weight: 4, arbitrary: fc.record({type: fc.constant('drop-oldest' as const), of: fc.nat(2)})},
		{weight: 1, arbitrary: fc.record({type: fc.constant('drop' as const), of: fc.nat(2)})},
	),
	{minLength: 1, maxLength: 400},
);

test('any samples are found again, however old ones are let go', () => {
	fc.assert(
		fc.property(steps, fc.nat(3_000_000), (all, sinceMs) => {
			const samples = new Samples();
			const expected: Sample[][] = [[], [], []];
			let nowMs = Date.UTC(2026, 0, 1);
			const fromMs = nowMs + sinceMs;
			for (const step of all) {
				const own = expected[step.of]!;
				if (step.type === 'append') {
					nowMs += step.afterMs;
					const sample = {atMs: nowMs, cpuMillicores: step.value, memoryBytes: step.value * 1024, bits: (step.value << 20) >>> 0};
					own.push(sample);
					samples.append(step.of, Float64Array.of(nowMs, sample.cpuMillicores, sample.memoryBytes, sample.bits), 0);
				} else if (step.type === 'drop') {
					own.length = 0;
					samples.drop(step.of);
				} else {
					const startMs = samples.dropOldest(step.of);
					if (Number.isNaN(startMs)) assert.ok(own.length <= 15);
					else own.splice(0, 15);
					if (!Number.isNaN(startMs)) assert.equal(own[0]?.atMs, startMs);
				}
			}
			for (const [of, own] of expected.entries()) {
				assert.deepEqual(
					samples.at(of, fromMs),
					own.findLast(({atMs}) => atMs <= fromMs),
				);
				const seen: Sample[] = [];
				samples.from(of, fromMs, sample => seen.push(sample) > 0);
				assert.ok(seen.length >= own.filter(({atMs}) => atMs >= fromMs).length);
				assert.deepEqual(seen, own.slice(own.length - seen.length));
			}
			assert.equal(samples.bytes, expected.reduce((sum, own) => sum + Math.ceil(own.length / 15), 0) * 256);
		}),
	);
});
