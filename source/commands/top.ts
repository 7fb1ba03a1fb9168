import process from 'node:process';
import {Failure, told, UsageError} from '../failure.ts';
import type {Flags} from '../flags.ts';
import type {Problem, Reading, Scrape} from '../scrape.ts';
import {openLive} from './live.ts';
import type {Outcome} from './outcome.ts';
import {timeFrom} from './settings.ts';
import {type Usage, usageTable} from './usage-table.ts';

/** How long the metrics API may take to give its first sample. */
const PATIENCE_MS = 30_000;

/** The plain listing: one line a container. */
export async function run(input: readonly string[], flags: Flags): Promise<Outcome> {
	if (input.length > 0) throw new UsageError(`Expected no argument, got ${input.join(' ')}`);
	const {feed} = await openLive(flags);
	const {firstScrape} = await import('../k8s/feed.ts');
	const stop = new AbortController();
	const end = (): void => stop.abort();
	process.once('SIGINT', end).once('SIGTERM', end);
	const patience = setTimeout(end, PATIENCE_MS);
	const print = flags.output === 'json' ? printJson : process.stdout.isTTY ? printTable : printPlain;
	const time = timeFrom(flags);
	let problem: Problem | undefined;
	let listed = false;
	const list = ({readings, problems, atMs}: Scrape): void => {
		problem = problems[0] ?? problem;
		if (readings.length === 0) return;
		// Something is listed, but not all that was asked for: that is said beside the list.
		if (!listed) for (const found of problems) process.stderr.write(told(found));
		if (listed && flags.output !== 'json') process.stdout.write(`\n${time.time(atMs)}\n`);
		print(readings.map(usage).sort(byName));
		listed = true;
	};
	try {
		if (flags.watch === true) {
			for await (const scrape of feed.scrapes(stop.signal)) {
				list(scrape);
				if (listed) clearTimeout(patience);
			}
		} else {
			const scrape = await firstScrape(feed, stop.signal);
			if (scrape) list(scrape);
		}
	} finally {
		clearTimeout(patience);
		stop.abort();
		process.off('SIGINT', end).off('SIGTERM', end);
	}
	if (!listed)
		throw new Failure(
			problem ?? {
				id: 'no-samples',
				what: `no sample within ${PATIENCE_MS / 1000} s`,
				why: 'There may be no pods here, or they are younger than one scrape of the metrics server',
				fix: 'See what keeps it: oddpod doctor',
			},
		);
	return 'well';
}

function usage({of, cpuMillicores, memoryBytes, sampledAtMs}: Reading): Usage {
	const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
	const cpuCores = cpuMillicores / 1000;
	const memoryMiB = memoryBytes / 2 ** 20;
	return {
		namespace: of.namespace,
		pod: of.pod,
		container: of.name,
		cpuCores: known(Number(cpuCores.toFixed(4))),
		memoryMiB: known(Number(memoryMiB.toFixed(3))),
		ratio: known(Number((cpuCores / memoryMiB).toPrecision(4))),
		sampledAt: new Date(sampledAtMs).toISOString(),
	};
}

const byName = (a: Usage, b: Usage): number =>
	a.namespace.localeCompare(b.namespace) || a.pod.localeCompare(b.pod) || a.container.localeCompare(b.container);

const cells = ({namespace, pod, container, cpuCores, memoryMiB, ratio}: Usage): string[] => [
	namespace,
	pod,
	container,
	cpuCores?.toFixed(4) ?? '-',
	memoryMiB?.toFixed(1) ?? '-',
	ratio?.toPrecision(3) ?? '-',
];

const printJson = (rows: readonly Usage[]): void => void process.stdout.write(rows.map(row => `${JSON.stringify(row)}\n`).join(''));
const printPlain = (rows: readonly Usage[]): void => void process.stdout.write(rows.map(row => `${cells(row).join('\t')}\n`).join(''));
const printTable = (rows: readonly Usage[]): void =>
	void process.stdout.write(
		usageTable(rows, process.stdout.columns || Number.POSITIVE_INFINITY)
			.map(line => `${line}\n`)
			.join(''),
	);
