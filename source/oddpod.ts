#!/usr/bin/env node
// The front door: looks at the Node version before anything is loaded that an older one could not read.
import module from 'node:module';
import process from 'node:process';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
	process.stderr.write(`oddpod: Node 22.19 or newer is needed, this is ${process.versions.node}.\n`);
	process.exitCode = 1;
} else {
	module.enableCompileCache?.();
	const {main} = await import('./cli.ts');
	process.exitCode = await main(process.argv.slice(2));
}
