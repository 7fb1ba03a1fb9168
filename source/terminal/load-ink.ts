/**
 * Imports what imports Ink, without what only costs time before the first frame:
 * - Yoga, Ink's layout engine, carries its WebAssembly as a `data:` address and asks `fetch` for it; the first call of that makes Node
 *   load all of undici, 34 ms. Without a `fetch` it unpacks the text itself. So there is none for as long as this takes: nothing else
 *   that needs one may run meanwhile.
 * - The first `Intl.Segmenter` reads tables for 5 ms. Six modules make one as they load, for texts that a screen seldom has.
 *
 * @example const {show} = await loadInk(() => import('./show.tsx'));
 */
export async function loadInk<T>(load: () => Promise<T>): Promise<T> {
	const restore = [replace(globalThis, 'fetch', undefined), replace(Intl, 'Segmenter', LateSegmenter)];
	try {
		return await load();
	} finally {
		for (const undo of restore) undo();
	}
}

function replace(holder: object, name: string, value: unknown): () => void {
	const was = Object.getOwnPropertyDescriptor(holder, name);
	Object.defineProperty(holder, name, {value, configurable: true, writable: true});
	return () => {
		if (was) Object.defineProperty(holder, name, was);
		else Reflect.deleteProperty(holder, name);
	};
}

const {Segmenter} = Intl;

/** Is made when it is first asked. */
class LateSegmenter implements Intl.Segmenter {
	readonly #options: ConstructorParameters<typeof Segmenter>;
	#segmenter: Intl.Segmenter | undefined;

	constructor(...options: ConstructorParameters<typeof Segmenter>) {
		this.#options = options;
	}

	segment(text: string): Intl.Segments {
		return this.#real.segment(text);
	}

	resolvedOptions(): Intl.ResolvedSegmenterOptions {
		return this.#real.resolvedOptions();
	}

	get #real(): Intl.Segmenter {
		this.#segmenter ??= new Segmenter(...this.#options);
		return this.#segmenter;
	}
}
