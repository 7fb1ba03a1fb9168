import type {Container} from '../scrape.ts';
import type {ForestStore} from './forest-store.ts';
import type {History} from './history.ts';
import type {Settings} from './settings.ts';
import type {Change, Event} from './verdict.ts';
import type {Leak, Watched} from './watched.ts';

/** `leak`, `history`: what it had until then. */
export interface Exit {
	readonly watched: Watched;
	readonly restarted: boolean;
	readonly leak: Leak | undefined;
	readonly history: History;
}

/** What the rules see of the rest while one scrape is assessed. */
export interface Context {
	readonly settings: Settings;
	readonly forests: ForestStore;
	/** Of the scrape. */
	readonly atMs: number;
	/** Events of this scrape, in order. */
	readonly events: Event[];
	/** Containers that are new or changed in this scrape, and may have an exit to tell of; `restarted`: it was seen to happen. */
	readonly exits: Exit[];
	/** Containers with a run of odd samples, in this scrape: mostly none. */
	runs: number;
	/** Living containers of the same namespace, workload and name, itself left out. */
	siblings(of: Container): readonly Watched[];
	/** What changed near a container in the two hours before. */
	changes(of: Container, beforeMs: number): readonly Change[];
	/** Replicas that came within the last minutes: CPU that falls for it is no drop. */
	scaledOut(of: Container, sinceMs: number): boolean;
	/** Times of OOM kills of this workload's container, newest last. */
	kills(of: Container): readonly number[];
	/** Within a day. */
	wasKilledLately(of: Container): boolean;
}
