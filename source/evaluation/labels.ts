/** Counting against a labelled recording: every fault found and named rightly, nothing else warned of. */
import type {Anomaly, Kind} from '../engine/verdict.ts';
import type {Container, Label} from '../scrape.ts';
import {emptyCount, type Figures, figures} from './counting.ts';

/** A fault is still the same fault for so long after it was switched off: means lag, and ends are confirmed late. */
const GRACE_MS = 120_000;

export interface LabelOutcome {
	readonly label: Label;
	/** Kinds that were told of its containers inside its window, first told first. */
	readonly told: readonly Kind[];
	readonly found: boolean;
	/** Something was told, but not this. */
	readonly misnamed: boolean;
	readonly delaySeconds: number;
}

export interface RecordingFigures extends Figures {
	/** Windows in which something was told under another name. */
	readonly misnamed: number;
	/** Notices beside all labels. */
	readonly notices: number;
	/** Labels of kind `normal` that drew a warning. */
	readonly normalsWarned: number;
	readonly labels: readonly LabelOutcome[];
	/** Warnings where there was no fault. */
	readonly falseWarnings: readonly Anomaly[];
}

/** `of` of a label: a container's key, or `namespace/Kind/name` of a workload. */
const isOf = ({of}: Label, container: Container): boolean =>
	of === container.key || (container.workload !== undefined && of === `${container.namespace}/${container.workload}`);

const from = ({fromMs}: Label): number => fromMs;
const to = ({toMs}: Label): number => (toMs ?? Number.POSITIVE_INFINITY) + GRACE_MS;

function overlaps(label: Label, {of, startedAtMs, firedAtMs, ended}: Anomaly): boolean {
	if (!isOf(label, of)) return false;
	const end = ended?.atMs ?? Number.POSITIVE_INFINITY;
	return Math.min(startedAtMs, firedAtMs) <= to(label) && end >= from(label) + GRACE_MS;
}

/** Inside a window: it began there. */
const beganIn = (label: Label, anomaly: Anomaly): boolean =>
	isOf(label, anomaly.of) && anomaly.firedAtMs >= from(label) && anomaly.startedAtMs <= to(label);

export function countLabels(file: string, readings: number, labels: readonly Label[], anomalies: readonly Anomaly[]): RecordingFigures {
	const latest = [...new Map(labels.map(label => [label.id, label])).values()];
	const faults = latest.filter(({kind}) => kind !== 'normal');
	const normals = latest.filter(({kind}) => kind === 'normal');
	const told = anomalies.filter(({recurring}) => !recurring);
	const count = emptyCount();
	count.readings = readings;
	count.windows = faults.length;
	const outcomes = faults.map((label): LabelOutcome => {
		const inside = told.filter(anomaly => beganIn(label, anomaly) || (anomaly.kind === label.kind && overlaps(label, anomaly)));
		const right = inside.find(({kind}) => kind === label.kind);
		const delaySeconds = right ? Math.max(0, right.firedAtMs - label.fromMs) / 1000 : Number.NaN;
		if (right) {
			count.found++;
			count.delaysSeconds.push(delaySeconds);
		}
		return {label, told: inside.map(({kind}) => kind), found: right !== undefined, misnamed: !right && inside.length > 0, delaySeconds};
	});
	const beside = told.filter(anomaly => !faults.some(label => overlaps(label, anomaly) && anomaly.firedAtMs >= from(label)));
	const falseWarnings = beside.filter(({severity}) => severity !== 'notice');
	count.falseEpisodes = falseWarnings.length;
	return {
		...figures(file, count),
		misnamed: outcomes.filter(({misnamed}) => misnamed).length,
		notices: beside.length - falseWarnings.length,
		normalsWarned: normals.filter(label => falseWarnings.some(anomaly => beganIn(label, anomaly))).length,
		labels: outcomes,
		falseWarnings,
	};
}
