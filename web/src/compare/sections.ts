// The charts of a comparison: memory and CPU of the tree, the same by category, and any monitor's table that
// both sides have.
import { CategoryView } from '../categories';
import { Choice } from '../choice';
import { english, h, replace, shown } from '../dom';
import { bytes, count, quantity } from '../format';
import { fragment } from '../fragment';
import { texts } from '../i18n';
import { plansOf, type Plan } from '../monitor-plans';
import type { Category, Series, Table } from '../page-types';
import type { Viewport } from '../viewport';
import { OverlayChart } from './chart';
import type { RunView, ShownRun } from './runs';
import { mostOf, type Part, type Thing } from './things';
import type { Figure } from './types';

const t = texts({
	en: { memory: 'Memory', cpu: 'CPU', cores: 'cores busy', categories: 'By category', monitors: 'The machine meanwhile', measure: 'Measure', style: 'Categories', major: 'major', detailed: 'detailed', tree: 'memory of all processes together', noMemory: 'No memory was measured on both sides.', noCpu: 'No CPU time was measured over time on both sides.',
		machine: 'machine', core: '1 core', coresLimit: '{n} cores', aligned: 'Each run from its own start; {base} solid, {other} dashed.', means: 'Bold lines are means of those runs that were still going.', memoryOf: 'memory', cpuOf: 'CPU', labelMemory: 'Memory over time, runs beside each other', labelCpu: 'Cores busy over time, runs beside each other', labelCategories: 'Categories over time, runs beside each other', labelColumn: '{column} over time, runs beside each other',
		none: 'There is no monitor’s table that both sides have.', zero: 'Always 0:', differs: '{n} {n?differs:differ}' },
	pt: { memory: 'Memória', cpu: 'CPU', cores: 'núcleos ocupados', categories: 'Por categoria', monitors: 'A máquina entretanto', measure: 'Medida', style: 'Categorias', major: 'principais', detailed: 'detalhadas', tree: 'memória de todos os processos juntos', noMemory: 'Não se mediu memória dos dois lados.', noCpu: 'Não se mediu tempo de CPU ao longo do tempo dos dois lados.',
		machine: 'máquina', core: '1 núcleo', coresLimit: '{n} núcleos', aligned: 'Cada execução a partir do seu início; {base} a cheio, {other} a tracejado.', means: 'As linhas grossas são médias das execuções que ainda corriam.', memoryOf: 'memória', cpuOf: 'CPU', labelMemory: 'Memória ao longo do tempo, execuções lado a lado', labelCpu: 'Núcleos ocupados ao longo do tempo, execuções lado a lado', labelCategories: 'Categorias ao longo do tempo, execuções lado a lado', labelColumn: '{column} ao longo do tempo, execuções lado a lado',
		none: 'Não há tabela de monitor que os dois lados tenham.', zero: 'Sempre 0:', differs: '{n} {n?difere:diferem}' },
	zh: { memory: '内存', cpu: 'CPU', cores: '占用核数', categories: '按类别', monitors: '同时的机器状态', measure: '指标', style: '类别', major: '主类', detailed: '细分', tree: '所有进程的内存合计', noMemory: '双方没有都测到内存。', noCpu: '双方没有都测到随时间变化的 CPU 时间。',
		machine: '整机', core: '1 核', coresLimit: '{n} 核', aligned: '各次运行从各自的开始对齐；{base} 为实线，{other} 为虚线。', means: '粗线为仍在进行的各次运行的平均。', memoryOf: '内存', cpuOf: 'CPU', labelMemory: '各次运行的内存随时间变化', labelCpu: '各次运行的占用核数随时间变化', labelCategories: '各次运行的类别随时间变化', labelColumn: '各次运行的 {column} 随时间变化',
		none: '没有双方都有的监视器表。', zero: '始终为 0：', differs: '{n} 项不同' },
});

const both = (view: RunView, has: (run: ShownRun) => boolean): boolean => view.of(0).some(has) && view.of(1).some(has);
/** What solid and dashed mean, and what a line is where it is not one run's. */
const note = (view: RunView, means: boolean): HTMLElement => h('p', { class: 'section-note' },
	h('bdi', {}, t('aligned', { base: shown(view.groups[0].name, 60), other: shown(view.groups[1].name, 60) })), means && ` ${t('means')}`);
const repeats = (view: RunView): boolean => view.runs.length > 2;

/** What both sides' machines have alike; null: they differ, or it is not known. */
function same(view: RunView, of: (run: ShownRun) => number | null): number | null {
	const values = new Set(view.runs.map(of));
	return values.size === 1 ? [...values][0] ?? null : null;
}

const MEASURES = { pss: 'pss_bytes', rss: 'rss_bytes', cgroup: 'cgroup_bytes' } as const;
type Measure = keyof typeof MEASURES;

function totalParts(run: ShownRun, column: string): Part[] {
	return run.over.totals.levels.flatMap((level) => {
		const told = level.columns[column];
		return told ? [{ t: told.t ?? level.t, values: [told.max] }] : [];
	});
}

export function mountMemory(section: HTMLElement, viewport: Viewport, view: RunView): void {
	section.append(h('h2', {}, t('memory')));
	const measures = (Object.keys(MEASURES) as Measure[]).filter((measure) => both(view, (run) => totalParts(run, MEASURES[measure]).length > 0));
	if (measures.length === 0) {
		section.append(h('p', { class: 'nothing' }, t('noMemory')));
		return;
	}
	const chosen = (): Measure => measures.find((measure) => measure === fragment.get('mem')) ?? measures[0]!;
	const choice = new Choice(t('measure'), measures.map((value) => ({ value, text: value === 'cgroup' ? value : value.toUpperCase() })), chosen(), (value) => {
		fragment.set('mem', value === measures[0] ? null : value);
		chart.reset();
	});
	section.append(note(view, view.many), h('div', { class: 'controls' }, choice.element));
	const machine = same(view, ({ over }) => over.machine.memory_bytes);
	const chart = new OverlayChart(section, viewport, view, {
		height: 260, label: t('labelMemory'), quantity: quantity('bytes', 'gauge'),
		limits: machine === null ? [] : [{ text: `${t('machine')} ${bytes(machine)}`, value: machine }],
		things: () => [{ key: 'tree', label: t('tree'), color: view.color(0), parts: (run) => totalParts(run, MEASURES[chosen()]) }],
	});
	fragment.onChange(() => choice.set(chosen()));
}

const metricOf = (run: ShownRun, metric: 'memory' | 'cpu'): ShownRun['over']['by_category'][number] | undefined =>
	run.over.by_category.find((one) => (metric === 'cpu' ? one.metric === 'cpu' : one.metric === 'pss' || one.metric === 'rss'));

export function mountCpu(section: HTMLElement, viewport: Viewport, view: RunView): void {
	section.append(h('h2', {}, t('cpu')));
	const parts = (run: ShownRun): Part[] => (metricOf(run, 'cpu')?.levels ?? []).flatMap((level) => (level.total === undefined ? [] : [{ t: level.t, values: [level.total] }]));
	if (!both(view, (run) => parts(run).length > 0)) {
		section.append(h('p', { class: 'nothing' }, t('noCpu')));
		return;
	}
	const cores = same(view, ({ over }) => over.machine.cores);
	new OverlayChart(section, viewport, view, {
		height: 200, label: t('labelCpu'), quantity: quantity('cores', 'gauge'), how: 'mean',
		limits: cores === null ? [] : [{ text: t(cores === 1 ? 'core' : 'coresLimit', { n: count(cores) }), value: cores, always: cores <= 4 }],
		things: () => [{ key: 'tree', label: t('cores'), color: view.color(0), parts }],
	});
}

/** Of all runs, each once; those of the same name are the same. */
export function unionOf(runs: readonly ShownRun[]): Category[] {
	const seen = new Map<string, Category>();
	for (const { over } of runs)
		for (const category of over.categories)
			seen.set(`${category.major}\n${category.category}`, seen.get(`${category.major}\n${category.category}`) ?? category);
	return [...seen.values()];
}

/** The chart of categories; the result brings a category that is in it to the eye. */
export function mountCategories(section: HTMLElement, viewport: Viewport, view: RunView): (figure: Figure) => void {
	section.append(h('h2', {}, t('categories')));
	const categories = new CategoryView(unionOf(view.runs));
	const metrics = (['memory', 'cpu'] as const).filter((metric) => both(view, (run) => (metricOf(run, metric)?.levels.length ?? 0) > 0));
	if (metrics.length === 0) {
		section.append(h('p', { class: 'nothing' }, t('noMemory')));
		return () => undefined;
	}
	const chosen = (): 'memory' | 'cpu' => metrics.find((metric) => metric === fragment.get('by')) ?? metrics[0]!;
	const parts = (run: ShownRun, members: ReadonlySet<string>): Part[] | null => {
		const own = new Set(run.over.categories.flatMap(({ major, category }, i) => (members.has(`${major}\n${category}`) ? [i] : [])));
		return metricOf(run, chosen())?.levels.map((level) => ({ t: level.t, values: level.series.filter(({ category }) => own.has(category)).map(({ max }) => max) })) ?? null;
	};
	const things = async (): Promise<Thing[]> => {
		const all = categories.groups().map(({ key, label, color, members }): Thing => {
			const names = new Set(members.map((i) => `${categories.categories[i]!.major}\n${categories.categories[i]!.category}`));
			return { key, label, color, parts: (run) => parts(run, names) };
		});
		const most = new Map(await Promise.all(all.map(async (thing) => [thing, await mostOf(thing, view.runs)] as const)));
		return all.filter((thing) => most.get(thing)! > 0).sort((a, b) => most.get(b)! - most.get(a)!);
	};
	const redraw = (): void => {
		kept = null;
		chart.reset();
	};
	let kept: Promise<Thing[]> | null = null;
	const metric = new Choice(t('measure'), metrics.map((value) => ({ value, text: t(value === 'cpu' ? 'cpuOf' : 'memoryOf') })), chosen(), (value) => {
		fragment.set('by', value === metrics[0] ? null : value);
		redraw();
	});
	const style = new Choice(t('style'), (['major', 'detailed'] as const).map((value) => ({ value, text: t(value) })), categories.view === 'major' ? 'major' : 'detailed', (value) => {
		fragment.set('show', null);
		categories.view = value;
	});
	section.append(repeats(view) && note(view, true) || '', h('div', { class: 'controls' }, metric.element, style.element));
	const chart = new OverlayChart(section, viewport, view, {
		height: 300, label: t('labelCategories'), things: () => (kept ??= things()), most: 4, address: 'show',
		get quantity() { return quantity(chosen() === 'cpu' ? 'cores' : 'bytes', 'gauge'); },
		get how() { return chosen() === 'cpu' ? 'mean' : 'peak'; },
	});
	categories.on(() => {
		metric.set(chosen());
		style.set(categories.view === 'major' ? 'major' : 'detailed');
		redraw();
	});
	return (figure) => {
		const wanted = figure.statistic === 'cpu' ? 'cpu' : 'memory';
		fragment.set('by', wanted === metrics[0] ? null : wanted);
		fragment.set('show', figure.name);
		categories.view = 'detailed';
	};
}

/* ---- monitors ---- */

const FIRST = ['pressure', 'cgroup', 'memory', 'cpu', 'disk', 'network', 'temperature'];

/** A table with the columns and things of all runs; they are found again by their names. */
export function merged(runs: readonly ShownRun[], name: string): Table {
	const tables = runs.flatMap(({ over }) => over.tables.filter((table) => table.name === name)), first = tables[0]!;
	const series = new Map<string, Series>();
	for (const table of tables)
		for (const one of table.series) {
			const column = first.columns.findIndex((c) => c.name === table.columns[one.column]?.name);
			if (column >= 0 && !series.has(`${column} ${one.key}`))
				series.set(`${column} ${one.key}`, { key: one.key, column, levels: [] });
		}
	return { ...first, findings: 0, series: [...series.values()] };
}

function columnParts(run: ShownRun, table: string, column: string, key: string): Part[] | null {
	const told = run.over.tables.find((one) => one.name === table), number = told?.columns.findIndex((one) => one.name === column) ?? -1;
	const series = told?.series.find((one) => one.column === number && one.key === key);
	return series ? series.levels.map(({ t: at, max }) => ({ t: at, values: [max] })) : null;
}

function planChart(host: HTMLElement, viewport: Viewport, view: RunView, table: Table, plan: Plan): void {
	const column = table.columns[plan.series[0]!.series.column]!, how = quantity(column.unit, column.role);
	const zero = h('p', { class: 'dim small', hidden: true }), which = h('bdi');
	const all = plan.series.map(({ label, color, series }): Thing => ({ key: `${series.column} ${series.key}`, label, color,
		parts: (run) => columnParts(run, table.name, table.columns[series.column]!.name, series.key) }));
	const rank = async (): Promise<Thing[]> => {
		const most = new Map(await Promise.all(all.map(async (thing) => [thing, await mostOf(thing, view.runs)] as const)));
		const nothing = all.filter((thing) => most.get(thing) === 0);
		if (nothing.length > 0) {
			zero.hidden = false;
			replace(zero, t('zero'), ' ', english(nothing.slice(0, 30).map(({ label }) => shown(label, 40)).join(', ') + (nothing.length > 30 ? ' …' : '')));
		}
		if (nothing.length === all.length)
			body.hidden = true;
		// Of several the only one that is drawn.
		if (nothing.length > 0 && nothing.length === all.length - 1)
			which.textContent = ` ${shown(all.find((thing) => !nothing.includes(thing))!.label, 60)}`;
		return all.filter((thing) => most.get(thing)! > 0).sort((a, b) => most.get(b)! - most.get(a)!);
	};
	let kept: Promise<Thing[]> | null = null;
	const body = h('div');
	host.append(h('h4', {}, english(shown(plan.title, 120)), which, h('span', { class: 'dim' }, ` ${how.unit && `(${how.unit})`} `, plan.help && english(shown(plan.help, 200)))), body, zero);
	new OverlayChart(body, viewport, view, { height: 150, label: t('labelColumn', { column: `${table.name}: ${shown(plan.title, 120)}` }), quantity: how, things: () => (kept ??= rank()), most: 3 });
}

function folded(viewport: Viewport, view: RunView, table: Table, differ: number): HTMLDetailsElement {
	const body = h('div', { class: 'monitor-body' });
	const details = h('details', { class: 'monitor', id: `monitor-${table.name}` },
		h('summary', {}, h('span', { class: 'monitor-name' }, english(shown(table.title || table.name, 80))), ' ', h('span', { class: 'dim' }, english(shown(table.help, 160))),
			differ > 0 && h('span', { class: 'badge plain' }, t('differs', { n: differ }))), body);
	const opened = (): string[] => (fragment.get('open') ?? 'pressure').split(',').filter((name) => name !== '');
	details.addEventListener('toggle', () => {
		if (details.open && body.childElementCount === 0) {
			const { together, apart } = plansOf(table);
			for (const plan of [...together, ...apart])
				planChart(body.appendChild(h('div', { class: 'plan' })), viewport, view, table, plan);
		}
		const names = new Set(opened());
		if (details.open)
			names.add(table.name);
		else
			names.delete(table.name);
		const told = [...names].join(',');
		fragment.set('open', told === 'pressure' ? null : told);
	});
	details.open = opened().includes(table.name);
	return details;
}

/** How many of a table's figures differ by a tenth and more, as far as is known. */
function differing(figures: readonly Figure[], table: string): number {
	const names = new Set<string>();
	for (const f of figures)
		if (f.monitor === table && (f.verdict === 'more' || f.verdict === 'less' || f.verdict === 'unsure') && (f.ratio === null || f.ratio >= 1.1 || f.ratio <= 1 / 1.1))
			names.add(`${f.name} ${f.of ?? ''}`);
	return names.size;
}

/** The result opens the table of a figure. */
export function mountMonitors(section: HTMLElement, viewport: Viewport, view: RunView): (figure: Figure) => string | null {
	section.append(h('h2', {}, t('monitors')));
	const names = [...new Set(view.runs.flatMap(({ over }) => over.tables.filter((table) => table.series.length > 0).map(({ name }) => name)))]
		.filter((name) => both(view, ({ over }) => over.tables.some((table) => table.name === name)));
	const place = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
	if (names.length === 0)
		section.append(h('p', { class: 'nothing' }, t('none')));
	const tables = new Map(names.sort((a, b) => place(a) - place(b)).map((name) => [name, folded(viewport, view, merged(view.runs, name), differing(view.pair.figures, name))]));
	section.append(...tables.values());
	return (figure) => {
		const details = tables.get(figure.monitor ?? '');
		if (!details)
			return null;
		details.open = true;
		return details.id;
	};
}
