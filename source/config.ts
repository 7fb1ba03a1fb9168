/** `$XDG_CONFIG_HOME/oddpod/config.yaml`: what a reader wants every time. What a flag says wins. */
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {cleanText} from './clean.ts';
import type {Mistake} from './config-text.ts';
import {Failure, reasonOf} from './failure.ts';
import type {Flags} from './flags.ts';
import type {ColumnId} from './screen/columns.ts';
import type {ThemeOptions} from './screen/theme.ts';

export interface Config {
	/** In place of flags that were not given. */
	readonly flags: Pick<Flags, 'namespace' | 'allNamespaces' | 'sensitivity' | 'ascii' | 'utc'>;
	readonly theme: Partial<Pick<ThemeOptions, 'colour' | 'background' | 'inks'>>;
	readonly columns?: readonly ColumnId[];
}

export const NO_CONFIG: Config = {flags: {}, theme: {}};

export function configFile(env: NodeJS.ProcessEnv): string | undefined {
	const folder = env.XDG_CONFIG_HOME || (env.HOME && path.join(env.HOME, '.config'));
	return folder ? path.join(folder, 'oddpod', 'config.yaml') : undefined;
}

/** None where there is no such file. @throws {Failure} that names every mistake by its line. */
export async function readConfig(file: string | undefined): Promise<Config> {
	if (file === undefined) return NO_CONFIG;
	let text: string;
	try {
		text = readFileSync(file, 'utf8');
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR') return NO_CONFIG;
		throw new Failure({id: 'config-unreadable', what: `${cleanText(file, 200)} cannot be read: ${cleanText(reasonOf(error), 100)}`});
	}
	const {parseConfig} = await import('./config-text.ts'); // few have such a file: nobody else waits for the parser
	const mistakes: Mistake[] = [];
	const config = parseConfig(text, mistakes);
	if (mistakes.length === 0) return config;
	const [first, ...more] = mistakes.map(({line, what}) => `line ${line}: ${what}`);
	throw new Failure({
		id: 'config-invalid',
		what: `${cleanText(file, 200)}, ${first}${more.length > 0 ? `; ${more.join('; ')}` : ''}`,
		fix: 'docs/config.md says what can stand there',
	});
}
