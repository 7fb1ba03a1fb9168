/** Many containers of one namespace or node that change at once are one event. */
import type {Container} from '../scrape.ts';
import {type Event, isToldAlone, STORM_MS, type Storm} from './verdict.ts';

const LEAST = 5;
const SHARE = 0.2;
const GONE = 'gone';

interface Scope {
	/** When each container changed last, and how. */
	readonly changed: Map<string, {readonly atMs: number; readonly how: string}>;
	toldMs: number;
}

/** What is there now: how many judged containers a scope holds, and whether a container is back. */
interface Fleet {
	judged(scope: string): number;
	isWatched(key: string): boolean;
}

export class Storms {
	readonly scopes = new Map<string, Scope>();

	/** After a scrape: `gone` are judged containers that it no longer holds. */
	follow(events: readonly Event[], gone: readonly Container[], atMs: number, {judged, isWatched}: Fleet): Storm[] {
		for (const event of events) {
			if (event.type === 'renamed' && isToldAlone(event.anomaly.kind)) this.#forget(event.anomaly.of);
			if (event.type !== 'opened' || isToldAlone(event.anomaly.kind) || event.anomaly.recurring || event.anomaly.provisional) continue;
			this.#note(event.anomaly.of, event.anomaly.kind, atMs);
		}
		for (const of of gone) this.#note(of, GONE, atMs);
		const storms: Storm[] = [];
		for (const [name, scope] of this.scopes) {
			for (const [key, {atMs: then}] of scope.changed) if (atMs - then >= STORM_MS) scope.changed.delete(key);
			const {size} = scope.changed;
			if (size === 0) this.scopes.delete(name);
			if (size < LEAST || atMs - scope.toldMs < STORM_MS) continue;
			const all = judged(name) + [...scope.changed].filter(([key, {how}]) => how === GONE && !isWatched(key)).length;
			if (size <= SHARE * all) continue;
			scope.toldMs = atMs;
			storms.push({
				type: 'storm',
				atMs,
				of: name,
				keys: [...scope.changed.keys()],
				detail: `${size} of ${all} containers: ${detail(scope)}`,
			});
		}
		return storms;
	}

	/** What was first seen as something else is a trouble of its own. */
	#forget(of: Container): void {
		for (const name of scopesOf(of)) this.scopes.get(name)?.changed.delete(of.key);
	}

	#note(of: Container, how: string, atMs: number): void {
		for (const name of scopesOf(of)) {
			let scope = this.scopes.get(name);
			if (!scope) {
				scope = {changed: new Map(), toldMs: Number.NEGATIVE_INFINITY};
				this.scopes.set(name, scope);
			}
			scope.changed.set(of.key, {atMs, how});
		}
	}
}

export const scopesOf = ({namespace, node}: Container): string[] =>
	node === undefined ? [`namespace ${namespace}`] : [`namespace ${namespace}`, `node ${node}`];

/** `12 load, 3 gone`. */
function detail({changed}: Scope): string {
	const counts = new Map<string, number>();
	for (const {how} of changed.values()) counts.set(how, (counts.get(how) ?? 0) + 1);
	return [...counts]
		.sort((a, b) => b[1] - a[1])
		.map(([how, count]) => `${count} ${how}`)
		.join(', ');
}
