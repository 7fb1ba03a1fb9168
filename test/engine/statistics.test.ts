/** Order statistics against values of numpy 2 and scipy 1.17.1: median, median_abs_deviation, quantile (linear). */
import assert from 'node:assert/strict';
import test from 'node:test';
import {median, medianAbsoluteDeviation, quantileSorted} from '../../source/engine/statistics.ts';

const close = (actual: number, expected: number): void =>
	assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `expected ${expected}, got ${actual}`);

/** Values, median, MAD, then the quantiles .005, .25, .75 and .995. */
const table: readonly [says: string, values: number[], median: number, deviation: number, quantiles: [number, number, number, number]][] = [
	['an even number of values, out of order', [3.5, -1, 7, 7, 2, 40], 5.25, 2.5, [-0.925, 2.375, 7, 39.175]],
	['nearly all alike', [12, 12, 12, 12, 13], 12, 0, [12, 12, 12, 12.98]],
	['one value out of all bounds', [-4, -2.5, 0, 1e6, 3, 9, 9, 0.25], 1.625, 4.875, [-3.9475, -0.625, 9, 965_000.315]],
	['a single value', [120.5], 120.5, 0, [120.5, 120.5, 120.5, 120.5]],
];
for (const [says, values, middle, deviation, quantiles] of table) {
	test(says, () => {
		close(median(Float64Array.from(values)), middle);
		close(medianAbsoluteDeviation(Float64Array.from(values), values.length, middle, new Float64Array(values.length)), deviation);
		const sorted = Float64Array.from(values).sort();
		[0.005, 0.25, 0.75, 0.995].forEach((q, i) => {
			close(quantileSorted(sorted, sorted.length, q), quantiles[i] as number);
		});
	});
}

test('values beyond the length are not looked at', () => {
	assert.equal(median(Float64Array.of(3, 1, 2, 900, 900), 3), 2);
	assert.equal(quantileSorted(Float64Array.of(1, 2, 3, 900), 3, 1), 3);
	assert.equal(medianAbsoluteDeviation(Float64Array.of(1, 2, 3, 900), 3, 2, new Float64Array(4)), 1);
});

test('of no values all of them are unknown', () => {
	const none = new Float64Array(0);
	assert.ok([median(none), quantileSorted(none, 0, 0.5), medianAbsoluteDeviation(none, 0, 0, none)].every(Number.isNaN));
});
