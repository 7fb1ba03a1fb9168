import assert from 'node:assert/strict';
import {test} from 'node:test';
import {field, quotaUs, shares, usageOfProcess, usageV1, usageV2, weight} from '../../recordings/shop/cgroup.ts';
import {backOffMs} from '../../recordings/shop/container.ts';

const MIB = 1024 * 1024;

test('a quota is microseconds of each tenth of a second, and never less than the kernel takes', () => {
	for (const [millicores, us] of [
		[300, 30_000],
		[1000, 100_000],
		[2500, 250_000],
		[5, 1000],
	] as const)
		assert.equal(quotaUs(millicores), us);
});

test('shares and weights are the kubelet and runc ones', () => {
	assert.equal(shares(1000), 1024);
	assert.equal(shares(100), 102);
	assert.equal(shares(0), 2);
	assert.equal(shares(1e9), 262_144);
	assert.equal(weight(2), 1);
	assert.equal(weight(1024), 39);
	assert.equal(weight(262_144), 10_000);
});

test('a field is found by its whole name, and unknown where it is absent', () => {
	const stat = 'inactive_file 1\ntotal_inactive_file 4096\noom_kill 2\n';
	assert.equal(field(stat, 'total_inactive_file'), 4096);
	assert.equal(field(stat, 'inactive_file'), 1);
	assert.equal(field(stat, 'oom_kill'), 2);
	assert.ok(Number.isNaN(field(stat, 'oom')));
	assert.ok(Number.isNaN(field('', 'oom_kill')));
	assert.ok(Number.isNaN(field('oom_kill \n', 'oom_kill')));
});

test('version 1: nanoseconds, and the working set leaves inactive file pages out, those of children too', () => {
	const stat = 'cache 11493376\ninactive_file 5\ntotal_inactive_file 2097152\ntotal_active_file 11079680\n';
	assert.deepEqual(usageV1('143378000\n', `${23 * MIB}\n`, stat), {cpuSeconds: 0.143378, workingSetBytes: 21 * MIB});
});

test('version 2: microseconds and memory.current', () => {
	const cpu = 'usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnr_throttled 3\n';
	assert.deepEqual(usageV2(cpu, `${64 * MIB}\n`, `anon 1\ninactive_file ${4 * MIB}\n`), {cpuSeconds: 2.5, workingSetBytes: 60 * MIB});
});

test('a working set is never less than nothing, and is told without a word on inactive files', () => {
	assert.equal(usageV1('0', '100', 'total_inactive_file 4096').workingSetBytes, 0);
	assert.equal(usageV2('usage_usec 0', '4096', '').workingSetBytes, 4096);
});

test('without groups: ticks of /proc/PID/stat, also when the name of the program holds spaces and parentheses', () => {
	const stat = '4242 (node (a) b) S 1 4242 4242 0 -1 4194304 3225 0 24 0 150 50 0 0 20 0 11 0 9000 613000000 9000';
	const status = 'Name:\tnode\nVmRSS:\t   40960 kB\nRssAnon:\t   20480 kB\nRssFile:\t   20480 kB\nRssShmem:\t       4 kB\n';
	assert.deepEqual(usageOfProcess(stat, status), {cpuSeconds: 2, workingSetBytes: 20_484 * 1024});
	assert.ok(Number.isNaN(usageOfProcess(stat, '').workingSetBytes));
});

test('back-off: at once the first time, then doubling from 10 s to 5 min', () => {
	assert.deepEqual(
		[1, 2, 3, 4, 5, 6, 7, 50].map(crashes => backOffMs(crashes) / 1000),
		[0, 10, 20, 40, 80, 160, 300, 300],
	);
});
