/** Time and chance, passed in so that tests can turn them by hand. */

export interface Clock {
	/** Epoch milliseconds. */
	now(): number;
	/** Resolves after that time, or as soon as the signal aborts. Never rejects: look at the signal afterwards. */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
	/** In [0, 1). */
	random(): number;
}

export const systemClock: Clock = {
	now: Date.now,
	random: Math.random,
	sleep: (ms, signal) =>
		new Promise(resolve => {
			if (signal?.aborted) return resolve();
			const done = () => {
				clearTimeout(timer);
				signal?.removeEventListener('abort', done);
				resolve();
			};
			const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1));
			signal?.addEventListener('abort', done, {once: true});
		}),
};

/**
 * Full-jitter exponential backoff, 1 s to 60 s: a wait between 0 and a ceiling that doubles
 * (M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015). What the server asks for is a floor.
 */
export class Backoff {
	static readonly firstMs = 1000;
	static readonly ceilingMs = 60_000;
	failures = 0;
	readonly #clock: Clock;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	reset(): void {
		this.failures = 0;
	}

	/** How long to wait after one more failure. */
	next(retryAfterMs = 0): number {
		const ceiling = Math.min(Backoff.ceilingMs, Backoff.firstMs * 2 ** Math.min(this.failures, 10));
		this.failures++;
		// An absurd Retry-After must not silence the feed for a day.
		return Math.max(Math.min(retryAfterMs, 5 * 60_000), this.#clock.random() * ceiling);
	}
}

/** At most so many starts in a minute, whatever goes wrong: the last line against a reconnect storm. */
export class StartLimit {
	readonly #startsMs: number[] = [];
	readonly #perMinute: number;
	readonly #clock: Clock;

	constructor(clock: Clock, perMinute: number) {
		this.#clock = clock;
		this.#perMinute = perMinute;
	}

	/** Waits until one more start is allowed, and counts it. */
	async wait(signal: AbortSignal): Promise<void> {
		const oldest = this.#startsMs.at(-this.#perMinute);
		if (oldest !== undefined) {
			const waitMs = oldest + 60_000 - this.#clock.now();
			if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
		}
		this.#startsMs.push(this.#clock.now());
		if (this.#startsMs.length > this.#perMinute) this.#startsMs.shift();
	}
}
