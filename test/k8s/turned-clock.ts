import type {Clock} from '../../source/k8s/clock.ts';

interface Sleeper {
	readonly atMs: number;
	readonly wake: () => void;
}

/** A clock that stands until it is turned. What goes over the network takes real time, but no time of this clock. */
export class TurnedClock implements Clock {
	nowMs: number;
	/** What chance brings; a constant unless a test sets it. */
	chance: () => number = () => 0.5;
	readonly #sleepers = new Set<Sleeper>();

	constructor(nowMs = Date.UTC(2026, 10, 24, 8, 23, 36)) {
		this.nowMs = nowMs;
	}

	now(): number {
		return this.nowMs;
	}

	random(): number {
		return this.chance();
	}

	sleep(ms: number, signal?: AbortSignal): Promise<void> {
		return new Promise(resolve => {
			if (signal?.aborted) return resolve();
			const wake = () => {
				this.#sleepers.delete(sleeper);
				signal?.removeEventListener('abort', wake);
				resolve();
			};
			const sleeper = {atMs: this.nowMs + ms, wake};
			this.#sleepers.add(sleeper);
			signal?.addEventListener('abort', wake, {once: true});
		});
	}

	get sleepers(): number {
		return this.#sleepers.size;
	}

	/** Turns by so much, stopping at each alarm on the way for what it sets off to happen. */
	async turn(ms: number, settled: () => boolean = () => true): Promise<void> {
		const endMs = this.nowMs + ms;
		await settle(settled);
		for (;;) {
			let next: Sleeper | undefined;
			for (const sleeper of this.#sleepers) if (sleeper.atMs <= endMs && (next === undefined || sleeper.atMs < next.atMs)) next = sleeper;
			if (next === undefined) break;
			this.nowMs = Math.max(this.nowMs, next.atMs);
			next.wake();
			await settle(settled);
		}
		this.nowMs = endMs;
	}
}

/** Lets the event loop turn until the network has had its say: server and client live in this process, so each turn moves both. */
export async function settle(settled: () => boolean = () => true, turns = 25): Promise<void> {
	const deadline = performance.now() + 20_000;
	for (let quiet = 0; quiet < turns; quiet = settled() ? quiet + 1 : 0) {
		await new Promise(resolve => setImmediate(resolve));
		if (performance.now() > deadline) throw new Error('The network did not settle within 20 s');
	}
}

/** Waits for something that the network brings; no time passes on the turned clock. */
export async function until(condition: () => boolean, what: string): Promise<void> {
	const deadline = performance.now() + 20_000;
	while (!condition()) {
		if (performance.now() > deadline) throw new Error(`Waited 20 s for ${what}`);
		await new Promise(resolve => setImmediate(resolve));
	}
}
