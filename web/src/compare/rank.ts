// What got worse and what better, by how much of the whole it is: a category that takes 2 s more of a run's
// 40 s comes before one that took twice its 10 ms.
import type { ComparedPair, Figure, RunFinding, RunOverTime } from './types';

export type Direction = 'worse' | 'better';
/** `part`: how much more (worse) or less of the whole. */
export type Ranked = { figure: Figure; part: number };

const PEAKS = ['peak_pss', 'peak_rss', 'peak_cgroup'] as const;

const runFigure = (figures: readonly Figure[], name: string): Figure | undefined => figures.find((f) => f.section === 'run' && f.name === name);

/** The peak that both sides know: PSS, else RSS, else the cgroup's. */
export const peakFigure = (figures: readonly Figure[]): Figure | undefined =>
	PEAKS.map((name) => runFigure(figures, name)).find((f) => f !== undefined && f.verdict !== 'unknown');

export const figureOf = (pair: ComparedPair, name: 'wall' | 'cpu' | 'cores' | 'processes' | 'peak'): Figure | undefined =>
	(name === 'peak' ? peakFigure(pair.figures) : runFigure(pair.figures, name));

const SURE_LEAST = 0.005, UNSURE_LEAST = 0.02, PART_LEAST = 0.02, CATEGORY_RATIO = 1.1;

function isMuch(figure: Figure, part: number): boolean {
	const sure = figure.verdict === 'worse' || figure.verdict === 'better', { ratio } = figure;
	if (figure.section === 'run')
		return part >= (sure ? SURE_LEAST : UNSURE_LEAST);
	return part >= PART_LEAST && (ratio === null || ratio >= CATEGORY_RATIO || ratio <= 1 / CATEGORY_RATIO);
}

/** Of what is judged: time, CPU, peak, and programs' peaks and CPU. Those of which nothing is sure only where no spread is known. */
export function ranked({ figures }: { figures: readonly Figure[] }, direction: Direction): Ranked[] {
	const peak = peakFigure(figures), cpu = runFigure(figures, 'cpu'), sign = direction === 'worse' ? 1 : -1;
	const told: Ranked[] = [];
	for (const figure of figures) {
		const { change, verdict } = figure;
		if (change === null || Math.sign(change) !== sign || (verdict !== direction && verdict !== 'unsure'))
			continue;
		const whole = figure.section === 'run' ? (figure.name === 'wall' || figure.name === 'cpu' || figure === peak ? figure : undefined)
			: figure.section === 'category' ? (figure.statistic === 'peak' ? peak : figure.statistic === 'cpu' ? cpu : undefined) : undefined;
		const of = whole?.base.mean ?? 0;
		if (whole && of > 0 && isMuch(figure, (sign * change) / of))
			told.push({ figure, part: (sign * change) / of });
	}
	return told.sort((a, b) => b.part - a.part);
}

/** A finding that runs of one side have and none of the other. */
export type NewFinding = { finding: RunFinding; runs: number; of: number };

/** What was found in runs of the first list and in none of the second, critical ones first. */
export function onlyIn(runs: readonly RunOverTime[], others: readonly RunOverTime[]): NewFinding[] {
	const known = new Set(others.flatMap((run) => run.findings.map(({ id }) => id))), found = new Map<string, NewFinding>();
	for (const run of runs)
		for (const finding of run.findings.filter((one, i) => run.findings.findIndex(({ id }) => id === one.id) === i)) {
			const before = found.get(finding.id);
			if (before)
				before.runs++;
			else if (!known.has(finding.id))
				found.set(finding.id, { finding, runs: 1, of: runs.length });
		}
	return [...found.values()].sort((a, b) => Number(b.finding.severity === 'critical') - Number(a.finding.severity === 'critical'));
}
