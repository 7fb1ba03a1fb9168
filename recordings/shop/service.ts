/** An HTTP service: works for each request, calls others, keeps sessions. Also the proxy beside another container. */
import {Agent, createServer, get} from 'node:http';
import type {AddressInfo} from 'node:net';
import {about, BusyLoop, churn, configuration, hold, obey, tell, work} from './program.ts';

export interface ServiceConfig {
	/** Units of work a request (program.ts). */
	readonly units: number;
	/** What it holds from the start: code, catalogue, pools. */
	readonly heldMib: number;
	/** Names of endpoints that it calls for each request, one instance each. */
	readonly calls?: readonly string[];
	/** Sessions that it keeps: the oldest goes for a new one. */
	readonly sessions?: number;
}

const config = configuration<ServiceConfig>();
const held: Buffer[] = hold(config.heldMib);
const sessions = new Map<number, {readonly at: number; readonly items: string[]}>();
const agent = new Agent({keepAlive: true, maxSockets: 16});
const loop = new BusyLoop();
let ports: Readonly<Record<string, readonly number[]>> = {};
let requests = 0;

/** Resolves in any case: a service that lost another one still answers. */
function call(name: string): Promise<void> {
	const instances = ports[name] ?? [];
	const port = instances[Math.floor(Math.random() * instances.length)];
	if (port === undefined) return Promise.resolve();
	return new Promise(resolve => {
		const request = get({host: '127.0.0.1', port, agent, timeout: 3000}, response => {
			response.resume();
			response.on('close', resolve);
		});
		request.on('timeout', () => request.destroy());
		request.on('error', () => resolve());
	});
}

const server = createServer(async (_, response) => {
	requests++;
	const mark = work(about(config.units, 0.4));
	sessions.set(requests, {at: Date.now(), items: Array.from({length: 20}, (_, i) => `${mark}-${requests}-${i}`)});
	sessions.delete(requests - (config.sessions ?? 400));
	await Promise.all((config.calls ?? []).map(call));
	response.end(`${mark}\n`.repeat(20));
});
server.keepAliveTimeout = 60_000;

churn();
obey(order => {
	if (order.type === 'endpoints') ports = order.ports;
	else if (order.type === 'busy') loop.set(order.share);
	else if (order.type === 'leak') {
		// Each few seconds some sessions are kept for ever: steady on the whole, ragged near by.
		setInterval(() => held.push(Buffer.alloc(Math.round(about((order.mibPerMinute * 1024 * 1024) / 30, 0.8)), 1)), 2000);
	}
});
server.listen(0, '127.0.0.1', () => tell({type: 'ready', port: (server.address() as AddressInfo).port}));
