/** The loop: for each scrape → assess → append. Readers see both; a slow or failing one never stops the others. */
import {setImmediate} from 'node:timers/promises';
import type {Assessment, Engine} from './engine/verdict.ts';
import type {Feed, Scrape} from './scrape.ts';
import type {Timeline} from './timeline.ts';

/** A sink: recorder, lines, notify, … It is called in order, may keep its own queue, and is told when it is over. */
export interface Reader {
	readonly name: string;
	read(scrape: Scrape, assessment: Assessment): void;
	close?(): Promise<void>;
}

export interface Pipeline {
	readonly feed: Feed;
	readonly engine: Engine;
	readonly timeline?: Timeline;
	readonly readers?: readonly Reader[];
	readonly signal: AbortSignal;
	/** Somebody waits for keys: give way between slices. */
	readonly interactive?: boolean;
	/** A reader threw: it is left out from then on. */
	readonly readerFailed?: (reader: Reader, error: unknown) => void;
}

/** Runs until the feed ends or the signal aborts, then closes the readers. */
export async function run({feed, engine, timeline, readers = [], signal, interactive = false, readerFailed}: Pipeline): Promise<void> {
	const failed = new Set<Reader>();
	const guard = (reader: Reader, error: unknown): void => {
		failed.add(reader);
		readerFailed?.(reader, error);
	};
	try {
		for await (const scrape of feed.scrapes(signal)) {
			const assessment = await drain(engine.assess(scrape), interactive);
			if (signal.aborted) break;
			timeline?.append(scrape, assessment);
			for (const reader of readers) {
				if (failed.has(reader)) continue;
				try {
					reader.read(scrape, assessment);
				} catch (error) {
					guard(reader, error);
				}
			}
			if (interactive) await setImmediate();
		}
	} finally {
		await Promise.all(readers.map(async reader => reader.close?.().catch(error => guard(reader, error))));
	}
}

async function drain(slices: Generator<undefined, Assessment>, interactive: boolean): Promise<Assessment> {
	for (;;) {
		const slice = slices.next();
		if (slice.done) return slice.value;
		if (interactive) await setImmediate();
	}
}
