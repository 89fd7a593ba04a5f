// Copies a text, also where the clipboard interface is refused (a page from a file), and says so on
// the button for a moment.
import { h } from '../dom';
import { words } from './words';

async function write(text: string): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const area = h('textarea', { class: 'visually-hidden', readonly: true, 'aria-hidden': 'true' });
		area.value = text;
		document.body.append(area);
		area.select();
		const done = document.execCommand('copy');
		area.remove();
		return done;
	}
}

export async function copyText(text: string, button: HTMLElement): Promise<void> {
	if (!(await write(text)))
		return;
	button.textContent = words('copied');
	setTimeout(() => (button.textContent = words('copy')), 1500);
}
