/**
 * Where on the timeline the reader looks. Live it is held at the end; a replay plays it; both can be paused, stepped and
 * sent from anomaly to anomaly. A pure state machine: who draws holds the clock (see {@link due}).
 */
import type {Timeline} from './timeline.ts';

export interface Cursor {
	/** NaN before the first scrape. */
	readonly atMs: number;
	/** `follow`: held at the end. `play`: moves at {@link speed}. `pause`: stands. */
	readonly mode: 'follow' | 'play' | 'pause';
	/** Recorded seconds a second. */
	readonly speed: number;
	/** What `esc` goes back to: the end of a live session, playing in a replay. */
	readonly home: 'follow' | 'play';
	/** Stop at the next anomaly that opens. */
	readonly stopAtAnomalies: boolean;
	/** Begin again a while after the end. */
	readonly loop: boolean;
}

export const SPEEDS = [1, 5, 10, 30, 60, 120, 300, 600] as const;

export const liveCursor = (): Cursor => ({atMs: Number.NaN, mode: 'follow', speed: 1, home: 'follow', stopAtAnomalies: false, loop: false});
export const replayCursor = (speed = 60, over: Partial<Cursor> = {}): Cursor => ({
	atMs: Number.NaN,
	mode: 'play',
	speed,
	home: 'play',
	stopAtAnomalies: false,
	loop: false,
	...over,
});

/** How long a loop stands at its end, so that it can be read. */
const LOOP_REST_MS = 5000;

/** Nobody sits through a night in which nothing was recorded: longer gaps are passed over. */
const GAP_MS = 10 * 60_000;
const GAP_REST_MS = 1000;

export type CursorAction =
	| {readonly type: 'toggle-pause'}
	| {readonly type: 'step'; readonly by: 1 | -1}
	| {readonly type: 'jump-anomaly'; readonly by: 1 | -1}
	| {readonly type: 'seek'; readonly toMs: number}
	/** To where what fired then is first seen. */
	| {readonly type: 'seek-told'; readonly firedAtMs: number}
	| {readonly type: 'change-speed'; readonly by: 1 | -1}
	/** Back to the end (live), or on from here (replay). */
	| {readonly type: 'go-home'}
	/** The clock: the next scrape is due. */
	| {readonly type: 'advance'};

/** What the timeline tells the cursor. */
export type Line = Pick<Timeline, 'startMs' | 'endMs' | 'scrapeAt' | 'scrapeAfter' | 'scrapeBefore' | 'anomalies' | 'complete'>;

export function moveCursor(cursor: Cursor, action: CursorAction, line: Line): Cursor {
	if (Number.isNaN(line.endMs)) return action.type === 'change-speed' ? changeSpeed(cursor, action.by) : cursor;
	const atMs = placeOf(cursor, line);
	switch (action.type) {
		case 'toggle-pause':
			if (cursor.mode !== 'pause') return {...cursor, mode: 'pause', atMs};
			// At the end of a replay there is nothing left to play: begin again.
			if (cursor.home === 'play' && atMs >= line.endMs) return {...cursor, mode: 'play', atMs: line.startMs};
			return {...cursor, mode: 'play', atMs, speed: cursor.speed};
		case 'step': {
			const toMs = action.by > 0 ? line.scrapeAfter(atMs) : line.scrapeBefore(atMs);
			return {...cursor, mode: 'pause', atMs: Number.isNaN(toMs) ? atMs : toMs};
		}
		case 'jump-anomaly': {
			const toMs = anomalyFrom(atMs, action.by, line);
			return {...cursor, mode: 'pause', atMs: Number.isNaN(toMs) ? atMs : toMs};
		}
		case 'seek': {
			const toMs = line.scrapeAt(Math.max(action.toMs, line.startMs));
			return {...cursor, mode: 'pause', atMs: toMs};
		}
		case 'seek-told':
			return {...cursor, mode: 'pause', atMs: toldAt(action.firedAtMs, line)};
		case 'change-speed':
			return changeSpeed(cursor, action.by);
		case 'go-home':
			return {...cursor, mode: cursor.home, atMs};
		case 'advance': {
			if (cursor.mode !== 'play') return cursor;
			const toMs = line.scrapeAfter(atMs);
			if (Number.isNaN(toMs)) {
				if (cursor.home === 'follow') return {...cursor, mode: 'follow', atMs};
				return cursor.loop && line.complete ? {...cursor, atMs: line.startMs} : cursor;
			}
			const stop = cursor.stopAtAnomalies && line.anomalies.some(({firedAtMs}) => firedAtMs > atMs && firedAtMs <= toMs);
			return {...cursor, mode: stop ? 'pause' : 'play', atMs: toMs};
		}
	}
}

/** The moment that is shown: NaN while there is none. What has been forgotten meanwhile is not shown, but what is left after it. */
export function placeOf(cursor: Cursor, line: Line): number {
	if (cursor.mode === 'follow') return line.endMs;
	return Number.isNaN(cursor.atMs) ? line.startMs : Math.min(Math.max(cursor.atMs, line.startMs), line.endMs);
}

/** How long to wait before `advance`; undefined when nothing will move. */
export function due(cursor: Cursor, line: Line): number | undefined {
	if (cursor.mode !== 'play') return undefined;
	const atMs = placeOf(cursor, line);
	const nextMs = line.scrapeAfter(atMs);
	if (!Number.isNaN(nextMs)) {
		const waitMs = (nextMs - atMs) / cursor.speed;
		return nextMs - atMs > GAP_MS ? Math.min(waitMs, GAP_REST_MS) : waitMs;
	}
	return cursor.loop && line.complete ? LOOP_REST_MS : undefined;
}

function changeSpeed(cursor: Cursor, by: 1 | -1): Cursor {
	const at = SPEEDS.findIndex(speed => speed >= cursor.speed);
	const from = at < 0 ? SPEEDS.length - 1 : at;
	return {...cursor, speed: SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, from + by))] ?? cursor.speed};
}

/** The first scrape that tells an anomaly: it fires with a sample, and that is older than the scrape which brings it. */
export function toldAt(firedAtMs: number, line: Pick<Line, 'startMs' | 'scrapeAt' | 'scrapeAfter'>): number {
	const beforeMs = line.scrapeAt(firedAtMs);
	if (beforeMs === firedAtMs) return beforeMs;
	const afterMs = line.scrapeAfter(firedAtMs);
	return Number.isNaN(afterMs) ? (Number.isNaN(beforeMs) ? line.startMs : beforeMs) : afterMs;
}

/** When the anomaly before or after this moment was first told. */
function anomalyFrom(atMs: number, by: 1 | -1, line: Line): number {
	let found = Number.NaN;
	for (const {firedAtMs} of line.anomalies) {
		const toldMs = toldAt(firedAtMs, line);
		if (by > 0 ? toldMs > atMs && !(toldMs >= found) : toldMs < atMs && !(toldMs <= found)) found = toldMs;
	}
	return found;
}
