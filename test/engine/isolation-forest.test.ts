import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {FEATURES, IsolationForest, quantise} from '../../source/engine/isolation-forest.ts';
import {Random} from '../../source/engine/random.ts';

const SHAPE = {trees: 40, sampleSize: 64, depth: 6};

function grown(seed: number, rows = 120): {forest: IsolationForest; data: Int16Array} {
	const random = new Random(seed);
	const data = Int16Array.from({length: rows * FEATURES}, () => quantise(random.next() + random.next() + random.next() - 1.5));
	const forest = new IsolationForest(SHAPE, rows);
	forest.fit(data, rows, new Random(seed));
	return {forest, data};
}

const row = (...features: number[]): Int16Array => Int16Array.from({length: FEATURES}, (_, f) => quantise(features[f] ?? 0));

test('scores lie in (0, 1] and grow with distance', () => {
	fc.assert(
		fc.property(fc.integer({min: 1, max: 1e6}), fc.integer({min: 0, max: FEATURES - 1}), (seed, f) => {
			const {forest} = grown(seed);
			let before = 0;
			for (const distance of [3, 6, 12, 25, 50, 100, 200, 400]) {
				const far = new Int16Array(FEATURES);
				far[f] = quantise(distance);
				const score = forest.score(far);
				assert.ok(score > 0 && score <= 1);
				assert.ok(score > before, `${distance}: ${score} after ${before}`);
				before = score;
			}
		}),
		{numRuns: 20},
	);
});

test('a value a hundred times the usual scores above every row of the training', () => {
	const {forest, data} = grown(7);
	const far = forest.score(row(100));
	for (let i = 0; i < data.length; i += FEATURES) assert.ok(forest.score(data.subarray(i, i + FEATURES)) < far);
});

test('the same seed grows the same forest, another seed another', () => {
	const probe = row(2, -1, 0.5, 0, 1, 3);
	assert.equal(grown(3).forest.score(probe), grown(3).forest.score(probe));
	const {data} = grown(3);
	const other = new IsolationForest(SHAPE, 120);
	other.fit(data, 120, new Random(4));
	assert.notEqual(other.score(probe), grown(3).forest.score(probe));
});

test('rows that are all alike score one half, and anything else 1', () => {
	const forest = new IsolationForest(SHAPE, 100);
	forest.fit(new Int16Array(100 * FEATURES), 100, new Random(1));
	assert.ok(Math.abs(forest.score(row()) - 0.5) < 1e-9);
	assert.ok(forest.score(row(10)) > 0.8);
});

test('the reasons name the feature that is odd, and its side', () => {
	const {forest} = grown(11);
	const reasons = new Float64Array(2 * FEATURES);
	forest.score(row(0, 0, 0, -40), reasons);
	const strongest = reasons.indexOf(Math.max(...reasons));
	assert.equal(strongest, 2 * 3 + 1); // fourth feature, below
});
