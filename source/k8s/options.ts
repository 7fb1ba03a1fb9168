import {readFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {Clock} from './clock.ts';
import {parseDuration} from './quantity.ts';

/** What a command passes on: kubectl's global flags, under kubectl's names. */
export interface ClusterOptions {
	readonly kubeconfig?: string | undefined;
	readonly context?: string | undefined;
	readonly cluster?: string | undefined;
	readonly user?: string | undefined;
	readonly server?: string | undefined;
	readonly token?: string | undefined;
	readonly as?: string | undefined;
	readonly asGroups?: readonly string[] | undefined;
	readonly insecureSkipTlsVerify?: boolean | undefined;
	/** 0 = no limit. Default: as long as each request needs. */
	readonly requestTimeoutMs?: number | undefined;
	/** `-n a,b`. Empty = that of the context, or all that may be read where it names none. */
	readonly namespaces?: readonly string[] | undefined;
	/** `-A`. */
	readonly allNamespaces?: boolean | undefined;
	/** `-l`. */
	readonly selector?: string | undefined;
	/** A rhythm set by hand; learned without it. */
	readonly intervalMs?: number | undefined;
	/** May credential plugins prompt on this terminal? Only before a screen is drawn. */
	readonly interactive?: boolean | undefined;
	readonly env?: NodeJS.ProcessEnv | undefined;
	readonly clock?: Clock | undefined;
	/** Where the service account's folder hangs; for tests. */
	readonly root?: string | undefined;
}

/** kubectl's `--request-timeout`: `30s`, `1m30s`, plain seconds, `0` for none. NaN for anything else. */
export const parseRequestTimeout = (text: string): number => (/^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text));

/** The files that kubectl would read, first wins. */
export function kubeconfigFiles(options: ClusterOptions): {readonly files: readonly string[]; readonly explicit: boolean} {
	const env = options.env ?? process.env;
	if (options.kubeconfig !== undefined && options.kubeconfig !== '') return {files: [options.kubeconfig], explicit: true};
	if (env.KUBECONFIG) {
		// As kubectl: empty parts are passed over, a file named twice is read once.
		const files = [...new Set(env.KUBECONFIG.split(path.delimiter).filter(file => file !== ''))];
		if (files.length > 0) return {files, explicit: false};
	}
	return {files: [path.join(env.HOME || os.homedir(), '.kube', 'config')], explicit: false};
}

/**
 * Might opening this cluster ask something on the terminal (a credential plugin)? Then it is opened before the screen is drawn.
 * Looks at the text alone, so that nobody has to load the client library to know.
 */
export function mayPrompt(options: ClusterOptions): boolean {
	if (options.token) return false;
	return kubeconfigFiles(options).files.some(file => {
		try {
			return /(^|[\s{"'])exec["']?\s*:/m.test(readFileSync(file, 'utf8'));
		} catch {
			return false;
		}
	});
}
