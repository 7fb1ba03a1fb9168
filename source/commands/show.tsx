import process from 'node:process';
import {render} from 'ink';
import {App, type AppProps} from '../app.tsx';
import type {Flags} from '../flags.ts';
import {createTheme, themeOptionsFrom} from '../screen/theme.ts';
import {screenWriter} from '../terminal/screen-writer.ts';
import {timeFrom} from './settings.ts';

export interface Show extends Omit<AppProps, 'theme' | 'times' | 'onQuit' | 'stop'> {
	readonly flags: Flags;
}

/** Shows the screen until the user leaves it; the terminal is as it was on every way out. */
export async function show({flags, ...props}: Show): Promise<void> {
	const options = themeOptionsFrom(process.env);
	const theme = createTheme({...options, ascii: flags.ascii === true || options.ascii});
	const app = render(
		<App {...props} wide={flags.wide === true} theme={theme} times={timeFrom(flags)} onQuit={() => app.unmount()} stop={stopProcess} />,
		{stdout: screenWriter(process.stdout), alternateScreen: true, exitOnCtrlC: false, interactive: true, maxFps: 60, patchConsole: false},
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
