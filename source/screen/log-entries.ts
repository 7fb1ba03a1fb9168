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

/** Storms that are told as one: of the same containers, or of the same rise of load, which is a storm again as long as it reaches others. */
interface Tempest {
	readonly first: Storm;
	readonly toldMs: Map<string, number>;
	/** What changed within the time of each storm, whether or not it is a line of its own too. */
	readonly changed: Anomaly[];
	readonly members: Anomaly[];
}

/** What stands in the log while nothing is filtered: storms first take what is theirs. */
export function allEntries({anomalies, storms}: Moment): readonly LogEntry[] {
	const left = new Set(anomalies);
	const byKey = Map.groupBy(storms.length > 0 ? anomalies : [], ({of}) => of.key);
	const tempests: Tempest[] = [];
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
		let tempest = tempests.findLast(
			before => isToldBy(before, storm) || (before.first.of === storm.of && isOneRise(before.members, members)),
		);
		if (!tempest) {
			tempest = {first: storm, toldMs: new Map(), changed: [], members: []};
			tempests.push(tempest);
		}
		for (const key of storm.keys) tempest.toldMs.set(key, storm.atMs);
		tempest.changed.push(...changed);
		tempest.members.push(...members);
		for (const member of members) left.delete(member);
	}
	for (const anomaly of left) {
		if (!isLoad(anomaly) || anomaly.recurring) continue;
		const tempest = tempests.find(({first, members}) => isOfScope(anomaly, first.of) && isOneRise(members, [anomaly]));
		if (!tempest) continue;
		tempest.toldMs.set(anomaly.of.key, anomaly.firedAtMs);
		tempest.changed.push(anomaly);
		tempest.members.push(anomaly);
		left.delete(anomaly);
	}
	return [...tempests.map(stormEntry), ...foldLoads([...left])];
}

const isOfScope = ({of}: Anomaly, scope: string): boolean => scope === `namespace ${of.namespace}` || scope === `node ${of.node}`;

/** The same containers are a storm of their namespace and of their nodes. */
const isToldBy = ({toldMs}: Tempest, {keys, atMs}: Storm): boolean =>
	keys.filter(key => atMs - (toldMs.get(key) ?? Number.NEGATIVE_INFINITY) < STORM_MS).length > keys.length / 2;

/** As the rises of a workload's replicas are one: each begins while others go on, or soon after. */
function isOneRise(before: readonly Anomaly[], after: readonly Anomaly[]): boolean {
	const loads = before.filter(isLoad);
	const fromMs = beginOf(after.filter(isLoad));
	return fromMs >= beginOf(loads) - JOINED_MS && loads.some(({ended}) => fromMs <= (ended?.atMs ?? fromMs) + JOINED_MS);
}

/** NaN of none. */
const beginOf = (loads: readonly Anomaly[]): number =>
	loads.reduce((least, {startedAtMs}) => (startedAtMs >= least ? least : startedAtMs), Number.NaN);

const isLoad = ({kind}: Anomaly): boolean => kind === 'load';

function stormEntry({first, toldMs, changed, members}: Tempest): StormEntry {
	const keys = [...toldMs.keys()];
	const entry = entryOf(members);
	return {
		id: `${first.of}@${first.atMs}`,
		key: entry?.key ?? keys[0] ?? '',
		firedAtMs: first.atMs,
		anomaly: entry?.anomaly,
		count: keys.length,
		storm: keys.length === first.keys.length ? first : {...first, keys, detail: detailOf(keys, changed)},
	};
}

/** `12 containers: 11 load, 1 level-shift` */
function detailOf(keys: readonly string[], changed: readonly Anomaly[]): string {
	const kinds = new Map(changed.map(({of, kind}) => [of.key, kind]));
	const counts = [...Map.groupBy(keys, key => kinds.get(key) ?? 'gone')].map(([kind, {length}]) => ({kind, length}));
	return `${keys.length} containers: ${counts
		.sort((a, b) => b.length - a.length)
		.map(({kind, length}) => `${length} ${kind}`)
		.join(', ')}`;
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
