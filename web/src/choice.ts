// A small set of choices of which one holds, as radio buttons in a row.
import { h } from './dom';

let groups = 0;

export class Choice<T extends string> {
	readonly element: HTMLElement;
	readonly #inputs = new Map<T, HTMLInputElement>();

	constructor(label: string, options: readonly { value: T; text: string; title?: string }[], chosen: T, onChange: (value: T) => void) {
		const name = `choice-${++groups}`;
		this.element = h('span', { class: 'choice', role: 'radiogroup', 'aria-label': label }, options.map(({ value, text, title }) => {
			const input = h('input', { type: 'radio', name, value, onchange: () => onChange(value) });
			input.checked = value === chosen;
			this.#inputs.set(value, input);
			return h('label', { title }, input, h('span', {}, text));
		}));
	}

	set(value: T): void {
		const input = this.#inputs.get(value);
		if (input)
			input.checked = true;
	}
}
