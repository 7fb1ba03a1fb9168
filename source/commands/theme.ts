import type {Config} from '../config.ts';
import type {Flags} from '../flags.ts';
import {type ThemeOptions, themeOptionsFrom} from '../screen/theme.ts';

/** A flag wins over the file, the file over what the terminal says of itself; who sets NO_COLOR wants none, whatever the file says. */
export function themeFrom({ascii}: Flags, {theme}: Pick<Config, 'theme'>, env: Readonly<Record<string, string | undefined>>): ThemeOptions {
	const seen = themeOptionsFrom(env);
	return {...seen, ...theme, ...(env.NO_COLOR && {colour: 'none'}), ascii: ascii ?? seen.ascii};
}
