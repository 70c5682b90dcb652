// What can be done with one row, or with all that are chosen: by the secondary button, by
// the dots on the row, or by the keyboard's own key for menus. The open conversation's header
// has the same menu.

import { close } from "./closing.js"
import { ask, fetchFragment } from "./http.js"
import { showFailure } from "./notices.js"
import { openConversation } from "./panes.js"
import { chosenOnes, does } from "./row_choice.js"
import { isPinned, pin } from "./row_marks.js"
import { openTransfer } from "./transfer_dialog.js"

const EDGE = 8 // px to the edge of the page

let conversations = []
let opener = null

const menu = () => document.getElementById("row-menu")
const items = () => [...menu().querySelectorAll("[role=menuitem]")].filter((item) => !item.hidden)

async function open(ids, at, from) {
  conversations = ids
  opener = from
  fit()
  menu().showPopover()
  place(at)
  items()[0]?.focus({ preventScroll: true })
  await offerTags()
  place(at)
}

// The open one need not be in the list on show; its header knows as much.
function known(id) {
  return document.getElementById(`conversation-${id}-row`) ?? document.getElementById(`conversation-${id}-header`)
}

// What is somebody else's, only a supervisor gives away.
export function mayGive(id) {
  const { status, assignee } = known(id)?.dataset ?? {}
  const { agent, supervisor } = document.body.dataset
  return status === "open" && (assignee === "" || assignee === agent || supervisor !== undefined)
}

// Only what can be done.
function fit() {
  const rows = conversations.map(known).filter(Boolean)
  const [first] = rows
  const isOne = rows.length === 1
  const isOpen = rows.some((row) => row.dataset.status === "open")
  const can = {
    claim: rows.some((row) => row.dataset.assignee === ""),
    transfer: isOne && mayGive(conversations[0]),
    search: isOne && conversations[0] === openConversation(),
    unread: isOpen,
    pin: isOne && !isPinned(conversations[0]),
    unpin: isOne && isPinned(conversations[0]),
    snooze: isOpen,
    wake: isOne && Boolean(first?.dataset.snoozedUntil),
    close: isOpen,
  }
  for (const item of menu().querySelectorAll("[data-do]")) item.hidden = !(can[item.dataset.do] ?? true)
}

// Those there are by now.
async function offerTags() {
  const part = menu().querySelector("[data-tags]")
  const choices = await fetchFragment(document.querySelector("[data-choices]").dataset.choices).catch(() => null)
  const drawn = choices?.querySelector("[data-tag-items]")
  const names = (items) => [...items.querySelectorAll("[data-do]")].map((item) => `${item.dataset.tag} ${item.textContent}`).join("\n")
  if (drawn && names(drawn.content) !== names(part)) {
    part.querySelectorAll("[data-do]").forEach((item) => item.remove())
    part.append(drawn.content.cloneNode(true))
  }
  part.hidden = !part.querySelector("[data-do]")
}

function place({ x, y }) {
  const { offsetWidth, offsetHeight, style } = menu()
  style.left = `${Math.max(EDGE, Math.min(x, innerWidth - offsetWidth - EDGE))}px`
  style.top = `${Math.max(EDGE, Math.min(y, innerHeight - offsetHeight - EDGE))}px`
}

async function act({ do: what, until, tag }) {
  const ids = conversations
  menu().hidePopover()
  opener?.focus?.({ preventScroll: true })
  if (what === "pin" || what === "unpin") return pin(ids[0], what === "pin")
  if (what === "transfer") return openTransfer(ids[0], opener)
  if (what === "search") return document.dispatchEvent(new CustomEvent("desk:search-inside"))
  if (what === "close") return close(ids)
  if (what === "wake") {
    const response = await ask(`/conversations/${ids[0]}/snooze/`, { method: "DELETE" }).catch(() => null)
    return response?.ok ? undefined : showFailure()
  }
  await does(ids, what, { ...(until && { until }), ...(tag && { tag }) })
}

// Of the chosen ones if the row is one of them, else of the row alone.
function of(row) {
  const { conversation } = row.dataset
  const chosen = chosenOnes()
  return chosen.includes(conversation) ? chosen : [conversation]
}

document.addEventListener("contextmenu", (event) => {
  const row = event.target.closest?.("inbox-list .row")
  if (!row || event.shiftKey) return
  event.preventDefault()
  const box = row.getBoundingClientRect()
  const isByKey = event.clientX === 0 && event.clientY === 0
  const at = isByKey ? { x: box.left + 48, y: box.top + 24 } : { x: event.clientX, y: event.clientY }
  open(of(row), at, row.querySelector(".row__link"))
})

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.(".row__more, [data-menu]")
  if (button) {
    const box = button.getBoundingClientRect()
    const row = button.closest(".row")
    const ids = row ? of(row) : button.dataset.menu === "header" ? [openConversation()] : chosenOnes()
    return open(ids, { x: box.left, y: box.bottom + 4 }, row?.querySelector(".row__link") ?? button)
  }
  const item = target.closest?.("#row-menu [data-do]")
  if (item) return act(item.dataset)
  const inBar = target.closest?.("#bulk [data-do]")?.dataset.do
  if (inBar === "close") close(chosenOnes())
  else if (inBar) does(chosenOnes(), inBar)
})

document.addEventListener("keydown", (event) => {
  if (!menu()?.contains(event.target)) return
  const all = items()
  const at = all.indexOf(document.activeElement)
  const to = { ArrowDown: all[(at + 1) % all.length], ArrowUp: all.at(at - 1), Home: all[0], End: all.at(-1) }[event.key]
  if (event.key === "Escape" || event.key === "Tab") {
    menu().hidePopover()
    opener?.focus?.({ preventScroll: true })
    event.preventDefault()
  }
  if (!to) return
  event.preventDefault()
  to.focus()
})
