// The timeline of processes: lanes on a canvas that scrolls in a bounded height, a line under it that
// tells what is under the pointer, and the selected process below. What moves with the pointer lies
// on a canvas of its own, so that hovering never draws the lanes again.
import './processes.css';
import { h, replace } from '../dom';
import { moment } from '../format';
import { fragment } from '../fragment';
import { attachGestures, handleKey } from '../gestures';
import { texts } from '../i18n';
import { Choice } from '../choice';
import type { Page } from '../data';
import { Redraw } from '../redraw';
import { theme } from '../theme';
import { gutterOf, type Viewport } from '../viewport';
import { detailsNew } from './details';
import { LaneImage } from './lane-image';
import { laneHit, type Hit } from './lane-index';
import { legendNew } from './legend';
import { selectedOf, sharedOf, type LaneMode, type Lanes, type Shared } from './shared';
import { swatch } from './swatch';
import { axisTicks, drawLanes, xOf, yOf, type Scene } from './timeline-draw';
import { keyTarget } from './timeline-keys';
import { brief, charactersIn, command, figures } from './words';

const t = texts({
	en: {
		title: 'Processes over time', job: 'by job slot', tree: 'by tree', arrange: 'Arrange lanes', chain: 'critical chain',
		label: 'Timeline of {n} {n?process:processes}. Arrow keys go from process to process, p to the parent, c to the first child, plus and minus zoom, 0 shows the whole run.',
		hover: 'Point at a process to read what it is.', more: '+{n} more on this pixel', none: 'No process was recorded.',
		help: 'drag: zoom · shift-drag: move · ctrl-wheel: zoom · double-click: whole run', idle: 'nothing ran here',
	},
	pt: {
		title: 'Processos no tempo', job: 'por posto de trabalho', tree: 'por árvore', arrange: 'Ordenar as linhas', chain: 'cadeia crítica',
		label: 'Linha do tempo de {n} {n?processo:processos}. As setas vão de processo a processo, p ao pai, c ao primeiro filho, mais e menos aproximam e afastam, 0 mostra tudo.',
		hover: 'Aponte para um processo para ler o que é.', more: '+{n} neste ponto', none: 'Nenhum processo foi registado.',
		help: 'arrastar: aproximar · shift-arrastar: mover · ctrl-roda: aproximar · duplo clique: tudo', idle: 'nada corria aqui',
	},
	zh: {
		title: '进程时间线', job: '按作业槽', tree: '按进程树', arrange: '排列方式', chain: '关键链',
		label: '{n} 个进程的时间线。方向键在进程间移动，p 到父进程，c 到第一个子进程，加减号缩放，0 显示全部。',
		hover: '指向一个进程以查看其信息。', more: '此像素上另有 {n} 个', none: '没有记录到进程。',
		help: '拖动：放大 · Shift 拖动：平移 · Ctrl 滚轮：缩放 · 双击：全部', idle: '此处没有进程运行',
	},
});

const AXIS = 22;
const MOST_HEIGHT = 420;
const LANES = { least: 8, most: 18 };

class Timeline {
	readonly #shared: Shared;
	readonly #viewport: Viewport;
	readonly #base = h('canvas', { 'aria-hidden': 'true' });
	readonly #image = new LaneImage();
	readonly #over = h('canvas', { 'aria-hidden': 'true' });
	readonly #plot = h('div', { class: 'lanes-plot' }, this.#base, this.#over);
	readonly #stage = h('div', { class: 'lanes-stage' }, this.#plot);
	readonly #filler = h('div', {});
	readonly #scroller: HTMLElement;
	readonly #later: Redraw;
	readonly #axis = h('canvas', { class: 'lanes-axis', 'aria-hidden': 'true' });
	readonly #readout = h('p', { class: 'readout' });
	readonly #spoken = h('p', { class: 'visually-hidden', 'aria-live': 'polite' });
	readonly #choice: Choice<LaneMode>;
	#mode: LaneMode;
	#lanes: Lanes;
	#laneHeight = LANES.most;
	#width = 0;
	#height = 0;
	/** As the scroller's, which would have to be laid out to be asked. */
	#scrollTop = 0;
	#hover: Hit = { process: -1, count: 0 };
	#pointer: { t: number; y: number } | null = null;
	#told = '';
	#frame = 0;
	#printing = false;
	#dirty = { base: true, over: true };

	constructor(section: HTMLElement, shared: Shared, viewport: Viewport) {
		this.#shared = shared;
		this.#viewport = viewport;
		this.#mode = modeTold();
		this.#choice = new Choice<LaneMode>(t('arrange'), [{ value: 'job', text: t('job') }, { value: 'tree', text: t('tree') }], this.#mode, (mode) => this.#arrange(mode));
		this.#lanes = shared.lanes(this.#mode);
		this.#scroller = h('div', { class: 'lanes', tabindex: 0, role: 'group', 'aria-label': t('label', { n: shared.p.n }) }, this.#stage, this.#filler);
		replace(section, h('h2', {}, t('title')),
			h('div', { class: 'controls' }, this.#choice.element, this.#chainButton(), h('span', { class: 'dim help' }, t('help'))),
			legendNew(shared), this.#scroller, this.#axis, this.#readout, this.#spoken, detailsNew(shared, viewport));
		// Out of sight nothing is drawn; what has changed meanwhile is, when it comes back.
		this.#later = new Redraw(this.#scroller, () => {
			if (this.#frame === 0)
				this.#frame = requestAnimationFrame(() => this.#draw());
			return true;
		});
		this.#listen();
		this.#measure();
	}

	#arrange(mode: LaneMode): void {
		if (mode === this.#mode)
			return;
		this.#mode = mode;
		this.#choice.set(mode);
		fragment.set('lanes', mode === 'tree' ? 'tree' : null);
		this.#lanes = this.#shared.lanes(mode);
		this.#measure();
		this.#showRow(selectedOf(this.#shared, this.#viewport));
	}

	#chainButton(): HTMLElement {
		const { chainShown } = this.#shared;
		const button = h('button', { type: 'button', class: 'plain-button toggle', 'aria-pressed': String(chainShown.value),
			onclick: () => (chainShown.value = !chainShown.value) }, t('chain'));
		chainShown.on(() => {
			button.setAttribute('aria-pressed', String(chainShown.value));
			this.#redraw('base');
		});
		return button;
	}

	#listen(): void {
		const viewport = this.#viewport;
		viewport.on('range', () => this.#redraw('base'));
		viewport.on('cursor', () => this.#redraw('over'));
		viewport.on('selection', () => this.#selected());
		viewport.on('layout', () => this.#measure());
		theme.onChange(() => {
			// At once: paper takes what is there now.
			this.#dirty.base = true;
			this.#draw();
		});
		addEventListener('beforeprint', () => (this.#printing = true));
		addEventListener('afterprint', () => (this.#printing = false));
		fragment.onChange(() => this.#arrange(modeTold()));
		this.#shared.mask.on(() => this.#redraw('base'));
		this.#scroller.addEventListener('scroll', () => {
			this.#scrollTop = this.#scroller.scrollTop;
			this.#redraw('base');
		}, { passive: true });
		this.#scroller.addEventListener('keydown', (event) => this.#key(event));
		// Where lanes are more than fit, a wheel scrolls them; with ctrl it zooms, as everywhere.
		this.#plot.addEventListener('wheel', (event) => {
			if (!event.ctrlKey && !event.metaKey && Math.abs(event.deltaY) >= Math.abs(event.deltaX) && this.#filler.offsetHeight > 0)
				event.stopImmediatePropagation();
		}, { capture: true });
		attachGestures(this.#plot, { left: () => gutterOf(this.#width).left, width: () => this.#plotWidth() }, viewport, {
			onHover: (time, y) => this.#point(time, y),
			onClick: (time, y, event) => {
				const hit = this.#hitAt(time, y, event.pointerType === 'touch' ? 8 : 2);
				viewport.select(hit.process >= 0 ? hit.process : null);
				viewport.pin(time);
			},
		});
		new ResizeObserver(() => this.#measure()).observe(this.#scroller);
	}

	#plotWidth(): number {
		const { left, right } = gutterOf(this.#width);
		return Math.max(1, this.#width - left - right);
	}

	#measure(): void {
		// Paper takes what was drawn before, fitted to its width: what is drawn while it is laid out is not on it.
		if (this.#printing)
			return;
		const rows = this.#lanes.layout.rows, width = this.#scroller.getBoundingClientRect().width;
		this.#laneHeight = Math.max(LANES.least, Math.min(LANES.most, Math.floor(MOST_HEIGHT / Math.max(1, rows))));
		const whole = rows * this.#laneHeight;
		this.#width = Math.round(width);
		this.#height = Math.max(24, Math.min(MOST_HEIGHT, whole));
		this.#scroller.style.height = `${this.#height}px`;
		this.#stage.style.height = `${this.#height}px`;
		this.#filler.style.height = `${Math.max(0, whole - this.#height)}px`;
		this.#scroller.style.setProperty('overflow-y', whole > this.#height ? 'auto' : 'hidden');
		let emptied = false;
		for (const [canvas, height] of [[this.#base, this.#height], [this.#over, this.#height], [this.#axis, AXIS]] as const)
			emptied = this.#size(canvas, height) || emptied;
		this.#scrollTop = this.#scroller.scrollTop;
		this.#redraw('base');
		// A canvas of another size is empty until it is drawn.
		if (emptied)
			this.#draw();
	}

	/** Whether the canvas became another, and empty. */
	#size(canvas: HTMLCanvasElement, height: number): boolean {
		const ratio = Math.max(1, devicePixelRatio || 1);
		const wide = Math.max(1, Math.round(this.#width * ratio)), high = Math.max(1, Math.round(height * ratio));
		canvas.style.width = `${this.#width}px`;
		canvas.style.height = `${height}px`;
		if (canvas.width === wide && canvas.height === high)
			return false;
		canvas.width = wide;
		canvas.height = high;
		return true;
	}

	#redraw(what: 'base' | 'over'): void {
		this.#dirty[what] = true;
		this.#later.want();
	}

	#scene(): Scene {
		const { from, to } = this.#viewport.range;
		const { left } = gutterOf(this.#width);
		return { shared: this.#shared, lanes: this.#lanes, from, to, left, width: this.#plotWidth(), height: this.#height, laneHeight: this.#laneHeight,
			image: this.#image, scrollTop: this.#scrollTop, palette: theme.palette, mask: this.#shared.mask.value,
			chain: this.#shared.chainShown.value ? this.#shared.chain() : null, selected: selectedOf(this.#shared, this.#viewport) };
	}

	#context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
		const context = canvas.getContext('2d')!;
		const ratio = Math.max(1, devicePixelRatio || 1);
		context.setTransform(ratio, 0, 0, ratio, 0, 0);
		context.clearRect(0, 0, this.#width, canvas.height);
		return context;
	}

	#draw(): void {
		this.#frame = 0;
		const scene = this.#scene();
		if (this.#dirty.base) {
			const context = this.#context(this.#base);
			this.#drawGutter(context, scene);
			drawLanes(context, scene);
			this.#drawAxis(scene);
		}
		this.#dirty.base = false;
		this.#dirty.over = false;
		this.#findHover();
		this.#drawOver(scene);
		this.#tell();
	}

	#drawGutter(context: CanvasRenderingContext2D, scene: Scene): void {
		const { layout } = this.#lanes;
		context.strokeStyle = scene.palette.hairline;
		context.lineWidth = 1;
		context.beginPath();
		for (const tick of axisTicks(scene.from, scene.to, scene.width).ticks) {
			const x = Math.round(xOf(scene, tick)) + 0.5;
			context.moveTo(x, 0);
			context.lineTo(x, scene.height);
		}
		context.stroke();
		if (this.#mode !== 'job' || this.#laneHeight < 10)
			return;
		context.fillStyle = scene.palette.dim;
		context.font = '11px system-ui, sans-serif';
		context.textAlign = 'right';
		context.textBaseline = 'middle';
		for (let row = layout.coordinatorRows; row < layout.rows; row++)
			context.fillText(String(row - layout.coordinatorRows + 1), scene.left - 8, yOf(scene, row) + this.#laneHeight / 2);
	}

	#drawAxis(scene: Scene): void {
		const context = this.#context(this.#axis);
		const { step, ticks } = axisTicks(scene.from, scene.to, scene.width);
		context.fillStyle = scene.palette.dim;
		context.font = '12px system-ui, sans-serif';
		context.textBaseline = 'top';
		context.textAlign = 'center';
		for (const tick of ticks) {
			const text = moment(tick, step), half = context.measureText(text).width / 2;
			context.fillText(text, Math.max(half, Math.min(this.#width - half, xOf(scene, tick))), 5);
		}
	}

	#drawOver(scene: Scene): void {
		const context = this.#context(this.#over);
		const line = (at: number | null, dashed: boolean): void => {
			if (at === null || at < scene.from || at > scene.to)
				return;
			context.strokeStyle = scene.palette.text;
			context.globalAlpha = dashed ? 0.9 : 0.5;
			context.lineWidth = 1;
			context.setLineDash(dashed ? [3, 3] : []);
			const x = Math.round(xOf(scene, at)) + 0.5;
			context.beginPath();
			context.moveTo(x, 0);
			context.lineTo(x, scene.height);
			context.stroke();
			context.setLineDash([]);
			context.globalAlpha = 1;
		};
		line(this.#viewport.pinned, true);
		line(this.#viewport.cursor, false);
		const i = this.#hover.process;
		if (i < 0)
			return;
		const p = this.#shared.p, right = scene.left + scene.width;
		const x0 = Math.max(scene.left, xOf(scene, p.start[i]!)), x1 = Math.min(right, Math.max(x0 + 1, xOf(scene, p.end[i]!)));
		context.strokeStyle = scene.palette.text;
		context.lineWidth = 1;
		context.strokeRect(x0 - 0.5, Math.round(yOf(scene, this.#lanes.layout.row[i]!)) - 0.5, x1 - x0 + 1, Math.max(3, this.#laneHeight - 1));
	}

	#hitAt(time: number, y: number, pixels: number): Hit {
		const row = Math.floor((y + this.#scrollTop) / this.#laneHeight);
		return laneHit(this.#shared.p, this.#lanes.index, row, time, (pixels * this.#viewport.span) / this.#plotWidth());
	}

	#point(time: number | null, y: number): void {
		this.#pointer = time === null ? null : { t: time, y };
		this.#redraw('over');
	}

	#findHover(): void {
		this.#hover = this.#pointer ? this.#hitAt(this.#pointer.t, this.#pointer.y, 1) : { process: -1, count: 0 };
	}

	/** The line under the lanes. */
	#tell(): void {
		const i = this.#hover.process;
		const told = `${i} ${this.#hover.count} ${this.#pointer !== null}`;
		if (told === this.#told)
			return;
		this.#told = told;
		if (i < 0) {
			replace(this.#readout, h('span', { class: 'dim' }, t(this.#shared.p.n === 0 ? 'none' : this.#pointer ? 'idle' : 'hover')));
			return;
		}
		const wide = ((this.#shared.p.end[i]! - this.#shared.p.start[i]!) / this.#viewport.span) * this.#plotWidth() > 2;
		const more = !wide && this.#hover.count > 1 ? ` · ${t('more', { n: this.#hover.count - 1 })}` : '';
		replace(this.#readout, swatch(this.#shared.color(i)), h('span', { class: 'readout-command' }, brief(this.#shared.p, i, this.#shared.source(i), charactersIn(this.#width < 700 ? this.#width - 30 : this.#width - 560))),
			h('span', { class: 'readout-figures' }, figures(this.#shared.p, i) + more));
	}

	#selected(): void {
		const i = selectedOf(this.#shared, this.#viewport);
		if (i >= 0)
			this.#showRow(i);
		this.#redraw('base');
	}

	#showRow(i: number): void {
		if (i < 0)
			return;
		const top = this.#lanes.layout.row[i]! * this.#laneHeight, scroller = this.#scroller;
		if (top < this.#scrollTop || top + this.#laneHeight > this.#scrollTop + this.#height)
			scroller.scrollTop = top - this.#height / 2;
	}

	#key(event: KeyboardEvent): void {
		if (event.ctrlKey || event.metaKey || event.altKey)
			return;
		const { from, to } = this.#viewport.range;
		const selected = selectedOf(this.#shared, this.#viewport);
		const target = event.shiftKey ? null : keyTarget(event.key, this.#shared, this.#lanes, selected, from, to);
		if (target !== null) {
			event.preventDefault();
			this.#viewport.select(target);
			if (this.#shared.p.end[target]! < from || this.#shared.p.start[target]! > to)
				this.#viewport.reveal(this.#shared.p.start[target]!);
			this.#spoken.textContent = `${command(this.#shared.p, target, 160)}: ${figures(this.#shared.p, target)}`;
		} else if (handleKey(event, this.#viewport)) {
			event.preventDefault();
		}
	}
}

const modeTold = (): LaneMode => (fragment.get('lanes') === 'tree' ? 'tree' : 'job');

export async function mount(section: HTMLElement, page: Page, viewport: Viewport): Promise<void> {
	const shared = await sharedOf(page);
	if (shared.p.n === 0) {
		replace(section, h('h2', {}, t('title')), h('p', { class: 'dim' }, t('none')));
		return;
	}
	new Timeline(section, shared, viewport);
}
