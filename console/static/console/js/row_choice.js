// Rows chosen together, and what is done with all of them: by Ctrl, ⌘ or Shift and a press,
// or by the box that shows on a row. A bar over the list says how many there are.

import { inbox } from "./belonging.js"
import { ask } from "./http.js"
import { show, showFailure } from "./notices.js"

const chosen = new Set()
let last = null // chosen; Shift goes on from there

const rowOf = (id) => document.getElementById(`conversation-${id}-row`)

export function chosenOnes() {
  return [...chosen]
}

export function chooseNone() {
  chosen.clear()
  draw()
}

function toggle(id, wanted = !chosen.has(id)) {
  if (wanted) chosen.add(id)
  else chosen.delete(id)
  last = id
  draw()
}

function through(id) {
  const ids = [...document.querySelectorAll("inbox-list .row")].map((row) => row.dataset.conversation)
  const ends = [ids.indexOf(last), ids.indexOf(id)].sort((one, other) => one - other)
  if (ends[0] < 0) return toggle(id, true)
  for (const one of ids.slice(ends[0], ends[1] + 1)) chosen.add(one)
  last = id
  draw()
}

function draw() {
  for (const id of chosen) if (!rowOf(id) || rowOf(id).classList.contains("row--gone")) chosen.delete(id)
  for (const row of document.querySelectorAll("inbox-list .row")) {
    const isChosen = chosen.has(row.dataset.conversation)
    row.classList.toggle("row--chosen", isChosen)
    if (isChosen) row.dataset.isChosen = "1"
    else delete row.dataset.isChosen
    row.querySelector(".row__check").checked = isChosen
  }
  const bar = document.getElementById("bulk")
  const count = bar.querySelector(".bulk__count")
  const text = count.dataset[chosen.size === 1 ? "one" : "many"].replace("{n}", chosen.size)
  if (count.textContent !== text) count.textContent = text
  bar.hidden = chosen.size === 0
  inbox().toggleAttribute("data-choosing", chosen.size > 0)
}

// One request for all of them. What could not be done is said, by name. Returns {done, text}:
// to which it was done, and what was said.
export async function does(conversations, action, more = {}) {
  const data = [["action", action], ...conversations.map((id) => ["conversation", id]), ...Object.entries(more)]
  try {
    const response = await ask(document.getElementById("bulk").dataset.src, { method: "POST", data })
    const { done = [], text } = await response.json()
    if (text) show(text)
    for (const id of done) chosen.delete(String(id))
    draw()
    return { done, text }
  } catch {
    showFailure()
    return { done: [] }
  }
}

document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest?.("inbox-list .row__link")
    const isChoosing = event.ctrlKey || event.metaKey || event.shiftKey
    if (!link || !isChoosing || event.button !== 0) return
    event.preventDefault()
    const { conversation } = link.closest(".row").dataset
    if (event.shiftKey) through(conversation)
    else toggle(conversation)
  },
  true,
)

document.addEventListener("change", ({ target }) => {
  if (target.matches?.(".row__check")) toggle(target.closest(".row").dataset.conversation, target.checked)
})

document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-choose-none]")) chooseNone()
})

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !chosen.size || !inbox().contains(event.target)) return
  event.preventDefault()
  chooseNone()
})

// Rows come and go; a list put in the place of another begins with none.
document.addEventListener("desk:rows", () => chosen.size && draw())
