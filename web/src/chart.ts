// One chart over the shared time axis: uPlot gives axes, scales and the cursor, chart-paint draws the values,
// the viewport says what is seen, a legend of our own is the control. Only what is seen of the data, at the
// level that fits, is drawn.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { chartDraw, drawTimes } from './chart-draw';
import { paintFrame } from './chart-paint';
import { h } from './dom';
import type { Quantity } from './format';
import { attachGestures, attachKeys } from './gestures';
import { Redraw } from './redraw';
import { StackImage } from './stack-columns';
import { theme } from './theme';
import { timeTicks, valueScale } from './ticks';
import { gutterOf, type Range, type Viewport } from './viewport';

export type Line = {
	key: string; label: string; color: string;
	/** The label is English in whatever language the page is. */
	english?: boolean;
	/** NaN: unknown. */
	values: Float64Array<ArrayBuffer>;
	/** Dashed, and over a stack, not in it. */
	dash?: boolean; width?: number;
	/** Not drawn; its name stays in the legend. */
	hidden?: boolean;
	/** Drawn without its name at its end. */
	quiet?: boolean;
	/** What is said to be its highest value, where it stands for several lines. */
	peak?: number;
};
/** `always`: the scale reaches it however far above it is. */
export type Limit = { text: string; value: number; always?: boolean };
/** What is drawn now: all lines over the same times. */
export type Frame = { t: Float64Array<ArrayBuffer>; lines: Line[]; stacked: boolean; limits: Limit[]; quantity: Quantity; whole: boolean };
/** `english`: in whatever language the page is. */
export type Mark = { t: number; severity: string; title: string; english?: boolean };
export type ChartOptions = {
	height: number; label: string;
	load: (range: Range, pixels: number) => Promise<Frame | null>;
	/** After a frame was drawn, and when the cursor moved: index of the value under it, null none. */
	onFrame?: (frame: Frame) => void;
	onCursor?: (frame: Frame, index: number | null) => void;
	marks?: readonly Mark[];
};

function extent(frame: Frame): { low: number; high: number } {
	const lines = frame.lines.filter((line) => !line.hidden);
	let low = 0, high = 0;
	const sum = new Float64Array(frame.t.length);
	for (const { values, dash } of lines)
		for (let i = 0; i < values.length; i++) {
			const v = values[i]!;
			if (v !== v)
				continue;
			const top = frame.stacked && !dash ? (sum[i]! += v) : v;
			if (top > high)
				high = top;
			if (v < low)
				low = v;
		}
	// A limit far above would flatten what there is to see; the lowest is what matters most.
	const most = high;
	for (const { value, always } of [...frame.limits].sort((a, b) => a.value - b.value).filter((limit) => limit.value > most))
		if (always || value <= most * (high === most ? 2.5 : 1.5))
			high = value;
	return { low, high: high > low ? high : low + 1 };
}

export class TimeChart {
	readonly host: HTMLElement;
	readonly #viewport: Viewport;
	readonly #options: ChartOptions;
	readonly #box = h('div', { class: 'chart-box' });
	readonly #redraw: Redraw;
	#plot: uPlot | null = null;
	#frame: Frame | null = null;
	#shape = '';
	readonly #image = new StackImage();
	#wanted = 0;
	#scale = { min: 0, max: 1, at: [0] };

	constructor(host: HTMLElement, viewport: Viewport, options: ChartOptions) {
		this.host = host;
		this.#viewport = viewport;
		this.#options = options;
		this.#box.style.height = `${options.height}px`;
		this.#box.setAttribute('role', 'img');
		this.#box.setAttribute('aria-label', options.label);
		attachKeys(this.#box, viewport);
		host.append(this.#box);
		viewport.on('range', () => this.refresh());
		viewport.on('cursor', () => this.#moveCursor());
		viewport.on('layout', () => this.refresh());
		theme.onChange(() => {
			this.#shape = '';
			this.refresh();
		});
		this.#redraw = new Redraw(this.#box, () => this.#start());
		this.#redraw.want();
		addEventListener('beforeprint', () => this.#redraw.now());
		// The first time they are drawn anyway, when there is nothing else to do: for find, print and scrolling.
		const later = window.requestIdleCallback ?? ((run: () => void) => window.setTimeout(run, 200));
		later(() => {
			if (this.#redraw.stale)
				this.#redraw.now();
		});
	}

	get frame(): Frame | null { return this.#frame; }

	/** Draws again; data may have changed. */
	refresh(): void {
		this.#redraw.want();
	}

	#start(): boolean {
		const width = this.#box.clientWidth;
		if (width > 0)
			void this.#update(width);
		return width > 0;
	}

	async #update(width: number): Promise<void> {
		const wanted = ++this.#wanted;
		const gutter = gutterOf(width), { range } = this.#viewport;
		const frame = await this.#options.load(range, Math.max(1, width - gutter.left - gutter.right));
		// Something newer is under way.
		if (wanted !== this.#wanted || !frame)
			return;
		this.#frame = frame;
		const { low, high } = extent(frame);
		this.#scale = valueScale(low, high, frame.quantity.base);
		this.#draw(frame, width);
		this.#options.onFrame?.(frame);
		this.#moveCursor(true);
	}

	#draw(frame: Frame, width: number): void {
		const shape = `${width} ${theme.scheme}`, data: uPlot.AlignedData = [frame.t];
		if (!this.#plot || shape !== this.#shape) {
			this.#plot?.destroy();
			this.#shape = shape;
			this.#plot = new uPlot(this.#uplot(width), data, this.#box);
			attachGestures(this.#plot.over, { left: () => 0, width: () => this.#plot?.over.clientWidth ?? 1 }, this.#viewport);
		} else {
			this.#plot.setData(data, true);
		}
	}

	// uPlot has no series of ours: what it draws are the axes.
	#uplot(width: number): uPlot.Options {
		const { palette } = theme, gutter = gutterOf(width);
		const nothing = (): null => null;
		const axis = { stroke: palette.dim, font: '12px system-ui, sans-serif', ticks: { show: false } };
		return {
			width, height: this.#options.height, padding: [18, gutter.right, 0, 0],
			legend: { show: false }, select: { show: false, left: 0, top: 0, width: 0, height: 0 },
			cursor: {
				y: false, drag: { x: false, y: false, setScale: false }, points: { show: false },
				bind: { mousedown: nothing, mouseup: nothing, click: nothing, dblclick: nothing, mousemove: nothing, mouseleave: nothing, mouseenter: nothing },
			},
			scales: {
				x: { time: false, range: () => [this.#viewport.range.from, this.#viewport.range.to] },
				y: { range: () => [this.#scale.min, this.#scale.max] },
			},
			axes: [
				{ ...axis, size: 26, gap: 6, grid: { show: false },
					splits: (u) => this.#xTicks(u).at,
					// chartDraw writes them: uPlot would cut those at the edges.
					values: (_, at) => at.map(() => '') },
				{ ...axis, size: gutter.left, gap: 8, grid: { stroke: palette.hairline, width: 1 },
					splits: () => this.#scale.at,
					values: (_, at) => at.map((v) => this.#yText(v)) },
			],
			series: [{}],
			hooks: { draw: [(u) => {
				if (this.#frame) {
					paintFrame(u, this.#frame, this.#image);
					chartDraw(u, this.#frame, this.#options.marks ?? [], width);
					drawTimes(u, this.#xTicks(u));
				}
			}] },
		};
	}

	#xTicks(u: uPlot): { step: number; at: number[] } {
		const { from, to } = this.#viewport.range;
		return timeTicks(from, to, Math.max(2, Math.floor(u.bbox.width / devicePixelRatio / 90)));
	}

	#yText(value: number): string {
		const { quantity } = this.#frame!;
		return quantity.axis(value);
	}

	/** Index of the last value at or before a time; null where there is none. */
	indexAt(t: number): number | null {
		const times = this.#frame?.t;
		if (!times || times.length === 0 || t < times[0]!)
			return times && times.length > 0 && times[0]! - t < this.#viewport.full.to * 0.01 ? 0 : null;
		let low = 0, high = times.length - 1;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if (times[middle]! <= t)
				low = middle;
			else
				high = middle - 1;
		}
		return low;
	}

	#moveCursor(drawn = false): void {
		if ((!this.#redraw.seen && !drawn) || !this.#plot || !this.#frame)
			return;
		const { cursor, range } = this.#viewport;
		const inside = cursor !== null && cursor >= range.from && cursor <= range.to;
		this.#plot.setCursor({ left: inside ? this.#plot.valToPos(cursor, 'x') : -10, top: 0 }, false);
		this.#options.onCursor?.(this.#frame, cursor === null ? null : this.indexAt(cursor));
	}
}
