import {basename} from 'node:path';
import {Failure} from '../failure.ts';
import type {Feed, Scrape} from '../scrape.ts';
import {FormatError, type Header, Parser, parseHeader} from './format.ts';
import {type LinesState, readLines} from './lines.ts';

export interface Recording extends Feed {
	readonly header: Header;
	/** Lines that could not be read so far, and whether the file's end was torn. */
	readonly damage: {readonly dropped: number; readonly torn: boolean};
}

/**
 * A recording as a feed: read flat out, once. Damage is counted, not thrown; how much there was stands in `damage` and,
 * at the end, in a problem of the last scrape.
 * @throws {Failure} when the file cannot be opened or is no recording.
 */
export async function openRecording(path: string): Promise<Recording> {
	const state: LinesState = {torn: false};
	const lines = readLines(path, state);
	const first = await lines.next();
	let header: Header;
	try {
		header = parseHeader(first.done ? '' : first.value);
	} catch (error) {
		await lines.return(undefined);
		if (!(error instanceof FormatError)) throw error;
		throw new Failure({
			id: 'file-no-recording',
			what: `${path} cannot be replayed: ${error.message}`,
			fix: 'Give a recording made with `oddpod --record FILE`, or a labelled .csv; docs/recording-format.md has the format',
		});
	}
	const parser = new Parser(header);
	return {
		header,
		label: header.title ?? basename(path),
		intervalMs: header.intervalMs,
		get damage() {
			return {dropped: parser.dropped, torn: state.torn};
		},
		async *scrapes(signal: AbortSignal): AsyncGenerator<Scrape> {
			let held: Scrape | undefined; // one behind, so that the last one can carry what is known at the end
			for await (const line of lines) {
				if (signal.aborted) break;
				const scrape = parser.line(line);
				if (!scrape) continue;
				if (held) yield held;
				held = scrape;
			}
			if (held && !signal.aborted) yield closing(held, parser, state);
		},
	};
}

/** What could not be read of a recording, as a sentence without its full stop. */
export function damageWords({dropped, torn}: Recording['damage']): string {
	const lines = `${dropped} ${dropped === 1 ? 'line' : 'lines'}`;
	if (!torn) return `${lines} of the recording could not be read`;
	return dropped === 0 ? 'the recording breaks off' : `the recording breaks off; ${lines} could not be read`;
}

function closing(scrape: Scrape, parser: Parser, {torn}: LinesState): Scrape {
	const labels = [...(scrape.labels ?? []), ...parser.takeLabels()];
	const {dropped} = parser;
	const problems =
		dropped === 0 && !torn
			? scrape.problems
			: [
					...scrape.problems,
					{
						id: 'recording-damaged',
						what: damageWords({dropped, torn}),
						why: 'Its writer was stopped, or the file was changed or cut',
					},
				];
	return {...scrape, problems, ...(labels.length > 0 && {labels})};
}
