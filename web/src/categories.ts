// How categories are told in all charts: by major, in detail, or majors with Other expanded; the
// largest N, the rest together; which are hidden. One choice for the page, kept in its address.
import { fragment } from './fragment';
import type { Category } from './page-types';
import { colorsOf, majorColors, seriesColor } from './theme';

export type View = 'major' | 'detailed' | 'other';
/** Categories that are drawn as one. */
export type Group = { key: string; label: string; color: string; members: number[] };

const VIEWS: readonly View[] = ['major', 'detailed', 'other'];
export const REST = '\u0000rest';
export const TOPS: readonly number[] = [5, 8, 12, 0];

export class CategoryView {
	readonly categories: readonly Category[];
	readonly colors: readonly string[];
	readonly #majors: Map<string, string>;
	readonly #listeners = new Set<() => void>();

	constructor(categories: readonly Category[]) {
		this.categories = categories;
		this.colors = colorsOf(categories);
		this.#majors = majorColors(categories);
		fragment.onChange(() => this.#tell());
	}

	get view(): View {
		const told = VIEWS.find((v) => v === fragment.get('view'));
		// Without rules every category is its own program; majors say nothing.
		return told ?? (this.#majors.size > 1 ? 'major' : 'detailed');
	}

	set view(view: View) {
		fragment.set('view', view);
		fragment.set('hide', null);
		this.#tell();
	}

	/** 0: all of them. */
	get top(): number {
		const told = Number(fragment.get('top') ?? '8');
		return TOPS.includes(told) ? told : 8;
	}

	set top(top: number) {
		fragment.set('top', top === 8 ? null : String(top));
		this.#tell();
	}

	get hidden(): ReadonlySet<string> {
		const told = fragment.get('hide');
		return new Set(told === null ? [] : told.split('|').map((key) => (key === '…' ? REST : key)));
	}

	set hidden(keys: ReadonlySet<string>) {
		fragment.set('hide', keys.size === 0 ? null : [...keys].map((key) => (key === REST ? '…' : key)).join('|'));
		this.#tell();
	}

	on(listener: () => void): void {
		this.#listeners.add(listener);
	}

	#tell(): void {
		for (const listener of [...this.#listeners])
			listener();
	}

	/** The key of the group that a category is in, in the present view (before top N). */
	keyOf(index: number): string {
		const { major, category } = this.categories[index]!;
		const whole = this.view === 'major' || (this.view === 'other' && major !== 'Other');
		return whole ? major : category;
	}

	/** All groups of the view, in the order of the categories (largest peak first); ignored ones are left out, unless there are no others. */
	groups(): Group[] {
		const groups = new Map<string, Group>(), all = this.categories.every(({ ignored }) => ignored);
		this.categories.forEach(({ major, ignored }, i) => {
			if (ignored && !all)
				return;
			const key = this.keyOf(i), whole = key === major, found = groups.get(key);
			if (found)
				found.members.push(i);
			else
				groups.set(key, { key, label: key, members: [i],
					color: this.#majors.size <= 1 && !whole ? seriesColor(groups.size) : whole ? this.#majors.get(major)! : this.colors[i]! });
		});
		return [...groups.values()];
	}
}
