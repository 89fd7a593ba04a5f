// Every monitor's table, drawn by what its Schema says of columns: figures without a key together by
// unit, others one chart a column with a line for each key. Folded, and drawn when opened.
import { TimeChart, type Frame, type Line, type Mark } from './chart';
import { windowOf, type Page } from './data';
import { english, h, replace, shown } from './dom';
import { moment, momentOf, quantity } from './format';
import { fragment } from './fragment';
import { texts } from './i18n';
import { shapeOf, showMoment } from './findings';
import { Legend } from './legend';
import { plansOf, type Plan } from './monitor-plans';
import type { Series, Table, TableEvent } from './page-types';
import { mountSpecial } from './special-charts';
import type { Range, Viewport } from './viewport';

const t = texts({
	en: { title: 'The machine meanwhile', none: 'No monitor recorded anything.', label: '{column} over time', findings: '{n} findings', one: '1 finding', zero: 'Always 0:', nothing: 'Always 0.', by: 'each by itself', more: 'all {n} events', rate: 'per second' },
	pt: { title: 'A máquina entretanto', none: 'Nenhum monitor registou nada.', label: '{column} ao longo do tempo', findings: '{n} constatações', one: '1 constatação', zero: 'Sempre 0:', nothing: 'Sempre 0.', by: 'cada um por si', more: 'todos os {n} eventos', rate: 'por segundo' },
	zh: { title: '同时的机器状态', none: '没有监视器记录到数据。', label: '{column} 随时间变化', findings: '{n} 条发现', one: '1 条发现', zero: '始终为 0：', nothing: '始终为 0。', by: '逐项', more: '全部 {n} 个事件', rate: '每秒' },
});

// What people look for first; others as they come.
const FIRST = ['pressure', 'cgroup', 'cgroups_above', 'memory', 'cpu', 'disk', 'network', 'temperature'];
const MOST_LINES = 8;
// Of a table whose every column has a chart of its own: what comes behind them is folded.
const MOST_CHARTS = 4;

class PlanChart {
	readonly #page: Page;
	readonly #viewport: Viewport;
	readonly #table: Table;
	readonly #plan: Plan;
	#hidden: Set<string> | null = null;
	// By their highest value over the whole run, without those that are always 0.
	#told: Plan['series'] | null = null;

	constructor(host: HTMLElement, page: Page, viewport: Viewport, table: Table, plan: Plan, marks: readonly Mark[]) {
		this.#page = page;
		this.#viewport = viewport;
		this.#table = table;
		this.#plan = plan;
		const column = table.columns[plan.series[0]!.series.column]!;
		const unit = quantity(column.unit, column.role).unit;
		host.append(h('h4', {}, english(shown(plan.title, 120)), h('span', { class: 'dim' }, ` ${unit && `(${unit})`} `, plan.help && english(shown(plan.help, 200)))));
		const legend = new Legend([], false, (hidden) => {
			this.#hidden = new Set(hidden);
			legend.setHidden(hidden);
			chart.refresh();
		});
		host.append(this.#body);
		const chart = new TimeChart(this.#body, viewport, {
			height: 150, label: t('label', { column: `${table.name}: ${shown(plan.title, 120)}` }), marks,
			load: (range, pixels) => this.#load(range, pixels),
			onFrame: (frame) => {
				legend.setHidden(this.#hidden ?? []);
				legend.show(frame);
			},
			onCursor: (frame, index) => legend.read(frame, index, moment(this.#viewport.cursor ?? 0, this.#viewport.span / 1000)),
		});
		this.#body.append(legend.element);
		host.append(this.#zero);
	}

	readonly #body = h('div');
	readonly #zero = h('p', { class: 'dim small', hidden: true });

	async #rank(chart: HTMLElement): Promise<Plan['series']> {
		const ranked = await Promise.all(this.#plan.series.map(async (one) => {
			const level = one.series.levels[0];
			let most = 0;
			if (level)
				for (const ref of [level.max, level.min])
					for (const v of ref === null ? [] : await this.#page.numbers(ref))
						most = Math.max(most, Math.abs(v) || 0);
			return { one, most };
		}));
		const nothing = ranked.filter(({ most }) => most === 0);
		const told = ranked.filter(({ most }) => most > 0).sort((a, b) => b.most - a.most).map(({ one }) => one);
		if (told.length > 0 && nothing.length > 0) {
			this.#zero.hidden = false;
			replace(this.#zero, t('zero'), ' ', english(nothing.slice(0, 30).map(({ one }) => shown(one.label, 40)).join(', ') + (nothing.length > 30 ? ' …' : '')));
		}
		if (told.length === 0) {
			this.#zero.hidden = false;
			this.#zero.textContent = t('nothing');
			chart.hidden = true;
		}
		return told;
	}

	async #load(range: Range, pixels: number): Promise<Frame | null> {
		this.#told ??= await this.#rank(this.#body);
		if (this.#told.length === 0)
			return null;
		this.#hidden ??= new Set(this.#told.slice(MOST_LINES).map((one) => key(one.series)));
		const column = this.#table.columns[this.#plan.series[0]!.series.column]!, how = quantity(column.unit, column.role);
		const hidden = this.#hidden;
		const parts = await Promise.all(this.#told.map(async ({ label, color, series }) => {
			const level = this.#page.level(series.levels, range.to - range.from, pixels)!;
			const [times, values] = await Promise.all([this.#page.numbers(level.t), this.#page.numbers(level.max)]);
			return { label, color, series, times, values };
		}));
		const longest = parts.reduce((a, b) => (b.times.length > a.times.length ? b : a)).times;
		const [begin, end] = windowOf(longest, range.from, range.to), at = longest.subarray(begin, end);
		const lines = parts.map(({ label, color, series, times, values }): Line => ({
			key: key(series), label, color, english: series.key === '', hidden: hidden.has(key(series)), values: scaledTo(times, values, at, how.factor) }));
		return { t: at, lines, stacked: false, limits: [], quantity: how, whole: true };
	}
}

const key = (series: Series): string => `${series.column} ${series.key}`;

/** Values at the times of `at`, times a factor: those of the same times as they are, others the last before. */
function scaledTo(times: Float64Array<ArrayBuffer>, values: Float64Array<ArrayBuffer>, at: Float64Array<ArrayBuffer>, factor: number): Float64Array<ArrayBuffer> {
	const out = new Float64Array(at.length).fill(NaN);
	let i = 0;
	for (let k = 0; k < at.length; k++) {
		while (i + 1 < times.length && times[i + 1]! <= at[k]! + 1e-9)
			i++;
		if (times.length > 0 && times[i]! <= at[k]! + 1e-9)
			out[k] = values[i]! * factor;
	}
	return out;
}

function eventRow(event: TableEvent, viewport: Viewport): HTMLElement {
	return h('li', { class: 'event' }, h('span', {}, shapeOf(event.severity ?? 'info')),
		event.t_s >= 0 ? h('button', { type: 'button', class: 'link', onclick: () => showMoment(viewport, event.t_s) }, momentOf(event.t_s, viewport.full.to)) : h('span', {}, moment(event.t_s, 1)),
		h('span', {}, h('strong', {}, english(shown(event.title, 200))), ' ', english(shown(event.text ?? '', 800))));
}

function events(host: HTMLElement, list: readonly TableEvent[], viewport: Viewport): void {
	const sorted = [...list].sort((a, b) => a.t_s - b.t_s), items = h('ul', { class: 'events' }, sorted.slice(0, 50).map((event) => eventRow(event, viewport)));
	host.append(items);
	if (sorted.length > 50) {
		const button = h('button', { type: 'button', class: 'plain-button', onclick: () => {
			items.append(...sorted.slice(50, 5000).map((event) => eventRow(event, viewport)));
			button.remove();
		} }, t('more', { n: sorted.length }));
		host.append(button);
	}
}

function fill(host: HTMLElement, page: Page, viewport: Viewport, table: Table, marks: readonly Mark[]): void {
	const { together, apart } = plansOf(table);
	mountSpecial(host, page, viewport, table, marks);
	for (const plan of together)
		new PlanChart(host.appendChild(h('div', { class: 'plan' })), page, viewport, table, plan, marks);
	const open = together.length > 0 ? 0 : apart.length > MOST_CHARTS ? MOST_CHARTS : apart.length, rest = apart.slice(open);
	for (const plan of apart.slice(0, open))
		new PlanChart(host.appendChild(h('div', { class: 'plan' })), page, viewport, table, plan, marks);
	if (rest.length > 0) {
		const box = h('div', {}), names = rest.map(({ title }) => shown(title, 40)).join(', ');
		const details = h('details', { class: 'apart' }, h('summary', {}, together.length > 0 ? `${table.keys.join(', ')}: ${t('by')}` : english(shown(names, 160))), box);
		host.append(details);
		details.addEventListener('toggle', () => {
			if (details.open && box.childElementCount === 0)
				for (const plan of rest)
					new PlanChart(box.appendChild(h('div', { class: 'plan' })), page, viewport, table, plan, marks);
		});
	}
	if (table.events && table.events.length > 0)
		events(host, table.events, viewport);
}

function folded(page: Page, viewport: Viewport, table: Table, marks: readonly Mark[]): HTMLDetailsElement {
	const body = h('div', { class: 'monitor-body' });
	const details = h('details', { class: 'monitor', id: `monitor-${table.name}` },
		h('summary', {}, h('span', { class: 'monitor-name' }, english(shown(table.title || table.name, 80))), ' ', h('span', { class: 'dim' }, english(shown(table.help, 160))),
			table.findings > 0 && h('span', { class: 'badge' }, shapeOf('warning'), table.findings === 1 ? t('one') : t('findings', { n: table.findings }))), body);
	const opened = (): ReadonlySet<string> => new Set((fragment.get('open') ?? '').split(',').filter((name) => name !== ''));
	details.addEventListener('toggle', () => {
		if (details.open && body.childElementCount === 0)
			fill(body, page, viewport, table, marks);
		const names = new Set(opened());
		if (details.open && table.findings === 0)
			names.add(table.name);
		else
			names.delete(table.name);
		fragment.set('open', names.size > 0 ? [...names].join(',') : null);
	});
	details.open = table.findings > 0 || opened().has(table.name);
	return details;
}

export function mountMonitors(section: HTMLElement, page: Page, viewport: Viewport, marks: readonly Mark[]): void {
	const tables = page.meta.tables.filter((table) => table.series.length > 0 || (table.events?.length ?? 0) > 0);
	const place = (table: Table): number => (FIRST.includes(table.name) ? FIRST.indexOf(table.name) : FIRST.length);
	section.append(h('h2', {}, t('title')));
	if (tables.length === 0)
		section.append(h('p', { class: 'nothing' }, t('none')));
	for (const table of [...tables].sort((a, b) => place(a) - place(b)))
		section.append(folded(page, viewport, table, marks));
}
