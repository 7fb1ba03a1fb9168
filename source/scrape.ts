/**
 * The vocabulary that all rooms share. Imports nothing.
 *
 * A *feed* yields *scrapes*; a scrape holds one *reading* for each container that has a new sample, an *absence* for each
 * that has none, and the *problems* that hold now. Unknown numbers are `NaN`, never 0. Times are epoch milliseconds.
 */

/** One object for as long as nothing of it changes: a changed container is a new object with the same `key`. */
export interface Container {
	/** `context/namespace/pod/container`: see {@link containerKey}. */
	readonly key: string;
	readonly namespace: string;
	readonly pod: string;
	readonly name: string;
	/** Pod UID + restart count; `-` while unknown. That it becomes known is no reset. */
	readonly incarnation: string;
	/** `Deployment/checkout`. Siblings share namespace, workload and container name. */
	readonly workload?: string;
	/** Template hash: what a rollout changes, with the image. */
	readonly revision?: string;
	readonly image?: string;
	readonly node?: string;
	readonly labels?: Readonly<Record<string, string>>;
	readonly role?: 'init' | 'sidecar';
	readonly startedAtMs?: number;
	/** When its pod was: the age that kubectl tells. */
	readonly podCreatedAtMs?: number;
	/** Why it does not run: `CrashLoopBackOff`, `ImagePullBackOff`, `Pending`, … */
	readonly waiting?: string;
	readonly cpuRequestMillicores: number;
	readonly memoryRequestBytes: number;
	/** `Infinity` = there is none, `NaN` = not known. */
	readonly cpuLimitMillicores: number;
	readonly memoryLimitBytes: number;
	readonly restarts: number;
	/** How its previous run ended. */
	readonly lastExit?: {readonly reason: string; readonly atMs: number};
}

/** One container in one scrape. CPU is the mean over the window that ends at `sampledAtMs`, memory the working set then. */
export interface Reading {
	readonly of: Container;
	readonly sampledAtMs: number;
	readonly windowMs: number;
	readonly cpuMillicores: number;
	readonly memoryBytes: number;
}

export type AbsenceReason = 'gone' | 'completed' | 'restarting' | 'node-silent' | 'too-new' | 'not-running' | 'no-sample';

/** A container without a new sample, and why. `gone` and `completed` are its last word. */
export interface Absence {
	readonly of: Container;
	readonly why: AbsenceReason;
}

/** Something that keeps the program from seeing all that it should. A plain value: it stands on screen, in `doctor` and in JSON. */
export interface Problem {
	/** Stable name: `metrics-not-installed`, `forbidden`, `unreachable`, … */
	readonly id: string;
	/** What happened, in the words of the tool that the reader knows (kubectl's, the file system's). */
	readonly what: string;
	/** Why it probably did. */
	readonly why?: string;
	/** What to do: a command where there is one. */
	readonly fix?: string;
	readonly sinceMs?: number;
}

/** One poll's outcome. */
export interface Scrape {
	readonly atMs: number;
	/** New samples only: a repeated timestamp is none. */
	readonly readings: readonly Reading[];
	readonly absent: readonly Absence[];
	/** All that hold now, not only the new ones. */
	readonly problems: readonly Problem[];
	/** What a recording says of itself: see {@link Label}. Readers may show it, the engine never sees it. */
	readonly labels?: readonly Label[];
}

/** Ground truth in a recording: a fault that was switched on, or something normal that must not be called one. */
export interface Label {
	readonly id: string;
	/** `memory-leak`, `load`, …, or `normal`. */
	readonly kind: string;
	/** The key of a container, or `namespace/Kind/name` of a workload whose containers are all meant. */
	readonly of: string;
	readonly fromMs: number;
	/** Absent while it goes on. */
	readonly toMs?: number;
	readonly note?: string;
}

/** What a source can tell of one container when somebody looks at it. */
export interface Details {
	readonly events: readonly {
		readonly atMs: number;
		readonly type: string;
		readonly reason: string;
		readonly message: string;
		readonly count: number;
	}[];
	readonly autoscaler?: string;
	/** Of what does not run: what the kubelet or the scheduler says of it. */
	readonly message?: string;
}

/** Yields scrapes, and knows nothing of pause, speed or seeking. */
export interface Feed {
	/** What it reads, for the status line: the context, or the file's name. */
	readonly label: string;
	/** Typical time between samples as far as it is known; NaN before that. May be refined while it runs. */
	readonly intervalMs: number;
	scrapes(signal: AbortSignal): AsyncIterable<Scrape>;
	/** Asked on selection; absent where the source has none. */
	details?(key: string): Promise<Details>;
}

export const containerKey = (context: string, namespace: string, pod: string, name: string): string =>
	`${context}/${namespace}/${pod}/${name}`;

/** `shop/checkout-0:app` of a container's key, as lines name it: without the context. What is no such key stays as it is. */
export function nameOfKey(key: string): string {
	const [, namespace, pod, container] = /^.*\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(key) ?? [];
	return container === undefined ? key : `${namespace}/${pod}:${container}`;
}

/** What siblings share: namespace, workload and container name; undefined where no workload is known. */
export const siblingKey = (of: Container): string | undefined =>
	of.workload === undefined ? undefined : `${of.namespace}/${of.workload}/${of.name}`;
