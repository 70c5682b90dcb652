// Giving a conversation to a colleague: the open one, or that of a row. The list is asked for
// each time the dialog opens, and now and then while it is open: who is here changes.

import { ask, fetchFragment, parse, SignedOut } from "./http.js"
import { isMine } from "./ime.js"
import { morph } from "./morph.js"
import { showFailure } from "./notices.js"

const RENEW_EVERY = 10_000 // ms

const dialog = document.getElementById("transfer")
const form = dialog.querySelector("form")
const list = dialog.querySelector("[data-colleagues]")
const find = dialog.querySelector("[data-find]")
const give = dialog.querySelector("[data-give]")
const error = dialog.querySelector("[role=alert]")
const draft = dialog.querySelector(".transfer__draft")
const title = dialog.querySelector("h2")

let url = null
let opener = null

// from: what has focus again when the dialog closes.
export function openTransfer(conversation, from) {
  const header = headerOf(conversation)
  const named = header?.querySelector("h1") ?? document.querySelector(`#conversation-${conversation}-row .row__name`)
  if (!named) return
  opener = from
  url = `/conversations/${conversation}/transfer/`
  title.textContent = title.dataset.text.replace("{name}", named.textContent.trim())
  form.reset()
  list.replaceChildren()
  explain("")
  draft.hidden = !header || !text().trim()
  give.disabled = true
  dialog.showModal()
  find.focus()
  renew()
}

async function renew() {
  const asked = url
  try {
    const colleagues = await fetchFragment(asked)
    if (!dialog.open || asked !== url) return
    if (list.firstElementChild) morph(list.firstElementChild, colleagues)
    else list.replaceChildren(colleagues)
    narrow()
  } catch (problem) {
    if (!(problem instanceof SignedOut) && !list.children.length) list.textContent = list.dataset.failed
  }
}

function narrow() {
  const wanted = find.value.trim().toLowerCase()
  const all = [...list.querySelectorAll(".colleague")]
  for (const one of all) one.closest("li").hidden = !one.dataset.name.includes(wanted)
  const none = list.querySelector("[data-no-hit]")
  if (none) none.hidden = all.length === 0 || all.some((one) => !one.closest("li").hidden)
  give.disabled = !form.elements.to?.value
}

function explain(sentence) {
  error.textContent = sentence
  error.hidden = !sentence
}

const headerOf = (conversation) => document.querySelector(`.header[data-conversation="${conversation}"]`)
const composer = () => document.querySelector("message-composer")
const text = () => composer()?.reply ?? ""

async function submit() {
  if (give.disabled) return
  const given = draft.hidden || !form.elements.draft.checked ? "" : text()
  const data = { to: form.elements.to.value, note: form.elements.note.value, draft: given }
  give.disabled = true
  try {
    await taken(await ask(url, { method: "POST", data }), given)
  } catch (problem) {
    if (!(problem instanceof SignedOut)) showFailure()
  }
  give.disabled = false
}

async function taken(response, given) {
  if (!response.ok) return explain((await response.json().catch(() => ({}))).error ?? list.dataset.failed)
  const isHere = headerOf(url.split("/")[2])
  // Only what was given goes from the box: somebody may have typed on.
  if (given && isHere && text() === given) composer().gone(given)
  const said = JSON.parse(response.headers.get("HX-Trigger") ?? "{}")
  for (const [name, detail] of Object.entries(said)) document.dispatchEvent(new CustomEvent(name, { detail }))
  const header = parse(await response.text())
  document.dispatchEvent(new CustomEvent("live:header", { detail: { html: header.outerHTML } }))
  dialog.close()
}

// Arrows go from the search to the list, as one expects of a list under a field.
function walk(event) {
  if (event.key !== "ArrowDown" || !isMine(event)) return
  event.preventDefault()
  list.querySelector("li:not([hidden]) input")?.focus()
}

function choose(event) {
  if (event.key !== "Enter" || !isMine(event)) return
  event.preventDefault() // The form's own button would close the dialog
  const hits = [...list.querySelectorAll("li:not([hidden]) input")]
  if (hits.length !== 1) return
  hits[0].checked = true
  hits[0].focus()
  narrow()
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-transfer]")
  if (button) openTransfer(button.closest(".header").dataset.conversation, button)
})
find.addEventListener("input", narrow)
find.addEventListener("keydown", walk)
find.addEventListener("keydown", choose)
form.addEventListener("change", narrow)
form.addEventListener("submit", (event) => {
  event.preventDefault()
  if (isMine(event)) submit()
})
dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close())
dialog.addEventListener("close", () => (opener?.isConnected ? opener : composer()?.box)?.focus())
document.addEventListener("live:agent", ({ detail }) => dialog.open && detail.about === "availability" && renew())
setInterval(() => dialog.open && renew(), RENEW_EVERY)
