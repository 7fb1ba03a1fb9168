/**
 * A pane as one `<Transform>`: Ink measures and wraps a constant blank, and the rows are painted over it. Ink clips before it transforms, so every row
 * has to be exactly as wide as the pane already.
 */
import {Box, Text, Transform} from 'ink';
import {memo} from 'react';
import type {Rect} from '../screen/layout.ts';

interface LinesProps {
	readonly rect: Rect;
	readonly rows: readonly string[];
}

export const Lines = memo(function Lines({rect, rows}: LinesProps) {
	if (rect.height < 1 || rect.width < 1) return null;
	return (
		<Box position="absolute" left={rect.x} top={rect.y} width={rect.width} height={rect.height} flexShrink={0}>
			<Transform transform={(_, row) => rows[row] ?? ''}>
				{/* Ink leaves out a text without any cell, so the first row has one. */}
				<Text>{` ${'\n'.repeat(rect.height - 1)}`}</Text>
			</Transform>
		</Box>
	);
}, isSame);

/** Rows that read the same are not painted again. */
function isSame(before: LinesProps, after: LinesProps): boolean {
	const {rect, rows} = after;
	const {x, y, width, height} = before.rect;
	return (
		x === rect.x &&
		y === rect.y &&
		width === rect.width &&
		height === rect.height &&
		rows.length === before.rows.length &&
		rows.every((row, i) => row === before.rows[i])
	);
}
