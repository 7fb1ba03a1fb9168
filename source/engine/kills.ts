/** OOM kills and crash loops: told from restart counts and last exits, needing no training. */
import {type Container, siblingKey} from '../scrape.ts';
import type {Context, Exit} from './context.ts';
import {open, type Telling} from './episode.ts';
import {describe} from './explanation.ts';
import {MIB} from './features.ts';
import type {History} from './history.ts';
import {isNearLimit} from './severity.ts';
import type {EndedBy, Explanation, Kind} from './verdict.ts';
import type {Leak, Watched} from './watched.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const KEPT_MS = 7 * DAY_MS;
/** A loop: so many exits in this time; over when it has run for so long. */
const LOOP_EXITS = 3;
const LOOP_MS = 1_800_000;
const CALM_MS = 600_000;
const BACKED_OFF_MS = 35_000;
const KEPT = 32;
const OOM = 'OOMKilled';
const BACK_OFF = 'CrashLoopBackOff';

const groupOf = (of: Container): string => siblingKey(of) ?? of.key;

/** Times of exits by workload and container, across incarnations, newest last. */
export class Kills {
	readonly oom = new Map<string, number[]>();
	/** By container: exits for any reason. */
	readonly exits = new Map<string, number[]>();

	ofWorkload(of: Container): readonly number[] {
		return this.oom.get(groupOf(of))?.slice() ?? []; // what was told does not change with the next kill
	}

	/** Killed within the last day: a kill long ago says little of now. */
	wasKilledLately(of: Container, atMs: number): boolean {
		return atMs - (this.oom.get(groupOf(of))?.at(-1) ?? Number.NEGATIVE_INFINITY) < DAY_MS;
	}

	/** What is gone does not exit again; kills of its workload are kept for a week. */
	gone(of: Container, atMs: number): void {
		this.exits.delete(of.key);
		for (const [group, kills] of this.oom) if (atMs - (kills.at(-1) ?? atMs) > KEPT_MS) this.oom.delete(group);
	}

	/** True when this exit was not known. */
	note(of: Container): boolean {
		const {lastExit} = of;
		if (!lastExit || !Number.isFinite(lastExit.atMs)) return false;
		const exits = this.exits.get(of.key) ?? [];
		if (exits.includes(lastExit.atMs)) return false;
		keep(exits, lastExit.atMs);
		this.exits.set(of.key, exits);
		if (lastExit.reason === OOM) {
			const group = groupOf(of);
			const kills = this.oom.get(group) ?? [];
			keep(kills, lastExit.atMs);
			kills.sort((a, b) => a - b);
			this.oom.set(group, kills);
		}
		return true;
	}
}

function keep(times: number[], atMs: number): void {
	times.push(atMs);
	if (times.length > KEPT) times.shift();
}

/** How the incarnation before this one ended. */
export const endOf = ({lastExit}: Container): EndedBy => (lastExit?.reason === OOM ? 'oom-killed' : 'restarted');

/** A container that is new or changed: is there an exit to tell of? `restarted`: it was seen to happen. */
export function followExits({watched, restarted, leak, history}: Exit, kills: Kills, context: Context): void {
	const {of} = watched;
	const isNew = kills.note(of);
	const {lastExit} = of;
	if (isNew && lastExit?.reason === OOM && (restarted || context.atMs - lastExit.atMs < HOUR_MS)) {
		closeExit(watched, 'killed', 'oom-killed', context);
		const explanation = {
			...explain(watched, 'oom-killed', lastExit.atMs, context, leak),
			value: usedAt(history, lastExit.atMs),
		};
		const [episode, event] = open(of.key, telling('oom-killed'), lastExit.atMs, false, explanation, 'oom');
		watched.killed = episode;
		context.events.push(event);
	}
	const exits = (kills.exits.get(of.key) ?? []).filter(atMs => atMs > context.atMs - LOOP_MS);
	// That something else of the container changed is no exit: a loop that is over is not told again.
	const loops = of.waiting === BACK_OFF || ((isNew || restarted) && (exits.length >= LOOP_EXITS || wasBackedOff(of, context.atMs)));
	if (watched.crashing) {
		const {crashing} = watched;
		if (isNew || restarted)
			context.events.push(crashing.tell(telling('crash-loop'), explain(watched, 'crash-loop', crashing.anomaly.startedAtMs, context)));
		return;
	}
	// A loop of OOM kills is told as what it is.
	if (!loops || (watched.killed && lastExit?.reason === OOM)) return;
	const sinceMs = exits[0] ?? context.atMs;
	const [episode, event] = open(of.key, telling('crash-loop'), sinceMs, false, explain(watched, 'crash-loop', sinceMs, context), 'crash');
	watched.crashing = episode;
	context.events.push(event);
}

/**
 * The kubelet waits 10 s before the second restart, twice as long before each one after it, and forgets that once a container has
 * run for ten minutes: who waited longer has exited several times in a row, though nobody was there to see it.
 */
const wasBackedOff = ({lastExit, startedAtMs = Number.NaN, restarts}: Container, atMs: number): boolean =>
	restarts >= LOOP_EXITS && lastExit !== undefined && startedAtMs - lastExit.atMs >= BACKED_OFF_MS && atMs - lastExit.atMs < LOOP_MS;

/**
 * Kills are listed for an hour, as long as the container does not run, and for a day while its memory is near the limit again;
 * loops until it has run for a while.
 */
export function forgetExits(watched: Watched, context: Context): void {
	const {of, killed, crashing} = watched;
	if (!killed && !crashing) return;
	if (of.waiting === BACK_OFF) return;
	const last = of.lastExit?.atMs ?? crashing?.anomaly.startedAtMs ?? Number.NEGATIVE_INFINITY;
	if (crashing && context.atMs - last > CALM_MS) closeExit(watched, 'crashing', 'recovered', context);
	const killedAgoMs = killed ? context.atMs - killed.anomaly.startedAtMs : 0;
	if (killedAgoMs > DAY_MS || (killedAgoMs > HOUR_MS && !isNearLimit(of, watched.series.history.newest(1))))
		closeExit(watched, 'killed', 'recovered', context);
}

function closeExit(watched: Watched, which: 'killed' | 'crashing', by: EndedBy, context: Context): void {
	const episode = watched[which];
	if (!episode) return;
	watched[which] = undefined;
	context.events.push(episode.close(by, {...episode.anomaly.explanation, atMs: context.atMs}));
}

// What is told of a kill is told of a moment: it stands, it does not fire.
const telling = (kind: Kind): Telling => ({kind, metric: 'memory', severity: 'critical', state: 'standing', recurring: false});

/** The kill and the first sample of the next run may come at once: that one is none of before. NaN where there is no other. */
function usedAt(history: History, atMs: number): Explanation['value'] {
	let back = 0;
	while (back < history.length && history.atMs(back) > atMs) back++;
	if (back >= history.length) return {cpu: Number.NaN, memory: Number.NaN};
	const place = history.place(back);
	return {cpu: history.cpu[place] as number, memory: (history.memory[place] as number) * MIB};
}

function explain(watched: Watched, kind: Kind, sinceMs: number, context: Context, leak?: Leak): Explanation {
	const {of} = watched;
	const grown = leak?.episode.anomaly;
	return {
		...describe(watched.series, context.settings, {
			...telling(kind),
			atMs: context.atMs,
			sinceMs,
			heldMs: 0,
			kills: context.kills(of),
			changes: context.changes(of, sinceMs),
			siblings: {count: context.siblings(of).length, alike: 0, ratio: Number.NaN},
		}),
		// What a leak had reached is not usual.
		...(grown && {
			usual: grown.explanation.usual,
			growthBytesPerMinute: grown.explanation.growthBytesPerMinute ?? Number.NaN,
			grewSinceMs: grown.startedAtMs,
		}),
		of,
		atMs: context.atMs,
	};
}
