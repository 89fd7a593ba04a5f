// Memory by category: stacked or lines; PSS, RSS, or the cgroup as a whole; limits of machine and cgroup.
import { CategoryFrames } from './category-frames';
import { TOPS, type CategoryView, type View } from './categories';
import { TimeChart, type Frame, type Limit, type Mark } from './chart';
import { Choice } from './choice';
import { windowOf, type Numbers, type Page } from './data';
import { h } from './dom';
import { bytes, count, moment, momentOf, quantity } from './format';
import { fragment } from './fragment';
import { peakOf } from './head';
import { texts } from './i18n';
import { Legend } from './legend';
import { theme } from './theme';
import type { Range, Viewport } from './viewport';

const t = texts({
	en: { title: 'Memory', metric: 'Measure', style: 'Drawn', stacked: 'stacked', lines: 'lines', view: 'Categories', major: 'major', detailed: 'detailed', other: 'Other expanded',
		top: 'Largest', all: 'all', machine: 'machine', limit: 'limit of the cgroup', cgroup: 'cgroup', totals: 'totals',
		pssHelp: 'proportional: shared pages are divided among those who share them', rssHelp: 'shared pages count once a process', cgroupHelp: 'the kernel’s own figure, with cached files',
		label: 'Memory by category over time', none: 'No memory was measured: the run was over before the first look at it.',
		peak: 'Peak {bytes} at {at}', counted: 'PSS total' },
	pt: { title: 'Memória', metric: 'Medida', style: 'Desenho', stacked: 'empilhado', lines: 'linhas', view: 'Categorias', major: 'principais', detailed: 'detalhadas', other: 'Other aberta',
		top: 'Maiores', all: 'todas', machine: 'máquina', limit: 'limite do cgroup', cgroup: 'cgroup', totals: 'totais',
		pssHelp: 'proporcional: páginas partilhadas são divididas por quem as partilha', rssHelp: 'páginas partilhadas contam uma vez por processo', cgroupHelp: 'o valor do próprio kernel, com ficheiros em cache',
		label: 'Memória por categoria ao longo do tempo', none: 'Não se mediu memória: a execução acabou antes da primeira medição.',
		peak: 'Pico {bytes} em {at}', counted: 'total PSS' },
	zh: { title: '内存', metric: '指标', style: '样式', stacked: '堆叠', lines: '折线', view: '类别', major: '主类', detailed: '细分', other: '展开 Other',
		top: '最大', all: '全部', machine: '整机', limit: 'cgroup 上限', cgroup: 'cgroup', totals: '总计',
		pssHelp: '按比例：共享页由共享者分摊', rssHelp: '共享页在每个进程中各计一次', cgroupHelp: '内核自己的统计，含文件缓存',
		label: '各类别内存随时间变化', none: '未测到内存：运行在首次测量之前就结束了。',
		peak: '峰值 {bytes}，在 {at}', counted: 'PSS 总计' },
});

type Measure = 'pss' | 'rss' | 'cgroup';
const TOTAL_COLUMN = { pss: 'pss_bytes', rss: 'rss_bytes', cgroup: 'cgroup_bytes' } as const;

class Memory {
	readonly #page: Page;
	readonly #view: CategoryView;
	readonly #frames = new Map<Measure, CategoryFrames>();
	readonly #measures: Measure[];
	readonly #chart: TimeChart;
	readonly #legend: Legend;

	constructor(section: HTMLElement, page: Page, viewport: Viewport, view: CategoryView, marks: readonly Mark[]) {
		this.#page = page;
		this.#view = view;
		for (const measure of ['pss', 'rss'] as const) {
			const data = page.meta.by_category.find((b) => b.metric === measure && b.levels.length > 0);
			if (data)
				this.#frames.set(measure, new CategoryFrames(page, view, data));
		}
		this.#measures = [...this.#frames.keys(), ...(page.meta.totals.levels[0]?.columns['cgroup_bytes'] ? ['cgroup' as const] : [])];
		this.#legend = new Legend(view.hidden, true, (hidden) => { view.hidden = hidden; });
		const { peak } = page.meta.report, best = peakOf(page.meta.report);
		section.append(h('h2', {}, t('title')));
		if (best !== null && peak.t_s !== null)
			section.append(h('p', { class: 'section-note' }, t('peak', { bytes: bytes(best), at: momentOf(peak.t_s, page.meta.duration_s) })));
		section.append(this.#controls());
		this.#chart = new TimeChart(section, viewport, {
			height: 340, label: `${t('label')}. ${t('peak', { bytes: bytes(best), at: peak.t_s === null ? '–' : momentOf(peak.t_s, page.meta.duration_s) })}`, marks,
			load: (range, pixels) => this.#load(range, pixels),
			onFrame: (frame) => this.#legend.show(frame),
			onCursor: (frame, index) => this.#legend.read(frame, index, moment(viewport.cursor ?? 0, viewport.span / 1000)),
		});
		section.append(this.#legend.element);
		view.on(() => {
			this.#legend.setHidden(view.hidden);
			this.#chart.refresh();
		});
	}

	get #measure(): Measure {
		return this.#measures.find((m) => m === fragment.get('mem')) ?? this.#measures[0]!;
	}

	get #stacked(): boolean { return fragment.get('style') !== 'lines'; }
	get #totals(): boolean { return fragment.get('totals') === '1'; }

	#set(key: string, value: string | null): void {
		fragment.set(key, value);
		this.#chart.refresh();
	}

	#controls(): HTMLElement {
		const view = this.#view;
		const measure = new Choice(t('metric'), this.#measures.map((m) => ({ value: m, text: m === 'cgroup' ? t('cgroup') : m.toUpperCase(), title: t(`${m}Help`) })),
			this.#measure, (m) => this.#set('mem', m === this.#measures[0] ? null : m));
		const style = new Choice(t('style'), [{ value: 'stacked', text: t('stacked') }, { value: 'lines', text: t('lines') }],
			this.#stacked ? 'stacked' : 'lines', (s) => this.#set('style', s === 'stacked' ? null : s));
		const views = new Choice<View>(t('view'), (['major', 'detailed', 'other'] as const).map((v) => ({ value: v, text: t(v) })), view.view, (v) => { view.view = v; });
		const top = h('select', { 'aria-label': t('top'), onchange: () => { view.top = Number(top.value); } },
			TOPS.map((n) => h('option', { value: n, selected: n === view.top }, `${t('top')} ${n === 0 ? t('all') : count(n)}`)));
		const totals = h('input', { type: 'checkbox', onchange: () => this.#set('totals', totals.checked ? '1' : null) });
		totals.checked = this.#totals;
		fragment.onChange(() => {
			measure.set(this.#measure);
			style.set(this.#stacked ? 'stacked' : 'lines');
			views.set(view.view);
			top.value = String(view.top);
			totals.checked = this.#totals;
			this.#chart.refresh();
		});
		return h('div', { class: 'controls' }, measure.element, style.element, views.element, top, h('label', { class: 'check' }, totals, t('totals')));
	}

	#limits(): Limit[] {
		const { memory_bytes: machine, cgroup_limit_bytes: cgroup } = this.#page.meta.machine, limits: Limit[] = [];
		if (machine !== null)
			limits.push({ text: `${t('machine')} ${bytes(machine)}`, value: machine });
		if (cgroup !== null && cgroup !== machine)
			limits.push({ text: `${t('limit')} ${bytes(cgroup)}`, value: cgroup });
		return limits;
	}

	async #load(range: Range, pixels: number): Promise<Frame | null> {
		const measure = this.#measure, how = { stacked: this.#stacked, quantity: quantity('bytes', 'gauge'), limits: this.#limits() };
		if (measure === 'cgroup')
			return this.#total(range, pixels, how.limits);
		const frame = await this.#frames.get(measure)!.frame(range, pixels, how);
		if (frame && this.#totals)
			await this.#addTotals(frame, range, pixels, measure);
		return frame;
	}

	async #total(range: Range, pixels: number, limits: Limit[]): Promise<Frame | null> {
		const level = this.#page.level(this.#page.meta.totals.levels, range.to - range.from, pixels);
		const column = level?.columns['cgroup_bytes'];
		if (!level || !column)
			return null;
		const [times, values] = await Promise.all([this.#page.numbers(column.t ?? level.t), this.#page.numbers(column.max)]);
		const [begin, end] = windowOf(times, range.from, range.to);
		return { t: times.subarray(begin, end), stacked: this.#stacked, limits, quantity: quantity('bytes', 'gauge'), whole: true,
			lines: [{ key: 'cgroup', label: t('cgroup'), color: '#4269d0', values: values.subarray(begin, end) }] };
	}

	// Totals over the lines: of the measure itself and of the others, each the highest in its bucket.
	async #addTotals(frame: Frame, range: Range, pixels: number, measure: Measure): Promise<void> {
		const level = this.#page.level(this.#page.meta.totals.levels, range.to - range.from, pixels);
		if (!level)
			return;
		for (const m of ['pss', 'rss', 'cgroup'] as const) {
			const column = level.columns[TOTAL_COLUMN[m]];
			if (!column || (m === measure && frame.stacked))
				continue;
			const [times, values] = await Promise.all([this.#page.numbers(column.t ?? level.t), this.#page.numbers(column.max)]);
			frame.lines.push({ key: `total ${m}`, label: m === 'cgroup' ? t('cgroup') : m.toUpperCase(), color: m === measure ? theme.palette.text : m === 'cgroup' ? '#a463f2' : theme.palette.dim,
				values: highest(times, values, frame.t), dash: true, hidden: this.#view.hidden.has(`total ${m}`) });
		}
	}
}

/** The highest value from each time of `at` to the next. */
function highest(t: Numbers, values: Numbers, at: Numbers): Numbers {
	const out = new Float64Array(at.length).fill(NaN);
	let i = 0;
	for (let k = 0; k < at.length; k++) {
		const end = k + 1 < at.length ? at[k + 1]! : at[k]! + (k > 0 ? at[k]! - at[k - 1]! : Infinity);
		while (i < t.length && t[i]! < at[k]! - 1e-9)
			i++;
		for (let j = i; j < t.length && t[j]! < end - 1e-9; j++)
			if (!(values[j]! <= out[k]!))
				out[k] = values[j]!;
		if (Number.isNaN(out[k]!) && i > 0)
			out[k] = values[i - 1]!;
	}
	return out;
}

export function mountMemory(section: HTMLElement, page: Page, viewport: Viewport, view: CategoryView, marks: readonly Mark[]): void {
	const any = peakOf(page.meta.report) !== null && page.meta.by_category.some((b) => (b.metric === 'pss' || b.metric === 'rss') && b.levels.length > 0);
	if (any)
		new Memory(section, page, viewport, view, marks);
	else
		section.append(h('h2', {}, t('title')), h('p', { class: 'nothing' }, t('none')));
}
