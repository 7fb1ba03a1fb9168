import process from 'node:process';
import type {Config} from '../config.ts';
import {UsageError} from '../failure.ts';
import {COMMANDS, type Flags} from '../flags.ts';
import {didYouMean} from '../nearest-word.ts';
import type {Container} from '../scrape.ts';
import {loadInk} from '../terminal/load-ink.ts';
import {keepYoungHeapSmall} from '../young-heap.ts';
import {run as check} from './check.ts';
import {openLive} from './live.ts';
import type {Outcome} from './outcome.ts';
import {demandKeyboard, isPlain} from './terminal.ts';
import {Watching} from './watching.ts';

/** Watches the cluster on the screen; where there can be none, prints a line an event. */
export async function run([workload, ...more]: readonly string[], flags: Flags, config: Config): Promise<Outcome> {
	if (more.length > 0) throw new UsageError(`Expected at most one workload, got ${[workload, ...more].join(' ')}`);
	const select = workload === undefined ? undefined : workloadNamed(workload);
	if (isPlain()) {
		const why = process.stdout.isTTY ? 'TERM is dumb' : 'stdout is no terminal';
		process.stderr.write(
			`oddpod: ${why}: one line an event instead of the screen, until it is stopped.\nList what there is now: oddpod top\n`,
		);
		keepYoungHeapSmall();
		await check([], flags);
		return 'well';
	}
	demandKeyboard('Print events as lines instead: oddpod check; or one listing: oddpod top');
	// Before the cluster is opened: nothing may need `fetch` meanwhile.
	const {show} = await loadInk(() => import('./show.tsx'));
	const watching = await Watching.begin(await openLive(flags, true), flags);
	try {
		await show({
			flags,
			config,
			...watching.props,
			...(select && {select}),
			...(workload !== undefined && {selectName: workload}),
			follow: changed => watching.follow(changed),
		});
	} finally {
		await watching.end();
	}
	if (watching.problem) process.stderr.write(`oddpod: ${watching.problem.what}.\n`);
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
		throw new UsageError(
			`Expected a workload such as deploy/checkout, sts/ledger or pod/ledger-0, or a command, got ${text}${full === undefined ? didYouMean(text, Object.keys(COMMANDS)) : ''}`,
		);
	return of => (full === 'Pod' ? of.pod === name : of.workload === `${full}/${name}`);
}
