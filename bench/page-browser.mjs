// Speed of the report page in headless Chromium over an invented run of 50,000 processes, or a page
// that is named: first paint, all charts, and frames a second while zooming and hovering.
// Usage: node page-browser.mjs PAGE.html [--json]; needs tests/node_modules (npm ci) and chromium.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const { chromium } = createRequire(new URL('../tests/package.json', import.meta.url))('playwright-core');
const browserPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => p && existsSync(p));
const [file, mode] = process.argv.slice(2);
if (!file || !browserPath) {
	console.error(file ? 'no chromium here' : 'usage: node page-browser.mjs PAGE.html [--json]');
	process.exit(2);
}

const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
await page.goto(pathToFileURL(resolve(file)).href, { waitUntil: 'commit' });
await page.waitForSelector('html[data-ready]', { timeout: 60000 });
await page.waitForFunction(() => [...document.querySelectorAll('.chart-box')].every((box) => box.querySelector('canvas')), null, { timeout: 60000, polling: 20 });
const times = await page.evaluate(() => {
	const painted = performance.getEntriesByName('first-contentful-paint')[0];
	return { first: painted ? painted.startTime : null, all: performance.now() };
});

// Frames while something is done in each: how many a second, and the longest.
const frames = (steps, area = '#memory .u-over') => page.evaluate(async ([actions, selector]) => {
	const box = document.querySelector(selector), rect = box.getBoundingClientRect();
	const seen = [];
	let last = performance.now();
	for (let i = 0; i < 90; i++) {
		const x = rect.left + rect.width * (0.3 + 0.4 * Math.abs(Math.sin(i / 14))), y = rect.top + 80;
		if (actions === 'zoom')
			box.dispatchEvent(new WheelEvent('wheel', { deltaY: i < 45 ? -60 : 60, ctrlKey: true, clientX: x, clientY: y, bubbles: true, cancelable: true }));
		else
			box.dispatchEvent(new PointerEvent('pointermove', { clientX: x, clientY: y, pointerId: 1, bubbles: true }));
		await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
		const now = performance.now();
		seen.push(now - last);
		last = now;
	}
	const sorted = [...seen].sort((a, b) => a - b);
	return { fps: 1000 / (seen.reduce((a, b) => a + b, 0) / seen.length), longest: sorted[sorted.length - 1], p95: sorted[Math.floor(sorted.length * 0.95)] };
}, [steps, area]);

await page.evaluate(() => document.querySelector('#memory').scrollIntoView());
await page.waitForTimeout(300);
const zoom = await frames('zoom'), hover = await frames('hover');
// The same over the timeline of processes.
await page.evaluate(() => document.querySelector('#timeline').scrollIntoView());
await page.waitForTimeout(300);
const lanesZoom = await frames('zoom', '.lanes-plot'), lanesHover = await frames('hover', '.lanes-plot');
await browser.close();
const result = { first_paint_ms: times.first, all_charts_ms: times.all, zoom_fps: zoom.fps, zoom_p95_ms: zoom.p95, zoom_longest_ms: zoom.longest, hover_fps: hover.fps, hover_p95_ms: hover.p95, hover_longest_ms: hover.longest,
	timeline_zoom_fps: lanesZoom.fps, timeline_zoom_p95_ms: lanesZoom.p95, timeline_hover_fps: lanesHover.fps, timeline_hover_p95_ms: lanesHover.p95 };
if (mode === '--json')
	console.log(JSON.stringify(result));
else
	for (const [name, value] of Object.entries(result))
		console.log(`${name.padEnd(22)} ${value === null ? '-' : value.toFixed(value < 10 ? 2 : 0)}`);
