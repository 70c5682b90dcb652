// What a cloud function needs of wx-server-sdk, with a file for the cloud database.
//
// CLOUD_CONTEXT is what getWXContext returns, as JSON; CLOUD_DATABASE the file's path.

const crypto = require('crypto')
const fs = require('fs')

const FILE = process.env.CLOUD_DATABASE

exports.DYNAMIC_CURRENT_ENV = Symbol('the environment it runs in')
exports.init = () => {}
exports.getWXContext = () => JSON.parse(process.env.CLOUD_CONTEXT)

const read = () => (fs.existsSync(FILE) ? JSON.parse(fs.readFileSync(FILE)) : {})
const write = (tables) => fs.writeFileSync(FILE, JSON.stringify(tables))

const fits = (row, wanted) =>
  Object.entries(wanted).every(([name, value]) =>
    typeof value === 'object' ? row[name] <= value.atMost : row[name] === value,
  )

class Query {
  constructor(name, wanted = {}, order = null, most = 100) {
    Object.assign(this, { name, wanted, order, most })
  }

  where(wanted) {
    return new Query(this.name, wanted, this.order, this.most)
  }

  orderBy(field, direction) {
    return new Query(this.name, this.wanted, { field, direction }, this.most)
  }

  limit(most) {
    return new Query(this.name, this.wanted, this.order, most)
  }

  doc(id) {
    return this.where({ _id: id })
  }

  async add({ data }) {
    const tables = read()
    this.rows(tables).push({ _id: crypto.randomUUID(), ...data })
    write(tables)
  }

  async get() {
    const rows = this.rows(read()).filter((row) => fits(row, this.wanted))
    if (this.order) rows.sort((a, b) => a[this.order.field] - b[this.order.field])
    return { data: rows.slice(0, this.most) }
  }

  async update({ data }) {
    const tables = read()
    const rows = this.rows(tables).filter((row) => fits(row, this.wanted))
    rows.forEach((row) => Object.assign(row, data))
    write(tables)
    return { stats: { updated: rows.length } }
  }

  async remove() {
    const tables = read()
    tables[this.name] = this.rows(tables).filter((row) => !fits(row, this.wanted))
    write(tables)
  }

  rows(tables) {
    if (!tables[this.name]) {
      throw new Error('database collection not exists')
    }
    return tables[this.name]
  }
}

exports.database = () => ({
  command: { lte: (most) => ({ atMost: most }) },
  collection: (name) => new Query(name),
  createCollection: async (name) => write({ ...read(), [name]: [] }),
})
