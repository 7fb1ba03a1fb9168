/** How windows are counted in labelled CSV. A window is a run of labelled samples; an episode a run of alarm samples. */
import type {Alarm} from './alarms.ts';
import type {Stream} from './csv.ts';

/** Alarm samples at most this many samples apart are one episode. */
const APART = 5;
const WARM_UP = 100;
/** A share of a stream as warm-up is capped here. */
export const WARM_UP_CAP = 750;

/** Samples at the start of each stream that do not count: a number, or a share of it. */
export type WarmUp = {readonly samples: number} | {readonly share: number};
export const DEFAULT_WARM_UP: WarmUp = {samples: WARM_UP};

export const warmUpSamples = (warmUp: WarmUp, length: number): number =>
	'samples' in warmUp ? Math.min(warmUp.samples, WARM_UP_CAP) : Math.min(Math.floor(warmUp.share * length), WARM_UP_CAP);

export interface Count {
	readings: number;
	windows: number;
	found: number;
	falseEpisodes: number;
	/** Of each window found: first alarm sample minus window start. */
	readonly delaysSeconds: number[];
	/** The same in readings. */
	readonly delaysReadings: number[];
}

export const emptyCount = (): Count => ({readings: 0, windows: 0, found: 0, falseEpisodes: 0, delaysSeconds: [], delaysReadings: []});

/** Adds what one stream shows to `count`. `alarmed`: one flag a sample. */
export function countStream(stream: Stream, alarmed: Uint8Array, warmUp: WarmUp, count: Count): void {
	const {t, label, ignore} = stream;
	const length = t.length;
	const from = warmUpSamples(warmUp, length);
	count.readings += length;
	for (let i = 0; i < length; ) {
		if (label[i] === 0) {
			i++;
			continue;
		}
		let end = i;
		while (end < length && label[end] !== 0) end++;
		if (i >= from) {
			count.windows++;
			for (let j = i; j < end; j++) {
				if (!alarmed[j]) continue;
				count.found++;
				count.delaysSeconds.push((t[j] as number) - (t[i] as number));
				count.delaysReadings.push(j - i);
				break;
			}
		}
		i = end;
	}
	for (let i = 0; i < length; ) {
		if (!alarmed[i]) {
			i++;
			continue;
		}
		let last = i;
		for (let j = i + 1; j < length && j - last <= APART; j++) if (alarmed[j]) last = j;
		let touches = false;
		for (let j = i; j <= last; j++) touches ||= label[j] !== 0;
		if (i >= from && label[i] === 0 && ignore[i] === 0 && !touches) count.falseEpisodes++;
		i = last + 1;
	}
}

/** One flag a sample: is it inside the firing part of an alarm that is no habit? */
export function alarmedSamples(stream: Stream, alarms: readonly Alarm[]): Uint8Array {
	const flags = new Uint8Array(stream.t.length);
	for (const {start, end, recurring} of alarms) {
		if (recurring) continue;
		for (let i = 0; i < flags.length; i++) {
			const t = stream.t[i] as number;
			if (t >= start - 0.05 && (end === null || t <= end + 0.05)) flags[i] = 1;
		}
	}
	return flags;
}

export interface Figures {
	readonly file: string;
	readonly readings: number;
	readonly windows: number;
	readonly found: number;
	readonly falseEpisodes: number;
	/** Found / (found + false episodes); NaN without any. */
	readonly precision: number;
	readonly recall: number;
	readonly f1: number;
	readonly medianDelaySeconds: number;
	readonly medianDelayReadings: number;
}

export function figures(file: string, count: Count): Figures {
	const {readings, windows, found, falseEpisodes} = count;
	const precision = found / (found + falseEpisodes);
	const recall = found / windows;
	const f1 = found === 0 ? (windows === 0 ? Number.NaN : 0) : (2 * precision * recall) / (precision + recall);
	return {
		file,
		readings,
		windows,
		found,
		falseEpisodes,
		precision,
		recall,
		f1,
		medianDelaySeconds: middle(count.delaysSeconds),
		medianDelayReadings: middle(count.delaysReadings),
	};
}

function middle(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const half = sorted.length >> 1;
	if (sorted.length === 0) return Number.NaN;
	return sorted.length % 2 === 1 ? (sorted[half] as number) : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}
