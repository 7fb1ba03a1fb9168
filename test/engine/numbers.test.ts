import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {anomalyScore, averagePathLength} from '../../source/engine/path-length.ts';
import {median, medianAbsoluteDeviation, quantileSorted, select} from '../../source/engine/statistics.ts';
import {intercept, mannKendall, slopeInterval, theilSen} from '../../source/engine/trend.ts';

const close = (actual: number, expected: number, within = 1e-9): void =>
	assert.ok(Math.abs(actual - expected) <= within, `expected ${expected}, got ${actual}`);

test('average path lengths are those of Liu, Ting and Zhou', () => {
	close(averagePathLength(256), 10.2447709, 1e-6);
	assert.equal(averagePathLength(2), 1);
	assert.equal(averagePathLength(1), 0);
	assert.equal(averagePathLength(0), 0);
	// c(n) = 2 H(n - 1) - 2 (n - 1) / n, where H(i) is taken as ln i + 0.5772156649.
	close(averagePathLength(64), 2 * (Math.log(63) + 0.5772156649015329) - 126 / 64);
});

test('a row as deep as the average scores one half', () => {
	close(anomalyScore(averagePathLength(64), 64), 0.5);
	close(anomalyScore(0, 64), 1);
	assert.equal(anomalyScore(0, 1), 0.5);
});

test('Theil-Sen and its line, after Helsel and Hirsch, Statistical Methods in Water Resources, 10.1', () => {
	const y = Float64Array.of(1, 2, 3, 4, 5, 16, 7);
	const x = Float64Array.of(1, 2, 3, 4, 5, 6, 7);
	const slope = theilSen(y, x);
	assert.equal(slope, 1);
	assert.equal(intercept(y, x, slope), 0);
});

test('Mann-Kendall by its formula, ties included', () => {
	const rising = mannKendall(Float64Array.from({length: 12}, (_, i) => i));
	close(rising.variance, (12 * 11 * 29) / 18);
	close(rising.z, 65 / Math.sqrt((12 * 11 * 29) / 18));
	const tied = mannKendall(Float64Array.of(1, 2, 2, 3)); // S = 5, one pair of ties
	close(tied.variance, (4 * 3 * 13 - 2 * 1 * 9) / 18);
	close(tied.z, 4 / Math.sqrt(138 / 18));
	assert.deepEqual(mannKendall(new Float64Array(5)), {variance: 0, z: 0});
});

test('the interval of the slope holds the slope', () => {
	fc.assert(
		fc.property(fc.array(fc.double({min: -100, max: 100, noNaN: true}), {minLength: 4, maxLength: 12}), values => {
			const m = Float64Array.from(values);
			const tau = Float64Array.from(values, (_, i) => i);
			const slope = theilSen(m, tau);
			const [low, high] = slopeInterval(m, tau, m.length, mannKendall(m).variance, 1.28);
			assert.ok(low <= slope + 1e-9 && slope <= high + 1e-9, `${low} ${slope} ${high}`);
		}),
	);
});

test('selection puts what sorting would put there; median and quantiles follow', () => {
	fc.assert(
		fc.property(fc.array(fc.double({noNaN: true, noDefaultInfinity: true}), {minLength: 1, maxLength: 60}), fc.nat(59), (values, at) => {
			const equal = (a: number, b: number | undefined) => assert.ok(a === b, `${a} is not ${b}`); // -0 and 0 are equal here
			const sorted = Float64Array.from(values).sort();
			const k = at % values.length;
			equal(select(Float64Array.from(values), k, 0, values.length), sorted[k]);
			const half = values.length >> 1;
			const expected = values.length % 2 === 1 ? sorted[half] : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
			equal(median(Float64Array.from(values)), expected);
		}),
	);
	// R: quantile(c(1, 2, 3, 4, 10), c(.1, .5, .995)), type 7
	const five = Float64Array.of(1, 2, 3, 4, 10);
	close(quantileSorted(five, 5, 0.1), 1.4);
	close(quantileSorted(five, 5, 0.5), 3);
	close(quantileSorted(five, 5, 0.995), 9.88);
	// R: mad(c(1, 2, 3, 4, 10), constant = 1)
	assert.equal(medianAbsoluteDeviation(five, 5, 3, new Float64Array(5)), 1);
	assert.ok(Number.isNaN(median(new Float64Array(0))));
});
