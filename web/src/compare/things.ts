// What a chart of a comparison draws: one thing, or several, of each run. How it is read from a run's own data
// is the same for all of them: sums of sections at the level that fits.
import type { Numbers } from '../data';
import type { SectionRef } from '../page-types';
import { sumOf, type Told } from './overlay';
import type { ShownRun } from './runs';

/** One of the levels of a thing in a run: what is summed at these times. */
export type Part = { t: SectionRef; values: readonly SectionRef[] };
export type Thing = {
	key: string; label: string; color: string;
	/** Its levels in a run, coarsest first; empty: it took nothing there; null: not known there. */
	parts: (run: ShownRun) => readonly Part[] | null;
	/** Instead of parts: what is made of them, in the quantity that is drawn. */
	told?: (run: ShownRun) => Promise<Told | null>;
};

/** What is known of a thing in a run, at the level that fits. */
export async function readThing(thing: Thing, run: ShownRun, seconds: number, pixels: number, factor: number): Promise<Told | null> {
	if (thing.told)
		return thing.told(run);
	const parts = thing.parts(run), level = parts && run.page.level(parts, seconds, pixels);
	if (!level)
		return null;
	const [t, ...columns] = await Promise.all([run.page.numbers(level.t), ...level.values.map((ref) => run.page.numbers(ref))]);
	const sum = level.values.length === 0 ? new Float64Array(t!.length) : sumOf(columns);
	return { t: t!, values: factor === 1 ? sum : sum.map((v) => v * factor), end: run.over.duration_s };
}

/** The highest that a thing ever is in any of the runs. */
export async function mostOf(thing: Thing, runs: readonly ShownRun[]): Promise<number> {
	const all = await Promise.all(runs.map((run) => readThing(thing, run, Infinity, 1, 1)));
	let most = 0;
	for (const told of all)
		for (const v of told?.values ?? new Float64Array(0) as Numbers)
			most = Math.max(most, Math.abs(v) || 0);
	return most;
}
