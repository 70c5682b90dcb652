// The session has ended: a dialog over the page, which stays as it is. Whoever signs in
// again on another page finds everything here untouched.

import { ask } from "./http.js"

const dialog = document.getElementById("signed-out")

function open() {
  if (!dialog.open) dialog.showModal()
}

async function check() {
  if (!dialog.open) return
  const response = await ask("/answers/").catch(() => null)
  if (!response?.ok) return
  const { agent } = await response.json()
  // Somebody else's desk is another page; what was written here stays with its writer.
  if (String(agent) !== document.body.dataset.agent) return location.reload()
  dialog.close()
  document.dispatchEvent(new CustomEvent("desk:signed-in"))
}

dialog.addEventListener("cancel", (event) => event.preventDefault())
dialog.querySelector("[data-check]").addEventListener("click", check)
document.addEventListener("desk:signed-out", open)
addEventListener("focus", check)

// htmx follows redirects, so what it would swap in may be the sign-in page.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, pathInfo } = event.detail
  if (new URL(xhr.responseURL).pathname === new URL(pathInfo.requestPath, location).pathname) return
  event.detail.shouldSwap = false
  open()
})
