import type {Settings} from '../engine/settings.ts';
import type {Flags} from '../flags.ts';
import {type TimeFormat, timeFormat} from '../format.ts';

/** What the flags set of the engine. */
export function settingsFrom({train, sensitivity, consecutive, window, seed}: Flags): Partial<Settings> {
	return {
		...(train !== undefined && {train}),
		...(sensitivity !== undefined && {sensitivity: sensitivity as Settings['sensitivity']}),
		...(consecutive !== undefined && {consecutive}),
		...(window !== undefined && {window}),
		...(seed !== undefined && {seed}),
	};
}

export const timeFrom = ({utc}: Flags): TimeFormat => timeFormat(utc ? 'UTC' : undefined);
