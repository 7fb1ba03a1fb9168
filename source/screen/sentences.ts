/** A stand-in with the signatures of ../sentences.ts. */
import type {Anomaly, Explanation, Kind} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import {formatCpu, formatDuration, formatMemory, formatMemoryRate} from '../format.ts';

const TITLES: Readonly<Record<Kind, string>> = {
	'memory-leak': 'leak likely',
	'memory-retained': 'memory kept after load fell',
	'memory-spike': 'memory spike',
	'cpu-sustained': 'CPU high, siblings not',
	'cpu-spike': 'CPU spike',
	load: 'load rise, all replicas',
	'level-shift': 'stepped up, stays',
	drop: 'CPU fell',
	'oom-killed': 'OOM-killed',
	'crash-loop': 'crash loop',
	'unlike-siblings': 'differs from siblings',
};

export const title = (kind: Kind, _explanation: Explanation): string => TITLES[kind];

export function headline({kind, of, explanation, startedAtMs}: Anomaly, times: TimeFormat): string {
	const {forecast, growthBytesPerMinute, siblings} = explanation;
	const growth = growthBytesPerMinute === undefined ? '' : ` growing ${formatMemoryRate(growthBytesPerMinute)}`;
	const limit = forecast ? `; limit at ~${times.minute(forecast.atMs)} (${times.minute(forecast.earliestMs)}-${times.minute(forecast.latestMs)})` : '';
	return `${of.workload?.split('/')[1] ?? of.pod}: 1 of ${siblings.count + 1} replicas${growth || ` ${TITLES[kind]}`} since ${times.minute(startedAtMs)}, siblings flat${limit}. No rollout since 09:00.`;
}

export function detail({explanation, metric, startedAtMs, ended}: Anomaly, _times: TimeFormat): string {
	const {growthBytesPerMinute, value, usual, atMs} = explanation;
	const lasted = formatDuration((ended?.atMs ?? atMs) - startedAtMs);
	if (growthBytesPerMinute !== undefined) return `+${formatMemoryRate(growthBytesPerMinute)} for ${lasted}; its ${explanation.siblings.count} siblings are flat`;
	const show = metric === 'cpu' ? formatCpu : formatMemory;
	return `${show(explanation.peak ?? value[metric])}, usually ${show(usual[metric].low)}-${show(usual[metric].high)}, for ${lasted}`;
}

export function why(explanation: Explanation, times: TimeFormat): string[] {
	return [
		`${explanation.of.key}: ${explanation.kind ?? explanation.state} at ${times.time(explanation.atMs)}`,
		`CPU ${formatCpu(explanation.value.cpu)}, usually ${formatCpu(explanation.usual.cpu.low)}-${formatCpu(explanation.usual.cpu.high)}`,
		`memory ${formatMemory(explanation.value.memory)}, usually ${formatMemory(explanation.usual.memory.low)}-${formatMemory(explanation.usual.memory.high)}`,
	];
}
