// Finds what lies in a window of time on one row, and sums up what lies closer together than a pixel:
// per row and level the intervals do not overlap, so that they are sorted by start and by end at once,
// and a pyramid over them knows each block's longest member. A block is never opened further than one pixel.
import type { Layout } from './layout';
import { processFailed, type Processes } from './model';

export interface Strip {
	readonly row: number;
	readonly level: number;
	/** Process rows in order of time. */
	readonly members: Int32Array;
	/** busy[k]: seconds that the first k members lasted. */
	readonly busy: Float64Array;
	/** Of the first k members, those that failed. */
	readonly failed: Int32Array;
	/** longest[k][i]: member that lasted longest in the block of 2^k from i * 2^k on. */
	readonly longest: readonly Int32Array[];
}

export interface LaneIndex {
	/** In order of row, then level. */
	readonly strips: readonly Strip[];
	/** First strip of each row; one entry more than rows. */
	readonly rowFrom: Int32Array;
}

/** Told of each block at most a pixel wide and each process wider than that. */
export type StripVisitor = (strip: Strip, from: number, to: number, longest: number, start: number, end: number) => void;

function longestOf(p: Processes, members: Int32Array): Int32Array[] {
	const levels = [members];
	while (levels[levels.length - 1]!.length > 1) {
		const below = levels[levels.length - 1]!;
		const above = new Int32Array((below.length + 1) >> 1);
		for (let i = 0; i < above.length; i++) {
			const a = below[2 * i]!;
			const b = 2 * i + 1 < below.length ? below[2 * i + 1]! : a;
			const longer = p.end[b]! - p.start[b]! > p.end[a]! - p.start[a]!;
			above[i] = longer ? b : a;
		}
		levels.push(above);
	}
	return levels;
}

function stripNew(p: Processes, row: number, level: number, members: Int32Array): Strip {
	const busy = new Float64Array(members.length + 1);
	const failed = new Int32Array(members.length + 1);
	members.forEach((i, k) => {
		busy[k + 1] = busy[k]! + p.end[i]! - p.start[i]!;
		failed[k + 1] = failed[k]! + (processFailed(p, i) ? 1 : 0);
	});
	return { row, level, members, busy, failed, longest: longestOf(p, members) };
}

export function laneIndexNew(p: Processes, layout: Layout): LaneIndex {
	const all = new Int32Array(p.n);
	for (let i = 0; i < p.n; i++) all[i] = i;
	all.sort(
		(a, b) =>
			layout.row[a]! - layout.row[b]! ||
			layout.level[a]! - layout.level[b]! ||
			p.start[a]! - p.start[b]! ||
			p.end[a]! - p.end[b]!,
	);
	const strips: Strip[] = [];
	const rowFrom = new Int32Array(layout.rows + 1);
	let from = 0;
	for (let k = 1; k <= p.n; k++) {
		const a = all[from]!;
		const b = k < p.n ? all[k]! : -1;
		if (b >= 0 && layout.row[a] === layout.row[b] && layout.level[a] === layout.level[b]) continue;
		strips.push(stripNew(p, layout.row[a]!, layout.level[a]!, all.slice(from, k)));
		from = k;
	}
	let strip = 0;
	for (let row = 0; row <= layout.rows; row++) {
		while (strip < strips.length && strips[strip]!.row < row) strip++;
		rowFrom[row] = strip;
	}
	return { strips, rowFrom };
}

/** Visits what meets [t0, t1] in order of time; nothing closer together than `pixel` seconds is told apart. */
export function stripVisit(p: Processes, strip: Strip, t0: number, t1: number, pixel: number, visit: StripVisitor): void {
	const n = strip.members.length;
	const walk = (k: number, i: number): void => {
		const from = i << k;
		if (from >= n) return;
		const to = Math.min(n, (i + 1) << k);
		const start = p.start[strip.members[from]!]!;
		const end = p.end[strip.members[to - 1]!]!;
		if (end < t0 || start > t1) return;
		if (k === 0 || end - start <= pixel) {
			visit(strip, from, to, strip.longest[k]![i]!, start, end);
			return;
		}
		walk(k - 1, 2 * i);
		walk(k - 1, 2 * i + 1);
	};
	if (n > 0) walk(strip.longest.length - 1, 0);
}

/** First member that ends at or after t. */
export function stripSearch(p: Processes, strip: Strip, t: number): number {
	let low = 0;
	let high = strip.members.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (p.end[strip.members[middle]!]! < t) low = middle + 1;
		else high = middle;
	}
	return low;
}

export interface Hit {
	/** The longest of those found; -1: none. */
	readonly process: number;
	/** How many lie within the reach, on the topmost level that has any. */
	readonly count: number;
}

/** Who is drawn at time t on a row: topmost first; within ± reach seconds where nothing is hit exactly. */
export function laneHit(p: Processes, index: LaneIndex, row: number, t: number, reach: number): Hit {
	if (row < 0 || row + 1 >= index.rowFrom.length) return { process: -1, count: 0 };
	for (let k = index.rowFrom[row + 1]! - 1; k >= index.rowFrom[row]!; k--) {
		const strip = index.strips[k]!;
		const hit = stripHit(p, strip, t, reach);
		if (hit.process >= 0) return hit;
	}
	return { process: -1, count: 0 };
}

function stripHit(p: Processes, strip: Strip, t: number, reach: number): Hit {
	let best = -1;
	let width = -1;
	let count = 0;
	for (let k = stripSearch(p, strip, t - reach); k < strip.members.length; k++) {
		const i = strip.members[k]!;
		const start = p.start[i]!;
		if (start > t + reach) break;
		count++;
		const exact = start <= t && p.end[i]! >= t;
		const wide = (exact ? 1e9 : 0) + p.end[i]! - start;
		if (wide > width) {
			width = wide;
			best = i;
		}
	}
	return { process: best, count };
}
