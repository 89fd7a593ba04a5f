// The report page in a real browser: it loads without a word on the console, its views switch, zoom,
// fit a phone, work by keyboard, are the same again from their address, and hostile texts stay texts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { cleanUp, fixture, launch, missing, open, written } from './browser.mjs';

let browser;
const opened = [];

async function visit(kind, how = {}) {
	const { url } = fixture(kind);
	const visited = await open(browser, url, how);
	opened.push(visited);
	return visited;
}

const hash = (page) => page.evaluate(() => decodeURIComponent(location.hash));
const hashBecomes = (page, pattern) => page.waitForFunction((source) => new RegExp(source).test(decodeURIComponent(location.hash)), pattern.source);
const legendOf = (page, section) => page.$$eval(`#${section} .legend-entry`, (entries) => entries.map((e) => ({
	name: e.querySelector('.legend-name').textContent, value: e.querySelector('.legend-value').textContent, shown: e.getAttribute('aria-pressed') === 'true' })));
const radio = (page, name) => page.locator('#memory').getByRole('radio', { name, exact: true });
const plot = (page, section) => page.locator(`#${section} .u-over`).first();

// Colours of a chart's canvas that are neither the background nor grey: what is drawn.
const colours = (page, section) => page.$eval(`#${section} .chart-box canvas`, (canvas) => {
	const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height), seen = new Map();
	for (let i = 0; i < data.length; i += 4) {
		const [r, g, b, a] = data.subarray(i, i + 4);
		if (a > 250 && Math.max(r, g, b) - Math.min(r, g, b) > 40)
			seen.set(`${r},${g},${b}`, (seen.get(`${r},${g},${b}`) ?? 0) + 1);
	}
	return [...seen].filter(([, n]) => n > 50).map(([colour]) => colour);
});

async function drag(page, section, from, to, { shift = false } = {}) {
	await plot(page, section).scrollIntoViewIfNeeded();
	const box = await plot(page, section).boundingBox(), y = box.y + box.height / 2;
	if (shift)
		await page.keyboard.down('Shift');
	await page.mouse.move(box.x + box.width * from, y);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * (from + to) / 2, y);
	await page.mouse.move(box.x + box.width * to, y);
	await page.mouse.up();
	if (shift)
		await page.keyboard.up('Shift');
}

const range = async (page) => {
	const told = /[#&]t=([\d.]+)-([\d.]+)/.exec(await hash(page));
	return told ? [Number(told[1]), Number(told[2])] : null;
};

/** Waits until the address says this range, to so many seconds; tells it exactly. */
async function rangeBecomes(page, from, to, within) {
	await page.waitForFunction(([a, b, d]) => {
		const told = /[#&]t=([\d.]+)-([\d.]+)/.exec(decodeURIComponent(location.hash));
		return told && Math.abs(Number(told[1]) - a) < d && Math.abs(Number(told[2]) - b) < d;
	}, [from, to, within]);
	return range(page);
}

describe('the report page', { skip: missing, concurrency: false }, () => {
	before(async () => {
		browser = await launch();
	});

	after(async () => {
		await browser?.close();
		cleanUp();
		for (const { said } of opened)
			assert.deepEqual(said, [], 'the console stays silent');
	});

	for (const kind of ['typical', 'empty', 'one', 'hostile', 'day', 'incomplete'])
		test(`${kind} loads, and fits a window and a phone`, async () => {
			const { page, said, close } = await visit(kind);
			for (const width of [1200, 400]) {
				await page.setViewportSize({ width, height: 900 });
				// Nothing is wider than the window, once the charts have followed it.
				await page.waitForFunction((w) => innerWidth === w && document.documentElement.scrollWidth <= innerWidth, width);
			}
			assert.equal(await page.locator('.failure').count(), 0);
			assert.ok((await page.locator('h1').innerText()).length > 5);
			assert.equal(await page.locator('.figure').count(), 5);
			assert.equal(await page.locator('pre.plain').count(), 0, 'the plain summary gave way');
			const order = await page.$$eval('main > section:not([hidden])', (sections) => sections.map((s) => s.id));
			const wanted = ['head', 'findings', 'overview', 'memory', 'cpu', 'timeline', 'alive', 'idle', 'monitors', 'processes', 'recorded'];
			assert.deepEqual(order, wanted.filter((id) => order.includes(id)));
			for (const id of ['head', 'findings', 'memory', 'cpu', 'monitors', 'recorded'])
				assert.ok(order.includes(id), id);
			assert.deepEqual(said, []);
			await close();
		});

	test('the huge run loads, all charts are drawn', async () => {
		const { page, close } = await visit('huge');
		assert.ok((await colours(page, 'memory')).length >= 3);
		await close();
	});

	test('the verdict, its reason and the five numbers', async () => {
		const { page, close } = await visit('typical');
		const { report } = fixture('typical').page;
		assert.match(await page.locator('h1').innerText(), /make -j8 failed \(exit 2\) after 4m\s12s/);
		assert.equal(await page.locator('.because').innerText(), report.findings[0].title);
		const values = await page.$$eval('.figure-value', (all) => all.map((e) => e.textContent.replaceAll('\u00a0', ' ')));
		assert.equal(values[0], '4m 12s');
		assert.equal(values[2], `${(report.peak.pss_bytes / 2 ** 30).toPrecision(3).replace(/\.?0+$/, '')} GiB`);
		assert.equal(values[3], '2,401');
		assert.equal(values[4], '2');
		assert.match(await page.locator('.finding-advice').first().innerText(), /or raise the limit:$/);
		assert.equal((await page.locator('.finding .paste').first().innerText()).trim(), 'echo 6G | sudo tee /sys/fs/cgroup/build/memory.max', 'lines to be pasted stand alone');
		await close();
	});

	test('a run that went on without what the kernel killed did not just succeed', async () => {
		const { page: made, data } = fixture('typical'), report = { ...made.report, run: { ...made.report.run, exit_code: 0 }, cpu: { user_s: null, system_s: null, total_s: 90 } };
		const { page, close } = await open(browser, written('survived', { page: { ...made, report }, data }));
		assert.match(await page.locator('h1').innerText(), /succeeded in 4m\s12s, but a process was killed/);
		assert.match(await page.locator('.because').innerText(), /memory/);
		assert.equal((await page.locator('.figure-value').nth(1).textContent()).replaceAll('\u00a0', ' '), '1m 30s', 'CPU time that is not told apart');
		await close();
	});

	test('a failure that no finding explains: who is to blame, and a mark that brings the charts there', async () => {
		const { page, close } = await visit('failed');
		assert.match(await page.locator('.because').innerText(), /^cc1plus -quiet x\.cpp was killed by SIGKILL at 12\.5\ss$/);
		assert.match(await page.locator('#findings').innerText(), /Nothing that vigia looks for explains the failure/);
		await page.locator('.because button').click();
		await hashBecomes(page, /at=12\.5/);
		const [from, to] = await range(page);
		assert.ok(from < 12.5 && to > 12.5 && to - from < 3, `${from} to ${to}`);
		assert.match(await page.locator('.overview-time').innerText(), /was killed by SIGKILL/, 'the mark is named under the cursor');
		await close();
	});

	test('folio migration has its three charts, free blocks their stack', async () => {
		const { page, close } = await visit('attached', { hash: 'open=folio_migration,buddy' });
		await page.waitForFunction(() => document.querySelectorAll('#monitors .special canvas').length === 4);
		const titles = await page.$$eval('#monitors .special h4', (heads) => heads.map((head) => head.firstChild.textContent));
		assert.deepEqual(titles.sort(), ['Calls per minute', 'Cumulative success', 'Free memory by size of block', 'Success']);
		const legends = await page.$$eval('#monitors .special .legend-value', (values) => values.map((v) => v.textContent));
		assert.ok(legends.includes('75\u00a0%') && legends.includes('2,400'), String(legends));
		await close();
	});

	test('what was only watched has neither a verdict nor a chain', async () => {
		const { page, close } = await visit('attached');
		assert.match(await page.locator('h1').innerText(), /was watched for 30\ss/);
		assert.match(await page.locator('#idle').innerText(), /The processes that were watched used/);
		assert.doesNotMatch(await page.locator('#idle').innerText(), /critical chain|waited for/);
		assert.match(await page.locator('.figure').last().innerText(), /watched, not started/);
		await close();
	});

	test('a run that is not complete says so', async () => {
		const { page, close } = await visit('incomplete');
		assert.match(await page.locator('h1').innerText(), /was still running/);
		assert.equal(await page.locator('.caution').count(), 1);
		await close();
	});

	test('categories: major, detailed, Other expanded; top N; the address says it', async () => {
		const { page, close } = await visit('typical');
		const major = (await legendOf(page, 'memory')).map((e) => e.name);
		assert.ok(major.includes('CPP_Compile') && major.includes('Other'), String(major));
		await radio(page, 'detailed').check();
		await hashBecomes(page, /view=detailed/);
		await page.waitForFunction(() => document.querySelector('#memory .legend').textContent.includes('GCCInternalCompiler'));
		// CPU follows, when one comes to it.
		await page.locator('#cpu .chart-box').scrollIntoViewIfNeeded();
		await page.waitForFunction(() => document.querySelector('#cpu .legend').textContent.includes('GCCInternalCompiler'));
		assert.ok((await legendOf(page, 'memory')).some((e) => /^\d+ others$/.test(e.name)), 'the small ones stand together');
		await page.locator('#memory select').selectOption('0');
		await page.waitForFunction(() => !/\d+ others/.test(document.querySelector('#memory .legend').textContent));
		await radio(page, 'Other expanded').check();
		await page.waitForFunction(() => document.querySelector('#memory .legend').textContent.includes('Other_protoc'));
		const other = (await legendOf(page, 'memory')).map((e) => e.name);
		assert.ok(other.includes('CPP_Compile') && !other.includes('Other'), String(other));
		await hashBecomes(page, /view=other/);
		await close();
	});

	test('PSS, RSS and cgroup, stacked and lines, totals', async () => {
		const { page, close } = await visit('typical');
		const peaks = [];
		for (const name of ['PSS', 'RSS', 'cgroup']) {
			await radio(page, name).check();
			if (name !== 'PSS')
				await hashBecomes(page, new RegExp(`mem=${name.toLowerCase()}`));
			await page.waitForFunction((before) => !before.includes(document.querySelector('#memory .legend').innerText), peaks);
			peaks.push(await page.locator('#memory .legend').innerText());
		}
		assert.equal(new Set(peaks).size, 3, 'each shows other values');
		assert.deepEqual((await legendOf(page, 'memory')).map((e) => e.name), ['cgroup']);
		await radio(page, 'PSS').check();
		const stacked = await colours(page, 'memory');
		await radio(page, 'lines').check();
		await hashBecomes(page, /style=lines/);
		await page.getByLabel('totals').check();
		await page.waitForFunction(() => document.querySelector('#memory .legend').textContent.includes('RSS'));
		assert.ok(stacked.length >= 3);
		await close();
	});

	test('zoom by dragging, moving, keys and wheel; back with 0 and double click', async () => {
		const { page, close } = await visit('typical');
		await drag(page, 'memory', 0.25, 0.5);
		await hashBecomes(page, /[#&]t=\d/);
		const first = await range(page);
		assert.ok(Math.abs(first[0] - 63) < 2 && Math.abs(first[1] - 126) < 2, String(first));
		await drag(page, 'cpu', 0.5, 0.25, { shift: true });
		const moved = await rangeBecomes(page, first[0] + 15.75, first[1] + 15.75, 1); // by a quarter, and as wide
		assert.ok(Math.abs(moved[1] - moved[0] - (first[1] - first[0])) < 0.1, String(moved));
		await page.locator('#memory .chart-box').focus();
		await page.keyboard.press('+');
		await page.waitForFunction((half) => { // around the cursor
			const [, from, to] = /[#&]t=([\d.]+)-([\d.]+)/.exec(decodeURIComponent(location.hash));
			return Math.abs(to - from - half) < 0.1;
		}, (moved[1] - moved[0]) / 2);
		await page.keyboard.press('0');
		await page.waitForFunction(() => !/[#&]t=/.test(location.hash));
		await plot(page, 'memory').hover();
		await page.keyboard.down('Control');
		await page.mouse.wheel(0, -300);
		await page.keyboard.up('Control');
		await hashBecomes(page, /[#&]t=\d/);
		await plot(page, 'memory').dblclick();
		await page.waitForFunction(() => !/[#&]t=/.test(location.hash));
		await close();
	});

	test('the wheel alone scrolls the page', async () => {
		const { page, close } = await visit('typical');
		await plot(page, 'memory').hover();
		const before = await page.evaluate(() => scrollY);
		await page.mouse.wheel(0, 200);
		await page.waitForFunction((y) => scrollY > y, before);
		assert.equal(await range(page), null);
		await close();
	});

	test('two fingers zoom', async () => {
		const { page, close } = await visit('typical', { width: 400, touch: true });
		await plot(page, 'memory').scrollIntoViewIfNeeded();
		await plot(page, 'memory').evaluate((element) => {
			const box = element.getBoundingClientRect();
			const send = (type, id, x) => element.dispatchEvent(new PointerEvent(type, { pointerId: id, pointerType: 'touch', button: type === 'pointermove' ? -1 : 0, clientX: box.left + x, clientY: box.top + 50, bubbles: true }));
			send('pointerdown', 11, 140);
			send('pointerdown', 12, 180);
			send('pointermove', 12, 260);
			send('pointerup', 11, 140);
			send('pointerup', 12, 260);
		});
		await hashBecomes(page, /[#&]t=\d/);
		const [from, to] = await range(page);
		assert.ok(to - from < 252 / 2 && to - from > 252 / 5, `${from} ${to}`);
		await close();
	});

	test('an address opens the same view: range, moment, categories', async () => {
		const { page, close } = await visit('typical', { hash: 't=60-90&at=75.1&view=detailed&top=0' });
		assert.deepEqual(await range(page), [60, 90]);
		await page.waitForFunction(() => document.querySelector('#memory .legend-when').textContent.startsWith('1m'));
		const total = (await page.locator('#memory .legend-total').innerText()).replace(/\s/g, ' ');
		// The tick at 75.00 s of the invented run, all categories together.
		const { page: data, data: bytes } = fixture('typical');
		const level = data.by_category.find((b) => b.metric === 'pss').levels[0];
		const { inflateSync } = await import('node:zlib');
		const column = (ref) => {
			const info = data.sections[ref], part = bytes.subarray(info.offset, info.offset + info.size);
			return { info, raw: info.codec === 'deflate' ? inflateSync(part) : part };
		};
		const tick = Math.floor(75.1 / 0.25);
		const sum = level.series.reduce((s, one) => {
			const { info, raw } = column(one.max);
			return s + raw.readUInt32LE(tick * 4) * info.scale;
		}, 0);
		const unit = sum >= 2 ** 30 * 0.9765 ? ['GiB', 2 ** 30] : ['MiB', 2 ** 20];
		assert.equal(total, `Total ${Number((sum / unit[1]).toPrecision(3))} ${unit[0]}`);
		await page.reload();
		await page.waitForSelector('html[data-ready]');
		assert.deepEqual(await range(page), [60, 90]);
		await close();
	});

	test('nonsense in the address is harmless', async () => {
		const { page, close } = await visit('typical', { hash: 't=9-3&at=x&view=none&top=77&hide=%&p=-1&mem=zzz&open=../x&theme=pink&lang=xx' });
		assert.ok((await colours(page, 'memory')).length >= 3);
		await close();
	});

	test('the legend is the control: only this, all again, one away', async () => {
		const { page, close } = await visit('typical');
		const entry = (name) => page.locator('#memory .legend-entry', { hasText: name });
		const shownOf = async () => (await legendOf(page, 'memory')).filter((e) => e.shown).map((e) => e.name);
		const all = await shownOf();
		await entry('CPP_Link').click();
		await hashBecomes(page, /hide=/);
		assert.deepEqual(await shownOf(), ['CPP_Link']);
		assert.deepEqual((await legendOf(page, 'cpu')).filter((e) => e.shown).map((e) => e.name), ['CPP_Link'], 'in all charts');
		await entry('CPP_Link').click();
		await page.waitForFunction(() => !location.hash.includes('hide='));
		assert.deepEqual(await shownOf(), all);
		await entry('CPP_Link').click({ modifiers: ['Shift'] });
		await hashBecomes(page, /hide=CPP_Link/);
		assert.deepEqual(await shownOf(), all.filter((name) => name !== 'CPP_Link'));
		await close();
	});

	test('one cursor in all charts, its values in the legends', async () => {
		const { page, close } = await visit('typical', { height: 1600 });
		await plot(page, 'memory').hover({ position: { x: 300, y: 200 } });
		await page.waitForFunction(() => /\d/.test(document.querySelector('#memory .legend-when').textContent));
		await page.waitForFunction(() => {
			const [a, b, ...more] = [...document.querySelectorAll('#memory .u-cursor-x, #cpu .u-cursor-x')].map((e) => e.getBoundingClientRect().x);
			return more.length === 0 && a > 300 && Math.abs(a - b) < 1;
		});
		await plot(page, 'memory').click({ position: { x: 300, y: 200 } });
		await page.mouse.move(2, 2);
		await hashBecomes(page, /at=\d/);
		assert.match(await page.locator('#memory .legend-when').innerText(), /\d/, 'a click keeps it');
		await close();
	});

	test('a finding brings the charts to its moment', async () => {
		const { page, close } = await visit('typical');
		await page.locator('.finding .link').first().click();
		await hashBecomes(page, /[#&]t=\d/);
		const [from, to] = await range(page);
		assert.ok(from < 250.74 && to >= 250.74 && to - from < 20, `${from} ${to}`);
		assert.match(await page.locator('.overview-time').innerText(), /the kernel killed ld/);
		await close();
	});

	test('monitors: folded, opened by findings or by hand, drawn by their Schema', async () => {
		const { page, close } = await visit('typical');
		assert.equal(await page.locator('#monitor-pressure').evaluate((e) => e.open), true);
		assert.equal(await page.locator('#monitor-license').evaluate((e) => e.open), false);
		await page.locator('#monitor-license > summary').click();
		await page.waitForSelector('#monitor-license .chart-box canvas');
		assert.match(await page.locator('#monitor-license h4').innerText(), /licences used.*of 4/s);
		await hashBecomes(page, /open=license/);
		assert.match(await page.locator('#monitor-disk').evaluate((e) => { e.open = true; return e.id; }), /disk/);
		await page.waitForFunction(() => document.querySelectorAll('#monitor-disk .chart-box canvas').length === 2);
		const names = await page.$$eval('#monitor-disk .plan:first-of-type .legend-name', (all) => all.map((e) => e.textContent));
		assert.deepEqual(names.sort(), ['nvme0n1', 'sda']);
		await close();
	});

	test('light and dark: by the system, and as chosen', async () => {
		const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
		const dark = await visit('typical', { scheme: 'dark' });
		assert.equal(await background(dark.page), 'rgb(21, 23, 26)');
		await dark.page.getByLabel('Colours').selectOption('light');
		assert.equal(await background(dark.page), 'rgb(255, 255, 255)');
		await hashBecomes(dark.page, /theme=light/);
		await dark.close();
		const light = await visit('typical', { alone: true });
		assert.equal(await background(light.page), 'rgb(255, 255, 255)');
		// On a machine with other work the browser may lose such a change: it is made until it is seen.
		for (let times = 0; times < 20 && await background(light.page) !== 'rgb(21, 23, 26)'; times++) {
			await light.page.emulateMedia({ colorScheme: 'light' });
			await light.page.emulateMedia({ colorScheme: 'dark' });
			await light.page.waitForTimeout(50 * times);
		}
		assert.equal(await background(light.page), 'rgb(21, 23, 26)');
		await light.page.emulateMedia({ colorScheme: 'dark', media: 'print' });
		assert.equal(await background(light.page), 'rgb(255, 255, 255)', 'paper is white');
		assert.equal(await light.page.locator('#memory .controls').isVisible(), false, 'controls are not printed');
		await light.close();
	});

	for (const [locale, title] of [['pt-BR', 'Memória'], ['zh-CN', '内存'], ['fr-FR', 'Memory']])
		test(`in the language of a ${locale} browser`, async () => {
			const { page, close } = await visit('typical', { locale });
			assert.equal(await page.locator('#memory h2').innerText(), title);
			assert.equal(await page.evaluate(() => document.documentElement.lang), locale === 'fr-FR' ? 'en' : locale.slice(0, 2));
			const text = await page.locator('main').innerText();
			assert.doesNotMatch(text, /\{\w+\}|undefined|NaN|\[object/);
			// What the program wrote is English in each, and says so to who reads it aloud.
			const { findings } = fixture('typical').page.report;
			assert.deepEqual(await page.$$eval('.finding strong [lang=en]', (all) => all.map((e) => e.textContent)), findings.map(({ title }) => title));
			assert.equal(await page.locator('.because [lang=en]').innerText(), findings[0].title);
			assert.equal(await page.locator('.monitor-name [lang=en]').count(), await page.locator('.monitor').count());
			await close();
		});

	test('by keyboard: charts take the focus, arrows move the cursor', async () => {
		const { page, close } = await visit('typical');
		for (let i = 0; i < 80 && !(await page.evaluate(() => document.activeElement.matches('#memory .chart-box'))); i++)
			await page.keyboard.press('Tab');
		assert.ok(await page.evaluate(() => document.activeElement.matches('#memory .chart-box')), 'Tab comes to the chart');
		await page.keyboard.press('ArrowRight');
		await hashBecomes(page, /at=128/);
		await page.keyboard.press('ArrowLeft');
		await hashBecomes(page, /at=126/);
		await page.keyboard.press('Escape');
		await page.waitForFunction(() => !location.hash.includes('at='));
		await close();
	});

	test('hostile texts are shown and stay texts', async () => {
		const { page, close } = await visit('hostile');
		assert.notEqual(await page.title(), 'owned');
		assert.equal(await page.locator('img, iframe, object, link, form').count(), 0);
		assert.equal(await page.locator('script').count(), 3);
		const text = await page.locator('main').innerText();
		assert.ok(text.includes('</script><script>'), 'shown as it is');
		assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/, 'no controls, nothing that turns the text around');
		await close();
	});

	test('without scripts the summary is there to read', async () => {
		const context = await browser.newContext({ javaScriptEnabled: false });
		const page = await context.newPage();
		await page.goto(fixture('typical').url);
		assert.match(await page.locator('pre.plain').innerText(), /make -j8/);
		await context.close();
	});

	for (const [kind, scheme] of [['typical', 'light'], ['typical', 'dark'], ['hostile', 'light'], ['empty', 'dark']])
		test(`axe-core finds no serious fault: ${kind}, ${scheme}`, async () => {
			const { page, close } = await visit(kind, { scheme });
			// The page's policy lets in no other script: axe is run from outside of it.
			const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
			await page.evaluate(axe);
			const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
			assert.ok(passes.length > 10, 'axe has looked');
			const bad = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
			assert.deepEqual(bad.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`).join(' | ')}`), []);
			await close();
		});
});
