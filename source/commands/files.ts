import {basename} from 'node:path';
import {CsvError, type CsvSet, csvScrapes, readCsv} from '../evaluation/csv.ts';
import {Failure} from '../failure.ts';
import {openRecording} from '../recording/feed.ts';
import {readLines} from '../recording/lines.ts';
import type {Feed} from '../scrape.ts';

/** What a file holds, told by its first line: a recording begins with a JSON object, a labelled series with `stream,…`. */
export async function isCsv(path: string): Promise<boolean> {
	const lines = readLines(path);
	const {value: first = '', done} = await lines.next();
	await lines.return(undefined);
	if (done)
		throw new Failure({
			id: 'file-no-recording',
			what: `${path} has no line that can be read`,
			fix: 'Give a recording made with: oddpod --record FILE',
		});
	return String(first)
		.split(',')
		.some(cell => cell.trim() === 'stream');
}

/** @throws {Failure} */
export async function openCsv(path: string): Promise<CsvSet> {
	try {
		return await readCsv(readLines(path));
	} catch (error) {
		if (!(error instanceof CsvError)) throw error;
		throw new Failure({
			id: 'csv-columns',
			what: `${path} cannot be read: ${error.message}`,
			fix: 'Its columns must be stream,t,cpu,mem,cpu_limit,mem_limit,label,ignore; see oddpod help evaluate',
		});
	}
}

/** A file as a feed: a recording, or a CSV in the form that `evaluate` reads. @throws {Failure} */
export async function openFile(path: string): Promise<Feed> {
	if (!(await isCsv(path))) return openRecording(path);
	const set = await openCsv(path);
	const steps = set.streams.flatMap(({t}) => (t.length > 1 ? [((t.at(-1) ?? 0) - (t[0] ?? 0)) / (t.length - 1)] : []));
	return {
		label: basename(path),
		intervalMs: (steps[0] ?? Number.NaN) * 1000,
		async *scrapes(signal) {
			for (const scrape of csvScrapes(set)) {
				if (signal.aborted) return;
				yield scrape;
			}
		},
	};
}

/** The feed, ended once `forMs` of its own time have gone by. */
export function bounded(feed: Feed, forMs: number): Feed {
	return {
		...feed,
		label: feed.label,
		intervalMs: feed.intervalMs,
		async *scrapes(signal) {
			let endMs = Number.POSITIVE_INFINITY;
			for await (const scrape of feed.scrapes(signal)) {
				if (endMs === Number.POSITIVE_INFINITY) endMs = scrape.atMs + forMs;
				if (scrape.atMs > endMs) return;
				yield scrape;
			}
		},
	};
}
