/** `/text` (a regular expression), `/!text`, `/node=worker-1`, `/-l app=x,tier!=test`: which containers stay on the list. */
import type {Container} from '../scrape.ts';

export interface Filter {
	readonly matches: (of: Container, words: () => string) => boolean;
	/** What is wrong with it; a label selector then matches everything. */
	readonly problem?: string;
}

const ALL: Filter = {matches: () => true};

const SELECTOR = /^-l\s*(.+)$/;

export function parseFilter(text: string): Filter {
	const trimmed = text.trim();
	if (trimmed === '' || trimmed === '!' || trimmed === '-l') return ALL;
	const labels = SELECTOR.exec(trimmed);
	if (labels) return labelFilter(labels[1] ?? '');
	const inverse = trimmed.startsWith('!');
	const node = /^!?node=(.*)$/.exec(trimmed)?.[1];
	const pattern = node ?? (inverse ? trimmed.slice(1) : trimmed);
	const expression = regularExpression(pattern);
	// Half-typed (`api-(`): taken letter by letter until it is whole.
	const found = (haystack: string): boolean => expression?.test(haystack) ?? haystack.toLowerCase().includes(pattern.toLowerCase());
	return {
		matches: (of, words) =>
			found(
				node === undefined ? `${of.namespace}/${of.pod}:${of.name} ${of.workload ?? ''} ${of.node ?? ''} ${words()}` : (of.node ?? ''),
			) !== inverse,
		...(!expression && {problem: `“${pattern}” is no regular expression: taken letter by letter`}),
	};
}

function regularExpression(pattern: string): RegExp | undefined {
	try {
		return new RegExp(pattern, 'i');
	} catch {
		return undefined;
	}
}

interface Term {
	readonly not: boolean;
	readonly name: string;
	readonly operator: '=' | '!=' | undefined;
	readonly value: string;
}

/** kubectl's label selectors: `a=b`, `a==b`, `a!=b`, `a`, `!a`, joined by commas; or the part that is none. */
function termsOf(text: string): readonly Term[] | string {
	const terms: Term[] = [];
	for (const part of text.split(',').map(piece => piece.trim())) {
		if (part === '') continue;
		const found = /^(!)?([A-Za-z0-9./_-]+)\s*(?:(==|=|!=)\s*([A-Za-z0-9._-]*))?$/.exec(part);
		if (!found) return part;
		const [, not, name = '', operator, value = ''] = found;
		terms.push({not: not !== undefined, name, operator: operator === '==' ? '=' : (operator as Term['operator']), value});
	}
	return terms;
}

function labelFilter(text: string): Filter {
	const terms = termsOf(text);
	if (typeof terms === 'string') return {...ALL, problem: `“${terms}” is no label selector: app=checkout, tier!=test, canary, !canary`};
	const holds = (labels: Readonly<Record<string, string>>, {not, name, operator, value}: Term): boolean =>
		operator === undefined ? Object.hasOwn(labels, name) !== not : (labels[name] === value) === (operator === '=');
	return {matches: of => terms.every(term => holds(of.labels ?? {}, term))};
}

/** Which labels there are, or which values of the one that was asked for, where a selector finds nothing; the most frequent first. */
export function labelsThere(filter: string, all: readonly Container[]): string | undefined {
	const selector = SELECTOR.exec(filter.trim())?.[1];
	const terms = selector === undefined ? [] : termsOf(selector);
	if (typeof terms === 'string' || terms.length === 0) return undefined;
	const names = byFrequency(all.flatMap(({labels = {}}) => Object.keys(labels)));
	if (names.length === 0) return 'No labels are known here.';
	const wanted = terms.filter(({not, operator}) => !not && operator !== '!=');
	const unknown = wanted.find(({name}) => !names.includes(name));
	if (unknown) return `There is no label ${unknown.name}; there are ${names.join(', ')}`;
	for (const {name, operator, value} of wanted) {
		const values = byFrequency(all.flatMap(({labels}) => labels?.[name] ?? []));
		if (operator === '=' && !values.includes(value)) return `${name} is ${values.join(', ')}`;
	}
	return undefined;
}

function byFrequency(words: readonly string[]): string[] {
	const counts = new Map<string, number>();
	for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
	return [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b)).map(([word]) => word);
}
