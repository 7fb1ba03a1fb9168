/**
 * The way out to a terminal that may be slow. Node writes to a terminal blocking: over a line that stalls, the whole program would
 * stand still, and with it what records and judges. So the terminal is opened a second time, non-blocking, where the system allows
 * that; what it does not take at once waits here, and whoever draws can see that it waits.
 */
import {constants, openSync, writeSync} from 'node:fs';
import process from 'node:process';

export interface Outlet {
	/** Something still waits: what is sent now would queue behind it. */
	readonly blocked: boolean;
	/** In order. */
	send(text: string): void;
	/** In order, and now: the program may end right after. */
	sendNow(text: string): void;
}

const RETRY_MS = 10;
/** A line that takes nothing for so long is given up when the program leaves: it must not keep it from ending. */
const GIVE_UP_MS = 500;

export function openOutlet(stdout: NodeJS.WriteStream, ready: () => void): Outlet {
	const fd = 'fd' in stdout ? stdout.fd : undefined;
	if (stdout.isTTY && typeof fd === 'number' && process.platform === 'linux') {
		try {
			// Opened anew, so that the flag is ours alone: a duplicate would share it with the shell.
			const {O_WRONLY, O_NONBLOCK, O_NOCTTY} = constants;
			return new TerminalOutlet(openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY), stdout, ready);
		} catch {
			// Somebody else's terminal (after su): the stream will do.
		}
	}
	return new StreamOutlet(stdout, ready);
}

class TerminalOutlet implements Outlet {
	readonly #fd: number;
	readonly #stdout: NodeJS.WriteStream;
	readonly #ready: () => void;
	#waiting: Buffer = Buffer.alloc(0);
	#timer: NodeJS.Timeout | undefined;
	#failed = false;

	constructor(fd: number, stdout: NodeJS.WriteStream, ready: () => void) {
		this.#fd = fd;
		this.#stdout = stdout;
		this.#ready = ready;
	}

	get blocked(): boolean {
		return this.#waiting.length > 0;
	}

	send(text: string): void {
		if (this.#failed) {
			this.#stdout.write(text);
			return;
		}
		const data = Buffer.from(text);
		this.#waiting = this.blocked ? Buffer.concat([this.#waiting, data]) : data;
		if (this.#timer === undefined) this.#push();
	}

	sendNow(text: string): void {
		this.send(text);
		const deadlineMs = performance.now() + GIVE_UP_MS;
		while (this.blocked && performance.now() < deadlineMs) {
			Atomics.wait(NEVER, 0, 0, 1);
			this.#push();
		}
	}

	#push(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		try {
			while (this.blocked) this.#waiting = this.#waiting.subarray(writeSync(this.#fd, this.#waiting));
		} catch (error) {
			if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') {
				this.#timer = setTimeout(() => {
					this.#push();
					if (!this.blocked) this.#ready();
				}, RETRY_MS);
			} else {
				// The terminal is gone: the stream says so in the way that everybody expects.
				this.#failed = true;
				this.#stdout.write(this.#waiting);
				this.#waiting = Buffer.alloc(0);
			}
		}
	}
}

const NEVER = new Int32Array(new SharedArrayBuffer(4));

class StreamOutlet implements Outlet {
	readonly #stdout: NodeJS.WriteStream;
	readonly #ready: () => void;
	#unanswered = 0;

	constructor(stdout: NodeJS.WriteStream, ready: () => void) {
		this.#stdout = stdout;
		this.#ready = ready;
	}

	get blocked(): boolean {
		return this.#unanswered > 0;
	}

	send(text: string): void {
		this.#unanswered++;
		this.#stdout.write(text, () => {
			this.#unanswered--;
			if (!this.blocked) this.#ready();
		});
	}

	sendNow(text: string): void {
		this.send(text);
	}
}
