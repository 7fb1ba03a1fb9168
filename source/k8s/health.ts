import type {Dropped} from './metrics.ts';

/** How well the cluster is heard: for the status line and the log. */
export interface Health {
	readonly polls: number;
	readonly requests: number;
	readonly connections: number;
	readonly bytes: number;
	readonly failures: number;
	/** Asked and not answered yet; watches aside. */
	readonly underway: number;
	readonly lists: number;
	readonly watches: number;
	readonly dropped: Readonly<Dropped>;
	readonly resolutionMs: number;
	/** Of the last poll that brought an answer; NaN before it. */
	readonly lastPollMs: number;
	/** The cluster's clock minus ours; 0 where they agree to some seconds. */
	readonly clockOffsetMs: number;
	readonly adapter: boolean;
}

/** What should not have come. That samples go back or are of a pod's predecessor is how metrics servers are. */
export const unreadable = ({dropped: {malformed, duplicate}}: Pick<Health, 'dropped'>): number => malformed + duplicate;

/** In one line. */
export function healthLine(health: Health): string {
	const {polls, failures, requests, connections, bytes, lists, watches, dropped, resolutionMs, clockOffsetMs, adapter} = health;
	return [
		`${polls} polls`,
		`${failures} of ${requests} requests failed`,
		`${connections} connections`,
		`${(bytes / 2 ** 20).toFixed(1)} MiB`,
		`${lists} lists and ${watches} watches of pods`,
		`dropped: ${Object.entries(dropped)
			.map(([why, count]) => `${count} ${why}`)
			.join(', ')}`,
		Number.isFinite(resolutionMs) ? `samples every ${resolutionMs / 1000} s${adapter ? ' (an adapter)' : ''}` : 'rhythm not learned yet',
		...(clockOffsetMs === 0 ? [] : [`the cluster's clock is off by ${clockOffsetMs / 1000} s`]),
	].join('; ');
}
