// What to change for the next run of a build: the sentence, what each -j would take, and settings to copy.
import './next-run.css';
import type { Page } from './data';
import { h, shown } from './dom';
import { bytes, duration } from './format';
import { texts } from './i18n';
import { paste } from './paste';

type Range = { expected: number | null; low: number | null; high: number | null };
type Level = { jobs: number; recorded: boolean; fits: boolean | null; wall_s: Range; peak_bytes: Range };
type Setting = { id: string; title: string; reason: string; snippet: string; evidence: string };
/** docs/report.schema.json, next_run. */
export type NextRun = { refusal: string | null; build: boolean; verdict: string | null; jobs: number | null; levels: Level[]; settings: Setting[] };

const t = texts({
	en: { title: 'For the next run', time: 'time', memory: 'memory', advised: 'advised', recorded: 'recorded', large: 'too large', all: 'expected ranges; how sure they are: vigia advise' },
	pt: { title: 'Para a próxima execução', time: 'tempo', memory: 'memória', advised: 'aconselhado', recorded: 'gravado', large: 'grande demais', all: 'intervalos esperados; quão seguros são: vigia advise' },
	zh: { title: '下次运行', time: '时间', memory: '内存', advised: '建议', recorded: '已记录', large: '太大', all: '预期范围；其可靠程度见 vigia advise' },
});

function range(of: Range, words: (value: number) => string): string {
	if (of.low === null || of.high === null)
		return '–';
	const low = words(of.low), high = words(of.high);
	return low === high ? low : `${low} … ${high}`;
}

/** Those that say something: from one below what is advised or recorded to one above. */
export function tellingLevels(levels: readonly Level[], jobs: number | null): Level[] {
	const marked = levels.flatMap((level, i) => (level.recorded || level.jobs === jobs ? [i] : []));
	if (marked.length === 0)
		return levels.slice(0, 3);
	return levels.slice(Math.max(0, marked[0]! - 1), marked[marked.length - 1]! + 2);
}

function table(levels: readonly Level[], jobs: number | null): HTMLElement {
	const words = (level: Level): string => [level.jobs === jobs && t('advised'), level.recorded && t('recorded'), level.fits === false && t('large')].filter(Boolean).join(', ');
	const memory = levels.some((level) => (level.peak_bytes.expected ?? 0) > 0);
	return h('table', { class: 'next-levels' },
		h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, '-j'), h('th', { scope: 'col' }, t('time')), memory && h('th', { scope: 'col' }, t('memory')), h('td', {}))),
		h('tbody', {}, levels.map((level) => h('tr', { class: level.jobs === jobs ? 'advised' : null },
			h('th', { scope: 'row' }, level.jobs), h('td', {}, range(level.wall_s, duration)), memory && h('td', {}, range(level.peak_bytes, bytes)), h('td', {}, words(level))))));
}

function setting(of: Setting): HTMLElement {
	return h('li', {},
		h('strong', {}, h('bdi', {}, shown(of.title, 200))), h('span', { class: 'dim' }, ' – ', h('bdi', {}, shown(of.reason, 400))),
		paste(of.snippet));
}

export function mountNextRun(section: HTMLElement, page: Page): void {
	const next = (page.meta.report as { next_run?: NextRun | null }).next_run;
	if (!next || (next.refusal !== null && !next.build)) {
		section.remove();
		return;
	}
	section.append(h('h2', {}, t('title')), h('p', {}, h('bdi', {}, shown(next.verdict ?? next.refusal ?? '', 600))));
	if (next.verdict === null)
		return;
	section.append(h('div', { class: 'next-table' }, table(tellingLevels(next.levels, next.jobs), next.jobs)),
		h('ul', { class: 'next-settings' }, next.settings.map(setting)),
		h('p', { class: 'dim section-note' }, t('all')));
}
