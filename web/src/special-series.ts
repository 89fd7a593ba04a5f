// Figures that some tables are recorded for, computed from their columns: the three of folio migration, free
// memory by size of block, blocks that were stolen or claimed. Pure: numbers in, numbers out.
import type { Numbers } from './data';

/** A series at its finest level: what held, or the rate, from t[i] to t[i + 1]. */
export type Told = { readonly name: string; readonly key: string; /** What a counter's rates add up to; NaN: unknown. */ readonly grown: number; readonly t: Numbers; readonly values: Numbers };

const last = (t: Numbers, duration: number): number => Math.max(duration, t[t.length - 1] ?? 0);

/** The sum of several at the times of the longest: each holds until its next value. NaN where none is known. */
export function sumOf(told: readonly Told[]): { t: Numbers; values: Numbers } {
	const longest = told.reduce<Numbers>((a, { t }) => (t.length > a.length ? t : a), new Float64Array(0));
	const values = new Float64Array(longest.length).fill(NaN);
	for (const one of told) {
		let i = -1;
		for (let k = 0; k < longest.length; k++) {
			while (i + 1 < one.t.length && one.t[i + 1]! <= longest[k]! + 1e-9)
				i++;
			const v = i < 0 ? NaN : one.values[i]!;
			if (v === v)
				values[k] = (values[k]! || 0) + v;
		}
	}
	return { t: longest, values };
}

/** What has grown up to each moment by these rates a second, in all so much; one value more, at the end. */
function grownBy(t: Numbers, rates: Numbers, all: number, duration: number): { t: Numbers; values: Numbers } {
	const times = new Float64Array(t.length + 1), values = new Float64Array(t.length + 1).fill(NaN);
	let sum = 0, begun = false;
	times.set(t);
	times[t.length] = last(t, duration);
	for (let k = 0; k < t.length; k++) {
		const v = rates[k]!;
		if (begun || v === v)
			values[k] = sum;
		begun ||= v === v;
		sum += (v || 0) * (times[k + 1]! - times[k]!);
	}
	if (begun)
		values[t.length] = sum;
	// Buckets lie across the looks: what they come to is right to a look at each end.
	return { t: times, values: sum > 0 && all > 0 ? values.map((v) => (v * all) / sum) : values };
}

export type Migration = { t: Numbers; success: Numbers; tGrown: Numbers; grown: Numbers; perMinute: Numbers; percent: Numbers };

// A table under headings has a column of that name for each: they add up.
const named = (told: readonly Told[], name: string): Told[] => told.filter((one) => one.name === name || one.name.endsWith(`_${name}`));

/** Cumulative success, calls a minute, part of the calls that succeeded; null: these are no such counters. */
export function migrationOf(told: readonly Told[], duration: number): Migration | null {
	const success = named(told, 'success');
	if (success.length === 0)
		return null;
	const failed = named(told, 'fail'), calls = [named(told, 'total'), named(told, 'calls'), failed.length > 0 ? [...success, ...failed] : []].find((list) => list.length > 0);
	if (!calls)
		return null;
	const ok = sumOf(success), all = sumOf(calls), n = Math.min(ok.t.length, all.t.length);
	const percent = new Float64Array(n).fill(NaN), perMinute = new Float64Array(n).fill(NaN);
	// Rates are told to a 65,000th of their highest: of next to none there is no part to speak of.
	const least = all.values.reduce((most, v) => (v > most ? v : most), 0) / 5000;
	for (let k = 0; k < n; k++) {
		perMinute[k] = all.values[k]! * 60;
		if (all.values[k]! > least)
			percent[k] = Math.min(100, (ok.values[k]! / all.values[k]!) * 100);
	}
	const grown = grownBy(ok.t, ok.values, success.reduce((sum, one) => sum + one.grown, 0), duration);
	return { t: ok.t.subarray(0, n), success: ok.values.subarray(0, n), tGrown: grown.t, grown: grown.values, perMinute, percent };
}

export type Order = { order: number; t: Numbers; pages: Numbers };

/** Free pages in blocks of each order, of all zones; by order. */
export function ordersOf(told: readonly Told[]): Order[] {
	// Rows by migrate type say again what those of their zone say: "node 0 Normal" and "node 0 Normal Movable".
	const zones = told.filter(({ name }) => /^order_\d+_blocks$/.test(name));
	const words = Math.min(...zones.map(({ key }) => key.split(' ').length));
	const orders = new Map<number, Told[]>();
	for (const one of zones.filter(({ key }) => key.split(' ').length === words)) {
		const order = Number(/\d+/.exec(one.name)![0]);
		orders.set(order, [...(orders.get(order) ?? []), one]);
	}
	return [...orders].sort(([a], [b]) => a - b).map(([order, list]) => {
		const { t, values } = sumOf(list);
		return { order, t, pages: values.map((v) => v * 2 ** order) };
	}).filter(({ pages }) => pages.some((v) => v > 0));
}

/** Of the allocator's fallbacks to other migrate types: whole blocks claimed, or pages stolen from them. */
export function fallbacksOf(told: readonly Told[]): { stolen: { t: Numbers; values: Numbers }; claimed: { t: Numbers; values: Numbers } } | null {
	const events = told.filter(({ name, key }) => name === 'events' && key.startsWith('fallback'));
	const claimed = events.filter(({ key }) => key.split(' ').includes('claimed'));
	return events.length === 0 ? null : { stolen: sumOf(events.filter((one) => !claimed.includes(one))), claimed: sumOf(claimed) };
}
