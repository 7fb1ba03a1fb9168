/** What stands on the screen for a state, an absence, a reason to wait. Sentences about anomalies come from sentences.ts. */
import type {AbsenceReason} from '../scrape.ts';

/** Kubernetes' own words as it writes them (`Completed`, as `Pending`), ours in small letters; the same in every column. */
export const ABSENCE_WORDS: Readonly<Record<AbsenceReason, string>> = {
	gone: 'gone',
	completed: 'Completed',
	restarting: 'restarting',
	'node-silent': 'node silent',
	'too-new': 'too new for a sample',
	'not-running': 'not running',
	'no-sample': 'no sample',
};

/** Reasons to wait that are part of every start; all others are trouble that the cluster names itself. */
const STARTING = new Set(['Pending', 'ContainerCreating', 'PodInitializing', 'SchedulingGated']);

export const isFailingToStart = (waiting: string | undefined): boolean => waiting !== undefined && !STARTING.has(waiting);

export const plural = (n: number, word: string, words = `${word}s`): string => `${count(n)} ${n === 1 ? word : words}`;

/** `10,000` */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');
