// The customer who has waited longest, among those nobody has and one's own: the server is
// asked, for the list on show may be another.

import { fetchFragment, SignedOut } from "./http.js"
import { show, showFailure } from "./notices.js"
import { visit } from "./panes.js"

async function firstOf(view, except) {
  const { miniProgram } = document.getElementById("inbox").dataset
  const query = new URLSearchParams(miniProgram ? { view, mini_program: miniProgram } : { view })
  const pane = await fetchFragment(`/inbox/?${query}`)
  const waiting = [...pane.querySelectorAll(".row")].map(({ dataset }) => dataset)
  return longest(waiting.filter((one) => one.waitingSince && one.conversation !== except))
}

// What is pinned leads the page, however long it has waited.
function longest(rows) {
  return rows.sort((one, other) => (one.waitingSince < other.waitingSince ? -1 : 1))[0]
}

// Resolves to its number, or null: nobody waits, but for the one that is left out.
export async function longestWait(except) {
  const found = (await Promise.all(["waiting", "mine"].map((view) => firstOf(view, except)))).filter(Boolean)
  return longest(found)?.conversation ?? null
}

export async function openLongestWait(except) {
  try {
    const id = await longestWait(except)
    if (id) await visit(id)
    else show(document.getElementById("notice").dataset.nobodyWaits)
  } catch (error) {
    if (!(error instanceof SignedOut)) showFailure()
  }
}
