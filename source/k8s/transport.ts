import {X509Certificate} from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import {pipeline, type Readable} from 'node:stream';
import zlib from 'node:zlib';
import {cleanText} from '../clean.ts';
import type {Clock} from './clock.ts';
import type {Credentials, Login} from './credentials.ts';
import {CredentialsError} from './exec-plugin.ts';
import {ItemStream, ListError} from './item-stream.ts';
import {objectOf, textOf} from './json.ts';

/** Why a request brought nothing. Texts are cleaned and hold no secret. */
export type Failure =
	/** The server answered with an error, as Status JSON (then with a reason) or as text. */
	| {
			readonly type: 'status';
			readonly status: number;
			readonly message: string;
			readonly reason?: string;
			/** `details.kind` of the Status. */
			readonly kind?: string;
			readonly retryAfterMs: number;
			/** Did the request say who we are? And until when is our certificate valid? */
			readonly named: boolean;
			readonly certificateEndsAtMs: number;
	  }
	| {readonly type: 'network'; readonly code: string; readonly message: string}
	| {readonly type: 'timeout'; readonly afterMs: number}
	/** An answer that is no Kubernetes answer. */
	| {readonly type: 'malformed'; readonly message: string}
	| {readonly type: 'credentials'; readonly message: string; readonly hint?: string}
	| {readonly type: 'aborted'};

export type Result<T> = {readonly ok: true; readonly value: T; readonly serverMs: number} | {readonly ok: false; readonly failure: Failure};

export interface RequestLimits {
	readonly signal: AbortSignal;
	/** For the whole exchange, body and all. */
	readonly timeoutMs?: number;
}

export interface WatchEvent {
	/** Empty where the event has none. */
	readonly type: string;
	readonly object: Record<string, unknown>;
}

/** What was sent and received since the start: for the health line. */
export interface Traffic {
	requests: number;
	connections: number;
	bytes: number;
	failures: number;
	/** Asked and not answered yet; watches aside. */
	underway: number;
}

interface Attempt<T> {
	readonly result: Result<T>;
	/** The login that was answered with 401. */
	readonly refused: Login | undefined;
	/** The connection had been closed by the server before it was asked. */
	readonly stale: boolean;
}

const TIMEOUT = Symbol('timeout');

/** Speaks to one API server: GET and nothing else, so read-only by construction. */
export class Transport {
	/** After unpacking. 10,000 pods of metrics are 5 MB. */
	static readonly largestBodyBytes = 256 * 2 ** 20;
	static readonly defaultTimeoutMs = 15_000;

	readonly traffic: Traffic = {requests: 0, connections: 0, bytes: 0, failures: 0, underway: 0};
	readonly #credentials: Credentials;
	readonly #clock: Clock;
	readonly #timeoutMs: number;

	/** @param timeoutMs Overrules the time limit of every request; 0 = none. */
	constructor(credentials: Credentials, clock: Clock, timeoutMs = Number.NaN) {
		this.#credentials = credentials;
		this.#clock = clock;
		this.#timeoutMs = timeoutMs;
	}

	/** One document, small. */
	get(path: string, limits: RequestLimits): Promise<Result<Record<string, unknown>>> {
		return this.list(path, undefined, limits);
	}

	/** A list, each item handed over as it arrives; the rest of the document at the end. After a failure the items were part of nothing. */
	async list(path: string, onItem: ((item: unknown) => void) | undefined, limits: RequestLimits): Promise<Result<Record<string, unknown>>> {
		return this.#exchange(path, limits, async body => {
			// Without a taker for items they stay in the document.
			if (onItem === undefined) return this.#document(body);
			const items = new ItemStream(onItem);
			let started = false;
			await this.#read(body, chunk => {
				if (!started) {
					started = true;
					sniff(chunk);
				}
				items.write(chunk);
			});
			return items.end();
		});
	}

	/**
	 * Events as they come, until the server ends the stream (ok), it fails, or nothing at all came for `silenceMs`: a connection that is
	 * open on our side alone says nothing.
	 */
	async watch(
		path: string,
		onEvent: (event: WatchEvent) => void,
		limits: RequestLimits & {readonly silenceMs: number},
	): Promise<Result<undefined>> {
		return this.#exchange(
			path,
			limits,
			async (body, alive) => {
				const decoder = new TextDecoder();
				let line = '';
				await this.#read(body, chunk => {
					alive();
					line += decoder.decode(chunk, {stream: true});
					let from = 0;
					for (let end = line.indexOf('\n'); end >= 0; end = line.indexOf('\n', from)) {
						event(line.slice(from, end), onEvent);
						from = end + 1;
					}
					line = line.slice(from);
					if (line.length > ItemStream.largestItemBytes) throw new ListError('an event without end');
				});
				if (line.trim() !== '') event(line, onEvent);
				return undefined;
			},
			limits.silenceMs,
		);
	}

	async #exchange<T>(
		path: string,
		limits: RequestLimits,
		take: (body: Readable, alive: () => void) => Promise<T>,
		silenceMs = Number.NaN,
	): Promise<Result<T>> {
		const set = Number.isNaN(this.#timeoutMs) ? (limits.timeoutMs ?? Transport.defaultTimeoutMs) : this.#timeoutMs;
		const timeoutMs = Number.isNaN(silenceMs) ? set : silenceMs;
		const over = new AbortController();
		const cancel = () => over.abort();
		if (limits.signal.aborted) return {ok: false, failure: {type: 'aborted'}};
		limits.signal.addEventListener('abort', cancel, {once: true});
		let timer = new AbortController();
		const arm = () => {
			timer.abort();
			if (timeoutMs === 0) return;
			const mine = new AbortController();
			timer = mine;
			void this.#clock.sleep(timeoutMs, mine.signal).then(() => {
				if (!mine.signal.aborted) over.abort(TIMEOUT);
			});
		};
		arm();
		if (Number.isNaN(silenceMs)) this.traffic.underway++;
		try {
			for (let attempt = 1; ; attempt++) {
				// What decides about a second attempt stays here: a login must not travel with an answer.
				const {result, refused, stale} = await this.#attempt(path, over.signal, timeoutMs, body => take(body, arm));
				const again =
					attempt === 1 &&
					(refused !== undefined
						? this.#credentials.renew(refused) // credentials that ran out: once more with new ones
						: stale); // a kept connection that the server had closed: nothing was asked yet
				if (again) continue;
				if (!result.ok && result.failure.type !== 'aborted') this.traffic.failures++;
				return result;
			}
		} finally {
			if (Number.isNaN(silenceMs)) this.traffic.underway--;
			timer.abort();
			limits.signal.removeEventListener('abort', cancel);
		}
	}

	async #attempt<T>(path: string, signal: AbortSignal, timeoutMs: number, take: (body: Readable) => Promise<T>): Promise<Attempt<T>> {
		let reused = false;
		let answered = false;
		try {
			const login = await untilAborted(this.#credentials.current(), signal);
			const {server} = login;
			const request = (server.protocol === 'http:' ? http : https).request({
				protocol: server.protocol,
				hostname: server.hostname.replace(/^\[|\]$/g, ''),
				port: server.port || (server.protocol === 'http:' ? 80 : 443),
				path: server.pathname.replace(/\/$/, '') + path,
				method: 'GET',
				agent: login.agent,
				// gzip alone: the API server compresses for exactly this token.
				headers: {accept: 'application/json', 'accept-encoding': 'gzip', 'user-agent': 'oddpod', ...login.headers},
				signal,
				...(login.auth !== undefined && {auth: login.auth}),
			});
			this.traffic.requests++;
			request.once('socket', () => {
				reused = request.reusedSocket;
				if (!reused) this.traffic.connections++;
			});
			const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
				request.once('response', resolve);
				request.once('error', reject);
				request.end();
			});
			answered = true;
			// A failure in mid-body comes from the response; one of the request after that has nobody to tell.
			request.on('error', () => {});
			const status = response.statusCode ?? 0;
			const body = unpacked(response);
			if (status !== 200) {
				const failure = await this.#statusFailure(status, response, body, login);
				return {result: {ok: false, failure}, refused: status === 401 ? login : undefined, stale: false};
			}
			const value = await take(body);
			return {result: {ok: true, value, serverMs: Date.parse(response.headers.date ?? '')}, refused: undefined, stale: false};
		} catch (error) {
			const failure = this.#failureOf(error, signal, timeoutMs);
			return {result: {ok: false, failure}, refused: undefined, stale: failure.type === 'network' && reused && !answered};
		}
	}

	#failureOf(error: unknown, signal: AbortSignal, timeoutMs: number): Failure {
		if (signal.aborted) return signal.reason === TIMEOUT ? {type: 'timeout', afterMs: timeoutMs} : {type: 'aborted'};
		const redact = (text: string) => this.#credentials.redact(text);
		if (error instanceof CredentialsError)
			return {type: 'credentials', message: redact(error.message), ...(error.hint !== undefined && {hint: redact(error.hint)})};
		if (error instanceof ListError) return {type: 'malformed', message: redact(error.message)};
		const {code, message} = error as NodeJS.ErrnoException;
		return {type: 'network', code: code ?? 'unknown', message: redact(cleanText(message, 300))};
	}

	async #document(body: Readable): Promise<Record<string, unknown>> {
		const text = await this.#text(body, 16 * 2 ** 20);
		sniff(Buffer.from(text.slice(0, 4000)));
		let value: unknown;
		try {
			value = JSON.parse(text);
		} catch {
			throw new ListError('invalid JSON');
		}
		return objectOf(value);
	}

	async #text(body: Readable, most: number): Promise<string> {
		const chunks: Buffer[] = [];
		let bytes = 0;
		await this.#read(body, chunk => {
			bytes += chunk.length;
			if (bytes > most) throw new ListError(`a body of more than ${most} bytes`);
			chunks.push(chunk);
		});
		return Buffer.concat(chunks).toString('utf8');
	}

	async #read(body: Readable, onChunk: (chunk: Buffer) => void): Promise<void> {
		let bytes = 0;
		for await (const chunk of body as AsyncIterable<Buffer>) {
			bytes += chunk.length;
			this.traffic.bytes += chunk.length;
			// A watch may bring any amount in time; a body may not.
			if (bytes > Transport.largestBodyBytes) throw new ListError(`a body of more than ${Transport.largestBodyBytes >> 20} MiB`);
			onChunk(chunk);
		}
	}

	async #statusFailure(status: number, response: http.IncomingMessage, body: Readable, login: Login): Promise<Failure> {
		let text = '';
		try {
			text = await this.#text(body, 64 * 1024);
		} catch (error) {
			if (!(error instanceof ListError)) throw error;
		}
		// By its first character and not by its content type: a 504 says text/plain and carries JSON.
		let fields: Record<string, unknown> = {};
		if (text.trimStart().startsWith('{')) {
			try {
				fields = objectOf(JSON.parse(text));
			} catch {
				// Then it is shown as it is.
			}
		}
		const details = objectOf(fields.details);
		const reason = textOf(fields.reason);
		const kind = textOf(details.kind);
		const retryAfter = Number(response.headers['retry-after'] ?? details.retryAfterSeconds);
		const message = textOf(fields.message) ?? (/^\s*</.test(text) ? 'a web page' : text);
		return {
			type: 'status',
			status,
			message: this.#credentials.redact(cleanText(message, 600)),
			...(reason !== undefined && {reason: cleanText(reason, 60)}),
			...(kind !== undefined && {kind: cleanText(kind, 60)}),
			retryAfterMs: retryAfter > 0 ? retryAfter * 1000 : retryAfterDate(response.headers['retry-after'], this.#clock.now()),
			named: login.named,
			certificateEndsAtMs: certificateEnd(login.certificate),
		};
	}
}

const retryAfterDate = (value: string | undefined, nowMs: number): number => {
	const atMs = Date.parse(value ?? '');
	return atMs > nowMs ? atMs - nowMs : 0;
};

function certificateEnd(certificate: Buffer | string | undefined): number {
	if (certificate === undefined) return Number.NaN;
	try {
		return Date.parse(new X509Certificate(certificate).validTo);
	} catch {
		return Number.NaN;
	}
}

/** @throws ListError where the first character says that this is no JSON object. */
function sniff(chunk: Buffer): void {
	const text = chunk.toString('utf8', 0, 400).trimStart();
	if (text === '' || text.startsWith('{')) return;
	throw new ListError(text.startsWith('<') ? 'a web page instead of JSON' : `text instead of JSON: ${cleanText(text, 200)}`);
}

function event(line: string, onEvent: (event: WatchEvent) => void): void {
	if (line.trim() === '') return;
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		throw new ListError(line.trimStart().startsWith('{') ? 'invalid JSON' : `text instead of JSON: ${cleanText(line, 200)}`);
	}
	const {type, object} = objectOf(value);
	onEvent({type: textOf(type) ?? '', object: objectOf(object)});
}

/** Each piece as soon as the server flushed it; a body that is cut is an error. */
function unpacked(response: http.IncomingMessage): Readable {
	const encoding = response.headers['content-encoding'];
	if (encoding !== 'gzip') return response;
	return pipeline(response, zlib.createGunzip({flush: zlib.constants.Z_SYNC_FLUSH, chunkSize: 32 * 1024}), () => {});
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	return new Promise((resolve, reject) => {
		const stop = () => reject(signal.reason);
		signal.addEventListener('abort', stop, {once: true});
		promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
	});
}
