// Where processes lie in the timeline. By tree: each below its parent, brothers and sisters side by
// side on the lowest free rows, so that the height is what ran at once. By job: who starts others in
// parallel (make, ninja) lies on top; each job below takes the lowest free slot, and what the job
// itself starts is drawn over it, on the same row, as long as one thing runs at a time.
import { FirstFit } from './first-fit';
import { processesChildren, ROUNDING_S, type Processes } from './model';

export interface Layout {
	readonly rows: number;
	readonly row: Int32Array;
	/** How many lie below it on its row: drawn later. */
	readonly level: Int32Array;
	/** Rows on top that hold who starts the jobs; 0 by tree. */
	readonly coordinatorRows: number;
}

function rowsByStart(p: Processes, order: Int32Array): Int32Array {
	if (order.every((row, k) => k === 0 || p.start[order[k - 1]!]! <= p.start[row]!))
		return order;
	const rank = new Int32Array(p.n);
	order.forEach((row, k) => (rank[row] = k));
	return Int32Array.from(order).sort(
		(a, b) => p.start[a]! - p.start[b]! || rank[a]! - rank[b]!,
	);
}

/** End of the last of each row's family. */
function familyEnds(p: Processes, order: Int32Array): Float64Array {
	const end = Float64Array.from(p.end);
	for (let k = p.n - 1; k >= 0; k--) {
		const row = order[k]!;
		const parent = p.parent[row]!;
		if (parent >= 0) end[parent] = Math.max(end[parent]!, end[row]!);
	}
	return end;
}

const TOWER = 256;

/** `order` is processesOrder's: parents first. */
export function layoutByTree(p: Processes, order: Int32Array): Layout {
	const ends = familyEnds(p, order);
	const children = processesChildren(p.parent);
	const height = new Int32Array(p.n);
	const offset = new Int32Array(p.n);
	const byStart = (a: number, b: number): number => p.start[a]! - p.start[b]!;
	const stack = (rows: Int32Array): number => {
		let tallest = 0, below = 0;
		for (const row of rows)
			tallest = Math.max(tallest, height[row]!);
		rows.sort(byStart);
		// Towers of generations are not fitted beside each other: that would cost their height each time.
		if (rows.length === 1 || tallest > TOWER) {
			for (const row of rows) {
				offset[row] = below;
				below += height[row]!;
			}
			return below;
		}
		const fit = new FirstFit();
		for (const row of rows)
			offset[row] = fit.place(p.start[row]!, ends[row]!, height[row]!);
		return fit.rows;
	};
	for (let k = p.n - 1; k >= 0; k--) {
		const row = order[k]!;
		const from = children.from[row]!;
		const to = children.from[row + 1]!;
		height[row] = 1 + (to > from ? stack(children.list.slice(from, to)) : 0);
	}
	const rows = stack(order.filter((row) => p.parent[row]! < 0));
	const at = new Int32Array(p.n);
	for (const row of order) {
		const parent = p.parent[row]!;
		at[row] = (parent < 0 ? 0 : at[parent]! + 1) + offset[row]!;
	}
	return { rows, row: at, level: new Int32Array(p.n), coordinatorRows: 0 };
}

const MANY_CHILDREN = 4;

/** Who starts jobs: build systems with many children or two at once, others with both, and all above them. */
export function layoutCoordinators(p: Processes, order: Int32Array, isBuildSystem: (row: number) => boolean): Uint8Array {
	const is = new Uint8Array(p.n);
	const n = new Int32Array(p.n);
	const until = new Float64Array(p.n).fill(-Infinity);
	const parallel = new Uint8Array(p.n);
	for (const row of rowsByStart(p, order)) {
		const parent = p.parent[row]!;
		if (parent < 0) continue;
		n[parent] = n[parent]! + 1;
		if (p.start[row]! < until[parent]!) parallel[parent] = 1;
		until[parent] = Math.max(until[parent]!, p.end[row]!);
	}
	for (let k = p.n - 1; k >= 0; k--) {
		const row = order[k]!;
		if (isBuildSystem(row) ? parallel[row] || n[row]! >= MANY_CHILDREN : parallel[row] && n[row]! >= MANY_CHILDREN)
			is[row] = 1;
		const parent = p.parent[row]!;
		if (is[row] && parent >= 0) is[parent] = 1;
	}
	return is;
}

export function layoutByJob(p: Processes, order: Int32Array, isBuildSystem: (row: number) => boolean): Layout {
	const coordinator = layoutCoordinators(p, order, isBuildSystem);
	const top = new FirstFit();
	const slots = new FirstFit();
	const row = new Int32Array(p.n).fill(-1);
	const level = new Int32Array(p.n);
	const running: number[][] = []; // a slot's processes, innermost last
	const lastOfPid = new Map<number, number>();

	/** Over its parent, if nothing else of the job runs there now. */
	const nest = (i: number, parent: number): boolean => {
		const stack = running[row[parent]!];
		if (!stack) return false;
		while (stack.length > 0 && p.end[stack[stack.length - 1]!]! <= p.start[i]!) stack.pop();
		if (stack[stack.length - 1] !== parent || p.end[i]! > p.end[parent]! + ROUNDING_S) return false;
		row[i] = row[parent]!;
		level[i] = level[parent]! + 1;
		stack.push(i);
		return true;
	};
	/** A program that replaced another (exec) stays in its slot. */
	const stay = (i: number): boolean => {
		const before = lastOfPid.get(p.pid[i]!);
		lastOfPid.set(p.pid[i]!, i);
		if (before === undefined || coordinator[before] || level[before] !== 0) return false;
		if (Math.abs(p.end[before]! - p.start[i]!) > ROUNDING_S) return false;
		row[i] = row[before]!;
		return slots.placeAt(row[i]!, p.start[i]!, p.end[i]!);
	};
	for (const i of rowsByStart(p, order)) {
		const start = p.start[i]!;
		const end = p.end[i]!;
		const parent = p.parent[i]!;
		if (coordinator[i]) {
			row[i] = top.place(start, end);
		} else if (!(parent >= 0 && !coordinator[parent] && nest(i, parent))) {
			if (!stay(i)) row[i] = slots.place(start, end);
			running[row[i]!] = [i];
		}
	}
	for (let i = 0; i < p.n; i++) if (!coordinator[i]) row[i] = row[i]! + top.rows;
	return { rows: top.rows + slots.rows, row, level, coordinatorRows: top.rows };
}
