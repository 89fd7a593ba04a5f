// A sweep as vigia writes it into sweep.json and, whole, into the page.
export type Spread = { median: number | null; low: number | null; high: number | null };
export type SweepLevel = {
	jobs: number; done: number; failed: number; left: number; best?: boolean;
	wall_s: Spread; peak_bytes: Spread; cpu_s: Spread; cores_busy: Spread;
};
export type SweepRun = {
	path: string; jobs: number; repeat: number; warm_up: boolean; state: string; exit_code: number | null; exit_signal: number | null;
	wall_ns?: number | null; peak_bytes?: number | null; cpu_us?: number | null; processes?: number | null;
	categories?: { major: string | null; category: string; at_peak_bytes: number | null }[];
};
export type SweepData = {
	id: string | null; label: string | null; command: string[] | string | null; host: string | null; kernel: string | null;
	cpus: number | null; memory_bytes: number | null; repeat: number; start_realtime_ns: number | null;
	levels: SweepLevel[]; runs: SweepRun[];
};
export type SweepPage = { format: number; kind: 'sweep'; version: string; sweep: SweepData };
