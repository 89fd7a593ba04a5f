// Invented comparisons: the invented runs beside each other, each with a seed of its own; those of the other side
// take a fifth longer and hold a third more. Figures are made of the runs as `vigia compare` makes them.
import { buildPage } from './fixture-data.mjs';

const PLANS = {
	'compare-two': { kind: 'typical', runs: [1, 1] },
	'compare-groups': { kind: 'incomplete', runs: [3, 3, 2] },
	'compare-many': { kind: 'incomplete', runs: [20, 20] },
	'compare-hostile': { kind: 'hostile', runs: [1, 2] },
	'compare-empty': { kind: 'empty', runs: [1, 1] },
};
const SLOWER = 1.2, LARGER = 1.33;
const HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror=alert(1)> \u202e\u2066gpj.\u001b[31m';

/** A run's own data behind those of others: its sections get other numbers; times and memory of the other side grow. */
function beside(all, { page, data }, other) {
	const first = all.sections.length, offset = all.size, named = new Map();
	const put = (ref, factor) => {
		const key = `${ref} ${factor}`;
		if (!named.has(key)) {
			const info = page.sections[ref];
			all.sections.push({ ...info, offset: info.offset + offset, scale: (info.scale || 1) * factor });
			named.set(key, all.sections.length - 1);
		}
		return named.get(key);
	};
	const time = other ? SLOWER : 1, memory = other ? LARGER : 1;
	const level = ({ t, series, columns, ...rest }, factor) => ({ ...rest, t: put(t, time),
		...(series ? { series: series.map((one) => ({ ...one, min: null, max: put(one.max, factor) })) } : {}),
		...(columns ? { columns: Object.fromEntries(Object.entries(columns).map(([name, c]) => [name, { min: null, max: put(c.max, /bytes/.test(name) ? memory : 1) }])) } : {}) });
	all.parts.push(data);
	all.size += data.length;
	const metrics = page.by_category.filter(({ metric }) => metric === 'pss' || metric === 'cpu').map((one) => ({ ...one, levels: one.levels.map((l) => level(l, one.metric === 'pss' ? memory : 1)) }));
	// What all categories hold together stands in the sums.
	for (const metric of metrics)
		for (const [i, l] of metric.levels.entries())
			l.total = put(page.totals.levels[i].columns[metric.metric === 'pss' ? 'pss_bytes' : 'cpu'].max, metric.metric === 'pss' ? memory : 1);
	const numbers = (values) => {
		const bytes = Buffer.from(Float64Array.from(values).buffer);
		all.sections.push({ offset: all.size, size: bytes.length, codec: 'plain', type: 'f64', count: values.length, delta: false, scale: 1 });
		all.parts.push(bytes);
		all.size += bytes.length;
		return all.sections.length - 1;
	};
	const samples = Array.from({ length: 60 }, (_, i) => i), calls = other ? 200 : 100;
	return { first, over: {
		migration: page.duration_s < 100 ? null : { table: 'folio_migration', t: numbers(samples.map((i) => i * 2)), calls: numbers(samples.map((i) => i * calls)), success: numbers(samples.map((i) => i * calls * (other ? 0.8 : 0.9))) },
		findings: other ? page.report.findings.filter(({ severity }) => severity !== 'info').map(({ id, severity, t_s, title }) => ({ id, severity, t_s, title })) : [],
		start: page.start, duration_s: page.duration_s * time, machine: page.machine, categories: page.categories, by_category: metrics,
		totals: { levels: page.totals.levels.map((l) => level(l, 1)) },
		tables: page.tables.filter(({ events }) => !events).map((table) => ({ ...table, findings: 0,
			series: table.series.map((one) => ({ ...one, levels: one.levels.map(({ t, max }) => ({ t: put(t, time), min: null, max: put(max, 1) })) })) })) } };
}

const quantile = (sorted, q) => { const at = (sorted.length - 1) * q, low = Math.floor(at); return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low); };
function spread(values) {
	const known = values.filter((v) => v !== null).sort((a, b) => a - b), n = known.length;
	if (n === 0)
		return { n, unknown: values.length, mean: null, sd: null, median: null, quartile_low: null, quartile_high: null, min: null, max: null };
	const mean = known.reduce((a, b) => a + b) / n;
	return { n, unknown: values.length - n, mean, sd: n > 1 ? Math.sqrt(known.reduce((s, v) => s + (v - mean) ** 2, 0) / (n - 1)) : null,
		median: quantile(known, 0.5), quartile_low: quantile(known, 0.25), quartile_high: quantile(known, 0.75), min: known[0], max: known[n - 1] };
}

function figure(what, a, b, judged) {
	const base = spread(a), other = spread(b), known = base.n > 0 && other.n > 0, change = known ? other.mean - base.mean : null;
	const ratio = known && base.mean > 0 ? other.mean / base.mean : null, sure = base.n > 1 && other.n > 1 && ratio !== null;
	const half = sure ? 2 * Math.sqrt((base.sd ** 2) / base.n + (other.sd ** 2) / other.n) : null;
	const interval = sure ? { change_low: change - half, change_high: change + half, ratio_low: ratio - half / base.mean, ratio_high: ratio + half / base.mean }
		: { change_low: null, change_high: null, ratio_low: null, ratio_high: null };
	const verdict = !known ? 'unknown' : change === 0 ? 'alike' : !sure ? 'unsure' : interval.ratio_low > 1 ? (judged ? 'worse' : 'more') : interval.ratio_high < 1 ? (judged ? 'better' : 'less') : 'unclear';
	return { major: null, monitor: null, of: null, statistic: 'value', ...what, base, other, change, ratio, ...interval, interval: sure ? 'welch' : 'none', verdict };
}

/** Of one run, by the name of the figure. */
function figuresOf({ report, duration_s: wall }, other) {
	const { cpu, peak } = report, time = other ? SLOWER : 1, memory = other ? LARGER : 1, seconds = cpu.user_s === null ? null : cpu.user_s + cpu.system_s;
	const of = (value, factor) => (value === null ? null : value * factor);
	return { wall: wall * time, cpu: of(seconds, 1), user: cpu.user_s, system: cpu.system_s, cores: seconds === null ? null : seconds / wall / time,
		peak_pss: of(peak.pss_bytes, memory), peak_rss: of(peak.rss_bytes, memory), peak_cgroup: of(peak.cgroup_bytes, memory), processes: report.capture.processes };
}

function compared(pages, base, other) {
	const sides = [base, other].map((group) => pages.filter((one) => one.group === group)), figures = [];
	const units = { wall: 's', cpu: 's', user: 's', system: 's', cores: '', peak_pss: 'bytes', peak_rss: 'bytes', peak_cgroup: 'bytes', processes: 'count' };
	for (const [name, unit] of Object.entries(units))
		figures.push(figure({ section: 'run', name, unit }, ...sides.map((runs) => runs.map((run) => run.figures[name])), name !== 'cores' && name !== 'processes'));
	for (const { major, category } of sides[0][0].page.categories)
		for (const [statistic, unit, key] of [['peak', 'bytes', 'peak_pss_bytes'], ['cpu', 's', 'cpu_s']])
			figures.push(figure({ section: 'category', name: category, major, statistic, unit },
				...sides.map((runs, side) => runs.map(({ page }) => (page.report.categories.find((c) => c.category === category)?.[key] ?? 0) * (side === 1 && statistic === 'peak' ? LARGER : 1))), true));
	figures.push(figure({ section: 'monitor', monitor: 'disk', of: 'nvme0n1', name: 'write_bytes', statistic: 'total', unit: 'bytes' }, sides[0].map(() => 1e9), sides[1].map((_, i) => 9e9 + i), false));
	return figures;
}

/** The page's JSON and its binary sections. */
export function buildCompare(kind) {
	const { kind: of, runs } = PLANS[kind], all = { sections: [], parts: [], size: 0 }, pages = [];
	const hostile = kind === 'compare-hostile', names = hostile ? [HOSTILE, `${'long '.repeat(200)}${HOSTILE}`] : ['baseline', 'dev', 'later'];
	const over = runs.flatMap((n, group) => Array.from({ length: n }, (_, run) => {
		const built = buildPage(of, 20261121 + pages.length), other = group > 0, figures = figuresOf(built.page, other);
		pages.push({ group, page: built.page, figures });
		return { group, run, figures, ...beside(all, built, other).over };
	}));
	const groups = runs.map((n, group) => ({ name: names[group], jobs: null, runs: Array.from({ length: n }, (_, run) => ({
		id: hostile ? HOSTILE : `20261121-1415${String(10 + group * 20 + run)}-make`, path: 'run', label: names[group], command: hostile ? HOSTILE.repeat(50) : 'make -j8', host: 'alder', kernel: '6.1.0', cpus: 8, jobs: null, source: 'bpf',
		exit_code: group === 1 && run === 0 ? 2 : 0, exit_signal: null, failed: group === 1 && run === 0, complete: true, partial: false })) }));
	const pairs = runs.slice(1).map((_, i) => [0, i + 1]);
	const page = { format: 1, kind: 'compare', version: '0.1.0',
		comparison: { format: 1, answer: `${names[1]} took longer than ${names[0]}`, groups, notes: [{ severity: 'info', text: `commands differ: ${hostile ? HOSTILE : 'make -j8'}` }],
			comparisons: pairs.map(([base, other]) => ({ base: names[base], other: names[other], jobs: null, figures: compared(pages, base, other) })), figures_left_out: 0, regression: null },
		pairs, per_jobs: false, duration_s: Math.max(...over.map((one) => one.duration_s)), sections: all.sections, runs: over,
		budget: { bytes: 5000000, left_out: kind === 'compare-many' ? ['the finer steps of cpu'] : [] } };
	return { page, data: Buffer.concat(all.parts) };
}
