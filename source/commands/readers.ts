import type {Settings} from '../engine/settings.ts';
import {DEFAULTS} from '../engine/settings.ts';
import type {Flags} from '../flags.ts';
import type {Reader} from '../pipeline.ts';
import type {Feed} from '../scrape.ts';
import {openLog} from '../sinks/log.ts';
import {openRecorder} from '../sinks/recorder.ts';
import {VERSION} from '../version.ts';

/** The files that `--record` and `--log` ask for. `health`: how well the cluster is heard, where there is one. @throws {Failure} */
export async function openReaders(
	{record, log, seed}: Flags,
	feed: Feed,
	settings: Partial<Settings>,
	health?: () => string,
): Promise<Reader[]> {
	const readers: Reader[] = [];
	if (record !== undefined) {
		const {label: source, intervalMs} = feed;
		readers.push(
			await openRecorder({
				path: record,
				source,
				intervalMs,
				writer: `oddpod ${VERSION}`,
				seed: seed ?? DEFAULTS.seed,
				settings: {...settings},
			}),
		);
	}
	if (log !== undefined) readers.push(await openLog(log, Date.now, health));
	return readers;
}
