/**
 * Kubernetes quantities to doubles. The grammar is that of apimachinery's resource.Quantity: a signed decimal and a suffix,
 * binary (`Ki`…`Ei`), decimal (`n u m k M G T P E`) or an exponent (`e3`, `E-3`).
 */

const SUFFIX: Readonly<Record<string, number>> = {
	'': 1,
	k: 1e3,
	M: 1e6,
	G: 1e9,
	T: 1e12,
	P: 1e15,
	E: 1e18,
	Ki: 2 ** 10,
	Mi: 2 ** 20,
	Gi: 2 ** 30,
	Ti: 2 ** 40,
	Pi: 2 ** 50,
	Ei: 2 ** 60,
};
/** Small ones divide, which is exact where multiplying by 1e-9 is not. */
const DIVISOR: Readonly<Record<string, number>> = {n: 1e9, u: 1e6, m: 1e3};

const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?$/;

/** In the base unit (cores, bytes); NaN for anything that is no quantity. */
export function parseQuantity(value: unknown): number {
	if (typeof value === 'number') return Number.isFinite(value) ? value : Number.NaN;
	if (typeof value !== 'string' || value.length > 64) return Number.NaN;
	const match = QUANTITY.exec(value);
	if (match === null) return Number.NaN;
	const [, digits = '', suffix = '', exponent] = match;
	if (exponent !== undefined) return finite(Number(`${digits}e${exponent}`));
	const divisor = DIVISOR[suffix];
	return finite(divisor === undefined ? Number(digits) * (SUFFIX[suffix] ?? Number.NaN) : Number(digits) / divisor);
}

const finite = (value: number): number => (Number.isFinite(value) ? value : Number.NaN);

/** Of a container's use. NaN where it is missing, negative or larger than any machine (100,000 cores; 1 EiB). */
export const cpuMillicoresOf = (value: unknown): number => within(parseQuantity(value) * 1000, 1e8);
export const memoryBytesOf = (value: unknown): number => within(parseQuantity(value), 2 ** 60);
const within = (value: number, most: number): number => (value >= 0 && value <= most ? value : Number.NaN);

const UNIT_MS: Readonly<Record<string, number>> = {h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, μs: 1e-3, ns: 1e-6};
const DURATION = /^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|μs|ns))+$/;

/** Go's durations (`14.362000192s`, `1m0s`) to milliseconds; NaN for anything else. */
export function parseDuration(value: unknown): number {
	if (typeof value !== 'string' || value.length > 64) return Number.NaN;
	if (value === '0') return 0;
	if (!DURATION.test(value)) return Number.NaN;
	let ms = 0;
	for (const [, digits = '', unit = ''] of value.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|μs|ns)/g))
		ms += Number(digits) * (UNIT_MS[unit] ?? Number.NaN);
	return ms;
}
