// Whether a row belongs to the list on show: by its view, and by what the list is narrowed
// to. The server decides the same for a page (conversations/views/filters.py).

import { now } from "./clock.js"
import { read, standing } from "./windows.js"

const NOBODY = "none"

export function inbox() {
  return document.getElementById("inbox")
}

// What the list is: {view, mini_program, entrance, tag, assignee, window, failed}, of these
// only what is chosen.
export function listOnShow() {
  return Object.fromEntries(new URLSearchParams(inbox().dataset.query))
}

export function belongs(row, list = listOnShow()) {
  return isInView(list.view, row.dataset) && fits(row, list)
}

function isInView(view, { status, assignee, waitingSince, snoozedUntil, windowClosesAt }) {
  if (view === "closed") return status === "closed"
  if (status !== "open") return false
  if (view === "all") return true
  if (snoozedUntil) return false
  if (view === "mine") return assignee === document.body.dataset.agent
  if (view === "closing") return Boolean(waitingSince) && isClosing(windowClosesAt)
  return assignee === "" && waitingSince !== ""
}

function isClosing(closesAt) {
  const left = Date.parse(closesAt) - now()
  return left > 0 && left <= closingSoon()
}

function closingSoon() {
  return Number(inbox().dataset.closingSoon) * 1000 // ms
}

function fits(row, list) {
  const { miniProgram, entrance, tags, assignee, failed } = row.dataset
  if (list.mini_program && list.mini_program !== miniProgram) return false
  if (list.entrance && list.entrance !== entrance) return false
  if (list.tag && !tags.split(" ").includes(list.tag)) return false
  if (list.assignee && list.assignee !== (assignee || NOBODY)) return false
  if (list.failed && !failed) return false
  return !list.window || windowFits(row, list.window)
}

function windowFits(row, wanted) {
  const { windows, refusal } = row.querySelector("window-meter").dataset
  const { kind, left } = standing(read(windows), refusal)
  if (wanted === "closed") return kind === null
  if (kind === null) return false
  if (wanted === "spent") return left === 0
  return left > 0 && (wanted === "open" || isClosing(row.dataset.windowClosesAt))
}

// Whether rows leave or join by the clock alone.
export function dependsOnTime({ view, window }) {
  return view === "closing" || Boolean(window)
}
