// What there is to tell this agent, seen from the rows that come live. Each conversation is
// remembered as it was last seen: only what has become new since is news, so neither a
// reload nor a catch-up tells anything twice.

import { now } from "./clock.js"
import { fetchInTheEnd } from "./http.js"

const AGAIN_EVERY = 30_000 // ms between two reminders of the same wait
const MOST_REMINDERS = 3
const CLOSING = 3_600_000 // ms before the end of the time to reply

const { agent, now: drawnAt } = document.body.dataset

const known = new Map() // {conversation: as `seen` has it}
const reminded = new Map() // {wait: how many times}
const warned = new Set() // windows whose end has been told

let since = drawnAt // what was last said before that is no news
let isComplete = false // all who wait, and all the agent's own, are known

// As the page has it, or as the server says it was.
export function remember(element) {
  const one = seen(element)
  known.set(one.conversation, one)
  reminded.set(wait(one), due(one))
  if (isClosing(one)) warned.add(closing(one))
}

// Returns {one, before, is: "message", "waiting" or null} of a row that came live.
export function notice(element) {
  const one = seen(element)
  const isOld = !isComplete && one.lastMessageAt <= since
  const before = known.get(one.conversation) ?? (isOld ? one : undefined)
  known.set(one.conversation, one)
  if (!before || before === one) reminded.set(wait(one), due(one))
  if (before === one && isClosing(one)) warned.add(closing(one))
  return { one, before, is: newsIn(one, before) }
}

function newsIn(one, before) {
  if (one.status !== "open" || isBlocked(one)) return null
  const unread = before?.unread ?? (one.lastMessageAt > since ? 0 : one.unread)
  if (isMine(one)) return one.unread > unread ? "message" : null
  const beganToWait = isWaiting(one) && !(before && isWaiting(before))
  return beganToWait && !(before && isMine(before)) ? "waiting" : null
}

// The waiting that wait too long, the longest first.
export function late() {
  const waiting = [...known.values()].filter((one) => isWaiting(one) && !isBlocked(one) && due(one) > 0)
  return waiting.sort((one, other) => (one.waitingSince < other.waitingSince ? -1 : 1))
}

// Whether somebody waits so long that it is time to say so, for the first time or again.
export function remind(waiting) {
  let isTime = false
  for (const one of waiting) {
    const [times, told] = [due(one), reminded.get(wait(one)) ?? 0]
    if (times > told) isTime = true
    reminded.set(wait(one), times)
  }
  return isTime
}

// Whose time to reply is near its end, the nearest first.
export function ending() {
  return [...known.values()].filter(isClosing).sort((one, other) => one.closesAt - other.closesAt)
}

// Of these, who has come to it since one last looked.
export function closingNow() {
  const found = ending().filter((one) => !warned.has(closing(one)))
  found.forEach((one) => warned.add(closing(one)))
  return found
}

// What the list on show doesn't have: who waits, and the agent's own.
export async function learn(signal) {
  const { miniProgram } = document.getElementById("inbox").dataset
  let isAll = true
  for (const view of ["waiting", "mine"]) {
    const query = new URLSearchParams(miniProgram ? { view, mini_program: miniProgram } : { view })
    const pane = await fetchInTheEnd(`/inbox/?${query}`, signal)
    for (const element of pane?.querySelectorAll(".row") ?? []) {
      if (!known.has(element.dataset.conversation)) remember(element)
    }
    isAll &&= pane?.querySelector(".rows").dataset.next === ""
  }
  if (!signal.aborted) isComplete = isAll && !miniProgram
}

// Too much was missed to tell it piece by piece.
export function forget() {
  known.clear()
  isComplete = false
  since = new Date(now()).toISOString()
}

function seen(element) {
  const { dataset } = element
  const text = (of) => element.querySelector(of)?.textContent.trim().replace(/\s+/g, " ") ?? ""
  const meter = element.querySelector("window-meter")?.dataset ?? {}
  return {
    ...dataset,
    unread: Number(dataset.unread),
    name: text(".row__name"),
    text: text(".row__preview"),
    closesAt: meter.refusal ? 0 : longWindow(meter.windows),
  }
}

// When the window ends that a message opened, if something of it is left (see
// reply_window.js for how it is written); 0 if not.
function longWindow(windows = "") {
  for (const window of windows.split(" ")) {
    const [, allowed, used, lasts, closesAt] = window.split(",")
    if (lasts * 1000 > CLOSING && Number(used) < Number(allowed)) return Date.parse(closesAt)
  }
  return 0
}

function isMine({ assignee }) {
  return assignee === agent
}

function isWaiting({ status, assignee, waitingSince, snoozedUntil = "" }) {
  return status === "open" && assignee === "" && waitingSince !== "" && snoozedUntil === ""
}

function isBlocked({ blockedUntil = "" }) {
  return blockedUntil !== "" && Date.parse(blockedUntil) > now()
}

function isClosing(one) {
  const left = one.closesAt - now()
  const isOurs = one.status === "open" && (isMine(one) || one.assignee === "")
  return isOurs && one.waitingSince !== "" && !isBlocked(one) && left > 0 && left < CLOSING
}

// How many times one should have been reminded of a wait by now.
function due(one) {
  if (!isWaiting(one)) return 0
  const amber = Number(document.getElementById("inbox").dataset.amber) * 1000
  const over = now() - Date.parse(one.waitingSince) - amber
  return over < 0 ? 0 : Math.min(MOST_REMINDERS, 1 + Math.floor(over / AGAIN_EVERY))
}

function wait({ conversation, waitingSince }) {
  return `${conversation} ${waitingSince}`
}

function closing({ conversation, closesAt }) {
  return `${conversation} ${closesAt}`
}

document.querySelectorAll("#inbox .row").forEach(remember)
