// The built program as a script would call it: exit codes, one sentence of what happened and one of what to do, never a stack trace.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {after} from 'node:test';

const folder = mkdtempSync(path.join(tmpdir(), 'oddpod-test-'));
after(() => rmSync(folder, {recursive: true}));
const file = (name: string, content: string): string => {
	const at = path.join(folder, name);
	writeFileSync(at, content);
	return at;
};

interface Result {
	readonly status: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

function oddpod(args: readonly string[], env: Readonly<Record<string, string>> = {}): Result {
	const {status, stdout, stderr} = spawnSync(process.execPath, ['dist/oddpod.js', ...args], {
		encoding: 'utf8',
		env: {
			...process.env,
			KUBECONFIG: '',
			HOME: folder,
			XDG_CONFIG_HOME: path.join(folder, 'config'),
			TZ: 'UTC',
			KUBERNETES_SERVICE_HOST: '',
			...env,
		},
		timeout: 60_000,
	});
	for (const text of [stdout, stderr]) assert.doesNotMatch(text, /^\s+at .*:\d+:\d+|\x1b\[\?1049h/m, 'no stack trace, no alternate screen');
	return {status, stdout, stderr};
}

mkdirSync(path.join(folder, 'oddpod'));
file('oddpod/config.yaml', '# mine\ncolour: red\n');
const empty = file('empty.jsonl', '');
const text = file('text.jsonl', 'hello\n');
const shop = 'recordings/shop.jsonl.gz';
const newer = file('newer.jsonl', '{"oddpod":99,"startedAtMs":1}\n');
const json = file('other.jsonl', '{"version":2}\n');
const columns = file('columns.csv', 'stream,cpu\na,1\n');
const kubeconfig = file(
	'kubeconfig',
	JSON.stringify({
		apiVersion: 'v1',
		kind: 'Config',
		'current-context': 'a',
		contexts: [{name: 'a', context: {cluster: 'a', user: 'a'}}],
		clusters: [{name: 'a', cluster: {server: 'https://127.0.0.1:1'}}],
		users: [{name: 'a', user: {token: 'very-secret-token'}}],
	}),
);

/** Arguments, exit code, what stderr says, environment. */
const refused: readonly (readonly [string, readonly string[], number, RegExp, Readonly<Record<string, string>>?])[] = [
	['a missing file', ['replay', path.join(folder, 'none')], 1, /there is no file.*\n.*oddpod demo/],
	['an empty file', ['replay', empty], 1, /is empty.*\n.+/],
	['a text', ['replay', text], 1, /not JSON.*\n.+/],
	['another JSON', ['check', json], 1, /not the header.*\n.+/],
	['a newer recording', ['replay', newer], 1, /version 99.*\n.+/],
	['a folder', ['check', folder], 1, /folder.*\n.+/],
	['a CSV without its columns', ['evaluate', columns], 1, /no column t.*\n.+/],
	['no kubeconfig', ['top'], 1, /oddpod demo\.?\n$/],
	['an unknown context', ['top', '--context', 'b'], 1, /context.*b.*\n.+/, {KUBECONFIG: kubeconfig}],
	['a watch into a pipe without a cluster', [], 1, /stdout is no terminal: one line an event.*\n.*oddpod top\n.*oddpod demo\.?\n$/s],
	['a kubeconfig that there is not', ['top', '--kubeconfig', path.join(folder, 'none')], 1, /there is no kubeconfig .*\n.*--kubeconfig/],
	['a kubeconfig that is none', ['top', '--kubeconfig', text], 1, /: error loading config file .*\nTry: kubectl/],
	['a folder that is not there', ['demo', '--log', path.join(folder, 'none/a')], 1, /a cannot be written: no such file or directory\.\n/],
	['a short flag of another command', ['demo', '-n', 'shop'], 2, /-n is not a flag of `oddpod demo`/],
	['a kind of workload without a name', ['deploy'], 2, /deploy\/checkout.*got deploy\.\n/],
	['an unknown flag', ['replay', 'x', '--sped', '3'], 2, /--sped.*\n.*oddpod help replay/],
	['a flag of another command', ['top', '--speed', '3'], 2, /--speed.*oddpod top/],
	['a flag out of range', ['demo', '--speed', '-1'], 2, /--speed.*0\.1/],
	['a flag that is no number', ['demo', '--speed', 'fast'], 2, /--speed.*number/],
	['a training of part of a sample', ['demo', '--train', '30.5'], 2, /--train.*whole number from 20/],
	['an interval below 5 s', ['check', '--interval', '1'], 2, /--interval.*5/],
	['an unknown kind', ['check', text, '--fail-on', 'everything'], 2, /--fail-on.*memory-leak/],
	['a time that is none', ['check', text, '--for', 'soon'], 2, /--for.*30m/],
	['a start that is no time', ['demo', '--start', '25:00'], 2, /--start.*20m.*14:30:15.*anomaly:2/],
	['an unknown word', ['everything'], 2, /everything.*\n.*oddpod help/],
	['no file', ['evaluate'], 2, /FILE/],
	['too many files', ['replay', 'a', 'b'], 2, /one FILE/],
	['both -n and -A', ['top', '-n', 'a', '-A'], 2, /--namespace.*--all-namespaces/],
	[
		'a setting that is none',
		['top'],
		1,
		/config\.yaml, line 2: there is no setting colour; .*\n.*docs\/config\.md/,
		{XDG_CONFIG_HOME: folder},
	],
	['an unknown help', ['help', 'everything'], 2, /everything/],
	['a slip in a command', ['chek'], 2, /got chek; did you mean check\?\n/],
	['a slip in the command of help', ['help', 'expalin'], 2, /no command expalin; did you mean explain\?\n/],
	['a slip in a flag', ['demo', '--spede', '3'], 2, /--spede; did you mean --speed\?\n/],
	['a word where a number belongs', ['demo', '--speed', 'abc'], 2, /--speed .*got abc\.\n/],
	['a number that is left out', ['demo', '--speed'], 2, /--speed .*got none\.\n/],
	['a value where none belongs', ['demo', '--loop=3'], 2, /--loop without a value, got 3\.\n/],
	['a flag that is given twice', ['demo', '--seed', '1', '--seed', '2'], 2, /--seed .*once\.\n/],
	['the number of no anomaly', ['explain', shop, '99'], 2, /there are \d\d anomalies.*99.*\n.*oddpod explain recordings/],
	['a name that is nobody', ['explain', shop, 'nobody'], 2, /called nobody.*\n.*oddpod explain recordings/],
	['a name of several that are well', ['explain', shop, 'ads'], 2, /2 containers fit ads: shop\/ads-\S+, shop\/ads-/],
	['a start after the end', ['replay', shop, '--start', '5h'], 2, /--start .*is 1 h 45 min long, got 5h\.\n/],
	['a start at a time that was not recorded', ['demo', '--start', '1:10'], 2, /--start .*from 14:20:36 to 16:05:36, got 1:10\.\n/],
	['a start at an anomaly that there is not', ['demo', '--start', 'anomaly:99'], 2, /--start .*has \d\d anomalies, got anomaly:99\.\n/],
	['a flag before its command', ['--speed', '0', 'demo'], 2, /--speed.*0\.1.*\n.*oddpod help demo/],
	['a command after the flags of the cluster', ['-s', 'https://127.0.0.1:1', 'top'], 1, /right host or port\? Nothing listens there/],
];
for (const [what, args, status, said, env] of refused) {
	test(`${what} is refused with exit code ${status} and what to do`, () => {
		const result = oddpod(args, env);
		assert.match(result.stderr, said);
		assert.match(result.stderr, /^oddpod: (?!error: |[A-Z][a-z])[^\n]+[.?]\n[^\n]+\n/, 'one form: what and why, then what to do');
		assert.equal(result.status, status);
		assert.equal(result.stdout, '');
	});
}

test("an unreachable server is told in kubectl's words, and no secret with it", () => {
	const {status, stderr} = oddpod(['top', '--request-timeout', '2s'], {KUBECONFIG: kubeconfig});
	assert.equal(status, 1);
	assert.match(stderr, /127\.0\.0\.1:1 was refused/);
	assert.doesNotMatch(stderr, /very-secret-token/);
});

test('--version and --help answer at once', () => {
	assert.match(oddpod(['--version']).stdout, /^\d+\.\d+\.\d+\n$/);
	assert.match(oddpod(['--help']).stdout, /oddpod demo[\s\S]*oddpod check/);
	assert.ok(
		oddpod(['--help'])
			.stdout.split('\n')
			.every(line => line.length <= 100),
		'a line fits a terminal',
	);
	for (const command of ['demo', 'replay', 'top', 'check', 'evaluate', 'explain', 'doctor', 'watch']) {
		const {stdout, status} = oddpod(['help', command]);
		assert.equal(status, 0);
		assert.match(stdout, /usage: oddpod/);
		assert.ok(
			stdout.split('\n').every(line => line.length <= 100),
			'a line fits a terminal',
		);
	}
	assert.equal(oddpod(['replay', '--help']).stdout, oddpod(['help', 'replay']).stdout);
});

test('explain tells the worst that a name fits, says so, and names the others', () => {
	const {stdout, status} = oddpod(['explain', shop, 'frontend-vbs99kvzp9-gpsk6']);
	assert.equal(status, 0);
	assert.match(
		stdout,
		/^3 anomalies fit .*\n +\d+ .*memory-retained.*\nThe others.*\n +\d+ .*cpu-sustained.*\n +\d+ .*unlike-siblings.*\n\nshop\//,
	);
	assert.match(oddpod(['explain', shop, 'ledger-0']).stdout, /^payments\/ledger-0:ledger\n/);
	const {stdout: json} = oddpod(['explain', shop, 'frontend', '-o', 'json']);
	assert.equal(JSON.parse(json).kind, 'memory-retained');
});

test('an anomaly has one number: in the list of explain, and as the start of a replay', () => {
	const [, , third = ''] = oddpod(['explain', shop]).stdout.split('\n');
	assert.match(third, /^ +3 .* memory-leak +shop\/checkout-6fnvsnzfk9-cnzh6/);
	assert.match(oddpod(['explain', shop, '3']).stdout, /^shop\/checkout-6fnvsnzfk9-cnzh6:checkout\n/);
	const [first] = oddpod(['replay', shop, '--start', 'anomaly:3']).stdout.split('\n');
	assert.match(first ?? '', /level-shift +shop\/checkout-6fnvsnzfk9-cnzh6:checkout /);
});

test('a replay into a pipe begins at its start', () => {
	const all = oddpod(['replay', shop]).stdout.split('\n');
	const some = oddpod(['replay', shop, '--start', '15:10']).stdout.split('\n');
	assert.match(some[0] ?? '', /^15:1\d:/);
	assert.deepEqual(some, all.slice(-some.length));
	assert.equal(oddpod(['demo', '--start', '1h40m']).stdout, '');
});

/** How much is read, what counts, the exit code, the last words. */
const checks: readonly (readonly [string, string, number, RegExp])[] = [
	['10m', 'warning', 4, /^oddpod: 10 min seen, 0 of 26 containers judged: the training takes 100 samples, about 17 min here\.\n$/],
	['18m', 'warning', 0, /^oddpod: 18 min seen, 25 of 26 containers judged: the training takes 100 samples\.\n$/],
	['40m', 'warning', 3, /^oddpod: 40 min seen, .*\noddpod: found what --fail-on warning asks for: 1 memory-leak, 1 cpu-sustained\.\n$/],
	['24m', 'memory-leak', 0, /^oddpod: 24 min seen, .*\n$/],
	[
		'24m',
		'memory-leak:notice',
		3,
		/^oddpod: 24 min seen, .*\noddpod: found what --fail-on memory-leak:notice asks for: 2 memory-leak\.\n$/,
	],
	['27m', 'memory-leak', 3, /^oddpod: 27 min seen, .*\noddpod: found what --fail-on memory-leak asks for: 1 memory-leak\.\n$/],
];
for (const [time, what, status, said] of checks) {
	test(`a check of ${time} for ${what} says how many containers were judged, and ends with exit code ${status}`, () => {
		const result = oddpod(['check', shop, '--for', time, '--fail-on', what]);
		assert.match(result.stderr, said);
		assert.equal(result.status, status);
	});
}

test('evaluate names places as the other commands do, rounds seconds, and says what could not be read', () => {
	const whole = oddpod(['evaluate', shop]);
	assert.match(whole.stdout, / 25 s\n[\s\S]*✓ memory-leak +shop\/checkout-\S+:checkout /);
	assert.equal(whole.stderr, '');
	const torn = path.join(folder, 'torn.jsonl.gz');
	writeFileSync(torn, readFileSync(shop).subarray(0, 30_000));
	const {stderr, status} = oddpod(['evaluate', torn]);
	assert.match(stderr, /torn\.jsonl\.gz: the recording breaks off; 1 line could not be read\.\n$/);
	assert.equal(status, 0);
});
