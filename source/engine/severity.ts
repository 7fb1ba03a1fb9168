/** How bad is it? Section 6 of the specification. */
import type {Container} from '../scrape.ts';
import {MIB} from './features.ts';
import type {Kind, Severity} from './verdict.ts';

/** Of an episode that a newcomer's gates let pass. */
export const SEVERITY: Readonly<Record<Kind, Severity>> = {
	'memory-leak': 'warning',
	'memory-retained': 'warning',
	'memory-spike': 'warning',
	'cpu-sustained': 'warning',
	'cpu-spike': 'warning',
	load: 'notice',
	'level-shift': 'notice',
	drop: 'notice',
	'oom-killed': 'critical',
	'crash-loop': 'critical',
	'unlike-siblings': 'notice',
};

/** Memory this near to its limit is critical where it rises or was killed there before; where it is flat it is a mark. */
const NEAR_LIMIT = 0.9;

/** `memory` in MiB. False without a limit. */
export const isNearLimit = ({memoryLimitBytes}: Container, memory: number): boolean => memory * MIB >= NEAR_LIMIT * memoryLimitBytes;
