/** Draws a new frame in every turn of its event loop, and says so over a socket: run by outlet.test.ts in a pty. */
import {connect} from 'node:net';
import process from 'node:process';
import {screenWriter} from '../../source/terminal/screen-writer.ts';

const socket = connect(process.argv[2] ?? '');
const writer = screenWriter(process.stdout);
writer.write('\x1b[?1049h\x1b[?25l');

let n = 0;
let timer: NodeJS.Timeout | undefined;
const draw = (): void => {
	n++;
	const rows = Array.from({length: writer.rows}, (_, y) => String.fromCharCode(0x21 + ((n + y) % 90)).repeat(writer.columns));
	writer.write(`\x1b[2J\x1b[H${rows.join('\n')}`);
	socket.write('.');
};
socket.on('data', words => {
	for (const word of words.toString().split('\n')) {
		if (word === 'draw') timer = setInterval(draw, 1);
		else if (word === 'rest') {
			clearInterval(timer);
			writer.write('\x1b[2J\x1b[Hat rest');
		} else if (word === 'leave') {
			writer.write('\x1b[?25h\x1b[?1049l');
			process.exit(7);
		}
	}
});
