// The processes of a run as columns, and who belongs to whom: the only shape that the algorithms of
// this folder know. Row i is one program image; times are seconds since the run's start.

/** Times of two events of one process may differ by so much through rounding. */
export const ROUNDING_S = 0.001;

export interface Processes {
	readonly n: number;
	/** The run's length; who is alive at the end ends here. */
	readonly duration: number;
	readonly start: Float64Array;
	/** Never NaN: `duration` for who was alive then (`alive` tells). */
	readonly end: Float64Array;
	readonly alive: Uint8Array;
	readonly pid: Float64Array;
	/** Row of the parent; -1: none in the run. */
	readonly parent: Int32Array;
	/** Index into the page's categories; -1: unknown. */
	readonly category: Int32Array;
	/** NaN: unknown, as in all figures below. */
	readonly cpu: Float64Array;
	readonly rss: Float64Array;
	readonly pss: Float64Array;
	readonly exitCode: Float64Array;
	readonly exitSignal: Float64Array;
	readonly name: readonly string[];
	readonly cmdline: readonly string[];
}

/** Children of each row, in order of rows: those of row i are list[from[i]] … list[from[i + 1] - 1]. */
export interface Children {
	readonly from: Int32Array;
	readonly list: Int32Array;
}

export function processesChildren(parent: Int32Array): Children {
	const n = parent.length;
	const from = new Int32Array(n + 1);
	for (let i = 0; i < n; i++) {
		const p = parent[i]!;
		if (p >= 0) from[p + 1] = from[p + 1]! + 1;
	}
	for (let i = 0; i < n; i++) from[i + 1] = from[i + 1]! + from[i]!;
	const list = new Int32Array(from[n]!);
	const at = from.slice(0, n);
	for (let i = 0; i < n; i++) {
		const p = parent[i]!;
		if (p < 0) continue;
		list[at[p]!] = i;
		at[p] = at[p]! + 1;
	}
	return { from, list };
}

/** Rows, parents before their children, else as they come. A parent that lies on a circle or outside
 *  the table is made none, in place: no walk over `parent` can then run for ever. */
export function processesOrder(parent: Int32Array): Int32Array {
	const n = parent.length;
	for (let i = 0; i < n; i++) {
		const p = parent[i]!;
		if (p < 0 || p >= n || p === i) parent[i] = -1;
	}
	const order = new Int32Array(n);
	const state = new Uint8Array(n); // 1: on the way up from a row, 2: placed
	const path: number[] = [];
	let placed = 0;
	for (let i = 0; i < n; i++) {
		let at = i;
		while (at >= 0 && state[at] === 0) {
			state[at] = 1;
			path.push(at);
			at = parent[at]!;
		}
		if (at >= 0 && state[at] === 1) parent[path[path.length - 1]!] = -1;
		while (path.length > 0) {
			const row = path.pop() as number;
			state[row] = 2;
			order[placed++] = row;
		}
	}
	return order;
}

export function processFailed(p: Processes, i: number): boolean {
	return p.exitCode[i]! > 0 || p.exitSignal[i]! > 0;
}

export function processWall(p: Processes, i: number): number {
	return p.end[i]! - p.start[i]!;
}

/** The higher of what was measured as memory of its own: PSS where it was read, else RSS. */
export function processPeak(p: Processes, i: number): number {
	const pss = p.pss[i]!;
	return Number.isNaN(pss) ? p.rss[i]! : pss;
}

export function processDescendants(children: Children, root: number): Int32Array {
	const found: number[] = [];
	const open = [root];
	while (open.length > 0) {
		const row = open.pop() as number;
		for (let k = children.from[row]!; k < children.from[row + 1]!; k++) {
			const child = children.list[k]!;
			found.push(child);
			open.push(child);
		}
	}
	return Int32Array.from(found).sort();
}

export function processAncestors(parent: Int32Array, row: number): number[] {
	const found: number[] = [];
	for (let at = parent[row]!; at >= 0; at = parent[at]!) found.push(at);
	return found;
}
