/**
 * The program in go/: etcd, kube-apiserver and metrics-server. Built once and kept outside the work tree, under a name that
 * tells what it was built from.
 */
import {execFile, spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';

/** The variable in which the tests are told the program's path. */
export const CONTROL_PLANE = 'ODDPOD_CONTROL_PLANE';

const SOURCE = join(import.meta.dirname, 'go');
const VERSION = {package: 'k8s.io/component-base/version', git: 'v1.37.2', major: '1', minor: '37'};

/** A cold build takes about 9 minutes of processor time: 5 minutes on two idle cores. */
const BUILD_TIMEOUT_MS = 25 * 60_000;

/** `missing`: not possible on this machine, which is no failure; `broken`: it ought to have been. */
export type Built = {readonly path: string} | {readonly missing: string} | {readonly broken: string};

const cacheFolder = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'oddpod');

/** The program's path, or why there is none. `tell` hears of a build that takes long. */
export async function buildControlPlane(tell: (line: string) => void): Promise<Built> {
	const files = readdirSync(SOURCE).sort();
	const hash = createHash('sha256');
	for (const file of files) hash.update(file).update(readFileSync(join(SOURCE, file)));
	const path = join(cacheFolder(), `control-plane-${hash.digest('hex').slice(0, 12)}`);
	if (existsSync(path)) return {path};
	const version = await goVersion();
	if (version === undefined) return {missing: 'Go is not installed (1.26.4 or newer builds kube-apiserver, etcd and metrics-server)'};
	const endMs = Date.now() + BUILD_TIMEOUT_MS;
	const late = {missing: `the Go build was not done after ${BUILD_TIMEOUT_MS / 60_000} minutes`};
	tell(`building kube-apiserver, etcd and metrics-server with Go ${version}: 5 minutes on two idle cores, seconds when Go's cache is warm`);
	// Fetches what is not there yet.
	const modules = await go(['list', '-deps', '.'], endMs);
	if (modules === 'late') return late;
	if (modules !== undefined) return {missing: `the Go modules cannot be had: ${modules}`};
	mkdirSync(cacheFolder(), {recursive: true});
	const began = Date.now();
	// Two builds at once must not write one file.
	const unfinished = `${path}.${process.pid}`;
	const set = (name: string, value: string): string => `-X ${VERSION.package}.${name}=${value}`;
	const flags = ['-s', '-w', set('gitVersion', VERSION.git), set('gitMajor', VERSION.major), set('gitMinor', VERSION.minor)].join(' ');
	const build = await go(['build', '-p', '2', '-trimpath', '-ldflags', flags, '-o', unfinished, '.'], endMs);
	if (build !== undefined) {
		rmSync(unfinished, {force: true});
		return build === 'late' ? late : {broken: `the Go build failed: ${build}`};
	}
	renameSync(unfinished, path);
	tell(`built in ${Math.round((Date.now() - began) / 1000)} s`);
	return {path};
}

async function goVersion(): Promise<string | undefined> {
	try {
		const {stdout} = await promisify(execFile)('go', ['env', 'GOVERSION'], {timeout: 20_000, cwd: SOURCE});
		return stdout.trim().replace(/^go/, '');
	} catch {
		return undefined;
	}
}

/** Undefined when it went well, else why not. Nobody's terminal waits for it, so it gives way to everything else. */
function go(args: readonly string[], endMs: number): Promise<string | undefined> {
	return new Promise(resolve => {
		const child = spawn('nice', ['-n', '19', 'go', ...args], {
			cwd: SOURCE,
			env: {...process.env, CGO_ENABLED: '0', GOMAXPROCS: '2'},
			stdio: ['ignore', 'ignore', 'pipe'],
			detached: true,
		});
		let said = '';
		let isLate = false;
		// The compilers are children of its own: the whole group ends, also when we do.
		const end = (): void => {
			try {
				if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
			} catch {}
		};
		const timer = setTimeout(() => {
			isLate = true;
			end();
		}, endMs - Date.now());
		process.once('exit', end);
		child.stderr.on('data', part => {
			said = (said + part).slice(-2000);
		});
		child.on('error', error => {
			said = error.message;
		});
		child.on('close', code => {
			clearTimeout(timer);
			process.off('exit', end);
			if (isLate) resolve('late');
			else resolve(code === 0 ? undefined : said.trim().split('\n').slice(-3).join(' | ') || `go ${args[0]} ended with ${code}`);
		});
	});
}
