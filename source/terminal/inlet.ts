/**
 * The way in from a terminal. Beside keys it sends answers: to the one question that is asked here ({@link BackgroundQuestion}), and to
 * what the program before has asked, colours and capabilities (OSC, DCS, APC), or old mouse reports. Ink knows CSI and SS3; what it does
 * not know it takes for typed text. So these are left out before Ink reads them, wherever the reads split them. A paste is cut to what a
 * line can hold.
 */
import type {BackgroundQuestion} from './background.ts';

/** A terminal answers at once: what has not ended after so long was no answer. */
const ANSWER_MS = 500;
/** An escape that nothing follows within this time was the key. */
const ESCAPE_MS = 25;
/** For so long after the question its answer is expected, and patience is greater: over a slow line it may come in pieces. */
const EXPECTED_MS = 5000;
const EXPECTED_ESCAPE_MS = 100;
/** That answer, as far as it has come. */
const COLOUR_SO_FAR = /^11;(?:r|rg|rgba?(?::[\da-f/]*)?|#[\da-f]*)?(?:$|\x07|\x1b(?:$|\\))/i;
/** No key, whatever became of the escape before it. */
const HEADLESS = /^\]?(?=11;(?:rgba?:|#))/;
/** Longer answers than this do not exist. */
const ANSWER_MOST = 64 * 1024;
const PASTE_MOST = 4096;
/** Of a string: as much as an answer that anybody waits for. */
const STRING_KEPT = 64;

const PASTE_START = '\x1b[200~';
const PASTE_END = '\x1b[201~';

/** Introduces a string that ends with ST or BEL; with what must follow, so that esc and a key in one read stay two keys. */
const STRING = /^\x1b(?:\][0-9LlI]|P[0-9>!|+$]|_[A-Za-z])/;
const MAYBE_STRING = /^\x1b[\]P_]?$/;
/** X10 and its followers: three bytes after the M. */
const MOUSE = /^\x1b\[M[^\x00-\x1f]{3}/;
const MAYBE_MOUSE = /^\x1b\[(?:M[^\x00-\x1f]{0,2})?$/;

export class Answers {
	#kept = '';
	#inside: 'string' | 'paste' | undefined;
	#sinceMs = Number.NaN;
	#length = 0;
	/** The beginning of the string that is being read. */
	#string = '';
	#expectedUntilMs = Number.NEGATIVE_INFINITY;
	readonly #heard: (answer: string) => void;

	/** `heard`: what stands in an OSC that has come to its end. */
	constructor(heard: (answer: string) => void = () => {}) {
		this.#heard = heard;
	}

	/** The terminal was asked. */
	expect(nowMs: number): void {
		this.#expectedUntilMs = nowMs + EXPECTED_MS;
	}

	/** How long something that {@link waits} may be alone. */
	patienceMs(nowMs: number): number {
		return nowMs < this.#expectedUntilMs ? EXPECTED_ESCAPE_MS : ESCAPE_MS;
	}

	/** Something is kept that may be the beginning of an answer: {@link flush} it when nothing follows. */
	get waits(): boolean {
		return this.#kept !== '' && this.#inside !== 'paste';
	}

	/** What is left of it. */
	push(chunk: string, nowMs: number): string {
		let left = '';
		const isExpected = nowMs < this.#expectedUntilMs;
		const goesOn = isExpected && COLOUR_SO_FAR.test(this.#string + this.#kept + chunk);
		if (this.#inside && nowMs - this.#sinceMs > ANSWER_MS && !goesOn) {
			this.#kept = '';
			left = this.#leave();
		}
		let text = this.#kept + chunk;
		this.#kept = '';
		if (isExpected && !this.#inside) text = text.replace(HEADLESS, '\x1b]');
		while (text !== '') {
			if (this.#inside === 'string') {
				const end = /\x1b\\|\x07|\x9c|[\x03\x1a\r\n]|\x1b(?!\\)(?=[\s\S])/.exec(text);
				this.#length += end ? end.index : text.length;
				this.#string = (this.#string + text.slice(0, end?.index).replace(/\x1b$/, '')).slice(0, STRING_KEPT);
				if (!end) {
					if (text.endsWith('\x1b')) this.#kept = '\x1b';
					if (this.#length > ANSWER_MOST) this.#leave();
					break;
				}
				// What no answer holds has ended it, and is a key itself.
				const isWhole = /^(?:\x1b\\|\x07|\x9c)$/.test(end[0]);
				text = text.slice(end.index + (isWhole ? end[0].length : 0));
				if (isWhole) this.#heard(this.#string);
				this.#leave();
			} else if (this.#inside === 'paste') {
				const end = text.indexOf(PASTE_END);
				const until = end >= 0 ? end : Math.max(0, text.length - PASTE_END.length + 1);
				left += text.slice(0, Math.min(until, Math.max(0, PASTE_MOST - this.#length)));
				this.#length += until;
				this.#sinceMs = nowMs;
				if (end < 0) {
					this.#kept = text.slice(until);
					break;
				}
				text = text.slice(end + PASTE_END.length);
				left += this.#leave();
			} else {
				const begin = text.indexOf('\x1b');
				if (begin < 0) return left + text;
				left += text.slice(0, begin);
				text = text.slice(begin);
				const mouse = MOUSE.exec(text);
				if (mouse) text = text.slice(mouse[0].length);
				else if (STRING.test(text)) {
					// A DCS or APC is none that is waited for.
					this.#enter('string', nowMs);
					this.#string = text.startsWith('\x1b]') ? '' : text.slice(0, 2);
					text = text.slice(2);
				} else if (text.startsWith(PASTE_START)) {
					this.#enter('paste', nowMs);
					left += PASTE_START;
					text = text.slice(PASTE_START.length);
				} else if (MAYBE_STRING.test(text) || MAYBE_MOUSE.test(text) || PASTE_START.startsWith(text)) {
					this.#kept = text;
					break;
				} else {
					left += '\x1b';
					text = text.slice(1);
				}
			}
		}
		return left;
	}

	/** What was kept was no answer. */
	flush(): string {
		// Half the end of an answer stays: its other half may still be on the way.
		if (this.#inside === 'string') return '';
		const kept = this.#kept;
		this.#kept = '';
		return kept;
	}

	#enter(what: 'string' | 'paste', nowMs: number): void {
		this.#inside = what;
		this.#sinceMs = nowMs;
		this.#length = 0;
	}

	#leave(): string {
		const was = this.#inside;
		this.#inside = undefined;
		this.#string = '';
		return was === 'paste' ? PASTE_END : '';
	}
}

/** The same terminal, of which only keys and pastes can be read. The question is asked as soon as keys are not echoed any more. */
export function inlet(stdin: NodeJS.ReadStream, question?: BackgroundQuestion): NodeJS.ReadStream {
	const answers = new Answers(answer => question?.hear(answer));
	let timer: NodeJS.Timeout | undefined;
	let flushed = '';
	const read = (): string | null => {
		let left = flushed;
		flushed = '';
		for (;;) {
			const chunk: unknown = stdin.read();
			if (chunk === null) break;
			clearTimeout(timer);
			left += answers.push(String(chunk), performance.now());
		}
		if (answers.waits) {
			clearTimeout(timer);
			timer = setTimeout(() => {
				flushed = answers.flush();
				if (flushed !== '') stdin.emit('readable');
			}, answers.patienceMs(performance.now()));
		}
		return left === '' ? null : left;
	};
	// Ink looks away while another program has the terminal, but the system would go on reading, and take keys from that program.
	const setRawMode = (on: boolean): NodeJS.ReadStream => {
		stdin.setRawMode(on);
		if (on && question?.ask()) answers.expect(performance.now());
		if (!on)
			setImmediate(() => {
				if (!stdin.isRaw) stdin.pause();
			});
		return stdin;
	};
	return new Proxy(stdin, {
		get(target, name) {
			if (name === 'read') return read;
			if (name === 'setRawMode') return setRawMode;
			const value: unknown = Reflect.get(target, name, target);
			return typeof value === 'function' ? value.bind(target) : value;
		},
	});
}
