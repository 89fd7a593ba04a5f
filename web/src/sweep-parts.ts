// What the peak of each -j was made of: by major category, or in detail, where a major's categories lie on each
// other in shades of its hue. Means over the runs of a -j; what is too small to be told is one.
import { texts } from './i18n';
import type { Part } from './sweep-charts';
import type { SweepRun } from './sweep-types';
import { colorsOf, majorColors, seriesColor } from './theme';

const t = texts({
	en: { rest: 'others' },
	pt: { rest: 'outras' },
	zh: { rest: '其他' },
});

export type PartsView = 'major' | 'detailed';
export type JobsParts = { jobs: number; parts: Part[] };

const MOST: { [V in PartsView]: number } = { major: 8, detailed: 14 };
const REST_COLOR = '#b9bcc2';
// sweep.json holds no more of a run: with as many there may be others.
const TOLD_OF_A_RUN = 24;

type Told = NonNullable<SweepRun['categories']>[number];

export const measuredRuns = (runs: readonly SweepRun[]): SweepRun[] =>
	runs.filter((run) => !run.warm_up && run.state === 'done' && (run.categories?.length ?? 0) > 0);

/** Whether rules gave categories a major: else there is one view only. */
export const hasMajors = (runs: readonly SweepRun[]): boolean => measuredRuns(runs).some((run) => run.categories!.some((c) => c.major !== null));

const keyOf = (c: Told, view: PartsView): string => (view === 'major' ? c.major ?? c.category : `${c.major ?? ''}\n${c.category}`);
const nameOf = (key: string): string => key.slice(key.indexOf('\n') + 1);

/** The parts that are told, in the order in which they are stacked: the largest major first, in it the largest category. */
function order(runs: readonly SweepRun[], view: PartsView): string[] {
	const totals = new Map<string, number>(), majors = new Map<string, number>(), majorOf = new Map<string, string>();
	for (const run of runs)
		for (const c of run.categories!) {
			const key = keyOf(c, view), major = c.major ?? c.category, bytes = c.at_peak_bytes ?? 0;
			totals.set(key, (totals.get(key) ?? 0) + bytes);
			majors.set(major, (majors.get(major) ?? 0) + bytes);
			majorOf.set(key, major);
		}
	const bySize = [...totals].filter(([, v]) => v > 0).sort((a, b) => b[1] - a[1]).map(([key]) => key).slice(0, MOST[view]);
	return bySize.sort((a, b) => majors.get(majorOf.get(b)!)! - majors.get(majorOf.get(a)!)! || totals.get(b)! - totals.get(a)!);
}

function colorsFor(keys: readonly string[], view: PartsView, withMajors: boolean): Map<string, string> {
	if (!withMajors)
		return new Map(keys.map((key, i) => [key, seriesColor(i)]));
	if (view === 'major')
		return majorColors(keys.map((major) => ({ major, category: major, ignored: false })));
	const colors = colorsOf(keys.map((key) => ({ major: key.slice(0, key.indexOf('\n')), category: nameOf(key), ignored: false })));
	return new Map(keys.map((key, i) => [key, colors[i]!]));
}

/** By -j, lowest first; every -j has the same parts. */
export function partsOf(runs: readonly SweepRun[], view: PartsView): JobsParts[] {
	const measured = measuredRuns(runs), keys = order(measured, view), colors = colorsFor(keys, view, hasMajors(runs)), levels = new Map<number, SweepRun[]>();
	for (const run of measured)
		levels.set(run.jobs, [...(levels.get(run.jobs) ?? []), run]);
	const restOf = (run: SweepRun): number => {
		const all = run.categories!.reduce((s, c) => s + (c.at_peak_bytes ?? 0), 0), told = run.categories!.reduce((s, c) => s + (keys.includes(keyOf(c, view)) ? c.at_peak_bytes ?? 0 : 0), 0);
		return Math.max(0, (run.categories!.length >= TOLD_OF_A_RUN ? Math.max(run.peak_bytes ?? 0, all) : all) - told);
	};
	return [...levels].sort((a, b) => a[0] - b[0]).map(([jobs, of]) => {
		const mean = (value: (run: SweepRun) => number): number => of.reduce((s, run) => s + value(run), 0) / of.length;
		const parts = keys.map((key): Part => ({ label: nameOf(key), color: colors.get(key)!, value: mean((run) => run.categories!.reduce((s, c) => s + (keyOf(c, view) === key ? c.at_peak_bytes ?? 0 : 0), 0)) }));
		const rest = mean(restOf);
		return { jobs, parts: rest > 0 ? [...parts, { label: t('rest'), color: REST_COLOR, value: rest }] : parts };
	});
}
