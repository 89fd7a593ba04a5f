// Where axes have their marks: round values, at most five on y; times at whole seconds, minutes, hours.

const TIME_STEPS = [
	0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
	43200, 86400, 172800, 604800];

/** Seconds between marks so that there are at most `most` of them. */
export function timeStep(span: number, most: number): number {
	let step = TIME_STEPS.find((s) => span / s <= most);
	if (step === undefined) {
		step = TIME_STEPS[TIME_STEPS.length - 1]!;
		while (span / step > most)
			step *= 2;
	} else if (step === TIME_STEPS[0]) {
		while (span / (step / 10) <= most && step > 1e-7)
			step /= 10;
	}
	return step;
}

export function timeTicks(from: number, to: number, most: number): { step: number; at: number[] } {
	const step = timeStep(to - from, Math.max(1, most)), at: number[] = [];
	for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++)
		at.push(i * step + 0);
	return { step, at };
}

function roundStep(rough: number, base: 2 | 10): number {
	if (base === 2 && rough >= 1) {
		// 1, 2, 4 … 512, 1024 of a unit: 256 MiB, 2 GiB.
		const unit = 1024 ** Math.floor(Math.log2(rough) / 10);
		let step = unit;
		while (step < rough)
			step *= 2;
		// A thousand of a unit is closer to 10 than 16 of the next.
		return step;
	}
	const power = 10 ** Math.floor(Math.log10(rough));
	return ([1, 2, 2.5, 5, 10].find((f) => f * power >= rough * 0.9999) ?? 10) * power;
}

/** A scale from low to high that ends at a mark, with at most five marks. */
export function valueScale(low: number, high: number, base: 2 | 10): { min: number; max: number; at: number[] } {
	const span = high - low;
	if (!(span > 0))
		return { min: low, max: low + 1, at: [low] };
	let step = roundStep(span / 4, base);
	while (Math.ceil(high / step - 1e-9) - Math.floor(low / step + 1e-9) > 4)
		step = roundStep(step * 1.01, base);
	const first = Math.floor(low / step + 1e-9), last = Math.ceil(high / step - 1e-9);
	const at: number[] = [];
	for (let i = first; i <= last; i++)
		at.push(i * step);
	// The scale ends close above the highest value, not at the mark beyond it.
	return { min: first * step, max: Math.max(high + span * 0.04, low + step * 0.5), at: at.filter((v) => v <= high + span * 0.04) };
}
