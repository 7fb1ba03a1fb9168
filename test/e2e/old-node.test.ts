// client-node and Ink cannot even be loaded on an old Node: that is said in one line, before they are.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';

/** A Node of this machine that is too old; undefined where there is none. */
function oldNode(): string | undefined {
	for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
		const program = path.join(folder, 'node');
		const [major = 99, minor = 0] = String(spawnSync(program, ['-p', 'process.versions.node'], {encoding: 'utf8'}).stdout ?? '')
			.split('.')
			.map(Number);
		if (major > 0 && (major < 22 || (major === 22 && minor < 19))) return program;
	}
	return undefined;
}

const program = oldNode();

test('an old Node is told, not crashed on', {skip: program === undefined && 'no Node older than 22.19 on this machine'}, () => {
	const {status, stdout, stderr} = spawnSync(program ?? '', ['dist/oddpod.js', '--version'], {encoding: 'utf8'});
	assert.deepEqual([status, stdout], [1, '']);
	assert.match(stderr, /^oddpod: Node 22\.19 or newer is needed, this is \d+\.\d+\.\d+\..*\n$/);
});
