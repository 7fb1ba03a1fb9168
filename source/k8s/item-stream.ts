/**
 * Takes a Kubernetes list apart while it arrives: each element of the top-level `items` is handed over as its own bytes,
 * the rest of the document is kept with an empty list. So a body of megabytes is never held, never parsed in one piece
 * (which would stall the keyboard), and never trimmed only after all of it is in memory.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const ITEMS = '"items"';

/** What is wrong with a body that is no list. */
export class ListError extends Error {
	override name = 'ListError';
}

export class ItemStream {
	/** An item larger than any object etcd takes (1.5 MB by default) is an attack or a mistake. */
	static readonly largestItemBytes = 8 * 2 ** 20;
	/** The document without its items: metadata, or a Status. */
	static readonly largestRestBytes = 2 ** 20;

	readonly #onItem: (item: unknown) => void;
	#depth = 0;
	#inString = false;
	#escaped = false;
	/** Depth of the list that holds the items; 0 outside of it. */
	#listDepth = 0;
	/** Bytes of the item or string key that began in an earlier chunk. */
	#carried: Buffer[] = [];
	#carriedBytes = 0;
	#rest = '';
	#restDecoder = new TextDecoder();
	#ended = false;

	constructor(onItem: (item: unknown) => void) {
		this.#onItem = onItem;
	}

	/** @throws ListError */
	write(chunk: Buffer): void {
		let depth = this.#depth;
		let inString = this.#inString;
		let listDepth = this.#listDepth;
		/** Where the part begins that is not handed over yet. */
		let from = 0;
		let i = 0;
		const {length} = chunk;
		if (this.#escaped && length > 0) {
			this.#escaped = false;
			i = 1;
		}
		while (i < length) {
			if (inString) {
				// Most bytes are in strings: look for the end of one without a step for each byte.
				const byte = chunk[i];
				if (byte === QUOTE) inString = false;
				else if (byte === BACKSLASH) {
					if (i + 1 === length) this.#escaped = true;
					i++;
				}
				i++;
				continue;
			}
			switch (chunk[i]) {
				case QUOTE:
					inString = true;
					break;
				case OPEN_BRACE:
					if (depth === listDepth && listDepth > 0) from = i;
					depth++;
					break;
				case OPEN_BRACKET:
					if (depth === 1 && listDepth === 0 && this.#restBefore(chunk, from, i)) {
						this.#keep(chunk.subarray(from, i + 1));
						listDepth = 2;
						from = i + 1;
					}
					depth++;
					break;
				case CLOSE_BRACE:
					depth--;
					if (listDepth > 0 && depth === listDepth) {
						this.#item(chunk.subarray(from, i + 1));
						from = i + 1;
					}
					break;
				case CLOSE_BRACKET:
					depth--;
					if (listDepth > 0 && depth < listDepth) {
						this.#noObject(chunk.subarray(from, i));
						from = i;
						listDepth = 0;
					}
					break;
				case COMMA:
					if (listDepth > 0 && depth === listDepth) {
						this.#noObject(chunk.subarray(from, i));
						from = i + 1;
					}
					break;
			}
			if (depth < 0) throw new ListError('more closing than opening brackets');
			i++;
		}
		if (listDepth > 0) this.#carry(chunk.subarray(from));
		else this.#keep(chunk.subarray(from));
		this.#depth = depth;
		this.#inString = inString;
		this.#listDepth = listDepth;
	}

	/** The document without its items. @throws ListError where it is cut, or no JSON object. */
	end(): Record<string, unknown> {
		if (this.#ended) throw new ListError('ended twice');
		this.#ended = true;
		this.#rest += this.#restDecoder.decode();
		if (this.#depth !== 0 || this.#inString) throw new ListError('unexpected end of JSON input');
		const value = parse(this.#rest);
		if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ListError('not a JSON object');
		return value as Record<string, unknown>;
	}

	/** Does `"items":` come right before this bracket? */
	#restBefore(chunk: Buffer, from: number, to: number): boolean {
		const near = (this.#rest.slice(-40) + chunk.toString('latin1', Math.max(from, to - 40), to)).trimEnd();
		return near.endsWith(':') && near.slice(0, -1).trimEnd().endsWith(ITEMS);
	}

	#item(last: Buffer): void {
		this.#onItem(parse(this.#withCarried(last)));
	}

	/** What stands before a comma or the end of the list: nothing where that came after an object, else an element of another kind. */
	#noObject(last: Buffer): void {
		if (this.#carriedBytes === 0 && last.length === 0) return;
		const text = this.#withCarried(last);
		if (text.trim() !== '') this.#onItem(parse(text));
	}

	#withCarried(last: Buffer): string {
		if (this.#carriedBytes === 0) return last.toString('utf8');
		const bytes = Buffer.concat([...this.#carried, last]);
		this.#carried = [];
		this.#carriedBytes = 0;
		return bytes.toString('utf8');
	}

	#carry(part: Buffer): void {
		if (part.length === 0) return;
		this.#carriedBytes += part.length;
		if (this.#carriedBytes > ItemStream.largestItemBytes) throw new ListError('an item without end');
		// A copy: the chunk's memory goes back to the socket or to zlib.
		this.#carried.push(Buffer.from(part));
	}

	#keep(part: Buffer): void {
		if (part.length === 0) return;
		if (this.#rest.length + part.length > ItemStream.largestRestBytes) throw new ListError('a document without end');
		this.#rest += this.#restDecoder.decode(part, {stream: true});
	}
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// The engine's own message quotes the text, which may be anything.
		throw new ListError('invalid JSON');
	}
}
