/** What the cluster itself says of a container, below what the engine says: why it waits, its autoscaler and the events of its pod. */
import type {TimeFormat} from '../format.ts';
import type {Details} from '../scrape.ts';

/** The newest are the ones that count. */
const MOST_EVENTS = 8;

/** Empty where there is nothing to say, or it may not be read. */
export function detailWords({events, autoscaler, message}: Details, atMs: number, times: TimeFormat): string[] {
	const lines = [message, autoscaler].flatMap(text => (text === undefined ? [] : ['', text]));
	if (events.length === 0) return lines;
	lines.push('', 'Events of the pod, newest first:');
	for (const event of events.slice(-MOST_EVENTS).reverse()) {
		const often = event.count > 1 ? ` (${event.count} times)` : '';
		lines.push(`  ${times.near(event.atMs, atMs)} ${event.type === 'Warning' ? 'Warning ' : ''}${event.reason}${often}: ${event.message}`);
	}
	return lines;
}
