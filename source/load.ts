/** Which rises of load are one: those of a workload's replicas, as they stand in the log and in `check`. */
import {type Container, siblingKey} from './scrape.ts';

/** Replicas do not rise and fall at one moment: a rise goes on where another begins within this time of its end. */
export const JOINED_MS = 5 * 60_000;

export const loadedTogether = (of: Container): string => siblingKey(of) ?? of.key;
