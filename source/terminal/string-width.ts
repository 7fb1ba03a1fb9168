/**
 * Takes the place of the package `string-width` in the bundle (see `alias` in build.mjs): Ink measures every text and every cell
 * with it. The usual line, one-cell characters and colours, is counted here; everything else goes to the package itself.
 */
import measure, {type Options} from '../../node_modules/string-width/index.js';
import {isOneCell, sgrEnd} from './one-cell.ts';

export type {Options};

export default function stringWidth(text: string, options?: Options): number {
	if (options !== undefined || typeof text !== 'string') return measure(text, options);
	let width = 0;
	for (let i = 0; i < text.length; ) {
		const code = text.charCodeAt(i);
		if (isOneCell(code)) {
			width++;
			i++;
		} else {
			const end = code === 0x1b ? sgrEnd(text, i) : -1;
			if (end < 0) return measure(text);
			i = end;
		}
	}
	return width;
}
