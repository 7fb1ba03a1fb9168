/** A job: loads its rows, works through them for a while, and is done. */
import {about, configuration, hold, obey, tell, work} from './program.ts';

export interface BatchConfig {
	readonly units: number;
	readonly heldMib: number;
	readonly seconds: number;
}

const config = configuration<BatchConfig>();
const rows: Buffer[] = [];
const endsMs = performance.now() + about(config.seconds, 0.1) * 1000;

setInterval(() => {
	if (rows.length < config.heldMib * 4) rows.push(...hold(config.heldMib / 60));
	work(about(config.units, 0.5));
	if (performance.now() > endsMs) process.exit(0);
}, 500);

obey(() => {});
tell({type: 'ready'});
