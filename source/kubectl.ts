import {spawn} from 'node:child_process';
import {once} from 'node:events';
import process from 'node:process';
import type {Container} from './scrape.ts';

export type Verb = 'logs' | 'previous-logs' | 'describe';

export interface Access {
	readonly context: string;
	readonly kubeconfig?: string;
	readonly as?: string;
}

export function kubectlArguments(verb: Verb, {namespace, pod, name}: Container, {context, kubeconfig, as}: Access): string[] {
	const access = [
		`--context=${context}`,
		...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
		...(as === undefined ? [] : [`--as=${as}`]),
		`--namespace=${namespace}`,
	];
	if (verb === 'describe') return [...access, 'describe', 'pod', pod];
	return [...access, 'logs', '--tail=2000', ...(verb === 'previous-logs' ? ['--previous'] : []), `--container=${name}`, pod];
}

/** Runs the user's own kubectl behind their pager, on a terminal that is ours no more. Resolves to what went wrong, if anything did. */
export function kubectl(access: Access): (verb: Verb, of: Container) => Promise<string | undefined> {
	return async (verb, of) => {
		// Names come from the cluster: they are arguments, never words of a shell.
		const command = spawn('kubectl', kubectlArguments(verb, of, access), {stdio: ['ignore', 'pipe', 'pipe']});
		let said = '';
		command.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
		const [pagerName = 'less', ...pagerArguments] = (process.env.KUBECTL_PAGER ?? process.env.PAGER ?? 'less -R').split(/\s+/);
		const failed = once(command, 'error').then(([error]) => error as NodeJS.ErrnoException);
		const spawned = await Promise.race([once(command, 'spawn').then(() => undefined), failed]);
		if (spawned) return spawned.code === 'ENOENT' ? 'kubectl was not found in PATH' : spawned.message;
		// A read that is still under way would take the pager's first key.
		process.stdin.pause();
		const pager = spawn(pagerName, verb === 'describe' || pagerName !== 'less' ? pagerArguments : [...pagerArguments, '+G'], {
			stdio: ['pipe', 'inherit', 'inherit'],
		});
		pager.stdin.on('error', () => {}); // left before the end
		command.stdout.pipe(pager.stdin);
		try {
			await once(pager, 'close');
		} catch {
			command.kill();
			return `${pagerName} was not found in PATH; PAGER names the pager`;
		}
		if (command.exitCode === null) command.kill();
		return command.exitCode ? said.trim().split('\n').at(-1) : undefined;
	};
}
