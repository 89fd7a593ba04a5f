// The first thing one sees: what happened, in one line, and the five numbers.
import type { Mark } from './chart';
import type { Page } from './data';
import { english, h, put, shown, svg } from './dom';
import { bytes, cores, count, duration, momentOf, percent } from './format';
import { texts } from './i18n';
import type { Report } from './page-types';
import { signalName } from './processes/words';

const t = texts({
	en: { succeeded: 'succeeded in {wall}', butKilled: 'succeeded in {wall}, but a process was killed', failed: 'failed (exit {code}) after {wall}', killed: 'was killed by {signal} after {wall}', ran: 'was watched for {wall}',
		late: 'was stopped after {wall}: over its time limit', notFound: 'could not be started: not found (exit 127)', cannot: 'could not be started: cannot execute (exit 126)',
		incomplete: 'was still running after {wall}', incompleteNote: 'The recorder died: what became of the run is not known. What follows is what was written until then.',
		goesOn: 'is running, {wall} so far', goesOnNote: 'The recording goes on: this is what was written until now.', part: 'after {wall}: a snapshot, it went on', partNote: 'This is what was recorded until the snapshot was made.',
		byKilled: 'was killed by {signal}', byFailed: 'failed (exit {code})', by: '{what} at {at}', show: 'Show {at} in the charts', watched: 'watched, not started',
		wall: 'wall time', cpu: 'CPU time', peak: 'peak memory', processes: 'processes', exit: 'exit', parallel: '{n} cores busy on average', parallelOf: '{n} of {cores} {cores?core:cores} busy on average',
		at: 'at {at}', atOf: 'at {at}, of {memory}', largest: 'of the largest process; too short for more', lost: '{n} {n?event:events} lost', none: 'none lost', sampled: 'sampled: short ones were missed', success: 'success', failure: 'failure', running: 'not known', date: '{date} on {host}', dateOnly: '{date}',
		cost: 'vigia itself took {cpu} of one core and {memory}.', source: 'Captured by {source}.', by_bpf: 'events of the kernel (bpf)', by_perf: 'events of the kernel (perf)', by_poll: 'looking again and again (poll)' },
	pt: { succeeded: 'terminou bem em {wall}', butKilled: 'terminou bem em {wall}, mas um processo foi morto', failed: 'falhou (saída {code}) após {wall}', killed: 'foi terminado por {signal} após {wall}', ran: 'observada durante {wall}',
		late: 'foi parada após {wall}: passou do limite de tempo', notFound: 'não pôde começar: não encontrado (saída 127)', cannot: 'não pôde começar: não executável (saída 126)',
		incomplete: 'ainda corria após {wall}', incompleteNote: 'O gravador morreu: não se sabe o que foi feito da execução. Segue-se o que foi escrito até então.',
		goesOn: 'está a correr, {wall} até agora', goesOnNote: 'O registo continua: isto é o que foi escrito até agora.', part: 'após {wall}: um instantâneo, e continuou', partNote: 'Isto é o que foi registado até ao instantâneo.',
		byKilled: 'foi terminado por {signal}', byFailed: 'falhou (saída {code})', by: '{what} em {at}', show: 'Mostrar {at} nos gráficos', watched: 'observada, não iniciada',
		wall: 'tempo total', cpu: 'tempo de CPU', peak: 'pico de memória', processes: 'processos', exit: 'saída', parallel: 'em média {n} núcleos ocupados', parallelOf: 'em média {n} de {cores} {cores?núcleo ocupado:núcleos ocupados}',
		at: 'em {at}', atOf: 'em {at}, de {memory}', largest: 'do maior processo; curta demais para mais', lost: '{n} {n?evento perdido:eventos perdidos}', none: 'nenhum perdido', sampled: 'por amostras: os curtos escaparam', success: 'sucesso', failure: 'falha', running: 'desconhecida', date: '{date} em {host}', dateOnly: '{date}',
		cost: 'O próprio vigia gastou {cpu} de um núcleo e {memory}.', source: 'Captura por {source}.', by_bpf: 'eventos do kernel (bpf)', by_perf: 'eventos do kernel (perf)', by_poll: 'observação repetida (poll)' },
	zh: { succeeded: '成功，用时 {wall}', butKilled: '成功，用时 {wall}，但有进程被终止', failed: '失败（退出码 {code}），用时 {wall}', killed: '被 {signal} 终止，用时 {wall}', ran: '观察了 {wall}',
		late: '超过时限，{wall} 后被停止', notFound: '无法启动：找不到（退出码 127）', cannot: '无法启动：不能执行（退出码 126）',
		incomplete: '在 {wall} 时仍在运行', incompleteNote: '记录程序已退出：运行的结果未知。以下为此前写入的内容。',
		goesOn: '正在运行，至今 {wall}', goesOnNote: '记录仍在继续：以下为至今写入的内容。', part: '{wall} 时的快照，之后仍在继续', partNote: '以下为生成快照之前的记录。',
		byKilled: '被 {signal} 终止', byFailed: '失败（退出码 {code}）', by: '{what}，在 {at}', show: '在图表中显示 {at}', watched: '仅观察，未启动',
		wall: '总用时', cpu: 'CPU 时间', peak: '内存峰值', processes: '进程', exit: '退出', parallel: '平均占用 {n} 核', parallelOf: '平均占用 {n} / {cores} 核',
		at: '在 {at}', atOf: '在 {at}，共 {memory}', largest: '最大进程；运行太短，无更多数据', lost: '丢失 {n} 个事件', none: '无丢失', sampled: '采样：短进程可能漏记', success: '成功', failure: '失败', running: '未知', date: '{date}，{host}', dateOnly: '{date}',
		cost: 'vigia 自身占用单核的 {cpu} 和 {memory}。', source: '采集方式：{source}。', by_bpf: '内核事件 (bpf)', by_perf: '内核事件 (perf)', by_poll: '轮询 (poll)' },
});

type Outcome = 'fine' | 'warned' | 'failed' | 'open' | 'watched';

function outcome(page: Page): { kind: Outcome; text: string; note?: string } {
	const { run, capture, findings } = page.meta.report, wall = duration(run.wall_s ?? page.meta.duration_s);
	if (run.recording)
		return { kind: 'open', text: t('goesOn', { wall }), note: t('goesOnNote') };
	if (!run.complete)
		return run.snapshot_of === null ? { kind: 'open', text: t('incomplete', { wall }), note: t('incompleteNote') } : { kind: 'watched', text: t('part', { wall }), note: t('partNote') };
	if (run.timed_out)
		return { kind: 'failed', text: t('late', { wall }) };
	if (run.exit_signal !== null)
		return { kind: 'failed', text: t('killed', { signal: signalName(run.exit_signal), wall }) };
	if (run.exit_code === null)
		return { kind: 'watched', text: t('ran', { wall }) };
	if (capture.programs === 0 && (run.exit_code === 126 || run.exit_code === 127))
		return { kind: 'failed', text: t(run.exit_code === 127 ? 'notFound' : 'cannot') };
	// It went on without what the kernel killed: not what was asked for, perhaps.
	if (run.exit_code === 0 && findings.some((finding) => finding.id === 'oom' && finding.severity === 'critical'))
		return { kind: 'warned', text: t('butKilled', { wall }) };
	return run.exit_code === 0 ? { kind: 'fine', text: t('succeeded', { wall }) } : { kind: 'failed', text: t('failed', { code: run.exit_code, wall }) };
}

/** Who is to blame for the failure, in words: cc1 -quiet x.c was killed by SIGKILL. */
function blamed(failure: NonNullable<Report['failure']>): { who: string; what: string } {
	const [program = '', ...rest] = (failure.cmdline ?? '').split(' ');
	const who = [program.slice(program.lastIndexOf('/') + 1), ...rest].join(' ');
	const what = failure.exit_signal !== null ? t('byKilled', { signal: signalName(failure.exit_signal) }) : t('byFailed', { code: failure.exit_code ?? '–' });
	return { who: shown(who || String(failure.pid ?? '–'), 200), what };
}

/** The failure as a mark on the axes; null: none is known. */
export function failureMark(page: Page): Mark | null {
	const { failure } = page.meta.report;
	if (!failure || failure.t_s === null || failure.t_s < 0)
		return null;
	const { who, what } = blamed(failure);
	return { t: failure.t_s, severity: 'critical', title: `${who} ${what}` };
}

function because(page: Page, show: (at: number) => void): HTMLElement | null {
	const { failure, findings } = page.meta.report;
	const worst = findings.find((finding) => finding.severity === 'critical');
	if (worst)
		return h('p', { class: 'because' }, english(shown(worst.title, 300)));
	if (!failure)
		return null;
	const { who, what } = blamed(failure), at = failure.t_s === null ? null : momentOf(failure.t_s, page.meta.duration_s);
	return h('p', { class: 'because' }, h('bdi', { class: 'because-who', title: shown(failure.cmdline ?? '', 2000) }, who), ' ', at === null ? what
		: h('button', { type: 'button', class: 'link', 'aria-label': t('show', { at }), onclick: () => show(failure.t_s!) }, t('by', { what, at })));
}

/** The outcome's shape, so that it is not told by colour alone. */
const SIGNS: { [K in Outcome]: string } = {
	fine: 'M4 11l5 5L18 5', warned: 'M11 3l9 16H2zM11 9v5M11 16v1', failed: 'M5 5l12 12M17 5L5 17', open: 'M11 2.5a8.5 8.5 0 100 17a8.5 8.5 0 100-17M11 6.5v5l3.5 2',
	watched: 'M2 11q9-11 18 0q-9 11-18 0M11 9a2 2 0 100 4a2 2 0 100-4',
};

function sign(kind: Outcome): SVGElement {
	return svg('svg', { class: `sign ${kind}`, viewBox: '0 0 22 22', width: 22, height: 22, 'aria-hidden': 'true' }, svg('path', { d: SIGNS[kind] }));
}

/** The wall-clock time of a moment, in the zone of the machine that recorded. */
export function clock(page: Page, seconds: number, withDate: boolean): string | null {
	const { start } = page.meta;
	if (!start)
		return null;
	const text = new Date((start.realtime_s + seconds + start.zone_minutes * 60) * 1000).toISOString();
	return withDate ? `${text.slice(0, 10)} ${text.slice(11, 19)}` : text.slice(11, 19);
}

/** The highest memory of all processes together; null: never looked at while there were some. */
export const peakOf = ({ peak }: Report): number | null => peak.pss_bytes || peak.rss_bytes || null;

/** CPU time of all, be it told in user's and the kernel's or not; null: unknown. */
export const cpuSeconds = ({ cpu }: Report): number | null =>
	cpu.total_s ?? (cpu.user_s === null && cpu.system_s === null ? null : (cpu.user_s ?? 0) + (cpu.system_s ?? 0));

function figure(name: string, value: string, note: string | null): HTMLElement {
	return h('div', { class: 'figure' }, h('dt', {}, name), h('dd', {}, h('span', { class: 'figure-value' }, value), note && h('span', { class: 'figure-note' }, note)));
}

function figures(page: Page): HTMLElement {
	const { report, machine } = page.meta, { run, peak, capture } = report;
	const total = cpuSeconds(report);
	const busy = total !== null && run.wall_s ? total / run.wall_s : null, most = peakOf(page.meta.report) ?? peak.cgroup_bytes;
	const memory = machine.cgroup_limit_bytes ?? machine.memory_bytes;
	const largest = Math.max(0, ...report.top.map((one) => one.peak_rss_bytes ?? 0)), at = peak.t_s === null ? null : momentOf(peak.t_s, page.meta.duration_s);
	const exit = run.exit_signal !== null ? signalName(run.exit_signal) : run.exit_code === null ? '–' : String(run.exit_code);
	return h('dl', { class: 'figures' },
		figure(t('wall'), duration(run.wall_s ?? page.meta.duration_s), clock(page, 0, true)),
		figure(t('cpu'), duration(total), busy === null ? null : machine.cores === null ? t('parallel', { n: cores(busy) }) : t('parallelOf', { n: cores(busy), cores: count(machine.cores) })),
		// Too short for a look at all of it: what its largest process came to is known.
		peakOf(report) === null && largest > 0 ? figure(t('peak'), bytes(largest), t('largest')) : figure(t('peak'), bytes(most), at === null ? null : memory === null ? t('at', { at }) : t('atOf', { at, memory: bytes(memory) })),
		figure(t('processes'), count(capture.processes ?? page.meta.processes.count),
			capture.partial ? t('sampled') : capture.lost_events === null ? null : capture.lost_events > 0 ? t('lost', { n: count(capture.lost_events) }) : t('none')),
		figure(t('exit'), exit, run.exit_code === null && run.exit_signal === null ? t(run.complete ? 'watched' : 'running') : run.exit_code === 0 ? t('success') : t('failure')));
}

export function mountHead(section: HTMLElement, page: Page, show: (at: number) => void): void {
	const { run, own, capture } = page.meta.report, what = outcome(page);
	const command = shown(run.command ?? run.label ?? run.id ?? 'vigia', 160);
	section.append(
		h('h1', { class: `verdict ${what.kind}` }, sign(what.kind), h('span', {}, h('bdi', { class: 'verdict-command', title: shown(run.command ?? '', 2000) }, command), ' ', h('span', { class: 'outcome' }, what.text))));
	if (what.kind === 'failed' || what.kind === 'warned')
		put(section, because(page, show));
	if (what.note)
		section.append(h('p', { class: 'caution' }, what.note));
	section.append(figures(page));
	const date = clock(page, 0, true), source = capture.source === 'bpf' || capture.source === 'perf' || capture.source === 'poll' ? t(`by_${capture.source}`) : null;
	section.append(h('p', { class: 'section-note' }, [
		run.label !== null && run.label !== run.id && run.label !== run.command && !command.startsWith(run.label) && [h('bdi', {}, shown(run.label, 200)), ' · '],
		date && run.host ? `${t('date', { date, host: shown(run.host, 60) })}. ` : null,
		own.cpu_percent === null ? null : `${t('cost', { cpu: percent(own.cpu_percent / 100), memory: bytes(own.peak_rss_bytes) })} `,
		source && t('source', { source })]));
}
