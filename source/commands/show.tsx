import process from 'node:process';
import {render} from 'ink';
import {App, type AppProps} from '../app.tsx';
import type {Config} from '../config.ts';
import type {Flags} from '../flags.ts';
import {createTheme} from '../screen/theme.ts';
import {BackgroundQuestion} from '../terminal/background.ts';
import {inlet} from '../terminal/inlet.ts';
import {screenWriter} from '../terminal/screen-writer.ts';
import {keepYoungHeapSmall} from '../young-heap.ts';
import {timeFrom} from './settings.ts';
import {asksForBackground, themeFrom} from './theme.ts';

/** What the terminal has no part in. */
type Content = Omit<AppProps, 'theme' | 'times' | 'onQuit' | 'stop' | 'drawAnew' | 'settled'>;

export interface Show extends Content {
	readonly flags: Flags;
	readonly config: Config;
	/** Calls with what is to be shown from then on. */
	readonly follow?: (changed: (props: Content) => void) => void;
}

/** Shows the screen until the user leaves it; the terminal is as it was on every way out. */
export async function show({flags, config, follow, ...begin}: Show): Promise<void> {
	const look = themeFrom(flags, config, process.env);
	let theme = createTheme(look);
	const times = timeFrom(flags);
	const writer = screenWriter(process.stdout);
	// Node asks for the size on this signal, and tells of another one alone. A window dragged to and fro in the time of one signal has
	// its old size again, and not what stood in it.
	const repaint = (): void => writer.repaint();
	// Who is not in the foreground is not told of another size.
	const drawAnew = (): void => void process.emit('SIGWINCH', 'SIGWINCH');
	const question = asksForBackground(config, look, process.env)
		? new BackgroundQuestion(
				text => writer.write(text),
				background => {
					if (background === look.background) return;
					theme = createTheme({...look, background});
					app.rerender(screen(shown));
				},
			)
		: undefined;
	/** Else the shell or a pager would read what the terminal still has to say. */
	const settled = async (): Promise<void> => question?.settled();
	let shown = begin;
	const screen = (props: typeof begin) => (
		<App
			{...props}
			{...(config.columns && {columns: config.columns})}
			wide={flags.wide === true}
			theme={theme}
			times={times}
			onQuit={() => void settled().then(() => app.unmount())}
			settled={settled}
			stop={stopProcess}
			drawAnew={drawAnew}
		/>
	);
	const app = render(screen(begin), {
		stdin: inlet(process.stdin, question),
		stdout: writer,
		alternateScreen: true,
		exitOnCtrlC: false,
		interactive: true,
		maxFps: 60,
		patchConsole: false,
	});
	follow?.(props => {
		shown = {...begin, ...props};
		app.rerender(screen(shown));
	});
	const leave = (): void => app.unmount();
	const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
	for (const signal of signals) process.on(signal, leave);
	// Somebody may have stopped it without asking (SIGSTOP).
	process.on('SIGWINCH', repaint).on('SIGCONT', drawAnew);
	// Whatever goes wrong anywhere is told once the terminal can show it.
	let fault: {readonly error: unknown} | undefined;
	const fail = (error: unknown): void => {
		fault ??= {error};
		app.unmount();
	};
	process.on('uncaughtException', fail).on('unhandledRejection', fail);
	try {
		await app.waitUntilRenderFlush();
		keepYoungHeapSmall();
		await app.waitUntilExit();
		if (fault) throw fault.error;
	} finally {
		for (const signal of signals) process.off(signal, leave);
		process.off('SIGWINCH', repaint).off('SIGCONT', drawAnew);
		process.off('uncaughtException', fail).off('unhandledRejection', fail);
	}
}

/** Stops as `ctrl-z` does, and resolves when the shell lets it go on. */
async function stopProcess(): Promise<void> {
	const resumed = new Promise<void>(resolve => process.once('SIGCONT', () => resolve()));
	// A paused replay waits for nothing but keys, and a signal that is waited for keeps no process alive.
	const alive = setInterval(() => {}, 0x7fffffff);
	process.kill(0, 'SIGTSTP');
	await resumed;
	clearInterval(alive);
}
