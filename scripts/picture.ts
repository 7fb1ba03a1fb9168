// Pictures of the built program for the readme: runs it in a pty behind a terminal emulator and writes what stands there as SVG.
// usage: node scripts/picture.ts OUT.svg 120x40 'text to wait for' 'keys' ARG…
import {writeFileSync} from 'node:fs';
import process from 'node:process';
import type {IBufferCell} from '@xterm/headless';
import {Terminal} from '../test/e2e/terminal.ts';

const [out, size = '120x40', waitFor = '', keys = '', ...args] = process.argv.slice(2);
const [columns = 120, rows = 40] = size.split('x').map(Number);
if (out === undefined) throw new Error('usage: node scripts/picture.ts OUT.svg 120x40 WAIT KEYS ARG…');

const CELL = {width: 8.4, height: 17, font: 14};
const isLight = process.env.COLORFGBG === '0;15';
const PLAIN = isLight ? '#24292e' : '#c5c8c6';
const GROUND = isLight ? '#ffffff' : '#101214';
const BASE = [
	'#1d1f21',
	'#e06c75',
	'#98c379',
	'#e5c07b',
	'#61afef',
	'#c678dd',
	'#56b6c2',
	'#c5c8c6',
	'#6b7078',
	'#ff7b86',
	'#b5e890',
	'#ffd98a',
	'#7fc4ff',
	'#e08cf5',
	'#6fd6e0',
	'#ffffff',
];

function colour(mode: {rgb: boolean; palette: boolean}, value: number, otherwise: string): string {
	if (mode.rgb) return `#${value.toString(16).padStart(6, '0')}`;
	if (!mode.palette) return otherwise;
	if (value < 16) return BASE[value] ?? otherwise;
	if (value < 232) {
		const level = (step: number): number => (step === 0 ? 0 : 55 + 40 * step);
		const n = value - 16;
		return `rgb(${level(Math.floor(n / 36))},${level(Math.floor(n / 6) % 6)},${level(n % 6)})`;
	}
	const grey = 8 + 10 * (value - 232);
	return `rgb(${grey},${grey},${grey})`;
}

const escaped = (text: string): string => text.replace(/[&<>]/g, sign => ({'&': '&amp;', '<': '&lt;', '>': '&gt;'})[sign] ?? sign);

const terminal = new Terminal(
	args,
	{columns, rows},
	{
		COLORTERM: 'truecolor',
		COLORFGBG: process.env.COLORFGBG ?? '',
		...(process.env.NO_COLOR && {NO_COLOR: process.env.NO_COLOR}),
	},
);
await terminal.until(waitFor || 'the screen', ({text}) => text.includes(waitFor) && text.trim() !== '', 120_000);
for (const key of keys.split(' ').filter(Boolean)) {
	terminal.type(({space: ' ', enter: '\r', esc: '\x1b', down: '\x1b[B', up: '\x1b[A', tab: '\t'} as Record<string, string>)[key] ?? key);
	await terminal.bytesWithin(400);
}
await terminal.bytesWithin(400);

const shapes: string[] = [];
for (let y = 0; y < rows; y++) {
	const line = terminal.buffer.getLine(terminal.buffer.viewportY + y);
	if (!line) continue;
	let run: {x: number; text: string; style: string} | undefined;
	const flush = (): void => {
		if (run && run.text.trim() !== '')
			shapes.push(
				`<text x="${(run.x * CELL.width).toFixed(1)}" y="${(y + 0.78) * CELL.height}" textLength="${(run.text.length * CELL.width).toFixed(1)}" ${run.style}>${escaped(run.text)}</text>`,
			);
		run = undefined;
	};
	for (let x = 0; x < columns; x++) {
		const cell: IBufferCell | undefined = line.getCell(x);
		if (!cell) break;
		let fill = colour({rgb: cell.isFgRGB(), palette: cell.isFgPalette()}, cell.getFgColor(), PLAIN);
		let ground = colour({rgb: cell.isBgRGB(), palette: cell.isBgPalette()}, cell.getBgColor(), GROUND);
		if (cell.isInverse()) [fill, ground] = [ground, fill];
		if (ground !== GROUND)
			shapes.push(
				`<rect x="${(x * CELL.width).toFixed(1)}" y="${y * CELL.height}" width="${CELL.width + 0.2}" height="${CELL.height}" fill="${ground}"/>`,
			);
		const style = `fill="${fill}"${cell.isBold() ? ' font-weight="bold"' : ''}${cell.isDim() ? ' opacity=".6"' : ''}`;
		if (!run || run.style !== style) {
			flush();
			run = {x, text: '', style};
		}
		// Viewers stretch a run to its length: words far apart are runs of their own, so that each begins in its column.
		const text = cell.getChars() || ' ';
		if (text === ' ' && (run.text === '' || run.text.endsWith(' '))) {
			flush();
			continue;
		}
		run.text += text;
	}
	flush();
}
const [width, height] = [columns * CELL.width, rows * CELL.height];
writeFileSync(
	out,
	`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height}" width="${width.toFixed(0)}" height="${height}">
<title>oddpod: ${escaped((terminal.rows[0] ?? '').trim())}</title>
<rect width="100%" height="100%" fill="${GROUND}"/>
<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="${CELL.font}" xml:space="preserve">
${shapes.join('\n')}
</g>
</svg>
`,
);
terminal[Symbol.dispose]();
