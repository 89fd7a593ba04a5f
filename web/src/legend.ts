// A chart's legend, which is its control: click shows only this line, or all again; shift-click takes
// one away or brings it back. Beside each name stands its value under the cursor, else its peak.
import { h, replace, shown } from './dom';
import type { Frame, Line } from './chart';
import { texts } from './i18n';

const t = texts({
	en: { hint: 'Click: only this line; shift-click: take it away or bring it back', peak: 'peak', all: 'all', legend: 'Lines', total: 'Total' },
	pt: { hint: 'Clique: só esta linha; shift+clique: tirar ou repor', peak: 'pico', all: 'todas', legend: 'Linhas', total: 'Total' },
	zh: { hint: '单击：仅显示此线；Shift+单击：隐藏或恢复', peak: '峰值', all: '全部', legend: '图例', total: '总计' },
});

type Entry = { key: string; button: HTMLButtonElement; value: HTMLElement };

export class Legend {
	readonly element = h('div', { class: 'legend', role: 'group', 'aria-label': t('legend'), title: t('hint') });
	readonly #onChange: (hidden: ReadonlySet<string>) => void;
	readonly #withTotal: boolean;
	readonly #when = h('span', { class: 'legend-when dim' });
	readonly #total = h('span', { class: 'legend-value' });
	#hidden: Set<string>;
	#entries: Entry[] = [];
	#shape = '';

	constructor(hidden: Iterable<string>, withTotal: boolean, onChange: (hidden: ReadonlySet<string>) => void) {
		this.#hidden = new Set(hidden);
		this.#withTotal = withTotal;
		this.#onChange = onChange;
	}

	setHidden(hidden: Iterable<string>): void {
		this.#hidden = new Set(hidden);
		this.#shape = '';
	}

	#pick(key: string, toggle: boolean): void {
		const keys = this.#entries.map((entry) => entry.key);
		if (toggle) {
			if (!this.#hidden.delete(key))
				this.#hidden.add(key);
		} else if (keys.every((k) => (k === key) !== this.#hidden.has(k))) {
			this.#hidden.clear();
		} else {
			this.#hidden = new Set(keys.filter((k) => k !== key));
		}
		// Nothing shown at all would be a dead end.
		if (keys.every((k) => this.#hidden.has(k)))
			this.#hidden.clear();
		this.#onChange(this.#hidden);
	}

	#build(lines: readonly Line[]): void {
		this.#entries = lines.map((line) => {
			const value = h('span', { class: 'legend-value' });
			const swatch = h('span', { class: `swatch${line.dash ? ' dashed' : ''}` });
			swatch.style.setProperty('--color', line.color);
			const button = h('button', { type: 'button', class: 'legend-entry', 'aria-pressed': String(!line.hidden),
				onclick: (e: MouseEvent) => this.#pick(line.key, e.shiftKey) }, swatch, h('span', { class: 'legend-name', lang: line.english ? 'en' : null }, shown(line.label, 60)), value);
			return { key: line.key, button, value };
		});
		const total = this.#withTotal && lines.length > 1 ? h('span', { class: 'legend-total' }, t('total'), this.#total) : null;
		replace(this.element, this.#entries.map((entry) => entry.button), total, this.#when);
	}

	/** The lines of a frame; kept where they are the same as before. */
	show(frame: Frame): void {
		const shape = JSON.stringify(frame.lines.map((l) => [l.key, l.label, l.color, l.hidden]));
		if (shape === this.#shape)
			return;
		// The button that was used keeps the focus.
		const focused = this.#entries.find((entry) => entry.button === document.activeElement)?.key;
		this.#shape = shape;
		this.#build(frame.lines);
		this.#entries.find((entry) => entry.key === focused)?.button.focus({ preventScroll: true });
	}

	/** Values at an index of the frame, peaks of what is seen where it is null. */
	read(frame: Frame, index: number | null, when: string): void {
		for (const [i, line] of frame.lines.entries()) {
			const entry = this.#entries[i];
			if (!entry || entry.key !== line.key)
				return;
			say(entry.value, frame.quantity.text(index === null ? line.peak ?? peakOf(line.values) : line.values[index]!));
		}
		if (this.#withTotal)
			say(this.#total, frame.quantity.text(totalOf(frame, index)));
		say(this.#when, index === null ? t('peak') : when);
	}
}

/** What is said already is not written again: the page would be laid out anew for it. */
function say(element: HTMLElement, text: string): void {
	if (element.textContent !== text)
		element.textContent = text;
}

export function peakOf(values: ArrayLike<number>): number {
	let most = NaN;
	for (let i = 0; i < values.length; i++)
		if (!(values[i]! <= most))
			most = values[i]! === values[i]! ? values[i]! : most;
	return most;
}

function totalOf(frame: Frame, index: number | null): number {
	const lines = frame.lines.filter((line) => !line.hidden && !line.dash);
	if (index !== null)
		return lines.reduce((sum, line) => sum + (line.values[index]! || 0), 0);
	const sums = new Float64Array(frame.t.length);
	for (const { values } of lines)
		for (let i = 0; i < sums.length; i++)
			sums[i]! += values[i]! || 0;
	return Math.max(0, peakOf(sums) || 0);
}
