import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test, {after} from 'node:test';
import fc from 'fast-check';
import {themeFrom} from '../source/commands/theme.ts';
import {configFile, NO_CONFIG, readConfig} from '../source/config.ts';
import {type Mistake, parseConfig} from '../source/config-text.ts';
import {Failure} from '../source/failure.ts';
import {checkFlags} from '../source/flags.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'oddpod-test-'));
after(() => rmSync(folder, {recursive: true}));

function mistakesIn(text: string): readonly string[] {
	const mistakes: Mistake[] = [];
	parseConfig(text, mistakes);
	return mistakes.map(({line, what}) => `${line}: ${what}`);
}

test('the example in docs/config.md is valid, and says what it says', () => {
	const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync('docs/config.md', 'utf8')) ?? [];
	const mistakes: Mistake[] = [];
	assert.deepEqual(parseConfig(example, mistakes), {
		flags: {namespace: 'shop,payments', sensitivity: 'normal', ascii: false, utc: false},
		theme: {colour: '256', background: 'dark', inks: {critical: '#ff6b68', warning: '215', line: 'bright-cyan'}},
		columns: ['namespace', 'pod', 'verdict', 'memory', 'memory-limit', 'limit-at', 'restarts', 'node'],
	});
	assert.deepEqual(mistakes, []);
});

test('nothing, a comment and an empty file are no settings', async () => {
	for (const text of ['', '# nothing\n', '---\n']) assert.deepEqual(mistakesIn(text), [], JSON.stringify(text));
	assert.deepEqual(await readConfig(undefined), NO_CONFIG);
	assert.deepEqual(await readConfig(path.join(folder, 'none.yaml')), NO_CONFIG);
	assert.deepEqual(parseConfig('namespace: all', []).flags, {allNamespaces: true});
	assert.deepEqual(parseConfig('namespace:\n  - a\n  - b\n', []).flags, {namespace: 'a,b'});
});

test('what is written counts, not the number that it could be', () => {
	for (const name of ['007', '1e3', '0x10', '2024-01-01', 'null-1', 'true'])
		for (const text of [`namespace: ${name}`, `namespace: [${name}]`, `namespace: "${name}"`])
			assert.deepEqual(parseConfig(text, []).flags, {namespace: name}, text);
	assert.deepEqual(parseConfig('utc: True\ncolours:\n  depth: 16', []), {...NO_CONFIG, flags: {utc: true}, theme: {colour: '16'}});
});

test('the colours of the file win over what the terminal says, and NO_COLOR over the file', () => {
	const depth = (env: Readonly<Record<string, string>>, colour?: '256' | 'true'): string | undefined =>
		themeFrom({}, {theme: {...(colour && {colour})}}, env).colour;
	assert.equal(depth({TERM: 'vt100'}), 'none');
	assert.equal(depth({TERM: 'vt100'}, '256'), '256');
	assert.equal(depth({TERM: 'xterm-256color'}, 'true'), 'true');
	assert.equal(depth({TERM: 'xterm-256color', NO_COLOR: '1'}, 'true'), 'none');
	assert.equal(depth({TERM: 'xterm', NO_COLOR: ''}, '256'), '256');
});

test('each mistake has its line and its reason', () => {
	const table: readonly [string, RegExp][] = [
		['sensitivty: high', /^1: there is no setting sensitivty; there are namespace, sensitivity/],
		['\n\nsensitivity: highest', /^3: expected sensitivity to be one of low, normal, high, got highest/],
		['sensitivity:', /^1: sensitivity has no value/],
		['sensitivity: [low]', /^1: expected sensitivity .* got a list/],
		['columns:\n  - pod\n  - colour', /^3: there is no column colour; there are namespace, pod/],
		['columns: [cpu, cpu]', /^1: the column cpu stands there twice/],
		['columns: {cpu: 1}', /^1: expected columns to be a list/],
		['columns: []', /^1: columns has no value/],
		['namespace: []', /^1: namespace has no value/],
		['namespace: ""', /^1: namespace has no value/],
		['namespace:\n  - shop\n  -\n', /^3: an item of namespace is empty/],
		['namespace:\n  - shop\n  - ~\n', /^3: an item of namespace is empty/],
		['namespace: True', /^1: True is no name of a namespace/],
		['colours:\n  critical: 1e1', /^2: expected colours.critical .* got 1e1/],
		['colours:\n  critical: 010', /^2: expected colours.critical .* got 010/],
		['colours:\n  depth: 0x10', /^2: expected colours.depth .* got 0x10/],
		['namespace: Shop', /^1: Shop is no name of a namespace/],
		['colours:\n  critical: reddish', /^2: expected colours.critical to be '#rrggbb'/],
		['colours:\n  critical: 256', /^2: expected colours.critical/],
		['colours:\n  criticl: red', /^2: there is no setting colours.criticl; there are depth/],
		['colours: red', /^1: expected names with values under colours/],
		['- a\n- b', /^1: expected names with values/],
		['just words', /^1: expected names with values/],
		['utc: yes', /^1: expected utc to be one of true, false, got yes/],
		['a: [1', /^1: /],
		['utc: true\nutc: false', /^2: .*unique/],
		['utc: true\n\tascii: true', /^2: /],
		['x'.repeat(70_000), /^1: it is longer than 64 KB/],
	];
	for (const [text, said] of table) {
		const [first = ''] = mistakesIn(text);
		assert.match(first, said, text.slice(0, 60));
	}
	assert.equal(mistakesIn('utc: 1\nascii: 2\ncolumns: [x, y]').length, 4, 'all are told');
});

test('whatever stands there is settings or mistakes', () => {
	const piece = fc.constantFrom(
		'utc',
		'columns',
		'colours',
		': ',
		'\n',
		'  ',
		'- ',
		'[',
		']',
		'{',
		'}',
		'&a ',
		'*a',
		'!!x ',
		'"',
		'\t',
		'\x00',
		'true',
		'?',
		'|',
	);
	fc.assert(
		fc.property(fc.array(fc.oneof(piece, fc.string({maxLength: 8})), {maxLength: 20}), pieces => {
			for (const mistake of mistakesIn(pieces.join(''))) assert.match(mistake, /^\d+: .+/);
		}),
		{numRuns: 300},
	);
});

test('a file with mistakes is a failure that names them', async () => {
	const file = configFile({XDG_CONFIG_HOME: folder}) ?? '';
	assert.equal(file, path.join(folder, 'oddpod', 'config.yaml'));
	assert.equal(configFile({HOME: '/home/me'}), '/home/me/.config/oddpod/config.yaml');
	mkdirSync(path.dirname(file));
	writeFileSync(file, 'utc: maybe\n\ncolumns: [x]\n');
	await assert.rejects(
		readConfig(file),
		(error: unknown) =>
			error instanceof Failure && /config\.yaml, line 1: expected utc.*; line 3: there is no column x/.test(error.problem.what),
	);
	await assert.rejects(readConfig(folder), (error: unknown) => error instanceof Failure && error.problem.id === 'config-unreadable');
});

test('what a flag says wins, and the defaults come last', () => {
	const usual = {namespace: 'shop', sensitivity: 'high', ascii: true} as const;
	assert.equal(checkFlags('watch', {}, usual).sensitivity, 'high');
	assert.equal(checkFlags('watch', {}).sensitivity, 'normal');
	assert.equal(checkFlags('watch', {sensitivity: 'low'}, usual).sensitivity, 'low');
	assert.equal(checkFlags('watch', {ascii: false}, usual).ascii, false);
	assert.equal(checkFlags('watch', {allNamespaces: true}, usual).namespace, undefined);
	assert.equal(checkFlags('demo', {}, usual).namespace, undefined, 'a flag of another command');
});
