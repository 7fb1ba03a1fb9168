// Sees to it that the scripts of package.json run on a Node that is new enough, whatever the machine has:
// npm puts node_modules/.bin first on the PATH, so a link named `node` there is the Node of every script.
// Runs on old versions of Node too, so it uses nothing new.
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, rmSync, symlinkSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const root = path.dirname(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname));
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 19)) {
	const folder = path.join(root, 'tools', 'node');
	const binary = path.join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
	if (!existsSync(binary)) {
		console.error(
			`oddpod needs Node 22.19 or newer, this is ${process.versions.node}: fetching Node 24 for this checkout alone (tools/node).`,
		);
		try {
			execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {cwd: folder, stdio: ['ignore', 'ignore', 'inherit']});
		} catch (error) {
			console.error(`npm could not fetch it (${error.message}).`);
		}
	}
	if (!existsSync(binary)) {
		console.error(`There is no Node 24 to fetch for ${process.platform} ${process.arch}. Install Node 22.19 or newer and run this again.`);
		process.exit(1);
	}
	const link = path.join(root, 'node_modules', '.bin', 'node');
	mkdirSync(path.dirname(link), {recursive: true});
	rmSync(link, {force: true});
	symlinkSync(binary, link);
}
