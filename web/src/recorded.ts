// How this was recorded: machine, source, losses, what vigia cost, what was left out of the page.
import type { Page } from './data';
import { english, h, shown } from './dom';
import { bytes, count, duration, percent } from './format';
import { clock } from './head';
import { hint } from './overview';
import type { Report } from './page-types';
import { texts } from './i18n';

const t = texts({
	en: { title: 'How this was recorded', run: 'run', command: 'command', machine: 'machine', host: 'host', began: 'began', kernel: 'kernel', source: 'source', cost: 'vigia’s own cost', written: 'written', left: 'left out for size', version: 'vigia',
		core: '1 core', cores: '{n} cores', lost: '{n} {n?event:events} lost', none: 'no event lost', partial: 'partial: short processes were missed', cpu: '{cpu} of one core ({s} in all), {memory} of memory', page: 'this page', outside: 'worked from outside', busy: 'busy meanwhile', limit: 'cgroup limit {bytes}' },
	pt: { title: 'Como isto foi registado', run: 'execução', command: 'comando', machine: 'máquina', host: 'anfitrião', began: 'começou', kernel: 'kernel', source: 'fonte', cost: 'custo do vigia', written: 'escrito', left: 'omitido pelo tamanho', version: 'vigia',
		core: '1 núcleo', cores: '{n} núcleos', lost: '{n} {n?evento perdido:eventos perdidos}', none: 'nenhum evento perdido', partial: 'parcial: processos curtos escaparam', cpu: '{cpu} de um núcleo ({s} ao todo), {memory} de memória', page: 'esta página', outside: 'trabalharam de fora', busy: 'ocupados entretanto', limit: 'limite do cgroup {bytes}' },
	zh: { title: '记录方式', run: '运行', command: '命令', machine: '机器', host: '主机', began: '开始', kernel: '内核', source: '来源', cost: 'vigia 自身开销', written: '写入', left: '因大小而省略', version: 'vigia',
		core: '1 核', cores: '{n} 核', lost: '丢失 {n} 个事件', none: '没有丢失事件', partial: '不完整：漏记了短进程', cpu: '单核的 {cpu}（共 {s}），内存 {memory}', page: '本页', outside: '外部协助', busy: '同时繁忙', limit: 'cgroup 上限 {bytes}' },
});

// Names, each once, with how often; where they were reached, if that is known.
function outside(list: Report['outside']): string[] {
	const seen = new Map<string, number>();
	for (const { name, address, pid } of list) {
		const text = `${shown(name ?? (pid === null ? '–' : String(pid)), 60)}${address ? ` (${shown(address, 80)})` : ''}`;
		seen.set(text, (seen.get(text) ?? 0) + 1);
	}
	return [...seen].slice(0, 40).map(([text, n]) => (n > 1 ? `${text} ×${count(n)}` : text));
}

export function mountRecorded(section: HTMLElement, page: Page): void {
	const { report, machine, version, budget } = page.meta, { run, capture, own } = report;
	const rows: [string, (string | HTMLElement)[]][] = [];
	const row = (name: string, ...values: (string | null | false)[]): void => {
		const told = values.filter((v): v is string => typeof v === 'string' && v !== '');
		if (told.length > 0)
			rows.push([name, told.map((v, i) => h('bdi', {}, shown(v, 2000) + (i + 1 < told.length ? ', ' : '')))]);
	};
	row(t('command'), run.command === null ? null : shown(run.command, 600));
	row(t('run'), run.id, run.label !== run.id && run.label);
	row(t('began'), clock(page, 0, true));
	row(t('machine'), run.host, machine.cpu, machine.cores !== null && t(machine.cores === 1 ? 'core' : 'cores', { n: count(machine.cores) }), machine.memory_bytes !== null && bytes(machine.memory_bytes),
		machine.cgroup_limit_bytes !== null && t('limit', { bytes: bytes(machine.cgroup_limit_bytes) }));
	row(t('kernel'), machine.kernel);
	row(t('source'), capture.source, capture.partial ? t('partial') : null, capture.lost_events !== null && (capture.lost_events > 0 ? t('lost', { n: count(capture.lost_events) }) : t('none')));
	if (own.cpu_percent !== null)
		row(t('cost'), t('cpu', { cpu: percent(own.cpu_percent / 100), s: duration(own.cpu_s), memory: bytes(own.peak_rss_bytes) }));
	row(t('written'), own.written_bytes === null ? null : bytes(own.written_bytes));
	row(t('outside'), ...outside(report.outside.filter((one) => one.how !== 'busy')));
	row(t('busy'), ...outside(report.outside.filter((one) => one.how === 'busy')));
	row(t('version'), version);
	if (budget.left_out.length > 0)
		rows.push([t('left'), [english(shown(budget.left_out.join(', '), 4000))]]);
	section.append(h('h2', {}, t('title')), h('dl', { class: 'recorded' }, rows.map(([name, values]) => [h('dt', {}, name), h('dd', {}, values)])), h('p', { class: 'section-note hint' }, hint()));
}
