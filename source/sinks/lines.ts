import type {Anomaly, Change, Event} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import {formatDuration} from '../format.ts';
import type {Reader} from '../pipeline.ts';
import {nameOfKey} from '../scrape.ts';
import {detail, inWords, titleOf} from '../sentences.ts';
import {LoadRises} from './load-rises.ts';

const MARK = {critical: '‼', warning: '▲', notice: '△'} as const;

/**
 * One line an event, for pipes. Text names the kind as JSON does, so that it can be searched for; JSON is one object a line.
 * An update is a line only where its severity or state is another one than last told. Samples of one scrape are of several moments:
 * its lines are in the order of their times. In text the replicas of a workload whose load rises are one (see {@link LoadRises}).
 */
export function lines(write: (line: string) => void, format: 'text' | 'json', time: TimeFormat): Reader {
	const told = new Map<string, string>();
	const rises = format === 'text' ? new LoadRises() : undefined;
	let nowMs = Number.NaN;
	const print = (event: Event): void => write(`${format === 'json' ? JSON.stringify(eventJson(event, time)) : eventText(event, time)}\n`);
	return {
		name: 'lines',
		read({atMs}, {events}) {
			nowMs = atMs;
			const sorted = (rises?.tell(events, nowMs) ?? events).toSorted((a, b) => a.atMs - b.atMs);
			for (const event of sorted) {
				if ('anomaly' in event) {
					const {id, severity, state} = event.anomaly;
					const key = `${severity} ${state}`;
					const repeated = event.type === 'updated' && told.get(id) === key;
					told.set(id, key);
					if (event.type === 'closed') told.delete(id);
					if (repeated) continue;
				}
				print(event);
			}
		},
		async close() {
			for (const event of rises?.ends(nowMs) ?? []) print(event);
		},
	};
}

export function eventText(event: Event, time: TimeFormat): string {
	const at = time.time(event.atMs);
	if (event.type === 'change') return `${at}   ${event.change.what.padEnd(16)} ${changedName(event.change)}  ${event.change.detail}`;
	if (event.type === 'storm') return `${at}   ${'storm'.padEnd(16)} ${event.of}  many at once: ${inWords(event.detail)}`;
	const {anomaly} = event;
	const where = placeName(anomaly);
	if (event.type === 'closed') {
		return `${at} ✓ ${anomaly.kind.padEnd(16)} ${where}  ${titleOf(anomaly, time)}: ${overWords(anomaly, event.atMs, time)}`;
	}
	const was = event.was ? ` (was ${event.was})` : '';
	const habit = anomaly.recurring ? ' [habit]' : '';
	return `${at} ${anomaly.recurring ? '·' : MARK[anomaly.severity]} ${anomaly.kind.padEnd(16)} ${where}  ${titleOf(anomaly, time)}${habit}${was}: ${detail(anomaly, time)}`;
}

/** `over after 9 min (recovered)`; of an end that is told later, when it was. */
function overWords({kind, startedAtMs, ended}: Anomaly, toldAtMs: number, time: TimeFormat): string {
	const {atMs, by} = ended ?? {atMs: toldAtMs, by: 'recovered'};
	const lasted = formatDuration(atMs - startedAtMs);
	if (kind === 'oom-killed' && by === 'oom-killed') return `${lasted} until the next kill`;
	return `over ${toldAtMs - atMs >= 60_000 ? `at ${time.minute(atMs)}, ` : ''}after ${lasted} (${by})`;
}

/** Of a restart the container. */
const changedName = ({what, of}: Change): string => (what === 'restart' ? nameOfKey(of) : of);

const placeName = ({of}: Anomaly): string => `${of.namespace}/${of.pod}:${of.name}`;

/** Times as ISO 8601; numbers that are not known are null. */
export function eventJson(event: Event, time: TimeFormat): Record<string, unknown> {
	const at = iso(event.atMs);
	if (event.type === 'change') return {type: event.change.what, at, of: event.change.of, detail: event.change.detail};
	if (event.type === 'storm') return {type: 'storm', at, of: event.of, containers: event.keys, detail: event.detail};
	return {type: event.type, at, ...(event.was && {was: event.was}), ...anomalyJson(event.anomaly, time)};
}

export function anomalyJson(anomaly: Anomaly, time: TimeFormat): Record<string, unknown> {
	const {of, explanation} = anomaly;
	return {
		id: anomaly.id,
		kind: anomaly.kind,
		severity: anomaly.severity,
		state: anomaly.state,
		recurring: anomaly.recurring,
		provisional: anomaly.provisional,
		metric: anomaly.metric,
		namespace: of.namespace,
		pod: of.pod,
		container: of.name,
		workload: of.workload ?? null,
		node: of.node ?? null,
		started: iso(anomaly.startedAtMs),
		told: iso(anomaly.firedAtMs),
		ended: anomaly.ended ? iso(anomaly.ended.atMs) : null,
		endedBy: anomaly.ended?.by ?? null,
		limitAt: explanation.forecast ? iso(explanation.forecast.atMs) : null,
		text: `${titleOf(anomaly, time)}: ${detail(anomaly, time)}`,
		explanation: {...explanation, of: of.key},
	};
}

const iso = (ms: number): string | null => (Number.isFinite(ms) ? new Date(ms).toISOString() : null);
