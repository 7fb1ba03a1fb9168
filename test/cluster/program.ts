/**
 * What runs in a container, as the stand-in kubelet sees it. Containers of recordings/shop/ fit as they are;
 * here are programs that are only a shape over time, at whatever pace a test wants.
 */
import {backOffMs} from '../../recordings/shop/container.ts';

export interface Exit {
	readonly reason: 'OOMKilled' | 'Error' | 'Completed';
	readonly exitCode: number;
	readonly atMs: number;
}

export interface Program {
	readonly isRunning: boolean;
	/** Of the process that runs, or of the last one that did. */
	readonly startedAtMs: number;
	readonly restarts: number;
	readonly lastExit: Exit | undefined;
	/** `CrashLoopBackOff` while it waits for its next start, `ImagePullBackOff` where it never starts. */
	readonly waiting: string | undefined;
	start(): void;
	stop(): Promise<void>;
	/** CPU since the process started, and memory now; undefined while it does not run. */
	sample(): {readonly cpuSeconds: number; readonly workingSetBytes: number} | undefined;
}

/** What it takes, by seconds since its process started (or since it was given this shape). */
export interface Shape {
	readonly cpuMillicores: (seconds: number) => number;
	readonly memoryMib: (seconds: number) => number;
	/** Ends by itself after so long, with this code. */
	readonly exit?: {readonly afterSeconds: number; readonly code: number};
}

export const MIB = 1024 * 1024;

export interface ScriptedOptions {
	readonly shape: Shape;
	readonly seed: number;
	/** Above it the process is killed, as by the kernel. */
	readonly memoryLimitBytes?: number;
	readonly restart?: 'always' | 'never';
	/** Its first process says that it has run for so long: the engine gives a young one time to settle. */
	readonly ageMs?: number;
	readonly now?: () => number;
}

/** Scripted values are never smooth: cAdvisor's are not either. */
const CPU_NOISE = 0.12;
const MEMORY_NOISE = 0.004;
const STEP_MS = 1000;

export class ScriptedProgram implements Program {
	startedAtMs = Number.NaN;
	restarts = 0;
	lastExit: Exit | undefined;
	waiting: string | undefined;
	isRunning = false;

	readonly #options: ScriptedOptions;
	readonly #now: () => number;
	readonly #random: () => number;
	#shape: Shape;
	#shapeSinceMs = 0;
	#seenMs = 0;
	#cpuSeconds = 0;
	#memoryBytes = 0;
	#crashes = 0;
	#nextStartMs = Number.POSITIVE_INFINITY;

	constructor(options: ScriptedOptions) {
		this.#options = options;
		this.#shape = options.shape;
		this.#now = options.now ?? Date.now;
		this.#random = xorshift(options.seed);
	}

	start(): void {
		this.#begin(this.#now());
		this.startedAtMs -= this.#options.ageMs ?? 0;
	}

	stop(): Promise<void> {
		this.isRunning = false;
		this.#nextStartMs = Number.POSITIVE_INFINITY;
		return Promise.resolve();
	}

	/** From now on it behaves so; a restart brings its first shape back. */
	become(shape: Shape): void {
		this.sample();
		this.#shape = shape;
		this.#shapeSinceMs = this.#now();
	}

	/** Ends as if the process had ended by itself. */
	crash(code: number): void {
		if (this.isRunning) this.#end({reason: code === 0 ? 'Completed' : 'Error', exitCode: code, atMs: this.#now()});
	}

	sample(): {readonly cpuSeconds: number; readonly workingSetBytes: number} | undefined {
		const now = this.#now();
		while (this.#seenMs < now) {
			if (this.isRunning) this.#advance(Math.min(this.#seenMs + STEP_MS, now));
			else if (this.#nextStartMs <= now) this.#begin(this.#nextStartMs, true);
			else this.#seenMs = now;
		}
		return this.isRunning ? {cpuSeconds: this.#cpuSeconds, workingSetBytes: this.#memoryBytes} : undefined;
	}

	#advance(toMs: number): void {
		const shape = this.#shape;
		const seconds = (toMs - this.#shapeSinceMs) / 1000;
		const cpu = shape.cpuMillicores(seconds) * (1 + CPU_NOISE * (2 * this.#random() - 1));
		this.#cpuSeconds += (Math.max(cpu, 0) / 1000) * ((toMs - this.#seenMs) / 1000);
		this.#memoryBytes = Math.round(shape.memoryMib(seconds) * MIB * (1 + MEMORY_NOISE * (2 * this.#random() - 1)));
		this.#seenMs = toMs;
		if (this.#memoryBytes > (this.#options.memoryLimitBytes ?? Number.POSITIVE_INFINITY)) {
			this.#end({reason: 'OOMKilled', exitCode: 137, atMs: toMs});
		} else if (shape.exit && seconds >= shape.exit.afterSeconds) {
			const {code} = shape.exit;
			this.#end({reason: code === 0 ? 'Completed' : 'Error', exitCode: code, atMs: toMs});
		}
	}

	#begin(atMs: number, isRestart = false): void {
		this.isRunning = true;
		this.waiting = undefined;
		this.startedAtMs = atMs;
		this.#shape = this.#options.shape;
		this.#shapeSinceMs = atMs;
		this.#seenMs = atMs;
		// A started process has used some of both: a zero would hide the pod.
		this.#cpuSeconds = 0.05;
		this.#memoryBytes = Math.round(this.#shape.memoryMib(0) * MIB);
		this.#nextStartMs = Number.POSITIVE_INFINITY;
		if (isRestart) this.restarts++;
	}

	#end(exit: Exit): void {
		this.isRunning = false;
		this.lastExit = exit;
		if (this.#options.restart === 'never') return;
		this.#crashes = exit.atMs - this.startedAtMs > 600_000 ? 1 : this.#crashes + 1;
		const waitMs = backOffMs(this.#crashes);
		if (waitMs > 0) this.waiting = 'CrashLoopBackOff';
		this.#nextStartMs = exit.atMs + waitMs + 500;
	}
}

/** Never starts: its image cannot be had, or its configuration is missing. */
export class WaitingProgram implements Program {
	readonly isRunning = false;
	readonly startedAtMs = Number.NaN;
	readonly restarts = 0;
	readonly lastExit = undefined;
	readonly waiting: string;
	constructor(waiting: string) {
		this.waiting = waiting;
	}
	start(): void {}
	stop(): Promise<void> {
		return Promise.resolve();
	}
	sample(): undefined {}
}

/** Marsaglia, "Xorshift RNGs", 2003. */
export function xorshift(seed: number): () => number {
	let state = (seed * 2654435761) >>> 0 || 1;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		state >>>= 0;
		return state / 2 ** 32;
	};
}

/** The load of a service, a wave of ten minutes, and memory that goes a little with it. */
export const service = (cpuMillicores: number, memoryMib: number): Shape => ({
	cpuMillicores: s => cpuMillicores * (1 + 0.2 * Math.sin((2 * Math.PI * s) / 600)),
	memoryMib: s => memoryMib * (1 + 0.01 * Math.sin((2 * Math.PI * s) / 600)),
});

export const steady = (cpuMillicores: number, memoryMib: number): Shape => ({
	cpuMillicores: () => cpuMillicores,
	memoryMib: () => memoryMib,
});

/** What it was, and memory that grows. */
export const leaking = (shape: Shape, mibPerMinute: number): Shape => ({
	...shape,
	memoryMib: s => shape.memoryMib(s) + (s / 60) * mibPerMinute,
});

/** What it was, and a loop that takes so much more. */
export const busy = (shape: Shape, moreMillicores: number): Shape => ({
	...shape,
	cpuMillicores: s => shape.cpuMillicores(s) + moreMillicores,
});

/** A collector at work: memory climbs for a while and falls. */
export const sawTooth = (cpuMillicores: number, lowMib: number, highMib: number, periodSeconds: number): Shape => ({
	cpuMillicores: s => cpuMillicores * (s % periodSeconds < 3 ? 1.5 : 1),
	memoryMib: s => lowMib + (highMib - lowMib) * ((s % periodSeconds) / periodSeconds),
});

/** `shape`, and `other` in each period from `fromSeconds` on for `forSeconds`. */
export const alternating = (shape: Shape, other: Shape, periodSeconds: number, fromSeconds: number, forSeconds: number): Shape => {
	const isOther = (s: number): boolean => {
		const at = s % periodSeconds;
		return at >= fromSeconds && at < fromSeconds + forSeconds;
	};
	return {
		cpuMillicores: s => (isOther(s) ? other : shape).cpuMillicores(s),
		memoryMib: s => (isOther(s) ? other : shape).memoryMib(s),
	};
};
