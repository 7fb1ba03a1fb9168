/** Why a container is called what it is called, as text. */
import type {Explanation} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import {formatCpu, formatDuration, formatMemory} from '../format.ts';
import type {Moment, Row} from '../moment.ts';
import {type Beside, why} from '../why.ts';
import type {Line} from './theme.ts';
import {printable, wrap} from './width.ts';
import {plural} from './words.ts';

/** Of a past moment only what was stored is known; of the present the engine can be asked. */
export function explained(
	row: Row,
	moment: Moment,
	explain: ((key: string) => Explanation | undefined) | undefined,
	verdict: string,
	times: TimeFormat,
): readonly string[] {
	const now = explain?.(row.key);
	// A kill stays on the list after its container has begun anew: then the engine knows of nothing.
	const explanation = row.anomaly && now?.kind === undefined ? row.anomaly.explanation : now;
	if (!explanation) return storedWords(row, moment, verdict, times).map(printable);
	return whyAt(explanation, moment, times).map(printable);
}

/** As `why`, with what the moment knows beside the explanation. */
export function whyAt(explanation: Explanation, moment: Moment, times: TimeFormat, ended?: Beside['ended']): string[] {
	const row = moment.row(explanation.of.key);
	const siblings = row ? siblingsOf(row, moment) : [];
	const {heldMs, state, atMs: toldMs} = explanation;
	const sinceTold = moment.atMs - toldMs;
	if (ended || !(sinceTold >= TOLD_BEFORE_MS) || !row || row.state === 'absent')
		return why(explanation, times, {siblings, ...(ended && {ended})});
	// Of a moment after it was told: what it measured then is that of then, the times that it foretells are counted from the moment.
	const then = {
		...explanation,
		atMs: moment.atMs,
		value: {cpu: row.cpuMillicores, memory: row.memoryBytes},
		...(heldMs !== undefined && state === 'firing' && {heldMs: heldMs + sinceTold}),
	};
	return why(then, times, {siblings, toldMs});
}

/** What they use at that moment, where they have a sample. */
const siblingsOf = ({key}: Row, moment: Moment): NonNullable<Beside['siblings']> =>
	moment.siblings(key).flatMap(sibling => {
		const other = moment.row(sibling);
		return other && other.state !== 'absent' ? [{cpu: other.cpuMillicores, memory: other.memoryBytes}] : [];
	});

/** What was told longer before the shown moment says so. */
const TOLD_BEFORE_MS = 60_000;

function storedWords(row: Row, moment: Moment, verdict: string, times: TimeFormat): string[] {
	const {of} = row;
	const lines = [`${of.namespace}/${of.pod}:${of.name}`, `${verdict} at ${times.time(moment.atMs)}`, ''];
	if (!Number.isNaN(row.sampledAtMs)) {
		const age = moment.atMs - row.sampledAtMs;
		lines.push(
			`CPU ${formatCpu(row.cpuMillicores)}, memory ${formatMemory(row.memoryBytes)}, sampled ${times.time(row.sampledAtMs)}${row.state === 'absent' ? ` (${formatDuration(age)} before)` : ''}`,
		);
	} else lines.push('It has had no sample yet.');
	const limits = [
		[of.cpuLimitMillicores, 'CPU', formatCpu],
		[of.memoryLimitBytes, 'memory', formatMemory],
	] as const;
	for (const [limit, word, show] of limits) {
		if (Number.isNaN(limit)) continue;
		lines.push(limit === Number.POSITIVE_INFINITY ? `No ${word} limit` : `${word === 'CPU' ? word : 'Memory'} limit ${show(limit)}`);
	}
	if (of.waiting !== undefined) lines.push(`Waiting: ${of.waiting}`);
	if (of.lastExit) lines.push(`Its previous run ended at ${times.near(of.lastExit.atMs, moment.atMs)}: ${of.lastExit.reason}`);
	if (of.restarts > 0) lines.push(plural(of.restarts, 'restart'));
	if (of.workload !== undefined) lines.push(`${of.workload}${of.revision === undefined ? '' : `, revision ${of.revision}`}`);
	if (of.image !== undefined) lines.push(`Image ${of.image}`);
	if (of.node !== undefined) lines.push(`Node ${of.node}`);
	return lines;
}

/** The first line stands out; `label: value` keeps its label dim. */
export function whyLines(text: string, width: number): readonly Line[] {
	return text.split('\n').flatMap((line, i): Line[] => {
		if (line.trim() === '') return [[]];
		const indent = /^ */.exec(line)?.[0] ?? '';
		return wrap(line, width - indent.length).map((piece, n) => [
			{text: `${indent}${n > 0 && indent === '' && i > 0 ? '' : ''}${piece}`, style: i === 0 ? 'strong' : 'plain'},
		]);
	});
}
