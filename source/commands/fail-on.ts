/** `--fail-on`: which events make a check end with `found`. */
import {SEVERITY} from '../engine/severity.ts';
import {type Event, type Kind, SEVERITIES, type Severity, severityRank} from '../engine/verdict.ts';
import {UsageError} from '../failure.ts';

const KINDS = Object.keys(SEVERITY) as readonly Kind[];
const isKind = (word: string | undefined): word is Kind => KINDS.some(kind => kind === word);
const isSeverity = (word: string | undefined): word is Severity => SEVERITIES.some(severity => severity === word);

interface Demand {
	/** Undefined: any kind. */
	readonly kind?: Kind;
	readonly atLeast: Severity;
}

/**
 * `warning`: any kind of that severity or worse. `memory-leak`: that kind from warning on, since a notice of it may yet turn out
 * to be a step; a kind that is a notice by nature counts as one. `memory-leak:notice`: that kind of that severity or worse.
 * What was a warning once counts, whatever it is called later: a leak stops when its load does. Habits are listed, not counted.
 * @throws {UsageError}
 */
export function failOn(text: string): (event: Event) => boolean {
	const demands = text.split(',').map(word => demandOf(word.trim()));
	return event => {
		if (!('anomaly' in event) || event.type === 'closed' || event.anomaly.recurring) return false;
		const {kind, severity} = event.anomaly;
		return demands.some(demand => (demand.kind ?? kind) === kind && severityRank(severity) >= severityRank(demand.atLeast));
	};
}

function demandOf(word: string): Demand {
	const [first, severity, ...more] = word.split(':');
	if (isSeverity(first) && severity === undefined) return {atLeast: first};
	if (isKind(first) && more.length === 0) {
		if (severity === undefined) return {kind: first, atLeast: SEVERITY[first] === 'notice' ? 'notice' : 'warning'};
		if (isSeverity(severity)) return {kind: first, atLeast: severity};
	}
	throw new UsageError(
		`Expected --fail-on to name severities (${SEVERITIES.join(', ')}), kinds (${KINDS.join(', ')}) or both as in memory-leak:notice, got ${word || 'none'}`,
	);
}
