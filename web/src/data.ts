// The page's data: sections are decoded when something first asks for them, and kept. Numbers come as
// Float64Array with NaN for unknown.
import type { PageData, SectionInfo, SectionRef } from './page-types';

export type Numbers = Float64Array<ArrayBuffer>;

/** The processes of the run, one row each, by start. Unknown numbers are NaN. */
export type Processes = {
	count: number; told: number;
	start: Numbers; /** NaN: alive at the end */ end: Numbers;
	pid: Numbers; /** row of the parent, -1 none */ parent: Numbers; /** index into categories, NaN none */ category: Numbers;
	cpu: Numbers; rss: Numbers; pss: Numbers; exitCode: Numbers; exitSignal: Numbers; depth: Numbers;
	name: readonly string[]; cmdline: readonly string[];
};
export type Samples = { process: Numbers; t: Numbers; bytes: Numbers };

function bytesOfBase64(text: string, offset: number, size: number): Uint8Array<ArrayBuffer> {
	// Four characters are three bytes: the part that holds these bytes.
	const from = Math.floor(offset / 3), to = Math.ceil((offset + size) / 3);
	const binary = atob(text.slice(from * 4, to * 4));
	const all = new Uint8Array(binary.length);
	for (let i = 0; i < binary.length; i++)
		all[i] = binary.charCodeAt(i);
	return all.subarray(offset - from * 3, offset - from * 3 + size);
}

async function inflate(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
	const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
	return new Uint8Array(await new Response(stream).arrayBuffer());
}

const WIDTH = { u8: 1, u16: 2, u32: 4, i32: 4, f32: 4, f64: 8 } as const;

// The value that means unknown; a u8 has none of its own, 255 only where the column says so.
const NOTHING = { u8: NaN, u16: 0xffff, u32: 0xffffffff, i32: -0x80000000, f32: NaN, f64: NaN } as const;

function numbersOf(bytes: Uint8Array<ArrayBuffer>, info: SectionInfo): Numbers {
	if (info.type === 'text')
		throw new Error('a text is no column of numbers');
	const { type, delta } = info, scale = info.scale || 1;
	const n = Math.min(info.count, Math.floor(bytes.byteLength / WIDTH[type]));
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const out = new Float64Array(info.count).fill(NaN, n);
	const nothing = NOTHING[type];
	let sum = 0;
	for (let i = 0; i < n; i++) {
		let v: number;
		switch (type) {
		case 'u8': v = view.getUint8(i); break;
		case 'u16': v = view.getUint16(i * 2, true); break;
		case 'u32': v = view.getUint32(i * 4, true); break;
		case 'i32': v = view.getInt32(i * 4, true); break;
		case 'f32': v = view.getFloat32(i * 4, true); break;
		case 'f64': v = view.getFloat64(i * 8, true); break;
		}
		if (v === nothing || v !== v)
			out[i] = NaN;
		else if (delta)
			out[i] = (sum += v) * scale;
		else
			out[i] = v * scale;
	}
	return out;
}

function linesOf(bytes: Uint8Array<ArrayBuffer>): string[] {
	const lines = new TextDecoder().decode(bytes).split('\n');
	lines.pop();
	for (let i = 0; i < lines.length; i++)
		if (lines[i]!.includes('\\'))
			lines[i] = lines[i]!.replace(/\\([n\\])/g, (_, c: string) => (c === 'n' ? '\n' : '\\'));
	return lines;
}

/** The page's own JSON; throws where it is not of this format. */
export function pageJson(): PageData {
	const meta = document.getElementById('vigia-page');
	if (!meta)
		throw new Error('the page holds no data');
	const parsed = JSON.parse(meta.textContent ?? '') as PageData;
	if (parsed.format !== 1)
		throw new Error(`the data are of format ${String(parsed.format)}, the page reads 1`);
	return parsed;
}

export class Page {
	readonly meta: PageData;
	readonly #base64: string;
	readonly #numbers = new Map<SectionRef, Promise<Numbers>>();
	#processes: Promise<Processes> | null = null;
	#samples: Promise<Samples> | null = null;

	constructor(meta: PageData, base64: string) {
		this.meta = meta;
		this.#base64 = base64;
	}

	static ofDocument(parsed: PageData): Page {
		// Without rules there are no majors.
		for (const category of parsed.categories)
			category.major ??= '';
		return new Page(parsed, (document.getElementById('vigia-data')?.textContent ?? '').trim());
	}

	async #bytes(ref: SectionRef): Promise<Uint8Array<ArrayBuffer>> {
		const info = this.meta.sections[ref];
		if (!info)
			throw new Error(`no section ${ref}`);
		const packed = bytesOfBase64(this.#base64, info.offset, info.size);
		return info.codec === 'deflate' ? inflate(packed) : packed;
	}

	count(ref: SectionRef): number {
		return this.meta.sections[ref]?.count ?? 0;
	}

	numbers(ref: SectionRef): Promise<Numbers> {
		let found = this.#numbers.get(ref);
		if (!found) {
			found = this.#bytes(ref).then((bytes) => numbersOf(bytes, this.meta.sections[ref]!));
			this.#numbers.set(ref, found);
		}
		return found;
	}

	async lines(ref: SectionRef): Promise<string[]> {
		return linesOf(await this.#bytes(ref));
	}

	processes(): Promise<Processes> {
		this.#processes ??= this.#readProcesses();
		return this.#processes;
	}

	async #readProcesses(): Promise<Processes> {
		const p = this.meta.processes;
		const [start, end, pid, parent, category, cpu, rss, pss, exitCode, exitSignal, depth] = await Promise.all([
			p.start_s, p.end_s, p.pid, p.parent, p.category, p.cpu_s, p.peak_rss_bytes, p.peak_pss_bytes,
			p.exit_code, p.exit_signal, p.depth].map((ref) => this.numbers(ref)));
		const [name, cmdline] = await Promise.all([this.#names(), this.lines(p.cmdline)]);
		return { count: p.count, told: p.told, start: start!, end: end!, pid: pid!, parent: parent!, category: category!,
			cpu: cpu!, rss: rss!, pss: pss!, exitCode: exitCode!, exitSignal: exitSignal!, depth: depth!, name, cmdline };
	}

	// Names are told once each, rows by their number.
	async #names(): Promise<string[]> {
		const p = this.meta.processes;
		if (p.names === undefined || this.meta.sections[p.name]?.type === 'text')
			return this.lines(p.name);
		const [rows, names] = await Promise.all([this.numbers(p.name), this.lines(p.names)]);
		return Array.from(rows, (i) => names[i] ?? '');
	}

	/** Memory of processes over time, where it is told. */
	async samples(): Promise<Samples | null> {
		const s = this.meta.samples;
		if (!s)
			return null;
		this.#samples ??= Promise.all([s.process, s.t, s.bytes].map((ref) => this.numbers(ref)))
			.then(([process, t, bytes]) => ({ process: process!, t: t!, bytes: bytes! }));
		return this.#samples;
	}

	/** The coarsest level that has a bucket for every two pixels of what is seen; else the finest. */
	level<L extends { t: SectionRef }>(levels: readonly L[], seen: number, pixels: number): L | null {
		const part = this.meta.duration_s > 0 ? Math.min(1, seen / this.meta.duration_s) : 1;
		return levels.find((level) => this.count(level.t) * part * 2 >= pixels) ?? levels[levels.length - 1] ?? null;
	}
}

/** First index i with a[i] > v (upper bound) in sorted numbers. */
export function upperBound(a: ArrayLike<number>, v: number): number {
	let low = 0, high = a.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (a[middle]! > v)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/** The window of sorted times that covers from … to, one value beyond each end: [begin, end). */
export function windowOf(t: ArrayLike<number>, from: number, to: number): [number, number] {
	return [Math.max(0, upperBound(t, from) - 1), Math.min(t.length, upperBound(t, to) + 1)];
}
