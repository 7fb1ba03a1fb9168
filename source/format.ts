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

/** Times in one zone. Local by default, as the reader's clock shows them. */
export interface TimeFormat {
	/** `14:02:15` */
	time(ms: number): string;
	/** `14:02` */
	minute(ms: number): string;
	/** `Nov 25` */
	day(ms: number): string;
	/** `Nov 25 14:02` when not of the same day as `near`, else `14:02`. */
	near(ms: number, nearMs: number): string;
	/** `UTC`, `CET`, `GMT+2`: at the latest time that was formatted. */
	readonly zone: string;
}

const KEPT_MINUTES = 1000;

/** At a time: it is another one in summer. */
const zoneName = (timeZone: string | undefined, ms: number): string =>
	new Intl.DateTimeFormat('en-GB', {...(timeZone !== undefined && {timeZone}), timeZoneName: 'short'})
		.formatToParts(ms)
		.find(part => part.type === 'timeZoneName')?.value ?? '';

export function timeFormat(timeZone?: string): TimeFormat {
	// Made when there is a time to show: the first one takes milliseconds, and the first frame has none.
	let parts: Intl.DateTimeFormat | undefined;
	// Formatting by Intl takes microseconds and a screen shows hundreds of times, mostly of few minutes.
	let latest = 0;
	const kept = new Map<number, {readonly day: string; readonly minute: string}>();
	const ofMinute = (ms: number): {readonly day: string; readonly minute: string} => {
		const minute = Math.floor(ms / 60_000);
		let text = kept.get(minute);
		if (!text) {
			parts ??= new Intl.DateTimeFormat('en-GB', {
				...(timeZone !== undefined && {timeZone}),
				hourCycle: 'h23',
				month: 'short',
				day: '2-digit',
				hour: '2-digit',
				minute: '2-digit',
				second: '2-digit',
			});
			const found = Object.fromEntries(parts.formatToParts(minute * 60_000).map(({type, value}) => [type, value]));
			text = {day: `${found.month} ${found.day}`, minute: `${found.hour}:${found.minute}`};
			if (kept.size >= KEPT_MINUTES) kept.clear();
			latest = Math.max(latest, minute);
			kept.set(minute, text);
		}
		return text;
	};
	const seconds = (ms: number): string => String(Math.floor((((ms % 60_000) + 60_000) % 60_000) / 1000)).padStart(2, '0');
	let zone: {readonly minute: number; readonly name: string} | undefined;
	return {
		get zone() {
			if (zone?.minute !== latest) zone = {minute: latest, name: zoneName(timeZone, latest * 60_000)};
			return zone.name;
		},
		time: ms => (Number.isFinite(ms) ? `${ofMinute(ms).minute}:${seconds(ms)}` : UNKNOWN),
		minute: ms => (Number.isFinite(ms) ? ofMinute(ms).minute : UNKNOWN),
		day: ms => (Number.isFinite(ms) ? ofMinute(ms).day : UNKNOWN),
		near(ms, nearMs) {
			if (!Number.isFinite(ms)) return UNKNOWN;
			const {day, minute} = ofMinute(ms);
			return day === ofMinute(nearMs).day ? minute : `${day} ${minute}`;
		},
	};
}

/** Three figures: `0.4`, `2.1`, `41`, `412`, `1.25`. */
function significant(value: number): string {
	const magnitude = Math.abs(value);
	if (magnitude >= 99.95) return String(Math.round(value));
	if (magnitude >= 9.995) return trimZero(value.toFixed(1));
	return trimZero(value.toFixed(magnitude < 1 ? 1 : 2));
}

const trimZero = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
