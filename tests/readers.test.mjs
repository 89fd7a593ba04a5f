// Every table of a finished run, of a run in progress and of a killed run, as DuckDB and hyparquet
// read it, holds the values that `vigia export --to csv` gives. Readers that others wrote: ours
// cannot agree with our writer in a mistake.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, copyFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

const here = dirname(fileURLToPath(import.meta.url));
const build = process.env.VIGIA_BUILD ?? join(here, '..', 'build');
const vigia = join(build, 'src/app/vigia');
const helper = (name) => join(build, 'tests/helpers', name);
const place = mkdtempSync(join(tmpdir(), 'vigia-readers.'));
const children = [];

const { DuckDBInstance } = await import('@duckdb/node-api');
const hyparquet = await import('hyparquet');
const { compressors } = await import('hyparquet-compressors');

// RFC 4180, strictly; an unquoted empty field is null, a quoted one is empty text.
function parseCsv(text) {
	const rows = [];
	let row = [], field = '', quoted = false, inside = false;
	for (let i = 0; i < text.length; i++) {
		const c = text[i];
		if (inside) {
			if (c !== '"') field += c;
			else if (text[i + 1] === '"') { field += '"'; i++; }
			else inside = false;
		} else if (c === '"' && field === '' && !quoted) {
			inside = quoted = true;
		} else if (c === ',' || c === '\n') {
			row.push(field === '' && !quoted ? null : field);
			field = '';
			quoted = false;
			if (c === '\n') { rows.push(row); row = []; }
		} else if (c !== '\r' || text[i + 1] !== '\n') {
			field += c;
		}
	}
	assert.ok(!inside && row.length === 0 && field === '', 'the CSV ends with a whole line');
	return { names: rows[0], rows: rows.slice(1) };
}

// A timestamp of the CSV in ns since 1970.
function nanoseconds(text) {
	const parts = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|\+00:00)?$/.exec(text);
	assert.ok(parts, `a time: ${text}`);
	return BigInt(Date.parse(`${parts[1]}T${parts[2]}Z`)) * 1000000n + BigInt((parts[3] ?? '').padEnd(9, '0'));
}

const plain = (value) => (value === null || value === undefined ? null : String(value));

// Parts of a table that is being recorded, or its one file.
function files(run, table) {
	const whole = join(run, `${table}.parquet`), folder = join(run, table);
	return [
		...(existsSync(folder) ? readdirSync(folder).filter((n) => n.endsWith('.parquet')).sort().map((n) => join(folder, n)) : []),
		...(existsSync(whole) ? [whole] : []),
	];
}

function tables(run) {
	const names = new Set();
	for (const entry of readdirSync(run, { withFileTypes: true }))
		if (entry.isDirectory() || entry.name.endsWith('.parquet'))
			names.add(basename(entry.name, '.parquet'));
	return [...names].sort();
}

async function readDuck(paths, names, times) {
	const instance = await DuckDBInstance.create(':memory:');
	const connection = await instance.connect();
	const list = paths.map((p) => `'${p.replaceAll("'", "''")}'`).join(', ');
	const columns = names.map((n) => (times.has(n) ? `epoch_us("${n}") AS "${n}"` : `"${n}"`)).join(', ');
	const reader = await connection.runAndReadAll(`SELECT ${columns} FROM read_parquet([${list}])`);
	const rows = reader.getRows().map((row) => row.map(plain));
	connection.closeSync();
	return rows;
}

async function readHyparquet(paths, names) {
	const rows = [];
	for (const path of paths) {
		const file = await hyparquet.asyncBufferFromFile(path);
		const parsers = {
			...hyparquet.DEFAULT_PARSERS,
			timestampFromNanoseconds: (n) => n,
			timestampFromMicroseconds: (n) => n * 1000n,
		};
		const part = await hyparquet.parquetReadObjects({ file, compressors, parsers, columns: names });
		for (const row of part)
			rows.push(names.map((n) => plain(row[n])));
	}
	return rows;
}

const exportCsv = (run, table) =>
	execFileSync(vigia, ['export', run, '--to', 'csv', '--table', table, '-o', '-'], {
		encoding: 'utf8', maxBuffer: 1 << 30 });

// `shown` is what the readers see, `exported` the run that vigia exports (its recovery may
// change it, so that the two are copies).
async function compare(shown, exported, least) {
	let compared = 0;
	const seen = tables(shown);
	for (const table of ['processes', 'samples', 'totals'])
		assert.ok(seen.includes(table), `${table} is there`);
	for (const table of seen) {
		const paths = files(shown, table);
		if (paths.length === 0)
			continue;
		const csv = parseCsv(exportCsv(exported, table));
		const times = new Set(csv.names.filter((n) => n === 'time'));
		const toText = (row, scale) => row.map((v, i) => (v !== null && times.has(csv.names[i]) ? String(nanoseconds(v) / scale) : v));
		assert.deepEqual(await readHyparquet(paths, csv.names), csv.rows.map((r) => toText(r, 1n)), `${table}: hyparquet`);
		assert.deepEqual(await readDuck(paths, csv.names, times), csv.rows.map((r) => toText(r, 1000n)), `${table}: DuckDB`);
		if (table in least)
			assert.ok(csv.rows.length >= least[table], `${table}: ${csv.rows.length} rows, expected ${least[table]}`);
		compared++;
	}
	assert.ok(compared >= 3);
}

function copyRun(from, to) {
	mkdirSync(to, { recursive: true });
	for (const entry of readdirSync(from, { withFileTypes: true })) {
		if (entry.name.endsWith('.tmp'))
			continue;
		if (entry.isDirectory())
			copyRun(join(from, entry.name), join(to, entry.name));
		else if (entry.isFile()) // and not the recorder's socket
			copyFileSync(join(from, entry.name), join(to, entry.name));
	}
	return to;
}

async function until(what, condition) {
	for (let i = 0; i < 300; i++) {
		if (condition())
			return;
		await sleep(100);
	}
	assert.fail(`gave up waiting for ${what}`);
}

// A run that goes on until it is told to end; returns when its parts are on disk.
async function startRun(name) {
	const run = join(place, name), ready = join(place, `${name}.ready`);
	const child = spawn(vigia, ['run', '-q', '-o', run, '--', 'sh', '-c',
		`${helper('forkstorm')} 60; ${helper('peak')} 20; : >"${ready}"; exec sleep 100`],
	{ stdio: 'ignore', detached: true });
	children.push(child);
	await until('the command', () => existsSync(ready));
	const written = () => ['processes', 'samples', 'totals'].every((t) => files(run, t).length > 0);
	await until('the first parts', written);
	// One more flush, so that what the command did before is in it.
	const since = Date.now() + 1500;
	await until('a flush', () => files(run, 'totals').some((p) => statSync(p).mtimeMs > since));
	return { run, child };
}

before(() => {
	assert.ok(existsSync(vigia), `${vigia} is built`);
});

after(() => {
	for (const child of children)
		try {
			process.kill(-child.pid, 'SIGKILL');
		} catch {
			// Already gone.
		}
	rmSync(place, { recursive: true, force: true });
});

test('a finished run', async () => {
	const run = join(place, 'finished');
	execFileSync(vigia, ['run', '-q', '-o', run, '--', 'sh', '-c',
		`${helper('forkstorm')} 300 2; ${helper('peak')} 30; ${helper('hostile')} ${helper('tiny')}; ${helper('burn')} 200 50`],
	{ stdio: 'ignore' });
	await compare(run, run, { processes: 315, totals: 2 });
});

for (const codec of ['snappy', 'gzip', 'brotli', 'lz4', 'none'])
	test(`a finished run, converted to ${codec}`, async () => {
		const run = join(place, 'finished'), to = join(place, codec);
		mkdirSync(to);
		for (const table of ['processes', 'samples', 'totals'])
			execFileSync(vigia, ['convert', '--compression', codec, join(run, `${table}.parquet`), join(to, `${table}.parquet`)]);
		await compare(to, run, { processes: 315 });
	});

test('a run in progress', async () => {
	const { run } = await startRun('running');
	const snapshot = copyRun(run, join(place, 'snapshot'));
	await compare(snapshot, snapshot, { processes: 62, totals: 2 });
});

test('a snapshot of a run in progress', async () => {
	const { run, child } = await startRun('ongoing');
	const snapshot = join(place, 'taken');
	assert.equal(execFileSync(vigia, ['snapshot', '-o', snapshot, run], { encoding: 'utf8' }), `${snapshot}\n`);
	await compare(snapshot, snapshot, { processes: 62, totals: 2 });
	// The recording knows nothing of it.
	assert.equal(child.exitCode, null);
	assert.equal(JSON.parse(readFileSync(join(run, 'run.json'))).snapshot_of, null);
});

test('a killed run', async () => {
	const { run, child } = await startRun('killed');
	child.kill('SIGKILL');
	await new Promise((done) => (child.exitCode === null && child.signalCode === null ? child.on('exit', done) : done()));
	const parts = copyRun(run, join(place, 'parts'));
	await compare(parts, run, { processes: 62, totals: 2 });
	assert.equal(JSON.parse(readFileSync(join(run, 'run.json'))).complete, false);
	// What recovery made of it is read the same way.
	await compare(run, run, { processes: 62 });
});
