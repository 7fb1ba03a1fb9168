import process from 'node:process';
import {createEngine} from '../engine/engine.ts';
import {DEFAULTS} from '../engine/settings.ts';
import type {Anomaly, Explanation} from '../engine/verdict.ts';
import {UsageError} from '../failure.ts';
import type {Flags} from '../flags.ts';
import {gravity} from '../moment.ts';
import {run as runPipeline} from '../pipeline.ts';
import type {Container} from '../scrape.ts';
import {explained, whyAt} from '../screen/explained.ts';
import {titleOf} from '../sentences.ts';
import {anomalyJson} from '../sinks/lines.ts';
import {Timeline} from '../timeline.ts';
import {openFile} from './files.ts';
import {numbered} from './numbered.ts';
import type {Outcome} from './outcome.ts';
import {settingsFrom, timeFrom} from './settings.ts';

/** Lists the anomalies of a recording, or tells one of them in full; a container's name asks what is usual for it. */
export async function run([path, id, ...more]: readonly string[], flags: Flags): Promise<Outcome> {
	if (path === undefined || more.length > 0) throw new UsageError('Expected FILE and perhaps an ID');
	const settings = settingsFrom(flags);
	const engine = createEngine(settings);
	const timeline = new Timeline({training: settings.train ?? DEFAULTS.train, budgetBytes: Number.POSITIVE_INFINITY});
	await runPipeline({feed: await openFile(path), engine, timeline, signal: new AbortController().signal});
	const time = timeFrom(flags);
	const print = (line: string): void => void process.stdout.write(`${line}\n`);
	// Of an anomaly one time is told everywhere: when it began.
	const anomalies = numbered(timeline.anomalies);
	const row = (anomaly: Anomaly): string =>
		`${String(anomalies.indexOf(anomaly) + 1).padStart(3)}  ${time.time(anomaly.startedAtMs)}  ${anomaly.kind.padEnd(16)} ${name(anomaly.of)}  ${titleOf(anomaly, time)}`;
	const tell = (explanation: Explanation, ended?: Anomaly['ended']): void => {
		for (const line of whyAt(explanation, timeline.at(ended ? explanation.atMs : timeline.endMs), time, ended)) print(line);
	};
	const list = `List what there is: oddpod explain ${path}`;
	if (id === undefined) {
		const isJson = flags.output === 'json';
		if (anomalies.length === 0 && !isJson) print('No anomaly in this recording.');
		for (const anomaly of anomalies) print(isJson ? JSON.stringify(anomalyJson(anomaly, time)) : row(anomaly));
		if (anomalies.length > 0 && process.stdout.isTTY && !isJson)
			print(`\nWhy, by its number: oddpod explain ${path} 1\nTo see it: oddpod replay ${path} --start anomaly:1`);
		return 'well';
	}
	const isNumber = /^\d+$/.test(id);
	if (isNumber && !anomalies[Number(id) - 1]) {
		const there = anomalies.length === 1 ? 'There is 1 anomaly' : `There are ${anomalies.length} anomalies`;
		throw new UsageError(`${there} in this recording, none has the number ${id}`, list);
	}
	const exact = isNumber ? anomalies[Number(id) - 1] : anomalies.find(one => one.id === id);
	// A name may fit several: the worst is explained, and the others are named so that one can ask for them.
	const fitting = exact ? [exact] : called(id, anomalies, ({of}) => of).sort((a, b) => gravity(b) - gravity(a));
	const [anomaly, ...others] = fitting;
	if (anomaly) {
		if (others.length > 0) {
			const note = flags.output === 'json' ? (line: string): void => void process.stderr.write(`${line}\n`) : print;
			note(`${fitting.length} anomalies fit ${id}. The worst is explained here:\n${row(anomaly)}\nThe others, each of them by its number:`);
			for (const other of others.slice(0, MOST_OTHERS)) note(row(other));
			if (others.length > MOST_OTHERS) note(`     and ${others.length - MOST_OTHERS} more: oddpod explain ${path}`);
			note('');
		}
		if (flags.output === 'json') print(JSON.stringify(anomalyJson(anomaly, time)));
		else tell(anomaly.explanation, anomaly.ended);
		return 'well';
	}
	const containers = called(id, timeline.at(Number.POSITIVE_INFINITY).rows.of, of => of);
	if (containers.length > 1) {
		const names = containers.slice(0, MOST_OTHERS).map(name).join(', ');
		throw new UsageError(
			`${containers.length} containers fit ${id}: ${names}${containers.length > MOST_OTHERS ? ', …' : ''}`,
			'Give the name of one of them',
		);
	}
	const moment = timeline.at(timeline.endMs);
	const found = containers[0] && moment.row(containers[0].key);
	const explanation = found && engine.explain(found.key);
	if (!found || (!explanation && flags.output === 'json')) throw new UsageError(`Nothing in this recording is called ${id}`, list);
	if (flags.output === 'json') print(JSON.stringify({...explanation, of: found.key}));
	else for (const line of explained(found, moment, key => engine.explain(key), 'no samples', time)) print(line);
	return 'well';
}

const MOST_OTHERS = 10;

const name = ({namespace, pod, name}: Container): string => `${namespace}/${pod}:${name}`;

/** Those of exactly this name, or else those that have it in theirs. */
function called<T>(id: string, all: readonly T[], containerOf: (one: T) => Container): T[] {
	const exactly = all.filter(one => {
		const of = containerOf(one);
		return [of.key, name(of), `${of.namespace}/${of.pod}`, of.pod].includes(id);
	});
	return exactly.length > 0 ? exactly : all.filter(one => name(containerOf(one)).includes(id));
}
