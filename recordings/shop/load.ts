/** The customers: requests at random times (Poisson), with a slow wave, small bursts, and more of them when the shop says so. Stands outside the cluster. */
import {Agent, get} from 'node:http';
import {configuration, obey, tell} from './program.ts';

export interface LoadConfig {
	/** Requests a second for each target, all its instances together. */
	readonly targets: readonly {readonly name: string; readonly requestsPerSecond: number}[];
	readonly waveSeconds: number;
	/** Part of the mean by which the wave goes up and down. */
	readonly wave: number;
}

const config = configuration<LoadConfig>();
const agent = new Agent({keepAlive: true, maxSockets: 64});
const startedMs = performance.now();
const aim: Record<string, number> = {};
const factor: Record<string, number> = {};
let ports: Readonly<Record<string, readonly number[]>> = {};
let open = 0;
let burstUntilMs = 0;

function send(name: string): void {
	const instances = ports[name] ?? [];
	const port = instances[Math.floor(Math.random() * instances.length)];
	if (port === undefined || open > 200) return;
	open++;
	const request = get({host: '127.0.0.1', port, agent, timeout: 3000}, response => response.resume());
	request.on('timeout', () => request.destroy());
	request.on('error', () => {});
	request.on('close', () => open--);
}

/** Each tick a Poisson number of requests for what the tick's length asks. */
const TICK_MS = 100;
let lastMs = performance.now();
setInterval(() => {
	const now = performance.now();
	const seconds = Math.min((now - lastMs) / 1000, 1);
	lastMs = now;
	if (now > burstUntilMs && Math.random() < seconds / 180) burstUntilMs = now + 8000 + 8000 * Math.random();
	const wave = 1 + config.wave * Math.sin(2 * Math.PI * ((now - startedMs) / 1000 / config.waveSeconds + 0.11));
	const burst = now < burstUntilMs ? 1.25 : 1;
	for (const {name, requestsPerSecond} of config.targets) {
		// Customers do not all come in one second: within half a minute or so.
		const f = (factor[name] ?? 1) + ((aim[name] ?? 1) - (factor[name] ?? 1)) * Math.min(seconds / 12, 1);
		factor[name] = f;
		let expected = requestsPerSecond * seconds * wave * burst * f;
		for (;;) {
			expected += Math.log(1 - Math.random());
			if (expected < 0) break;
			setTimeout(send, Math.random() * TICK_MS, name);
		}
	}
}, TICK_MS);

obey(order => {
	if (order.type === 'endpoints') ports = order.ports;
	else if (order.type === 'load') aim[order.target] = order.factor;
});
tell({type: 'ready'});
