// The algorithms of the page's parts about processes (web/src/processes), without a browser: where lanes
// put processes, what a window of time finds, the chain, stretches of idle cores, source files of command
// lines, the words of the search.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test as nodeTest } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CATEGORIES, simulatedBuild } from '../../web/test/processes-fixture.mjs';
import { bundle } from './bundle.mjs';

const web = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'web');
const scratch = mkdtempSync(join(tmpdir(), 'vigia-units-'));
after(() => rmSync(scratch, { recursive: true }));
// The bundle brings the packages and checks the types.
const skip = bundle().missing;
if (!skip)
	execFileSync(join(web, 'node_modules/.bin/esbuild'), [join(web, 'test/processes-units.ts'), '--bundle', '--format=esm', '--platform=node', '--log-level=warning',
	`--outfile=${join(scratch, 'units.mjs')}`]);
const units = skip ? null : await import(pathToFileURL(join(scratch, 'units.mjs')).href);

const test = (name, body) => nodeTest(name, { skip }, body);

/** Columns of rows [start, end, parent, more]. */
function processes(rows) {
	const column = (f) => Float64Array.from(rows, f);
	return {
		n: rows.length, duration: Math.max(0, ...rows.map((r) => r[1])), start: column((r) => r[0]), end: column((r) => r[1]), alive: new Uint8Array(rows.length),
		pid: column((r, i) => r[3]?.pid ?? 100 + i), parent: Int32Array.from(rows, (r) => r[2]), category: Int32Array.from(rows, (r) => r[3]?.category ?? 0),
		cpu: column((r) => r[3]?.cpu ?? r[1] - r[0]), rss: column((r) => r[3]?.rss ?? 1e6), pss: column((r) => r[3]?.pss ?? NaN),
		exitCode: column((r) => r[3]?.code ?? 0), exitSignal: column((r) => r[3]?.signal ?? 0),
		name: rows.map((r) => r[3]?.name ?? 'x'), cmdline: rows.map((r) => r[3]?.cmdline ?? r[3]?.name ?? 'x'),
	};
}

const built = (files, slots) => processes(simulatedBuild({ files, slots }).map((r) => [r.start, r.end, r.parent, r]));
const isMake = (p) => (i) => CATEGORIES[p.category[i]].major === 'BuildSystem';

test('first fit takes the lowest rows that are free', () => {
	const fit = new units.FirstFit();
	assert.equal(fit.place(0, 10), 0);
	assert.equal(fit.place(1, 5), 1);
	assert.equal(fit.place(2, 9, 3), 2);
	assert.equal(fit.place(5, 6, 2), 5, 'row 1 alone is too low for two');
	assert.equal(fit.place(5, 8), 1);
	assert.equal(fit.place(10, 11), 0);
	assert.equal(fit.rows, 7);
	assert.equal(fit.placeAt(6, 5.5, 7), false);
	assert.equal(fit.placeAt(6, 6, 7), true);
});

test('first fit agrees with a plain search, also for thousands at once', () => {
	const fit = new units.FirstFit(), until = [];
	let seed = 1;
	const random = () => ((seed = (seed * 48271) % 2147483647) / 2147483647);
	for (let i = 0; i < 4000; i++) {
		const start = i * 0.01, end = start + random() * 30, height = 1 + Math.floor(random() * 3);
		let row = 0;
		const busy = (at) => until.slice(at, at + height).some((t) => t > start);
		while (busy(row))
			row++;
		for (let k = 0; k < height; k++)
			until[row + k] = end;
		assert.equal(fit.place(start, end, height), row, `interval ${i}`);
	}
	assert.ok(fit.rows > 1000);
});

/** No two of one row and level at the same time. */
function disjoint(p, layout) {
	const lanes = new Map();
	for (let i = 0; i < p.n; i++) {
		const key = `${layout.row[i]}/${layout.level[i]}`;
		lanes.set(key, [...(lanes.get(key) ?? []), i]);
	}
	for (const [key, rows] of lanes) {
		rows.sort((a, b) => p.start[a] - p.start[b] || p.end[a] - p.end[b]);
		for (let k = 1; k < rows.length; k++)
			assert.ok(p.start[rows[k]] >= p.end[rows[k - 1]] - units.ROUNDING_S, `lane ${key}: ${rows[k - 1]} and ${rows[k]} overlap`);
	}
}

test('lanes by tree: children below their parents, none over another, no higher than what ran at once', () => {
	const p = built(300, 8), order = units.processesOrder(p.parent), layout = units.layoutByTree(p, order);
	disjoint(p, layout);
	for (let i = 0; i < p.n; i++)
		if (p.parent[i] >= 0)
			assert.ok(layout.row[i] > layout.row[p.parent[i]], `row of ${i}`);
	assert.equal(layout.rows, 1 + 8 * 3, 'make, and eight times sh, gcc, cc1 or as');
});

test('lanes by job: as many slots as make had jobs, what a job starts lies over it', () => {
	const p = built(300, 8), order = units.processesOrder(p.parent), layout = units.layoutByJob(p, order, isMake(p));
	disjoint(p, layout);
	assert.equal(layout.coordinatorRows, 1);
	assert.equal(layout.rows, 9);
	for (let i = 0; i < p.n; i++)
		if (p.parent[i] > 0) {
			assert.equal(layout.row[i], layout.row[p.parent[i]]);
			assert.equal(layout.level[i], layout.level[p.parent[i]] + 1);
		}
});

test('lanes by job: a pipeline shares no row, a program that replaced another keeps its own', () => {
	// make, sh with two at once; a shell that becomes a compiler (one pid) while slot 0 is free again.
	const p = processes([[0, 10, -1, { name: 'make' }], [1, 4, 0], [1.1, 3.9, 1], [1.2, 3.8, 1], [1.5, 2, 0, { pid: 7 }], [2, 9, 0, { pid: 7 }]]);
	const layout = units.layoutByJob(p, units.processesOrder(p.parent), (i) => i === 0);
	disjoint(p, layout);
	assert.equal(layout.row[2], layout.row[1]);
	assert.notEqual(layout.row[3], layout.row[2]);
	assert.equal(layout.row[5], layout.row[4]);
});

test('parents that make a circle, or are nobody, are no parents', () => {
	const parent = Int32Array.from([1, 2, 0, 99, 4, -7, 0]);
	const order = [...units.processesOrder(parent)];
	assert.deepEqual([...order].sort((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6]);
	for (const [i, p] of parent.entries())
		assert.ok(p === -1 || order.indexOf(p) < order.indexOf(i), `${p} before ${i}`);
	assert.deepEqual([parent[3], parent[4], parent[5], parent[6]], [-1, -1, -1, 0]);
});

test('a chain of 100,000 generations neither overflows nor takes long', () => {
	const n = 100000, p = processes(Array.from({ length: n }, (_, i) => [i * 1e-4, 20 - i * 1e-5, i - 1]));
	const order = units.processesOrder(p.parent);
	assert.equal(units.layoutByTree(p, order).rows, n);
	assert.equal(units.chainFind(p).steps.at(-1).process, 0);
});

test('a window of time finds all that is in it, and tells nothing apart below a pixel', () => {
	const p = built(500, 4), layout = units.layoutByTree(p, units.processesOrder(p.parent)), index = units.laneIndexNew(p, layout);
	const found = new Set();
	for (const strip of index.strips)
		units.stripVisit(p, strip, 10, 12, 0, (s, from, to) => { for (let k = from; k < to; k++) found.add(s.members[k]); });
	const expected = new Set();
	for (let i = 0; i < p.n; i++)
		if (p.end[i] >= 10 && p.start[i] <= 12)
			expected.add(i);
	assert.deepEqual([...found].sort((a, b) => a - b), [...expected].sort((a, b) => a - b));
	assert.ok(expected.size > 20);
	for (const strip of index.strips) {
		let seen = 0;
		units.stripVisit(p, strip, -1, 1e9, 0.5, (s, from, to, longest, start, end) => {
			seen += to - from;
			assert.ok(to - from === 1 || end - start <= 0.5);
			assert.ok([...s.members.subarray(from, to)].every((i) => p.end[i] - p.start[i] <= p.end[longest] - p.start[longest]));
		});
		assert.equal(seen, strip.members.length);
	}
});

test('what lies under the pointer is the topmost, else the nearest within reach', () => {
	const p = processes([[0, 100, -1], [10, 20, 0], [12, 13, 1], [12.5, 12.501, 2]]);
	const layout = { rows: 1, row: new Int32Array(4), level: Int32Array.from([0, 1, 2, 3]), coordinatorRows: 0 }, index = units.laneIndexNew(p, layout);
	assert.equal(units.laneHit(p, index, 0, 50, 0).process, 0);
	assert.equal(units.laneHit(p, index, 0, 15, 0).process, 1);
	assert.equal(units.laneHit(p, index, 0, 12.2, 0.01).process, 2);
	assert.equal(units.laneHit(p, index, 0, 12.51, 0.02).process, 3, '1 ms is found, too');
	assert.equal(units.laneHit(p, index, 0, 101.5, 1).process, -1);
	assert.equal(units.laneHit(p, index, 5, 50, 1).process, -1);
});

test('the chain covers the run without gaps: make, its jobs, and at the end ld and the tests', () => {
	const p = built(200, 8), { steps, seconds } = units.chainFind(p);
	assert.equal(steps[0].from, 0);
	assert.equal(steps.at(-1).to, p.end[0]);
	for (let k = 1; k < steps.length; k++)
		assert.equal(steps[k].from, steps[k - 1].to);
	assert.equal(p.name[[...seconds].sort((a, b) => b[1] - a[1])[0][0]], 'ld');
	assert.deepEqual(steps.slice(-7).map((s) => p.name[s.process]), ['gcc', 'ld', 'gcc', 'sh', 'make', 'run-tests', 'make']);
	assert.ok(Math.abs([...seconds.values()].reduce((a, b) => a + b, 0) - p.end[0]) < 1e-6);
});

test('the chain takes the job that ended last before the next began, not the longest', () => {
	// Two at once; the third starts when the short one, which ended last, is through.
	const p = processes([[0, 10, -1], [0, 3, 0], [1, 4, 0], [4.1, 10, 0]]);
	assert.deepEqual(units.chainFind(p).steps.map((s) => [s.process, s.from, s.to]), [[0, 0, 1], [2, 1, 4], [0, 4, 4.1], [3, 4.1, 10]]);
});

test('the chain goes on through a program that replaced another', () => {
	const p = processes([[0, 2, -1, { pid: 5 }], [2, 9, -1, { pid: 5 }], [0.5, 1.5, 0], [3, 8, 1]]);
	assert.deepEqual(units.chainFind(p).steps.map((s) => s.process), [0, 2, 0, 1, 3, 1]);
});

test('the chain begins at the last program that the command became, even where it was a shorter one', () => {
	const p = processes([[0, 60, -1, { pid: 5 }], [1, 59, 0], [60, 80, -1, { pid: 5 }]]);
	assert.deepEqual(units.chainFind(p).steps.map((s) => [s.process, s.to]), [[0, 1], [1, 59], [0, 60], [2, 80]]);
});

test('the chain goes down a family that was killed and did not end in order', () => {
	const p = processes([[0, 10, -1], [1, 10.02, 0], [2, 10.05, 1], [3, 8, 2], [0.5, 60, 0]]);
	const { steps } = units.chainFind(p);
	assert.deepEqual(steps.map((s) => s.process), [0, 1, 2, 3, 2]);
	assert.equal(steps.at(-1).to, 10, 'not beyond the command; the one that lived on is not waited for');
});

test('no process, one process', () => {
	const none = processes([]), one = processes([[0, 0, -1]]);
	assert.deepEqual(units.chainFind(none).steps, []);
	assert.deepEqual(units.chainFind(one).steps, []);
	for (const p of [none, one]) {
		const order = units.processesOrder(p.parent);
		assert.equal(units.layoutByTree(p, order).rows, p.n);
		assert.equal(units.layoutByJob(p, order, () => true).rows, p.n);
		assert.equal(units.laneIndexNew(p, units.layoutByTree(p, order)).strips.length, p.n);
		assert.equal(units.idleFacts(p, units.chainFind(p), 8, p.duration, null), null);
	}
});

test('core seconds: sums are exact, moments are spread evenly', () => {
	const p = processes([[0, 10, -1, { cpu: 5 }], [2, 4, 0, { cpu: 2 }], [4, 4, 0, { cpu: 0.001 }], [5, 6, 0, { cpu: NaN }]]);
	const use = units.coreUseOfProcesses(p);
	assert.ok(Math.abs(units.coreSeconds(use, 0, 11) - 7.001) < 1e-9);
	assert.ok(Math.abs(units.coreSeconds(use, 2, 4) - 3) < 1e-9);
	assert.ok(Math.abs(units.coreSeconds(use, 9, 20) - 0.5) < 1e-9);
	assert.equal(units.coreSeconds(use, 5, 5), 0);
	const series = units.coreUseOfSeries([0, 1, 2], [4, NaN, 2], 4);
	assert.equal(units.coreSeconds(series, 0, 4), 8);
	assert.equal(units.coreSeconds(series, 0.5, 3), 4);
});

test('the serial end is found, with who held it up; a full run has none', () => {
	const p = built(400, 8), facts = units.idleFacts(p, units.chainFind(p), 8, p.duration, null);
	assert.equal(facts.stretches.length, 1);
	const [tail] = facts.stretches;
	assert.ok(tail.tail);
	assert.ok(tail.cores > 0.8 && tail.cores < 1.3, `${tail.cores} cores`);
	assert.equal(tail.programs[0].name, 'ld');
	assert.ok(Math.abs(tail.programs.reduce((s, { seconds }) => s + seconds, 0) - (tail.to - tail.from)) < 1e-6, 'programs add up to the stretch');
	assert.deepEqual(tail.held.slice(0, 2).map(({ process, works }) => [p.name[process], works]), [['ld', true], ['run-tests', true]]);
	const full = processes([[0, 10, -1, { cpu: 0.1 }], ...Array.from({ length: 4 }, () => [0, 10, 0, { cpu: 9.8 }])]);
	assert.deepEqual(units.idleFacts(full, units.chainFind(full), 4, 10, null).stretches, []);
	assert.equal(units.idleFacts(full, units.chainFind(full), null, 10, null), null, 'unknown cores: nothing can be said');
	assert.equal(units.idleFacts(full, units.chainFind(full), 4, 0.4, null), null, 'too short: nothing is said');
});

test('what others on the machine used is told where it matters', () => {
	const p = processes([[0, 10, -1, { cpu: 4 }]]), chain = units.chainFind(p);
	assert.equal(units.idleFacts(p, chain, 4, 10, null, 0.15).others, null);
	assert.ok(Math.abs(units.idleFacts(p, chain, 4, 10, null, 0.8).others - 0.7) < 1e-9);
	assert.equal(units.idleFacts(p, chain, 4, 10, null).others, null);
});

test('a stretch in which others had the cores is told as such', () => {
	const p = processes([[0, 10, -1, { cpu: 5 }]]), chain = units.chainFind(p), series = { t: [0, 5], cores: [1, 0] };
	const of = (t, cores) => units.idleFacts(p, chain, 4, 10, series, null, t && { t, cores }).stretches;
	assert.deepEqual(of(null).map(({ others, taken }) => [others, taken]), [[null, false]], 'nobody knows');
	assert.deepEqual(of([0, 5], [4, 4]).map(({ others, taken }) => [others, taken]), [[3.5, true]]);
	assert.deepEqual(of([0, 5], [1, 0]).map(({ others, taken }) => [others, taken]), [[0, false]]);
	const [some] = of([0, 5], [2, 3]);
	assert.ok(Math.abs(some.others - 2) < 1e-9 && !some.taken, 'one and a half of four stood idle');
});

test('a process that only waited is told as waiting', () => {
	const p = processes([[0, 10, -1, { cpu: 0.1 }], [1, 9, 0, { cpu: 0.01, name: 'sleep' }]]);
	const [stretch] = units.idleFacts(p, units.chainFind(p), 4, 10, null).stretches;
	assert.deepEqual([p.name[stretch.held[0].process], stretch.held[0].works], ['sleep', false]);
});

for (const [line, source] of [
	['gcc -O2 -Iinclude -c src/a.c -o src/a.o', 'src/a.c'],
	['x86_64-linux-gnu-g++-12 -MMD -MF x.d -o a.o -c ./lib/../lib/dag.cpp', 'lib/dag.cpp'],
	['/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus -quiet -imultiarch x86_64-linux-gnu -D_GNU_SOURCE dag.cpp -quiet -dumpbase dag.cpp -dumpbase-ext .cpp -O2 -o /tmp/ccX.s', 'dag.cpp'],
	['cc1 -quiet -nostdinc -I ./include -MMD mm/.memory.o.d -imultiarch x86_64-linux-gnu -D __KERNEL__ mm/memory.c -quiet -dumpbase mm/memory.c', 'mm/memory.c'],
	['dmd -c app.d', 'app.d'],
	['clang-15 -cc1 -triple x86_64 -main-file-name wrong.c -o a.o -x c right.c', 'right.c'],
	['clang++ -include pch.hpp -c x.cc', 'x.cc'],
	['ccache gcc -c b.c', 'b.c'],
	['/bin/sh -c gcc -Wall -c kernel/fork.c -o kernel/fork.o ; ./objtool x.c', 'kernel/fork.c'],
	['sh -c "gcc -c q.c"', 'q.c'],
	['sh configure.c', ''],
	['rustc --crate-name serde --edition=2021 /root/.cargo/registry/serde-1/src/lib.rs --error-format=json --crate-type lib', '/root/.cargo/registry/serde-1/src/lib.rs'],
	['javac -d out -cp a.jar:b.jar -source 8 src/A.java src/B.java src/C.java', 'src/A.java +2'],
	['javac @sources.txt', ''],
	['/usr/lib/go/pkg/tool/linux_amd64/compile -o $WORK/b.a -trimpath x -p internal/abi -std abi.go', 'internal/abi'],
	['gcc a.c b.c -o prog', 'a.c +1'],
	['ld -o prog a.o b.o', ''],
	['vim notes.c', ''],
	['cc1', ''],
	['', ''],
	[`gcc ${'-DX=1 '.repeat(1000)} -c far.c`, 'far.c'],
])
	test(`source of: ${line.slice(0, 70)}`, () => assert.equal(units.commandSource(line), source));

test('helpers work on the source of who started them', () => {
	const lines = ['make -j2', 'gcc -c a.c -o a.o', '/usr/lib/cc1 -quiet a.c -o /tmp/ccQ.s', 'as -o a.o /tmp/ccQ.s', 'as --64 -o own.o own.s'];
	const parent = Int32Array.from([-1, 0, 1, 1, 0]);
	const sources = units.commandSources(lines, parent, units.processesOrder(parent));
	assert.deepEqual(sources, ['', 'a.c', 'a.c', 'a.c', 'own.s']);
	assert.deepEqual(lines.map((_, i) => units.commandSourceOf(lines, parent, i)), sources);
});

test('plain names of programs', () => {
	for (const [word, name] of [['/usr/bin/x86_64-linux-gnu-gcc-12', 'gcc'], ['clang++-15', 'clang++'], ['arm-none-eabi-ld', 'ld'], ['python3.11', 'python3.11'], ['x-y', 'x-y']])
		assert.equal(units.commandProgram(word), name);
});

const world = () => {
	const p = processes([
		[0, 100, -1, { name: 'make', cmdline: 'make -j8', category: 1, pid: 1, cpu: 0.5 }],
		[1, 3, 0, { name: 'cc1', cmdline: 'cc1 A.c', category: 0, pid: 2, cpu: 1.9, pss: 300 * 2 ** 20 }],
		[5, 65, 0, { name: 'ld', cmdline: '/usr/bin/ld -o "my prog"', category: 2, pid: 3, cpu: 50, pss: 2 * 2 ** 30, code: 1 }],
		[70, 100, 0, { name: 'test', cmdline: './test http://x:80/', category: -1, pid: 4, cpu: NaN, code: 137, signal: 9 }]]);
	p.alive[0] = 1;
	return { processes: p, categories: [{ major: 'CPP_Compile', category: 'cc1' }, { major: 'BuildSystem', category: 'make' }, { major: 'CPP_Link', category: 'ld' }],
		source: () => ['', 'A.c', '', ''], isBelow: (i, pid) => pid === 1 && i > 0 };
};

for (const [text, rows] of [
	['', [0, 1, 2, 3]], ['LD', [2]], ['-ld', [0, 1, 3]], ['"-o "', [2]], ['"my prog"', [2]], ['cat:link', [2]], ['cat:!link', [0, 1, 3]], ['cat:compile,build', [0, 1]],
	['cat:="CPP_Link/ld"', [2]], ['cat:=""', [3]], ['name:=ld', [2]], ['name:l', [2]], ['exit:!0', [2, 3]], ['exit:0', [0, 1]], ['exit:1,137', [2, 3]],
	['signal:KILL', [3]], ['signal:sigkill', [3]], ['is:failed', [2, 3]], ['-is:failed', [0, 1]], ['is:killed', [3]], ['is:alive', [0]],
	['cpu>1', [1, 2]], ['cpu>=1.9', [1, 2]], ['cpu:<1s', [0]], ['time:1m', [2]], ['time:10s..1m', [2, 3]], ['mem:>1G', [2]], ['mem:>300MiB', [2]], ['mem>=300M', [1, 2]],
	['src:a.c', [1]], ['src:=""', [0, 2, 3]], ['at:2', [0, 1]], ['start:>4 end:<70', [2]], ['below:1 -cat:link', [1, 3]], ['pid:3', [2]], ['parent:1', [1, 2, 3]], ['http://x:80/', [3]],
	['cmd:http', [3]], ['exit:', [0, 1, 2, 3]], ['nothing-like-it', []],
])
	test(`search: ${text || '(empty)'}`, () => {
		const query = units.queryParse(text, world());
		assert.deepEqual(query.problems, []);
		assert.deepEqual([0, 1, 2, 3].filter(query.test), rows);
	});

test('search: what is not understood is told, and the rest still holds', () => {
	const query = units.queryParse('colour:red cpu>many cat:link', world());
	assert.deepEqual(query.problems, [{ word: 'colour:red', why: 'field' }, { word: 'cpu>many', why: 'number' }]);
	assert.deepEqual([0, 1, 2, 3].filter(query.test), [2]);
});

test('who was alive: what was sampled last, else the peak as a bound; the dead are not', () => {
	const p = world().processes, samples = units.sampleIndexNew(4, [2, 0, 2, 9], [20, 1, 10, 3], [200, 50, 100, 7]);
	const at = (t) => {
		const alive = units.aliveAt(p, samples, t);
		return [[...alive.rows], [...alive.bytes], [...alive.bound], alive.total, alive.bounds];
	};
	assert.deepEqual(at(15), [[2, 0], [100, 50], [0, 0], 150, 0]);
	assert.deepEqual(at(25), [[2, 0], [200, 50], [0, 0], 250, 0]);
	assert.deepEqual(at(6), [[2, 0], [2 * 2 ** 30, 50], [1, 0], 50, 1]);
	assert.deepEqual(at(100)[0], [0], 'the run ends, and with it who was alive');
	assert.deepEqual(at(-1)[0], []);
	assert.equal(units.aliveAt(p, null, 2).bounds, 2);
});

test('groups add up to the whole', () => {
	const p = built(100, 4), all = Int32Array.from({ length: p.n }, (_, i) => i);
	const sums = units.sumsOf(p, all), groups = units.groupsOf(p, all, (i) => p.name[i]);
	assert.equal(groups.reduce((n, g) => n + g.count, 0), p.n);
	assert.ok(Math.abs(groups.reduce((s, g) => s + g.cpu, 0) - sums.cpu) < 1e-6);
	assert.equal(Math.max(...groups.map((g) => g.peak)), sums.peak);
	assert.equal(groups.find((g) => g.key === 'ld').count, 1);
	assert.equal(sums.failed, groups.reduce((n, g) => n + g.failed, 0));
});
