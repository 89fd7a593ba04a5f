// Colours and language, as the reader wants them.
import { h } from './dom';
import { fragment } from './fragment';
import { LANGUAGES, lang, texts } from './i18n';
import { theme, type Scheme } from './theme';

const t = texts({
	en: { theme: 'Colours', light: 'light', dark: 'dark', system: 'system', language: 'Language' },
	pt: { theme: 'Cores', light: 'claro', dark: 'escuro', system: 'sistema', language: 'Língua' },
	zh: { theme: '配色', light: '浅色', dark: '深色', system: '跟随系统', language: '语言' },
});

/** Colours and language, at the top of the page. */
export function settings(): HTMLElement {
	const scheme = h('select', { 'aria-label': t('theme'), onchange: () => theme.choose(scheme.value === 'system' ? null : scheme.value as Scheme) },
		(['system', 'light', 'dark'] as const).map((value) => h('option', { value, selected: (fragment.get('theme') ?? 'system') === value }, t(value))));
	const language = h('select', { 'aria-label': t('language'), onchange: () => {
		fragment.set('lang', language.value);
		fragment.link();
		location.reload();
	} }, LANGUAGES.map((one) => h('option', { value: one.lang, selected: one.lang === lang }, one.name)));
	return h('div', { class: 'settings' }, scheme, language);
}
