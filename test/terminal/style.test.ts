import assert from 'node:assert/strict';
import test from 'node:test';
import {PLAIN, Styles} from '../../source/terminal/style.ts';
import {createRandom, whole} from './random-screen.ts';

/** As a terminal would: the parameters of each SGR sequence, one after the other. */
function apply(styles: Styles, from: number, text: string): number {
	let style = from;
	for (const [, parameters = '', link] of text.matchAll(/\x1b\[([\d;:]*)m|\x1b\]8;(.*?)\x1b\\/g)) {
		style = link === undefined ? styles.apply(style, parameters) : styles.link(style, link === ';' ? '' : link);
	}
	return style;
}

test('the way from any style to any other leads there, and is no longer than to begin anew', () => {
	const styles = new Styles();
	const random = createRandom(5);
	const codes = [
		'1',
		'2',
		'3',
		'4',
		'4:3',
		'5',
		'7',
		'8',
		'9',
		'53',
		'31',
		'97',
		'38;5;208',
		'38;2;1;2;3',
		'44',
		'48;5;236',
		'58;5;3',
		'22',
		'39',
		'0',
	];
	const any = (): number => {
		let style = PLAIN;
		for (let n = whole(random, 8); n > 0; n--) style = styles.apply(style, codes[whole(random, codes.length)] ?? '');
		return random() < 0.2 ? styles.link(style, ';https://example.com') : style;
	};
	for (let i = 0; i < 20_000; i++) {
		const [from, to] = [any(), any()];
		const way = styles.change(from, to);
		assert.equal(apply(styles, from, way), to, JSON.stringify(way));
		assert.ok(way.length <= `\x1b]8;;\x1b\\\x1b[0m${styles.change(PLAIN, to)}`.length, JSON.stringify(way));
		if (from === to) assert.equal(way, '');
	}
});

test('what cannot be seen on a blank is left out', () => {
	const styles = new Styles();
	const style = (parameters: string): number => styles.apply(PLAIN, parameters);
	assert.equal(styles.blank(style('1;3;31')), PLAIN);
	assert.equal(styles.blank(style('1;31;44')), style('44'));
	assert.equal(styles.blank(style('31;7')), style('31;7'));
	assert.equal(styles.erased(style('31;7;44')), style('44'));
});
