// Figures and changes of a comparison as a person reads them, as `vigia compare` writes them.
import { duration, number, quantity } from '../format';
import { lang, texts } from '../i18n';
import type { Figure } from './types';

const t = texts({
	en: { wall: 'Wall time', cpu: 'CPU time', user: 'CPU time, user', system: 'CPU time, system', cores: 'Cores busy', peak_pss: 'Peak memory (PSS)', peak_rss: 'Peak memory (RSS)', peak_cgroup: 'Peak memory (cgroup)', processes: 'Processes',
		ofPeak: 'Peak memory of {name}', ofCpu: 'CPU time of {name}', ofCount: 'Processes of {name}', ofMean: '{name}, mean', ofMost: '{name}, highest', ofTotal: '{name}, in all',
		higher: '{subject} is {by} higher', times: '{subject} is {by} times as high', lower: '{subject} is {by} lower', begun: '{subject} is new', ended: '{subject} is gone', was: '{now}, was {was}', none: '{now}, none before', nothing: 'none, was {was}',
		same: 'same', isNew: 'new', interval: '95 % interval {low} … {high}', once: 'one run each: no spread is known', single: 'one side has a single run: no spread is known', unclear: 'not clear: {interval}' },
	pt: { wall: 'O tempo total', cpu: 'O tempo de CPU', user: 'O tempo de CPU, utilizador', system: 'O tempo de CPU, sistema', cores: 'O número de núcleos ocupados', peak_pss: 'O pico de memória (PSS)', peak_rss: 'O pico de memória (RSS)', peak_cgroup: 'O pico de memória (cgroup)', processes: 'O número de processos',
		ofPeak: 'O pico de memória de {name}', ofCpu: 'O tempo de CPU de {name}', ofCount: 'O número de processos de {name}', ofMean: '{name}, média', ofMost: '{name}, máximo', ofTotal: '{name}, ao todo',
		higher: '{subject} é {by} maior', times: '{subject} é {by} vezes maior', lower: '{subject} é {by} menor', begun: '{subject} é novo', ended: '{subject} desapareceu', was: '{now}, era {was}', none: '{now}, antes nada', nothing: 'nada, era {was}',
		same: 'igual', isNew: 'novo', interval: 'intervalo de 95 % {low} … {high}', once: 'uma execução de cada: dispersão desconhecida', single: 'um lado tem uma só execução: dispersão desconhecida', unclear: 'não é claro: {interval}' },
	zh: { wall: '总用时', cpu: 'CPU 时间', user: '用户态 CPU 时间', system: '内核态 CPU 时间', cores: '占用核数', peak_pss: '内存峰值 (PSS)', peak_rss: '内存峰值 (RSS)', peak_cgroup: '内存峰值 (cgroup)', processes: '进程数',
		ofPeak: '{name} 的内存峰值', ofCpu: '{name} 的 CPU 时间', ofCount: '{name} 的进程数', ofMean: '{name}，平均', ofMost: '{name}，最高', ofTotal: '{name}，合计',
		higher: '{subject}高出 {by}', times: '{subject}为原来的 {by} 倍', lower: '{subject}低 {by}', begun: '{subject}是新出现的', ended: '{subject}已消失', was: '{now}，原为 {was}', none: '{now}，此前没有', nothing: '没有，原为 {was}',
		same: '相同', isNew: '新', interval: '95 % 区间 {low} … {high}', once: '各一次运行：离散度未知', single: '一方只有一次运行：离散度未知', unclear: '不明确：{interval}' },
});

const RUN_FIGURES = ['wall', 'cpu', 'user', 'system', 'cores', 'peak_pss', 'peak_rss', 'peak_cgroup', 'processes'] as const;
const isRunFigure = (name: string): name is typeof RUN_FIGURES[number] => (RUN_FIGURES as readonly string[]).includes(name);

/** A value in a figure's unit: 45.3 s, 3.9 GiB, 12 °C. */
export function valueText({ unit, name, section }: Figure, value: number | null): string {
	if (section === 'run' && name === 'cores')
		return number(value);
	const how = quantity(unit === 's' ? 'seconds' : unit, 'gauge');
	return value === null ? '–' : unit === 's' ? duration(value) : how.text(value * how.factor);
}

/** The name of a figure without a sentence around it; what outsiders named is not yet made safe. */
export function nameOf(figure: Figure): string {
	if (figure.section === 'run')
		return isRunFigure(figure.name) ? t(figure.name).replace(/^O (.)/, (_, first: string) => first.toUpperCase()) : figure.name;
	if (figure.section !== 'monitor')
		return figure.name;
	const name = [figure.monitor, figure.of, figure.name].filter(Boolean).join(' ');
	return figure.statistic === 'mean' ? t('ofMean', { name }) : figure.statistic === 'most' ? t('ofMost', { name }) : t('ofTotal', { name });
}

const tenth = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
const percentOf = (ratio: number): string => {
	const percent = Math.abs(ratio - 1) * 100;
	return (percent < 9.95 ? tenth : whole).format(percent);
};
const signed = (ratio: number): string => {
	const text = percentOf(ratio);
	return text === '0' ? '0' : `${ratio < 1 ? '−' : '+'}${text}`;
};
const timesOf = (ratio: number): string => (ratio < 9.95 ? tenth : whole).format(ratio);
const isDegrees = (figure: Figure): boolean => figure.unit === 'celsius';

/** +12 %, ×3.2, same, new; empty where nothing is known. */
export function changeText(figure: Figure): string {
	const { change, ratio, base } = figure;
	if (change === null)
		return '';
	if (change === 0)
		return t('same');
	if (ratio === null || isDegrees(figure))
		return ratio === null && base.mean === 0 && !isDegrees(figure) ? t('isNew') : `${change > 0 ? '+' : '−'}${valueText(figure, Math.abs(change))}`;
	return ratio >= 3 ? `×${timesOf(ratio)}` : `${signed(ratio)}\u00a0%`;
}

/** By how much, in a sentence that says which way: 12 %, or 3.2 of "3.2 times". */
export const amountText = ({ ratio }: Figure): string => (ratio === null ? '' : ratio >= 3 ? timesOf(ratio) : `${percentOf(ratio)}\u00a0%`);

/** +9 … +15 % of the 95 % interval, ×1.2 … ×12 of a wide one; empty without one. */
export function intervalText(figure: Figure): string {
	const { change_low: low, change_high: high, ratio_low: from, ratio_high: to } = figure;
	if (figure.interval === 'none' || figure.verdict === 'alike')
		return '';
	if (from === null || to === null || isDegrees(figure))
		return low === null || high === null ? '' : `${valueText(figure, low)} … ${valueText(figure, high)}`;
	return to >= 10 ? `×${timesOf(from)} … ×${timesOf(to)}` : `${signed(from)} … ${signed(to)}\u00a0%`;
}

/** How sure a difference is: its interval, or that no spread is known. */
export function surenessText(figure: Figure): string {
	const interval = intervalText(figure);
	if (interval === '')
		return figure.base.n > 1 || figure.other.n > 1 ? t('single') : t('once');
	const [low = '', high = ''] = interval.split(' … ');
	const text = t('interval', { low, high });
	return figure.verdict === 'unclear' ? t('unclear', { interval: text }) : text;
}

/** "Peak memory of cc1 is 49 % higher: 63.3 MiB, was 42.8 MiB"; `name` is the figure's, made safe. */
export function sentence(figure: Figure, name: string): string {
	const { ratio, change } = figure, subject = figure.section === 'run' ? (isRunFigure(figure.name) ? t(figure.name) : name)
		: figure.section === 'monitor' ? name : t(figure.statistic === 'peak' ? 'ofPeak' : figure.statistic === 'cpu' ? 'ofCpu' : 'ofCount', { name });
	const now = valueText(figure, figure.other.mean), was = valueText(figure, figure.base.mean);
	if (ratio === null)
		return figure.base.mean === 0 ? `${t('begun', { subject })}: ${t('none', { now })}` : `${subject}: ${t('was', { now, was })}`;
	if (ratio === 0)
		return `${t('ended', { subject })}: ${t('nothing', { was })}`;
	const by = amountText(figure), head = t(ratio >= 3 ? 'times' : (change ?? 0) > 0 ? 'higher' : 'lower', { subject, by });
	return `${head}: ${t('was', { now, was })}`;
}
