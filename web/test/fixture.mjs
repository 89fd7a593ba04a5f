// Makes a report.html with invented data, by the contract of docs/page-data.md, so that the page can
// be looked at and tested without a recording.
// Usage: node fixture.mjs typical|empty|one|huge|hostile|day|incomplete|compare-two|compare-groups|compare-many|compare-hostile|compare-empty OUT.html [BUNDLE-DIRECTORY]
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCompare } from './compare-fixture.mjs';
import { buildPage } from './fixture-data.mjs';

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export function html(page, data, css, js) {
	const policy = `default-src 'none'; script-src ${hash(js)}; style-src ${hash(css)}; img-src data:; base-uri 'none'; form-action 'none'`;
	return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escaped(page.report?.run.label ?? 'vigia')}</title><style>${css}</style></head><body>
<main id="vigia"><pre class="plain">${escaped(page.comparison?.answer ?? `${page.report.run.command ?? ''} took ${page.duration_s} s`)}</pre></main>
<script type="application/json" id="vigia-page">${JSON.stringify(page).replaceAll('<', '\\u003c')}</script>
<script type="text/plain" id="vigia-data">${data.toString('base64')}</script>
<script>${js}</script></body></html>
`;
}

export function writeFixture(kind, path, bundle) {
	const { page, data } = kind.startsWith('compare-') ? buildCompare(kind) : buildPage(kind);
	mkdirSync(dirname(path), { recursive: true });
	const text = html(page, data, readFileSync(join(bundle, 'report.css'), 'utf8'), readFileSync(join(bundle, 'report.js'), 'utf8'));
	writeFileSync(path, text);
	return { page, data, size: text.length };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const [kind, out, bundle = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist')] = process.argv.slice(2);
	if (!out) {
		console.error('usage: node fixture.mjs typical|empty|one|huge|hostile|day|incomplete|compare-two|compare-groups|compare-many|compare-hostile|compare-empty OUT.html [BUNDLE-DIRECTORY]');
		process.exit(2);
	}
	console.log(`${out}: ${writeFixture(kind, out, bundle).size} characters`);
}
