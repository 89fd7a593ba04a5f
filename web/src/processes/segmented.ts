// A choice of one among few, as a row of buttons.
import { h } from '../dom';

export function segmentedNew<K extends string>(
	label: string, choices: readonly (readonly [K, string])[], chosen: K, choose: (key: K) => void): HTMLElement {
	const buttons = choices.map(([key, text]) => h('button', { type: 'button', 'aria-pressed': String(key === chosen), onclick: () => {
		for (const [k, button] of buttons.entries())
			button.setAttribute('aria-pressed', String(choices[k]![0] === key));
		choose(key);
	} }, text));
	return h('div', { class: 'segmented', role: 'group', 'aria-label': label }, buttons);
}
