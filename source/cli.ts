/** Flags → a command. Exit codes live here and nowhere else. */
import process from 'node:process';
import type {Outcome} from './commands/outcome.ts';
import {type Config, configFile, NO_CONFIG, readConfig} from './config.ts';
import {Failure, told, UsageError} from './failure.ts';
import {COMMANDS, type Command, checkFlags, checkSwitches, commandIn, type Flags, help, isCommand, meowFlags} from './flags.ts';
import {didYouMean} from './nearest-word.ts';
import {withoutTables} from './terminal/without-tables.ts';
import {VERSION} from './version.ts';
import {holdYoungHeap} from './young-heap.ts';

const EXIT = {well: 0, failed: 1, usage: 2, found: 3, unjudged: 4} as const;

type Run = (input: readonly string[], flags: Flags, config: Config) => Promise<Outcome>;

/** Each command is loaded when it is asked for: `--version` need not wait for React. */
const RUN: Readonly<Record<Command, () => Promise<{run: Run}>>> = {
	watch: () => import('./commands/watch.ts'),
	demo: () => import('./commands/demo.ts'),
	replay: () => import('./commands/replay.ts'),
	top: () => import('./commands/top.ts'),
	check: () => import('./commands/check.ts'),
	evaluate: () => import('./commands/evaluate.ts'),
	explain: () => import('./commands/explain.ts'),
	doctor: () => import('./commands/doctor.ts'),
};

/** @returns the exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
	// A reader that went away (`oddpod top | head`) is no failure.
	process.stdout.on('error', (error: NodeJS.ErrnoException) => {
		if (error.code === 'EPIPE') process.exit(EXIT.well);
		throw error;
	});
	const [first] = argv;
	const given = commandIn(argv);
	const {command = 'watch', rest} = given;
	try {
		if (first === 'help') return printHelp(argv[1]);
		if (argv.includes('--help') || argv.includes('-h')) return printHelp(given.command);
		if (first === '--version' || first === '-v' || first === 'version') {
			process.stdout.write(`${VERSION}\n`);
			return EXIT.well;
		}
		checkSwitches(rest);
		if (command === 'watch') holdYoungHeap();
		const {default: meow} = await withoutTables(() => import('meow')); // `--version` and help need not wait for it
		const parse = (): {input: string[]; flags: Record<string, unknown>} =>
			meow({
				importMeta: import.meta,
				argv: rest,
				pkg: {name: 'oddpod', version: VERSION},
				flags: meowFlags(command),
				booleanDefault: undefined, // `--no-ascii` is not the same as nothing
				autoHelp: false,
				autoVersion: false,
			});
		const {input, flags} = orUsageError(parse);
		const {run} = await withoutTables(RUN[command]);
		// Verdicts that are counted depend on nothing but what stands on the command line.
		const config = command === 'evaluate' ? NO_CONFIG : await readConfig(configFile(process.env));
		const outcome = await run(input, checkFlags(command, flags, config.flags), config);
		return typeof outcome === 'number' ? outcome : EXIT[outcome];
	} catch (error) {
		process.stderr.write(tell(error, command));
		return error instanceof UsageError ? EXIT.usage : EXIT.failed;
	}
}

/** meow throws where a flag is given twice. @throws {UsageError} */
function orUsageError<T>(parse: () => T): T {
	try {
		return parse();
	} catch (error) {
		throw new UsageError((error as Error).message);
	}
}

function printHelp(word: string | undefined): number {
	if (word !== undefined && !isCommand(word)) throw new UsageError(`There is no command ${word}${didYouMean(word, Object.keys(COMMANDS))}`);
	process.stdout.write(help(word));
	return EXIT.well;
}

function tell(error: unknown, command: Command): string {
	if (error instanceof UsageError)
		return told({id: 'usage', what: error.message, fix: error.fix ?? `See: oddpod help${command === 'watch' ? '' : ` ${command}`}`});
	if (error instanceof Failure) return told(error.problem);
	const message = error instanceof Error ? error.message : String(error);
	return `oddpod: something went wrong that should not have: ${message}.\nPlease report it, with the file that this makes: oddpod … --log FILE\n${process.env.ODDPOD_DEBUG && error instanceof Error ? `${error.stack}\n` : ''}`;
}
