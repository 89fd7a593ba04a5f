// Reports and exports of real and of forged runs: JSON against its schema (by ajv), traces and folded
// stacks against the formats they claim to be (trace.mjs) and against the tables they are made from.
// VIGIA_BUILD names the build whose vigia is used.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import Ajv from 'ajv/dist/2020.js'
import { checkFolded, checkTrace } from './trace.mjs'

const source = dirname(dirname(fileURLToPath(import.meta.url)))
const build = resolve(process.env.VIGIA_BUILD ?? 'build')
const folder = mkdtempSync(join(tmpdir(), 'vigia-exports-'))
const environment = { ...process.env, VIGIA_DIR: join(folder, 'runs'), HOME: folder, MAKEFLAGS: '' }
const options = { encoding: 'utf8', maxBuffer: 1 << 30, env: environment, cwd: folder }
const runs = {}

function vigia(...args) {
  return execFileSync(join(build, 'src/app/vigia'), args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
}

function record(name, code, ...command) {
  const out = join(folder, name)
  const args = ['run', '-q', '-i', '0.02', '-l', name, '-o', out, '--', ...command]
  const { status, stderr } = spawnSync(join(build, 'src/app/vigia'), args, options)
  assert.equal(status, code, stderr)
  runs[name] = out
}

// Where only polling works, short processes are missed, and only bpf knows arguments of all others.
const capture = run => JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')).capture
const partial = run => capture(run).partial

const table = (run, name) => vigia('export', run, '--to', 'json', '--table', name)
  .split('\n').slice(0, -1).map(line => JSON.parse(line))

// A run as files only: run.json, and tables from rows.
function forge(name, info, tables) {
  const out = join(folder, name)
  mkdirSync(out)
  writeFileSync(join(out, 'run.json'), JSON.stringify({
    format: 1, id: name, label: name, complete: true, exit_code: 0, wall_ns: 1e9, interval_ns: 5e7,
    start_realtime_ns: 1.7e18, start_monotonic_ns: 1e12, start_boottime_ns: 1e12,
    command: ['make'], rules: { name: 'builtin', fingerprint: 1 }, ...info }))
  for (const [table, rows] of Object.entries(tables)) {
    writeFileSync(join(out, `${table}.json`), rows.map(row => JSON.stringify(row) + '\n').join(''))
    vigia('convert', join(out, `${table}.json`), join(out, `${table}.parquet`))
    rmSync(join(out, `${table}.json`))
  }
  runs[name] = out
}

const trace = run => checkTrace(vigia('export', run, '--to', 'perfetto'))
const folded = (run, ...more) => checkFolded(vigia('export', run, '--to', 'folded', ...more))
const slices = t => t.events.filter(e => e.ph === 'X')

before(() => {
  record('build', 0, 'sh', '-c', 'for i in 1 2 3; do sh -c "/bin/true; sleep 0.05; /bin/true"; done; sleep 0.1')
  record('failed', 3, 'sh', '-c', "echo one; echo 'two `x` <b>'; sh -c 'exit 3'; exit 3")
  record('hostile', 0, join(build, 'tests/helpers/hostile'), '/bin/true')
  record('short', 0, '/bin/true')
})
after(() => rmSync(folder, { recursive: true }))

// ---- JSON ----

const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true })

// Every object is closed for this test: what is written has to be in the schema.
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed)
  if (schema === null || typeof schema !== 'object') return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  if (copy.properties && [].concat(copy.type).includes('object')) copy.additionalProperties = false
  return copy
}

/* By their names, since one may refer to another. */
const schema = name => {
  ajv.addSchema(closed(JSON.parse(readFileSync(join(source, 'docs', name), 'utf8'))), name)
  return ajv.getSchema(name)
}
const validators = {
  report: schema('report.schema.json'), compare: schema('compare.schema.json'), why: schema('why.schema.json'),
  advise: schema('advise.schema.json'), leak: schema('leak.schema.json')
}

function valid(kind, value, what) {
  assert.ok(validators[kind](value), `${what}: ${ajv.errorsText(validators[kind].errors)}`)
}

test('report --json fits its schema', () => {
  for (const name of ['report-build.json', 'report-nothing.json'])
    valid('report', JSON.parse(readFileSync(join(source, 'tests/golden', name), 'utf8')), name)
  for (const [name, run] of Object.entries(runs)) valid('report', JSON.parse(vigia('report', '--json', run)), name)
})

test('report --json says how it ended and why', () => {
  const failed = JSON.parse(vigia('report', '--json', runs.failed))
  assert.equal(failed.verdict.mood, 'failed')
  assert.match(failed.verdict.text, /failed \(exit 3\) after/)
  if (!partial(runs.failed))
    assert.deepEqual([failed.failure.cmdline.slice(0, 2), failed.failure.exit_code], ['sh', 3])
  const build = JSON.parse(vigia('report', '--json', runs.build))
  assert.deepEqual([build.verdict.mood, build.failure], ['fine', null])
})

test('leak --json fits its schema', () => {
  const samples = Array.from({ length: 360 }, (_, i) => [
    { t_ns: 5e9 * i, process: 1, rss_anon_bytes: 5e7 + 4e5 * i + 1e5 * (i * 7 % 5), swap_bytes: 0, fds: 5 + i, threads: 3 },
    { t_ns: 5e9 * i, process: 2, rss_anon_bytes: 5e7 + 1e5 * (i * 7 % 5), swap_bytes: 0, fds: 5, threads: 1 }]).flat()
  forge('leaking', { wall_ns: 1.8e12 }, {
    processes: [1, 2, 3].map(key => ({ process: key, image: 0, pid: 100 + key, comm: `p${key}`, cmdline: `p${key} "é" -x`, start_ns: 0 })),
    samples, memory: [{ t_ns: 1.7e12, available_bytes: 4e9, swap_free_bytes: 0 }],
    threads: samples.slice(0, 40).map((row, i) => ({ t_ns: 2e9 * i, process: 1, tid: 101 + i % 3, name: 'worker', state: 'S', user_us: 100 * i, system_us: 0 })) })
  for (const [name, run] of Object.entries(runs)) valid('leak', JSON.parse(vigia('leak', '--json', '--all', run)), name)
  const { processes } = JSON.parse(vigia('leak', '--json', runs.leaking))
  assert.deepEqual(processes.slice(0, 2).map(p => [p.pid, p.class, p.fds.class]), [[101, 'leak', 'leak'], [102, 'normal', 'normal']])
  assert.ok(processes[0].low <= processes[0].mb_per_min && processes[0].mb_per_min <= processes[0].high)
  assert.ok(!validators.leak({ format: 1, processes: [{ pid: 'one' }] }))
})

test('leak --heap and --valgrind --json fit the same schema, where they work', t => {
  const lose = join(build, 'tests/helpers/lose')
  const told = [['--heap', '--json', '--', lose, '100', '1000', '500'], ['--valgrind', '--json', '--', lose]].map(args => {
    const { stdout } = spawnSync(join(build, 'src/app/vigia'), ['leak', ...args], options)
    if (stdout) valid('leak', JSON.parse(stdout), args[0])
    return stdout !== ''
  })
  if (!told.includes(true)) t.skip('neither does')
})

test('why --json fits its schema, and has the findings of the report', () => {
  for (const [name, run] of Object.entries(runs)) {
    const why = JSON.parse(vigia('why', '--json', run))
    valid('why', why, name)
    assert.deepEqual(why.findings, JSON.parse(vigia('report', '--json', run)).findings)
  }
  assert.ok(JSON.parse(vigia('why', '--json', runs.failed)).output.length > 0)
})

test('the schema refuses what it should', () => {
  const report = () => JSON.parse(vigia('report', '--json', runs.build))
  for (const [what, spoil] of Object.entries({
    'a key more': r => { r.surprise = 1 },
    'a text for a number': r => { r.run.wall_s = 'long' },
    'a negative count': r => { r.peak.pss_bytes = -1 },
    'a key less': r => { delete r.own.cpu_s },
    'a source of its own': r => { r.capture.source = 'guess' },
    'another format': r => { r.format = 2 }
  })) {
    const spoilt = report()
    spoil(spoilt)
    assert.ok(!validators.report(spoilt), what)
  }
})

test('report --markdown: the verdict, the numbers, the end of the output', () => {
  const page = vigia('report', '--markdown', runs.failed)
  assert.ok(page.split('\n').length <= 61)
  assert.match(page, /^### sh -c .* failed &?#?/)
  assert.match(page, /\n\| wall time \| CPU \| peak memory \| processes \| exit \|\n\|--:\|--:\|--:\|--:\|--:\|\n/)
  assert.ok(page.includes('\n```text\none\ntwo `x` <b>\n```\n'))
  assert.match(page, /\nvigia: .*; run [^ ]+ on [^ ]+\n$/)
  assert.equal(vigia('report', '--text', runs.failed), vigia('report', runs.failed))
})

test('compare --json fits its schema', () => {
  valid('compare', JSON.parse(readFileSync(join(source, 'tests/golden/compare-build.json'), 'utf8')), 'golden')
  valid('compare', JSON.parse(vigia('compare', '--json', runs.build, runs.failed)), 'compare')
})

test('advise --json fits its schema', () => {
  const job = (i, start, end) => ({
    process: i + 2, image: 0, pid: 100 + i, ppid: 99, parent: 1, comm: 'cc1', exe: '/usr/bin/cc1', cmdline: `cc1 ${i}.c`, cwd: '/x',
    start_ns: start * 1e6, exec_ns: start * 1e6, end_ns: end * 1e6, cpu_us: (end - start) * 1000, peak_rss_bytes: 5e7, exit_code: 0 })
  const make = { ...job(-1, 0, 450), pid: 99, ppid: 1, parent: null, comm: 'make', exe: '/usr/bin/make', cmdline: 'make -j2', cpu_us: 9000 }
  forge('advised', { cpus: 4, wall_ns: 4.5e8 }, {
    processes: [job(0, 10, 110), job(1, 12, 200), job(2, 112, 300), job(3, 202, 400), make],
    memory: [{ t_ns: 1e6, total_bytes: 8e9, available_bytes: 7e9, swap_total_bytes: 0, swap_free_bytes: 0 }],
  })
  const advice = JSON.parse(vigia('advise', '--json', runs.advised))
  valid('advise', advice, 'advised')
  assert.deepEqual([advice.build.jobs, advice.build.recorded_jobs, advice.machine.limit_bytes], [4, 2, 8e9])
  assert.ok(advice.advice.some(a => a.id === 'make-jobs') && advice.levels.length >= 5)
  const nothing = spawnSync(join(build, 'src/app/vigia'), ['advise', '--json', runs.build], options)
  assert.equal(nothing.status, 1)
  valid('advise', JSON.parse(nothing.stdout), 'nothing')
})

// ---- traces ----

test('perfetto: every image is a slice with its figures', () => {
  const rows = table(runs.build, 'processes')
  const t = trace(runs.build)
  assert.ok(rows.length >= 10 || partial(runs.build))
  assert.equal(slices(t).length, rows.length)
  for (const row of rows) {
    const slice = slices(t).find(e => e.args.process === row.process)
    assert.equal(slice.args.command, row.cmdline ?? row.comm)
    assert.equal(slice.args.category, row.category)
    assert.equal(slice.args.pid, row.pid)
    assert.equal(slice.args.exit_code, row.exit_code ?? undefined)
    assert.equal(slice.args.peak_rss_bytes, row.peak_rss_bytes ?? undefined)
    if (row.cpu_us !== null) assert.ok(Math.abs(slice.args.cpu_s - row.cpu_us / 1e6) < 1e-9)
    assert.ok(Math.abs(slice.ts - Math.max(row.start_ns, 0) / 1e3) < 0.001)
    assert.ok(Math.abs(slice.ts + slice.dur - row.end_ns / 1e3) < 0.002)
    assert.deepEqual(slice.cat.split(','), [...new Set([row.major, row.category])])
  }
})

test('perfetto: counters show the peaks of the report', () => {
  const report = JSON.parse(vigia('report', '--json', runs.build))
  const t = trace(runs.build)
  const highest = name => Math.max(...t.events.filter(e => e.ph === 'C' && e.name === name)
    .map(e => Object.values(e.args).reduce((a, b) => a + b)))
  assert.equal(highest('run pss'), report.peak.pss_bytes)
  assert.equal(highest('run rss'), report.peak.rss_bytes)
  assert.ok([...t.counters.values()].some(e => e.name === 'processes by category'))
  assert.ok([...t.counters.values()].some(e => e.name === 'CPU by category (cores)'))
})

test('perfetto and folded: hostile names are text', () => {
  const t = trace(runs.hostile)
  assert.ok(slices(t).length >= 11 || partial(runs.hostile))
  if (capture(runs.hostile).source === 'bpf')
    assert.ok(slices(t).some(e => e.args.command.length > 4000 && e.args.command.length < 17000))
  for (const e of t.events) assert.ok(!/[\u0000-\u001f\u202e]/.test(e.name), JSON.stringify(e.name))
  folded(runs.hostile)
  const page = vigia('report', '--markdown', runs.hostile)
  assert.ok(!/[\u0000-\u0009\u000b-\u001f\u202e]/.test(page))
  assert.ok(!page.includes('<script') && !page.includes('</script'))
})

test('perfetto: a short run, a run of nothing', () => {
  assert.ok(slices(trace(runs.short)).length <= 1)
  forge('nothing', { exit_code: 127 }, {})
  assert.deepEqual(slices(trace(runs.nothing)), [])
  assert.equal(folded(runs.nothing).size, 0)
})

const ms = n => n * 1e6
const image = (process, image, pid, start, end, more) => ({
  process, image, pid, ppid: 1, comm: `p${process}`, cmdline: `p${process} -x`, start_ns: ms(start),
  end_ns: end === null ? null : ms(end), cpu_us: 1000 * process, peak_rss_bytes: process << 20, ...more })

test('perfetto: one process through exec is one track, a pid given out again is another', () => {
  forge('reuse', {}, { processes: [
    image(1, 0, 100, 0, 10), image(2, 1, 100, 10, 20), image(3, 2, 100, 20, 30), // fork, exec, exec
    image(4, 0, 100, 40, 50), image(5, 1, 100, 50, 60),                          // the pid again
    image(6, 1, 100, 70, 80),              // and again, of which the fork's row was lost
    image(7, 0, 200, -5000, 90),           // ran before the run did
    image(8, 0, 201, 95, null),            // alive at the end
    image(9, 0, 4194304, 1, 2),            // no pid that there is
    image(10, 0, 202, 30, 20)              // a clock that went back
  ] })
  const t = trace(runs.reuse)
  const of = process => slices(t).find(e => e.args.process === process)
  assert.equal(t.tracks.size, 7)
  assert.deepEqual([1, 2, 3].map(p => of(p).pid), [100, 100, 100])
  assert.equal(of(4).pid, of(5).pid)
  for (const process of [4, 6, 9]) assert.ok(of(process).pid > 4194304)
  assert.notEqual(of(4).pid, of(6).pid)
  assert.deepEqual([4, 5, 6].map(p => of(p).args.pid), [100, 100, 100])
  assert.equal(t.names.get(`process_name ${of(4).pid} ${of(4).pid}`).name, 'p5 -x (pid 100 again)')
  assert.equal(t.names.get('process_name 100 100').name, 'p3 -x')
  assert.deepEqual([of(7).ts, of(7).dur, of(7).args.start_s], [0, 90000, -5])
  assert.deepEqual([of(8).ts, of(8).dur, of(8).args.alive_at_end], [95000, 905000, true])
  assert.equal(of(10).dur, 0)
})

test('perfetto: events and findings are instants, each once', () => {
  const event = (t, kind, severity, text, pid) => ({ time: '2026-11-20T10:15:02Z', t_ns: ms(t), kind, severity, pid, process: null, text })
  forge('events', { warnings: ['the recorder was late'] }, {
    processes: [{ ...image(1, 0, 100, 0, 11), exit_signal: 9, exit_code: null }],
    events: [event(10, 'oom-kill', 'critical', 'out of memory: killed </script>', 100),
      event(20, 'late-tick', 'warning', 'late', null), event(30, 'suspend', 'info', 'asleep', null),
      event(40, 'finding', 'critical', 'told while it was recorded', null)] })
  const t = trace(runs.events)
  const moments = t.events.filter(e => e.ph === 'i')
  assert.deepEqual(moments.map(e => [e.cat, e.s, e.ts / 1000, e.args.severity]).sort(), [
    ['event', 'p', 20, 'warning'], ['event', 'p', 30, 'info'], ['finding', 'g', 10, 'critical']])
  assert.ok(t.otherData.findings.some(f => f.id === 'recording'))
})

test('perfetto: a damaged table costs what it holds', () => {
  const out = join(folder, 'damaged')
  cpSync(runs.build, out, { recursive: true })
  for (const [name, missing] of [['samples', 'C'], ['processes', 'X']]) {
    writeFileSync(join(out, `${name}.parquet`), 'PAR1 no more PAR1')
    const { status, stdout, stderr } = spawnSync(join(build, 'src/app/vigia'), ['export', out, '--to', 'perfetto'], options)
    assert.equal(status, 0)
    assert.match(stderr, new RegExp(`${name}.*; what it holds is missing in the trace\n`))
    const t = checkTrace(stdout)
    assert.ok(t.events.length > 20)
    if (missing === 'X') assert.equal(slices(t).length, 0)
    else assert.ok(slices(t).length >= 10 || partial(out))
  }
  const { status, stderr } = spawnSync(join(build, 'src/app/vigia'), ['export', out, '--to', 'folded'], options)
  assert.equal(status, 2)
  assert.match(stderr, /^vigia: [^\n]*processes[^\n]*\n$/)
})

// ---- folded stacks ----

// The same from the table, written again: the names from the root down, and what each took itself.
function expectedPaths(rows, value) {
  const byKey = new Map(rows.map(row => [row.process, row]))
  const name = row => {
    const file = row.exe?.replace(/.*\//, '')
    return file && (!row.comm || (row.comm.length === 15 && file.startsWith(row.comm))) ? file : row.comm
  }
  const path = row => [...(byKey.has(row.parent) ? path(byKey.get(row.parent)) : []), name(row).replace(/[ ;]/g, '_')]
  const sums = new Map()
  for (const row of rows)
    if (value(row)) sums.set(path(row).join(';'), (sums.get(path(row).join(';')) ?? 0) + value(row))
  return sums
}

test('folded: each path has what its processes took', () => {
  const sorted = paths => [...paths].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const run of [runs.build, runs.failed]) {
    const rows = table(run, 'processes')
    assert.deepEqual(sorted(folded(run)), sorted(expectedPaths(rows, row => row.cpu_us)))
    assert.deepEqual(sorted(folded(run, '--by', 'memory')),
      sorted(expectedPaths(rows, row => row.peak_rss_bytes ?? row.peak_pss_bytes)))
  }
})

test('folded: names with separators, parents in a circle, a chain of 1,000', () => {
  forge('names', {}, { processes: [
    image(1, 0, 1, 0, 9, { comm: 'a b;c', parent: null }), image(2, 0, 2, 0, 9, { comm: '', cmdline: null, parent: 1 }),
    image(3, 0, 3, 0, 9, { comm: 'x', parent: 4 }), image(4, 0, 4, 0, 9, { comm: 'y', parent: 3 }),
    image(5, 0, 5, 0, 9, { comm: 'z', parent: 5 })] })
  const paths = folded(runs.names)
  assert.equal(paths.get('a_b_c'), 1000)
  assert.equal(paths.get('a_b_c;unnamed'), 2000)
  assert.equal([...paths.values()].reduce((a, b) => a + b), 15000)
  forge('chain', {}, { processes: Array.from({ length: 1000 }, (_, i) =>
    image(i + 1, 0, i + 1, 0, 9, { comm: `c${i}`, parent: i === 0 ? null : i, cpu_us: 1 })) })
  const chain = folded(runs.chain)
  assert.equal([...chain.values()].reduce((a, b) => a + b), 1000)
  assert.ok(Math.max(...[...chain.keys()].map(path => path.split(';').length)) === 256)
})

// ---- the command line ----

test('what cannot be is said in one line', () => {
  for (const [args, words] of [
    [['--to', 'perfetto', '--table', 'samples'], 'perfetto is of the whole run'],
    [['--to', 'folded', '--table', 'samples'], 'folded is of the whole run'],
    [['--to', 'folded', '--by', 'colour'], 'expected cpu or memory'],
    [['--to', 'csv', '--by', 'cpu'], '--by goes with --to folded'],
    [['--to', 'perfetto', '-o', folder], 'is a folder'],
    [['--to', 'nosuch'], 'expected csv, json, parquet, perfetto, folded'],
    [['--to', 'perfetto', '-o', '/dev/full'], 'No space left on device']
  ]) {
    const { status, stderr, stdout } = spawnSync(join(build, 'src/app/vigia'), ['export', runs.build, ...args], options)
    assert.ok(status > 0, words)
    assert.equal(stdout, '')
    assert.match(stderr, /^vigia: [^\n]+\n$/)
    assert.ok(stderr.includes(words), stderr)
  }
})
