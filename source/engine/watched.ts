/** One container under watch: its series, and what is told of it. */
import type {Container} from '../scrape.ts';
import type {Usual} from './baseline.ts';
import type {Episode} from './episode.ts';
import {type Growth, GrowthWatch} from './growth.ts';
import type {Series} from './series.ts';
import type {Explanation, Metric, State} from './verdict.ts';

/** A level that memory or CPU left, and what counts as being back at it. */
export interface Standing {
	readonly episode: Episode;
	readonly channels: number;
	/** Back inside these, three samples in a row: over. CPU, memory. */
	readonly low: readonly [number, number];
	readonly high: readonly [number, number];
	inside: number;
}

export interface Leak {
	readonly episode: Episode;
	/** Memory before it began, and the most that it has been; MiB. */
	readonly startLevel: number;
	/** What was usual before: the baseline learns on, but what a leak reached is not usual. MiB. */
	readonly usual: Pick<Usual, 'median' | 'low' | 'high'>;
	peak: number;
	growth: Growth;
	/** MiB a second, the most so far. */
	fastest: number;
	/** Growing still; when not, it is watched for levelling off. */
	isGrowing: boolean;
}

/** Memory that rose with load: is it given back? */
export interface Retention {
	/** MiB. */
	readonly before: number;
	/** As it was before the load. */
	readonly usual: Explanation['usual'];
	peak: number;
	readonly sinceMs: number;
	/** CPU below this is the usual range again. */
	readonly cpuUsual: number;
	quietSinceMs: number;
	episode: Episode | undefined;
}

/** How long this one has been unlike its siblings, for one metric. */
export interface Unlikeness {
	sinceMs: number;
	alikeSinceMs: number;
	episode: Episode | undefined;
}

export class Watched {
	of: Container;
	series: Series;
	readonly growth = new GrowthWatch();
	/** Of the run that goes on. */
	firing: Episode | undefined;
	/** Samples in a row by which a load would be called otherwise. */
	alone = 0;
	standing: Standing[] = [];
	leak: Leak | undefined;
	retention: Retention | undefined;
	/** CPU, memory. */
	unlike: [Unlikeness | undefined, Unlikeness | undefined] = [undefined, undefined];
	/** Seen like its siblings at least once after its start, or its start was not seen. */
	wasAlike = false;
	/** OOM kill or crash loop, listed for an hour, or while it lasts. */
	killed: Episode | undefined;
	crashing: Episode | undefined;
	/** Samples in a row at the CPU limit. */
	atCpuLimit = 0;
	/** A sample of this scrape was new, and what it means has not been told yet. */
	isNew = false;

	constructor(of: Container, series: Series) {
		this.of = of;
		this.series = series;
	}

	state(train: number): State {
		const {series} = this;
		if (this.firing || this.leak?.isGrowing) return 'firing';
		if (this.episodes().length > 0) return 'standing';
		if (series.count < train && !series.inherited) return 'learning';
		return series.flags !== 0 ? 'pending' : 'normal';
	}

	/** All that is open, the most telling first. */
	episodes(): Episode[] {
		const open: (Episode | undefined)[] = [
			this.killed,
			this.crashing,
			this.leak?.episode,
			this.firing,
			...this.standing.map(({episode}) => episode).reverse(),
			this.retention?.episode,
			this.unlike[0]?.episode,
			this.unlike[1]?.episode,
		];
		return open.filter(episode => episode !== undefined);
	}

	/** What was usual before the trouble that goes on: a baseline takes in what lasts. Undefined where there is none. */
	usualBefore(metric: Metric): {readonly low: number; readonly high: number} | undefined {
		const {leak, firing, standing, retention, unlike} = this;
		if (!leak && !firing && standing.length === 0 && !retention?.episode && !unlike[0]?.episode && !unlike[1]?.episode) return undefined;
		const episode = this.episodes().find(each => each.anomaly.metric === metric && each !== this.killed && each !== this.crashing);
		const usual = episode?.anomaly.explanation.usual[metric];
		// Before any training only of a leak it is known that what was seen is not usual.
		return usual && (episode === leak?.episode || !Number.isNaN(usual.high)) ? usual : undefined;
	}

	forget(): void {
		this.growth.clear();
		this.firing = undefined;
		this.standing = [];
		this.leak = undefined;
		this.retention = undefined;
		this.unlike = [undefined, undefined];
		this.wasAlike = false;
	}
}
