// Going from one conversation or view to another: a pane is fetched and put in place of the
// one on show. The rest of the page stays, with the socket and whatever is being sent.

import { listOnShow } from "./belonging.js"
import { nameWindow } from "./counts.js"
import { came, isOvertaken, moment } from "./drawings.js"
import { fetchFragment, fetchInTheEnd, parse, SignedOut } from "./http.js"
import { live } from "./live_socket.js"
import { showFailure } from "./notices.js"

const PHONE = matchMedia("(max-width: 699px)")
const SLOW = 300 // ms

const fetching = {} // {conversation, list}: AbortControllers, for neither stops the other
let reloading = new AbortController()

export function openConversation() {
  return document.getElementById("conversation").dataset.conversation ?? null
}

let opening = null // the conversation that is being fetched
let stopWaiting = () => {}
let wanted = null // the list that is being fetched: what is pressed next goes on from it
let refused = null // the list that could not be had

// As the server is asked for it: which view, narrowed to what.
function listQuery(list = listOnShow()) {
  return new URLSearchParams(Object.entries(list).filter(([, value]) => value))
}

// The one on show stays, and stays alive, until the other is there.
async function showConversation(id) {
  select(id)
  const asked = (opening = { id })
  stopWaiting()
  stopWaiting = wait(document.getElementById("conversation"))
  const pane = await get("conversation", `/conversations/${id}/`)
  if (asked !== opening) return // Another was asked for meanwhile, or none
  stopOpening()
  if (!pane) return stayHere()
  swap("conversation", pane)
  live.lookAt(Number(id), Number(pane.dataset.liveSeq))
  if (!PHONE.matches) document.getElementById("composer-text").focus()
}

function stopOpening() {
  opening = null
  stopWaiting()
}

function stayHere() {
  const id = openConversation()
  history.replaceState(null, "", address(id))
  select(id)
}

function goingTo() {
  return opening ? opening.id : openConversation()
}

// What is typed while a conversation is coming must not go to the one before it. Grey shapes
// stand for what comes only when it takes a while: a flicker tells nobody anything.
function wait(pane) {
  pane.inert = true
  pane.setAttribute("aria-busy", "true")
  const slow = setTimeout(() => pane.append(document.getElementById("pane-loading").content.cloneNode(true)), SLOW)
  return () => {
    clearTimeout(slow)
    pane.inert = false
    pane.removeAttribute("aria-busy")
    pane.querySelector(".pane-loading")?.remove()
  }
}

// Open a conversation that may not be in the list on show.
export async function visit(id) {
  if (id === goingTo()) return document.getElementById("composer-text").focus()
  history.pushState(null, "", address(id))
  await showConversation(id)
}

function leaveConversation() {
  fetching.conversation?.abort()
  stopOpening()
  live.lookAt(null)
  const empty = document.getElementById("no-conversation").content.firstElementChild
  swap("conversation", empty.cloneNode(true))
  select(null)
}

async function showList(query) {
  const failed = document.getElementById("list-failed")
  const pane = await get("list", `/inbox/?${query}`, () => (failed.hidden = false))
  if (!pane) return false
  failed.hidden = true
  swap("inbox", pane)
  nameWindow()
  live.narrow(Number(pane.dataset.miniProgram) || null)
  live.catchUp(Number(pane.dataset.liveSeq))
  return true
}

async function get(what, url, fail = showFailure) {
  fetching[what]?.abort()
  const { signal } = (fetching[what] = new AbortController())
  try {
    return await fetchFragment(url, { signal })
  } catch (error) {
    if (!signal.aborted && !(error instanceof SignedOut)) fail()
    return null
  }
}

function swap(id, pane) {
  if (id === "conversation") reloading.abort()
  document.getElementById(id).replaceWith(pane)
  htmx.process(pane)
  dress(pane)
  if (id === "conversation") document.dispatchEvent(new CustomEvent("desk:shown"))
}

// The server draws a header the same for everybody; whose it is shows here.
function dress(root) {
  const header = root.matches?.(".header") ? root : root.querySelector(".header")
  if (!header) return
  const { agent, supervisor } = document.body.dataset
  const isMine = header.dataset.assignee === agent
  header.classList.toggle("header--mine", isMine || supervisor !== undefined)
  header.querySelector("[data-back]").href = address(null)
  document.dispatchEvent(new CustomEvent("desk:header"))
}

function select(id) {
  document.dispatchEvent(new CustomEvent("desk:open", { detail: { conversation: id } }))
}

function address(id) {
  return id ? `/conversations/${id}/?${listQuery()}` : `/inbox/?${listQuery()}`
}

// Change what the list is: its view, what it is narrowed to. `only` leaves nothing else as
// it is.
export async function goTo(change, only = false) {
  const list = { ...(only ? {} : (wanted ?? listOnShow())), ...change }
  wanted = list
  const isShown = await showList(listQuery(list))
  if (!isShown && wanted === list) refused = list
  if (wanted === list) wanted = null
  if (isShown) history.replaceState(null, "", address(goingTo()))
  if (isShown && opening) select(opening.id)
}

async function go(link) {
  const { tab } = link.dataset
  if (tab) return goTo({ view: tab })
  const row = link.closest(".row")
  const id = row ? row.dataset.conversation : null
  if (id !== null && id === goingTo()) return
  history.pushState(null, "", address(id))
  if (id) await showConversation(id)
  else leaveConversation()
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a.row__link, a[data-tab], a[data-back]")
  const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey
  if (!link || event.button !== 0 || !isPlain) return
  event.preventDefault()
  go(link)
})

document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-list-again]")) goTo(refused ?? {})
})

document.addEventListener("change", async ({ target }) => {
  if (!target.matches("[data-choose-program]")) return
  await goTo({ mini_program: target.value })
  const choice = document.querySelector("[data-choose-program]")
  if (choice === target) target.value = listOnShow().mini_program ?? "" // It wasn't to be had
  else choice?.focus()
})

addEventListener("popstate", () => {
  const id = location.pathname.match(/^\/conversations\/(\d+)\/$/)?.[1]
  if (id) showConversation(id)
  else leaveConversation()
})

document.addEventListener("live:header", ({ detail }) => {
  const header = parse(detail.html)
  came(header.id, () => showHeader(header))
})

function showHeader(header) {
  const current = document.getElementById(header.id)
  if (!current) return
  const focused = current.contains(document.activeElement) && document.activeElement.dataset.action
  current.replaceWith(header)
  htmx.process(header)
  dress(header)
  if (focused) header.querySelector(`[data-action="${focused}"], [data-action]`)?.focus()
}

// Too much was missed: the list and the thread see to themselves, the box keeps its text.
document.addEventListener("live:reload", async () => {
  const id = openConversation()
  if (!id) return
  reloading.abort()
  reloading = new AbortController()
  const asked = moment()
  const pane = await fetchInTheEnd(`/conversations/${id}/`, reloading.signal)
  const header = pane?.querySelector(".header")
  if (header && !isOvertaken(header.id, asked)) showHeader(header)
})

// After a claim, a release, a closing: htmx has put the new header in.
document.addEventListener("htmx:load", ({ detail }) => {
  if (detail.elt.matches?.(".header")) dress(detail.elt)
})

dress(document.getElementById("conversation"))
live.lookAt(Number(openConversation()) || null)
live.narrow(Number(document.getElementById("inbox").dataset.miniProgram) || null)
