import type {Config} from '../config.ts';
import type {Flags} from '../flags.ts';
import {backgroundFrom, type ThemeOptions, themeOptionsFrom} from '../screen/theme.ts';

/** A flag wins over the file, the file over what the terminal says of itself; who sets NO_COLOR wants none, whatever the file says. */
export function themeFrom({ascii}: Flags, {theme}: Pick<Config, 'theme'>, env: Readonly<Record<string, string | undefined>>): ThemeOptions {
	const seen = themeOptionsFrom(env);
	return {...seen, ...theme, ...(env.NO_COLOR && {colour: 'none'}), ascii: ascii ?? seen.ascii};
}

/** Nobody says what colour the background is, and it matters: tints are made for one or the other. */
export const asksForBackground = (
	{theme}: Pick<Config, 'theme'>,
	{colour}: ThemeOptions,
	env: Readonly<Record<string, string | undefined>>,
): boolean =>
	(colour === '256' || colour === 'true') &&
	theme.background === undefined &&
	backgroundFrom(env.COLORFGBG) === undefined &&
	env.TERM !== 'linux' &&
	env.TERM !== 'dumb';
