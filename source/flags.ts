/** Every flag of every command in one table: it drives parsing, validation and help. */
import {UsageError} from './failure.ts';
import {didYouMean} from './nearest-word.ts';

export const COMMANDS = {
	watch: {
		usage: 'oddpod [KIND/NAME] [flags]',
		does: 'Watch the cluster of the current context. KIND/NAME: a workload to start with (deploy/checkout, sts/ledger, ds/agent, job/report, pod/ledger-0). Where stdout is no terminal, or TERM is dumb: one line an event.',
	},
	demo: {
		usage: 'oddpod demo [flags]',
		does: 'Replay a recorded session of real processes with real faults. Needs no cluster. Piped, or with -o: one line an event.',
	},
	replay: {
		usage: 'oddpod replay FILE [flags]',
		does: 'Show a recording again, with the same verdicts. FILE: made with --record (.jsonl, .jsonl.gz), or a labelled series (.csv, .csv.gz). Piped, or with -o: one line an event.',
	},
	top: {
		usage: 'oddpod top [flags]',
		does: 'List every container once: CPU and memory. In columns namespace, pod, container, CPU in cores, memory in MiB, and CPU over memory (much CPU for little memory, or the reverse, is a sign of its own): in cores per GiB on a terminal, where names are cut to its width. Elsewhere tab-separated, whole, without a header, and in cores per MiB, as the ratio of -o json.',
	},
	check: {
		usage: 'oddpod check [FILE] [flags]',
		does: 'Watch for a while, or read FILE; one line an event. For soak tests: exit code 3 when something was found (see --fail-on), 4 when no container was judged because all were still learning.',
		examples: ['oddpod check -n shop --for 2h --fail-on memory-leak,oom-killed', 'oddpod check seen.jsonl.gz -o json'],
	},
	evaluate: {
		usage: 'oddpod evaluate FILE… [flags]',
		does: 'Count verdicts against the labels in recordings or CSV files: what was found, what was told wrongly, how late. docs/evaluation.md has the figures and how they are counted.',
	},
	explain: {
		usage: 'oddpod explain FILE [ID] [flags]',
		examples: [
			'oddpod explain recordings/shop.jsonl.gz',
			'oddpod explain recordings/shop.jsonl.gz 3',
			'oddpod explain recordings/shop.jsonl.gz ledger-0',
		],
		does: 'Why an anomaly of a recording was called one, or what is usual for a container. Without ID: list the anomalies, numbered. ID: such a number, or the name of a pod or container.',
	},
	doctor: {
		usage: 'oddpod doctor [flags]',
		does: 'Say what keeps oddpod from seeing the cluster, and what to do about it. ✓ well, ▲ works, with less than there could be, ✕ failed, ○ not looked at. The exit code is that of the first check that failed: 10 kubeconfig, 11 context, 12 reachable, 13 tls, 14 authentication, 15 metrics API, 16 rights, 17 samples, 18 clock, 19 terminal.',
	},
} as const;

export type Command = keyof typeof COMMANDS;
export const isCommand = (word: string | undefined): word is Command => word !== undefined && Object.hasOwn(COMMANDS, word);

interface Flag {
	readonly type: 'boolean' | 'string' | 'number';
	readonly short?: string;
	/** What stands for its value in the help. */
	readonly value?: string;
	readonly help: string;
	readonly for: readonly Command[];
	readonly default?: string | number | boolean;
	readonly min?: number;
	readonly max?: number;
	readonly whole?: true;
	readonly choices?: readonly string[];
	/** kubectl's own: listed apart. */
	readonly cluster?: boolean;
}

const LIVE = ['watch', 'top', 'check', 'doctor'] as const;
const ENGINE = ['watch', 'demo', 'replay', 'check', 'evaluate', 'explain'] as const;
const SCREEN = ['watch', 'demo', 'replay'] as const;

export const FLAGS = {
	namespace: {
		type: 'string',
		short: 'n',
		value: 'A,B',
		help: 'these namespaces; default: that of the context, or all that may be read',
		for: LIVE,
		cluster: true,
	},
	allNamespaces: {type: 'boolean', short: 'A', help: 'all namespaces', for: LIVE, cluster: true},
	selector: {
		type: 'string',
		short: 'l',
		value: 'SELECTOR',
		help: 'only pods with these labels: app=checkout,tier!=test',
		for: LIVE,
		cluster: true,
	},
	context: {type: 'string', value: 'NAME', help: 'another context of the kubeconfig', for: LIVE, cluster: true},
	kubeconfig: {
		type: 'string',
		value: 'FILE',
		help: 'another kubeconfig; default: $KUBECONFIG, then ~/.kube/config',
		for: LIVE,
		cluster: true,
	},
	cluster: {type: 'string', value: 'NAME', help: 'as in kubectl', for: LIVE, cluster: true},
	user: {type: 'string', value: 'NAME', help: 'as in kubectl', for: LIVE, cluster: true},
	server: {type: 'string', short: 's', value: 'URL', help: 'as in kubectl', for: LIVE, cluster: true},
	token: {type: 'string', value: 'TOKEN', help: 'as in kubectl', for: LIVE, cluster: true},
	as: {type: 'string', value: 'USER', help: 'as in kubectl', for: LIVE, cluster: true},
	asGroup: {type: 'string', value: 'A,B', help: 'as in kubectl', for: LIVE, cluster: true},
	requestTimeout: {type: 'string', value: '10s', help: 'as in kubectl', for: LIVE, cluster: true},
	insecureSkipTlsVerify: {type: 'boolean', help: 'as in kubectl', for: LIVE, cluster: true},
	interval: {
		type: 'number',
		value: 'SECONDS',
		help: 'poll so often; default: learned from the metrics server',
		for: ['watch', 'check'],
		min: 5,
		max: 3600,
	},

	speed: {type: 'number', value: 'N', help: 'recorded seconds a second', for: ['demo', 'replay'], default: 60, min: 0.1, max: 3600},
	start: {
		type: 'string',
		value: 'TIME',
		help: 'begin there: 20m, 1h5m, 14:30, 14:30:15, or where the anomaly of that number in `oddpod explain FILE` was told, anomaly:2; default: at the beginning, the demo at 19m',
		for: ['demo', 'replay'],
	},
	loop: {type: 'boolean', help: 'begin again at the end', for: ['demo', 'replay']},
	pauseOnAnomaly: {type: 'boolean', help: 'stop at each anomaly; space goes on', for: ['demo', 'replay']},
	record: {type: 'string', value: 'FILE', help: 'write what is seen: .jsonl, or .jsonl.gz', for: ['watch', 'check']},
	utc: {type: 'boolean', help: 'times in UTC; default: local', for: ['watch', 'demo', 'replay', 'check', 'explain', 'top']},
	ascii: {type: 'boolean', help: 'nothing but ASCII on the screen', for: SCREEN},
	wide: {type: 'boolean', help: 'begin with the wide list', for: SCREEN},

	for: {type: 'string', value: '30m', help: 'how long to watch, or how much of FILE to read; default: to the end', for: ['check']},
	failOn: {
		type: 'string',
		value: 'WHAT,…',
		help: 'what counts as found: a severity or worse (notice, warning, critical); a kind from warning on (memory-leak, oom-killed, …; load, level-shift, drop and unlike-siblings are notices, and count as such); or both, as in memory-leak:notice. What was a warning once counts, whatever it is called later',
		for: ['check'],
		default: 'warning',
	},
	output: {
		type: 'string',
		short: 'o',
		value: 'json|text',
		help: 'json: one object a line; text: lines to read',
		for: ['top', 'check', 'demo', 'replay', 'explain', 'doctor'],
		choices: ['json', 'text'],
	},
	watch: {type: 'boolean', short: 'w', help: 'list again at every new sample', for: ['top']},

	json: {type: 'boolean', help: 'one object a file', for: ['evaluate']},
	alarms: {type: 'string', value: 'OUT.jsonl', help: 'write one line an episode', for: ['evaluate']},
	warmUp: {type: 'string', value: 'N|N%', help: 'readings of each stream that are not counted, at most 750', for: ['evaluate']},
	baseline: {
		type: 'string',
		value: 'NAME',
		help: 'another detector for comparison: original (the program this grew from), z-score, static, forest',
		for: ['evaluate'],
		choices: ['original', 'z-score', 'static', 'forest'],
	},

	train: {
		type: 'number',
		value: 'N',
		help: 'samples that are learned of each container before it is judged in full',
		for: ENGINE,
		default: 100,
		min: 20,
		max: 10_000,
		whole: true,
	},
	sensitivity: {
		type: 'string',
		value: 'LEVEL',
		help: 'low, normal or high: how large an effect must be',
		for: ENGINE,
		default: 'normal',
		choices: ['low', 'normal', 'high'],
	},
	consecutive: {
		type: 'number',
		value: 'N',
		help: 'how many of N + 1 readings in a row must be odd to confirm an anomaly; default: 2, and 1 where samples are two minutes apart',
		for: ENGINE,
		min: 1,
		max: 10,
		whole: true,
	},
	window: {type: 'number', value: 'N', help: 'samples of the rolling median; default: 31', for: ENGINE, min: 5, max: 99, whole: true},
	seed: {
		type: 'number',
		value: 'N',
		help: 'of the random numbers: with the same one the same verdicts',
		for: ENGINE,
		default: 1,
		min: 0,
		max: 2 ** 32 - 1,
		whole: true,
	},
	contamination: {
		type: 'number',
		value: 'SHARE',
		help: 'of --baseline original: the share of the training that it calls odd',
		for: ['evaluate'],
		min: 0.001,
		max: 0.5,
	},
	log: {type: 'string', value: 'FILE', help: 'a bounded log for a bug report; holds no secrets', for: ['watch', 'demo', 'replay', 'check']},
} as const satisfies Record<string, Flag>;

type Value<F extends Flag> = F['type'] extends 'boolean' ? boolean : F['type'] extends 'number' ? number : string;
/** What a command is given: what was not said and has no default is undefined. */
export type Flags = {readonly [N in keyof typeof FLAGS]?: Value<(typeof FLAGS)[N]> | undefined};

export const flagName = (name: string): string => `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;

const flagsOf = (command: Command): readonly (readonly [string, Flag])[] =>
	Object.entries(FLAGS).filter(([, flag]) => (flag as Flag).for.includes(command));

const flagGiven = (argument: string): Flag | undefined =>
	Object.entries<Flag>(FLAGS).find(
		([name, {short}]) => argument === flagName(name) || (short !== undefined && argument === `-${short}`),
	)?.[1];

/** As in kubectl, flags may stand before the command: `oddpod -n shop top`. `rest`: everything else. */
export function commandIn(argv: readonly string[]): {readonly command: Command | undefined; readonly rest: readonly string[]} {
	for (let i = 0; i < argv.length && argv[i] !== '--'; i++) {
		const argument = argv[i] ?? '';
		if (!argument.startsWith('-'))
			return isCommand(argument) ? {command: argument, rest: argv.toSpliced(i, 1)} : {command: undefined, rest: argv};
		const flag = flagGiven(argument);
		if (flag && flag.type !== 'boolean') i++; // its value
	}
	return {command: undefined, rest: argv};
}

/** What is on or off takes no value. @throws {UsageError} */
export function checkSwitches(argv: readonly string[]): void {
	for (const argument of argv) {
		if (argument === '--') return;
		const [, name, value] = /^(--?[^=]+)=(.*)$/s.exec(argument) ?? [];
		if (name !== undefined && flagGiven(name)?.type === 'boolean' && value !== 'true' && value !== 'false')
			throw new UsageError(`Expected ${name} without a value, got ${value}`);
	}
}

/** The form that meow takes. What is no number is told by {@link checkFlags}: meow would make NaN of it. */
export function meowFlags(command: Command): Record<string, {type: 'boolean' | 'string'; shortFlag?: string}> {
	return Object.fromEntries(
		flagsOf(command).map(([name, {type, short}]) => [
			name,
			{type: type === 'boolean' ? type : 'string', ...(short !== undefined && {shortFlag: short})},
		]),
	);
}

/**
 * `usual`: what holds where nothing is given, before the defaults.
 * @throws {UsageError} naming the flag, the demand and the value.
 */
export function checkFlags(command: Command, given: Readonly<Record<string, unknown>>, usual: Flags = {}): Flags {
	const known = new Map(flagsOf(command));
	const shorts = new Set([...known.values()].map(({short}) => short));
	const flags: Record<string, unknown> = {};
	for (const [name, flag] of known) if (flag.default !== undefined) flags[name] = flag.default;
	const placed = given.namespace !== undefined || given.allNamespaces === true;
	for (const [name, value] of Object.entries(usual))
		if (known.has(name) && !(placed && (name === 'namespace' || name === 'allNamespaces'))) flags[name] = value;
	for (const [name, value] of Object.entries(given)) {
		if (value === undefined || name === '--' || shorts.has(name)) continue;
		const flag = known.get(name);
		if (!flag) {
			if (name in FLAGS) throw new UsageError(`${flagName(name)} is not a flag of \`oddpod ${command}\``);
			if (Object.values<Flag>(FLAGS).some(({short}) => short === name))
				throw new UsageError(`-${name} is not a flag of \`oddpod ${command}\``);
			if (name.length === 1) throw new UsageError(`There is no flag -${name}`);
			throw new UsageError(`There is no flag ${flagName(name)}${didYouMean(flagName(name), [...known.keys()].map(flagName))}`);
		}
		if (Array.isArray(value)) throw new UsageError(`Expected ${flagName(name)} once, got it ${value.length} times`);
		if (flag.type === 'boolean') {
			flags[name] = value;
		} else if (flag.type === 'string') {
			if (value === '') throw new UsageError(`Expected ${flagName(name)} to have a value: ${flagName(name)} ${flag.value}`);
			if (flag.choices && !flag.choices.includes(String(value)))
				throw new UsageError(`Expected ${flagName(name)} to be one of ${flag.choices.join(', ')}, got ${String(value)}`);
			flags[name] = value;
		} else {
			const number = value === '' ? Number.NaN : Number(value);
			const {min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY} = flag;
			if (!(number >= min && number <= max) || (flag.whole && !Number.isInteger(number)))
				throw new UsageError(
					`Expected ${flagName(name)} to be a ${flag.whole ? 'whole ' : ''}number from ${min} to ${max}, got ${value === '' ? 'none' : String(value)}`,
				);
			flags[name] = number;
		}
	}
	return flags as Flags;
}

/** What `oddpod help` prints; with a command, what that one takes. */
export function help(command?: Command): string {
	if (command === undefined) {
		const lines = Object.values(COMMANDS).map(
			({usage, does}) => `  ${usage.padEnd(34)}${wrap(does.split(/[.:] /)[0]?.replace(/\.$/, '') ?? '', 36)}`,
		);
		return `oddpod spots the odd pod out: it learns what every container's CPU and memory normally
look like, and says which one is in trouble, what kind, since when, and when it will
hit its limit. It only reads, and needs nothing in the cluster but the metrics server.

${lines.join('\n')}
  ${'oddpod help COMMAND'.padEnd(34)}The flags of a command
  ${'oddpod --version'.padEnd(34)}The version

Exit codes: 0 well, 1 could not run, 2 wrong usage, 3 found (check), 4 nothing judged yet (check),
            10-19 see doctor
`;
	}
	const {usage, does, ...more} = COMMANDS[command];
	const examples = 'examples' in more ? more.examples : [];
	const row = ([name, flag]: readonly [string, Flag]): string => {
		const left = `${flag.short ? `-${flag.short}, ` : '    '}${flagName(name)}${flag.value ? ` ${flag.value}` : ''}`;
		return `  ${left.padEnd(33)} ${wrap(`${flag.help}${flag.default === undefined ? '' : `; default: ${flag.default}`}`, 36)}`;
	};
	const own = flagsOf(command).filter(([, flag]) => !flag.cluster);
	const cluster = flagsOf(command).filter(([, flag]) => flag.cluster);
	return [
		`${wrap(does, 0)}\n`,
		`usage: ${usage}\n`,
		...examples.map((example, i) => `${i === 0 ? '  e.g.' : '      '} ${example}${i === examples.length - 1 ? '\n' : ''}`),
		...own.map(row),
		...(cluster.length > 0 ? ['\nWhich cluster, and what of it:', ...cluster.map(row)] : []),
		'',
	].join('\n');
}

const HELP_WIDTH = 100;

/** Breaks a text at its spaces; what follows the first line is indented. */
function wrap(text: string, indent: number): string {
	const lines: string[] = [''];
	for (const word of text.split(' ')) {
		const line = lines.at(-1) ?? '';
		if (line !== '' && indent + line.length + 1 + word.length > HELP_WIDTH) lines.push(word);
		else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
	}
	return lines.join(`\n${' '.repeat(indent)}`);
}

/** `90`, `45s`, `30m`, `1h30m`, `2d` → milliseconds. @throws {UsageError} */
export function parseDuration(text: string, flag: string): number {
	const units: Record<string, number> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000};
	const whole = /^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.exec(text);
	if (!whole && !/^\d+(?:\.\d+)?$/.test(text)) throw new UsageError(`Expected ${flag} to be a time such as 45s, 30m or 1h30m, got ${text}`);
	if (!whole) return Number(text) * 1000;
	let ms = 0;
	for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) ms += Number(number) * (units[unit ?? 's'] ?? 0);
	return ms;
}
