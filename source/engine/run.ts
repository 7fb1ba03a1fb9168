/** A run of odd samples of one container, from the debounce on: what an episode is made of. Counts are sample numbers. */
export interface Run {
	/** Bits of the channels that took part. */
	channels: number;
	/** First odd sample, the one that confirmed it, the last odd one. */
	readonly first: number;
	readonly fired: number;
	last: number;
	readonly firstAtMs: number;
	readonly firedAtMs: number;
	lastAtMs: number;
	/** ef, the largest so far, of each channel. */
	readonly effect: [number, number, number];
	/** Most extreme value of each channel. */
	readonly peak: [number, number, number];
	/** Passed the gates of a newcomer: a warning. */
	young: boolean;
	/** Channels, of those, that are habits. */
	habits: number;
	readonly provisional: boolean;
}
