// The report page: reads its data, then lets each part fill its section, in LOOK's order.
import './report.css';
import { Page } from './data';
import { h, replace } from './dom';
import { lang } from './i18n';
import type { Mount } from './mount';
import { mount as mountAlive } from './processes/alive';
import { mount as mountIdle } from './processes/idle';
import { mount as mountTable } from './processes/table';
import { mount as mountTimeline } from './processes/timeline';
import { theme } from './theme';
import { Viewport } from './viewport';

const PARTS: readonly { id: string; mount: Mount }[] = [
	{ id: 'timeline', mount: mountTimeline },
	{ id: 'alive', mount: mountAlive },
	{ id: 'idle', mount: mountIdle },
	{ id: 'processes', mount: mountTable },
];

async function start(): Promise<void> {
	const main = document.getElementById('vigia');
	if (!main)
		return;
	const page = Page.ofDocument();
	document.documentElement.lang = lang;
	theme.start();
	const viewport = new Viewport(page.meta.duration_s);
	const sections = PARTS.map(({ id }) => h('section', { id }));
	replace(main, sections);
	for (const [i, part] of PARTS.entries())
		await part.mount(sections[i]!, page, viewport);
	addEventListener('resize', () => viewport.relayout());
}

start().catch((error: unknown) => {
	// The text summary is still on the page, or what was drawn so far.
	document.getElementById('vigia')?.prepend(h('p', { class: 'failure', role: 'alert' }, `The charts could not be drawn: ${String(error)}`));
});
