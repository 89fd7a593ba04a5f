// Numbers as LOOK has them: a unit behind a space, at most three significant digits, times like
// `4m 12s`. Decimal signs follow the page's language.
import { lang, texts } from './i18n';

const named = texts({ en: { pages: 'pages' }, pt: { pages: 'páginas' }, zh: { pages: '页' } });
const three = new Intl.NumberFormat(lang, { maximumSignificantDigits: 3 });
const hundredth = new Intl.NumberFormat(lang, { maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });

export const UNKNOWN = '–';

const known = (value: number | null | undefined): value is number =>
	value !== null && value !== undefined && Number.isFinite(value);

/** At most three significant digits; thousands stay whole: 14,203 */
export function number(value: number | null | undefined): string {
	if (!known(value))
		return UNKNOWN;
	return Math.abs(value) >= 999.5 ? whole.format(value) : three.format(value);
}

/** How many cores are busy: to the hundredth of one. */
export const cores = (value: number | null | undefined): string =>
	(!known(value) ? UNKNOWN : value > 0 && value < 0.01 ? `<\u00a0${hundredth.format(0.01)}` : (value < 9.995 ? hundredth : three).format(value));

export const count = (value: number | null | undefined): string => (known(value) ? whole.format(value) : UNKNOWN);

function scaled(value: number, step: number, units: readonly string[]): string {
	let i = 0, v = Math.abs(value);
	while (v >= 999.5 && i < units.length - 1) {
		v /= step;
		i++;
	}
	return `${three.format(Math.sign(value) * v)}\u00a0${units[i]}`;
}

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** 3.9 GiB */
export const bytes = (value: number | null | undefined): string => (known(value) ? scaled(value, 1024, BYTES) : UNKNOWN);

/** 0.4 % of a ratio of 0.004 */
export const percent = (ratio: number | null | undefined): string => {
	if (!known(ratio))
		return UNKNOWN;
	return ratio !== 0 && Math.abs(ratio) < 0.0001 ? `<\u00a0${three.format(0.01)}\u00a0%` : `${three.format(ratio * 100)}\u00a0%`;
};

const two = (n: number): string => String(n).padStart(2, '0');

/** 4m 12s, 0.83 s, 12 ms */
export function duration(seconds: number | null | undefined): string {
	if (!known(seconds))
		return UNKNOWN;
	const s = Math.abs(seconds), sign = seconds < 0 ? '−' : '';
	if (s === 0)
		return '0\u00a0s';
	if (s < 0.000_999_5)
		return `${sign}${three.format(s * 1e6)}\u00a0µs`;
	if (s < 0.099_95)
		return `${sign}${three.format(s * 1e3)}\u00a0ms`;
	if (s < 59.95)
		return `${sign}${three.format(s)}\u00a0s`;
	const t = Math.round(s);
	if (t < 3600)
		return `${sign}${Math.floor(t / 60)}m\u00a0${two(t % 60)}s`;
	if (t < 86400)
		return `${sign}${Math.floor(t / 3600)}h\u00a0${two(Math.floor(t / 60) % 60)}m`;
	return `${sign}${Math.floor(t / 86400)}d\u00a0${two(Math.floor(t / 3600) % 24)}h`;
}

const fixed = new Map<number, Intl.NumberFormat>();

/** With exactly so many digits behind the sign; to make a format is dear, and axes ask at every frame. */
function withDigits(digits: number): Intl.NumberFormat {
	let format = fixed.get(digits);
	if (!format)
		fixed.set(digits, (format = new Intl.NumberFormat(lang, { minimumFractionDigits: digits, maximumFractionDigits: digits })));
	return format;
}

// Whole minutes, hours or days: 0, 10m, 1h 20m, 2d 6h.
function round(seconds: number, resolution: number): string {
	const minutes = Math.round(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
	if (minutes < 60)
		return minutes === 0 ? '0' : `${minutes}m`;
	if (days > 0)
		return resolution >= 86400 ? `${days}d` : `${days}d\u00a0${hours % 24}h`;
	return resolution >= 3600 ? `${hours}h` : `${hours}h\u00a0${two(minutes % 60)}m`;
}

/** A moment of the run, as exact as `resolution` seconds ask for: 4m 12.3s */
export function moment(seconds: number, resolution: number): string {
	if (!Number.isFinite(seconds))
		return UNKNOWN;
	if (resolution >= 60 && seconds >= 0)
		return round(seconds, resolution);
	const digits = resolution >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(resolution)));
	const sign = seconds < 0 ? '−' : '';
	const unit = 10 ** digits, s = Math.round(Math.abs(seconds) * unit) / unit;
	const rest = (value: number, wide: boolean): string => {
		const text = withDigits(digits).format(value);
		return wide && value < 10 ? `0${text}` : text;
	};
	if (s < 60)
		return `${sign}${rest(s, false)}\u00a0s`;
	const minutes = Math.floor(s / 60);
	if (minutes < 60)
		return `${sign}${minutes}m\u00a0${rest(s - minutes * 60, true)}s`;
	const hours = Math.floor(minutes / 60);
	return `${sign}${hours}h\u00a0${two(minutes % 60)}m\u00a0${rest(s - minutes * 60, true)}s`;
}

/** A moment as exact as a run of this length asks for. */
export const momentOf = (seconds: number, duration: number): string => moment(seconds, duration > 120 ? 1 : duration > 12 ? 0.1 : 0.01);

export type Role = 'gauge' | 'counter';
/** How a column is shown: `factor` times the value, then `text`; `unit` names it on an axis. */
export type Quantity = { factor: number; unit: string; text: (value: number) => string; /** shorter, on an axis */ axis: (value: number) => string; base: 2 | 10 };

// 45,000 as it is; 1.5 M where it would not fit.
const short = (value: number): string => (Math.abs(value) < 99_999.5 ? number(value) : scaled(value, 1000, ['', 'k', 'M', 'G', 'T', 'P']));

function plain(unit: string, factor = 1): Quantity {
	const near = unit.length <= 2 && unit !== '' ? `\u00a0${unit}` : '';
	return { factor, unit, base: 10, text: (v) => (known(v) ? `${number(v)}${unit && `\u00a0${unit}`}` : UNKNOWN), axis: (v) => `${short(v)}${near}` };
}
const time = (factor: number): Quantity => ({ factor, unit: 's', base: 10, text: duration, axis: duration });

/** Gauges are shown in their unit, counters as rates per second: of times that is a part of the time. */
export function quantity(told: string, role: Role): Quantity {
	const rate = role === 'counter' && told !== 'ratio', bare = told.replace(/\/s$/, ''), unit = bare === 'pages' ? named('pages') : bare;
	switch (unit) {
	case 'bytes': {
		const text = (v: number): string => (known(v) ? bytes(v) + (rate ? '/s' : '') : UNKNOWN);
		return { factor: 1, unit: rate ? 'B/s' : 'B', base: 2, text, axis: bytes };
	}
	case 'ns': return rate ? plain('%', 1e-7) : time(1e-9);
	case 'us': return rate ? plain('%', 1e-4) : time(1e-6);
	case 'ms': return rate ? plain('%', 1e-1) : time(1e-3);
	case 'seconds': return rate ? plain('%', 100) : time(1);
	case 'ratio': return plain('%', 100);
	case 'percent': return plain(rate ? '%/s' : '%');
	case 'celsius': return plain('°C');
	case 'watts': return plain('W');
	case 'microjoules': return rate ? plain('W', 1e-6) : plain('J', 1e-6);
	case 'hertz': {
		const text = (v: number): string => (known(v) ? scaled(v, 1000, ['Hz', 'kHz', 'MHz', 'GHz']) : UNKNOWN);
		return { factor: 1, unit: 'Hz', base: 10, text, axis: text };
	}
	case 'rpm': return plain('rpm');
	case 'volts': return plain('V');
	case 'cores': return plain('');
	default: return plain(rate ? (unit === 'count' || unit === '' ? '/s' : `${unit}/s`) : unit === 'count' ? '' : unit);
	}
}
