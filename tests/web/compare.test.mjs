// The page of a comparison in a real browser: what got worse stands first, runs lie over each other, the legend
// hides them in all charts, hostile names stay texts; and, of a real run, what `vigia compare --html` writes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { cleanUp, fixture, launch, missing, open, place, root } from './browser.mjs';

const vigia = join(process.env.VIGIA_BUILD ?? join(root, 'build'), 'src/app/vigia');
const opened = [];
let browser;

async function visit(kind, how = {}) {
	const visited = await open(browser, kind.startsWith('file:') ? kind : fixture(kind).url, how);
	opened.push(visited);
	return visited;
}

const plain = (text) => text.replaceAll('\u00a0', ' ');
const hashBecomes = (page, pattern) => page.waitForFunction((source) => new RegExp(source).test(decodeURIComponent(location.hash)), pattern.source);
const legend = (page, section) => page.$$eval(`#${section} .legend-entry`, (entries) => entries.map((e) => ({
	name: e.querySelector('.legend-name').textContent, value: e.querySelector('.legend-value').textContent.replaceAll('\u00a0', ' '), shown: e.getAttribute('aria-pressed') === 'true' })));

async function faults(page) {
	await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
	const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
	assert.ok(passes.length > 10, 'axe has looked');
	return violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`).join(' | ')}`);
}

after(cleanUp);

describe('the page of a comparison', { skip: missing, concurrency: false }, () => {
	before(async () => {
		browser = await launch();
	});

	after(async () => {
		await browser?.close();
		for (const { said } of opened)
			assert.deepEqual(said, [], 'the console stays silent');
	});

	for (const kind of ['compare-two', 'compare-groups', 'compare-many', 'compare-hostile', 'compare-empty'])
		test(`${kind} loads, and fits a window and a phone`, async () => {
			const { page, close } = await visit(kind);
			for (const width of [1200, 400]) {
				await page.setViewportSize({ width, height: 900 });
				await page.waitForFunction((w) => innerWidth === w && document.documentElement.scrollWidth <= innerWidth, width);
			}
			assert.equal(await page.locator('.failure').count(), 0);
			assert.equal(await page.locator('.figure').count(), 5);
			const order = await page.$$eval('main > section:not([hidden])', (sections) => sections.map((s) => s.id));
			const wanted = ['head', 'pairs', 'worse', 'better', 'repeats', 'overview', 'memory', 'cpu', 'categories', 'migration', 'monitors', 'differences', 'runs'];
			assert.deepEqual(order, wanted.filter((id) => order.includes(id)));
			assert.ok(order.length >= 9);
			assert.doesNotMatch(await page.locator('main').innerText(), /\{\w+\}|undefined|NaN|\[object/);
			await close();
		});

	test('the verdict, then what got worse, by most first, in words', async () => {
		const { page, close } = await visit('compare-groups');
		assert.equal(plain(await page.locator('h1').innerText()), 'dev is 20 % slower than baseline');
		assert.match(plain(await page.locator('#head .section-note').first().innerText()), /^1m 13s, was 1m 01s; 3 runs each, 95 % interval \+20 … \+20 %$/);
		const worse = (await page.$$eval('#worse .change-row strong', (all) => all.map((e) => e.textContent))).map(plain);
		assert.ok(worse.some((text) => text === 'Wall time is 20 % higher: 1m 13s, was 1m 01s'), String(worse));
		const parts = worse.filter((text) => /^(Wall time|Peak memory \(|CPU time is)/.test(text)).map((text) => Number(/is ([\d.]+) %/.exec(text)[1]));
		assert.deepEqual(parts, [...parts].sort((a, b) => b - a), 'of the run as a whole the largest first');
		assert.match(await page.locator('#head .caution').first().innerText(), /dev: 1 of 3 runs failed/);
		await close();
	});

	test('what was found on one side only comes before all figures', async () => {
		const { page, close } = await visit('compare-two');
		assert.match(await page.locator('#worse .change-row').first().innerText(), /Only in dev: the kernel killed ld/);
		assert.match(plain(await page.locator('#worse').innerText()), /no spread is known/);
		await close();
	});

	test('memory of the runs over each other: peaks as they were, from their own starts', async () => {
		const { page, close } = await visit('compare-two');
		const { page: data } = fixture('compare-two');
		const told = await legend(page, 'memory');
		assert.deepEqual(told.map(({ name }) => name), ['baseline', 'dev']);
		for (const [i, { value }] of told.entries())
			assert.equal(value, `${Number((data.runs[i].figures.peak_pss / 2 ** 30).toPrecision(3))} GiB`);
		assert.equal(await page.locator('#memory .swatch.dashed').count(), 1, 'the other is dashed');
		// Behind the end of the base only the other has values.
		await page.locator('#memory .chart-box').focus();
		await page.evaluate(() => { location.hash = '#at=280'; });
		await page.waitForFunction(() => document.querySelector('#memory .legend-when').textContent.startsWith('4m'));
		const later = await legend(page, 'memory');
		assert.equal(later[0].value, '–');
		assert.match(later[1].value, /B$/);
		await close();
	});

	test('one cursor and one zoom for all charts', async () => {
		const { page, close } = await visit('compare-two', { height: 1800 });
		const plot = page.locator('#memory .u-over').first();
		await plot.scrollIntoViewIfNeeded();
		const box = await plot.boundingBox();
		await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
		await page.mouse.down();
		await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
		await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
		await page.mouse.up();
		await hashBecomes(page, /[#&]t=75\.\d*-151\.\d*/);
		await page.mouse.move(box.x + 200, box.y + 60);
		await page.waitForFunction(() => {
			const [a, b, c] = [...document.querySelectorAll('#memory .u-cursor-x, #cpu .u-cursor-x, #categories .u-cursor-x')].map((e) => e.getBoundingClientRect().x);
			return a > 200 && Math.abs(a - b) < 1 && Math.abs(a - c) < 1;
		});
		await page.locator('#cpu .chart-box').focus();
		await page.keyboard.press('0');
		await page.waitForFunction(() => !/[#&]t=/.test(location.hash));
		await close();
	});

	test('the legend shows and hides runs in all charts, the table too', async () => {
		// Charts that are out of sight follow when they come into it.
		const { page, close } = await visit('compare-groups', { height: 2400 });
		assert.equal((await legend(page, 'memory')).length, 6);
		await page.locator('#memory .legend-entry').first().click({ modifiers: ['Shift'] });
		await hashBecomes(page, /off=0\.0/);
		await page.locator('#cpu').scrollIntoViewIfNeeded();
		await page.waitForFunction(() => document.querySelector('#cpu .legend-entry').getAttribute('aria-pressed') === 'false');
		assert.equal(await page.locator('#runs input').first().isChecked(), false);
		await page.locator('#runs input').first().check();
		await page.waitForFunction(() => !location.hash.includes('off='));
		await page.locator('#memory').scrollIntoViewIfNeeded();
		await page.waitForFunction(() => document.querySelector('#memory .legend-entry').getAttribute('aria-pressed') === 'true');
		await close();
	});

	test('repeats: a point for each run, where they are; the mean of each group', async () => {
		const { page, close } = await visit('compare-groups');
		assert.equal(await page.locator('#repeats circle').count(), 3 * 6);
		assert.equal(await page.locator('#repeats .mean').count(), 3 * 2);
		const [base, other] = await page.$$eval('#repeats svg:first-of-type', ([wall]) => [...wall.querySelectorAll('.mean')].map((e) => Number(e.getAttribute('x1'))));
		assert.ok(other > base + 50, 'the slower ones are further right');
		await close();
		const two = await visit('compare-two');
		assert.equal(await two.page.locator('#repeats').isVisible(), false, 'one run each has no spread to show');
		await two.close();
	});

	test('of many runs each group has one line that is named', async () => {
		const { page, close } = await visit('compare-many');
		const told = await legend(page, 'memory'), { page: data } = fixture('compare-many');
		assert.deepEqual(told.map(({ name }) => name), ['baseline', 'dev']);
		for (const [group, { value }] of told.entries()) {
			const peaks = data.runs.filter((run) => run.group === group).map((run) => run.figures.peak_pss);
			assert.equal(value, `${Number((peaks.reduce((a, b) => a + b) / peaks.length / 2 ** 30).toPrecision(3))} GiB`, 'the mean of the peaks');
		}
		assert.equal(await page.locator('#runs tbody tr').count(), 40);
		await page.locator('#memory .legend-entry').last().click();
		await hashBecomes(page, /off=base/);
		assert.deepEqual((await legend(page, 'memory')).map(({ shown }) => shown), [false, true]);
		await close();
	});

	test('categories: both sides of each, major and detailed, memory and CPU; a sentence shows its own', async () => {
		const { page, close } = await visit('compare-two');
		const major = await legend(page, 'categories');
		assert.ok(major.some(({ name, value }) => name === 'CPP_Compile' && /GiB → .*GiB/.test(value)), JSON.stringify(major));
		await page.locator('#categories').getByRole('radio', { name: 'detailed' }).check();
		await hashBecomes(page, /view=detailed/);
		await page.waitForFunction(() => document.querySelector('#categories .legend').textContent.includes('GCCInternalCompiler'));
		await page.locator('#categories').getByRole('radio', { name: 'major' }).check();
		await page.getByRole('button', { name: 'Show GCCInternalCompiler in its chart' }).first().click();
		await page.waitForFunction(() => {
			const entries = [...document.querySelectorAll('#categories .legend-entry')].filter((e) => e.getAttribute('aria-pressed') === 'true');
			return entries.length === 1 && entries[0].textContent.includes('GCCInternalCompiler');
		});
		// The address opens the same.
		await hashBecomes(page, /show=GCCInternalCompiler/);
		await page.reload();
		await page.waitForSelector('html[data-ready]');
		await page.locator('#categories').scrollIntoViewIfNeeded();
		await page.waitForFunction(() => [...document.querySelectorAll('#categories .legend-entry')].filter((e) => e.getAttribute('aria-pressed') === 'true').map((e) => e.querySelector('.legend-name').textContent).join() === 'GCCInternalCompiler');
		await close();
	});

	test('any monitor that both have: folded, chosen, told side by side', async () => {
		const { page, close } = await visit('compare-two');
		assert.equal(await page.locator('#monitor-pressure').evaluate((e) => e.open), true);
		await page.locator('#monitor-license > summary').click();
		await page.waitForSelector('#monitor-license .chart-box canvas');
		await hashBecomes(page, /open=.*license/);
		await page.locator('#monitor-disk > summary').click();
		await page.waitForFunction(() => document.querySelectorAll('#monitor-disk .chart-box canvas').length === 2 && document.querySelector('#monitor-disk .legend-value'));
		await page.waitForFunction(() => [...document.querySelectorAll('#monitor-disk .legend-value')].every((e) => e.textContent.includes('→')));
		await close();
	});

	test('folio migration where both have it: three panels, and the difference in words', async () => {
		const { page, close } = await visit('compare-two');
		await page.waitForFunction(() => document.querySelectorAll('#migration .chart-box canvas').length === 3);
		assert.equal(plain(await page.locator('#migration > p').innerText()), 'Total calls: 11,800, was 5,900 (+100 %). Success: 80 %, was 90 % (−10 points).');
		assert.deepEqual((await legend(page, 'migration')).map(({ value }) => value), ['5,310', '9,440', '3,000', '6,000', '90 %', '80 %']);
		await close();
	});

	test('another comparison of several is chosen, and is in the address', async () => {
		const { page, close } = await visit('compare-groups');
		await Promise.all([page.waitForNavigation(), page.getByLabel('Compared').selectOption('1')]);
		await page.waitForSelector('html[data-ready]');
		assert.match(plain(await page.locator('h1').innerText()), /^later is .* slower than baseline$/);
		assert.match(await page.evaluate(() => location.hash), /pair=1/);
		assert.equal(await page.locator('#runs tbody tr').count(), 5);
		assert.equal(await page.locator('#pairs tbody tr').count(), 2);
		await Promise.all([page.waitForNavigation(), page.locator('#pairs .link').click()]);
		await page.waitForSelector('html[data-ready]');
		assert.match(plain(await page.locator('h1').innerText()), /^dev is/);
		await close();
	});

	test('hostile names are shown and stay texts', async () => {
		const { page, close } = await visit('compare-hostile', { hash: 'pair=9&off=%&by=x&mem=y&open=../z&t=5-1' });
		assert.notEqual(await page.title(), 'owned');
		assert.equal(await page.locator('img, iframe, object, link, form').count(), 0);
		assert.equal(await page.locator('script').count(), 3);
		const text = await page.locator('main').innerText();
		assert.ok(text.includes('</script>'), 'shown as it is');
		assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/);
		await close();
	});

	for (const [locale, title] of [['pt-BR', 'O que piorou'], ['zh-CN', '变差的']])
		test(`in the language of a ${locale} browser`, async () => {
			const { page, close } = await visit('compare-groups', { locale });
			assert.equal(await page.locator('#worse h2').innerText(), title);
			assert.doesNotMatch(await page.locator('main').innerText(), /\{\w+\}|undefined|NaN|\[object/);
			await close();
		});

	for (const [kind, scheme, width] of [['compare-two', 'light', 1200], ['compare-many', 'dark', 400], ['compare-groups', 'light', 400]])
		test(`axe-core finds no serious fault: ${kind}, ${scheme}, ${width} px`, async () => {
			const { page, close } = await visit(kind, { scheme, width });
			assert.deepEqual(await faults(page), []);
			await close();
		});
});

// The program may be built without the page; then it says so, and there is nothing to test.
function write() {
	if (!existsSync(vigia))
		return `no ${vigia}`;
	const run = join(root, 'tests/web/run'), made = spawnSync(vigia, ['compare', run, run, '--html', join(place, 'compare.html')], { encoding: 'utf8' });
	if (made.status !== 0 && /without|built/.test(made.stderr))
		return made.stderr.trim();
	assert.equal(made.status, 0, made.stderr);
	return false;
}

const skip = missing || write();

describe('what vigia compare --html writes', { skip, concurrency: false }, () => {
	let real, view;

	before(async () => {
		real = await launch();
		view = await open(real, pathToFileURL(join(place, 'compare.html')).href);
	});

	after(() => real?.close());

	test('a run beside itself: the same in every figure, its peak on both sides', async () => {
		const { page } = view, report = JSON.parse(spawnSync(vigia, ['report', join(root, 'tests/web/run'), '--json'], { encoding: 'utf8' }).stdout);
		assert.ok(statSync(join(place, 'compare.html')).size < 1000000);
		assert.equal(await page.locator('#worse .change-row').count(), 0);
		assert.match(plain(await page.locator('h1').innerText()), /took as long as/);
		const told = await legend(page, 'memory');
		assert.equal(told.length, 2);
		for (const { value } of told)
			assert.equal(value, `${Number((report.peak.pss_bytes / 2 ** 20).toPrecision(3))} MiB`);
		assert.deepEqual([...new Set(await page.$$eval('#differences tbody tr td:nth-child(4)', (all) => all.map((e) => e.textContent)))].filter((text) => text !== 'same' && text !== ''), []);
		assert.match(await page.locator('#head').innerText(), /given twice/);
	});

	test('the tables of its monitors open and draw', async () => {
		const { page } = view, names = await page.$$eval('.monitor', (all) => all.map((e) => e.id.replace('monitor-', '')));
		for (const name of ['pressure', 'memory', 'cpu', 'disk', 'cgroup'])
			assert.ok(names.includes(name), `${name} in ${names}`);
		for (const name of names)
			await page.locator(`#monitor-${name}`).evaluate((e) => { e.open = true; });
		await page.waitForFunction(() => [...document.querySelectorAll('.monitor[open] .plan')].every((plan) => plan.querySelector('canvas') || plan.textContent.includes('Always 0')));
		assert.deepEqual(view.said, []);
	});
});
