// Texts that several parts about processes use, and how one process is told in a line.
import { shown } from '../dom';
import { bytes, duration, moment, UNKNOWN } from '../format';
import { texts } from '../i18n';
import { processPeak, processWall, type Processes } from './model';

export const words = texts({
	en: {
		cpu: '{cpu} CPU', peak: 'peak {bytes}', exit: 'exit {code}', signal: 'killed by {signal}', alive: 'alive at the end', nocategory: 'no category',
		from: '{from} to {to}', copy: 'copy', copied: 'copied', nocommand: '(no command line)', now: 'now',
	},
	pt: {
		cpu: '{cpu} de CPU', peak: 'pico {bytes}', exit: 'código {code}', signal: 'morto por {signal}', alive: 'vivo no fim', nocategory: 'sem categoria',
		from: '{from} até {to}', copy: 'copiar', copied: 'copiado', nocommand: '(sem linha de comando)', now: 'agora',
	},
	zh: {
		cpu: 'CPU {cpu}', peak: '峰值 {bytes}', exit: '退出码 {code}', signal: '被 {signal} 终止', alive: '结束时仍在运行', nocategory: '无类别',
		from: '{from} 至 {to}', copy: '复制', copied: '已复制', nocommand: '（无命令行）', now: '现在',
	},
});

const SIGNALS = ['', 'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE', 'ALRM', 'TERM',
	'STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH', 'IO', 'PWR', 'SYS'];

/** SIGKILL; SIGRTMIN+2 of the real-time ones. */
export const signalName = (signal: number): string => (SIGNALS[signal] ? `SIG${SIGNALS[signal]!}` : signal >= 34 && signal <= 64 ? `SIGRTMIN+${signal - 34}` : `SIG${signal}`);

/** How it ended: exit 1, killed by SIGKILL, alive at the end. */
export function outcome(p: Processes, i: number): string {
	if (p.exitSignal[i]! > 0)
		return words('signal', { signal: signalName(p.exitSignal[i]!) });
	if (p.alive[i])
		return words('alive');
	return Number.isNaN(p.exitCode[i]!) ? UNKNOWN : words('exit', { code: p.exitCode[i]! });
}

/** Short, for a column: 0, 1, SIGKILL. */
export function outcomeShort(p: Processes, i: number): string {
	if (p.exitSignal[i]! > 0)
		return signalName(p.exitSignal[i]!);
	return p.alive[i] || Number.isNaN(p.exitCode[i]!) ? UNKNOWN : String(p.exitCode[i]!);
}

/** The program's name, as it can be shown. */
export function program(p: Processes, i: number, most = 60): string {
	return shown(p.name[i]!, most) || '?';
}

export function command(p: Processes, i: number, most?: number): string {
	const line = p.cmdline[i]!;
	return shown(line === '' ? p.name[i] || words('nocommand') : line, most);
}

/** The command line in at most so many characters, by what tells it apart: the program without its path, and
 *  where a source file would be cut away, that at the end: cc1plus -quiet … dag.cpp */
export function brief(p: Processes, i: number, source: string, most: number): string {
	const line = p.cmdline[i]!;
	if (line === '')
		return command(p, i, most);
	const stop = line.search(/\s/), first = stop < 0 ? line : line.slice(0, stop), rest = stop < 0 ? '' : line.slice(stop);
	const short = first.slice(first.lastIndexOf('/') + 1) + rest;
	if (short.length <= most || source === '')
		return shown(short, most);
	const file = source.length > most * 0.6 ? source.slice(source.lastIndexOf('/') + 1) : source;
	const head = most - file.length - 3;
	return head < first.length - first.lastIndexOf('/') - 1 ? shown(`${program(p, i)} ${file}`, most) : shown(`${short.slice(0, head).trimEnd()} … ${file}`, most + 2);
}

/** Characters of the small fixed-width type that fit into so many pixels. */
export const charactersIn = (pixels: number): number => Math.max(16, Math.floor(pixels / 7.3));

/** 2m 03.1s to 2m 05.4s (2.3 s) */
export function period(p: Processes, i: number): string {
	const wall = processWall(p, i), resolution = Math.max(0.001, 10 ** Math.floor(Math.log10(Math.max(1e-6, wall))) / 10);
	return `${words('from', { from: moment(p.start[i]!, resolution), to: moment(p.end[i]!, resolution) })} (${duration(wall)})`;
}

/** Everything of a process but its command line, in a line. */
export function figures(p: Processes, i: number): string {
	return [period(p, i), words('cpu', { cpu: duration(p.cpu[i]) }), words('peak', { bytes: bytes(processPeak(p, i)) }), outcome(p, i)].join(' · ');
}
