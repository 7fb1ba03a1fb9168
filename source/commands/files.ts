import {Failure} from '../failure.ts';
import {openSeries} from '../evaluation/csv.ts';
import {openRecording} from '../recording/feed.ts';
import {readLines} from '../recording/lines.ts';
import type {Feed} from '../scrape.ts';

/** A file as a feed: a recording, or a CSV in the form that `evaluate` reads. Told by its first line. @throws {Failure} */
export async function openFile(path: string): Promise<Feed> {
	const lines = readLines(path);
	const {value: first = '', done} = await lines.next();
	await lines.return(undefined);
	if (done) throw new Failure({id: 'file-no-recording', what: `${path} has no line that can be read`, fix: 'Give a recording made with: oddpod --record FILE'});
	return /^stream,/.test(first) ? openSeries(path, readLines(path)) : openRecording(path);
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
