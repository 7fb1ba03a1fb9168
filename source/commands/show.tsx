import process from 'node:process';
import {render} from 'ink';
import {App, type AppProps} from '../app.tsx';
import {Failure} from '../failure.ts';
import type {Flags} from '../flags.ts';
import {createTheme, themeOptionsFrom} from '../screen/theme.ts';
import {timeFrom} from './settings.ts';

/** Why the screen cannot be shown here, before anything is drawn. @throws {Failure} */
export function demandTerminal(instead: string): void {
	if (!process.stdout.isTTY) throw new Failure({id: 'no-terminal', what: 'the screen needs a terminal, and stdout is none', fix: instead});
	if (!process.stdin.isTTY)
		throw new Failure({id: 'no-keyboard', what: 'the screen needs a keyboard, and stdin is no terminal', fix: instead});
}

/** A pipe, or a terminal that can move no cursor: events are printed as lines there. */
export const isPlain = (): boolean => !process.stdout.isTTY || process.env.TERM === 'dumb';

export interface Show extends Omit<AppProps, 'theme' | 'times' | 'onQuit' | 'stop'> {
	readonly flags: Flags;
}

/** Shows the screen until the user leaves it; the terminal is as it was on every way out. */
export async function show({flags, ...props}: Show): Promise<void> {
	const options = themeOptionsFrom(process.env);
	const theme = createTheme({...options, ascii: flags.ascii === true || options.ascii});
	const app = render(
		<App {...props} wide={flags.wide === true} theme={theme} times={timeFrom(flags)} onQuit={() => app.unmount()} stop={stopProcess} />,
		{alternateScreen: true, exitOnCtrlC: false, interactive: true, maxFps: 60, patchConsole: false},
	);
	const leave = (): void => app.unmount();
	const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
	for (const signal of signals) process.on(signal, leave);
	try {
		await app.waitUntilExit();
	} finally {
		for (const signal of signals) process.off(signal, leave);
	}
}

/** Stops as `ctrl-z` does, and resolves when the shell lets it go on. */
async function stopProcess(): Promise<void> {
	const resumed = new Promise<void>(resolve => process.once('SIGCONT', () => resolve()));
	process.kill(0, 'SIGTSTP');
	await resumed;
}
