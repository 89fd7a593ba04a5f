// LOOK's colours. A major category has its hue everywhere on the page, its detailed categories are
// shades of it; light and dark follow the system until the reader chooses.
import { fragment } from './fragment';
import type { Category } from './page-types';

export type Scheme = 'light' | 'dark';

// The hue of a major category, by the first expression that its name matches.
const HUES: readonly (readonly [RegExp, string])[] = [
	[/^(CPP_Compile|C_Compile|Assembl)/, '#4269d0'],
	[/^(CPP_Link|Go_Link|Link|Archive|LTO)/, '#efb118'],
	[/^Rust/, '#ff725c'],
	[/^Go_/, '#6cc5b0'],
	[/^(Java|Kotlin|Scala)/, '#3ca951'],
	[/^Test/, '#ff8ab7'],
	[/^(BuildSystem|PackageManagement|Configur)/, '#a463f2'],
	[/^(Script|Shell|CodeGeneration|Documentation)/, '#97bbf5'],
	[/^(OSUtilities|DevelopmentTools|Util)/, '#9c6b4e'],
	[/^(Haskell|Swift|Zig|Other_Compile)/, '#6cc5b0'],
];
const OTHER = '#9498a0';

export const hueOf = (major: string): string => HUES.find(([name]) => name.test(major))?.[1] ?? OTHER;

type Rgb = [number, number, number];
const parse = (hex: string): Rgb => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)) as Rgb;
const join = (rgb: Rgb): string => `#${rgb.map((v) => Math.max(0, Math.min(255, Math.round(v))).toString(16).padStart(2, '0')).join('')}`;

/** `part` 0 is `from`, 1 is `to`. */
export function mix(from: string, to: string, part: number): string {
	const a = parse(from), b = parse(to);
	return join(a.map((v, i) => v + (b[i]! - v) * part) as Rgb);
}

/** The n-th shade of a hue: itself, then by turns darker and lighter, far enough apart to be told. */
export function shade(hue: string, n: number): string {
	if (n === 0)
		return hue;
	const step = Math.ceil(n / 2), part = Math.min(0.66, 0.2 * step);
	return n % 2 === 1 ? mix(hue, '#ffffff', part) : mix(hue, '#000000', part * 0.8);
}

/** A colour for each major category: its hue, or a shade of it where another major has it already. */
export function majorColors(categories: readonly Category[]): Map<string, string> {
	const taken = new Map<string, number>(), colors = new Map<string, string>();
	for (const { major } of categories) {
		if (colors.has(major))
			continue;
		const hue = hueOf(major), n = taken.get(hue) ?? 0;
		taken.set(hue, n + 1);
		colors.set(major, shade(hue, n * 3));
	}
	return colors;
}

/** A colour for each category (same index): shades of its major's, the largest has that itself. */
export function colorsOf(categories: readonly Category[]): string[] {
	const seen = new Map<string, number>(), majors = majorColors(categories);
	return categories.map(({ major }) => {
		const n = seen.get(major) ?? 0;
		seen.set(major, n + 1);
		return shade(majors.get(major)!, n);
	});
}

/** Eight colours for series that are no categories, by their order. */
export const SERIES: readonly string[] = ['#4269d0', '#efb118', '#ff725c', '#6cc5b0', '#a463f2', '#3ca951', '#ff8ab7', '#9c6b4e'];
export const seriesColor = (n: number): string => shade(SERIES[n % SERIES.length]!, Math.floor(n / SERIES.length));

export type Palette = { background: string; text: string; dim: string; hairline: string; critical: string; warning: string; fine: string };
const PALETTES: { [S in Scheme]: Palette } = {
	light: { background: '#ffffff', text: '#1b1e23', dim: '#5c636d', hairline: '#e3e5e8', critical: '#d1242f', warning: '#bf8700', fine: '#1a7f37' },
	dark: { background: '#15171a', text: '#e6e8eb', dim: '#9aa1ab', hairline: '#2b2f35', critical: '#ff6b6b', warning: '#e3b341', fine: '#3fb950' },
};

const system = matchMedia('(prefers-color-scheme: dark)');
let printing = false;
const listeners = new Set<() => void>();

const chosen = (): Scheme | null => {
	const wish = fragment.get('theme');
	return wish === 'light' || wish === 'dark' ? wish : null;
};
const scheme = (): Scheme => (printing ? 'light' : chosen() ?? (system.matches ? 'dark' : 'light'));

function apply(): void {
	document.documentElement.dataset['theme'] = scheme();
	for (const listener of [...listeners])
		listener();
}

export const theme = {
	get scheme(): Scheme { return scheme(); },
	get palette(): Palette { return PALETTES[scheme()]; },
	/** null: as the system has it. */
	choose(wish: Scheme | null): void {
		fragment.set('theme', wish);
		apply();
	},
	/** Called when colours change: canvases must be drawn again. */
	onChange(listener: () => void): void {
		listeners.add(listener);
	},
	start(): void {
		system.addEventListener('change', apply);
		for (const event of ['beforeprint', 'afterprint'] as const)
			addEventListener(event, () => {
				printing = event === 'beforeprint';
				apply();
			});
		fragment.onChange(apply);
		apply();
	},
};

/** prefers-reduced-motion, for scrolling. */
export const scrollBehavior = (): ScrollBehavior => (matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth');
