import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type PollOutcome, Rhythm} from '../../source/k8s/rhythm.ts';

/** A metrics server: takes the kubelets' newest points in rounds, and answers with what the last round brought. */
interface Server {
	readonly resolutionMs: number;
	/** Time of a round after its due time. */
	readonly delayMs: (round: number) => number;
	readonly nodes: number;
	readonly housekeepingMs: number;
	readonly firstRoundMs: number;
}

const usual: Server = {resolutionMs: 15_000, delayMs: () => 150, nodes: 1, housekeepingMs: 10_000, firstRoundMs: 7000};

/** Each node's point of a round, and the one before it: what an answer at this moment holds. */
function answerAt(
	server: Server,
	atMs: number,
): {readonly sampled: readonly number[]; readonly windows: readonly number[]; readonly round: number} {
	let round = Math.floor((atMs - server.firstRoundMs) / server.resolutionMs);
	while (server.firstRoundMs + round * server.resolutionMs + server.delayMs(round) > atMs) round--;
	const pointOf = (node: number, itsRound: number) => {
		const phase = (node * 3700) % server.housekeepingMs;
		return (
			Math.floor((server.firstRoundMs + itsRound * server.resolutionMs - phase) / server.housekeepingMs) * server.housekeepingMs + phase
		);
	};
	const sampled: number[] = [];
	const windows: number[] = [];
	for (let node = 0; node < server.nodes; node++) {
		sampled.push(pointOf(node, round));
		windows.push(pointOf(node, round) - pointOf(node, round - 1));
	}
	return {sampled, windows, round};
}

interface Run {
	readonly polls: readonly number[];
	readonly missedRounds: number;
	readonly rounds: number;
	/** Time from each round to the poll that brought it. */
	readonly lagsMs: readonly number[];
}

function run(rhythm: Rhythm, serverAt: (ms: number) => Server, fromMs: number, toMs: number): Run {
	let before: readonly number[] = [];
	let lastRound = Number.NaN;
	let missedRounds = 0;
	let rounds = 0;
	const lagsMs: number[] = [];
	const polls: number[] = [];
	for (let atMs = fromMs; atMs < toMs; ) {
		const server = serverAt(atMs);
		const answer = answerAt(server, atMs);
		const steps = answer.sampled.map((ms, node) => ms - (before[node] ?? Number.NaN)).filter(step => step > 0);
		const mean = (values: readonly number[]) => (values.length > 0 ? values.reduce((a, b) => a + b) / values.length : Number.NaN);
		const isFresh = before.length === 0 || steps.length > 0;
		const outcome: PollOutcome = {startedAtMs: atMs, fresh: isFresh, meanStepMs: mean(steps), meanWindowMs: mean(answer.windows)};
		if (answer.round !== lastRound) {
			if (!Number.isNaN(lastRound)) {
				rounds++;
				missedRounds += Math.max(0, answer.round - lastRound - 1);
				lagsMs.push(atMs - (server.firstRoundMs + answer.round * server.resolutionMs + server.delayMs(answer.round)));
			}
			lastRound = answer.round;
		}
		before = answer.sampled;
		polls.push(atMs);
		const next = rhythm.next(outcome);
		assert.ok(next > atMs, 'time goes on');
		atMs = next;
	}
	return {polls, missedRounds, rounds, lagsMs};
}

const perMinute = (polls: readonly number[], fromMs: number, toMs: number): number =>
	polls.filter(ms => ms >= fromMs && ms < toMs).length / ((toMs - fromMs) / 60_000);

test('learns the resolution by the mean step, whatever the kubelets do in between', () => {
	for (const resolutionMs of [10_000, 15_000, 20_000, 30_000, 60_000])
		for (const nodes of [1, 3, 20])
			for (const firstRoundMs of [0, 2500, 7000, 9999]) {
				const rhythm = new Rhythm();
				run(rhythm, () => ({...usual, resolutionMs, nodes, firstRoundMs}), 0, resolutionMs * 7 + 20_000);
				assert.equal(rhythm.resolutionMs, resolutionMs, `${resolutionMs} ${nodes} ${firstRoundMs}`);
			}
});

test('with samples every 15 s sees each of them with at most 4.3 polls a minute', () => {
	for (const firstRoundMs of [0, 1000, 4000, 7000, 12_345])
		for (const delayMs of [() => 100, (round: number) => 100 + ((round * 7919) % 400), (round: number) => (round * 104729) % 1500]) {
			const rhythm = new Rhythm();
			const hour = 3_600_000;
			const {polls, missedRounds} = run(rhythm, () => ({...usual, firstRoundMs, delayMs, nodes: 5}), 0, hour);
			assert.equal(missedRounds, 0);
			assert.ok(perMinute(polls, 5 * 60_000, hour) <= 4.3, `${perMinute(polls, 5 * 60_000, hour)} a minute`);
			assert.ok(perMinute(polls, 5 * 60_000, hour) >= 4);
		}
});

test('asks soon after each round, not just some time in between', () => {
	for (const firstRoundMs of [0, 1000, 4000, 7000, 12_345]) {
		const {lagsMs} = run(new Rhythm(), () => ({...usual, firstRoundMs}), 0, 1_500_000);
		assert.ok(Math.max(...lagsMs.slice(12)) < 2500, `${Math.max(...lagsMs.slice(12))} ms`);
	}
});

test('a metrics server that was set to another pace is followed', () => {
	for (const [from, to] of [
		[60_000, 15_000],
		[15_000, 60_000],
		[15_000, 30_000],
		[30_000, 15_000],
	] as const) {
		const rhythm = new Rhythm();
		const change = 1_800_000;
		run(rhythm, ms => ({...usual, resolutionMs: ms < change ? from : to}), 0, change + 1_800_000);
		assert.equal(rhythm.resolutionMs, to, `${from} to ${to}`);
	}
});

test('a server that stands still is asked no more often than it used to answer', () => {
	const rhythm = new Rhythm();
	run(rhythm, () => usual, 0, 300_000);
	const polls: number[] = [];
	for (let atMs = 300_000; atMs < 900_000; ) {
		polls.push(atMs);
		atMs = rhythm.next({startedAtMs: atMs, fresh: false, meanStepMs: Number.NaN, meanWindowMs: Number.NaN});
	}
	assert.ok(perMinute(polls, 400_000, 900_000) <= 4.1, `${perMinute(polls, 400_000, 900_000)}`);
});

test('after an hour of sleep the moment is found again, with few polls', () => {
	const rhythm = new Rhythm();
	run(rhythm, () => usual, 0, 600_000);
	const {polls, missedRounds} = run(rhythm, () => usual, 600_000 + 3_600_000, 600_000 + 7_200_000);
	assert.equal(rhythm.resolutionMs, 15_000);
	assert.equal(missedRounds, 0);
	assert.ok(perMinute(polls, 4_260_000, 7_800_000) <= 4.3);
});

test('an interval set by hand is kept, at least 5 s', () => {
	assert.equal(new Rhythm(1000).next({startedAtMs: 0, fresh: true, meanStepMs: 15_000, meanWindowMs: 15_000}), 5000);
	const rhythm = new Rhythm(20_000);
	assert.equal(rhythm.next({startedAtMs: 100, fresh: false, meanStepMs: Number.NaN, meanWindowMs: Number.NaN}), 20_100);
	assert.equal(rhythm.resolutionMs, 20_000);
});

test('a source that answers anew each time is asked by its window', () => {
	const rhythm = new Rhythm();
	rhythm.setAdapter(300_000);
	assert.equal(rhythm.next({startedAtMs: 0, fresh: true, meanStepMs: 5000, meanWindowMs: 300_000}), 60_000);
	rhythm.setAdapter(Number.NaN);
	assert.equal(rhythm.next({startedAtMs: 0, fresh: true, meanStepMs: 5000, meanWindowMs: 5000}), 5000);
});
