/** What is told of one trouble: the current anomaly, and the events by which it changes. */
import type {Anomaly, EndedBy, Event, Explanation, Kind, Metric, Severity} from './verdict.ts';

export interface Telling {
	readonly kind: Kind;
	readonly metric: Metric;
	readonly severity: Severity;
	readonly state: 'firing' | 'standing';
	readonly recurring: boolean;
}

export class Episode {
	anomaly: Anomaly;

	constructor(anomaly: Anomaly) {
		this.anomaly = anomaly;
	}

	/** Whether this telling is the one that stands. */
	isTold({kind, severity, state, recurring}: Telling): boolean {
		const now = this.anomaly;
		return now.kind === kind && now.severity === severity && now.state === state && now.recurring === recurring;
	}

	tell(telling: Telling, explanation: Explanation): Event {
		const was = this.anomaly.kind;
		this.anomaly = {...this.anomaly, ...telling, of: explanation.of, explanation};
		const {atMs} = explanation;
		return was === telling.kind ? {type: 'updated', atMs, anomaly: this.anomaly} : {type: 'renamed', atMs, anomaly: this.anomaly, was};
	}

	/** What it was stays as it was told; what is known of its end is added. */
	close(by: EndedBy, now: Explanation): Event {
		const {atMs, value, heldMs, peak} = now;
		const explanation: Explanation = {
			...this.anomaly.explanation,
			atMs,
			value,
			...(heldMs !== undefined && {heldMs}),
			...(peak !== undefined && {peak}),
		};
		this.anomaly = {...this.anomaly, state: 'resolved', ended: {atMs, by}, explanation};
		return {type: 'closed', atMs, anomaly: this.anomaly};
	}
}

/** An episode's id is its container and its beginning; what may begin with another at the same moment adds its sort. */
export function open(
	key: string,
	telling: Telling,
	startedAtMs: number,
	provisional: boolean,
	explanation: Explanation,
	sort?: string,
): [Episode, Event] {
	const anomaly: Anomaly = {
		id: sort === undefined ? `${key}@${startedAtMs}` : `${key}@${startedAtMs}/${sort}`,
		of: explanation.of,
		...telling,
		provisional,
		startedAtMs,
		firedAtMs: explanation.atMs,
		explanation,
	};
	return [new Episode(anomaly), {type: 'opened', atMs: explanation.atMs, anomaly}];
}
