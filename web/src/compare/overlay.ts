// Runs of different lengths and steps beside each other: all on one grid of equal steps from their starts. A
// step has the highest value in it, so that no peak is lost, or the mean where that is what is told.
import type { Numbers } from '../data';
import type { Range } from '../viewport';

/** What is told of one thing of one run; what it holds until `end`. */
export type Told = { t: Numbers; values: Numbers; end: number };

/** How wide the buckets of sorted times are; Infinity: there are not two. */
export const stepOf = (t: ArrayLike<number>): number => (t.length > 1 ? (t[t.length - 1]! - t[0]!) / (t.length - 1) : Infinity);

/** Times of equal steps that cover the range, at most one a pixel, no finer than `finest`. */
export function gridOf(range: Range, pixels: number, finest: number): Numbers {
	const span = range.to - range.from, step = Math.max(span / Math.max(1, pixels), Math.min(finest, span));
	const first = Math.floor(range.from / step + 1e-6), last = Math.ceil(range.to / step - 1e-6);
	return Float64Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Each step's highest value, or its mean over time; what held before where nothing new begins in it; unknown outside of the run. */
export function onGrid({ t, values, end }: Told, grid: Numbers, how: 'peak' | 'mean'): Numbers {
	const out = new Float64Array(grid.length).fill(NaN), step = grid.length > 1 ? grid[1]! - grid[0]! : Infinity;
	const slack = Math.min(step, stepOf(t)) * 1e-6;
	let i = 0;
	for (let k = 0; k < grid.length; k++) {
		const from = grid[k]!, to = from + step;
		if (from >= end - slack)
			break;
		while (i < t.length && t[i]! < from - slack)
			i++;
		let sum = 0, n = 0, most = NaN, j = i;
		for (; j < t.length && t[j]! < to - slack; j++) {
			const v = values[j]!;
			if (v !== v)
				continue;
			sum += v;
			n++;
			if (!(v <= most))
				most = v;
		}
		if (j > i)
			out[k] = n === 0 ? NaN : how === 'mean' ? sum / n : most;
		else if (i > 0)
			out[k] = values[i - 1]!;
	}
	return out;
}

/** At each step the mean of those that are known there. */
export function meanOf(columns: readonly Numbers[], n: number): Numbers {
	if (columns.length === 1)
		return columns[0]!;
	const out = new Float64Array(n).fill(NaN), known = new Uint32Array(n);
	for (const column of columns)
		for (let k = 0; k < n; k++) {
			const v = column[k]!;
			if (v !== v)
				continue;
			out[k] = known[k] === 0 ? v : out[k]! + v;
			known[k]!++;
		}
	for (let k = 0; k < n; k++)
		if (known[k]! > 1)
			out[k] = out[k]! / known[k]!;
	return out;
}

/** The sum of several over the same times; an unknown part counts nothing, where all are unknown it is. */
export function sumOf(columns: readonly Numbers[]): Numbers {
	if (columns.length === 1)
		return columns[0]!;
	const sum = new Float64Array(columns[0]?.length ?? 0).fill(NaN);
	for (const column of columns)
		for (let i = 0; i < sum.length; i++) {
			const v = column[i]!;
			if (v === v)
				sum[i] = sum[i]! === sum[i]! ? sum[i]! + v : v;
		}
	return sum;
}
