// The legend of several things on two sides: a name with its colour, and what it holds on either side, "12 MiB →
// 18 MiB". Click: only this; shift-click: take it away or bring it back.
import type { Frame } from '../chart';
import { h, replace, shown } from '../dom';
import { texts } from '../i18n';
import { peakOf } from '../legend';
import type { RunView } from './runs';
import type { Thing } from './things';

const t = texts({
	en: { legend: 'Lines', hint: 'Click: only this one; shift-click: take it away or bring it back', peak: 'peaks', more: '{n} more' },
	pt: { legend: 'Linhas', hint: 'Clique: só esta; shift+clique: tirar ou repor', peak: 'picos', more: 'mais {n}' },
	zh: { legend: '图例', hint: '单击：仅显示此项；Shift+单击：隐藏或恢复', peak: '峰值', more: '另 {n} 项' },
});

type Entry = { key: string; button: HTMLButtonElement; value: HTMLElement };
const FIRST = 12;

export class PairLegend {
	readonly element = h('div', { class: 'legend pair-legend', role: 'group', 'aria-label': t('legend'), title: t('hint') });
	readonly #onChange: (hidden: ReadonlySet<string>) => void;
	readonly #view: RunView;
	readonly #when = h('span', { class: 'legend-when dim' });
	#entries: Entry[] = [];
	#hidden: ReadonlySet<string> = new Set();
	#shape = '';
	#open = false;

	constructor(view: RunView, onChange: (hidden: ReadonlySet<string>) => void) {
		this.#view = view;
		this.#onChange = onChange;
	}

	#pick(key: string, toggle: boolean): void {
		const keys = this.#entries.map((entry) => entry.key), hidden = new Set(this.#hidden);
		if (toggle) {
			if (!hidden.delete(key))
				hidden.add(key);
		} else if (keys.every((other) => (other === key) !== hidden.has(other))) {
			hidden.clear();
		} else {
			hidden.clear();
			for (const other of keys)
				if (other !== key)
					hidden.add(other);
		}
		this.#onChange(hidden);
	}

	show(things: readonly Thing[], hidden: ReadonlySet<string>): void {
		const shape = JSON.stringify([things.map(({ key, color }) => [key, color]), [...hidden]]);
		if (shape === this.#shape)
			return;
		const focused = this.#entries.find((entry) => entry.button === document.activeElement)?.key;
		this.#shape = shape;
		this.#hidden = hidden;
		this.#entries = things.map(({ key, label, color }) => {
			const value = h('span', { class: 'legend-value' }), swatch = h('span', { class: 'swatch' });
			swatch.style.setProperty('--color', color);
			const button = h('button', { type: 'button', class: 'legend-entry', 'aria-pressed': String(!hidden.has(key)), onclick: (e: MouseEvent) => this.#pick(key, e.shiftKey) },
				swatch, h('span', { class: 'legend-name' }, h('bdi', {}, shown(label, 60))), value);
			return { key, button, value };
		});
		const [first, rest] = [this.#entries.slice(0, FIRST), this.#entries.slice(FIRST)];
		const more = rest.length > 0 && !this.#open && h('button', { type: 'button', class: 'plain-button', onclick: () => {
			this.#open = true;
			this.#shape = '';
			this.show(things, this.#hidden);
		} }, t('more', { n: rest.length }));
		replace(this.element, this.#sides(), first.map(({ button }) => button), this.#open ? rest.map(({ button }) => button) : more, this.#when);
		this.#entries.find((entry) => entry.key === focused)?.button.focus({ preventScroll: true });
	}

	// What solid and dashed mean.
	#sides(): HTMLElement[] {
		return ([0, 1] as const).map((side) => {
			const swatch = h('span', { class: `swatch stroke${side === 1 ? ' dashed' : ''}` });
			swatch.style.setProperty('--color', 'var(--dim)');
			return h('span', { class: 'legend-side dim' }, swatch, h('bdi', {}, shown(this.#view.groups[side].name, 60)));
		});
	}

	/** Values at an index, or the peaks of what is seen. The frame has two lines a thing. */
	read(frame: Frame, index: number | null, when: string): void {
		for (const [i, { value }] of this.#entries.entries()) {
			const sides = [frame.lines[2 * i], frame.lines[2 * i + 1]].map((line) => (line ? frame.quantity.text(index === null ? line.peak ?? peakOf(line.values) : line.values[index]!) : '–'));
			value.textContent = sides.join(' → ');
		}
		this.#when.textContent = index === null ? t('peak') : when;
	}
}
