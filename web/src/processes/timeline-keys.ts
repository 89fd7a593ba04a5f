// Moves from process to process by keys: left and right along a lane, up and down to the lane's
// neighbour at that time, p to the parent, c to the first child.
import { stripSearch, type Strip } from './lane-index';
import type { Lanes, Shared } from './shared';

function stripOf(lanes: Lanes, i: number): Strip | null {
	const { layout, index } = lanes;
	for (let k = index.rowFrom[layout.row[i]!]!; k < index.rowFrom[layout.row[i]! + 1]!; k++)
		if (index.strips[k]!.level === layout.level[i])
			return index.strips[k]!;
	return null;
}

function along(lanes: Lanes, i: number, step: number): number {
	const strip = stripOf(lanes, i);
	return strip?.members[strip.members.indexOf(i) + step] ?? i;
}

/** Of a strip, the member that is nearest to the moment. */
function nearest(shared: Shared, strip: Strip, t: number): number {
	const k = stripSearch(shared.p, strip, t);
	const after = strip.members[k], before = strip.members[k - 1];
	if (after === undefined || before === undefined)
		return after ?? before ?? -1;
	return shared.p.start[after]! - t <= t - shared.p.end[before]! ? after : before;
}

function across(shared: Shared, lanes: Lanes, i: number, step: number, t: number): number {
	const { layout, index } = lanes;
	// Within a lane first: what runs over it or below it.
	for (let k = index.rowFrom[layout.row[i]!]!; k < index.rowFrom[layout.row[i]! + 1]!; k++)
		if (index.strips[k]!.level === layout.level[i]! + step) {
			const found = nearest(shared, index.strips[k]!, t);
			if (found >= 0 && shared.p.start[found]! <= t && shared.p.end[found]! >= t)
				return found;
		}
	for (let row = layout.row[i]! + step; row >= 0 && row < layout.rows; row += step) {
		const from = index.rowFrom[row]!, to = index.rowFrom[row + 1]!;
		if (to > from)
			return nearest(shared, index.strips[step > 0 ? from : to - 1]!, t);
	}
	return i;
}

/** Where a key leads from process i (-1: none yet, then to the first in sight); null: it is no such key. */
export function keyTarget(key: string, shared: Shared, lanes: Lanes, i: number, from: number, to: number): number | null {
	if (!['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'p', 'c'].includes(key) || shared.p.n === 0)
		return null;
	if (i < 0) {
		for (let k = 0; k < shared.p.n; k++)
			if (shared.p.end[k]! >= from && shared.p.start[k]! <= to)
				return k;
		return 0;
	}
	const middle = Math.min(Math.max((shared.p.start[i]! + shared.p.end[i]!) / 2, from), to);
	switch (key) {
	case 'ArrowLeft': return along(lanes, i, -1);
	case 'ArrowRight': return along(lanes, i, 1);
	case 'ArrowUp': return across(shared, lanes, i, -1, middle);
	case 'ArrowDown': return across(shared, lanes, i, 1, middle);
	case 'p': return shared.p.parent[i]! >= 0 ? shared.p.parent[i]! : i;
	default: return shared.children.from[i + 1]! > shared.children.from[i]! ? shared.children.list[shared.children.from[i]!]! : i;
	}
}
