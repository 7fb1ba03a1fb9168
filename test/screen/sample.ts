/** A handmade hour and a bit: three namespaces, a leak, a busy replica, what learns, waits, is gone, and names from hell. */
import type {Anomaly, Assessment, Change, Event, Explanation, Kind, Metric, Severity, State} from '../../source/engine/verdict.ts';
import {STATES} from '../../source/engine/verdict.ts';
import type {Absence, Container, Problem, Reading, Scrape} from '../../source/scrape.ts';
import {containerKey} from '../../source/scrape.ts';
import {Timeline} from '../../source/timeline.ts';

const MI = 2 ** 20;
export const START_MS = Date.UTC(2026, 10, 25, 13, 0, 0);
export const STEP_MS = 15_000;
export const STEPS = 281;
export const END_MS = START_MS + (STEPS - 1) * STEP_MS;
const TRAINING = 100;

interface Part {
	readonly of: Container;
	/** CPU in millicores and memory in Mi at a step. */
	readonly cpu: (step: number) => number;
	readonly memory: (step: number) => number;
	/** Readings before this one are not there. */
	readonly from?: number;
	readonly until?: number;
	readonly why?: Absence['why'];
	readonly state?: (step: number) => State;
	readonly marks?: number;
}

export const container = (namespace: string, pod: string, name: string, more: Partial<Container> = {}): Container => ({
	key: containerKey('prod-eu', namespace, pod, name),
	namespace,
	pod,
	name,
	incarnation: `${pod}/0`,
	cpuRequestMillicores: 100,
	memoryRequestBytes: 256 * MI,
	cpuLimitMillicores: 500,
	memoryLimitBytes: 512 * MI,
	restarts: 0,
	startedAtMs: START_MS - 5 * 3_600_000,
	node: `node-${(pod.length % 4) + 1}`,
	labels: {app: pod.split('-')[0] ?? pod},
	image: `registry.local/${name}:v43`,
	...more,
});

/** Noise that is the same in every run. */
const noise = (seed: number, step: number): number => {
	const x = Math.sin(seed * 127.1 + step * 311.7) * 43_758.5453;
	return x - Math.floor(x) - 0.5;
};

const wave = (seed: number, base: number, swing: number) => (step: number) =>
	Math.max(0, base + swing * Math.sin(step / 31 + seed) + base * 0.16 * noise(seed, step));
const flat = (seed: number, base: number) => (step: number) =>
	base + base * 0.03 * noise(seed + 7, step) + base * 0.02 * Math.sin(step / 50 + seed);

const LEAK_FROM = 57; // 13:14:15
const leakBy = (step: number): number => Math.max(0, step - LEAK_FROM) * 0.525; // 2.1 Mi a minute
const BUSY_FROM = 206; // 13:51:30
const CJK = '決済サービス-7f9c4d-日本語';
const LONG = `${'very-long-name-of-a-release-in-a-namespace-that-somebody-generated-'.repeat(4).slice(0, 245)}-5fkzq`.slice(0, 253);

const leaky = container('shop', 'checkout-7d9f5c-x2x9l', 'app', {workload: 'Deployment/checkout', revision: '7d9f5c'});
const busy = container('shop', 'cart-66b7d-p4qzt', 'app', {workload: 'Deployment/cart', revision: '66b7d', memoryLimitBytes: 200 * MI});
const bursting = container('payments', 'ledger-0', 'ledger', {workload: 'StatefulSet/ledger', memoryLimitBytes: 1024 * MI});
const calmed = container('shop', 'frontend-7c8d4-zz7lm', 'web', {workload: 'Deployment/frontend', revision: '7c8d4'});
const sibling = (of: Container, pod: string): Container => ({
	...of,
	key: containerKey('prod-eu', of.namespace, pod, of.name),
	pod,
	incarnation: `${pod}/0`,
});

export const PARTS: readonly Part[] = [
	{
		of: leaky,
		cpu: wave(1, 38, 6),
		memory: step => flat(1, 190)(step) + leakBy(step),
		state: step => (step < TRAINING ? 'learning' : 'firing'),
	},
	{of: sibling(leaky, 'checkout-7d9f5c-9qjzt'), cpu: wave(2, 41, 6), memory: flat(2, 186)},
	{of: sibling(leaky, 'checkout-7d9f5c-m4v7d'), cpu: wave(3, 36, 6), memory: flat(3, 195)},
	{
		of: busy,
		cpu: step => (step >= BUSY_FROM ? 497 + 2 * noise(9, step) : wave(4, 60, 18)(step)),
		memory: flat(4, 122),
		state: step => (step < TRAINING ? 'learning' : step > BUSY_FROM + 1 ? 'firing' : 'normal'),
	},
	{of: sibling(busy, 'cart-66b7d-bd8rr'), cpu: wave(5, 58, 18), memory: flat(5, 119)},
	{of: sibling(busy, 'cart-66b7d-w2c6k'), cpu: wave(6, 63, 18), memory: flat(6, 124)},
	{
		of: bursting,
		cpu: wave(7, 12, 3),
		memory: step => (step > STEPS - 6 ? 701 : 410) + 4 * noise(7, step),
		state: step => (step < TRAINING ? 'learning' : step > STEPS - 4 ? 'firing' : step > STEPS - 6 ? 'pending' : 'normal'),
	},
	{of: calmed, cpu: step => (step > 150 && step < 160 ? 480 : wave(8, 71, 20)(step)), memory: flat(8, 180)},
	{of: sibling(calmed, 'frontend-7c8d4-hk4tb'), cpu: wave(9, 75, 20), memory: flat(9, 176)},
	{of: container('shop', 'ads-5fd5b-8xk2p', 'app', {workload: 'Deployment/ads'}), cpu: wave(10, 22, 4), memory: flat(10, 64), from: 210},
	{
		of: container('shop', 'ads-5fd5b-8xk2p', 'proxy', {
			workload: 'Deployment/ads',
			cpuLimitMillicores: Number.POSITIVE_INFINITY,
			memoryLimitBytes: Number.POSITIVE_INFINITY,
		}),
		cpu: wave(11, 4, 1),
		memory: flat(11, 64),
		from: 210,
	},
	{
		of: container('payments', 'invoices-5b8c6-7x4gs', 'app', {
			workload: 'Deployment/invoices',
			waiting: 'CrashLoopBackOff',
			restarts: 7,
			lastExit: {reason: 'Error', atMs: END_MS - 140_000},
		}),
		cpu: () => 0,
		memory: () => 0,
		from: STEPS,
		why: 'not-running',
	},
	{
		of: container('payments', 'migrate-28x9k', 'job', {workload: 'Job/migrate'}),
		cpu: wave(12, 210, 30),
		memory: flat(12, 96),
		until: 240,
		why: 'node-silent',
	},
	{
		of: container('payments', 'gateway-6cd9-4kzv2', 'envoy', {workload: 'Deployment/gateway', memoryLimitBytes: 128 * MI}),
		cpu: wave(13, 130, 30),
		memory: flat(13, 121),
		marks: 1,
	},
	{
		of: container('kube-system', 'coredns-76f75d-2k9xw', 'coredns', {
			workload: 'Deployment/coredns',
			cpuLimitMillicores: Number.POSITIVE_INFINITY,
		}),
		cpu: wave(14, 3, 1),
		memory: flat(14, 24),
	},
	{
		of: container('kube-system', 'coredns-76f75d-lq8zd', 'coredns', {
			workload: 'Deployment/coredns',
			cpuLimitMillicores: Number.POSITIVE_INFINITY,
		}),
		cpu: wave(15, 3, 1),
		memory: flat(15, 23),
	},
	{
		of: container('kube-system', 'metrics-server-6f4c6-v7b5n', 'metrics-server', {workload: 'Deployment/metrics-server'}),
		cpu: wave(16, 6, 1),
		memory: flat(16, 31),
	},
	{of: container('payments', CJK, 'app', {workload: 'Deployment/決済サービス'}), cpu: wave(17, 31, 5), memory: flat(17, 88)},
	{
		of: container('payments', LONG, 'app', {workload: 'Deployment/very-long', node: 'ip-10-0-117-203.eu-central-1.compute.internal'}),
		cpu: wave(18, 17, 3),
		memory: flat(18, 140),
	},
	{
		of: container('shop', 'evil\u001b[2J\u202epod-\u0301\u0301\u0301x', 'app', {
			cpuLimitMillicores: Number.NaN,
			memoryLimitBytes: Number.NaN,
		}),
		cpu: wave(19, 9, 2),
		memory: flat(19, 40),
	},
];

export interface SampleOptions {
	readonly trouble?: boolean;
	readonly steps?: number;
	readonly parts?: readonly Part[];
	readonly problems?: readonly Problem[];
}

export function sampleTimeline({trouble = true, steps = STEPS, parts = PARTS, problems = []}: SampleOptions = {}): Timeline {
	const timeline = new Timeline({training: TRAINING});
	for (let step = 0; step < steps; step++) timeline.append(...scrapeAt(step, trouble, parts, problems));
	return timeline;
}

/** In peace the odd ones are left out. */
export function scrapeAt(
	step: number,
	trouble: boolean,
	parts: readonly Part[] = PARTS,
	problems: readonly Problem[] = [],
): [Scrape, Assessment] {
	const atMs = START_MS + step * STEP_MS;
	const shown = trouble ? parts : parts.filter(({of}) => ![leaky, busy, bursting].includes(of) && of.waiting === undefined);
	const present: {part: Part; reading: Reading}[] = [];
	const absent: Absence[] = [];
	for (const part of shown) {
		const {of, from = 0, until = Number.POSITIVE_INFINITY, why = 'too-new'} = part;
		if (step >= from && step < until) {
			present.push({
				part,
				reading: {
					of,
					sampledAtMs: atMs - 4000,
					windowMs: STEP_MS,
					cpuMillicores: Math.round(part.cpu(step) * 10) / 10,
					memoryBytes: Math.round(part.memory(step) * MI),
				},
			});
		} else if (from === STEPS || step >= until || step > from - 3) absent.push({of, why});
	}
	const n = present.length;
	const floats = (of: (part: Part) => number): Float32Array => Float32Array.from(present, ({part}) => of(part));
	const learnedOf = ({from = 0}: Part): number => Math.min(TRAINING, step - from + 1);
	const trained = (part: Part): boolean => learnedOf(part) >= TRAINING;
	const bound = (part: Part, metric: Metric, side: 'low' | 'high'): number => {
		if (!trained(part)) return Number.NaN;
		const values = Array.from({length: 50}, (_, i) => (metric === 'cpu' ? part.cpu(i) : part.memory(i) * MI));
		return side === 'low' ? Math.min(...values) : Math.max(...values);
	};
	return [
		{atMs, readings: present.map(({reading}) => reading), absent, problems},
		{
			verdicts: {
				length: n,
				state: Uint8Array.from(present, ({part}) => STATES.indexOf(part.state?.(step) ?? (trained(part) ? 'normal' : 'learning'))),
				score: floats(part => (part.state?.(step) === 'firing' ? 0.81 : 0.44)),
				threshold: floats(() => 0.62),
				learned: Uint16Array.from(present, ({part}) => learnedOf(part)),
				cpuLowMillicores: floats(part => bound(part, 'cpu', 'low')),
				cpuHighMillicores: floats(part => bound(part, 'cpu', 'high')),
				memoryLowBytes: floats(part => bound(part, 'memory', 'low')),
				memoryHighBytes: floats(part => bound(part, 'memory', 'high')),
				marks: Uint8Array.from(present, ({part}) => part.marks ?? 0),
			},
			events: eventsAt(step, trouble),
		},
	];
}

const atStep = (step: number): number => START_MS + step * STEP_MS;

function explanation(of: Container, step: number, kind: Kind, severity: Severity, metric: Metric, more: Partial<Explanation>): Explanation {
	return {
		of,
		atMs: atStep(step),
		state: 'firing',
		learned: TRAINING,
		training: TRAINING,
		sampleMs: STEP_MS,
		kind,
		severity,
		metric,
		value: {cpu: 38, memory: 412 * MI},
		usual: {cpu: {median: 39, low: 30, high: 48, need: 40}, memory: {median: 190 * MI, low: 184 * MI, high: 197 * MI, need: 29 * MI}},
		score: 0.81,
		threshold: 0.62,
		reasons: [{feature: 'level', metric, side: 'up', weight: 0.7}],
		confirmed: {odd: 3, of: 3},
		siblings: {count: 2, alike: 0, ratio: 0.01},
		changes: [],
		baseline: {ageMs: 3_600_000, samples: 220, from: 'itself'},
		provisional: false,
		recurring: false,
		...more,
	};
}

function anomaly(
	of: Container,
	from: number,
	fired: number,
	kind: Kind,
	severity: Severity,
	metric: Metric,
	why: Explanation,
	ended?: Anomaly['ended'],
): Anomaly {
	return {
		id: `${of.key}@${atStep(from)}`,
		of,
		kind,
		metric,
		severity,
		state: ended ? 'resolved' : 'firing',
		recurring: false,
		provisional: false,
		startedAtMs: atStep(from),
		firedAtMs: atStep(fired),
		...(ended && {ended}),
		explanation: why,
	};
}

function leakAt(step: number): Anomaly {
	const rate = 2.1 * MI;
	const memory = (190 + leakBy(step)) * MI;
	const leftMs = ((512 * MI - memory) / rate) * 60_000;
	const atMs = atStep(step);
	const severity: Severity = leftMs < 3_600_000 ? 'critical' : 'warning';
	return anomaly(
		leaky,
		LEAK_FROM,
		TRAINING + 10,
		'memory-leak',
		severity,
		'memory',
		explanation(leaky, step, 'memory-leak', severity, 'memory', {
			sinceMs: atStep(LEAK_FROM),
			value: {cpu: 38, memory},
			growthBytesPerMinute: rate,
			forecast: {
				atMs: atMs + leftMs,
				earliestMs: atMs + leftMs * 0.9,
				latestMs: atMs + leftMs * 1.2,
				limitBytes: 512 * MI,
				growthBytesPerMinute: rate,
			},
		}),
	);
}

function eventsAt(step: number, trouble: boolean): Event[] {
	const events: Event[] = [];
	const atMs = atStep(step);
	const change = (what: Change['what'], of: string, detail: string): void => {
		events.push({type: 'change', atMs, change: {what, atMs, of, detail}});
	};
	const spike = (ended?: Anomaly['ended']): Anomaly =>
		anomaly(
			calmed,
			151,
			152,
			'cpu-spike',
			'warning',
			'cpu',
			explanation(calmed, ended ? 165 : 152, 'cpu-spike', 'warning', 'cpu', {
				value: {cpu: 480, memory: 180 * MI},
				usual: {cpu: {median: 71, low: 42, high: 101, need: 60}, memory: {median: 180 * MI, low: 174 * MI, high: 186 * MI, need: 27 * MI}},
				peak: 480,
			}),
			ended,
		);
	if (step === 152) events.push({type: 'opened', atMs, anomaly: spike()});
	if (step === 165) events.push({type: 'closed', atMs, anomaly: spike({atMs: atStep(160), by: 'recovered'})});
	if (step === 130) change('rollout', 'shop/Deployment/frontend', 'web:v42 → web:v43');
	if (!trouble) return events;
	if (step === TRAINING + 10) events.push({type: 'opened', atMs, anomaly: leakAt(step)});
	else if (step > TRAINING + 10 && step % 4 === 0) events.push({type: 'updated', atMs, anomaly: leakAt(step)});
	if (step === BUSY_FROM + 2) {
		const why = explanation(busy, step, 'cpu-sustained', 'warning', 'cpu', {
			value: {cpu: 498, memory: 122 * MI},
			usual: {cpu: {median: 60, low: 30, high: 90, need: 60}, memory: {median: 122 * MI, low: 118 * MI, high: 126 * MI, need: 19 * MI}},
			peak: 498,
			sinceMs: atStep(BUSY_FROM),
			heldMs: (step - BUSY_FROM) * STEP_MS,
		});
		events.push({type: 'opened', atMs, anomaly: anomaly(busy, BUSY_FROM, step, 'cpu-sustained', 'warning', 'cpu', why)});
	}
	if (step === STEPS - 3) {
		const why = explanation(bursting, step, 'memory-spike', 'notice', 'memory', {
			value: {cpu: 12, memory: 701 * MI},
			usual: {cpu: {median: 12, low: 9, high: 15, need: 20}, memory: {median: 410 * MI, low: 405 * MI, high: 415 * MI, need: 60 * MI}},
			peak: 701 * MI,
			siblings: {count: 0, alike: 0, ratio: Number.NaN},
			sinceMs: atStep(STEPS - 5),
		});
		events.push({type: 'opened', atMs, anomaly: anomaly(bursting, STEPS - 5, step, 'memory-spike', 'notice', 'memory', why)});
	}
	return events;
}
