// Texts in the reader's language: #lang=… or the browser's languages; English otherwise. Each part
// of the page brings its own texts: const t = texts({ en: {…}, pt: {…}, zh: {…} }); t('key', { n: 3 }).
import { fragment } from './fragment';

export type Lang = 'en' | 'pt' | 'zh';
export const LANGUAGES: readonly { lang: Lang; name: string }[] = [
	{ lang: 'en', name: 'English' },
	{ lang: 'pt', name: 'Português' },
	{ lang: 'zh', name: '中文' },
];

function choose(): Lang {
	for (const wish of [fragment.get('lang') ?? '', ...navigator.languages]) {
		const found = LANGUAGES.find(({ lang }) => wish.toLowerCase().split('-')[0] === lang);
		if (found)
			return found.lang;
	}
	return 'en';
}

export const lang: Lang = choose();

export type Arguments = { [name: string]: string | number };

/** {name} in a text is replaced by the argument of that name, {name?event:events} by one of two words: the first where it is 1. */
export function texts<T extends { [key: string]: string }>(
	all: { en: T; pt: { [K in keyof T]: string }; zh: { [K in keyof T]: string } }): (key: keyof T, args?: Arguments) => string {
	const mine: { [K in keyof T]: string } = all[lang];
	return (key, args = {}) => mine[key].replace(/\{(\w+)(?:\?([^:}]*):([^}]*))?\}/g, (whole: string, name: string, one?: string, many?: string) => {
		if (!(name in args))
			return whole;
		const value = String(args[name]);
		return many === undefined ? value : value === '1' ? one ?? '' : many;
	});
}
