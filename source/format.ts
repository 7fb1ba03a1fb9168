/** Numbers and times as an operator reads them. Every function answers for NaN too: `–`. Imports nothing. */

export const UNKNOWN = '–';

/** Millicores: `0m`, `38m`, `498m`, `1.25`, `12.5` cores from 1,000 m on as `1250m` is harder to read than what the limit says. */
export function formatCpu(millicores: number): string {
	if (Number.isNaN(millicores)) return UNKNOWN;
	if (millicores === Number.POSITIVE_INFINITY) return 'no limit';
	if (millicores > 0 && millicores < 9.95) return `${trimZero(millicores.toFixed(1))}m`;
	if (millicores < 9999.5) return `${Math.round(millicores)}m`;
	return significant(millicores / 1000);
}

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;

/** Bytes in kubectl's manner with three figures: `412Mi`, `1.25Gi`. Below 1 Mi: `0.4Mi`, since memory of containers is told in Mi. */
export function formatMemory(bytes: number): string {
	if (Number.isNaN(bytes)) return UNKNOWN;
	if (bytes === Number.POSITIVE_INFINITY) return 'no limit';
	if (bytes === 0) return '0Mi';
	const magnitude = Math.abs(bytes);
	let power = 2;
	while (power < BINARY.length - 1 && magnitude / 1024 ** power >= 999.5) power++;
	return significant(bytes / 1024 ** power) + BINARY[power];
}

/** `2.1Mi/min`; slower than .1 Mi a minute in an hour's or a day's unit. */
export function formatMemoryRate(bytesPerMinute: number): string {
	if (Number.isNaN(bytesPerMinute)) return UNKNOWN;
	const tenth = 0.1 * 2 ** 20;
	const magnitude = Math.abs(bytesPerMinute);
	if (magnitude >= tenth) return `${formatMemory(bytesPerMinute)}/min`;
	if (magnitude * 60 >= tenth) return `${formatMemory(bytesPerMinute * 60)}/h`;
	return `${formatMemory(bytesPerMinute * 1440)}/day`;
}

/** A share in whole percent; `–` without a limit to compare with. */
export function formatPercent(share: number): string {
	if (!Number.isFinite(share)) return UNKNOWN;
	return `${Math.round(share * 100)}%`;
}

/** `45s`, `12 min`, `2 h 55 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
	if (!Number.isFinite(ms)) return UNKNOWN;
	const seconds = Math.max(0, Math.round(ms / 1000));
	if (seconds < 90) return `${seconds} s`;
	const minutes = Math.round(seconds / 60);
	if (minutes < 60) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
	const days = Math.floor(hours / 24);
	return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** The same in at most four cells, for columns: `45s`, `12m`, `3h`, `12d`. */
export function formatAge(ms: number): string {
	if (!Number.isFinite(ms)) return UNKNOWN;
	const seconds = Math.max(0, ms / 1000);
	if (seconds < 120) return `${Math.floor(seconds)}s`;
	if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
	if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
	return `${Math.floor(seconds / 86_400)}d`;
}

/** `1st`, `2nd`, `3rd`, `4th`, `11th`. */
export function ordinal(n: number): string {
	const tens = n % 100;
	if (tens >= 11 && tens <= 13) return `${n}th`;
	return `${n}${['th', 'st', 'nd', 'rd'][n % 10] ?? 'th'}`;
}

/** Times in one zone. */
export interface TimeFormat {
	/** `14:02:15` */
	time(ms: number): string;
	/** `14:02` */
	minute(ms: number): string;
	/** `Nov 25` */
	day(ms: number): string;
	/** `Nov 25 14:02` when not of the same day as `near`, else `14:02`. */
	near(ms: number, nearMs: number): string;
	/** `UTC`, `UTC+1`, `UTC-3:30`: at the latest time that was formatted. */
	readonly zone: string;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (n: number): string => String(n).padStart(2, '0');

/** Local times, as the reader's clock shows them, or UTC. Without Intl: its first time format takes 12 ms and 8 MB, for as long as the program runs. */
export function timeFormat(timeZone?: 'UTC'): TimeFormat {
	let latestMs = 0;
	/** How far the clock of the zone is ahead of UTC. */
	const aheadMinutes = (ms: number): number => (timeZone === 'UTC' ? 0 : -new Date(ms).getTimezoneOffset());
	/** A date of which the UTC fields are those of the zone; undefined for what is no time. */
	const at = (ms: number): Date | undefined => {
		const date = new Date(ms + aheadMinutes(ms) * 60_000);
		if (Number.isNaN(date.getTime())) return undefined;
		latestMs = Math.max(latestMs, ms);
		return date;
	};
	const dayOf = (date: Date): string => `${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate())}`;
	const minuteOf = (date: Date): string => `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
	const told = (ms: number, tell: (date: Date) => string): string => {
		const date = at(ms);
		return date === undefined ? UNKNOWN : tell(date);
	};
	return {
		get zone() {
			return zoneName(aheadMinutes(latestMs));
		},
		time: ms => told(ms, date => `${minuteOf(date)}:${two(date.getUTCSeconds())}`),
		minute: ms => told(ms, minuteOf),
		day: ms => told(ms, dayOf),
		near(ms, nearMs) {
			const near = at(nearMs);
			return told(ms, date => (near !== undefined && dayOf(date) === dayOf(near) ? minuteOf(date) : `${dayOf(date)} ${minuteOf(date)}`));
		},
	};
}

/** By the distance: `CST` is five zones, and only Intl knows such names. */
function zoneName(aheadMinutes: number): string {
	const minutes = Math.abs(aheadMinutes);
	const rest = minutes % 60;
	return minutes === 0 ? 'UTC' : `UTC${aheadMinutes < 0 ? '-' : '+'}${Math.floor(minutes / 60)}${rest === 0 ? '' : `:${two(rest)}`}`;
}

/** Three figures: `0.4`, `2.1`, `41`, `412`, `1.25`. */
function significant(value: number): string {
	const magnitude = Math.abs(value);
	if (magnitude >= 99.95) return String(Math.round(value));
	if (magnitude >= 9.995) return trimZero(value.toFixed(1));
	return trimZero(value.toFixed(magnitude < 1 ? 1 : 2));
}

const trimZero = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
