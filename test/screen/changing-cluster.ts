/** A cluster in which anything may happen between two scrapes, read by the engine of the program into its timeline. */
import fc from 'fast-check';
import {createEngine} from '../../source/engine/engine.ts';
import {drain} from '../../source/evaluation/evaluate.ts';
import type {Absence, Container, Problem, Reading, Scrape} from '../../source/scrape.ts';
import {containerKey} from '../../source/scrape.ts';
import {Timeline} from '../../source/timeline.ts';

const MI = 2 ** 20;
const STEP_MS = 15_000;
const START_MS = Date.UTC(2026, 10, 25, 13, 0, 0);
/** The shortest that the engine takes, so that there are verdicts from the beginning. */
const TRAINING = 20;

/** What a container does from now on. */
const BEHAVIOURS = ['calm', 'busy', 'leaking', 'bursting', 'idle'] as const;
const ABSENCES = ['node-silent', 'not-running', 'no-sample', 'too-new', 'restarting'] as const;

export type Happening =
	| {readonly type: 'appears'; readonly pod: string; readonly workload: number}
	| {readonly type: 'vanishes' | 'completes' | 'restarts' | 'is-killed' | 'returns' | 'waits' | 'is-limited'; readonly which: number}
	| {readonly type: 'behaves'; readonly which: number; readonly as: (typeof BEHAVIOURS)[number]}
	| {readonly type: 'is-absent'; readonly which: number; readonly why: (typeof ABSENCES)[number]}
	| {readonly type: 'all-behave'; readonly as: (typeof BEHAVIOURS)[number]}
	| {readonly type: 'all-vanish'}
	| {readonly type: 'problem'; readonly what: string};

const WORKLOADS = ['Deployment/checkout', 'StatefulSet/ledger', undefined, 'Deployment/決済サービス'] as const;
const NAMESPACES = ['shop', 'payments'] as const;

const which = fc.nat({max: 40});
const behaviour = fc.constantFrom(...BEHAVIOURS);
/** Names come from a cluster, and may be anything. */
const name = fc.oneof(
	fc.stringMatching(/^[a-z][a-z0-9-]{0,60}$/),
	fc.string({unit: 'binary', maxLength: 80}),
	fc.constant('é\u0301‮決済\u001b[2J'),
);

export const happenings: fc.Arbitrary<Happening> = fc.oneof(
	{weight: 3, arbitrary: fc.record({type: fc.constant('appears'), pod: name, workload: fc.nat({max: 3})})},
	{
		weight: 6,
		arbitrary: fc.record({
			type: fc.constantFrom('vanishes', 'vanishes', 'completes', 'restarts', 'is-killed', 'returns', 'waits', 'is-limited'),
			which,
		}),
	},
	{weight: 5, arbitrary: fc.record({type: fc.constant('behaves'), which, as: behaviour})},
	{weight: 2, arbitrary: fc.record({type: fc.constant('is-absent'), which, why: fc.constantFrom(...ABSENCES)})},
	{weight: 1, arbitrary: fc.record({type: fc.constant('all-behave'), as: behaviour})},
	{weight: 1, arbitrary: fc.record({type: fc.constant('all-vanish')})},
	{weight: 1, arbitrary: fc.record({type: fc.constant('problem'), what: fc.string({maxLength: 120})})},
);

interface Member {
	of: Container;
	as: (typeof BEHAVIOURS)[number];
	sinceStep: number;
	absent: Absence['why'] | undefined;
}

export class ChangingCluster {
	readonly timeline: Timeline;
	readonly #engine = createEngine({train: TRAINING, provisional: []});
	readonly #members: Member[] = [];
	/** That they are gone is said once. */
	readonly #farewells = new Set<string>();
	#problems: readonly Problem[] = [];
	#step = 0;

	/** `forgetful`: a timeline that lets go of what is old and gone while it is looked at. */
	constructor({forgetful = false} = {}) {
		this.timeline = new Timeline({training: TRAINING, ...(forgetful && {budgetBytes: 40_000, mostGone: 2})});
		for (const [workload, replicas] of [3, 2, 1, 2].entries())
			for (let i = 0; i < replicas; i++) this.#add(`pod-${workload}-${i}`, workload);
		this.#add('pod-0-0', 0, 'proxy');
		this.scrapes(2 * TRAINING);
	}

	/** What has happened is told by the scrapes after it. */
	happens(happening: Happening): void {
		const member = 'which' in happening ? this.#members[happening.which % this.#members.length] : undefined;
		switch (happening.type) {
			case 'appears':
				this.#add(happening.pod, happening.workload);
				break;
			case 'all-behave':
				for (const each of this.#members) this.#behave(each, happening.as);
				break;
			case 'all-vanish':
				for (const each of this.#members) each.absent = 'gone';
				break;
			case 'problem':
				this.#problems = happening.what === '' ? [] : [{id: 'unreachable', what: happening.what, fix: 'kubectl get --raw /readyz'}];
				break;
			default:
				if (member) this.#changes(member, happening);
		}
	}

	goes(key: string | undefined): void {
		for (const member of this.#members) if (member.of.key === key) member.absent = 'gone';
	}

	scrapes(count: number): void {
		for (let i = 0; i < count; i++) {
			const scrape = this.#scrape();
			this.timeline.append(scrape, drain(this.#engine.assess(scrape)));
			this.#step++;
		}
	}

	#add(pod: string, workload: number, container = 'app'): void {
		const namespace = NAMESPACES[workload % NAMESPACES.length] ?? 'shop';
		const owner = WORKLOADS[workload];
		const key = containerKey('lab', namespace, pod, container);
		if (this.#members.some(({of}) => of.key === key)) return;
		const of: Container = {
			key,
			namespace,
			pod,
			name: container,
			incarnation: `${pod}/0`,
			...(owner !== undefined && {workload: owner}),
			node: `node-${workload % 3}`,
			labels: {app: pod},
			image: 'registry.local/app:v1',
			startedAtMs: START_MS + this.#step * STEP_MS,
			cpuRequestMillicores: 100,
			memoryRequestBytes: 128 * MI,
			cpuLimitMillicores: 1000,
			memoryLimitBytes: 512 * MI,
			restarts: 0,
		};
		this.#members.push({of, as: 'calm', sinceStep: this.#step, absent: undefined});
	}

	#behave(member: Member, as: Member['as']): void {
		member.as = as;
		member.sinceStep = this.#step;
	}

	#changes(member: Member, happening: Extract<Happening, {readonly which: number}>): void {
		const {of} = member;
		switch (happening.type) {
			case 'vanishes':
				member.absent = 'gone';
				break;
			case 'completes':
				member.absent = 'completed';
				break;
			case 'returns':
				member.absent = undefined;
				this.#behave(member, 'calm');
				break;
			case 'restarts':
			case 'is-killed': {
				const restarts = of.restarts + 1;
				const reason = happening.type === 'restarts' ? 'Error' : 'OOMKilled';
				const {waiting: _, ...rest} = of;
				member.of = {...rest, restarts, incarnation: `${of.pod}/${restarts}`, lastExit: {reason, atMs: START_MS + this.#step * STEP_MS}};
				this.#behave(member, 'calm');
				break;
			}
			case 'waits':
				member.of = {...of, waiting: 'CrashLoopBackOff'};
				member.absent = 'not-running';
				break;
			case 'is-limited':
				member.of = {...of, memoryLimitBytes: of.memoryLimitBytes === Number.POSITIVE_INFINITY ? 256 * MI : Number.POSITIVE_INFINITY};
				break;
			case 'is-absent':
				member.absent = happening.why;
				break;
			case 'behaves':
				this.#behave(member, happening.as);
				break;
		}
	}

	#scrape(): Scrape {
		const atMs = START_MS + this.#step * STEP_MS;
		const readings: Reading[] = [];
		const absent: Absence[] = [];
		for (const [i, {of, as, sinceStep, absent: why}] of this.#members.entries()) {
			if (why !== undefined) {
				if (!isOver(why) || !this.#farewells.has(of.key)) absent.push({of, why});
				if (isOver(why)) this.#farewells.add(of.key);
				continue;
			}
			this.#farewells.delete(of.key);
			const jitter = noise(i, this.#step);
			const heldSteps = this.#step - sinceStep;
			const cpu = as === 'busy' ? 800 : as === 'idle' ? 1 : 60;
			const memory = 120 + (as === 'leaking' ? 6 * heldSteps : as === 'bursting' ? 250 : 0);
			readings.push({
				of,
				sampledAtMs: atMs - 3000,
				windowMs: STEP_MS,
				cpuMillicores: cpu * (1 + 0.1 * jitter),
				memoryBytes: Math.round((memory + 2 * jitter) * MI),
			});
		}
		return {atMs, readings, absent, problems: this.#problems};
	}
}

const isOver = (why: Absence['why']): boolean => why === 'gone' || why === 'completed';

/** In [-.5, .5), the same in every run. */
const noise = (i: number, step: number): number => (Math.imul(i * 1000 + step + 1, 2_654_435_761) >>> 0) / 2 ** 32 - 0.5;
