// The row of quick replies over the box: one click sends.

import { fetchFragment } from "./http.js"

export async function refresh(composer) {
  const row = await fetchFragment(composer.dataset.quickSrc).catch(() => null)
  if (!row || !composer.isConnected) return
  const current = composer.querySelector("#quick-replies")
  const replace = () => current.replaceWith(row)
  // Never under a pointer that is about to press.
  if (current.matches(":hover")) current.addEventListener("pointerleave", replace, { once: true })
  else replace()
}

// send(words, said) sends one. The second click of a double click means nothing more than
// the first.
export async function press(event, send) {
  const button = event.target.closest("[data-answer]")
  if (!button || button.disabled || event.detail > 1) return false
  const { answer, version } = button.dataset
  button.disabled = true
  await send({ answer, version }, button.title)
  button.disabled = false
  return true
}
