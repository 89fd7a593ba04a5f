// The table of processes: what the search and the categories let through, sorted, alone or in groups,
// with their sums. The same choice dims the others in the timeline.
import { Choice } from '../choice';
import type { Page } from '../data';
import { h, replace, shown } from '../dom';
import { bytes, count, duration } from '../format';
import { fragment } from '../fragment';
import { texts } from '../i18n';
import type { Viewport } from '../viewport';
import { copyText } from './clipboard';
import { cellText, COLUMNS, columnTitle, groupCellText, sortGroups, sortRows, type ColumnKey, type Way } from './columns';
import { detailsNew } from './details';
import { groupsOf, sumsOf, type Group, type Sums } from './group';
import { legendNew } from './legend';
import { processFailed } from './model';
import { queryParse, type Query } from './query';
import { selectedOf, sharedOf, type Shared } from './shared';
import { swatch } from './swatch';
import { brief, charactersIn, command, words } from './words';
import { VirtualList } from './virtual-list';

const t = texts({
	en: {
		title: 'Processes', search: 'Search processes', hint: 'words, or fields: cat:link exit:!0 cpu>2 mem:>1G src:dag.cpp name:ld time:1s..5s at:90 below:PID is:failed, - turns one round',
		group: 'Group', none: 'each process', program: 'by program', source: 'by source file', category: 'by category', failed: '{n} failed', nofailed: 'none failed',
		sums: '{n} of {all} {all?process:processes} · {cpu} CPU · {wall} of time · largest peak {peak}', groups: '{n} {n?group:groups} of ',
		nosource: '(no source file)', field: 'No field is called so: {word}', number: 'Not understood: {word}', nothing: 'No process is like that.',
		empty: 'No process was recorded.', clear: 'show all', images: 'A process that went on as another program (exec) has a row for each: {all} rows, {processes} processes.', told: 'The page holds {told} of {count} processes: the heaviest and those that failed are among them.',
		open: 'click: its processes', peakOf: 'largest: {name}',
	},
	pt: {
		title: 'Processos', search: 'Procurar processos', hint: 'palavras, ou campos: cat:link exit:!0 cpu>2 mem:>1G src:dag.cpp name:ld time:1s..5s at:90 below:PID is:failed, - inverte',
		group: 'Agrupar', none: 'cada processo', program: 'por programa', source: 'por ficheiro fonte', category: 'por categoria', failed: '{n} {n?falhou:falharam}', nofailed: 'nenhum falhou',
		sums: '{n} de {all} {all?processo:processos} · {cpu} de CPU · {wall} de tempo · maior pico {peak}', groups: '{n} {n?grupo:grupos} de ',
		nosource: '(sem ficheiro fonte)', field: 'Não há campo com este nome: {word}', number: 'Não se entende: {word}', nothing: 'Nenhum processo é assim.',
		empty: 'Nenhum processo foi registado.', clear: 'mostrar todos', images: 'Um processo que continuou como outro programa (exec) tem uma linha para cada: {all} linhas, {processes} processos.', told: 'A página tem {told} de {count} processos: os mais pesados e os que falharam estão entre eles.',
		open: 'clique: os seus processos', peakOf: 'maior: {name}',
	},
	zh: {
		title: '进程', search: '搜索进程', hint: '词语，或字段：cat:link exit:!0 cpu>2 mem:>1G src:dag.cpp name:ld time:1s..5s at:90 below:PID is:failed，前加 - 取反',
		group: '分组', none: '逐个进程', program: '按程序', source: '按源文件', category: '按类别', failed: '{n} 个失败', nofailed: '没有失败',
		sums: '{all} 个进程中的 {n} 个 · CPU {cpu} · 用时合计 {wall} · 最大峰值 {peak}', groups: '{n} 组，共 ',
		nosource: '（无源文件）', field: '没有此字段：{word}', number: '无法理解：{word}', nothing: '没有这样的进程。',
		empty: '没有记录到进程。', clear: '显示全部', images: '通过 exec 变为其他程序的进程，每个程序各占一行：{all} 行，{processes} 个进程。', told: '本页包含 {count} 个进程中的 {told} 个：最重的和失败的都在其中。',
		open: '点击：查看其进程', peakOf: '最大者：{name}',
	},
});

type Grouping = 'none' | 'program' | 'source' | 'category';
const GROUPINGS: readonly Grouping[] = ['none', 'program', 'source', 'category'];
const groupingTold = (): Grouping => GROUPINGS.find((one) => one === fragment.get('group')) ?? 'none';
const FAILED = 'is:failed';
const ROWS = 16;
const NARROW = 700;

class Table {
	readonly #shared: Shared;
	readonly #viewport: Viewport;
	readonly #search = h('input', { type: 'search', id: 'process-search', spellcheck: 'false', autocomplete: 'off', 'aria-label': t('search'),
		placeholder: t('search'), 'aria-describedby': 'process-search-hint' });
	readonly #problems = h('p', { class: 'problems', role: 'status' });
	readonly #failed = h('button', { type: 'button', class: 'plain-button toggle' });
	readonly #sums = h('p', { class: 'sums', 'aria-live': 'polite' });
	readonly #head = h('div', { class: 'row head', role: 'row' });
	readonly #list = new VirtualList(26, ROWS, (index) => this.#row(index));
	readonly #grid: HTMLElement;
	readonly #choice: Choice<Grouping>;
	#grouping: Grouping;
	#sort: { key: ColumnKey; way: Way };
	#rows = new Int32Array(0);
	#groups: Group[] = [];
	#query: Query = { test: () => true, problems: [], empty: true };
	#waiting = 0;
	#narrow = false;
	#characters = 40;
	#selected = -1;

	constructor(section: HTMLElement, page: Page, shared: Shared, viewport: Viewport) {
		this.#shared = shared;
		this.#viewport = viewport;
		this.#grouping = groupingTold();
		this.#sort = sortOf(fragment.get('sort'));
		this.#choice = new Choice<Grouping>(t('group'), GROUPINGS.map((one) => ({ value: one, text: t(one) })), this.#grouping, (grouping) => this.#groupBy(grouping));
		this.#grid = h('div', { class: 'process-table', role: 'table', 'aria-label': t('title') },
			h('div', { role: 'rowgroup' }, this.#head), this.#list.element);
		const { told, count: all } = page.meta.processes, { processes } = page.meta.report.capture;
		replace(section, h('h2', {}, t('title')), told < all && h('p', { class: 'dim' }, t('told', { told: count(told), count: count(all) })),
			processes !== null && processes < all && h('p', { class: 'dim small' }, t('images', { all: count(all), processes: count(processes) })),
			h('div', { class: 'controls' }, this.#search, this.#failed, this.#choice.element),
			h('p', { class: 'dim small search-hint', id: 'process-search-hint' }, t('hint')), this.#problems, legendNew(shared), this.#sums, this.#grid, detailsNew(shared, viewport));
		this.#listen();
		this.#measure(section.clientWidth);
		new ResizeObserver(() => this.#measure(section.clientWidth)).observe(section);
		this.#search.value = shared.query.value;
		this.#find();
	}

	#groupBy(grouping: Grouping): void {
		this.#grouping = grouping;
		this.#choice.set(grouping);
		fragment.set('group', grouping === 'none' ? null : grouping);
		this.#arrange();
	}

	#listen(): void {
		const { query, only } = this.#shared;
		this.#search.addEventListener('input', () => {
			clearTimeout(this.#waiting);
			this.#waiting = window.setTimeout(() => (query.value = this.#search.value), 80);
		});
		query.on(() => {
			if (this.#search.value !== query.value)
				this.#search.value = query.value;
			this.#find();
		});
		only.on(() => this.#find());
		fragment.onChange(() => {
			this.#sort = sortOf(fragment.get('sort'));
			this.#groupBy(groupingTold());
		});
		this.#failed.addEventListener('click', () => {
			const without = query.value.replace(FAILED, '').replace(/\s+/g, ' ').trim();
			query.value = query.value.includes(FAILED) ? without : `${FAILED} ${without}`.trim();
		});
		this.#viewport.on('selection', () => this.#mark());
		this.#list.element.addEventListener('keydown', (event) => this.#key(event));
	}

	#measure(width: number): void {
		const narrow = width < NARROW, characters = charactersIn(narrow ? width - 80 : width - 630);
		if (narrow === this.#narrow && characters === this.#characters)
			return;
		this.#characters = characters;
		this.#narrow = narrow;
		this.#grid.classList.toggle('narrow', narrow);
		this.#arrange();
	}

	/** What the words and the categories let through. */
	#find(): void {
		const shared = this.#shared, p = shared.p;
		this.#query = queryParse(shared.query.value, { processes: p, categories: shared.categories, source: shared.sources, isBelow: (i, pid) => shared.isBelow(i, pid) });
		const only = shared.only.value;
		const mask = new Uint8Array(p.n), allowed = [...shared.categories.map(({ major }) => !only || only.has(major)), !only || only.has('')];
		let n = 0;
		for (let i = 0; i < p.n; i++) {
			const category = p.category[i]!;
			mask[i] = allowed[category >= 0 && category < shared.categories.length ? category : shared.categories.length] && this.#query.test(i) ? 1 : 0;
			n += mask[i]!;
		}
		const rows = new Int32Array(n);
		for (let i = 0, k = 0; i < p.n; i++)
			if (mask[i])
				rows[k++] = i;
		this.#rows = rows;
		shared.mask.value = n === p.n ? null : mask;
		replace(this.#problems, this.#query.problems.slice(0, 3).map(({ word, why }) => h('span', {}, `${t(why, { word: shown(word, 60) })} `)));
		this.#problems.hidden = this.#query.problems.length === 0;
		this.#arrange();
	}

	/** The same processes, in another order or in groups. */
	#arrange(): void {
		const { key, way } = this.#sort, shared = this.#shared;
		const sums = sumsOf(shared.p, this.#rows);
		if (this.#grouping === 'none') {
			sortRows(shared, this.#rows, key, way);
			this.#groups = [];
		} else {
			this.#groups = groupsOf(shared.p, this.#rows, this.#keyOf(this.#grouping));
			sortGroups(this.#groups, key, way);
		}
		this.#grid.setAttribute('aria-rowcount', String(this.#lines() + 1));
		this.#tellSums(sums);
		this.#drawHead();
		this.#list.element.scrollTop = 0;
		this.#list.show(this.#lines(), this.#narrow ? 48 : 26);
		this.#list.element.hidden = this.#lines() === 0;
	}

	#lines(): number {
		return this.#grouping === 'none' ? this.#rows.length : this.#groups.length;
	}

	#keyOf(grouping: Grouping): (i: number) => string {
		const shared = this.#shared;
		if (grouping === 'program')
			return (i) => shared.p.name[i]!;
		if (grouping === 'source') {
			const sources = shared.sources();
			return (i) => sources[i]!;
		}
		return (i) => (shared.category(i) === '' ? '' : `${shared.major(i)}/${shared.category(i)}`);
	}

	#tellSums(sums: Sums): void {
		const p = this.#shared.p, failing = this.#shared.query.value.includes(FAILED);
		const all = p.n === 0 ? 0 : this.#allFailed();
		this.#failed.textContent = all === 0 ? t('nofailed') : t('failed', { n: count(all) });
		this.#failed.disabled = all === 0 && !failing;
		this.#failed.classList.toggle('bad', all > 0);
		this.#failed.setAttribute('aria-pressed', String(failing));
		const text = t('sums', { n: count(sums.count), all: count(p.n), cpu: duration(sums.cpu), wall: duration(sums.wall), peak: bytes(sums.peak) });
		const filtered = sums.count !== p.n;
		replace(this.#sums, this.#grouping === 'none' ? '' : t('groups', { n: count(this.#groups.length) }), sums.count === 0 ? t(p.n === 0 ? 'empty' : 'nothing') : text,
			filtered && [' ', h('button', { type: 'button', class: 'link', onclick: () => this.#showAll() }, t('clear'))]);
	}

	#failedCount = -1;

	#allFailed(): number {
		if (this.#failedCount < 0) {
			this.#failedCount = 0;
			for (let i = 0; i < this.#shared.p.n; i++)
				if (processFailed(this.#shared.p, i))
					this.#failedCount++;
		}
		return this.#failedCount;
	}

	#showAll(): void {
		this.#shared.only.value = null;
		this.#shared.query.value = '';
		this.#search.focus();
	}

	#drawHead(): void {
		const grouped = this.#grouping !== 'none';
		// The button that was used keeps the focus.
		const focused = this.#head.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset['key'] : null;
		replace(this.#head, COLUMNS.map(({ key }) => {
			const sorted = this.#sort.key === key;
			return h('div', { role: 'columnheader', class: `cell of-${key}`, 'aria-sort': sorted ? (this.#sort.way === 'up' ? 'ascending' : 'descending') : 'none' },
				h('button', { type: 'button', 'data-key': key, onclick: () => this.#sortBy(key) }, columnTitle(key, grouped), h('span', { 'aria-hidden': 'true' }, sorted ? (this.#sort.way === 'up' ? ' ↑' : ' ↓') : '')));
		}));
		if (focused)
			this.#head.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus({ preventScroll: true });
	}

	#sortBy(key: ColumnKey): void {
		const first = COLUMNS.find((column) => column.key === key)!.first;
		const way: Way = this.#sort.key !== key ? first : this.#sort.way === 'up' ? 'down' : 'up';
		this.#sort = { key, way };
		fragment.set('sort', key === 'start' && way === 'up' ? null : `${key}-${way}`);
		this.#arrange();
	}

	#row(index: number): HTMLElement {
		return this.#grouping === 'none' ? this.#processRow(index) : this.#groupRow(index);
	}

	#cells(text: (key: ColumnKey) => string, first: (HTMLElement | string)[], failed: boolean): HTMLElement[] {
		return COLUMNS.map(({ key }) => {
			const label = this.#narrow && key !== 'command' && key !== 'category' ? h('span', { class: 'dim' }, `${columnTitle(key, this.#grouping !== 'none')} `) : null;
			return h('div', { role: 'cell', class: `cell of-${key}${key === 'exit' && failed ? ' bad' : ''}` }, key === 'command' ? first : [label, text(key)]);
		});
	}

	#processRow(index: number): HTMLElement {
		const shared = this.#shared, i = this.#rows[index]!;
		const copy = h('button', { type: 'button', class: 'plain-button copy', onclick: (event: MouseEvent) => {
			event.stopPropagation();
			void copyText(shared.p.cmdline[i]!, copy);
		} }, words('copy'));
		return h('div', { class: `row${i === this.#selected ? ' selected' : ''}`, role: 'row', 'aria-rowindex': index + 2, 'data-row': i, onclick: () => this.#viewport.select(i) },
			this.#cells((key) => cellText(shared, i, key), [swatch(shared.color(i)), h('span', { class: 'line', title: command(shared.p, i, 600) }, brief(shared.p, i, shared.source(i), this.#characters)), copy], processFailed(shared.p, i)));
	}

	#groupRow(index: number): HTMLElement {
		const shared = this.#shared, group = this.#groups[index]!;
		const name = group.key === '' ? (this.#grouping === 'source' ? t('nosource') : words('nocategory')) : shown(group.key, 200);
		const open = h('button', { type: 'button', class: 'link line', title: t('open'), onclick: () => this.#openGroup(group) }, name);
		return h('div', { class: 'row', role: 'row', 'aria-rowindex': index + 2 },
			this.#cells((key) => groupCellText(shared, group, key), [group.largest >= 0 ? swatch(shared.color(group.largest)) : '', open], group.failed > 0));
	}

	#openGroup(group: Group): void {
		const field = { none: 'cmd', program: 'name', source: 'src', category: 'cat' }[this.#grouping];
		const term = group.key === '' ? `${field}:=""` : `${field}:="${group.key.replaceAll('"', '')}"`;
		const query = this.#shared.query;
		this.#groupBy('none');
		query.value = `${query.value} ${term}`.trim();
		this.#search.focus({ preventScroll: true });
	}

	#mark(): void {
		this.#selected = selectedOf(this.#shared, this.#viewport);
		if (this.#grouping !== 'none')
			return;
		const index = this.#rows.indexOf(this.#selected);
		if (index >= 0)
			this.#list.reveal(index);
		this.#list.refresh();
	}

	#key(event: KeyboardEvent): void {
		if (event.target !== this.#list.element || this.#grouping !== 'none' || this.#rows.length === 0)
			return;
		const step = { ArrowDown: 1, ArrowUp: -1, PageDown: ROWS - 1, PageUp: 1 - ROWS, Home: -Infinity, End: Infinity }[event.key];
		if (step === undefined)
			return;
		event.preventDefault();
		const at = this.#rows.indexOf(this.#selected);
		const index = at < 0 ? 0 : Math.max(0, Math.min(this.#rows.length - 1, at + step));
		this.#viewport.select(this.#rows[index]!);
	}
}

function sortOf(told: string | null): { key: ColumnKey; way: Way } {
	const [key, way] = (told ?? '').split('-');
	const column = COLUMNS.find((one) => one.key === key);
	return column ? { key: column.key, way: way === 'down' ? 'down' : 'up' } : { key: 'start', way: 'up' };
}

export async function mount(section: HTMLElement, page: Page, viewport: Viewport): Promise<void> {
	const shared = await sharedOf(page);
	if (shared.p.n === 0) {
		replace(section, h('h2', {}, t('title')), h('p', { class: 'dim' }, t('empty')));
		return;
	}
	new Table(section, page, shared, viewport);
}
