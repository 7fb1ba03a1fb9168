import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {FormatError, Parser, parseHeader, serialiseHeader, Writer} from '../../source/recording/format.ts';
import {type Container, containerKey, type Scrape} from '../../source/scrape.ts';

const container = (over: Partial<Container> = {}): Container => ({
	key: containerKey('lab', 'shop', 'checkout-1', 'app'),
	namespace: 'shop',
	pod: 'checkout-1',
	name: 'app',
	incarnation: 'uid:0',
	workload: 'Deployment/checkout',
	labels: {app: 'checkout'},
	cpuRequestMillicores: 100,
	memoryRequestBytes: Number.NaN,
	cpuLimitMillicores: Number.POSITIVE_INFINITY,
	memoryLimitBytes: 512 * 2 ** 20,
	restarts: 0,
	lastExit: {reason: 'OOMKilled', atMs: 5},
	...over,
});

const startedAtMs = 1_764_000_000_000;
const header = {startedAtMs, intervalMs: 10_000, source: 'test', seed: 1};

function roundTrip(scrapes: readonly Scrape[]): Scrape[] {
	const writer = new Writer(startedAtMs);
	const [first = '', ...lines] = (serialiseHeader(header) + scrapes.map(scrape => writer.scrape(scrape)).join('')).split('\n');
	const parser = new Parser(parseHeader(first));
	const read = lines.flatMap(line => parser.line(line) ?? []);
	assert.equal(parser.dropped, 0);
	return read;
}

test('what is written is read back, unknown and missing limits included', () => {
	const of = container({podCreatedAtMs: startedAtMs - 86_400_000});
	const restarted = container({incarnation: 'uid:1', restarts: 1});
	const scrapes: Scrape[] = [
		{
			atMs: startedAtMs,
			readings: [{of, sampledAtMs: startedAtMs - 1234, windowMs: 10_000, cpuMillicores: 12.3, memoryBytes: 50 * 2 ** 20}],
			absent: [],
			problems: [],
		},
		{
			atMs: startedAtMs + 10_000,
			readings: [],
			absent: [{of: restarted, why: 'restarting'}],
			problems: [{id: 'p', what: 'w', fix: 'f'}],
			labels: [{id: '1', kind: 'memory-leak', of: of.key, fromMs: startedAtMs}],
		},
	];
	assert.deepEqual(roundTrip(scrapes), scrapes);
});

test('a container is one object for as long as nothing of it changes', () => {
	const of = container();
	const reading = {of, sampledAtMs: startedAtMs, windowMs: 10_000, cpuMillicores: 1, memoryBytes: 2048};
	const [a, b] = roundTrip([0, 1].map(i => ({atMs: startedAtMs + i * 10_000, readings: [reading], absent: [], problems: []})));
	assert.ok(a && b);
	assert.equal(a.readings[0]?.of, b.readings[0]?.of);
});

test('any scrape of rounded readings survives', () => {
	const of = container();
	fc.assert(
		fc.property(fc.array(fc.record({cpu: fc.nat(1e7), kib: fc.nat(2 ** 40), age: fc.nat(60_000)}), {maxLength: 20}), rows => {
			const scrape: Scrape = {
				atMs: startedAtMs + 60_000,
				readings: rows.map(({cpu, kib, age}) => ({
					of,
					sampledAtMs: startedAtMs + 60_000 - age,
					windowMs: 10_000,
					cpuMillicores: cpu / 10,
					memoryBytes: kib * 1024,
				})),
				absent: [],
				problems: [],
			};
			assert.deepEqual(roundTrip([scrape]), [scrape]);
		}),
	);
});

test('names are cleaned of what a terminal would obey', () => {
	const hostile = container({pod: 'a\u001b[2Jb\u202ec', labels: {}, image: 'x\r\ny'});
	const [scrape] = roundTrip([{atMs: startedAtMs, readings: [], absent: [{of: hostile, why: 'gone'}], problems: []}]);
	assert.equal(scrape?.absent[0]?.of.pod, 'a[2Jbc');
	assert.equal(scrape?.absent[0]?.of.image, 'x y');
});

for (const [what, line, said] of [
	['an empty file', '', 'not JSON'],
	['a text', 'hello', 'not JSON'],
	['another JSON', '{"version":2,"width":80}', 'not the header'],
	['a newer version', '{"oddpod":2,"startedAtMs":1}', 'version 2'],
	['no time', '{"oddpod":1}', 'startedAtMs'],
] as const) {
	test(`${what} is refused with a reason`, () => {
		assert.throws(
			() => parseHeader(line),
			(error: unknown) => error instanceof FormatError && error.message.includes(said),
		);
	});
}

test('bad lines are counted, unknown codes are passed over, and reading goes on', () => {
	const parser = new Parser(parseHeader(JSON.stringify({oddpod: 1, ...header})));
	for (const line of ['{', '[]', '["x","s",{}]', '[1,"s",{"r":[[7,0,1,1,1]]}]', '[1,"c",{}]', '[1,"l",{}]'])
		assert.equal(parser.line(line), undefined);
	assert.equal(parser.dropped, 6);
	assert.equal(parser.line('[1,"z",{}]'), undefined);
	assert.equal(parser.line(''), undefined);
	assert.equal(parser.dropped, 6);
	assert.deepEqual(parser.line('[2,"s",{}]'), {atMs: startedAtMs + 2000, readings: [], absent: [], problems: []});
});
