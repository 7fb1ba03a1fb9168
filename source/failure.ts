import type {Problem} from './scrape.ts';

/** Why a command cannot go on, told as a problem is: one sentence of what happened, one of what to do. Never a stack trace. */
export class Failure extends Error {
	override name = 'Failure';
	readonly problem: Problem;

	constructor(problem: Problem) {
		super(problem.what);
		this.problem = problem;
	}
}

/** The command line cannot be carried out as it was written. */
export class UsageError extends Error {
	override name = 'UsageError';
	/** What helps more than the command's help. */
	readonly fix: string | undefined;

	constructor(message: string, fix?: string) {
		super(message);
		this.fix = fix;
	}
}

/** With a full stop, where it ends in nothing of the kind. */
export function sentence(text: string): string {
	const trimmed = text.replace(/[.\s]+$/, '');
	return /[?!]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** What happened and why, then a line of what to do: as every command prints it. */
export function told({what, why, fix}: Problem): string {
	return `oddpod: ${sentence(afterColon(what))}${why ? ` ${sentence(why)}` : ''}\n${fix ? `${isCommand(fix) ? 'Try: ' : ''}${fix}\n` : ''}`;
}

/** kubectl's words begin with its own `error: ` or as a sentence; names of files and `Error from server (Forbidden)` stay as they are. */
const afterColon = (what: string): string =>
	what.replace(/^error: /, '').replace(/^(?:The|There|No|Unable|You|Watching|Expected|Nothing|Metrics)\b/, word => word.toLowerCase());

/** `kubectl config view`, `NO_PROXY=host`: not a sentence. */
const isCommand = (fix: string): boolean => /^(?:[a-z]|[A-Z_]+=)/.test(fix);

/** Of an error of the system: `no such file or directory`, without its code and what was called. */
export const reasonOf = (error: unknown): string =>
	(error instanceof Error ? error.message : String(error)).replace(/^[A-Z]+: /, '').replace(/, \w+(?: '.*')?$/s, '');
