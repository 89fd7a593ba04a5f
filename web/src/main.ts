// The report page: reads its data, then lets each part fill its section, in LOOK's order.
import './report.css';
import { CategoryView } from './categories';
import { mountCompare } from './compare/compare';
import type { ComparePage } from './compare/types';
import { mountCpu } from './cpu';
import { Page, pageJson } from './data';
import { h, replace } from './dom';
import { marksOf, mountFindings, showMoment } from './findings';
import { mountHead } from './head';
import { lang, texts } from './i18n';
import { mountMemory } from './memory';
import { mountMonitors } from './monitors';
import type { Mount } from './mount';
import { mountNextRun } from './next-run';
import { mountOverview } from './overview';
import { mount as mountAlive } from './processes/alive';
import { mount as mountIdle } from './processes/idle';
import { mount as mountTable } from './processes/table';
import { mount as mountTimeline } from './processes/timeline';
import { mountRecorded } from './recorded';
import { settings } from './settings';
import { mountSweep } from './sweep';
import type { SweepPage } from './sweep-types';
import { theme } from './theme';
import { Viewport } from './viewport';

function partsOf(page: Page): readonly { id: string; mount: Mount }[] {
	const view = new CategoryView(page.meta.categories), marks = marksOf(page);
	return [
		{ id: 'head', mount: (section, _, viewport) => mountHead(section, page, (at) => showMoment(viewport, at)) },
		{ id: 'findings', mount: mountFindings },
		{ id: 'next-run', mount: (section, page) => mountNextRun(section, page) },
		{ id: 'overview', mount: (section, _, viewport) => mountOverview(section, page, viewport, marks) },
		{ id: 'memory', mount: (section, _, viewport) => mountMemory(section, page, viewport, view, marks) },
		{ id: 'cpu', mount: (section, _, viewport) => mountCpu(section, page, viewport, view, marks) },
		{ id: 'timeline', mount: mountTimeline },
		{ id: 'alive', mount: mountAlive },
		{ id: 'idle', mount: mountIdle },
		{ id: 'monitors', mount: (section, _, viewport) => mountMonitors(section, page, viewport, marks) },
		{ id: 'processes', mount: mountTable },
		{ id: 'recorded', mount: (section) => mountRecorded(section, page) },
	];
}

const t = texts({
	en: { failed: 'This part could not be drawn: {error}' },
	pt: { failed: 'Não foi possível desenhar esta parte: {error}' },
	zh: { failed: '此部分无法绘制：{error}' },
});

function fail(where: Element, error: unknown): void {
	where.append(h('p', { class: 'failure', role: 'alert' }, t('failed', { error: String(error) })));
}

async function fill(main: HTMLElement, page: Page): Promise<void> {
	const viewport = new Viewport(page.meta.duration_s), parts = partsOf(page);
	const sections = parts.map(({ id }) => h('section', { id }));
	replace(main, settings(), sections);
	addEventListener('resize', () => viewport.relayout());
	// What fails in one part leaves the others.
	await Promise.all(parts.map(async (part, i) => {
		try {
			await part.mount(sections[i]!, page, viewport);
		} catch (error) {
			fail(sections[i]!, error);
		}
	}));
}

async function start(): Promise<void> {
	const main = document.getElementById('vigia');
	if (!main)
		return;
	document.documentElement.lang = lang;
	theme.start();
	try {
		const data = pageJson();
		if (data.kind === 'sweep')
			mountSweep(main, data as unknown as SweepPage);
		else if (data.kind === 'compare')
			mountCompare(main, data as unknown as ComparePage);
		else
			await fill(main, Page.ofDocument(data));
		document.documentElement.dataset['ready'] = 'true';
	} catch (error) {
		// The text summary is still on the page.
		fail(main, error);
	}
}

void start();
