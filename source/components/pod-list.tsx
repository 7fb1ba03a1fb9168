/** The list of pods. */
import {memo} from 'react';
import type {Column} from '../screen/columns.ts';
import {isAscending} from '../screen/list.ts';
import type {ListView} from '../screen/panes.ts';
import type {Cell, RowView} from '../screen/row-view.ts';
import type {Line, Span, Theme} from '../screen/theme.ts';
import {MARKS} from '../screen/theme.ts';
import {cut, cutMiddle, fit, padEnd, padStart, widthOf} from '../screen/width.ts';
import {framed, innerWidth, paintRow} from './frame.ts';
import {Lines} from './lines.tsx';

export const PodList = memo(function PodList({view, theme}: {readonly view: ListView; readonly theme: Theme}) {
	return <Lines rect={view.rect} rows={podListRows(view, theme)} />;
});

export function podListRows(view: ListView, theme: Theme): readonly string[] {
	const inner = innerWidth(view);
	const lines = [paintRow(heading(view), inner, theme), ...view.rows.map(row => painted(row, view, inner, theme))];
	if (view.rows.length === 0) lines.push(...view.empty.map(line => paintRow(line, inner, theme)));
	return framed(view, lines, theme);
}

interface Painted {
	readonly columns: readonly Column[];
	readonly away: boolean;
	readonly inner: number;
	readonly theme: Theme;
	readonly text: string;
}

/** A step of the selection makes two new rows; the others stay as they are. */
const known = new WeakMap<RowView, Painted>();

function painted(row: RowView, {columns, away}: ListView, inner: number, theme: Theme): string {
	let found = known.get(row);
	if (found?.columns !== columns || found.away !== away || found.inner !== inner || found.theme !== theme) {
		found = {columns, away, inner, theme, text: paintRow(rowLine(row, columns, away), inner, theme)};
		known.set(row, found);
	}
	return found.text;
}

function heading({columns, sort}: ListView): Line {
	const spans: Span[] = [{text: '   '}];
	for (const column of columns) {
		const sorted = column.sort !== undefined && column.sort === sort.by;
		const arrow = sorted ? (isAscending(sort) ? '↑' : '↓') : '';
		const title = column.title.slice(0, column.width - arrow.length) + arrow;
		spans.push(
			{text: ' '.repeat(column.gap)},
			{text: column.align === 'right' ? padStart(title, column.width) : padEnd(title, column.width), style: sorted ? 'key' : 'head'},
			{text: column.spark > 0 ? ` ${padEnd('PAST', column.spark)}` : '', style: 'head'},
		);
	}
	return spans;
}

/** Only what names a row is tinted: a step of the selection sends two names, not two rows. */
export const onSelected = (name: Line): Line => name.map(span => ({...span, on: 'selected'}));

function rowLine({mark, markStyle, cells, selected: chosen, inside}: RowView, columns: readonly Column[], away: boolean): Line {
	const selected = chosen && !away;
	const name: Span[] = [
		{text: selected ? '▸' : chosen ? '▹' : ' ', style: selected ? 'strong' : 'dim'},
		{text: MARKS[mark], style: markStyle},
		{text: ' '},
	];
	const rest: Span[] = [];
	let spans = name;
	for (const [i, column] of columns.entries()) {
		const cell = cells[i];
		if (!cell) continue;
		spans.push({text: ' '.repeat(column.gap)});
		const indent = inside && column.id === 'pod' ? '  ' : '';
		const text = indent + shorten(cell, column.width - indent.length);
		spans.push({
			text: column.align === 'right' ? padStart(text, column.width) : padEnd(text, column.width),
			style: selected && cell.style === 'plain' && column.id === 'pod' ? 'strong' : cell.style,
		});
		if (column.spark > 0)
			spans.push({text: ' '}, {text: sparkline(cell.spark ?? [], column.spark), style: cell.style === 'plain' ? 'spark' : cell.style});
		if (column.id === 'pod') spans = rest;
	}
	return selected ? [...onSelected(name), ...rest] : [...name, ...rest];
}

function shorten({text, cut: where, tail = ''}: Cell, width: number): string {
	if (where === 'clause') {
		// `OOM-killed 15:55, 3rd time, every ~42 min`: what comes third goes as a whole.
		const [first = '', second, third] = text.split(', ');
		const shorter = `${first}, ${second}`;
		return third !== undefined && widthOf(text) > width && widthOf(shorter) <= width ? shorter : cut(text, width);
	}
	if (where !== 'middle') return fit(text, width).trimEnd();
	// A container's name stays as long as the pod keeps most of the column.
	const end = widthOf(tail) > width / 2 ? cutMiddle(tail, Math.floor(width / 2)) : tail;
	return cutMiddle(text, width - widthOf(end)) + end;
}

const LEVELS = '▁▂▃▄▅▆▇█';

/** A gap is a gap. */
export function sparkline(levels: readonly number[], cells: number): string {
	let text = '';
	for (let i = 0; i < cells; i++) {
		const level = levels[i] ?? Number.NaN;
		text += Number.isNaN(level) ? ' ' : LEVELS.charAt(Math.max(0, Math.min(LEVELS.length - 1, Math.floor(level * LEVELS.length - 1e-9))));
	}
	return text;
}
