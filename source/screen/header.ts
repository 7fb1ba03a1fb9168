/** The first lines: what is wrong, or what peace rests on; and the status line under it. */
import type {Cursor} from '../cursor.ts';
import type {Anomaly} from '../engine/verdict.ts';
import {formatDuration} from '../format.ts';
import type {Moment, Row} from '../moment.ts';
import {gravity} from '../moment.ts';
import type {Problem} from '../scrape.ts';
import {headline} from '../sentences.ts';
import {factsAbout} from './facts.ts';
import type {VerdictView} from './row-view.ts';
import {anomalyNow, learningLeftMs} from './row-view.ts';
import {type Tally, tallyOf} from './tally.ts';
import type {Line, Span, Style} from './theme.ts';
import {MARKS} from './theme.ts';
import {cut, cutClause, cutMiddle, printable, widthOf, wrap} from './width.ts';
import {count, plural} from './words.ts';

export interface Source {
	/** The context, or the file's name. */
	readonly label: string;
	readonly live: boolean;
	/** A replay: whether the file has been read to its end. */
	finished(): boolean;
	/** What happened to the feed itself: it ended, or never began. */
	problem?(): Problem | undefined;
	/** `the recording of lab rests`: what is not written while this is looked at. */
	readonly resting?: string;
	/** What came and could not be read: of a wrong shape, or twice. */
	dropped?(): number;
	/** Calls when {@link problem} or {@link finished} has changed; returns what ends it. */
	subscribe?(changed: () => void): () => void;
}

/** Anomalies that are neither over nor a habit nor silenced, the worst first. One a container is enough here. */
const troubles = ({odd}: Tally): readonly Anomaly[] =>
	odd
		.map(anomalyNow)
		.filter(anomaly => anomaly !== undefined)
		.sort((a, b) => gravity(b) - gravity(a) || (a.of.key < b.of.key ? -1 : 1));

const PEACE = {mark: MARKS.resolved, style: 'good'} as const;
const UNSURE = {mark: MARKS.learning, style: 'learning'} as const;

const isAlarm = ({severity}: Anomaly): boolean => severity !== 'notice';

export interface HeaderInput {
	readonly moment: Moment;
	readonly startMs: number;
	readonly source: Source;
	readonly view: VerdictView;
	/** Namespaces that are listed; none: all. What is in others is told by its number alone. */
	readonly only: readonly string[];
}

const tally = ({moment, view, only}: HeaderInput): Tally => tallyOf(moment, view.silences, only);

/** Whether `cart` could be one of several. */
const isAmbiguous = ({moment, view, only}: HeaderInput): boolean =>
	only.length !== 1 && factsAbout(moment, view.silences).namespaces.length > 1;

/** How many rows {@link sentences} takes: two in trouble, where the second holds the rest or what comes next, one in peace. */
export function sentenceRows(input: HeaderInput, width: number): number {
	const {moment, source} = input;
	const {odd, failing} = tally(input);
	const problem = source.problem?.() ?? moment.problems[0];
	if (problem && moment.rows.length === 0) return 1;
	const inTrouble = problem !== undefined || odd.length > 0 || failing.length > 0;
	return inTrouble ? 2 : widthOf(peace(input, width)) > width ? 2 : 1;
}

export function sentences(input: HeaderInput, width: number, rows: number): readonly Line[] {
	const {moment, source, view} = input;
	const {times} = view;
	const problem = source.problem?.() ?? moment.problems[0];
	const counted = tally(input);
	const namespaced = isAmbiguous(input);
	const all = troubles(counted);
	const alarms = all.filter(isAlarm);
	const parts: {readonly mark: string; readonly style: Style; readonly text: string}[] = [];
	const problemPart = problem && {
		mark: MARKS.warning,
		style: 'warning' as const,
		// What to do is often a command: nothing is added to it.
		text:
			moment.rows.length === 0
				? unseenWords(problem, source)
				: [sentence(printable(problem.what)), problem.why && sentence(printable(problem.why)), problem.fix && printable(problem.fix)]
						.filter(Boolean)
						.join(' '),
	};
	if (problemPart && alarms.length === 0) parts.push(problemPart);
	for (const anomaly of alarms)
		parts.push({mark: MARKS[anomaly.severity], style: anomaly.severity, text: printable(headline(anomaly, times, namespaced))});
	if (problemPart && alarms.length > 0) parts.splice(1, 0, problemPart);
	for (const text of failingToStart(counted, namespaced)) parts.push({mark: MARKS.warning, style: 'warning', text});
	if (alarms.length === 0) {
		if (parts.length === 0) parts.push({...(counted.calm > 0 ? PEACE : UNSURE), text: peace(input, width)});
		for (const anomaly of all) parts.push({mark: MARKS.notice, style: 'notice', text: printable(headline(anomaly, times, namespaced))});
	}
	const lines: Line[] = [];
	for (const [i, {mark, style, text}] of parts.entries()) {
		if (lines.length >= rows) break;
		const first = i === 0;
		const wrapped = wrap(text, width - 3);
		const own = Math.min(wrapped.length, first ? rows : 1);
		for (let n = 0; n < own; n++) {
			const more = parts.length - i - 1;
			// The last row says how many more there are, where there are.
			const suffix = lines.length === rows - 1 && more > 0 ? ` (${more} more)` : '';
			const piece = n < own - 1 ? (wrapped[n] ?? '') : wrapped.slice(n).join(' ');
			lines.push([
				{text: n === 0 ? ` ${mark} ` : '   ', style},
				{text: cutClause(piece, width - 3 - suffix.length), style: first && style !== 'good' && style !== 'learning' ? 'strong' : 'plain'},
				{text: suffix, style: 'dim'},
			]);
		}
	}
	if (alarms.length > 0 && lines.length < rows) lines.push([{text: `   ${cutClause(otherwise(input), width - 3)}`, style: 'dim'}]);
	return lines;
}

/** What the rest does while one is in trouble. */
function otherwise(input: HeaderInput): string {
	const counted = tally(input);
	const {calm, learning, leastLearned} = counted;
	const left = learningLeftMs(leastLearned, input.view);
	return `${[
		calm > 0 ? calmWords(counted, n => `${count(n)} others`) : lesser(counted).join(', '),
		learning > 0 ? `${count(learning)} learning${Number.isFinite(left) && left > 0 ? ` (~${formatDuration(left)})` : ''}` : '',
		unseen(counted),
	]
		.filter(text => text !== '')
		.join('; ')}.`;
}

/** `2 without samples, 1 completed`: of what is over none is missed. */
function unseen({absent, completed, gone}: Tally): string {
	const without = absent - completed - gone;
	return [
		without > 0 ? `${count(without)} without samples` : '',
		completed > 0 ? `${count(completed)} completed` : '',
		gone > 0 ? `${count(gone)} gone` : '',
	]
		.filter(text => text !== '')
		.join(', ');
}

const noticesIn = ({odd}: Tally): number => odd.filter(({anomaly}) => anomaly?.severity === 'notice').length;

/** `No trouble in 25 containers, 3 of them with a notice`: a notice is no trouble. */
function calmWords(counted: Tally, many: (n: number) => string): string {
	const notices = noticesIn(counted);
	return [
		`No trouble in ${many(counted.calm + notices)}`,
		notices > 0 ? `${count(notices)} of them with a notice` : '',
		silencedWords(counted),
	]
		.filter(text => text !== '')
		.join(', ');
}

/** `2 notices`, `1 critical silenced`: what no sentence tells, and what is no peace either. */
const lesser = (counted: Tally): readonly string[] => {
	const notices = noticesIn(counted);
	return [notices > 0 ? plural(notices, 'notice') : '', silencedWords(counted)].filter(text => text !== '');
};

function silencedWords({silencedAs}: Tally): string {
	const {critical, warning, notice} = silencedAs;
	const silenced = [
		critical > 0 ? `${count(critical)} critical` : '',
		warning > 0 ? plural(warning, 'warning') : '',
		notice > 0 ? plural(notice, 'notice') : '',
	].filter(text => text !== '');
	return silenced.length > 0 ? `${silenced.join(' and ')} silenced` : '';
}

/** What the cluster itself says is in trouble: a sentence a workload and reason. */
function failingToStart({failing}: Tally, namespaced: boolean): readonly string[] {
	const groups = new Map<string, Row[]>();
	for (const row of failing) {
		const group = `${row.of.namespace}/${row.of.workload ?? row.of.pod}/${row.of.waiting}`;
		groups.set(group, [...(groups.get(group) ?? []), row]);
	}
	return [...groups.values()].map(rows => {
		const {of} = rows[0]!;
		const who = `${namespaced ? `${of.namespace}/` : ''}${of.workload?.replace(/^[^/]*\//, '') ?? of.pod}`;
		const restarts = rows.reduce((sum, row) => sum + row.of.restarts, 0);
		const exit = of.lastExit ? `; the last run ended with ${of.lastExit.reason}` : '';
		return printable(
			`${who}: ${plural(rows.length, 'container does', 'containers do')} not start (${of.waiting}${restarts > 0 ? `, ${plural(restarts, 'restart')}` : ''})${exit}.`,
		);
	});
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function peace(input: HeaderInput, width: number): string {
	const {moment, startMs, source, view, only} = input;
	const {times} = view;
	const counted = tally(input);
	const {containers, learning, leastLearned, calm} = counted;
	const where = only.length === 0 ? '' : ` in ${cut(only.map(printable).join(', '), SHORT_LABEL)}`;
	if (moment.rows.length === 0) {
		if (Number.isNaN(startMs))
			return source.live ? `Waiting for the first samples from ${printable(source.label)}.` : `Reading ${printable(source.label)}.`;
		return 'No containers here.';
	}
	if (containers === 0) return `No containers${where}.`;
	const left = learningLeftMs(leastLearned, view);
	const ready = learning > 0 && Number.isFinite(left) && left > 0 ? ` (~${formatDuration(left)})` : '';
	const since = source.live
		? `Watching since ${times.near(startMs, moment.atMs)}; earlier is unknown.`
		: `The recording begins at ${times.near(startMs, moment.atMs)}.`;
	// Of peace only where there is one that is judged and calm.
	const [first = '', ...others] = (
		calm > 0
			? [
					calmWords(counted, n => `${plural(n, 'container')}${where.replace(' in ', ' of ')}`),
					learning > 0 ? `${count(learning)} learning${ready}` : '',
					unseen(counted),
				]
			: [
					learning > 0 ? `Learning what is usual in ${plural(learning, 'container')}${where}${ready}` : '',
					lesser(counted).join(', '),
					unseen(counted),
				]
	).filter(text => text !== '');
	const rest = others.join(', ');
	const whole = `${first}${rest === '' ? '' : `; ${rest}`}.`;
	const short = source.live ? `Since ${times.near(startMs, moment.atMs)}.` : '';
	return [`${whole} ${since}`, `${whole} ${short}`.trim(), whole].find(text => widthOf(text) + 3 <= width) ?? `${first}.`;
}

const SHORT_LABEL = 32;

export interface StatusInput extends HeaderInput {
	readonly cursor: Cursor;
	readonly namespaces: string;
	readonly filter: string;
	readonly frozen: boolean;
	/** Where the timeline ends now. */
	readonly endMs: number;
}

export function statusLine(input: StatusInput, width: number): Line {
	const {source, view, namespaces, filter, only} = input;
	const counted = tally(input);
	const right = clockSpans(input);
	const rightWidth = widthOfAll(right);
	const marks: Span[] = [];
	const {odd, failing, silenced, silencedAs, elsewhere, learning} = counted;
	const loud = {critical: 0, warning: failing.length, notice: 0};
	for (const {anomaly} of odd) if (anomaly) loud[anomaly.severity]++;
	for (const [mark, n, style] of [
		[MARKS.critical, loud.critical, 'critical'],
		[MARKS.warning, loud.warning, 'warning'],
		[MARKS.notice, loud.notice, 'notice'],
		[MARKS.learning, learning, 'learning'],
		[MARKS.absent, counted.absent - counted.gone, 'dim'],
		[MARKS.gone, counted.gone, 'dim'],
		[MARKS.silenced, silenced.length, 'dim'],
	] as const) {
		if (n > 0) marks.push({text: `${marks.length > 0 ? '  ' : ''}${mark} ${count(n)}`, style});
	}
	const left = learningLeftMs(counted.leastLearned, view);
	const ready = learning > 0 && Number.isFinite(left) && left > 0 ? ` (ready in ~${formatDuration(left)})` : '';
	const worst = elsewhere.critical > 0 ? 'critical' : 'warning';
	if (elsewhere[worst] > 0)
		marks.push({text: `${marks.length > 0 ? '  ' : ''}${MARKS[worst]} ${count(elsewhere[worst])} elsewhere`, style: worst});
	const afterLearning = marks.findIndex(({style}) => style === 'learning') + 1;
	const dropped = source.dropped?.() ?? 0;
	const step = [
		Number.isFinite(view.stepMs) ? `samples every ${Math.round(view.stepMs / 1000)}s` : '',
		dropped > 0 ? `${count(dropped)} unreadable` : '',
	]
		.filter(text => text !== '')
		.join(', ');
	const pods = plural(counted.pods, 'pod');
	// The marks count containers.
	const both = counted.containers === counted.pods ? pods : `${pods}, ${plural(counted.containers, 'container')}`;
	const judged = `${count(counted.judged)} judged`;
	const label = printable(source.label);
	// The middle of an ARN, or the end of a title, says less than what is watched.
	const short = (source.live ? cutMiddle : cut)(label, SHORT_LABEL);
	const chosen = only.length > 0;
	// Which namespaces were chosen matters more than the title of a recording.
	const place = (name: string): string => (chosen && !source.live ? [namespaces, name] : [name, namespaces]).join(' · ');
	const barest = chosen ? cut(namespaces, SHORT_LABEL) : short;
	// From the richest to the barest: the first that fits.
	const variants: {readonly left: string; readonly ready: string; readonly step: string}[] = [
		{left: [place(label), `${both}, ${judged}`].join(' · '), ready, step},
		{left: [place(label), `${both}, ${judged}`].join(' · '), ready, step: ''},
		{left: [place(short), `${both}, ${judged}`].join(' · '), ready, step: ''},
		{left: [place(short), both].join(' · '), ready, step: ''},
		{left: [place(short), `${pods}, ${judged}`].join(' · '), ready, step: ''},
		{left: [place(short), pods].join(' · '), ready, step: ''},
		{left: [place(short), pods].join(' · '), ready: '', step: ''},
		{left: [barest, pods].join(' · '), ready: '', step: ''},
		{left: barest, ready: '', step: ''},
	];
	// Where two alarms fill the sentences, this is where the silenced ones are told.
	const words =
		silenced.length === 0 ? [] : [...(silencedAs.critical > 0 ? [` silenced, ${silencedAs.critical} critical`] : []), ' silenced'];
	const resting = source.resting === undefined ? '' : ` · ${printable(source.resting)}`;
	const filterText = filter === '' ? '' : ` /${cut(printable(filter), 20)} `;
	const marksWidth = widthOfAll(marks);
	const taken = (variant: (typeof variants)[number]): number =>
		1 +
		widthOf(variant.left) +
		widthOf(resting) +
		widthOf(filterText) +
		3 +
		marksWidth +
		widthOf(variant.ready) +
		(variant.step === '' ? 0 : 3 + widthOf(variant.step)) +
		3 +
		rightWidth +
		1;
	const fallback = variants.at(-1)!;
	// How many containers there are is not worth the word for what is silenced.
	const toldWidth = ({left}: (typeof variants)[number]): number => (both !== pods && left.includes(both) ? widthOf(words[0] ?? '') : 0);
	const variant = variants.find(each => taken(each) + toldWidth(each) <= width) ?? {
		...fallback,
		left: cut(fallback.left, Math.max(0, width - (taken(fallback) - widthOf(fallback.left)))),
	};
	const spans: Span[] = [
		{text: ` ${variant.left}`},
		{text: resting, style: 'warning'},
		{text: filterText, style: 'key'},
		{text: '   '},
		...marks.toSpliced(afterLearning, 0, {text: variant.ready, style: 'dim'}),
	];
	const middle = width - widthOfAll(spans) - rightWidth - 1;
	const stepText = variant.step === '' ? '' : `${variant.step}   `;
	const gap = middle - widthOf(stepText);
	if (gap < 0) return clip([...spans, ...right], width);
	const told = words.find(text => widthOf(text) <= gap) ?? '';
	return [
		...spans,
		{text: told, style: 'dim'},
		{text: ' '.repeat(gap - widthOf(told))},
		{text: stepText, style: 'dim'},
		...right,
		{text: ' '},
	];
}

/** Nothing of the cluster can be reached; it does not answer; nobody may come in. With other problems a part of it is seen. */
const CUT_OFF = /^(?:unreachable|dns|tls|tls-.*|date|proxy|network|connection-lost|feed-failed)$/;
const SILENT = /^(?:timeout|metrics-timeout|bad-answer)$/;
const SHUT = /^(?:forbidden|unauthorized|credentials|certificate-expired|not-logged-in)/;

/** One line: the empty list has the whole of it, with what to do. */
function unseenWords({id}: Problem, {label}: Source): string {
	const name = cutMiddle(printable(label), SHORT_LABEL);
	if (CUT_OFF.test(id)) return `${name} cannot be reached.`;
	if (SILENT.test(id)) return `${name} does not answer.`;
	return SHUT.test(id) ? `No access to ${name}.` : `No samples from ${name}.`;
}

/** What stands in the place of LIVE for as long as nothing is: no sample has come yet, or the server does not answer any more. */
function blindness(moment: Moment, source: Source): string | undefined {
	const problem = source.problem?.() ?? moment.problems[0];
	const is = (ids: RegExp): boolean => problem !== undefined && ids.test(problem.id);
	if (is(CUT_OFF)) return ' OFFLINE ';
	if (!Number.isNaN(moment.newestSampleMs)) return undefined;
	if (is(SILENT)) return ' OFFLINE ';
	if (is(SHUT)) return ' NO ACCESS ';
	return Number.isNaN(moment.atMs) ? '' : ' NO SAMPLES ';
}

/** Which moment this is. No ticking age: the time of the newest sample stands, and how old it is only once it is stale. */
function clockSpans({moment, source, view, cursor, startMs, endMs}: StatusInput): Span[] {
	const {times} = view;
	const shownMs = Number.isNaN(moment.newestSampleMs) ? moment.atMs : moment.newestSampleMs;
	// Of the present the day is known.
	const day = cursor.mode !== 'follow' && times.day(startMs) !== times.day(endMs) ? `${times.day(shownMs)} ` : '';
	const time = Number.isNaN(shownMs) ? '' : `${day}${times.time(shownMs)} ${times.zone}`.trimEnd();
	const ageMs = moment.atMs - moment.newestSampleMs;
	const staleMs = 4 * (Number.isFinite(view.stepMs) ? Math.max(view.stepMs, 15_000) : 30_000);
	if (cursor.mode === 'follow') {
		const blind = source.live ? blindness(moment, source) : undefined;
		if (blind !== undefined)
			return [
				{text: blind, ...(blind !== '' && {style: 'badge'})},
				{text: time === '' ? '' : ` ${time}`, style: 'strong'},
			];
		if (ageMs > staleMs)
			return [
				{text: ' STALE ', style: 'badge'},
				{text: ` ${time}, ${formatDuration(ageMs)} old`, style: 'warning'},
			];
		return [
			{text: source.live ? 'LIVE ' : 'END ', style: source.live ? 'good' : 'dim'},
			{text: time, style: 'strong'},
		];
	}
	if (cursor.mode === 'pause')
		return [
			{text: ' PAUSED ', style: 'badge'},
			{text: ` ${time}`, style: 'strong'},
		];
	if (!source.live && source.finished() && moment.atMs >= endMs)
		return [
			{text: 'END ', style: 'dim'},
			{text: time, style: 'strong'},
		];
	return [
		{text: `${source.live ? 'PAST' : 'REPLAY'} ×${cursor.speed} `, style: 'key'},
		{text: time, style: 'strong'},
	];
}

export const widthOfAll = (spans: Line): number => spans.reduce((sum, {text}) => sum + widthOf(text), 0);

/** At most `width` cells of a line. */
export function clip(spans: Line, width: number): Line {
	const clipped: Span[] = [];
	let left = width;
	for (const span of spans) {
		if (left <= 0) break;
		const text = cut(span.text, left);
		clipped.push({...span, text});
		left -= widthOf(text);
	}
	return clipped;
}
