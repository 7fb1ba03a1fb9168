/**
 * Imports what imports Ink. Yoga, its layout engine, carries its WebAssembly as a `data:` address and asks `fetch` for it; the first
 * call of that makes Node load all of undici, 34 ms. Without a `fetch` it unpacks the text itself. So there is none for as long
 * as this takes: nothing else that needs one may run meanwhile.
 *
 * @example const {show} = await loadInk(() => import('./show.tsx'));
 */
export async function loadInk<T>(load: () => Promise<T>): Promise<T> {
	const fetch = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
	Object.defineProperty(globalThis, 'fetch', {value: undefined, configurable: true, writable: true});
	try {
		return await load();
	} finally {
		if (fetch) Object.defineProperty(globalThis, 'fetch', fetch);
		else Reflect.deleteProperty(globalThis, 'fetch');
	}
}
