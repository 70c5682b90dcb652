// Signing out. Whoever sits here next must not find what customers said, and nobody is to
// lose what only this browser has: that is asked first.

import { forgetAll, saveAll } from "./drafts.js"
import { csrfToken } from "./http.js"
import { kept } from "./kept_pictures.js"
import { showFailure } from "./notices.js"
import { entries } from "./outbox.js"

const form = document.getElementById("sign-out")
const dialog = document.getElementById("sign-out-anyway")

async function ask() {
  const [notSaved, pictures] = await Promise.all([saveAll(), kept().catch(() => [])])
  const count = notSaved + entries().filter(({ state }) => state).length + pictures.length
  if (!count) return leave()
  const title = dialog.querySelector("h2")
  title.textContent = title.dataset.text.replace("{n}", count)
  if (!dialog.open) dialog.showModal()
}

// Nothing is forgotten before the server has agreed.
async function leave() {
  const headers = { "X-CSRFToken": csrfToken() }
  const response = await fetch(form.action, { method: "POST", headers, redirect: "manual" }).catch(() => null)
  if (response?.type !== "opaqueredirect") return showFailure()
  await forgetAll()
  location.assign("/")
}

form.addEventListener("submit", (event) => {
  event.preventDefault()
  ask()
})
dialog.querySelector("[data-stay]").addEventListener("click", () => dialog.close())
dialog.querySelector("[data-leave]").addEventListener("click", () => {
  dialog.close()
  leave()
})
