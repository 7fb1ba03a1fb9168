/** The last line: what is being typed, the answer to the last key, or which keys there are. */
import type {Source} from './header.ts';
import {keyBar} from './help.ts';
import type {ScreenState} from './state.ts';
import type {Line} from './theme.ts';
import {cut, padStart, printable} from './width.ts';

export function bottomLine(
	state: ScreenState,
	width: number,
	focus: ScreenState['focus'],
	overlay: 'help' | 'why' | undefined,
	source: Source,
	inside: 'replicas' | 'containers' | undefined,
	canKubectl: boolean,
	places: Places,
): Line {
	const {typing, notice} = state;
	if (typing) {
		const sign = typing.what === 'command' ? ':' : '/';
		const hint = typing.what === 'command' ? hintFor(typing.text, places) : '!text: without it   -l app=x   node=NAME';
		const text = printable(typing.text);
		// What is typed last has to be seen.
		const shown = text.length > width - 4 ? `…${text.slice(-(width - 5))}` : text;
		const room = width - 3 - shown.length;
		return [
			{text: ` ${sign}`, style: 'key'},
			{text: shown},
			{text: ' ', style: 'cursor'},
			{text: room > 12 ? padStart(cut(hint, room - 3), room - 1) : '', style: 'dim'},
		];
	}
	if (notice) return [{text: ` ${cutEnd(printable(notice.text), width - 2)}`, style: notice.bad ? 'warning' : 'good'}];
	const undoes =
		focus !== 'pods'
			? 'back'
			: state.chart.endMs !== undefined
				? state.chart.frozen
					? 'thaw'
					: 'newest'
				: state.filter !== ''
					? 'clear filter'
					: state.cursor.mode !== state.cursor.home && state.cursor.home === 'follow'
						? 'live'
						: undefined;
	return keyBar({focus, overlay, paused: state.cursor.mode === 'pause', replay: !source.live, inside, undoes, canKubectl}, width);
}

/** Where a command can lead. */
interface Places {
	readonly namespaces: readonly string[];
	/** The newest first. */
	readonly recent: readonly string[];
	readonly contexts: readonly string[];
}

function hintFor(text: string, {namespaces, recent, contexts}: Places): string {
	const names = /^\s*(?:ns|namespaces?)\s/i.test(text)
		? [...recent.map((name, i) => `${i + 1} ${name}`), ...namespaces.filter(name => !recent.includes(name)), '0 all']
		: /^\s*(?:ctx|context)\s/i.test(text)
			? contexts
			: [];
	return names.length > 0 ? printable(names.join('  ')) : 'ns a,b  ctx NAME  sort COLUMN  group node  q';
}

const cutEnd = (text: string, width: number): string => (text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text);
