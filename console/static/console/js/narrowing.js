// What the list is narrowed to, and the views kept by name: chosen in a layer over the list,
// shown as chips, written in the address.

import { inbox, listOnShow } from "./belonging.js"
import { ask, fetchFragment } from "./http.js"
import { show, showFailure } from "./notices.js"
import { goTo } from "./panes.js"

const layer = () => document.getElementById("choices")

async function fill() {
  const { choices } = document.querySelector("[data-choices]").dataset
  try {
    layer().replaceChildren(await fetchFragment(`${choices}?${new URLSearchParams(listOnShow())}`))
    layer().querySelector("select, input")?.focus()
  } catch {
    layer().hidePopover()
    showFailure()
  }
}

function place() {
  const box = document.querySelector("[data-choices]").getBoundingClientRect()
  layer().style.left = `${box.left}px`
  layer().style.top = `${box.bottom + 4}px`
}

// The list is drawn anew, and the layer with it: what was open stays so.
async function narrow(change, only = false) {
  const wasOpen = layer().matches(":popover-open")
  const focused = document.activeElement?.name
  await goTo(change, only)
  if (!wasOpen || layer().matches(":popover-open")) return
  layer().showPopover()
  await fill()
  if (focused) layer().querySelector(`[name="${focused}"]`)?.focus()
}

async function change(url, options) {
  try {
    const response = await ask(url, options)
    if (response.status === 422) return show((await response.json()).error)
    if (!response.ok) return showFailure()
    await narrow({})
  } catch {
    showFailure()
  }
}

const ofSaved = (element) => `${layer().dataset.views}${element.closest("[data-saved]").dataset.saved}/`

document.addEventListener("toggle", ({ target, newState }) => {
  if (target.id !== "choices" || newState !== "open") return
  place()
  fill()
}, true)

document.addEventListener("change", ({ target }) => {
  if (target.matches?.("[data-filter]")) narrow({ [target.name]: target.value })
  if (target.matches?.("[data-rename]")) change(ofSaved(target), { method: "POST", data: { name: target.value } })
})

document.addEventListener("submit", (event) => {
  const form = event.target
  if (!form.closest?.("#choices")) return
  event.preventDefault()
  if (!form.matches("[data-save]")) return
  const data = { name: form.name.value, query: inbox().dataset.query, ...(form.shared?.checked && { shared: "1" }) }
  change(layer().dataset.views, { method: "POST", data })
})

document.addEventListener("click", (event) => {
  const { target } = event
  const unset = target.closest?.("[data-unset]")?.dataset.unset
  if (unset === "all") return goTo({ view: listOnShow().view, mini_program: listOnShow().mini_program }, true)
  if (unset) return goTo({ [unset]: "" })
  const saved = target.closest?.("a.narrow__view")
  if (saved && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault()
    return goTo(Object.fromEntries(new URLSearchParams(saved.dataset.query)), true)
  }
  const move = target.closest?.("[data-move]")
  if (move) return change(ofSaved(move), { method: "POST", data: { move: move.dataset.move } })
  if (target.closest?.("[data-forget]")) change(ofSaved(target), { method: "DELETE" })
})

// How many fit: those on the page, and a sign when there are more.
function count() {
  const place = document.querySelector("[data-found]")
  const list = document.querySelector("inbox-list")?.list
  if (!place || !list) return
  const text = `${list.querySelectorAll(".row:not(.row--gone)").length}${list.dataset.next ? "+" : ""}`
  if (place.textContent !== text) place.textContent = text
}

document.addEventListener("desk:rows", count)
count()
