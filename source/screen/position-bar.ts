/** Where in the kept time the shown moment lies, with the anomalies on it. */
import {type Anomaly, type Severity, severityRank} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import type {Line, Span, Style} from './theme.ts';
import {MARKS} from './theme.ts';
import {widthOf} from './width.ts';

export interface PositionInput {
	readonly startMs: number;
	readonly endMs: number;
	readonly atMs: number;
	/** As known at the end. */
	readonly anomalies: readonly Anomaly[];
	readonly times: TimeFormat;
	/** `×60`, `paused`. */
	readonly state: string;
}

export function positionBar({startMs, endMs, atMs, anomalies, times, state}: PositionInput, width: number): Line {
	if (!(endMs > startMs)) return [];
	const from = ` ${times.near(startMs, endMs)} `;
	const to = ` ${times.near(endMs, startMs)}  `;
	const cells = width - widthOf(from) - widthOf(to) - widthOf(state) - 1;
	if (cells < 10) return [];
	const place = (ms: number): number => Math.max(0, Math.min(cells - 1, Math.round(((ms - startMs) / (endMs - startMs)) * (cells - 1))));
	const at = place(atMs);
	const worst = new Map<number, Severity>();
	for (const {firedAtMs, severity, recurring} of anomalies) {
		if (recurring) continue;
		const cell = place(firedAtMs);
		const there = worst.get(cell);
		if (there === undefined || severityRank(severity) > severityRank(there)) worst.set(cell, severity);
	}
	const spans: Span[] = [{text: from, style: 'dim'}];
	for (let cell = 0; cell < cells; cell++) {
		const severity = worst.get(cell);
		const style: Style = cell === at ? 'key' : (severity ?? (cell < at ? 'key' : 'chrome'));
		spans.push({text: cell === at ? '●' : severity ? MARKS[severity] : cell < at ? '━' : '─', style});
	}
	spans.push({text: to, style: 'dim'}, {text: state, style: 'dim'}, {text: ' '});
	return spans;
}
