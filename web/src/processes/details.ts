// The selected process in full: command line, figures, who started it and whom it started. Its place
// is always there, so that nothing below moves when something is selected.
import { h, replace, shown } from '../dom';
import { bytes, count } from '../format';
import { texts } from '../i18n';
import type { Viewport } from '../viewport';
import { copyText } from './clipboard';
import { processDescendants } from './model';
import { selectedOf, type Shared } from './shared';
import { swatch } from './swatch';
import { command, figures, program, words } from './words';

const t = texts({
	en: {
		none: 'Click a process to see all of it: its command line, who started it, whom it started.', zoom: 'zoom to it', clear: 'deselect',
		by: 'started by', above: '{n} above', children: 'started {children} itself, {all} with theirs', leaf: 'started no other', below: 'show them in the table',
		pid: 'pid {pid}', source: 'works on', peaks: 'PSS {pss}, RSS {rss} at most', selected: 'Selected process',
	},
	pt: {
		none: 'Clique num processo para o ver por inteiro: a linha de comando, quem o iniciou, quem ele iniciou.', zoom: 'aproximar', clear: 'desmarcar',
		by: 'iniciado por', above: '{n} acima', children: 'iniciou {children}, com os deles {all}', leaf: 'não iniciou outros', below: 'mostrar na tabela',
		pid: 'pid {pid}', source: 'trabalha em', peaks: 'no máximo PSS {pss}, RSS {rss}', selected: 'Processo selecionado',
	},
	zh: {
		none: '点击一个进程，查看它的完整信息：命令行、由谁启动、启动了谁。', zoom: '缩放到此', clear: '取消选择',
		by: '启动者', above: '上层 {n} 个', children: '直接启动 {children} 个，连同后代 {all} 个', leaf: '没有启动其他进程', below: '在表中显示',
		pid: 'pid {pid}', source: '处理', peaks: '至多 PSS {pss}，RSS {rss}', selected: '所选进程',
	},
});

const NAMED_ANCESTORS = 4;

export function detailsNew(shared: Shared, viewport: Viewport): HTMLElement {
	const element = h('div', { class: 'process-details', role: 'region', 'aria-label': t('selected') });
	const update = (): void => {
		const i = selectedOf(shared, viewport);
		if (i < 0)
			replace(element, h('p', { class: 'dim hint' }, t('none')));
		else
			replace(element, headOf(shared, viewport, i), h('pre', { class: 'process-command', tabindex: 0, 'aria-label': t('selected') }, command(shared.p, i, 8192)),
				h('p', {}, figures(shared.p, i), bothPeaks(shared, i)), relativesOf(shared, viewport, i));
	};
	viewport.on('selection', update);
	update();
	return element;
}

function headOf(shared: Shared, viewport: Viewport, i: number): HTMLElement {
	const { p } = shared, category = shared.category(i);
	const copy = h('button', { type: 'button', class: 'plain-button', onclick: () => void copyText(p.cmdline[i]!, copy) }, words('copy'));
	const span = Math.max(p.end[i]! - p.start[i]!, 0.001);
	return h('div', { class: 'process-head' },
		swatch(shared.color(i)), h('strong', {}, program(p, i)),
		h('span', { class: 'dim' }, ` ${t('pid', { pid: p.pid[i]! })} · ${category === '' ? words('nocategory') : shown(`${shared.major(i)} / ${category}`, 120)}`),
		h('span', { class: 'buttons' }, copy,
			h('button', { type: 'button', class: 'plain-button', onclick: () => viewport.zoomTo(p.start[i]! - span * 0.1, p.end[i]! + span * 0.1) }, t('zoom')),
			h('button', { type: 'button', class: 'plain-button', onclick: () => viewport.select(null) }, t('clear'))));
}

/** Where both were measured, the figure says which it is, and the other stands beside it. */
function bothPeaks(shared: Shared, i: number): string {
	const { pss, rss } = shared.p;
	return pss[i]! > 0 && rss[i]! > 0 ? ` · ${t('peaks', { pss: bytes(pss[i]), rss: bytes(rss[i]) })}` : '';
}

function link(shared: Shared, viewport: Viewport, i: number): HTMLElement {
	return h('button', { type: 'button', class: 'link', title: command(shared.p, i, 300), onclick: () => {
		viewport.select(i);
		viewport.reveal(shared.p.start[i]!);
	} }, `${program(shared.p, i, 40)} ${shared.p.pid[i]!}`);
}

function relativesOf(shared: Shared, viewport: Viewport, i: number): HTMLElement {
	const above: HTMLElement[] = [];
	let n = 0;
	for (let at = shared.p.parent[i]!; at >= 0; at = shared.p.parent[at]!)
		if (n++ < NAMED_ANCESTORS)
			above.push(link(shared, viewport, at));
	const source = shared.source(i);
	const own = shared.children.from[i + 1]! - shared.children.from[i]!;
	return h('p', { class: 'relatives' },
		source !== '' && [`${t('source')} `, h('button', { type: 'button', class: 'link', onclick: () => shared.search(`src:"${source}"`) }, shown(source, 200)), ' · '],
		above.length > 0 && [`${t('by')} `, above.map((one, k) => [k > 0 && ' ← ', one]), n > above.length && ` ← ${t('above', { n: n - above.length })}`, ' · '],
		own === 0 ? t('leaf') : [t('children', { children: count(own), all: count(processDescendants(shared.children, i).length) }), ' · ',
			h('button', { type: 'button', class: 'link', onclick: () => shared.search(`below:${shared.p.pid[i]!}`) }, t('below'))]);
}
