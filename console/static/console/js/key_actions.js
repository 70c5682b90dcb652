// What the keys and the command palette do. What belongs to another part of the desk is
// told to it by an event, which names the conversation it is about: `desk:note`, …

import { close } from "./closing.js"
import { ask } from "./http.js"
import { openLongestWait } from "./longest_wait.js"
import { showFailure } from "./notices.js"
import { openConversation } from "./panes.js"
import { does } from "./row_choice.js"
import { mayGive } from "./row_menu.js"
import { isPinned, pin } from "./row_marks.js"
import { openTransfer } from "./transfer_dialog.js"

// The one whose row has focus, else the open one.
function subject() {
  return focusedRow()?.dataset.conversation ?? openConversation()
}

function focusedRow() {
  return document.activeElement?.closest?.("inbox-list .row") ?? null
}

function tell(name) {
  return () => {
    const conversation = subject()
    if (conversation === null) return
    document.dispatchEvent(new CustomEvent(`desk:${name}`, { detail: { conversation } }))
  }
}

// Another row, counted from the focused one or, if none is, from the open one.
function neighbour(step) {
  const current = focusedRow() ?? document.querySelector("inbox-list .row:has([aria-current])")
  const rows = [...document.querySelectorAll("inbox-list .row:not(.row--gone)")]
  const at = rows.indexOf(current)
  if (at < 0) return step > 0 ? rows[0] : rows.at(-1)
  return rows[at + step]
}

function focusRow(row) {
  if (!row) return
  const link = row.querySelector(".row__link")
  for (const other of document.querySelectorAll("inbox-list .row__link")) other.tabIndex = other === link ? 0 : -1
  link.focus()
}

function walk(step) {
  return () => focusRow(neighbour(step))
}

let held = null // the row that a key held down has come to

// A key held down walks; where it is let go is opened.
function open(step) {
  return ({ repeat } = {}) => {
    const isInText = document.activeElement?.matches?.("textarea")
    const row = held?.isConnected ? besides(held, step) : isInText ? neighbourOfOpen(step) : neighbour(step)
    if (!row) return
    row.scrollIntoView({ block: "nearest" })
    if (!repeat) return row.querySelector(".row__link").click()
    held = row
    focusRow(row)
  }
}

function letGo() {
  held?.querySelector(".row__link").click()
  held = null
}

addEventListener("keyup", letGo)
addEventListener("blur", () => (held = null))

function besides(row, step) {
  const rows = [...document.querySelectorAll("inbox-list .row")]
  return rows[rows.indexOf(row) + step]
}

function neighbourOfOpen(step) {
  const row = document.getElementById(`conversation-${openConversation()}-row`)
  return row ? besides(row, step) : document.querySelector("inbox-list .row")
}

function press(selector) {
  return () => document.querySelector(selector)?.click()
}

// The open conversation's button knows more than we: a question, a colleague who was faster.
function header(action, does) {
  return () => {
    const id = subject()
    const button = document.querySelector(`.header[data-conversation="${id}"] [data-action="${action}"]`)
    if (button) button.click()
    else if (id !== null && id !== openConversation()) does(id)
  }
}

async function claim(id) {
  const response = await ask(`/conversations/${id}/assignment/`, { method: "POST" }).catch(() => null)
  if (!response?.ok) showFailure()
}

// When, the row's menu asks.
function snooze() {
  document.querySelector(`#conversation-${subject()}-row .row__more`)?.click()
  document.querySelector("#row-menu [data-do=snooze]:not([hidden])")?.focus()
}

function withSubject(act) {
  return () => {
    const id = subject()
    if (id !== null) act(id)
  }
}

// The open one's button is there only when it is the agent's to give.
function transfer() {
  const id = subject()
  const button = document.querySelector(`.header[data-conversation="${id}"] [data-transfer]`)
  if (button?.offsetParent) button.click()
  else if (id !== null && mayGive(id)) openTransfer(id, document.activeElement)
}

function focus(selector) {
  return () => {
    const field = document.querySelector(selector)
    field?.focus()
    field?.select?.()
  }
}

function showSheet() {
  document.getElementById("keys").showModal()
}

function toggleList() {
  document.body.toggleAttribute("data-list-hidden")
}

function callPalette() {
  document.querySelector("command-palette").toggle()
}

export const ACTIONS = {
  palette: callPalette,
  keys: showSheet,
  next: walk(1),
  previous: walk(-1),
  "open-next": open(1),
  "open-previous": open(-1),
  open: press("inbox-list .row__link[tabindex='0']"),
  longest: openLongestWait,
  reply: focus("#composer-text"),
  claim: header("claim", claim),
  close: header("close", (id) => close([id])),
  release: press(".rows-release:not([hidden])"),
  search: focus("[data-search]"),
  list: toggleList,
  "go-waiting": press('a[data-tab="waiting"]'),
  "go-mine": press('a[data-tab="mine"]'),
  "go-all": press('a[data-tab="all"]'),
  "send-next": tell("send-next"),
  remark: tell("remark"),
  note: tell("note"),
  transfer,
  snooze,
  unread: withSubject((id) => does([id], "unread")),
  pin: withSubject((id) => pin(id, !isPinned(id))),
  tag: tell("tag"),
  panel: tell("panel"),
}
