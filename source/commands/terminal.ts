import process from 'node:process';
import {Failure} from '../failure.ts';
import type {Flags} from '../flags.ts';
import {themeOptionsFrom, toAscii} from '../screen/theme.ts';

/** @throws {Failure} where nobody could type, before anything is drawn. */
export function demandKeyboard(instead: string): void {
	if (!process.stdin.isTTY)
		throw new Failure({id: 'no-keyboard', what: 'the screen needs a keyboard, and stdin is no terminal', fix: instead});
}

/** A pipe, or a terminal that can move no cursor: events are printed as lines there. */
export const isPlain = (): boolean => !process.stdout.isTTY || process.env.TERM === 'dumb';

/** Writes lines to stdout; on a terminal that knows ASCII alone, nothing else. */
export function printer({ascii}: Flags): (text: string) => void {
	const plain = ascii ?? (process.stdout.isTTY && themeOptionsFrom(process.env).ascii);
	return text => void process.stdout.write(plain ? toAscii(text) : text);
}
