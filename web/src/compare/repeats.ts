// Each run of both groups as a point: how far repeats lie apart, beside how far the groups do. The bar is the mean.
import { h, replace, shown, svg } from '../dom';
import { bytes, duration } from '../format';
import { texts } from '../i18n';
import { valueScale } from '../ticks';
import type { RunView, ShownRun, Side } from './runs';

const t = texts({
	en: { title: 'The runs of each group', note: 'A point is a run, the bar their mean. Axes do not begin at 0.', wall: 'wall time', cpu: 'CPU time', peak: 'peak memory', label: '{what}: {base} {a}, {other} {b}' },
	pt: { title: 'As execuções de cada grupo', note: 'Um ponto é uma execução, a barra a média. Os eixos não começam em 0.', wall: 'tempo total', cpu: 'tempo de CPU', peak: 'pico de memória', label: '{what}: {base} {a}, {other} {b}' },
	zh: { title: '各组的运行', note: '每点为一次运行，竖线为平均。坐标轴不从 0 开始。', wall: '总用时', cpu: 'CPU 时间', peak: '内存峰值', label: '{what}：{base} {a}，{other} {b}' },
});

type What = 'wall' | 'cpu' | 'peak';
const WHATS: readonly What[] = ['wall', 'cpu', 'peak'], SIDES: readonly Side[] = [0, 1];
const LANE = 34, TOP = 6, BOTTOM = 24, SIDE = 10;

/** The peak as one name for all runs: the best that all of them know. */
function keyOf(view: RunView, what: What): string {
	if (what !== 'peak')
		return what;
	return ['peak_pss', 'peak_rss', 'peak_cgroup'].find((name) => view.runs.every((run) => run.over.figures[name] != null)) ?? 'peak_pss';
}

/** Points that would cover each other move up and down by turns. */
export function lanes(xs: readonly number[], least: number): number[] {
	const order = xs.map((_, i) => i).sort((a, b) => xs[a]! - xs[b]!), level = new Array<number>(xs.length).fill(0);
	let last = -Infinity, n = 0;
	for (const i of order) {
		n = xs[i]! - last < least ? n + 1 : 0;
		if (n === 0)
			last = xs[i]!;
		level[i] = n % 5 === 0 ? 0 : (n % 2 === 1 ? 1 : -1) * Math.ceil((n % 5) / 2);
	}
	return level;
}

function picture(view: RunView, what: What, width: number): SVGSVGElement | null {
	const key = keyOf(view, what), text = what === 'peak' ? bytes : duration;
	const known = (side: Side): { run: ShownRun; value: number }[] => view.of(side).flatMap((run) => { const value = run.over.figures[key]; return value == null ? [] : [{ run, value }]; });
	const sides = SIDES.map(known), values = sides.flat().map(({ value }) => value);
	if (sides.some((side) => side.length === 0))
		return null;
	const low = Math.min(...values), high = Math.max(...values), room = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1;
	const from = Math.max(0, low - room), to = high + room, inner = Math.max(40, width - 2 * SIDE), x = (v: number): number => SIDE + ((v - from) / (to - from)) * inner;
	const marks = valueScale(from, to, what === 'peak' ? 2 : 10).at.filter((v) => v >= from && v <= to).slice(-4), height = TOP + 2 * LANE + BOTTOM;
	const mean = (side: Side): number => sides[side]!.reduce((s, { value }) => s + value, 0) / sides[side]!.length;
	const lane = (side: Side): SVGElement[] => {
		const y = TOP + LANE * (side + 0.5), color = view.color(side), xs = sides[side]!.map(({ value }) => x(value)), level = lanes(xs, 7);
		const dots = sides[side]!.map(({ run, value }, i) => {
			const dot = svg('circle', { cx: xs[i]!, cy: y + level[i]! * 5, r: 3.5, class: side === 1 ? 'hollow' : '' }, svg('title', {}, `${shown(run.facts.id ?? run.name, 60)}: ${text(value)}`));
			dot.style.setProperty('--color', color);
			return dot;
		});
		const at = x(mean(side)), bar = svg('line', { x1: at, x2: at, y1: y - 14, y2: y + 14, class: 'mean' });
		bar.style.setProperty('--color', color);
		return [...dots, bar];
	};
	const label = t('label', { what: t(what), base: shown(view.groups[0].name, 40), a: text(mean(0)), other: shown(view.groups[1].name, 40), b: text(mean(1)) });
	return svg('svg', { class: 'sweep-chart repeats-chart', role: 'img', 'aria-label': label, width, height, viewBox: `0 0 ${width} ${height}` },
		marks.map((v) => [svg('line', { x1: x(v), x2: x(v), y1: TOP, y2: TOP + 2 * LANE, class: 'grid' }), svg('text', { x: x(v), y: height - 8, 'text-anchor': 'middle', class: 'axis' }, text(v))]),
		SIDES.map(lane));
}

export function mountRepeats(section: HTMLElement, view: RunView): void {
	if (view.of(0).length < 2 && view.of(1).length < 2) {
		section.hidden = true;
		return;
	}
	const boxes = WHATS.map((what) => ({ what, box: h('div', { class: 'repeats-box' }) }));
	const sides = SIDES.map((side) => {
		const swatch = h('span', { class: `swatch dot${side === 1 ? ' hollow' : ''}` });
		swatch.style.setProperty('--color', view.color(side));
		return h('span', { class: 'legend-side' }, swatch, h('bdi', {}, shown(view.groups[side].name, 60)));
	});
	section.append(h('h2', {}, t('title')), h('p', { class: 'section-note' }, t('note'), ' ', sides),
		h('div', { class: 'repeats' }, boxes.map(({ what, box }) => h('div', {}, h('h4', {}, t(what)), box))));
	const draw = (): void => {
		for (const { what, box } of boxes) {
			const drawn = box.clientWidth > 0 ? picture(view, what, box.clientWidth) : null;
			replace(box, drawn ?? '–');
		}
	};
	draw();
	addEventListener('resize', () => requestAnimationFrame(draw));
}
