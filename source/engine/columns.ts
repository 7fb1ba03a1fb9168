import {MARK, STATES, type State, type Verdicts} from './verdict.ts';

/** The columns beside a scrape's readings, reused; grown by doubling. */
export class Columns implements Verdicts {
	length = 0;
	state = new Uint8Array(0);
	score = new Float32Array(0);
	threshold = new Float32Array(0);
	learned = new Uint16Array(0);
	cpuLowMillicores = new Float32Array(0);
	cpuHighMillicores = new Float32Array(0);
	memoryLowBytes = new Float32Array(0);
	memoryHighBytes = new Float32Array(0);
	marks = new Uint8Array(0);

	resize(length: number): void {
		this.length = length;
		if (length <= this.state.length) return;
		const capacity = Math.max(64, 2 ** Math.ceil(Math.log2(length)));
		this.state = new Uint8Array(capacity);
		this.score = new Float32Array(capacity);
		this.threshold = new Float32Array(capacity);
		this.learned = new Uint16Array(capacity);
		this.cpuLowMillicores = new Float32Array(capacity);
		this.cpuHighMillicores = new Float32Array(capacity);
		this.memoryLowBytes = new Float32Array(capacity);
		this.memoryHighBytes = new Float32Array(capacity);
		this.marks = new Uint8Array(capacity);
	}
}

const CODES: Readonly<Record<State, number>> = Object.fromEntries(STATES.map((state, code) => [state, code])) as Record<State, number>;
export const stateCode = (state: State): number => CODES[state];
export {MARK};
