// How many cores were busy, and in which stretches few were. From the processes: each one's CPU time,
// spread evenly over its life, so that sums over the run are exact and moments are estimates; from
// measured series where the page has them.
import type { Processes } from './model';

/** Core seconds used as a function of time that only grows: at t[k] it was sum[k]. */
export type CoreUse = { readonly t: Float64Array; readonly sum: Float64Array; readonly measured: boolean };

export function coreUseOfProcesses(p: Processes): CoreUse {
	const known: number[] = [];
	for (let i = 0; i < p.n; i++)
		if (p.cpu[i]! > 0)
			known.push(i);
	// An instant's CPU time still needs a while: 1 ms at least.
	const ends = (i: number): number => Math.max(p.end[i]!, p.start[i]! + 0.001);
	const starts = Int32Array.from(known).sort((a, b) => p.start[a]! - p.start[b]!);
	const stops = Int32Array.from(known).sort((a, b) => ends(a) - ends(b));
	const t = new Float64Array(2 * known.length + 1), sum = new Float64Array(t.length);
	let rate = 0, at = 0, total = 0, n = 0;
	for (let a = 0, b = 0; b < stops.length;) {
		const starting = a < starts.length && p.start[starts[a]!]! <= ends(stops[b]!);
		const i = starting ? starts[a++]! : stops[b++]!;
		const when = starting ? p.start[i]! : ends(i);
		total += n > 0 ? rate * (when - at) : 0;
		rate += (starting ? 1 : -1) * (p.cpu[i]! / (ends(i) - p.start[i]!));
		at = when;
		t[n] = when;
		sum[n++] = total;
	}
	return { t: t.subarray(0, n), sum: sum.subarray(0, n), measured: false };
}

/** Of cores[k] busy from t[k] to t[k + 1], the last until `end`; NaN counts as none known. */
export function coreUseOfSeries(t: ArrayLike<number>, cores: ArrayLike<number>, end: number): CoreUse {
	const n = t.length;
	const times = new Float64Array(n + 1), sum = new Float64Array(n + 1);
	for (let k = 0; k < n; k++) {
		const next = k + 1 < n ? t[k + 1]! : Math.max(end, t[k]!);
		times[k] = t[k]!;
		times[k + 1] = next;
		sum[k + 1] = sum[k]! + (cores[k]! > 0 ? cores[k]! * (next - t[k]!) : 0);
	}
	return { t: times, sum, measured: true };
}

function used(use: CoreUse, at: number): number {
	const { t, sum } = use;
	const n = t.length;
	if (n === 0 || at <= t[0]!)
		return 0;
	if (at >= t[n - 1]!)
		return sum[n - 1]!;
	let low = 0, high = n - 1;
	while (high - low > 1) {
		const middle = (low + high) >> 1;
		if (t[middle]! <= at)
			low = middle;
		else
			high = middle;
	}
	const part = (at - t[low]!) / (t[high]! - t[low]!);
	return sum[low]! + (sum[high]! - sum[low]!) * part;
}

/** Core seconds used in [from, to]. */
export function coreSeconds(use: CoreUse, from: number, to: number): number {
	return to > from ? used(use, to) - used(use, from) : 0;
}

/** A stretch of the run in which few cores were busy. */
export type Stretch = { readonly from: number; readonly to: number; readonly cores: number; readonly tail: boolean };

const BUCKETS = 1000;
const LEAST_PART = 0.03;
const BRIDGE_PART = 0.01;

/** At most this many cores busy is few: one, and on big machines an eighth. */
export const fewCores = (cores: number): number => Math.max(1.3, cores / 8);

/** Stretches of at least 3 % of the run and 0.1 s with few cores busy, in order of time. */
export function stretchesFind(use: CoreUse, duration: number, cores: number): Stretch[] {
	if (!(cores >= 2) || !(duration > 0) || use.t.length === 0)
		return [];
	const limit = fewCores(cores), width = duration / BUCKETS;
	const few = (from: number, to: number): boolean => coreSeconds(use, from, to) <= limit * (to - from);
	const found: { from: number; to: number }[] = [];
	for (let k = 0; k < BUCKETS; k++) {
		const from = k * width, to = k === BUCKETS - 1 ? duration : from + width;
		if (!few(from, to))
			continue;
		const last = found[found.length - 1];
		// A short burst between two such stretches does not part them, if both with it are still few.
		if (last && from - last.to <= duration * BRIDGE_PART + width / 2 && few(last.from, to))
			last.to = to;
		else
			found.push({ from, to });
	}
	return found
		.filter(({ from, to }) => to - from >= Math.max(duration * LEAST_PART, 0.1))
		.map(({ from, to }) => ({ from, to, cores: coreSeconds(use, from, to) / (to - from), tail: to >= duration * 0.99 }));
}
