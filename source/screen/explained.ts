/** Why a container is called what it is called, as text. */
import type {Explanation} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import {formatCpu, formatDuration, formatMemory} from '../format.ts';
import type {Moment, Row} from '../moment.ts';
import {KILLS, withUseOf} from '../sentences.ts';
import {type Beside, why, whyNotStarted} from '../why.ts';
import type {Line} from './theme.ts';
import {printable, wrap} from './width.ts';
import {ABSENCE_WORDS, isFailingToStart, plural} from './words.ts';

/** Of a past moment only what was stored is known; of the present the engine can be asked. */
export function explained(
	row: Row,
	moment: Moment,
	explain: ((key: string) => Explanation | undefined) | undefined,
	verdict: string,
	times: TimeFormat,
): readonly string[] {
	const {anomaly} = row;
	const now = explain?.(row.key);
	// A kill stays on the list after its container has begun anew: then the engine knows of nothing.
	const explanation = anomaly && now?.kind === undefined ? anomaly.explanation : now;
	if (!explanation) return (notRunning(row, moment, times) ?? storedWords(row, moment, verdict, times)).map(printable);
	if (!anomaly || anomaly.kind !== explanation.kind) return whyAt(explanation, moment, times).map(printable);
	const {provisional, kind, explanation: told} = anomaly;
	// What it used before the kill is told of the kill; its container may run again.
	return whyAt({...explanation, provisional, ...(kind === 'oom-killed' && {value: told.value})}, moment, times).map(printable);
}

/** Where nothing runs there is no use to explain; a kill or a loop is why it waits. */
function notRunning(row: Row, moment: Moment, times: TimeFormat): string[] | undefined {
	const {of, anomaly, state, absence} = row;
	const isOver = absence === 'gone' || absence === 'completed';
	if (of.waiting !== undefined && !isOver && !(anomaly && KILLS.has(anomaly.kind)))
		return whyNotStarted(of, moment.atMs, times, isFailingToStart(of.waiting));
	return state === 'absent' && !anomaly ? storedWords(row, moment, ABSENCE_WORDS[absence ?? 'no-sample'], times) : undefined;
}

/** As `why`, with what the moment knows beside the explanation. */
export function whyAt(explanation: Explanation, moment: Moment, times: TimeFormat, ended?: Beside['ended']): string[] {
	const row = moment.row(explanation.of.key);
	const siblings = row ? siblingsOf(row, moment) : [];
	if (ended || !row) return why(explanation, times, {siblings, ...(ended && {ended})});
	const idle = notRunning(row, moment, times);
	if (idle) return idle;
	const {heldMs, state, kind, atMs: toldMs, baseline} = explanation;
	const sinceTold = Math.max(0, moment.atMs - toldMs);
	// Of a moment after it was told: "now" is the sample that the row shows, and the times that it foretells are counted from the moment.
	const then = {
		...(kind === 'oom-killed' ? explanation : withUseOf(explanation, {cpu: row.cpuMillicores, memory: row.memoryBytes})),
		of: row.of,
		...(sinceTold > 0 && {atMs: moment.atMs, baseline: {...baseline, ageMs: baseline.ageMs + sinceTold}}),
		...(heldMs !== undefined && state === 'firing' && {heldMs: heldMs + sinceTold}),
	};
	return why(then, times, {
		siblings,
		...(sinceTold >= TOLD_BEFORE_MS && {toldMs}),
		...(row.state === 'absent' && {lastSampleMs: row.sampledAtMs}),
	});
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
