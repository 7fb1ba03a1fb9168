import {readFileSync} from 'node:fs';
import https from 'node:https';
import type {AddressInfo, Socket} from 'node:net';
import path from 'node:path';
import type {TLSSocket} from 'node:tls';
import zlib from 'node:zlib';

/** Works from test/k8s and from the bundled .test/k8s. */
export const FIXTURES = path.resolve(import.meta.dirname, '../../test/k8s');
const file = (name: string): Buffer => readFileSync(path.join(FIXTURES, name));

export interface Seen {
	readonly url: URL;
	readonly path: string;
	readonly query: URLSearchParams;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly connection: number;
	/** Who the client's certificate names, if it sent one. */
	readonly certificateOf: string | undefined;
	/** What was posted: to an identity provider, never to an API server. */
	readonly form?: URLSearchParams;
}

export interface Reply {
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string | Buffer | object;
	/** Compressed when the client asks for exactly `gzip`, as the API server does. */
	readonly gzip?: boolean;
}

/** A response under the script's hand: for what a healthy server never does. */
export interface Stream {
	begin(headers?: Readonly<Record<string, string>>): void;
	write(text: string | Buffer): void;
	end(): void;
	/** Cuts the connection without a word. */
	cut(): void;
	readonly closed: boolean;
}

export type Answer = Reply | 'hang' | 'reset' | ((stream: Stream, seen: Seen) => void);
export type Script = (seen: Seen) => Answer | undefined;

/** A recorded answer. */
export function wire(name: string): Reply {
	const head = JSON.parse(file(`wire/${name}.head.json`).toString()) as {status: number; headers: Record<string, string>};
	const headers: Record<string, string> = {};
	for (const [key, value] of Object.entries(head.headers))
		if (value !== '(varies)' && !/^(content-length|transfer-encoding|content-encoding|connection)$/i.test(key))
			headers[key.toLowerCase()] = value;
	for (const ending of ['json', 'txt', 'ndjson']) {
		try {
			return {status: head.status, headers, body: file(`wire/${name}.body.${ending}`)};
		} catch {
			// The next ending.
		}
	}
	return {status: head.status, headers, body: ''};
}

export const wireJson = (name: string): Record<string, unknown> => JSON.parse((wire(name).body as Buffer).toString());
export const wireGzip = (name: string): string => zlib.gunzipSync(file(`wire/${name}`)).toString();

export const CA = file('tls/server.crt').toString('base64');
export const OTHER_CA = file('tls/other.crt').toString('base64');
export const CLIENT_CERTIFICATE = file('tls/client.crt').toString('base64');
export const CLIENT_KEY = file('tls/client.key').toString('base64');

/** An API server that answers as it is told to, over TLS on this machine. */
export class ScriptedServer {
	readonly requests: Seen[] = [];
	connections = 0;
	/** Answers that are being sent. */
	busy = 0;
	/** Requests that the script leaves waiting; watches aside. */
	held = 0;
	/** What answers when the scripts before it do not; the last one added is asked first. */
	readonly #scripts: Script[] = [];
	readonly #server: https.Server;
	readonly #sockets = new Set<Socket>();
	readonly #numbers = new WeakMap<Socket, number>();

	private constructor(certificate: string) {
		this.#server = https.createServer(
			{
				key: file(`tls/${certificate}.key`),
				cert: file(`tls/${certificate}.crt`),
				keepAlive: true,
				keepAliveTimeout: 0,
				requestCert: true,
				rejectUnauthorized: false, // the script says who is let in
			},
			(request, response) => {
				const url = new URL(request.url ?? '/', 'https://localhost');
				const seen: Seen = {
					url,
					path: url.pathname,
					query: url.searchParams,
					headers: request.headers,
					connection: this.#numbers.get(request.socket) ?? 0,
					certificateOf: String((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? '') || undefined,
				};
				if (request.method === 'GET') {
					this.requests.push(seen);
					this.#answer(seen, response);
					return;
				}
				let body = '';
				request
					.setEncoding('utf8')
					.on('data', part => {
						body += part;
					})
					.on('end', () => {
						const posted = {...seen, form: new URLSearchParams(body)};
						this.requests.push(posted);
						this.#answer(posted, response);
					});
			},
		);
		this.#server.on('secureConnection', socket => {
			this.connections++;
			this.#numbers.set(socket, this.connections);
		});
		this.#server.on('connection', (socket: Socket) => {
			this.#sockets.add(socket);
			socket.once('close', () => this.#sockets.delete(socket));
			socket.on('error', () => {});
		});
	}

	static async start(certificate: 'server' | 'other' = 'server'): Promise<ScriptedServer> {
		const server = new ScriptedServer(certificate);
		await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve));
		return server;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	get url(): string {
		return `https://127.0.0.1:${this.port}`;
	}

	on(script: Script): this {
		this.#scripts.unshift(script);
		return this;
	}

	/** The same answer for a path, until another script takes it. */
	path(where: string | RegExp, answer: Answer): this {
		return this.on(seen => ((typeof where === 'string' ? seen.path === where : where.test(seen.path)) ? answer : undefined));
	}

	/** Answers in turn, the last one for ever. */
	turns(where: string | RegExp, ...answers: readonly Answer[]): this {
		let turn = 0;
		return this.on(seen =>
			(typeof where === 'string' ? seen.path === where : where.test(seen.path)) ? answers[Math.min(turn++, answers.length - 1)] : undefined,
		);
	}

	count(where: string | RegExp, more: (seen: Seen) => boolean = () => true): number {
		return this.requests.filter(seen => (typeof where === 'string' ? seen.path === where : where.test(seen.path)) && more(seen)).length;
	}

	dropConnections(): void {
		for (const socket of this.#sockets) socket.destroy();
	}

	async close(): Promise<void> {
		this.dropConnections();
		await new Promise(resolve => this.#server.close(resolve));
	}

	#answer(seen: Seen, response: import('node:http').ServerResponse): void {
		response.sendDate = false; // the clock is the test's
		let answer: Answer | undefined;
		for (const script of this.#scripts) {
			answer = script(seen);
			if (answer !== undefined) break;
		}
		if ((answer === 'hang' || typeof answer === 'function') && seen.query.get('watch') !== '1') {
			this.held++;
			response.once('close', () => this.held--);
		}
		if (answer === 'hang') return;
		if (answer === 'reset') {
			response.socket?.destroy();
			return;
		}
		if (typeof answer === 'function') {
			answer(
				{
					begin: headers => {
						response.writeHead(200, {'content-type': 'application/json', ...headers});
						response.flushHeaders();
					},
					write: text => {
						if (!response.destroyed) response.write(text);
					},
					end: () => void response.end(),
					cut: () => response.socket?.destroy(),
					get closed() {
						return response.destroyed;
					},
				},
				seen,
			);
			return;
		}
		const {
			status = 200,
			headers = {},
			body = '',
			gzip = false,
		} = answer ?? {status: 404, body: '404 page not found\n', headers: {'content-type': 'text/plain; charset=utf-8'}};
		this.busy++;
		response.once('close', () => this.busy--);
		const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
		const compressed = gzip && seen.headers['accept-encoding'] === 'gzip';
		response.writeHead(status, {'content-type': 'application/json', ...(compressed && {'content-encoding': 'gzip'}), ...headers});
		response.end(compressed ? zlib.gzipSync(bytes, {level: 1}) : bytes);
	}
}

/** A kubeconfig for it, as text; each part can be replaced. */
export function kubeconfig(
	server: string,
	more: {readonly cluster?: object; readonly user?: object; readonly context?: object; readonly name?: string} = {},
): string {
	const name = more.name ?? 'test';
	return JSON.stringify({
		apiVersion: 'v1',
		kind: 'Config',
		clusters: [{name, cluster: {server, 'certificate-authority-data': CA, ...more.cluster}}],
		users: [{name, user: {token: 'secret-token-of-the-test', ...more.user}}],
		contexts: [{name, context: {cluster: name, user: name, ...more.context}}],
		'current-context': name,
	});
}
