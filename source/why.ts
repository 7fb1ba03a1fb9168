/**
 * Why a container is called what it is called, for who has to act on it: what, since when and how sure; what speaks for it; what
 * changed before; what comes next; where to look. Each line can be understood alone. The statistics come last.
 */
import type {Anomaly, Change, EndedBy, Explanation, Kind, Metric} from './engine/verdict.ts';
import {formatCpu, formatDuration, formatMemory, formatMemoryRate, formatPercent, type TimeFormat} from './format.ts';
import type {Container} from './scrape.ts';
import {
	CHANGES_MS,
	formatUse,
	interval,
	isAtCpuLimit,
	isDoubtful,
	isLikely,
	isNewLevel,
	KILLS,
	nameOf,
	rhythm,
	title,
	usually,
} from './sentences.ts';

const MINUTE_MS = 60_000;

type Use = Readonly<Record<Metric, number>>;

/** What is known beside the explanation. */
export interface Beside {
	/** Of an episode that is over. */
	readonly ended?: Anomaly['ended'];
	/** What its siblings use at that moment. */
	readonly siblings?: readonly Use[];
	/** When growth, siblings and changes were found out, where that was long before. */
	readonly toldMs?: number;
	/** Of its last sample, where it has none that is of now. */
	readonly lastSampleMs?: number;
}

export function why(explanation: Explanation, times: TimeFormat, beside: Beside = {}): string[] {
	const {of, kind, metric = 'cpu'} = explanation;
	const other = metric === 'cpu' ? 'memory' : 'cpu';
	const killed = kind !== undefined && KILLS.has(kind);
	const uses = [metric, other] as const;
	return [
		`${of.namespace}/${of.pod}:${of.name}`,
		...verdictLines(explanation, times, beside),
		'',
		// A container that was killed has no numbers at that moment, and its kill says all.
		...uses.filter(each => !killed || !Number.isNaN(explanation.value[each])).map(each => useLine(explanation, each, times, beside)),
		...siblingLines(explanation, beside),
		...growthLines(explanation, times, beside),
		...killLines(explanation, times),
		...(kind === 'crash-loop' ? runLines(explanation.of, explanation.atMs, times) : []),
		'',
		...changeLines(explanation, times),
		...aheadLines(explanation, times, beside),
		...(beside.toldMs === undefined
			? []
			: [`Growth, what siblings did and changes are as of ${times.near(beside.toldMs, explanation.atMs)}, when this was last told.`]),
		...nextLines(explanation),
		'',
		statistics(explanation),
	];
}

/**
 * Of what the cluster itself does not start there is nothing to learn: what it says, what ran before, what it would run, where
 * to look.
 */
export function whyNotStarted(of: Container, atMs: number, times: TimeFormat, isFailing: boolean): string[] {
	const {namespace, pod, name, waiting = 'waiting', restarts, lastExit, podCreatedAtMs = Number.NaN} = of;
	const sinceMs = lastExit?.atMs ?? (restarts > 0 ? Number.NaN : podCreatedAtMs);
	const since = Number.isNaN(sinceMs)
		? ''
		: `, since ${lastExit ? 'its last run ended' : 'its pod was created'} at ${times.near(sinceMs, atMs)} (${formatDuration(atMs - sinceMs)} ago)`;
	// Other reasons are of its end: Terminating, Evicted, Error.
	const does = !isFailing
		? 'has not started yet'
		: /BackOff|\wError|^Err[A-Z]|Invalid|Unavailable/.test(waiting)
			? 'does not start'
			: 'does not run';
	const previous = lastExit || restarts > 0 ? `previous logs (p, or kubectl -n ${namespace} logs ${pod} -c ${name} --previous); ` : '';
	return [
		`${namespace}/${pod}:${name}`,
		`${waiting}: the container ${does}${since}.`,
		'',
		...runLines(of, atMs, times),
		...askedLines(of),
		'',
		`Look next: ${previous}image, limits and events (d, or kubectl -n ${namespace} describe pod ${pod}).`,
	];
}

/** How it ran before, and what. */
function runLines({restarts, lastExit, image, node, startedAtMs}: Container, atMs: number, times: TimeFormat): string[] {
	const exit = lastExit
		? `; its last run ended at ${times.near(lastExit.atMs, atMs)} (${formatDuration(atMs - lastExit.atMs)} ago): ${lastExit.reason}`
		: '';
	const ran =
		restarts > 0 || lastExit
			? [`Runs: ${Number.isNaN(restarts) ? 'restarts not known' : counted(restarts, 'restart')}${exit}.`]
			: startedAtMs === undefined && restarts === 0
				? ['Runs: none before.']
				: [];
	return [...ran, ...(image === undefined ? [] : [`Image: ${image}`]), node === undefined ? 'Node: none that is known.' : `Node: ${node}`];
}

/** What the scheduler has to find room for. */
function askedLines({node, cpuRequestMillicores: cpu, memoryRequestBytes: memory}: Container): string[] {
	if (node !== undefined) return [];
	const asked = [cpu > 0 ? `${formatCpu(cpu)} CPU` : '', memory > 0 ? `${formatMemory(memory)} memory` : ''].filter(text => text !== '');
	return asked.length === 0 ? [] : [`Requests: ${asked.join(', ')}.`];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `1 sibling`, `3 siblings` */
const counted = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

function verdictLines(explanation: Explanation, times: TimeFormat, {ended}: Beside): string[] {
	const {kind, atMs, sinceMs, heldMs = 0, state, severity, also = [], recurring} = explanation;
	if (kind === undefined) return [`${capital(title(undefined, explanation, times))} at ${times.time(atMs)}.`, ...oddBy(explanation)];
	const what = title(kind, ended ? atItsPeak(explanation) : explanation, times);
	const held = heldMs >= 1000 ? ` (${formatDuration(heldMs)})` : '';
	const when =
		sinceMs === undefined
			? ''
			: ended
				? `, ${times.near(sinceMs, ended.atMs)} to ${times.minute(ended.atMs)} (${formatDuration(ended.atMs - sinceMs)})`
				: ` since ${times.near(sinceMs, atMs)}${held}`;
	const lines = [`${capital(severity ?? 'notice')}${kind === 'oom-killed' ? '' : when}: ${what}${isDoubtful(explanation) ? '?' : '.'}`];
	if (ended && kind === 'oom-killed')
		lines.push(
			`It is listed no longer: ${ended.by === 'oom-killed' ? `it was killed again at ${times.minute(ended.atMs)}` : 'that was a while ago'}.`,
		);
	else if (ended) lines.push(`It is over: ${ENDED[ended.by]}.`);
	if (also.length > 0) lines.push(`At the same time: ${also.map(other => title(other, explanation, times)).join(', ')}.`);
	const sure = sureWords(explanation);
	if (sure !== '') lines.push(`How sure: ${sure}.`);
	if (recurring) lines.push('It is a habit: it does this now and then, so it is listed and does not alarm.');
	if (!ended && state === 'standing' && !KILLS.has(kind))
		lines.push('It has lasted: this level counts as usual from now on, so that new trouble on top of it is seen.');
	return lines;
}

const atItsPeak = (explanation: Explanation): Explanation => {
	const {metric = 'cpu', peak = explanation.value[metric]} = explanation;
	return {...explanation, value: {...explanation.value, [metric]: peak}};
};

const ENDED: Readonly<Record<EndedBy, string>> = {
	recovered: 'it is back to what was usual',
	restarted: 'the container was restarted',
	'oom-killed': 'the container was OOM-killed',
	gone: 'the pod is gone',
	completed: 'the container has completed',
	'siblings-followed': 'its siblings have come to the same level',
	expected: 'it was marked as expected',
};

function sureWords(explanation: Explanation): string {
	const {kind, learned, training, confirmed, severity, siblings, kills = [], heldMs = 0, sampleMs} = explanation;
	if (kind === undefined) return '';
	if (KILLS.has(kind)) return 'Kubernetes reports it';
	if (isDoubtful(explanation))
		return learned < training
			? `not very, what is usual is still being learned (${learned} of ${counted(training, 'sample')})`
			: 'not very, it began while what is usual was still being learned';
	if (kind === 'memory-leak') {
		if (severity === 'notice' || !isLikely(explanation))
			return 'that it grows, yes; that it is a leak, not yet: a cache that fills looks the same';
		const reasons = [
			siblings.count > 0 && siblings.alike === 0 ? 'other replicas do not grow' : '',
			kills.length > 0 ? 'the same ended in an OOM kill before' : '',
		].filter(text => text !== '');
		return `a leak is likely, as ${reasons.join(' and ')}`;
	}
	if (!confirmed) return '';
	const samples = Math.round(heldMs / sampleMs) + 1;
	// The last samples are those that confirmed it; by now there are more.
	return samples > confirmed.of
		? `seen over ${formatDuration(heldMs)}, about ${counted(samples, 'sample')}`
		: `seen in ${confirmed.odd} of the last ${counted(confirmed.of, 'sample')}`;
}

/** Before it has a name, only the features say what is odd. */
function oddBy({state, reasons}: Explanation): string[] {
	if (state !== 'pending') return [];
	const strongest = reasons
		.filter(({weight}) => weight >= 0.05)
		.map(({feature, metric, side}) => `${nameOf(metric)} ${feature === 'residual' ? 'against the last samples' : feature}, ${side}`);
	return strongest.length === 0 ? [] : [`What is odd: ${strongest.join('; ')}.`];
}

/** `CPU: 498m now, at its limit of 500m, probably throttled; usually 30m-90m, so 9.6 times its median of 52m.` */
function useLine(explanation: Explanation, metric: Metric, times: TimeFormat, {ended, lastSampleMs}: Beside): string {
	const {value, usual, of, kind, metric: ofAnomaly} = explanation;
	const {median, low, high, need} = usual[metric];
	const now = value[metric];
	const name = capital(nameOf(metric));
	if (Number.isNaN(now)) return `${name}: not known.`;
	const limit = metric === 'cpu' ? of.cpuLimitMillicores : of.memoryLimitBytes;
	const ofLimit =
		metric === 'cpu' && isAtCpuLimit(explanation)
			? `, at its limit of ${formatCpu(limit)}, probably throttled`
			: Number.isFinite(limit)
				? `, ${formatPercent(now / limit)} of its limit of ${formatUse(metric, limit)}`
				: limit === Number.POSITIVE_INFINITY
					? ', no limit'
					: '';
	const when =
		kind === 'oom-killed'
			? 'before the kill'
			: ended
				? 'at the end'
				: lastSampleMs === undefined
					? 'now'
					: `at its last sample, ${times.near(lastSampleMs, explanation.atMs)}`;
	const is = `${name}: ${formatUse(metric, now)} ${when}${peakWords(explanation, metric)}${ofLimit}`;
	if (Number.isNaN(median)) return `${is}; what is usual is not known yet.`;
	const ratio = now / median;
	const isUsual = now >= low && now <= high;
	const then = isNewLevel(explanation, metric) ? 'median then' : 'median';
	const against = !isUsual && Number.isFinite(ratio) ? `, so ${factor(ratio)} times its ${then} of ${formatUse(metric, median)}` : '';
	// Of the metric that is in trouble already, and of one whose height alone could be none.
	const tells = (kind === undefined || ofAnomaly !== metric) && !ended && need > 0 && now < median + need && !(median + need > limit);
	const alarm = tells ? ` An alarm begins at about ${formatUse(metric, median + need)}.` : '';
	return `${is}; ${usually(explanation, metric)}${against}.${alarm}`;
}

/** ` (129m at its most)`, where that is not what it is now. */
function peakWords({kind, metric: ofAnomaly, peak, value}: Explanation, metric: Metric): string {
	if (ofAnomaly !== metric || peak === undefined) return '';
	if (!(kind === 'drop' ? peak < 0.95 * value[metric] : peak > 1.05 * value[metric])) return '';
	return ` (${formatUse(metric, peak)} at its ${kind === 'drop' ? 'least' : 'most'})`;
}

const factor = (value: number): string => (value >= 9.95 ? String(Math.round(value)) : value.toFixed(1));

/** More siblings than this are told by their range. */
const TOLD_SINGLY = 4;

function siblingLines({siblings: {count, alike, ratio}, kind, metric = 'cpu'}: Explanation, {siblings = []}: Beside): string[] {
	if (kind !== undefined && KILLS.has(kind)) return [];
	if (count === 0) return ['Siblings: none to compare with.'];
	const numbers = siblings
		.map(use => use[metric])
		.filter(value => !Number.isNaN(value))
		.sort((a, b) => a - b);
	const shown = numbers.length > TOLD_SINGLY ? [numbers[0], numbers.at(-1)] : numbers;
	const values = shown.map(value => formatUse(metric, value ?? Number.NaN)).join(numbers.length > TOLD_SINGLY ? ' to ' : ', ');
	const use = values === '' ? '' : `; ${nameOf(metric)} of ${count === 1 ? 'it' : 'them'}: ${values}`;
	return [`Siblings: ${count}${doWords(count, alike, ratio, kind, metric)}${use}.`];
}

function doWords(count: number, alike: number, ratio: number, kind: Kind | undefined, metric: Metric): string {
	if (kind === 'unlike-siblings') return count === 1 ? ', unlike this one' : ', alike among themselves, unlike this one';
	if (kind === undefined || Number.isNaN(ratio)) return '';
	const name = `${count === 1 ? 'its' : 'their'} ${nameOf(metric)}`;
	// A few percent either way are no change.
	const changed =
		Math.abs(ratio) < 0.05
			? 'did not change'
			: ratio < 0
				? 'changed the other way'
				: `changed ${formatPercent(ratio)} as much as this one's`;
	const does =
		count === 1
			? alike === 0
				? 'it does not do the same'
				: 'it does the same'
			: `${alike === 0 ? 'none' : alike === count ? 'all' : alike} of them ${alike <= 1 ? 'does' : 'do'} the same`;
	return `, ${does} (${name} ${changed})`;
}

function growthLines({growthBytesPerMinute, grewSinceMs, atMs}: Explanation, times: TimeFormat, {ended}: Beside): string[] {
	if (growthBytesPerMinute === undefined || Number.isNaN(growthBytesPerMinute)) return [];
	const rate = formatMemoryRate(growthBytesPerMinute);
	return grewSinceMs === undefined
		? [`Growth: memory ${ended ? 'rose' : 'rises'} by ${rate}.`]
		: [`Growth: before it was killed memory rose by ${rate} since ${times.near(grewSinceMs, atMs)}.`];
}

function killLines({kills = [], atMs}: Explanation, times: TimeFormat): string[] {
	if (kills.length === 0) return [];
	const every = rhythm(kills);
	const regular = Number.isNaN(every) ? '' : `, every ~${formatDuration(every)}`;
	return [`OOM kills of this workload: ${kills.map(kill => times.near(kill, atMs)).join(', ')}${regular}.`];
}

const CHANGES: Readonly<Record<Change['what'], string>> = {
	rollout: 'rollout',
	restart: 'restart',
	'scaled-out': 'scaled out',
	'scaled-in': 'scaled in',
	moved: 'moved',
};

function changeLines({changes, atMs, sinceMs = atMs, baseline}: Explanation, times: TimeFormat): string[] {
	if (changes.length > 0)
		return changes.map(({what, detail, atMs: then}) => {
			const ago = sinceMs - then;
			return `Before it: ${CHANGES[what]} at ${times.near(then, atMs)} (${detail})${ago >= 1000 ? `, ${formatDuration(ago)} earlier` : ''}.`;
		});
	const watchedMs = baseline.ageMs - (atMs - sinceMs);
	if (watchedMs >= CHANGES_MS) return ['Before it: no rollout, restart, scaling or move in two hours.'];
	// What was before it was watched nobody saw.
	return watchedMs >= MINUTE_MS
		? [`Before it: no rollout, restart, scaling or move seen in the ${formatDuration(watchedMs)} that it was watched.`]
		: ['Before it: not known, it was not watched for long enough.'];
}

/** When it will end badly, and when it would be over. */
function aheadLines(explanation: Explanation, times: TimeFormat, {ended}: Beside): string[] {
	const {forecast, kind, atMs, of} = explanation;
	const lines: string[] = [];
	const limit = forecast && formatMemory(forecast.limitBytes);
	if (forecast && ended) lines.push(`Forecast, before it ended: its limit of ${limit} at ${interval(explanation, times)}.`);
	else if (forecast)
		lines.push(
			`Forecast: its limit of ${limit} at ${interval(explanation, times)}, in ${between(forecast.earliestMs - atMs, forecast.latestMs - atMs)}; right in four cases of five, if it goes on as it does.`,
		);
	else if (kind === 'memory-leak' && !ended && of.memoryLimitBytes === Number.POSITIVE_INFINITY)
		lines.push('Forecast: none, it has no memory limit; what ends it is the memory of the node.');
	const over = ended ? '' : overWhen(explanation);
	if (over !== '') lines.push(`It is over when ${over}.`);
	return lines;
}

/** `7-10 min`: the unit once where both have the same. */
function between(fromMs: number, toMs: number): string {
	const to = formatDuration(toMs);
	const [, unit = ''] = /^\d+( \S+)$/.exec(to) ?? [];
	const from = formatDuration(fromMs);
	return unit !== '' && from.endsWith(unit) ? `${from.slice(0, -unit.length)}-${to}` : `${from} - ${to}`;
}

function overWhen({kind, usual, state}: Explanation): string {
	if (kind === undefined) return '';
	switch (kind) {
		case 'memory-leak':
			return 'memory falls back or the container restarts; when it levels off it gets another name';
		case 'memory-retained':
			return 'memory is given back or the container restarts';
		case 'oom-killed':
			return 'an hour has passed since the kill, and memory is not near the limit again';
		case 'crash-loop':
			return 'the container has run for 10 minutes';
		case 'unlike-siblings':
			return 'it has been like its siblings for 3 minutes';
		case 'level-shift':
			return `memory is back at ${formatMemory(usual.memory.high)} or less, or all siblings are there too`;
		case 'drop':
			return state === 'standing' ? 'CPU is back at its old level' : `CPU is back at ${formatCpu(usual.cpu.low)} or more`;
		case 'cpu-sustained':
		case 'cpu-spike':
		case 'load':
			return state === 'standing' ? 'CPU is back at its old level' : `5 samples were near ${formatCpu(usual.cpu.high)} or less`;
		case 'memory-spike':
			return `5 samples were near ${formatMemory(usual.memory.high)} or less`;
	}
}

/** Keys of the screen, and the same in kubectl's words. */
function nextLines({kind, of}: Explanation): string[] {
	if (kind === undefined) return [];
	const {namespace, pod, name} = of;
	const kubectl = `kubectl -n ${namespace}`;
	const logs = `logs (l, or ${kubectl} logs ${pod} -c ${name})`;
	const previous = `previous logs (p, or ${kubectl} logs ${pod} -c ${name} --previous)`;
	const events = `limits, probes and events (d, or ${kubectl} describe pod ${pod})`;
	switch (kind) {
		case 'oom-killed':
			return [`Look next: ${previous}; ${events}.`];
		case 'crash-loop':
			return [`Look next: ${previous}; ${events}.`];
		case 'memory-leak':
			return [`Look next: ${logs}; a heap dump before the limit says what is kept. A restart only buys time.`];
		case 'drop':
			return [`Look next: ${logs}; is it ready, and does it get requests? ${capital(events)}.`];
		case 'load':
			return [`Look next: what asks more of it; whether it scales (${kubectl} get hpa).`];
		case 'memory-retained':
		case 'memory-spike':
		case 'cpu-sustained':
		case 'cpu-spike':
		case 'level-shift':
		case 'unlike-siblings':
			return [`Look next: ${logs}.`];
	}
}

/** What the forest has no part in: trends, exits, comparisons. */
const NOT_BY_SCORE: ReadonlySet<Kind> = new Set(['memory-leak', 'memory-retained', 'oom-killed', 'crash-loop', 'unlike-siblings']);

function statistics(explanation: Explanation): string {
	const {kind, severity, baseline, sampleMs, learned, training, state} = explanation;
	const every = Number.isFinite(sampleMs) ? `, one every ${formatDuration(sampleMs)}` : '';
	const of =
		baseline.from === 'previous pods'
			? `baseline from other pods of this workload and ${counted(baseline.samples, 'sample')} of its own`
			: `baseline of ${counted(baseline.samples, 'sample')}`;
	const training_ = kind === undefined && state === 'learning' && learned < training ? ` of ${training}` : '';
	const machine =
		kind === undefined ? '' : ` In JSON it is ${kind}; to fail a check on it: --fail-on ${kind}${severity === 'notice' ? ':notice' : ''}.`;
	return `Statistics: ${scoreWords(explanation)}; ${of}${training_}${every}.${machine}`;
}

function scoreWords({score, threshold, kind}: Explanation): string {
	if (Number.isNaN(score)) return 'no score yet';
	const numbers = `score ${score.toFixed(2)}, threshold ${threshold.toFixed(2)}`;
	if (kind === undefined || score > threshold) return numbers;
	return `${numbers} (${NOT_BY_SCORE.has(kind) ? 'not what this comes from' : 'far enough out to need no score'})`;
}
