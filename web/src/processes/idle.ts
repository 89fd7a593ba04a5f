import type { Page } from '../data';
import type { Viewport } from '../viewport';

export async function mount(section: HTMLElement, _page: Page, _viewport: Viewport): Promise<void> {
	section.hidden = true;
}
