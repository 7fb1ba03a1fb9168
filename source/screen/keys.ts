/** One table: which key does what. It drives matching, the help, the key bar and docs/keys.md. */
import type {StateAction} from './state.ts';

/** What the screen asks of the world around it. */
export type Effect =
	| {readonly type: 'quit'}
	| {readonly type: 'copy'}
	| {readonly type: 'silence'}
	| {readonly type: 'unsilence'}
	| {readonly type: 'kubectl'; readonly verb: 'logs' | 'previous-logs' | 'describe'}
	| {readonly type: 'suspend'}
	| {readonly type: 'draw-anew'};

export type Action = StateAction | Effect;

export const CATEGORIES = ['Look', 'Find', 'Sort and columns', 'Time', 'Charts', 'Act', 'General'] as const;
export type Category = (typeof CATEGORIES)[number];

export interface Binding {
	/** As {@link namesOf} tells them: `j`, `up`, `ctrl-d`. The first one or two stand in the key bar. */
	readonly keys: readonly string[];
	readonly action: Action;
	readonly category: Category;
	readonly description: string;
	/** One or two words for the key bar, and how much it is used: the lowest stand first, and where there is no room the highest are left out. */
	readonly bar?: {readonly keys: string; readonly word: string; readonly rank: number; readonly when?: 'pods' | 'log' | 'charts'};
}

export const BINDINGS: readonly Binding[] = [
	{
		keys: ['down', 'j'],
		action: {type: 'move', by: 1},
		category: 'Look',
		description: 'next row',
		bar: {keys: '↑↓', word: 'pod', rank: 2, when: 'pods'},
	},
	{keys: ['up', 'k'], action: {type: 'move', by: -1}, category: 'Look', description: 'previous row'},
	{keys: ['pgdn', 'ctrl-f'], action: {type: 'move-pages', by: 1}, category: 'Look', description: 'a page down'},
	{keys: ['pgup', 'ctrl-b'], action: {type: 'move-pages', by: -1}, category: 'Look', description: 'a page up'},
	{keys: ['ctrl-d'], action: {type: 'move-pages', by: 0.5}, category: 'Look', description: 'half a page down'},
	{keys: ['ctrl-u'], action: {type: 'move-pages', by: -0.5}, category: 'Look', description: 'half a page up'},
	{keys: ['g', 'home'], action: {type: 'move-to', end: 'first'}, category: 'Look', description: 'first row'},
	{keys: ['G', 'end'], action: {type: 'move-to', end: 'last'}, category: 'Look', description: 'last row'},
	{
		keys: ['enter'],
		action: {type: 'open'},
		category: 'Look',
		description: 'why: the whole explanation; on a workload or node: its containers; in the log: go to that pod and moment',
		bar: {keys: 'enter', word: 'why', rank: 1},
	},
	{
		keys: ['tab'],
		action: {type: 'focus', by: 1},
		category: 'Look',
		description: 'next pane (pods, charts, anomalies)',
		bar: {keys: 'tab', word: 'pane', rank: 11},
	},
	{keys: ['shift-tab'], action: {type: 'focus', by: -1}, category: 'Look', description: 'previous pane'},
	{
		keys: ['w'],
		action: {type: 'group', by: 'workload'},
		category: 'Look',
		description: 'one row a workload, or one a container',
		bar: {keys: 'w', word: 'workload', rank: 8, when: 'pods'},
	},
	{keys: ['o'], action: {type: 'group', by: 'node'}, category: 'Look', description: 'one row a node, or one a container'},
	{
		keys: ['esc'],
		action: {type: 'undo'},
		category: 'Look',
		description:
			'undo one layer: what is typed, an overlay, the pane, a filter, live also the past; last of all follow the worst row again. A paused replay stays paused',
	},

	{
		keys: ['/'],
		action: {type: 'filter'},
		category: 'Find',
		description: 'filter: a regular expression; !text for all without it; -l app=x for labels; node=NAME; in the log pane for the log',
		bar: {keys: '/', word: 'filter', rank: 4},
	},
	{
		keys: ['t'],
		action: {type: 'next-kind'},
		category: 'Find',
		description: 'anomalies of one kind; again: of the next; after the last: all',
		bar: {keys: 't', word: 'kind', rank: 3, when: 'log'},
	},
	{
		keys: ['n'],
		action: {type: 'command', text: 'ns '},
		category: 'Find',
		description: 'choose namespaces',
		bar: {keys: 'n', word: 'namespace', rank: 13, when: 'pods'},
	},
	{keys: ['0'], action: {type: 'namespaces', names: []}, category: 'Find', description: 'all namespaces'},
	...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(
		(number): Binding => ({
			keys: [String(number)],
			action: {type: 'recent-namespace', index: number - 1},
			category: 'Find',
			description: 'a namespace used before (1: the last one)',
		}),
	),
	{
		keys: [':'],
		action: {type: 'command', text: ''},
		category: 'Find',
		description: 'command: :ns a,b  :ctx NAME  :sort COLUMN  :group node  :q',
	},

	{
		keys: ['s'],
		action: {type: 'next-sort'},
		category: 'Sort and columns',
		description: 'next order: trouble, CPU, MEM, %MEM/L, name',
		bar: {keys: 's', word: 'sort', rank: 10, when: 'pods'},
	},
	{keys: ['N'], action: {type: 'sort', by: 'name'}, category: 'Sort and columns', description: 'by name; the same letter again reverses'},
	{keys: ['P'], action: {type: 'sort', by: 'namespace'}, category: 'Sort and columns', description: 'by namespace'},
	{keys: ['C'], action: {type: 'sort', by: 'cpu'}, category: 'Sort and columns', description: 'by CPU'},
	{keys: ['M'], action: {type: 'sort', by: 'memory'}, category: 'Sort and columns', description: 'by memory'},
	{keys: ['X'], action: {type: 'sort', by: 'cpu-limit'}, category: 'Sort and columns', description: 'by CPU against its limit'},
	{keys: ['Z'], action: {type: 'sort', by: 'memory-limit'}, category: 'Sort and columns', description: 'by memory against its limit'},
	{keys: ['L'], action: {type: 'sort', by: 'limit-at'}, category: 'Sort and columns', description: 'by the time at which the limit is hit'},
	{keys: ['S'], action: {type: 'sort', by: 'status'}, category: 'Sort and columns', description: 'by status'},
	{keys: ['T'], action: {type: 'sort', by: 'restarts'}, category: 'Sort and columns', description: 'by restarts'},
	{keys: ['A'], action: {type: 'sort', by: 'age'}, category: 'Sort and columns', description: 'by age'},
	{keys: ['O'], action: {type: 'sort', by: 'node'}, category: 'Sort and columns', description: 'by node'},
	{keys: ['R'], action: {type: 'sort', by: 'trouble'}, category: 'Sort and columns', description: 'by trouble again'},
	{
		keys: ['ctrl-w'],
		action: {type: 'wide'},
		category: 'Sort and columns',
		description: 'more columns: STATUS, RESTARTS, AGE, NODE, %CPU/R, %MEM/R',
	},

	{
		keys: ['space'],
		action: {type: 'time', action: {type: 'toggle-pause'}},
		category: 'Time',
		description: 'pause; go on',
		bar: {keys: 'space', word: 'pause', rank: 5},
	},
	{
		keys: ['['],
		action: {type: 'time', action: {type: 'jump-anomaly', by: -1}},
		category: 'Time',
		description: 'to the anomaly before, and its container',
		bar: {keys: '[ ]', word: 'anomaly', rank: 6},
	},
	{
		keys: [']'],
		action: {type: 'time', action: {type: 'jump-anomaly', by: 1}},
		category: 'Time',
		description: 'to the anomaly after, and its container',
	},
	{keys: [','], action: {type: 'time', action: {type: 'step', by: -1}}, category: 'Time', description: 'one scrape back'},
	{keys: ['.'], action: {type: 'time', action: {type: 'step', by: 1}}, category: 'Time', description: 'one scrape forward'},
	{keys: ['<'], action: {type: 'time', action: {type: 'change-speed', by: -1}}, category: 'Time', description: 'slower'},
	{keys: ['>'], action: {type: 'time', action: {type: 'change-speed', by: 1}}, category: 'Time', description: 'faster'},

	{
		keys: ['+'],
		action: {type: 'zoom', by: 1},
		category: 'Charts',
		description: 'zoom in: a shorter stretch of time',
		bar: {keys: '+ -', word: 'zoom', rank: 2, when: 'charts'},
	},
	{keys: ['-'], action: {type: 'zoom', by: -1}, category: 'Charts', description: 'zoom out'},
	{keys: ['='], action: {type: 'zoom', by: 0}, category: 'Charts', description: 'as long as the anomaly needs'},
	{
		keys: ['left', 'h'],
		action: {type: 'pan', by: -1},
		category: 'Charts',
		description: 'earlier',
		bar: {keys: '← →', word: 'earlier, later', rank: 2, when: 'charts'},
	},
	{keys: ['right'], action: {type: 'pan', by: 1}, category: 'Charts', description: 'later'},
	{
		keys: ['f'],
		action: {type: 'freeze'},
		category: 'Charts',
		description: 'freeze the charts; let them go on',
		bar: {keys: 'f', word: 'freeze', rank: 3, when: 'charts'},
	},
	{keys: ['x'], action: {type: 'other-chart'}, category: 'Charts', description: 'the other chart, where there is room for one'},

	{keys: ['c'], action: {type: 'copy'}, category: 'Act', description: 'copy the explanation (or the name) to the clipboard'},
	{
		keys: ['m'],
		action: {type: 'silence'},
		category: 'Act',
		description: 'silence: 1 h; again: until it restarts, expected here, not at all',
		bar: {keys: 'm', word: 'silence', rank: 7, when: 'pods'},
	},
	{
		keys: ['u'],
		action: {type: 'unsilence'},
		category: 'Act',
		description: 'undo the silence of this container, or else the last one given',
	},
	{
		keys: ['l'],
		action: {type: 'kubectl', verb: 'logs'},
		category: 'Act',
		description: 'logs (kubectl logs)',
		bar: {keys: 'l', word: 'logs', rank: 9, when: 'pods'},
	},
	{
		keys: ['p'],
		action: {type: 'kubectl', verb: 'previous-logs'},
		category: 'Act',
		description: 'logs of the run before (kubectl logs --previous)',
	},
	{keys: ['d'], action: {type: 'kubectl', verb: 'describe'}, category: 'Act', description: 'describe (kubectl describe pod)'},

	{keys: ['?'], action: {type: 'help'}, category: 'General', description: 'this help', bar: {keys: '?', word: 'help', rank: 0}},
	{
		keys: ['q', 'ctrl-c'],
		action: {type: 'quit'},
		category: 'General',
		description: 'quit; in an overlay close it',
		bar: {keys: 'q', word: 'quit', rank: 1},
	},
	{keys: ['ctrl-z'], action: {type: 'suspend'}, category: 'General', description: 'suspend; fg comes back'},
	{keys: ['ctrl-l'], action: {type: 'draw-anew'}, category: 'General', description: 'draw the screen anew'},
];

/** While a line is typed. */
export const TYPING_BINDINGS: readonly Binding[] = [
	{keys: ['enter'], action: {type: 'submit'}, category: 'Find', description: 'take what is typed'},
	{keys: ['esc', 'ctrl-c'], action: {type: 'undo'}, category: 'Find', description: 'put back what was before'},
	{keys: ['backspace', 'ctrl-h'], action: {type: 'erase', what: 'letter'}, category: 'Find', description: 'erase a letter'},
	{keys: ['ctrl-w'], action: {type: 'erase', what: 'word'}, category: 'Find', description: 'erase a word'},
	{keys: ['ctrl-u'], action: {type: 'erase', what: 'line'}, category: 'Find', description: 'erase all'},
];

const byKey = (bindings: readonly Binding[]): ReadonlyMap<string, Binding> =>
	new Map(bindings.flatMap(binding => binding.keys.map(key => [key, binding] as const)));
const normal = byKey(BINDINGS);
const typing = byKey(TYPING_BINDINGS);

/** What a key does now; undefined for one that does nothing. */
export function actionOf(key: string, isTyping: boolean): Action | undefined {
	if (!isTyping) return normal.get(key)?.action;
	const bound = typing.get(key)?.action;
	if (bound) return bound;
	if (key === 'space') return {type: 'type', text: ' '};
	return [...key].length === 1 ? {type: 'type', text: key} : undefined;
}

/** Of Ink's key event, what is asked here. */
export interface KeyEvent {
	readonly upArrow?: boolean;
	readonly downArrow?: boolean;
	readonly leftArrow?: boolean;
	readonly rightArrow?: boolean;
	readonly pageUp?: boolean;
	readonly pageDown?: boolean;
	readonly home?: boolean;
	readonly end?: boolean;
	readonly return?: boolean;
	readonly escape?: boolean;
	readonly tab?: boolean;
	readonly backspace?: boolean;
	readonly delete?: boolean;
	readonly ctrl?: boolean;
	readonly shift?: boolean;
	readonly meta?: boolean;
}

/** Names of the keys in one input event: several that arrive in one read come as one event (`jjj`, `G\r`). */
export function namesOf(input: string, key: KeyEvent): readonly string[] {
	if (key.upArrow) return ['up'];
	if (key.downArrow) return ['down'];
	if (key.leftArrow) return ['left'];
	if (key.rightArrow) return ['right'];
	if (key.pageUp) return ['pgup'];
	if (key.pageDown) return ['pgdn'];
	if (key.home) return ['home'];
	if (key.end) return ['end'];
	// No key is bound with alt: esc and the next key have come in one read.
	if (key.meta) return ['esc', ...namesOf(input, {...key, meta: false})];
	if (key.return) return ['enter'];
	if (key.escape) return ['esc'];
	if (key.tab) return [key.shift ? 'shift-tab' : 'tab'];
	// Terminals send DEL for the key that erases to the left.
	if (key.backspace || key.delete) return ['backspace'];
	if (key.ctrl) return input === '' ? [] : [`ctrl-${input.toLowerCase()}`];
	return [...input].map(nameOfCharacter).filter(name => name !== undefined);
}

function nameOfCharacter(character: string): string | undefined {
	switch (character) {
		case ' ':
			return 'space';
		case '\r':
		case '\n':
			return 'enter';
		case '\t':
			return 'tab';
		case '\x1b':
			return 'esc';
		case '\x7f':
		case '\b':
			return 'backspace';
	}
	if (character < ' ') return `ctrl-${String.fromCharCode(character.charCodeAt(0) + 96)}`;
	return character;
}

/** How a key is written in the help. */
export const printed = (key: string): string =>
	({up: '↑', down: '↓', left: '←', right: '→', pgup: 'PgUp', pgdn: 'PgDn', home: 'Home', end: 'End'})[key] ?? key;

export interface HelpEntry {
	readonly keys: string;
	readonly description: string;
}

/** The table by category, with what several keys share told once. */
export function helpByCategory(): readonly {readonly category: Category; readonly entries: readonly HelpEntry[]}[] {
	return CATEGORIES.map(category => {
		const entries: HelpEntry[] = [];
		const numbers = BINDINGS.filter(({action}) => action.type === 'recent-namespace');
		for (const binding of BINDINGS) {
			if (binding.category !== category) continue;
			if (numbers.includes(binding)) {
				if (binding === numbers[0]) entries.push({keys: '1 … 9', description: binding.description});
				continue;
			}
			entries.push({keys: binding.keys.map(printed).join(' '), description: binding.description});
		}
		return {category, entries};
	});
}

/** docs/keys.md, which a test compares with the file. */
export function keysPage(): string {
	const sections = helpByCategory().map(
		({category, entries}) =>
			`## ${category}\n\n| key | what it does |\n|---|---|\n${entries.map(({keys, description}) => `| ${keys.split(' ').map(code).join(' ')} | ${description.replaceAll('|', '\\|')} |`).join('\n')}\n`,
	);
	const whileTyping = `## While a line is typed\n\n| key | what it does |\n|---|---|\n${TYPING_BINDINGS.map(({keys, description}) => `| ${keys.map(code).join(' ')} | ${description} |`).join('\n')}\n`;
	return `# Keys\n\nGenerated from the table in source/screen/keys.ts. They follow k9s and less where those have one.\n\n${sections.join('\n')}\n${whileTyping}`;
}

const code = (key: string): string => (key === '…' ? '…' : `\`${key}\``);
