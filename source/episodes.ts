/** What was said of containers, by their numbers: each anomaly in every version that was told, so that any moment shows what was known then. */
import type {Anomaly, Forecast} from './engine/verdict.ts';
import {gravity} from './moment.ts';
import {dropBefore, lastUpTo, type Since} from './versions.ts';

interface Episode {
	readonly id: string;
	readonly of: number;
	readonly versions: Since<{readonly anomaly: Anomaly}>[];
}

/** A kill stays on top for an hour; of a container that runs the engine says so. */
const KILL_SHOWN_MS = 60 * 60_000;

const NONE: readonly Episode[] = [];

export class Episodes {
	readonly #byId = new Map<string, Episode>();
	readonly #byContainer: (readonly Episode[] | undefined)[] = [];
	/** In the order in which they were first told. */
	#all: Episode[] = [];

	/** Every one as it is known at the end. */
	get newest(): readonly Anomaly[] {
		return this.#all.map(({versions}) => versions.at(-1)!.anomaly);
	}

	/** Every one that had been told by then, as it was known then. */
	knownAt(atMs: number): readonly Anomaly[] {
		return this.#all.map(({versions}) => lastUpTo(versions, atMs)?.anomaly).filter(anomaly => anomaly !== undefined);
	}

	tell(of: number, atMs: number, anomaly: Anomaly): void {
		let episode = this.#byId.get(anomaly.id);
		if (!episode) {
			episode = {id: anomaly.id, of, versions: []};
			this.#byId.set(anomaly.id, episode);
			this.#all.push(episode);
			this.#byContainer[of] = [...(this.#byContainer[of] ?? []), episode];
		}
		episode.versions.push({atMs, anomaly});
	}

	has(of: number): boolean {
		return this.#byContainer[of] !== undefined;
	}

	/** The worst one that is open or standing then; or the kill less than an hour before of one that has completed. */
	worst(of: number, atMs: number): Anomaly | undefined {
		let worst: Anomaly | undefined;
		for (const {versions} of this.#byContainer[of] ?? NONE) {
			const anomaly = lastUpTo(versions, atMs)?.anomaly;
			if (!anomaly) continue;
			const {ended} = anomaly;
			// The engine follows a kill while its container is there; what it was killed as stands beside one that did not come back.
			const killed = anomaly.kind === 'oom-killed' && ended?.by === 'completed' && atMs - anomaly.startedAtMs < KILL_SHOWN_MS;
			if (ended && ended.atMs <= atMs && !killed) continue;
			// Of equals the newest: the last kill, not the first.
			if (!worst || gravity(anomaly) >= gravity(worst)) worst = anomaly;
		}
		return worst;
	}

	nearestForecast(of: number, atMs: number): Forecast | undefined {
		let nearest: Forecast | undefined;
		for (const {versions} of this.#byContainer[of] ?? NONE) {
			const anomaly = lastUpTo(versions, atMs)?.anomaly;
			const forecast = anomaly?.ended ? undefined : anomaly?.explanation.forecast;
			if (forecast && !(forecast.atMs >= (nearest?.atMs ?? Number.POSITIVE_INFINITY))) nearest = forecast;
		}
		return nearest;
	}

	/** Of these the container is forgotten: its number may be another one's. */
	drop(containers: ReadonlySet<number>): void {
		if (containers.size === 0) return;
		for (const of of containers) this.#byContainer[of] = undefined;
		this.#keep(({of}) => !containers.has(of));
	}

	/** Forgets what had ended by `endedMs`; and of the others what had been replaced by `keptMs`. */
	forget(keptMs: number, endedMs: number): void {
		this.#keep(episode => {
			dropBefore(episode.versions, keptMs);
			const {ended} = episode.versions.at(-1)!.anomaly;
			if (!ended || ended.atMs >= endedMs) return true;
			const others = this.#byContainer[episode.of]?.filter(other => other !== episode);
			this.#byContainer[episode.of] = others?.length ? others : undefined;
			return false;
		});
	}

	#keep(isKept: (episode: Episode) => boolean): void {
		this.#all = this.#all.filter(episode => {
			const kept = isKept(episode);
			if (!kept) this.#byId.delete(episode.id);
			return kept;
		});
	}
}
