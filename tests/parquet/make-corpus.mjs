// Makes tests/fuzz/parquet/good-*.parquet anew: small files of other writers, without checksums,
// so that a fuzzer gets past them. Usage: node make-corpus.mjs FOLDER
import { DuckDBInstance } from '@duckdb/node-api'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { writeFileSync, mkdirSync } from 'node:fs'
const out = process.argv[2]
mkdirSync(out, { recursive: true })
const c = await (await DuckDBInstance.create()).connect()
await c.run(`create table t as select i::bigint as t_ns, case when i % 3 > 0 then (i*7)::uinteger end as value, i/3.0::double as real, i%2=0 as flag, 'w'||(i%4) as few, 'text '||i as many, make_timestamp(1700000000000000+i) as at, (i/10.0)::decimal(9,1) as money, date '2020-01-01' + i::integer as day from range(60) t(i)`)
for (const [v, codec] of [['v1','uncompressed'],['v2','uncompressed'],['v1','zstd'],['v2','snappy'],['v1','gzip'],['v1','brotli'],['v2','lz4_raw']])
  await c.run(`copy t to '${out}/good-duckdb-${v}-${codec}.parquet' (format parquet, compression ${codec}, parquet_version ${v}, row_group_size 2048)`)
const r = (n, f) => Array.from({ length: n }, (_, i) => f(i))
for (const [name, type, encoding, f] of [
  ['delta', 'INT64', 'DELTA_BINARY_PACKED', i => BigInt(i * i % 1000)],
  ['delta32', 'INT32', 'DELTA_BINARY_PACKED', i => i * 77],
  ['lengths', 'STRING', 'DELTA_LENGTH_BYTE_ARRAY', i => 'x'.repeat(i % 9)],
  ['prefixes', 'STRING', 'DELTA_BYTE_ARRAY', i => `/usr/lib/${i >> 3}/${i}`],
  ['dictionary', 'STRING', 'RLE_DICTIONARY', i => `t${i % 5}`],
  ['split', 'DOUBLE', 'BYTE_STREAM_SPLIT', i => i / 3],
  ['bools', 'BOOLEAN', 'RLE', i => i % 9 > 3],
]) writeFileSync(`${out}/good-v2-${name}.parquet`, new Uint8Array(parquetWriteBuffer({ codec: 'UNCOMPRESSED', pageSize: 200,
  columnData: [{ name: 'value', type, encoding, nullable: true, data: r(150, i => i % 7 === 3 ? null : f(i)) }] })))
