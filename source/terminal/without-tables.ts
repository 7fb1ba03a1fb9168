/**
 * Imports what asks ICU for something as it loads and seldom needs it afterwards: its tables stay in memory for as long as the program
 * runs.
 * - The first `Intl.Segmenter` reads for 5 ms and 2 MB. Seven modules make one as they load, for texts that a screen seldom has.
 * - The first `localeCompare` for 6 ms and 3 MB. meow sorts misspelt licences with it.
 *
 * Nothing else may be busy with either meanwhile.
 */
export async function withoutTables<T>(load: () => Promise<T>): Promise<T> {
	const restore = [replace(Intl, 'Segmenter', LateSegmenter), replace(String.prototype, 'localeCompare', compareUnits)];
	try {
		return await load();
	} finally {
		for (const undo of restore) undo();
	}
}

/** @returns puts back what was there. */
export function replace(holder: object, name: string, value: unknown): () => void {
	const was = Object.getOwnPropertyDescriptor(holder, name);
	Object.defineProperty(holder, name, {value, configurable: true, writable: true});
	return () => {
		if (was) Object.defineProperty(holder, name, was);
		else Reflect.deleteProperty(holder, name);
	};
}

function compareUnits(this: string, other: string): number {
	const text = String(this);
	return text < other ? -1 : text > other ? 1 : 0;
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
