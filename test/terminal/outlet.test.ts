// A terminal that takes nothing, as over a line that has stalled, must not keep the program from going on, nor from ending.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import {spawn} from '@lydell/node-pty';
import xterm from '@xterm/headless';

const MUCH = 400;

test('over a line that stalls the program goes on; then the newest frame is shown; and it can leave', {
	skip: process.platform !== 'linux' && 'only Linux opens a terminal anew',
	timeout: 60_000,
}, async () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'oddpod-'));
	const address = path.join(folder, 'socket');
	const connected = Promise.withResolvers<Socket>();
	const server = createServer(connected.resolve).listen(address);
	const screen = new xterm.Terminal({cols: 160, rows: 50, allowProposedApi: true});
	const child = spawn(process.execPath, ['--no-warnings', path.resolve('test/terminal/restless.ts'), address], {
		cols: 160,
		rows: 50,
		name: 'xterm-256color',
	});
	try {
		let bytes = 0;
		let shown = Promise.withResolvers<void>();
		child.onData(data => {
			bytes += data.length;
			screen.write(data, () => shown.resolve());
		});
		const exited = new Promise<number>(resolve => child.onExit(({exitCode}) => resolve(exitCode)));
		const socket = await connected.promise;
		/** Frames that it has drawn since. */
		const drawn = (count: number): Promise<void> =>
			new Promise(resolve => {
				let seen = 0;
				socket.on('data', function look(dots) {
					seen += dots.length;
					if (seen < count) return;
					socket.off('data', look);
					resolve();
				});
			});

		child.pause();
		socket.write('draw\n');
		await drawn(MUCH);
		socket.write('rest\n');
		child.resume();
		while (screen.buffer.active.getLine(0)?.translateToString(true) !== 'at rest') {
			shown = Promise.withResolvers();
			await shown.promise;
		}
		assert.equal(screen.buffer.active.getLine(1)?.translateToString(true), '');
		assert.ok(bytes < (MUCH * 160 * 50) / 4, `${bytes} bytes for frames that nobody could see`);

		child.pause();
		socket.write('draw\n');
		await drawn(MUCH);
		socket.write('leave\n');
		assert.equal(await exited, 7);
	} finally {
		child.kill('SIGKILL');
		server.close();
		screen.dispose();
		rmSync(folder, {recursive: true});
	}
});
