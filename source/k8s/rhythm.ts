/**
 * When to poll. The metrics server takes samples of all nodes at its own pace (`--metric-resolution`: 15 s as shipped, 60 s by default,
 * 10 s at least) and answers with the same numbers in between. The pace is learned first, by looking every 5 s; from then on there
 * is one poll for each round of samples, shortly after it. No clock, no timers: times come in, waits go out.
 */

/** What a poll brought, as far as the pace can be told from it. */
export interface PollOutcome {
	readonly startedAtMs: number;
	/** Did any pod have a newer sample than before? */
	readonly fresh: boolean;
	/** Mean over the pods of (this timestamp - the one before), and of the window that the sample covers. NaN without any. */
	readonly meanStepMs: number;
	readonly meanWindowMs: number;
}

/** What people set; a learned value close to one of them is taken for it. */
const USUAL_MS = [10, 15, 20, 30, 45, 60, 90, 120, 180, 300].map(seconds => seconds * 1000);

export class Rhythm {
	static readonly lookEveryMs = 5000;
	static readonly leastMs = 5000;
	/** After a poll that came too early. */
	static readonly retryMs = 2000;
	/** Each round is asked for a little sooner than the last, so that the first moment is found again: one poll in 20 comes too early. */
	static readonly creepMs = 100;

	/** Time between two rounds of samples; NaN while it is being learned. */
	resolutionMs = Number.NaN;
	readonly #fixedMs: number;
	#adapterMs = Number.NaN;
	#seen = false;
	/** When the first new round was seen, how many have come since, and how much time their samples span. */
	#firstRoundMs = Number.NaN;
	#rounds = 0;
	#spannedMs = 0;
	#lastRoundMs = Number.NaN;
	#creepMs = Rhythm.creepMs;
	#early = 0;
	/** Rounds in a row that needed more than one poll. */
	#lateRounds = 0;

	/** @param fixedMs Set by hand. */
	constructor(fixedMs = Number.NaN) {
		this.#fixedMs = Number.isNaN(fixedMs) ? Number.NaN : Math.max(Rhythm.leastMs, fixedMs);
		this.resolutionMs = this.#fixedMs;
	}

	/** The source stamps each answer with the time of asking (prometheus-adapter): there are no rounds to wait for. NaN = it does not. */
	setAdapter(windowMs: number): void {
		if (Number.isNaN(windowMs) === Number.isNaN(this.#adapterMs)) return;
		this.#adapterMs = Math.min(60_000, Math.max(15_000, windowMs));
		this.relearn();
		if (Number.isNaN(this.#fixedMs)) this.resolutionMs = this.#adapterMs;
	}

	/** When the next poll should start. */
	next(poll: PollOutcome): number {
		if (!Number.isNaN(this.#fixedMs)) return poll.startedAtMs + this.#fixedMs;
		if (!Number.isNaN(this.#adapterMs)) return poll.startedAtMs + this.#adapterMs;
		if (Number.isNaN(this.resolutionMs)) return this.#learn(poll);
		return this.#follow(poll);
	}

	/** The pace may have changed, or time has jumped: look again. What was learned stands until something else is. */
	relearn(): void {
		this.#seen = false;
		this.#firstRoundMs = Number.NaN;
		this.#rounds = 0;
		this.#spannedMs = 0;
		this.#lateRounds = 0;
		this.#early = 0;
		if (Number.isNaN(this.#fixedMs) && Number.isNaN(this.#adapterMs)) this.resolutionMs = Number.NaN;
	}

	#learn(poll: PollOutcome): number {
		const next = poll.startedAtMs + Rhythm.lookEveryMs;
		if (!poll.fresh) return next;
		if (!this.#seen) {
			this.#seen = true; // the first answer is new whenever it is asked for
			return next;
		}
		if (Number.isNaN(this.#firstRoundMs)) this.#firstRoundMs = poll.startedAtMs;
		else {
			this.#rounds++;
			this.#spannedMs += poll.meanStepMs;
		}
		this.#lastRoundMs = poll.startedAtMs;
		if (this.#rounds === 0) return next;
		// The mean step, not the median: with samples every 10 s and rounds every 15 s the steps are 10 and 20, never 15.
		// Kubelets' housekeeping and our own looking are each off by up to 10 s and 5 s over the whole span: their mean is closer.
		const bySamples = this.#spannedMs / this.#rounds;
		const byPolls = (poll.startedAtMs - this.#firstRoundMs) / this.#rounds;
		const estimate = Number.isNaN(bySamples) ? byPolls : (bySamples + byPolls) / 2;
		const sure = this.#rounds >= 4 || Rhythm.lookEveryMs / this.#rounds <= estimate * 0.1;
		if (!sure) return next;
		this.resolutionMs = usual(estimate);
		// The round came between the last two looks: close in on its moment by halves.
		this.#creepMs = Rhythm.lookEveryMs / 2;
		return poll.startedAtMs + this.resolutionMs - this.#creepMs;
	}

	#follow(poll: PollOutcome): number {
		const {startedAtMs} = poll;
		if (!poll.fresh) {
			this.#early++;
			this.#creepMs = Rhythm.creepMs;
			// A server that has stopped must not be asked every two seconds for the rest of the day.
			return startedAtMs + Math.min(this.resolutionMs, Rhythm.retryMs * 1.5 ** Math.max(0, this.#early - 2));
		}
		// A sample begins where the one before ended, unless a round was missed in between.
		const missed = poll.meanStepMs > poll.meanWindowMs + Math.max(2000, this.resolutionMs * 0.3);
		const waitedMs = startedAtMs - this.#lastRoundMs;
		this.#lateRounds = this.#early > 1 || waitedMs > this.resolutionMs * 1.5 ? this.#lateRounds + 1 : 0;
		this.#early = 0;
		this.#lastRoundMs = startedAtMs;
		if ((missed && waitedMs < this.resolutionMs * 1.5) || this.#lateRounds >= 3) {
			this.relearn();
			this.#seen = true;
			this.#firstRoundMs = startedAtMs;
			return startedAtMs + Rhythm.lookEveryMs;
		}
		// After a gap the moment has to be found again.
		if (waitedMs > this.resolutionMs * 1.5) this.#creepMs = this.resolutionMs / 4;
		const next = startedAtMs + this.resolutionMs - this.#creepMs;
		this.#creepMs = Math.max(Rhythm.creepMs, this.#creepMs / 2);
		return next;
	}
}

function usual(ms: number): number {
	for (const value of USUAL_MS) if (Math.abs(value - ms) <= value * 0.13) return value;
	return Math.max(Rhythm.leastMs, Math.round(ms / 1000) * 1000);
}
