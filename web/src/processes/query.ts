// The words of the search field: text that names or command lines must contain, and fields such as
// cat:link exit:!0 cpu>2 mem:>1G src:dag.cpp, all of which must hold; name:=ld is the whole name. - or !
// in front turns a word round.
import { processFailed, processPeak, processWall, type Processes } from './model';

export type QueryData = {
	readonly processes: Processes;
	/** Major and detailed name of each category, by the index. */
	readonly categories: readonly { major: string; category: string }[];
	readonly source: () => readonly string[];
	/** Of row i: whether it lies below the row with that pid. */
	readonly isBelow: (i: number, pid: number) => boolean;
};
export type QueryProblem = { readonly word: string; readonly why: 'field' | 'number' };
export type Query = { readonly test: (i: number) => boolean; readonly problems: readonly QueryProblem[]; readonly empty: boolean };
type Test = (i: number) => boolean;

const NUMBERS: { readonly [field: string]: (p: Processes, i: number) => number } = {
	pid: (p, i) => p.pid[i]!,
	parent: (p, i) => (p.parent[i]! >= 0 ? p.pid[p.parent[i]!]! : NaN),
	exit: (p, i) => p.exitCode[i]!,
	signal: (p, i) => p.exitSignal[i]!,
	cpu: (p, i) => p.cpu[i]!,
	time: (p, i) => processWall(p, i),
	mem: (p, i) => processPeak(p, i),
	start: (p, i) => p.start[i]!,
	end: (p, i) => (p.alive[i] ? NaN : p.end[i]!),
};
const ALIASES: { readonly [alias: string]: string } = {
	ppid: 'parent', code: 'exit', sig: 'signal', wall: 'time', duration: 'time', peak: 'mem', memory: 'mem', rss: 'mem', pss: 'mem',
	category: 'cat', major: 'cat', program: 'name', prog: 'name', source: 'src', file: 'src', command: 'cmd', cmdline: 'cmd',
};
const TEXTS = ['cat', 'name', 'cmd', 'src'];
const FIELDS = [...Object.keys(NUMBERS), ...TEXTS, 'at', 'below', 'is'];

const SIGNALS: { readonly [name: string]: number } = {
	HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, BUS: 7, FPE: 8, KILL: 9, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15,
};

const UNITS: { readonly [unit: string]: number } = {
	'': 1, k: 1024, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, ms: 1e-3, us: 1e-6, s: 1, min: 60, h: 3600, d: 86400,
};

/** 1.5G, 200ms, 2m (minutes for times, MiB for memory), 1m30s; NaN: no number. */
export function queryNumber(text: string, field: string): number {
	const time = field === 'cpu' || field === 'time' || field === 'start' || field === 'end' || field === 'at';
	const parts = text.toLowerCase().replace(/i?b$/, '').match(/\d+(?:\.\d+)?[a-z]*/g);
	if (field === 'signal' && SIGNALS[text.toUpperCase().replace(/^SIG/, '')] !== undefined)
		return SIGNALS[text.toUpperCase().replace(/^SIG/, '')]!;
	if (!parts || parts.join('') !== text.toLowerCase().replace(/i?b$/, ''))
		return NaN;
	let sum = 0;
	for (const part of parts) {
		const [, digits, unit] = /^([\d.]+)([a-z]*)$/.exec(part)!;
		const factor = time && unit === 'm' ? 60 : UNITS[unit!];
		if (factor === undefined || (!time && 'ms us s min h d'.split(' ').includes(unit!)))
			return NaN;
		sum += Number(digits) * factor;
	}
	return sum;
}

/** Words; quotes keep blanks together, also behind a field's colon. */
export function queryWords(text: string): string[] {
	return [...text.matchAll(/(?:[^\s"]|"[^"]*(?:"|$))+/g)].map((match) => match[0]);
}

function numberTest(data: QueryData, field: string, op: string, text: string): Test | null {
	const value = (i: number): number => NUMBERS[field]!(data.processes, i);
	const range = /^([^.].*?)\.\.(.+)$/.exec(text);
	if (range) {
		const low = queryNumber(range[1]!, field), high = queryNumber(range[2]!, field);
		return Number.isNaN(low + high) ? null : (i) => value(i) >= low && value(i) <= high;
	}
	const bounds = text.split(',').map((one) => queryNumber(one, field));
	if (bounds.some(Number.isNaN))
		return null;
	const bound = bounds[0]!;
	switch (op) {
	case '>': return (i) => value(i) > bound;
	case '>=': return (i) => value(i) >= bound;
	case '<': return (i) => value(i) < bound;
	case '<=': return (i) => value(i) <= bound;
	case '!': case '!=': return (i) => !Number.isNaN(value(i)) && !bounds.includes(value(i));
	default: return (i) => bounds.includes(value(i));
	}
}

function textTest(data: QueryData, field: string, op: string, text: string): Test {
	const whole = op.endsWith('=');
	const wanted = whole ? [text.toLowerCase()] : text.toLowerCase().split(',').filter((one) => one !== '');
	const has = whole ? (value: string): boolean => value === wanted[0] : (value: string): boolean => wanted.some((one) => value.includes(one));
	const p = data.processes;
	let test: Test;
	if (field === 'cat') {
		const match = data.categories.map(({ major, category }) => has(`${major}/${category}`.toLowerCase()));
		const none = whole && text === '';
		test = (i) => match[p.category[i]!] ?? none;
	} else {
		const column = field === 'name' ? p.name : field === 'cmd' ? p.cmdline : data.source();
		test = (i) => has(column[i]!.toLowerCase());
	}
	return op.startsWith('!') ? (i) => !test(i) : test;
}

function stateTest(data: QueryData, text: string): Test | null {
	const p = data.processes;
	switch (text.toLowerCase()) {
	case 'failed': return (i) => processFailed(p, i);
	case 'alive': return (i) => p.alive[i] === 1;
	case 'killed': return (i) => p.exitSignal[i]! > 0;
	default: return null;
	}
}

function fieldTest(data: QueryData, field: string, op: string, text: string): Test | null {
	if (NUMBERS[field])
		return numberTest(data, field, op, text);
	if (field === 'is')
		return stateTest(data, text);
	if (field === 'at') {
		const t = queryNumber(text, field), p = data.processes;
		return Number.isNaN(t) ? null : (i) => p.start[i]! <= t && p.end[i]! >= t;
	}
	if (field === 'below') {
		const pid = queryNumber(text, 'pid');
		return Number.isNaN(pid) ? null : (i) => data.isBelow(i, pid);
	}
	return textTest(data, field, op, text);
}

export function queryParse(text: string, data: QueryData): Query {
	const tests: Test[] = [], problems: QueryProblem[] = [];
	const p = data.processes;
	for (const written of queryWords(text)) {
		const turned = /^[-!]./.test(written);
		const word = turned ? written.slice(1) : written;
		const match = /^([a-z]+)(:[!<>]?=?|[<>]=?|!?=)(.*)$/i.exec(word);
		const name = match ? match[1]!.toLowerCase() : '', field = ALIASES[name] ?? name;
		let test: Test | null;
		if (match && FIELDS.includes(field)) {
			const value = match[3]!.replaceAll('"', '');
			const op = match[2]!.replace(':', '');
			if (value === '' && !op.endsWith('='))
				continue; // still being written
			test = fieldTest(data, field, op, value);
		} else if (match && /^:/.test(match[2]!) && !/^:(\/|:)/.test(`:${match[3]!}`) && !word.startsWith('"')) {
			problems.push({ word: written, why: 'field' });
			continue;
		} else {
			const plain = word.replaceAll('"', '').toLowerCase();
			if (plain === '')
				continue;
			test = (i) => p.cmdline[i]!.toLowerCase().includes(plain) || p.name[i]!.toLowerCase().includes(plain);
		}
		if (!test) {
			problems.push({ word: written, why: 'number' });
			continue;
		}
		const straight = test;
		tests.push(turned ? (i) => !straight(i) : straight);
	}
	return { test: (i) => tests.every((test) => test(i)), problems, empty: tests.length === 0 };
}
