/**
 * Explanations in words: the first line of the screen, the log, the why pane, `explain`, `check` and JSON all take theirs
 * from here, so that a thing has one name everywhere. No clock: what is said is true of the explanation's moment.
 */
import type {Anomaly, Change, EndedBy, Explanation, Kind, Metric} from './engine/verdict.ts';
import {MARK} from './engine/verdict.ts';
import {formatCpu, formatDuration, formatMemory, formatMemoryRate, formatPercent, ordinal, type TimeFormat} from './format.ts';
import type {Container} from './scrape.ts';

const MINUTE_MS = 60_000;
/** Changes of so long before an anomaly are named beside it. */
export const CHANGES_MS = 2 * 3_600_000;
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
			return `${isAtCpuLimit(explanation) ? 'at CPU limit' : 'CPU high'}, ${siblings.count > 0 ? 'siblings not' : 'no siblings'}`;
		case 'cpu-spike':
			return isAtCpuLimit(explanation) ? 'CPU spike to its limit' : 'CPU spike';
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

/** One word for a kind, whatever else is known of an episode: it may be called `leak likely`, or `at CPU limit`. */
export const KIND_WORDS: Readonly<Record<Kind, string>> = {
	'memory-leak': 'memory growing',
	'memory-retained': 'memory kept after load fell',
	'memory-spike': 'memory spike',
	'cpu-sustained': 'CPU high',
	'cpu-spike': 'CPU spike',
	load: 'load rise',
	'level-shift': 'stepped up',
	drop: 'CPU fell',
	'oom-killed': 'OOM-killed',
	'crash-loop': 'crash loop',
	'unlike-siblings': 'differs from siblings',
};

const KINDS = new RegExp(`\\b(?:${Object.keys(KIND_WORDS).join('|')})\\b`, 'g');

/** Of a storm's `9 load, 1 level-shift`. */
export const inWords = (detail: string): string => detail.replace(KINDS, kind => KIND_WORDS[kind as Kind]);

/** Of an episode that is over what it was, not what its container does since. */
export function titleOf(anomaly: Anomaly, times?: TimeFormat): string {
	const {kind, metric, explanation, ended} = anomaly;
	const {peak} = explanation;
	const of = ended && peak !== undefined ? {...explanation, value: {...explanation.value, [metric]: peak}} : explanation;
	return `${title(kind, of, times)}${isDoubtful(anomaly) ? '?' : ''}`;
}

/** What the cluster itself reports. */
export const KILLS: ReadonlySet<Kind> = new Set(['oom-killed', 'crash-loop']);

/** Said while what is usual was still being learned. */
export const isDoubtful = ({kind, provisional}: {readonly kind?: Kind; readonly provisional: boolean}): boolean =>
	provisional && kind !== undefined && !KILLS.has(kind);

/** An episode is told again only when its numbers have moved enough; these are of now. */
export const withUse = (anomaly: Anomaly, use: Explanation['value']): Anomaly => ({
	...anomaly,
	explanation: withUseOf(anomaly.explanation, use),
});

export function withUseOf(explanation: Explanation, use: Explanation['value']): Explanation {
	const {peak, metric, kind} = explanation;
	if (peak === undefined || metric === undefined || Number.isNaN(use[metric])) return {...explanation, value: use};
	return {...explanation, value: use, peak: (kind === 'drop' ? Math.min : Math.max)(peak, use[metric])};
}

/** CPU this near to its limit is probably throttled. */
const THROTTLED = 0.95;

/** NaN and no limit are none that it could be at. */
export const isAtCpuLimit = ({of, value}: Explanation): boolean => value.cpu >= THROTTLED * of.cpuLimitMillicores;

/** `, 4th time, every ~42 min` */
function repeats({kills = []}: Explanation): string {
	if (kills.length < 2) return '';
	const every = rhythm(kills);
	return `, ${ordinal(kills.length)} time${Number.isNaN(every) ? '' : `, every ~${formatDuration(every)}`}`;
}

/** Median interval between kills, where they come regularly; NaN where not. */
export function rhythm(kills: readonly number[]): number {
	const intervals = kills.slice(1).map((atMs, i) => atMs - (kills[i] as number));
	if (intervals.length === 0 || Math.max(...intervals) > RHYTHM * Math.min(...intervals)) return Number.NaN;
	intervals.sort((a, b) => a - b);
	return intervals[intervals.length >> 1] as number;
}

/** Growth is a leak likely once siblings are flat, or it ended in a kill before. */
export const isLikely = ({siblings, kills = []}: Explanation): boolean => (siblings.count > 0 && siblings.alike === 0) || kills.length > 0;

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

export const formatUse = (metric: Metric, value: number): string => (metric === 'cpu' ? formatCpu(value) : formatMemory(value));
export const nameOf = (metric: Metric): string => (metric === 'cpu' ? 'CPU' : 'memory');

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
	const body = headlineBody(anomaly, since, times);
	const sure = isDoubtful(anomaly) ? `probably ${body} (seen while still learning)` : body;
	return [`${namespaced ? `${of.namespace}/` : ''}${who(of)}: ${sure}.`, tail].join(' ').trimEnd();
}

function headlineBody({kind, explanation, metric, startedAtMs}: Anomaly, since: string, times: TimeFormat): string {
	const {siblings, forecast, growthBytesPerMinute = Number.NaN, value, peak = value[metric], of} = explanation;
	const replicas = siblings.count + 1;
	const atLimit = metric === 'cpu' && isAtCpuLimit(explanation);
	const limit = `${formatCpu(of.cpuLimitMillicores)} (probably throttled)`;
	const one = siblings.count > 0 ? `${siblings.alike + 1} of ${replicas} replicas` : 'its only replica is';
	switch (kind) {
		case 'memory-leak': {
			const flat = siblings.count === 0 ? '' : siblings.alike === 0 ? ', siblings flat' : `, ${siblings.alike} siblings too`;
			const who = siblings.count > 0 ? one : 'memory';
			return `${who} growing ${formatMemoryRate(growthBytesPerMinute)} ${since}${flat}${forecast ? `; limit at ${interval(explanation, times)}` : ''}`;
		}
		case 'memory-retained':
			return `load fell, memory did not: ${formatMemory(value.memory)}, ${usually(explanation, 'memory')}, ${since}`;
		case 'cpu-sustained':
			return siblings.count > 0
				? `1 of ${replicas} replicas at ${atLimit ? `its CPU limit of ${limit}` : `${formatCpu(value.cpu)} CPU`} ${since}, ${usually(explanation, 'cpu')}; its siblings do not rise`
				: `CPU at ${atLimit ? `its limit of ${limit}` : formatCpu(value.cpu)} ${since}, ${usually(explanation, 'cpu')}; no siblings to compare with`;
		case 'load':
			return `load rise on ${siblings.alike + 1} of ${replicas} replicas ${since}: ${formatCpu(value.cpu)} each or so${atLimit ? `, at the limit of ${limit}` : ''}, ${usually(explanation, 'cpu')}`;
		case 'cpu-spike':
		case 'memory-spike':
			return `${nameOf(metric)} spike ${since}: ${formatUse(metric, peak)}${atLimit ? `, at its limit of ${limit}` : ''}, ${usually(explanation, metric)}`;
		case 'level-shift':
			return `memory ${explanation.state === 'firing' ? 'rises' : 'stepped up'} to ${formatMemory(value.memory)} ${since}${explanation.state === 'firing' ? '' : ' and stays'}, before it was ${range(explanation, 'memory')}`;
		case 'drop':
			return `CPU fell to ${formatCpu(peak)} ${since}, ${usually(explanation, 'cpu')}`;
		case 'oom-killed':
			return `OOM-killed at ${times.near(startedAtMs, explanation.atMs)}${repeats(explanation)}, limit ${formatMemory(of.memoryLimitBytes)}`;
		case 'crash-loop':
			// Since when is not known: its first exits may be older than the watch.
			return `crash loop: ${of.restarts} restarts${of.lastExit ? `, last exit ${of.lastExit.reason} at ${times.near(of.lastExit.atMs, explanation.atMs)}` : ''}`;
		case 'unlike-siblings':
			return `1 of ${replicas} replicas has ${formatUse(metric, value[metric])} ${nameOf(metric)}${atLimit ? `, its limit of ${limit}` : ''}, unlike its ${siblings.count} siblings, ${since}`;
	}
}

/** `~14:50 (14:43-15:01)` */
export function interval({forecast, atMs}: Explanation, times: TimeFormat): string {
	if (!forecast) return '';
	const [at, earliest, latest] = [forecast.atMs, forecast.earliestMs, forecast.latestMs].map(ms => times.near(ms, atMs));
	return earliest === latest ? `~${at}` : `~${at} (${earliest}-${latest})`;
}

/** `usually 30m-90m`; of a level that counts as usual by now, what was usual before it. */
export const usually = (explanation: Explanation, metric: Metric): string =>
	`${isNewLevel(explanation, metric) ? 'before it' : 'usually'} ${range(explanation, metric)}`;

export const isNewLevel = ({kind, state, metric}: Explanation, of: Metric): boolean =>
	kind !== undefined && !KILLS.has(kind) && state === 'standing' && metric === of;

/** `30m-90m` */
export function range({usual}: Explanation, metric: Metric): string {
	const {low, high} = usual[metric];
	if (Number.isNaN(low)) return 'not known yet';
	const [from, to] = [formatUse(metric, low), formatUse(metric, high)];
	return from === to ? from : `${from}-${to}`;
}

const CHANGE: Readonly<Record<Change['what'], string>> = {
	rollout: 'the rollout',
	restart: 'a restart',
	'scaled-out': 'it was scaled out',
	'scaled-in': 'it was scaled in',
	moved: 'it moved',
};

/** `Began 48 min after the rollout checkout:v43 → checkout:v44.`, `No rollout since watching began.` */
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
	const lookedAtMs = atMs - sinceMs + CHANGES_MS;
	return baseline.ageMs < lookedAtMs ? 'No rollout since watching began.' : `No rollout since ${times.near(atMs - lookedAtMs, atMs)}.`;
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
	const {siblings, growthBytesPerMinute = Number.NaN, value, peak = value[metric], forecast, of, loadFellMs, atMs} = explanation;
	const heldMs = ended ? ended.atMs - startedAtMs : (explanation.heldMs ?? explanation.atMs - startedAtMs);
	const held = heldMs >= 1000 ? ` for ${formatDuration(heldMs)}` : '';
	const atLimit = metric === 'cpu' && isAtCpuLimit({...explanation, value: {...value, cpu: peak}});
	const use = `${formatUse(metric, peak)}${atLimit ? ', its limit' : ''}, ${usually(explanation, metric)}`;
	switch (kind) {
		case 'memory-leak':
			return `+${formatMemoryRate(growthBytesPerMinute)}${held}${siblingsWords(explanation)}${forecast && !ended ? `; limit at ${interval(explanation, times)}` : ''}${endWords(ended?.by)}`;
		case 'memory-retained':
			return `${use}${loadFellMs === undefined || ended ? '' : `, load back to usual for ${formatDuration(atMs - loadFellMs)}`}${endWords(ended?.by)}`;
		case 'cpu-sustained':
		case 'load':
			return `${use},${held}${siblingsWords(explanation)}${endWords(ended?.by)}`.replace(',;', ';');
		case 'cpu-spike':
		case 'memory-spike':
		case 'drop':
			return `${use}${held && `,${held}`}${endWords(ended?.by)}`;
		case 'level-shift':
			return `now ${formatMemory(value.memory)}, before ${range(explanation, 'memory')}${endWords(ended?.by)}`;
		case 'oom-killed':
			return `at ${times.near(startedAtMs, explanation.atMs)}, limit ${formatMemory(of.memoryLimitBytes)}${repeats(explanation)}`;
		case 'crash-loop':
			return `${of.restarts} restarts${of.lastExit ? `, last exit ${of.lastExit.reason} at ${times.near(of.lastExit.atMs, explanation.atMs)}` : ''}`;
		case 'unlike-siblings':
			return `${formatUse(metric, peak)} ${nameOf(metric)}${held}; its ${siblings.count} siblings are far from that${endWords(ended?.by)}`;
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
