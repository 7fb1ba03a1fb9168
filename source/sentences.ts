/**
 * Explanations in words: the first line of the screen, the log, the why pane, `explain`, `check` and JSON all take theirs
 * from here, so that a thing has one name everywhere. No clock: what is said is true of the explanation's moment.
 */
import type {Anomaly, Change, EndedBy, Explanation, Kind, Metric} from './engine/verdict.ts';
import {MARK} from './engine/verdict.ts';
import {formatCpu, formatDuration, formatMemory, formatMemoryRate, formatPercent, ordinal, type TimeFormat} from './format.ts';
import type {Container} from './scrape.ts';

const MINUTE_MS = 60_000;
/** Kills so regular are told as a rhythm: their longest interval over the shortest. */
const RHYTHM = 2;

/** The verdict in a few words, as it stands in the list. `times` tells when a container was killed. */
export function title(kind: Kind | undefined, explanation: Explanation, times?: TimeFormat): string {
	if (kind === undefined) return stateTitle(explanation);
	const {siblings} = explanation;
	switch (kind) {
		case 'memory-leak':
			return explanation.severity !== 'notice' && isLikely(explanation) ? 'leak likely' : 'memory growing';
		case 'memory-retained':
			return 'memory kept after load fell';
		case 'memory-spike':
			return 'memory spike';
		case 'cpu-sustained':
			return siblings.count > 0 ? 'CPU high, siblings not' : 'CPU high, no siblings';
		case 'cpu-spike':
			return 'CPU spike';
		case 'load':
			return siblings.alike < siblings.count ? 'load rise, most replicas' : 'load rise, all replicas';
		case 'level-shift':
			return explanation.state === 'firing' ? 'memory rising' : 'stepped up, stays';
		case 'drop':
			return 'CPU fell';
		case 'oom-killed':
			return ['OOM-killed', times && ` ${times.minute(explanation.sinceMs ?? explanation.atMs)}`, repeats(explanation)].join('');
		case 'crash-loop':
			return 'crash loop';
		case 'unlike-siblings':
			return `differs from ${siblings.count} siblings`;
	}
}

/** `, 4th time, every ~42 min` */
function repeats({kills = []}: Explanation): string {
	if (kills.length < 2) return '';
	const every = rhythm(kills);
	return `, ${ordinal(kills.length)} time${Number.isNaN(every) ? '' : `, every ~${formatDuration(every)}`}`;
}

/** Median interval between kills, where they come regularly; NaN where not. */
function rhythm(kills: readonly number[]): number {
	const intervals = kills.slice(1).map((atMs, i) => atMs - (kills[i] as number));
	if (intervals.length === 0 || Math.max(...intervals) > RHYTHM * Math.min(...intervals)) return Number.NaN;
	intervals.sort((a, b) => a - b);
	return intervals[intervals.length >> 1] as number;
}

/** Growth is a leak likely once siblings are flat, or it ended in a kill before. */
const isLikely = ({siblings, kills = []}: Explanation): boolean => (siblings.count > 0 && siblings.alike === 0) || kills.length > 0;

function stateTitle(explanation: Explanation): string {
	switch (explanation.state) {
		case 'learning':
			return explanation.learned < explanation.training ? `learning, ${untilTrained(explanation)}` : 'learning';
		case 'pending':
			return 'odd, not confirmed';
		case 'normal':
		case 'firing':
		case 'standing':
			return 'normal';
	}
}

function untilTrained({learned, training, sampleMs}: Explanation): string {
	const leftMs = (training - learned) * sampleMs;
	return Number.isFinite(leftMs) ? `~${formatDuration(leftMs)}` : `${learned}/${training}`;
}

/** What a mark says: no alarm. */
export function markWords(marks: number, share: number): string {
	if (marks & MARK.atCpuLimit) return 'at CPU limit, probably throttled';
	if (marks & MARK.nearLimit) return `${formatPercent(share)} of limit, flat`;
	return '';
}

const format = (metric: Metric, value: number): string => (metric === 'cpu' ? formatCpu(value) : formatMemory(value));
const nameOf = (metric: Metric): string => (metric === 'cpu' ? 'CPU' : 'memory');

/** `checkout`, `checkout:proxy` where the container is called otherwise. */
function who({workload, pod, name}: Container): string {
	const owner = workload?.slice(workload.lastIndexOf('/') + 1) ?? pod;
	return name === owner || name === 'main' || name === 'app' ? owner : `${owner}:${name}`;
}

/** One full sentence or two: the first line of the screen. `namespaced`: its name may be that of others in other namespaces. */
export function headline(anomaly: Anomaly, times: TimeFormat, namespaced = false): string {
	const {explanation, of, startedAtMs} = anomaly;
	const since = `since ${times.near(startedAtMs, explanation.atMs)}`;
	const tail = [changesWords(explanation, startedAtMs, times), recurrenceWords(explanation)].filter(text => text !== '').join(' ');
	return [`${namespaced ? `${of.namespace}/` : ''}${who(of)}: ${headlineBody(anomaly, since, times)}.`, tail].join(' ').trimEnd();
}

function headlineBody({kind, explanation, metric, startedAtMs}: Anomaly, since: string, times: TimeFormat): string {
	const {siblings, forecast, growthBytesPerMinute = Number.NaN, value, peak = value[metric], of} = explanation;
	const replicas = siblings.count + 1;
	const one = siblings.count > 0 ? `${siblings.alike + 1} of ${replicas} replicas` : 'its only replica is';
	switch (kind) {
		case 'memory-leak': {
			const flat = siblings.count === 0 ? '' : siblings.alike === 0 ? ', siblings flat' : `, ${siblings.alike} siblings too`;
			const who = siblings.count > 0 ? one : 'memory';
			return `${who} growing ${formatMemoryRate(growthBytesPerMinute)} ${since}${flat}${forecast ? `; limit at ${interval(explanation, times)}` : ''}`;
		}
		case 'memory-retained':
			return `load fell, memory did not: ${formatMemory(value.memory)}, usually ${range(explanation, 'memory')}, ${since}`;
		case 'cpu-sustained':
			return siblings.count > 0
				? `1 of ${replicas} replicas at ${formatCpu(value.cpu)} CPU ${since}, usually ${range(explanation, 'cpu')}; its siblings do not rise`
				: `CPU at ${formatCpu(value.cpu)} ${since}, usually ${range(explanation, 'cpu')}; no siblings to compare with`;
		case 'load':
			return `load rise on ${siblings.alike + 1} of ${replicas} replicas ${since}: ${formatCpu(value.cpu)} each or so, usually ${range(explanation, 'cpu')}`;
		case 'cpu-spike':
		case 'memory-spike':
			return `${nameOf(metric)} spike ${since}: ${format(metric, peak)}, usually ${range(explanation, metric)}`;
		case 'level-shift':
			return `memory ${explanation.state === 'firing' ? 'rises' : 'stepped up'} to ${formatMemory(value.memory)} ${since}${explanation.state === 'firing' ? '' : ' and stays'}, before it was ${range(explanation, 'memory')}`;
		case 'drop':
			return `CPU fell to ${formatCpu(peak)} ${since}, usually ${range(explanation, 'cpu')}`;
		case 'oom-killed':
			return `OOM-killed at ${times.near(startedAtMs, explanation.atMs)}${repeats(explanation)}, limit ${formatMemory(of.memoryLimitBytes)}`;
		case 'crash-loop':
			return `crash loop ${since}: ${of.restarts} restarts${of.lastExit ? `, last exit ${of.lastExit.reason}` : ''}`;
		case 'unlike-siblings':
			return `1 of ${replicas} replicas has ${format(metric, value[metric])} ${nameOf(metric)}, unlike its ${siblings.count} siblings, ${since}`;
	}
}

/** `~14:50 (14:43-15:01)` */
function interval({forecast, atMs}: Explanation, times: TimeFormat): string {
	if (!forecast) return '';
	return `~${times.near(forecast.atMs, atMs)} (${times.near(forecast.earliestMs, atMs)}-${times.near(forecast.latestMs, atMs)})`;
}

/** `30m-90m` */
function range({usual}: Explanation, metric: Metric): string {
	const {low, high} = usual[metric];
	if (Number.isNaN(low)) return 'not known yet';
	const [from, to] = [format(metric, low), format(metric, high)];
	return from === to ? from : `${from}-${to}`;
}

const CHANGE: Readonly<Record<Change['what'], string>> = {
	rollout: 'the rollout',
	restart: 'a restart',
	'scaled-out': 'it was scaled out',
	'scaled-in': 'it was scaled in',
	moved: 'it moved',
};

/** `Began 48 min after the rollout checkout:v43 → checkout:v44.`, `No rollout since 09:00.` */
function changesWords({changes, atMs, baseline, of, kind, kills = []}: Explanation, sinceMs: number, times: TimeFormat): string {
	// That it restarted is what a kill is, and what a leak that was killed before began after.
	const own = kills.length > 0 || kind === 'crash-loop' ? changes.filter(({what}) => what !== 'restart') : changes;
	const last = own.findLast(({what}) => what === 'rollout') ?? own.at(-1);
	if (last) {
		const after = sinceMs - last.atMs;
		const when = after < MINUTE_MS ? 'right after' : `${formatDuration(after)} after`;
		return `Began ${when} ${CHANGE[last.what]} (${last.detail}).`;
	}
	if (of.workload === undefined || !Number.isFinite(baseline.ageMs) || own.length < changes.length) return '';
	// What began before it was watched may have had a reason that nobody saw.
	if (baseline.ageMs < atMs - sinceMs) return '';
	const watchedMs = Math.min(baseline.ageMs, atMs - sinceMs + 2 * 3_600_000);
	return `No rollout since ${times.near(atMs - watchedMs, atMs)}.`;
}

/** `Leaks to its limit every ~42 min.` */
function recurrenceWords({kind, kills = []}: Explanation): string {
	if (kind !== 'memory-leak' || kills.length === 0) return '';
	const every = rhythm(kills);
	return Number.isNaN(every)
		? `OOM-killed ${kills.length === 1 ? 'once' : `${kills.length} times`} before.`
		: `Leaks to its limit every ~${formatDuration(every)}.`;
}

/** The log row: what the title leaves out. */
export function detail(anomaly: Anomaly, times: TimeFormat): string {
	const {kind, explanation, metric, startedAtMs, ended} = anomaly;
	const {siblings, growthBytesPerMinute = Number.NaN, value, peak = value[metric], forecast, of} = explanation;
	const heldMs = ended ? ended.atMs - startedAtMs : (explanation.heldMs ?? explanation.atMs - startedAtMs);
	const held = heldMs >= 1000 ? ` for ${formatDuration(heldMs)}` : '';
	const usually = `${format(metric, peak)}, usually ${range(explanation, metric)}`;
	switch (kind) {
		case 'memory-leak':
			return `+${formatMemoryRate(growthBytesPerMinute)}${held}${siblingsWords(explanation)}${forecast && !ended ? `; limit at ${interval(explanation, times)}` : ''}${endWords(ended?.by)}`;
		case 'memory-retained':
			return `${usually}, load back to usual${held}${endWords(ended?.by)}`;
		case 'cpu-sustained':
		case 'load':
			return `${usually},${held}${siblingsWords(explanation)}${endWords(ended?.by)}`.replace(',;', ';');
		case 'cpu-spike':
		case 'memory-spike':
		case 'drop':
			return `${usually}${held && `,${held}`}${endWords(ended?.by)}`;
		case 'level-shift':
			return `now ${formatMemory(value.memory)}, before ${range(explanation, 'memory')}${endWords(ended?.by)}`;
		case 'oom-killed':
			return `at ${times.near(startedAtMs, explanation.atMs)}, limit ${formatMemory(of.memoryLimitBytes)}${repeats(explanation)}`;
		case 'crash-loop':
			return `${of.restarts} restarts${of.lastExit ? `, last exit ${of.lastExit.reason} at ${times.near(of.lastExit.atMs, explanation.atMs)}` : ''}`;
		case 'unlike-siblings':
			return `${format(metric, peak)} ${nameOf(metric)}${held}; its ${siblings.count} siblings are far from that${endWords(ended?.by)}`;
	}
}

function siblingsWords({siblings, metric, kind}: Explanation): string {
	if (siblings.count === 0) return '; no siblings to compare with';
	const its = siblings.count === 1 ? 'its sibling' : `its ${siblings.count} siblings`;
	const are = siblings.count === 1 ? 'is' : 'are';
	if (kind === 'load') return `; ${siblings.alike} of ${its} rise too`.replace(/\d+ of its sibling rise/, 'its sibling rises');
	if (siblings.alike === 0) return `; ${its} ${are} ${metric === 'memory' ? 'flat' : 'normal'}`;
	return `; ${siblings.alike} of ${its} ${siblings.alike === 1 ? 'does' : 'do'} the same`;
}

const END: Readonly<Record<EndedBy, string>> = {
	recovered: '',
	restarted: 'ended by a restart',
	'oom-killed': 'ended in an OOM kill',
	gone: 'the pod is gone',
	completed: 'completed',
	'siblings-followed': 'its siblings have come to the same level',
	expected: 'marked as expected',
};
const endWords = (by: EndedBy | undefined): string => (by === undefined || END[by] === '' ? '' : `; ${END[by]}`);

/** The whole why pane: plain lines, for a normal or learning container too. */
export function why(explanation: Explanation, times: TimeFormat): string[] {
	const {of, kind, atMs, sinceMs, heldMs, confirmed, state, severity} = explanation;
	const lines = [`${of.namespace}/${of.pod}:${of.name}`];
	if (kind === undefined) lines.push(`${capital(title(undefined, explanation, times))} at ${times.time(atMs)}.`);
	else {
		const since = sinceMs === undefined ? '' : ` since ${times.near(sinceMs, atMs)}`;
		const held = heldMs !== undefined && heldMs >= 1000 ? `, held for ${formatDuration(heldMs)}` : '';
		lines.push(`${capital(title(kind, explanation, times))} (${kind}${severity ? `, ${severity}` : ''})${since}${held}.`);
		if (explanation.also && explanation.also.length > 0)
			lines.push(`Also: ${explanation.also.map(other => title(other, explanation, times)).join(', ')}.`);
		if (explanation.recurring) lines.push('A habit: it does this now and then, so it is listed and does not alarm.');
		if (state === 'standing' && kind !== 'oom-killed' && kind !== 'crash-loop')
			lines.push('It stands: this level is the baseline now, so that new trouble on top of it is seen.');
	}
	lines.push('');
	// A container that was killed has no numbers at that moment, and its kill says all.
	const killed = kind === 'oom-killed' || kind === 'crash-loop';
	if (!killed || !Number.isNaN(explanation.value.cpu)) lines.push(metricWords(explanation, 'cpu'));
	if (!killed || !Number.isNaN(explanation.value.memory)) lines.push(metricWords(explanation, 'memory'));
	if (!killed || !Number.isNaN(explanation.score)) lines.push(scoreWords(explanation));
	if (confirmed) lines.push(`Confirmed by ${confirmed.odd} odd readings of the last ${confirmed.of}.`);
	lines.push(`${capital(siblingsLine(explanation))}.`);
	if (explanation.growthBytesPerMinute !== undefined) lines.push(...growthWords(explanation, times));
	const {kills = []} = explanation;
	if (kills.length > 0) {
		const every = rhythm(kills);
		lines.push(
			`OOM kills seen: ${kills.map(kill => times.near(kill, atMs)).join(', ')}${Number.isNaN(every) ? '' : `; every ~${formatDuration(every)}`}.`,
		);
	}
	lines.push('', ...changeLines(explanation, times), baselineWords(explanation));
	const resolve = resolveWords(explanation);
	if (resolve !== '') lines.push(resolve);
	return lines;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `CPU: 498m now, usually 30m-90m (median 52m), 9.6 times that. An alarm begins at 210m.` */
function metricWords(explanation: Explanation, metric: Metric): string {
	const {value, usual, of} = explanation;
	const {median, need} = usual[metric];
	const now = value[metric];
	const limit = metric === 'cpu' ? of.cpuLimitMillicores : of.memoryLimitBytes;
	const name = metric === 'cpu' ? 'CPU' : 'Memory';
	if (Number.isNaN(now)) return `${name}: not known.`;
	const ofLimit = Number.isFinite(limit)
		? `, ${formatPercent(now / limit)} of the limit ${format(metric, limit)}`
		: limit === Number.POSITIVE_INFINITY
			? ', no limit'
			: '';
	if (Number.isNaN(median)) return `${name}: ${format(metric, now)} now${ofLimit}; what is usual is not known yet.`;
	const times = now / median;
	const ratio = Number.isFinite(times) && (times >= 1.15 || times <= 0.85) ? `, ${factor(times)} times that` : '';
	const over = now - median;
	const distance =
		need > 0 && over < need && median + need > limit
			? 'Nothing up to its limit would be an alarm by its height alone.'
			: need > 0 && over > 0 && over < need
				? `An alarm begins ${format(metric, need)} over the median; it is ${format(metric, need - over)} from that.`
				: need > 0 && over >= need
					? `It is ${format(metric, over)} over the median; ${format(metric, need)} would matter.`
					: need > 0
						? `An alarm begins at about ${format(metric, median + need)}.`
						: '';
	return `${name}: ${format(metric, now)} now${ofLimit}; usually ${range(explanation, metric)} (median ${format(metric, median)})${ratio}. ${peakWords(explanation, metric)}${distance}`.trimEnd();
}

/** `It was 129m at its most. `, where that is not what it is now. */
function peakWords({kind, metric: ofAnomaly, peak, value}: Explanation, metric: Metric): string {
	if (ofAnomaly !== metric || peak === undefined) return '';
	if (!(kind === 'drop' ? peak < 0.95 * value[metric] : peak > 1.05 * value[metric])) return '';
	return `It was ${format(metric, peak)} at its ${kind === 'drop' ? 'least' : 'most'}. `;
}

const factor = (value: number): string => (value >= 9.95 ? String(Math.round(value)) : value.toFixed(1));

/** What the forest has no part in: trends, exits, comparisons. */
const NOT_BY_SCORE: ReadonlySet<Kind> = new Set(['memory-leak', 'memory-retained', 'oom-killed', 'crash-loop', 'unlike-siblings']);

function scoreWords({score, threshold, reasons, kind}: Explanation): string {
	if (Number.isNaN(score)) return 'Score: none yet.';
	const numbers = `Score ${score.toFixed(2)}, threshold ${threshold.toFixed(2)}`;
	if (kind !== undefined && NOT_BY_SCORE.has(kind)) return `${numbers}: this verdict does not rest on it.`;
	if (kind !== undefined && kind !== 'level-shift' && !(score > threshold))
		return `${numbers}: it is so far out that the score was not asked.`;
	const is = score > threshold ? 'over' : 'under';
	const strongest = reasons
		.filter(({weight}) => weight >= 0.05)
		.map(({feature, metric, side}) => `${nameOf(metric)} ${feature === 'residual' ? 'against the last samples' : feature}, ${side}`)
		.join('; ');
	const why = strongest === '' ? '' : ` Strongest: ${strongest}.`;
	return `Score ${score.toFixed(2)}, ${is} its threshold of ${threshold.toFixed(2)}.${why}`;
}

function siblingsLine({siblings, kind, metric}: Explanation): string {
	if (siblings.count === 0) return 'no siblings to compare with';
	const its = siblings.count === 1 ? '1 sibling' : `${siblings.count} siblings`;
	if (kind === undefined || Number.isNaN(siblings.ratio)) return its;
	if (kind === 'unlike-siblings') return `its ${its} are alike, it is not`;
	const name = nameOf(metric ?? 'cpu');
	const does =
		siblings.count === 1
			? `which ${siblings.alike === 0 ? 'does not do' : 'does'}`
			: siblings.alike === 0
				? 'none of them does'
				: `${siblings.alike} of them ${siblings.alike === 1 ? 'does' : 'do'}`;
	return `${its}, ${does} the same (${ratioWords(siblings.ratio, name)})`;
}

/** A few percent either way are no change. */
function ratioWords(ratio: number, name: string): string {
	if (Math.abs(ratio) < 0.05) return `their ${name} did not change`;
	return ratio < 0 ? `their ${name} changed the other way` : `their ${name} changed by ${formatPercent(ratio)} of its change`;
}

function growthWords(explanation: Explanation, times: TimeFormat): string[] {
	const {growthBytesPerMinute = Number.NaN, grewSinceMs, forecast, of, atMs} = explanation;
	if (grewSinceMs !== undefined)
		return [`Before it was killed memory grew by ${formatMemoryRate(growthBytesPerMinute)} since ${times.near(grewSinceMs, atMs)}.`];
	const rate = `Growing ${formatMemoryRate(growthBytesPerMinute)}`;
	if (!forecast) return [Number.isFinite(of.memoryLimitBytes) ? `${rate}.` : `${rate}; without a limit there is no time by which to tell.`];
	const to = formatDuration(forecast.latestMs - atMs);
	// `7-10 min`: the unit once where both have the same.
	const [, unit = ''] = /^\d+( \S+)$/.exec(to) ?? [];
	const from = formatDuration(forecast.earliestMs - atMs);
	const between = unit !== '' && from.endsWith(unit) ? `${from.slice(0, -unit.length)}-${to}` : `${from} - ${to}`;
	return [
		`${rate}: limit ${formatMemory(forecast.limitBytes)} in ${between}, at ${interval(explanation, times)}.`,
		'The interval holds the true time in four cases of five, if it goes on as it does.',
	];
}

function changeLines({changes, atMs}: Explanation, times: TimeFormat): string[] {
	if (changes.length === 0) return ['Nothing changed in the two hours before, as far as was watched.'];
	return changes.map(({what, detail, atMs: then}) => `${times.near(then, atMs)} ${what.replace('-', ' ')}: ${detail}`);
}

function baselineWords({baseline, learned, training, provisional, state, sampleMs}: Explanation): string {
	const age = Number.isFinite(baseline.ageMs) ? `, watched for ${formatDuration(baseline.ageMs)}` : '';
	const every = Number.isFinite(sampleMs) ? `, a sample every ${formatDuration(sampleMs)}` : '';
	const from = baseline.from === 'previous pods' ? 'Baseline from previous pods' : `Baseline of ${baseline.samples} samples`;
	const training_ =
		learned < training && (provisional || state === 'learning')
			? ` It is learning: ${learned} of ${training}; verdicts are provisional.`
			: '';
	return `${from}${age}${every}.${training_}`;
}

function resolveWords(explanation: Explanation): string {
	const {kind, usual, state} = explanation;
	if (kind === undefined) return '';
	switch (kind) {
		case 'memory-leak':
			return 'Over when memory falls back, or the container restarts; renamed when it levels off.';
		case 'memory-retained':
			return 'Over when memory is given back, or the container restarts.';
		case 'oom-killed':
			return 'Listed for an hour.';
		case 'crash-loop':
			return 'Over when it has run for 10 minutes.';
		case 'unlike-siblings':
			return 'Over when it has been like its siblings for 3 minutes.';
		case 'level-shift':
			return `Over when memory is back at ${formatMemory(usual.memory.high)} or less, or all siblings are there too.`;
		case 'drop':
			return state === 'standing'
				? 'Over when CPU is back at its old level.'
				: `Over when CPU is back at ${formatCpu(usual.cpu.low)} or more.`;
		case 'cpu-sustained':
		case 'cpu-spike':
		case 'load':
			return state === 'standing'
				? 'Over when CPU is back at its old level.'
				: `Over after 5 readings near ${formatCpu(usual.cpu.high)} or less.`;
		case 'memory-spike':
			return `Over after 5 readings near ${formatMemory(usual.memory.high)} or less.`;
	}
}
