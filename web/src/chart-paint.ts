// Draws what a chart has of values: its stack, then the lines over it. uPlot gives axes and scales only.
import type uPlot from 'uplot';
import type { Frame, Line } from './chart';
import { columnsOf, StackImage, sumsOf, type Sums } from './stack-columns';
import { theme } from './theme';

// With fewer values than this part of the pixels a stack is drawn as outlines, with a line between its layers.
const APART = 1 / 4, FEW = 25;

type Scale = { x: (t: number) => number; y: (v: number) => number };

function scaleOf({ bbox, scales }: uPlot): Scale {
	const { min: from, max: to } = scales['x']!, { min: low, max: high } = scales['y']!;
	const wide = bbox.width / (to! - from!), tall = bbox.height / (high! - low!);
	return { x: (t) => bbox.left + (t - from!) * wide, y: (v) => bbox.top + bbox.height - (v - low!) * tall };
}

/** Calls back with each stretch [begin, end) in which something is known. */
function stretches(n: number, known: (i: number) => boolean, each: (begin: number, end: number) => void): void {
	for (let begin = 0; begin < n; begin++) {
		if (!known(begin))
			continue;
		let end = begin + 1;
		while (end < n && known(end))
			end++;
		each(begin, end);
		begin = end;
	}
}

function paintLine(context: CanvasRenderingContext2D, frame: Frame, line: Line, scale: Scale): void {
	const { values } = line, { t } = frame, ratio = devicePixelRatio, few = t.length <= FEW;
	context.strokeStyle = context.fillStyle = line.color;
	context.lineWidth = (line.width ?? 1.5) * ratio;
	context.setLineDash(line.dash ? [5 * ratio, 4 * ratio] : []);
	context.beginPath();
	let on = false;
	for (let i = 0; i < t.length; i++) {
		const v = values[i]!, known = v === v;
		if (known) {
			const x = Math.round(scale.x(t[i]!)), y = Math.round(scale.y(v));
			if (on)
				context.lineTo(x, y);
			else
				context.moveTo(x, y);
		}
		on = known;
	}
	context.stroke();
	if (!few)
		return;
	// Single values would not be seen without a point.
	context.beginPath();
	for (let i = 0; i < t.length; i++)
		if (values[i]! === values[i]!) {
			const x = Math.round(scale.x(t[i]!)), y = Math.round(scale.y(values[i]!));
			context.moveTo(x + 2.5 * ratio, y);
			context.arc(x, y, 2.5 * ratio, 0, Math.PI * 2);
		}
	context.fill();
}

/** Each layer as an outline down to 0, the highest first, so that the others cover what is not its own. */
function paintOutlines(context: CanvasRenderingContext2D, frame: Frame, parts: readonly Line[], { tops, seen }: Sums, scale: Scale): void {
	const ground = Math.round(scale.y(0));
	context.setLineDash([]);
	context.lineWidth = devicePixelRatio;
	context.strokeStyle = theme.palette.background;
	for (let k = parts.length - 1; k >= 0; k--) {
		context.fillStyle = parts[k]!.color;
		stretches(frame.t.length, (i) => seen[i] === 1, (begin, end) => {
			const edge = new Path2D();
			for (let i = begin; i < end; i++)
				edge.lineTo(Math.round(scale.x(frame.t[i]!)), Math.round(scale.y(tops[k]![i]!)));
			const area = new Path2D(edge);
			area.lineTo(Math.round(scale.x(frame.t[end - 1]!)), ground);
			area.lineTo(Math.round(scale.x(frame.t[begin]!)), ground);
			context.fill(area);
			context.stroke(edge);
		});
	}
}

function paintStack(u: uPlot, frame: Frame, parts: readonly Line[], scale: Scale, image: StackImage): void {
	const { ctx: context, bbox } = u, n = frame.t.length, sums = sumsOf(parts.map((line) => line.values), n);
	if (n < (bbox.width / devicePixelRatio) * APART) {
		paintOutlines(context, frame, parts, sums, scale);
		return;
	}
	const x = frame.t.map((t) => scale.x(t) - bbox.left), height = Math.round(scale.y(0) - bbox.top);
	const columns = columnsOf(x, sums.tops[sums.tops.length - 1]!, sums.seen, bbox.width);
	if (height > 0)
		context.drawImage(image.paint(sums, columns, parts.map((line) => line.color), { width: bbox.width, height }, scale.y(0) - scale.y(1)), bbox.left, bbox.top);
}

/** `image` is the chart's own, kept between frames. */
export function paintFrame(u: uPlot, frame: Frame, image: StackImage): void {
	const { ctx: context, bbox } = u, scale = scaleOf(u);
	const shown = frame.lines.filter((line) => !line.hidden), parts = frame.stacked ? shown.filter((line) => !line.dash) : [];
	context.save();
	context.beginPath();
	context.rect(bbox.left, bbox.top, bbox.width, bbox.height);
	context.clip();
	context.lineJoin = 'round';
	if (parts.length > 0)
		paintStack(u, frame, parts, scale, image);
	for (const line of shown)
		if (!parts.includes(line))
			paintLine(context, frame, line, scale);
	context.restore();
}
