/**
 * How big must it be to matter? Young series need a large effect; after two days the series' own statistics take over.
 * Three channels: CPU up, CPU down, memory up. Memory that falls is normal.
 */
import {FLOOR, type Usual} from './baseline.ts';

export const CHANNELS = ['cpu-up', 'cpu-down', 'memory-up'] as const;
export const CPU_UP = 0;
export const CPU_DOWN = 1;
export const MEMORY_UP = 2;
export const metricOf = (channel: number): 0 | 1 => (channel === MEMORY_UP ? 1 : 0);

/** rel: of the median. CPU, memory. */
const RELATIVE = [0.5, 0.15] as const;
/** lim: of the limit. */
const OF_LIMIT = [0.1, 0.05] as const;
/** Memory that takes half of what is left below its limit always matters, however small beside what is usual. */
const OF_ROOM = 0.5;
/** Scales over the median. */
const SCALES = 6;
/** Beyond the usual extremes, in needs. */
const CLEARANCE = 0.25;
/** A fall of CPU to less than this of the median needs no vote while the series is young: 6 S often exceeds M then. */
const COLLAPSE = 0.25;
const COLLAPSE_MILLICORES = 20;

/** Over the bypass, this many times: one sample that is a mean over most of a minute is enough. */
const EVIDENT = 3;
/** mat in [0, 1] → gate factor g and z factor zf. */
export const gateFactor = (maturity: number): number => 1 - 0.98 * maturity;
export const zFactor = (maturity: number): number => 1 - 0.5 * maturity;

/** What the gates look at, for one metric of one sample. */
export interface Observation {
	value: number;
	/** Residual r, NaN where the window is too short. */
	residual: number;
	/** Median of the window before. */
	rolling: number;
	/** v7: median of the last seven values, the newest included. */
	lately: number;
	/** 0 without a limit. */
	limit: number;
}

/** A channel's verdict on one sample. */
export interface Passed {
	/** The gates at this maturity. */
	now: boolean;
	/** Those of a newcomer: what makes a warning. */
	young: boolean;
	/** Those of a mature series. */
	mature: boolean;
	/** So large that the forest is not asked. */
	bypass: boolean;
	/** So large that one sample may be enough. */
	evident: boolean;
	/** ef: over the median, or over the rolling median where only that path passed. */
	effect: number;
}

/** N, or Nr with the residual's scale and the rolling median. */
export function need(metric: 0 | 1, scale: number, median: number, limit: number, g: number, zf: number, factor: number): number {
	const room = metric === 1 && limit > median ? OF_ROOM * (limit - median) : Number.POSITIVE_INFINITY;
	const relative = Math.min(RELATIVE[metric] * Math.abs(median), room);
	return factor * Math.max(SCALES * zf * scale, g * Math.max(relative, FLOOR[metric], OF_LIMIT[metric] * limit));
}

/** Level need N of a metric at a maturity: how far over the median an alarm begins. */
export const levelNeed = (metric: 0 | 1, usual: Usual, limit: number, maturity: number, factor: number): number =>
	need(metric, usual.scale, usual.median, limit, gateFactor(maturity), zFactor(maturity), factor);

function up(metric: 0 | 1, usual: Usual, o: Observation, maturity: number, factor: number): number {
	const g = gateFactor(maturity);
	const zf = zFactor(maturity);
	const N = need(metric, usual.scale, usual.median, o.limit, g, zf, factor);
	const over = o.value - usual.median;
	if (over > N && o.value > usual.high + CLEARANCE * N) return over;
	const Nr = need(metric, usual.residualScale, o.rolling, o.limit, g, zf, factor);
	if (o.residual > Nr && o.residual > usual.residualHigh + CLEARANCE * Nr) return o.residual;
	return 0;
}

function down(usual: Usual, o: Observation, maturity: number, factor: number): number {
	const g = gateFactor(maturity);
	const zf = zFactor(maturity);
	const N = need(0, usual.scale, usual.median, 0, g, zf, factor);
	const under = usual.median - o.value;
	if (under > N && o.value < usual.low - CLEARANCE * N) return under;
	const Nr = need(0, usual.residualScale, o.rolling, 0, g, zf, factor);
	if (-o.residual > Nr && o.residual < usual.residualLow - CLEARANCE * Nr) return -o.residual;
	return 0;
}

const collapsed = (usual: Usual, o: Observation): boolean =>
	o.value < COLLAPSE * usual.median &&
	o.lately < COLLAPSE * usual.median &&
	o.lately < usual.low &&
	usual.median - o.lately > COLLAPSE_MILLICORES;

function matured(passed: Passed, effect: number): void {
	passed.mature = effect > 0;
	if (!passed.now) passed.effect = effect;
}

/** Comparisons with NaN are false: an unknown value passes no gate. */
export function passGates(channel: number, usual: Usual, o: Observation, maturity: number, factor: number, passed: Passed): void {
	if (channel === CPU_DOWN) {
		passed.effect = down(usual, o, maturity, factor);
		passed.now = passed.effect > 0;
		passed.bypass = false;
		passed.evident = false;
		passed.young = passed.now && down(usual, o, 0, factor) > 0;
		matured(passed, down(usual, o, 1, factor));
		if (maturity < 1 && collapsed(usual, o)) {
			passed.now = true;
			passed.young = true;
			passed.bypass = true;
			passed.effect = usual.median - o.value;
		}
		return;
	}
	const metric = metricOf(channel);
	passed.effect = up(metric, usual, o, maturity, factor);
	passed.now = passed.effect > 0;
	passed.young = passed.now && up(metric, usual, o, 0, factor) > 0;
	matured(passed, up(metric, usual, o, 1, factor));
	const N1 = need(metric, usual.scale, usual.median, o.limit, 1, 1, factor);
	const over = o.value - usual.median;
	passed.bypass = passed.now && over > N1 * (1 + 4 * maturity);
	passed.evident = passed.bypass && over > EVIDENT * N1 * (1 + 4 * maturity);
}
