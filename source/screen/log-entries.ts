/** What the anomaly log lists: an episode, the rise of load of a workload, or many that changed at once. */
import {type Anomaly, isToldAlone, STORM_MS, type Storm} from '../engine/verdict.ts';
import {JOINED_MS, loadedTogether} from '../load.ts';
import {gravity, type Moment} from '../moment.ts';

interface Entry {
	readonly id: string;
	/** The container that `enter` goes to. */
	readonly key: string;
	readonly firedAtMs: number;
	/** Containers that it stands for. */
	readonly count: number;
}

/** Of several anomalies the one told is the worst that goes on, or the last that ended, over the time of them all; a storm may have none. */
export type EpisodeEntry = Entry & {readonly anomaly: Anomaly; readonly storm?: undefined};
export type StormEntry = Entry & {readonly anomaly: Anomaly | undefined; readonly storm: Storm};
export type LogEntry = EpisodeEntry | StormEntry;

/** What fewer containers do is no part of a storm: among many that are loaded, the one whose memory rises is told apart. */
const ALIKE = 3;

/** What stands in the log while nothing is filtered: storms first take what is theirs. */
export function allEntries({anomalies, storms}: Moment): readonly LogEntry[] {
	const left = new Set(anomalies);
	const byKey = Map.groupBy(storms.length > 0 ? anomalies : [], ({of}) => of.key);
	const entries: LogEntry[] = [];
	const toldMs = new Map<string, number>();
	for (const storm of storms) {
		const changed = storm.keys
			.flatMap(key => byKey.get(key) ?? [])
			.filter(
				anomaly =>
					left.has(anomaly) &&
					!isToldAlone(anomaly.kind) &&
					!anomaly.recurring &&
					anomaly.firedAtMs <= storm.atMs &&
					anomaly.firedAtMs > storm.atMs - STORM_MS,
			);
		const members = [...Map.groupBy(changed, ({kind}) => kind).values()].filter(({length}) => length >= ALIKE).flat();
		// The same containers are a storm of their namespace and of their nodes: they are listed once.
		const isTold = (key: string): boolean => storm.atMs - (toldMs.get(key) ?? Number.NEGATIVE_INFINITY) < STORM_MS;
		if (members.length === 0 && storm.keys.filter(isTold).length > storm.keys.length / 2) continue;
		for (const key of storm.keys) toldMs.set(key, storm.atMs);
		for (const member of members) left.delete(member);
		const entry = entryOf(members);
		entries.push({
			id: `${storm.of}@${storm.atMs}`,
			key: entry?.key ?? storm.keys[0] ?? '',
			firedAtMs: storm.atMs,
			anomaly: entry?.anomaly,
			count: storm.keys.length,
			storm,
		});
	}
	return [...entries, ...foldLoads([...left])];
}

/** One entry for the replicas of a workload whose load rises; every other anomaly is its own. */
export function foldLoads(anomalies: readonly Anomaly[]): EpisodeEntry[] {
	const loads = Map.groupBy(
		anomalies.filter(({kind, recurring}) => kind === 'load' && !recurring),
		({of}) => loadedTogether(of),
	);
	const groups = anomalies.filter(({kind, recurring}) => kind !== 'load' || recurring).map(anomaly => [anomaly]);
	for (const ofWorkload of loads.values()) {
		let group: Anomaly[] = [];
		let endMs = Number.NEGATIVE_INFINITY;
		for (const load of ofWorkload.toSorted((a, b) => a.startedAtMs - b.startedAtMs)) {
			if (load.startedAtMs > endMs + JOINED_MS) {
				group = [];
				groups.push(group);
				endMs = Number.NEGATIVE_INFINITY;
			}
			group.push(load);
			endMs = Math.max(endMs, load.ended?.atMs ?? Number.POSITIVE_INFINITY);
		}
	}
	return groups.map(entryOf).filter(entry => entry !== undefined);
}

function entryOf(members: readonly Anomaly[]): EpisodeEntry | undefined {
	const [first] = members.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
	if (!first) return undefined;
	const count = new Set(members.map(({of}) => of.key)).size;
	const {id, firedAtMs, startedAtMs} = first;
	if (members.length === 1) return {id, key: first.of.key, firedAtMs, anomaly: first, count};
	const [open] = members.filter(({ended}) => !ended).sort((a, b) => gravity(b) - gravity(a));
	const [last] = members.toSorted((a, b) => (b.ended?.atMs ?? 0) - (a.ended?.atMs ?? 0));
	const shown = open ?? last ?? first;
	const heldMs = shown.ended ? shown.ended.atMs - startedAtMs : shown.explanation.heldMs;
	const explanation = {...shown.explanation, ...(heldMs !== undefined && {heldMs})};
	return {id, key: shown.of.key, firedAtMs, anomaly: {...shown, startedAtMs, firedAtMs, explanation}, count};
}
