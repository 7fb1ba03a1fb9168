import type {Outcome} from './outcome.ts';
export async function run(): Promise<Outcome> {
	throw new Error('not yet');
}
