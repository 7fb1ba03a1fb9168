import {accessSync, readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {KubeConfig} from '@kubernetes/client-node/dist/config.js';
import {load as loadYaml} from 'js-yaml';
import {cleanText} from '../clean.ts';
import type {Problem} from '../scrape.ts';
import {type ExecSpec, readExecSpec} from './exec-plugin.ts';
import {isObject, type Json, listOf, objectOf, textOf} from './json.ts';
import {type ClusterOptions, kubeconfigFiles} from './options.ts';
import {proxyFor} from './proxy.ts';

/** Which cluster, as whom. */
export interface ClusterAccess {
	/** Name of the context, as it stands in the file. */
	readonly context: string;
	/** All that the files name. */
	readonly contexts: readonly string[];
	readonly server: URL;
	/** That the context names; undefined = none. */
	readonly namespace?: string;
	readonly from: 'kubeconfig' | 'in-cluster' | 'flags';
	/** Files that were read. */
	readonly files: readonly string[];
	readonly kubeConfig: KubeConfig;
	/** A new one of the same content: client-node keeps an agent for each cluster and user, whatever their certificates become. */
	readonly rebuild: () => KubeConfig;
	readonly exec?: ExecSpec;
	/** Configuration of the auth provider `oidc`. */
	readonly oidc?: Json;
	readonly proxyUrl?: string;
	/** What is sent beside the credentials: groups, which client-node does not know. */
	readonly headers: Readonly<Record<string, string | string[]>>;
	/** What will be sent to say who we are, as far as the configuration tells. */
	readonly login: 'exec' | 'token' | 'certificate' | 'basic' | 'auth-provider' | 'none';
}

/** The name under which what we do ourselves stands in for `user.exec` and the auth provider `oidc`: see credentials.ts. */
export const OWN_PROVIDER = 'oddpod';

const NO_CLUSTER = 'Point KUBECONFIG or --kubeconfig at one, or look at a recorded session first: oddpod demo';

type Entries = Map<string, Record<string, unknown>>;

/** Several files merged: the first that names something wins. */
interface Merged {
	readonly clusters: Entries;
	readonly users: Entries;
	readonly contexts: Entries;
	currentContext: string | undefined;
	readonly files: string[];
	/** Folder of the file that a user came from: commands and paths are relative to it. */
	readonly folders: Map<string, string>;
}

const SECTIONS = [
	['clusters', 'cluster', ['certificate-authority']],
	['users', 'user', ['client-certificate', 'client-key', 'tokenFile']],
	['contexts', 'context', []],
] as const;

/** Loads as kubectl does. client-node's own loader fails on missing files and on names that occur twice, and drops fields. */
export function loadKubeconfig(options: ClusterOptions): ClusterAccess | Problem {
	const {files, explicit} = kubeconfigFiles(options);
	const merged: Merged = {
		clusters: new Map(),
		users: new Map(),
		contexts: new Map(),
		currentContext: undefined,
		files: [],
		folders: new Map(),
	};
	for (const file of files) {
		const problem = mergeFile(file, merged, explicit);
		if (problem !== undefined) return problem;
	}
	const env = options.env ?? process.env;
	const empty = merged.contexts.size === 0 && merged.clusters.size === 0;
	if (empty && !options.server && !options.context && !options.cluster) return inCluster(options, env) ?? noKubeconfig(files, merged.files);
	return choose(merged, options, env);
}

function mergeFile(file: string, merged: Merged, explicit: boolean): Problem | undefined {
	const name = cleanText(file, 300);
	let text: string;
	try {
		text = readFileSync(file, 'utf8');
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' && !explicit) return undefined; // passed over
		return {
			id: 'kubeconfig-unreadable',
			what: code === 'ENOENT' ? `there is no kubeconfig ${name}` : `error loading config file "${name}": ${reason(code)}`,
			why: `${explicit ? '--kubeconfig' : 'KUBECONFIG, or its default,'} names it.`,
			fix: 'Name another with --kubeconfig or KUBECONFIG',
		};
	}
	let config: unknown;
	try {
		config = text.trim() === '' ? {} : loadYaml(text);
	} catch (error) {
		// The parser's message quotes the lines around the mistake: tokens stand there.
		const {reason: what, mark} = error as {reason?: unknown; mark?: {line?: unknown}};
		const line = typeof mark?.line === 'number' ? `line ${mark.line + 1}: ` : '';
		return invalid(name, `yaml: ${line}${typeof what === 'string' ? cleanText(what.replace(/["'`].*["'`]/g, '…'), 80) : 'cannot be read'}`);
	}
	if (!isObject(config)) return invalid(name, 'it is no kubeconfig: not a mapping');
	merged.files.push(file);
	const folder = path.dirname(path.resolve(file));
	for (const [section, field, paths] of SECTIONS) {
		for (const item of listOf(config[section])) {
			const {name: key, [field]: value} = objectOf(item);
			if (typeof key !== 'string' || merged[section].has(key)) continue;
			const entry: Record<string, unknown> = {...objectOf(value)};
			for (const at of paths) {
				const target = textOf(entry[at]);
				if (target !== undefined && !path.isAbsolute(target)) entry[at] = path.join(folder, target);
			}
			merged[section].set(key, entry);
			if (section === 'users') merged.folders.set(key, folder);
		}
	}
	merged.currentContext ??= textOf(config['current-context']);
	return undefined;
}

const reason = (code: string | undefined): string =>
	code === 'EACCES' || code === 'EPERM' ? 'permission denied' : code === 'EISDIR' ? 'is a directory' : (code ?? 'cannot be read');

const invalid = (name: string, what: string): Problem => ({
	id: 'kubeconfig-invalid',
	what: `error loading config file "${name}": ${what}`,
	why: 'The kubeconfig is damaged, or is no kubeconfig.',
	fix: 'kubectl config view',
});

const noKubeconfig = (asked: readonly string[], read: readonly string[]): Problem => ({
	id: 'no-kubeconfig',
	what:
		read.length > 0
			? `No cluster in ${cleanText(read.join(', '), 300)}`
			: `No kubeconfig found: ${cleanText(asked.join(', '), 300)} does not exist`,
	why: 'Nothing says which cluster to watch.',
	fix: NO_CLUSTER,
});

function choose(merged: Merged, options: ClusterOptions, env: NodeJS.ProcessEnv): ClusterAccess | Problem {
	const contextName = options.context || merged.currentContext;
	const context = contextName === undefined ? undefined : merged.contexts.get(contextName);
	const names = () => cleanText([...merged.contexts.keys()].join(', '), 300) || 'none';
	if (contextName !== undefined && context === undefined) {
		return {
			id: 'unknown-context',
			what: `error: context "${cleanText(contextName, 253)}" does not exist`,
			why: `The kubeconfig has: ${names()}.`,
			fix: 'kubectl config get-contexts',
		};
	}
	if (context === undefined && !options.cluster && !options.server) {
		return {
			id: 'no-current-context',
			what: 'error: current-context is not set',
			why: `The kubeconfig has several contexts and chooses none: ${names()}.`,
			fix: 'kubectl config use-context NAME, or --context NAME',
		};
	}
	const clusterName = options.cluster || textOf(context?.cluster);
	const userName = options.user || textOf(context?.user);
	const found = clusterName === undefined ? undefined : merged.clusters.get(clusterName);
	if (found === undefined && (!options.server || options.cluster)) {
		return {
			id: 'unknown-cluster',
			what: `error: cluster "${cleanText(clusterName ?? '', 253)}" does not exist`,
			why: `Context "${cleanText(contextName ?? '', 253)}" names a cluster that the kubeconfig does not hold.`,
			fix: 'kubectl config get-clusters',
		};
	}
	const user = userName === undefined ? {} : merged.users.get(userName);
	if (user === undefined) {
		return {
			id: 'unknown-user',
			what: `error: auth info "${cleanText(userName ?? '', 253)}" does not exist`,
			why: `Context "${cleanText(contextName ?? '', 253)}" names a user that the kubeconfig does not hold.`,
			fix: 'kubectl config get-users',
		};
	}
	const cluster = {...found};
	const server = parseServer(options.server || textOf(cluster.server));
	if (server === undefined) {
		return {
			id: 'invalid-server',
			what: `error: the server "${cleanText(options.server ?? cluster.server, 300)}" of cluster "${cleanText(clusterName ?? '', 253)}" is no URL`,
			why: 'An address such as https://HOST:6443 is needed.',
			fix: 'kubectl config view --minify',
		};
	}
	const proxyUrl = textOf(cluster['proxy-url']) ?? proxyFor(server, env);
	if (proxyUrl !== undefined && !/^(https?|socks(4a?|5h?)?):\/\/./.test(proxyUrl)) {
		return {
			id: 'invalid-proxy',
			what: `error: unsupported proxy scheme of cluster "${cleanText(clusterName ?? '', 253)}"`,
			why: 'A proxy is http://, https:// or socks5://.',
			fix: 'kubectl config view --minify',
		};
	}
	// kubectl prefers what is in the file to what the file points at; client-node has it the other way round.
	if (textOf(cluster['certificate-authority-data'])) delete cluster['certificate-authority'];
	if (options.insecureSkipTlsVerify === true) {
		cluster['insecure-skip-tls-verify'] = true;
		delete cluster['certificate-authority'];
		delete cluster['certificate-authority-data'];
	}
	// client-node refuses plain http otherwise; kubectl proxy speaks nothing else.
	if (server.protocol === 'http:') cluster['insecure-skip-tls-verify'] = true;
	cluster.server = server.href.replace(/\/$/, '');
	// Names are for the proxy to resolve, as kubectl has it; the agent that client-node makes for `socks5:` resolves them here.
	if (proxyUrl !== undefined) cluster['proxy-url'] = proxyUrl.replace(/^socks5:/, 'socks5h:');

	const folder = merged.folders.get(userName ?? '') ?? process.cwd();
	const {user: auth, exec, oidc, groups, extra, login} = identity(user, options, folder, cluster);
	const namespace = textOf(context?.namespace);
	const config = {
		clusters: [{name: 'cluster', cluster}],
		users: [{name: 'user', user: auth}],
		contexts: [{name: 'context', context: {cluster: 'cluster', user: 'user'}}],
		'current-context': 'context',
	};
	const rebuild = () => {
		const kubeConfig = new KubeConfig();
		kubeConfig.loadFromString(JSON.stringify(config)); // JSON is YAML
		return kubeConfig;
	};
	return {
		context: contextName ?? server.host,
		contexts: [...merged.contexts.keys()],
		server,
		from: contextName === undefined ? 'flags' : 'kubeconfig',
		files: merged.files,
		kubeConfig: rebuild(),
		rebuild,
		headers: {...(groups.length > 0 && {'Impersonate-Group': [...groups]}), ...extra},
		login,
		...(namespace !== undefined && {namespace}),
		...(exec !== undefined && {exec}),
		...(oidc !== undefined && {oidc}),
		...(proxyUrl !== undefined && {proxyUrl}),
	};
}

/** Who we are, with the flags laid over it, in the form that client-node reads. */
function identity(original: Record<string, unknown>, options: ClusterOptions, folder: string, cluster: Record<string, unknown>) {
	const user: Record<string, unknown> = {...original};
	if (textOf(user['client-certificate-data'])) delete user['client-certificate'];
	if (textOf(user['client-key-data'])) delete user['client-key'];
	delete user['token-file']; // client-node reads a key of this name, kubectl does not
	if (options.token) {
		for (const name of ['exec', 'auth-provider', 'tokenFile', 'username', 'password']) delete user[name];
		user.token = options.token;
	}
	const exec = readExecSpec(user.exec, folder, {
		server: cluster.server,
		'tls-server-name': cluster['tls-server-name'],
		'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
		'certificate-authority-data': cluster['certificate-authority-data'] ?? fileBase64(cluster['certificate-authority']),
		'proxy-url': cluster['proxy-url'],
	});
	const provider = objectOf(user['auth-provider']);
	const oidc = exec === undefined && provider.name === 'oidc' ? objectOf(provider.config) : undefined;
	if (exec !== undefined || oidc !== undefined) {
		delete user.exec;
		user['auth-provider'] = {name: OWN_PROVIDER, config: {}};
	}
	const tokenFile = textOf(user.tokenFile);
	if (tokenFile !== undefined) {
		delete user.token; // the file's content takes precedence
		user['auth-provider'] = {name: 'tokenFile', config: {tokenFile}};
	}
	const asGroups = options.asGroups?.length ? options.asGroups : listOf(user['as-groups']).map(String);
	const extra: Record<string, string | string[]> = {};
	if (textOf(user['as-uid'])) extra['Impersonate-Uid'] = String(user['as-uid']);
	for (const [name, values] of Object.entries(objectOf(user['as-user-extra'])))
		extra[`Impersonate-Extra-${encodeURIComponent(name)}`] = listOf(values).map(String);
	if (options.as) user.as = options.as;
	const login: ClusterAccess['login'] =
		exec !== undefined
			? 'exec'
			: tokenFile !== undefined || textOf(user.token) !== undefined
				? 'token'
				: isObject(user['auth-provider'])
					? 'auth-provider'
					: textOf(user.username) !== undefined
						? 'basic'
						: user['client-certificate'] || user['client-certificate-data']
							? 'certificate'
							: 'none';
	return {user, exec, oidc, groups: asGroups, extra, login};
}

function fileBase64(file: unknown): string | undefined {
	try {
		return typeof file === 'string' ? readFileSync(file).toString('base64') : undefined;
	} catch {
		return undefined;
	}
}

function parseServer(text: string | undefined): URL | undefined {
	if (text === undefined) return undefined;
	// kubectl takes a bare host as http, as curl does.
	const href = text.includes('://') ? text : `http://${text}`;
	if (!URL.canParse(href)) return undefined;
	const url = new URL(href);
	return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The service account of the pod that we run in, where we run in one. */
function inCluster(options: ClusterOptions, env: NodeJS.ProcessEnv): ClusterAccess | undefined {
	const {KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port} = env;
	const folder = `${options.root ?? ''}${SERVICE_ACCOUNT}`;
	if (!host || !port) return undefined;
	try {
		accessSync(`${folder}/token`);
	} catch {
		return undefined;
	}
	const server = parseServer(`https://${host.includes(':') ? `[${host}]` : host}:${port}`);
	if (server === undefined) return undefined;
	let namespace: string | undefined;
	try {
		namespace = textOf(readFileSync(`${folder}/namespace`, 'utf8').trim());
	} catch {
		// Then it is not known: all namespaces that may be read.
	}
	const entries = (entry: Record<string, unknown>): Entries => new Map([['in-cluster', entry]]);
	const chosen = choose(
		{
			clusters: entries({server: server.href, 'certificate-authority': `${folder}/ca.crt`}),
			users: entries({tokenFile: `${folder}/token`}),
			contexts: entries({cluster: 'in-cluster', user: 'in-cluster', ...(namespace !== undefined && {namespace})}),
			currentContext: 'in-cluster',
			files: [],
			folders: new Map(),
		},
		{...options, context: undefined},
		env,
	);
	return 'id' in chosen ? undefined : {...chosen, from: 'in-cluster'};
}

export const isProblem = (value: object): value is Problem => 'what' in value && 'id' in value;
