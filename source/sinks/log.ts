import {once} from 'node:events';
import {createWriteStream} from 'node:fs';
import {cleanText} from '../clean.ts';
import {Failure, reasonOf} from '../failure.ts';
import type {Reader} from '../pipeline.ts';

/** A log that somebody can attach to a bug report: what was polled, what was told, what failed. */
export interface Log extends Reader {
	write(line: string): void;
}

const MAX_BYTES = 4 * 2 ** 20;
/** What credentials look like: bearer and service-account tokens, keys, passwords in URLs. */
const SECRETS =
	/(bearer\s+)\S+|eyJ[\w-]{8,}(?:\.[\w-]+)*|-----BEGIN[\s\S]*?-----END[^-]*-----|(:\/\/[^/\s:@]*:)[^/\s@]+(?=@)|((?:token|password|secret|api[-_]?key)["']?\s*[:=]\s*["']?)[^\s"',}]+/gi;

export const withoutSecrets = (text: string): string =>
	text.replace(SECRETS, (_, bearer?: string, url?: string, name?: string) => `${bearer ?? url ?? name ?? ''}(removed)`);

/**
 * Opens it; an older one of that name is begun anew. It stops growing at 4 MB and says so. How well the source is heard (`health`) is
 * written each minute, and at the end.
 * @throws {Failure} when it cannot be written.
 */
export async function openLog(path: string, now: () => number, health?: () => string): Promise<Log> {
	const file = createWriteStream(path, {flags: 'w', mode: 0o600});
	try {
		await once(file, 'open');
	} catch (error) {
		throw new Failure({
			id: 'log-file',
			what: `the log ${path} cannot be written: ${reasonOf(error)}`,
			fix: 'Give --log a name in a folder that you may write to',
		});
	}
	file.on('error', () => {}); // a full disk must not stop the monitor
	let bytes = 0;
	const write = (line: string): void => {
		if (bytes > MAX_BYTES) return;
		let text = `${new Date(now()).toISOString()} ${cleanText(withoutSecrets(line), 2000)}\n`;
		bytes += text.length;
		if (bytes > MAX_BYTES) text = `${new Date(now()).toISOString()} the log has reached its bound of 4 MB and ends here\n`;
		file.write(text);
	};
	let told = '';
	let healthAtMs = Number.NEGATIVE_INFINITY;
	return {
		name: 'log',
		write,
		read(scrape, {events}) {
			const problems = scrape.problems.map(({id, what}) => `${id}: ${what}`).join(' | ');
			write(
				`scrape of ${new Date(scrape.atMs).toISOString()}: ${scrape.readings.length} readings, ${scrape.absent.length} absent, ${events.length} events`,
			);
			if (health && scrape.atMs - healthAtMs >= 60_000) {
				healthAtMs = scrape.atMs;
				write(`health: ${health()}`);
			}
			if (problems !== told) write(`problems now: ${problems || 'none'}`);
			told = problems;
			for (const event of events) {
				if ('anomaly' in event) write(`${event.type} ${event.anomaly.kind} ${event.anomaly.severity} ${event.anomaly.id}`);
				else write(`${event.type} ${JSON.stringify(event.type === 'change' ? event.change : event.detail)}`);
			}
		},
		async close() {
			if (health) write(`health: ${health()}`);
			file.end();
			await once(file, 'close');
		},
	};
}
