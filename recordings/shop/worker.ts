/** A worker: takes jobs from a queue at its own pace, with a batch now and then. Also the log agent of a node. */
import {about, burst, churn, configuration, hold, obey, tell, work} from './program.ts';

export interface WorkerConfig {
	/** Units of work a tick of half a second. */
	readonly units: number;
	readonly heldMib: number;
	/** A habit: each so often, for so long, so many units a tick more. */
	readonly batch?: {readonly everySeconds: number; readonly seconds: number; readonly units: number};
}

const config = configuration<WorkerConfig>();
const held = hold(config.heldMib);
const recent: string[] = [];
let hangs = false;
let ticks = 0;

setInterval(() => {
	if (hangs) return;
	ticks++;
	const {batch} = config;
	const inBatch = batch !== undefined && (ticks / 2) % batch.everySeconds < batch.seconds;
	recent.push(work(about(config.units + (inBatch ? batch.units : 0), 0.5)));
	if (recent.length > 2000) recent.splice(0, 1000);
	held[ticks % Math.max(held.length, 1)]?.fill(ticks % 255, 0, 4096);
}, 500);

churn();
obey(order => {
	if (order.type === 'hang') hangs = order.on;
	else if (order.type === 'burst') burst(order.mib, order.seconds);
});
tell({type: 'ready'});
