// The columns of the process table, for processes and for groups of them: what they say, what they
// are sorted by, which way first.
import { shown } from '../dom';
import { bytes, count, duration, moment } from '../format';
import { texts } from '../i18n';
import type { Group } from './group';
import { processFailed, processPeak, processWall } from './model';
import type { Shared } from './shared';
import { outcomeShort } from './words';

export type ColumnKey = 'command' | 'category' | 'start' | 'time' | 'cpu' | 'peak' | 'exit';
export type Way = 'up' | 'down';

export const columnName = texts({
	en: { command: 'command', category: 'category', start: 'start', time: 'time', cpu: 'CPU', peak: 'peak', exit: 'exit', count: 'processes', group: 'group', failed: 'failed' },
	pt: { command: 'comando', category: 'categoria', start: 'início', time: 'tempo', cpu: 'CPU', peak: 'pico', exit: 'saída', count: 'processos', group: 'grupo', failed: 'falhados' },
	zh: { command: '命令', category: '类别', start: '开始', time: '用时', cpu: 'CPU', peak: '峰值', exit: '退出', count: '进程数', group: '分组', failed: '失败' },
});

export const COLUMNS: readonly { key: ColumnKey; first: Way }[] = [
	{ key: 'command', first: 'up' }, { key: 'category', first: 'up' }, { key: 'start', first: 'up' }, { key: 'time', first: 'down' },
	{ key: 'cpu', first: 'down' }, { key: 'peak', first: 'down' }, { key: 'exit', first: 'down' },
];

/** In groups, the column of categories holds how many they are. */
export const columnTitle = (key: ColumnKey, grouped: boolean): string =>
	columnName(!grouped ? key : key === 'command' ? 'group' : key === 'category' ? 'count' : key === 'exit' ? 'failed' : key);

export function cellText(shared: Shared, i: number, key: ColumnKey): string {
	const p = shared.p;
	switch (key) {
	case 'category': return shown(shared.category(i), 60);
	case 'start': return moment(p.start[i]!, p.duration < 60 ? 0.001 : p.duration < 7200 ? 0.1 : 1);
	case 'time': return duration(processWall(p, i));
	case 'cpu': return duration(p.cpu[i]);
	case 'peak': return bytes(processPeak(p, i));
	case 'exit': return outcomeShort(p, i);
	default: return p.cmdline[i]!;
	}
}

export function groupCellText(shared: Shared, group: Group, key: ColumnKey): string {
	switch (key) {
	case 'category': return count(group.count);
	case 'start': return moment(group.start, shared.p.duration < 60 ? 0.001 : shared.p.duration < 7200 ? 0.1 : 1);
	case 'time': return duration(group.wall);
	case 'cpu': return duration(group.cpu);
	case 'peak': return bytes(group.peak);
	case 'exit': return count(group.failed);
	default: return group.key;
	}
}

function numberOf(shared: Shared, i: number, key: ColumnKey): number {
	const p = shared.p;
	switch (key) {
	case 'start': return p.start[i]!;
	case 'time': return processWall(p, i);
	case 'cpu': return p.cpu[i]!;
	case 'peak': return processPeak(p, i);
	// Signals first, then codes, then what is unknown.
	case 'exit': return processFailed(p, i) ? p.exitSignal[i]! * 1000 + (p.exitCode[i]! || 0) : p.exitCode[i]!;
	default: return NaN;
	}
}

function textOf(shared: Shared, i: number, key: ColumnKey): string {
	return key === 'category' ? `${shared.major(i)}/${shared.category(i)}` : shared.p.name[i]!;
}

/** Sorts in place: the unknown last either way, equals by start. */
export function sortRows(shared: Shared, rows: Int32Array, key: ColumnKey, way: Way): void {
	const turn = way === 'up' ? 1 : -1;
	if (key === 'command' || key === 'category') {
		// Few different texts: compare their ranks.
		const texts = new Map<string, number>();
		for (const i of rows)
			texts.set(textOf(shared, i, key), 0);
		[...texts.keys()].sort().forEach((text, rank) => texts.set(text, rank));
		const ranks = new Int32Array(shared.p.n);
		for (const i of rows)
			ranks[i] = texts.get(textOf(shared, i, key))!;
		rows.sort((a, b) => turn * (ranks[a]! - ranks[b]!) || a - b);
		return;
	}
	const values = new Float64Array(shared.p.n);
	for (const i of rows) {
		const value = numberOf(shared, i, key);
		values[i] = Number.isNaN(value) ? Infinity : turn * value;
	}
	rows.sort((a, b) => (values[a] === values[b] ? a - b : values[a]! < values[b]! ? -1 : 1));
}

const GROUP_NUMBER: { readonly [K in ColumnKey]?: (group: Group) => number } = {
	category: (g) => g.count, start: (g) => g.start, time: (g) => g.wall, cpu: (g) => g.cpu, peak: (g) => g.peak, exit: (g) => g.failed,
};

export function sortGroups(groups: Group[], key: ColumnKey, way: Way): void {
	const turn = way === 'up' ? 1 : -1, number = GROUP_NUMBER[key];
	if (!number) {
		groups.sort((a, b) => turn * (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
		return;
	}
	const value = (group: Group): number => (Number.isNaN(number(group)) ? Infinity : turn * number(group));
	groups.sort((a, b) => (value(a) === value(b) ? 0 : value(a) < value(b) ? -1 : 1));
}
