// Data comes while keys are pressed and windows are dragged: whatever happens, in whatever order.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {due, liveCursor, replayCursor} from '../../source/cursor.ts';
import {actionOf, BINDINGS} from '../../source/screen/keys.ts';
import {createTheme} from '../../source/screen/theme.ts';
import {ChangingCluster, type Happening, happenings} from './changing-cluster.ts';
import {EFFECTS, frameOf, Pane} from './frame.ts';

type Step =
	| {readonly type: 'key'; readonly key: string}
	| {readonly type: 'paste'; readonly text: string}
	| {readonly type: 'resize'; readonly columns: number; readonly rows: number}
	| {readonly type: 'happens'; readonly what: Happening}
	| {readonly type: 'scrapes'; readonly count: number}
	/** What is looked at goes, and is forgotten. */
	| {readonly type: 'selected-goes'}
	/** The clock of a cursor that plays. */
	| {readonly type: 'plays'; readonly scrapes: number};

const KEYS = [
	...BINDINGS.filter(({action}) => !EFFECTS.has(action.type)).flatMap(({keys}) => keys),
	'a',
	'r',
	'!',
	'backspace',
	'ctrl-h',
	'enter',
	'j',
	'k',
];
const steps: fc.Arbitrary<Step> = fc.oneof(
	{weight: 8, arbitrary: fc.record({type: fc.constant('key'), key: fc.constantFrom(...KEYS)})},
	{weight: 1, arbitrary: fc.record({type: fc.constant('paste'), text: fc.string({unit: 'grapheme', maxLength: 60})})},
	{
		weight: 2,
		arbitrary: fc.record({type: fc.constant('resize'), columns: fc.integer({min: 1, max: 260}), rows: fc.integer({min: 1, max: 90})}),
	},
	{weight: 5, arbitrary: fc.record({type: fc.constant('happens'), what: happenings})},
	{
		weight: 5,
		arbitrary: fc.record({
			type: fc.constant('scrapes'),
			count: fc.oneof({weight: 3, arbitrary: fc.integer({min: 1, max: 6})}, fc.constant(25)),
		}),
	},
	{weight: 1, arbitrary: fc.record({type: fc.constant('selected-goes')})},
	{weight: 3, arbitrary: fc.record({type: fc.constant('plays'), scrapes: fc.integer({min: 1, max: 8})})},
);

const THEMES = [
	createTheme({ascii: false, colour: '256'}),
	createTheme({ascii: false, colour: 'none'}),
	createTheme({ascii: true, colour: 'none'}),
];

test('whatever is pressed, resized and sampled, every row fits and the selection stays on its container', () => {
	let followed = 0;
	let left = 0;
	fc.assert(
		fc.property(
			fc.array(steps, {minLength: 20, maxLength: 80, size: 'max'}),
			fc.constantFrom(...THEMES),
			fc.constantFrom(liveCursor(), replayCursor(60), replayCursor(10, {loop: true, stopAtAnomalies: true})),
			fc.boolean(),
			(all, theme, cursor, forgetful) => {
				const cluster = new ChangingCluster({forgetful});
				const {timeline} = cluster;
				const source = {label: 'lab', live: cursor.home === 'follow', finished: () => timeline.complete};
				const pane = new Pane(timeline, {columns: 120, rows: 40}, {source, cursor});
				for (const step of all) {
					const {state} = pane;
					const before = pane.scene;
					switch (step.type) {
						case 'key': {
							const action = actionOf(step.key, state.typing !== undefined);
							if (action) pane.do(action);
							break;
						}
						case 'paste':
							if (state.typing) pane.do({type: 'type', text: step.text});
							break;
						case 'resize':
							pane.size = step;
							break;
						case 'happens':
							cluster.happens(step.what);
							break;
						case 'scrapes':
							cluster.scrapes(step.count);
							break;
						case 'selected-goes':
							cluster.goes(before.selected?.key);
							cluster.scrapes(25);
							break;
						case 'plays':
							for (let i = 0; i < step.scrapes && due(pane.state.cursor, timeline) !== undefined; i++)
								pane.do({type: 'time', action: {type: 'advance'}});
					}
					const {scene} = pane;
					const lines = frameOf(scene, theme).split('\n');
					assert.ok(lines.length <= pane.size.rows, 'no more rows than there are');
					const {selection} = pane.state;
					const {ids, selected} = scene.sight.list;
					const rows = scene.list?.rows ?? [];
					assert.ok(ids.length === 0 ? selected === 0 : selected in ids, 'on the list');
					assert.equal(rows.filter(row => row.selected).length, rows.length > 0 ? 1 : 0, 'in sight');
					// A past moment stays as it was when it was gone to; of the present nothing that is kept may be out of date.
					if (pane.state.cursor.mode === 'follow') assert.equal(frameOf(scene, theme), frameOf(pane.anew, theme));
					if (step.type === 'key' || step.type === 'paste' || !state.selection) continue;
					const {id} = state.selection;
					const old = before.sight.list;
					if (old.ids[old.selected] !== id) continue;
					if (ids.includes(id)) {
						followed++;
						assert.equal(ids[selected], id, 'the selection stays on its container');
						assert.equal(selection?.id, id);
					} else {
						left++;
						assert.equal(selected, Math.max(0, Math.min(old.selected, ids.length - 1)), 'in the place of what is gone');
						if (ids.length > 0 && pane.state.cursor.mode !== 'pause') assert.equal(selection?.id, ids[selected], 'and stays there');
					}
				}
			},
		),
		{numRuns: 40},
	);
	assert.ok(followed > 100 && left > 5, `${followed} followed, ${left} left: too few to say anything`);
});
