// The strip that stays in sight: the whole run in small, what is seen of it, the findings' marks, and
// the time under the cursor. Dragging its window moves all charts.
import type { Mark } from './chart';
import { drawShape, severityColor } from './chart-draw';
import type { Numbers, Page } from './data';
import { english, h, replace, shown } from './dom';
import { moment } from './format';
import { fragment } from './fragment';
import { attachGestures, attachKeys } from './gestures';
import { clock } from './head';
import { texts } from './i18n';
import { theme } from './theme';
import { gutterOf, type Viewport } from './viewport';

const t = texts({
	en: { reset: 'Show all', link: 'Copy link', copied: 'Copied', label: 'The whole run in small: plus and minus zoom, shift and arrows move, 0 shows all',
		seen: '{from} to {to}', whole: 'whole run', hint: 'Drag in a chart to zoom, shift-drag to move, double-click for all. Ctrl and wheel zoom.' },
	pt: { reset: 'Ver tudo', link: 'Copiar ligação', copied: 'Copiada', label: 'A execução inteira em miniatura: mais e menos ampliam, shift e setas movem, 0 mostra tudo',
		seen: '{from} a {to}', whole: 'toda a execução', hint: 'Arraste num gráfico para ampliar, shift+arrastar para mover, duplo clique para ver tudo. Ctrl+roda amplia.' },
	zh: { reset: '显示全部', link: '复制链接', copied: '已复制', label: '整个运行的缩略图：加减键缩放，Shift 加方向键移动，0 显示全部',
		seen: '{from} 至 {to}', whole: '整个运行', hint: '在图中拖动以放大，Shift+拖动以平移，双击显示全部。Ctrl+滚轮缩放。' },
});

const HEIGHT = 40;

class Overview {
	readonly #page: Page;
	readonly #viewport: Viewport;
	readonly #marks: readonly Mark[];
	readonly #canvas = h('canvas', { 'aria-hidden': 'true' });
	readonly #box = h('div', { class: 'overview-plot', role: 'group', 'aria-label': t('label') }, this.#canvas);
	readonly #time = h('span', { class: 'overview-time' });
	readonly #reset: HTMLButtonElement;
	#t: Numbers | null = null;
	#outline: { left: number; width: number; path: Path2D } | null = null;
	#told = '';
	#values: Numbers | null = null;

	constructor(host: HTMLElement, page: Page, viewport: Viewport, marks: readonly Mark[]) {
		this.#page = page;
		this.#viewport = viewport;
		this.#marks = marks;
		this.#reset = h('button', { type: 'button', class: 'plain-button', onclick: () => viewport.reset() }, t('reset'));
		const link = h('button', { type: 'button', class: 'plain-button', onclick: () => void copy(link) }, t('link'));
		host.append(this.#box, h('div', { class: 'overview-bar' }, this.#time, this.#reset, link));
		attachKeys(this.#box, viewport);
		attachGestures(this.#box, { left: () => this.#left(), width: () => this.#width() }, this.#whole(), {
			onClick: (at) => { viewport.zoomTo(at - viewport.span / 2, at + viewport.span / 2); },
		});
		for (const change of ['range', 'cursor', 'layout'] as const)
			viewport.on(change, () => this.#draw());
		theme.onChange(() => this.#draw());
		void this.#load();
		this.#draw();
	}

	// Gestures in the strip speak of the whole run; what they end in is the charts' range.
	#whole(): Viewport {
		const viewport = this.#viewport;
		return new Proxy(viewport, {
			get(target, key) {
				if (key === 'range')
					return target.full;
				if (key === 'span')
					return target.full.to - target.full.from;
				const value: unknown = Reflect.get(target, key, target);
				return typeof value === 'function' ? value.bind(target) as unknown : value;
			},
		});
	}

	#left(): number { return gutterOf(this.#box.clientWidth).left; }
	#width(): number {
		const gutter = gutterOf(this.#box.clientWidth);
		return Math.max(1, this.#box.clientWidth - gutter.left - gutter.right);
	}

	async #load(): Promise<void> {
		const level = this.#page.meta.totals.levels[0], column = level?.columns['pss_bytes'] ?? level?.columns['rss_bytes'];
		if (!level || !column)
			return;
		[this.#t, this.#values] = await Promise.all([this.#page.numbers(column.t ?? level.t), this.#page.numbers(column.max)]);
		this.#draw();
	}

	#draw(): void {
		const width = this.#box.clientWidth, ratio = devicePixelRatio, context = this.#canvas.getContext('2d');
		if (width === 0 || !context)
			return;
		if (this.#canvas.width !== Math.round(width * ratio)) {
			this.#canvas.width = Math.round(width * ratio);
			this.#canvas.height = HEIGHT * ratio;
		}
		context.setTransform(ratio, 0, 0, ratio, 0, 0);
		context.clearRect(0, 0, width, HEIGHT);
		const { full, range, cursor } = this.#viewport, left = this.#left(), w = this.#width(), { palette } = theme;
		const x = (at: number): number => left + ((at - full.from) / (full.to - full.from)) * w;
		this.#drawRun(context, x, left, w);
		context.fillStyle = palette.background;
		context.globalAlpha = 0.75;
		context.fillRect(left, 0, x(range.from) - left, HEIGHT);
		context.fillRect(x(range.to), 0, left + w - x(range.to), HEIGHT);
		context.globalAlpha = 1;
		context.strokeStyle = palette.dim;
		context.lineWidth = 1;
		if (this.#viewport.zoomed)
			context.strokeRect(Math.round(x(range.from)) + 0.5, 0.5, Math.max(2, Math.round(x(range.to) - x(range.from))), HEIGHT - 1);
		context.strokeStyle = palette.hairline;
		context.strokeRect(left, HEIGHT - 0.5, w, 0.5);
		for (const { t: at, severity } of this.#marks) {
			context.fillStyle = severityColor(severity);
			drawShape(context, severity, x(at), 7, 5);
		}
		if (cursor !== null) {
			context.fillStyle = palette.text;
			context.fillRect(Math.round(x(cursor)), 0, 1, HEIGHT);
		}
		this.#say();
	}

	// The run's memory does not change while one looks: its outline is kept until the width does.
	#drawRun(context: CanvasRenderingContext2D, x: (at: number) => number, left: number, width: number): void {
		if (!this.#t || !this.#values)
			return;
		if (!this.#outline || this.#outline.left !== left || this.#outline.width !== width)
			this.#outline = { left, width, path: outlineOf(this.#t, this.#values, x) };
		context.fillStyle = theme.palette.hairline;
		context.fill(this.#outline.path);
	}

	#say(): void {
		const { range, cursor, zoomed, span } = this.#viewport, fine = span / 1000;
		const wall = cursor === null ? null : clock(this.#page, cursor, false);
		const mark = cursor === null ? undefined : this.#marks.find(({ t: at }) => Math.abs(at - cursor) < span / 150);
		const told = cursor !== null ? `${moment(cursor, fine)}${wall ? ` · ${wall}` : ''}` 
			: zoomed ? t('seen', { from: moment(range.from, span / 100), to: moment(range.to, span / 100) }) : t('whole');
		const name = mark ? shown(mark.title, 120) : '';
		if (this.#told !== told + name) {
			this.#told = told + name;
			replace(this.#time, told, mark && [' · ', mark.english ? english(name) : h('bdi', {}, name)]);
		}
		this.#reset.disabled = !zoomed;
	}
}

function outlineOf(t: Numbers, values: Numbers, x: (at: number) => number): Path2D {
	const path = new Path2D();
	let most = 0;
	for (const v of values)
		most = v > most ? v : most;
	path.moveTo(x(0), HEIGHT);
	for (let i = 0; i < t.length; i++)
		path.lineTo(x(t[i]!), HEIGHT - ((values[i]! || 0) / (most || 1)) * (HEIGHT - 14));
	path.lineTo(x(t[t.length - 1] ?? 0), HEIGHT);
	return path;
}

async function copy(button: HTMLButtonElement): Promise<void> {
	const link = fragment.link();
	try {
		await navigator.clipboard.writeText(link);
	} catch {
		// From file:// some browsers have no clipboard: the old way.
		const field = h('textarea', { readonly: true });
		field.value = link;
		button.after(field);
		field.select();
		document.execCommand('copy');
		field.remove();
	}
	button.textContent = t('copied');
	setTimeout(() => { button.textContent = t('link'); }, 1500);
}

export function mountOverview(section: HTMLElement, page: Page, viewport: Viewport, marks: readonly Mark[]): void {
	if (page.meta.totals.levels.length === 0 && marks.length === 0)
		section.hidden = true;
	else
		new Overview(section, page, viewport, marks);
}

export const hint = (): string => t('hint');
