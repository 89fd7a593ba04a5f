// Draws what is seen of the lanes: processes at their honest width, at least a pixel; where many fall
// on one pixel, the colour of the longest, the stronger the more of the pixel's time was used.
import { mix, type Palette } from '../theme';
import type { LaneImage } from './lane-image';
import { stripVisit, type Strip } from './lane-index';
import type { Chain } from './chain';
import type { Lanes, Shared } from './shared';
import { program } from './words';

export type Scene = {
	readonly shared: Shared;
	readonly lanes: Lanes;
	readonly from: number;
	readonly to: number;
	/** Pixels of the plotting area, and of the canvas. */
	readonly left: number;
	readonly width: number;
	readonly height: number;
	readonly laneHeight: number;
	readonly scrollTop: number;
	readonly palette: Palette;
	readonly mask: Uint8Array | null;
	readonly chain: Chain | null;
	/** Kept from one drawing to the next. */
	readonly image: LaneImage;
	/** Row of the selected process, -1: none. */
	readonly selected: number;
};

const SHADES = 6;
const FAINT = 0.35;

/** Colours mixed with the background, so that nothing shines through: [category][shade]. */
class Shades {
	readonly #colors: readonly (readonly string[])[];
	readonly dim: string;
	readonly wrapper: readonly string[];

	constructor(colors: readonly string[], palette: Palette) {
		this.#colors = colors.map((color) => Array.from({ length: SHADES + 1 }, (_, k) =>
			mix(palette.background, color, FAINT + ((1 - FAINT) * k) / SHADES)));
		this.dim = palette.hairline;
		this.wrapper = colors.map((color) => mix(palette.background, color, 0.3));
	}

	of(category: number, part: number): string {
		const shades = this.#colors[category] ?? this.#colors[this.#colors.length - 1]!;
		return shades[Math.max(0, Math.min(SHADES, Math.round(part * SHADES)))]!;
	}
}

let shades: { key: string; value: Shades } | null = null;

function shadesOf(scene: Scene): Shades {
	const key = scene.palette.background + scene.shared.colors.join();
	if (shades?.key !== key)
		shades = { key, value: new Shades(scene.shared.colors, scene.palette) };
	return shades.value;
}

export const xOf = (scene: Scene, t: number): number => scene.left + ((t - scene.from) / (scene.to - scene.from)) * scene.width;
export const yOf = (scene: Scene, row: number): number => row * scene.laneHeight - scene.scrollTop;

/** Collects what falls on one pixel, and draws it when the next begins. */
class Pixels {
	#column = -1;
	#busy = 0;
	#longest = -1;
	#wall = -1;
	#dim = true;
	#failed = false;

	constructor(readonly pen: Pen) {}

	add(x: number, busy: number, longest: number, wall: number, dim: boolean, failed: boolean): void {
		const column = Math.floor(x);
		if (column !== this.#column)
			this.flush();
		this.#column = column;
		this.#busy += busy;
		if (wall > this.#wall && (!dim || this.#dim)) {
			this.#wall = wall;
			this.#longest = longest;
		}
		this.#dim &&= dim;
		this.#failed ||= failed;
	}

	flush(): void {
		if (this.#column >= 0 && this.#longest >= 0)
			this.pen.column(this.#column, this.#busy, this.#longest, this.#dim, this.#failed);
		this.#column = -1;
		this.#busy = 0;
		this.#longest = -1;
		this.#wall = -1;
		this.#dim = true;
		this.#failed = false;
	}
}

/** One lane's rectangles: neighbours of one colour become one. */
class Pen {
	readonly #ratio: number;
	readonly #scene: Scene;
	readonly #shades: Shades;
	readonly #pixel: number;
	#y = 0;
	#height = 0;
	#color = '';
	#from = 0;
	#to = 0;
	readonly #failures: number[] = [];
	readonly #kills: number[] = [];

	constructor(scene: Scene, ratio: number) {
		this.#ratio = ratio;
		this.#scene = scene;
		this.#shades = shadesOf(scene);
		this.#pixel = (scene.to - scene.from) / scene.width;
	}

	lane(y: number, height: number): void {
		this.#y = y;
		this.#height = height;
	}

	column(x: number, busy: number, longest: number, dim: boolean, failed: boolean): void {
		const color = dim ? this.#shades.dim : this.#shades.of(this.#scene.shared.p.category[longest]!, busy / this.#pixel);
		this.#rect(x, x + 1, color);
		if (failed)
			this.#failures.push(x);
	}

	bar(x0: number, x1: number, color: string, failed: boolean, killed: boolean): void {
		this.#rect(x0, x1, color);
		if (killed)
			this.#kills.push(x1);
		else if (failed)
			this.#failures.push(x0);
	}

	#rect(x0: number, x1: number, color: string): void {
		if (color === this.#color && x0 <= this.#to + 0.01) {
			this.#to = Math.max(this.#to, x1);
			return;
		}
		this.#put();
		this.#color = color;
		this.#from = x0;
		this.#to = x1;
	}

	#put(): void {
		if (this.#color !== '')
			this.#fill(this.#from, this.#to, this.#height, this.#color);
		this.#color = '';
	}

	#fill(x0: number, x1: number, height: number, color: string): void {
		const ratio = this.#ratio;
		this.#scene.image.rect(x0 * ratio, this.#y * ratio, x1 * ratio, (this.#y + height) * ratio, color);
	}

	/** Failed ones have a mark of their own shape, so that colour need not tell: a notch where one began that
	 *  failed, a post where one was killed. */
	end(): void {
		this.#put();
		const { critical } = this.#scene.palette, high = Math.max(3, Math.round(this.#height * 0.4));
		for (const x of this.#failures)
			this.#fill(x - 1, x + 3, high, critical);
		for (const x of this.#kills) {
			this.#fill(x - 3, x, this.#height, critical);
			this.#fill(x - 6, x, Math.min(3, this.#height), critical);
		}
		this.#failures.length = 0;
		this.#kills.length = 0;
	}
}

/** Of the first k members of a strip, those that the mask lets through. */
const counts = new WeakMap<Strip, { mask: Uint8Array; sums: Int32Array }>();

function maskedCount(strip: Strip, mask: Uint8Array): Int32Array {
	const found = counts.get(strip);
	if (found?.mask === mask)
		return found.sums;
	const sums = new Int32Array(strip.members.length + 1);
	for (let k = 0; k < strip.members.length; k++)
		sums[k + 1] = sums[k]! + mask[strip.members[k]!]!;
	counts.set(strip, { mask, sums });
	return sums;
}

type Label = { x: number; y: number; width: number; process: number };

function drawStrip(scene: Scene, strip: Strip, pen: Pen, shade: Shades, labels: Label[], covered: boolean): void {
	const { shared, from, to, mask } = scene;
	const p = shared.p, pixel = (to - from) / scene.width;
	const y = Math.round(yOf(scene, strip.row)), height = Math.max(2, scene.laneHeight - (scene.laneHeight > 6 ? 2 : 1));
	const shown = mask ? maskedCount(strip, mask) : null;
	const pixels = new Pixels(pen);
	const right = scene.left + scene.width;
	pen.lane(y, height);
	stripVisit(p, strip, from, to, pixel, (_, a, b, longest, start, end) => {
		const dim = shown !== null && shown[b] === shown[a];
		const failed = !dim && strip.failed[b] !== strip.failed[a];
		const x0 = xOf(scene, start), x1 = xOf(scene, end);
		if (x1 - x0 <= 1) {
			if (x0 >= scene.left - 1 && x0 < right)
				pixels.add(Math.max(scene.left, x0), strip.busy[b]! - strip.busy[a]!, longest, p.end[longest]! - p.start[longest]!, dim, failed);
			return;
		}
		pixels.flush();
		const left = Math.max(scene.left, x0), stop = Math.min(right, x1), category = p.category[longest]!;
		const wraps = covered && shared.children.from[longest + 1]! > shared.children.from[longest]!;
		pen.bar(left, stop, dim ? shade.dim : wraps ? shade.wrapper[category] ?? shade.dim : shade.of(category, 1), failed && x0 >= scene.left, failed && p.exitSignal[longest]! > 0 && x1 <= right);
		if (height >= 11 && stop - left > 30 && !dim && !wraps)
			labels.push({ x: left + 3, y, width: stop - left - 6, process: longest });
	});
	pixels.flush();
	pen.end();
}

function drawLabels(context: CanvasRenderingContext2D, scene: Scene, labels: readonly Label[]): void {
	const height = scene.laneHeight - 2;
	context.font = `${Math.min(11, height - 2)}px system-ui, sans-serif`;
	context.textBaseline = 'middle';
	context.textAlign = 'left';
	const widths = new Map<string, number>();
	for (const { x, y, width, process } of labels.slice(0, 2000)) {
		const name = program(scene.shared.p, process, 40);
		let wide = widths.get(name);
		if (wide === undefined)
			widths.set(name, (wide = context.measureText(name).width));
		if (wide > width)
			continue;
		context.fillStyle = inkOn(scene.shared.color(process));
		context.fillText(name, x, y + height / 2 + 0.5);
	}
}

const inks = new Map<string, string>();

/** Black or white, whichever is read better on the colour. */
function inkOn(color: string): string {
	let ink = inks.get(color);
	if (!ink) {
		const [r, g, b] = [1, 3, 5].map((i) => (parseInt(color.slice(i, i + 2), 16) / 255) ** 2.2) as [number, number, number];
		ink = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.2 ? '#111317' : '#ffffff';
		inks.set(color, ink);
	}
	return ink;
}

/** First and last row that is seen. */
export function seenRows(scene: Scene): [number, number] {
	const first = Math.max(0, Math.floor(scene.scrollTop / scene.laneHeight));
	return [first, Math.min(scene.lanes.layout.rows, Math.ceil((scene.scrollTop + scene.height) / scene.laneHeight))];
}

export function drawLanes(context: CanvasRenderingContext2D, scene: Scene): void {
	const { index } = scene.lanes;
	const { canvas } = context, ratio = context.getTransform().a, pen = new Pen(scene, ratio), shade = shadesOf(scene);
	const labels: Label[] = [];
	const [first, last] = seenRows(scene);
	scene.image.begin(canvas.width, canvas.height);
	for (let row = first; row < last; row++) {
		const begin = index.rowFrom[row]!, end = index.rowFrom[row + 1]!;
		for (let k = begin; k < end; k++)
			drawStrip(scene, index.strips[k]!, pen, shade, labels, end - begin > 1);
	}
	context.drawImage(scene.image.end(), 0, 0, canvas.width / ratio, canvas.height / ratio);
	drawLabels(context, scene, labels);
	if (scene.chain)
		drawChain(context, scene, scene.chain);
	if (scene.selected >= 0)
		drawSelection(context, scene);
}

function inSight(scene: Scene, i: number): boolean {
	const p = scene.shared.p, y = yOf(scene, scene.lanes.layout.row[i]!);
	return p.end[i]! >= scene.from && p.start[i]! <= scene.to && y + scene.laneHeight > 0 && y < scene.height;
}

function outline(context: CanvasRenderingContext2D, scene: Scene, i: number, inset: number): void {
	const p = scene.shared.p, right = scene.left + scene.width;
	const x0 = Math.max(scene.left - 2, xOf(scene, p.start[i]!)), x1 = Math.min(right + 2, Math.max(x0 + 2, xOf(scene, p.end[i]!)));
	const y = Math.round(yOf(scene, scene.lanes.layout.row[i]!));
	context.strokeRect(x0 - inset, y - inset, x1 - x0 + 2 * inset, Math.max(2, scene.laneHeight - 2) + 2 * inset);
}

/** The selected process in a strong frame, those above it in a thin one, its children underlined. */
function drawSelection(context: CanvasRenderingContext2D, scene: Scene): void {
	const { shared, selected } = scene;
	context.save();
	context.beginPath();
	context.rect(scene.left, 0, scene.width, scene.height);
	context.clip();
	context.strokeStyle = scene.palette.text;
	context.lineWidth = 1;
	for (let at = shared.p.parent[selected]!; at >= 0; at = shared.p.parent[at]!)
		if (inSight(scene, at))
			outline(context, scene, at, 0.5);
	context.fillStyle = scene.palette.text;
	let last = NaN, lastRow = -1;
	for (let k = shared.children.from[selected]!; k < shared.children.from[selected + 1]!; k++) {
		const child = shared.children.list[k]!, row = scene.lanes.layout.row[child]!;
		const x0 = xOf(scene, shared.p.start[child]!), x1 = Math.max(x0 + 1, xOf(scene, shared.p.end[child]!));
		if (!inSight(scene, child) || (row === lastRow && x1 < last + 1))
			continue;
		context.fillRect(x0, Math.round(yOf(scene, row)) + scene.laneHeight - 2, x1 - x0, 2);
		last = x1;
		lastRow = row;
	}
	if (inSight(scene, selected)) {
		context.lineWidth = 2;
		outline(context, scene, selected, 1);
	}
	context.restore();
}

/** The chain as a line from who held the run up to who came next. */
function drawChain(context: CanvasRenderingContext2D, scene: Scene, chain: Chain): void {
	const { layout } = scene.lanes;
	context.save();
	context.beginPath();
	context.rect(scene.left, 0, scene.width, scene.height);
	context.clip();
	context.strokeStyle = scene.palette.text;
	context.fillStyle = scene.palette.text;
	context.lineWidth = 1;
	context.beginPath();
	const bars: [number, number, number][] = [];
	let before = NaN;
	let column = NaN;
	for (const step of chain.steps) {
		if (step.to < scene.from || step.from > scene.to)
			continue;
		const y = Math.round(yOf(scene, layout.row[step.process]!)) + scene.laneHeight - 2;
		const x0 = xOf(scene, step.from), x1 = xOf(scene, step.to);
		if (Math.floor(x1) === column)
			continue; // many steps within a pixel: the first stands for them
		column = Math.floor(x1);
		if (!Number.isNaN(before) && before !== y) {
			context.moveTo(x0, before);
			context.lineTo(x0, y);
		}
		bars.push([x0, y, x1 - x0]);
		before = y;
	}
	context.stroke();
	for (const [x, y, width] of bars)
		context.fillRect(x, y - 1, Math.max(1, width), 3);
	context.restore();
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

/** Moments to mark on an axis of so many pixels, and how far apart they are. */
export function axisTicks(from: number, to: number, width: number): { step: number; ticks: number[] } {
	const least = (to - from) / Math.max(2, Math.floor(width / 110));
	let step = STEPS.find((one) => one >= least) ?? Math.ceil(least / 86400) * 86400;
	if (least < 1) {
		const power = 10 ** Math.floor(Math.log10(least));
		step = [1, 2, 5, 10].map((f) => f * power).find((one) => one >= least * 0.999) ?? power * 10;
	}
	const ticks: number[] = [];
	for (let k = Math.ceil(from / step - 1e-9); k * step <= to + step * 1e-9; k++)
		ticks.push(k * step);
	return { step, ticks };
}
