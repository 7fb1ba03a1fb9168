/** The text of the settings' file. */
import {isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Scalar} from 'yaml';
import {cleanText} from './clean.ts';
import {type Config, NO_CONFIG} from './config.ts';
import type {ColumnId} from './screen/columns.ts';
import type {Style} from './screen/theme.ts';

const COLUMNS: Readonly<Record<ColumnId, true>> = {
	namespace: true,
	pod: true,
	verdict: true,
	cpu: true,
	'cpu-request': true,
	'cpu-limit': true,
	memory: true,
	'memory-request': true,
	'memory-limit': true,
	'limit-at': true,
	status: true,
	restarts: true,
	age: true,
	node: true,
};
const INKS = [
	'critical',
	'warning',
	'notice',
	'learning',
	'good',
	'line',
	'sibling',
	'limit',
	'key',
	'dim',
	'chrome',
	'head',
	'spark',
] as const satisfies readonly Style[];
const NAMED = /^(?:bright-)?(?:black|red|green|yellow|blue|magenta|cyan|white)$/;

/** Nobody writes more by hand. */
const MOST_BYTES = 64 * 1024;

export interface Mistake {
	readonly line: number;
	readonly what: string;
}

/** What is wrong is added to `mistakes`; what is right counts nevertheless. */
export function parseConfig(text: string, mistakes: Mistake[]): Config {
	if (text.length > MOST_BYTES) {
		mistakes.push({line: 1, what: `it is longer than ${MOST_BYTES / 1024} KB`});
		return NO_CONFIG;
	}
	const lines = new LineCounter();
	const document = parseDocument(text, {lineCounter: lines, prettyErrors: false});
	const say = (offset: number | undefined, what: string): void => {
		mistakes.push({line: offset === undefined ? 1 : lines.linePos(offset).line, what});
	};
	for (const {pos, message} of document.errors) say(pos[0], cleanText(message, 120));
	const {contents} = document;
	if (document.errors.length > 0 || contents === null || (isScalar(contents) && contents.value === null)) return NO_CONFIG;

	/** What stands under each name of a mapping; a name that is not `known` is a mistake. */
	const entries = (node: unknown, known: readonly string[], prefix = ''): Map<string, Node> => {
		const found = new Map<string, Node>();
		if (!isMap(node)) {
			say((node as Node | null)?.range?.[0], `expected names with values${prefix === '' ? '' : ` under ${prefix.slice(0, -1)}`}`);
			return found;
		}
		for (const {key, value} of node.items) {
			const name = isScalar(key) ? String(key.value) : '';
			const at = (key as Node | null)?.range?.[0];
			if (!known.includes(name)) say(at, `there is no setting ${prefix}${cleanText(name, 40)}; there are ${known.join(', ')}`);
			else if (value === null || (isScalar(value) && value.value === null)) say(at, `${name} has no value`);
			else found.set(name, value as Node);
		}
		return found;
	};
	const one = <T extends string>(name: string, node: Node | undefined, choices: readonly T[]): T | undefined => {
		if (!node) return undefined;
		let value = 'a list or a mapping';
		if (isScalar(node)) value = typeof node.value === 'boolean' ? String(node.value) : written(node);
		const found = choices.find(choice => choice === value);
		if (found === undefined) say(node.range?.[0], `expected ${name} to be one of ${choices.join(', ')}, got ${cleanText(value, 40)}`);
		return found;
	};
	const words = (name: string, node: Node | undefined): readonly {readonly text: string; readonly at: number | undefined}[] => {
		if (!node) return [];
		const at = node.range?.[0];
		const items = isSeq(node) ? node.items : [node];
		if (!items.every(isScalar)) {
			say(at, `expected ${name} to be a list`);
			return [];
		}
		const found = items.flatMap(item => {
			const texts = isSeq(node) ? [written(item)] : written(item).split(/[\s,]+/);
			return texts.filter(Boolean).map(text => ({text, at: item.range?.[0]}));
		});
		const empty = items.find(item => item.value === null || item.value === '');
		if (empty && isSeq(node)) say(empty.range?.[0], `an item of ${name} is empty`);
		else if (found.length === 0) say(at, `${name} has no value`);
		return found;
	};

	const settings = entries(contents, ['namespace', 'sensitivity', 'columns', 'colours', 'ascii', 'utc']);
	const namespaces = words('namespace', settings.get('namespace'));
	for (const {text: name, at} of namespaces)
		if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) say(at, `${cleanText(name, 40)} is no name of a namespace`);
	const everywhere = namespaces.some(({text: name}) => name === 'all');
	const sensitivity = one('sensitivity', settings.get('sensitivity'), ['low', 'normal', 'high']);
	const ascii = one('ascii', settings.get('ascii'), ['true', 'false']);
	const utc = one('utc', settings.get('utc'), ['true', 'false']);
	const columns: ColumnId[] = [];
	for (const {text: name, at} of words('columns', settings.get('columns'))) {
		if (!isColumn(name)) say(at, `there is no column ${cleanText(name, 40)}; there are ${Object.keys(COLUMNS).join(', ')}`);
		else if (columns.includes(name)) say(at, `the column ${name} stands there twice`);
		else columns.push(name);
	}

	const colours = settings.has('colours')
		? entries(settings.get('colours'), ['depth', 'background', ...INKS], 'colours.')
		: new Map<string, Node>();
	const depth = one('colours.depth', colours.get('depth'), ['none', '16', '256', 'true']);
	const background = one('colours.background', colours.get('background'), ['dark', 'light']);
	const inks: Partial<Record<Style, string>> = {};
	for (const name of INKS) {
		const node = colours.get(name);
		if (!node) continue;
		const value = isScalar(node) ? written(node).toLowerCase() : '';
		if (/^#[0-9a-f]{6}$/.test(value) || NAMED.test(value) || (/^(?:0|[1-9]\d{0,2})$/.test(value) && Number(value) < 256))
			inks[name] = value;
		else
			say(
				node.range?.[0],
				`expected colours.${name} to be '#rrggbb', a number from 0 to 255, or a name such as red or bright-red, got ${cleanText(value, 40)}`,
			);
	}
	return {
		flags: {
			...(everywhere && {allNamespaces: true}),
			...(namespaces.length > 0 && !everywhere && {namespace: namespaces.map(({text: name}) => name).join(',')}),
			...(sensitivity !== undefined && {sensitivity}),
			...(ascii !== undefined && {ascii: ascii === 'true'}),
			...(utc !== undefined && {utc: utc === 'true'}),
		},
		theme: {
			...(depth !== undefined && {colour: depth}),
			...(background !== undefined && {background}),
			...(Object.keys(inks).length > 0 && {inks}),
		},
		...(columns.length > 0 && {columns}),
	};
}

/** What stands there, not what YAML takes it for: 007 is no 7. */
const written = ({source, value}: Scalar): string => source ?? String(value);

const isColumn = (name: string): name is ColumnId => Object.hasOwn(COLUMNS, name);
