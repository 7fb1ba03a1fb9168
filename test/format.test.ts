import assert from 'node:assert/strict';
import process from 'node:process';
import test from 'node:test';
import {
	formatAge,
	formatCpu,
	formatDuration,
	formatMemory,
	formatMemoryRate,
	formatPercent,
	ordinal,
	timeFormat,
} from '../source/format.ts';

const MI = 2 ** 20;
const table = <T>(name: string, format: (value: T) => string, rows: readonly (readonly [T, string])[]): void => {
	for (const [value, expected] of rows) test(`${name}(${String(value)}) is ${expected}`, () => assert.equal(format(value), expected));
};

table('formatCpu', formatCpu, [
	[0, '0m'],
	[0.04, '0m'],
	[1.54, '1.5m'],
	[9.96, '10m'],
	[38, '38m'],
	[498.4, '498m'],
	[1250, '1250m'],
	[12_500, '12.5'],
	[Number.NaN, '–'],
	[Number.POSITIVE_INFINITY, 'no limit'],
]);
table('formatMemory', formatMemory, [
	[0, '0Mi'],
	[0.4 * MI, '0.4Mi'],
	[64 * MI, '64Mi'],
	[412.4 * MI, '412Mi'],
	[999.4 * MI, '999Mi'],
	[1280 * MI, '1.25Gi'],
	[-2.1 * MI, '-2.1Mi'],
	[Number.NaN, '–'],
	[Number.POSITIVE_INFINITY, 'no limit'],
]);
table('formatMemoryRate', formatMemoryRate, [
	[2.1 * MI, '2.1Mi/min'],
	[0.05 * MI, '3Mi/h'],
	[0.0005 * MI, '0.7Mi/day'],
	[Number.NaN, '–'],
]);
table('formatDuration', formatDuration, [
	[45_000, '45 s'],
	[48 * 60_000, '48 min'],
	[175 * 60_000, '2 h 55 min'],
	[3600_000, '1 h'],
	[76 * 3600_000, '3 d 4 h'],
	[Number.NaN, '–'],
]);
table('formatAge', formatAge, [
	[59_000, '59s'],
	[119_000, '119s'],
	[121_000, '2m'],
	[3 * 3600_000, '3h'],
	[72 * 3600_000, '3d'],
	[Number.NaN, '–'],
]);
table('formatPercent', formatPercent, [
	[0.804, '80%'],
	[Number.NaN, '–'],
	[1.2, '120%'],
]);
table('ordinal', ordinal, [
	[1, '1st'],
	[2, '2nd'],
	[3, '3rd'],
	[4, '4th'],
	[11, '11th'],
	[22, '22nd'],
	[112, '112th'],
]);

test('times are told in the zone asked for, with the day when it is another one', () => {
	const {time, minute, near, zone} = timeFormat('UTC');
	const ms = Date.UTC(2026, 10, 25, 14, 2, 15);
	assert.equal(zone, 'UTC');
	assert.equal(time(ms), '14:02:15');
	assert.equal(minute(ms), '14:02');
	assert.equal(near(ms, ms + 3600_000), '14:02');
	assert.equal(near(ms, ms + 86_400_000), 'Nov 25 14:02');
	assert.equal(time(Number.NaN), '–');
	assert.equal(time(1e18), '–');
	assert.equal(near(ms, Number.NaN), 'Nov 25 14:02');
});

test('local times are those of the zone of the clock, and the zone is that of the time: another one in summer', () => {
	const {TZ: before} = process.env;
	try {
		const winter = Date.UTC(2026, 0, 15, 23, 30, 5);
		const summer = Date.UTC(2026, 6, 15, 23, 30, 5);
		for (const [zone, ms, told, name] of [
			['Europe/London', winter, 'Jan 15 23:30:05', 'UTC'],
			['Europe/London', summer, 'Jul 16 00:30:05', 'UTC+1'],
			['Asia/Kolkata', summer, 'Jul 16 05:00:05', 'UTC+5:30'],
			['America/St_Johns', winter, 'Jan 15 20:00:05', 'UTC-3:30'],
			['America/New_York', summer, 'Jul 15 19:30:05', 'UTC-4'],
		] as const) {
			process.env.TZ = zone;
			const times = timeFormat();
			assert.equal(`${times.day(ms)} ${times.time(ms)}`, told);
			assert.equal(times.zone, name);
			assert.equal(times.near(ms, ms), told.slice(7, 12));
		}
	} finally {
		if (before === undefined) delete process.env.TZ;
		else process.env.TZ = before;
	}
});
