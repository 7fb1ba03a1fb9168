/**
 * Control groups, version 1 and 2: a folder is a container, with its quota, its limit and its counters.
 * Counted as cAdvisor counts: working set = usage - inactive file pages.
 * https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, https://docs.kernel.org/admin-guide/cgroup-v2.html
 */
import {accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

export interface Limits {
	/** `Infinity` = none. */
	readonly cpuLimitMillicores: number;
	readonly memoryLimitBytes: number;
	readonly cpuRequestMillicores: number;
}

export interface Usage {
	readonly cpuSeconds: number;
	readonly workingSetBytes: number;
}

const PERIOD_US = 100_000;

/** CFS quota in microseconds of each period; the kernel takes no less than 1 ms. */
export const quotaUs = (millicores: number): number => Math.max(Math.round((millicores / 1000) * PERIOD_US), 1000);

/** As the kubelet: 1024 shares a core, at least 2. */
export const shares = (millicores: number): number => Math.min(Math.max(Math.round((millicores * 1024) / 1000), 2), 262_144);

/** As the kubelet and runc map shares (2 to 262144) to weights (1 to 10000). */
export const weight = (cpuShares: number): number => Math.floor(1 + ((cpuShares - 2) * 9999) / 262_142);

/** The number behind a name in `memory.stat`, `memory.events`, `memory.oom_control`, `cpu.stat`; NaN where it is not told. */
export function field(text: string, name: string): number {
	for (const line of text.split('\n')) {
		const [key, value] = line.split(' ');
		if (key === name && value !== undefined && value !== '') return Number(value);
	}
	return Number.NaN;
}

export const usageV1 = (usage: string, memoryUsage: string, memoryStat: string): Usage => ({
	cpuSeconds: Number(usage) / 1e9,
	workingSetBytes: workingSet(Number(memoryUsage), field(memoryStat, 'total_inactive_file')),
});

export const usageV2 = (cpuStat: string, memoryCurrent: string, memoryStat: string): Usage => ({
	cpuSeconds: field(cpuStat, 'usage_usec') / 1e6,
	workingSetBytes: workingSet(Number(memoryCurrent), field(memoryStat, 'inactive_file')),
});

const workingSet = (usageBytes: number, inactiveFileBytes: number): number => Math.max(usageBytes - (inactiveFileBytes || 0), 0);

/** Without control groups: user and system time of /proc/PID/stat (fields 14 and 15, in ticks of 10 ms), private and shared memory of /proc/PID/status. */
export function usageOfProcess(stat: string, status: string): Usage {
	// The program's name stands in parentheses and may hold anything.
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN);
	return {cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, workingSetBytes: (kib('RssAnon') + kib('RssShmem')) * 1024};
}

/** One container's group. */
export interface Group {
	/** Files into which a process writes its id to be in the group. */
	readonly joins: readonly string[];
	usage(): Usage;
	/** Processes that the kernel killed at the limit. */
	oomKills(): number;
	/** Its last process must be gone. */
	remove(): void;
}

/** Where groups are made: one parent for the whole shop, so that its share of the machine is one number. */
export interface Hierarchy {
	readonly version: 1 | 2;
	readonly joins: readonly string[];
	group(name: string, limits: Limits): Group;
	remove(): void;
}

const ROOT = '/sys/fs/cgroup';
const PREFIX = 'oddpod-shop-';
const read = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');
const write = (folder: string, file: string, value: string | number): void => writeFileSync(join(folder, file), String(value));

function isWritable(path: string): boolean {
	try {
		accessSync(path, constants.W_OK);
		return existsSync(path);
	} catch {
		return false;
	}
}

/** Undefined, with the reason told, where no groups can be made: no Linux, no rights, or a version 2 whose controllers are not delegated. */
export function openHierarchy(name: string, cpuShares: number, tell: (line: string) => void): Hierarchy | undefined {
	try {
		if (isWritable(join(ROOT, 'memory/memory.limit_in_bytes'))) return hierarchyV1(name, cpuShares);
		if (isWritable(join(ROOT, 'cgroup.subtree_control'))) return hierarchyV2(name, cpuShares);
		tell('no writable control groups here: processes are measured through /proc, without limits and without kernel kills');
	} catch (error) {
		tell(`control groups cannot be used (${(error as Error).message}): processes are measured through /proc, without limits`);
	}
	return undefined;
}

function hierarchyV1(name: string, cpuShares: number): Hierarchy {
	const controllers = ['cpu', 'cpuacct', 'memory'].map(controller => join(ROOT, controller));
	for (const controller of controllers) removeStale(controller);
	const folders = (...parts: string[]): [cpu: string, cpuacct: string, memory: string] => {
		const [cpu, cpuacct, memory] = controllers.map(controller => join(controller, PREFIX + name, ...parts)) as [string, string, string];
		return [cpu, cpuacct, memory];
	};
	const make = (paths: readonly string[]): void => {
		for (const path of paths) mkdirSync(path, {recursive: true});
	};
	const remove = (paths: readonly string[]): void => {
		for (const path of new Set(paths)) if (existsSync(path)) rmdirSync(path);
	};
	const top = folders();
	make(top);
	write(top[0], 'cpu.shares', cpuShares);
	return {
		version: 1,
		joins: top.slice(0, 1).map(folder => join(folder, 'cgroup.procs')),
		group(child, limits) {
			const all = folders(child);
			const [cpu, cpuacct, memory] = all;
			make(all);
			write(cpu, 'cpu.shares', shares(limits.cpuRequestMillicores));
			if (limits.cpuLimitMillicores !== Number.POSITIVE_INFINITY) {
				write(cpu, 'cpu.cfs_period_us', PERIOD_US);
				write(cpu, 'cpu.cfs_quota_us', quotaUs(limits.cpuLimitMillicores));
			}
			if (limits.memoryLimitBytes !== Number.POSITIVE_INFINITY) write(memory, 'memory.limit_in_bytes', limits.memoryLimitBytes);
			return {
				joins: all.map(folder => join(folder, 'cgroup.procs')),
				usage: () => usageV1(read(cpuacct, 'cpuacct.usage'), read(memory, 'memory.usage_in_bytes'), read(memory, 'memory.stat')),
				oomKills: () => field(read(memory, 'memory.oom_control'), 'oom_kill'),
				remove: () => remove(all),
			};
		},
		remove: () => remove(top),
	};
}

function hierarchyV2(name: string, cpuShares: number): Hierarchy {
	removeStale(ROOT);
	const top = join(ROOT, PREFIX + name);
	write(ROOT, 'cgroup.subtree_control', '+cpu +memory');
	mkdirSync(top, {recursive: true});
	write(top, 'cgroup.subtree_control', '+cpu +memory');
	write(top, 'cpu.weight', weight(cpuShares));
	return {
		version: 2,
		// Version 2 has no processes in a group that has children.
		joins: [],
		group(child, limits) {
			const folder = join(top, child);
			mkdirSync(folder);
			write(folder, 'cpu.weight', weight(shares(limits.cpuRequestMillicores)));
			if (limits.cpuLimitMillicores !== Number.POSITIVE_INFINITY)
				write(folder, 'cpu.max', `${quotaUs(limits.cpuLimitMillicores)} ${PERIOD_US}`);
			if (limits.memoryLimitBytes !== Number.POSITIVE_INFINITY) write(folder, 'memory.max', limits.memoryLimitBytes);
			return {
				joins: [join(folder, 'cgroup.procs')],
				usage: () => usageV2(read(folder, 'cpu.stat'), read(folder, 'memory.current'), read(folder, 'memory.stat')),
				oomKills: () => field(read(folder, 'memory.events'), 'oom_kill'),
				remove: () => rmdirSync(folder),
			};
		},
		remove: () => rmdirSync(top),
	};
}

/** Folders of a shop whose process is gone (its name ends with the process id): a kill -9 leaves them. */
function removeStale(controller: string): void {
	for (const name of readdirSync(controller)) {
		const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : Number.NaN;
		if (!Number.isSafeInteger(pid) || existsSync(`/proc/${pid}`)) continue;
		const top = join(controller, name);
		try {
			for (const child of readdirSync(top, {withFileTypes: true})) if (child.isDirectory()) rmdirSync(join(top, child.name));
			rmdirSync(top);
		} catch {
			// Its processes are still on their way out: the next shop removes it.
		}
	}
}
