import {existsSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import type {Config} from '../config.ts';
import {Failure, UsageError} from '../failure.ts';
import type {Flags} from '../flags.ts';
import type {Outcome} from './outcome.ts';
import {replay} from './replay.ts';
import {isPlain} from './terminal.ts';

/** The session that ships: beside the bundle in dist/, or in the checkout. */
export function demoRecording(): string {
	for (const place of ['./recordings/shop.jsonl.gz', '../recordings/shop.jsonl.gz', '../../recordings/shop.jsonl.gz']) {
		const path = fileURLToPath(new URL(place, import.meta.url));
		if (existsSync(path)) return path;
	}
	throw new Failure({
		id: 'demo-missing',
		what: 'the recorded session of the demo is not where it was installed',
		fix: 'Install oddpod again, or in a checkout: npm run demo',
	});
}

/** On the screen: learning is over, and the first fault begins a minute later. */
const START = '19m';

export async function run(input: readonly string[], flags: Flags, config: Config): Promise<Outcome> {
	if (input.length > 0) throw new UsageError(`Expected no argument, got ${input.join(' ')}`);
	const isShown = !isPlain() && flags.output === undefined;
	return replay(demoRecording(), isShown ? {start: START, ...flags} : flags, config);
}
