// What got worse, by most first, and what got better: a sentence each, how sure it is, and the way to its chart.
import { english, h, shown, type Child } from '../dom';
import { shapeOf } from '../findings';
import { momentOf } from '../format';
import { texts } from '../i18n';
import { scrollBehavior } from '../theme';
import { onlyIn, ranked, type NewFinding, type Ranked } from './rank';
import type { RunView } from './runs';
import type { Figure } from './types';
import { nameOf, sentence, surenessText } from './words';

const t = texts({
	en: { worse: 'What got worse', better: 'What got better', noneWorse: 'Nothing that is judged got worse by much: time, CPU, peak memory, and those of programs.', noneBetter: 'Nothing got better by much.', only: 'Only in {group}:', onlyOf: 'Only in {group}, {n} of {all} runs:', chart: 'chart', show: 'Show {name} in its chart', more: '{n} more', at: 'at {at}' },
	pt: { worse: 'O que piorou', better: 'O que melhorou', noneWorse: 'Nada do que se avalia piorou muito: tempo, CPU, pico de memória, e os dos programas.', noneBetter: 'Nada melhorou muito.', only: 'Só em {group}:', onlyOf: 'Só em {group}, {n} de {all} execuções:', chart: 'gráfico', show: 'Mostrar {name} no seu gráfico', more: 'mais {n}', at: 'em {at}' },
	zh: { worse: '变差的', better: '变好的', noneWorse: '所评判的各项（用时、CPU、内存峰值及各程序）都没有明显变差。', noneBetter: '没有明显变好的。', only: '仅在 {group}：', onlyOf: '仅在 {group}（{all} 次运行中 {n} 次）：', chart: '图表', show: '在图表中显示 {name}', more: '另 {n} 项', at: '在 {at}' },
});

const FIRST = 8;
export type ShowFigure = (figure: Figure) => string | null;

/** A figure's sign, so that it is not told by colour alone: filled where it is sure. */
export function sign({ verdict, change }: Figure): HTMLElement {
	const up = (change ?? 0) > 0, sure = verdict === 'worse' || verdict === 'better';
	return h('span', { class: `verdict-sign ${sure ? verdict : ''}`, 'aria-hidden': 'true' }, sure ? (up ? '▲' : '▼') : up ? '△' : '▽');
}

function row({ figure }: Ranked, show: ShowFigure): HTMLElement {
	const name = shown(nameOf(figure), 80);
	const link = h('button', { type: 'button', class: 'link', 'aria-label': t('show', { name }), onclick: () => {
		const id = show(figure);
		if (id !== null)
			document.getElementById(id)?.scrollIntoView({ behavior: scrollBehavior(), block: 'start' });
	} }, t('chart'));
	return h('li', { class: 'change-row' }, sign(figure),
		h('div', { class: 'finding-text' }, h('strong', {}, h('bdi', {}, sentence(figure, name))), h('span', { class: 'dim' }, ` ${surenessText(figure)} `), figure.name !== 'processes' && link));
}

function findingRow({ finding, runs, of }: NewFinding, group: string, view: RunView): HTMLElement {
	const text: Child[] = [of > 1 ? t('onlyOf', { group: shown(group, 60), n: runs, all: of }) : t('only', { group: shown(group, 60) }), ' ', english(shown(finding.title, 240))];
	return h('li', { class: 'change-row' }, h('span', {}, shapeOf(finding.severity)),
		h('div', { class: 'finding-text' }, h('strong', {}, h('bdi', {}, text)), of === 1 && finding.t_s !== null && finding.t_s >= 0 && h('span', { class: 'dim' }, ` ${t('at', { at: momentOf(finding.t_s, view.data.duration_s) })}`)));
}

function list(section: HTMLElement, title: string, rows: readonly HTMLElement[], none: string): void {
	section.append(h('h2', {}, title));
	if (rows.length === 0) {
		section.append(h('p', { class: 'nothing' }, none));
		return;
	}
	section.append(h('ul', { class: 'findings' }, rows.slice(0, FIRST)));
	if (rows.length > FIRST)
		section.append(h('details', {}, h('summary', {}, t('more', { n: rows.length - FIRST })), h('ul', { class: 'findings' }, rows.slice(FIRST))));
}

export function mountChanges(worse: HTMLElement, better: HTMLElement, view: RunView, show: ShowFigure): void {
	const [before, now] = [view.of(0), view.of(1)].map((runs) => runs.map(({ over }) => over)) as [ReturnType<RunView['of']>[number]['over'][], ReturnType<RunView['of']>[number]['over'][]];
	const found = onlyIn(now, before).map((one) => findingRow(one, view.groups[1].name, view));
	const gone = onlyIn(before, now).map((one) => findingRow(one, view.groups[0].name, view));
	list(worse, t('worse'), [...found, ...ranked(view.pair, 'worse').map((one) => row(one, show))], t('noneWorse'));
	list(better, t('better'), [...ranked(view.pair, 'better').map((one) => row(one, show)), ...gone], t('noneBetter'));
}
