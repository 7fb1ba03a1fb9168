/** The command line, as in k9s: `:ns a,b`, `:ctx NAME`, `:sort COLUMN`, `:q`. */
import type {Action} from './keys.ts';
import type {Sort} from './state.ts';
import {GROUPS, SORTS} from './state.ts';

/** Another namespace or context than those that are read is a new feed, which only the command can open. */
export interface Elsewhere {
	readonly namespaces?: readonly string[];
	readonly context?: string;
}

export type Parsed =
	| {readonly type: 'action'; readonly action: Action}
	| {readonly type: 'elsewhere'; readonly to: Elsewhere}
	| {readonly type: 'nothing'}
	| {readonly type: 'problem'; readonly text: string};

const SORT_NAMES: Readonly<Record<string, Sort>> = {
	...Object.fromEntries(SORTS.map(sort => [sort, sort] as const)),
	mem: 'memory',
	pod: 'name',
	ns: 'namespace',
	verdict: 'trouble',
	'cpu/l': 'cpu-limit',
	'mem/l': 'memory-limit',
	limit: 'limit-at',
};

const FORMS = ':ns a,b  :ctx NAME  :sort COLUMN  :group node  :help  :q';

/** `known`: the namespaces that are on the list; `contexts`: those that can be gone to. */
export function parseCommand(text: string, known: readonly string[], contexts: readonly string[] = []): Parsed {
	const [word = '', ...rest] = text.trim().split(/\s+/);
	const argument = rest.join(' ').trim();
	switch (word.toLowerCase()) {
		case '':
			return {type: 'nothing'};
		case 'q':
		case 'q!':
		case 'quit':
		case 'exit':
			return {type: 'action', action: {type: 'quit'}};
		case 'h':
		case 'help':
			return {type: 'action', action: {type: 'help'}};
		case 'ns':
		case 'namespace':
		case 'namespaces': {
			const names = argument.split(/[\s,]+/).filter(name => name !== '');
			if (names.length === 0 || names.includes('all') || names.includes('0'))
				return {type: 'action', action: {type: 'namespaces', names: []}};
			// A beginning is enough where it fits one namespace alone.
			const whole = names.map(name => wholeName(name, known));
			return whole.every(name => known.includes(name))
				? {type: 'action', action: {type: 'namespaces', names: whole}}
				: {type: 'elsewhere', to: {namespaces: whole}};
		}
		case 'ctx':
		case 'context':
			// Asked again, with what there is beside it.
			return argument === ''
				? contexts.length > 0
					? {type: 'action', action: {type: 'command', text: 'ctx '}}
					: {type: 'problem', text: 'Which context? :ctx NAME'}
				: {type: 'elsewhere', to: {context: wholeName(argument, contexts)}};
		case 'sort': {
			const by = SORT_NAMES[argument.toLowerCase()];
			return by
				? {type: 'action', action: {type: 'sort', by}}
				: {type: 'problem', text: `“${argument}” is no column to sort by; there are ${SORTS.join(', ')}`};
		}
		case 'group': {
			const by = GROUPS.find(group => group === argument.toLowerCase());
			return by
				? {type: 'action', action: {type: 'group', by}}
				: {type: 'problem', text: `“${argument}” is nothing to group by; there are ${GROUPS.join(', ')}`};
		}
	}
	return {type: 'problem', text: `“${word}” is no command; there are ${FORMS}`};
}

function wholeName(beginning: string, names: readonly string[]): string {
	if (names.includes(beginning)) return beginning;
	const [first, ...more] = names.filter(name => name.startsWith(beginning));
	return first !== undefined && more.length === 0 ? first : beginning;
}
