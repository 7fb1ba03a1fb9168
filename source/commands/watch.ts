import process from 'node:process';
import {liveCursor} from '../cursor.ts';
import {createEngine} from '../engine/engine.ts';
import {DEFAULTS} from '../engine/settings.ts';
import {UsageError} from '../failure.ts';
import type {Flags} from '../flags.ts';
import {kubectl} from '../kubectl.ts';
import {run as runPipeline} from '../pipeline.ts';
import type {Container, Problem} from '../scrape.ts';
import {Silences, silencesFile} from '../silences.ts';
import {loadInk} from '../terminal/load-ink.ts';
import {Timeline} from '../timeline.ts';
import {run as check} from './check.ts';
import {clusterOptions, openLive} from './live.ts';
import type {Outcome} from './outcome.ts';
import {openReaders} from './readers.ts';
import {settingsFrom} from './settings.ts';
import {demandTerminal, isPlain} from './terminal.ts';

/** Watches the cluster on the screen. */
export async function run([workload, ...more]: readonly string[], flags: Flags): Promise<Outcome> {
	if (more.length > 0) throw new UsageError(`Expected at most one workload, got ${[workload, ...more].join(' ')}`);
	const select = workload === undefined ? undefined : workloadNamed(workload);
	demandTerminal('Print events as lines instead: oddpod check; or one listing: oddpod top');
	if (isPlain()) {
		// A terminal that can move no cursor gets lines.
		await check([], flags);
		return 'well';
	}
	// Before the cluster is opened: nothing may need `fetch` meanwhile.
	const {show} = await loadInk(() => import('./show.tsx'));
	const cluster = await openLive(flags, true);
	const settings = settingsFrom(flags);
	const engine = createEngine(settings);
	const timeline = new Timeline({training: settings.train ?? DEFAULTS.train});
	const {feed} = cluster;
	const readers = await openReaders(flags, feed, settings);
	const stop = new AbortController();
	let problem: Problem | undefined;
	const listeners = new Set<() => void>();
	const report = (found: Problem): void => {
		problem = found;
		for (const changed of listeners) changed();
	};
	const watching = runPipeline({
		feed,
		engine,
		timeline,
		readers,
		signal: stop.signal,
		interactive: true,
		readerFailed: (reader, error) => {
			report({
				id: `${reader.name}-failed`,
				what: `the ${reader.name} has stopped: ${(error as Error).message}`,
				fix: 'The screen goes on without it',
			});
		},
	}).catch((error: unknown) => {
		if (!stop.signal.aborted)
			report({
				id: 'feed-failed',
				what: `the feed has stopped: ${error instanceof Error ? error.message : String(error)}`,
				fix: 'Start oddpod again',
			});
	});
	cluster.screenTaken();
	const {namespaces = []} = clusterOptions(flags);
	await show({
		flags,
		timeline,
		source: {
			label: feed.label,
			live: true,
			finished: () => false,
			problem: () => problem,
			subscribe: changed => {
				listeners.add(changed);
				return () => listeners.delete(changed);
			},
		},
		cursor: liveCursor(),
		namespaceLabel: namespaces.length > 0 ? namespaces.join(', ') : (cluster.namespaces()?.join(', ') ?? 'all namespaces'),
		explain: key => engine.explain(key),
		silences: new Silences(silencesFile(feed.label)),
		kubectl: kubectl({
			context: feed.label,
			...(flags.kubeconfig !== undefined && {kubeconfig: flags.kubeconfig}),
			...(flags.as !== undefined && {as: flags.as}),
		}),
		...(select && {select}),
	});
	stop.abort();
	await watching;
	if (problem) process.stderr.write(`oddpod: ${problem.what}.\n`);
	return 'well';
}

const SHORT: Readonly<Record<string, string>> = {
	deploy: 'Deployment',
	deployment: 'Deployment',
	sts: 'StatefulSet',
	statefulset: 'StatefulSet',
	ds: 'DaemonSet',
	daemonset: 'DaemonSet',
	cronjob: 'CronJob',
	cj: 'CronJob',
	job: 'Job',
	pod: 'Pod',
	po: 'Pod',
};

/** `deploy/checkout`, `pod/ledger-0`. @throws {UsageError} */
function workloadNamed(text: string): (of: Container) => boolean {
	const [kind = '', name, ...rest] = text.split('/');
	const full = SHORT[kind.toLowerCase()];
	if (full === undefined || !name || rest.length > 0)
		throw new UsageError(`Expected a workload such as deploy/checkout, sts/ledger or pod/ledger-0, or a command, got ${text}`);
	return of => (full === 'Pod' ? of.pod === name : of.workload === `${full}/${name}`);
}
