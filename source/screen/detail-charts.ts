/** The charts of the container that is looked at: which stretch of time they show, and what is drawn in them. */
import type {Metric} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import type {Moment, Row} from '../moment.ts';
import type {Course, Timeline} from '../timeline.ts';
import {chartCaption, drawChart, plotColumns} from './chart.ts';
import type {ScreenState} from './state.ts';
import type {Line, Tones} from './theme.ts';

/** The charts' stretch of time: chosen, or long enough for the anomaly, an hour at least where there is one. */
export function windowOf(
	state: ScreenState,
	moment: Moment,
	timeline: Timeline,
	row: Row | undefined,
): {readonly fromMs: number; readonly toMs: number} {
	const nowMs = state.chart.endMs ?? moment.atMs;
	const aheadMs = state.chart.endMs === undefined ? untilLimit(row, nowMs) : 0;
	const {windowMs: chosenMs} = state.chart;
	if (chosenMs !== undefined) {
		const toMs = nowMs + (aheadMs <= chosenMs / 2 ? aheadMs : 0);
		return {fromMs: toMs - chosenMs, toMs};
	}
	const elapsedMs = nowMs - timeline.startMs;
	const anomalyMs = row?.anomaly ? (nowMs - row.anomaly.startedAtMs) * 1.3 : 0;
	const neededMs = Math.max(600_000, Math.min(elapsedMs, Math.max(3_600_000, anomalyMs)));
	// In steps, so that the picture stands still between them.
	const stepMs = neededMs > 6 * 3_600_000 ? 3_600_000 : neededMs > 2 * 3_600_000 ? 1_800_000 : 600_000;
	const inSteps = (ms: number): number => (Number.isNaN(ms) ? 600_000 : Math.min(Math.ceil(ms / stepMs) * stepMs, 86_400_000));
	const toMs = nowMs + (aheadMs <= 0.75 * neededMs ? aheadMs : 0);
	return {fromMs: toMs - inSteps(neededMs + toMs - nowMs), toMs};
}

const AHEAD_STEP_MS = 300_000;

/** To the five minutes after the limit is hit, so that the picture stands still on the way there; 0 where none is forecast. */
function untilLimit(row: Row | undefined, nowMs: number): number {
	const hitMs = row?.state === 'absent' ? undefined : row?.forecast?.atMs;
	return hitMs !== undefined && hitMs > nowMs ? Math.ceil((hitMs + 30_000) / AHEAD_STEP_MS) * AHEAD_STEP_MS - nowMs : 0;
}

export const oneMetric = (row: Row | undefined, other: boolean): Metric =>
	((row?.anomaly?.metric ?? 'memory') === 'memory') !== other ? 'memory' : 'cpu';

/** More would be a thicket. */
const MOST_SIBLINGS = 8;

export function drawMetric(
	timeline: Timeline,
	moment: Moment,
	row: Row,
	metric: Metric,
	fromMs: number,
	toMs: number,
	width: number,
	height: number,
	times: TimeFormat,
	tones: Tones,
): {readonly lines: readonly Line[]; readonly caption: readonly string[]} {
	const columns = plotColumns(width);
	// What was sampled after this moment is not known in it.
	const until = Math.max(Math.min(toMs, moment.atMs) + 1, fromMs + 1);
	const known = Math.max(1, Math.min(columns, Math.round((columns * (until - fromMs)) / (toMs + 1 - fromMs))));
	const courseOf = (key: string): Course => withFuture(timeline.course(key, metric, fromMs, until, known), columns);
	const own = courseOf(row.key);
	const siblings = moment.siblings(row.key).slice(0, MOST_SIBLINGS).map(courseOf);
	const {of} = row;
	const limit = metric === 'cpu' ? of.cpuLimitMillicores : of.memoryLimitBytes;
	const request = metric === 'cpu' ? of.cpuRequestMillicores : of.memoryRequestBytes;
	const forecast = metric === 'memory' && row.state !== 'absent' ? row.forecast : undefined;
	const lines = drawChart(
		{
			metric,
			own,
			siblings,
			limit,
			request,
			anomalies: moment.anomalies.filter(anomaly => anomaly.of.key === row.key && anomaly.metric === metric),
			changes: timeline.changes(row.key, fromMs, until, moment.atMs),
			heading: metric === 'memory' && row.forecast !== undefined,
			...(known < columns && {nowMs: moment.atMs}),
			...(forecast && known < columns && {forecast: {fromMs: moment.atMs, fromValue: row.memoryBytes, atMs: forecast.atMs}}),
		},
		width,
		height,
		times,
		tones,
	);
	// Where the chart ends before this moment, all that stands over it is of its end.
	const past = toMs < moment.atMs;
	const newest = metric === 'cpu' ? row.cpuMillicores : row.memoryBytes;
	const value = past ? lastOf(own.max) : row.state === 'absent' ? Number.NaN : newest;
	return {lines, caption: chartCaption(metric, value, lastOf(own.low), lastOf(own.high), limit)};
}

const lastOf = (values: Float64Array): number => values.findLast(each => !Number.isNaN(each)) ?? Number.NaN;

/** The same course with empty columns behind it. */
function withFuture(course: Course, columns: number): Course {
	if (course.columns >= columns) return course;
	const longer = (values: Float64Array): Float64Array => {
		const all = new Float64Array(columns).fill(Number.NaN);
		all.set(values);
		return all;
	};
	const state = new Uint8Array(columns);
	state.set(course.state);
	return {
		fromMs: course.fromMs,
		toMs: course.fromMs + ((course.toMs - course.fromMs) * columns) / course.columns,
		columns,
		min: longer(course.min),
		max: longer(course.max),
		low: longer(course.low),
		high: longer(course.high),
		state,
	};
}
