/**
 * V8 lets the space for new objects grow to 128 MB once a few megabytes live through two collections, as with every scrape of a large
 * cluster, and keeps it. Its limit can only be given as a flag when Node starts, which a program that is started by its name cannot do;
 * by how much the space grows is asked anew each time.
 */
import {PerformanceObserver} from 'node:perf_hooks';
import v8 from 'node:v8';

/** As --max-semi-space-size=4: a quarter of it costs time with every scrape, more saves none. */
const ENOUGH_BYTES = 8 * 2 ** 20;

/** Until {@link keepYoungHeapSmall}, not at all: what a start takes once, 13 MB, V8 keeps for minutes. */
export function holdYoungHeap(): void {
	v8.setFlagsFromString('--semi-space-growth-factor=1');
}

/** From now on, for as long as the program runs. */
export function keepYoungHeapSmall(): void {
	let grows: boolean | undefined;
	new PerformanceObserver(() => {
		const space = v8.getHeapSpaceStatistics().find(({space_name: name}) => name === 'new_space');
		const mayGrow = space === undefined || space.space_size < ENOUGH_BYTES;
		if (mayGrow !== grows) v8.setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`);
		grows = mayGrow;
	}).observe({entryTypes: ['gc']});
}
