// What an agent has sent and the server has not got yet, each bound to its conversation.
// It is
//
//   held     for the seconds in which a send can be undone,
//   waiting  for its turn, which is at once, or for the network: one by one, in order, or
//   asking   whether it still holds, and goes no further by itself: something new has
//            arrived, the page went while it was held, the server refused it.
//
// `desk:unsent` says that something of a conversation's has changed, `desk:said` that the
// server has it, `desk:asking` that an agent who is elsewhere is asked, `desk:stale` that
// an answer holds no more.

import { isOffline, watch } from "./connection.js"
import { tellOf } from "./drafts.js"
import { fetchFragment } from "./http.js"
import { deliver, entries, forget, key, newUuid, put, remember } from "./outbox.js"
import { isNews } from "./thread_news.js"

const AGAIN = 5000 // ms between two tries
const TOO_OLD = 30 * 60_000 // ms after which nothing goes without being asked
const A_WHILE = 2 * 60_000 // ms; what is that old as the page comes is looked at first
const ANOTHER_PAGE = 1500 // ms in which the page that holds one will have let it go

const page = newUuid()
const flying = new Set() // uuids
const busy = new Set() // conversations

export function unsent(conversation) {
  return entries().filter((one) => one.state && one.conversation === conversation)
}

export function isFlying({ uuid }) {
  return flying.has(uuid)
}

// On its way, with nothing known to be in it.
export function isGoing({ state, asksFirst }) {
  return state === "waiting" && !asksFirst
}

// said: the words as people read them; text: an answer's, if it is nothing else. Notes wait
// for nobody's second thoughts.
export function add(conversation, url, words, { said, text, isNote = false }) {
  const seconds = isNote || isOffline() ? 0 : undoSeconds()
  const entry = { ...remember(conversation, url, words), said, text, isNote, at: Date.now(), seen: newest() }
  if (seconds) change(entry, { state: "held", until: Date.now() + seconds * 1000, page })
  else change(entry, { state: "waiting", asksFirst: isOffline() })
  follow(entry)
  return entry
}

// Resolves once it is no longer simply on its way.
export function settled({ uuid }) {
  return new Promise((resolve) => {
    const look = () => {
      const entry = find(uuid)
      if (entry && isGoing(entry)) return
      document.removeEventListener("desk:unsent", look)
      resolve()
    }
    document.addEventListener("desk:unsent", look)
    look()
  })
}

// Returns the entry, or null when it is on its way or gone.
export function takeBack(uuid) {
  const entry = find(uuid)
  if (!entry || flying.has(uuid)) return null
  forget(entry)
  // The server may have it: the same words keep their number.
  if (entry.isTried) put({ ...entry, state: undefined, at: Date.now() })
  tell(entry)
  return entry
}

export function drop(uuid) {
  const entry = find(uuid)
  if (!entry || flying.has(uuid)) return
  forget(entry)
  tell(entry)
}

// The agent has looked again: it goes as it is.
export function confirm(uuid) {
  const entry = find(uuid)
  if (!entry) return
  change(entry, { state: "waiting", why: undefined, error: undefined, asksFirst: isOffline(), seen: Math.max(newest(), entry.told ?? 0), at: Date.now() })
  flush(entry.conversation)
}

// Those that can become one: texts that the server has never seen.
export function mergeable(conversation) {
  return unsent(conversation).filter((one) => one.words.text && !one.words.split && !one.isNote && !one.isTried && !flying.has(one.uuid))
}

export function merge(conversation) {
  const [first, ...rest] = mergeable(conversation)
  const text = [first, ...rest].map(({ words }) => words.text.trim()).join("\n")
  rest.forEach(forget)
  change(first, { words: { text }, said: text })
}

function undoSeconds() {
  return Number(document.body.dataset.undoSeconds ?? 0)
}

// The newest on show: what comes after it, the agent had not read.
function newest() {
  const numbers = [...document.querySelectorAll("message-thread [data-message-id]")].map(({ dataset }) => Number(dataset.messageId))
  return Math.max(0, ...numbers)
}

function find(wanted) {
  return entries().find(({ uuid, state }) => state && uuid === wanted)
}

function change(entry, to) {
  Object.assign(entry, to)
  put(entry)
  tell(entry)
}

function tell({ conversation }) {
  document.dispatchEvent(new CustomEvent("desk:unsent", { detail: { conversation } }))
  tellOf(conversation)
}

function follow(entry) {
  if (entry.state === "waiting") return void flush(entry.conversation)
  if (entry.state !== "held") return
  const isOurs = entry.page === page
  setTimeout(() => letGo(entry.uuid, isOurs), entry.until - Date.now() + (isOurs ? 0 : ANOTHER_PAGE))
}

function letGo(uuid, isOurs) {
  const entry = find(uuid)
  if (entry?.state !== "held") return
  if (!isOurs) return ask(entry, { why: "left" })
  change(entry, { state: "waiting", asksFirst: isOffline() })
  flush(entry.conversation)
}

async function flush(conversation) {
  if (busy.has(conversation)) return
  busy.add(conversation)
  while (await sendFirst(conversation)) continue
  busy.delete(conversation)
}

async function sendFirst(conversation) {
  const [entry] = waiting(conversation)
  if (!entry) return false
  const why = await doubt(entry).catch(() => "")
  if (why) askOf(conversation, { why })
  if (why !== null || find(entry.uuid)?.state !== "waiting") return why !== ""
  flying.add(entry.uuid)
  tell(entry)
  const outcome = await deliver(entry)
  flying.delete(entry.uuid)
  settle(entry, outcome)
  return outcome.state === "taken" || outcome.state === "refused"
}

// Why it should not go by itself; null when nothing speaks against it.
async function doubt(entry) {
  if (!entry.asksFirst || entry.isNote) return null
  if (Date.now() - entry.at > TOO_OLD) return "old"
  const messages = await fetchFragment(entry.url)
  const isNewer = (one) => isNews(one) && Number(one.dataset.messageId) > entry.seen
  return [...messages.querySelectorAll(".message")].some(isNewer) ? "news" : null
}

function settle(entry, outcome) {
  const { conversation, uuid } = entry
  const isHere = find(uuid) !== undefined // Else it has come live, or another page sent it
  if (outcome.state === "taken" || !isHere) {
    tell(entry)
    announce("said", { conversation, messages: outcome.messages })
  } else if (outcome.state === "refused") refuse(entry, outcome)
  else {
    const others = waiting(conversation).filter((one) => one.uuid !== uuid)
    for (const one of [entry, ...others]) change(one, { asksFirst: true, why: outcome.state })
  }
}

function refuse(entry, { error, text, isStale, unseen }) {
  const { conversation } = entry
  if (unseen) {
    Object.assign(entry, { told: unseen, isTried: undefined })
    ask(entry, { why: "news" })
  } else if (isStale) {
    forget(entry)
    tell(entry)
    announce("stale", { conversation, error, text })
  } else {
    // The server has nothing under this number; sent again, it is said anew.
    const again = { ...entry, uuid: newUuid(), isTried: undefined }
    put(again, entry.uuid)
    ask(again, { why: "refused", error })
  }
  askOf(conversation, { why: "behind" })
}

function waiting(conversation) {
  return unsent(conversation).filter(({ state }) => state === "waiting")
}

// All replies that wait there: what stood behind one that may not go doesn't go without it.
function askOf(conversation, reason) {
  for (const entry of waiting(conversation)) if (!entry.isNote) ask(entry, reason)
}

function ask(entry, { why, error }) {
  change(entry, { state: "asking", why, error })
  announce("asking", { conversation: entry.conversation })
}

function announce(what, detail) {
  document.dispatchEvent(new CustomEvent(`desk:${what}`, { detail }))
}

// One that comes live is there, whatever becomes of the answer to its request.
document.addEventListener("live:message", ({ detail: { html } }) => {
  const uuid = html.slice(0, html.indexOf(">")).match(/ data-client-uuid="([^"]+)"/)?.[1]
  const entry = uuid && find(uuid)
  if (!entry) return
  forget(entry)
  tell(entry)
})

function flushAll() {
  const all = entries().filter(({ state }) => state === "waiting")
  for (const conversation of new Set(all.map((one) => one.conversation))) flush(conversation)
}

addEventListener("storage", (event) => {
  if (event.key === key) document.dispatchEvent(new CustomEvent("desk:unsent", { detail: {} }))
})
watch(() => isOffline() || flushAll())
document.addEventListener("desk:signed-in", flushAll)
setInterval(flushAll, AGAIN)
// What the last page left: it goes on once this one stands.
setTimeout(() => {
  for (const entry of entries()) {
    if (isGoing(entry) && Date.now() - entry.at > A_WHILE) change(entry, { asksFirst: true })
    follow(entry)
  }
})
