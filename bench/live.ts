/**
 * What the whole program costs while nobody touches it: the built dist/oddpod.js, engine and recorder's timeline included, in a pty beside an API
 * server on this machine that has a new sample of every pod every 15 s.
 *
 * `npm run bench:live`, `-- --pods 10000`, `-- --seconds 300`, `-- --json` for one line of JSON at the end.
 */
import {fork} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {Terminal} from './terminal.ts';

const {values: options} = parseArgs({
	options: {
		json: {type: 'boolean', default: false},
		pods: {type: 'string', default: '100'},
		seconds: {type: 'string', default: '120'},
	},
});
/** What the budget of DESIGN section 9 allows the whole program. */
const MOST_RSS: Readonly<Record<string, string>> = {100: '110 MB', 5000: '300 MB', 10000: '500 MB'};
/** The pods are listed, the rhythm is found, code is compiled. */
const SETTLE_MS = 60_000;

const folder = mkdtempSync(path.join(os.tmpdir(), 'oddpod-live-'));
process.env.XDG_STATE_HOME = folder;
process.env.XDG_CONFIG_HOME = folder;
const server = fork(path.join(import.meta.dirname, 'cluster-server.ts'), [options.pods, String(Date.now()), '1']);
try {
	const {port} = await new Promise<{port: number}>(resolve => server.once('message', message => resolve(message as {port: number})));
	const ca = readFileSync(path.join(import.meta.dirname, '../test/k8s/tls/server.crt')).toString('base64');
	const config = path.join(folder, 'kubeconfig');
	writeFileSync(
		config,
		JSON.stringify({
			clusters: [{name: 'b', cluster: {server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca}}],
			users: [{name: 'b', user: {token: 't'}}],
			contexts: [{name: 'b', context: {cluster: 'b', user: 'b'}}],
			'current-context': 'b',
		}),
	);
	using terminal = new Terminal(process.execPath, ['dist/oddpod.js', '--kubeconfig', config], {columns: 160, rows: 50});
	const shownMs = await terminal.until(() => /team-\d+ .*\d/.test(terminal.text), 60_000);
	if (shownMs === undefined) throw new Error(`No pod was shown:\n${terminal.text}`);
	await sleep(SETTLE_MS);
	const cpuFrom = terminal.cpuMs;
	const fromMs = performance.now();
	await sleep(Number(options.seconds) * 1000);
	const seconds = (performance.now() - fromMs) / 1000;
	const cpuPercent = (terminal.cpuMs - cpuFrom) / seconds / 10;
	const bytesPerSecond = terminal.bytesSince(fromMs) / seconds;
	const {rssMegabytes} = terminal;
	terminal.type('q');
	await terminal.until(() => false, 500);

	const say = (what: string, value: string, most = ''): void =>
		void process.stdout.write(`${what.padEnd(50)}${value.padStart(12)}   ${most}\n`);
	say(`${options.pods} pods live, a sample each 15 s, ${Math.round(seconds)} s`, '', 'at most');
	say('  start to the first pods', `${Math.round(shownMs - terminal.startedAtMs)} ms`);
	say('  CPU', `${cpuPercent.toFixed(2)} %`, options.pods === '100' ? '0.5 %' : '');
	say('  bytes', `${Math.round(bytesPerSecond)}/s`);
	say('  RSS', `${Math.round(rssMegabytes)} MB`, MOST_RSS[options.pods]);
	if (options.json) {
		const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
		process.stdout.write(
			`${JSON.stringify({
				pods: Number(options.pods),
				cpuPercent: round(cpuPercent),
				bytesPerSecond: round(bytesPerSecond, 0),
				rssMegabytes: round(rssMegabytes, 0),
			})}\n`,
		);
	}
} finally {
	server.kill();
	rmSync(folder, {recursive: true});
}
