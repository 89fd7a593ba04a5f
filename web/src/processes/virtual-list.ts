// A list of any length in a bounded height: only the rows in sight are elements, kept while they stay
// in sight.
import { h } from '../dom';

// Browsers lose precision beyond; longer lists are scrolled in proportion.
const MOST_PIXELS = 8_000_000;
const BEYOND = 6;

export class VirtualList {
	readonly element: HTMLElement;
	readonly #rows = h('div', { class: 'rows', role: 'presentation' });
	readonly #render: (index: number) => HTMLElement;
	readonly #made = new Map<number, HTMLElement>();
	#count = 0;
	#rowHeight: number;
	#most: number;
	#frame = 0;

	/** `most`: rows that are seen at once. */
	constructor(rowHeight: number, most: number, render: (index: number) => HTMLElement) {
		this.#rowHeight = rowHeight;
		this.#most = most;
		this.#render = render;
		this.element = h('div', { class: 'virtual', role: 'rowgroup', tabindex: 0 }, this.#rows);
		this.element.addEventListener('scroll', () => this.#schedule(), { passive: true });
		new ResizeObserver(() => this.#schedule()).observe(this.element);
	}

	get count(): number { return this.#count; }

	/** Everything is made anew. */
	show(count: number, rowHeight = this.#rowHeight): void {
		this.#count = count;
		this.#rowHeight = rowHeight;
		this.#clear();
		this.#rows.style.height = `${this.#pixels()}px`;
		this.element.style.height = `${this.#high()}px`;
		this.#draw();
	}

	/** The same rows, told anew. */
	refresh(): void {
		this.#clear();
		this.#draw();
	}

	reveal(index: number): void {
		const top = this.element.scrollTop, high = this.#high();
		const at = this.#top(index, top);
		if (at < 0)
			this.element.scrollTop = this.#scrollFor(index);
		else if (at + this.#rowHeight > high)
			this.element.scrollTop = this.#scrollFor(index) - high + this.#rowHeight;
		this.#draw();
	}

	#pixels(): number {
		return Math.min(MOST_PIXELS, this.#count * this.#rowHeight);
	}

	#factor(high = this.#high()): number {
		const whole = this.#count * this.#rowHeight - high, scrolled = this.#pixels() - high;
		return scrolled > 0 ? Math.max(1, whole / scrolled) : 1;
	}

	#high(): number {
		return Math.max(1, Math.min(this.#most, this.#count)) * this.#rowHeight;
	}

	#scrollFor(index: number): number {
		return (index * this.#rowHeight) / this.#factor();
	}

	/** Of a row, relative to what is seen. */
	#top(index: number, scrolled: number): number {
		return index * this.#rowHeight - scrolled * this.#factor();
	}

	#clear(): void {
		for (const row of this.#made.values())
			row.remove();
		this.#made.clear();
	}

	#schedule(): void {
		if (this.#frame === 0)
			this.#frame = requestAnimationFrame(() => {
				this.#frame = 0;
				this.#draw();
			});
	}

	#draw(): void {
		const scrolled = this.element.scrollTop, high = this.#high(), factor = this.#factor();
		const first = Math.max(0, Math.floor((scrolled * factor) / this.#rowHeight) - BEYOND);
		const last = Math.min(this.#count, Math.ceil((scrolled * factor + high) / this.#rowHeight) + BEYOND);
		for (const [index, row] of this.#made)
			if (index < first || index >= last) {
				row.remove();
				this.#made.delete(index);
			}
		let before: HTMLElement | null = null;
		for (let index = first; index < last; index++) {
			let row = this.#made.get(index);
			if (!row) {
				row = this.#render(index);
				row.style.height = `${this.#rowHeight}px`;
				this.#made.set(index, row);
				// In the order of rows, for who reads the page aloud.
				if (before)
					before.after(row);
				else
					this.#rows.prepend(row);
			}
			row.style.top = `${scrolled + index * this.#rowHeight - scrolled * factor}px`;
			before = row;
		}
	}
}
