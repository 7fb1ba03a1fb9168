import {replace, withoutTables} from './without-tables.ts';

/**
 * Imports what imports Ink, without what only costs time before the first frame: tables of ICU, and Yoga's `fetch`. Ink's layout engine
 * carries its WebAssembly as a `data:` address and asks `fetch` for it; the first call of that makes Node load all of undici, 34 ms.
 * Without a `fetch` it unpacks the text itself. So there is none for as long as this takes: nothing else that needs one may run meanwhile.
 *
 * @example const {show} = await loadInk(() => import('./show.tsx'));
 */
export async function loadInk<T>(load: () => Promise<T>): Promise<T> {
	const restore = replace(globalThis, 'fetch', undefined);
	try {
		return await withoutTables(load);
	} finally {
		restore();
	}
}
