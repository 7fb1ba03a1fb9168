import process from 'node:process';
import {createEngine} from '../engine/engine.ts';
import {DEFAULTS} from '../engine/settings.ts';
import type {Anomaly} from '../engine/verdict.ts';
import {Failure, UsageError} from '../failure.ts';
import type {Flags} from '../flags.ts';
import {run as runPipeline} from '../pipeline.ts';
import {title, why} from '../sentences.ts';
import {anomalyJson} from '../sinks/lines.ts';
import {Timeline} from '../timeline.ts';
import {openFile} from './files.ts';
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
	const anomalies = timeline.anomalies;
	if (id === undefined) {
		if (anomalies.length === 0) print('No anomaly in this recording.');
		anomalies.forEach((anomaly, i) => {
			print(
				flags.output === 'json'
					? JSON.stringify(anomalyJson(anomaly, time))
					: `${String(i + 1).padStart(3)}  ${time.time(anomaly.firedAtMs)}  ${anomaly.kind.padEnd(16)} ${name(anomaly)}  ${title(anomaly.kind, anomaly.explanation, time)}`,
			);
		});
		return 'well';
	}
	const anomaly = anomalies[Number(id) - 1] ?? anomalies.find(one => one.id === id) ?? anomalies.findLast(one => name(one).includes(id));
	if (anomaly) {
		if (flags.output === 'json') print(JSON.stringify(anomalyJson(anomaly, time)));
		else for (const line of why(anomaly.explanation, time)) print(line);
		return 'well';
	}
	const of = timeline.at(Number.POSITIVE_INFINITY).rows.of.find(({key}) => key.includes(id));
	const explanation = of && engine.explain(of.key);
	if (!explanation)
		throw new Failure({
			id: 'no-such-anomaly',
			what: `nothing in this recording is called ${id}`,
			fix: `List what there is: oddpod explain ${path}`,
		});
	if (flags.output === 'json') print(JSON.stringify({...explanation, of: explanation.of.key}));
	else for (const line of why(explanation, time)) print(line);
	return 'well';
}

const name = ({of}: Anomaly): string => `${of.namespace}/${of.pod}:${of.name}`;
