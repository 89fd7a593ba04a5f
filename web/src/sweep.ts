// The page of a sweep: which -j was fastest and what it took, peak and duration against -j with their
// spread over repeats, what the peaks were made of, and each run.
import { Choice } from './choice';
import { h, replace, shown, type Child } from './dom';
import { bytes, count, duration, number } from './format';
import { fragment } from './fragment';
import { texts } from './i18n';
import { signalName } from './processes/words';
import { settings } from './settings';
import { composition, peakAndDuration } from './sweep-charts';
import { hasMajors, partsOf, type JobsParts, type PartsView } from './sweep-parts';
import type { SweepLevel, SweepPage, SweepRun, Spread } from './sweep-types';

const t = texts({
	en: { swept: 'swept over -j {jobs}', fastest: 'fastest', least: 'least memory', runs: 'runs', failed: '{n} failed', allDone: 'all done', left: '{n} not done', repeats: '{n} at each -j', once: 'one at each -j: no spread known', machine: 'machine', cores: '{n} {n?core:cores}',
		title: 'Peak memory and duration', peak: 'peak memory (PSS)', duration: 'duration', spread: 'Bars and points are medians; whiskers go from the lowest to the highest of the repeats.', made: 'What the peak was made of', madeNote: 'Categories at the moment of the peak, mean over the repeats.',
		table: 'Figures', jobs: '-j', wall: 'duration', cpu: 'CPU time', busy: 'cores busy', each: 'Every run', state: 'state', path: 'run', exit: 'exit', planned: 'planned', running: 'running', done: 'done', failedState: 'failed', timedOut: 'timed out', interrupted: 'interrupted', none: 'No run of this sweep was measured.', on: 'on {host}', view: 'Categories', major: 'major', detailed: 'detailed' },
	pt: { swept: 'percorrido com -j {jobs}', fastest: 'mais rápido', least: 'menos memória', runs: 'execuções', failed: '{n} {n?falhou:falharam}', allDone: 'todas feitas', left: '{n} por fazer', repeats: '{n} em cada -j', once: 'uma em cada -j: dispersão desconhecida', machine: 'máquina', cores: '{n} {n?núcleo:núcleos}',
		title: 'Pico de memória e duração', peak: 'pico de memória (PSS)', duration: 'duração', spread: 'Barras e pontos são medianas; os traços vão da menor à maior das repetições.', made: 'De que era feito o pico', madeNote: 'Categorias no momento do pico, média das repetições.',
		table: 'Valores', jobs: '-j', wall: 'duração', cpu: 'tempo de CPU', busy: 'núcleos ocupados', each: 'Cada execução', state: 'estado', path: 'execução', exit: 'saída', planned: 'planeada', running: 'a correr', done: 'feita', failedState: 'falhou', timedOut: 'fora de tempo', interrupted: 'interrompida', none: 'Nenhuma execução foi medida.', on: 'em {host}', view: 'Categorias', major: 'principais', detailed: 'detalhadas' },
	zh: { swept: '测试了 -j {jobs}', fastest: '最快', least: '内存最少', runs: '运行', failed: '{n} 次失败', allDone: '全部完成', left: '{n} 次未完成', repeats: '每个 -j {n} 次', once: '每个 -j 一次：离散度未知', machine: '机器', cores: '{n} 核',
		title: '内存峰值与用时', peak: '内存峰值 (PSS)', duration: '用时', spread: '柱与点为中位数，须线为重复中的最小到最大。', made: '峰值的构成', madeNote: '峰值时刻各类别，取重复的平均。',
		table: '数据', jobs: '-j', wall: '用时', cpu: 'CPU 时间', busy: '占用核数', each: '每次运行', state: '状态', path: '运行', exit: '退出', planned: '计划中', running: '运行中', done: '完成', failedState: '失败', timedOut: '超时', interrupted: '中断', none: '没有测到任何运行。', on: '在 {host}', view: '类别', major: '主类', detailed: '细分' },
});

const STATES = { planned: 'planned', running: 'running', done: 'done', failed: 'failedState', 'timed out': 'timedOut', interrupted: 'interrupted' } as const;
const stateText = (state: string): string => (Object.hasOwn(STATES, state) ? t(STATES[state as keyof typeof STATES]) : shown(state, 40));

const spread = (s: Spread, text: (v: number | null) => string): Child => [text(s.median), s.low !== s.high && h('span', { class: 'dim' }, ` (${text(s.low)} … ${text(s.high)})`)];

function table(heads: readonly string[], rows: readonly Child[][], label: string): HTMLElement {
	return h('div', { class: 'sweep-scroll', tabindex: 0, role: 'region', 'aria-label': label }, h('table', { class: 'sweep-table' },
		h('thead', {}, h('tr', {}, heads.map((head) => h('th', { scope: 'col' }, head)))),
		h('tbody', {}, rows.map((cells) => h('tr', {}, cells.map((cell) => h('td', {}, cell)))))));
}

function best(levels: readonly SweepLevel[], of: (level: SweepLevel) => number | null): SweepLevel | null {
	const known = levels.filter((level) => of(level) !== null);
	return known.length === 0 ? null : known.reduce((a, b) => (of(b)! < of(a)! ? b : a));
}

function head({ sweep }: SweepPage): HTMLElement {
	const { levels, runs } = sweep, command = Array.isArray(sweep.command) ? sweep.command.join(' ') : sweep.command;
	const fastest = best(levels, (l) => l.wall_s.median), least = best(levels, (l) => l.peak_bytes.median);
	const failed = runs.filter((run) => run.state === 'failed').length, left = runs.filter((run) => run.state !== 'failed' && run.state !== 'done').length;
	const figure = (name: string, value: string, note: string | null): HTMLElement =>
		h('div', { class: 'figure' }, h('dt', {}, name), h('dd', {}, h('span', { class: 'figure-value' }, value), note && h('span', { class: 'figure-note' }, note)));
	return h('section', { id: 'head' },
		h('h1', { class: 'verdict' }, h('span', {}, h('bdi', { class: 'verdict-command' }, shown(command ?? sweep.label ?? sweep.id ?? '', 160)), ' ', h('span', { class: 'outcome' }, t('swept', { jobs: levels.map((l) => l.jobs).join(', ') })))),
		h('dl', { class: 'figures' },
			figure(t('fastest'), fastest ? `-j ${fastest.jobs}` : '–', fastest && `${duration(fastest.wall_s.median)}, ${bytes(fastest.peak_bytes.median)}`),
			figure(t('least'), least ? `-j ${least.jobs}` : '–', least && `${bytes(least.peak_bytes.median)}, ${duration(least.wall_s.median)}`),
			figure(t('runs'), count(runs.filter((run) => !run.warm_up).length), failed > 0 ? t('failed', { n: failed }) : left > 0 ? t('left', { n: left }) : t('allDone')),
			figure(t('machine'), bytes(sweep.memory_bytes), [sweep.cpus !== null && t('cores', { n: count(sweep.cpus) }), sweep.host && t('on', { host: shown(sweep.host, 60) })].filter(Boolean).join(', '))),
		h('p', { class: 'section-note' }, sweep.repeat > 1 ? t('repeats', { n: sweep.repeat }) : t('once')));
}

function figures(levels: readonly SweepLevel[]): HTMLElement {
	return h('section', { id: 'figures' }, h('h2', {}, t('table')), table([t('jobs'), t('wall'), t('peak'), t('cpu'), t('busy'), t('runs')],
		levels.map((l) => [count(l.jobs), spread(l.wall_s, duration), spread(l.peak_bytes, bytes), spread(l.cpu_s, duration), spread(l.cores_busy, number), `${count(l.done)}${l.failed > 0 ? ` (${t('failed', { n: l.failed })})` : ''}`]), t('table')));
}

function every(runs: readonly SweepRun[]): HTMLElement {
	return h('section', { id: 'runs' }, h('h2', {}, t('each')), table([t('path'), t('jobs'), t('state'), t('wall'), t('peak'), t('cpu'), t('exit')],
		runs.slice(0, 2000).map((run) => [h('bdi', {}, shown(run.path, 120)), count(run.jobs), stateText(run.state), duration(run.wall_ns == null ? null : run.wall_ns / 1e9), bytes(run.peak_bytes), duration(run.cpu_us == null ? null : run.cpu_us / 1e6),
			run.exit_signal === null ? (run.exit_code === null ? '–' : String(run.exit_code)) : signalName(run.exit_signal)]), t('each')));
}

function legendOf({ parts }: JobsParts): HTMLElement[] {
	return parts.map(({ label, color }) => {
		const swatch = h('span', { class: 'swatch' });
		swatch.style.setProperty('--color', color);
		return h('span', { class: 'legend-entry' }, swatch, h('bdi', {}, shown(label, 60)));
	});
}

/** Stacks of each -j, by major or in detail; the result draws them for the width there is. */
function compositions(runs: readonly SweepRun[]): { section: HTMLElement; draw: () => void } | null {
	const majors = hasMajors(runs), chosen = (): PartsView => (majors && fragment.get('view') !== 'detailed' ? 'major' : 'detailed');
	if (partsOf(runs, chosen()).length === 0)
		return null;
	const box = h('div', { class: 'sweep-box' }), legend = h('p', { class: 'sweep-legend' });
	const draw = (): void => {
		const parts = partsOf(runs, chosen());
		if (box.clientWidth > 0)
			replace(box, composition(parts, box.clientWidth, t('made')));
		replace(legend, legendOf(parts[0]!));
	};
	const view = new Choice<PartsView>(t('view'), (['major', 'detailed'] as const).map((value) => ({ value, text: t(value) })), chosen(), (value) => {
		fragment.set('view', value === 'major' ? null : value);
		draw();
	});
	fragment.onChange(() => {
		view.set(chosen());
		draw();
	});
	return { draw, section: h('section', { id: 'composition' }, h('h2', {}, t('made')), h('p', { class: 'section-note' }, t('madeNote')), majors && h('div', { class: 'controls' }, view.element), box, legend) };
}

export function mountSweep(main: HTMLElement, page: SweepPage): void {
	const { levels, runs } = page.sweep, known = levels.filter((l) => l.wall_s.median !== null || l.peak_bytes.median !== null), made = compositions(runs);
	const first = h('div', { class: 'sweep-box' });
	replace(main, settings(), head(page), known.length === 0 ? h('p', { class: 'nothing' }, t('none')) : [
		h('section', { id: 'sweep' }, h('h2', {}, t('title')), first, h('p', { class: 'section-note' }, page.sweep.repeat > 1 ? t('spread') : t('once'))),
		made?.section, figures(known)], runs.length > 0 && every(runs));
	const draw = (): void => {
		const width = first.clientWidth;
		if (width > 0)
			replace(first, peakAndDuration(known, width, { peak: t('peak'), duration: t('duration'), label: t('title') }));
		made?.draw();
	};
	draw();
	addEventListener('resize', () => requestAnimationFrame(draw));
}
