/**
 * What the shop's programs share: orders from the shop, real work, and memory that is really held and really given back.
 * A program is told what it is by its first argument (JSON) and what to do by messages of its parent; it dies with its parent.
 */
import {createHash} from 'node:crypto';

/** What the shop may tell a program. Everything but `endpoints` and `load` switches a fault on or off. */
export type Order =
	| {readonly type: 'endpoints'; readonly ports: Readonly<Record<string, readonly number[]>>}
	| {readonly type: 'load'; readonly target: string; readonly factor: number}
	| {readonly type: 'leak'; readonly mibPerMinute: number}
	/** A busy loop that takes this share of a core; 0 ends it. */
	| {readonly type: 'busy'; readonly share: number}
	| {readonly type: 'burst'; readonly mib: number; readonly seconds: number}
	| {readonly type: 'fill'; readonly mib: number; readonly seconds: number}
	| {readonly type: 'hang'; readonly on: boolean};

/** What a program tells the shop: it listens on this port. */
export interface Ready {
	readonly type: 'ready';
	readonly port?: number;
}

export const configuration = <Config>(): Config => JSON.parse(process.argv[2] ?? '{}') as Config;

export function obey(order: (order: Order) => void): void {
	process.on('message', message => order(message as Order));
	process.on('disconnect', () => process.exit(0));
	process.on('SIGTERM', () => process.exit(0));
}

export const tell = (ready: Ready): void => {
	process.send?.(ready);
};

/** `value` give or take `share` of it. */
export const about = (value: number, share: number): number => value * (1 + share * (2 * Math.random() - 1));

let page = 0;
/** One unit of work, roughly 0.2 ms of a core: renders a page of products, as text, and signs it. */
function renderPage(): string {
	page++;
	const rows: string[] = [];
	for (let i = 0; i < 600; i++) {
		const price = ((page * 7919 + i * 104729) % 99_991) / 100;
		rows.push(`<li id="p${page}-${i}"><b>Product ${(page * 31 + i) % 4096}</b> ${price.toFixed(2)} EUR</li>`);
	}
	rows.sort();
	const text = rows.join('\n');
	return createHash('sha256').update(text).digest('hex');
}

/** Whole units, the fraction by chance. */
export function work(units: number): string {
	let last = '';
	const whole = Math.floor(units) + (Math.random() < units % 1 ? 1 : 0);
	for (let i = 0; i < whole; i++) last = renderPage();
	return last;
}

const MIB = 1024 * 1024;

/** Memory that is touched, so that it counts: in pieces above malloc's threshold, so that each goes back to the kernel when it is dropped. */
export function hold(mib: number): Buffer[] {
	const piece = MIB / 4;
	return Array.from({length: Math.round((mib * MIB) / piece)}, () => Buffer.alloc(piece, 1));
}

/** Runs the collector (`--expose-gc`), so that dropped pieces are given back now. */
export const collect = (): void => {
	(globalThis as {gc?: () => void}).gc?.();
};

/** A texture as real heaps have it: a few answers are kept and replaced at random, and what was dropped goes when the collector runs, about once a minute. */
export function churn(): void {
	const answers: Buffer[] = [];
	setInterval(() => {
		if (Math.random() < 0.2) answers[Math.floor(Math.random() * 16)] = Buffer.alloc(Math.round(about(256 * 1024, 0.5)), 1);
	}, 1000);
	const next = (): void => {
		collect();
		setTimeout(next, about(60, 0.4) * 1000);
	};
	setTimeout(next, about(60, 0.4) * 1000);
}

/** A burst: takes memory within a few seconds, keeps it, gives it back. */
export function burst(mib: number, seconds: number): void {
	const held: Buffer[] = [];
	const timer = setInterval(() => {
		held.push(...hold(mib / 10));
		if (held.length >= mib * 4 - 1) clearInterval(timer);
	}, 300);
	setTimeout(() => {
		clearInterval(timer);
		held.length = 0;
		collect();
	}, seconds * 1000);
}

/** A busy loop in slices of 40 ms, so that the program still answers, slowly. */
export class BusyLoop {
	#share = 0;
	#running = false;

	set(share: number): void {
		this.#share = share;
		if (share > 0 && !this.#running) this.#spin();
	}

	#spin(): void {
		this.#running = this.#share > 0;
		if (!this.#running) return;
		const sliceMs = 40;
		const until = performance.now() + sliceMs;
		while (performance.now() < until) work(1);
		if (this.#share >= 1) setImmediate(() => this.#spin());
		else setTimeout(() => this.#spin(), sliceMs / this.#share - sliceMs);
	}
}
