import process from 'node:process';
import {UsageError} from '../failure.ts';
import type {Flags} from '../flags.ts';
import type {Check} from '../k8s/doctor.ts';
import {LEAST} from '../screen/layout.ts';
import {themeOptionsFrom} from '../screen/theme.ts';
import {clusterOptions} from './live.ts';
import type {Outcome} from './outcome.ts';

/** Says check by check what keeps oddpod from seeing the cluster. The exit code is that of the first check that failed. */
export async function run(input: readonly string[], flags: Flags): Promise<Outcome> {
	if (input.length > 0) throw new UsageError(`Expected no argument, got ${input.join(' ')}`);
	const {examine} = await import('../k8s/doctor.ts');
	const stop = new AbortController();
	const end = (): void => stop.abort();
	process.once('SIGINT', end).once('SIGTERM', end);
	const {stdout, env} = process;
	const terminal = {
		isTTY: stdout.isTTY === true,
		columns: stdout.columns ?? 0,
		rows: stdout.rows ?? 0,
		colorDepth: stdout.isTTY ? stdout.getColorDepth() : 1,
		term: env.TERM ?? '',
		unicode: !themeOptionsFrom(env).ascii,
		least: LEAST,
	};
	const {exitCode} = await examine(clusterOptions(flags, true), terminal, stop.signal, check => {
		stdout.write(flags.output === 'json' ? `${JSON.stringify(check)}\n` : told(check));
	});
	process.off('SIGINT', end).off('SIGTERM', end);
	return exitCode;
}

function told({name, ok, said, problem}: Check): string {
	const mark = ok === undefined ? '○' : !ok ? '✕' : problem ? '▲' : '✓';
	const more = problem ? [problem.why, problem.fix].filter(line => line !== undefined) : [];
	return `${mark} ${name.padEnd(15)} ${said}\n${more.map(line => `  ${' '.repeat(15)} ${line}\n`).join('')}`;
}
