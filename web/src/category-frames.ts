// What the charts by category draw: a metric's series summed into the view's groups, the largest N
// of them and the rest, cut to what is seen. Sums are kept for each level until the view changes.
import { REST, type CategoryView, type Group } from './categories';
import type { Frame, Line, Limit } from './chart';
import { windowOf, type Numbers, type Page } from './data';
import type { Quantity } from './format';
import { texts } from './i18n';
import type { ByCategory, CategoryLevel } from './page-types';
import type { Range } from './viewport';

const t = texts({
	en: { rest: '{n} others' },
	pt: { rest: '{n} outras' },
	zh: { rest: '其他 {n} 项' },
});

type Summed = { t: Numbers; groups: Group[]; values: Numbers[] };

const REST_COLOR = '#b9bcc2';

function peakOf(values: Numbers): number {
	let most = 0;
	for (const v of values)
		if (v > most)
			most = v;
	return most;
}

export class CategoryFrames {
	readonly #page: Page;
	readonly #view: CategoryView;
	readonly #data: ByCategory;
	#summed = new Map<CategoryLevel, Promise<Summed>>();
	#order: Promise<Group[]> | null = null;
	#of = '';

	constructor(page: Page, view: CategoryView, data: ByCategory) {
		this.#page = page;
		this.#view = view;
		this.#data = data;
	}

	// Groups by their peak over the whole run, so that zooming changes neither order nor colour.
	async #ordered(): Promise<Group[]> {
		const level = this.#data.levels[0]!;
		const groups = this.#view.groups();
		const values = await this.#values(level, groups);
		const peaks = new Map(groups.map((group, i) => [group, peakOf(values[i]!)]));
		groups.sort((a, b) => peaks.get(b)! - peaks.get(a)!);
		const told = groups.filter((group) => peaks.get(group)! > 0);
		const { top } = this.#view;
		if (top === 0 || told.length <= top + 1)
			return told;
		const rest = told.slice(top);
		return [...told.slice(0, top), { key: REST, label: t('rest', { n: rest.length }), color: REST_COLOR, members: rest.flatMap((g) => g.members) }];
	}

	async #values(level: CategoryLevel, groups: readonly Group[]): Promise<Numbers[]> {
		const series = new Map(level.series.map((s) => [s.category, s]));
		return Promise.all(groups.map(async ({ members }) => {
			const parts = await Promise.all(members.map((m) => series.get(m)).filter((s) => s !== undefined).map((s) => this.#page.numbers(s.max)));
			if (parts.length === 1)
				return parts[0]!;
			const sum = new Float64Array(this.#page.count(level.t)).fill(NaN);
			for (const part of parts)
				for (let i = 0; i < sum.length; i++) {
					const v = part[i]!;
					if (v === v)
						sum[i] = sum[i]! === sum[i]! ? sum[i]! + v : v;
				}
			return sum;
		}));
	}

	#sums(level: CategoryLevel): Promise<Summed> {
		const of = `${this.#view.view}/${this.#view.top}`;
		if (of !== this.#of) {
			this.#of = of;
			this.#summed = new Map();
			this.#order = null;
		}
		let found = this.#summed.get(level);
		if (!found) {
			this.#order ??= this.#ordered();
			found = this.#order.then(async (groups) => {
				const [times, values] = await Promise.all([this.#page.numbers(level.t), this.#values(level, groups)]);
				return { t: times, groups, values };
			});
			this.#summed.set(level, found);
		}
		return found;
	}

	async frame(range: Range, pixels: number, how: { stacked: boolean; quantity: Quantity; limits: Limit[] }): Promise<Frame | null> {
		const level = this.#page.level(this.#data.levels, range.to - range.from, pixels);
		if (!level)
			return null;
		const { t: times, groups, values } = await this.#sums(level);
		const [begin, end] = windowOf(times, range.from, range.to), { hidden } = this.#view;
		const lines = groups.map((group, i): Line => ({
			key: group.key, label: group.label, color: group.color, values: values[i]!.subarray(begin, end), hidden: hidden.has(group.key) }));
		return { t: times.subarray(begin, end), lines, stacked: how.stacked, limits: how.limits, quantity: how.quantity, whole: level === this.#data.levels[this.#data.levels.length - 1] };
	}
}
