/**
 * The engine's whole state as bytes, and back. A checkpoint saves a replay, it is never the only copy of anything: one of
 * another version, with other settings, or damaged, is passed over.
 */
import {deserialize, serialize} from 'node:v8';
import type {Changes} from './changes.ts';
import {Episode} from './episode.ts';
import type {Kills} from './kills.ts';
import {Series} from './series.ts';
import type {Settings} from './settings.ts';
import type {Storms} from './storms.ts';
import {Watched} from './watched.ts';
import type {Workloads} from './workloads.ts';

const VERSION = 2;

export interface State {
	readonly watched: Map<string, Watched>;
	readonly workloads: Workloads;
	readonly changes: Changes;
	readonly kills: Kills;
	readonly storms: Storms;
}

interface Saved {
	readonly version: number;
	readonly settings: string;
	readonly watched: readonly Watched[];
	readonly groups: readonly (readonly [string, readonly string[]])[];
	readonly legacies: Workloads['legacies'];
	readonly changes: Changes;
	readonly kills: Kills;
	readonly storms: Storms;
}

export function save({watched, workloads, changes, kills, storms}: State, settings: Settings): Uint8Array {
	const saved: Saved = {
		version: VERSION,
		settings: JSON.stringify(settings),
		watched: [...watched.values()],
		groups: [...workloads.groups].map(([name, group]) => [name, group.map(({of}) => of.key)]),
		legacies: workloads.legacies,
		changes,
		kills,
		storms,
	};
	return serialize(saved);
}

/** Fills an empty state; false, and nothing is filled, where the bytes are not of this engine. */
export function load(bytes: Uint8Array, state: State, settings: Settings): boolean {
	const saved = read(bytes);
	if (!saved || saved.version !== VERSION || saved.settings !== JSON.stringify(settings)) return false;
	for (const plain of saved.watched) {
		const watched = new Watched(plain.of, new Series(plain.of, settings));
		revive(watched, plain);
		watched.firing = episode(plain.firing);
		watched.killed = episode(plain.killed);
		watched.crashing = episode(plain.crashing);
		if (plain.leak) watched.leak = {...plain.leak, episode: new Episode(plain.leak.episode.anomaly)};
		if (plain.retention) watched.retention = {...plain.retention, episode: episode(plain.retention.episode)};
		watched.standing = plain.standing.map(standing => ({...standing, episode: new Episode(standing.episode.anomaly)}));
		const [cpu, memory] = plain.unlike;
		watched.unlike = [cpu && {...cpu, episode: episode(cpu.episode)}, memory && {...memory, episode: episode(memory.episode)}];
		state.watched.set(plain.of.key, watched);
	}
	for (const [name, keys] of saved.groups) {
		const group = keys.map(key => state.watched.get(key)).filter(watched => watched !== undefined);
		state.workloads.groups.set(name, group);
	}
	for (const [name, legacy] of saved.legacies) state.workloads.legacies.set(name, legacy);
	revive(state.changes, saved.changes);
	revive(state.kills, saved.kills);
	revive(state.storms, saved.storms);
	return true;
}

function read(bytes: Uint8Array): Saved | undefined {
	try {
		const saved: unknown = deserialize(bytes);
		return typeof saved === 'object' && saved !== null ? (saved as Saved) : undefined;
	} catch {
		return undefined;
	}
}

const episode = (plain: Episode | undefined): Episode | undefined => plain && new Episode(plain.anomaly);

/** Copies fields into an object of the right class; inside of it, into the objects of their classes that it made itself. */
function revive(target: object, plain: object): void {
	const fields = target as Record<string, unknown>;
	for (const [name, value] of Object.entries(plain)) {
		const own = fields[name];
		if (isClassed(own) && typeof value === 'object' && value !== null) revive(own, value);
		else if (Array.isArray(own) && Array.isArray(value) && own.length > 0 && own.every(isClassed)) {
			own.forEach((inner: object, i) => {
				revive(inner, value[i] as object);
			});
		} else fields[name] = value;
	}
}

/** An object of one of the engine's own classes. */
const isClassed = (value: unknown): value is object =>
	typeof value === 'object' &&
	value !== null &&
	!Array.isArray(value) &&
	!ArrayBuffer.isView(value) &&
	!(value instanceof Map) &&
	!(value instanceof Set) &&
	Object.getPrototypeOf(value) !== Object.prototype;
