/** The last line: what is being typed, the answer to the last key, or which keys there are. */
import {parseFilter} from './filter.ts';
import type {Source} from './header.ts';
import {keyBar} from './help.ts';
import type {ScreenState} from './state.ts';
import type {Line} from './theme.ts';
import {cut, cutStart, padStart, printable, widthOf} from './width.ts';

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
		const hint =
			typing.what === 'command'
				? hintFor(typing.text, places)
				: (parseFilter(typing.text).problem ?? 'regular expression   !text: without it   -l app=x   node=NAME');
		const text = printable(typing.text);
		// What is typed last has to be seen.
		const shown = cutStart(text, width - 4);
		const room = width - 3 - widthOf(shown);
		return [
			{text: ` ${sign}`, style: 'key'},
			{text: shown},
			{text: ' ', style: 'cursor'},
			{text: room > 12 ? padStart(cut(hint, room - 3), room - 1) : '', style: 'dim'},
		];
	}
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
	const keys = {focus, overlay, paused: state.cursor.mode === 'pause', replay: !source.live, inside, undoes, canKubectl};
	if (!notice) return keyBar(keys, width);
	// It stands until the next key: which keys there are is seen beside it.
	const text = cut(printable(notice.text), width - 2);
	const answer: Line = [{text: ` ${text}`, style: notice.bad ? 'warning' : 'good'}];
	const room = width - widthOf(text) - 1 - NOTICE_GAP.length;
	return room < FEWEST_KEYS ? answer : [...answer, {text: NOTICE_GAP}, ...keyBar(keys, room)];
}

const NOTICE_GAP = '  ';
/** `enter why  ↑↓ pod  q quit` */
const FEWEST_KEYS = 26;

/** Where a command can lead. */
interface Places {
	readonly namespaces: readonly string[];
	/** The newest first. */
	readonly recent: readonly string[];
	readonly contexts: readonly string[];
}

function hintFor(text: string, {namespaces, recent, contexts}: Places): string {
	const names = /^\s*(?:ns|namespaces?)(?:\s|$)/i.test(text)
		? [...recent.map((name, i) => `${i + 1} ${name}`), ...namespaces.filter(name => !recent.includes(name)), '0 all']
		: /^\s*(?:ctx|context)(?:\s|$)/i.test(text)
			? contexts
			: [];
	return names.length > 0 ? printable(names.join('  ')) : 'ns a,b  ctx NAME  sort COLUMN  group node  q';
}
