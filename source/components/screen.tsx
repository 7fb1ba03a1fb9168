/** All of the screen: what is where comes from the scene, how it looks from the panes. */
import {Box} from 'ink';
import {memo} from 'react';
import type {Rect} from '../screen/layout.ts';
import type {Scene} from '../screen/selectors.ts';
import type {Line, Theme} from '../screen/theme.ts';
import {AnomalyLog} from './anomaly-log.tsx';
import {paintRows} from './frame.ts';
import {Lines} from './lines.tsx';
import {PodList} from './pod-list.tsx';
import {TextPane} from './text-pane.tsx';

export function Screen({scene, theme}: {readonly scene: Scene; readonly theme: Theme}) {
	const {columns, rows} = scene.layout.size;
	if (scene.tooSmall !== undefined) {
		const rect = {x: 0, y: 0, width: columns, height: rows};
		return (
			<Box width={columns} height={rows}>
				<Strip rect={rect} lines={scene.tooSmall.map(text => [{text}])} theme={theme} />
			</Box>
		);
	}
	const {layout} = scene;
	return (
		<Box width={columns} height={rows}>
			<Strip rect={layout.sentence} lines={scene.sentence} theme={theme} />
			<Strip rect={layout.status} lines={[scene.status]} theme={theme} />
			{scene.list && <PodList view={scene.list} theme={theme} />}
			{scene.charts.map(view => (
				<TextPane key={`${view.rect.x},${view.rect.y}`} view={view} theme={theme} />
			))}
			{scene.log && <AnomalyLog view={scene.log} theme={theme} />}
			{scene.why && <TextPane view={scene.why} theme={theme} />}
			{scene.help && <TextPane view={scene.help} theme={theme} />}
			{layout.bar && scene.bar && <Strip rect={layout.bar} lines={[scene.bar]} theme={theme} />}
			<Strip rect={layout.keys} lines={[scene.keys]} theme={theme} />
		</Box>
	);
}

interface StripProps {
	readonly rect: Rect;
	readonly lines: readonly Line[];
	readonly theme: Theme;
}

const Strip = memo(
	function Strip({rect, lines, theme}: StripProps) {
		return <Lines rect={rect} rows={paintRows(lines, rect, theme)} />;
	},
	(before, after) =>
		before.rect === after.rect &&
		before.theme === after.theme &&
		before.lines.length === after.lines.length &&
		before.lines.every((line, i) => line === after.lines[i]),
);
