/** What a moment's containers have in common, and how bad each of them is: gathered once a moment, whatever is pressed meanwhile. */
import {MARK, STATES} from '../engine/verdict.ts';
import type {Moment, Row} from '../moment.ts';
import {gravity} from '../moment.ts';
import type {Container} from '../scrape.ts';
import {printable, widthOf} from './width.ts';
import {isFailingToStart} from './words.ts';

/** How the reader's silences look to the screen. */
export interface Silences {
	/** Counts changes. */
	readonly revision: number;
	/** `silenced 1 h`, `expected`; undefined where none holds. */
	of(container: Container, atMs: number): string | undefined;
}

/** What only changes when containers come and go. */
interface Names {
	readonly keys: readonly string[];
	/** Indices by namespace, pod and container name. */
	readonly order: Uint32Array;
	/** Pods with more than one container: only there the container's name has to stand. */
	readonly crowded: ReadonlySet<string>;
	readonly namespaceWidth: number;
	readonly podWidth: number;
	readonly namespaces: readonly string[];
}

/** Gathered once a moment: with 10,000 rows no key may go through them again. */
export interface MomentFacts extends Names {
	/** By index. Higher is worse. The same array for as long as the containers are the same objects and none has become better or worse. */
	readonly rank: Float64Array;
	/** Rows with an anomaly that is neither a habit nor silenced. */
	readonly odd: readonly Row[];
	/** Rows that wait for what the cluster calls trouble, without an anomaly of their own. */
	readonly failing: readonly Row[];
	/** Rows with an anomaly, or that wait for trouble, that the reader has silenced. */
	readonly silenced: readonly Row[];
	/** Samples that the slowest of those that learn has had; NaN where none learns. */
	readonly leastLearned: number;
}

const kept = new WeakMap<Moment, {readonly silences: number; readonly facts: MomentFacts}>();

/** The same object for as long as neither the moment nor a silence is another one. */
export function factsAbout(moment: Moment, silences?: Silences): MomentFacts {
	const revision = silences?.revision ?? 0;
	let found = kept.get(moment);
	if (found?.silences !== revision) {
		found = {silences: revision, facts: factsOf(moment, silences)};
		kept.set(moment, found);
	}
	return found.facts;
}

function factsOf({rows, atMs}: Moment, silences: Silences | undefined): MomentFacts {
	const {length, of, state, marks, learned, absence, anomalies} = rows;
	const rank = new Float64Array(length);
	let leastLearned = Number.NaN;
	for (let i = 0; i < length; i++) {
		const code = state[i] ?? 0;
		if (code === LEARNING && !((learned[i] ?? 0) >= leastLearned)) leastLearned = learned[i] ?? 0;
		const atRest = STATE_RANKS[code] ?? ABSENT_RANK;
		// A limit that is near needs no learning to be seen.
		const isAtLimit = ((marks[i] ?? 0) & (MARK.nearLimit | MARK.atCpuLimit)) !== 0;
		rank[i] = isAtLimit && (atRest === NORMAL_RANK || code === LEARNING) ? MARKED_RANK : atRest;
	}
	for (const [i, why] of absence) if (why === 'gone' || why === 'completed') rank[i] = GONE_RANK;
	const odd: Row[] = [];
	const failing: Row[] = [];
	const silenced: Row[] = [];
	for (const i of new Set([...anomalies.keys(), ...waitingIn(of)])) {
		const row = rows.at(i);
		if (!row) continue;
		const {anomaly} = row;
		const isSilenced = silences?.of(row.of, atMs) !== undefined;
		if (isSilenced) {
			silenced.push(row);
			if (anomaly && rank[i] !== PENDING_RANK) rank[i] = SILENCED_RANK;
		} else if (anomaly && !anomaly.recurring) {
			odd.push(row);
			rank[i] = 100 + 10 * gravity(anomaly);
		} else if (isFailingToStart(row.of.waiting)) {
			failing.push(row);
			// What the cluster itself calls trouble stands between warnings and notices.
			rank[i] = 119;
		} else if (anomaly && rank[i] !== PENDING_RANK) rank[i] = HABIT_RANK;
	}
	return {...namesOf(of), rank: sameRank(of, rank), odd, failing, silenced, leastLearned};
}

let keptRank: {readonly of: readonly Container[]; readonly rank: Float64Array} | undefined;

function sameRank(of: readonly Container[], rank: Float64Array): Float64Array {
	const before = keptRank;
	let same = before?.of === of;
	for (let i = 0; same && i < rank.length; i++) same = before?.rank[i] === rank[i];
	if (before && same) return before.rank;
	keptRank = {of, rank};
	return rank;
}

export const LEARNING = STATES.indexOf('learning');

/** Of what is in no trouble. */
const PENDING_RANK = 60;
const HABIT_RANK = 50;
const SILENCED_RANK = 40;
const MARKED_RANK = 30;
const NORMAL_RANK = 20;
const ABSENT_RANK = 5;
const GONE_RANK = 1;
const STATE_RANKS: readonly number[] = STATES.map(state => (state === 'learning' ? 10 : state === 'pending' ? PENDING_RANK : NORMAL_RANK));

/** Keeps what was worked out of the same containers. */
export function ofContainers<T>(compute: (of: readonly Container[]) => T): (of: readonly Container[]) => T {
	const known = new WeakMap<readonly Container[], T>();
	return of => {
		let found = known.get(of);
		if (found === undefined) {
			found = compute(of);
			known.set(of, found);
		}
		return found;
	};
}

const waitingIn = ofContainers((of): readonly number[] => [...of.keys()].filter(i => isFailingToStart(of[i]?.waiting)));

let keptNames: Names | undefined;

/** A container that has changed is another object, and has the same name. */
const namesOf = ofContainers((all): Names => {
	const before = keptNames;
	if (before?.keys.length === all.length && all.every(({key}, i) => key === before.keys[i])) return before;
	const pods = new Set<string>();
	const crowded = new Set<string>();
	const namespaces = new Set<string>();
	for (const of of all) {
		const pod = podOf(of);
		if (pods.has(pod)) crowded.add(pod);
		pods.add(pod);
		namespaces.add(of.namespace);
	}
	let podWidth = 0;
	for (const of of all) {
		const width = widthOf(printable(of.pod)) + (crowded.has(podOf(of)) ? widthOf(printable(of.name)) + 1 : 0);
		if (width > podWidth) podWidth = width;
	}
	const order = Uint32Array.from(all.keys()).sort((a, b) => compareNames(all[a] as Container, all[b] as Container));
	keptNames = {
		keys: all.map(({key}) => key),
		order,
		crowded,
		namespaces: [...namespaces].sort(),
		namespaceWidth: Math.max(0, ...Array.from(namespaces, name => widthOf(printable(name)))),
		podWidth,
	};
	return keptNames;
});

export const podOf = ({namespace, pod}: Container): string => `${namespace}/${pod}`;

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const compareNames = (a: Container, b: Container): number =>
	compare(a.namespace, b.namespace) || compare(a.pod, b.pod) || compare(a.name, b.name);
