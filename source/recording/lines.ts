import {createReadStream} from 'node:fs';
import {open} from 'node:fs/promises';
import {createInterface} from 'node:readline';
import {createGunzip} from 'node:zlib';
import {Failure} from '../failure.ts';

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
	file.on('error', error => zipped && stream.destroy(error));
	// A file that is still written to, or was cut, ends in the middle of a gzip member: what came before it is good.
	const lines = createInterface({input: stream, crlfDelay: Number.POSITIVE_INFINITY});
	stream.on('error', () => {
		state.torn = true;
		lines.close();
	});
	try {
		yield* lines;
	} finally {
		lines.close();
		file.destroy();
	}
}

function cannotRead(path: string, error: unknown): Failure {
	const {code, message} = error as NodeJS.ErrnoException;
	const what: Record<string, string> = {
		ENOENT: `there is no file ${path}`,
		EACCES: `${path} may not be read by this user`,
		EISDIR: `${path} is a folder, not a file`,
	};
	return new Failure({
		id: 'file-unreadable',
		what: (code && what[code]) || `${path} cannot be read (${message})`,
		fix: code === 'ENOENT' ? 'Check the name, or see a recording that is always there: oddpod demo' : `See what it is: ls -l ${path}`,
	});
}
