/** Replicas do not rise and fall at one moment: the rise of a workload's load is told once, and its end once. */
import {type Anomaly, type Event, type Severity, severityRank} from '../engine/verdict.ts';
import {JOINED_MS, loadedTogether} from '../load.ts';
import type {Container} from '../scrape.ts';

type AnomalyEvent = Extract<Event, {anomaly: Anomaly}>;

/** What one workload's replicas do. */
interface Rise {
	/** The first replica that was told of: the end is told of it too. */
	readonly of: Container;
	readonly startedAtMs: number;
	severity: Severity;
	/** The anomalies that go on. */
	readonly open: Set<string>;
	/** The end that was last. */
	last?: AnomalyEvent;
}

export class LoadRises {
	readonly #rises = new Map<string, Rise>();

	/** Of a scrape's events those that are worth a line, and the ends that are certain by now. */
	tell(events: readonly Event[], nowMs: number): Event[] {
		const told = events.flatMap(event => ('anomaly' in event ? this.#take(event, nowMs) : [event]));
		return [...told, ...this.ends(nowMs, nowMs - JOINED_MS)];
	}

	/** The ends until then that were not told yet. */
	ends(nowMs: number, untilMs = Number.POSITIVE_INFINITY): Event[] {
		return [...this.#rises].flatMap(([key, rise]) => {
			if (rise.open.size > 0 || !(endOf(rise) < untilMs)) return [];
			this.#rises.delete(key);
			return overOf(rise, nowMs);
		});
	}

	#take(event: AnomalyEvent, nowMs: number): Event[] {
		const {id, of, kind, recurring, severity, startedAtMs} = event.anomaly;
		const key = loadedTogether(of);
		const rise = this.#rises.get(key);
		const known = rise?.open.has(id) === true;
		// A habit, or one that is called otherwise from now on, speaks for itself.
		if (kind !== 'load' || recurring) {
			rise?.open.delete(id);
			if (known && rise.open.size === 0 && !rise.last) this.#rises.delete(key);
			return [event];
		}
		if (event.type === 'closed') {
			if (!known) return [event];
			rise.open.delete(id);
			if (!((event.anomaly.ended?.atMs ?? event.atMs) < endOf(rise))) rise.last = event;
			return [];
		}
		if (!rise || (rise.open.size === 0 && startedAtMs > endOf(rise) + JOINED_MS)) {
			this.#rises.set(key, {of, startedAtMs, severity, open: new Set([id])});
			return rise ? [...overOf(rise, nowMs), event] : [event];
		}
		rise.open.add(id);
		const worse = severityRank(severity) > severityRank(rise.severity);
		if (worse) rise.severity = severity;
		return worse || event.type === 'renamed' ? [event] : [];
	}
}

const endOf = ({last}: Rise): number => last?.anomaly.ended?.atMs ?? last?.atMs ?? Number.NEGATIVE_INFINITY;

const overOf = ({of, startedAtMs, last}: Rise, nowMs: number): Event[] =>
	last ? [{...last, atMs: nowMs, anomaly: {...last.anomaly, of, startedAtMs}}] : [];
