/** What the engine says: types alone, so that the screen and the sinks can read verdicts without the engine. */
import type {Container, Scrape} from '../scrape.ts';

/** Stable names, as in JSON. What an operator reads stands in sentences.ts. */
export type Kind =
	| 'memory-leak'
	| 'memory-retained'
	| 'memory-spike'
	| 'cpu-sustained'
	| 'cpu-spike'
	| 'load'
	| 'level-shift'
	| 'drop'
	| 'oom-killed'
	| 'crash-loop'
	| 'unlike-siblings';

/** From bad to worse. */
export const SEVERITIES = ['notice', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];
/** 1, 2, 3. */
export const severityRank = (severity: Severity): number => SEVERITIES.indexOf(severity) + 1;
export const worse = (a: Severity, b: Severity): Severity => (severityRank(a) > severityRank(b) ? a : b);
export type Metric = 'cpu' | 'memory';

/** Of one container, in the order of their codes in {@link Verdicts.state}. */
export const STATES = ['learning', 'normal', 'pending', 'firing', 'standing'] as const;
export type State = (typeof STATES)[number];

/** Bits of {@link Verdicts.marks}. A mark is no alarm. */
export const MARK = {nearLimit: 1, atCpuLimit: 2, provisional: 4, inherited: 8} as const;

/** Columns beside `scrape.readings`, reused: valid until the next `assess`. Unknown = NaN. */
export interface Verdicts {
	readonly length: number;
	/** Index into {@link STATES}. */
	readonly state: Uint8Array;
	/** In (0, 1], high = odd; NaN before the first fit. */
	readonly score: Float32Array;
	readonly threshold: Float32Array;
	/** Samples of the training that this container has had, up to `training`. */
	readonly learned: Uint16Array;
	/** The usual range (Q.005 to Q.995 of the reference). */
	readonly cpuLowMillicores: Float32Array;
	readonly cpuHighMillicores: Float32Array;
	readonly memoryLowBytes: Float32Array;
	readonly memoryHighBytes: Float32Array;
	/** Bits of {@link MARK}. */
	readonly marks: Uint8Array;
}

export interface Forecast {
	/** When the limit will be hit: point and 80 % interval. */
	readonly atMs: number;
	readonly earliestMs: number;
	readonly latestMs: number;
	readonly limitBytes: number;
	readonly growthBytesPerMinute: number;
}

/** Something that changed near a container, or for a whole workload. */
export interface Change {
	readonly what: 'rollout' | 'restart' | 'scaled-out' | 'scaled-in' | 'moved';
	readonly atMs: number;
	/** `namespace/Deployment/checkout`, or a container's key for a restart. */
	readonly of: string;
	/** `checkout:v43 → checkout:v44`, `3 → 5 replicas`, `node-1 → node-2`. */
	readonly detail: string;
}

/** The numbers behind a verdict, for sentences.ts and for JSON. Unknown = NaN. CPU in millicores, memory in bytes. */
export interface Explanation {
	readonly of: Container;
	readonly atMs: number;
	readonly state: State;
	/** Samples learned, and how many the training takes. */
	readonly learned: number;
	readonly training: number;
	/** Mean time between samples. */
	readonly sampleMs: number;
	readonly kind?: Kind;
	/** Kinds that hold too and did not name it. */
	readonly also?: readonly Kind[];
	readonly severity?: Severity;
	readonly metric?: Metric;
	/** Since when the anomaly goes on: its first odd reading. */
	readonly sinceMs?: number;
	/** Held from first to last odd reading. */
	readonly heldMs?: number;
	readonly value: {readonly cpu: number; readonly memory: number};
	readonly usual: Readonly<
		Record<
			Metric,
			{
				readonly median: number;
				readonly low: number;
				readonly high: number /** How far over the median an alarm begins. */;
				readonly need: number;
			}
		>
	>;
	/** The most extreme value of the anomaly's metric so far. */
	readonly peak?: number;
	readonly score: number;
	readonly threshold: number;
	/** The two strongest features: `memory level, up`. */
	readonly reasons: readonly {
		readonly feature: 'level' | 'residual' | 'difference';
		readonly metric: Metric;
		readonly side: 'up' | 'down';
		readonly weight: number;
	}[];
	/** Odd readings of the last ones looked at. */
	readonly confirmed?: {readonly odd: number; readonly of: number};
	readonly siblings: {
		readonly count: number /** How many of them do the same. */;
		readonly alike: number /** Median of their change over the change of this one. */;
		readonly ratio: number;
	};
	readonly growthBytesPerMinute?: number;
	/** Of a kill: since when memory grew by that. */
	readonly grewSinceMs?: number;
	/** Of memory that was kept: since when the load is back to usual. */
	readonly loadFellMs?: number;
	readonly forecast?: Forecast;
	/** Times of earlier OOM kills or exits of this workload's container, newest last. */
	readonly kills?: readonly number[];
	readonly changes: readonly Change[];
	readonly baseline: {readonly ageMs: number; readonly samples: number; readonly from: 'itself' | 'previous pods'};
	readonly provisional: boolean;
	readonly recurring: boolean;
}

export type EndedBy = 'recovered' | 'restarted' | 'oom-killed' | 'gone' | 'completed' | 'siblings-followed' | 'expected';

/** An episode with a kind and a beginning, perhaps an end. Immutable: a change is a new object with the same `id`. */
export interface Anomaly {
	/** Stable: key and start. */
	readonly id: string;
	readonly of: Container;
	readonly kind: Kind;
	readonly metric: Metric;
	readonly severity: Severity;
	/** `standing`: became the baseline for scoring, still listed until it is over. */
	readonly state: 'firing' | 'standing' | 'resolved';
	/** A habit: listed, not alarmed. */
	readonly recurring: boolean;
	readonly provisional: boolean;
	/** The first odd reading. */
	readonly startedAtMs: number;
	/** When it was confirmed: what a person could first see. */
	readonly firedAtMs: number;
	readonly ended?: {readonly atMs: number; readonly by: EndedBy};
	readonly explanation: Explanation;
}

/** Changes within this time are one storm. */
export const STORM_MS = 5 * 60_000;

/** Many containers of a namespace or node that changed within minutes. */
export interface Storm {
	readonly type: 'storm';
	readonly atMs: number;
	/** `namespace shop`, `node n7`. */
	readonly of: string;
	readonly keys: readonly string[];
	/** `7 of 12 containers: 6 load, 1 gone`. */
	readonly detail: string;
}

const TOLD_ALONE: ReadonlySet<Kind> = new Set<Kind>(['memory-leak', 'oom-killed', 'crash-loop', 'unlike-siblings']);

/** Never folded away in a storm. */
export const isToldAlone = (kind: Kind): boolean => TOLD_ALONE.has(kind);

export type Event =
	/** `updated`: same name, but its numbers, severity or state moved enough to be told again. */
	| {
			readonly type: 'opened' | 'renamed' | 'updated' | 'closed';
			readonly atMs: number;
			readonly anomaly: Anomaly /** The kind before, when renamed. */;
			readonly was?: Kind;
	  }
	| {readonly type: 'change'; readonly atMs: number; readonly change: Change}
	| Storm;

export interface Assessment {
	readonly verdicts: Verdicts;
	readonly events: readonly Event[];
}

export interface Engine {
	/** Score first, learn after. Yields between slices of at most 8 ms so that keys stay quick; drained where nobody waits. */
	assess(scrape: Scrape): Generator<undefined, Assessment>;
	/** Of now, for any container that has had a reading. */
	explain(key: string): Explanation | undefined;
	/** Its whole state: restoring it changes no verdict. */
	checkpoint(): Uint8Array;
}
