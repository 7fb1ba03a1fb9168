import {spawn} from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import {cleanText} from '../clean.ts';
import type {Clock} from './clock.ts';
import {isObject, objectOf, textOf} from './json.ts';

/** `user.exec` of a kubeconfig: a program that hands out credentials. */
export interface ExecSpec {
	readonly command: string;
	readonly args: readonly string[];
	readonly env: Readonly<Record<string, string>>;
	readonly apiVersion: string;
	readonly interactiveMode: 'Never' | 'IfAvailable' | 'Always';
	/** What KUBERNETES_EXEC_INFO tells of the cluster, where the kubeconfig asks for it. */
	readonly cluster?: Readonly<Record<string, unknown>>;
	readonly installHint?: string;
}

export interface ExecCredential {
	readonly token?: string;
	readonly certificate?: string;
	readonly key?: string;
	readonly expiresAtMs: number;
}

/** In kubectl's words; never with a secret in it. */
export class CredentialsError extends Error {
	override name = 'CredentialsError';
	readonly hint?: string;

	constructor(message: string, hint?: string) {
		super(message);
		if (hint !== undefined) this.hint = hint;
	}
}

/** Read from the raw kubeconfig. A relative command is relative to the file, as kubectl has it. */
export function readExecSpec(value: unknown, folder: string, cluster: Record<string, unknown>): ExecSpec | undefined {
	if (!isObject(value)) return undefined;
	const command = textOf(value.command) ?? '';
	const env: Record<string, string> = {};
	for (const entry of Array.isArray(value.env) ? value.env : []) {
		const {name, value: text} = objectOf(entry);
		if (typeof name === 'string' && name !== '') env[name] = String(text ?? '');
	}
	const mode = value.interactiveMode;
	return {
		command: command.includes(path.sep) && !path.isAbsolute(command) ? path.join(folder, command) : command,
		args: Array.isArray(value.args) ? value.args.map(String) : [],
		env,
		apiVersion: textOf(value.apiVersion) ?? 'client.authentication.k8s.io/v1beta1',
		interactiveMode: mode === 'Never' || mode === 'Always' ? mode : 'IfAvailable',
		...(value.provideClusterInfo === true && {cluster}),
		...(textOf(value.installHint) !== undefined && {installHint: cleanText(value.installHint, 500)}),
	};
}

/**
 * Runs the plugin and keeps what it said until it expires. client-node runs plugins too, but without KUBERNETES_EXEC_INFO, without
 * a terminal to prompt on, without a limit in time, and up to the very second of expiry.
 */
export class ExecPlugin {
	/** May the plugin use the terminal? Only before the screen is drawn. */
	interactive: boolean;
	/** How often it was run. */
	runs = 0;
	readonly #spec: ExecSpec;
	readonly #clock: Clock;
	#credential: ExecCredential | undefined;
	#running: Promise<ExecCredential> | undefined;

	constructor(spec: ExecSpec, clock: Clock, interactive: boolean) {
		this.#spec = spec;
		this.#clock = clock;
		this.interactive = interactive;
	}

	/** The server did not accept what we have. */
	forget(): void {
		this.#credential = undefined;
	}

	get secrets(): readonly string[] {
		return [this.#credential?.token, this.#credential?.key].filter(text => text !== undefined);
	}

	/** @throws CredentialsError */
	async credential(): Promise<ExecCredential> {
		const kept = this.#credential;
		if (kept !== undefined && this.#clock.now() < kept.expiresAtMs) return kept;
		// Two requests at once need one run.
		this.#running ??= this.#run().finally(() => {
			this.#running = undefined;
		});
		return this.#running;
	}

	async #run(): Promise<ExecCredential> {
		const {command, args, env, apiVersion, interactiveMode, cluster, installHint} = this.#spec;
		const name = cleanText(command, 200);
		if (command === '') throw new CredentialsError('exec plugin: no command is specified');
		const interactive = interactiveMode !== 'Never' && this.interactive && process.stdin.isTTY === true;
		if (interactiveMode === 'Always' && !interactive) {
			throw new CredentialsError(
				`exec plugin cannot support interactive mode: standard input is not a terminal`,
				`Log in first, with a command that runs ${name}: kubectl get pods`,
			);
		}
		this.runs++;
		const startedAtMs = this.#clock.now();
		const info = {apiVersion, kind: 'ExecCredential', spec: {interactive, ...(cluster !== undefined && {cluster})}};
		const stdout = await this.#output(
			spawn(command, args, {
				env: {...process.env, ...env, KUBERNETES_EXEC_INFO: JSON.stringify(info)},
				stdio: [interactive ? 'inherit' : 'ignore', 'pipe', interactive ? 'inherit' : 'pipe'],
				windowsHide: true,
			}),
			name,
			interactive,
			installHint,
		);
		const credential = readCredential(stdout, name, startedAtMs);
		this.#credential = credential;
		return credential;
	}

	async #output(child: ReturnType<typeof spawn>, name: string, interactive: boolean, installHint: string | undefined): Promise<string> {
		const over = new AbortController();
		// A person may take their time; a program that nobody sees may not.
		if (!interactive) {
			void this.#clock.sleep(60_000, over.signal).then(() => {
				if (!over.signal.aborted) child.kill('SIGKILL');
			});
		}
		let stdout = '';
		let stderr = '';
		child.stdout?.setEncoding('utf8').on('data', text => {
			if (stdout.length < 2 ** 20) stdout += text;
		});
		child.stderr?.setEncoding('utf8').on('data', text => {
			stderr = (stderr + text).slice(-4000);
		});
		try {
			const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
				child.once('error', reject);
				child.once('close', (...ended) => resolve(ended));
			});
			if (code === 0) return stdout;
			const said = cleanText(stderr.trim().split('\n').at(-1), 300);
			throw new CredentialsError(
				`getting credentials: exec: executable ${name} failed with ${code === null ? `signal ${signal}` : `exit code ${code}`}${said === '' ? '' : `: ${said}`}`,
				`Run it by hand to see what it wants: ${[name, ...this.#spec.args].join(' ').slice(0, 300)}`,
			);
		} catch (error) {
			if (error instanceof CredentialsError) throw error;
			const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
			throw new CredentialsError(
				`getting credentials: exec: executable ${name} ${missing ? 'not found' : `could not be started (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`}`,
				installHint ?? `Install ${name}, or mend its path in the kubeconfig`,
			);
		} finally {
			over.abort();
		}
	}
}

function readCredential(stdout: string, name: string, startedAtMs: number): ExecCredential {
	let value: unknown;
	try {
		value = JSON.parse(stdout);
	} catch {
		throw new CredentialsError(`getting credentials: decoding stdout: ${name} did not print JSON`);
	}
	const {kind, status} = objectOf(value);
	if (kind !== 'ExecCredential')
		throw new CredentialsError(`getting credentials: decoding stdout: ${name} did not print an ExecCredential`);
	const {token, clientCertificateData, clientKeyData, expirationTimestamp} = objectOf(status);
	const credential = {token: textOf(token)?.trim(), certificate: textOf(clientCertificateData), key: textOf(clientKeyData)};
	if (credential.token === undefined && (credential.certificate === undefined || credential.key === undefined))
		throw new CredentialsError(`getting credentials: exec plugin didn't return a token or cert/key pair`);
	const endsAtMs = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Number.NaN;
	// Half a minute early, so that no request carries a token that expires on its way; but not so early that it is never used.
	const skewMs = Math.min(30_000, Math.max(0, endsAtMs - startedAtMs) / 2);
	return {
		...(credential.token !== undefined && {token: credential.token}),
		...(credential.certificate !== undefined && {certificate: credential.certificate}),
		...(credential.key !== undefined && {key: credential.key}),
		expiresAtMs: Number.isNaN(endsAtMs) ? Number.POSITIVE_INFINITY : endsAtMs - skewMs,
	};
}
