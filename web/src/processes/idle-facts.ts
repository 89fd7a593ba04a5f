// What can be said about idle cores: how much of them was idle, in which stretches, and who held the
// run up there by the chain.
import { coreSeconds, coreUseOfProcesses, coreUseOfSeries, stretchesFind, type CoreUse, type Stretch } from './core-use';
import type { Chain, Step } from './chain';
import type { Processes } from './model';

export type Held = { readonly process: number; readonly seconds: number; /** Its own CPU over its life shows that it worked. */ readonly works: boolean };
/** Where many short ones held it up: by program. */
export type HeldProgram = { readonly name: string; readonly count: number; readonly seconds: number };
export type StretchFacts = Stretch & {
	readonly held: readonly Held[];
	readonly programs: readonly HeldProgram[];
	/** Cores that other programs on the machine kept busy meanwhile; null: unknown. */
	readonly others: number | null;
	/** Others had what the run left: nothing stood idle, and that it waited for someone is not to be seen. */
	readonly taken: boolean;
};
export type IdleFacts = {
	readonly cores: number;
	readonly duration: number;
	readonly usedSeconds: number;
	readonly measured: boolean;
	/** Of all core-seconds, what others on the machine used; null: unknown, or next to nothing. */
	readonly others: number | null;
	readonly stretches: readonly StretchFacts[];
	/** Those with the most time in the chain, and how much of the run that is. */
	readonly longest: readonly Held[];
	readonly steps: number;
};

const LEAST_S = 0.5;
const WORKS = 0.5;
const OTHERS_MATTER = 0.1;
const IDLE_LEAST = 0.15;

function heldIn(p: Processes, steps: readonly Step[], from: number, to: number): Held[] {
	const seconds = new Map<number, number>();
	for (const step of steps) {
		const part = Math.min(step.to, to) - Math.max(step.from, from);
		if (part > 0)
			seconds.set(step.process, (seconds.get(step.process) ?? 0) + part);
	}
	return [...seconds].map(([process, s]) => {
		const wall = p.end[process]! - p.start[process]!;
		return { process, seconds: s, works: wall > 0 && p.cpu[process]! >= WORKS * wall };
	}).sort((a, b) => b.seconds - a.seconds || a.process - b.process);
}

function programsOf(p: Processes, held: readonly Held[]): HeldProgram[] {
	const programs = new Map<string, { name: string; count: number; seconds: number }>();
	for (const { process, seconds } of held) {
		const program = programs.get(p.name[process]!) ?? { name: p.name[process]!, count: 0, seconds: 0 };
		program.count++;
		program.seconds += seconds;
		programs.set(program.name, program);
	}
	return [...programs.values()].sort((a, b) => b.seconds - a.seconds);
}

export type CoreSeries = { readonly t: ArrayLike<number>; readonly cores: ArrayLike<number> };

/** Measured CPU use where it is told tick by tick, and that of the whole machine; null cores: unknown, then nothing can be said. */
export function idleFacts(p: Processes, chain: Chain, cores: number | null, duration: number,
	series: CoreSeries | null, busyRatio: number | null = null, machine: CoreSeries | null = null): IdleFacts | null {
	// Too short to say anything about.
	if (!cores || !(duration >= LEAST_S) || p.n === 0)
		return null;
	const use: CoreUse = series && series.t.length > 1 ? coreUseOfSeries(series.t, series.cores, duration) : coreUseOfProcesses(p);
	if (use.t.length === 0)
		return null;
	const busy = machine && machine.t.length > 1 ? coreUseOfSeries(machine.t, machine.cores, duration) : null;
	const stretches = stretchesFind(use, duration, cores).map((stretch) => {
		const held = heldIn(p, chain.steps, stretch.from, stretch.to);
		const all = busy ? Math.min(cores, coreSeconds(busy, stretch.from, stretch.to) / (stretch.to - stretch.from)) : null;
		const others = all === null ? null : Math.max(0, all - stretch.cores);
		return { ...stretch, held, programs: programsOf(p, held), others, taken: others !== null && cores - stretch.cores - others < IDLE_LEAST * cores };
	});
	const usedSeconds = coreSeconds(use, 0, duration);
	const others = busyRatio === null ? null : busyRatio - usedSeconds / (cores * duration);
	return { cores, duration, usedSeconds, measured: use.measured, others: others !== null && others > OTHERS_MATTER ? others : null, stretches,
		longest: heldIn(p, chain.steps, 0, duration), steps: chain.steps.length };
}
