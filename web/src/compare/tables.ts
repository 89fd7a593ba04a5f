// All figures of a comparison: what each side came to, what differs, and how sure that is.
import { h, shown, type Child } from '../dom';
import { count } from '../format';
import { texts } from '../i18n';
import { sign } from './changes';
import type { RunView } from './runs';
import type { Figure, FigureSpread } from './types';
import { changeText, intervalText, nameOf, valueText } from './words';

const t = texts({
	en: { title: 'All differences', note: 'Means of the runs, with the lowest and the highest in brackets. Where the interval holds 0, no difference is sure.', noteOnce: 'One run on a side: no spread is known, so no difference is sure.', figure: 'figure', change: 'change', interval: '95 % interval', verdict: 'judged',
		run: 'The run', peaks: 'Memory by category: peaks', cpu: 'CPU time by category', counts: 'Processes by category', programs: 'Memory by program: peaks', programCpu: 'CPU time by program', programCounts: 'Processes by program', monitor: 'Monitors: what differs most', all: 'all {n}',
		worse: 'worse', better: 'better', more: 'more', less: 'less', alike: 'the same', unsure: 'not known', unclear: 'not clear', unknown: '–', leftOut: '{n} further {n?figure has:figures have} no room here: vigia compare --json' },
	pt: { title: 'Todas as diferenças', note: 'Médias das execuções, com o mínimo e o máximo entre parênteses. Onde o intervalo contém 0, nenhuma diferença é certa.', noteOnce: 'Uma execução de um lado: dispersão desconhecida, nenhuma diferença é certa.', figure: 'valor', change: 'diferença', interval: 'intervalo de 95 %', verdict: 'avaliação',
		run: 'A execução', peaks: 'Memória por categoria: picos', cpu: 'Tempo de CPU por categoria', counts: 'Processos por categoria', programs: 'Memória por programa: picos', programCpu: 'Tempo de CPU por programa', programCounts: 'Processos por programa', monitor: 'Monitores: o que mais difere', all: 'todos os {n}',
		worse: 'pior', better: 'melhor', more: 'mais', less: 'menos', alike: 'igual', unsure: 'não se sabe', unclear: 'não é claro', unknown: '–', leftOut: 'mais {n} {n?valor não cabe:valores não cabem} aqui: vigia compare --json' },
	zh: { title: '全部差别', note: '各次运行的平均，括号内为最低与最高。区间含 0 时，差别不能确定。', noteOnce: '一方只有一次运行：离散度未知，差别都不能确定。', figure: '项目', change: '变化', interval: '95 % 区间', verdict: '评判',
		run: '整个运行', peaks: '各类别内存峰值', cpu: '各类别 CPU 时间', counts: '各类别进程数', programs: '各程序内存峰值', programCpu: '各程序 CPU 时间', programCounts: '各程序进程数', monitor: '监视器：差别最大的', all: '全部 {n} 项',
		worse: '变差', better: '变好', more: '更多', less: '更少', alike: '相同', unsure: '未知', unclear: '不明确', unknown: '–', leftOut: '另有 {n} 项放不下：vigia compare --json' },
});

const FIRST = 8;

function side(figure: Figure, { mean, min, max, n }: FigureSpread): Child[] {
	return [valueText(figure, mean), n > 1 && min !== max && h('span', { class: 'dim' }, ` (${valueText(figure, min)} … ${valueText(figure, max)})`)];
}

function cells(figure: Figure, intervals: boolean): Child[] {
	const { verdict } = figure, marked = verdict === 'worse' || verdict === 'better';
	return [h('bdi', {}, shown(nameOf(figure), 80)), side(figure, figure.base), side(figure, figure.other), changeText(figure),
		...(intervals ? [intervalText(figure)] : []), h('span', { class: `change ${marked ? verdict : 'plain'}` }, marked && sign(figure), ` ${t(verdict)}`)];
}

const byWeight = (a: Figure, b: Figure): number => Math.max(b.base.mean ?? 0, b.other.mean ?? 0) - Math.max(a.base.mean ?? 0, a.other.mean ?? 0);
// What has no measure (from nothing) comes behind what has one.
const bySize = (f: Figure): number => (f.verdict === 'unknown' || f.verdict === 'alike' || f.verdict === 'unclear' ? -1 : f.ratio === null || f.ratio <= 0 ? 0.09 : Math.abs(Math.log(f.ratio)));

function table(view: RunView, label: string, figures: readonly Figure[]): HTMLElement {
	const intervals = figures.some((figure) => figure.interval !== 'none');
	const heads = [t('figure'), shown(view.groups[0].name, 40), shown(view.groups[1].name, 40), t('change'), ...(intervals ? [t('interval')] : []), t('verdict')];
	const body = h('tbody'), rows = figures.map((figure) => h('tr', {}, cells(figure, intervals).map((cell, i) => (i === 0 ? h('th', { scope: 'row' }, cell) : h('td', {}, cell)))));
	body.append(...rows.slice(0, FIRST));
	const box = h('div', { class: 'sweep-scroll', tabindex: 0, role: 'region', 'aria-label': label },
		h('table', { class: 'sweep-table difference-table' }, h('thead', {}, h('tr', {}, heads.map((head) => h('th', { scope: 'col' }, h('bdi', {}, head))))), body));
	if (rows.length <= FIRST + 2) {
		body.append(...rows.slice(FIRST));
		return box;
	}
	const more = h('button', { type: 'button', class: 'plain-button', onclick: () => {
		body.append(...rows.slice(FIRST));
		more.remove();
	} }, t('all', { n: count(rows.length) }));
	return h('div', {}, box, more);
}

export function mountTables(section: HTMLElement, view: RunView): void {
	const { figures } = view.pair, { comparison } = view.data;
	const of = (where: Figure['section'], statistic?: Figure['statistic']): Figure[] => figures.filter((f) => f.section === where && (statistic === undefined || f.statistic === statistic));
	const majors = of('major').filter((f) => f.name !== '' && f.name !== null).length > 0;
	const parts: [string, Figure[]][] = [
		[t('run'), of('run')],
		...(majors ? [[t('peaks'), of('major', 'peak').sort(byWeight)], [t('cpu'), of('major', 'cpu').sort(byWeight)]] as [string, Figure[]][] : []),
		[t('programs'), of('category', 'peak').sort(byWeight)], [t('programCpu'), of('category', 'cpu').sort(byWeight)], [t('programCounts'), of('category', 'processes').sort(byWeight)],
		[t('monitor'), of('monitor').sort((a, b) => bySize(b) - bySize(a))],
	];
	const once = view.groups.some((group) => group.runs.length === 1);
	section.append(h('h2', {}, t('title')), h('p', { class: 'section-note' }, t(once ? 'noteOnce' : 'note')));
	for (const [title, told] of parts)
		if (told.length > 0)
			section.append(h('h3', {}, title), table(view, title, told));
	if (comparison.figures_left_out > 0)
		section.append(h('p', { class: 'section-note' }, t('leftOut', { n: count(comparison.figures_left_out) })));
}
