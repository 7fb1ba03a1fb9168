import {readFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import {cleanText} from '../clean.ts';
import type {Clock} from './clock.ts';
import {CredentialsError, type ExecCredential} from './exec-plugin.ts';
import {type Json, objectOf, textOf} from './json.ts';

/**
 * `auth-provider: {name: oidc}` of a kubeconfig: an ID token, and what it takes to get the next one (OpenID Connect Core 1.0, section 12).
 * client-node speaks it too, but sends no client secret and, after the first, asks for a new token before each request.
 * What was renewed is kept in memory alone: a kubeconfig is for kubectl to write.
 */
export class OidcTokens {
	/** As kubectl: no request shall carry a token that expires on its way. */
	static readonly skewMs = 10_000;
	static readonly timeoutMs = 30_000;

	readonly #clock: Clock;
	#config: Json;
	#idToken: string | undefined;
	#refreshToken: string | undefined;
	#refused = false;
	#running: Promise<ExecCredential> | undefined;

	constructor(config: Json, clock: Clock) {
		this.#config = config;
		this.#clock = clock;
		this.#idToken = textOf(config['id-token']);
		this.#refreshToken = textOf(config['refresh-token']);
	}

	get secrets(): readonly string[] {
		return [this.#idToken, this.#refreshToken, textOf(this.#config['client-secret'])].filter(text => text !== undefined);
	}

	/** The server did not accept what we have. kubectl may have written a newer token meanwhile: `config` is as it stands now. */
	forget(config: Json | undefined): void {
		if (config !== undefined && config['id-token'] !== this.#config['id-token']) {
			this.#idToken = textOf(config['id-token']);
			this.#refreshToken = textOf(config['refresh-token']);
			this.#config = config;
		} else {
			this.#refused = true;
		}
	}

	/** @throws CredentialsError */
	async credential(): Promise<ExecCredential> {
		const token = this.#idToken;
		const expiresAtMs = expiryOf(token) - OidcTokens.skewMs;
		if (token !== undefined && !this.#refused && this.#clock.now() < expiresAtMs) return {token, expiresAtMs};
		// Two requests at once need one answer.
		this.#running ??= this.#refresh().finally(() => {
			this.#running = undefined;
		});
		return this.#running;
	}

	async #refresh(): Promise<ExecCredential> {
		const {'idp-issuer-url': issuer, 'client-id': client, 'client-secret': secret} = this.#config;
		const refreshToken = this.#refreshToken;
		if (typeof issuer !== 'string' || typeof client !== 'string' || refreshToken === undefined)
			throw new CredentialsError('getting credentials: No valid id-token, and cannot refresh without refresh-token', 'Log in again');
		const discovery = await this.#ask(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
		const endpoint = textOf(discovery.token_endpoint);
		if (endpoint === undefined) throw failed(`${cleanText(issuer, 200)} names no token_endpoint`);
		const answer = await this.#ask(
			endpoint,
			new URLSearchParams({
				grant_type: 'refresh_token',
				refresh_token: refreshToken,
				client_id: client,
				...(typeof secret === 'string' && secret !== '' && {client_secret: secret}),
			}),
		);
		const token = textOf(answer.id_token);
		if (token === undefined) throw failed('the answer holds no id_token');
		this.#idToken = token;
		this.#refreshToken = textOf(answer.refresh_token) ?? refreshToken;
		this.#refused = false;
		return {token, expiresAtMs: expiryOf(token) - OidcTokens.skewMs};
	}

	async #ask(address: string, form?: URLSearchParams): Promise<Json> {
		if (!URL.canParse(address)) throw failed(`${cleanText(address, 200)} is no URL`);
		const url = new URL(address);
		const over = new AbortController();
		void this.#clock.sleep(OidcTokens.timeoutMs, over.signal).then(() => over.abort());
		try {
			const body = form?.toString();
			const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
				const request = (url.protocol === 'http:' ? http : https).request(url, {
					method: body === undefined ? 'GET' : 'POST',
					headers: {accept: 'application/json', ...(body !== undefined && {'content-type': 'application/x-www-form-urlencoded'})},
					signal: over.signal,
					...this.#authority(),
				});
				request.once('response', resolve);
				request.once('error', reject);
				request.end(body);
			});
			let text = '';
			for await (const chunk of response.setEncoding('utf8')) {
				text += chunk;
				if (text.length > 2 ** 20) throw failed('an answer without end');
			}
			const json = parse(text);
			if (response.statusCode !== 200) {
				const said = [json.error, json.error_description].filter(part => typeof part === 'string').map(part => cleanText(part, 200));
				throw failed(`${url.host} answered ${response.statusCode}${said.length > 0 ? `: ${said.join(', ')}` : ''}`);
			}
			return json;
		} catch (error) {
			if (error instanceof CredentialsError) throw error;
			throw failed(over.signal.aborted ? `no answer from ${url.host}` : cleanText((error as Error).message, 200));
		} finally {
			over.abort();
		}
	}

	/** Of the identity provider, which need not be the cluster's. */
	#authority(): https.RequestOptions {
		const {'idp-certificate-authority-data': data, 'idp-certificate-authority': file} = this.#config;
		if (typeof data === 'string' && data !== '') return {ca: Buffer.from(data, 'base64')};
		return typeof file === 'string' && file !== '' ? {ca: readFileSync(file)} : {};
	}
}

const failed = (why: string): CredentialsError =>
	new CredentialsError(`getting credentials: failed to refresh token: ${why}`, 'Log in again');

/** Of a JSON web token, which is not verified: that is the server's business, as is one that tells no end. */
function expiryOf(token: string | undefined): number {
	const {exp} = parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString('utf8'));
	return typeof exp === 'number' ? exp * 1000 : Number.POSITIVE_INFINITY;
}

function parse(text: string): Json {
	try {
		return objectOf(JSON.parse(text));
	} catch {
		return {};
	}
}
