/** What the other tests stand on: scripted programs under a clock of ours. */
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {alternating, busy, leaking, MIB, ScriptedProgram, type Shape, sawTooth, steady} from './program.ts';

function scripted(shape: Shape, memoryLimitMib?: number) {
	const clock = {ms: 1_000_000};
	const limit = memoryLimitMib === undefined ? {} : {memoryLimitBytes: memoryLimitMib * MIB};
	const program = new ScriptedProgram({shape, seed: 1, now: () => clock.ms, ...limit});
	program.start();
	const after = (seconds: number) => {
		clock.ms += seconds * 1000;
		return program.sample();
	};
	return {program, after, clock};
}

describe('a scripted program', () => {
	test('uses what its shape says', () => {
		const {after} = scripted(steady(100, 50));
		const first = after(10)?.cpuSeconds ?? Number.NaN;
		const second = after(100)?.cpuSeconds ?? Number.NaN;
		assert.ok(Math.abs(second - first - 10) < 0.3, `${second - first} s of CPU in 100 s at 100 m`);
	});

	test('counts its CPU the same however often it is asked', () => {
		const seldom = scripted(steady(100, 50));
		const often = scripted(steady(100, 50));
		for (let i = 0; i < 100; i++) often.after(1);
		assert.equal(often.after(0)?.cpuSeconds, seldom.after(100)?.cpuSeconds);
	});

	test('is killed where it passes its limit, and begins anew with its counter at the start', () => {
		const {program, after, clock} = scripted(leaking(steady(100, 90), 10), 100);
		const before = after(50)?.cpuSeconds ?? Number.NaN;
		after(15);
		assert.equal(program.lastExit?.reason, 'OOMKilled');
		assert.ok(
			Math.abs((program.lastExit?.atMs ?? 0) - 1_060_000) < 4000,
			`killed after ${((program.lastExit?.atMs ?? 0) - 1_000_000) / 1000} s`,
		);
		const again = after(5);
		assert.equal(program.restarts, 1);
		assert.ok((again?.cpuSeconds ?? Number.NaN) < before);
		assert.ok((again?.workingSetBytes ?? Number.NaN) < 93 * MIB);
		assert.ok(program.startedAtMs < clock.ms);
	});

	test('waits longer after each crash, as a kubelet has it wait', () => {
		const {program, after} = scripted({...steady(100, 50), exit: {afterSeconds: 5, code: 1}});
		const starts: number[] = [];
		for (let s = 0; s < 200; s++) {
			after(1);
			if (program.startedAtMs !== starts.at(-1)) starts.push(program.startedAtMs);
		}
		const gaps = starts.slice(1).map((at, i) => (at - (starts[i] ?? 0)) / 1000);
		// 5 s of running in whole steps, 0.5 s for the start, and 0, 10, 20, 40, 80 s of waiting.
		assert.deepEqual(gaps, [5.5, 16, 26, 46, 86]);
		assert.equal(program.lastExit?.exitCode, 1);
	});

	test('can be given another shape: its counter goes on, a restart brings the first one back', () => {
		const {program, after} = scripted(steady(100, 50));
		const before = after(10)?.cpuSeconds ?? Number.NaN;
		program.become(busy(steady(100, 50), 900));
		const busySeconds = (after(10)?.cpuSeconds ?? Number.NaN) - before;
		assert.ok(Math.abs(busySeconds - 10) < 1, `${busySeconds}`);
		program.crash(1);
		after(1);
		const base = after(0)?.cpuSeconds ?? Number.NaN;
		assert.ok((after(10)?.cpuSeconds ?? Number.NaN) - base < 1.5);
	});

	test('shapes: a saw-tooth falls, alternating goes there and back', () => {
		const tooth = sawTooth(40, 60, 100, 100);
		assert.deepEqual([0, 50, 99, 100].map(tooth.memoryMib), [60, 80, 99.6, 60]);
		const alternates = alternating(steady(1, 1), steady(2, 2), 100, 40, 20);
		assert.deepEqual([0, 40, 59, 60, 145].map(alternates.cpuMillicores), [1, 2, 2, 1, 2]);
	});
});
