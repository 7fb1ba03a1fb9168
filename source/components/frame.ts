/** The frame round a pane, and rows of exactly its width in it. */
import type {Rect} from '../screen/layout.ts';
import type {PaneView} from '../screen/panes.ts';
import type {Line, Span, Theme} from '../screen/theme.ts';
import {cut, widthOf} from '../screen/width.ts';

/** Exactly `width` cells: cut, or filled up. */
export function exactly(line: Line, width: number): Line {
	const spans: Span[] = [];
	let left = width;
	for (const span of line) {
		if (left <= 0) break;
		const own = widthOf(span.text);
		const text = own <= left ? span.text : cut(span.text, left);
		spans.push({...span, text});
		left -= own <= left ? own : widthOf(text);
	}
	if (left > 0) spans.push({text: ' '.repeat(left)});
	return spans;
}

/** A line as the terminal gets it, exactly `width` cells. */
export const paintRow = (line: Line, width: number, theme: Theme): string => theme.paint(exactly(line, width));

export const paintRows = (lines: readonly Line[], {width, height}: Pick<Rect, 'width' | 'height'>, theme: Theme): readonly string[] =>
	Array.from({length: height}, (_, row) => paintRow(lines[row] ?? [], width, theme));

/** Cells between the left and the right edge. */
export const innerWidth = ({rect, boxed}: PaneView): number => rect.width - (boxed ? 2 : 0);

/**
 * Rows of exactly the inner width, and round them the title and caption on the upper edge and the footer on the lower one; without a box
 * all three on one rule above.
 */
export function framed(view: PaneView, rows: readonly string[], theme: Theme): readonly string[] {
	const {rect, boxed, focused, title, caption, footer} = view;
	const {width, height} = rect;
	const edge: Span['style'] = focused ? 'key' : 'chrome';
	const rule = (left: string, right: string, start: Line, end: string): string => {
		const spans: Span[] = [{text: left, style: edge}];
		const startWidth = start.reduce((sum, {text}) => sum + widthOf(text), 0);
		let room = width - left.length - right.length;
		if (startWidth > 0 && startWidth + 2 <= room) {
			spans.push({text: ' '}, ...start, {text: ' '});
			room -= startWidth + 2;
		}
		const ending =
			end === '' || widthOf(end) + 3 > room
				? []
				: [
						{text: ` ${end} `, style: 'dim' as const},
						{text: '─', style: edge},
					];
		const taken = ending.reduce((sum, {text}) => sum + widthOf(text), 0);
		return paintRow(
			[...spans, {text: '─'.repeat(Math.max(0, room - taken)), style: edge}, ...ending, {text: right, style: edge}],
			width,
			theme,
		);
	};
	const empty = ' '.repeat(innerWidth(view));
	const inside = Array.from({length: Math.max(0, height - (boxed ? 2 : 1))}, (_, row) => rows[row] ?? empty);
	if (!boxed) return [rule('─', '', title, [caption, footer].filter(text => text !== '').join(' ─ ')), ...inside].slice(0, height);
	const side = theme.paint([{text: '│', style: edge}]);
	return [rule('╭', '╮', title, caption), ...inside.map(row => side + row + side), rule('╰', '╯', [], footer)].slice(0, height);
}
