// What the parts about processes share: the columns as the algorithms want them, what is worked out
// from them once, and what the reader has chosen: which are shown, the chain.
import type { Page, Processes as Decoded } from '../data';
import { fragment } from '../fragment';
import type { Category } from '../page-types';
import { colorsOf, hueOf, majorColors, scrollBehavior } from '../theme';
import type { Viewport } from '../viewport';
import { sampleIndexNew, type SampleIndex } from './alive-at';
import { chainFind, type Chain } from './chain';
import { commandSourceOf, commandSources } from './command';
import { laneIndexNew, type LaneIndex } from './lane-index';
import { layoutByJob, layoutByTree, type Layout } from './layout';
import { processesChildren, processesOrder, type Children, type Processes } from './model';

/** A value that tells its listeners when it changes. */
export class Signal<T> {
	#value: T;
	readonly #listeners = new Set<() => void>();

	constructor(value: T) {
		this.#value = value;
	}

	get value(): T { return this.#value; }
	set value(value: T) {
		if (value === this.#value)
			return;
		this.#value = value;
		for (const listener of [...this.#listeners])
			listener();
	}

	on(listener: () => void): void {
		this.#listeners.add(listener);
	}
}

function once<T>(make: () => T): () => T {
	let made: { value: T } | null = null;
	return () => (made ??= { value: make() }).value;
}

export type LaneMode = 'job' | 'tree';
export type Lanes = { readonly layout: Layout; readonly index: LaneIndex };

/** Unknown is NaN, who is alive ends with the run, nobody ends before he starts. */
export function processesAdapt(d: Decoded, duration: number): Processes {
	const n = Math.min(d.told, d.start.length, d.end.length, d.parent.length);
	const end = new Float64Array(n), alive = new Uint8Array(n), parent = new Int32Array(n), category = new Int32Array(n);
	let last = duration;
	for (let i = 0; i < n; i++)
		last = Math.max(last, d.start[i]!, Number.isNaN(d.end[i]!) ? 0 : d.end[i]!);
	for (let i = 0; i < n; i++) {
		alive[i] = Number.isNaN(d.end[i]!) ? 1 : 0;
		end[i] = Math.max(d.start[i]!, alive[i] ? last : d.end[i]!);
		parent[i] = Number.isNaN(d.parent[i]!) ? -1 : d.parent[i]!;
		category[i] = Number.isNaN(d.category[i]!) ? -1 : d.category[i]!;
	}
	const text = (column: readonly string[]): readonly string[] =>
		column.length >= n ? column : Array.from({ length: n }, (_, i) => column[i] ?? '');
	return { n, duration: last, start: d.start.subarray(0, n), end, alive, pid: d.pid, parent, category, cpu: d.cpu, rss: d.rss, pss: d.pss,
		exitCode: d.exitCode, exitSignal: d.exitSignal, name: text(d.name), cmdline: text(d.cmdline) };
}

export type Major = { readonly name: string; readonly color: string; count: number };

export class Shared {
	readonly p: Processes;
	/** Parents first. */
	readonly order: Int32Array;
	readonly children: Children;
	readonly categories: readonly Category[];
	/** By category; the last is that of none. */
	readonly colors: readonly string[];
	/** Major categories that have processes, most first. */
	readonly majors: readonly Major[];
	readonly samples: SampleIndex | null;
	/** Major categories that the reader wants to see; null: all. */
	readonly only: Signal<ReadonlySet<string> | null>;
	/** What is written in the search field. */
	readonly query: Signal<string>;
	/** 1 for each row that the search and the categories let through; null: all are. */
	readonly mask = new Signal<Uint8Array | null>(null);
	readonly chainShown: Signal<boolean>;
	readonly sources: () => readonly string[];
	readonly chain: () => Chain;
	readonly lanes: (mode: LaneMode) => Lanes;

	constructor(page: Page, decoded: Decoded, samples: SampleIndex | null) {
		const p = (this.p = processesAdapt(decoded, page.meta.duration_s));
		this.order = processesOrder(p.parent);
		this.children = processesChildren(p.parent);
		this.categories = page.meta.categories;
		this.colors = [...colorsOf(this.categories), hueOf('')];
		this.majors = this.#countMajors();
		this.samples = samples;
		this.sources = once(() => commandSources(p.cmdline, p.parent, this.order));
		this.chain = once(() => chainFind(p));
		const byJob = once(() => this.#lanesOf(layoutByJob(p, this.order, (i) => this.major(i) === 'BuildSystem')));
		const byTree = once(() => this.#lanesOf(layoutByTree(p, this.order)));
		this.lanes = (mode) => (mode === 'tree' ? byTree() : byJob());
		this.only = new Signal<ReadonlySet<string> | null>(this.#chosenMajors());
		this.only.on(() => fragment.set('only', this.only.value ? [...this.only.value].join(',') : null));
		this.query = new Signal<string>(fragment.get('q') ?? '');
		this.query.on(() => fragment.set('q', this.query.value === '' ? null : this.query.value));
		this.chainShown = new Signal<boolean>(fragment.get('chain') === '1');
		this.chainShown.on(() => fragment.set('chain', this.chainShown.value ? '1' : null));
		fragment.onChange(() => {
			this.query.value = fragment.get('q') ?? '';
			this.only.value = this.#chosenMajors();
			this.chainShown.value = fragment.get('chain') === '1';
		});
	}

	#lanesOf(layout: Layout): Lanes {
		return { layout, index: laneIndexNew(this.p, layout) };
	}

	#countMajors(): Major[] {
		const majors = new Map<string, Major>(), colors = majorColors(this.categories);
		for (let i = 0; i < this.p.n; i++) {
			const name = this.major(i);
			const major = majors.get(name) ?? { name, color: colors.get(name) ?? hueOf(name), count: 0 };
			major.count++;
			majors.set(name, major);
		}
		return [...majors.values()].sort((a, b) => b.count - a.count);
	}

	#chosenMajors(): ReadonlySet<string> | null {
		const told = (fragment.get('only') ?? '').split(',').filter((name) => this.majors.some((major) => major.name === name));
		return told.length > 0 ? new Set(told) : null;
	}

	/** What a process works on, without working it out for all. */
	source(i: number): string {
		return commandSourceOf(this.p.cmdline, this.p.parent, i);
	}

	/** '' where none is known. */
	major(i: number): string {
		return this.categories[this.p.category[i]!]?.major ?? '';
	}

	category(i: number): string {
		return this.categories[this.p.category[i]!]?.category ?? '';
	}

	color(i: number): string {
		const category = this.p.category[i]!;
		return this.colors[category >= 0 && category < this.categories.length ? category : this.categories.length]!;
	}

	/** click: only this one, or all again; shift: this one more or less. */
	chooseMajor(name: string, further: boolean): void {
		const now = this.only.value;
		if (!further) {
			this.only.value = now && now.size === 1 && now.has(name) ? null : new Set([name]);
			return;
		}
		const next = new Set(now ?? this.majors.map((major) => major.name));
		if (!next.delete(name))
			next.add(name);
		this.only.value = next.size === 0 || next.size === this.majors.length ? null : next;
	}

	/** Puts words into the search field and goes to the table. */
	search(text: string): void {
		this.query.value = text;
		document.getElementById('processes')?.scrollIntoView({ behavior: scrollBehavior() });
	}

	isBelow(i: number, pid: number): boolean {
		for (let at = this.p.parent[i]!; at >= 0; at = this.p.parent[at]!)
			if (this.p.pid[at] === pid)
				return true;
		return false;
	}
}

const known = new WeakMap<Page, Promise<Shared>>();

/** The same for all parts of a page. */
export function sharedOf(page: Page): Promise<Shared> {
	let shared = known.get(page);
	if (!shared) {
		shared = Promise.all([page.processes(), page.samples()]).then(([processes, samples]) =>
			new Shared(page, processes,
				samples ? sampleIndexNew(processes.told, samples.process, samples.t, samples.bytes) : null));
		known.set(page, shared);
	}
	return shared;
}

/** A selection that is no row of this run (an old link) is none. */
export function selectedOf(shared: Shared, viewport: Viewport): number {
	const row = viewport.selection;
	return row !== null && row >= 0 && row < shared.p.n ? row : -1;
}
