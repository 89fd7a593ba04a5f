// Invented processes of a make that starts sh → gcc → cc1 and as, with directories one behind the other
// and a serial end: what a real build looks like, at any size. By a fixed seed.
import { deflateSync } from 'node:zlib';

function randomOf(seed) {
	let a = seed >>> 0;
	return () => {
		a = (a + 0x6d2b79f5) | 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

export const CATEGORIES = [
	{ major: 'CPP_Compile', category: 'cc1', ignored: false }, { major: 'CPP_Compile', category: 'as', ignored: false },
	{ major: 'CPP_Compile', category: 'Driver_Compile', ignored: false }, { major: 'CPP_Link', category: 'ld', ignored: false },
	{ major: 'BuildSystem', category: 'make', ignored: false }, { major: 'Scripting', category: 'sh', ignored: false },
	{ major: 'Testing', category: 'test-program', ignored: false }, { major: 'OSUtilities', category: 'coreutils', ignored: false }];

/** Rows {start, end, pid, parent, category, cpu, rss, pss, code, signal, name, cmdline, depth} by start. */
export function simulatedBuild({ files, slots, seed = 7 }) {
	const random = randomOf(seed), rows = [];
	let pid = 1000;
	const add = (start, end, parent, category, name, cmdline, busy, mib) => {
		rows.push({ start, end, pid: pid++, parent, category, cpu: (end - start) * busy, rss: mib * 1.1 * 1048576, pss: mib * 1048576, code: 0, signal: 0,
			name, cmdline, depth: parent < 0 ? 0 : rows[parent].depth + 1 });
		return rows.length - 1;
	};
	const root = add(0, 0, -1, 4, 'make', `make -j${slots}`, 0.01, 12);
	const free = new Float64Array(slots);
	for (let i = 0; i < files; i++) {
		let slot = 0;
		for (let k = 1; k < slots; k++)
			if (free[k] < free[slot])
				slot = k;
		const start = free[slot] + 0.001 + random() * 0.002, long = 0.03 + 2.5 * random() ** 4;
		const name = `src/dir${i % 40}/part${i}.c`, output = name.replace('.c', '.o');
		const end = start + long;
		const sh = add(start, end, root, 5, 'sh', `/bin/sh -c "gcc -O2 -Iinclude -c ${name} -o ${output}; echo done"`, 0.01, 1.6);
		if (random() < 0.2)
			add(start + 0.001, start + 0.0018, sh, 7, 'mkdir', `mkdir -p out/dir${i % 40}`, 0.5, 1.4);
		const gcc = add(start + 0.002, end - 0.001, sh, 2, 'gcc', `gcc -O2 -Iinclude -c ${name} -o ${output}`, 0.02, 2.5);
		const middle = start + long * 0.88;
		add(start + 0.004, middle, gcc, 0, 'cc1', `/usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet -Iinclude ${name} -quiet -dumpbase part${i}.c -O2 -o /tmp/cc${i}.s`, 0.97, 40 + 300 * random());
		add(middle + 0.0004, end - 0.002, gcc, 1, 'as', `as --64 -o ${output} /tmp/cc${i}.s`, 0.9, 18);
		if (i % 211 === 210)
			rows[rows.length - 1].code = rows[gcc].code = rows[sh].code = 1;
		free[slot] = end;
	}
	const done = Math.max(...free), tail = done * 0.15;
	const sh = add(done + 0.003, done + tail, root, 5, 'sh', '/bin/sh -c "gcc -o vmapp $(cat objects)"', 0.01, 1.6);
	const gcc = add(done + 0.005, done + tail - 0.002, sh, 2, 'gcc', 'gcc -o vmapp @objects', 0.01, 2.5);
	add(done + 0.008, done + tail - 0.004, gcc, 3, 'ld', '/usr/bin/ld -o vmapp crt1.o @objects -lc', 0.98, 2600);
	const test = add(done + tail + 0.002, done + tail * 1.3, root, 6, 'run-tests', './run-tests --all', 0.95, 90);
	rows[test].signal = 9, rows[test].code = 137;
	rows[root].end = done + tail * 1.3 + 0.05;
	rows[root].cpu = rows[root].end * 0.01;
	const order = rows.map((_, i) => i).sort((a, b) => rows[a].start - rows[b].start || a - b), place = [];
	order.forEach((row, k) => (place[row] = k));
	return order.map((i) => ({ ...rows[i], parent: rows[i].parent < 0 ? -1 : place[rows[i].parent] }));
}

/** A page by docs/page-data.md that has these processes and nothing else measured. */
export function processesPage(rows, cores) {
	const sections = [], parts = [];
	let offset = 0;
	const put = (type, values, scale = 1) => {
		const raw = type === 'text' ? Buffer.from(values.map((v) => `${v.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`).join(''))
			: Buffer.from(Float64Array.from(values, (v) => v ?? NaN).buffer);
		const bytes = deflateSync(raw);
		sections.push({ offset, size: bytes.length, codec: 'deflate', type, count: values.length, delta: false, scale });
		parts.push(bytes);
		offset += bytes.length;
		return sections.length - 1;
	};
	const column = (key) => put('f64', rows.map((r) => r[key]));
	const duration = Math.max(0, ...rows.map((r) => r.end ?? 0));
	const names = [...new Set(rows.map((r) => r.name))], place = new Map(names.map((n, i) => [n, i]));
	const t = [], who = [], bytes = [];
	rows.forEach((r, i) => {
		if (r.end - r.start > 0.25)
			for (const part of [0.1, 0.4, 0.8])
				t.push(r.start + (r.end - r.start) * part), who.push(i), bytes.push(r.pss * part);
	});
	const page = {
		format: 1, kind: 'run', version: '0.1.0', duration_s: duration, start: null,
		report: { format: 1, run: { id: 'invented', label: 'make', command: `make -j${cores}`, host: 'alder', wall_s: duration, exit_code: 2, exit_signal: null, complete: true, recording: false, timed_out: false, snapshot_of: null },
			capture: { source: 'bpf', processes: rows.length, lost_events: 0, partial: false, programs: rows.length }, failure: null, own: { cpu_s: 1, cpu_percent: 0.4, peak_rss_bytes: 5e6, written_bytes: 3e6 },
			peak: { pss_bytes: 3e9, rss_bytes: null, cgroup_bytes: null, t_s: duration * 0.93 }, cpu: { user_s: rows.reduce((s, r) => s + r.cpu, 0), system_s: 0 },
			categories: [], majors: [], top: [], findings: [], outside: [], matched: { processes: 0, cpu_s: 0 },
			machine: { available_least_bytes: null, available_least_t_s: null, swap_most_bytes: null, busy_ratio: null, iowait_ratio: null, waited_cpu_ratio: null, waited_memory_ratio: null, waited_io_ratio: null } },
		machine: { cores, memory_bytes: 64 * 2 ** 30, cgroup_limit_bytes: null, kernel: '6.1.0', cpu: 'invented' },
		categories: CATEGORIES, by_category: [], totals: { levels: [] }, tables: [],
		processes: { count: rows.length, told: rows.length, start_s: column('start'), end_s: column('end'), pid: column('pid'), parent: column('parent'),
			category: column('category'), cpu_s: column('cpu'), peak_rss_bytes: column('rss'), peak_pss_bytes: column('pss'), exit_code: column('code'), exit_signal: column('signal'),
			name: put('f64', rows.map((r) => place.get(r.name))), names: put('text', names), cmdline: put('text', rows.map((r) => r.cmdline)), depth: column('depth') },
		samples: { process: put('f64', who), t: put('f64', t), bytes: put('f64', bytes) }, budget: { bytes: 0, left_out: [] },
	};
	page.sections = sections;
	return { page, data: Buffer.concat(parts) };
}
