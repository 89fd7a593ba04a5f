// Elements made without markup: data only ever becomes text or an attribute's value, so that
// nothing that a process is called can become part of the page.

export type Child = Node | string | number | null | undefined | false | readonly Child[];
export type Attributes = { [name: string]: string | number | boolean | null | undefined | ((event: never) => void) };

/** Appends what there is. */
export function put(parent: Element, child: Child): void {
	if (child === null || child === undefined || child === false)
		return;
	if (typeof child === 'string' || typeof child === 'number')
		parent.append(String(child));
	else if (child instanceof Node)
		parent.append(child);
	else
		for (const one of child)
			put(parent, one);
}

function apply(element: Element, attributes: Attributes): void {
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === 'function')
			element.addEventListener(name.replace(/^on/, ''), value as unknown as EventListener);
		else if (value === true)
			element.setAttribute(name, '');
		else if (value !== false && value !== null && value !== undefined)
			element.setAttribute(name, String(value));
	}
}

/** h('button', { class: 'x', onclick: () => … }, 'text', child, [children]) */
export function h<K extends keyof HTMLElementTagNameMap>(
	tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
	const element = document.createElement(tag);
	apply(element, attributes);
	put(element, children);
	return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
	tag: K, attributes: Attributes = {}, ...children: Child[]): SVGElementTagNameMap[K] {
	const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
	apply(element, attributes);
	put(element, children);
	return element;
}

export function replace(parent: Element, ...children: Child[]): void {
	parent.textContent = '';
	put(parent, children);
}

// Controls that could be taken for formatting or reverse the text around them: shown as signs.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function sign(character: string): string {
	const code = character.charCodeAt(0);
	if (code < 0x20)
		return String.fromCharCode(0x2400 + code);
	return code === 0x7f ? '\u2421' : '\ufffd';
}

/** A sentence that the program wrote, not the page: it is English in every language of the page. */
export const english = (...children: Child[]): HTMLElement => h('bdi', { lang: 'en' }, ...children);

/** A text of outsiders as it can be shown: no control characters, at most `most` characters, cut in the middle. */
export function shown(text: string, most = 4096): string {
	let cut = text;
	if (text.length > most) {
		const head = Math.ceil((most - 1) * 0.6);
		cut = `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
	}
	return cut.replace(HIDDEN, sign);
}
