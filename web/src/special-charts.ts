// The charts that folio migration, free blocks and fallbacks of the page allocator are recorded for, above those
// that their Schema gives.
import { TimeChart, type Frame, type Line, type Mark } from './chart';
import { windowOf, type Numbers, type Page } from './data';
import { h, shown } from './dom';
import { moment, quantity, type Quantity } from './format';
import { texts } from './i18n';
import { Legend } from './legend';
import type { Table } from './page-types';
import { fallbacksOf, migrationOf, ordersOf, sumOf, type Told } from './special-series';
import { seriesColor } from './theme';
import type { Range, Viewport } from './viewport';

const t = texts({
	en: { grown: 'Cumulative success', grownHelp: 'migrations that succeeded since the recording began', perMinute: 'Calls per minute', perMinuteHelp: 'in each interval between two looks', success: 'Success', successHelp: 'part of the calls of each interval that succeeded', calls: 'calls',
		orders: 'Free memory by size of block', ordersHelp: 'of all zones; what is at the bottom is in the smallest pieces', order: 'order {n}', one: '1 page', pages: '{n} pages',
		fallbacks: 'Fallbacks to another migrate type', fallbacksHelp: 'a whole block claimed, or pages stolen out of one', stolen: 'stolen', claimed: 'claimed', label: '{title} over time' },
	pt: { grown: 'Sucessos acumulados', grownHelp: 'migrações com sucesso desde o início do registo', perMinute: 'Chamadas por minuto', perMinuteHelp: 'em cada intervalo entre duas medições', success: 'Sucesso', successHelp: 'parte das chamadas de cada intervalo com sucesso', calls: 'chamadas',
		orders: 'Memória livre por tamanho de bloco', ordersHelp: 'de todas as zonas; em baixo está o que está nos pedaços mais pequenos', order: 'ordem {n}', one: '1 página', pages: '{n} páginas',
		fallbacks: 'Recurso a outro tipo de migração', fallbacksHelp: 'um bloco inteiro reclamado, ou páginas tiradas de um', stolen: 'tiradas', claimed: 'reclamados', label: '{title} ao longo do tempo' },
	zh: { grown: '累计成功', grownHelp: '自记录开始以来成功的迁移', perMinute: '每分钟调用次数', perMinuteHelp: '相邻两次读取之间', success: '成功率', successHelp: '每个间隔内成功的调用所占比例', calls: '调用',
		orders: '按块大小的空闲内存', ordersHelp: '所有区域之和；最下面的是最小的碎块', order: '阶 {n}', one: '1 页', pages: '{n} 页',
		fallbacks: '退用其他迁移类型', fallbacksHelp: '整块占用，或从中取走页面', stolen: '取走', claimed: '占用', label: '{title}随时间变化' },
});

type Special = { title: string; help: string; quantity: Quantity; stacked: boolean; most?: number; t: Numbers; lines: { key: string; label: string; color: string; values: Numbers }[] };

/** Each series as fine as it is told: the middle of lowest and highest where a bucket had several values. */
async function read(page: Page, table: Table): Promise<Told[]> {
	return Promise.all(table.series.filter(({ levels }) => levels.length > 0).map(async (series) => {
		const level = series.levels[series.levels.length - 1]!;
		const [times, max, min] = await Promise.all([page.numbers(level.t), page.numbers(level.max), level.min === null ? null : page.numbers(level.min)]);
		return { name: table.columns[series.column]?.name ?? '', key: series.key, grown: series.grown ?? NaN, t: times, values: min ? max.map((v, i) => (v + min[i]!) / 2) : max };
	}));
}

function migration(told: readonly Told[], duration: number): Special[] {
	const m = migrationOf(told, duration);
	if (!m)
		return [];
	const line = (key: string, label: string, color: number, values: Numbers): Special['lines'] => [{ key, label, color: seriesColor(color), values }];
	return [
		{ title: t('grown'), help: t('grownHelp'), quantity: quantity('count', 'gauge'), stacked: false, t: m.tGrown, lines: line('grown', t('success'), 0, m.grown) },
		{ title: t('perMinute'), help: t('perMinuteHelp'), quantity: quantity('', 'gauge'), stacked: false, t: m.t, lines: line('calls', t('calls'), 1, m.perMinute) },
		{ title: t('success'), help: t('successHelp'), quantity: quantity('percent', 'gauge'), stacked: false, most: 100, t: m.t, lines: line('percent', t('success'), 2, m.percent) },
	];
}

function orders(told: readonly Told[]): Special[] {
	const list = ordersOf(told);
	if (list.length === 0)
		return [];
	const { t: times } = sumOf(list.map(({ t: at, pages }) => ({ name: '', key: '', grown: NaN, t: at, values: pages })));
	const lines = list.map(({ order, t: at, pages }, i) => ({ key: `order ${order}`, label: `${t('order', { n: order })}: ${order === 0 ? t('one') : t('pages', { n: 2 ** order })}`, color: seriesColor(i),
		values: sumOf([{ name: '', key: '', grown: NaN, t: times, values: new Float64Array(times.length) }, { name: '', key: '', grown: NaN, t: at, values: pages }]).values }));
	return [{ title: t('orders'), help: t('ordersHelp'), quantity: quantity('pages', 'gauge'), stacked: true, t: times, lines }];
}

function fallbacks(told: readonly Told[]): Special[] {
	const found = fallbacksOf(told);
	if (!found)
		return [];
	const { t: times } = found.stolen.t.length >= found.claimed.t.length ? found.stolen : found.claimed;
	const over = (values: { t: Numbers; values: Numbers }): Numbers => (values.t.length === times.length ? values.values : new Float64Array(times.length).fill(values.t.length === 0 ? 0 : NaN));
	return [{ title: t('fallbacks'), help: t('fallbacksHelp'), quantity: quantity('count/s', 'counter'), stacked: true, t: times,
		lines: [{ key: 'claimed', label: t('claimed'), color: seriesColor(0), values: over(found.claimed) }, { key: 'stolen', label: t('stolen'), color: seriesColor(1), values: over(found.stolen) }] }];
}

function draw(host: HTMLElement, viewport: Viewport, marks: readonly Mark[], special: Special): void {
	let hidden: ReadonlySet<string> = new Set();
	const legend = new Legend([], special.stacked, (now) => {
		hidden = now;
		legend.setHidden(now);
		chart.refresh();
	});
	const limits = special.most === undefined ? [] : [{ text: '', value: special.most, always: true }];
	const load = (range: Range): Promise<Frame> => {
		const [begin, end] = windowOf(special.t, range.from, range.to);
		const lines = special.lines.map((one): Line => ({ ...one, label: shown(one.label, 60), values: one.values.subarray(begin, end), hidden: hidden.has(one.key) }));
		return Promise.resolve({ t: special.t.subarray(begin, end), lines, stacked: special.stacked, limits, quantity: special.quantity, whole: true });
	};
	host.append(h('h4', {}, special.title, h('span', { class: 'dim' }, ` ${special.help}`)));
	const chart = new TimeChart(host, viewport, { height: 150, label: t('label', { title: special.title }), marks, load,
		onFrame: (frame) => legend.show(frame),
		onCursor: (frame, index) => legend.read(frame, index, moment(viewport.cursor ?? 0, viewport.span / 1000)) });
	host.append(legend.element);
}

const KNOWN: { readonly [table: string]: (told: readonly Told[], duration: number) => Special[] } = {
	migrate: migration, folio_migration: migration, buddy: orders, fragmentation: fallbacks,
};

/** Adds what a table of this name is recorded for, if its columns are those. */
export function mountSpecial(host: HTMLElement, page: Page, viewport: Viewport, table: Table, marks: readonly Mark[]): void {
	const known = KNOWN[table.name];
	if (!known)
		return;
	const place = host.appendChild(h('div', { class: 'special' }));
	void read(page, table).then((told) => {
		for (const special of known(told, page.meta.duration_s))
			draw(place.appendChild(h('div', { class: 'plan' })), viewport, marks, special);
	});
}
