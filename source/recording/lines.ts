import {createReadStream} from 'node:fs';
import {open} from 'node:fs/promises';
import {createGunzip} from 'node:zlib';
import {Failure, reasonOf} from '../failure.ts';

/** No line of a recording comes near this; a file without line ends is none. */
const MAX_LINE = 64 * 2 ** 20;

/** Whether it was read to its end: a torn gzip file is read as far as it goes. */
export interface LinesState {
	torn: boolean;
}

/**
 * The lines of a text file, plain or gzip (told by its first bytes, not by its name).
 * @throws {Failure} when it cannot be opened or is empty.
 */
export async function* readLines(path: string, state: LinesState = {torn: false}): AsyncGenerator<string> {
	const start = Buffer.alloc(2);
	try {
		const file = await open(path);
		try {
			const {bytesRead} = await file.read(start, 0, 2, 0);
			if (bytesRead === 0)
				throw new Failure({id: 'file-empty', what: `${path} is empty`, fix: 'Give a recording made with: oddpod --record FILE'});
		} finally {
			await file.close();
		}
	} catch (error) {
		throw error instanceof Failure ? error : cannotRead(path, error);
	}
	const file = createReadStream(path);
	const zipped = start[0] === 0x1f && start[1] === 0x8b;
	const stream = zipped ? file.pipe(createGunzip()) : file;
	if (zipped) file.on('error', error => stream.destroy(error));
	stream.setEncoding('utf8');
	let rest = '';
	try {
		for await (const text of stream as AsyncIterable<string>) {
			const lines = (rest + text).split('\n');
			rest = lines.pop() ?? '';
			if (rest.length > MAX_LINE)
				throw new Failure({
					id: 'file-no-recording',
					what: `${path} has a line of more than ${MAX_LINE / 2 ** 20} MB`,
					fix: 'Is it a recording?',
				});
			for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
		}
	} catch (error) {
		if (error instanceof Failure) throw error;
		// A file that is still written to, or was cut, ends in the middle of a gzip member: what came before it is good.
		state.torn = true;
	} finally {
		file.destroy();
	}
	if (rest !== '') yield rest;
}

function cannotRead(path: string, error: unknown): Failure {
	const {code} = error as NodeJS.ErrnoException;
	const what: Record<string, string> = {
		ENOENT: `there is no file ${path}`,
		EACCES: `${path} may not be read by this user`,
		EISDIR: `${path} is a folder, not a file`,
	};
	return new Failure({
		id: 'file-unreadable',
		what: (code && what[code]) || `${path} cannot be read: ${reasonOf(error)}`,
		fix: code === 'ENOENT' ? 'Check the name, or see a recording that is always there: oddpod demo' : `See what it is: ls -l ${path}`,
	});
}
