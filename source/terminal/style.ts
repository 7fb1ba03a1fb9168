/**
 * What a cell looks like (ECMA-48 SGR and OSC 8 links), as small numbers: a style is known by its number, and the shortest way
 * from one to another is worked out once. Colours stay as they were written: 16, 256 or 24 bits.
 */

const BOLD = 0;
const DIM = 1;
const ITALIC = 2;
const UNDERLINE = 3;
const BLINK = 4;
const INVERSE = 5;
const HIDDEN = 6;
const STRIKE = 7;
const OVERLINE = 8;
const FOREGROUND = 9;
const BACKGROUND = 10;
const UNDERLINE_COLOUR = 11;
const LINK = 12;
const SLOTS = 13;

/** What ends each of them. Bold and dim have one end in common. */
const ENDS = ['22', '22', '23', '24', '25', '27', '28', '29', '55', '39', '49', '59'] as const;

/** For each slot the code that began it; '' where it is off. */
type Style = readonly string[];

export const PLAIN = 0;

/** More than a screen ever has at once; whoever sees it exceeded starts a new table. */
export const MOST_STYLES = 4096;

export class Styles {
	readonly #styles: Style[] = [];
	readonly #numbers = new Map<string, number>();
	readonly #applied: Map<string, number>[] = [];
	readonly #changes = new Map<number, string>();
	readonly #blanks: number[] = [];
	readonly #erased: number[] = [];

	constructor() {
		this.#number(Array<string>(SLOTS).fill(''));
	}

	get size(): number {
		return this.#styles.length;
	}

	/** The style that `number` becomes by an SGR sequence with these parameters. */
	apply(number: number, parameters: string): number {
		const known = this.#applied[number] as Map<string, number>;
		let next = known.get(parameters);
		if (next === undefined) {
			next = this.#number(applied(this.#style(number), parameters));
			known.set(parameters, next);
		}
		return next;
	}

	/** The same within a link: `id=…;https://…`, or '' for none. */
	link(number: number, link: string): number {
		return this.#number(this.#style(number).with(LINK, link));
	}

	/** What of a style can be seen on a blank. */
	blank(number: number): number {
		this.#blanks[number] ??= (() => {
			const style = this.#style(number);
			const marked = [UNDERLINE, INVERSE, STRIKE, OVERLINE, LINK].some(slot => style[slot] !== '');
			return marked ? number : this.erased(number);
		})();
		return this.#blanks[number];
	}

	/** What erasing leaves: the background alone. */
	erased(number: number): number {
		this.#erased[number] ??= this.#number(this.#style(number).map((code, slot) => (slot === BACKGROUND ? code : '')));
		return this.#erased[number];
	}

	/** The shortest sequence from one style to another. */
	change(from: number, to: number): string {
		if (from === to) return '';
		const name = from * 0x10000 + to;
		let text = this.#changes.get(name);
		if (text === undefined) {
			text = change(this.#style(from), this.#style(to));
			this.#changes.set(name, text);
		}
		return text;
	}

	/** The number that the style has in another table. */
	numberIn(other: Styles, number: number): number {
		return other.#number(this.#style(number));
	}

	#style(number: number): Style {
		const style = this.#styles[number];
		if (style === undefined) throw new RangeError(`Expected the number of a style, got ${number}`);
		return style;
	}

	#number(style: Style): number {
		const name = style.join('\0');
		let number = this.#numbers.get(name);
		if (number === undefined) {
			number = this.#styles.length;
			this.#styles.push(style);
			this.#applied.push(new Map());
			this.#numbers.set(name, number);
		}
		return number;
	}
}

function applied(style: Style, parameters: string): Style {
	const next = [...style];
	const parts = parameters.split(';');
	for (let i = 0; i < parts.length; i++) {
		const part = parts[i] ?? '';
		const code = part === '' ? 0 : Number.parseInt(part, 10);
		if (code === 0) next.fill('', 0, LINK);
		else if (code === 1) next[BOLD] = part;
		else if (code === 2) next[DIM] = part;
		else if (code === 3) next[ITALIC] = part;
		else if (code === 4) next[UNDERLINE] = part === '4:0' ? '' : part;
		else if (code === 5 || code === 6) next[BLINK] = part;
		else if (code === 7) next[INVERSE] = part;
		else if (code === 8) next[HIDDEN] = part;
		else if (code === 9) next[STRIKE] = part;
		else if (code === 21) next[UNDERLINE] = part;
		else if (code === 53) next[OVERLINE] = part;
		else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) next[FOREGROUND] = part;
		else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) next[BACKGROUND] = part;
		else if (code === 38 || code === 48 || code === 58) {
			const slot = code === 38 ? FOREGROUND : code === 48 ? BACKGROUND : UNDERLINE_COLOUR;
			// `38;5;n` and `38;2;r;g;b` take the parameters that follow; `38:2::r:g:b` is one parameter.
			const taken = part.includes(':') ? 1 : parts[i + 1] === '5' ? 3 : parts[i + 1] === '2' ? 5 : 0;
			if (taken === 0 || i + taken > parts.length) break;
			next[slot] = parts.slice(i, i + taken).join(';');
			i += taken - 1;
		} else {
			ENDS.forEach((end, slot) => {
				if (code === Number(end)) next[slot] = '';
			});
		}
	}
	return next;
}

function change(from: Style, to: Style): string {
	const link = from[LINK] === to[LINK] ? '' : `\x1b]8;${to[LINK] || ';'}\x1b\\`;
	const codes: string[] = [];
	const begins: string[] = [];
	let weight = false;
	ENDS.forEach((end, slot) => {
		if (from[slot] === to[slot]) return;
		if (to[slot] !== '') begins.push(to[slot] ?? '');
		else {
			if (!codes.includes(end)) codes.push(end);
			weight ||= slot === BOLD || slot === DIM;
		}
	});
	// Ending one of bold and dim ends both.
	if (weight) for (const slot of [BOLD, DIM]) if (to[slot] !== '' && from[slot] === to[slot]) begins.push(to[slot] ?? '');
	codes.push(...begins);
	if (codes.length === 0) return link;
	const stepwise = codes.join(';');
	const all = to.slice(0, LINK).filter(code => code !== '');
	const anew = all.length === 0 ? '' : `0;${all.join(';')}`;
	return `${link}\x1b[${anew.length < stepwise.length ? anew : stepwise}m`;
}
