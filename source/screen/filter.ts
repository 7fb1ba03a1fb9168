/** `/text`, `/!text`, `/node=worker-1`, `/-l app=x,tier!=test`: which containers stay on the list. */
import type {Container} from '../scrape.ts';

export interface Filter {
	readonly matches: (of: Container, words: () => string) => boolean;
	/** What is wrong with it; it then matches everything. */
	readonly problem?: string;
}

const ALL: Filter = {matches: () => true};

export function parseFilter(text: string): Filter {
	const trimmed = text.trim();
	if (trimmed === '' || trimmed === '!' || trimmed === '-l') return ALL;
	const labels = /^-l\s*(.+)$/.exec(trimmed);
	if (labels) return labelFilter(labels[1] ?? '');
	const inverse = trimmed.startsWith('!');
	const node = /^!?node=(.*)$/.exec(trimmed)?.[1];
	const pattern = node ?? (inverse ? trimmed.slice(1) : trimmed);
	let found: (haystack: string) => boolean;
	try {
		const expression = new RegExp(pattern, 'i');
		found = haystack => expression.test(haystack);
	} catch {
		// Half-typed (`api-(`): taken letter by letter until it is whole.
		const needle = pattern.toLowerCase();
		found = haystack => haystack.toLowerCase().includes(needle);
	}
	return {
		matches: (of, words) =>
			found(
				node === undefined ? `${of.namespace}/${of.pod}:${of.name} ${of.workload ?? ''} ${of.node ?? ''} ${words()}` : (of.node ?? ''),
			) !== inverse,
	};
}

/** kubectl's label selectors: `a=b`, `a==b`, `a!=b`, `a`, `!a`, joined by commas. */
function labelFilter(text: string): Filter {
	const tests: ((labels: Readonly<Record<string, string>>) => boolean)[] = [];
	for (const part of text.split(',').map(piece => piece.trim())) {
		if (part === '') continue;
		const found = /^(!)?([A-Za-z0-9./_-]+)\s*(?:(==|=|!=)\s*([A-Za-z0-9._-]*))?$/.exec(part);
		if (!found) return {...ALL, problem: `“${part}” is no label selector: app=checkout, tier!=test, canary, !canary`};
		const [, not, name = '', operator, value] = found;
		if (operator === undefined) tests.push(labels => Object.hasOwn(labels, name) !== (not !== undefined));
		else if (operator === '!=') tests.push(labels => labels[name] !== value);
		else tests.push(labels => labels[name] === value);
	}
	return {matches: of => tests.every(test => test(of.labels ?? {}))};
}
