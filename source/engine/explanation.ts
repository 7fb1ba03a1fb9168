/** The numbers behind a verdict, as data. sentences.ts turns them into words. */

import {MIB} from './features.ts';
import {levelNeed} from './gates.ts';
import {NO_SIBLINGS, type Siblings} from './kinds.ts';
import type {Run} from './run.ts';
import type {Series} from './series.ts';
import {SENSITIVITY, type Settings} from './settings.ts';
import type {Change, Explanation, Forecast, Kind, Metric, Severity, State} from './verdict.ts';

export interface Findings {
	/** Of now, where they are asked for; as last known otherwise. */
	readonly score?: number;
	readonly threshold?: number;
	/** Where it has no sample yet. */
	readonly atMs?: number;
	readonly state: State;
	readonly kind?: Kind;
	readonly also?: readonly Kind[];
	readonly severity?: Severity;
	readonly metric?: Metric;
	readonly sinceMs?: number;
	readonly heldMs?: number;
	readonly peak?: number;
	readonly siblings?: Siblings;
	readonly growthBytesPerMinute?: number;
	readonly forecast?: Forecast;
	readonly kills?: readonly number[];
	readonly changes?: readonly Change[];
	readonly reasons?: Explanation['reasons'];
	readonly recurring?: boolean;
	readonly run?: Run;
}

const FEATURE_NAMES = ['level', 'residual', 'difference'] as const;

/** The two strongest of twelve weights: feature × above, below. */
export function strongest(weights: Float64Array): Explanation['reasons'] {
	const total = weights.reduce((sum, weight) => sum + weight, 0);
	return [...weights]
		.map((weight, i) => ({
			feature: FEATURE_NAMES[(i >> 1) % 3] as 'level' | 'residual' | 'difference',
			metric: i < 6 ? ('cpu' as const) : ('memory' as const),
			side: i % 2 === 0 ? ('up' as const) : ('down' as const),
			weight: total > 0 ? weight / total : 0,
		}))
		.filter(({weight}) => weight > 0)
		.sort((a, b) => b.weight - a.weight)
		.slice(0, 2);
}

export function describe(series: Series, settings: Settings, findings: Findings): Explanation {
	const {of, history} = series;
	const {run, siblings = NO_SIBLINGS, changes = [], reasons = [], atMs: _, ...found} = findings;
	const usual = (metric: 0 | 1) => {
		const {median, low, high} = series.baseline.usual[metric];
		const unit = metric === 0 ? 1 : MIB;
		const limit = metric === 0 ? of.cpuLimitMillicores : of.memoryLimitBytes / MIB;
		const need = levelNeed(
			metric,
			series.baseline.usual[metric],
			limit > 0 && limit < Number.POSITIVE_INFINITY ? limit : 0,
			series.mat(settings),
			SENSITIVITY[settings.sensitivity],
		);
		return {median: median * unit, low: low * unit, high: high * unit, need: need * unit};
	};
	const {baseline} = series;
	const window = settings.consecutive + 1;
	return {
		of,
		atMs: series.count > 0 ? history.atMs(0) : (findings.atMs ?? Number.NaN),
		learned: Math.min(series.count, settings.train),
		training: settings.train,
		sampleMs: series.sampleMs,
		value: {cpu: history.newest(0), memory: history.newest(1) * MIB},
		usual: {cpu: usual(0), memory: usual(1)},
		score: series.score,
		threshold: series.thresholdThen,
		reasons,
		...(run && {confirmed: {odd: Math.min(run.last - run.first + 1, window), of: window}}),
		siblings,
		changes,
		baseline: {
			ageMs: history.atMs(0) - history.originMs,
			samples: Math.min(series.count, baseline.learned),
			from: series.inherited ? 'previous pods' : 'itself',
		},
		provisional: series.count < settings.train && !series.inherited,
		recurring: false,
		...found,
	};
}
