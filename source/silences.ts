/** What the user does not want to be told: laid over the timeline by the screen; the engine never sees it. */
import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type {Container} from './scrape.ts';
import {siblingKey} from './scrape.ts';

/** For an hour; until the container restarts; or expected of this workload's container, for good. */
type Silence =
	| {readonly kind: 'hour'; readonly untilMs: number}
	| {readonly kind: 'restart'; readonly incarnation: string}
	| {readonly kind: 'expected'};

const HOUR_MS = 3_600_000;
const WORDS: Readonly<Record<Silence['kind'], string>> = {
	hour: 'silenced 1 h',
	restart: 'silenced until it restarts',
	expected: 'expected here',
};
const NEXT: Readonly<Record<Silence['kind'], string>> = {hour: 'until it restarts', restart: 'expected here', expected: 'not at all'};

export class Silences {
	/** Counts changes, so that a screen knows when to look again. */
	revision = 0;
	readonly #byKey = new Map<string, Silence>();
	readonly #file: string | undefined;

	/** Without a file they live as long as the program. */
	constructor(file?: string) {
		this.#file = file;
		if (file === undefined) return;
		try {
			const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
			if (typeof kept === 'object' && kept !== null)
				for (const [key, silence] of Object.entries(kept)) if (isSilence(silence)) this.#byKey.set(key, silence);
		} catch {
			// None yet, or a damaged file: silences are a convenience, and a missing one errs on the loud side.
		}
	}

	/** In words; undefined where none holds. */
	of(container: Container, atMs: number): string | undefined {
		const silence = this.#holding(container, atMs);
		return silence && WORDS[silence.kind];
	}

	/** The next of: 1 h, until it restarts, expected, none. Returns what holds now, and what the next would be. */
	next(of: Container, atMs: number): {readonly now: string; readonly after: string | undefined} {
		const now = this.#holding(of, atMs)?.kind;
		this.#byKey.delete(of.key);
		this.#byKey.delete(expectedKey(of));
		if (now === undefined) this.#byKey.set(of.key, {kind: 'hour', untilMs: atMs + HOUR_MS});
		else if (now === 'hour') this.#byKey.set(of.key, {kind: 'restart', incarnation: of.incarnation});
		else if (now === 'restart') this.#byKey.set(expectedKey(of), {kind: 'expected'});
		this.revision++;
		this.#keep(atMs);
		const held = this.#holding(of, atMs)?.kind;
		return held === undefined ? {now: 'no longer silenced', after: undefined} : {now: WORDS[held], after: NEXT[held]};
	}

	/** None holds any more. Returns whether one did. */
	end(of: Container, atMs: number): boolean {
		if (!this.#holding(of, atMs)) return false;
		this.#byKey.delete(of.key);
		this.#byKey.delete(expectedKey(of));
		this.revision++;
		this.#keep(atMs);
		return true;
	}

	#holding(of: Container, atMs: number): Silence | undefined {
		const expected = this.#byKey.get(expectedKey(of));
		if (expected?.kind === 'expected') return expected;
		const silence = this.#byKey.get(of.key);
		if (silence?.kind === 'hour') return atMs < silence.untilMs ? silence : undefined;
		if (silence?.kind === 'restart') return silence.incarnation === of.incarnation ? silence : undefined;
		return undefined;
	}

	/** Written beside and renamed: a kill in between leaves the old one. */
	#keep(atMs: number): void {
		if (this.#file === undefined) return;
		for (const [key, silence] of this.#byKey) if (silence.kind === 'hour' && silence.untilMs < atMs) this.#byKey.delete(key);
		try {
			mkdirSync(path.dirname(this.#file), {recursive: true});
			const beside = `${this.#file}.${process.pid}`;
			writeFileSync(beside, `${JSON.stringify(Object.fromEntries(this.#byKey), undefined, '\t')}\n`);
			renameSync(beside, this.#file);
		} catch {
			// A full or read-only disk: it holds until the program ends.
		}
	}
}

/** An expectation is about a workload's container, not about one pod. */
const expectedKey = (of: Container): string => `expected:${siblingKey(of) ?? of.key}`;

function isSilence(value: unknown): value is Silence {
	if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
	if (value.kind === 'hour') return 'untilMs' in value && typeof value.untilMs === 'number';
	if (value.kind === 'restart') return 'incarnation' in value && typeof value.incarnation === 'string';
	return value.kind === 'expected';
}

/** `$XDG_STATE_HOME/oddpod/<context>/silences.json` */
export function silencesFile(context: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
	const state = env.XDG_STATE_HOME || (env.HOME && path.join(env.HOME, '.local', 'state'));
	return state ? path.join(state, 'oddpod', context.replace(/[^\w.-]/g, '_') || '_', 'silences.json') : undefined;
}
