/** Episodes as the evaluation sees them: the firing part alone is an alarm, the standing part is not. */
import {type Anomaly, type Event, type Kind, type Severity, worse} from '../engine/verdict.ts';

/** Epoch seconds; `end` null = still open. One line of `--alarms`. */
export interface Alarm {
	readonly stream: string;
	readonly start: number;
	readonly end: number | null;
	readonly kind: Kind;
	readonly severity: Severity;
	readonly recurring: boolean;
}

/** Gathers alarms from an engine's events, in the order in which they began. */
export class AlarmLog {
	readonly #newest = new Map<string, Anomaly>();
	readonly #ends = new Map<string, number>();

	add(events: readonly Event[]): void {
		for (const event of events) {
			if (event.type === 'change' || event.type === 'storm') continue;
			const {anomaly} = event;
			// What was once told as a warning was one, whatever became of it.
			const severity = worse(this.#newest.get(anomaly.id)?.severity ?? 'notice', anomaly.severity);
			this.#newest.set(anomaly.id, {...anomaly, severity});
			if (anomaly.state === 'firing') this.#ends.delete(anomaly.id);
			// What ends is told some quiet readings later: the last odd reading is the end.
			else if (!this.#ends.has(anomaly.id)) this.#ends.set(anomaly.id, anomaly.startedAtMs + (anomaly.explanation.heldMs ?? 0));
		}
	}

	/** `streamOf` gives a container's key the name under which the reader knows it. */
	alarms(streamOf: (key: string) => string = key => key): readonly Alarm[] {
		return [...this.#newest.values()].map(({id, of, firedAtMs, kind, severity, recurring}) => {
			const end = this.#ends.get(id);
			return {
				stream: streamOf(of.key),
				start: firedAtMs / 1000,
				end: end === undefined ? null : Math.max(end, firedAtMs) / 1000,
				kind,
				severity,
				recurring,
			};
		});
	}

	get anomalies(): readonly Anomaly[] {
		return [...this.#newest.values()];
	}
}
