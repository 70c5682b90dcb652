// What an agent has sent and the server has not yet confirmed. Each send bears a UUID made
// here, and keeps it through every try of the same words, even over a reload: the server
// takes it once, however often it comes.
//
// An entry with a `state` is a line under the log, on its way by itself: see unsent.js.

import { ask, parse, SignedOut } from "./http.js"

const KEPT = 10 * 60_000 // ms; the same words later than that are said anew
const FRESH = 2 * 60_000 // ms in which a reload tries again by itself

const tried = new Set() // by this page, in vain: its agent knows, and decides

export const key = `kefu.${document.body.dataset.agent}.outbox`

// Send words, {text} and maybe {split}, a canned answer, {answer, version}, or a link's
// fields. Returns {state}:
//   taken    with `messages`, drawn
//   refused  with `error` and maybe `text`, `isStale`, `fields` (what is wrong, by field):
//            it will never be taken as it is; or with `unseen`, the newest message, that
//            somebody else said after the one that the entry has as `seen`
//   broken, offline, signedOut: nobody knows, try again
export function send(conversation, url, words) {
  return deliver(remember(conversation, url, words))
}

export async function deliver(entry) {
  const { url, words, uuid, seen = "" } = entry
  try {
    const data = { ...words, client_uuid: uuid, seen }
    const response = await ask(url, { method: "POST", data })
    if (response.ok) {
      const html = await response.text()
      forget(entry) // Not before: whoever waits clears the draft in the same breath
      return { state: "taken", messages: parse(html) }
    }
    if (response.status >= 500 || response.status === 429) return note(entry), { state: "broken" }
    const { error, text, stale, fields, unseen } = await response.json()
    if (!entry.state) forget(entry)
    return { state: "refused", error, text, isStale: stale, fields, unseen }
  } catch (error) {
    note(entry)
    return { state: error instanceof SignedOut ? "signedOut" : "offline" }
  }
}

// What was under way when the page went.
export function underWay() {
  const isUnderWay = ({ at, uuid, state, isTried }) => !state && !isTried && Date.now() - at < FRESH && !tried.has(uuid)
  return entries().filter(isUnderWay)
}

export function remember(conversation, url, words) {
  const same = (one) => !one.state && one.conversation === conversation && JSON.stringify(one.words) === JSON.stringify(words)
  const known = entries().find(same)
  if (known) return { ...known, isTried: true }
  const entry = { uuid: newUuid(), conversation, url, words, at: Date.now() }
  write([...entries(), entry])
  return entry
}

export function forget({ uuid }) {
  write(entries().filter((one) => one.uuid !== uuid))
}

// Put an entry as it is now in the place of what it was; a new one comes last.
export function put(entry, known = entry.uuid) {
  const all = entries()
  const at = all.findIndex(({ uuid }) => uuid === known)
  write(at < 0 ? [...all, entry] : all.with(at, entry))
}

export function entries() {
  const all = JSON.parse(localStorage.getItem(key) ?? "[]")
  return all.filter(({ at, state }) => state || Date.now() - at < KEPT)
}

// The server may have it, and nobody has heard so.
function note(entry) {
  tried.add(entry.uuid)
  if (entry.state) entry.isTried = true
}

function write(all) {
  if (all.length) localStorage.setItem(key, JSON.stringify(all))
  else localStorage.removeItem(key)
}

// crypto.randomUUID needs HTTPS, which an office network may not have.
export function newUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5")
}
