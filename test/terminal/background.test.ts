// The question for the background: what is made of the answers, and what becomes of the keys round them.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {asksForBackground} from '../../source/commands/theme.ts';
import {themeOptionsFrom} from '../../source/screen/theme.ts';
import {BackgroundQuestion, backgroundIn} from '../../source/terminal/background.ts';
import {Answers} from '../../source/terminal/inlet.ts';

for (const [answer, background] of [
	['11;rgb:ffff/ffff/ffff', 'light'],
	['11;rgb:fdfd/f6f6/e3e3', 'light'],
	['11;rgb:0000/0000/0000', 'dark'],
	['11;rgb:1e1e/1e1e/2e2e', 'dark'],
	['11;rgb:0000/2b2b/3636', 'dark'],
	['11;rgb:ff/ff/ff', 'light'],
	['11;rgb:f/f/f', 'light'],
	['11;rgba:ffff/ffff/ffff/0000', 'light'],
	['11;#ffffff', 'light'],
	['11;#101010', 'dark'],
	['11;rgb:ffff/ffff', undefined],
	['11;rgb:fffff/ffff/ffff', undefined],
	['11;rgb:ffff/zzzz/ffff', undefined],
	['11;?', undefined],
	['11;', undefined],
	['4;1;rgb:ffff/ffff/ffff', undefined],
	['11;#fffff', undefined],
] as const) {
	test(`${answer} is ${background ?? 'no answer'}`, () => assert.equal(backgroundIn(answer), background));
}

/** What is heard and what is left of chunks that come at these times, the question having been asked at 0. */
function taken(...chunks: readonly (readonly [atMs: number, text: string])[]): {heard: string[]; keys: string} {
	const heard: string[] = [];
	const answers = new Answers(answer => heard.push(answer));
	answers.expect(0);
	let keys = '';
	let flushAtMs = Number.POSITIVE_INFINITY;
	for (const [atMs, text] of chunks) {
		if (atMs >= flushAtMs) keys += answers.flush();
		keys += answers.push(text, atMs);
		flushAtMs = answers.waits ? atMs + answers.patienceMs(atMs) : Number.POSITIVE_INFINITY;
	}
	return {heard, keys: keys + answers.flush()};
}
const WHITE = '11;rgb:ffff/ffff/ffff';

test('an answer is heard in one piece, in any pieces, and letter by letter over a line that takes its time', () => {
	for (const end of ['\x07', '\x1b\\']) {
		const answer = `\x1b]${WHITE}${end}`;
		assert.deepEqual(taken([80, `j${answer}k`]), {heard: [WHITE], keys: 'jk'});
		for (const gapMs of [0, 30, 90])
			assert.deepEqual(taken(...[...answer].map((letter, i) => [i * gapMs, letter] as const)), {heard: [WHITE], keys: ''}, `${gapMs} ms`);
		for (let cut = 3; cut < answer.length; cut++)
			assert.equal(taken([3000, `j${answer.slice(0, cut)}`], [3400, `${answer.slice(cut)}k`]).keys, 'jk', `cut at ${cut}`);
		// What is left of it after a second can only be more of the colour.
		for (let cut = '\x1b]11;'.length; cut < answer.length; cut++)
			assert.deepEqual(taken([3000, `j${answer.slice(0, cut)}`], [4200, `${answer.slice(cut)}k`]), {heard: [WHITE], keys: 'jk'});
	}
});

test('an answer that has lost its head to the escape key is no text', () => {
	assert.deepEqual(taken([0, '\x1b'], [300, `]${WHITE}\x07j`]), {heard: [WHITE], keys: '\x1bj'});
	assert.deepEqual(taken([0, '\x1b]'], [300, `${WHITE}\x07j`]), {heard: [WHITE], keys: '\x1b]j'});
});

test('garbage is not heard and presses no key; what is no answer at all is what it was', () => {
	for (const garbage of ['\x1b]11;rgb:zz/qq/jj\x07', '\x1b]11;\x07', '\x1b]11;rgb:ffff/ffff/ffff/ffff/ffff\x1b\\', '\x1b]11;?\x07']) {
		const {heard, keys} = taken([10, `j${garbage}k`]);
		assert.deepEqual([heard.map(backgroundIn), keys], [[undefined], 'jk']);
	}
	assert.deepEqual(taken([10, '\x1b]11;rgb:ff'], [900, 'jq']), {heard: [], keys: 'jq'});
	assert.deepEqual(taken([10, '\x1b'], [200, 'j'], [400, '\x1b[A']), {heard: [], keys: '\x1bj\x1b[A'});
	assert.deepEqual(taken([10, ']'], [60, ']']), {heard: [], keys: ']]'});
	assert.deepEqual(taken([9000, '\x1b'], [9050, 'd']), {heard: [], keys: '\x1bd'});
});

test('any keys round an answer, split anywhere in time, are left', () => {
	const key = fc.constantFrom('j', 'G', '\x1b[A', '\r', 'q', '/', ']', '決', 'z');
	fc.assert(
		fc.property(
			fc.array(key, {maxLength: 5}),
			fc.array(key, {maxLength: 5}),
			fc.array(fc.nat(60), {maxLength: 6}),
			(before, after, cuts) => {
				const whole = `${before.join('')}\x1b]${WHITE}\x07${after.join('')}`;
				const at = [0, ...cuts.filter(cut => cut < whole.length).sort((a, b) => a - b), whole.length];
				const chunks = at.slice(1).map((end, i): [number, string] => [i * 80, whole.slice(at[i], end)]);
				assert.deepEqual(taken(...chunks), {heard: [WHITE], keys: [...before, ...after].join('')});
			},
		),
		{numRuns: 300},
	);
});

test('it is asked once; who leaves waits for the answer, and not for one that will not come', async context => {
	context.mock.timers.enable({apis: ['setTimeout']});
	const sent: string[] = [];
	const told: string[] = [];
	const make = (): BackgroundQuestion =>
		new BackgroundQuestion(
			text => sent.push(text),
			background => told.push(background),
		);
	const answered = make();
	await answered.settled();
	answered.hear(WHITE);
	assert.deepEqual([sent, told], [[], []], 'nothing was asked');
	assert.equal(answered.ask(), true);
	assert.equal(answered.ask(), false);
	assert.deepEqual(sent, ['\x1b]11;?\x07']);
	answered.hear('52;c;cXVpdA==');
	answered.hear(WHITE);
	await answered.settled();
	assert.deepEqual(told, ['light']);

	const silent = make();
	silent.ask();
	let left = false;
	const leaves = silent.settled().then(() => {
		left = true;
	});
	context.mock.timers.tick(900);
	await null;
	assert.equal(left, false);
	context.mock.timers.tick(200);
	await leaves;
	silent.hear(WHITE);
	assert.deepEqual(told, ['light', 'light'], 'late is not too late');
});

test('who knows, or could not tell the difference, is not asked', () => {
	const asks = (env: Readonly<Record<string, string>>, theme: {background?: 'dark' | 'light'} = {}): boolean =>
		asksForBackground({theme}, themeOptionsFrom(env), env);
	assert.equal(asks({TERM: 'xterm-256color'}), true);
	assert.equal(asks({TERM: 'xterm', COLORTERM: 'truecolor'}), true);
	assert.equal(asks({TERM: 'screen-256color', COLORFGBG: 'default;default'}), true);
	assert.equal(asks({TERM: 'xterm-256color', COLORFGBG: '0;15'}), false);
	assert.equal(asks({TERM: 'xterm-256color'}, {background: 'dark'}), false);
	assert.equal(asks({TERM: 'xterm-256color', NO_COLOR: '1'}), false);
	for (const TERM of ['xterm', 'dumb', 'linux', 'vt100']) assert.equal(asks({TERM}), false, TERM);
	assert.equal(asks({TERM: 'linux', COLORTERM: 'truecolor'}), false);
});
