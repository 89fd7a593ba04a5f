// CPU by category against the number of cores.
import { CategoryFrames } from './category-frames';
import type { CategoryView } from './categories';
import { TimeChart, type Mark } from './chart';
import type { Page } from './data';
import { h } from './dom';
import { cores, count, duration, moment, quantity } from './format';
import { texts } from './i18n';
import { Legend } from './legend';
import type { Viewport } from './viewport';

const t = texts({
	en: { title: 'CPU', label: 'Cores busy by category over time', core: '1 core', cores: '{n} cores', note: '{busy} of {cores} {cores?core:cores} busy on average; user {user}, system {system}', noteAlone: 'user {user}, system {system}',
		none: 'No CPU time was measured over time.' },
	pt: { title: 'CPU', label: 'Núcleos ocupados por categoria ao longo do tempo', core: '1 núcleo', cores: '{n} núcleos', note: 'em média {busy} de {cores} {cores?núcleo ocupado:núcleos ocupados}; utilizador {user}, sistema {system}', noteAlone: 'utilizador {user}, sistema {system}',
		none: 'Não se mediu tempo de CPU ao longo do tempo.' },
	zh: { title: 'CPU', label: '各类别占用核心数随时间变化', core: '1 核', cores: '{n} 核', note: '平均占用 {busy} / {cores} 核；用户 {user}，系统 {system}', noteAlone: '用户 {user}，系统 {system}',
		none: '未测得随时间变化的 CPU 时间。' },
});

export function mountCpu(section: HTMLElement, page: Page, viewport: Viewport, view: CategoryView, marks: readonly Mark[]): void {
	section.append(h('h2', {}, t('title')));
	const data = page.meta.by_category.find((b) => b.metric === 'cpu' && b.levels.length > 0);
	if (!data) {
		section.append(h('p', { class: 'nothing' }, t('none')));
		return;
	}
	const { cpu, run } = page.meta.report, { cores: all } = page.meta.machine;
	const busy = cpu.user_s !== null && cpu.system_s !== null && run.wall_s ? (cpu.user_s + cpu.system_s) / run.wall_s : null;
	const user = duration(cpu.user_s), system = duration(cpu.system_s);
	if (cpu.user_s !== null)
		section.append(h('p', { class: 'section-note' }, busy !== null && all !== null ? t('note', { busy: cores(busy), cores: count(all), user, system }) : t('noteAlone', { user, system })));
	const frames = new CategoryFrames(page, view, data);
	const legend = new Legend(view.hidden, true, (hidden) => { view.hidden = hidden; });
	const limits = all === null ? [] : [{ text: t(all === 1 ? 'core' : 'cores', { n: count(all) }), value: all, always: all <= 4 }];
	const chart = new TimeChart(section, viewport, {
		height: 220, label: t('label'), marks,
		load: (range, pixels) => frames.frame(range, pixels, { stacked: true, quantity: quantity('cores', 'gauge'), limits }),
		onFrame: (frame) => legend.show(frame),
		onCursor: (frame, index) => legend.read(frame, index, moment(viewport.cursor ?? 0, viewport.span / 1000)),
	});
	section.append(legend.element);
	view.on(() => {
		legend.setHidden(view.hidden);
		chart.refresh();
	});
}
