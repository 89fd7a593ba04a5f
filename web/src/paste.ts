// Lines to be pasted into a shell or a file, with a button that copies them.
import './paste.css';
import { h, shown } from './dom';
import { texts } from './i18n';
import { copyText } from './processes/clipboard';

const t = texts({ en: { copy: 'copy' }, pt: { copy: 'copiar' }, zh: { copy: '复制' } });

export function paste(text: string): HTMLElement[] {
	const button = h('button', { type: 'button', class: 'link', onclick: () => void copyText(text, button) }, t('copy'));
	return [h('pre', { class: 'paste', dir: 'ltr' }, text.split('\n').map((line) => [shown(line, 600), '\n'])), button];
}
