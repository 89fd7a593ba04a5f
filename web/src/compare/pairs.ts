// Where there are several comparisons (two sweeps at each -j, several groups against the first): all of them in
// one table, each the way to its own charts.
import { h, shown, type Child } from '../dom';
import { fragment } from '../fragment';
import { texts } from '../i18n';
import { sign } from './changes';
import { figureOf } from './rank';
import type { RunView } from './runs';
import type { ComparedPair } from './types';
import { changeText, valueText } from './words';

const t = texts({
	en: { title: 'All comparisons', pair: 'compared', wall: 'wall time', cpu: 'CPU time', peak: 'peak memory', was: '{now}, was {was}', seen: 'seen below' },
	pt: { title: 'Todas as comparações', pair: 'comparação', wall: 'tempo total', cpu: 'tempo de CPU', peak: 'pico de memória', was: '{now}, era {was}', seen: 'vê-se em baixo' },
	zh: { title: '全部比较', pair: '比较', wall: '总用时', cpu: 'CPU 时间', peak: '内存峰值', was: '{now}，原为 {was}', seen: '见下文' },
});

/** Another comparison is looked at; the page is drawn anew. */
export function choosePair(nth: number): void {
	fragment.set('pair', nth === 0 ? null : String(nth));
	for (const key of ['t', 'at', 'off'])
		fragment.set(key, null);
	fragment.link();
	location.reload();
}

export const pairName = ({ base, other }: ComparedPair): string => shown(`${other} / ${base}`, 120);

function cell(pair: ComparedPair, name: 'wall' | 'cpu' | 'peak'): Child {
	const figure = figureOf(pair, name);
	if (!figure || figure.change === null)
		return '–';
	const marked = figure.verdict === 'worse' || figure.verdict === 'better';
	return [h('span', { class: `change ${marked ? figure.verdict : 'open'}` }, marked && sign(figure), ` ${changeText(figure)}`),
		h('span', { class: 'dim' }, ` ${t('was', { now: valueText(figure, figure.other.mean), was: valueText(figure, figure.base.mean) })}`)];
}

export function mountPairs(section: HTMLElement, view: RunView): void {
	const { comparisons } = view.data.comparison;
	if (comparisons.length < 2) {
		section.hidden = true;
		return;
	}
	const rows = comparisons.map((pair, i) => h('tr', { 'aria-current': i === view.nth ? 'true' : null },
		h('th', { scope: 'row' }, i === view.nth ? [h('strong', {}, h('bdi', {}, pairName(pair))), h('span', { class: 'dim' }, ` ${t('seen')}`)]
			: h('button', { type: 'button', class: 'link', onclick: () => choosePair(i) }, h('bdi', {}, pairName(pair)))),
		(['wall', 'cpu', 'peak'] as const).map((name) => h('td', {}, cell(pair, name)))));
	section.append(h('h2', {}, t('title')), h('div', { class: 'sweep-scroll', tabindex: 0, role: 'region', 'aria-label': t('title') }, h('table', { class: 'sweep-table difference-table' },
		h('thead', {}, h('tr', {}, [t('pair'), t('wall'), t('cpu'), t('peak')].map((head) => h('th', { scope: 'col' }, head)))), h('tbody', {}, rows))));
}
