/**
 * The way in from a terminal. Beside keys it sends answers to what nobody here has asked: colours and capabilities (OSC, DCS, APC), asked
 * for by the program before, or old mouse reports. Ink knows CSI and SS3; what it does not know it takes for typed text. So these are
 * left out before Ink reads them, wherever the reads split them. A paste is cut to what a line can hold.
 */

/** A terminal answers at once: what has not ended after so long was no answer. */
const ANSWER_MS = 500;
/** An escape that nothing follows within this time was the key. */
const ESCAPE_MS = 25;
/** Longer answers than this do not exist. */
const ANSWER_MOST = 64 * 1024;
const PASTE_MOST = 4096;

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

	/** Something is kept that may be the beginning of an answer: {@link flush} it when nothing follows. */
	get waits(): boolean {
		return this.#kept !== '' && this.#inside !== 'paste';
	}

	/** What is left of it. */
	push(chunk: string, nowMs: number): string {
		let left = '';
		if (this.#inside && nowMs - this.#sinceMs > ANSWER_MS) {
			this.#kept = '';
			left = this.#leave();
		}
		let text = this.#kept + chunk;
		this.#kept = '';
		while (text !== '') {
			if (this.#inside === 'string') {
				const end = /\x1b\\|\x07|\x9c|[\x03\x1a\r\n]|\x1b(?!\\)(?=[\s\S])/.exec(text);
				this.#length += end ? end.index : text.length;
				if (!end) {
					if (text.endsWith('\x1b')) this.#kept = '\x1b';
					if (this.#length > ANSWER_MOST) this.#leave();
					break;
				}
				// What no answer holds has ended it, and is a key itself.
				text = text.slice(end.index + (/^(?:\x1b\\|\x07|\x9c)$/.test(end[0]) ? end[0].length : 0));
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
					this.#enter('string', nowMs);
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
		const kept = this.#kept;
		this.#kept = '';
		return this.#inside === 'string' ? '' : kept;
	}

	#enter(what: 'string' | 'paste', nowMs: number): void {
		this.#inside = what;
		this.#sinceMs = nowMs;
		this.#length = 0;
	}

	#leave(): string {
		const was = this.#inside;
		this.#inside = undefined;
		return was === 'paste' ? PASTE_END : '';
	}
}

/** The same terminal, of which only keys and pastes can be read. */
export function inlet(stdin: NodeJS.ReadStream): NodeJS.ReadStream {
	const answers = new Answers();
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
			}, ESCAPE_MS);
		}
		return left === '' ? null : left;
	};
	// Ink looks away while another program has the terminal, but the system would go on reading, and take keys from that program.
	const setRawMode = (on: boolean): NodeJS.ReadStream => {
		stdin.setRawMode(on);
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
