// All pictures in docs/pictures, of the built program: node build.mjs && node scripts/pictures.ts
import {execFileSync} from 'node:child_process';
import process from 'node:process';

const SIZES = ['80x24', '120x40', '160x50', '200x60'];
/** A moment of the demo, by minutes after its beginning. */
const TROUBLE = '36m';
const PEACE = '19m';

interface Picture {
	readonly name: string;
	readonly size: string;
	readonly start: string;
	readonly keys?: string;
	readonly more?: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
}

const pictures: readonly Picture[] = [
	...SIZES.flatMap((size): Picture[] => [
		{name: `trouble-${size}`, size, start: TROUBLE},
		{name: `peace-${size}`, size, start: PEACE},
		{name: `mono-trouble-${size}`, size, start: TROUBLE, env: {NO_COLOR: '1'}},
		{name: `mono-peace-${size}`, size, start: PEACE, env: {NO_COLOR: '1'}},
	]),
	{name: 'why-120x40', size: '120x40', start: TROUBLE, keys: 'enter'},
	{name: 'load-120x40', size: '120x40', start: '47m'},
	{name: 'nodes-120x40', size: '120x40', start: TROUBLE, keys: 'o enter'},
	{name: 'light-120x40', size: '120x40', start: TROUBLE, env: {COLORFGBG: '0;15'}},
	{name: 'ascii-120x40', size: '120x40', start: TROUBLE, more: ['--ascii']},
];

for (const {name, size, start, keys = '', more = [], env = {}} of pictures) {
	const program = ['demo', '--utc', '--start', start, '--speed', '0.1', ...more];
	execFileSync(process.execPath, ['scripts/picture.ts', `docs/pictures/${name}.svg`, size, 'quit', `space ${keys}`, ...program], {
		env: {...process.env, ...env},
		stdio: 'inherit',
		timeout: 60_000,
	});
	process.stdout.write(`docs/pictures/${name}.svg\n`);
}
