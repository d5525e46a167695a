// The official client with its defaults. Prints what came of each call as one line of JSON.
const { createClient } = require('@clickhouse/client')
async function main() {
  const client = createClient({ url: process.argv[2] })
  const rows = async (o) => (await client.query(o)).json()
  if (!(await client.ping()).success) throw new Error('ping')
  const out = []
  out.push((await rows({ query: 'SELECT 1 AS a', format: 'JSONEachRow' }))[0].a)
  out.push((await rows({ query: 'SELECT count() AS n FROM t' })).data[0].n)
  out.push((await rows({ query: 'SELECT {x: UInt32} AS x, {s: String} AS s', query_params: { x: 7, s: "a\tb'\\" }, format: 'JSONEachRow' }))[0])
  out.push((await rows({ query: 'SELECT 1 AS a', format: 'JSONEachRow', session_id: 'abc', clickhouse_settings: { max_execution_time: 5, output_format_json_quote_64bit_integers: 1 } })).length)
  const stream = (await client.query({ query: 'SELECT number FROM numbers(200000)', format: 'JSONEachRow' })).stream()
  let n = 0
  for await (const part of stream) n += part.length
  out.push(n)
  try { await client.command({ query: 'DROP TABLE t' }); out.push('dropped') } catch (e) { out.push(e.code) }
  try { await rows({ query: 'SELECT 1', clickhouse_settings: { send_logs_level: 'trace' } }); out.push('logs') } catch (e) { out.push(e.code) }
  await client.close()
  const packed = createClient({ url: process.argv[2], compression: { response: true, request: true } })
  out.push((await (await packed.query({ query: 'SELECT sum(number) AS s FROM numbers(1000)', format: 'JSONEachRow' })).json())[0].s)
  await packed.close()
  console.log(JSON.stringify(out))
}
main().catch(e => { console.error(e); process.exit(1) })
