// Pictures chosen and not yet sent, kept in this browser for the agent who chose them. They
// outlive a reload and a crash, and end when they are sent, when the agent signs out, or
// after some days.

const LONGEST = 3 * 24 * 3600_000 // ms
const MOST = 60 // of one agent's
const MOST_BYTES = 100 * 1024 * 1024 // likewise

const { agent } = document.body.dataset
const held = new Map() // {uuid: {conversation, bytes}}

// Rejected where the browser keeps nothing, as in some private windows.
const database = new Promise((resolve, reject) => {
  const request = indexedDB.open("kefu.pictures", 1)
  request.onupgradeneeded = () => request.result.createObjectStore("pictures", { keyPath: ["agent", "conversation", "uuid"] })
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error)
})

export function hasPictures(conversation) {
  return [...held.values()].some((one) => one.conversation === conversation)
}

// Keep {conversation, uuid, file, original, …}, or keep it as it is now. Returns whether it
// is kept: there is only so much room.
export async function keep(record) {
  const { conversation, uuid, file, original } = record
  const bytes = file.size + (file === original ? 0 : original.size)
  const others = [...held].filter(([one]) => one !== uuid)
  const total = others.reduce((sum, [, one]) => sum + one.bytes, bytes)
  if (others.length >= MOST || total > MOST_BYTES) return false
  held.set(uuid, { conversation, bytes })
  return change((store) => store.put({ ...record, agent, at: Date.now() })).then(() => true, () => !held.delete(uuid))
}

export function forget({ conversation, uuid }) {
  held.delete(uuid)
  change((store) => store.delete([agent, conversation, uuid])).catch(() => {})
}

// All of this agent's. A page that is left at once need not wait for it.
export function forgetPictures() {
  held.clear()
  return change((store) => store.delete(IDBKeyRange.bound([agent], [agent, []]))).catch(() => {})
}

// What an earlier page kept of this agent's. Anybody's that is too old goes.
export async function kept() {
  const all = await finished((await database).transaction("pictures").objectStore("pictures").getAll())
  const isOld = ({ at }) => Date.now() - at > LONGEST
  const old = all.filter(isOld)
  if (old.length) change((store) => old.forEach((one) => store.delete([one.agent, one.conversation, one.uuid]))).catch(() => {})
  const mine = all.filter((one) => one.agent === agent && !isOld(one))
  for (const { uuid, conversation, file } of mine) held.set(uuid, { conversation, bytes: file.size })
  return mine
}

async function change(does) {
  const transaction = (await database).transaction("pictures", "readwrite")
  does(transaction.objectStore("pictures"))
  transaction.commit() // Now: the page may be going
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve
    transaction.onabort = () => reject(transaction.error)
  })
}

function finished(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

