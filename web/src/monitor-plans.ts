// Which charts a monitor's table becomes, by its Schema alone.
import type { Series, Table } from './page-types';
import { seriesColor } from './theme';

export type Plan = { title: string; help: string | null; series: { label: string; color: string; series: Series }[] };

/** Charts of a table: keyless columns by unit and role, then each column with keys. */
export function plansOf(table: Table): { together: Plan[]; apart: Plan[] } {
	const together = new Map<string, Plan>(), apart = new Map<number, Plan>();
	// A key has one colour in all charts of its table.
	const keys = [...new Set(table.series.map((series) => series.key).filter((name) => name !== ''))];
	for (const series of table.series) {
		const column = table.columns[series.column];
		if (!column)
			continue;
		if (series.key === '') {
			const group = `${column.unit}/${column.role}`;
			let plan = together.get(group);
			if (!plan)
				together.set(group, plan = { title: '', help: null, series: [] });
			plan.series.push({ label: column.label || column.name, color: seriesColor(plan.series.length), series });
		} else {
			let plan = apart.get(series.column);
			if (!plan)
				apart.set(series.column, plan = { title: column.label || column.name, help: column.help || null, series: [] });
			plan.series.push({ label: series.key, color: seriesColor(keys.indexOf(series.key)), series });
		}
	}
	for (const plan of together.values()) {
		plan.title = plan.series.slice(0, 4).map((s) => s.label).join(', ') + (plan.series.length > 4 ? ' …' : '');
		plan.help = plan.series.length === 1 ? table.columns[plan.series[0]!.series.column]!.help || null : null;
	}
	return { together: [...together.values()], apart: [...apart.values()] };
}
