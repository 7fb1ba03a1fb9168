import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test, {after} from 'node:test';
import {gunzipSync, gzipSync} from 'node:zlib';
import type {Assessment} from '../../source/engine/verdict.ts';
import {Failure} from '../../source/failure.ts';
import {openRecording} from '../../source/recording/feed.ts';
import {type Container, containerKey, type Scrape} from '../../source/scrape.ts';
import {openRecorder} from '../../source/sinks/recorder.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'oddpod-test-'));
after(() => rmSync(folder, {recursive: true}));
let files = 0;
const file = (ending: string): string => path.join(folder, `${files++}.${ending}`);

const of: Container = {
	key: containerKey('lab', 'shop', 'checkout-1', 'app'),
	namespace: 'shop',
	pod: 'checkout-1',
	name: 'app',
	incarnation: 'uid:0',
	cpuRequestMillicores: 100,
	memoryRequestBytes: Number.NaN,
	cpuLimitMillicores: Number.POSITIVE_INFINITY,
	memoryLimitBytes: 512 * 2 ** 20,
	restarts: 0,
};
const startedAtMs = 1_764_000_000_000;
const scrapes: Scrape[] = Array.from({length: 50}, (_, i) => ({
	atMs: startedAtMs + i * 10_000,
	readings: [{of, sampledAtMs: startedAtMs + i * 10_000 - 1000, windowMs: 10_000, cpuMillicores: i + 0.5, memoryBytes: i * 2048}],
	absent: [],
	problems: [],
}));
const nothing = {} as Assessment;

async function record(name: string): Promise<string> {
	const recorder = await openRecorder({path: name, source: 'lab', intervalMs: 10_000, writer: 'test', seed: 1, settings: {}});
	for (const scrape of scrapes) recorder.read(scrape, nothing);
	await recorder.close?.();
	return name;
}

async function readAll(name: string): Promise<Scrape[]> {
	const read: Scrape[] = [];
	for await (const scrape of (await openRecording(name)).scrapes(new AbortController().signal)) read.push(scrape);
	return read;
}

for (const ending of ['jsonl', 'jsonl.gz']) {
	test(`a recording comes back as it was seen: .${ending}`, async () => {
		assert.deepEqual(await readAll(await record(file(ending))), scrapes);
	});
}

test('nothing is overwritten', async () => {
	const name = await record(file('jsonl'));
	await assert.rejects(record(name), (error: unknown) => error instanceof Failure && /exists already/.test(error.problem.what));
});

test('a recording that breaks off is read as far as it goes, and says so', async () => {
	for (const ending of ['jsonl', 'jsonl.gz']) {
		const name = await record(file(ending));
		truncateSync(name, Math.floor(readFileSync(name).length * 0.62));
		const read = await readAll(name);
		assert.ok(read.length > 20 && read.length < 50, `${read.length} scrapes`);
		assert.equal(read.at(-1)?.problems[0]?.id, 'recording-damaged');
		assert.equal(read.at(-2)?.problems.length, 0);
	}
});

test('bad lines in the middle are counted', async () => {
	const name = await record(file('jsonl'));
	const lines = readFileSync(name, 'utf8').split('\n');
	lines.splice(10, 1, '{"torn":', '[12,"s",{"r":[[99,0,1,1,1]]}]');
	writeFileSync(name, lines.join('\n'));
	const read = await readAll(name);
	assert.equal(read.length, 49);
	assert.match(read.at(-1)?.problems[0]?.what ?? '', /2 lines/);
});

test('a gzip file without its ending is found by its first bytes', async () => {
	const zipped = file('jsonl');
	writeFileSync(zipped, gzipSync(readFileSync(await record(file('jsonl')))));
	assert.equal((await readAll(zipped)).length, 50);
	assert.ok(gunzipSync(readFileSync(zipped)).length > 0);
});

for (const [what, content, said] of [
	['a missing file', undefined, /there is no file/],
	['an empty file', '', /is empty/],
	['a text', 'hello\n', /not JSON/],
	['another JSON', '{"version":2}\n', /not the header/],
	['a newer version', '{"oddpod":99,"startedAtMs":1}\n', /version 99/],
] as const) {
	test(`${what} is told in one sentence, with what to do`, async () => {
		const name = file('jsonl');
		if (content !== undefined) writeFileSync(name, content);
		await assert.rejects(
			openRecording(name),
			(error: unknown) => error instanceof Failure && said.test(error.problem.what) && Boolean(error.problem.fix),
		);
	});
}
