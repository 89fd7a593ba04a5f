// What the page's tests share: the bundle built once, invented runs as files, a headless Chromium. Where
// one of these cannot be had here, `missing` says why and the tests are skipped.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { html, writeFixture } from '../../web/test/fixture.mjs';
import { bundle } from './bundle.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const place = mkdtempSync(join(tmpdir(), 'vigia-page.'));

function findBrowser() {
	if (process.env.CHROMIUM)
		return process.env.CHROMIUM;
	for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
		const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
		if (found.status === 0)
			return found.stdout.trim();
	}
	return null;
}

const executablePath = findBrowser();

const built = executablePath === null ? { place: '', missing: 'no chromium' } : bundle();

/** Why there is nothing to test with; false: there is. */
export const { missing } = built;

export async function launch() {
	const { chromium } = await import('playwright-core');
	// No graphics by software: the page needs none, and making it would be most of a browser's start.
	return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-software-rasterizer'] });
}

const made = new Map();

/** The address of an invented run's page, and what is in it. */
export function fixture(kind) {
	if (!made.has(kind)) {
		const path = join(place, `${kind}.html`);
		const { page, data } = writeFixture(kind, path, built.place);
		made.set(kind, { url: pathToFileURL(path).href, page, data });
	}
	return made.get(kind);
}

/** Writes a page of such data; its address. */
export function written(name, { page, data }) {
	const path = join(place, `${name}.html`);
	writeFileSync(path, html(page, data, readFileSync(join(built.place, 'report.css'), 'utf8'), readFileSync(join(built.place, 'report.js'), 'utf8')));
	return pathToFileURL(path).href;
}

// Windows that a test is done with, by what they were opened with: the next takes one of them, and loads its own
// page in it. What a test did to the window itself is undone; what it must not leave behind it opens `alone`.
const free = new Map();

async function windowOf(browser, options) {
	const { width, height, scheme, locale, touch, reducedMotion } = options, key = JSON.stringify([width, height, scheme, locale, touch, reducedMotion]);
	const list = free.get(browser)?.get(key) ?? [], page = list.pop();
	if (page) {
		await page.setViewportSize({ width, height });
		return { page, key };
	}
	const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale, hasTouch: touch, reducedMotion });
	context.setDefaultTimeout(30000); // of a machine that has other work
	const fresh = await context.newPage(), wait = fresh.waitForFunction.bind(fresh);
	// Asked by the clock: a window that has nothing to draw may not be given a frame for long.
	fresh.waitForFunction = (what, argument, settings) => wait(what, argument, { polling: 100, ...settings });
	return { page: fresh, key };
}

async function giveBack(browser, key, page, heard) {
	for (const [event, listener] of Object.entries(heard))
		page.off(event, listener);
	await page.mouse.move(0, 0);
	await page.goto('about:blank');
	const windows = free.get(browser) ?? new Map();
	free.set(browser, windows.set(key, [...(windows.get(key) ?? []), page]));
}

/** Opens a page, notes what it says on its console, and waits until all is drawn. */
export async function open(browser, url, { width = 1200, height = 900, hash = '', scheme = 'light', locale = 'en-GB', touch = false, reducedMotion = 'reduce', alone = false } = {}) {
	const { page, key } = await windowOf(browser, { width, height, scheme, locale, touch, reducedMotion }), said = [];
	const heard = { console: (message) => said.push(`${message.type()}: ${message.text()}`), pageerror: (error) => said.push(`error: ${error.stack}`) };
	for (const [event, listener] of Object.entries(heard))
		page.on(event, listener);
	await page.goto(url + (hash && `#${hash}`));
	await page.waitForSelector('html[data-ready]');
	await page.waitForFunction(() => [...document.querySelectorAll('#memory .chart-box, #cpu .chart-box')].every((box) => box.querySelector('canvas')));
	return { page, said, close: () => (alone ? page.context().close() : giveBack(browser, key, page, heard)) };
}

export function cleanUp() {
	rmSync(place, { recursive: true, force: true });
}
