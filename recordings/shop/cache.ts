/** A cache: entries come and go. May collect seldom (a saw-tooth), and may fill: fast at first, then slower, then it stays. */
import {about, burst, churn, collect, configuration, hold, obey, tell, work} from './program.ts';

export interface CacheConfig {
	/** Units of work a second. */
	readonly units: number;
	readonly heldMib: number;
	/** Garbage that piles up evenly over this time, until the collector runs. */
	readonly sawTooth?: {readonly mib: number; readonly seconds: number};
}

const config = configuration<CacheConfig>();
const entries = hold(config.heldMib);
const filled: Buffer[] = [];
const garbage: Buffer[] = [];
const {sawTooth} = config;

setInterval(() => {
	work(about(config.units / 4, 0.5));
	entries[Math.floor(Math.random() * entries.length)]?.fill(Math.random() * 255);
}, 250);

if (!sawTooth) churn();
else {
	let height = about(sawTooth.mib, 0.1);
	setInterval(() => {
		garbage.push(Buffer.alloc(Math.round(about((sawTooth.mib * 1024 * 1024) / sawTooth.seconds, 0.5)), 1));
		if (garbage.reduce((sum, piece) => sum + piece.length, 0) < height * 1024 * 1024) return;
		garbage.length = 0;
		collect();
		height = about(sawTooth.mib, 0.1);
	}, 1000);
}

function fill(mib: number, seconds: number): void {
	const beganMs = performance.now();
	const timer = setInterval(() => {
		const part = Math.min((performance.now() - beganMs) / 1000 / seconds, 1);
		const want = mib * (1 - Math.exp(-3.5 * part));
		while (filled.length < want * 4) filled.push(...hold(0.25));
		if (part === 1) clearInterval(timer);
	}, 1000);
}

obey(order => {
	if (order.type === 'burst') burst(order.mib, order.seconds);
	else if (order.type === 'fill') fill(order.mib, order.seconds);
});
tell({type: 'ready'});
