// The session that ships, as it stands on the screen: read through the engine, looked at in trouble and in peace.
// What the engine says differently stands here differently too: UPDATE_GOLDEN=1 writes the frames anew, to be read before they are kept.
import {before, test} from 'node:test';
import {type Cursor, replayCursor} from '../../source/cursor.ts';
import {createEngine} from '../../source/engine/engine.ts';
import {run} from '../../source/pipeline.ts';
import {openRecording} from '../../source/recording/feed.ts';
import {Timeline} from '../../source/timeline.ts';
import {golden, Pane} from './frame.ts';

const timeline = new Timeline();

before(async () => {
	await run({
		feed: await openRecording('recordings/shop.jsonl.gz'),
		engine: createEngine(),
		timeline,
		signal: new AbortController().signal,
	});
	timeline.finish();
});

const SIZES = [
	{columns: 80, rows: 24},
	{columns: 100, rows: 30},
	{columns: 120, rows: 40},
	{columns: 160, rows: 50},
	{columns: 200, rows: 60},
] as const;

/** So long after the beginning. */
const MOMENTS = {trouble: 36, peace: 18} as const;

for (const [name, minutes] of Object.entries(MOMENTS)) {
	for (const size of SIZES) {
		const {columns, rows} = size;
		test(`the demo in ${name} at ${columns}x${rows}`, () => {
			const cursor: Cursor = {...replayCursor(), mode: 'pause', atMs: timeline.scrapeAt(timeline.startMs + minutes * 60_000)};
			const source = {label: 'shop', live: false, finished: () => true};
			golden(`demo-${name}-${columns}x${rows}`, new Pane(timeline, size, {cursor, source, canKubectl: false}).frame());
		});
	}
}
