// What a part of the page is: it fills its section, and draws only what is seen of it.
import type { Page } from './data';
import type { Viewport } from './viewport';

export type Mount = (section: HTMLElement, page: Page, viewport: Viewport) => void | Promise<void>;
