// A comparison as docs/page-data.md has it: what `vigia compare --json` says (compare.schema.json), and what
// the runs did over time.
import type { Category, CategoryLevel, Metric, PageData, SectionInfo, SectionRef, Severity, Table, TotalsLevel } from '../page-types';

type N = number | null;
type T = string | null;

export type Verdict = 'unknown' | 'alike' | 'unsure' | 'unclear' | 'worse' | 'better' | 'more' | 'less';
export type FigureSpread = { n: number; unknown: number; mean: N; sd: N; median: N; quartile_low: N; quartile_high: N; min: N; max: N };
export type Figure = {
	section: 'run' | 'major' | 'category' | 'monitor'; name: string; major: T; monitor: T; of: T;
	statistic: 'value' | 'peak' | 'cpu' | 'processes' | 'mean' | 'most' | 'total'; unit: string;
	base: FigureSpread; other: FigureSpread;
	change: N; change_low: N; change_high: N; ratio: N; ratio_low: N; ratio_high: N;
	interval: 'none' | 'welch' | 'bootstrap'; verdict: Verdict;
};
export type ComparedRun = {
	id: T; path: T; label: T; command: T; host: T; kernel: T; cpus: N; jobs: N; source: T;
	exit_code: N; exit_signal: N; failed: boolean; complete: boolean; partial: boolean;
};
export type ComparedGroup = { name: string; jobs: N; runs: ComparedRun[] };
export type ComparedPair = { base: string; other: string; jobs: N; figures: Figure[] };
export type Comparison = {
	format: number; answer: string; groups: ComparedGroup[]; notes: { severity: 'info' | 'warning'; text: string }[];
	comparisons: ComparedPair[]; figures_left_out: number;
	regression: { bound_ratio: number; judgement: 'fine' | 'worse' | 'not-sure' | 'unknown' } | null;
};
export type RunFinding = { id: string; severity: Severity; t_s: N; title: string };
export type RunFigures = { [name: string]: N };
export type OverlayLevel = CategoryLevel & { total?: SectionRef };
export type RunOverTime = {
	group: number; run: number; figures: RunFigures; findings: RunFinding[];
	start: PageData['start']; duration_s: number; machine: PageData['machine'];
	totals: { levels: TotalsLevel[] }; categories: Category[];
	by_category: { metric: Metric; unit: string; levels: OverlayLevel[] }[]; tables: Table[];
	/** Folio migration since the first sample. */
	migration?: { table: string; t: SectionRef; success: SectionRef; calls: SectionRef } | null;
};
export type ComparePage = {
	format: number; kind: 'compare'; version: string; comparison: Comparison;
	/** Groups of each comparison: base, other. */
	pairs: [number, number][];
	per_jobs: boolean; duration_s: number; sections: SectionInfo[]; runs: RunOverTime[];
	budget: { bytes: number; left_out: string[] };
};
