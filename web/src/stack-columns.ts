// A stack that has about as many values as there are pixels is filled column by column, each from the
// value in it whose sum is highest, so that no peak is lost: outlines of so many corners are what would
// make zooming slow.

export type Sums = {
	/** Of each layer the sum up to it, from the bottom. */
	tops: Float64Array[];
	/** 1 where at least one layer is known. */
	seen: Uint8Array;
};

/** An unknown part counts nothing, where all are unknown nothing is seen. */
export function sumsOf(layers: readonly ArrayLike<number>[], n: number): Sums {
	const seen = new Uint8Array(n), tops: Float64Array[] = [];
	let below = new Float64Array(n);
	for (const values of layers) {
		const top = new Float64Array(n);
		for (let i = 0; i < n; i++) {
			const v = values[i]!, known = v === v;
			if (known)
				seen[i] = 1;
			top[i] = known ? below[i]! + v : below[i]!;
		}
		tops.push(top);
		below = top;
	}
	return { tops, seen };
}

/** Which values a column of pixels shows: `a`, or what lies `part` of the way from `a` to `b`; -1: nothing. */
export type Columns = { a: Int32Array; b: Int32Array; part: Float64Array };

/** `x`: where values lie in pixels, ascending; `height`: by which the highest in a column is chosen. */
export function columnsOf(x: ArrayLike<number>, height: ArrayLike<number>, seen: Uint8Array, width: number): Columns {
	const a = new Int32Array(width).fill(-1), b = new Int32Array(width).fill(-1), part = new Float64Array(width), n = x.length;
	let i = 0;
	for (let column = 0; column < width; column++) {
		while (i < n && x[i]! < column)
			i++;
		const first = i;
		let best = -1;
		for (; i < n && x[i]! < column + 1; i++)
			if (seen[i] && (best < 0 || height[i]! > height[best]!))
				best = i;
		if (best >= 0) {
			a[column] = b[column] = best;
		} else if (i === first && i > 0 && i < n && seen[i - 1] && seen[i]) {
			a[column] = i - 1;
			b[column] = i;
			part[column] = (column + 0.5 - x[i - 1]!) / (x[i]! - x[i - 1]!);
		}
	}
	return { a, b, part };
}

type Rgb = readonly [number, number, number];
const rgbOf = (hex: string): Rgb => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)) as [number, number, number];
const word = (r: number, g: number, b: number, alpha: number): number => ((Math.round(alpha * 255) << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;

/** Fills one column from the bottom up to each of `tops` (pixels, ascending) with its colour; a row that
 *  several share has their mixture. */
export function fillColumn(pixels: Uint32Array, column: number, width: number, height: number, tops: Float64Array, colors: readonly Rgb[], words: Uint32Array): void {
	let at = 0, cover = 0, r = 0, g = 0, b = 0;
	const put = (row: number, value: number): void => { pixels[(height - 1 - row) * width + column] = value; };
	for (let k = 0; k < tops.length; k++) {
		const top = Math.min(height, tops[k]!), [red, green, blue] = colors[k]!;
		while (at < top) {
			const row = Math.floor(at), end = Math.min(top, row + 1), part = end - at;
			at = end;
			if (part === 1) {
				put(row, words[k]!);
				continue;
			}
			cover += part;
			r += red * part;
			g += green * part;
			b += blue * part;
			if (end === row + 1) {
				put(row, word(r / cover, g / cover, b / cover, cover));
				cover = r = g = b = 0;
			}
		}
	}
	if (cover > 0)
		put(Math.floor(at), word(r / cover, g / cover, b / cover, cover));
}

/** The picture of a stack, kept from one drawing to the next. */
export class StackImage {
	readonly #canvas = document.createElement('canvas');
	#image: ImageData | null = null;

	/** Colours from the bottom, #rrggbb; `scale`: pixels of a value of 1 above 0. */
	paint(sums: Sums, columns: Columns, colors: readonly string[], size: { width: number; height: number }, scale: number): HTMLCanvasElement {
		const { width, height } = size, canvas = this.#canvas;
		if (!this.#image || canvas.width !== width || canvas.height !== height) {
			canvas.width = width;
			canvas.height = height;
			this.#image = new ImageData(width, height);
		}
		const context = canvas.getContext('2d', { willReadFrequently: true })!, image = this.#image;
		const pixels = new Uint32Array(image.data.buffer).fill(0), { tops } = sums, { a, b, part } = columns;
		const rgb = colors.map(rgbOf), words = Uint32Array.from(rgb, ([red, green, blue]) => word(red, green, blue, 1)), here = new Float64Array(tops.length);
		for (let column = 0; column < width; column++) {
			const from = a[column]!, to = b[column]!;
			if (from < 0)
				continue;
			for (let k = 0; k < tops.length; k++)
				here[k] = scale * (tops[k]![from]! + (tops[k]![to]! - tops[k]![from]!) * part[column]!);
			fillColumn(pixels, column, width, height, here, rgb, words);
		}
		context.putImageData(image, 0, 0);
		return canvas;
	}
}
