// The customer who has waited longest, among those nobody has and one's own: the server is
// asked, for the list on show may be another.

import { fetchFragment, SignedOut } from "./http.js"
import { show, showFailure } from "./notices.js"
import { visit } from "./panes.js"

async function firstOf(view, except) {
  const { miniProgram } = document.getElementById("inbox").dataset
  const query = new URLSearchParams(miniProgram ? { view, mini_program: miniProgram } : { view })
  const pane = await fetchFragment(`/inbox/?${query}`)
  return [...pane.querySelectorAll(".row")].find(({ dataset }) => dataset.waitingSince && dataset.conversation !== except)?.dataset
}

// Resolves to its number, or null: nobody waits, but for the one that is left out.
export async function longestWait(except) {
  const found = (await Promise.all(["waiting", "mine"].map((view) => firstOf(view, except)))).filter(Boolean)
  found.sort((one, other) => (one.waitingSince < other.waitingSince ? -1 : 1))
  return found[0]?.conversation ?? null
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
