// What the page is built on, without a browser: sections decode to what was encoded, numbers read as
// LOOK has them, axes have round marks, tables become charts by their Schema.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { deflateSync } from 'node:zlib';
import { bundle } from './bundle.mjs';

const web = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'web');
const scratch = mkdtempSync(join(tmpdir(), 'vigia-modules.'));
after(() => rmSync(scratch, { recursive: true, force: true }));

// The bundle brings the packages and checks the types.
const skip = bundle().missing;
let units;
if (!skip) {
	const made = spawnSync(join(web, 'node_modules/.bin/esbuild'), [join(web, 'test/units.ts'), '--bundle', '--format=esm', '--platform=node', '--log-level=warning',
		`--outfile=${join(scratch, 'units.mjs')}`], { encoding: 'utf8' });
	assert.equal(made.status, 0, made.stderr);
	// As much of a browser as the modules ask for when they are read.
	Object.assign(globalThis, { location: { hash: '', pathname: '/', search: '' }, addEventListener() {}, matchMedia: () => ({ matches: false, addEventListener() {} }) });
	Object.defineProperty(globalThis, 'navigator', { value: { languages: ['en'] }, configurable: true });
	units = await import(pathToFileURL(join(scratch, 'units.mjs')).href);
}

const plain = (text) => text.replaceAll('\u00a0', ' ');

function pageOf(columns) {
	const parts = [], sections = [];
	let offset = 0;
	for (const { bytes, deflate, ...info } of columns) {
		const stored = deflate ? deflateSync(bytes) : bytes;
		sections.push({ offset, size: stored.length, codec: deflate ? 'deflate' : 'plain', delta: false, scale: 1, ...info });
		parts.push(stored);
		offset += stored.length;
	}
	return new units.Page({ sections, duration_s: 100, categories: [] }, Buffer.concat(parts).toString('base64'));
}

const raw = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

describe('what the page is built on', { skip }, () => {
	test('sections of every type, plain and deflated, at any offset', async () => {
		const columns = [];
		for (const deflate of [false, true])
			columns.push(
				{ type: 'u8', count: 3, bytes: Buffer.from([0, 7, 255]), deflate },
				{ type: 'u16', count: 3, bytes: raw(Uint16Array.of(1, 0xfffe, 0xffff)), scale: 0.5, deflate },
				{ type: 'u32', count: 2, bytes: raw(Uint32Array.of(4000000000, 0xffffffff)), scale: 1024, deflate },
				{ type: 'i32', count: 4, bytes: raw(Int32Array.of(5, -2, -0x80000000, 3)), delta: true, scale: 0.1, deflate },
				{ type: 'f32', count: 2, bytes: raw(Float32Array.of(1.5, NaN)), deflate },
				{ type: 'f64', count: 2, bytes: raw(Float64Array.of(Math.PI, NaN)), deflate });
		const page = pageOf(columns);
		for (const at of [0, 6]) {
			const numbers = (i) => page.numbers(at + i).then((column) => [...column]);
			assert.deepEqual(await numbers(0), [0, 7, 255]);
			assert.deepEqual(await numbers(1), [0.5, 32767, NaN]);
			assert.deepEqual(await numbers(2), [4000000000 * 1024, NaN]);
			const delta = await numbers(3);
			assert.ok(Math.abs(delta[0] - 0.5) < 1e-12 && Math.abs(delta[1] - 0.3) < 1e-12 && Number.isNaN(delta[2]) && Math.abs(delta[3] - 0.6) < 1e-12, String(delta));
			assert.deepEqual(await numbers(4), [1.5, NaN]);
			assert.deepEqual(await numbers(5), [Math.PI, NaN]);
		}
	});

	test('a section that is too short has unknown values, not wrong ones', async () => {
		const page = pageOf([{ type: 'u32', count: 3, bytes: raw(Uint32Array.of(9)) }]);
		assert.deepEqual([...await page.numbers(0)], [9, NaN, NaN]);
	});

	test('texts, with newlines and backslashes in them', async () => {
		const page = pageOf([{ type: 'text', count: 4, bytes: Buffer.from('a\\nb\nc\\\\n\n\nd é\n'), deflate: true }]);
		assert.deepEqual(await page.lines(0), ['a\nb', 'c\\n', '', 'd é']);
	});

	test('the level that has a bucket for every two pixels', () => {
		const page = pageOf([10, 100, 1000].map((count) => ({ type: 'u8', count, bytes: Buffer.alloc(count) })));
		const levels = [{ t: 0 }, { t: 1 }, { t: 2 }];
		assert.equal(page.level(levels, 100, 20).t, 0);
		assert.equal(page.level(levels, 100, 21).t, 1);
		assert.equal(page.level(levels, 10, 21).t, 2);
		assert.equal(page.level(levels, 1, 500).t, 2, 'there is none finer');
		assert.equal(page.level([], 1, 500), null);
	});

	test('windows of sorted times have a value beyond each end', () => {
		const t = [0, 1, 2, 3, 4];
		assert.deepEqual(units.windowOf(t, 1.5, 2.5), [1, 4]);
		assert.deepEqual(units.windowOf(t, -5, 9), [0, 5]);
		assert.deepEqual(units.windowOf([], 0, 1), [0, 0]);
		assert.equal(units.upperBound(t, 2), 3);
	});

	test('numbers: three digits, units, times', () => {
		const cases = [
			[units.bytes(0), '0 B'], [units.bytes(1023), '0.999 KiB'], [units.bytes(4187593114), '3.9 GiB'], [units.bytes(912261120), '870 MiB'], [units.bytes(null), '–'], [units.bytes(NaN), '–'],
			[units.duration(0), '0 s'], [units.duration(0.0000123), '12.3 µs'], [units.duration(0.012), '12 ms'], [units.duration(0.83), '0.83 s'], [units.duration(59.94), '59.9 s'],
			[units.duration(59.96), '1m 00s'], [units.duration(252), '4m 12s'], [units.duration(3599.6), '1h 00m'], [units.duration(90000), '1d 01h'], [units.duration(-30), '−30 s'],
			[units.percent(0.004), '0.4 %'], [units.count(14203), '14,203'], [units.number(0.31519), '0.315'], [units.number(45642.4), '45,642'],
			[units.moment(252.34, 0.1), '4m 12.3s'], [units.moment(5.5, 0.1), '5.5 s'], [units.moment(600, 60), '10m'], [units.moment(0, 60), '0'], [units.moment(4800, 60), '1h 20m'], [units.moment(7200, 3600), '2h'],
			[units.moment(3723.5, 1), '1h 02m 04s'],
		];
		for (const [given, wanted] of cases)
			assert.equal(plain(given), wanted);
	});

	test('quantities by unit and role', () => {
		const said = (unit, role, value) => { const q = units.quantity(unit, role); return plain(q.text(value * q.factor)); };
		assert.equal(said('us', 'counter', 250000), '25 %', 'µs a second are a part of the time');
		assert.equal(said('ratio', 'counter', 0.25), '25 %');
		assert.equal(said('us', 'gauge', 1500), '1.5 ms');
		assert.equal(said('bytes', 'counter', 2048), '2 KiB/s');
		assert.equal(said('bytes/s', 'counter', 2048), '2 KiB/s');
		assert.equal(said('count/s', 'counter', 12.34), '12.3 /s');
		assert.equal(said('microjoules', 'counter', 15e6), '15 W');
		assert.equal(said('watts', 'counter', 15), '15 W');
		assert.equal(said('celsius', 'gauge', 61.25), '61.3 °C');
		assert.equal(said('hertz', 'gauge', 3.4e9), '3.4 GHz');
		assert.equal(said('', 'gauge', 3.14159), '3.14');
	});

	test('axes: round marks, at most five on y', () => {
		for (const high of [0.003, 0.9, 1, 7, 99, 1e6, 3.3e9])
			for (const base of [2, 10]) {
				const { min, max, at } = units.valueScale(0, high, base);
				assert.ok(min === 0 && max >= high && at.length >= 2 && at.length <= 5, `${high} ${base}: ${at}`);
			}
		const { at } = units.valueScale(0, 5.4 * 2 ** 30, 2);
		assert.deepEqual(at.map((v) => v / 2 ** 30), [0, 2, 4]);
		assert.deepEqual(units.timeTicks(0, 252, 9), { step: 30, at: [0, 30, 60, 90, 120, 150, 180, 210, 240] });
		assert.equal(units.timeTicks(0, 864000, 5).at.length <= 6, true);
		assert.deepEqual(units.timeTicks(5, 5.4, 3).at.map((v) => v.toFixed(1)), ['5.0', '5.2', '5.4']);
	});

	test('a table becomes charts: keyless columns together by unit, columns with keys each by itself', () => {
		const column = (name, unit, role) => ({ name, label: name, unit, role, help: '' });
		const { together, apart } = units.plansOf({ name: 'x', title: 'x', help: '', findings: 0, keys: ['cpu'],
			columns: [column('user', 'ratio', 'counter'), column('system', 'ratio', 'counter'), column('load', '', 'gauge')],
			series: [{ key: '', column: 0 }, { key: '', column: 1 }, { key: '', column: 2 }, { key: '0', column: 0 }, { key: '1', column: 0 }, { key: '1', column: 1 }, { key: '', column: 99 }] });
		assert.deepEqual(together.map((plan) => plan.series.map((s) => s.label)), [['user', 'system'], ['load']]);
		assert.deepEqual(apart.map((plan) => [plan.title, plan.series.map((s) => s.label)]), [['user', ['0', '1']], ['system', ['1']]]);
		assert.equal(apart[0].series[1].color, apart[1].series[0].color, 'a key has one colour');
	});

	test('folio migration: cumulative success, calls a minute, success of each interval', () => {
		const told = (name, values, grown = NaN) => ({ name, key: '', grown, t: Float64Array.of(0, 60, 120, 180), values: Float64Array.from(values) });
		const m = units.migrationOf([told('success', [NaN, 3, 0, 1], 240), told('fail', [NaN, 1, 0, 0]), told('total', [NaN, 4, 0, 1])], 240);
		assert.deepEqual([...m.tGrown], [0, 60, 120, 180, 240]);
		assert.deepEqual([...m.grown], [NaN, 0, 180, 180, 240]);
		assert.deepEqual([...m.perMinute], [NaN, 240, 0, 60]);
		assert.deepEqual([...m.percent], [NaN, 75, NaN, 100], 'without calls no part of them succeeded or failed');
		assert.equal(units.migrationOf([told('success', [NaN, 3, 0, 1], 480), told('total', [NaN, 4, 0, 1])], 240).grown[4], 480, 'what it came to is known exactly');
		// Without a total, success and fail are the calls; under headings each function has its own.
		assert.equal(units.migrationOf([told('move_success', [NaN, 3, 0, 1]), told('sync_success', [NaN, 3, 0, 1]), told('move_fail', [NaN, 2, 0, 0])], 240).percent[1], 75);
		assert.equal(units.migrationOf([told('success', [1, 1, 1, 1])], 240), null, 'success alone says nothing of calls');
		assert.equal(units.migrationOf([told('other', [1, 1, 1, 1])], 240), null);
	});

	test('free memory by order is that of the zones, once; fallbacks are stolen or claimed', () => {
		const told = (name, key, ...values) => ({ name, key, grown: NaN, t: Float64Array.of(0, 5), values: Float64Array.from(values) });
		const orders = units.ordersOf([told('order_0_blocks', 'node 0 Normal', 10, 20), told('order_0_blocks', 'node 0 DMA32', 1, 2), told('order_0_blocks', 'node 0 Normal Movable', 9, 9),
			told('order_9_blocks', 'node 0 Normal', 2, 0), told('order_10_blocks', 'node 0 Normal', 0, 0), told('free_pages', 'node 0 Normal', 9, 9)]);
		assert.deepEqual(orders.map(({ order, pages }) => [order, [...pages]]), [[0, [11, 22]], [9, [1024, 0]]]);
		assert.deepEqual(units.ordersOf([]), []);
		const fallbacks = units.fallbacksOf([told('events', 'fallback alloc_order 0 fallback_order 3 Unmovable Movable', 1, 2), told('events', 'fallback alloc_order 3 fallback_order 9 Movable Unmovable claimed', 5, 5),
			told('events', 'compaction-begin async', 7, 7)]);
		assert.deepEqual([[...fallbacks.stolen.values], [...fallbacks.claimed.values]], [[1, 2], [5, 5]]);
		assert.equal(units.fallbacksOf([told('events', 'compaction-begin async', 7, 7)]), null);
	});

	test('categories have the colour of their major, told apart', () => {
		const categories = [['CPP_Compile', 'cc1plus'], ['CPP_Compile', 'as'], ['CPP_Link', 'ld'], ['Other', 'Other_x'], ['OSUtilities', 'sed'], ['DevelopmentTools', 'git']].map(([major, category]) => ({ major, category, ignored: false }));
		const colors = units.colorsOf(categories), majors = units.majorColors(categories);
		assert.deepEqual([colors[0], colors[2], colors[3]], ['#4269d0', '#efb118', '#9498a0']);
		assert.equal(new Set(colors).size, colors.length);
		assert.equal(new Set(majors.values()).size, majors.size);
		assert.equal(units.hueOf('Nobody_Knows'), '#9498a0');
	});

	test('texts of outsiders: no controls, nothing that turns text around, cut in the middle', () => {
		assert.equal(units.shown('a\u001b[31m\u0007\u202eb\u2066'), 'a␛[31m␇\ufffdb\ufffd');
		assert.equal(units.shown('0123456789', 7), '0123…89');
		assert.equal(units.shown('x'.repeat(131072), 100).length, 100);
	});
});

describe('runs beside each other', { skip }, () => {
	const numbers = (...values) => Float64Array.from(values);

	test('a grid of equal steps, at most one a pixel, no finer than the data', () => {
		assert.deepEqual([...units.gridOf({ from: 0, to: 10 }, 5, 0.1)], [0, 2, 4, 6, 8, 10]);
		assert.deepEqual([...units.gridOf({ from: 2, to: 4 }, 1000, 0.5)], [2, 2.5, 3, 3.5, 4]);
		assert.ok(units.gridOf({ from: 0, to: 3 }, 1000, Infinity).length <= 2, 'one bucket is one step');
	});

	test('each step has the highest value in it; what held where nothing begins; nothing outside of the run', () => {
		const told = { t: numbers(0, 1, 2, 3, 4, 5), values: numbers(5, 90, 7, NaN, 9, 4), end: 6 };
		assert.deepEqual([...units.onGrid(told, numbers(0, 2, 4, 6, 8), 'peak')], [90, 7, 9, NaN, NaN]);
		assert.deepEqual([...units.onGrid(told, numbers(0, 2, 4, 6), 'mean')], [47.5, 7, 6.5, NaN]);
		assert.deepEqual([...units.onGrid(told, numbers(0.5, 1, 1.5, 2, 2.5, 3, 3.5), 'peak')], [5, 90, 90, 7, 7, NaN, NaN], 'finer than the data');
		assert.deepEqual([...units.onGrid({ t: numbers(2, 4), values: numbers(1, 2), end: 5 }, numbers(0, 1, 2, 3, 4, 5), 'peak')], [NaN, NaN, 1, 1, 2, NaN], 'nothing before the first');
		assert.deepEqual([...units.onGrid({ t: numbers(), values: numbers(), end: 5 }, numbers(0, 1), 'peak')], [NaN, NaN]);
	});

	test('the peak of a run is in every grid', () => {
		const n = 997, t = Float64Array.from({ length: n }, (_, i) => i * 0.05), values = t.map((_, i) => (i * 7919) % 613), most = Math.max(...values);
		for (const pixels of [1, 3, 10, 47, 333, 996, 997, 2000])
			assert.equal(Math.max(...units.onGrid({ t, values, end: n * 0.05 }, units.gridOf({ from: 0, to: n * 0.05 }, pixels, 0.05), 'peak').filter((v) => v === v)), most, `${pixels} pixels`);
	});

	test('means of those that are known, sums of parts', () => {
		assert.deepEqual([...units.meanOf([numbers(1, NaN, NaN), numbers(3, 4, NaN), numbers(5, 6, NaN)], 3)], [3, 5, NaN]);
		assert.deepEqual([...units.sumOf([numbers(1, NaN, NaN), numbers(2, 3, NaN)])], [3, 3, NaN]);
	});

	const spread = (mean, n = 3) => ({ n, mean, min: mean, max: mean });
	const figure = (name, was, now, more = {}) => ({ section: 'run', name, major: null, monitor: null, of: null, statistic: 'value', unit: 's', base: spread(was), other: spread(now), change: now - was, ratio: was > 0 ? now / was : null,
		change_low: null, change_high: null, ratio_low: null, ratio_high: null, interval: 'none', verdict: 'unsure', ...more });
	const category = (name, statistic, was, now, more = {}) => figure(name, was, now, { section: 'category', major: 'X', statistic, unit: statistic === 'cpu' ? 's' : 'bytes', ...more });
	const figures = [figure('wall', 40, 45, { verdict: 'worse', ratio_low: 1.09, ratio_high: 1.15, interval: 'welch' }), figure('cpu', 100, 99), figure('user', 90, 120, { verdict: 'worse' }),
		figure('peak_pss', NaN, NaN, { verdict: 'unknown', change: null, ratio: null, unit: 'bytes' }), figure('peak_rss', 1000, 1300, { unit: 'bytes', verdict: 'worse' }),
		category('cc1', 'cpu', 50, 90), category('tiny', 'cpu', 0.01, 0.09), category('ld', 'peak', 500, 100), category('new', 'peak', 0, 400), category('as', 'peak', 400, 800, { verdict: 'unclear' })];

	test('what got worse comes by its part of the whole, not by its ratio', () => {
		assert.deepEqual(units.ranked({ figures }, 'worse').map(({ figure: f }) => f.name), ['cc1', 'new', 'peak_rss', 'wall']);
		assert.deepEqual(units.ranked({ figures }, 'better').map(({ figure: f }) => f.name), ['ld'], '1 % of CPU time without a spread is nothing');
		assert.equal(units.figureOf({ figures }, 'peak').name, 'peak_rss', 'the peak that both know');
	});

	test('sentences, changes, intervals', () => {
		const said = (f) => plain(units.sentence(f, f.name));
		assert.equal(said(figures[0]), 'Wall time is 13 % higher: 45 s, was 40 s');
		assert.equal(said(figures[5]), 'CPU time of cc1 is 80 % higher: 1m 30s, was 50 s');
		assert.equal(said(figures[6]), 'CPU time of tiny is 9 times as high: 90 ms, was 10 ms');
		assert.equal(said(figures[7]), 'Peak memory of ld is 80 % lower: 100 B, was 500 B');
		assert.equal(said(figures[8]), 'Peak memory of new is new: 400 B, none before');
		assert.equal(said(category('gone', 'peak', 400, 0)), 'Peak memory of gone is gone: none, was 400 B');
		assert.deepEqual([figures[0], figures[6], figures[7], figures[8], figure('cpu', 1, 1)].map((f) => plain(units.changeText(f))), ['+13 %', '×9', '−80 %', 'new', 'same']);
		assert.equal(plain(units.intervalText(figures[0])), '+9 … +15 %');
		assert.equal(plain(units.surenessText(figures[0])), '95 % interval +9 … +15 %');
		assert.equal(units.surenessText(figure('wall', 1, 2, { base: spread(1, 1), other: spread(2, 1) })), 'one run each: no spread is known');
		assert.equal(plain(units.valueText(figure('user_us', 1, 2, { section: 'monitor', unit: 'us' }), 2500000)), '2.5 s');
		assert.equal(plain(units.changeText(figure('celsius', 50, 60, { section: 'monitor', unit: 'celsius' }))), '+10 °C');
	});

	test('migration from one sample to the next', () => {
		const counts = { t: numbers(0, 30, 60, 90), calls: numbers(0, 10, 10, 110), success: numbers(0, 9, 9, 59) };
		assert.deepEqual([...units.perInterval(counts, 'rate')], [20, 0, 200, 200]);
		assert.deepEqual([...units.perInterval(counts, 'share')], [0.9, NaN, 0.5, 0.5], 'without a call there is no part of it');
		assert.deepEqual([...units.perInterval({ t: numbers(1), calls: numbers(0), success: numbers(0) }, 'rate')], [NaN]);
	});

	test('points that would cover each other lie apart', () => {
		assert.deepEqual(units.lanes([10, 100, 200], 7), [0, 0, 0]);
		const level = units.lanes([52, 50, 51, 53, 90], 7);
		assert.equal(new Set(level.slice(0, 4)).size, 4, String(level));
		assert.equal(level[4], 0);
		assert.ok(units.lanes(Array.from({ length: 40 }, () => 5), 7).every((v) => Math.abs(v) <= 2), 'within their lane');
	});

	test('what was found on one side only', () => {
		const run = (...ids) => ({ findings: ids.map((id) => ({ id, severity: id === 'oom' ? 'critical' : 'warning', t_s: 1, title: id })) });
		const found = units.onlyIn([run('swap', 'oom'), run('swap', 'swap'), run()], [run('heat')]);
		assert.deepEqual(found.map(({ finding, runs, of }) => [finding.id, runs, of]), [['oom', 1, 3], ['swap', 2, 3]]);
		assert.deepEqual(units.onlyIn([run('heat')], [run('heat')]), []);
	});
});

test('what a sweep\'s peaks were made of: majors, and their categories beside each other in shades', { skip }, () => {
	const run = (jobs, more = {}) => ({ jobs, warm_up: false, state: 'done', peak_bytes: 1000, categories: [
		{ major: 'CPP_Compile', category: 'cc1', at_peak_bytes: 600 }, { major: 'CPP_Link', category: 'ld', at_peak_bytes: 200 }, { major: 'CPP_Compile', category: 'as', at_peak_bytes: 100 },
		{ major: 'Other', category: 'Other_x', at_peak_bytes: null }], ...more });
	const runs = [run(2), run(1), run(2, { categories: run(2).categories.map((c) => ({ ...c, at_peak_bytes: 2 * c.at_peak_bytes })) }), run(4, { state: 'failed' }), run(8, { warm_up: true })];
	const major = units.partsOf(runs, 'major'), detailed = units.partsOf(runs, 'detailed'), told = (level) => level.parts.map(({ label, value }) => [label, value]);
	assert.deepEqual(major.map(({ jobs }) => jobs), [1, 2]);
	assert.deepEqual(told(major[0]), [['CPP_Compile', 700], ['CPP_Link', 200]]);
	assert.deepEqual(told(major[1]), [['CPP_Compile', 1050], ['CPP_Link', 300]], 'means');
	assert.deepEqual(told(detailed[0]), [['cc1', 600], ['as', 100], ['ld', 200]], 'those of a major together');
	assert.equal(detailed[0].parts[0].color, major[0].parts[0].color);
	assert.equal(new Set(detailed[0].parts.map(({ color }) => color)).size, 3);
	// As many as sweep.json holds: there may be others, which are told as one.
	const full = Array.from({ length: 24 }, (_, i) => ({ major: 'Other', category: `Other_${i}`, at_peak_bytes: 10 }));
	const [only] = units.partsOf([run(1, { categories: full })], 'detailed');
	assert.equal(only.parts.reduce((sum, { value }) => sum + value, 0), 1000);
	assert.equal(only.parts.at(-1).label, 'others');
});

describe('stacks, column by column', { skip }, () => {
	test('a column shows the value in it whose sum is highest, and what lies between two where it has none', () => {
		const { tops, seen } = units.sumsOf([[1, 5, 1, NaN, 2, 4], [1, 4, 8, NaN, 1, 1]], 6);
		assert.deepEqual([...tops[1]], [2, 9, 9, 0, 3, 5]);
		assert.deepEqual([...seen], [1, 1, 1, 0, 1, 1]);
		const { a, b, part } = units.columnsOf([0.1, 0.5, 0.9, 2.5, 4.5, 8.5], tops[1], seen, 9);
		assert.equal(a[0], 1, 'the first of the highest');
		assert.deepEqual([...a].slice(1, 4), [-1, -1, -1], 'nothing is known beside a gap');
		assert.deepEqual([a[4], a[6], b[6], part[6]], [4, 4, 5, 0.5]);
		assert.equal(a[8], 5);
		// Whatever falls together, the highest of all is drawn.
		const many = Float64Array.from({ length: 5000 }, (_, i) => (i === 3333 ? 100 : Math.abs(Math.sin(i))));
		const columns = units.columnsOf(many.map((_, i) => i / 50), many, new Uint8Array(5000).fill(1), 100);
		assert.equal(columns.a[66], 3333);
		assert.ok(columns.a.every((i) => i >= 0));
	});

	test('a column is filled as high as its sums, in whole rows and mixtures', () => {
		const red = [255, 0, 0], blue = [0, 0, 255], words = Uint32Array.from([0xff0000ff, 0xffff0000]);
		const pixels = new Uint32Array(3 * 5);
		units.fillColumn(pixels, 1, 3, 5, Float64Array.from([1.5, 3.25]), [red, blue], words);
		const column = [4, 3, 2, 1, 0].map((row) => pixels[row * 3 + 1]);
		assert.equal(column[0], 0xff0000ff);
		assert.equal(column[1], 0xff800080, 'half of each');
		assert.equal(column[2], 0xffff0000);
		assert.equal(column[3], 0x40ff0000, 'a quarter of the row');
		assert.equal(column[4], 0);
		assert.ok(pixels.every((v, i) => i % 3 === 1 || v === 0), 'the others are left alone');
		units.fillColumn(pixels, 0, 3, 5, Float64Array.from([99]), [red], words);
		assert.deepEqual([0, 1, 2, 3, 4].map((row) => pixels[row * 3]), Array(5).fill(0xff0000ff), 'not beyond the top');
	});
});

test('words for one and for many; signals by their names', { skip }, () => {
	const t = units.texts({ en: { lost: '{n} {n?event:events} lost of {all}' }, pt: { lost: '' }, zh: { lost: '' } });
	assert.equal(t('lost', { n: 1, all: 3 }), '1 event lost of 3');
	assert.equal(t('lost', { n: '1,001' }), '1,001 events lost of {all}');
	assert.deepEqual([9, 34, 36, 64].map(units.signalName), ['SIGKILL', 'SIGRTMIN+0', 'SIGRTMIN+2', 'SIGRTMIN+30']);
});

test('cores that were busy: to the hundredth of one, at most three digits', { skip }, () => {
	assert.deepEqual([0, 0.0005, 0.0247, 1.628, 48.11, 0.5, null].map((v) => plain(units.cores(v))), ['0', '< 0.01', '0.02', '1.63', '48.1', '0.5', '–']);
});
