/** A cluster for one test file, or the reason why there is none. */
import {mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Cluster, type ClusterOptions} from './cluster.ts';
import {CONTROL_PLANE} from './control-plane.ts';

export const controlPlane = process.env[CONTROL_PLANE];
/** For a test's `skip`: false, or the printed reason. */
export const skip = controlPlane === undefined && 'needs a control plane: run it with npm run test:cluster';

export function startCluster(name: string, options: Partial<ClusterOptions> = {}): Promise<Cluster> {
	return Cluster.start({
		controlPlane: controlPlane ?? '',
		folder: mkdtempSync(join(tmpdir(), `oddpod-${name}-`)),
		nodes: ['node-a', 'node-b'],
		namespaces: ['shop', 'payments'],
		teamNamespaces: ['shop'],
		name,
		...options,
	});
}

/** Resolves when the clock has got there; never if it is stopped before. */
export const until = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, Math.max(ms - Date.now(), 0)));
