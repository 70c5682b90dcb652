// What is known of a customer, in the panel: the remark name, tags, where they came in by,
// and whether they are blocked. It is redrawn part by part, and a part that somebody is
// writing in waits until they are done: nothing that arrives changes what is typed.

import { now } from "./clock.js"
import { came } from "./drawings.js"
import { keepOlder } from "./growing_list.js"
import { ask, parse } from "./http.js"
import { show, showFailure } from "./notices.js"
import { visit } from "./panes.js"
import { address, openPanel, pane } from "./side_panel.js"

const LONGEST = 2 ** 31 - 1 // ms that a timer can wait

const waiting = new Map() // part → its newer drawing, held back while it is written in
let ending

function known() {
  return document.querySelector("#side-customer > .known")
}

function part(name, root = known()) {
  return root?.querySelector(`[data-part="${name}"]`)
}

function isWrittenIn(current) {
  const form = current.querySelector("form")
  const typed = current.querySelector("tag-picker input")?.value
  return (form !== null && !form.hidden) || Boolean(typed)
}

// Take a newer drawing of the customer on show.
function take(drawn) {
  const current = known()
  if (!current || current.dataset.customer !== drawn.dataset.customer) return false
  renameThread(current.dataset.name, drawn.dataset.name)
  current.dataset.name = drawn.dataset.name
  for (const newer of [...drawn.children]) {
    const older = part(newer.dataset.part)
    if (isWrittenIn(older)) waiting.set(newer.dataset.part, newer)
    else replace(older, newer)
  }
  return true
}

function replace(older, newer) {
  const focused = older.contains(document.activeElement) ? document.activeElement : null
  keepOlder(older.querySelector(".entries"), newer.querySelector(".entries"))
  waiting.delete(newer.dataset.part)
  older.replaceWith(newer)
  if (focused) next(newer)?.focus()
  watchBlocks()
}

// Where a hand goes on whose button is no more.
function next(drawn) {
  const buttons = [...drawn.querySelectorAll("button")]
  return drawn.querySelector("tag-picker input, [data-rename]") ?? buttons.find((one) => one.checkVisibility())
}

function settle(name) {
  const newer = waiting.get(name)
  const older = part(name)
  if (newer && older && !isWrittenIn(older)) replace(older, newer)
}

// The log's name says whose it is.
function renameThread(before, after) {
  const log = document.querySelector("message-thread [role=log]")
  if (before === after || !log) return
  log.setAttribute("aria-label", log.getAttribute("aria-label").replace(before, after))
  pane().dataset.title = after
}

// Change something; the answer is the panel as it then is. Returns what is wrong, or "".
export async function change(rest, method, data) {
  const { customer } = pane().dataset
  const response = await ask(address(rest), { method, data }).catch(() => null)
  if (response?.status === 409 || response?.status === 422) return (await response.json()).error
  if (!response?.ok) {
    showFailure()
    return document.getElementById("notice").dataset.failed
  }
  const drawn = parse(await response.text())
  if (drawn.dataset.customer === customer) take(drawn)
  return ""
}

// The remark name, in place.

function beginToRename() {
  const form = part("who")?.querySelector("form")
  if (!form) return
  form.hidden = false
  form.remark.value = form.dataset.remark
  form.remark.focus()
  form.remark.select()
}

function endRenaming() {
  const form = part("who").querySelector("form")
  form.hidden = true
  explain(form, "")
  settle("who")
  part("who").querySelector("[data-rename]").focus()
}

async function rename(form) {
  const error = await change("remark/", "POST", { remark: form.remark.value })
  if (!form.isConnected) return
  if (error) return explain(form, error)
  endRenaming()
}

function explain(form, error) {
  const place = form.querySelector(".errorlist")
  place.textContent = error
  place.hidden = !error
}

// Do something in the panel, opened for it, of the conversation named or the one on show.
async function within(does, conversation = pane().dataset.conversation) {
  if (!conversation) return
  if (conversation !== pane().dataset.conversation) await visit(conversation)
  openPanel("customer")
  if (known()?.dataset.customer === pane().dataset.customer) return does()
  document.addEventListener("desk:customer-shown", does, { once: true })
}

function beginToTag() {
  part("tags").querySelector("tag-picker input").focus()
}

// Blocks end by themselves, here and on the header.

function watchBlocks() {
  clearTimeout(ending)
  const marks = [...document.querySelectorAll(".header__blocked, .known__blocked:not([hidden])")]
  const left = marks.map((mark) => Date.parse(mark.dataset.until) - now())
  marks.forEach((mark, index) => {
    if (left[index] > 0) return
    mark.hidden = true
    mark.parentElement.querySelector(".known__unblocked")?.removeAttribute("hidden")
  })
  const next = Math.min(...left.filter((one) => one > 0))
  if (Number.isFinite(next)) ending = setTimeout(watchBlocks, Math.min(next + 50, LONGEST))
}

async function unblock(button) {
  button.disabled = true
  const error = await change("block/", "DELETE")
  button.disabled = false
  if (error) show(error)
}

async function untag(button) {
  const { tag } = button.closest("[data-tag]").dataset
  button.disabled = true
  const error = await change(`tags/${tag}/`, "DELETE")
  if (error) show(error)
  button.disabled = false
}

document.addEventListener("click", ({ target }) => {
  const on = (selector) => target.closest?.(selector)
  if (on("[data-rename]")) beginToRename()
  else if (on("[data-untag]")) untag(on("[data-untag]"))
  else if (on("[data-unblock]")) unblock(on("[data-unblock]"))
  else if (on("[data-block]")) document.dispatchEvent(new CustomEvent("desk:block"))
  else if (on(".header__who h1")) within(beginToRename)
})

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".known__rename")) return
  event.preventDefault()
  rename(event.target)
})

document.addEventListener("keydown", (event) => {
  if (event.key === "F2" && !event.defaultPrevented && !document.querySelector("dialog[open]")) {
    event.preventDefault()
    within(beginToRename)
  } else if (event.key === "Escape" && event.target.matches?.(".known__rename input")) {
    event.preventDefault()
    event.stopPropagation()
    endRenaming()
  }
})

document.addEventListener("focusout", ({ target }) => {
  const current = target.closest?.("[data-part]")
  if (current && waiting.has(current.dataset.part)) setTimeout(() => settle(current.dataset.part))
})

document.addEventListener("desk:known", (event) => {
  if (known()?.dataset.customer === event.detail.drawn.dataset.customer) {
    event.preventDefault()
    take(event.detail.drawn)
  }
})

document.addEventListener("desk:remark", ({ detail }) => within(beginToRename, detail?.conversation))
document.addEventListener("desk:tag", ({ detail }) => within(beginToTag, detail?.conversation))
document.addEventListener("desk:header", watchBlocks)

document.addEventListener("live:panel", ({ detail }) => {
  const drawn = parse(detail.html)
  came(drawn.id, () => take(drawn))
})

new MutationObserver(() => {
  waiting.clear()
  watchBlocks()
  if (known()) document.dispatchEvent(new CustomEvent("desk:customer-shown"))
}).observe(document.getElementById("side-customer"), { childList: true })

watchBlocks()
