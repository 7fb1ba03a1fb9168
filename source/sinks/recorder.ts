import {once} from 'node:events';
import {createWriteStream, type WriteStream} from 'node:fs';
import {constants, createGzip, type Gzip} from 'node:zlib';
import {Failure, reasonOf} from '../failure.ts';
import type {Reader} from '../pipeline.ts';
import {serialiseHeader, Writer} from '../recording/format.ts';
import type {Scrape} from '../scrape.ts';

export interface RecorderOptions {
	readonly path: string;
	readonly source: string;
	readonly intervalMs: number;
	readonly writer: string;
	readonly seed: number;
	readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * Writes what is seen in the format of docs/recording-format.md; gzip where the name ends in .gz. Nothing is overwritten.
 * @throws {Failure} when the file cannot be made.
 */
export async function openRecorder({path, source, intervalMs, writer, seed, settings}: RecorderOptions): Promise<Reader> {
	const file: WriteStream = createWriteStream(path, {flags: 'wx'});
	try {
		await once(file, 'open');
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		throw new Failure({
			id: 'record-file',
			what:
				code === 'EEXIST' ? `${path} exists already, and a recording overwrites nothing` : `${path} cannot be written: ${reasonOf(error)}`,
			fix: code === 'EEXIST' ? 'Give another name, or remove it first' : 'Give a name in a folder that you may write to',
		});
	}
	const zip: Gzip | undefined = path.endsWith('.gz') ? createGzip() : undefined;
	zip?.pipe(file);
	const out = zip ?? file;
	let failure: Error | undefined;
	for (const stream of [file, ...(zip ? [zip] : [])])
		stream.on('error', (error: Error) => {
			failure ??= error;
		});
	let lines: Writer | undefined;
	return {
		name: 'recorder',
		read(scrape: Scrape) {
			if (failure) throw failure; // a full disk: the pipeline leaves this reader out and says so
			if (!lines) {
				out.write(
					serialiseHeader({
						startedAtMs: scrape.atMs,
						intervalMs: Number.isFinite(intervalMs) ? intervalMs : 15_000,
						source,
						writer,
						seed,
						settings,
					}),
				);
				lines = new Writer(scrape.atMs);
			}
			out.write(lines.scrape(scrape));
			zip?.flush(constants.Z_SYNC_FLUSH); // a kill -9 loses no more than this scrape
		},
		async close() {
			if (failure) return;
			out.end();
			await once(file, 'close');
		},
	};
}
