// The lanes as pixels: of thousands of small rectangles a picture of their pixels is made in a moment, where
// a canvas would paint one after the other.

export class LaneImage {
	readonly #canvas = document.createElement('canvas');
	readonly #words = new Map<string, number>();
	#image: ImageData | null = null;
	#pixels = new Uint32Array(0);
	#width = 0;
	#height = 0;

	/** Empty, of so many pixels of the screen. */
	begin(width: number, height: number): void {
		if (this.#image && this.#width === width && this.#height === height) {
			this.#pixels.fill(0);
			return;
		}
		this.#canvas.width = this.#width = width;
		this.#canvas.height = this.#height = height;
		this.#image = new ImageData(width, height);
		this.#pixels = new Uint32Array(this.#image.data.buffer);
	}

	#word(color: string): number {
		let word = this.#words.get(color);
		if (word === undefined) {
			const [r, g, b] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16)) as [number, number, number];
			this.#words.set(color, (word = (0xff000000 | (b << 16) | (g << 8) | r) >>> 0));
		}
		return word;
	}

	/** From x0, y0 to before x1, y1, at least a pixel wide and high; #rrggbb. What is outside is left out. */
	rect(x0: number, y0: number, x1: number, y1: number, color: string): void {
		const word = this.#word(color), left = Math.round(x0), top = Math.round(y0);
		const from = Math.max(0, left), to = Math.min(this.#width, Math.max(left + 1, Math.round(x1)));
		const end = Math.min(this.#height, Math.max(top + 1, Math.round(y1)));
		if (from >= to)
			return;
		for (let y = Math.max(0, top); y < end; y++)
			this.#pixels.fill(word, y * this.#width + from, y * this.#width + to);
	}

	/** What was drawn since `begin`. */
	end(): HTMLCanvasElement {
		this.#canvas.getContext('2d', { willReadFrequently: true })!.putImageData(this.#image!, 0, 0);
		return this.#canvas;
	}
}
