/** The plain score on trees that scikit-learn made, against the scores that it gives. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import test from 'node:test';
import {gunzipSync} from 'node:zlib';
import {anomalyScore, averagePathLength} from '../../source/engine/path-length.ts';

interface Case {
	readonly max_samples: number;
	readonly queries: readonly (readonly number[])[];
	readonly score_samples: readonly number[];
	readonly trees: readonly {feature: number[]; threshold: number[]; left: number[]; right: number[]; n: number[]}[];
}

const folder = process.env.ODDPOD_OPEN_DATA;

test('scores agree with scikit-learn within 1e-12', {skip: folder === undefined && 'ODDPOD_OPEN_DATA is not set'}, () => {
	const cases = JSON.parse(gunzipSync(readFileSync(join(folder ?? '', 'sklearn_parity.json.gz'))).toString()) as Record<string, Case>;
	let compared = 0;
	for (const [name, {max_samples, queries, score_samples, trees}] of Object.entries(cases)) {
		queries.forEach((query, i) => {
			let sum = 0;
			for (const {feature, threshold, left, right, n} of trees) {
				let node = 0;
				let depth = 0;
				while ((left[node] as number) !== -1) {
					// scikit-learn compares in 32 bits
					const x = Math.fround(query[feature[node] as number] as number);
					node = (x <= (threshold[node] as number) ? left[node] : right[node]) as number;
					depth++;
				}
				sum += depth + averagePathLength(n[node] as number);
			}
			const score = anomalyScore(sum / trees.length, max_samples);
			const difference = Math.abs(score + (score_samples[i] as number));
			assert.ok(difference <= 1e-12, `${name}, query ${i}: ${score} against ${score_samples[i]}`);
			compared++;
		});
	}
	assert.ok(compared > 100);
});
