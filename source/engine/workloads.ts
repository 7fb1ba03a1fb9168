/** Siblings, and what a new replica starts with: its workload's baseline. */
import {type Container, siblingKey} from '../scrape.ts';
import {FEATURES} from './isolation-forest.ts';
import type {Series} from './series.ts';
import type {Settings} from './settings.ts';
import type {Watched} from './watched.ts';

interface Legacy {
	readonly rows: Float32Array;
	readonly judgedMs: number;
}

/** Of workloads that are gone, the last ones are kept: Jobs come under a new name each time. */
const MOST_LEGACIES = 1000;
const NONE: readonly Watched[] = [];

export class Workloads {
	/** By namespace, workload and container name. */
	readonly groups = new Map<string, Watched[]>();
	/** Of the last replica that went. */
	readonly legacies = new Map<string, Legacy>();

	add(watched: Watched): void {
		const key = siblingKey(watched.of);
		if (key === undefined) return;
		const group = this.groups.get(key);
		if (group) group.push(watched);
		else this.groups.set(key, [watched]);
	}

	remove(of: Container, watched: Watched): void {
		const key = siblingKey(of);
		const group = key === undefined ? undefined : this.groups.get(key);
		if (key === undefined || !group) return;
		const i = group.indexOf(watched);
		if (i >= 0) group.splice(i, 1);
		if (group.length === 0) this.groups.delete(key);
	}

	siblings(of: Container): readonly Watched[] {
		const group = this.groups.get(siblingKey(of) ?? '');
		return group ? group.filter(watched => watched.of.key !== of.key) : NONE;
	}

	/** Replicas of one revision, for each group that has several. */
	*replicas(): Generator<readonly Watched[]> {
		for (const group of this.groups.values()) {
			if (group.length < 2) continue;
			const revision = group[0]?.of.revision;
			if (group.every(({of}) => of.revision === revision)) yield group;
			else yield* Map.groupBy(group, ({of}) => of.revision).values();
		}
	}

	/** Rows of the living replicas by turns; else of its own process before; else of the last replica that went. */
	inherit(series: Series, of: Container, before: Series | undefined, settings: Settings): void {
		const key = siblingKey(of);
		const donors = ((key !== undefined && this.groups.get(key)) || NONE)
			.filter(({of: other, series: {count}}) => other.key !== of.key && count >= settings.train)
			.map(({series}) => series);
		if (donors.length > 0) {
			const judged = donors.map(({judgedMs}) => judgedMs).sort((a, b) => a - b);
			series.inherit(mingle(donors, settings.reference), judged[judged.length >> 1] as number, settings);
			return;
		}
		if (before && (before.count >= settings.train || before.inherited)) {
			series.inherit(before.baseline.copy(), before.judgedMs, settings);
			return;
		}
		const legacy = key === undefined ? undefined : this.legacies.get(key);
		if (legacy) series.inherit(legacy.rows, legacy.judgedMs, settings);
	}

	/** Keeps the baseline of a replica that goes, where it was the last. */
	bequeath({of, series}: Watched, settings: Settings): void {
		const key = siblingKey(of);
		if (key === undefined || (this.groups.get(key)?.length ?? 0) > 1 || series.count < settings.train) return;
		this.legacies.delete(key);
		if (this.legacies.size >= MOST_LEGACIES) this.legacies.delete(this.legacies.keys().next().value as string);
		this.legacies.set(key, {rows: series.baseline.copy(), judgedMs: series.judgedMs});
	}
}

/** `length` rows, as many of each as there are, newest last. */
function mingle(donors: readonly Series[], length: number): Float32Array {
	const each = Math.ceil(length / donors.length);
	const copies = donors.map(({baseline}) => baseline.copy(each));
	const mingled = new Float32Array(copies.reduce((sum, copy) => sum + copy.length, 0));
	let at = 0;
	for (let i = 0; i < each; i++) {
		for (const copy of copies) {
			if ((i + 1) * FEATURES > copy.length) continue;
			mingled.set(copy.subarray(i * FEATURES, (i + 1) * FEATURES), at);
			at += FEATURES;
		}
	}
	return mingled;
}
