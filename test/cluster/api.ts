/** As much of a Kubernetes client as setting up a cluster takes: objects in, objects out, and a watch. */
import {Agent, request} from 'node:https';
import {createInterface} from 'node:readline';
import {setTimeout as wait} from 'node:timers/promises';

/** An object of the API; its fields are the caller's business. */
export interface KubeObject {
	readonly apiVersion?: string;
	readonly kind?: string;
	readonly metadata: {
		readonly name: string;
		readonly namespace?: string;
		readonly uid?: string;
		readonly resourceVersion?: string;
		readonly deletionTimestamp?: string;
		readonly [field: string]: unknown;
	};
	readonly [field: string]: unknown;
}

export interface Credentials {
	readonly server: string;
	readonly ca: string;
	readonly cert: string;
	readonly key: string;
}

export interface Answer {
	readonly status: number;
	readonly text: string;
}

const TIMEOUT_MS = 30_000;

export class Api {
	readonly #credentials: Credentials;
	readonly #agent: Agent;

	constructor(credentials: Credentials) {
		this.#credentials = credentials;
		const {ca, cert, key} = credentials;
		this.#agent = new Agent({keepAlive: true, maxSockets: 8, ca, cert, key});
	}

	/** Resolves with any status; rejects where there is no answer. */
	send(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
		return new Promise((resolve, reject) => {
			const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
			// Node sends the body of a DELETE without its length, which is no body at all.
			const headers = text === undefined ? {} : {'content-type': contentType, 'content-length': Buffer.byteLength(text)};
			const outgoing = request(
				new URL(path, this.#credentials.server),
				{method, headers, agent: this.#agent, timeout: TIMEOUT_MS},
				response => {
					const parts: Buffer[] = [];
					response.on('data', part => parts.push(part));
					response.on('end', () => resolve({status: response.statusCode ?? 0, text: Buffer.concat(parts).toString()}));
					response.on('error', reject);
				},
			);
			outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${path} within ${TIMEOUT_MS / 1000} s`)));
			outgoing.on('error', reject);
			outgoing.end(text);
		});
	}

	async #object(method: string, path: string, body?: unknown, contentType?: string): Promise<KubeObject> {
		const {status, text} = await this.send(method, path, body, contentType);
		if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text.slice(0, 400)}`);
		return JSON.parse(text) as KubeObject;
	}

	get(path: string): Promise<KubeObject> {
		return this.#object('GET', path);
	}

	create(path: string, object: KubeObject): Promise<KubeObject> {
		return this.#object('POST', path, object);
	}

	/** Creates it (an object, or one as YAML), or leaves the one that is there. */
	async ensure(path: string, object: KubeObject | string): Promise<void> {
		const {status, text} = await this.send('POST', path, object, typeof object === 'string' ? 'application/yaml' : 'application/json');
		if (status >= 300 && status !== 409) throw new Error(`POST ${path} answered ${status}: ${text.slice(0, 400)}`);
	}

	/** A list in it replaces the list that was there. */
	merge(path: string, part: unknown): Promise<KubeObject> {
		return this.#object('PATCH', path, part, 'application/merge-patch+json');
	}

	/** Begins the end: a pod goes on until its kubelet lets go of it, with `graceSeconds` = 0. */
	async remove(path: string, graceSeconds?: number): Promise<void> {
		const options = {kind: 'DeleteOptions', apiVersion: 'v1', ...(graceSeconds !== undefined && {gracePeriodSeconds: graceSeconds})};
		const {status, text} = await this.send('DELETE', path, options);
		if (status >= 300 && status !== 404) throw new Error(`DELETE ${path} answered ${status}: ${text.slice(0, 400)}`);
	}

	/** Calls `seen` for all objects that are there and for each change, until the signal; takes up again after an end. */
	async watch(path: string, seen: (type: string, object: KubeObject) => void, signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			await this.#watchOnce(path, seen, signal).catch(() => {});
			if (!signal.aborted) await wait(1000, undefined, {signal}).catch(() => {});
		}
	}

	#watchOnce(path: string, seen: (type: string, object: KubeObject) => void, signal: AbortSignal): Promise<void> {
		const {server, ca, cert, key} = this.#credentials;
		return new Promise((resolve, reject) => {
			const outgoing = request(new URL(`${path}?watch=1`, server), {agent: false, ca, cert, key, signal}, response => {
				const lines = createInterface({input: response});
				lines.on('line', line => {
					const {type, object} = JSON.parse(line) as {type: string; object: KubeObject};
					seen(type, object);
				});
				lines.on('close', resolve);
				lines.on('error', reject);
			});
			outgoing.on('error', reject);
			outgoing.end();
		});
	}

	close(): void {
		this.#agent.destroy();
	}
}
