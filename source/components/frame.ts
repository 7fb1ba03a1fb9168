/** The frame round a pane, and rows of exactly its width in it. */
import type {Rect} from '../screen/layout.ts';
import type {PaneView} from '../screen/selectors.ts';
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

export const paintRows = (lines: readonly Line[], {width, height}: Pick<Rect, 'width' | 'height'>, theme: Theme): readonly string[] =>
	Array.from({length: height}, (_, row) => theme.paint(exactly(lines[row] ?? [], width)));

/** Title and caption on the upper edge, footer on the lower one; without a box all three on one rule above. */
export function framed(view: PaneView, lines: readonly Line[], theme: Theme): readonly string[] {
	const {rect, boxed, focused, title, caption, footer} = view;
	const {width, height} = rect;
	const edge: Span['style'] = focused ? 'key' : 'chrome';
	const rule = (left: string, right: string, start: Line, end: string): Line => {
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
		return [...spans, {text: '─'.repeat(Math.max(0, room - taken)), style: edge}, ...ending, {text: right, style: edge}];
	};
	if (!boxed) {
		const both = [caption, footer].filter(text => text !== '').join(' ─ ');
		return [
			theme.paint(exactly(rule('─', '', title, both), width)),
			...lines.slice(0, height - 1).map(line => theme.paint(exactly(line, width))),
			...Array.from({length: Math.max(0, height - 1 - lines.length)}, () => ' '.repeat(width)),
		].slice(0, height);
	}
	const side: Span = {text: '│', style: edge};
	return Array.from({length: height}, (_, row): string => {
		if (row === 0) return theme.paint(exactly(rule('╭', '╮', title, caption), width));
		if (row === height - 1) return theme.paint(exactly(rule('╰', '╯', [], footer), width));
		return theme.paint([side, ...exactly(lines[row - 1] ?? [], width - 2), side]);
	});
}
