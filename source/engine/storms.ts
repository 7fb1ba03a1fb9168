/** Many containers of one namespace or node that change at once are one event. */
import type {Container} from '../scrape.ts';
import type {Event, Kind} from './verdict.ts';

const WITHIN_MS = 300_000;
const LEAST = 5;
const SHARE = 0.2;
/** Never folded away. */
const ALONE: ReadonlySet<Kind> = new Set<Kind>(['memory-leak', 'oom-killed', 'crash-loop', 'unlike-siblings']);

interface Scope {
	/** When each container changed last, and how. */
	readonly changed: Map<string, {readonly atMs: number; readonly how: string}>;
	toldMs: number;
}

export class Storms {
	readonly scopes = new Map<string, Scope>();

	/** After a scrape: `sizes` is how many judged containers each scope holds. */
	follow(events: readonly Event[], gone: readonly Container[], atMs: number, sizes: (scope: string) => number): Event[] {
		for (const event of events) {
			if (event.type !== 'opened' || ALONE.has(event.anomaly.kind) || event.anomaly.recurring || event.anomaly.provisional) continue;
			this.#note(event.anomaly.of, event.anomaly.kind, atMs);
		}
		for (const of of gone) this.#note(of, 'gone', atMs);
		const storms: Event[] = [];
		for (const [name, scope] of this.scopes) {
			for (const [key, {atMs: then}] of scope.changed) if (atMs - then > WITHIN_MS) scope.changed.delete(key);
			const {size} = scope.changed;
			if (size === 0) this.scopes.delete(name);
			if (size < LEAST || size <= SHARE * sizes(name) || atMs - scope.toldMs < WITHIN_MS) continue;
			scope.toldMs = atMs;
			storms.push({type: 'storm', atMs, of: name, keys: [...scope.changed.keys()], detail: detail(scope)});
		}
		return storms;
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

/** `12 load, 3 gone` */
function detail({changed}: Scope): string {
	const counts = new Map<string, number>();
	for (const {how} of changed.values()) counts.set(how, (counts.get(how) ?? 0) + 1);
	return [...counts]
		.sort((a, b) => b[1] - a[1])
		.map(([how, count]) => `${count} ${how}`)
		.join(', ');
}
