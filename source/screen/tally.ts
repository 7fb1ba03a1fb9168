/** What the first lines count: of all that is watched, or of the namespaces that are listed. */
import type {Severity} from '../engine/verdict.ts';
import {ABSENT, type Moment, type Row} from '../moment.ts';
import type {Container} from '../scrape.ts';
import {factsAbout, LEARNING, type MomentFacts, podOf, type Silences} from './facts.ts';
import {remembered} from './remembered.ts';
import {isFailingToStart} from './words.ts';

type BySeverity = Readonly<Record<Severity, number>>;

export interface Tally extends Pick<MomentFacts, 'odd' | 'failing' | 'silenced' | 'leastLearned'> {
	readonly containers: number;
	readonly pods: number;
	readonly judged: number;
	/** What is odd, fails or is silenced is counted as that, whether it learns or is without a fresh sample: a row has one mark. */
	readonly learning: number;
	/** Without a fresh sample; those that are over are among them. */
	readonly absent: number;
	readonly completed: number;
	readonly gone: number;
	/** Rows that are judged, and neither odd nor failing nor silenced. */
	readonly calm: number;
	/** How bad those would be that are silenced; a habit is not counted. */
	readonly silencedAs: BySeverity;
	/** In namespaces that are not listed. */
	readonly elsewhere: BySeverity;
}

const kept = new WeakMap<MomentFacts, Map<string, Tally>>();

/** `only`: the namespaces that are listed; none: all. */
export function tallyOf(moment: Moment, silences: Silences | undefined, only: readonly string[]): Tally {
	const facts = factsAbout(moment, silences);
	return remembered(kept, facts, only.join(), () => count(moment, facts, only));
}

function count(moment: Moment, facts: MomentFacts, only: readonly string[]): Tally {
	const wanted = new Set(only);
	const isListed = ({of}: {readonly of: Container}): boolean => wanted.size === 0 || wanted.has(of.namespace);
	const odd = facts.odd.filter(isListed);
	const failing = facts.failing.filter(isListed);
	const silenced = facts.silenced.filter(isListed);
	const numbers = wanted.size === 0 ? wholeOf(moment, facts) : partOf(moment, wanted);
	const troubled = [...odd, ...failing, ...silenced.filter(row => severityOf(row) !== undefined)];
	return {
		...withoutMarked(numbers, [...odd, ...failing, ...silenced]),
		odd,
		failing,
		silenced,
		calm: numbers.judged - troubled.filter(({state}) => state !== 'absent' && state !== 'learning').length,
		silencedAs: bySeverity(silenced),
		elsewhere: bySeverity([...facts.odd, ...facts.failing].filter(row => !isListed(row))),
	};
}

/** The rows that have another mark than that they learn or have no sample. */
function withoutMarked(numbers: Numbers, marked: readonly Row[]): Numbers {
	let {learning, absent, completed, gone} = numbers;
	for (const {state, absence} of marked) {
		if (state === 'learning') learning--;
		if (state !== 'absent') continue;
		absent--;
		if (absence === 'completed') completed--;
		if (absence === 'gone') gone--;
	}
	return {...numbers, learning, absent, completed, gone};
}

const severityOf = ({anomaly, of}: Row): Severity | undefined =>
	anomaly && !anomaly.recurring ? anomaly.severity : isFailingToStart(of.waiting) ? 'warning' : undefined;

function bySeverity(rows: readonly Row[]): BySeverity {
	const counts = {critical: 0, warning: 0, notice: 0};
	for (const row of rows) {
		const severity = severityOf(row);
		if (severity) counts[severity]++;
	}
	return counts;
}

type Numbers = Pick<Tally, 'containers' | 'pods' | 'judged' | 'learning' | 'absent' | 'completed' | 'gone' | 'leastLearned'>;

function wholeOf({rows, counts}: Moment, {leastLearned}: MomentFacts): Numbers {
	const {pods, judged, learning, absent} = counts;
	const reasons = [...rows.absence.values()];
	return {
		containers: rows.length,
		pods,
		judged,
		learning,
		absent,
		completed: reasons.filter(why => why === 'completed').length,
		gone: reasons.filter(why => why === 'gone').length,
		leastLearned,
	};
}

function partOf({rows}: Moment, wanted: ReadonlySet<string>): Numbers {
	const {of: all, state, learned, absence} = rows;
	const numbers = {containers: 0, judged: 0, learning: 0, absent: 0, completed: 0, gone: 0, leastLearned: Number.NaN};
	const pods = new Set<string>();
	for (const [i, of] of all.entries()) {
		if (!wanted.has(of.namespace)) continue;
		numbers.containers++;
		pods.add(podOf(of));
		const code = state[i] ?? ABSENT;
		if (code === ABSENT) {
			const why = absence.get(i);
			numbers.absent++;
			if (why === 'completed' || why === 'gone') numbers[why]++;
		} else if (code === LEARNING) {
			const samples = learned[i] ?? 0;
			numbers.learning++;
			if (!(samples >= numbers.leastLearned)) numbers.leastLearned = samples;
		} else numbers.judged++;
	}
	return {...numbers, pods: pods.size};
}
