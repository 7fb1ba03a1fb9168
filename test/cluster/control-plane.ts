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

export type Built = {readonly path: string} | {readonly missing: string};

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
	tell(`building kube-apiserver, etcd and metrics-server with Go ${version}: 5 minutes on two idle cores, seconds when Go's cache is warm`);
	mkdirSync(cacheFolder(), {recursive: true});
	const began = Date.now();
	// Two builds at once must not write one file.
	const unfinished = `${path}.${process.pid}`;
	const failure = await goBuild(unfinished);
	if (failure !== undefined) {
		rmSync(unfinished, {force: true});
		return {missing: failure};
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

/** Why it could not be built; undefined when it was. Nobody's terminal waits for it, so it gives way to everything else. */
function goBuild(output: string): Promise<string | undefined> {
	const set = (name: string, value: string): string => `-X ${VERSION.package}.${name}=${value}`;
	const flags = ['-s', '-w', set('gitVersion', VERSION.git), set('gitMajor', VERSION.major), set('gitMinor', VERSION.minor)].join(' ');
	const args = ['-n', '19', 'go', 'build', '-p', '2', '-trimpath', '-ldflags', flags, '-o', output, '.'];
	return new Promise(resolve => {
		const child = spawn('nice', args, {
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
		}, BUILD_TIMEOUT_MS);
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
			if (code === 0) resolve(undefined);
			else if (isLate) resolve(`the Go build was not done after ${BUILD_TIMEOUT_MS / 60_000} minutes`);
			else resolve(`the Go build failed (is the module proxy reachable?): ${said.trim().split('\n').slice(-3).join(' | ')}`);
		});
	});
}
