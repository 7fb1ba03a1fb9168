/** A pane of finished lines: a chart, the explanation, the help. */
import {memo} from 'react';
import type {TextView} from '../screen/panes.ts';
import type {Theme} from '../screen/theme.ts';
import {framed, innerWidth, paintRow} from './frame.ts';
import {Lines} from './lines.tsx';

export const TextPane = memo(function TextPane({view, theme}: {readonly view: TextView; readonly theme: Theme}) {
	return <Lines rect={view.rect} rows={textPaneRows(view, theme)} />;
});

export const textPaneRows = (view: TextView, theme: Theme): readonly string[] =>
	framed(
		view,
		view.lines.map(line => paintRow([{text: ' '}, ...line], innerWidth(view), theme)),
		theme,
	);
