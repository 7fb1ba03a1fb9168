// Loaded before every test (`node --import`): fast-check draws the same examples in every run, so that a change is judged by what it
// changes and not by luck. `PROPERTY_SEED=random npm test` looks further; a failure prints its seed, which can be set here again.
import process from 'node:process';
import fc from 'fast-check';

const seed = process.env.PROPERTY_SEED ?? '1';
if (seed !== 'random') {
	fc.configureGlobal({seed: Number(seed)});
}
