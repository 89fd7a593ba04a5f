// What held a run up, from who started whom and when: walked backwards from the end, each moment is laid
// to one process. Within a process at time t, the child that ended last before t is taken to be what it
// waited for; what lies between is its own time. Ends and starts are facts; that one waited for the
// other is inferred, and so the page says.
import { processesChildren, ROUNDING_S, type Processes } from './model';

export interface Step {
	readonly process: number;
	readonly from: number;
	readonly to: number;
}

export interface Chain {
	/** In order of time; together they are the whole time from the first start to the last end. */
	readonly steps: readonly Step[];
	/** Seconds in the chain by process row; rows without any are absent. */
	readonly seconds: ReadonlyMap<number, number>;
}

/** Children of each row by their ends. */
function childrenByEnd(p: Processes): { from: Int32Array; list: Int32Array } {
	const children = processesChildren(p.parent);
	for (let i = 0; i < p.n; i++) {
		const from = children.from[i]!;
		const to = children.from[i + 1]!;
		if (to - from > 1) children.list.subarray(from, to).sort((a, b) => p.end[a]! - p.end[b]!);
	}
	return children;
}

/** The root whose family ran longest: the command. */
export function chainRoot(p: Processes): number {
	let root = -1;
	for (let i = 0; i < p.n; i++) {
		if (p.parent[i]! >= 0) continue;
		if (root < 0 || p.end[i]! - p.start[i]! > p.end[root]! - p.start[root]!)
			root = i;
	}
	return root;
}

export function chainFind(p: Processes): Chain {
	const seconds = new Map<number, number>();
	const steps: Step[] = [];
	const command = chainRoot(p);
	if (command < 0) return { steps, seconds };
	let at = lastImage(p, command);
	const children = childrenByEnd(p);
	const root = at;
	let t = p.end[at]!;
	const own = (process: number, from: number, to: number): void => {
		if (!(to > from)) return;
		const last = steps[steps.length - 1];
		if (last && last.process === process && last.from === to) steps[steps.length - 1] = { process, from, to: last.to };
		else steps.push({ process, from, to });
		seconds.set(process, (seconds.get(process) ?? 0) + to - from);
	};
	// Each turn goes back in time or up; with equal times, used[] keeps it from going round.
	const used = new Uint8Array(p.n);
	let entered = true;
	for (;;) {
		let k = lastEndedBefore(p, children, at, t);
		while (k >= children.from[at]! && used[children.list[k]!]) k--;
		// A family that is killed does not end in order: who was alive when its parent ended, and no longer soon after.
		const alive = entered ? aliveAtEnd(p, children, at, t) : -1;
		const child = alive >= 0 ? alive : k >= children.from[at]! ? children.list[k]! : -1;
		if (child >= 0 && p.end[child]! > p.start[at]!) {
			used[child] = 1;
			own(at, p.end[child]!, t);
			t = Math.min(t, p.end[child]!);
			at = child;
			entered = true;
			continue;
		}
		own(at, p.start[at]!, t);
		t = Math.min(t, p.start[at]!);
		// Of the command itself, the program that it was before an exec.
		const above = at === root || p.parent[at]! < 0 ? imageBefore(p, at) : p.parent[at]!;
		if (above < 0 || above === at) break;
		at = above;
		entered = false;
	}
	return { steps: steps.reverse(), seconds };
}

const SOON_S = 0.25;

/** The child that ended soonest after its parent, but soon; -1: none. */
function aliveAtEnd(p: Processes, children: { from: Int32Array; list: Int32Array }, row: number, t: number): number {
	for (let k = lastEndedBefore(p, children, row, t) + 1; k < children.from[row + 1]!; k++) {
		const child = children.list[k]!;
		if (p.end[child]! > t + SOON_S)
			break;
		if (p.start[child]! < t)
			return child;
	}
	return -1;
}

/** The row that this process was before it became another program; -1: none. */
function imageBefore(p: Processes, row: number): number {
	for (let i = 0; i < p.n; i++)
		if (i !== row && p.pid[i] === p.pid[row] && p.start[i]! < p.start[row]! && Math.abs(p.end[i]! - p.start[row]!) <= ROUNDING_S)
			return i;
	return -1;
}

const EXECS_MAX = 1000;

/** The row that this process became by its last exec, where execs are not too many: its end is the family's. */
function lastImage(p: Processes, row: number): number {
	for (let execs = 0; execs < EXECS_MAX; execs++) {
		const at = row;
		for (let i = 0; i < p.n && row === at; i++)
			if (p.pid[i] === p.pid[at] && p.start[i]! > p.start[at]! && Math.abs(p.start[i]! - p.end[at]!) <= ROUNDING_S) row = i;
		if (row === at) break;
	}
	return row;
}

/** Position in children.list of the child of `row` that ended last at or before t; below from[row]: none. */
function lastEndedBefore(p: Processes, children: { from: Int32Array; list: Int32Array }, row: number, t: number): number {
	let low = children.from[row]!;
	let high = children.from[row + 1]!;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (p.end[children.list[middle]!]! <= t + ROUNDING_S) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}
