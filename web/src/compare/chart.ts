// A chart of a comparison over the shared time axis, each run from its own start: the base solid, the other
// dashed. Of one thing there is a line a run (of many runs thin ones, and each group's mean); of several
// things a line for each of them and side.
import { TimeChart, type Frame, type Limit, type Line } from '../chart';
import { h, shown } from '../dom';
import { moment, type Quantity } from '../format';
import { fragment } from '../fragment';
import { Legend, peakOf } from '../legend';
import type { Range, Viewport } from '../viewport';
import { gridOf, meanOf, onGrid, stepOf, type Told } from './overlay';
import { PairLegend } from './legend';
import { RunView, type ShownRun, type Side } from './runs';
import { readThing, type Thing } from './things';

export type OverlayOptions = {
	height: number; label: string;
	quantity: Quantity;
	/** Those to draw, weightiest first; asked again when the view changes. */
	things: () => Promise<readonly Thing[]> | readonly Thing[];
	/** How many of them at first; the legend has all. */
	most?: number;
	/** Where the address says which of several things are shown; without it that is forgotten. */
	address?: string;
	/** What a step of time is told by. */
	how?: 'peak' | 'mean';
	limits?: Limit[];
};

const SIDES: readonly Side[] = [0, 1];

export class OverlayChart {
	readonly #view: RunView;
	readonly #options: OverlayOptions;
	readonly #chart: TimeChart;
	readonly #runLegend: Legend;
	readonly #pairLegend: PairLegend;
	readonly #viewport: Viewport;
	readonly #legends: HTMLElement;
	#things: readonly Thing[] = [];
	#off: ReadonlySet<string> | null = null;
	#told: Line[] = [];

	constructor(host: HTMLElement, viewport: Viewport, view: RunView, options: OverlayOptions) {
		this.#view = view;
		this.#options = options;
		this.#viewport = viewport;
		this.#runLegend = new Legend([], false, (hidden) => { view.hidden = hidden; });
		this.#pairLegend = new PairLegend(view, (hidden) => this.#hide(hidden));
		this.#legends = h('div');
		this.#chart = new TimeChart(host, viewport, {
			height: options.height, label: options.label,
			load: (range, pixels) => this.#load(range, pixels),
			onFrame: (frame) => this.#showLegend(frame),
			onCursor: (frame, index) => this.#read(frame, index),
		});
		host.append(this.#legends);
		view.on(() => this.#chart.refresh());
	}

	/** The things may be others now. */
	reset(): void {
		this.#off = null;
		this.#chart.refresh();
	}

	#hide(hidden: ReadonlySet<string>): void {
		const { address } = this.#options, shown = this.#things.filter(({ key }) => !hidden.has(key)).map(({ key }) => key);
		this.#off = hidden;
		if (address !== undefined)
			fragment.set(address, shown.length > 0 ? shown.join('|') : null);
		this.#chart.refresh();
	}

	/** What is not drawn: as was chosen, as the address says, or all behind the first. */
	#hidden(): ReadonlySet<string> {
		const { address, most = 4 } = this.#options, told = address === undefined ? null : fragment.get(address);
		const wanted = new Set(told?.split('|') ?? []), off = this.#things.filter(({ key }) => !wanted.has(key));
		if (told !== null && off.length < this.#things.length)
			return new Set(off.map(({ key }) => key));
		return new Set(this.#things.slice(most).map(({ key }) => key));
	}

	#showLegend(frame: Frame): void {
		const pairs = this.#things.length > 1, legend = pairs ? this.#pairLegend : this.#runLegend;
		if (legend.element.parentElement === null)
			this.#legends.replaceChildren(legend.element);
		if (pairs) {
			this.#pairLegend.show(this.#things, this.#off ?? new Set());
		} else {
			this.#runLegend.setHidden(this.#view.hidden);
			this.#runLegend.show({ ...frame, lines: this.#told });
		}
	}

	#read(frame: Frame, index: number | null): void {
		const when = moment(this.#viewport.cursor ?? 0, this.#viewport.span / 1000);
		if (this.#things.length > 1)
			this.#pairLegend.read(frame, index, when);
		else
			this.#runLegend.read({ ...frame, lines: this.#told }, index, when);
	}

	async #load(range: Range, pixels: number): Promise<Frame | null> {
		const { quantity, how = 'peak', limits = [] } = this.#options;
		this.#things = await this.#options.things();
		this.#off ??= this.#hidden();
		if (this.#things.length === 0)
			return null;
		const { runs } = this.#view, read = (thing: Thing): Promise<(Told | null)[]> =>
			Promise.all(runs.map((run) => readThing(thing, run, range.to - range.from, pixels, quantity.factor)));
		const all = await Promise.all(this.#things.map(read));
		const finest = Math.min(...all.flat().map((told) => (told ? stepOf(told.t) : Infinity)));
		const t = gridOf(range, pixels, finest);
		const columns = all.map((of) => of.map((told) => (told ? onGrid(told, t, how) : null)));
		const lines = this.#things.length > 1 ? this.#pairs(columns, t.length) : this.#one(columns[0]!, t.length);
		return { t, lines, stacked: false, limits, quantity, whole: true };
	}

	// A line a run.
	#one(columns: (Float64Array<ArrayBuffer> | null)[], n: number): Line[] {
		const view = this.#view, line = (run: ShownRun, i: number): Line[] => (columns[i] === null ? [] : [{
			key: run.key, label: shown(run.name, 60), color: view.many ? view.faint(run.side) : view.color(run.side), values: columns[i]!,
			dash: run.side === 1, hidden: view.isHidden(run), ...(view.many ? { width: 0.75, quiet: true } : {}) }]);
		const single = view.runs.flatMap(line);
		if (!view.many) {
			this.#told = single;
			return single;
		}
		this.#told = SIDES.flatMap((side) => this.#mean(side, columns, n, RunView.groupKey(side), shown(view.groups[side].name, 60), view.color(side), view.hidden.has(RunView.groupKey(side))));
		return [...single, ...this.#told];
	}

	// A line for each thing and side: of several runs their mean.
	#pairs(columns: (Float64Array<ArrayBuffer> | null)[][], n: number): Line[] {
		const view = this.#view;
		return this.#things.flatMap(({ key, label, color }, i) => SIDES.flatMap((side) =>
			this.#mean(side, columns[i]!, n, key, `${shown(label, 60)}${side === 1 ? ` · ${shown(view.groups[1].name, 30)}` : ''}`, color, this.#off!.has(key) || view.shown(side).length === 0)));
	}

	#mean(side: Side, columns: readonly (Float64Array<ArrayBuffer> | null)[], n: number, key: string, label: string, color: string, hidden: boolean): Line[] {
		const seen = this.#view.runs.flatMap((run, i) => (run.side === side && !this.#view.isHidden(run) && columns[i] ? [columns[i]] : []));
		const values = seen.length > 0 ? meanOf(seen, n) : new Float64Array(n).fill(NaN);
		// As in the tables: the mean of the runs' peaks, which are at different times.
		const peaks = seen.map((column) => peakOf(column)).filter((v) => v === v), peak = peaks.length > 0 ? peaks.reduce((a, b) => a + b) / peaks.length : NaN;
		return [{ key, label, color, values, peak, dash: side === 1, hidden, width: 2 }];
	}
}
