import {cleanText} from '../clean.ts';
import type {Problem} from '../scrape.ts';
import {narrowed, readableNamespaces} from './access.ts';
import {clockSkew, stale} from './circumstances.ts';
import {systemClock} from './clock.ts';
import {Credentials} from './credentials.ts';
import {discoverMetrics, type MetricsVersion, unavailableBecause} from './discovery.ts';
import {CredentialsError} from './exec-plugin.ts';
import {unreadable} from './health.ts';
import {type ClusterAccess, isProblem, loadKubeconfig} from './kubeconfig.ts';
import {nothingDropped, type PodSample, readPodSample} from './metrics.ts';
import type {ClusterOptions} from './options.ts';
import {type Asked, emptyProblem, problemOf} from './problems.ts';
import {type Failure, type Result, Transport} from './transport.ts';

/** In the order in which they are made: what fails leaves those behind it unanswered. Exit codes are part of the interface. */
export const CHECKS = {
	kubeconfig: 10,
	context: 11,
	reachable: 12,
	tls: 13,
	authentication: 14,
	'metrics API': 15,
	rights: 16,
	samples: 17,
	clock: 18,
	terminal: 19,
} as const;

export type CheckName = keyof typeof CHECKS;

export interface Check {
	readonly name: CheckName;
	/** Undefined: could not be looked at, because something before it failed. */
	readonly ok: boolean | undefined;
	/** What was found, in one line. */
	readonly said: string;
	/** Beside `ok: true` a warning: it works, with less than there could be. */
	readonly problem?: Problem;
}

export interface Examination {
	readonly checks: readonly Check[];
	/** 0, or the code of the first check that failed. */
	readonly exitCode: number;
}

/** What the command knows of its terminal. */
export interface Terminal {
	readonly isTTY: boolean;
	readonly columns: number;
	readonly rows: number;
	readonly colorDepth: number;
	readonly term: string;
	readonly unicode: boolean;
	/** What the screen needs. */
	readonly least: {readonly columns: number; readonly rows: number};
}

/** Looks at all that has to be in order. Reads only, takes a few seconds at most; `onCheck` hears of each as it is done. */
export async function examine(
	options: ClusterOptions,
	terminal: Terminal,
	signal: AbortSignal,
	onCheck: (check: Check) => void = () => {},
): Promise<Examination> {
	const checks: Check[] = [];
	const done = (name: CheckName, ok: boolean | undefined, said: string, problem?: Problem) => {
		const check: Check = {name, ok, said, ...(problem !== undefined && {problem})};
		checks.push(check);
		onCheck(check);
	};
	const unanswered = (...names: readonly CheckName[]) => {
		for (const name of names) done(name, undefined, 'not looked at');
	};
	const finish = (): Examination => {
		done('terminal', ...terminalSays(terminal));
		const failed = checks.find(({ok}) => ok === false);
		return {checks, exitCode: failed === undefined ? 0 : CHECKS[failed.name]};
	};

	const access = loadKubeconfig(options);
	if (isProblem(access)) {
		const ofFile = access.id === 'no-kubeconfig' || access.id.startsWith('kubeconfig');
		if (ofFile) done('kubeconfig', false, access.what, access);
		else done('kubeconfig', true, 'found');
		if (ofFile) unanswered('context');
		else done('context', false, access.what, access);
		unanswered('reachable', 'tls', 'authentication', 'metrics API', 'rights', 'samples', 'clock');
		return finish();
	}
	done(
		'kubeconfig',
		true,
		access.from === 'kubeconfig'
			? cleanText(access.files.join(', '), 300)
			: access.from === 'in-cluster'
				? 'service account of this pod'
				: 'named by flags',
	);
	done('context', true, contextSays(access));

	const clock = options.clock ?? systemClock;
	const credentials = new Credentials(access, () => access, clock, options.interactive === true);
	try {
		await server(access, credentials);
	} finally {
		credentials.closeConnections();
	}
	return finish();

	async function server(access: ClusterAccess, credentials: Credentials): Promise<void> {
		const transport = new Transport(credentials, clock, options.requestTimeoutMs);
		const namespaces = options.allNamespaces
			? []
			: options.namespaces?.length
				? options.namespaces
				: access.namespace === undefined
					? []
					: [access.namespace];
		const host = access.server.host;
		const at = (asked: Asked, more: {readonly condition?: string; readonly namespace?: string} = {}) => ({
			asked,
			host,
			context: access.context,
			nowMs: clock.now(),
			proxied: access.proxyUrl !== undefined,
			...more,
		});
		const told = (failure: Failure, asked: Asked, more = {}): Problem =>
			problemOf(failure, at(asked, more)) ?? {id: 'aborted', what: 'interrupted'};

		try {
			await credentials.current();
		} catch (error) {
			if (!(error instanceof CredentialsError)) throw error;
			const problem = told(
				{type: 'credentials', message: credentials.redact(error.message), ...(error.hint !== undefined && {hint: error.hint})},
				'server',
			);
			unanswered('reachable', 'tls');
			done('authentication', false, problem.what, problem);
			unanswered('metrics API', 'rights', 'samples', 'clock');
			return;
		}
		const version = await transport.get('/version', {signal, timeoutMs: 10_000});
		if (!version.ok && version.failure.type !== 'status') {
			const problem = told(version.failure, 'server');
			const isTls = problem.id.startsWith('tls');
			if (isTls) done('reachable', true, host);
			done(isTls ? 'tls' : 'reachable', false, problem.what, problem);
			if (!isTls) unanswered('tls');
			unanswered('authentication', 'metrics API', 'rights', 'samples', 'clock');
			return;
		}
		done(
			'reachable',
			true,
			`${host}${version.ok && typeof version.value.gitVersion === 'string' ? `, Kubernetes ${cleanText(version.value.gitVersion, 40)}` : ''}${access.proxyUrl === undefined ? '' : ', through a proxy'}`,
		);
		done(
			'tls',
			true,
			access.server.protocol === 'http:'
				? 'none: plain http'
				: options.insecureSkipTlsVerify === true
					? 'not verified (--insecure-skip-tls-verify)'
					: 'verified',
		);

		const found = await discoverMetrics(transport, {signal});
		const denied = !version.ok && isStatus(version, 401) ? version.failure : !found.ok && isStatus(found, 401) ? found.failure : undefined;
		if (denied !== undefined) {
			const problem = told(denied, 'server');
			done('authentication', false, problem.what, problem);
			unanswered('metrics API', 'rights', 'samples', 'clock');
			return;
		}
		const version1 = found.ok ? (found.value[0] ?? 'v1beta1') : undefined;
		const within = (namespace: string | undefined) => (namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`);
		const metricsPath = (served: MetricsVersion, namespace: string | undefined) =>
			`/apis/metrics.k8s.io/${served}${within(namespace)}/pods`;
		const samples: PodSample[] = [];
		const dropped = nothingDropped();
		const askedAtMs = clock.now();
		const [only] = namespaces;
		const list =
			version1 === undefined
				? undefined
				: await transport.list(
						metricsPath(version1, only),
						item => {
							const sample = readPodSample(item, dropped);
							if (sample !== undefined) samples.push(sample);
						},
						{signal, timeoutMs: 10_000},
					);
		const endedAtMs = clock.now();
		const anonymous =
			list !== undefined && !list.ok && isStatus(list, 403) && /"system:anonymous"/.test(list.failure.message) ? list.failure : undefined;
		if (anonymous !== undefined && anonymous.type === 'status' && !anonymous.named) {
			const problem = told(anonymous, 'metrics');
			done('authentication', false, problem.what, problem);
			unanswered('metrics API', 'rights', 'samples', 'clock');
			return;
		}
		done('authentication', true, loginSays(access));

		let isAvailable = false;
		if (list === undefined || version1 === undefined) {
			const problem = found.ok ? undefined : told(found.failure, 'metrics');
			done('metrics API', false, problem?.what ?? 'unknown', problem);
		} else if (list.ok || isStatus(list, 403)) {
			isAvailable = true;
			done('metrics API', true, `metrics.k8s.io/${version1}`);
		} else {
			const condition = await unavailableBecause(transport, version1, {signal});
			const problem = told(list.failure, 'metrics', condition === undefined ? {} : {condition});
			done('metrics API', false, condition === undefined ? problem.what : `${problem.what} (${condition})`, problem);
		}
		await rights(transport, access, namespaces, version1 ?? 'v1beta1', list, metricsPath, told);

		if (!isAvailable || list === undefined || !list.ok) {
			unanswered('samples');
		} else if (samples.length === 0) {
			const problem = emptyProblem({running: 0, oldestMs: 0, name: ''}, only === undefined ? '' : `${only} namespace`);
			done('samples', false, problem?.what ?? 'none', problem);
		} else {
			const unread = unreadable({dropped});
			const [ok, said, problem] = samplesSay(samples, Number.isNaN(list.serverMs) ? askedAtMs : list.serverMs);
			done('samples', ok, unread > 0 ? `${said}; ${unread} unreadable` : said, problem);
		}
		const answered = [list, found, version].find(answer => answer?.ok === true && !Number.isNaN(answer.serverMs));
		if (answered?.ok !== true) unanswered('clock');
		else done('clock', ...clockSays(answered.serverMs + 500 - (answered === list ? (askedAtMs + endedAtMs) / 2 : clock.now())));
	}

	async function rights(
		transport: Transport,
		access: ClusterAccess,
		namespaces: readonly string[],
		served: MetricsVersion,
		list: Result<unknown> | undefined,
		metricsPath: (served: MetricsVersion, namespace: string | undefined) => string,
		told: (failure: Failure, asked: Asked, more?: object) => Problem,
	): Promise<void> {
		const ask = (path: string): Promise<Result<unknown>> => transport.list(path, () => {}, {signal, timeoutMs: 10_000});
		const allowed = (answer: Result<unknown>): boolean | undefined => (answer.ok ? true : isStatus(answer, 403) ? false : undefined);
		const where = namespaces.length === 0 ? 'in all namespaces' : `in ${cleanText(namespaces.join(', '), 200)}`;
		const within = namespaces.length === 0 ? '' : `/namespaces/${encodeURIComponent(namespaces[0] ?? '')}`;
		const [podsAnswer, ...others] = await Promise.all([
			ask(`/api/v1${within}/pods?limit=1`),
			ask(`/api/v1${within}/events?limit=1`),
			ask('/api/v1/nodes?limit=1'),
			ask(`/apis/autoscaling/v2${within}/horizontalpodautoscalers?limit=1`),
		]);
		const pods = allowed(podsAnswer);
		const [events, nodes, autoscalers] = others.map(allowed);
		const metrics = list && allowed(list);
		const word = (may: boolean | undefined): string => (may === undefined ? '?' : may ? 'yes' : 'no');
		const all = Object.entries({metrics, pods, events, nodes, autoscalers});
		const said = `${all.map(([name, may]) => `${name} ${word(may)}`).join(', ')} ${where}`;
		const scope = namespaces[0] === undefined ? {} : {namespace: namespaces[0]};
		const readable =
			namespaces.length === 0 && (metrics === false || pods === false)
				? await readableNamespaces(transport, namespace => metricsPath(served, namespace), [access.namespace], signal)
				: undefined;
		let blind = pods === false;
		let seen = said;
		if (metrics === false && list !== undefined && !list.ok) {
			if (readable === undefined || readable.metrics.length === 0) {
				done('rights', false, said, told(list.failure, 'metrics', scope));
				return;
			}
			seen = narrowed('metrics', readable.metrics, readable.namespaces).what;
			blind = readable.metrics.some(namespace => !readable.pods.includes(namespace));
		}
		if (!blind || podsAnswer.ok) {
			// Everything but the metrics is a help, not a need.
			done('rights', metrics === undefined && pods !== true ? undefined : true, seen);
			return;
		}
		const known = readable && readable.pods.length > 0 ? ` elsewhere than in ${cleanText(readable.pods.slice(0, 5).join(', '), 200)}` : '';
		done('rights', true, seen, {
			...told(podsAnswer.failure, 'pods', scope),
			why: `Without pods${known} there are no limits (so no time at which one is hit), no restarts, OOM kills or waiting pods, and no workloads (so nothing is compared with its siblings).`,
		});
	}
}

const isStatus = (answer: Result<unknown>, status: number): answer is {ok: false; failure: Extract<Failure, {type: 'status'}>} =>
	!answer.ok && answer.failure.type === 'status' && answer.failure.status === status;

function contextSays(access: ClusterAccess): string {
	const where = access.namespace === undefined ? 'all namespaces that may be read' : `namespace ${cleanText(access.namespace, 253)}`;
	return `${cleanText(access.context, 253)}, ${access.server.host}, ${where}`;
}

function loginSays({login}: ClusterAccess): string {
	switch (login) {
		case 'exec':
			return 'by credential plugin';
		case 'token':
			return 'by token';
		case 'certificate':
			return 'by client certificate';
		case 'basic':
			return 'by name and password, which API servers ignore';
		case 'auth-provider':
			return 'by auth provider';
		case 'none':
			return 'without credentials';
	}
}

function samplesSay(samples: readonly PodSample[], serverMs: number): [boolean, string, Problem?] {
	let youngestMs = Number.POSITIVE_INFINITY;
	let oldestMs = 0;
	let windowMs = 0;
	for (const sample of samples) {
		const ageMs = (Number.isNaN(sample.answeredAtMs) ? serverMs : sample.answeredAtMs) - sample.sampledAtMs;
		youngestMs = Math.min(youngestMs, ageMs);
		oldestMs = Math.max(oldestMs, ageMs);
		windowMs += sample.windowMs / samples.length;
	}
	const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
	const said = `${samples.length} pods, ${seconds(youngestMs)} to ${seconds(oldestMs)} old, one about every ${seconds(windowMs)}`;
	return youngestMs < 120_000 ? [true, said] : [false, said, stale(youngestMs)];
}

function clockSays(offsetMs: number): [boolean, string, Problem?] {
	const seconds = Math.round(offsetMs / 1000);
	if (Math.abs(seconds) < 60)
		return [
			true,
			Math.abs(seconds) <= 2 ? 'agrees with the server’s' : `the server’s is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}`,
		];
	const problem = clockSkew(offsetMs);
	return [false, problem.what, problem];
}

function terminalSays({isTTY, columns, rows, colorDepth, term, unicode, least}: Terminal): [boolean, string, Problem?] {
	if (!isTTY) return [true, 'none: lines instead of a screen'];
	const colors = colorDepth >= 24 ? '16M colours' : colorDepth > 1 ? `${2 ** colorDepth} colours` : 'no colour';
	const said = `${columns}x${rows}, ${colors}, ${unicode ? 'Unicode' : 'ASCII'}`;
	if (term === 'dumb')
		return [
			true,
			`${said}: lines instead of a screen`,
			{
				id: 'terminal-dumb',
				what: 'TERM is dumb',
				why: 'The cursor cannot be moved there.',
				fix: 'TERM=xterm-256color oddpod, or another terminal',
			},
		];
	if (columns < least.columns || rows < least.rows)
		return [
			false,
			said,
			{
				id: 'terminal-small',
				what: `The terminal has ${columns}x${rows} cells`,
				why: `The screen needs ${least.columns}x${least.rows}.`,
				fix: 'Make the window larger',
			},
		];
	return [true, said];
}
