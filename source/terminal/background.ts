/**
 * Asks a terminal for the colour of its background (xterm's OSC 11). Many answer, at once or after the way of a slow line; some never do,
 * and none of them shows anything of the question.
 */

/** With BEL, as vim asks: whoever knows the question knows that end of it. */
const QUESTION = '\x1b]11;?\x07';
/** Who leaves waits for so long after the question: else the shell would take the answer for something typed. */
const SETTLED_MS = 1000;

export type Background = 'dark' | 'light';

/** Of what an answer holds: `11;rgb:ffff/ffff/ffff`, with one to four digits each, `rgba:` with one more part, or `#rrggbb`. */
export function backgroundIn(answer: string): Background | undefined {
	const [, spaced, packed] = /^11;(?:rgba?:([\da-f]{1,4}(?:\/[\da-f]{1,4}){2,3})|#((?:[\da-f]{3}){1,4}))$/i.exec(answer) ?? [];
	const parts = spaced?.split('/') ?? packed?.match(new RegExp(`.{${packed.length / 3}}`, 'g')) ?? [];
	const [red = Number.NaN, green = Number.NaN, blue = Number.NaN] = parts.map(part => Number.parseInt(part, 16) / (16 ** part.length - 1));
	// Rec. 601: how bright the eye takes a colour for.
	const brightness = 0.299 * red + 0.587 * green + 0.114 * blue;
	return Number.isNaN(brightness) ? undefined : brightness > 0.5 ? 'light' : 'dark';
}

export class BackgroundQuestion {
	readonly #send: (text: string) => void;
	readonly #answered: (background: Background) => void;
	#waiting: Promise<void> | undefined;
	#settle: (() => void) | undefined;

	constructor(send: (text: string) => void, answered: (background: Background) => void) {
		this.#send = send;
		this.#answered = answered;
	}

	/** Once, and when the terminal does not echo any more what it answers. True where it was asked now. */
	ask(): boolean {
		if (this.#waiting) return false;
		this.#waiting = new Promise(resolve => {
			const timer = setTimeout(resolve, SETTLED_MS);
			timer.unref();
			this.#settle = () => {
				clearTimeout(timer);
				resolve();
			};
		});
		this.#send(QUESTION);
		return true;
	}

	/** Whatever the terminal says in an OSC. */
	hear(answer: string): void {
		if (!this.#waiting || !answer.startsWith('11;')) return;
		this.#settle?.();
		const background = backgroundIn(answer);
		if (background) this.#answered(background);
	}

	/** When the answer is there, or will not come. */
	async settled(): Promise<void> {
		await this.#waiting;
	}
}
