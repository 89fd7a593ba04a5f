// Idle cores explained: how much of the machine the run left unused, the stretches in which few cores
// were busy, and by the chain of processes who held the run up there. What is inferred is called so.
import type { Page } from '../data';
import { h, replace, shown, type Child } from '../dom';
import { cores as busyCores, count, duration, moment, number, percent } from '../format';
import { texts } from '../i18n';
import type { Viewport } from '../viewport';
import { idleFacts, type CoreSeries, type Held, type IdleFacts, type StretchFacts } from './idle-facts';
import { selectedOf, sharedOf, type Shared } from './shared';
import { swatch } from './swatch';
import { command, program } from './words';

const t = texts({
	en: {
		title: 'Idle cores', used: 'The run used {used} of {all} core-seconds that {cores} cores had in {wall}; {idle} it left unused.', usedWatched: 'The processes that were watched used {used} of {all} core-seconds that {cores} cores had in {wall}.',
		others: 'Other programs on the machine used {others} of all meanwhile: the run may have waited for cores, not left them idle.',
		full: 'No stretch of it had only few cores busy.', one: 'The run had one core: none could be idle while it worked.',
		tail: 'In the last {wall} ({part} of the run) it kept {busy} of {cores} cores busy{others}.', stretch: 'For {wall} from {from} on ({part} of the run) it kept {busy} of {cores} cores busy{others}.',
		othersHad: ', other programs {others}', taken: 'No core stood idle: others had what it left, so it may have waited for cores.',
		held: 'It waited for ', many: 'It waited for {n} processes one after the other, most of the time for', then: ', ', working: '{s}', waiting: '{s}, mostly waiting', mostly: 'Mostly waiting: it used the CPU for less than half of its life.', whole: 'The whole run kept {busy} of {cores} cores busy{others}.', more: 'and {n} more', zoom: 'zoom to it',
		chain: 'The critical chain', chainText: 'Walking back from the end, each process below ended just before the next could begin; together they span the whole run. Where all cores are busy, the end of one may only have made room for the next.',
		show: 'mark it in the timeline', hide: 'take the marks away', steps: '{n} {n?step:steps}; longest:', estimated: 'CPU use is estimated: each process’s CPU time, spread evenly over its life.',
		measured: 'CPU use is as measured.', inferred: 'That one waited for the other is inferred from parents and times, not seen.', ofRun: '{part} of the run',
	},
	pt: {
		title: 'Núcleos parados', used: 'A execução usou {used} de {all} segundos de núcleo que {cores} núcleos tinham em {wall}; {idle} não usou.', usedWatched: 'Os processos observados usaram {used} de {all} segundos de núcleo que {cores} núcleos tinham em {wall}.',
		others: 'Outros programas da máquina usaram entretanto {others} de todos: a execução pode ter esperado por núcleos, e não os ter deixado parados.',
		full: 'Em nenhum período estiveram só poucos núcleos ocupados.', one: 'A execução tinha um só núcleo: nenhum podia parar enquanto trabalhava.',
		tail: 'Nos últimos {wall} ({part} da execução) ocupou {busy} de {cores} núcleos{others}.', stretch: 'Durante {wall} a partir de {from} ({part} da execução) ocupou {busy} de {cores} núcleos{others}.',
		othersHad: ', outros programas {others}', taken: 'Nenhum núcleo esteve parado: outros tiveram o resto, e a execução pode ter esperado por núcleos.',
		held: 'Esperava por ', many: 'Esperava por {n} processos, um após o outro, a maior parte do tempo por', then: ', ', working: '{s}', waiting: '{s}, quase sempre à espera', mostly: 'Quase sempre à espera: usou a CPU menos de metade da sua vida.', whole: 'A execução inteira ocupou {busy} de {cores} núcleos{others}.', more: 'e mais {n}', zoom: 'aproximar',
		chain: 'A cadeia crítica', chainText: 'A partir do fim, cada processo abaixo terminou logo antes de o seguinte poder começar; juntos cobrem toda a execução. Onde todos os núcleos estão ocupados, o fim de um pode só ter dado lugar ao seguinte.',
		show: 'marcar na linha do tempo', hide: 'tirar as marcas', steps: '{n} {n?passo:passos}; os mais longos:', estimated: 'O uso de CPU é estimado: o tempo de CPU de cada processo, repartido por igual pela sua vida.',
		measured: 'O uso de CPU é o medido.', inferred: 'Que um esperou pelo outro é inferido de pais e tempos, não foi visto.', ofRun: '{part} da execução',
	},
	zh: {
		title: '空闲的核心', used: '{cores} 个核心在 {wall} 内共有 {all} 核秒，运行用了 {used}；{idle} 未使用。', usedWatched: '{cores} 个核心在 {wall} 内共有 {all} 核秒，被观察的进程用了 {used}。',
		others: '其间机器上的其他程序用了全部的 {others}：运行可能是在等待核心，而不是让核心空闲。',
		full: '没有哪一段时间只有少数核心在忙。', one: '运行只有一个核心：工作时不会有核心空闲。',
		tail: '在最后 {wall}（占运行的 {part}），它占用了 {cores} 个核心中的 {busy} 个{others}。', stretch: '从 {from} 起的 {wall}（占运行的 {part}），它占用了 {cores} 个核心中的 {busy} 个{others}。',
		othersHad: '，其他程序占用 {others} 个', taken: '没有核心空闲：其余核心被其他程序占用，运行可能是在等待核心。',
		held: '当时在等待 ', many: '当时依次等待 {n} 个进程，主要是', then: '、', working: '{s}', waiting: '{s}，多数时间在等待', mostly: '多数时间在等待：其生命期中使用 CPU 的时间不到一半。', whole: '整个运行占用了 {cores} 个核心中的 {busy} 个{others}。', more: '以及另外 {n} 个', zoom: '缩放到此',
		chain: '关键链', chainText: '从结束往回看，下列每个进程恰好在下一个开始之前结束；它们合起来覆盖整个运行。在所有核心都忙的时候，一个进程的结束可能只是为下一个腾出位置。',
		show: '在时间线中标出', hide: '去掉标记', steps: '{n} 步；最长的：', estimated: 'CPU 用量为估计：每个进程的 CPU 时间平均分摊在其生命期内。',
		measured: 'CPU 用量为实测。', inferred: '谁等待谁是由父子关系和时间推断的，并非直接观察到。', ofRun: '占运行的 {part}',
	},
});

const NAMED = 3, LISTED = 8, STRETCHES = 4, OTHERS_TOLD = 0.05;

async function measuredCores(page: Page): Promise<CoreSeries | null> {
	// Only where each tick is told: a bucket's highest tick would say too much.
	const level = page.meta.totals.levels[page.meta.totals.levels.length - 1], cpu = level?.columns['cpu'];
	if (!level || !cpu || page.meta.totals.levels.length < 1)
		return null;
	const [times, max, min] = await Promise.all([page.numbers(level.t), page.numbers(cpu.max), cpu.min === null ? null : page.numbers(cpu.min)]);
	return { t: times, cores: min ? max.map((v, i) => (v + min[i]!) / 2) : max };
}

// Of the whole machine: all its cores, less those that had nothing to do.
async function machineCores(page: Page, cores: number): Promise<CoreSeries | null> {
	const table = page.meta.tables.find(({ name }) => name === 'cpu');
	const idle = await Promise.all(['idle_us', 'iowait_us'].map(async (name) => {
		const series = table?.series.find(({ key, column }) => key === '' && table.columns[column]?.name === name), level = series?.levels[series.levels.length - 1];
		if (!level)
			return null;
		const [t, max, min] = await Promise.all([page.numbers(level.t), page.numbers(level.max), level.min === null ? null : page.numbers(level.min)]);
		return { t, values: min ? max.map((v, i) => (v + min[i]!) / 2) : max };
	}));
	const [none, waits] = idle;
	if (!none)
		return null;
	return { t: none.t, cores: none.values.map((v, i) => Math.max(0, cores - v - (waits && waits.t.length === none.t.length ? waits.values[i]! || 0 : 0))) };
}

class Idle {
	readonly #shared: Shared;
	readonly #viewport: Viewport;
	readonly #facts: IdleFacts;

	constructor(section: HTMLElement, shared: Shared, viewport: Viewport, facts: IdleFacts, watched: boolean) {
		this.#shared = shared;
		this.#viewport = viewport;
		this.#facts = facts;
		const { stretches, cores } = facts;
		const told = [...stretches].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, STRETCHES).sort((a, b) => a.from - b.from);
		replace(section, h('h2', {}, t('title')), h('p', {}, this.#usedText(watched), cores > 1 && !watched && stretches.length === 0 && ` ${t('full')}`),
			facts.others !== null && cores > 1 && !watched && h('p', { class: 'caution' }, t('others', { others: percent(facts.others) })),
			told.length > 0 && !watched && h('ul', { class: 'stretches' }, told.map((one) => h('li', {}, this.#stretch(one)))),
			cores > 1 && !watched && facts.steps > 1 && this.#chain(), cores > 1 && !watched && h('p', { class: 'dim' }, `${t(facts.measured ? 'measured' : 'estimated')} ${t('inferred')}${facts.longest.slice(0, LISTED).some((held) => !held.works) ? ` ${t('mostly')}` : ''}`));
	}

	#usedText(watched: boolean): string {
		const { cores, duration: wall, usedSeconds } = this.#facts, all = cores * wall;
		if (cores === 1)
			return t('one');
		return t(watched ? 'usedWatched' : 'used', { used: number(Math.min(all, usedSeconds)), all: number(all), cores, wall: duration(wall), idle: percent(Math.max(0, 1 - usedSeconds / all)) });
	}

	#stretch(one: StretchFacts): Child {
		const { cores, duration: wall } = this.#facts, long = one.to - one.from;
		const told = t(long > wall * 0.98 ? 'whole' : one.tail ? 'tail' : 'stretch', { wall: duration(long), from: moment(one.from, long / 20), part: percent(long / wall), busy: busyCores(one.cores), cores,
			others: one.others === null || one.others < OTHERS_TOLD * cores ? '' : t('othersHad', { others: busyCores(one.others) }) });
		if (one.taken)
			return [h('strong', {}, told), ' ', t('taken'), ' ', this.#zoom(one)];
		const named = one.held.filter((held) => held.seconds >= long * 0.05).slice(0, NAMED);
		const rest = one.held.length - named.length;
		if (named.reduce((sum, held) => sum + held.seconds, 0) < long * 0.3)
			return [h('strong', {}, told), ' ', t('many', { n: count(one.held.length) }), ' ', this.#programs(one), '. ', this.#zoom(one)];
		return [h('strong', {}, told), ' ', named.length > 0 && [t('held'), named.map((held, k) => [k > 0 && t('then'), this.#process(held)]), rest > 0 && ` ${t('more', { n: count(rest) })}`, '. '],
			this.#zoom(one)];
	}

	#zoom(one: StretchFacts): Child {
		const beside = (one.to - one.from) * 0.1;
		return h('button', { type: 'button', class: 'link', onclick: () => this.#viewport.zoomTo(one.from - beside, one.to + beside) }, t('zoom'));
	}

	/** make ×120 (3.1 s), sh ×340 (2 s) */
	#programs(one: StretchFacts): string {
		return one.programs.slice(0, NAMED + 1).map(({ name, count: n, seconds }) => `${shown(name, 40)}${n > 1 ? ` ×${count(n)}` : ''} (${duration(seconds)})`).join(t('then'));
	}

	#process(held: Held): Child {
		const { p } = this.#shared;
		return [h('button', { type: 'button', class: 'link', title: command(p, held.process, 400), onclick: () => {
			this.#viewport.select(held.process);
			this.#viewport.reveal(p.start[held.process]!);
		} }, nameOf(this.#shared, held.process)), ` (${t(held.works ? 'working' : 'waiting', { s: duration(held.seconds) })})`];
	}

	#chain(): HTMLElement {
		const { chainShown, p } = this.#shared, { longest, duration: wall, steps } = this.#facts;
		const button = h('button', { type: 'button', class: 'plain-button toggle', onclick: () => (chainShown.value = !chainShown.value) });
		const update = (): void => {
			button.textContent = t(chainShown.value ? 'hide' : 'show');
			button.setAttribute('aria-pressed', String(chainShown.value));
		};
		chainShown.on(update);
		update();
		const list = h('ol', { class: 'chain' });
		const draw = (): void => replace(list, longest.slice(0, LISTED).map((held) => h('li', {
			class: held.process === selectedOf(this.#shared, this.#viewport) ? 'selected' : '' },
		swatch(this.#shared.color(held.process)), h('span', { class: 'when dim' }, moment(p.start[held.process]!, wall / 1000)), ' ', this.#process(held),
		h('span', { class: 'dim part' }, ` · ${t('ofRun', { part: percent(held.seconds / wall) })}`))));
		this.#viewport.on('selection', draw);
		draw();
		return h('div', {}, h('h3', {}, t('chain')), h('p', {}, t('chainText'), ' ', button), h('p', { class: 'dim' }, t('steps', { n: count(steps) })), list);
	}
}

/** Nobody started these processes: they have no beginning and no end in common. */
const isWatched = ({ meta: { report: { run } } }: Page): boolean => run.complete && run.exit_code === null && run.exit_signal === null;

/** The program and what it works on: cc1plus dag.cpp */
function nameOf(shared: Shared, i: number): string {
	const source = shared.source(i), name = program(shared.p, i);
	return source === '' ? name : `${name} ${shown(source.slice(source.lastIndexOf('/') + 1), 60)}`;
}

export async function mount(section: HTMLElement, page: Page, viewport: Viewport): Promise<void> {
	const shared = await sharedOf(page), { machine: { cores }, duration_s: wall, report } = page.meta;
	const [own, machine] = await Promise.all([measuredCores(page), cores === null ? null : machineCores(page, cores)]);
	const facts = idleFacts(shared.p, shared.chain(), cores, wall, own, report.machine.busy_ratio, machine);
	section.hidden = facts === null;
	if (facts)
		new Idle(section, shared, viewport, facts, isWatched(page));
}
