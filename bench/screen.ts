/**
 * How quick, calm and light the screen is: 10,000 pods on a filled timeline, 160x50, in a real pty behind a real terminal emulator.
 * Latency is from the key going in to the byte that completes the new selection on the emulated screen.
 *
 * `npm run bench:screen`, `-- --pods 100`, `-- --json` for one line of JSON at the end, `-- --profile` to write CPU profiles to .bench/.
 */
import {existsSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {Terminal} from './terminal.ts';

const {values: options} = parseArgs({
	options: {
		json: {type: 'boolean', default: false},
		profile: {type: 'boolean', default: false},
		pods: {type: 'string', default: '10000'},
		scrapes: {type: 'string', default: '120'},
		starts: {type: 'string', default: '9'},
	},
});
const SIZE = {columns: 160, rows: 50};
const GROWTH_UPDATES = 12_000;
const PROGRAM = path.resolve('.bench/screen-program.js');

const median = (values: readonly number[]): number => quantile(values, 0.5);
function quantile(values: readonly number[], q: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

const start = (pods: string, scrapes: string, flags: readonly string[] = []): Terminal =>
	new Terminal(process.execPath, [...flags, PROGRAM, pods, scrapes], SIZE);

/** Row of the selection: the one whose background is not that of its neighbours. */
function selectedRow({screen}: Terminal): number {
	const {active} = screen.buffer;
	for (let y = 3; y < screen.rows - 2; y++) {
		const cell = active.getLine(active.viewportY + y)?.getCell(4);
		if (cell && (cell.isInverse() || !cell.isBgDefault())) return y;
	}
	return -1;
}

interface Keys {
	readonly perSecond: number;
	readonly latencyMs: readonly number[];
	readonly lost: number;
	readonly bytesPerKey: number;
	readonly writesPerKey: number;
	readonly cpuPercent: number;
}

/** Down and up within the visible rows, at irregular moments. */
async function press(terminal: Terminal, perSecond: number, count: number): Promise<Keys> {
	const latencyMs: number[] = [];
	let lost = 0;
	const fromMs = performance.now();
	const cpuFrom = terminal.cpuMs;
	const chunksFrom = terminal.chunks.length;
	for (let i = 0; i < count; i++) {
		const down = i % 16 < 8;
		const target = selectedRow(terminal) + (down ? 1 : -1);
		const pressedMs = performance.now();
		terminal.type(down ? 'j' : 'k');
		const shownMs = await terminal.until(() => selectedRow(terminal) === target, 1000);
		if (shownMs === undefined) lost++;
		else latencyMs.push(shownMs - pressedMs);
		const nextMs = fromMs + ((i + 1) * 1000) / perSecond + (((i * 7919) % 11) - 5);
		await sleep(Math.max(0, nextMs - performance.now()));
	}
	const seconds = (performance.now() - fromMs) / 1000;
	return {
		perSecond,
		latencyMs,
		lost,
		bytesPerKey: terminal.bytesSince(fromMs) / count,
		writesPerKey: (terminal.chunks.length - chunksFrom) / count,
		cpuPercent: (terminal.cpuMs - cpuFrom) / seconds / 10,
	};
}

async function firstFrames(count: number): Promise<readonly number[]> {
	const wallMs: number[] = [];
	for (let i = 0; i <= count; i++) {
		using terminal = start('0', '0');
		await terminal.until(() => terminal.told.has('drawn'), 10_000);
		const drawnMs = terminal.told.get('drawn') ?? Number.NaN;
		// The first one fills the compile cache, which is written when a process ends in peace.
		if (i > 0) wallMs.push(drawnMs - terminal.startedAtMs);
		terminal.type('q');
		// Until it has ended: a cache that is half written is none.
		await terminal.until(() => false, 3000);
	}
	return wallMs;
}

/** Of the heap, an update, once the timeline is full: 100 pods, an anomaly every 20 updates. */
async function growth(): Promise<number> {
	using terminal = new Terminal(process.execPath, ['--expose-gc', PROGRAM, '100', '20', String(GROWTH_UPDATES)], SIZE);
	const grown = (): string | undefined => [...terminal.told.keys()].find(word => word.startsWith('grown_'));
	await terminal.until(() => grown() !== undefined, 120_000);
	return Number(grown()?.slice('grown_'.length));
}

const fixed = (value: number, digits = 1): string => (Number.isNaN(value) ? '–' : value.toFixed(digits));

/** What any program here pays for a key: reads it, and writes 300 bytes. */
const ECHO = `process.stdin.setRawMode(true); process.stdout.write('ready\\n'.repeat(20)); process.stdin.on('data', () => process.stdout.write('\\x1b[H' + 'x'.repeat(297)))`;

/** The same keys on what people have open today, to the first byte that comes back: their screens differ. */
async function peer(
	command: string,
	args: readonly string[],
	[down, up]: readonly [string, string],
	name = command,
): Promise<readonly string[] | undefined> {
	const file = path.isAbsolute(command)
		? command
		: (process.env.PATH ?? '')
				.split(':')
				.map(folder => path.join(folder, command))
				.find(existsSync);
	if (file === undefined) return undefined;
	using terminal = new Terminal(file, args, SIZE);
	const firstMs = await terminal.until(() => terminal.text.trim().split('\n').length > 10, 10_000);
	await sleep(4000);
	if (firstMs === undefined) return [name, 'showed nothing'];
	const idleFromMs = performance.now();
	const idleCpu = terminal.cpuMs;
	await sleep(10_000);
	const idle = (terminal.cpuMs - idleCpu) / (performance.now() - idleFromMs);
	const idleBytes = terminal.bytesSince(idleFromMs) / 10;
	const latencyMs: number[] = [];
	let bytes = 0;
	const cpuFrom = terminal.cpuMs;
	const keysFromMs = performance.now();
	for (let i = 0; i < 60; i++) {
		const pressedMs = performance.now();
		terminal.type(i % 16 < 8 ? down : up);
		const shownMs = await terminal.until(() => (terminal.chunks.at(-1)?.atMs ?? 0) >= pressedMs, 1000);
		if (shownMs !== undefined) latencyMs.push(shownMs - pressedMs);
		await sleep(Math.max(0, pressedMs + 100 - performance.now()));
		bytes += terminal.bytesSince(pressedMs);
	}
	const keysCpu = (terminal.cpuMs - cpuFrom) / (performance.now() - keysFromMs);
	return [
		name,
		`${fixed(median(latencyMs))} / ${fixed(quantile(latencyMs, 0.95))} ms (first byte)`,
		`${fixed(idle * 100, 2)} %`,
		`${fixed(keysCpu * 100)} %`,
		fixed(bytes / 60, 0),
		`${fixed(idleBytes, 0)}/s`,
		`${fixed(firstMs - terminal.startedAtMs, 0)} ms`,
		`${fixed(terminal.rssMegabytes, 0)} MB`,
	];
}

async function measure(): Promise<void> {
	const frames = await firstFrames(Number(options.starts));
	const flags = options.profile ? ['--cpu-prof', '--cpu-prof-dir=.bench'] : [];
	using terminal = start(options.pods, options.scrapes, flags);
	const filled = await terminal.until(() => terminal.told.has('filled'), 120_000);
	if (filled === undefined) throw new Error(`The timeline was not filled:\n${terminal.text}`);
	await sleep(3000);
	// One key chooses, and what follows it settles.
	terminal.type('j');
	await sleep(2000);

	const idleFromMs = performance.now();
	const idleCpu = terminal.cpuMs;
	await sleep(10_000);
	const idleCpuPercent = ((terminal.cpuMs - idleCpu) / (performance.now() - idleFromMs)) * 100;
	const idleBytes = terminal.bytesSince(idleFromMs);

	// Compiled by then, as the keys are below: the first twenty take up to three times as long.
	for (let i = 0; i < 20; i++) {
		terminal.signal('SIGUSR2');
		await sleep(250);
	}
	await sleep(1000);
	const updates = 20;
	const updatesFromMs = performance.now();
	const updatesCpu = terminal.cpuMs;
	const chunksFrom = terminal.chunks.length;
	for (let i = 0; i < updates; i++) {
		terminal.signal('SIGUSR2');
		await sleep(Math.max(0, updatesFromMs + (i + 1) * 1000 - performance.now()));
	}
	const updateCpuPercent = ((terminal.cpuMs - updatesCpu) / (performance.now() - updatesFromMs)) * 100;
	const bytesPerUpdate = terminal.bytesSince(updatesFromMs) / updates;
	const writesPerUpdate = (terminal.chunks.length - chunksFrom) / updates;

	await press(terminal, 10, 16); // compiled by then
	await sleep(1000);
	const slow = await press(terminal, 10, 80);
	await sleep(1000);
	const quick = await press(terminal, 30, 160);
	await sleep(1000);
	const rssMegabytes = terminal.rssMegabytes;
	const shown = terminal.text;
	terminal.type('q');
	await terminal.until(() => false, options.profile ? 3000 : 300);

	const grownBytes = await growth();

	const all = [...slow.latencyMs, ...quick.latencyMs];
	const lost = slow.lost + quick.lost;
	const peers: (readonly string[])[] = [];
	peers.push((await peer(process.execPath, ['-e', ECHO], ['j', 'k'], 'plain')) ?? []);
	for (const [command, args, keys] of [
		['htop', [], ['\x1b[B', '\x1b[A']],
		['btop', [], ['\x1b[B', '\x1b[A']],
		['k9s', ['-A', '-c', 'pods', '--splashless'], ['j', 'k']],
		['ktop', ['-A'], ['\x1b[B', '\x1b[A']],
	] as const) {
		const row = await peer(command, args, keys);
		peers.push(row ?? [command, 'not installed']);
	}

	const lines: string[] = [];
	const say = (what: string, value: string, most: string): void => void lines.push(`${what.padEnd(58)}${value.padStart(20)}   ${most}`);
	lines.push(`The screen at ${SIZE.columns}x${SIZE.rows}, ${options.pods} pods, Node ${process.versions.node}`);
	say('', 'measured', 'at most');
	for (const keys of [slow, quick]) {
		say(
			`key to screen at ${keys.perSecond}/s, median / p95`,
			`${fixed(median(keys.latencyMs))} / ${fixed(quantile(keys.latencyMs, 0.95))} ms`,
			'3 / 8 ms',
		);
		say(`  bytes a key, charts following afterwards`, fixed(keys.bytesPerKey, 0), '300');
		say(`  CPU`, `${fixed(keys.cpuPercent)} %`, keys.perSecond === 10 ? '6 %' : '');
		say(`  reads from the pty a key`, fixed(keys.writesPerKey, 2), '');
	}
	if (lost > 0) say('keys that were not seen to move the selection', `${lost}`, '0');
	say('nothing changed: CPU', `${fixed(idleCpuPercent, 2)} %`, '0 %');
	say('nothing changed: bytes', `${idleBytes}`, '0');
	say('one full update a second: CPU, with appending it', `${fixed(updateCpuPercent)} %`, '1.5 %');
	say('  bytes an update', fixed(bytesPerUpdate, 0), '6500');
	say('  reads from the pty an update', fixed(writesPerUpdate, 2), '');
	say('first frame from process start, median / best', `${fixed(median(frames), 0)} / ${fixed(Math.min(...frames), 0)} ms`, '120 ms');
	say('RSS', `${fixed(rssMegabytes, 0)} MB`, '260 MB');
	say(`heap, over ${GROWTH_UPDATES} updates of a full timeline`, `${fixed(grownBytes, 0)} B an update`, '1000 B');
	lines.push(
		'',
		'Beside it (plain: answers each key with 300 bytes and does nothing else): key, CPU idle, CPU at 10 keys/s, bytes a key, bytes idle, first screen, RSS',
	);
	for (const row of peers) lines.push(row.join('  '));
	process.stdout.write(`${lines.join('\n')}\n`);
	if (lost > all.length) process.stdout.write(`\n${shown}\n`);
	if (options.json) {
		const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
		process.stdout.write(
			`${JSON.stringify({
				keyToScreenMedianMs: round(median(all)),
				keyToScreenP95Ms: round(quantile(all, 0.95)),
				idleCpuPercent: round(idleCpuPercent),
				bytesPerKey: round((slow.bytesPerKey + quick.bytesPerKey) / 2, 0),
				bytesPerUpdate: round(bytesPerUpdate, 0),
				firstFrameMs: round(median(frames), 0),
				rssMegabytes: round(rssMegabytes, 0),
				heapBytesPerUpdate: grownBytes,
				pods: Number(options.pods),
			})}\n`,
		);
	}
}

await measure();
