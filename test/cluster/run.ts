/**
 * `npm run test:cluster`: builds the control plane once, then runs the tests beside each other, each with a cluster of its own (they mostly wait).
 * With KUBECONFIG set: only what makes sense against any cluster, and nothing is built.
 */
import {spawn} from 'node:child_process';
import {cpSync, globSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {buildControlPlane, CONTROL_PLANE} from './control-plane.ts';
import {PROGRAM} from './oddpod.ts';

const say = (line: string): void => console.log(`# ${line}`);

const env = {...process.env};
if (process.env.KUBECONFIG) {
	say(`against the cluster of ${process.env.KUBECONFIG}`);
} else {
	const built = await buildControlPlane(say);
	if ('missing' in built) {
		say(`skipped, all of it: ${built.missing}`);
		process.exit(0);
	}
	if ('broken' in built) {
		say(built.broken);
		process.exit(1);
	}
	env[CONTROL_PLANE] = built.path;
}
// A copy: the tests take a quarter of an hour, in which somebody may build again.
const program = mkdtempSync(join(tmpdir(), 'oddpod-program-'));
cpSync(join(import.meta.dirname, '../../dist'), program, {recursive: true});
env[PROGRAM] = join(program, 'oddpod.js');
const files = process.env.KUBECONFIG ? ['any-cluster.test.ts'] : globSync('*.test.ts', {cwd: import.meta.dirname});
const paths = files.map(file => join(import.meta.dirname, file));
const flags = ['--test', '--test-reporter=spec', `--test-concurrency=${paths.length}`, '--test-timeout=1500000'];
const tests = spawn(process.execPath, [...flags, ...paths], {env, stdio: 'inherit'});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => tests.kill(signal));
tests.on('exit', code => {
	rmSync(program, {recursive: true, force: true});
	process.exit(code ?? 1);
});
