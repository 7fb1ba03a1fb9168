import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {nothingDropped, type PodSample, readPodSample, Sieve} from '../../source/k8s/metrics.ts';
import {wireGzip, wireJson} from './scripted-server.ts';

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 24, 8, 0, 0) + seconds * 1000).toISOString().replace('.000', '');
const ms = (seconds: number): number => Date.parse(at(seconds));

function item(seconds: number, more: Record<string, unknown> = {}, name = 'a'): Record<string, unknown> {
	return {
		metadata: {name, namespace: 'shop', creationTimestamp: at(seconds + 8)},
		timestamp: at(seconds),
		window: '15s',
		containers: [{name: 'app', usage: {cpu: '100m', memory: '64Mi'}}],
		...more,
	};
}

function read(value: unknown): PodSample {
	const sample = readPodSample(value, nothingDropped());
	assert.ok(sample !== undefined);
	return sample;
}

test('reads the recorded list: cores to millicores, bytes, windows, all rounded as recordings are', () => {
	const dropped = nothingDropped();
	const samples = (wireJson('03-list-100').items as unknown[]).map(entry => readPodSample(entry, dropped));
	assert.equal(samples.filter(sample => sample !== undefined).length, 100);
	assert.deepEqual(dropped, nothingDropped());
	const [first] = wireJson('03-list-namespaced').items as unknown[];
	assert.deepEqual(read(first).containers, [{name: 'api', cpuMillicores: 85.2, memoryBytes: 181116 * 1024}]);
	assert.equal(read(first).windowMs, 10_000);
});

test('what cannot be read is dropped and counted, one container alone where one is bad', () => {
	const count = (value: unknown) => {
		const dropped = nothingDropped();
		const sample = readPodSample(value, dropped);
		return [sample?.containers.length, dropped.malformed, dropped.duplicate];
	};
	assert.deepEqual(count(null), [undefined, 1, 0]);
	assert.deepEqual(count('text'), [undefined, 1, 0]);
	assert.deepEqual(count({}), [undefined, 1, 0]);
	assert.deepEqual(count(item(0, {timestamp: 'yesterday'})), [undefined, 1, 0]);
	// The metrics server's own way to say that every counter of a pod went back.
	assert.deepEqual(count(item(0, {timestamp: null, containers: []})), [undefined, 0, 0]);
	assert.deepEqual(count(item(0, {containers: null})), [undefined, 0, 0]);
	assert.deepEqual(count(item(0, {metadata: {name: '', namespace: 'x'}})), [undefined, 1, 0]);
	const usage = {cpu: '1m', memory: '1Mi'};
	assert.deepEqual(
		count(item(0, {containers: [{name: 'a', usage}, {name: 'b', usage: {cpu: '-1', memory: '9e99'}}, null, {name: 'c'}]})),
		[1, 3, 0],
	);
	assert.deepEqual(
		count(
			item(0, {
				containers: [
					{name: 'a', usage},
					{name: 'a', usage},
				],
			}),
		),
		[1, 0, 1],
	);
});

test('one of the two numbers missing is unknown, not zero', () => {
	const {containers} = read(
		item(0, {
			containers: [
				{name: 'a', usage: {cpu: '1m'}},
				{name: 'b', usage: {memory: '1Mi', cpu: 'x'}},
			],
		}),
	);
	assert.deepEqual(containers, [
		{name: 'a', cpuMillicores: 1, memoryBytes: Number.NaN},
		{name: 'b', cpuMillicores: Number.NaN, memoryBytes: 2 ** 20},
	]);
});

test('nothing that a server can send throws, nor gets a control character through', () => {
	const anything = fc.jsonValue();
	fc.assert(
		fc.property(
			fc.record({
				metadata: fc.oneof(
					anything,
					fc.record({
						name: fc.string({unit: 'binary', maxLength: 300}),
						namespace: fc.string({unit: 'binary'}),
						creationTimestamp: anything,
					}),
				),
				timestamp: fc.oneof(anything, fc.constant(at(0))),
				window: anything,
				containers: fc.oneof(
					anything,
					fc.array(fc.record({name: fc.string({unit: 'binary'}), usage: fc.oneof(anything, fc.record({cpu: anything, memory: anything}))})),
				),
			}),
			value => {
				const sample = readPodSample(value, nothingDropped());
				if (sample === undefined) return;
				for (const text of [sample.namespace, sample.pod, ...sample.containers.map(({name}) => name)]) {
					assert.doesNotMatch(text, /[\p{Cc}\p{Cf}/]/u);
					assert.ok(text.length > 0 && text.length <= 253);
					assert.ok(text.isWellFormed());
				}
				for (const {cpuMillicores, memoryBytes} of sample.containers)
					assert.ok(!(cpuMillicores < 0) && !(memoryBytes < 0) && cpuMillicores !== Number.POSITIVE_INFINITY);
			},
		),
		{numRuns: 150},
	);
});

/** Sifts answers that come 8 s after their samples. */
function sifting() {
	const sieve = new Sieve();
	return {
		sieve,
		sift: (seconds: number, items: readonly Record<string, unknown>[]) => sieve.sift(items.map(read), ms(seconds + 8), Number.NaN),
	};
}

test('a repeated timestamp is no new sample', () => {
	const {sift} = sifting();
	assert.equal(sift(0, [item(0)]).fresh.length, 1);
	assert.equal(sift(5, [item(0)]).fresh.length, 0);
	assert.equal(sift(10, [item(0)]).fresh.length, 0);
	const next = sift(15, [item(15)]);
	assert.deepEqual([next.fresh.length, next.meanStepMs, next.meanWindowMs, next.present.size], [1, 15_000, 15_000, 1]);
});

test('with two metrics servers behind one address the series goes forward only', () => {
	const {sieve, sift} = sifting();
	const times: number[] = [];
	for (let round = 0; round < 20; round++)
		for (const {sampledAtMs} of sift(round * 8, [item(round * 8 - (round % 2 === 0 ? 0 : 11))]).fresh) times.push(sampledAtMs);
	for (let i = 1; i < times.length; i++) assert.ok((times[i] ?? 0) > (times[i - 1] ?? 0));
	assert.ok(times.length >= 10);
	assert.equal(sieve.dropped.backwards, 20 - times.length);
});

test('a clock that was set back for good is believed after a while', () => {
	const {sift} = sifting();
	sift(600, [item(600)]);
	const fresh = Array.from({length: 8}, (_, round) => sift(615 + round * 15, [item(15 + round * 15)]).fresh.length);
	assert.deepEqual(fresh, [0, 0, 0, 0, 1, 1, 1, 1]);
});

test('a pod that is listed twice counts once', () => {
	const {sieve, sift} = sifting();
	const {fresh, present} = sift(0, [item(0), item(0)]);
	assert.deepEqual([fresh.length, present.size, sieve.dropped.duplicate], [1, 1, 1]);
});

test('pods of one name in two namespaces are two', () => {
	const {sift} = sifting();
	const {present} = sift(0, [item(0), {...item(0), metadata: {name: 'a', namespace: 'pay'}}]);
	assert.deepEqual([...present.keys()], ['shop/a', 'pay/a']);
});

test('recorded polls every 5 s: of three, two repeat; the order of containers is no change', () => {
	const sieve = new Sieve();
	let fresh = 0;
	let all = 0;
	const lines = wireGzip('14-polls-5s.ndjson.gz').trim().split('\n');
	for (const line of lines) {
		const {at: askedAt, body} = JSON.parse(line) as {at: string; body: {items: unknown[]}};
		const samples = body.items.map(read);
		all += samples.length;
		fresh += sieve.sift(samples, Date.parse(askedAt), Number.NaN).fresh.length;
	}
	assert.equal(lines.length, 13);
	assert.ok(fresh / all > 0.3 && fresh / all < 0.45, `${fresh} of ${all}`);
	assert.ok(Number.isNaN(sieve.adapterWindowMs));
	assert.equal(sieve.dropped.backwards, 0);
});

/** As prometheus-adapter answers: stamped with the time of asking, over the configured window, a zero for what it does not know. */
const adapted = (seconds: number, cpu: string, memory: string, name = 'a') =>
	item(
		seconds,
		{
			metadata: {name, namespace: 'shop', creationTimestamp: at(seconds)},
			window: '5m0s',
			containers: [{name: 'app', usage: {cpu, memory}}],
		},
		name,
	);

test('an adapter is found out; its repeated values are no new samples, its filler zeros no values', () => {
	const sieve = new Sieve();
	const sift = (seconds: number, ...items: readonly Record<string, unknown>[]) => sieve.sift(items.map(read), ms(seconds), ms(seconds));
	const values = [];
	for (const [seconds, cpu] of [
		[0, '100m'],
		[5, '100m'],
		[10, '100m'],
		[15, '0'],
		[20, '0'],
		[25, '120m'],
		[30, '120m'],
	] as const)
		values.push(
			sift(seconds, adapted(seconds, cpu, '64Mi'), adapted(seconds, '0', '0', 'b')).fresh.map(
				({containers}) => containers[0]?.cpuMillicores,
			),
		);
	assert.equal(sieve.adapterWindowMs, 300_000);
	assert.deepEqual(values.slice(2), [[100], [Number.NaN], [], [120], []]);
	assert.ok(
		values.flat().every(value => value !== 0),
		'no filler, not even before the source was known',
	);
});

test('the order of containers, which is random in each answer, makes no value of an adapter new', () => {
	const sieve = new Sieve();
	const usage = (cpu: string) => ({cpu, memory: '64Mi'});
	const containers = [
		{name: 'app', usage: usage('100m')},
		{name: 'proxy', usage: usage('7m')},
	];
	let fresh = 0;
	for (let poll = 0; poll < 8; poll++) {
		const answer = {...adapted(poll * 5, '0', '0'), containers: poll % 2 === 0 ? containers : containers.toReversed()};
		fresh += sieve.sift([read(answer)], ms(poll * 5), ms(poll * 5)).fresh.length;
	}
	// Until it is known for an adapter each answer is new.
	assert.equal(fresh, Sieve.adapterAfter);
	const swapped = {
		...adapted(40, '0', '0'),
		containers: [
			{name: 'app', usage: usage('7m')},
			{name: 'proxy', usage: usage('100m')},
		],
	};
	assert.equal(sieve.sift([read(swapped)], ms(40), ms(40)).fresh.length, 1, 'what changes places is new');
});

test('a metrics server is never taken for an adapter, not even with one node whose samples are always fresh', () => {
	for (const everySeconds of [5, 15, 60]) {
		const sieve = new Sieve();
		for (let seconds = 0; seconds < 1200; seconds += everySeconds) {
			const sampled = Math.floor(seconds / 15) * 15;
			sieve.sift(
				[read(item(sampled, {metadata: {name: 'a', namespace: 'shop', creationTimestamp: at(seconds)}}))],
				ms(seconds),
				ms(seconds),
			);
			assert.ok(Number.isNaN(sieve.adapterWindowMs), `${everySeconds} ${seconds}`);
		}
	}
	const zero = new Sieve().sift([read(item(0, {containers: [{name: 'app', usage: {cpu: '0', memory: '64Mi'}}]}))], ms(8), Number.NaN);
	assert.equal(zero.fresh[0]?.containers[0]?.cpuMillicores, 0);
});

test('churn does not grow what is remembered', () => {
	const sieve = new Sieve();
	for (let poll = 0; poll < 1500; poll++)
		sieve.sift(
			Array.from({length: 20}, (_, i) => read(item(poll * 15, {}, `p-${poll}-${i}`))),
			ms(poll * 15 + 8),
			Number.NaN,
		);
	assert.ok(sieve.size <= 20 * (Sieve.rememberedPolls + 8 + 1), String(sieve.size));
});
