/** The built program as a user runs it. */
import {type ChildProcess, spawn} from 'node:child_process';
import {join} from 'node:path';

/** The variable in which the tests are told where it is. */
export const PROGRAM = 'ODDPOD_PROGRAM';
const program = process.env[PROGRAM] ?? join(import.meta.dirname, '../../dist/oddpod.js');

export interface Outcome {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface Run {
	readonly child: ChildProcess;
	/** What it has said so far. */
	readonly said: {stdout: string; stderr: string};
	readonly outcome: Promise<Outcome>;
}

/** Killed after `timeoutMs`: its code is null then. */
export function start(args: readonly string[], kubeconfig: string, timeoutMs = 60_000): Run {
	// A history of its own: what other runs have learned must not count.
	const {HOME, PATH, TMPDIR} = process.env;
	const env = {HOME, PATH, ...(TMPDIR && {TMPDIR}), KUBECONFIG: kubeconfig, NO_COLOR: '1', XDG_STATE_HOME: join(kubeconfig, '../state')};
	const child = spawn(process.execPath, [program, ...args], {
		env,
		stdio: ['ignore', 'pipe', 'pipe'],
		timeout: timeoutMs,
		killSignal: 'SIGKILL',
	});
	const said = {stdout: '', stderr: ''};
	for (const name of ['stdout', 'stderr'] as const) {
		child[name].setEncoding('utf8').on('data', text => {
			said[name] += text;
		});
	}
	const outcome = new Promise<Outcome>((resolve, reject) => {
		child.on('error', reject);
		child.on('close', code => resolve({code, ...said}));
	});
	return {child, said, outcome};
}

export const run = (args: readonly string[], kubeconfig: string, timeoutMs?: number): Promise<Outcome> =>
	start(args, kubeconfig, timeoutMs).outcome;

export const jsonLines = <Line>(text: string): Line[] =>
	text
		.split('\n')
		.filter(line => line !== '')
		.map(line => JSON.parse(line) as Line);

/** As much of a line of `check -o json` as the tests look at. */
export interface EventLine {
	readonly type: string;
	readonly at: string;
	readonly of?: string;
	readonly kind?: string;
	readonly severity?: 'notice' | 'warning' | 'critical';
	readonly recurring?: boolean;
	readonly namespace?: string;
	readonly pod?: string;
	readonly container?: string;
	readonly text?: string;
}

/**
 * By pod: every kind that an anomaly of it was called, in order. Habits are listed, not alarmed: they are left out, as are notices where `severe`
 * (a leak is a notice until it has been seen for a part of its way).
 */
export function kindsByPod(events: readonly EventLine[], severe = true): Map<string, string[]> {
	const kinds = new Map<string, string[]>();
	for (const {kind, severity, recurring, namespace, pod} of events) {
		if (kind === undefined || recurring || (severe && severity === 'notice')) continue;
		const name = `${namespace}/${pod}`;
		const known = kinds.get(name) ?? [];
		if (!known.includes(kind)) known.push(kind);
		kinds.set(name, known);
	}
	return kinds;
}

/** Seconds from `sinceMs` until this kind was told of this pod; undefined if it never was. */
export function toldAfterSeconds(events: readonly EventLine[], name: string, kind: string, sinceMs: number): number | undefined {
	const found = events.find(event => event.kind === kind && !event.recurring && `${event.namespace}/${event.pod}` === name);
	return found && Math.round((Date.parse(found.at) - sinceMs) / 1000);
}

/** For a failed assertion: what was said, one line an event. */
export const told = (events: readonly EventLine[]): string =>
	events
		.map(
			({at, type, kind, severity, of, namespace, pod, text}) =>
				`${at} ${type} ${kind ?? of} ${severity ?? ''} ${pod ? `${namespace}/${pod}` : ''} ${text ?? ''}`,
		)
		.join('\n');
