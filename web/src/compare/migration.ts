// Folio migration as kdevops looks at it: successes since the start, calls a minute, and how many of them
// succeed in each interval; and in words what the other side differs by.
import type { Numbers } from '../data';
import { h, shown } from '../dom';
import { count, number, percent, quantity, type Quantity } from '../format';
import { lang, texts } from '../i18n';
import type { Viewport } from '../viewport';
import { OverlayChart } from './chart';
import type { Told } from './overlay';
import type { RunView, ShownRun, Side } from './runs';

const t = texts({
	en: { title: 'Folio migration', cumulative: 'Cumulative success', rate: 'Calls per minute', share: 'Success', shareHelp: 'of the calls in each interval', rateHelp: 'in each interval', cumulativeHelp: 'migrations since the start',
		calls: 'Total calls: {now}, was {was} ({change}).', success: 'Success: {now}, was {was} ({points} points).', means: 'Means of the runs.', label: '{what}, runs beside each other' },
	pt: { title: 'Migração de folios', cumulative: 'Sucessos acumulados', rate: 'Chamadas por minuto', share: 'Sucesso', shareHelp: 'das chamadas em cada intervalo', rateHelp: 'em cada intervalo', cumulativeHelp: 'migrações desde o início',
		calls: 'Total de chamadas: {now}, era {was} ({change}).', success: 'Sucesso: {now}, era {was} ({points} pontos).', means: 'Médias das execuções.', label: '{what}, execuções lado a lado' },
	zh: { title: 'folio 迁移', cumulative: '累计成功', rate: '每分钟调用', share: '成功率', shareHelp: '每个间隔内的调用', rateHelp: '每个间隔内', cumulativeHelp: '自开始以来的迁移次数',
		calls: '调用总数：{now}，原为 {was}（{change}）。', success: '成功率：{now}，原为 {was}（{points} 个百分点）。', means: '各次运行的平均。', label: '{what}，各次运行并列' },
});

export type Counts = { t: Numbers; success: Numbers; calls: Numbers };

/** What happened from each sample to the next, as a rate a minute, or as the part of the calls that succeeded; the last stands until the end. */
export function perInterval({ t: at, success, calls }: Counts, what: 'rate' | 'share'): Numbers {
	const out = new Float64Array(at.length).fill(NaN);
	for (let i = 0; i + 1 < at.length; i++) {
		const made = calls[i + 1]! - calls[i]!, seconds = at[i + 1]! - at[i]!;
		out[i] = what === 'rate' ? (seconds > 0 ? (made / seconds) * 60 : NaN) : made > 0 ? (success[i + 1]! - success[i]!) / made : NaN;
	}
	if (at.length > 1)
		out[at.length - 1] = out[at.length - 2]!;
	return out;
}

async function countsOf(run: ShownRun): Promise<Counts | null> {
	const told = run.over.migration;
	if (!told)
		return null;
	const [at, success, calls] = await Promise.all([run.page.numbers(told.t), run.page.numbers(told.success), run.page.numbers(told.calls)]);
	return { t: at!, success: success!, calls: calls! };
}

async function tell(run: ShownRun, what: 'cumulative' | 'rate' | 'share'): Promise<Told | null> {
	const counts = await countsOf(run);
	return counts && { t: counts.t, values: what === 'cumulative' ? counts.success : perInterval(counts, what), end: run.over.duration_s };
}

/** Means over a side's runs: calls, and the part of all of them that succeeded. */
async function sumsOf(view: RunView, side: Side): Promise<{ calls: number; share: number; n: number }> {
	const all = (await Promise.all(view.of(side).map(countsOf))).filter((one) => one !== null);
	const sum = (of: (counts: Counts) => Numbers): number => all.reduce((s, one) => s + (of(one)[of(one).length - 1] ?? 0), 0);
	const calls = sum((one) => one.calls);
	return { calls: calls / all.length, share: calls > 0 ? sum((one) => one.success) / calls : NaN, n: all.length };
}

const tenths = new Intl.NumberFormat(lang, { maximumFractionDigits: 1, signDisplay: 'exceptZero' });
const signed = (value: number): string => tenths.format(value).replace('-', '−');

async function words(view: RunView): Promise<string> {
	const [was, now] = [await sumsOf(view, 0), await sumsOf(view, 1)];
	const change = was.calls > 0 ? `${signed((now.calls / was.calls - 1) * 100)}\u00a0%` : '–';
	return [t('calls', { now: count(Math.round(now.calls)), was: count(Math.round(was.calls)), change }),
		Number.isFinite(was.share) && Number.isFinite(now.share) && t('success', { now: percent(now.share), was: percent(was.share), points: signed((now.share - was.share) * 100) }),
		(was.n > 1 || now.n > 1) && t('means')].filter(Boolean).join(' ');
}

/** Nothing where one side has no such table. */
export async function mountMigration(section: HTMLElement, viewport: Viewport, view: RunView): Promise<void> {
	const has = (side: Side): boolean => view.of(side).some(({ over }) => over.migration);
	if (!has(0) || !has(1)) {
		section.hidden = true;
		return;
	}
	const plain = quantity('count', 'gauge'), ratio: Quantity = { ...plain, text: (v) => percent(v), axis: (v) => percent(v), unit: '%' };
	const rate: Quantity = { ...plain, text: (v) => number(v) };
	section.append(h('h2', {}, t('title')), h('p', {}, h('bdi', {}, shown(await words(view), 400))));
	for (const [what, help, how] of [['cumulative', 'cumulativeHelp', plain], ['rate', 'rateHelp', rate], ['share', 'shareHelp', ratio]] as const) {
		section.append(h('h4', {}, t(what), h('span', { class: 'dim' }, ` ${t(help)}`)));
		new OverlayChart(section.appendChild(h('div')), viewport, view, { height: 150, label: t('label', { what: t(what) }), quantity: how,
			things: () => [{ key: what, label: t(what), color: view.color(0), parts: () => null, told: (run) => tell(run, what) }] });
	}
}
