// The major categories as controls: click shows only this one, with shift this one more or less.
import { h, replace, shown } from '../dom';
import { count } from '../format';
import { texts } from '../i18n';
import type { Shared } from './shared';
import { swatch } from './swatch';
import { words } from './words';

const t = texts({
	en: { label: 'Categories of processes', help: 'click: only this; shift-click: more or less of them' },
	pt: { label: 'Categorias de processos', help: 'clique: só esta; shift-clique: mais ou menos' },
	zh: { label: '进程类别', help: '点击：只看此类；按住 Shift 点击：增减' },
});

export function legendNew(shared: Shared): HTMLElement {
	const element = h('div', { class: 'legend process-legend', role: 'group', 'aria-label': t('label') });
	const update = (): void => {
		const only = shared.only.value;
		replace(element, shared.majors.map((major) => h('button', {
			type: 'button', class: 'legend-entry', 'aria-pressed': String(!only || only.has(major.name)), title: t('help'),
			onclick: (event: MouseEvent) => {
				shared.chooseMajor(major.name, event.shiftKey);
				[...element.querySelectorAll('button')][shared.majors.indexOf(major)]?.focus();
			},
		}, swatch(major.color), shown(major.name, 40) || words('nocategory'), h('span', { class: 'dim' }, ` ${count(major.count)}`))));
	};
	shared.only.on(update);
	update();
	return element;
}
