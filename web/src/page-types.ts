// The page's data as docs/page-data.md has them. SectionRef is an index into `sections`.

export type SectionRef = number;
export type SectionInfo = {
	offset: number; size: number; codec: 'plain' | 'deflate';
	type: 'u8' | 'u16' | 'u32' | 'i32' | 'f32' | 'f64' | 'text';
	count: number; delta: boolean; scale: number;
};
export type Category = { major: string; category: string; ignored: boolean };
export type MinMax = { min: SectionRef | null; max: SectionRef };
export type Metric = 'pss' | 'rss' | 'cpu' | 'processes';
export type CategorySeries = { category: number; max: SectionRef; min: SectionRef | null };
export type CategoryLevel = { t: SectionRef; series: CategorySeries[] };
export type ByCategory = { metric: Metric; unit: string; levels: CategoryLevel[] };
export type TotalsLevel = { t: SectionRef; columns: { [name: string]: MinMax & { t?: SectionRef } } };
export type Column = { name: string; label: string; unit: string; role: 'gauge' | 'counter'; help: string };
export type SeriesLevel = { t: SectionRef; min: SectionRef | null; max: SectionRef };
export type Series = { key: string; column: number; grown?: number; levels: SeriesLevel[] };
export type TableEvent = { t_s: number; severity: string | null; title: string; text: string | null };
export type Table = {
	name: string; title: string; help: string; findings: number; keys: string[];
	columns: Column[]; series: Series[]; events?: TableEvent[];
};
export type ProcessSections = {
	count: number; told: number;
	start_s: SectionRef; end_s: SectionRef; pid: SectionRef; parent: SectionRef; category: SectionRef;
	cpu_s: SectionRef; peak_rss_bytes: SectionRef; peak_pss_bytes: SectionRef;
	exit_code: SectionRef; exit_signal: SectionRef; name: SectionRef; names?: SectionRef; cmdline: SectionRef; depth: SectionRef;
};
export type SampleSections = { process: SectionRef; t: SectionRef; bytes: SectionRef };

export type Severity = 'info' | 'warning' | 'critical';
export type Finding = { id: string; severity: Severity; t_s: number | null; title: string; evidence: string | null; meaning: string | null; advice: string | null };
type N = number | null;
type T = string | null;

/** `vigia report --json`: docs/report.schema.json. */
export type Report = {
	format: number;
	run: { id: T; label: T; command: T; host: T; wall_s: N; exit_code: N; exit_signal: N; complete: boolean; recording: boolean; timed_out: boolean; snapshot_of: T };
	capture: { source: T; processes: N; lost_events: N; partial: boolean; programs: N };
	own: { cpu_s: N; cpu_percent: N; peak_rss_bytes: N; written_bytes: N };
	peak: { pss_bytes: N; rss_bytes: N; cgroup_bytes: N; t_s: N };
	cpu: { user_s: N; system_s: N; total_s?: N };
	categories: { major: T; category: string; processes: number; peak_pss_bytes: N; largest_process_bytes: N; cpu_s: N }[];
	majors: { major: string; processes: number; peak_pss_bytes: N; largest_process_bytes: N; cpu_s: N }[];
	top: { pid: N; cmdline: T; category: string; peak_rss_bytes: N; peak_pss_bytes: N; cpu_s: N; wall_s: N }[];
	findings: Finding[];
	outside: { how: string; name: T; pid: N; uid: N; cmdline: T; address: T; client: T; connections: N; cpu_s: N; rss_bytes: N; match: T; note: T }[];
	matched: { processes: N; cpu_s: N };
	/** The process to blame; null: none is known. */
	failure: { pid: N; cmdline: T; category: T; exit_code: N; exit_signal: N; t_s: N } | null;
	machine: { available_least_bytes: N; available_least_t_s: N; swap_most_bytes: N; busy_ratio: N; iowait_ratio: N;
		waited_cpu_ratio: N; waited_memory_ratio: N; waited_io_ratio: N };
};

export type PageData = {
	format: number; kind: 'run' | 'sweep' | 'compare'; version: string;
	report: Report;
	start: { realtime_s: number; zone_minutes: number } | null;
	duration_s: number;
	machine: { cores: N; memory_bytes: N; cgroup_limit_bytes: N; kernel: T; cpu: T };
	sections: SectionInfo[];
	categories: Category[];
	by_category: ByCategory[];
	totals: { levels: TotalsLevel[] };
	tables: Table[];
	processes: ProcessSections;
	samples: SampleSections | null;
	budget: { bytes: number; left_out: string[] };
};
