import assert from 'node:assert/strict';
import test from 'node:test';
import {render} from '../../source/evaluation/scenes.ts';
import {shop} from '../../source/evaluation/shop.ts';
import {timeFormat} from '../../source/format.ts';
import {detail, headline, interval, title, titleOf} from '../../source/sentences.ts';
import {why, whyNotStarted} from '../../source/why.ts';
import {container, jitter, MIB, reading, START_MS, samples, scrape, watch} from './watch.ts';

const times = timeFormat('UTC');

test('no sentence shows a number that is none', () => {
	const seen = watch(render(shop(2, 1500, 0.6), 10));
	const kinds = new Set<string>();
	for (const event of seen.events) {
		if (!('anomaly' in event)) continue;
		const {anomaly} = event;
		kinds.add(anomaly.kind);
		const words = [
			title(anomaly.kind, anomaly.explanation, times),
			headline(anomaly, times),
			detail(anomaly, times),
			...why(anomaly.explanation, times),
		];
		for (const line of words) assert.doesNotMatch(line, /NaN|undefined|Infinity|–-|\s$|\.\.$/, line);
	}
	assert.ok(kinds.size >= 6, [...kinds].join(' '));
	for (const {key} of [container('a')]) assert.equal(seen.engine.explain(key), undefined);
});

test('a leak beside flat siblings in one sentence', () => {
	const of = (pod: string) => container(pod, {workload: 'Deployment/checkout', revision: '1', memoryLimitBytes: 512 * MIB});
	const scrapes = Array.from({length: 300}, (_, i) => {
		const atMs = START_MS + i * 15_000;
		return scrape(
			atMs,
			['a', 'b', 'c'].map((pod, n) =>
				reading(of(pod), atMs, 50 + 4 * jitter(i + n), 120 + jitter(i * 3 + n) + (n === 0 ? Math.max(0, i - 150) / 2 : 0)),
			),
		);
	});
	const leak = watch(scrapes).anomalies.find(({kind}) => kind === 'memory-leak');
	assert.ok(leak);
	assert.equal(title(leak.kind, leak.explanation, times), 'leak likely');
	assert.match(
		headline(leak, times),
		/^checkout: 1 of 3 replicas growing [\d.]+Mi\/min since \d\d:\d\d, siblings flat; limit at ~\d\d:\d\d \(\d\d:\d\d-\d\d:\d\d\)\. No rollout since watching began\.$/,
	);
});

/** Siblings, how many of them do the same, their change over its change → the words. */
const besideSiblings: readonly (readonly [count: number, alike: number, ratio: number, words: RegExp])[] = [
	[2, 0, -0.01, /^Siblings: 2, none of them does the same \(their CPU did not change\)\.$/],
	[1, 0, -0.3, /^Siblings: 1, it does not do the same \(its CPU changed the other way\)\.$/],
	[1, 1, 1.01, /^Siblings: 1, it does the same \(its CPU changed 101% as much as this one's\)\.$/],
	[2, 1, 0.5, /^Siblings: 2, 1 of them does the same \(their CPU changed 50% as much as this one's\)\.$/],
	[4, 3, 0.78, /^Siblings: 4, 3 of them do the same \(their CPU changed 78% as much as this one's\)\.$/],
];
test('what siblings do is told as one would say it', () => {
	const {engine} = watch(
		samples(
			40,
			i => 50 + jitter(i),
			i => 100 + jitter(i + 5),
		),
	);
	const explanation = engine.explain(container('a').key);
	assert.ok(explanation);
	for (const [count, alike, ratio, words] of besideSiblings) {
		const lines = why({...explanation, kind: 'cpu-spike', metric: 'cpu', siblings: {count, alike, ratio}}, times);
		assert.match(lines.find(line => line.startsWith('Siblings')) ?? '', words);
	}
});

test('normal and learning containers are told too', () => {
	const {engine} = watch(
		samples(
			40,
			i => 50 + jitter(i),
			i => 100 + jitter(i + 5),
		),
	);
	const learning = engine.explain(container('a').key);
	assert.ok(learning);
	assert.match(title(undefined, learning, times), /^learning, ~15 min$/);
	const {engine: trained} = watch(
		samples(
			200,
			i => 50 + jitter(i),
			i => 100 + jitter(i + 5),
		),
	);
	const normal = trained.explain(container('a').key);
	assert.ok(normal);
	assert.equal(title(undefined, normal, times), 'normal');
	assert.match(why(normal, times).join('\n'), /An alarm begins/);
});

const at = (i: number): number => START_MS + i * 15_000;
const calmCpu = (i: number): number => 50 + 4 * jitter(i);
const calmMemory = (i: number): number => 120 + jitter(i + 7777);

test('what stands, and what is over, is told beside what was usual before it', () => {
	const {anomalies} = watch(samples(420, i => calmCpu(i) + (i >= 200 && i < 350 ? 500 : 0), calmMemory));
	const [busy] = anomalies;
	assert.equal(busy?.ended?.by, 'recovered');
	assert.ok((busy?.explanation.usual.cpu.high ?? Number.NaN) < 60);
	const words = why(busy.explanation, times).join('\n');
	assert.match(words, /CPU: \d+m now \(55\dm at its most\).*before it 4\dm-5\dm/);
	assert.match(words, /Statistics: score 0\.\d\d, threshold 0\.\d\d; /);
});

test('an OOM kill names the growth before it, and what was usual before that', () => {
	for (const seenFirst of [true, false]) {
		const of = container('a', {memoryLimitBytes: 256 * MIB});
		const lastExit = {reason: 'OOMKilled', atMs: at(300)};
		const after = {...of, incarnation: 'a:1', restarts: 1, lastExit};
		const scrapes = [...samples(301, calmCpu, i => calmMemory(i) + Math.max(0, i - 200), {of})];
		// The exit is seen before the new process, or both at once.
		if (seenFirst) scrapes.push(scrape(at(301), [], [{of: {...of, lastExit}, why: 'restarting'}]));
		scrapes.push(scrape(at(302), [reading(after, at(302), 50, 120)]));
		const killed = watch(scrapes).anomalies.find(({kind}) => kind === 'oom-killed');
		assert.ok(killed);
		const words = why(killed.explanation, times).join('\n');
		assert.match(words, /Growth: before it was killed memory rose by [\d.]+Mi\/min since \d\d:\d\d\./);
		assert.ok(
			killed.explanation.usual.memory.high < 130 * MIB,
			`${killed.explanation.usual.memory.high / MIB} MiB, exit seen first: ${seenFirst}`,
		);
	}
});

test('what is told of a leak that ended in a kill is of its end: memory, how long it went on', () => {
	const of = container('a', {memoryLimitBytes: 256 * MIB});
	const after = {...of, incarnation: 'a:1', restarts: 1, lastExit: {reason: 'OOMKilled', atMs: at(330)}};
	const scrapes = [
		...samples(330, calmCpu, i => calmMemory(i) + Math.max(0, i - 200), {of}),
		scrape(at(331), [reading(after, at(331), 50, 120)]),
	];
	const leak = watch(scrapes).anomalies.find(({kind}) => kind === 'memory-leak');
	assert.equal(leak?.ended?.by, 'oom-killed');
	const {value, peak = Number.NaN} = leak.explanation;
	assert.ok(value.memory > 245 * MIB && peak >= value.memory, `${value.memory / MIB} MiB`);
	const [who, ...words] = why(leak.explanation, times, {ended: leak.ended, siblings: [{cpu: 50, memory: 120 * MIB}]});
	assert.equal(who, 'shop/a:main');
	assert.match(words[0] ?? '', /^Critical, \d\d:\d\d to \d\d:\d\d \(\d+ min\): memory growing\.$/);
	assert.match(words.join('\n'), /^It is over: the container was OOM-killed\.$/m);
	assert.match(words.join('\n'), /^Memory: 2[45]\dMi at the end, (?:9\d|100)% of its limit of 256Mi; usually /m);
	assert.doesNotMatch(words.join('\n'), / now,|It is over when/);
});

test('an explanation begins with what, since when, how sure; statistics and machine names come last', () => {
	const {anomalies} = watch(samples(215, i => calmCpu(i) + (i >= 200 ? 500 : 0), calmMemory));
	const [spike] = anomalies;
	assert.ok(spike);
	const words = why(spike.explanation, times, {siblings: []}).filter(line => line !== '');
	const beginnings = words.slice(1).map(line => /^[A-Z][\w ]*?(?=:| \d)/.exec(line)?.[0]);
	assert.deepEqual(beginnings, [
		'Warning since',
		'How sure',
		'CPU',
		'Memory',
		'Siblings',
		'Before it',
		'It is over when',
		'Look next',
		'Statistics',
	]);
	assert.doesNotMatch(words.slice(0, -1).join('\n'), /cpu-|score|would matter/);
	assert.match(words.at(-1) ?? '', /In JSON it is (cpu-\w+); to fail a check on it: --fail-on \1\.$/);
	assert.match(why({...spike.explanation, severity: 'notice'}, times).at(-1) ?? '', /--fail-on cpu-\w+:notice\.$/);
	const once = why({...spike.explanation, baseline: {ageMs: 0, samples: 1, from: 'itself'}}, times);
	assert.match(once.at(-1) ?? '', /baseline of 1 sample,/);
});

const spikeOf = () => {
	const [spike] = watch(samples(215, i => calmCpu(i) + (i >= 200 ? 500 : 0), calmMemory)).anomalies;
	assert.ok(spike);
	return spike;
};

test('never more is claimed than was watched', () => {
	const spike = spikeOf();
	const {explanation, startedAtMs} = spike;
	const heldMs = explanation.atMs - startedAtMs;
	const told = (beforeMs: number): string => {
		const watched = {...explanation, baseline: {...explanation.baseline, ageMs: heldMs + beforeMs}};
		const workload = {...spike, explanation: {...watched, of: {...watched.of, workload: 'Deployment/a'}}};
		return `${headline(workload, times)}\n${why(watched, times).find(line => line.startsWith('Before it'))}`;
	};
	assert.match(told(26 * 60_000), /No rollout since watching began\.\nBefore it: .* seen in the 26 min that it was watched\.$/);
	assert.doesNotMatch(told(26 * 60_000), /two hours|since 2\d:\d\d\.\n/);
	assert.match(told(3 * 3_600_000), /No rollout since [^.]*\d\d:\d\d\.\nBefore it: .* move in two hours\.$/);
	assert.match(told(-60_000), /\nBefore it: not known, it was not watched for long enough\.$/);
});

test('how sure counts the samples by now, and a level that counts as usual has a range before it', () => {
	const {explanation} = spikeOf();
	const sure = (heldMs: number): string | undefined =>
		why({...explanation, heldMs, sampleMs: 15_000}, times).find(line => line.startsWith('How sure'));
	assert.equal(sure(15_000), 'How sure: seen in 2 of the last 3 samples.');
	assert.equal(sure(300_000), 'How sure: seen over 5 min, about 21 samples.');
	const cpu = (state: 'firing' | 'standing'): string => why({...explanation, state}, times).find(line => line.startsWith('CPU')) ?? '';
	assert.match(cpu('firing'), /; usually \d/);
	assert.match(cpu('standing'), /; before it \d\S+, so [\d.]+ times its median then of /);
	const memory = why({...explanation, state: 'standing'}, times).find(line => line.startsWith('Memory')) ?? '';
	assert.match(memory, /; usually /);
});

test('what is said while learning is in doubt everywhere', () => {
	const spike = spikeOf();
	const doubtful = {...spike, provisional: true, explanation: {...spike.explanation, provisional: true, learned: 40}};
	assert.match(titleOf(doubtful), /\?$/);
	assert.match(headline(doubtful, times), /^a: probably .* \(seen while still learning\)\./);
	const [, first, second] = why(doubtful.explanation, times);
	assert.match(first ?? '', /^Warning since .*\?$/);
	assert.equal(second, 'How sure: not very, what is usual is still being learned (40 of 100 samples).');
	// It has learned since.
	assert.match(why({...doubtful.explanation, learned: 100}, times)[2] ?? '', /it began while what is usual was still being learned\.$/);
	// What the cluster says is no guess.
	assert.doesNotMatch(titleOf({...doubtful, kind: 'crash-loop'}), /\?/);
	assert.doesNotMatch(headline({...doubtful, kind: 'crash-loop'}, times), /probably .* learning/);
	assert.doesNotMatch(titleOf(spike), /\?/);
});

test('an interval within one minute is that minute', () => {
	const {explanation} = spikeOf();
	const of = (spreadMs: number): string => {
		const atMs = at(300);
		const forecast = {atMs, earliestMs: atMs - spreadMs, latestMs: atMs + spreadMs, limitBytes: 512 * MIB, growthBytesPerMinute: MIB};
		return interval({...explanation, forecast}, times);
	};
	assert.match(of(0), /^~\d\d:\d\d$/);
	assert.match(of(120_000), /^~\d\d:\d\d \(\d\d:\d\d-\d\d:\d\d\)$/);
});

test('what does not start says so first, what it ran before and where to look; nothing of learning', () => {
	const atMs = at(100);
	const of = container('a', {waiting: 'ImagePullBackOff', image: 'shop/a:typo', podCreatedAtMs: atMs - 1_500_000});
	const words = whyNotStarted(of, atMs, times, true).join('\n');
	assert.match(
		words,
		/^shop\/a:main\nImagePullBackOff: the container does not start, since its pod was created at 00:00 \(25 min ago\)\.\n/,
	);
	assert.match(words, /\nRuns: none before\.\nImage: shop\/a:typo\n/);
	assert.match(words, /\nLook next: image, limits and events \(d, or kubectl -n shop describe pod a\)\.$/);
	const again = {...of, restarts: 3, lastExit: {reason: 'Error', atMs: atMs - 120_000}};
	assert.match(
		whyNotStarted(again, atMs, times, true).join('\n'),
		/since its last run ended at 00:23 [\s\S]*Runs: 3 restarts; its last run ended at 00:23 \(2 min ago\): Error\.[\s\S]*--previous/,
	);
	const pending = whyNotStarted({...of, waiting: 'Pending', cpuRequestMillicores: 8000}, atMs, times, false).join('\n');
	assert.match(pending, /^Pending: the container has not started yet[\s\S]*Node: none that is known\.\nRequests: 8000m CPU/m);
});

test('a crash loop tells restarts, the last exit and the image', () => {
	const {explanation} = spikeOf();
	const of = {...explanation.of, restarts: 9, image: 'shop/a:v1', lastExit: {reason: 'Error', atMs: explanation.atMs - 240_000}};
	const words = why({...explanation, kind: 'crash-loop', of, value: {cpu: Number.NaN, memory: Number.NaN}}, times).join('\n');
	assert.match(words, /^Runs: 9 restarts; its last run ended at \d\d:\d\d \(4 min ago\): Error\.\nImage: shop\/a:v1$/m);
	assert.doesNotMatch(words, /not known\.\n/);
});
