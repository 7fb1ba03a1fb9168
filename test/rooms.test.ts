// Which room may import which: data flows one way, and the heavy libraries stay in their rooms.
import assert from 'node:assert/strict';
import {globSync, readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';

/** Files straight in source/ are rooms of their own. Nothing imports upwards. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
	scrape: [],
	version: [],
	format: [],
	clean: [],
	failure: ['scrape'],
	'nearest-word': [],
	flags: ['failure', 'nearest-word'],
	config: ['failure', 'clean', 'flags', 'screen', 'config-text'],
	'config-text': ['clean', 'config', 'screen'],
	recording: ['scrape', 'failure', 'clean'],
	engine: ['scrape'],
	k8s: ['scrape', 'recording', 'clean', 'failure', 'format'],
	sentences: ['scrape', 'engine', 'format'],
	why: ['scrape', 'engine', 'format', 'sentences'],
	samples: [],
	'young-heap': [],
	moment: ['scrape', 'engine'],
	versions: [],
	episodes: ['engine', 'moment', 'versions'],
	timeline: ['scrape', 'engine', 'samples', 'moment', 'episodes', 'versions'],
	cursor: ['timeline', 'engine'],
	pipeline: ['scrape', 'engine', 'timeline'],
	evaluation: ['scrape', 'engine', 'recording', 'clean', 'failure'],
	load: ['scrape'],
	sinks: ['load', 'scrape', 'engine', 'format', 'sentences', 'pipeline', 'recording', 'clean', 'failure', 'timeline'],
	screen: ['load', 'moment', 'scrape', 'engine', 'format', 'sentences', 'why', 'timeline', 'cursor', 'clean'],
	terminal: ['..'], // the packages that its aliases stand in for, by path
	components: ['screen', 'format'],
	app: ['components', 'screen', 'timeline', 'cursor', 'format', 'scrape', 'engine'],
	commands: ['*'],
	kubectl: ['scrape'],
	silences: ['scrape'],
	succession: ['scrape'],
	cli: ['commands', 'config', 'failure', 'flags', 'nearest-word', 'terminal', 'version', 'young-heap'],
	oddpod: ['cli'],
};

/** Types alone may be imported of the engine outside the rooms that run it. */
const RUNS_THE_ENGINE = ['engine', 'evaluation', 'commands'];
const ENGINE_DOOR = /engine\/verdict\.ts$/;

const HEAVY: Readonly<Record<string, readonly string[]>> = {
	'@kubernetes/client-node': ['k8s'],
	ink: ['components', 'app', 'commands'],
	react: ['components', 'app', 'commands'],
	meow: ['cli'],
	yaml: ['config-text'],
	asciichart: ['screen', 'components'],
};

const roomOf = (file: string): string =>
	path
		.relative('source', file)
		.split(path.sep)[0]!
		.replace(/\.tsx?$/, '');

const imports = globSync('source/**/*.{ts,tsx}').flatMap(file =>
	[...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s(?:[^;]*?\sfrom\s)?'([^']+)'|import\('([^']+)'\)/gm)].map(match => ({
		file,
		target: match[1] ?? match[2]!,
	})),
);

test('there is something to check', () => assert.ok(imports.length > 50));

test('rooms import only what lies below them', () => {
	const wrong = imports
		.filter(({target}) => target.startsWith('.'))
		.map(({file, target}) => ({file, target: path.join(path.dirname(file), target)}))
		.filter(({file, target}) => {
			const [from, to] = [roomOf(file), roomOf(target)];
			const may = MAY_IMPORT[from] ?? [];
			if (from === to || may.includes('*')) return false;
			if (!may.includes(to)) return true;
			return to === 'engine' && !RUNS_THE_ENGINE.includes(from) && !ENGINE_DOOR.test(target);
		});
	assert.deepEqual(wrong, []);
});

test('heavy libraries stay in their rooms', () => {
	const wrong = imports.filter(({file, target}) =>
		Object.entries(HEAVY).some(([name, rooms]) => (target === name || target.startsWith(`${name}/`)) && !rooms.includes(roomOf(file))),
	);
	assert.deepEqual(wrong, []);
});

test('the engine reads no clock and rolls no dice of its own', () => {
	const wrong = globSync('source/engine/**/*.ts').filter(file =>
		/Date\.now\(|Math\.random\(|new Date\(\)|performance\.now\(|node:(?!v8')/.test(readFileSync(file, 'utf8')),
	);
	assert.deepEqual(wrong, []);
});
