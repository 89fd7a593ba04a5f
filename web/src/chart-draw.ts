// What a chart has beside its lines: limits (dashed, named), marks of findings, and the lines' names
// at their ends, in the room right of the plot, moved apart so that none covers another.
import type uPlot from 'uplot';
import type { Frame, Line, Mark } from './chart';
import { moment } from './format';
import { theme } from './theme';
import { gutterOf } from './viewport';

const FONT = 12, LEAST = 14;

const fitted = new Map<string, string>();

/** A text cut to a width; what was cut before is not measured again. */
function fit(context: CanvasRenderingContext2D, text: string, width: number): string {
	const key = `${width} ${devicePixelRatio} ${text}`;
	let found = fitted.get(key);
	if (found === undefined) {
		if (fitted.size > 2000)
			fitted.clear();
		fitted.set(key, (found = cut(context, text, width)));
	}
	return found;
}

function cut(context: CanvasRenderingContext2D, text: string, width: number): string {
	if (context.measureText(text).width <= width)
		return text;
	let n = text.length;
	while (n > 2 && context.measureText(`${text.slice(0, n)}…`).width > width)
		n--;
	return `${text.slice(0, n)}…`;
}

type Name = { text: string; color: string; dash: boolean; at: number; y: number };

/** Moves names apart, keeping their order, inside top … bottom. */
function spread(names: Name[], top: number, bottom: number, least: number): Name[] {
	const sorted = [...names].sort((a, b) => a.at - b.at);
	let last = top - least;
	for (const name of sorted)
		last = name.y = Math.max(name.at, last + least);
	last = bottom + least;
	for (const name of sorted.reverse())
		last = name.y = Math.min(name.y, last - least);
	return sorted;
}

// The moment at which a stack's names are read: its end, or its peak where little is left at the end.
function reading(frame: Frame, lines: readonly Line[], from: number, to: number): number {
	let best = -1, most = 0, last = -1, lastSum = 0;
	for (let i = 0; i < frame.t.length; i++) {
		if (frame.t[i]! < from || frame.t[i]! > to)
			continue;
		let sum = 0;
		for (const { values } of lines)
			sum += values[i]! || 0;
		last = i;
		lastSum = sum;
		if (sum > most)
			most = sum, best = i;
	}
	return lastSum >= most * 0.3 ? last : best;
}

function namesOf(u: uPlot, frame: Frame, room: number): Name[] {
	const lines = frame.lines.filter((line) => !line.hidden && !line.quiet), { min, max } = u.scales['x']!;
	const y = (v: number): number => u.valToPos(v, 'y', true);
	const names: Name[] = [];
	const parts = frame.stacked ? lines.filter((line) => !line.dash) : [], over = lines.filter((line) => !parts.includes(line));
	if (parts.length > 0) {
		const i = reading(frame, parts, min!, max!);
		let sum = 0;
		for (const line of parts) {
			const v = i < 0 ? NaN : line.values[i]!;
			// A layer that is not a pixel high has no place to point at.
			if (v > 0 && (y(0) - y(v) >= devicePixelRatio || parts.length === 1))
				names.push({ text: line.label, color: line.color, dash: false, at: y(sum + v / 2), y: 0 });
			sum += v || 0;
		}
	}
	// Lines that only run along the bottom would fill the room with names.
	const least = (u.scales['y']!.max! - u.scales['y']!.min!) * 0.02;
	for (const line of over) {
		if (over.length > 4 && !line.values.some((v) => Math.abs(v) > least))
			continue;
		let i = frame.t.length - 1;
		while (i >= 0 && (frame.t[i]! > max! || Number.isNaN(line.values[i]!)))
			i--;
		if (i >= 0)
			names.push({ text: line.label, color: line.color, dash: line.dash ?? false, at: y(line.values[i]!), y: 0 });
	}
	// Where not all fit, the thin ones go unnamed; the legend has them all.
	return names.slice(0, Math.max(1, Math.floor(room / (LEAST * devicePixelRatio))));
}

function drawNames(u: uPlot, frame: Frame, gutter: number): void {
	const { ctx: context, bbox } = u, ratio = devicePixelRatio;
	if (gutter < 60 || frame.lines.filter((line) => !line.hidden && !line.quiet).length < 2)
		return;
	const left = bbox.left + bbox.width;
	context.textAlign = 'left';
	context.textBaseline = 'middle';
	for (const name of spread(namesOf(u, frame, bbox.height), bbox.top + 6 * ratio, bbox.top + bbox.height - 4 * ratio, LEAST * ratio)) {
		context.strokeStyle = name.color;
		context.lineWidth = 2 * ratio;
		context.setLineDash(name.dash ? [3 * ratio, 2 * ratio] : []);
		context.beginPath();
		context.moveTo(left + 2 * ratio, name.at);
		context.lineTo(left + 10 * ratio, name.y);
		context.lineTo(left + 14 * ratio, name.y);
		context.stroke();
		context.fillStyle = theme.palette.text;
		context.fillText(fit(context, name.text, (gutter - 20) * ratio), left + 18 * ratio, name.y);
	}
}

/** Where a text of this width has room beside the marks' shapes, which stand on the same line. */
function besideMarks(u: uPlot, marks: readonly Mark[], from: number, width: number): number {
	const room = 9 * devicePixelRatio, xs = marks.filter(({ severity }) => severity !== 'info').map(({ t }) => u.valToPos(t, 'x', true)).sort((a, b) => a - b);
	let left = from;
	for (const x of xs)
		if (x > left - room && x < left + width + room)
			left = x + room;
	return left;
}

function drawLimits(u: uPlot, frame: Frame, marks: readonly Mark[]): void {
	const { ctx: context, bbox } = u, ratio = devicePixelRatio, { palette } = theme;
	context.textAlign = 'left';
	let above = bbox.left + 7 * ratio;
	for (const { text, value } of frame.limits) {
		if (value > u.scales['y']!.max!) {
			// Out of sight above: said, not drawn.
			context.fillStyle = palette.dim;
			context.textBaseline = 'bottom';
			const { width } = context.measureText(`↑ ${text}`), left = besideMarks(u, marks, above, width);
			if (left + width < bbox.left + bbox.width)
				context.fillText(`↑ ${text}`, left, bbox.top - 3 * ratio);
			above = left + width + 16 * ratio;
			continue;
		}
		const y = Math.round(u.valToPos(value, 'y', true)) + 0.5;
		context.strokeStyle = palette.text;
		context.lineWidth = ratio;
		context.setLineDash([6 * ratio, 4 * ratio]);
		context.beginPath();
		context.moveTo(bbox.left, y);
		context.lineTo(bbox.left + bbox.width, y);
		context.stroke();
		context.setLineDash([]);
		const below = y - bbox.top < 16 * ratio;
		context.textBaseline = below ? 'top' : 'bottom';
		const width = context.measureText(text).width;
		context.fillStyle = palette.background;
		context.globalAlpha = 0.8;
		context.fillRect(bbox.left + 4 * ratio, below ? y + 2 * ratio : y - 16 * ratio, width + 6 * ratio, 14 * ratio);
		context.globalAlpha = 1;
		context.fillStyle = palette.text;
		context.fillText(text, bbox.left + 7 * ratio, below ? y + 3 * ratio : y - 3 * ratio);
	}
}

/** A finding's shape: a diamond is critical, a triangle a warning, a circle for information. */
export function drawShape(context: CanvasRenderingContext2D, severity: string, x: number, y: number, r: number): void {
	context.beginPath();
	if (severity === 'critical') {
		context.moveTo(x, y - r);
		context.lineTo(x + r, y);
		context.lineTo(x, y + r);
		context.lineTo(x - r, y);
	} else if (severity === 'warning') {
		context.moveTo(x, y - r * 0.9);
		context.lineTo(x + r, y + r * 0.8);
		context.lineTo(x - r, y + r * 0.8);
	} else {
		context.arc(x, y, r * 0.75, 0, Math.PI * 2);
	}
	context.closePath();
	context.fill();
}

export const severityColor = (severity: string): string =>
	(severity === 'critical' ? theme.palette.critical : severity === 'warning' ? theme.palette.warning : theme.palette.dim);

function drawMarks(u: uPlot, marks: readonly Mark[]): void {
	const { ctx: context, bbox } = u, ratio = devicePixelRatio, { min, max } = u.scales['x']!;
	for (const { t, severity } of marks) {
		if (t < min! || t > max! || severity === 'info')
			continue;
		const x = Math.round(u.valToPos(t, 'x', true)) + 0.5;
		context.strokeStyle = context.fillStyle = severityColor(severity);
		context.lineWidth = ratio;
		context.globalAlpha = 0.5;
		context.beginPath();
		context.moveTo(x, bbox.top);
		context.lineTo(x, bbox.top + bbox.height);
		context.stroke();
		context.globalAlpha = 1;
		drawShape(context, severity, x, bbox.top - 7 * ratio, 5 * ratio);
	}
}

/** The marks of the time axis, none beyond the edge of the picture. */
export function drawTimes(u: uPlot, { step, at }: { step: number; at: readonly number[] }): void {
	const { ctx: context, bbox } = u, ratio = devicePixelRatio, { width } = context.canvas;
	context.save();
	context.font = `${FONT * ratio}px system-ui, sans-serif`;
	context.fillStyle = theme.palette.dim;
	context.textAlign = 'center';
	context.textBaseline = 'top';
	for (const t of at) {
		const text = moment(t, step), half = context.measureText(text).width / 2;
		context.fillText(text, Math.max(half, Math.min(width - half, u.valToPos(t, 'x', true))), bbox.top + bbox.height + 7 * ratio);
	}
	context.restore();
}

export function chartDraw(u: uPlot, frame: Frame, marks: readonly Mark[], width: number): void {
	const { ctx: context } = u;
	context.save();
	context.font = `${FONT * devicePixelRatio}px system-ui, sans-serif`;
	drawMarks(u, marks);
	drawLimits(u, frame, marks);
	drawNames(u, frame, gutterOf(width).right);
	context.restore();
}
