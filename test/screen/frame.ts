/** A whole screen as text: what the panes paint, put where the layout says. */
import assert from 'node:assert/strict';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import process from 'node:process';
import {stripVTControlCharacters} from 'node:util';
import stringWidth from 'string-width';
import {anomalyLogRows} from '../../source/components/anomaly-log.tsx';
import {paintRows} from '../../source/components/frame.ts';
import {podListRows} from '../../source/components/pod-list.tsx';
import {textPaneRows} from '../../source/components/text-pane.tsx';
import {type Cursor, liveCursor} from '../../source/cursor.ts';
import {timeFormat} from '../../source/format.ts';
import type {Action} from '../../source/screen/keys.ts';
import type {Rect, Size} from '../../source/screen/layout.ts';
import {createMomentOf, createScene, type Scene, type SceneInput} from '../../source/screen/selectors.ts';
import {initialState, reduce, type ScreenState, type StateAction, seen} from '../../source/screen/state.ts';
import {createTheme, type Theme} from '../../source/screen/theme.ts';
import type {Timeline} from '../../source/timeline.ts';

export const mono = createTheme({ascii: false, colour: 'none'});
export const utc = timeFormat('UTC');

/** A screen without React: state, keys and scene. */
export class Pane {
	state: ScreenState;
	size: Size;
	readonly timeline: Timeline;
	readonly #sceneOf = createScene();
	readonly #momentOf: (state: ScreenState) => ReturnType<Timeline['at']>;
	readonly #more: Partial<SceneInput>;

	constructor(timeline: Timeline, size: Size, {cursor = liveCursor(), ...more}: Partial<SceneInput> & {readonly cursor?: Cursor} = {}) {
		this.timeline = timeline;
		this.size = size;
		this.state = initialState(cursor);
		this.#momentOf = createMomentOf(timeline);
		this.#more = more;
	}

	get scene(): Scene {
		const scene = this.#sceneOf(this.#input);
		this.state = seen(this.state, scene.sight);
		return scene;
	}

	/** The same, remembering nothing of what was on the screen before. */
	get anew(): Scene {
		return createScene()(this.#input);
	}

	get #input(): SceneInput {
		return {
			timeline: this.timeline,
			moment: this.#momentOf(this.state),
			state: this.state,
			size: this.size,
			source: {label: 'prod-eu', live: true, finished: () => false},
			times: utc,
			tones: 'mono',
			namespaceLabel: 'all namespaces',
			canKubectl: true,
			...this.#more,
		};
	}

	do(action: Action): this {
		const {sight} = this.scene;
		if (!EFFECTS.has(action.type)) this.state = reduce(this.state, action as StateAction, sight);
		return this;
	}

	frame(theme: Theme = mono): string {
		return frameOf(this.scene, theme);
	}
}

export const EFFECTS: ReadonlySet<string> = new Set(['quit', 'copy', 'silence', 'kubectl', 'unsilence', 'suspend', 'draw-anew']);

/** Every row of every pane has to be exactly as wide as its pane: otherwise it would run into its neighbour. */
export function frameOf(scene: Scene, theme: Theme): string {
	const {columns, rows} = scene.layout.size;
	if (scene.tooSmall !== undefined) return scene.tooSmall.join('\n');
	const placed: {x: number; text: string}[][] = Array.from({length: rows}, () => []);
	const put = (rect: Rect, lines: readonly string[]): void => {
		assert.equal(lines.length, rect.height, 'as many rows as the pane is high');
		for (const [i, painted] of lines.entries()) {
			const text = stripVTControlCharacters(painted);
			assert.equal(stringWidth(text), rect.width, `as wide as the pane: ${JSON.stringify(text)}`);
			placed[rect.y + i]?.push({x: rect.x, text});
		}
	};
	const {layout} = scene;
	put(layout.sentence, paintRows(scene.sentence, layout.sentence, theme));
	put(layout.status, paintRows([scene.status], layout.status, theme));
	if (scene.list) put(scene.list.rect, podListRows(scene.list, theme));
	for (const chart of scene.charts) put(chart.rect, textPaneRows(chart, theme));
	if (scene.log) put(scene.log.rect, anomalyLogRows(scene.log, theme));
	if (scene.why) put(scene.why.rect, textPaneRows(scene.why, theme));
	if (scene.help) put(scene.help.rect, textPaneRows(scene.help, theme));
	if (layout.bar && scene.bar) put(layout.bar, paintRows([scene.bar], layout.bar, theme));
	put(layout.keys, paintRows([scene.keys], layout.keys, theme));
	return placed
		.map((parts, y) => {
			const line = parts
				.toSorted((a, b) => a.x - b.x)
				.map(({text}) => text)
				.join('');
			assert.equal(stringWidth(line), columns, `row ${y} is filled`);
			return line.trimEnd();
		})
		.join('\n');
}

/** Compares with a file; `UPDATE_GOLDEN=1` writes it instead. Tests run in the project's folder. */
export function golden(name: string, frame: string): void {
	const path = `test/screen/golden/${name}.txt`;
	if (process.env.UPDATE_GOLDEN) {
		mkdirSync('test/screen/golden', {recursive: true});
		writeFileSync(path, `${frame}\n`);
		return;
	}
	assert.equal(frame, readFileSync(path, 'utf8').replace(/\n$/, ''));
}
