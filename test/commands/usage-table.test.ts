// The listing of `top` on terminals of several widths.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type Usage, usageTable} from '../../source/commands/usage-table.ts';
import {widthOf} from '../../source/screen/width.ts';

const usage = (namespace: string, pod: string, container: string, cpuCores: number | null, memoryMiB: number | null): Usage => ({
	namespace,
	pod,
	container,
	cpuCores,
	memoryMiB,
	ratio: cpuCores === null || memoryMiB === null ? null : cpuCores / memoryMiB,
	sampledAt: '2026-11-25T14:00:00Z',
});
const long = 'recommendations-with-a-very-long-name-as-real-ones-have-them-4phm6bhv6-sn8md';
const rows = [
	usage('shop', long, 'java', 0.1218, 487.4),
	usage('payments', 'ledger-0', 'postgres', 0.1072, 646.1),
	usage('payments', '名'.repeat(80), 'app', null, 12),
];

for (const width of [300, 120, 100, 80, 60, 50, 45]) {
	test(`no row is wider than ${width} columns, and a cut name keeps its end`, () => {
		const lines = usageTable(rows, width);
		assert.equal(lines.length, 4);
		for (const line of lines) assert.ok(widthOf(line) <= width, `${widthOf(line)}: ${line}`);
		assert.match(lines[1] ?? '', /recom.*sn8md .*0\.1218 +487\.4/);
	});
}

test('with room enough names are whole, and CPU over memory stands there in cores per GiB', () => {
	const [head, first, , third] = usageTable(rows.slice(0, 1).concat(rows), 300);
	assert.match(head ?? '', /^NAMESPACE +POD +CONTAINER +CPU\(cores\) +MEMORY\(MiB\) +CORES\/GiB$/);
	assert.match(first ?? '', new RegExp(`^shop +${long} +java +0\\.1218 +487\\.4 +0\\.26$`));
	assert.match(third ?? '', /ledger-0 +postgres +0\.1072 +646\.1 +0\.17$/);
	assert.match(usageTable(rows, 300)[3] ?? '', / - +12\.0 +-$/);
});

test('names are cut before columns are left out, and CPU over memory is the first to go', () => {
	const head = (width: number) => usageTable(rows, width)[0]?.split(/ +/).join(' ');
	assert.equal(head(120), 'NAMESPACE POD CONTAINER CPU(cores) MEMORY(MiB) CORES/GiB');
	assert.equal(head(80), 'NAMESPACE POD CONTAINER CPU(cores) MEMORY(MiB)');
	assert.equal(head(70), 'NAMESPACE POD CONTAINER CPU(cores) MEMORY(MiB)');
	assert.equal(head(60), 'POD CONTAINER CPU(cores) MEMORY(MiB)');
	assert.equal(head(45), 'POD CPU(cores) MEMORY(MiB)');
});
