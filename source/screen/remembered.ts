/**
 * What was made of this under this name, for as long as there is this. With `most`, all is made anew beyond so many names: a filter that is
 * being typed has another one with every letter.
 */
export function remembered<K extends object, T extends object>(
	all: WeakMap<K, Map<string, T>>,
	of: K,
	name: string,
	make: () => T,
	most = Number.POSITIVE_INFINITY,
): T {
	let known = all.get(of);
	if (!known) {
		known = new Map();
		all.set(of, known);
	}
	let found = known.get(name);
	if (found === undefined) {
		if (known.size >= most) known.clear();
		found = make();
		known.set(name, found);
	}
	return found;
}
