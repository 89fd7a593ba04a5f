// The invented runs: a simulated make over so many slots, its memory and CPU at each tick, a few
// monitors' tables. Everything is decided by a fixed seed.
import { deflateSync } from 'node:zlib';

const KINDS = {
	typical: { seconds: 252, processes: 2400, slots: 8, tick: 0.25, memory: 16 },
	one: { seconds: 2.4, processes: 1, slots: 1, tick: 0.05, memory: 8 },
	empty: { seconds: 0.004, processes: 0, slots: 1, tick: 0.05, memory: 8 },
	huge: { seconds: 5400, processes: 50000, slots: 64, tick: 0.75, memory: 256 },
	day: { seconds: 86400, processes: 3000, slots: 4, tick: 10, memory: 32 },
	hostile: { seconds: 20, processes: 60, slots: 2, tick: 0.1, memory: 4 },
	incomplete: { seconds: 61, processes: 300, slots: 4, tick: 0.25, memory: 8 },
	failed: { seconds: 30, processes: 80, slots: 2, tick: 0.1, memory: 4 },
	attached: { seconds: 30, processes: 80, slots: 2, tick: 0.1, memory: 4 },
};

// mulberry32
function randomOf(seed) {
	let a = seed >>> 0;
	return () => {
		a = (a + 0x6d2b79f5) | 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

const MIB = 1048576;
const WORK = [
	{ major: 'CPP_Compile', category: 'GCCInternalCompiler', name: 'cc1plus', share: 0.42, seconds: 3, mib: 380, cmd: (i) => `/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus -quiet -O2 -Iinclude -c src/part${i}.cpp -o /tmp/cc${i}.s` },
	{ major: 'CPP_Compile', category: 'Assembler', name: 'as', share: 0.2, seconds: 0.25, mib: 22, cmd: (i) => `as --64 -o src/part${i}.o /tmp/cc${i}.s` },
	{ major: 'CPP_Compile', category: 'GCCDriver', name: 'g++', share: 0.1, seconds: 2.4, mib: 3, cmd: (i) => `g++ -O2 -Iinclude -c src/part${i}.cpp -o src/part${i}.o` },
	{ major: 'CPP_Link', category: 'ld', name: 'ld', share: 0.01, seconds: 8, mib: 1400, cmd: (i) => `/usr/bin/ld -o bin/tool${i} crt1.o a.o b.o -lc` },
	{ major: 'CPP_Link', category: 'ar', name: 'ar', share: 0.02, seconds: 0.05, mib: 6, cmd: (i) => `ar rcs lib${i}.a a.o b.o` },
	{ major: 'Rust_Compile', category: 'rustc', name: 'rustc', share: 0.02, seconds: 6, mib: 700, cmd: (i) => `rustc --edition=2021 --crate-name c${i} src/lib.rs` },
	{ major: 'Testing', category: 'unit_tests', name: 'unit-test', share: 0.03, seconds: 1, mib: 60, cmd: (i) => `./tests/unit-test --case ${i}` },
	{ major: 'BuildSystem', category: 'make', name: 'make', share: 0.02, seconds: 2, mib: 12, cmd: (i) => `make -C dir${i} all` },
	{ major: 'Scripting', category: 'shell', name: 'sh', share: 0.12, seconds: 0.02, mib: 2, cmd: (i) => `/bin/sh -c 'echo CC part${i}.o; exec true'` },
	{ major: 'OSUtilities', category: 'coreutils', name: 'mkdir', share: 0.04, seconds: 0.001, mib: 1.5, cmd: (i) => `mkdir -p out/${i}` },
	{ major: 'Other', category: 'Other_generate.py', name: 'generate.py', share: 0.01, seconds: 1.2, mib: 45, cmd: (i) => `python3 tools/generate.py --table ${i}` },
	{ major: 'Other', category: 'Other_protoc', name: 'protoc', share: 0.01, seconds: 0.6, mib: 30, cmd: (i) => `protoc --cpp_out=gen m${i}.proto` },
];
const HOSTILE = [
	'sh -c "</script><script>document.title=\'owned\'</script>"',
	'echo "<img src=x onerror=document.title=1>" \'&quot; "',
	'printf \u001b[31mred\u0007\u0000\u009b',
	`cc ${'-DNAME=VALUE '.repeat(10000)}`.slice(0, 131072),
	'echo \u202e\u2066evil.exe\u2069 rtl \u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627',
	'a\nb\nc \\n \\ end',
	'\ufffd\ufffd invalid \ufffd',
	'']
;

class Sections {
	infos = [];
	parts = [];
	offset = 0;

	put(bytes, type, count, { delta = false, scale = 1 } = {}) {
		const packed = deflateSync(bytes, { level: 6 }), plain = packed.length >= bytes.length;
		const chosen = plain ? bytes : packed;
		this.infos.push({ offset: this.offset, size: chosen.length, codec: plain ? 'plain' : 'deflate', type, count, delta, scale });
		this.parts.push(Buffer.from(chosen));
		this.offset += chosen.length;
		return this.infos.length - 1;
	}

	f32(values) {
		return this.put(Buffer.from(Float32Array.from(values, (v) => v ?? NaN).buffer), 'f32', values.length);
	}

	f64(values) {
		return this.put(Buffer.from(Float64Array.from(values, (v) => v ?? NaN).buffer), 'f64', values.length);
	}

	i32(values) {
		return this.put(Buffer.from(Int32Array.from(values, (v) => v ?? -0x80000000).buffer), 'i32', values.length);
	}

	u32(values, scale = 1) {
		return this.put(Buffer.from(Uint32Array.from(values, (v) => (v === null || Number.isNaN(v) ? 0xffffffff : Math.round(v / scale))).buffer), 'u32', values.length, { scale });
	}

	// Times in order: milliseconds from one to the next.
	times(values, scale = 0.001) {
		let last = 0;
		const steps = Array.from(values, (v) => { const at = Math.round(v / scale), step = at - last; last = at; return step; });
		return this.put(Buffer.from(Uint32Array.from(steps).buffer), 'u32', values.length, { delta: true, scale });
	}

	text(values) {
		const joined = values.map((v) => `${v.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`).join('');
		return this.put(Buffer.from(joined), 'text', values.length);
	}
}

function pick(random) {
	let r = random();
	for (const [i, work] of WORK.entries())
		if ((r -= work.share) < 0)
			return i;
	return 0;
}

// Slots take the next piece of work as they become free; the last tenth of the time one slot links.
function simulate(kind, { seconds, processes, slots }, random) {
	const rows = [];
	if (processes === 0)
		return rows;
	const row = (work, start, end, parent, depth, i) => ({
		work, start, end, parent, depth, pid: 1000 + rows.length, name: WORK[work].name, cmdline: WORK[work].cmd(i),
		cpu: (end - start) * (0.7 + random() * 0.3), peak: WORK[work].mib * MIB * (0.4 + random() * 1.2), code: 0, signal: 0 });
	rows.push(row(7, 0, seconds, -1, 0, 0));
	rows[0].cmdline = `make -j${slots}`;
	rows[0].cpu = seconds * 0.01;
	const busy = seconds * 0.88;
	const chosen = Array.from({ length: processes - 1 }, () => pick(random));
	const total = chosen.reduce((sum, w) => sum + WORK[w].seconds, 0) || 1;
	const stretch = (busy * slots) / total;
	const free = Array.from({ length: slots }, (_, i) => i * 0.01);
	for (const [i, work] of chosen.entries()) {
		const slot = free.indexOf(Math.min(...free));
		const length = Math.max(0.001, WORK[work].seconds * stretch * (0.3 + 1.4 * random()));
		const start = Math.min(seconds * 0.97, free[slot]), end = Math.min(seconds * 0.985, start + length);
		const shell = work === 8 && rows.length > 1;
		rows.push(row(work, start, end, shell ? Math.max(0, rows.length - 1 - Math.floor(random() * 4)) : 0, shell ? 2 : 1, i));
		free[slot] = end + 0.002;
	}
	if (processes > 10) {
		rows.push(row(3, seconds * 0.9, seconds * 0.995, 0, 1, 0));
		rows[rows.length - 1].peak = 2600 * MIB;
	}
	for (const [i, r] of rows.entries())
		if (i > 0 && i % 97 === 0)
			r.code = 1;
	if (kind === 'hostile')
		for (const [i, r] of rows.entries())
			if (i > 0)
				r.cmdline = HOSTILE[i % HOSTILE.length], r.name = i % 3 === 0 ? '<b>x</b>\u001b' : r.name;
	rows.sort((a, b) => a.start - b.start);
	if (kind === 'typical' || kind === 'huge') {
		const killed = rows[rows.length - 1];
		killed.signal = 9;
		killed.code = 137;
	}
	if (kind === 'incomplete')
		for (const r of rows)
			if (r.end > seconds * 0.97)
				r.end = null;
	return rows;
}

// Sums by category at each tick: memory grows over a process's life, CPU is even.
function ticksOf(rows, { seconds, tick }, indexOfWork, n, random) {
	const count = rows.length === 0 ? 0 : Math.max(2, Math.floor(seconds / tick));
	const t = Array.from({ length: count }, (_, i) => i * tick);
	const make = () => Array.from({ length: n }, () => new Float64Array(count));
	const pss = make(), cpu = make(), alive = make();
	for (const r of rows) {
		const c = indexOfWork[r.work], end = r.end ?? seconds;
		for (let i = Math.ceil(r.start / tick); i < count && i * tick <= end; i++) {
			const part = (i * tick - r.start) / Math.max(0.001, end - r.start);
			pss[c][i] += r.peak * (0.35 + 0.65 * part);
			cpu[c][i] += r.cpu / Math.max(0.001, end - r.start) * (0.9 + 0.1 * random());
			alive[c][i] += 1;
		}
	}
	return { t, pss, cpu, alive, rss: pss.map((s) => s.map((v) => v * 1.12)) };
}

// A bucket tells the parts of its tick with the highest total.
function bucketed(t, parts, buckets) {
	const n = t.length;
	if (n <= buckets)
		return { t, parts };
	const times = [], out = parts.map(() => []);
	for (let b = 0; b < buckets; b++) {
		const from = Math.floor((b * n) / buckets), to = Math.floor(((b + 1) * n) / buckets);
		let best = from, most = -1;
		for (let i = from; i < to; i++) {
			const sum = parts.reduce((s, p) => s + p[i], 0);
			if (sum > most)
				most = sum, best = i;
		}
		times.push(t[from]);
		parts.forEach((p, k) => out[k].push(p[best]));
	}
	return { t: times, parts: out };
}

function minMax(t, values, buckets) {
	const n = t.length;
	if (n <= buckets)
		return { t, min: values, max: values };
	const out = { t: [], min: [], max: [] };
	for (let b = 0; b < buckets; b++) {
		const from = Math.floor((b * n) / buckets), part = values.slice(from, Math.floor(((b + 1) * n) / buckets)).filter((v) => v !== null);
		out.t.push(t[from]);
		out.min.push(part.length > 0 ? Math.min(...part) : null);
		out.max.push(part.length > 0 ? Math.max(...part) : null);
	}
	return out;
}

const LEVELS = [1200, 9600, Infinity];
const levelsFor = (n) => LEVELS.filter((size, i) => i === 0 || n > LEVELS[i - 1]);

function categoryMetrics(sections, ticks) {
	const write = (metric, unit, parts, scale) => ({ metric, unit, levels: levelsFor(ticks.t.length).map((size) => {
		const level = bucketed(ticks.t, parts, size);
		return { t: sections.times(level.t), series: level.parts.map((values, category) => ({ category, max: sections.u32(values, scale), min: null })) };
	}) });
	if (ticks.t.length === 0)
		return [];
	return [write('pss', 'bytes', ticks.pss, 1024), write('rss', 'bytes', ticks.rss, 1024), write('cpu', 'cores', ticks.cpu, 0.001), write('processes', 'count', ticks.alive, 1)];
}

const sumOf = (parts, n) => Array.from({ length: n }, (_, i) => parts.reduce((s, p) => s + p[i], 0));

function totalsOf(sections, ticks) {
	const n = ticks.t.length;
	if (n === 0)
		return { levels: [] };
	const columns = { pss_bytes: sumOf(ticks.pss, n), rss_bytes: sumOf(ticks.rss, n), processes: sumOf(ticks.alive, n), cpu: sumOf(ticks.cpu, n) };
	columns.cgroup_bytes = columns.pss_bytes.map((v, i) => v * 1.1 + Math.min(2e9, i * 4e6));
	const scales = { pss_bytes: 1024, rss_bytes: 1024, cgroup_bytes: 1024, processes: 1, cpu: 0.001 };
	return { levels: levelsFor(n).map((size) => {
		const told = {};
		let t = null;
		for (const [name, values] of Object.entries(columns)) {
			const level = minMax(ticks.t, values, size);
			t = level.t;
			told[name] = { min: sections.u32(level.min, scales[name]), max: sections.u32(level.max, scales[name]) };
		}
		return { t: sections.times(t), columns: told };
	}) };
}

function table(sections, t, name, title, help, findings, keys, columns, series) {
	return { name, title, help, findings, keys,
		columns: columns.map(([column, label, unit, role, text]) => ({ name: column, label, unit, role, help: text })),
		series: series.map(([key, column, values]) => ({ key, column, levels: levelsFor(t.length).map((size) => {
			const level = minMax(t, values, size);
			return { t: sections.times(level.t), min: sections.f32(level.min), max: sections.f32(level.max) };
		}) })) };
}

function tablesOf(sections, kind, { seconds, tick, memory }, ticks, random) {
	if (ticks.t.length === 0)
		return [];
	const t = ticks.t, n = t.length, cpu = sumOf(ticks.cpu, n), pss = sumOf(ticks.pss, n);
	// A gap, as a suspended machine leaves it.
	const gap = (values) => values.map((v, i) => (kind === 'day' && i > n * 0.4 && i < n * 0.45 ? null : v));
	const wave = (base, size) => gap(t.map((at) => Math.max(0, base + size * Math.sin(at / seconds * 12) + size * 0.4 * (random() - 0.5))));
	const pressure = (values) => gap(values.map((v) => Math.max(0, Math.min(1e6, v))));
	const tables = [
		table(sections, t, 'memory', 'memory', 'memory, swap, reclaim and commit of the machine', 1, [], [
			['available_bytes', 'available', 'bytes', 'gauge', 'what programs can still get without swapping'],
			['cached_bytes', 'cached', 'bytes', 'gauge', 'cache of files, and shmem'],
			['dirty_bytes', 'dirty', 'bytes', 'gauge', 'waiting to be written'],
			['major_faults', 'major faults', 'count', 'counter', 'page faults with I/O']],
		[['', 0, gap(pss.map((v) => Math.max(1e8, memory * 2 ** 30 - v)))], ['', 1, wave(2.5e9, 1e9)], ['', 2, wave(2e8, 2e8)], ['', 3, wave(40, 60)]]),
		table(sections, t, 'cpu', 'cpu', 'CPU times by kind, load, run queue, switches, forks', 0, ['cpu'], [
			['user_us', 'user', 'us', 'counter', 'programs, guests too'], ['system_us', 'system', 'us', 'counter', 'the kernel for programs'],
			['iowait_us', 'iowait', 'us', 'counter', 'nothing to do, while a task waits for I/O'],
			['context_switches', 'context switches', 'count', 'counter', 'from one task to another'],
			['running_tasks', 'running tasks', 'count', 'gauge', 'tasks that run or could']],
		[['', 0, cpu.map((v) => v * 9e5)], ['', 1, cpu.map((v) => v * 1e5)], ['', 2, wave(1e5, 1e5)], ['', 3, wave(12000, 6000)], ['', 4, cpu.map((v) => Math.round(v + random() * 3))],
			['0', 0, wave(6e5, 3e5)], ['1', 0, wave(5e5, 3e5)]]),
		table(sections, t, 'pressure', 'pressure', 'time lost waiting for CPU, memory, I/O (PSI)', 1, ['resource'], [
			['some_us', 'some', 'us', 'counter', 'time in which some task waited'], ['full_us', 'full', 'us', 'counter', 'time in which every task that was not idle waited']],
		[['cpu', 0, pressure(wave(3e5, 3e5))], ['memory', 0, pressure(t.map((at) => (at > seconds * 0.9 ? 7e5 : 5e3) * random()))], ['io', 0, pressure(wave(4e4, 8e4))],
			['memory', 1, pressure(t.map((at) => (at > seconds * 0.9 ? 4e5 : 1e3) * random()))], ['io', 1, pressure(wave(2e4, 5e4))]]),
		table(sections, t, 'disk', 'disk', 'how full disks are, and what block devices do', 0, ['device'], [
			['read_bytes', 'read', 'bytes', 'counter', 'read from the device'], ['write_bytes', 'written', 'bytes', 'counter', 'written to the device']],
		[['nvme0n1', 0, wave(2e7, 5e7)], ['nvme0n1', 1, wave(9e7, 9e7)], ['sda', 0, wave(1e6, 2e6)], ['sda', 1, wave(4e6, 4e6)]]),
		table(sections, t, 'network', 'network', 'bytes, packets, errors, drops of each interface', 0, ['interface'], [
			['received_bytes', 'received', 'bytes', 'counter', 'received'], ['sent_bytes', 'sent', 'bytes', 'counter', 'sent']],
		[['eth0', 0, wave(2e5, 9e5)], ['eth0', 1, wave(4e4, 9e4)], ['lo', 0, wave(3e3, 3e3)]]),
		table(sections, t, 'temperature', 'temperature', 'temperatures, fans, throttling, CPU frequency', 0, ['sensor'], [
			['celsius', 'temperature', 'celsius', 'gauge', 'as the chip says'], ['rpm', 'fan', 'rpm', 'gauge', 'turns a minute']],
		[['Package id 0', 0, wave(68, 14)], ['Core 0', 0, wave(64, 15)], ['Core 1', 0, wave(66, 15)], ['fan1', 1, wave(2400, 900)]]),
		table(sections, t, 'license', 'licences of the Fortran compiler', 'declared in build.toml', 0, [], [['used', 'licences used', 'count', 'gauge', 'of 4']],
			[['', 0, wave(2, 2).map((v) => (v === null ? null : Math.round(v)))]]),
	];
	if (kind === 'attached')
		tables.push(
			table(sections, t, 'folio_migration', 'Folio migration', '', 0, [], [['success', 'success', 'count', 'counter', ''], ['fail', 'fail', 'count', 'counter', ''], ['total', 'total', 'count', 'counter', '']],
				[['', 0, t.map(() => 30)], ['', 1, t.map(() => 10)], ['', 2, t.map(() => 40)]]),
			table(sections, t, 'buddy', 'Buddy', 'free memory by size of block', 0, ['node', 'zone', 'migratetype'], [['order_0_blocks', 'order 0 blocks', 'count', 'gauge', ''], ['order_9_blocks', 'order 9 blocks', 'count', 'gauge', '']],
				[['node 0 Normal', 0, wave(900, 200)], ['node 0 Normal', 1, wave(12, 3)], ['node 0 Normal Movable', 0, wave(700, 200)]]));
	tables.push({ name: 'kernel', title: 'kernel', help: 'OOM kills, refused forks, I/O errors, heat: /dev/kmsg', findings: 1, keys: [], columns: [], series: [],
		events: [{ t_s: seconds * 0.995, severity: 'critical', title: 'OOM kill', text: 'Out of memory: Killed process 3402 (ld) total-vm:4201212kB' },
			{ t_s: seconds * 0.62, severity: 'warning', title: 'thermal', text: 'CPU3: Core temperature above threshold, cpu clock throttled' },
			{ t_s: seconds * 0.1, severity: 'info', title: 'mount', text: kind === 'hostile' ? HOSTILE[0] : 'EXT4-fs (sdb1): mounted filesystem' }] });
	return tables;
}

function findingsOf(kind, { seconds }) {
	const hostile = kind === 'hostile' ? ` ${HOSTILE[0]}` : '';
	if (!['typical', 'huge', 'hostile', 'day'].includes(kind))
		return [];
	return [
		{ id: 'oom', severity: 'critical', t_s: seconds * 0.995, title: `the kernel killed ld (pid 3402, 2.5 GiB): out of memory${hostile}`,
			evidence: 'kernel log: Out of memory: Killed process 3402 (ld)', advice: 'link with fewer jobs at a time, or raise the limit:\necho 6G | sudo tee /sys/fs/cgroup/build/memory.max\n' },
		{ id: 'memory-pressure', severity: 'warning', t_s: seconds * 0.91, title: 'tasks waited for memory for 12 s', evidence: 'PSI memory some: 58 % from 3m 49s on', advice: 'Fewer jobs at the end would not wait.' },
		{ id: 'serial-tail', severity: 'warning', t_s: seconds * 0.9, title: 'only one core was busy in the last tenth of the run', evidence: 'ld ran alone', advice: 'mold or lld link in parallel.' },
		{ id: 'load-before', severity: 'info', t_s: -30, title: 'the machine was busy before the run', evidence: 'load 3.1', advice: null },
		{ id: 'no-swap', severity: 'info', t_s: null, title: 'there is no swap', evidence: 'SwapTotal 0', advice: null },
	];
}

function reportOf(kind, shape, rows, ticks, categories, indexOfWork) {
	const n = ticks.t.length, pss = sumOf(ticks.pss, n);
	const peak = n > 0 ? Math.max(...pss) : null, at = n > 0 ? ticks.t[pss.indexOf(peak)] : null;
	const failed = kind === 'typical' || kind === 'huge' || kind === 'failed';
	const cpu = rows.reduce((s, r) => s + r.cpu, 0);
	const group = (index) => {
		const mine = rows.filter((r) => indexOfWork[r.work] === index);
		return { processes: Math.max(1, mine.length), peak_pss_bytes: n > 0 ? Math.max(...ticks.pss[index]) : null,
			largest_process_bytes: Math.max(0, ...mine.map((r) => r.peak)), cpu_s: mine.reduce((s, r) => s + r.cpu, 0) };
	};
	const heaviest = [...rows].sort((a, b) => b.peak - a.peak).slice(0, 20);
	return {
		format: 1,
		run: { id: `20261121-141502-${kind}`, label: kind === 'hostile' ? HOSTILE[0] : 'make', command: kind === 'empty' ? 'true' : kind === 'hostile' ? HOSTILE[3] : `make -j${shape.slots}`, host: 'alder',
			wall_s: shape.seconds, exit_code: failed ? 2 : kind === 'incomplete' || kind === 'attached' ? null : 0, exit_signal: null, complete: kind !== 'incomplete',
			recording: false, timed_out: false, snapshot_of: null },
		capture: { source: kind === 'hostile' ? 'poll' : 'bpf', processes: rows.length, programs: rows.length, lost_events: kind === 'day' ? 12 : 0, partial: kind === 'hostile' },
		own: { cpu_s: shape.seconds * 0.004, cpu_percent: 0.4, peak_rss_bytes: 5.2 * MIB, written_bytes: 3.1 * MIB },
		peak: { pss_bytes: peak, rss_bytes: peak === null ? null : peak * 1.12, cgroup_bytes: peak === null ? null : peak * 1.2, t_s: at },
		cpu: { user_s: rows.length > 0 ? cpu * 0.9 : null, system_s: rows.length > 0 ? cpu * 0.1 : null },
		categories: categories.map((c, i) => ({ major: c.major, category: c.category, ...group(i) })),
		top: heaviest.map((r) => ({ pid: r.pid, cmdline: r.cmdline, category: WORK[r.work].category, peak_rss_bytes: r.peak * 1.1, peak_pss_bytes: r.peak, cpu_s: r.cpu, wall_s: r.end === null ? null : r.end - r.start })),
		findings: findingsOf(kind, shape),
		machine: { available_least_bytes: n > 0 ? shape.memory * 2 ** 30 - peak : null, available_least_t_s: at, swap_most_bytes: n > 0 ? 0 : null, busy_ratio: n > 0 ? 0.71 : null, iowait_ratio: n > 0 ? 0.03 : null,
			waited_cpu_ratio: n > 0 ? 0.31 : null, waited_memory_ratio: n > 0 ? 0.05 : null, waited_io_ratio: n > 0 ? 0.04 : null },
		majors: [], outside: [], matched: { processes: 0, cpu_s: 0 },
		failure: kind === 'failed' ? { pid: 4711, cmdline: '/usr/lib/gcc/cc1plus -quiet x.cpp', category: 'GCCInternalCompiler', exit_code: null, exit_signal: 9, t_s: 12.5 } : null,
	};
}

// Memory of processes where it changed: four moments of each.
function samplesOf(sections, rows, seconds) {
	if (rows.length === 0)
		return null;
	const all = [];
	for (const [i, r] of rows.entries()) {
		const end = r.end ?? seconds;
		for (const part of end - r.start > 0.2 ? [0.02, 0.3, 0.6, 0.95] : [])
			all.push([r.start + (end - r.start) * part, i, r.peak * (0.35 + 0.65 * part)]);
	}
	all.sort((a, b) => a[0] - b[0]);
	return { process: sections.u32(all.map((s) => s[1])), t: sections.times(all.map((s) => s[0])), bytes: sections.u32(all.map((s) => s[2]), 1024) };
}

/** The page's JSON and its binary sections. */
export function buildPage(kind, seed = 20261121) {
	const shape = KINDS[kind];
	if (!shape)
		throw new Error(`no fixture ${kind}; one of: ${Object.keys(KINDS).join(' ')}`);
	const random = randomOf(seed), sections = new Sections();
	const rows = simulate(kind, shape, random);
	const used = WORK.map((_, i) => i).filter((i) => rows.some((r) => r.work === i));
	used.sort((a, b) => WORK[b].mib - WORK[a].mib);
	const indexOfWork = WORK.map((_, i) => used.indexOf(i));
	const categories = used.map((i) => ({ major: WORK[i].major, category: WORK[i].category, ignored: false }));
	const ticks = ticksOf(rows, shape, indexOfWork, used.length, random);
	const names = [...new Set(rows.map((r) => r.name))];
	const page = {
		format: 1, kind: 'run', version: '0.1.0', report: reportOf(kind, shape, rows, ticks, categories, indexOfWork),
		start: kind === 'empty' ? null : { realtime_s: 1795270502, zone_minutes: 60 }, duration_s: shape.seconds,
		machine: { cores: shape.slots, memory_bytes: shape.memory * 2 ** 30, cgroup_limit_bytes: kind === 'typical' ? 12 * 2 ** 30 : null, kernel: '6.1.0-48-amd64', cpu: 'AMD Ryzen 7 5700G' },
		categories, by_category: categoryMetrics(sections, ticks), totals: totalsOf(sections, ticks),
		tables: tablesOf(sections, kind, shape, ticks, random),
		processes: {
			count: rows.length, told: rows.length,
			start_s: sections.times(rows.map((r) => r.start)), end_s: sections.f64(rows.map((r) => r.end)), pid: sections.u32(rows.map((r) => r.pid)),
			parent: sections.i32(rows.map((r) => r.parent)), category: sections.u32(rows.map((r) => indexOfWork[r.work])),
			cpu_s: sections.f32(rows.map((r) => r.cpu)), peak_rss_bytes: sections.u32(rows.map((r) => r.peak * 1.1), 1024), peak_pss_bytes: sections.u32(rows.map((r) => r.peak), 1024),
			exit_code: sections.i32(rows.map((r) => (r.end === null ? null : r.code))), exit_signal: sections.i32(rows.map((r) => r.signal)),
			name: sections.u32(rows.map((r) => names.indexOf(r.name))), names: sections.text(names),
			cmdline: sections.text(rows.map((r) => r.cmdline)), depth: sections.u32(rows.map((r) => r.depth)),
		},
		samples: samplesOf(sections, rows, shape.seconds),
		budget: { bytes: 5 * MIB, left_out: kind === 'huge' ? ['memory of 31,200 short processes over time'] : [] },
	};
	page.sections = sections.infos;
	return { page, data: Buffer.concat(sections.parts) };
}
