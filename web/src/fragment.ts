// The page's state in its address, so that a link opens on the same view: #t=12.5-30&view=detailed.
// A key that has its default is left out. Writing does not make entries in the browser's history.

const values = new Map<string, string>();
const listeners = new Set<() => void>();
let written = '';
let waiting = 0;

function read(): void {
	values.clear();
	for (const part of location.hash.replace(/^#/, '').split('&')) {
		const at = part.indexOf('=');
		if (at < 1)
			continue;
		try {
			values.set(part.slice(0, at), decodeURIComponent(part.slice(at + 1)));
		} catch {
			// Not written by this page.
		}
	}
}

function compose(): string {
	const parts = [...values].map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll('%2C', ',')}`);
	return parts.length > 0 ? `#${parts.join('&')}` : '';
}

function write(): void {
	waiting = 0;
	written = compose();
	if (written !== location.hash)
		history.replaceState(null, '', written || location.pathname + location.search);
}

read();
written = location.hash;
addEventListener('hashchange', () => {
	if (location.hash === written)
		return;
	written = location.hash;
	read();
	for (const listener of [...listeners])
		listener();
});

export const fragment = {
	get: (key: string): string | null => values.get(key) ?? null,
	/** null: the default, not told. */
	set(key: string, value: string | null): void {
		if ((values.get(key) ?? null) === value)
			return;
		if (value === null)
			values.delete(key);
		else
			values.set(key, value);
		// Browsers limit how often an address may change.
		if (waiting === 0)
			waiting = window.setTimeout(write, 120);
	},
	/** Writes at once and returns the address of this view. */
	link(): string {
		clearTimeout(waiting);
		write();
		return location.href;
	},
	/** Called when the address was changed by the reader (a link, the back button). */
	onChange(listener: () => void): void {
		listeners.add(listener);
	},
};
