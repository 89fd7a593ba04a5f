// Who was alive at a moment, and with how much memory: what was sampled last before it, else the
// process's peak as the bound that it is.
import { processPeak, type Processes } from './model';

/** Samples by process, in order of time. */
export type SampleIndex = { readonly from: Int32Array; readonly t: Float64Array; readonly bytes: Float64Array };

export function sampleIndexNew(n: number, process: ArrayLike<number>, t: ArrayLike<number>, bytes: ArrayLike<number>): SampleIndex {
	const from = new Int32Array(n + 1);
	const valid = (k: number): boolean => process[k]! >= 0 && process[k]! < n;
	for (let k = 0; k < process.length; k++)
		if (valid(k))
			from[process[k]! + 1]!++;
	for (let i = 0; i < n; i++)
		from[i + 1]! += from[i]!;
	const at = from.slice(0, n);
	const times = new Float64Array(from[n]!), values = new Float64Array(from[n]!);
	const order = new Int32Array(process.length).map((_, k) => k);
	for (let k = 1; k < t.length; k++)
		if (t[k]! < t[k - 1]!) {
			order.sort((a, b) => t[a]! - t[b]!);
			break;
		}
	for (const k of order) {
		if (!valid(k))
			continue;
		const place = at[process[k]!]!++;
		times[place] = t[k]!;
		values[place] = bytes[k]!;
	}
	return { from, t: times, bytes: values };
}

/** Memory of a process at a moment as it was sampled; NaN: nothing was until then. */
export function sampledAt(samples: SampleIndex, i: number, t: number): number {
	let low = samples.from[i]!, high = samples.from[i + 1]!;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (samples.t[middle]! <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low > samples.from[i]! ? samples.bytes[low - 1]! : NaN;
}

export type Alive = {
	/** Rows, those with most memory first. */
	readonly rows: Int32Array;
	/** NaN: unknown. */
	readonly bytes: Float64Array;
	/** 1: the peak, as no sample was there. */
	readonly bound: Uint8Array;
	/** Sum of what was sampled, and how many were not. */
	readonly total: number;
	readonly bounds: number;
};

export function aliveAt(p: Processes, samples: SampleIndex | null, t: number): Alive {
	const found: number[] = [], sizes: number[] = [], peaks: number[] = [];
	let total = 0, bounds = 0;
	for (let i = 0; i < p.n; i++) {
		// Who ended at this very moment is gone, unless the run ended there, too.
		if (p.start[i]! > t || p.end[i]! < t || (p.end[i]! === t && !p.alive[i]! && p.start[i]! < t))
			continue;
		const sampled = samples ? sampledAt(samples, i, t) : NaN;
		const bound = Number.isNaN(sampled), size = bound ? processPeak(p, i) : sampled;
		if (!bound)
			total += size;
		else
			bounds++;
		found.push(i);
		sizes.push(size);
		peaks.push(bound ? 1 : 0);
	}
	const rank = (k: number): number => (Number.isNaN(sizes[k]!) ? -1 : sizes[k]!);
	const order = found.map((_, k) => k).sort((a, b) => rank(b) - rank(a) || a - b);
	return {
		rows: Int32Array.from(order, (k) => found[k]!), bytes: Float64Array.from(order, (k) => sizes[k]!), bound: Uint8Array.from(order, (k) => peaks[k]!),
		total, bounds,
	};
}
