/** Seeded dice (mulberry32), so that names, phases and schedules of two runs with one seed are the same. */
export function dice(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** Kubernetes' own alphabet for generated names: no vowels, so no words; no 0, 1, 3. */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

export const safeName = (roll: () => number, length: number): string =>
	Array.from({length}, () => SAFE[Math.floor(roll() * SAFE.length)]).join('');

export function uuid(roll: () => number): string {
	const hex = Array.from({length: 32}, () => Math.floor(roll() * 16).toString(16));
	hex[12] = '4';
	hex[16] = '89ab'[Math.floor(roll() * 4)] ?? '8';
	return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
