/** The help overlay and the key bar, both from the table of keys. */
import {BINDINGS, helpByCategory} from './keys.ts';
import type {Pane} from './state.ts';
import type {Line, Span} from './theme.ts';
import {MARKS} from './theme.ts';
import {cut, padEnd, widthOf, wrap} from './width.ts';

const LEGEND: readonly (readonly [mark: keyof typeof MARKS, words: string])[] = [
	['critical', 'critical'],
	['warning', 'warning'],
	['notice', 'notice, or odd and not confirmed yet'],
	['learning', 'learning what is usual'],
	['normal', 'normal'],
	['absent', 'no sample'],
	['gone', 'gone'],
	['silenced', 'silenced'],
	['resolved', 'over'],
];

/** Blocks of lines, filled into as many columns as there is room for. */
export function helpLines(width: number): readonly Line[] {
	const columns = width >= 150 ? 3 : width >= 96 ? 2 : 1;
	const each = Math.floor((width - 2 * (columns - 1)) / columns);
	const blocks: Line[][] = helpByCategory().map(({category, entries}) => {
		const keysWidth = Math.min(14, Math.max(...entries.map(({keys}) => widthOf(keys))));
		return [
			[{text: category, style: 'title'}],
			...entries.flatMap(({keys, description}) =>
				wrap(description, each - keysWidth - 4).map(
					(piece, i): Line => [
						{text: '  '},
						{text: padEnd(i === 0 ? cut(keys, keysWidth) : '', keysWidth), style: 'key'},
						{text: `  ${piece}`},
					],
				),
			),
			[],
		];
	});
	blocks.push([
		[{text: 'Marks', style: 'title'}],
		...LEGEND.map(
			([mark, words]): Line => [
				{text: `  ${MARKS[mark]}`, style: mark === 'critical' || mark === 'warning' || mark === 'notice' ? mark : 'dim'},
				{text: `  ${words}`},
			],
		),
		[],
	]);
	const total = blocks.reduce((sum, block) => sum + block.length, 0);
	const stacks: Line[][] = [[]];
	for (const block of blocks) {
		let stack = stacks.at(-1) ?? [];
		if (stacks.length < columns && stack.length > 0 && stack.length + block.length / 2 > total / columns) {
			stack = [];
			stacks.push(stack);
		}
		stack.push(...block);
	}
	const rows = Math.max(...stacks.map(stack => stack.length));
	return Array.from({length: rows}, (_, row) =>
		stacks.flatMap((stack, i): Line => {
			const line = stack[row] ?? [];
			const spare = each - line.reduce((sum, {text}) => sum + widthOf(text), 0);
			return i === stacks.length - 1 ? line : [...line, {text: ' '.repeat(Math.max(0, spare) + 2)}];
		}),
	);
}

export interface KeyBarInput {
	readonly focus: Pane;
	readonly overlay: 'help' | 'why' | undefined;
	readonly paused: boolean;
	readonly replay: boolean;
	/** On a group's row enter shows what is in it. */
	readonly inside: 'replicas' | 'containers' | undefined;
	readonly undoes: string | undefined;
	readonly canKubectl: boolean;
}

const LEADING_OUT: readonly string[] = ['esc', '?', 'q'];

/** `↑↓ pod  enter why  / filter …`: the most used first, as many as fit. */
export function keyBar({focus, overlay, paused, replay, inside, undoes, canKubectl}: KeyBarInput, width: number): Line {
	type Entry = {readonly keys: string; readonly word: string; readonly rank: number};
	let entries: Entry[];
	if (overlay) {
		entries = [
			{keys: '↑↓', word: 'scroll', rank: 2},
			...(overlay === 'why' ? [{keys: 'c', word: 'copy', rank: 3}] : []),
			{keys: 'esc', word: 'back', rank: 1},
		];
	} else {
		entries = BINDINGS.filter(
			({bar, action}) => bar && (bar.when === undefined || bar.when === focus) && (canKubectl || action.type !== 'kubectl'),
		).map(({bar, action}) => {
			const {keys, word, rank} = bar!;
			if (action.type === 'time' && action.action.type === 'toggle-pause') return {keys, rank, word: paused ? 'go on' : 'pause'};
			if (action.type === 'open') return {keys, rank, word: focus === 'log' ? 'go there' : (inside ?? 'why')};
			return {keys, word, rank};
		});
		if (focus === 'log') entries.push({keys: '↑↓', word: 'anomaly', rank: 2});
		if (replay) entries.push({keys: '< >', word: 'speed', rank: 12});
		if (undoes !== undefined) entries.push({keys: 'esc', word: undoes, rank: 0});
	}
	const shown: Entry[] = [];
	let left = width + 1;
	for (const entry of entries.toSorted((a, b) => a.rank - b.rank)) {
		const needs = widthOf(entry.keys) + 1 + widthOf(entry.word) + 2;
		if (needs > left && shown.length > 0) continue;
		shown.push(entry);
		left -= needs;
	}
	// What leads out stands at the end.
	const ordered = [...shown.filter(({keys}) => !LEADING_OUT.includes(keys)), ...shown.filter(({keys}) => LEADING_OUT.includes(keys))];
	const spans: Span[] = [{text: ' '}];
	for (const [i, {keys, word}] of ordered.entries()) {
		spans.push({text: keys, style: 'key'}, {text: ` ${word}${i === ordered.length - 1 ? '' : '  '}`, style: 'dim'});
	}
	return spans;
}
