/**
 * A container: one process in a control group of its own, with a quota and a limit, restarted as a kubelet does.
 * Where there are no control groups it is the process alone, measured through /proc.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {type Group, type Hierarchy, type Limits, type Usage, usageOfProcess} from './cgroup.ts';
import type {Order, Ready} from './program.ts';

export interface ContainerSpec {
	/** Unique in the shop: `pod_container`. */
	readonly id: string;
	/** Path of the program, runnable by Node as it is. */
	readonly program: string;
	/** Its first argument, as JSON. */
	readonly config: unknown;
	readonly nodeFlags?: readonly string[];
	readonly limits: Limits;
	readonly restart: 'always' | 'never';
}

export interface LastExit {
	readonly reason: 'OOMKilled' | 'Error' | 'Completed';
	readonly exitCode: number;
	readonly atMs: number;
}

export interface Sample extends Usage {
	readonly atMs: number;
	/** Since the process started: falls when it restarts, as `container_cpu_usage_seconds_total` does. */
	readonly cpuSeconds: number;
	readonly startedAtMs: number;
	readonly restarts: number;
	readonly lastExit?: LastExit;
}

/** The kubelet's: at once the first time, then 10 s, 20 s, … 300 s; from the beginning again after ten quiet minutes. */
export function backOffMs(crashesInARow: number): number {
	return crashesInARow <= 1 ? 0 : Math.min(10_000 * 2 ** (crashesInARow - 2), 300_000);
}
const QUIET_MS = 600_000;

/** Writes its own id into each group's file, then becomes the program: so nothing of it is ever counted elsewhere. */
const JOIN = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ > "$1" || exit 126; shift; n=$((n - 1)); done; exec "$@"';

export type Change = 'ready' | 'ended' | 'restarted';

export class Container {
	readonly spec: ContainerSpec;
	/** A port that its program listens on; undefined before it does. */
	port: number | undefined;
	startedAtMs = Number.NaN;
	restarts = 0;
	lastExit: LastExit | undefined;
	/** `CrashLoopBackOff` while it waits for its next start. */
	waiting: string | undefined;

	readonly #hierarchy: Hierarchy | undefined;
	readonly #changed: (what: Change) => void;
	#group: Group | undefined;
	#process: ChildProcess | undefined;
	#timer: NodeJS.Timeout | undefined;
	#crashes = 0;
	#stopping = false;

	constructor(spec: ContainerSpec, hierarchy: Hierarchy | undefined, changed: (what: Change) => void = () => {}) {
		this.spec = spec;
		this.#hierarchy = hierarchy;
		this.#changed = changed;
	}

	get isRunning(): boolean {
		return this.#process !== undefined;
	}

	get pid(): number | undefined {
		return this.#process?.pid;
	}

	start(): void {
		this.waiting = undefined;
		const {spec} = this;
		const group = this.#hierarchy?.group(`${spec.id}_${this.restarts}`, spec.limits);
		this.#group = group;
		const joins = group?.joins ?? [];
		const node = [process.execPath, ...(spec.nodeFlags ?? []), spec.program, JSON.stringify(spec.config)];
		const child = spawn('/bin/sh', ['-c', JOIN, 'sh', String(joins.length), ...joins, ...node], {
			stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
			// Fixed thresholds: what a program frees goes back to the kernel, so its memory is what it holds.
			env: {PATH: process.env.PATH, MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072'},
		});
		this.#process = child;
		this.startedAtMs = Date.now();
		child.on('message', message => {
			this.port = (message as Ready).port;
			this.#changed('ready');
		});
		child.on('error', () => {});
		child.once('exit', (code, signal) => this.#exited(child, code, signal));
	}

	#exited(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
		if (this.#process !== child) return;
		const atMs = Date.now();
		const oomKilled = signal === 'SIGKILL' && (this.#group?.oomKills() ?? 0) > 0;
		const ranMs = atMs - this.startedAtMs;
		this.#process = undefined;
		this.port = undefined;
		this.#removeGroup();
		if (this.#stopping) return;
		this.lastExit = {
			reason: oomKilled ? 'OOMKilled' : code === 0 ? 'Completed' : 'Error',
			exitCode: code ?? (signal === 'SIGKILL' ? 137 : 143),
			atMs,
		};
		if (this.spec.restart === 'always') {
			this.#crashes = ranMs > QUIET_MS ? 1 : this.#crashes + 1;
			const waitMs = backOffMs(this.#crashes);
			if (waitMs > 0) this.waiting = 'CrashLoopBackOff';
			this.#timer = setTimeout(() => {
				this.restarts++;
				this.start();
				this.#changed('restarted');
			}, waitMs + 500);
		}
		this.#changed('ended');
	}

	/** Sends an order to its program, if it runs. */
	order(order: Order): void {
		if (this.#process?.connected) this.#process.send(order, () => {});
	}

	/** Undefined while it does not run. */
	sample(atMs = Date.now()): Sample | undefined {
		const pid = this.#process?.pid;
		if (pid === undefined) return undefined;
		try {
			const usage =
				this.#group?.usage() ?? usageOfProcess(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'));
			const {startedAtMs, restarts, lastExit} = this;
			return {...usage, atMs, startedAtMs, restarts, ...(lastExit && {lastExit})};
		} catch {
			// It ended between two lines of ours.
			return undefined;
		}
	}

	/** Resolves when its process is gone and its group removed. */
	stop(graceMs = 2000): Promise<void> {
		this.#stopping = true;
		clearTimeout(this.#timer);
		const child = this.#process;
		if (!child) return Promise.resolve();
		return new Promise(resolve => {
			const hard = setTimeout(() => child.kill('SIGKILL'), graceMs);
			child.once('exit', () => {
				clearTimeout(hard);
				resolve();
			});
			child.kill('SIGTERM');
		});
	}

	/** For the way out of a process that must not wait: its group is removed by the next shop if the kernel is slower than this. */
	kill(): void {
		this.#stopping = true;
		clearTimeout(this.#timer);
		this.#process?.kill('SIGKILL');
		this.#removeGroup();
	}

	#removeGroup(): void {
		const group = this.#group;
		this.#group = undefined;
		try {
			group?.remove();
		} catch {
			// The kernel needs a moment to let go of an ended process.
			setTimeout(() => {
				try {
					group?.remove();
				} catch {}
			}, 1000);
		}
	}
}
