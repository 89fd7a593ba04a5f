// The first thing one sees: what happened, in one line, and the five numbers.
import type { Page } from './data';
import { h, shown, svg } from './dom';
import { bytes, count, duration, momentOf, number, percent } from './format';
import { texts } from './i18n';

const t = texts({
	en: { succeeded: 'succeeded in {wall}', failed: 'failed (exit {code}) after {wall}', killed: 'was killed by signal {signal} after {wall}', ran: 'ran for {wall}',
		incomplete: 'was still running after {wall}', incompleteNote: 'The recording is not complete: the run goes on, or the recorder died. What follows is what was written until then.',
		wall: 'wall time', cpu: 'CPU time', peak: 'peak memory', processes: 'processes', exit: 'exit', parallel: '{n} cores busy on average', parallelOf: '{n} of {cores} cores busy on average',
		at: 'at {at}', atOf: 'at {at}, of {memory}', lost: '{n} events lost', none: 'none lost', sampled: 'sampled: short ones were missed', signal: 'signal {n}', success: 'success', failure: 'failure', running: 'not known', date: '{date} on {host}', dateOnly: '{date}',
		cost: 'vigia itself took {cpu} of one core and {memory}.', source: 'Captured by {source}.', by_bpf: 'events of the kernel (bpf)', by_perf: 'events of the kernel (perf)', by_poll: 'looking again and again (poll)' },
	pt: { succeeded: 'terminou bem em {wall}', failed: 'falhou (saída {code}) após {wall}', killed: 'foi terminado pelo sinal {signal} após {wall}', ran: 'correu durante {wall}',
		incomplete: 'ainda corria após {wall}', incompleteNote: 'O registo não está completo: a execução continua ou o gravador morreu. Segue-se o que foi escrito até então.',
		wall: 'tempo total', cpu: 'tempo de CPU', peak: 'pico de memória', processes: 'processos', exit: 'saída', parallel: 'em média {n} núcleos ocupados', parallelOf: 'em média {n} de {cores} núcleos ocupados',
		at: 'em {at}', atOf: 'em {at}, de {memory}', lost: '{n} eventos perdidos', none: 'nenhum perdido', sampled: 'por amostras: os curtos escaparam', signal: 'sinal {n}', success: 'sucesso', failure: 'falha', running: 'desconhecida', date: '{date} em {host}', dateOnly: '{date}',
		cost: 'O próprio vigia gastou {cpu} de um núcleo e {memory}.', source: 'Captura por {source}.', by_bpf: 'eventos do kernel (bpf)', by_perf: 'eventos do kernel (perf)', by_poll: 'observação repetida (poll)' },
	zh: { succeeded: '成功，用时 {wall}', failed: '失败（退出码 {code}），用时 {wall}', killed: '被信号 {signal} 终止，用时 {wall}', ran: '运行了 {wall}',
		incomplete: '在 {wall} 时仍在运行', incompleteNote: '记录不完整：运行仍在继续，或记录程序已退出。以下为此前写入的内容。',
		wall: '总用时', cpu: 'CPU 时间', peak: '内存峰值', processes: '进程', exit: '退出', parallel: '平均占用 {n} 核', parallelOf: '平均占用 {n} / {cores} 核',
		at: '在 {at}', atOf: '在 {at}，共 {memory}', lost: '丢失 {n} 个事件', none: '无丢失', sampled: '采样：短进程可能漏记', signal: '信号 {n}', success: '成功', failure: '失败', running: '未知', date: '{date}，{host}', dateOnly: '{date}',
		cost: 'vigia 自身占用单核的 {cpu} 和 {memory}。', source: '采集方式：{source}。', by_bpf: '内核事件 (bpf)', by_perf: '内核事件 (perf)', by_poll: '轮询 (poll)' },
});

type Outcome = 'fine' | 'failed' | 'open';

function outcome(page: Page): { kind: Outcome; text: string } {
	const { run } = page.meta.report, wall = duration(run.wall_s ?? page.meta.duration_s);
	if (!run.complete)
		return { kind: 'open', text: t('incomplete', { wall }) };
	if (run.exit_signal !== null)
		return { kind: 'failed', text: t('killed', { signal: run.exit_signal, wall }) };
	if (run.exit_code === null)
		return { kind: 'open', text: t('ran', { wall }) };
	return run.exit_code === 0 ? { kind: 'fine', text: t('succeeded', { wall }) } : { kind: 'failed', text: t('failed', { code: run.exit_code, wall }) };
}

/** The outcome's shape, so that it is not told by colour alone. */
function sign(kind: Outcome): SVGElement {
	const path = kind === 'fine' ? 'M4 11l5 5L18 5' : kind === 'failed' ? 'M5 5l12 12M17 5L5 17' : 'M11 4v8l5 3';
	return svg('svg', { class: `sign ${kind}`, viewBox: '0 0 22 22', width: 22, height: 22, 'aria-hidden': 'true' }, svg('path', { d: path }));
}

/** The wall-clock time of a moment, in the zone of the machine that recorded. */
export function clock(page: Page, seconds: number, withDate: boolean): string | null {
	const { start } = page.meta;
	if (!start)
		return null;
	const text = new Date((start.realtime_s + seconds + start.zone_minutes * 60) * 1000).toISOString();
	return withDate ? `${text.slice(0, 10)} ${text.slice(11, 19)}` : text.slice(11, 19);
}

function figure(name: string, value: string, note: string | null): HTMLElement {
	return h('div', { class: 'figure' }, h('dt', {}, name), h('dd', {}, h('span', { class: 'figure-value' }, value), note && h('span', { class: 'figure-note' }, note)));
}

function figures(page: Page): HTMLElement {
	const { report, machine } = page.meta, { run, cpu, peak, capture } = report;
	const total = cpu.user_s === null && cpu.system_s === null ? null : (cpu.user_s ?? 0) + (cpu.system_s ?? 0);
	const busy = total !== null && run.wall_s ? total / run.wall_s : null, most = peak.pss_bytes ?? peak.rss_bytes ?? peak.cgroup_bytes;
	const memory = machine.cgroup_limit_bytes ?? machine.memory_bytes;
	const at = peak.t_s === null ? null : momentOf(peak.t_s, page.meta.duration_s);
	const exit = run.exit_signal !== null ? t('signal', { n: run.exit_signal }) : run.exit_code === null ? '–' : String(run.exit_code);
	return h('dl', { class: 'figures' },
		figure(t('wall'), duration(run.wall_s ?? page.meta.duration_s), clock(page, 0, true)),
		figure(t('cpu'), duration(total), busy === null ? null : machine.cores === null ? t('parallel', { n: number(busy) }) : t('parallelOf', { n: number(busy), cores: count(machine.cores) })),
		figure(t('peak'), bytes(most), at === null ? null : memory === null ? t('at', { at }) : t('atOf', { at, memory: bytes(memory) })),
		figure(t('processes'), count(capture.processes ?? page.meta.processes.count),
			capture.partial ? t('sampled') : capture.lost_events === null ? null : capture.lost_events > 0 ? t('lost', { n: count(capture.lost_events) }) : t('none')),
		figure(t('exit'), exit, run.exit_code === null && run.exit_signal === null ? t('running') : run.exit_code === 0 ? t('success') : t('failure')));
}

export function mountHead(section: HTMLElement, page: Page): void {
	const { run, own, capture, findings } = page.meta.report, what = outcome(page);
	const worst = what.kind === 'failed' ? findings.find((finding) => finding.severity === 'critical') : undefined;
	const command = shown(run.command ?? run.label ?? run.id ?? 'vigia', 160);
	section.append(
		h('h1', { class: `verdict ${what.kind}` }, sign(what.kind), h('span', {}, h('bdi', { class: 'verdict-command', title: shown(run.command ?? '', 2000) }, command), ' ', h('span', { class: 'outcome' }, what.text))));
	if (worst)
		section.append(h('p', { class: 'because' }, h('bdi', {}, shown(worst.title, 300))));
	if (what.kind === 'open' && !run.complete)
		section.append(h('p', { class: 'caution' }, t('incompleteNote')));
	section.append(figures(page));
	const date = clock(page, 0, true), source = capture.source === 'bpf' || capture.source === 'perf' || capture.source === 'poll' ? t(`by_${capture.source}`) : null;
	section.append(h('p', { class: 'section-note' }, [
		date && run.host ? `${t('date', { date, host: shown(run.host, 60) })}. ` : null,
		own.cpu_percent === null ? null : `${t('cost', { cpu: percent(own.cpu_percent / 100), memory: bytes(own.peak_rss_bytes) })} `,
		source && t('source', { source })]));
}
