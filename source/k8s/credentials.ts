import {createHash} from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import {cleanText} from '../clean.ts';
import type {Clock} from './clock.ts';
import {CredentialsError, ExecPlugin} from './exec-plugin.ts';
import {type ClusterAccess, OWN_PROVIDER} from './kubeconfig.ts';
import {OidcTokens} from './oidc.ts';

/** What one request needs. */
export interface Login {
	readonly server: URL;
	readonly agent: http.Agent;
	readonly headers: http.OutgoingHttpHeaders;
	readonly auth?: string;
	/** Our own certificate, PEM: to tell whether it has run out. */
	readonly certificate?: Buffer | string;
	/** Did the request carry anything that says who we are? */
	readonly named: boolean;
	/** Rises with each {@link Credentials.renew}. */
	readonly generation: number;
}

/** Filled by client-node's `applyToHTTPSOptions`. */
interface HttpsOptions extends https.RequestOptions {
	agent?: http.Agent;
}

/**
 * Who we are, asked for before each request, and the kept-alive connections that belong to it. client-node reads certificates and
 * rotating token files; it makes an agent for every call that keeps no connection, so the agent is ours.
 */
export class Credentials {
	/** A plugin that opens a browser must not do so at each poll of a server that refuses it. */
	static readonly renewPluginEveryMs = 5 * 60_000;

	readonly #clock: Clock;
	readonly #load: () => ClusterAccess | undefined;
	/** What hands out credentials that run out. */
	readonly #plugin: ExecPlugin | OidcTokens | undefined;
	#access: ClusterAccess;
	#kubeConfig: ClusterAccess['kubeConfig'];
	#agent: http.Agent | undefined;
	#agentOf = '';
	#generation = 0;
	#renewedAtMs = Number.NEGATIVE_INFINITY;
	/** Seen in headers, so that no text ever shows them. */
	readonly #secrets = new Set<string>();

	/** @param load Reads the configuration again; undefined where it cannot be read just now. */
	constructor(access: ClusterAccess, load: () => ClusterAccess | undefined, clock: Clock, interactive: boolean) {
		this.#access = access;
		this.#load = load;
		this.#clock = clock;
		const {exec, oidc} = access;
		this.#plugin =
			exec !== undefined ? new ExecPlugin(exec, clock, interactive) : oidc !== undefined ? new OidcTokens(oidc, clock) : undefined;
		this.#kubeConfig = this.#prepare(access.kubeConfig);
	}

	/** From now on the screen has the terminal: plugins must not prompt. */
	screenTaken(): void {
		if (this.#plugin instanceof ExecPlugin) this.#plugin.interactive = false;
	}

	/** @throws CredentialsError */
	async current(): Promise<Login> {
		const options = await this.#options();
		const fingerprint = createHash('sha256')
			.update(
				JSON.stringify([String(options.ca), String(options.cert), String(options.key), options.servername, options.rejectUnauthorized]),
			)
			.digest('base64');
		if (this.#agent === undefined || this.#agentOf !== fingerprint) {
			this.#agent?.destroy();
			if (this.#access.proxyUrl !== undefined && this.#agentOf !== '') {
				// Its agent was made with the old certificate, and is kept for as long as the KubeConfig is.
				this.#kubeConfig = this.#prepare(this.#access.rebuild());
				return this.#login(await this.#options(), fingerprint);
			}
		}
		return this.#login(options, fingerprint);
	}

	/**
	 * The server did not accept this login (401): read and run everything again. False where that was done a moment ago already,
	 * so that trying once more makes no sense.
	 */
	renew(refused: Login): boolean {
		if (refused.generation < this.#generation) return true; // another request has done so
		const now = this.#clock.now();
		if (this.#plugin !== undefined && now - this.#renewedAtMs < Credentials.renewPluginEveryMs) return false;
		this.#renewedAtMs = now;
		this.#generation++;
		const access = this.#load();
		if (this.#plugin instanceof OidcTokens) this.#plugin.forget(access?.oidc);
		else this.#plugin?.forget();
		// Another way to log in is another start.
		const isSameWay = (access?.exec === undefined) === (this.#access.exec === undefined) && !access?.oidc === !this.#access.oidc;
		if (access !== undefined && isSameWay) {
			this.#access = access;
			this.#kubeConfig = this.#prepare(access.kubeConfig);
		}
		return true;
	}

	/** After a sleep of the machine, or on the way out: no connection of before is worth waiting for. */
	closeConnections(): void {
		this.#dropAgent();
	}

	/** Without any secret that this program knows, and without anything that looks like one. */
	redact(text: string): string {
		let clean = text;
		for (const secret of [...this.#secrets, ...(this.#plugin?.secrets ?? [])])
			if (secret.length >= 4) clean = clean.replaceAll(secret, '***');
		return redactPatterns(clean);
	}

	async #options(): Promise<HttpsOptions> {
		const options: HttpsOptions = {};
		try {
			await this.#kubeConfig.applyToHTTPSOptions(options as Parameters<ClusterAccess['kubeConfig']['applyToHTTPSOptions']>[0]);
		} catch (error) {
			if (error instanceof CredentialsError) throw error;
			const {code, path: file, message} = error as NodeJS.ErrnoException;
			throw new CredentialsError(
				file !== undefined
					? `unable to read ${cleanText(file, 300)}: ${code === 'ENOENT' ? 'no such file or directory' : (code ?? 'cannot be read')}`
					: `getting credentials: ${this.redact(cleanText(message, 300))}`,
			);
		}
		return options;
	}

	#login(options: HttpsOptions, fingerprint: string): Login {
		if (this.#agent === undefined || this.#agentOf !== fingerprint) {
			this.#agent = this.#connections(options);
			this.#agentOf = fingerprint;
		}
		const headers: http.OutgoingHttpHeaders = {...(options.headers as http.OutgoingHttpHeaders | undefined), ...this.#access.headers};
		const {Authorization: authorization} = headers;
		if (typeof authorization === 'string') {
			// Token files end with a newline, which no header may hold.
			headers.Authorization = authorization.trim();
			if (this.#secrets.size > 8) this.#secrets.clear();
			this.#secrets.add(authorization.replace(/^Bearer /, '').trim());
		}
		if (typeof options.auth === 'string') {
			this.#secrets.add(options.auth.slice(options.auth.indexOf(':') + 1));
			this.#secrets.add(Buffer.from(options.auth).toString('base64')); // as it is sent
		}
		return {
			server: this.#access.server,
			agent: this.#agent,
			headers,
			...(typeof options.auth === 'string' && {auth: options.auth}),
			...(options.cert !== undefined && {certificate: options.cert as Buffer | string}),
			named: authorization !== undefined || options.auth !== undefined || options.cert !== undefined,
			generation: this.#generation,
		};
	}

	#connections(options: HttpsOptions): http.Agent {
		// Through a proxy (HTTP or SOCKS) the agent of client-node, which only has to be told to keep what it opens.
		if (this.#access.proxyUrl !== undefined && options.agent !== undefined) return Object.assign(options.agent, {keepAlive: true});
		const keep = {keepAlive: true, keepAliveMsecs: 15_000, scheduling: 'lifo', maxFreeSockets: 8} as const;
		if (this.#access.server.protocol === 'http:') return new http.Agent(keep);
		const tls: https.AgentOptions = {};
		if (options.ca !== undefined) tls.ca = options.ca;
		if (options.cert !== undefined) tls.cert = options.cert;
		if (options.key !== undefined) tls.key = options.key;
		if (options.servername !== undefined) tls.servername = options.servername;
		if (options.rejectUnauthorized !== undefined) tls.rejectUnauthorized = options.rejectUnauthorized;
		return new https.Agent({...keep, ...tls});
	}

	#prepare(kubeConfig: ClusterAccess['kubeConfig']): ClusterAccess['kubeConfig'] {
		const plugin = this.#plugin;
		if (plugin !== undefined) {
			kubeConfig.addAuthenticator({
				isAuthProvider: user => user.authProvider?.name === OWN_PROVIDER,
				applyAuthentication: async (_user, options) => {
					const {token, certificate, key} = await plugin.credential();
					if (certificate !== undefined && key !== undefined) Object.assign(options, {cert: certificate, key});
					if (token !== undefined) options.headers = {...options.headers, Authorization: `Bearer ${token}`};
				},
			});
		}
		return kubeConfig;
	}

	#dropAgent(): void {
		this.#agent?.destroy();
		this.#agent = undefined;
	}
}

/** Bearer tokens, JSON web tokens, private keys, and credentials in URLs. */
function redactPatterns(text: string): string {
	return text
		.replace(/(bearer\s+)[\w.~+/=-]+/gi, '$1***')
		.replace(/\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?/g, '***')
		.replace(/(\/\/)[^/\s:@]+:[^/\s@]+@/g, '$1***@')
		.replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END|$)/g, '***');
}
