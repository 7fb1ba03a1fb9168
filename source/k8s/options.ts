import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {Clock} from './clock.ts';

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
