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

/** One sentence of what happened and why, then a line of what to do: as a command prints it. */
export function told({what, why, fix}: Problem): string {
	return `oddpod: ${sentence(what)}${why ? ` ${sentence(why)}` : ''}\n${fix ? `${fix}\n` : ''}`;
}
