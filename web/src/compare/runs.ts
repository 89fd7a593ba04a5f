// Which runs are seen beside each other: those of one comparison's two groups, each with its colour, the base
// solid and the other dashed. What is hidden is one choice for all charts, kept in the address.
import { Page } from '../data';
import { fragment } from '../fragment';
import type { PageData } from '../page-types';
import { mix, seriesColor, theme } from '../theme';
import type { ComparedGroup, ComparedPair, ComparedRun, ComparePage, RunOverTime } from './types';

export type Side = 0 | 1;
export type ShownRun = {
	/** In the address. */ key: string; side: Side; name: string; over: RunOverTime; facts: ComparedRun; page: Page;
};

/** More runs than these are drawn thin, with the mean of each group. */
const FEW = 8;

function pageOf(data: ComparePage, over: RunOverTime, base64: string): Page {
	for (const category of over.categories)
		category.major ??= '';
	// Of what a run's own page has, what the charts ask for.
	return new Page({ ...over, sections: data.sections } as unknown as PageData, base64);
}

export class RunView {
	readonly data: ComparePage;
	readonly nth: number;
	readonly pair: ComparedPair;
	readonly groups: readonly [ComparedGroup, ComparedGroup];
	readonly runs: readonly ShownRun[];
	/** So many that each group is told by its mean. */
	readonly many: boolean;
	readonly #listeners = new Set<() => void>();

	constructor(data: ComparePage, base64: string) {
		this.data = data;
		const wish = Number(fragment.get('pair') ?? '0');
		this.nth = Number.isInteger(wish) && wish >= 0 && wish < data.pairs.length ? wish : 0;
		const [base, other] = data.pairs[this.nth]!, { groups, comparisons } = data.comparison;
		this.pair = comparisons[this.nth]!;
		this.groups = [groups[base]!, groups[other]!];
		this.runs = data.runs.filter(({ group }) => group === base || group === other).sort((a, b) => Number(a.group !== base) - Number(b.group !== base) || a.run - b.run)
			.map((over): ShownRun => {
				const side: Side = over.group === base ? 0 : 1, group = this.groups[side];
				return { key: `${over.group}.${over.run}`, side, over, facts: group.runs[over.run]!, page: pageOf(data, over, base64),
					name: group.runs.length > 1 ? `${group.name} ${over.run + 1}` : group.name };
			});
		this.many = this.runs.length > FEW;
		fragment.onChange(() => this.#tell());
	}

	get hidden(): ReadonlySet<string> {
		return new Set((fragment.get('off') ?? '').split(',').filter((key) => key !== ''));
	}

	set hidden(keys: ReadonlySet<string>) {
		fragment.set('off', keys.size > 0 ? [...keys].join(',') : null);
		this.#tell();
	}

	static groupKey(side: Side): string {
		return side === 0 ? 'base' : 'other';
	}

	isHidden(run: ShownRun): boolean {
		const { hidden } = this;
		return hidden.has(run.key) || hidden.has(RunView.groupKey(run.side));
	}

	/** Of a side, or both: those that are not hidden. */
	shown(side?: Side): ShownRun[] {
		return this.runs.filter((run) => (side === undefined || run.side === side) && !this.isHidden(run));
	}

	of(side: Side): ShownRun[] {
		return this.runs.filter((run) => run.side === side);
	}

	color(side: Side): string {
		return seriesColor(side === 0 ? 0 : 2);
	}

	/** Of one of many, behind its group's mean. */
	faint(side: Side): string {
		return mix(this.color(side), theme.palette.background, 0.6);
	}

	on(listener: () => void): void {
		this.#listeners.add(listener);
	}

	#tell(): void {
		for (const listener of [...this.#listeners])
			listener();
	}
}
