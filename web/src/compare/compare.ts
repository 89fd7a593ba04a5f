// The page of a comparison: what got worse first, then runs beside each other over time, then every figure.
import { h, replace } from '../dom';
import { mountOverview } from '../overview';
import { settings } from '../settings';
import { Page } from '../data';
import { Viewport } from '../viewport';
import { mountChanges } from './changes';
import './compare.css';
import { mountHead } from './head';
import { mountMigration } from './migration';
import { mountPairs } from './pairs';
import { mountRepeats } from './repeats';
import { mountRuns } from './runs-table';
import { RunView } from './runs';
import { mountCategories, mountCpu, mountMemory, mountMonitors } from './sections';
import { mountTables } from './tables';
import type { ComparePage, Figure } from './types';

const IDS = ['head', 'pairs', 'worse', 'better', 'repeats', 'overview', 'memory', 'cpu', 'categories', 'migration', 'monitors', 'differences', 'runs'] as const;

export function mountCompare(main: HTMLElement, data: ComparePage): void {
	const view = new RunView(data, (document.getElementById('vigia-data')?.textContent ?? '').trim());
	const longest = Math.max(0, ...view.runs.map(({ over }) => over.duration_s)), viewport = new Viewport(longest);
	const sections = Object.fromEntries(IDS.map((id) => [id, h('section', { id })])) as { [I in typeof IDS[number]]: HTMLElement };
	replace(main, settings(), Object.values(sections));
	addEventListener('resize', () => viewport.relayout());
	mountHead(sections.head, view);
	mountPairs(sections.pairs, view);
	mountRepeats(sections.repeats, view);
	// The strip shows the longest of the base's runs; its clock is no one run's.
	const shape = view.runs.find(({ over }) => over.duration_s === longest);
	if (shape)
		mountOverview(sections.overview, new Page({ ...shape.page.meta, start: null }, (document.getElementById('vigia-data')?.textContent ?? '').trim()), viewport, []);
	mountMemory(sections.memory, viewport, view);
	mountCpu(sections.cpu, viewport, view);
	const showCategory = mountCategories(sections.categories, viewport, view), showMonitor = mountMonitors(sections.monitors, viewport, view);
	mountChanges(sections.worse, sections.better, view, (figure: Figure) => {
		if (figure.section === 'monitor')
			return showMonitor(figure);
		if (figure.section === 'run')
			return figure.unit === 'bytes' ? 'memory' : 'cpu';
		showCategory(figure);
		return 'categories';
	});
	void mountMigration(sections.migration, viewport, view);
	mountTables(sections.differences, view);
	mountRuns(sections.runs, view);
}
