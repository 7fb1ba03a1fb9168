/** JSON of a foreign shape, read so that what is missing or wrong is empty, never an exception. */

export type Json = Readonly<Record<string, unknown>>;

const NOTHING: Json = {};
export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
/** An object, or an empty one: so that a wrong shape reads as missing fields. */
export const objectOf = (value: unknown): Json => (isObject(value) ? value : NOTHING);
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** RFC 3339 to epoch milliseconds; NaN where it is none, or is outside of what a cluster can have seen. */
export function timeOf(value: unknown): number {
	if (typeof value !== 'string' || value.length > 40 || !/^\d{4}-\d\d-\d\dT/.test(value)) return Number.NaN;
	const ms = Date.parse(value);
	return ms > 0 ? ms : Number.NaN;
}
