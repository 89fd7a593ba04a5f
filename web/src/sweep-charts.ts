// The two charts of a sweep, as SVG that is drawn for the width there is: peak memory (bars, left axis)
// and duration (line, right axis) against -j with their spread; what the peak was made of.
import { svg, type Child } from './dom';
import { bytes, duration } from './format';
import type { Spread, SweepLevel } from './sweep-types';
import { valueScale } from './ticks';

const TOP = 28, BOTTOM = 30, HEIGHT = 280;
export type Part = { label: string; color: string; value: number };

type Frame = { left: number; width: number; right: number };
const frameOf = (width: number, twoAxes: boolean): Frame => {
	const side = width < 600 ? 58 : 76;
	return { left: side, right: twoAxes ? side : 12, width: Math.max(40, width - side - (twoAxes ? side : 12)) };
};

const text = (x: number, y: number, said: string, anchor: 'start' | 'middle' | 'end', cls = ''): SVGElement =>
	svg('text', { x, y, 'text-anchor': anchor, class: cls }, said);

function leftAxis(frame: Frame, at: readonly number[], y: (v: number) => number): Child {
	return at.map((v) => [svg('line', { x1: frame.left, x2: frame.left + frame.width, y1: y(v), y2: y(v), class: 'grid' }), text(frame.left - 8, y(v) + 4, bytes(v), 'end', 'axis')]);
}

function whisker(x: number, spread: Spread, y: (v: number) => number): Child {
	if (spread.low === null || spread.high === null || spread.low === spread.high)
		return null;
	const top = y(spread.high), bottom = y(spread.low);
	return svg('path', { class: 'whisker', d: `M${x - 4} ${top}h8M${x} ${top}V${bottom}M${x - 4} ${bottom}h8` });
}

const most = (spreads: readonly Spread[]): number => Math.max(0, ...spreads.map((s) => s.high ?? s.median ?? 0));

function picture(width: number, label: string, children: Child): SVGSVGElement {
	return svg('svg', { class: 'sweep-chart', role: 'img', 'aria-label': label, width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` }, children);
}

/** Bars of peaks, a line of durations. */
export function peakAndDuration(levels: readonly SweepLevel[], width: number, words: { peak: string; duration: string; label: string }): SVGSVGElement {
	const frame = frameOf(width, true), high = HEIGHT - TOP - BOTTOM, step = frame.width / Math.max(1, levels.length);
	const memory = valueScale(0, most(levels.map((l) => l.peak_bytes)) || 1, 2), time = valueScale(0, most(levels.map((l) => l.wall_s)) || 1, 10);
	const yMemory = (v: number): number => TOP + high - (v / memory.max) * high, yTime = (v: number): number => TOP + high - (v / time.max) * high;
	const x = (i: number): number => frame.left + step * (i + 0.5), bar = Math.min(72, step * 0.5), at = bar * 0.28;
	const bars = levels.map(({ jobs, peak_bytes: peak }, i) => [
		peak.median === null ? null : svg('rect', { x: x(i) - bar / 2, width: bar, y: yMemory(peak.median), height: Math.max(1, TOP + high - yMemory(peak.median)), class: 'peak' }, svg('title', {}, `-j ${jobs}: ${bytes(peak.median)}`)),
		whisker(x(i) - at, peak, yMemory),
		text(x(i), HEIGHT - BOTTOM + 18, `-j ${jobs}`, 'middle', 'axis')]);
	const points = levels.map((l, i) => ({ x: x(i) + at, y: l.wall_s.median === null ? NaN : yTime(l.wall_s.median), level: l })).filter((p) => !Number.isNaN(p.y));
	const line = svg('polyline', { class: 'duration', points: points.map((p) => `${p.x},${p.y}`).join(' ') });
	const dots = points.map((p) => [whisker(p.x, p.level.wall_s, yTime), svg('circle', { class: 'duration-dot', cx: p.x, cy: p.y, r: 4 }, svg('title', {}, `-j ${p.level.jobs}: ${duration(p.level.wall_s.median)}`))]);
	return picture(width, words.label, [leftAxis(frame, memory.at, yMemory), bars, line, dots,
		time.at.map((v) => text(frame.left + frame.width + 8, yTime(v) + 4, duration(v), 'start', 'axis')),
		svg('rect', { x: frame.left, y: 4, width: 10, height: 10, class: 'peak' }), text(frame.left + 16, 13, words.peak, 'start', 'key'),
		svg('circle', { cx: frame.left + frame.width - 6, cy: 9, r: 4, class: 'duration-dot' }), text(frame.left + frame.width - 16, 13, words.duration, 'end', 'key')]);
}

/** What the peak of each -j was made of, largest at the bottom. */
export function composition(levels: readonly { jobs: number; parts: readonly Part[] }[], width: number, label: string): SVGSVGElement {
	const frame = frameOf(width, false), high = HEIGHT - TOP - BOTTOM, step = frame.width / Math.max(1, levels.length), bar = Math.min(96, step * 0.6);
	const scale = valueScale(0, Math.max(0, ...levels.map(({ parts }) => parts.reduce((s, p) => s + p.value, 0))) || 1, 2);
	const y = (v: number): number => TOP + high - (v / scale.max) * high;
	const stacks = levels.map(({ jobs, parts }, i) => {
		let sum = 0;
		const x = frame.left + step * (i + 0.5);
		return [parts.map((part) => {
			const bottom = y(sum), top = y(sum += part.value);
			const layer = svg('rect', { x: x - bar / 2, width: bar, y: top, height: Math.max(0, bottom - top), class: 'layer' }, svg('title', {}, `-j ${jobs}: ${part.label} ${bytes(part.value)}`));
			layer.style.fill = part.color;
			return layer;
		}), text(x, HEIGHT - BOTTOM + 18, `-j ${jobs}`, 'middle', 'axis')];
	});
	return picture(width, label, [leftAxis(frame, scale.at, y), stacks]);
}
