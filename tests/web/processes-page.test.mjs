// The page's parts about processes in a real browser: the timeline's lanes, the selected process, who was
// alive, idle cores, the table with its search, groups and sums; over an invented make of 2,500 processes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { processesPage, simulatedBuild } from '../../web/test/processes-fixture.mjs';
import { cleanUp, launch, missing, open, written } from './browser.mjs';

const rows = simulatedBuild({ files: 600, slots: 8 });
const failed = rows.filter((r) => r.code > 0 || r.signal > 0).length;
let browser, url;
const opened = [];

async function visit(how = {}) {
	const visited = await open(browser, url, how);
	opened.push(visited);
	return visited.page;
}

const done = (page) => opened.findLast((visited) => visited.page === page).close();

const sums = (page) => page.locator('#processes .sums').innerText();
const sumsBecome = (page, pattern) => page.waitForFunction((source) => new RegExp(source).test(document.querySelector('#processes .sums').textContent), pattern.source);
const commands = (page) => page.$$eval('#processes .virtual .line', (lines) => lines.map((line) => line.textContent));
const details = (page) => page.locator('#timeline .process-details').innerText();

/** Clicks a process in the lanes, where it is drawn: slot (0 is the first below make), seconds. */
async function clickLane(page, slot, seconds) {
	const plot = page.locator('.lanes-plot'), duration = rows[0].end;
	await plot.scrollIntoViewIfNeeded();
	const box = await plot.boundingBox(), narrow = box.width < 700;
	const left = narrow ? 54 : 72, width = box.width - left - (narrow ? 10 : 132);
	await page.mouse.click(box.x + left + (seconds / duration) * width, box.y + (slot + 1.5) * (box.height / 9));
}

// Of pixels in the lanes: how many are neither background nor grey.
const drawn = (page) => page.$eval('.lanes-plot canvas', (canvas) => {
	const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
	copy.drawImage(canvas, 0, 0);
	const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
	let n = 0;
	for (let i = 0; i < data.length; i += 4)
		if (data[i + 3] > 250 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 40)
			n++;
	return n;
});

describe('processes on the report page', { skip: missing, concurrency: false }, () => {
	before(async () => {
		url = written('processes', processesPage(rows, 8));
		browser = await launch();
	});

	after(async () => {
		await browser?.close();
		cleanUp();
		for (const { said } of opened)
			assert.deepEqual(said, [], 'the console stays silent');
	});

	for (const width of [1200, 400])
		for (const scheme of ['light', 'dark'])
			test(`lanes are drawn, ${width} px wide, ${scheme}`, async () => {
				const page = await visit({ width, scheme });
				assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
				const area = await page.$eval('.lanes-plot canvas', (canvas) => canvas.width * canvas.height);
				assert.ok(await drawn(page) > area * 0.4, 'most of the lanes is coloured');
				await done(page);
			});

	test('a click selects: command line, relatives, address; the table shows it, Escape ends it', async () => {
		const page = await visit();
		const ld = rows.findIndex((r) => r.name === 'ld');
		await clickLane(page, 0, (rows[ld].start + rows[ld].end) / 2);
		await page.waitForFunction(() => /ld -o vmapp/.test(document.querySelector('#timeline .process-details').textContent));
		assert.match(await details(page), /started by gcc \d+ ← sh \d+ ← make \d+/);
		await page.waitForFunction((row) => location.hash.includes(`p=${row}`), ld);
		await page.waitForSelector('#processes .row.selected');
		assert.match(await page.locator('#processes .row.selected').innerText(), /ld -o vmapp/);
		await page.locator('.lanes').focus();
		await page.keyboard.press('p');
		await page.waitForFunction(() => /gcc -o vmapp/.test(document.querySelector('#timeline .process-command').textContent));
		await page.keyboard.press('Escape');
		await page.waitForFunction(() => !document.querySelector('#timeline .process-command'));
		await done(page);
	});

	test('the pointer tells in the line below, not over the data', async () => {
		const page = await visit();
		const box = await page.locator('.lanes-plot').boundingBox();
		await page.locator('.lanes-plot').scrollIntoViewIfNeeded();
		const now = await page.locator('.lanes-plot').boundingBox();
		await page.mouse.move(now.x + 72 + 200, now.y + now.height / 18);
		await page.waitForFunction(() => /make -j8/.test(document.querySelector('.readout').textContent));
		assert.match(await page.locator('.readout').innerText(), /0\ss to .* CPU · peak 12\sMiB · exit 0/s);
		assert.equal(box.height, now.height);
		await done(page);
	});

	test('keys go from process to process and say where they are', async () => {
		const page = await visit();
		await page.locator('.lanes').focus();
		const heard = new Set();
		for (const key of ['ArrowRight', 'ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowLeft']) {
			await page.keyboard.press(key);
			heard.add(await page.locator('#timeline [aria-live=polite]').innerText());
		}
		assert.ok(heard.size >= 5, [...heard].join('\n'));
		for (const text of heard)
			assert.match(text, /: .* CPU · peak/);
		await done(page);
	});

	test('lanes by tree scroll in a bounded height; the address says it', async () => {
		const page = await visit();
		await page.locator('#timeline').getByRole('radio', { name: 'by tree' }).check({ force: true });
		await page.waitForFunction(() => location.hash.includes('lanes=tree'));
		const [height, whole] = await page.$eval('.lanes', (lanes) => [lanes.clientHeight, lanes.scrollHeight]);
		assert.ok(height <= 430 && whole >= height);
		// A link to another view, followed within the page.
		await page.evaluate(() => (location.hash = '#group=program&sort=cpu-down&q=cat:compile'));
		await sumsBecome(page, /^3 groups of /);
		assert.ok(await page.locator('#timeline').getByRole('radio', { name: 'by job slot' }).isChecked());
		await page.evaluate(() => (location.hash = '#lanes=tree'));
		await sumsBecome(page, new RegExp(`^${rows.length.toLocaleString('en')} of`));
		assert.ok(await page.locator('#timeline').getByRole('radio', { name: 'by tree' }).isChecked());
		await done(page);
	});

	test('a click keeps the moment: who was alive then, and how much memory', async () => {
		const page = await visit();
		const ld = rows.find((r) => r.name === 'ld');
		await clickLane(page, 0, (ld.start + ld.end) / 2);
		await page.locator('#alive').scrollIntoViewIfNeeded(); // out of sight nothing is drawn
		await page.waitForFunction(() => /the moment that was clicked/.test(document.querySelector('#alive').textContent));
		assert.match(await page.locator('#alive').innerText(), /4 processes, [\d.]+\sGiB in all/);
		const listed = await page.$$eval('#alive .row', (all) => all.map((row) => row.textContent));
		assert.equal(listed.length, 4);
		assert.match(listed[0], /ld -o vmapp/);
		await page.locator('#alive').getByRole('button', { name: 'follow the cursor' }).click();
		await page.waitForFunction(() => /when memory was highest/.test(document.querySelector('#alive').textContent));
		await done(page);
	});

	test('idle cores: the serial end is told with who held it up; the chain is marked', async () => {
		const page = await visit();
		const text = await page.locator('#idle').innerText();
		assert.match(text, /In the last [\d.]+\ss \([\d.]+\s% of the run\) it kept \S+ of 8 cores busy\. It waited for ld \([\d.]+\ss\), run-tests/);
		assert.match(text, /inferred/);
		const before = await page.$eval('.lanes-plot canvas', (canvas) => canvas.toDataURL().length);
		await page.locator('#idle').getByRole('button', { name: 'mark it in the timeline' }).click();
		await page.waitForFunction(() => location.hash.includes('chain=1'));
		await page.waitForFunction((n) => document.querySelector('.lanes-plot canvas').toDataURL().length !== n, before);
		await done(page);
	});

	test('search narrows table, sums and lanes', async () => {
		const page = await visit();
		assert.match(await sums(page), new RegExp(`^${rows.length.toLocaleString('en')} of ${rows.length.toLocaleString('en')} processes`));
		const full = await drawn(page);
		await page.locator('#process-search').fill('cat:link');
		await sumsBecome(page, /^1 of /);
		assert.deepEqual(await commands(page), ['ld -o vmapp crt1.o @objects -lc']);
		await page.waitForFunction(() => location.hash.includes('q=cat%3Alink'));
		// Others are dimmed in the lanes, when one comes to them.
		await page.locator('.lanes-plot').scrollIntoViewIfNeeded();
		for (const begun = Date.now(); await drawn(page) >= full / 2;)
			assert.ok(Date.now() - begun < 30000, 'others are dimmed in the lanes');
		await page.locator('#process-search').fill('colour:red');
		await page.waitForFunction(() => /No field is called so: colour:red/.test(document.querySelector('#processes .problems').textContent));
		await page.locator('#process-search').fill('nothing-like-it');
		await sumsBecome(page, /No process is like that/);
		await page.locator('#processes').getByRole('button', { name: 'show all' }).click();
		await sumsBecome(page, new RegExp(`^${rows.length.toLocaleString('en')} of`));
		await done(page);
	});

	test('failed ones with one click', async () => {
		const page = await visit();
		const button = page.locator('#processes').getByRole('button', { name: `${failed} failed` });
		await button.click();
		await sumsBecome(page, new RegExp(`^${failed} of`));
		assert.equal(await button.getAttribute('aria-pressed'), 'true');
		const exits = await page.$$eval('#processes .virtual .of-exit', (cells) => cells.map((cell) => cell.textContent));
		assert.ok(exits.length > 0 && exits.every((text) => text === '1' || text === 'SIGKILL'), exits.join());
		await done(page);
	});

	test('sorted by any column, the unknown last; the address says it', async () => {
		const page = await visit({ hash: 'sort=peak-down' });
		assert.match((await commands(page))[0], /^ld /);
		await page.locator('#processes').getByRole('button', { name: 'time' }).click();
		await page.waitForFunction(() => location.hash.includes('sort=time-down'));
		assert.match((await commands(page))[0], /^make /);
		assert.equal(await page.locator('#processes .of-time[role=columnheader]').getAttribute('aria-sort'), 'descending');
		await page.locator('#processes').getByRole('button', { name: 'time' }).click();
		assert.match((await commands(page))[0], /^mkdir /);
		await done(page);
	});

	test('groups by source file and by program add up, and open', async () => {
		const page = await visit();
		await page.locator('#processes').getByRole('radio', { name: 'by program' }).check({ force: true });
		await sumsBecome(page, /^8 groups of /);
		const counts = await page.$$eval('#processes .virtual .of-category', (cells) => cells.map((cell) => Number(cell.textContent.replace(/\D/g, ''))));
		assert.equal(counts.reduce((a, b) => a + b, 0), rows.length);
		await page.locator('#processes').getByRole('radio', { name: 'by source file' }).check({ force: true });
		await sumsBecome(page, /^601 groups of /);
		const file = page.locator('#processes .virtual').getByRole('button', { name: 'src/dir0/part0.c' });
		await file.click();
		await sumsBecome(page, /^4 of /);
		assert.equal((await commands(page)).length, 4, 'sh, gcc, cc1 and as');
		assert.ok(await page.locator('#processes').getByRole('radio', { name: 'each process' }).isChecked());
		await done(page);
	});

	test('a category alone, in the lanes and in the table', async () => {
		const page = await visit();
		await page.locator('#timeline .legend-entry', { hasText: 'CPP_Link' }).click();
		await sumsBecome(page, /^1 of /);
		assert.equal(await page.locator('#processes .legend-entry', { hasText: 'CPP_Compile' }).getAttribute('aria-pressed'), 'false');
		await page.locator('#timeline .legend-entry', { hasText: 'Testing' }).click({ modifiers: ['Shift'] });
		await sumsBecome(page, /^2 of /);
		await page.locator('#timeline .legend-entry', { hasText: 'Testing' }).click({ modifiers: ['Shift'] });
		await page.locator('#timeline .legend-entry', { hasText: 'CPP_Link' }).click();
		await sumsBecome(page, new RegExp(`^${rows.length.toLocaleString('en')} of`));
		await done(page);
	});

	test('only rows in sight are elements; scrolling reaches the last', async () => {
		const page = await visit();
		assert.ok(await page.locator('#processes .virtual .row').count() < 60);
		await page.$eval('#processes .virtual', (list) => (list.scrollTop = list.scrollHeight));
		await page.waitForFunction(() => [...document.querySelectorAll('#processes .virtual .line')].some((line) => line.textContent.startsWith('run-tests')));
		await done(page);
	});

	test('a command line is copied', async () => {
		const page = await visit({ hash: 'q=cat:link' });
		await page.evaluate(() => {
			Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { window.copied = text; } } });
		});
		await page.locator('#processes .virtual .row').hover();
		await page.locator('#processes .virtual .copy').click();
		await page.waitForFunction(() => window.copied === '/usr/bin/ld -o vmapp crt1.o @objects -lc');
		await done(page);
	});

	test('in Portuguese and in Chinese', async () => {
		for (const [locale, words] of [['pt-PT', /Processos no tempo.*Núcleos parados.*falharam/s], ['zh-CN', /进程时间线.*空闲的核心.*失败/s]]) {
			const page = await visit({ locale });
			assert.match(await page.locator('main').innerText(), words);
			await done(page);
		}
	});
});
