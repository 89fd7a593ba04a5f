// Every run that is told over time: which group it is of, when it was and what it came to; a box shows or hides
// it in all charts.
import { english, h, shown } from '../dom';
import { bytes, duration } from '../format';
import { clock } from '../head';
import { texts } from '../i18n';
import { signalName } from '../processes/words';
import type { RunView, ShownRun } from './runs';
import type { ComparePage } from './types';

const t = texts({
	en: { title: 'Runs', shown: 'shown', group: 'group', run: 'run', began: 'began', wall: 'wall time', cpu: 'CPU time', peak: 'peak memory', exit: 'exit', unfinished: 'not finished', show: 'Show {run} in the charts', left: 'Left out for size:', page: 'A page by vigia {version}.', command: 'command', host: 'host' },
	pt: { title: 'Execuções', shown: 'visível', group: 'grupo', run: 'execução', began: 'começou', wall: 'tempo total', cpu: 'tempo de CPU', peak: 'pico de memória', exit: 'saída', unfinished: 'não terminada', show: 'Mostrar {run} nos gráficos', left: 'Omitido pelo tamanho:', page: 'Página do vigia {version}.', command: 'comando', host: 'anfitrião' },
	zh: { title: '运行', shown: '显示', group: '组', run: '运行', began: '开始', wall: '总用时', cpu: 'CPU 时间', peak: '内存峰值', exit: '退出', unfinished: '未完成', show: '在图表中显示 {run}', left: '因大小而省略：', page: 'vigia {version} 的页面。', command: '命令', host: '主机' },
});

function exitOf({ facts }: ShownRun): string {
	if (!facts.complete)
		return t('unfinished');
	return facts.exit_signal !== null ? signalName(facts.exit_signal) : facts.exit_code === null ? '–' : String(facts.exit_code);
}

function box(run: ShownRun, view: RunView): HTMLInputElement {
	const input = h('input', { type: 'checkbox', 'aria-label': t('show', { run: shown(run.facts.id ?? run.name, 80) }), onchange: () => {
		const hidden = new Set(view.hidden);
		if (input.checked)
			hidden.delete(run.key);
		else
			hidden.add(run.key);
		view.hidden = hidden;
	} });
	const set = (): void => { input.checked = !view.hidden.has(run.key); };
	set();
	view.on(set);
	return input;
}

function row(run: ShownRun, view: RunView): HTMLElement {
	const { figures } = run.over, swatch = h('span', { class: `swatch stroke${run.side === 1 ? ' dashed' : ''}` });
	swatch.style.setProperty('--color', view.color(run.side));
	const peak = figures['peak_pss'] ?? figures['peak_rss'] ?? figures['peak_cgroup'] ?? null;
	return h('tr', {}, h('td', {}, box(run, view)), h('td', {}, swatch, ' ', h('bdi', {}, shown(view.groups[run.side].name, 60))), h('th', { scope: 'row' }, h('bdi', { title: shown(run.facts.command ?? '', 1000) }, shown(run.facts.id ?? run.facts.path ?? run.name, 60))),
		h('td', {}, clock(run.page, 0, true) ?? '–'), h('td', {}, duration(figures['wall'])), h('td', {}, duration(figures['cpu'])), h('td', {}, bytes(peak)),
		h('td', { class: run.facts.failed ? 'change worse' : '' }, exitOf(run)));
}

export function mountRuns(section: HTMLElement, view: RunView): void {
	const { budget, version }: ComparePage = view.data, left = [...new Set(budget.left_out)];
	section.append(h('h2', {}, t('title')), h('div', { class: 'sweep-scroll', tabindex: 0, role: 'region', 'aria-label': t('title') }, h('table', { class: 'sweep-table runs-table' },
		h('thead', {}, h('tr', {}, [t('shown'), t('group'), t('run'), t('began'), t('wall'), t('cpu'), t('peak'), t('exit')].map((head) => h('th', { scope: 'col' }, head)))),
		h('tbody', {}, view.runs.map((run) => row(run, view))))));
	if (left.length > 0)
		section.append(h('p', { class: 'section-note' }, t('left'), ' ', english(left.map((one) => shown(one, 200)).join(', '))));
	section.append(h('p', { class: 'section-note' }, t('page', { version })));
}
