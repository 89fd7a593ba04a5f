// Chrome trace events held against the document "Trace Event Format" (Google), the JSON Object Format:
// every field of every event, by its phase. checkTrace throws at the first that is not as it should be.
import assert from 'node:assert/strict'

const isNumber = value => typeof value === 'number' && Number.isFinite(value)
const isCount = value => Number.isInteger(value) && value >= 0
const isText = value => typeof value === 'string'
const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value)

// The phases that vigia writes: which fields they must have, and may.
const common = { name: isText, ph: isText, pid: isCount, tid: isCount, args: isObject }
const time = { ts: value => isNumber(value) && value >= 0 }
const phases = {
  X: { ...common, ...time, cat: isText, dur: value => isNumber(value) && value >= 0 },
  C: { ...common, ...time },
  i: { ...common, ...time, cat: isText, s: value => ['g', 'p', 't'].includes(value) },
  M: common
}

const metadata = {
  process_name: ['name', isText],
  process_labels: ['labels', isText],
  process_sort_index: ['sort_index', Number.isInteger],
  thread_name: ['name', isText],
  thread_sort_index: ['sort_index', Number.isInteger]
}

function checkEvent(event) {
  assert.ok(isObject(event))
  const fields = phases[event.ph]
  assert.ok(fields, `phase ${event.ph}`)
  for (const [key, fits] of Object.entries(fields)) {
    assert.ok(key in event, `${event.ph} without ${key}`)
    assert.ok(fits(event[key]), `${event.ph}: ${key} is ${JSON.stringify(event[key])}`)
  }
  for (const key of Object.keys(event)) assert.ok(key in fields, `${event.ph} with ${key}`)
  assert.notEqual(event.name, '')
}

function checkMetadata(event) {
  const known = metadata[event.name]
  assert.ok(known, `metadata ${event.name}`)
  assert.deepEqual(Object.keys(event.args), [known[0]])
  assert.ok(known[1](event.args[known[0]]), event.name)
}

// A counter's series are the same in all its events, its times ascend, its values are numbers.
function checkCounters(events) {
  const counters = new Map()
  for (const event of events.filter(e => e.ph === 'C')) {
    const key = `${event.pid} ${event.name}`
    const before = counters.get(key)
    const series = Object.keys(event.args)
    assert.ok(series.length > 0, `${event.name}: no series`)
    for (const value of Object.values(event.args)) assert.ok(isNumber(value), `${event.name}: ${value}`)
    if (before) {
      assert.ok(event.ts > before.ts, `${event.name}: ${event.ts} after ${before.ts}`)
      for (const name of Object.keys(before.args)) assert.ok(series.includes(name), `${event.name}: ${name} is gone`)
    }
    counters.set(key, event)
  }
  return counters
}

// Complete events of a thread lie side by side or inside one another, and here side by side.
function checkSlices(events) {
  const tracks = new Map()
  for (const event of events.filter(e => e.ph === 'X')) {
    const key = `${event.pid} ${event.tid}`
    if (!tracks.has(key)) tracks.set(key, [])
    tracks.get(key).push(event)
  }
  for (const [key, slices] of tracks) {
    slices.sort((a, b) => a.ts - b.ts || a.dur - b.dur)
    for (let i = 1; i < slices.length; i++) {
      const end = slices[i - 1].ts + slices[i - 1].dur
      assert.ok(slices[i].ts >= end - 0.0015, `track ${key}: ${slices[i].ts} before ${end}`) // rounded to ns
    }
  }
  return tracks
}

// Each track has one name, and each that has a slice has one.
function checkNames(events, tracks) {
  const names = new Map()
  for (const event of events.filter(e => e.ph === 'M')) {
    checkMetadata(event)
    const key = `${event.name} ${event.pid} ${event.tid}`
    assert.ok(!names.has(key), `twice: ${key}`)
    names.set(key, event.args)
  }
  for (const key of tracks.keys()) {
    assert.ok(names.has(`process_name ${key}`), `no name: ${key}`)
    assert.ok(names.has(`process_sort_index ${key}`), `no order: ${key}`)
  }
  return names
}

export function checkTrace(text) {
  const trace = JSON.parse(text)
  for (const key of Object.keys(trace))
    assert.ok(['traceEvents', 'displayTimeUnit', 'otherData'].includes(key), key)
  assert.ok(['ms', 'ns'].includes(trace.displayTimeUnit))
  assert.ok(isObject(trace.otherData))
  assert.ok(Array.isArray(trace.traceEvents))
  for (const event of trace.traceEvents) checkEvent(event)
  const counters = checkCounters(trace.traceEvents)
  const tracks = checkSlices(trace.traceEvents)
  const names = checkNames(trace.traceEvents, tracks)
  return { events: trace.traceEvents, otherData: trace.otherData, counters, tracks, names }
}

// Folded stacks as flamegraph.pl reads them: frames, a blank, a number. Returns path → number.
export function checkFolded(text) {
  const paths = new Map()
  if (text === '') return paths
  assert.ok(text.endsWith('\n'))
  for (const line of text.slice(0, -1).split('\n')) {
    const match = /^([^ ]+) ([1-9]\d*)$/.exec(line)
    assert.ok(match, `no folded stack: ${JSON.stringify(line)}`)
    for (const frame of match[1].split(';')) {
      assert.notEqual(frame, '', line)
      assert.ok(!/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(frame), line)
    }
    assert.ok(!paths.has(match[1]), `twice: ${match[1]}`)
    paths.set(match[1], Number(match[2]))
  }
  return paths
}
