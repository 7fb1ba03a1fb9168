/** Joins what the screen knows (screen/) and how it looks (components/): the only React with effects. */

import {setImmediate} from 'node:timers/promises';
import {useApp, useInput, usePaste, useStdout, useWindowSize} from 'ink';
import {useEffect, useMemo, useReducer, useRef} from 'react';
import {Screen} from './components/screen.tsx';
import type {Cursor} from './cursor.ts';
import {due, moveCursor} from './cursor.ts';
import type {Explanation} from './engine/verdict.ts';
import type {TimeFormat} from './format.ts';
import type {Container, Details} from './scrape.ts';
import type {ColumnId} from './screen/columns.ts';
import type {Elsewhere} from './screen/command.ts';
import {parseCommand} from './screen/command.ts';
import type {Silences} from './screen/facts.ts';
import type {Source} from './screen/header.ts';
import type {Action} from './screen/keys.ts';
import {actionOf, namesOf} from './screen/keys.ts';
import type {Scene} from './screen/selectors.ts';
import {createMomentOf, createScene} from './screen/selectors.ts';
import type {ScreenState, Sort, StateAction} from './screen/state.ts';
import {initialState, reduce, seen} from './screen/state.ts';
import type {Theme} from './screen/theme.ts';
import {printable} from './screen/width.ts';
import type {Timeline} from './timeline.ts';

/** What the screen needs of time; tests bring their own. */
export interface Clock {
	/** Milliseconds that never run backwards. */
	now(): number;
	/** Calls once, and returns what takes it back. */
	after(ms: number, call: () => void): () => void;
}

export const realClock: Clock = {
	now: () => performance.now(),
	after(ms, call) {
		const timer = setTimeout(call, ms);
		return () => clearTimeout(timer);
	},
};

export interface AppProps {
	/** Read, never written. Whoever appends to it makes the screen follow. */
	readonly timeline: Timeline;
	readonly source: Source;
	/** Where to begin: liveCursor(), or replayCursor(speed) with `atMs` for a start in the middle. */
	readonly cursor: Cursor;
	/** From createTheme(themeOptionsFrom(process.env)), with --ascii and NO_COLOR in it. */
	readonly theme: Theme;
	/** timeFormat(), or timeFormat('UTC'). */
	readonly times: TimeFormat;
	/** What the feed was asked for, for the status line: `all namespaces`, `shop, payments`. */
	readonly namespaceLabel: string;
	/** In place of those that the list chooses. */
	readonly columns?: readonly ColumnId[];
	readonly wide?: boolean;
	readonly sort?: Sort;
	readonly filter?: string;
	/** Start with the first container that this accepts, once there is one (`oddpod deploy/checkout`); without, the worst one is followed. */
	readonly select?: (of: Container) => boolean;
	/** What that was called by, for when there is none. */
	readonly selectName?: string;
	/** Asked of the engine for a container without an anomaly, at the end of the timeline only. */
	readonly explain?: (key: string) => Explanation | undefined;
	/** Asked of the cluster for the container whose explanation is open, at the end of the timeline only. */
	readonly details?: (key: string) => Promise<Details>;
	readonly silences?: Silences & {
		/** The next of: 1 h, until it restarts, expected, none. Returns what holds now, and what the next would be. */
		next(of: Container, atMs: number): {readonly now: string; readonly after: string | undefined};
		/** Takes back what holds; false where nothing does. */
		end(of: Container, atMs: number): boolean;
	};
	/** Runs kubectl while the screen is suspended. Resolves to what went wrong, if anything did. Absent: there is no cluster. */
	readonly kubectl?: (verb: 'logs' | 'previous-logs' | 'describe', of: Container) => Promise<string | undefined>;
	/** Opens another feed for `:ctx` and for namespaces that are not read. Resolves to what went wrong; else what is new has been rendered. */
	readonly goTo?: (to: Elsewhere) => Promise<string | undefined>;
	/** There may be namespaces that are not read. */
	readonly partial?: boolean;
	/** What `:ctx` can go to. */
	readonly contexts?: readonly string[];
	/** Stops the process (SIGTSTP) while the screen is suspended, and resolves when it goes on. */
	readonly stop?: () => Promise<void>;
	/** Asks the terminal for its size, and draws every cell of it with the next frame: somebody else has had it. */
	readonly drawAnew?: () => void;
	/** Waited for before the terminal is given to somebody else: what it was asked it has answered by then. */
	readonly settled?: () => Promise<void>;
	readonly onQuit: () => void;
	readonly clock?: Clock;
}

/** While keys run through the list the charts stay where they were: they follow this long after the last one. */
const DETAIL_LAG_MS = 150;
/** How long the position bar may lag behind while a file is read. */
const BAR_LAG_MS = 250;

export function App(props: AppProps) {
	const {timeline, source, theme, times, clock = realClock} = props;
	const {suspendTerminal} = useApp();
	const {stdout} = useStdout();
	const size = useWindowSize();
	const [drawn, redraw] = useReducer((n: number) => n + 1, 0);
	const state = useRef<ScreenState>(undefined);
	state.current ??= initialState(props.cursor, {
		...(props.wide !== undefined && {wide: props.wide}),
		...(props.sort !== undefined && {sort: props.sort}),
		...(props.filter !== undefined && {filter: props.filter}),
	});
	const sceneOf = useMemo(() => createScene(), []);
	const momentOf = useMemo(() => createMomentOf(timeline), [timeline]);
	const chosen = useRef(false);
	const missed = useRef<ScreenState['notice']>(undefined);
	const detail = useRef<{readonly key: string; readonly cancel: () => void}>(undefined);
	/** Given with `m`, the last one last; and whom the next `m` is about, until another key is pressed. */
	const silenced = useRef<{readonly given: readonly Container[]; readonly again: Container | undefined}>({given: [], again: undefined});
	const away = useRef(false);
	const clusterSays = useRef<{readonly key: string; readonly details: Details}>(undefined);
	const kept = useRef<{
		readonly state: ScreenState;
		readonly revision: number;
		readonly size: typeof size;
		readonly outside: string;
		readonly timeline: Timeline;
		readonly scene: Scene;
	}>(undefined);

	/** Of the state as it is now; several keys that arrive in one read each see what the one before did. */
	const look = (): Scene => {
		let current = state.current ?? initialState(props.cursor);
		const moment = momentOf(current);
		if (props.select && !chosen.current && current.selection === undefined) {
			const found = moment.rows.of.find(of => props.select?.(of));
			if (found) {
				chosen.current = true;
				const {notice, ...rest} = current;
				current = {...rest, notice: notice === missed.current ? undefined : notice, selection: {id: found.key, index: 0}};
				state.current = current;
			} else if (!missed.current && moment.rows.length > 0 && props.selectName !== undefined) {
				missed.current = {text: `Nothing in ${printable(props.namespaceLabel)} is called ${printable(props.selectName)}`, bad: true};
				current = {...current, notice: missed.current};
				state.current = current;
			}
		}
		const before = kept.current;
		// What can change without the timeline.
		const outside = `${props.namespaceLabel} ${props.silences?.revision ?? 0} ${source.finished()} ${source.problem?.()?.what ?? ''}`;
		if (
			before?.state === current &&
			before.timeline === timeline &&
			before.revision === timeline.revision &&
			before.size === size &&
			before.outside === outside
		)
			return before.scene;
		const scene = sceneOf({
			timeline,
			moment,
			state: current,
			size,
			source,
			times,
			tones: theme.tones,
			namespaceLabel: props.namespaceLabel,
			canKubectl: props.kubectl !== undefined,
			...(props.columns && {columns: props.columns}),
			...(props.contexts && {contexts: props.contexts}),
			...(detail.current && {detail: detail.current.key}),
			...(props.silences && {silences: props.silences}),
			...(props.explain && {explain: props.explain}),
			...(clusterSays.current && {details: clusterSays.current}),
		});
		state.current = seen(current, scene.sight);
		kept.current = {state: state.current, timeline, revision: timeline.revision, size, outside, scene};
		return scene;
	};

	const say = (text: string, bad = false): void => act({type: 'say', text, bad});

	const change = (action: StateAction): void => {
		const before = look();
		const current = state.current;
		if (!current) return;
		const next = reduce(current, action, before.sight);
		if (next === current) return;
		state.current = next;
		const moves = action.type === 'move' || action.type === 'move-pages' || action.type === 'move-to';
		const shown = detail.current?.key ?? before.selected?.key;
		detail.current?.cancel();
		detail.current = undefined;
		if (moves && next.selection?.id !== current.selection?.id && shown !== undefined) {
			const cancel = clock.after(DETAIL_LAG_MS, () => {
				detail.current = undefined;
				kept.current = undefined;
				redraw();
			});
			detail.current = {key: shown, cancel};
		}
		redraw();
	};

	const act = (action: Action): void => {
		if (action.type !== 'silence' && action.type !== 'say') silenced.current = {...silenced.current, again: undefined};
		switch (action.type) {
			case 'quit':
				if (state.current?.overlay) change({type: 'undo'});
				else props.onQuit();
				break;
			case 'submit': {
				const typing = state.current?.typing;
				change(action);
				if (typing?.what === 'command') run(typing.text);
				break;
			}
			case 'namespaces':
				change(action);
				if (action.names.length === 0 && props.partial) goTo({namespaces: []});
				break;
			case 'recent-namespace': {
				const name = state.current?.recentNamespaces[action.index];
				if (name !== undefined && props.goTo && !look().namespaces.includes(name)) goTo({namespaces: [name]});
				else change(action);
				break;
			}
			case 'copy':
				copy(look());
				break;
			case 'silence':
			case 'unsilence':
				silence(action.type, look());
				break;
			case 'kubectl':
				kubectl(action.verb, look());
				break;
			case 'suspend':
				if (props.stop) leave(props.stop);
				break;
			case 'draw-anew':
				props.drawAnew?.();
				break;
			default:
				change(action);
		}
	};

	const run = (text: string): void => {
		const parsed = parseCommand(text, look().namespaces, props.contexts);
		switch (parsed.type) {
			case 'nothing':
				break;
			case 'action':
				act(parsed.action);
				break;
			case 'problem':
				say(parsed.text, true);
				break;
			case 'elsewhere':
				goTo(parsed.to);
		}
	};

	const goTo = (to: Elsewhere): void => {
		const {context, namespaces = []} = to;
		if (!props.goTo) {
			say(context === undefined ? `No container in ${namespaces.join(', ')} here` : 'A recording has no other context', true);
			return;
		}
		say(`Asking ${printable([context, ...namespaces].filter(Boolean).join(' ') || source.label)} …`);
		void props.goTo(to).then(problem => {
			if (problem !== undefined) say(printable(problem), true);
			else change({type: 'arrive', namespaces, anew: context !== undefined && context !== source.label});
		});
	};

	const copy = ({whyText, selected}: Scene): void => {
		if (!selected) return;
		// OSC 52: the terminal's own clipboard, also over SSH.
		stdout.write(`\x1b]52;c;${Buffer.from(whyText().join('\n')).toString('base64')}\x07`);
		say(`Copied the explanation of ${printable(selected.of.pod)} (if the terminal allows it)`);
	};

	const silence = (what: 'silence' | 'unsilence', {selected, atMs}: Scene): void => {
		if (!selected) return;
		const {silences} = props;
		const {given, again} = silenced.current;
		if (!silences) say('Silences are not kept here', true);
		else if (what === 'silence') {
			change({type: 'hold'});
			// Of a workload another container may be the worst now.
			const of = again ?? selected.of;
			const {now, after} = silences.next(of, atMs);
			silenced.current = {given: [...given.filter(({key}) => key !== of.key), of], again: of};
			say(`${printable(of.pod)}: ${now}${after === undefined ? '' : `. m again: ${after}; u: undo`}`);
		} else {
			const ended = [selected.of, ...given.toReversed()].find(of => silences.end(of, atMs));
			silenced.current = {given: given.filter(({key}) => key !== ended?.key), again: undefined};
			if (ended) say(`${printable(ended.pod)}: no longer silenced`);
			else say(`${printable(selected.of.pod)} is not silenced`, true);
		}
	};

	const kubectl = (verb: 'logs' | 'previous-logs' | 'describe', {selected}: Scene): void => {
		const {kubectl: spawn} = props;
		if (!selected) return;
		if (!spawn) {
			say('A recording has no cluster to ask', true);
			return;
		}
		leave(async () => {
			const problem = await spawn(verb, selected.of);
			if (problem !== undefined) say(problem, true);
		});
	};

	/** The terminal is somebody else's meanwhile. Keys of the same burst (`ll`) still come here; nobody leaves twice. */
	const leave = (meanwhile: () => Promise<void>): void => {
		if (away.current) return;
		away.current = true;
		const borrowed = async (): Promise<void> => {
			try {
				await meanwhile();
			} finally {
				props.drawAnew?.();
				// React makes the screen for another size in a turn of its own; Ink shows what there is when this is over.
				await setImmediate();
				// Not when Ink has drawn: a key that answers to what is seen by then is heard.
				away.current = false;
			}
		};
		void (props.settled?.() ?? Promise.resolve())
			.then(() => suspendTerminal(borrowed))
			.finally(() => {
				away.current = false;
			});
	};

	useInput((input, key) => {
		for (const name of namesOf(input, key)) {
			const action = actionOf(name, state.current?.typing !== undefined);
			if (action) act(action);
		}
	});
	// A paste is text where text is typed, and nothing elsewhere: it must not press a hundred keys.
	usePaste(text => {
		if (state.current?.typing) act({type: 'type', text: printable(text.slice(0, 500).replace(/[\r\n]+$/, ''))});
	});

	// New samples. While a file is read ahead of the cursor only the position bar changes.
	useEffect(() => {
		let cancel: (() => void) | undefined;
		const unsubscribe = timeline.subscribe(() => {
			const {cursor} = state.current ?? {cursor: props.cursor};
			const waits =
				cursor.mode === 'follow' ||
				(cursor.mode === 'play' && due(cursor, timeline) === undefined) ||
				kept.current?.scene.selected === undefined;
			if (waits) return redraw();
			cancel ??= clock.after(BAR_LAG_MS, () => {
				cancel = undefined;
				redraw();
			});
		});
		const forget = source.subscribe?.(redraw);
		return () => {
			forget?.();
			unsubscribe();
			cancel?.();
		};
	}, [timeline, source, clock, props.cursor]);

	// The cursor's clock: one timer, set for the next scrape.
	const {cursor} = state.current;
	const dueMs = due(cursor, timeline);
	const lastAdvance = useRef<number>(undefined);
	useEffect(() => {
		if (dueMs === undefined || cursor.mode !== 'play') {
			lastAdvance.current = undefined;
			return;
		}
		const from = lastAdvance.current ?? clock.now();
		// Timers count whole milliseconds.
		return clock.after(Math.max(0, Math.ceil(from + dueMs - clock.now())), () => {
			let moved = cursor;
			let at = from;
			// The step it was set for; and when it comes late, what became due meanwhile.
			for (let step: number | undefined = dueMs, n = 0; step !== undefined && (n === 0 || (n < 50 && at + step <= clock.now())); n++) {
				at += step;
				moved = moveCursor(moved, {type: 'advance'}, timeline);
				step = due(moved, timeline);
			}
			lastAdvance.current = clock.now() - at > 500 ? clock.now() : at;
			// A key may have moved it since: then this timer is out of date.
			if (state.current?.cursor !== cursor || moved === cursor) return;
			state.current = {...state.current, cursor: moved};
			redraw();
		});
	}, [cursor, dueMs, clock, timeline]);

	// An explanation is open: what the cluster itself says goes below it, asked anew each minute. While keys run through the list it is not asked.
	const scene = look();
	const {details} = props;
	const isPresent = scene.why !== undefined && state.current.cursor.mode === 'follow';
	const explained = isPresent ? (detail.current?.key ?? scene.selected?.key) : undefined;
	const minute = Math.floor(scene.atMs / 60_000);
	// biome-ignore lint/correctness/useExhaustiveDependencies: the minute is when to ask again
	useEffect(() => {
		if (explained === undefined || !details) return;
		let wanted = true;
		const keep = (found: Details): void => {
			if (!wanted) return;
			clusterSays.current = {key: explained, details: found};
			kept.current = undefined;
			redraw();
		};
		details(explained).then(keep, () => {});
		return () => {
			wanted = false;
		};
	}, [explained, minute, details]);

	void drawn;
	return <Screen scene={scene} theme={theme} />;
}
