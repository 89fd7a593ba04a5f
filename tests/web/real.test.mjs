// A real run (tests/web/run: make -j2 of fifteen C++ files) and a real sweep as `vigia report --html` writes
// them: the pages show what `vigia report --json`, the tables and sweep.json say.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { cleanUp, launch, missing, open, place, root } from './browser.mjs';

const vigia = join(process.env.VIGIA_BUILD ?? join(root, 'build'), 'src/app/vigia');
const html = join(place, 'real.html'), run = join(place, 'run');

// The program may be built without the page; then it says so, and there is nothing to test.
function write() {
	if (!existsSync(vigia))
		return `no ${vigia}`;
	cpSync(join(root, 'tests/web/run'), run, { recursive: true });
	const made = spawnSync(vigia, ['report', run, '--html', html], { encoding: 'utf8' });
	if (made.status !== 0 && /without|built/.test(made.stderr))
		return made.stderr.trim();
	assert.equal(made.status, 0, made.stderr);
	return false;
}

const skip = missing || write();
after(cleanUp);

describe('the page of a real run', { skip, concurrency: false }, () => {
	let browser, report, view;

	before(async () => {
		report = JSON.parse(spawnSync(vigia, ['report', run, '--json'], { encoding: 'utf8' }).stdout);
		browser = await launch();
		view = await open(browser, pathToFileURL(html).href);
	});

	after(() => browser?.close());

	test('is one small file that asks for nothing else', () => {
		const text = readFileSync(html, 'utf8');
		assert.ok(statSync(html).size < 1000000);
		assert.match(text, /default-src 'none'/);
		assert.doesNotMatch(text.replace(/http:\/\/www\.w3\.org\/2000\/svg/g, ''), /<script[^>]+src=|<link|url\(http|@import/);
	});

	test('its head says what the report says', async () => {
		const { page } = view;
		assert.match(await page.locator('h1').innerText(), /make -j2 succeeded in/);
		const values = await page.$$eval('.figure-value', (all) => all.map((e) => e.textContent.replaceAll('\u00a0', ' ')));
		assert.equal(values[0], `${Number(report.run.wall_s.toPrecision(3))} s`);
		assert.equal(values[1], `${Number((report.cpu.user_s + report.cpu.system_s).toPrecision(3))} s`);
		assert.equal(values[2], `${Number((report.peak.pss_bytes / 2 ** 20).toPrecision(3))} MiB`);
		assert.equal(values[3], String(report.capture.processes));
		assert.equal(values[4], '0');
		assert.equal(await page.locator('.finding').count(), report.findings.length);
	});

	test('the stack of memory reaches the peak of the run', async () => {
		const { page } = view;
		const total = (await page.locator('#memory .legend-total').innerText()).replace(/\s+/g, ' ');
		const [, value, unit] = /Total ([\d.]+) (\w+)/.exec(total);
		assert.equal(unit, 'MiB');
		const ratio = (Number(value) * 2 ** 20) / report.peak.pss_bytes;
		assert.ok(ratio > 0.98 && ratio < 1.02, `${total} of ${report.peak.pss_bytes}`);
		const names = await page.$$eval('#memory .legend-name', (all) => all.map((e) => e.textContent));
		assert.ok(names.includes('CPP_Compile'), String(names));
	});

	test('its CPU is drawn against the cores', async () => {
		const { page } = view;
		assert.match(await page.locator('#cpu .section-note').innerText(), /of 2 cores busy/);
		assert.ok(await page.locator('#cpu canvas').count() === 1);
	});

	test('the tables of all monitors that were recorded open and draw', async () => {
		const { page } = view;
		const names = await page.$$eval('.monitor', (all) => all.map((e) => e.id.replace('monitor-', '')));
		for (const name of ['pressure', 'memory', 'cpu', 'disk', 'cgroup'])
			assert.ok(names.includes(name), `${name} in ${names}`);
		for (const name of names)
			await page.locator(`#monitor-${name}`).evaluate((e) => { e.open = true; });
		await page.waitForFunction(() => [...document.querySelectorAll('.monitor[open] .plan')].every((plan) => plan.querySelector('canvas') || plan.textContent.includes('Always 0.')));
		const text = await page.locator('#monitors').innerText();
		assert.doesNotMatch(text, /NaN|undefined|\[object/);
	});

	test('nothing was said on the console', () => {
		assert.deepEqual(view.said, []);
	});

	for (const [scheme, width] of [['light', 1200], ['dark', 400]])
		test(`axe-core finds no serious fault, ${scheme}, ${width} px`, async () => {
			const { page, close } = await open(browser, pathToFileURL(html).href, { scheme, width });
			await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
			const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
			assert.ok(passes.length > 10, 'axe has looked');
			assert.deepEqual(violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes[0].target}`), []);
			await close();
		});
});

describe('the page of a real sweep', { skip, concurrency: false }, () => {
	let browser;
	const file = join(place, 'sweep.html'), sweep = JSON.parse(readFileSync(join(root, 'tests/web/sweep/sweep.json'), 'utf8'));

	before(async () => {
		const made = spawnSync(vigia, ['report', join(root, 'tests/web/sweep'), '--html', file], { encoding: 'utf8' });
		assert.equal(made.status, 0, made.stderr);
		browser = await launch();
	});

	after(() => browser?.close());

	test('says which -j was fastest, and draws peaks, durations and what peaks were made of', async () => {
		const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, locale: 'en-GB' });
		const page = await context.newPage(), said = [];
		page.on('console', (message) => said.push(message.text()));
		page.on('pageerror', (error) => said.push(String(error)));
		await page.goto(pathToFileURL(file).href);
		await page.waitForSelector('html[data-ready]');
		const fastest = sweep.levels.reduce((a, b) => (b.wall_s.median < a.wall_s.median ? b : a));
		assert.equal(await page.locator('.figure-value').first().innerText(), `-j ${fastest.jobs}`);
		assert.match(await page.locator('h1').innerText(), /swept over -j 1, 2, 4/);
		const bars = await page.$$eval('#sweep rect.peak[height]', (all) => all.map((e) => Number(e.getAttribute('height'))).filter((height) => height > 10));
		assert.equal(bars.length, sweep.levels.length);
		const peaks = sweep.levels.map((level) => level.peak_bytes.median);
		assert.ok(Math.abs(bars[2] / bars[0] - peaks[2] / peaks[0]) < 0.02, 'bars are as high as their peaks');
		assert.equal(await page.locator('#sweep .duration-dot').count(), sweep.levels.length + 1, 'and one in the key');
		assert.ok(await page.locator('#composition rect.layer').count() >= sweep.levels.length);
		assert.equal(await page.locator('#runs tbody tr').count(), sweep.runs.length);
		// In detail: the compiler's programs apart, as high together as by major.
		const heights = () => page.$$eval('#composition rect.layer', (all) => all.reduce((sum, e) => sum + Number(e.getAttribute('height')), 0));
		const together = await heights();
		assert.ok((await page.locator('#composition .sweep-legend').innerText()).includes('CPP_Compile'));
		await page.locator('#composition').getByRole('radio', { name: 'detailed' }).check();
		await page.waitForFunction(() => location.hash.includes('view=detailed'));
		const legend = await page.locator('#composition .sweep-legend').innerText();
		assert.ok(legend.includes('cc1plus') && !legend.includes('CPP_Compile'), legend);
		assert.ok(Math.abs(await heights() - together) < 1, 'the stacks are as high');
		await page.setViewportSize({ width: 400, height: 800 });
		await page.waitForFunction(() => document.documentElement.scrollWidth <= 400 && document.querySelector('#sweep svg').clientWidth < 400);
		await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
		for (const colorScheme of ['light', 'dark']) {
			await page.emulateMedia({ colorScheme });
			const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
			assert.ok(passes.length > 10, 'axe has looked');
			assert.deepEqual(violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes[0].target} ${v.nodes[0].failureSummary}`), [], colorScheme);
		}
		assert.deepEqual(said, []);
		await context.close();
	});
});
