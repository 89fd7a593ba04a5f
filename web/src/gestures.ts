// How a plotting area is moved and zoomed: drag zooms to what was marked, shift-drag and horizontal
// wheel move, ctrl or cmd and wheel zoom (a wheel alone does, too, once the chart was clicked), two
// fingers pinch, keys + - arrows 0. Everything ends in the shared viewport.
import { h } from './dom';
import type { Viewport } from './viewport';

/** Where time lies in an element: pixels from its left edge, and how many. */
export type Area = { left(): number; width(): number };
export type Options = {
	/** A click or tap that was no drag, at a time and a height in pixels of the element. Without this it pins the cursor. */
	onClick?: (t: number, y: number, event: PointerEvent) => void;
	/** The pointer is over a height of the element, null: it left. */
	onHover?: (t: number | null, y: number) => void;
};

const SLOP = 4;
type Finger = { x: number; y: number };

class Gestures {
	readonly #element: HTMLElement;
	readonly #area: Area;
	readonly #viewport: Viewport;
	readonly #options: Options;
	readonly #band = h('div', { class: 'band', hidden: true });
	readonly #fingers = new Map<number, Finger>();
	#begin: Finger | null = null;
	#moved = false;
	#panning = false;
	#spread = 0;

	constructor(element: HTMLElement, area: Area, viewport: Viewport, options: Options) {
		this.#element = element;
		this.#area = area;
		this.#viewport = viewport;
		this.#options = options;
		element.classList.add('plot-area');
		element.append(this.#band);
		element.addEventListener('pointerdown', (e) => this.#down(e));
		element.addEventListener('pointermove', (e) => this.#move(e));
		element.addEventListener('pointerup', (e) => this.#up(e));
		element.addEventListener('pointercancel', () => this.#cancel());
		element.addEventListener('pointerleave', (e) => this.#leave(e));
		element.addEventListener('dblclick', () => viewport.reset());
		element.addEventListener('wheel', (e) => this.#wheel(e), { passive: false });
	}

	#x(event: MouseEvent): number {
		return event.clientX - this.#element.getBoundingClientRect().left;
	}

	#time(x: number): number {
		const { from } = this.#viewport.range;
		return from + ((x - this.#area.left()) / Math.max(1, this.#area.width())) * this.#viewport.span;
	}

	#point(event: PointerEvent): Finger {
		return { x: this.#x(event), y: event.clientY - this.#element.getBoundingClientRect().top };
	}

	#distance(): { spread: number; middle: number } {
		const [a, b] = [...this.#fingers.values()];
		return { spread: Math.max(20, Math.abs(a!.x - b!.x)), middle: (a!.x + b!.x) / 2 };
	}

	#down(event: PointerEvent): void {
		if (event.button !== 0 && event.button !== 1)
			return;
		this.#fingers.set(event.pointerId, this.#point(event));
		if (this.#fingers.size === 2) {
			this.#spread = this.#distance().spread;
			this.#moved = true;
			this.#hideBand();
			return;
		}
		this.#begin = this.#point(event);
		this.#moved = false;
		this.#panning = event.shiftKey || event.button === 1 || event.pointerType === 'touch';
		if (event.button === 1)
			event.preventDefault();
	}

	#pinch(): void {
		const { spread, middle } = this.#distance();
		this.#viewport.zoomBy(this.#spread / spread, this.#time(middle));
		this.#spread = spread;
	}

	#move(event: PointerEvent): void {
		const point = this.#point(event), last = this.#fingers.get(event.pointerId);
		const t = this.#time(point.x);
		this.#viewport.setCursor(t);
		this.#options.onHover?.(t, point.y);
		if (!last)
			return;
		this.#fingers.set(event.pointerId, point);
		if (this.#fingers.size === 2) {
			this.#pinch();
			return;
		}
		if (!this.#begin)
			return;
		if (!this.#moved && Math.abs(point.x - this.#begin.x) < SLOP)
			return;
		if (!this.#moved)
			this.#element.setPointerCapture(event.pointerId);
		this.#moved = true;
		if (this.#panning)
			this.#viewport.panBy(((last.x - point.x) / Math.max(1, this.#area.width())) * this.#viewport.span);
		else
			this.#showBand(this.#begin.x, point.x);
	}

	#showBand(a: number, b: number): void {
		const low = this.#area.left(), high = low + this.#area.width();
		const from = Math.max(low, Math.min(a, b)), to = Math.min(high, Math.max(a, b));
		this.#band.hidden = false;
		this.#band.style.left = `${from}px`;
		this.#band.style.width = `${Math.max(0, to - from)}px`;
	}

	#hideBand(): void {
		this.#band.hidden = true;
	}

	#up(event: PointerEvent): void {
		const begin = this.#begin, point = this.#point(event);
		this.#fingers.delete(event.pointerId);
		this.#hideBand();
		if (this.#fingers.size > 0 || !begin)
			return;
		this.#begin = null;
		if (!this.#moved)
			this.#click(point, event);
		else if (!this.#panning && Math.abs(point.x - begin.x) >= SLOP)
			this.#viewport.zoomTo(this.#time(begin.x), this.#time(point.x));
	}

	#click(point: Finger, event: PointerEvent): void {
		const t = this.#time(point.x);
		if (this.#options.onClick)
			this.#options.onClick(t, point.y, event);
		else
			this.#viewport.pin(t);
	}

	#cancel(): void {
		this.#fingers.clear();
		this.#begin = null;
		this.#hideBand();
	}

	#leave(event: PointerEvent): void {
		if (this.#begin && this.#moved)
			return;
		this.#fingers.delete(event.pointerId);
		this.#options.onHover?.(null, 0);
		if (event.pointerType !== 'touch')
			this.#viewport.setCursor(null);
	}

	#wheel(event: WheelEvent): void {
		const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
		if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
			if (!this.#viewport.zoomed)
				return;
			event.preventDefault();
			this.#viewport.panBy(((event.deltaX * unit) / Math.max(1, this.#area.width())) * this.#viewport.span);
			return;
		}
		const focused = document.activeElement !== null && document.activeElement.contains(this.#element) && document.activeElement !== document.body;
		if (!event.ctrlKey && !event.metaKey && !focused)
			return;
		event.preventDefault();
		const amount = Math.max(-300, Math.min(300, event.deltaY * unit));
		// A pinch on a touchpad arrives as small ctrl-wheel steps.
		this.#viewport.zoomBy(Math.exp(amount * (event.ctrlKey && Math.abs(amount) < 40 ? 0.012 : 0.0025)), this.#time(this.#x(event)));
	}
}

/** `element` needs position: relative. */
export function attachGestures(element: HTMLElement, area: Area, viewport: Viewport, options: Options = {}): void {
	new Gestures(element, area, viewport, options);
}

/** Keys of a focused chart. Returns whether the key was one. */
export function handleKey(event: KeyboardEvent, viewport: Viewport): boolean {
	if (event.ctrlKey || event.metaKey || event.altKey)
		return false;
	const { from, to } = viewport.range;
	const at = viewport.cursor ?? (from + to) / 2;
	const step = event.key === 'ArrowLeft' ? -1 : 1;
	switch (event.key) {
	case '+': case '=': viewport.zoomBy(0.5, at); return true;
	case '-': case '_': viewport.zoomBy(2, at); return true;
	case '0': viewport.reset(); return true;
	case 'Home': viewport.panBy(-viewport.full.to); return true;
	case 'End': viewport.panBy(viewport.full.to); return true;
	case 'Escape':
		viewport.setCursor(null);
		viewport.pin(null);
		viewport.select(null);
		return true;
	case 'ArrowLeft': case 'ArrowRight':
		// The cursor moves by a hundredth of what is seen; with shift the view moves by a tenth.
		if (event.shiftKey) {
			viewport.panBy((step * (to - from)) / 10);
		} else {
			viewport.setCursor(null);
			viewport.pin(at + (step * (to - from)) / 100);
			viewport.reveal(viewport.cursor ?? at);
		}
		return true;
	default: return false;
	}
}

/** Makes an element a chart for the keyboard: focusable, with the keys above. */
export function attachKeys(element: HTMLElement, viewport: Viewport): void {
	element.tabIndex = 0;
	element.addEventListener('keydown', (event) => {
		if (event.target === element && handleKey(event, viewport))
			event.preventDefault();
	});
}
