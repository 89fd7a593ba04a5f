// Who was alive at a moment: under the cursor of any chart, at the moment that was clicked, else at
// the run's peak. Memory is what was sampled last before the moment.
import type { Page } from '../data';
import { h, replace, shown } from '../dom';
import { bytes, count, duration, moment } from '../format';
import { peakOf } from '../head';
import { texts } from '../i18n';
import type { Viewport } from '../viewport';
import { aliveAt, type Alive } from './alive-at';
import { selectedOf, sharedOf, type Shared } from './shared';
import { swatch } from './swatch';
import { VirtualList } from './virtual-list';
import { brief, charactersIn, command, words } from './words';

const t = texts({
	en: {
		title: 'Who was alive at {t}', cursor: 'under the cursor', clicked: 'the moment that was clicked', peak: 'when memory was highest', end: 'just before it ended', start: 'the start',
		release: 'follow the cursor', hint: 'Click any chart to keep a moment here.', none: 'No process was alive then.', empty: 'No process was recorded.',
		total: '{n} processes, {bytes} in all', one: '1 process, {bytes}', unsampled: '{n} more had no sample yet: at most their peak (≤)', nosample: 'Of {n} alive, none had a sample yet: at most their peak (≤)', most: 'At least {bytes} in {n} {n?process that was:processes that were} sampled',
		list: 'Processes alive, most memory first', since: 'for {duration}', unknown: 'memory unknown', goto: 'show in charts',
	},
	pt: {
		title: 'Quem estava vivo em {t}', cursor: 'sob o cursor', clicked: 'o momento clicado', peak: 'quando a memória foi mais alta', end: 'mesmo antes do fim', start: 'o início',
		release: 'seguir o cursor', hint: 'Clique em qualquer gráfico para fixar aqui um momento.', none: 'Nenhum processo estava vivo então.', empty: 'Nenhum processo foi registado.',
		total: '{n} processos, {bytes} ao todo', one: '1 processo, {bytes}', unsampled: 'mais {n} ainda sem medida: no máximo o seu pico (≤)', nosample: 'Dos {n} vivos, nenhum tinha ainda medida: no máximo o seu pico (≤)', most: 'Pelo menos {bytes} em {n} {n?processo medido:processos medidos}',
		list: 'Processos vivos, primeiro os de mais memória', since: 'há {duration}', unknown: 'memória desconhecida', goto: 'mostrar nos gráficos',
	},
	zh: {
		title: '{t} 时谁在运行', cursor: '光标处', clicked: '点击的时刻', peak: '内存最高时', end: '结束之前', start: '开始时',
		release: '跟随光标', hint: '点击任一图表可固定一个时刻。', none: '此刻没有进程在运行。', empty: '没有记录到进程。',
		total: '{n} 个进程，共 {bytes}', one: '1 个进程，{bytes}', unsampled: '另有 {n} 个尚无采样：至多为其峰值（≤）', nosample: '运行中的 {n} 个都尚无采样：至多为其峰值（≤）', most: '已采样的 {n} 个进程至少占用 {bytes}',
		list: '正在运行的进程，内存最多者在前', since: '已运行 {duration}', unknown: '内存未知', goto: '在图表中显示',
	},
});

type Why = 'cursor' | 'clicked' | 'peak' | 'end' | 'start';
const ROWS = 10, ROW = 28, NARROW = 730;
const PAUSE_MS = 80;

/** Most processes alive at once, as far as it matters. */
function mostAlive(shared: Shared): number {
	const starts = Float64Array.from(shared.p.start).sort(), ends = Float64Array.from(shared.p.end).sort();
	let most = 0, gone = 0;
	for (let k = 0; k < starts.length && most < ROWS; k++) {
		while (ends[gone]! < starts[k]!)
			gone++;
		most = Math.max(most, k + 1 - gone);
	}
	return most;
}

/** A moment at which the last process that ended was still alive: a sample may be later. */
function lastAlive(shared: Shared): number {
	const { start, end, n } = shared.p;
	let last = 0;
	for (let i = 1; i < n; i++)
		if (end[i]! > end[last]!)
			last = i;
	return Math.max(0, end[last]! - (end[last]! - start[last]!) * 0.001);
}

class AliveList {
	readonly #shared: Shared;
	readonly #viewport: Viewport;
	readonly #peak: number | null;
	readonly #measured: boolean;
	readonly #title = h('h2', {});
	readonly #what = h('p', { class: 'dim' });
	readonly #sum = h('p', {});
	readonly #bar = h('div', { class: 'alive-bar', 'aria-hidden': 'true' });
	readonly #parts = h('ul', { class: 'alive-parts' });
	readonly #list: VirtualList;
	readonly #frame: HTMLElement;
	#tallest = 0;
	#characters = 40;
	#seen = true;
	#stale = false;
	#waiting = 0;
	#last = 0;
	#alive: Alive | null = null;
	#at = 0;
	#most = 1;

	constructor(section: HTMLElement, page: Page, shared: Shared, viewport: Viewport) {
		this.#shared = shared;
		this.#viewport = viewport;
		this.#peak = page.meta.report.peak.t_s === null ? null : Math.min(page.meta.report.peak.t_s, lastAlive(shared));
		this.#measured = peakOf(page.meta.report) !== null;
		const rows = mostAlive(shared);
		this.#list = new VirtualList(ROW, rows, (index) => this.#row(index));
		this.#frame = h('div', { class: 'alive-list', role: 'table', 'aria-label': t('list') }, this.#list.element);
		replace(section, this.#title, this.#what, this.#sum, this.#bar, this.#parts, this.#frame);
		new IntersectionObserver((entries) => {
			this.#seen = entries[entries.length - 1]!.isIntersecting;
			if (this.#seen && this.#stale)
				this.#update();
		}, { rootMargin: '100px' }).observe(section);
		viewport.on('cursor', () => this.#soon());
		viewport.on('selection', () => this.#list.refresh());
		viewport.on('layout', () => this.#update());
		this.#update();
	}

	#moment(): { at: number; why: Why } {
		const cursor = this.#viewport.cursor, clicked = this.#viewport.pinned;
		if (clicked !== null)
			return { at: clicked, why: 'clicked' };
		if (cursor !== null)
			return { at: cursor, why: 'cursor' };
		return this.#peak !== null ? { at: this.#peak, why: this.#measured ? 'peak' : 'end' } : { at: 0, why: 'start' };
	}

	/** At once, but not more often than one can read. */
	#soon(): void {
		if (this.#waiting !== 0)
			return;
		const rest = this.#last + PAUSE_MS - performance.now();
		if (rest <= 0)
			this.#update();
		else
			this.#waiting = window.setTimeout(() => this.#update(), rest);
	}

	#update(): void {
		clearTimeout(this.#waiting);
		this.#waiting = 0;
		this.#last = performance.now();
		// Nobody looks: told when it comes into sight.
		this.#stale = !this.#seen;
		if (this.#stale)
			return;
		const { at, why } = this.#moment(), shared = this.#shared;
		this.#at = at;
		const width = this.#frame.clientWidth;
		this.#characters = charactersIn(width < NARROW ? width - 140 : width - 330);
		const alive = (this.#alive = aliveAt(shared.p, shared.samples, at));
		this.#title.textContent = t('title', { t: moment(at, Math.max(0.001, 10 ** Math.floor(Math.log10(this.#viewport.span / 1000)))) });
		replace(this.#what, t(why), why === 'clicked' ? [' · ', h('button', { type: 'button', class: 'link', onclick: () => this.#viewport.pin(null) }, t('release'))] : ` · ${t('hint')}`);
		const n = alive.rows.length;
		replace(this.#sum, n === 0 ? t('none') : alive.bounds === 0 ? t(n === 1 ? 'one' : 'total', { n: count(n), bytes: bytes(alive.total) })
			: alive.bounds === n ? t('nosample', { n: count(n) }) : [t('most', { n: count(n - alive.bounds), bytes: bytes(alive.total) }), '. ', h('span', { class: 'dim' }, t('unsampled', { n: count(alive.bounds) }))]);
		this.#most = alive.bytes[0]! > 0 ? alive.bytes[0]! : 1;
		this.#drawParts(alive);
		this.#list.show(n);
		this.#list.element.hidden = n === 0;
		// What lies below does not move up and down with the cursor.
		this.#tallest = Math.max(this.#tallest, Math.min(n, ROWS) * ROW);
		this.#frame.style.minHeight = `${this.#tallest}px`;
	}

	#drawParts(alive: Alive): void {
		const shared = this.#shared, parts = new Map<string, { bytes: number; n: number }>();
		for (const [k, i] of alive.rows.entries()) {
			const part = parts.get(shared.major(i)) ?? { bytes: 0, n: 0 };
			part.n++;
			part.bytes += alive.bytes[k]! > 0 ? alive.bytes[k]! : 0;
			parts.set(shared.major(i), part);
		}
		const sorted = [...parts].sort((a, b) => b[1].bytes - a[1].bytes), all = sorted.reduce((sum, [, part]) => sum + part.bytes, 0);
		const color = (name: string): string => shared.majors.find((major) => major.name === name)!.color;
		replace(this.#bar, sorted.map(([name, part]) => {
			const piece = h('span', {});
			piece.style.background = color(name);
			piece.style.width = `${all > 0 ? (100 * part.bytes) / all : 0}%`;
			return piece;
		}));
		replace(this.#parts, sorted.map(([name, part]) => h('li', {}, swatch(color(name)), shown(name, 40) || words('nocategory'),
			h('span', { class: 'dim' }, ` ${bytes(part.bytes)} (${count(part.n)})`))));
	}

	#row(index: number): HTMLElement {
		const shared = this.#shared, alive = this.#alive!, i = alive.rows[index]!, size = alive.bytes[index]!;
		const bar = h('span', { class: 'memory-bar' });
		bar.style.width = `${size > 0 ? Math.max(1, (100 * size) / this.#most) : 0}%`;
		bar.style.background = shared.color(i);
		const text = Number.isNaN(size) ? t('unknown') : `${alive.bound[index] ? '≤\u00a0' : ''}${bytes(size)}`;
		return h('div', { class: `row${i === selectedOf(shared, this.#viewport) ? ' selected' : ''}`, role: 'row', onclick: () => this.#viewport.select(i) },
			h('div', { role: 'cell', class: 'memory' }, h('span', { class: 'memory-track', 'aria-hidden': 'true' }, bar), h('span', {}, text)),
			h('div', { role: 'cell', class: 'line' }, h('button', { type: 'button', class: 'link plain', title: command(shared.p, i, 600) }, brief(shared.p, i, shared.source(i), this.#characters))),
			h('div', { role: 'cell', class: 'since dim' }, t('since', { duration: duration(Math.max(0, this.#at - shared.p.start[i]!)) })));
	}
}

export async function mount(section: HTMLElement, page: Page, viewport: Viewport): Promise<void> {
	const shared = await sharedOf(page);
	section.hidden = shared.p.n === 0;
	if (shared.p.n === 0)
		return;
	new AliveList(section, page, shared, viewport);
}
