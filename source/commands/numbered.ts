import type {Anomaly} from '../engine/verdict.ts';

/** In the order in which they began: the numbers of `oddpod explain FILE`, and of `--start anomaly:2`. The first is at 0. */
export const numbered = (anomalies: readonly Anomaly[]): readonly Anomaly[] => anomalies.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
