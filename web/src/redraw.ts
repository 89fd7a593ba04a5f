// When something that is costly to draw is drawn: at once while it is on the screen, when all has been
// quiet for a moment while it is near, and otherwise not before it comes near.

const QUIET_MS = 150;

export class Redraw {
	readonly #draw: () => boolean;
	#stale = false;
	#seen = false;
	#near = false;
	#timer = 0;

	/** `draw` says whether it could: what has no width cannot. */
	constructor(element: Element, draw: () => boolean) {
		this.#draw = draw;
		this.#watch(element, '0px', (is) => { this.#seen = is; });
		this.#watch(element, '300px', (is) => { this.#near = is; });
	}

	#watch(element: Element, rootMargin: string, set: (is: boolean) => void): void {
		new IntersectionObserver((entries) => {
			set(entries[entries.length - 1]!.isIntersecting);
			if (this.#stale)
				this.#plan();
		}, { rootMargin }).observe(element);
	}

	/** On the screen as far as is known. */
	get seen(): boolean { return this.#seen; }
	/** Something changed since it was drawn. */
	get stale(): boolean { return this.#stale; }

	/** What it shows has changed. */
	want(): void {
		this.#stale = true;
		this.#plan();
	}

	#plan(): void {
		clearTimeout(this.#timer);
		if (this.#seen)
			this.now();
		else if (this.#near)
			this.#timer = window.setTimeout(() => this.now(), QUIET_MS);
	}

	/** Draws, wherever it is. */
	now(): void {
		clearTimeout(this.#timer);
		this.#stale = !this.#draw();
	}
}
