// A real run (tests/web/run: make -j2 of fifteen C++ files) as `vigia report --html` writes it: the page
// shows what `vigia report --json` and the tables say.
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

describe('the page of a real run', { skip, concurrency: false }, () => {
	let browser, report, view;

	before(async () => {
		report = JSON.parse(spawnSync(vigia, ['report', run, '--json'], { encoding: 'utf8' }).stdout);
		browser = await launch();
		view = await open(browser, pathToFileURL(html).href);
	});

	after(async () => {
		await browser?.close();
		cleanUp();
	});

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
