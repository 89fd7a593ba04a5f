// Places intervals of time on rows, always on the lowest rows that are free: a segment tree over
// 'busy until' finds them in logarithmic time, also where thousands run at once.

export class FirstFit {
	/** Rows in use so far. */
	rows = 0;
	private leaves = 16;
	private busyUntil = new Float64Array(2 * this.leaves).fill(-Infinity);

	/** Row of the lowest block of `height` rows free at `start`; it is busy until `end` afterwards.
	 *  Calls come in order of `start`. */
	place(start: number, end: number, height = 1): number {
		let row = this.firstFree(0, start);
		for (;;) {
			let free = 1;
			while (free < height && this.until(row + free) <= start) free++;
			if (free >= height) break;
			row = this.firstFree(row + free + 1, start);
		}
		for (let i = 0; i < height; i++) this.occupy(row + i, end);
		this.rows = Math.max(this.rows, row + height);
		return row;
	}

	/** Takes this very row, if it is free at `start`. */
	placeAt(row: number, start: number, end: number): boolean {
		if (this.until(row) > start) return false;
		this.occupy(row, end);
		this.rows = Math.max(this.rows, row + 1);
		return true;
	}

	private until(row: number): number {
		return row < this.leaves ? this.busyUntil[this.leaves + row]! : -Infinity;
	}

	/** Lowest row ≥ from that is free at `start`; rows beyond those in use are. */
	private firstFree(from: number, start: number): number {
		if (from >= this.leaves) return from;
		let node = this.leaves + from;
		// Up and to the right until a subtree has a free row, then down to its leftmost one.
		while (this.busyUntil[node]! > start) {
			while (node & 1) {
				node >>= 1;
				if (node === 0) return this.leaves;
			}
			node++;
		}
		while (node < this.leaves) {
			node *= 2;
			if (this.busyUntil[node]! > start) node++;
		}
		return node - this.leaves;
	}

	private occupy(row: number, end: number): void {
		while (row >= this.leaves) this.grow();
		let node = this.leaves + row;
		this.busyUntil[node] = end;
		for (node >>= 1; node >= 1; node >>= 1)
			this.busyUntil[node] = Math.min(this.busyUntil[2 * node]!, this.busyUntil[2 * node + 1]!);
	}

	private grow(): void {
		const old = this.busyUntil;
		const n = this.leaves;
		this.leaves = 2 * n;
		this.busyUntil = new Float64Array(2 * this.leaves).fill(-Infinity);
		this.busyUntil.set(old.subarray(n, 2 * n), this.leaves);
		for (let node = this.leaves - 1; node >= 1; node--)
			this.busyUntil[node] = Math.min(this.busyUntil[2 * node]!, this.busyUntil[2 * node + 1]!);
	}
}
