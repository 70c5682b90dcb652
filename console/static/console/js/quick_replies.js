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

// send(words, says) sends one; the button rests until that has left. The second click of a
// double click means nothing more than the first.
export function press(event, send) {
  const button = event.target.closest("[data-answer]")
  if (!button || button.disabled || event.detail > 1) return false
  const { answer, version, text } = button.dataset
  button.disabled = true
  send({ answer, version }, { said: button.title, text }).finally(() => (button.disabled = false))
  return true
}
