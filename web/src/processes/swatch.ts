// A small square in a category's colour. Colours are set on the element, not in markup: the page's
// policy allows no style attributes.
import { h } from '../dom';

export function swatch(color: string): HTMLElement {
	const element = h('span', { class: 'process-swatch', 'aria-hidden': 'true' });
	element.style.background = color;
	return element;
}
