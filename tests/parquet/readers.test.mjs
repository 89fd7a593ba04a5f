// What our writer writes, DuckDB and hyparquet read; what DuckDB and hyparquet-writer write, our
// reader reads; with the same values. VIGIA_BUILD names the build whose parquet-helper is used.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { parquetWriteBuffer } from 'hyparquet-writer'

const helper = join(resolve(process.env.VIGIA_BUILD ?? 'build'), 'tests/parquet-helper')
const folder = mkdtempSync(join(tmpdir(), 'vigia-parquet-'))
const connection = await (await DuckDBInstance.create()).connect()
process.on('exit', () => rmSync(folder, { recursive: true }))

const run = (...args) =>
  execFileSync(helper, args, { encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'] })
const ours = path => run('print', path).split('\n').slice(0, -1).map(line => JSON.parse(line))

// A value as text: times are ns since 1970, doubles take their shortest form.
function plain(value, type) {
  if (value === null || value === undefined) return null
  return type === 'double' ? String(Number(value)) : String(value)
}

// DuckDB's timestamps with time zone are microseconds.
const inMicroseconds = rows => rows.map(row => row.map((value, i) =>
  ourTypes[i] === 'time' && value !== null ? String(BigInt(value) / 1000n * 1000n) : value))

function same(expected, got, types) {
  assert.equal(got.length, expected.length, 'number of rows')
  for (let row = 0; row < expected.length; row++) {
    for (let column = 0; column < types.length; column++) {
      const want = plain(expected[row][column], types[column])
      const have = plain(got[row][column], types[column])
      if (want !== have) assert.fail(`row ${row}, column ${column}: ${have} instead of ${want}`)
    }
  }
}

const ourTypes = ['int', 'int', 'int', 'int', 'int', 'int', 'int', 'double', 'double', 'bool', 'text', 'text', 'time', 'int']

async function byDuckdb(path) {
  const result = await connection.runAndReadAll(
    `select * replace (epoch_ns("time") as "time") from read_parquet('${path}')`)
  return result.getRows()
}

async function byHyparquet(path) {
  const bytes = readFileSync(path)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const objects = await parquetReadObjects({
    file, compressors, utf8: true, useOffsetIndex: false,
    parsers: { timestampFromNanoseconds: ns => ns },
  })
  return objects.map(object => Object.values(object))
}

const tables = [[0, 0], [1, 0], [1, 2], [5000, 0], [5000, 1], [3000, 2], [35000, 1]]
for (const codec of ['zstd', 'snappy', 'gzip', 'brotli', 'lz4', 'none']) {
  for (const [rows, nulls] of tables) {
    if (codec !== 'zstd' && (rows < 3000 || rows > 5000)) continue // what codecs do not change
    const name = `${codec}, ${rows} rows, ${['no', 'some', 'only'][nulls]} nulls`
    await test(`DuckDB and hyparquet read ours: ${name}`, async () => {
      const path = join(folder, 'ours.parquet')
      run('write', path, codec, String(rows), String(nulls))
      const expected = ours(path)
      assert.equal(expected.length, rows)
      same(inMicroseconds(expected), await byDuckdb(path), ourTypes)
      same(expected, await byHyparquet(path), ourTypes)
    })
  }
}

await test('DuckDB and hyparquet read concatenated parts', async () => {
  const parts = [1000, 1, 0, 5000].map((rows, i) => {
    const path = join(folder, `part-${i}.parquet`)
    run('write', path, i % 2 ? 'zstd' : 'none', String(rows), '1')
    return path
  })
  const whole = join(folder, 'whole.parquet')
  run('concatenate', whole, ...parts)
  const expected = parts.flatMap(ours)
  same(expected, ours(whole), ourTypes)
  same(inMicroseconds(expected), await byDuckdb(whole), ourTypes)
  same(expected, await byHyparquet(whole), ourTypes)
})

await test('DuckDB skips row groups by our statistics and finds the same', async () => {
  const path = join(folder, 'filter.parquet')
  run('write', path, 'zstd', '35000', '0')
  for (const where of ['wild > 9223372036854775807', 'uid = 4294967295', "comm = 'ld'", 'ratio < -16.9',
    'pid < -2000000000', 't_ns between 0 and 2000000000', "comm = 'nothing'", 'level = 0', 'yes']) {
    const count = async filter => (await connection.runAndReadAll(filter)).getRows()[0][0]
    // the subquery's offset keeps the filter from the reader
    assert.equal(await count(`select count(*) from '${path}' where ${where}`),
      await count(`select count(*) from (select * from '${path}' offset 0) where ${where}`), where)
  }
})

// A table of DuckDB's types, and how our reader shows each.
const theirs = `
  select (case when i % 7 > 0 then i * 1000003 end)::bigint as big,
         (i % 5)::integer as small, (i % 200)::utinyint as tiny, (-i % 100)::smallint as short,
         case when i % 3 > 0 then (i * 97 % 4000000000)::uinteger end as u32,
         (18446744073709551615 - i)::ubigint as u64,
         i / 7.0::double as real, (i % 10)::float / 4 as single,
         case when i % 4 > 0 then i % 3 = 0 end as flag,
         case when i % 11 > 0 then 'word ' || i % 20 end as few,
         'a common beginning, then ' || i || repeat('x', i % 30) as many,
         make_timestamp(1350000000000000 + i * 1001) as micros,
         make_timestamp_ns(1350000000000000000 + i * 1001) as nanos,
         epoch_ms(1350000000000 + i)::timestamp_ms as millis,
         (date '1960-01-01' + i::integer) as day,
         (i / 100.0)::decimal(9, 2) as money, (-i / 1000.0)::decimal(18, 3) as more,
         (i * 123456789.125)::decimal(38, 5) as most,
         md5(i::varchar)::varchar as hex,
         uuid '12345678-9abc-def0-1234-56789abcdef0' as id,
         case when i % 50 = 0 then i::varchar::blob end as bytes
  from range(ROWS) t(i)`
const shown = `select big, small, tiny, short, u32, u64, real, single::double, flag, few, many,
  epoch_ns(micros), epoch_ns(nanos), epoch_ns(millis), strftime(day, '%Y-%m-%d'), money::varchar,
  more::varchar, most::varchar, hex, id::varchar, bytes::varchar from t`
const theirTypes = ['int', 'int', 'int', 'int', 'int', 'int', 'double', 'double', 'bool', 'text', 'text',
  'time', 'time', 'time', 'text', 'text', 'text', 'text', 'text', 'text', 'text']

for (const rows of [0, 1, 4000]) {
  await connection.run(`create or replace table t as ${theirs.replace('ROWS', rows)}`)
  const expected = (await connection.runAndReadAll(shown)).getRows()
  for (const version of ['v1', 'v2']) {
    for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw']) {
      for (const options of ['', ', dictionary_size_limit 1', ', row_group_size 2048']) {
        await test(`we read DuckDB's ${version} ${codec}, ${rows} rows${options}`, async () => {
          const path = join(folder, 'theirs.parquet')
          await connection.run(`copy t to '${path}' (format parquet, compression ${codec},
                                parquet_version ${version}${options})`)
          same(expected, ours(path), theirTypes)
        })
      }
    }
  }
}

// hyparquet-writer writes data pages v2, with any encoding.
const range = (n, f) => Array.from({ length: n }, (_, i) => f(i))
for (const codec of ['UNCOMPRESSED', 'SNAPPY']) {
  for (const [type, encoding, value] of [
    ['INT32', 'PLAIN', i => i * 7919 % 1000 - 500],
    ['INT32', 'DELTA_BINARY_PACKED', i => (i % 2 ? 1 : -1) * (i * 104729 % 2147483647)],
    ['INT64', 'DELTA_BINARY_PACKED', i => (BigInt(i) * 6364136223846793005n) % 9223372036854775807n],
    ['INT64', 'BYTE_STREAM_SPLIT', i => BigInt(i) - 7n],
    ['INT32', 'BYTE_STREAM_SPLIT', i => i - 7],
    ['INT64', 'RLE_DICTIONARY', i => BigInt(i % 13)],
    ['DOUBLE', 'BYTE_STREAM_SPLIT', i => i / 3],
    ['FLOAT', 'BYTE_STREAM_SPLIT', i => i / 4],
    ['DOUBLE', 'PLAIN', i => i / 3],
    ['BOOLEAN', 'PLAIN', i => i % 3 === 0],
    ['BOOLEAN', 'RLE', i => i % 100 > 30],
    ['STRING', 'PLAIN', i => `text ${i}`],
    ['STRING', 'RLE_DICTIONARY', i => `text ${i % 5}`],
    ['STRING', 'DELTA_LENGTH_BYTE_ARRAY', i => 'x'.repeat(i % 40)],
    ['STRING', 'DELTA_BYTE_ARRAY', i => `/usr/lib/gcc/${i >> 4}/include/${i}.h`],
  ]) {
    for (const nulls of [false, true]) {
      await test(`we read hyparquet-writer's ${codec} ${type} ${encoding}${nulls ? ' with nulls' : ''}`, () => {
        const data = range(3000, i => nulls && i * i % 7 < 3 ? null : value(i))
        const path = join(folder, 'hyparquet.parquet')
        writeFileSync(path, new Uint8Array(parquetWriteBuffer({
          codec, pageSize: 4096, columnData: [{ name: 'value', data, type, encoding, nullable: nulls }],
        })))
        same(data.map(v => [v]), ours(path), [type === 'DOUBLE' || type === 'FLOAT' ? 'double' : 'other'])
      })
    }
  }
}
