// Rows of the table put together: how many, their CPU time, their time, the largest, what failed.
import { processFailed, processPeak, processWall, type Processes } from './model';

export type Sums = { count: number; cpu: number; wall: number; peak: number; largest: number; failed: number; start: number; end: number };
export type Group = Sums & { readonly key: string };

const none = (): Sums => ({ count: 0, cpu: 0, wall: 0, peak: NaN, largest: -1, failed: 0, start: Infinity, end: -Infinity });

function add(sums: Sums, p: Processes, i: number): void {
	sums.count++;
	if (p.cpu[i]! > 0)
		sums.cpu += p.cpu[i]!;
	sums.wall += processWall(p, i);
	const peak = processPeak(p, i);
	if (!Number.isNaN(peak) && !(peak <= sums.peak)) {
		sums.peak = peak;
		sums.largest = i;
	}
	if (sums.largest < 0)
		sums.largest = i;
	if (processFailed(p, i))
		sums.failed++;
	sums.start = Math.min(sums.start, p.start[i]!);
	sums.end = Math.max(sums.end, p.end[i]!);
}

export function sumsOf(p: Processes, rows: Int32Array): Sums {
	const sums = none();
	for (const i of rows)
		add(sums, p, i);
	return sums;
}

/** Groups by key(i), in order of first appearance. */
export function groupsOf(p: Processes, rows: Int32Array, key: (i: number) => string): Group[] {
	const groups = new Map<string, Group>();
	for (const i of rows) {
		const name = key(i);
		let group = groups.get(name);
		if (!group) {
			group = { key: name, ...none() };
			groups.set(name, group);
		}
		add(group, p, i);
	}
	return [...groups.values()];
}
