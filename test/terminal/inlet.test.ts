import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {Answers} from '../../source/terminal/inlet.ts';

/** All in one go, then what was kept, as if nothing followed. */
function left(...chunks: readonly string[]): string {
	const answers = new Answers();
	return chunks.map(chunk => answers.push(chunk, 0)).join('') + answers.flush();
}

const ANSWERS: readonly (readonly [what: string, text: string])[] = [
	['the background, ended by ST', '\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\'],
	['the background, ended by BEL', '\x1b]11;rgb:1e1e/1e1e/1e1e\x07'],
	['a colour of the palette', '\x1b]4;1;rgb:cccc/0000/0000\x1b\\'],
	['the clipboard', '\x1b]52;c;cXVpdA==\x07'],
	['a capability', '\x1bP1+r544e=787465726d\x1b\\'],
	['the name of the terminal', '\x1bP>|XTerm(390)\x1b\\'],
	['a setting', '\x1bP1$r0m\x1b\\'],
	['a picture', '\x1b_Gi=31;OK\x1b\\'],
	['an old mouse report', '\x1b[M !q'],
];
for (const [what, text] of ANSWERS) {
	test(`an answer is no key: ${what}`, () => {
		assert.equal(left(text), '');
		assert.equal(left(`jj${text}k`), 'jjk');
		for (let i = 1; i < text.length; i++)
			assert.equal(left(`j${text.slice(0, i)}`, `${text.slice(i)}k`), 'jk', JSON.stringify(text.slice(0, i)));
		assert.equal(left('j', ...text, 'k'), 'jk', 'letter by letter');
	});
}

test('keys are what they were', () => {
	const keys = [
		'\x1b',
		'\x1b[A',
		'\x1bOB',
		'\x1b[5~',
		'\x1b[1;5C',
		'\x1b[M',
		'\x1bj',
		'\x1b\x1b',
		'\x1b]',
		'\x1bP',
		'\x1b[',
		'jjj\x1bG\r',
		'é決',
		'\x03',
		'\x1b[<0;10;5M',
	];
	for (const text of keys) {
		assert.equal(left(text), text, JSON.stringify(text));
		assert.equal(left(...text), text, JSON.stringify([...text]));
	}
});

test('any mixture of keys and answers, split anywhere, leaves the keys', () => {
	const key = fc.constantFrom('j', 'G', '\x1b[A', '\x1bOB', '\r', '\x03', '/', 'q', '決', '\x1b[6~');
	const answer = fc.constantFrom(...ANSWERS.map(([, text]) => text));
	const part = fc.oneof(fc.record({text: key, isKey: fc.constant(true)}), fc.record({text: answer, isKey: fc.constant(false)}));
	fc.assert(
		fc.property(fc.array(part, {maxLength: 12}), fc.array(fc.nat({max: 400}), {maxLength: 10}), (parts, cuts) => {
			const whole = parts.map(({text}) => text).join('');
			const at = [0, ...cuts.filter(cut => cut < whole.length).sort((a, b) => a - b), whole.length];
			const chunks = at.slice(1).map((end, i) => whole.slice(at[i], end));
			assert.equal(left(...chunks), parts.map(({text, isKey}) => (isKey ? text : '')).join(''));
		}),
		{numRuns: 400},
	);
});

test('an answer that never ends does not swallow the keys after it', () => {
	const answers = new Answers();
	assert.equal(answers.push('\x1b]11;rgb:', 0), '');
	assert.equal(answers.push('1e1e', 100), '');
	assert.equal(answers.push('jq', 1000), 'jq');
	assert.equal(left('\x1b]11;rgb:', '\x03'), '\x03', 'ctrl-c is heard at once');
	assert.equal(left(`\x1b]11;${'x'.repeat(100_000)}`, 'q'), 'q');
});

test('a paste is cut, and its end is found wherever it is split', () => {
	const paste = `\x1b[200~${'word\x1b]11; '.repeat(100_000)}\x1b[201~`;
	const chunks = Array.from({length: Math.ceil(paste.length / 1021)}, (_, i) => paste.slice(i * 1021, (i + 1) * 1021));
	for (const cut of [left(`j${paste}k`), left('j', ...chunks, 'k')]) {
		assert.match(cut, /^j\x1b\[200~word/);
		assert.ok(cut.endsWith('\x1b[201~k'));
		assert.ok(cut.length < 5000);
	}
});

test('a paste that breaks off is over with the next key', () => {
	const answers = new Answers();
	assert.equal(answers.push('\x1b[200~qqq', 0), '\x1b[200~');
	assert.equal(answers.waits, false);
	assert.equal(answers.push('j', 1000), '\x1b[201~j');
});
