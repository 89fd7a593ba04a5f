// What vigia found: severity by shape and word, the moment as a button that brings the charts there.
import type { Page } from './data';
import { english, h, shown, svg } from './dom';
import { duration, momentOf } from './format';
import { failureMark } from './head';
import { texts } from './i18n';
import { paste } from './paste';
import type { Mark } from './chart';
import type { Finding } from './page-types';
import { scrollBehavior } from './theme';
import type { Viewport } from './viewport';

const t = texts({
	en: { title: 'Findings', none: 'Nothing stood out in this run.', unexplained: 'Nothing that vigia looks for explains the failure.', critical: 'critical', warning: 'warning', info: 'note', before: '{span} before', whole: 'whole run', show: 'Show {at} in the charts', more: '{n} more' },
	pt: { title: 'Constatações', none: 'Nada se destacou nesta execução.', unexplained: 'Nada do que o vigia procura explica a falha.', critical: 'crítico', warning: 'aviso', info: 'nota', before: '{span} antes', whole: 'toda a execução', show: 'Mostrar {at} nos gráficos', more: 'mais {n}' },
	zh: { title: '发现', none: '本次运行没有异常之处。', unexplained: 'vigia 所检查的项目中没有能解释失败的。', critical: '严重', warning: '警告', info: '提示', before: '开始前 {span}', whole: '整个运行', show: '在图表中显示 {at}', more: '另有 {n} 条' },
});

const SHAPES = { critical: 'M8 1l7 7-7 7-7-7z', warning: 'M8 2l7 12H1z', info: 'M8 3a5 5 0 100 10A5 5 0 008 3z' } as const;

export const shapeOf = (severity: string): SVGElement => {
	const known = severity === 'critical' || severity === 'warning' ? severity : 'info';
	return svg('svg', { class: `shape ${known}`, viewBox: '0 0 16 16', width: 12, height: 12, 'aria-hidden': 'true' }, svg('path', { d: SHAPES[known] }));
};

export function marksOf(page: Page): Mark[] {
	const marks: Mark[] = page.meta.report.findings
		.filter((finding) => finding.t_s !== null && finding.t_s >= 0)
		.map((finding) => ({ t: finding.t_s!, severity: finding.severity, title: finding.title, english: true }));
	const failure = failureMark(page);
	// A finding at that moment tells more of it.
	if (failure && !marks.some((mark) => mark.severity === 'critical' && Math.abs(mark.t - failure.t) < 1))
		marks.push(failure);
	return marks;
}

/** Brings a moment into view: a window of a twentieth of the run around it, the cursor on it. */
export function showMoment(viewport: Viewport, at: number): void {
	const half = viewport.full.to / 40;
	viewport.pin(at);
	viewport.zoomTo(Math.max(0, at - half), Math.min(viewport.full.to, at + half));
	document.getElementById('memory')?.scrollIntoView({ behavior: scrollBehavior(), block: 'start' });
}

function when(finding: Finding, viewport: Viewport): HTMLElement {
	const at = finding.t_s;
	if (at === null)
		return h('span', { class: 'dim' }, t('whole'));
	if (at < 0)
		return h('span', { class: 'dim' }, t('before', { span: duration(-at) }));
	const text = momentOf(at, viewport.full.to);
	return h('button', { type: 'button', class: 'link', 'aria-label': t('show', { at: text }), onclick: () => showMoment(viewport, at) }, text);
}

function row(finding: Finding, viewport: Viewport): HTMLElement {
	return h('li', { class: `finding ${finding.severity}` },
		h('span', { class: 'finding-severity' }, shapeOf(finding.severity), t(finding.severity)),
		h('span', { class: 'finding-when' }, when(finding, viewport)),
		h('div', { class: 'finding-text' },
			h('strong', {}, english(shown(finding.title, 600))),
			finding.evidence && h('p', { class: 'dim' }, english(shown(finding.evidence, 1200))),
			finding.meaning && h('p', {}, english(shown(finding.meaning, 1200))),
			finding.advice && advice(finding.advice)));
}

/** A sentence, and behind it lines to be pasted. */
function advice(text: string): HTMLElement[] {
	const [sentence = '', ...lines] = text.split('\n'), pasted = lines.filter((line) => line !== '').join('\n');
	return [h('p', { class: 'finding-advice' }, english(shown(sentence, 1200))), ...(pasted === '' ? [] : paste(pasted))];
}

export function mountFindings(section: HTMLElement, page: Page, viewport: Viewport): void {
	const { findings } = page.meta.report;
	section.append(h('h2', {}, t('title')));
	if (findings.length === 0) {
		const { run } = page.meta.report;
		section.append(h('p', { class: 'nothing' }, t(run.exit_code !== null && run.exit_code !== 0 ? 'unexplained' : 'none')));
		return;
	}
	const first = findings.slice(0, 12), rest = findings.slice(12);
	section.append(h('ul', { class: 'findings' }, first.map((finding) => row(finding, viewport))));
	if (rest.length > 0)
		section.append(h('details', {}, h('summary', {}, t('more', { n: rest.length })), h('ul', { class: 'findings' }, rest.map((finding) => row(finding, viewport)))));
}
