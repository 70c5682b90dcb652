// What one agent sees of a row besides what all see: that it is theirs, pinned, the open
// one, or that they have begun to write. Rows are drawn the same for everybody.

import { ask } from "./http.js"
import { drafted } from "./drafts.js"
import { show, showFailure } from "./notices.js"
import { name } from "./row_names.js"

// A rule, which no redrawing can forget: whose own words these are.
const mine = new CSSStyleSheet()
mine.replaceSync(`
  .by:not([data-agent="${document.body.dataset.agent}"]) .by__me,
  .by[data-agent="${document.body.dataset.agent}"] .by__name { display: none; }
`)
document.adoptedStyleSheets = [...document.adoptedStyleSheets, mine]

const pins = new Set()
let opened = null

export function mark(row) {
  const { assignee, conversation } = row.dataset
  row.classList.toggle("row--mine", assignee !== "" && assignee === document.body.dataset.agent)
  row.classList.toggle("row--draft", drafted(conversation))
  row.classList.toggle("row--pinned", isPinned(conversation))
  const link = row.querySelector(".row__link")
  if (conversation === opened) link.setAttribute("aria-current", "true")
  else link.removeAttribute("aria-current")
  name(row)
}

export function setOpened(conversation) {
  opened = conversation
}

export function isPinned(conversation) {
  return pins.has(conversation)
}

// As the server has them: with each list that it draws.
export function takePins(inbox) {
  pins.clear()
  for (const one of (inbox.dataset.pins ?? "").split(" ").filter(Boolean)) pins.add(one)
}

export async function pin(conversation, wanted) {
  const method = wanted ? "POST" : "DELETE"
  const response = await ask(`/conversations/${conversation}/pin/`, { method }).catch(() => null)
  if (!response?.ok) {
    const said = response?.status === 409 ? (await response.json()).error : null
    return said ? show(said) : showFailure()
  }
  if (wanted) pins.add(conversation)
  else pins.delete(conversation)
  document.dispatchEvent(new CustomEvent("desk:pinned", { detail: { conversation } }))
}
