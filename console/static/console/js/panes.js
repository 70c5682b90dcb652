// Going from one conversation or view to another: a pane is fetched and put in place of the
// one on show. The rest of the page stays, with the socket and whatever is being sent.

import { nameWindow } from "./counts.js"
import { came, isOvertaken, moment } from "./drawings.js"
import { fetchFragment, fetchInTheEnd, parse, SignedOut } from "./http.js"
import { live } from "./live_socket.js"
import { showFailure } from "./notices.js"

const PHONE = matchMedia("(max-width: 699px)")

let fetching = new AbortController()
let reloading = new AbortController()

export function openConversation() {
  return document.getElementById("conversation").dataset.conversation ?? null
}

let wanted = null // the list that is being fetched: what is pressed next goes on from it

function listOnShow() {
  const { view, miniProgram } = document.getElementById("inbox").dataset
  return { view, miniProgram }
}

// As the server is asked for it: which view, of which mini program.
function listQuery({ view, miniProgram } = listOnShow()) {
  return new URLSearchParams(miniProgram ? { view, mini_program: miniProgram } : { view })
}

async function showConversation(id) {
  select(id)
  live.lookAt(Number(id)) // First, so that nothing falls between the fetching and the showing
  const pane = await get(`/conversations/${id}/`)
  if (!pane) return select(openConversation())
  swap("conversation", pane)
  live.catchUp(Number(pane.dataset.liveSeq))
  if (!PHONE.matches) document.getElementById("composer-text").focus()
}

function leaveConversation() {
  live.lookAt(null)
  const empty = document.getElementById("no-conversation").content.firstElementChild
  swap("conversation", empty.cloneNode(true))
  select(null)
}

async function showList(query) {
  const pane = await get(`/inbox/?${query}`)
  if (!pane) return false
  swap("inbox", pane)
  nameWindow()
  live.narrow(Number(pane.dataset.miniProgram) || null)
  live.catchUp(Number(pane.dataset.liveSeq))
  return true
}

async function get(url) {
  fetching.abort()
  fetching = new AbortController()
  const { signal } = fetching
  try {
    return await fetchFragment(url, { signal })
  } catch (error) {
    if (!signal.aborted && !(error instanceof SignedOut)) showFailure()
    return null
  }
}

function swap(id, pane) {
  if (id === "conversation") reloading.abort()
  document.getElementById(id).replaceWith(pane)
  htmx.process(pane)
  dress(pane)
}

// The server draws a header the same for everybody; whose it is shows here.
function dress(root) {
  const header = root.matches?.(".header") ? root : root.querySelector(".header")
  if (!header) return
  const { agent, supervisor } = document.body.dataset
  const isMine = header.dataset.assignee === agent
  header.classList.toggle("header--mine", isMine || supervisor !== undefined)
  header.querySelector("[data-back]").href = address(null)
}

function select(id) {
  document.dispatchEvent(new CustomEvent("desk:open", { detail: { conversation: id } }))
}

function address(id) {
  return id ? `/conversations/${id}/?${listQuery()}` : `/inbox/?${listQuery()}`
}

async function goTo(change) {
  const list = { ...(wanted ?? listOnShow()), ...change }
  wanted = list
  const isShown = await showList(listQuery(list))
  if (wanted === list) wanted = null
  if (isShown) history.replaceState(null, "", address(openConversation()))
}

async function go(link) {
  const { tab } = link.dataset
  if (tab) return goTo({ view: tab })
  const row = link.closest(".row")
  const id = row ? row.dataset.conversation : null
  if (id !== null && id === openConversation()) return
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

document.addEventListener("change", async ({ target }) => {
  if (!target.matches("[data-choose-program]")) return
  await goTo({ miniProgram: target.value })
  const choice = document.querySelector("[data-choose-program]")
  if (choice === target) target.value = listOnShow().miniProgram // It wasn't to be had
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
