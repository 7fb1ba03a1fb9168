/** What stands in a cell, as a number: a code point, or the number of a longer grapheme. */
import stringWidth from 'string-width';
import {isOneCell} from './one-cell.ts';

export const BLANK = 0x20;
/** The right part of a wide character that begins in a cell to the left. */
export const CONTINUED = 0;
/** Nobody knows what a terminal shows there. */
export const UNKNOWN = -1;

const FIRST_CLUSTER = 0x110000;
export const MOST_CLUSTERS = 16_384;

interface Cluster {
	readonly text: string;
	readonly width: number;
	readonly agreed: boolean;
}

export class Glyphs {
	readonly #clusters: Cluster[] = [];
	readonly #numbers = new Map<string, number>();

	get size(): number {
		return this.#clusters.length;
	}

	number(text: string): number {
		const code = text.charCodeAt(0);
		if (text.length === 1 && isOneCell(code)) return code;
		let number = this.#numbers.get(text);
		if (number === undefined) {
			const width = stringWidth(text);
			number = FIRST_CLUSTER + this.#clusters.length;
			this.#clusters.push({text, width, agreed: isAgreed(text)});
			this.#numbers.set(text, number);
		}
		return number;
	}

	text(number: number): string {
		return number < FIRST_CLUSTER ? String.fromCharCode(number) : (this.#clusters[number - FIRST_CLUSTER]?.text ?? ' ');
	}

	/** In cells, as Ink counts them. 0 for what has no place of its own. */
	width(number: number): number {
		return number < FIRST_CLUSTER ? 1 : (this.#clusters[number - FIRST_CLUSTER]?.width ?? 1);
	}

	/** Whether terminals agree on its width, so that the cursor is known to stand behind it. */
	isAgreed(number: number): boolean {
		return number < FIRST_CLUSTER || (this.#clusters[number - FIRST_CLUSTER]?.agreed ?? false);
	}
}

/** CJK that has been wide since the first tables, and a letter with marks on it. Not emoji, flags, Indic conjuncts, … */
const isAgreed = (text: string): boolean =>
	/^[\u2e80-\u2fd5\u3001-\u3029\u3030-\u303e\u3041-\u3096\u309b-\u30ff\u3131-\u318e\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufad9\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{2a6d6}]$/u.test(
		text,
	) ||
	(isOneCell(text.charCodeAt(0)) && /^.[\u0300-\u034e\u0350-\u036f]+$/u.test(text));
