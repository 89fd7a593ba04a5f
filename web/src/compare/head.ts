// The first thing one sees of a comparison: which is slower and by how much, and the five figures then and now.
import { english, h, shown, type Child } from '../dom';
import { texts } from '../i18n';
import { choosePair, pairName } from './pairs';
import { figureOf } from './rank';
import type { RunView } from './runs';
import type { Figure } from './types';
import { amountText, changeText, surenessText, valueText } from './words';

const t = texts({
	en: { slower: '{other} is {by} slower than {base}', faster: '{other} is {by} faster than {base}', unclear: 'No clear difference in time between {other} and {base}', longer: '{other} took {by} longer than {base}', shorter: '{other} took {by} less time than {base}', times: '{other} took {by} times as long as {base}', now: '{now}, was {was}', alike: '{other} took as long as {base}', unknown: '{other} and {base} cannot be compared by time',
		wall: 'wall time', cpu: 'CPU time', peak: 'peak memory', cores: 'cores busy', processes: 'processes', was: 'was {was}', failed: '{group}: {n} of {all} runs failed', failedOne: '{group} failed', pair: 'Compared', each: '{n} runs each', against: '{m} runs against {n}' },
	pt: { slower: '{other} é {by} mais lento do que {base}', faster: '{other} é {by} mais rápido do que {base}', unclear: 'Sem diferença clara de tempo entre {other} e {base}', longer: '{other} demorou mais {by} do que {base}', shorter: '{other} demorou menos {by} do que {base}', times: '{other} demorou {by} vezes o tempo de {base}', now: '{now}, era {was}', alike: '{other} demorou o mesmo que {base}', unknown: '{other} e {base} não se podem comparar pelo tempo',
		wall: 'tempo total', cpu: 'tempo de CPU', peak: 'pico de memória', cores: 'núcleos ocupados', processes: 'processos', was: 'era {was}', failed: '{group}: {n} de {all} execuções falharam', failedOne: '{group} falhou', pair: 'Comparação', each: '{n} execuções de cada', against: '{m} execuções contra {n}' },
	zh: { slower: '{other} 比 {base} 慢 {by}', faster: '{other} 比 {base} 快 {by}', unclear: '{other} 与 {base} 的用时没有明确差别', longer: '{other} 比 {base} 用时长 {by}', shorter: '{other} 比 {base} 用时短 {by}', times: '{other} 用时为 {base} 的 {by} 倍', now: '{now}，原为 {was}', alike: '{other} 与 {base} 用时相同', unknown: '{other} 与 {base} 无法按用时比较',
		wall: '总用时', cpu: 'CPU 时间', peak: '内存峰值', cores: '占用核数', processes: '进程', was: '原为 {was}', failed: '{group}：{all} 次运行中 {n} 次失败', failedOne: '{group} 失败', pair: '比较', each: '各 {n} 次运行', against: '{m} 次运行对 {n} 次' },
});

type Key = 'slower' | 'faster' | 'unclear' | 'longer' | 'shorter' | 'times' | 'alike' | 'unknown';

/** How the two stand by time; `kind` is the verdict's class. */
function outcome(wall: Figure | undefined): { kind: 'fine' | 'failed' | 'plain'; key: Key } {
	const many = (wall?.ratio ?? 0) >= 3, change = wall?.change ?? 0;
	switch (wall?.ratio === null ? 'unknown' : wall?.verdict) {
	case 'worse': return { kind: 'failed', key: many ? 'times' : 'slower' };
	case 'better': return { kind: 'fine', key: 'faster' };
	case 'unclear': return { kind: 'plain', key: 'unclear' };
	case 'alike': return { kind: 'plain', key: 'alike' };
	case 'unsure': return { kind: 'plain', key: change === 0 ? 'alike' : change < 0 ? 'shorter' : many ? 'times' : 'longer' };
	default: return { kind: 'plain', key: 'unknown' };
	}
}

/** Its parts that outsiders named stand apart, whatever way they are written. */
function named(text: string, names: { [name: string]: string }): Child[] {
	return text.split(/(\{\w+\})/).map((part) => {
		const name = /^\{(\w+)\}$/.exec(part)?.[1];
		return name === undefined ? part : h('bdi', { class: 'verdict-command' }, shown(names[name] ?? '', 60));
	});
}

function figure(name: string, told: Figure | undefined): HTMLElement {
	const change = told && changeText(told), kind = told?.verdict === 'worse' || told?.verdict === 'better' ? told.verdict : 'open';
	return h('div', { class: 'figure' }, h('dt', {}, name), h('dd', {},
		h('span', { class: 'figure-value' }, told ? valueText(told, told.other.mean) : '–'),
		told && told.base.mean !== null && h('span', { class: 'figure-note' }, t('was', { was: valueText(told, told.base.mean) }), change && h('span', { class: `change ${kind}` }, ` ${change}`))));
}

/** Which comparison of several is looked at. */
function choice(view: RunView): HTMLElement | null {
	const { comparisons } = view.data.comparison;
	if (comparisons.length < 2)
		return null;
	const select = h('select', { 'aria-label': t('pair'), onchange: () => choosePair(Number(select.value)) },
		comparisons.map((pair, i) => h('option', { value: i, selected: i === view.nth }, pairName(pair))));
	return h('p', { class: 'controls' }, h('label', {}, `${t('pair')} `, select));
}

function runsText(view: RunView): string {
	const [n, m] = view.groups.map((group) => group.runs.length) as [number, number];
	return n === m ? t('each', { n }) : t('against', { n, m });
}

export function mountHead(section: HTMLElement, view: RunView): void {
	const { pair, groups } = view, wall = figureOf(pair, 'wall'), { kind, key } = outcome(wall);
	const names = { other: groups[1].name, base: groups[0].name }, by = wall ? amountText(wall) : '';
	// Names of outsiders are put in last, each by itself.
	section.append(h('h1', { class: `verdict ${kind}` }, h('span', { class: 'outcome' }, named(t(key, { by }), names))));
	const known = groups[0].runs.length > 1 && groups[1].runs.length > 1;
	if (wall && key !== 'unknown')
		section.append(h('p', { class: 'section-note' }, `${t('now', { now: valueText(wall, wall.other.mean), was: valueText(wall, wall.base.mean) })}; `, known && `${runsText(view)}, `, surenessText(wall)));
	for (const group of groups) {
		const n = group.runs.filter((run) => run.failed).length, all = group.runs.length;
		if (n > 0)
			section.append(h('p', { class: 'caution failed' }, h('bdi', {}, t(all === 1 ? 'failedOne' : 'failed', { group: shown(group.name, 60), n, all }))));
	}
	const figures = (['wall', 'cpu', 'peak', 'cores', 'processes'] as const).map((name) => figure(t(name), figureOf(pair, name)));
	section.append(choice(view) ?? '', h('dl', { class: 'figures' }, figures));
	const { notes } = view.data.comparison, warnings = notes.filter((note) => note.severity === 'warning' && !/ runs? failed$/.test(note.text));
	for (const { text } of warnings)
		section.append(h('p', { class: 'caution' }, english(shown(text, 400))));
	for (const { text } of notes.filter((note) => note.severity !== 'warning'))
		section.append(h('p', { class: 'section-note' }, english(shown(text, 400))));
}
