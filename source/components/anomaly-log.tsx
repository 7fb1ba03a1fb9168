/** The anomaly log. */
import {memo} from 'react';
import type {LogView} from '../screen/panes.ts';
import type {Line, Theme} from '../screen/theme.ts';
import {MARKS} from '../screen/theme.ts';
import {cut, cutClause, cutMiddle, padEnd, widthOf, wrap, wrapClauses} from '../screen/width.ts';
import {framed, innerWidth, paintRow} from './frame.ts';
import {Lines} from './lines.tsx';
import {onSelected} from './pod-list.tsx';

export const AnomalyLog = memo(function AnomalyLog({view, theme}: {readonly view: LogView; readonly theme: Theme}) {
	return <Lines rect={view.rect} rows={anomalyLogRows(view, theme)} />;
});

export function anomalyLogRows(view: LogView, theme: Theme): readonly string[] {
	const inner = innerWidth(view);
	const {rows} = view;
	if (rows.length === 0) return framed(view, [paintRow([{text: `   ${view.empty}`, style: 'dim'}], inner, theme)], theme);
	// Of the pane alone: columns that fit what is seen would move when it is scrolled.
	const {timeWidth} = view;
	const left = inner - 3 - timeWidth - 2 - 4;
	const wordsWidth = Math.min(27, Math.max(23, Math.floor(left * 0.27))); // `at CPU limit, siblings not`, `memory kept after load fell`
	const podWidth = Math.min(50, Math.max(14, Math.floor(left * 0.34)));
	const detailWidth = Math.max(0, left - wordsWidth - podWidth);
	// What more there is to say takes a row that would be empty, the worst first.
	let spare = view.rect.height - (view.boxed ? 2 : 1) - rows.length;
	const lines = rows.flatMap(row => {
		const style = row.over ? 'dim' : 'plain';
		const name: Line = [
			{text: row.selected ? '▸' : ' ', style: 'strong'},
			{text: padEnd(row.time, timeWidth), style: 'dim'},
			{text: ` ${MARKS[row.mark]} `, style: row.style},
			{text: padEnd(cutMiddle(row.pod, podWidth), podWidth), style},
		];
		const broken = wrapClauses(row.detail, detailWidth);
		const whole = broken.length > 2 ? wrap(row.detail, detailWidth) : broken;
		const isLong = whole.length > 1 && spare > 0;
		if (isLong) spare--;
		const first = paintRow(
			[
				...(row.selected ? onSelected(name) : name),
				{text: '  '},
				{text: padEnd(cutWords(row.words, wordsWidth), wordsWidth), style: row.over ? 'dim' : row.style},
				{text: '  '},
				{text: isLong ? (whole[0] ?? '') : cutClause(row.detail, detailWidth), style},
			],
			inner,
			theme,
		);
		if (!isLong) return first;
		const more = cutClause(whole.slice(1).join(' '), detailWidth);
		return [first, paintRow([{text: ' '.repeat(timeWidth + podWidth + wordsWidth + 8)}, {text: more, style}], inner, theme)];
	});
	return framed(view, lines, theme);
}

/** What stands behind a comma may go. */
const cutWords = (words: string, width: number): string => cut(widthOf(words) > width ? words.replace(/,.*/, '') : words, width);
