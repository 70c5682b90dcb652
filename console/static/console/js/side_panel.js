// The panel beside the conversation: open or closed, and on which tab, the same for every
// conversation and remembered in this browser. What it shows is fetched when it is wanted.
//
// Narrow screens have it over the log, as a drawer; phones, over everything.

import { isOvertaken, moment } from "./drawings.js"
import { grow, keepOlder } from "./growing_list.js"
import { fetchInTheEnd } from "./http.js"
import { visit } from "./panes.js"

const KEPT = "kefu.panel"
const DRAWER = matchMedia("(max-width: 1279px)")
const SETTLE = 1500 // ms in which several changes are fetched as one

const panel = document.getElementById("side-panel")
const addresses = { customer: "panel/", history: "panel/history/" }

let fetching = new AbortController()
let opener = null
let refresh

const kept = (() => {
  try {
    return { open: false, tab: "customer", ...JSON.parse(localStorage.getItem(KEPT)) }
  } catch {
    return { open: false, tab: "customer" }
  }
})()

export function pane() {
  return document.getElementById("conversation")
}

export function address(rest) {
  return `/conversations/${pane().dataset.conversation}/${rest}`
}

export function isOpen() {
  return !panel.hidden
}

export function openPanel(tab = kept.tab) {
  keep({ open: true, tab })
  show()
  if (tab === "history") fill(true)
}

export function closePanel() {
  const hadFocus = panel.contains(document.activeElement)
  keep({ open: false })
  show()
  if (hadFocus) (opener?.isConnected ? opener : document.querySelector("[data-panel-toggle]"))?.focus()
}

export function togglePanel() {
  if (isOpen()) closePanel()
  else openPanel()
}

function keep(change) {
  Object.assign(kept, change)
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept))
  } catch {
    // Then this page alone remembers
  }
}

// What is to be seen follows from what is kept and what is open.
function show() {
  panel.hidden = !kept.open || !pane().dataset.conversation
  for (const tab of panel.querySelectorAll("[role=tab]")) {
    const isCurrent = tab.dataset.side === kept.tab
    tab.setAttribute("aria-selected", isCurrent)
    tab.tabIndex = isCurrent ? 0 : -1
    body(tab.dataset.side).hidden = !isCurrent
  }
  dress()
  if (isOpen()) fill()
}

// Toggles come with each header, which is drawn the same whether the panel is open or not.
function dress() {
  for (const toggle of document.querySelectorAll("[data-panel-toggle]")) toggle.setAttribute("aria-expanded", isOpen())
}

function body(tab) {
  return document.getElementById(`side-${tab}`)
}

// Have the tab on show hold the customer of the open conversation.
async function fill(isStale = false) {
  const { tab } = kept
  const { customer } = pane().dataset
  if (!addresses[tab]) return
  const current = body(tab).firstElementChild
  if (!isStale && current?.dataset.customer === customer) return
  if (current?.dataset.customer !== customer) body(tab).replaceChildren()
  fetching.abort()
  fetching = new AbortController()
  const { signal } = fetching
  const asked = moment()
  body(tab).setAttribute("aria-busy", "true")
  const drawn = await fetchInTheEnd(address(addresses[tab]), signal).catch(() => null)
  if (signal.aborted) return
  body(tab).removeAttribute("aria-busy")
  if (!drawn || drawn.dataset.customer !== pane().dataset.customer) return
  if (isOvertaken(drawn.id, asked)) return fill(true)
  take(tab, drawn)
}

function take(tab, drawn) {
  const event = new CustomEvent("desk:known", { detail: { drawn }, cancelable: true })
  // Whoever looks after a customer's parts may put them in place one by one.
  if (tab === "customer" && !document.dispatchEvent(event)) return
  const current = body(tab).firstElementChild
  if (current?.id === drawn.id) keepOlder(current, drawn)
  body(tab).replaceChildren(drawn)
}

// Older enterings, or conversations, go on where the list ends.
async function goOn(button, rest) {
  const list = button.closest("[data-more]")
  button.disabled = true
  const page = await fetchInTheEnd(`${address(rest)}?before=${list.dataset.more}`, fetching.signal).catch(() => null)
  if (!page || !list.isConnected) return void (button.disabled = false)
  grow(list, page)
}

function press(event) {
  const on = (selector) => event.target.closest?.(selector)
  const toggle = on("[data-panel-toggle]")
  if (toggle) opener = toggle
  if (toggle) return togglePanel()
  if (!panel.contains(event.target)) return
  if (on("[data-panel-close]")) closePanel()
  else if (on("[data-side]")) openPanel(on("[data-side]").dataset.side)
  else if (on("[data-more-entries]")) goOn(on("[data-more-entries]"), "panel/entries/")
  else if (on("a.past")) open(event, on("a.past"))
  else if (on("[data-more-history]")) goOn(on("[data-more-history]"), "panel/history/")
}

function open(event, link) {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  visit(link.parentElement.dataset.conversation)
}

function walk(event) {
  if (event.key === "Escape" && !event.defaultPrevented && DRAWER.matches) return closePanel()
  const tabs = [...panel.querySelectorAll("[role=tab]")]
  const at = tabs.indexOf(event.target)
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key]
  if (at < 0 || to === undefined) return
  event.preventDefault()
  const tab = tabs.at(to % tabs.length)
  openPanel(tab.dataset.side)
  tab.focus()
}

// History has no drawing of its own sent: it is asked for anew, now and then at most.
function historyChanged({ detail }) {
  const isTheirs = detail.html.slice(0, 800).includes(`data-customer="${pane().dataset.customer}"`)
  if (!isOpen() || kept.tab !== "history" || !isTheirs || refresh) return
  refresh = setTimeout(() => {
    refresh = undefined
    if (isOpen() && kept.tab === "history") fill(true)
  }, SETTLE)
}

document.addEventListener("click", press)
panel.addEventListener("keydown", walk)
document.addEventListener("desk:shown", show)
document.addEventListener("desk:header", dress)
document.addEventListener("desk:panel", togglePanel)
document.addEventListener("live:message", historyChanged)
document.addEventListener("live:row", historyChanged)
document.addEventListener("live:reload", () => {
  if (isOpen()) fill(true)
  else for (const tab of Object.keys(addresses)) body(tab).replaceChildren() // Asked for when it opens
})
show()
