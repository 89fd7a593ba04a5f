// The one time axis of the page: what is seen of the run, where the cursor is, which process is
// selected. Charts listen; listeners are called at most once a frame. Range and selection are in
// the address.
import { fragment } from './fragment';

export type Range = { readonly from: number; readonly to: number };
type Change = 'range' | 'cursor' | 'selection' | 'layout';

/** Pixels left and right of every plotting area, so that all charts share one axis. */
export type Gutter = { readonly left: number; readonly right: number };
export const gutterOf = (width: number): Gutter => (width < 700 ? { left: 54, right: 10 } : { left: 72, right: 152 });

export class Viewport {
	readonly full: Range;
	#range: Range;
	#hover: number | null = null;
	#pinned: number | null = null;
	#selection: number | null = null;
	readonly #least: number;
	readonly #listeners: { [C in Change]: Set<() => void> } = { range: new Set(), cursor: new Set(), selection: new Set(), layout: new Set() };
	readonly #changed = new Set<Change>();
	#frame = 0;

	constructor(duration: number) {
		// A run without length still has an axis.
		this.full = { from: 0, to: duration > 0 ? duration : 1 };
		this.#least = Math.min(this.full.to, Math.max(0.001, this.full.to / 1e7));
		this.#range = this.full;
		this.#read();
		fragment.onChange(() => {
			this.#read();
			this.#notify('range');
			this.#notify('cursor');
			this.#notify('selection');
		});
	}

	get range(): Range { return this.#range; }
	get span(): number { return this.#range.to - this.#range.from; }
	/** Seconds: where the pointer is, else the moment that was clicked; null: neither. */
	get cursor(): number | null { return this.#hover ?? this.#pinned; }
	/** The moment that was clicked; in the address. */
	get pinned(): number | null { return this.#pinned; }
	/** Row of the selected process, null: none. */
	get selection(): number | null { return this.#selection; }
	get zoomed(): boolean { return this.span < (this.full.to - this.full.from) * 0.9999; }

	#read(): void {
		const told = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(fragment.get('t') ?? '');
		this.#range = told ? this.#fit(Number(told[1]), Number(told[2])) : this.full;
		const at = fragment.get('at');
		this.#pinned = at !== null && /^\d+(?:\.\d+)?$/.test(at) ? Math.min(this.full.to, Number(at)) : null;
		const selected = fragment.get('p');
		this.#selection = selected !== null && /^\d{1,9}$/.test(selected) ? Number(selected) : null;
	}

	#fit(from: number, to: number): Range {
		const whole = this.full.to - this.full.from;
		const span = Math.min(whole, Math.max(this.#least, to - from));
		const middle = (from + to) / 2;
		const begin = Math.max(this.full.from, Math.min(this.full.to - span, to - from < this.#least ? middle - span / 2 : from));
		return span >= whole * 0.9999 ? this.full : { from: begin, to: begin + span };
	}

	on(change: Change, listener: () => void): () => void {
		this.#listeners[change].add(listener);
		return () => this.#listeners[change].delete(listener);
	}

	#notify(change: Change): void {
		this.#changed.add(change);
		if (this.#frame === 0)
			this.#frame = requestAnimationFrame(() => this.#tell());
	}

	#tell(): void {
		this.#frame = 0;
		const changed = [...this.#changed];
		this.#changed.clear();
		for (const change of changed)
			for (const listener of [...this.#listeners[change]])
				listener();
	}

	zoomTo(from: number, to: number): void {
		const range = this.#fit(Math.min(from, to), Math.max(from, to));
		if (range.from === this.#range.from && range.to === this.#range.to)
			return;
		this.#range = range;
		const digits = this.#digits();
		fragment.set('t', range === this.full ? null : `${range.from.toFixed(digits)}-${range.to.toFixed(digits)}`);
		this.#notify('range');
	}

	/** factor < 1: closer; the moment `at` stays where it is. */
	zoomBy(factor: number, at: number = (this.#range.from + this.#range.to) / 2): void {
		const span = Math.max(this.#least, this.span * factor);
		const part = (at - this.#range.from) / this.span;
		this.zoomTo(at - span * part, at - span * part + span);
	}

	panBy(seconds: number): void {
		const from = Math.max(this.full.from, Math.min(this.full.to - this.span, this.#range.from + seconds));
		this.zoomTo(from, from + this.span);
	}

	reset(): void {
		this.zoomTo(this.full.from, this.full.to);
	}

	/** Moves the view so that the moment is in it, without changing how much is seen. */
	reveal(t: number): void {
		if (t < this.#range.from || t > this.#range.to)
			this.panBy(t - (this.#range.from + this.#range.to) / 2);
	}

	#clamp(t: number | null): number | null {
		return t === null ? null : Math.max(this.full.from, Math.min(this.full.to, t));
	}

	setCursor(t: number | null): void {
		const hover = this.#clamp(t);
		if (hover === this.#hover)
			return;
		this.#hover = hover;
		this.#notify('cursor');
	}

	/** Keeps the cursor at a moment after the pointer has left; null: no longer. */
	pin(t: number | null): void {
		if (t === this.#pinned)
			return;
		this.#pinned = this.#clamp(t);
		fragment.set('at', this.#pinned === null ? null : String(Number(this.#pinned.toFixed(this.#digits()))));
		this.#notify('cursor');
	}

	// Enough for a thousandth of what is seen.
	#digits(): number {
		return Math.max(0, Math.min(6, Math.ceil(3 - Math.log10(this.span))));
	}

	select(process: number | null): void {
		if (process === this.#selection)
			return;
		this.#selection = process;
		fragment.set('p', process === null ? null : String(process));
		this.#notify('selection');
	}

	/** Widths have changed: charts measure themselves again. */
	relayout(): void {
		this.#notify('layout');
	}
}
