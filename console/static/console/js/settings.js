// The settings page. Each form saves by itself; this module adds what is heard and seen at
// once, and tells the other tabs.

import { csrfToken } from "./http.js"
import "./ime.js"
import "./notices.js"
import "./self_test.js"
import "./sign_out.js"
import "./signed_out.js"
import { play, unlock } from "./tones.js"

// The cookie's: signing in again on another page has changed it.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  detail.headers["X-CSRFToken"] = csrfToken()
  delete detail.parameters.csrfmiddlewaretoken
})

document.addEventListener("input", ({ target }) => {
  if (target.matches("input[type=range]")) target.parentElement.querySelector("output").value = target.value
})

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-try]")
  if (!button) return
  unlock()
  play(button.dataset.try, Number(button.parentElement.querySelector("input").value))
})

document.addEventListener("htmx:afterSwap", () => {
  const { alerts } = document.getElementById("settings-alerts").dataset
  if (alerts === document.body.dataset.alerts) return
  document.body.dataset.alerts = alerts
  new BroadcastChannel("kefu-settings").postMessage({ agent: document.body.dataset.agent, alerts })
  document.querySelector("self-test").show()
})

addEventListener("beforeunload", (event) => {
  const isChanged = [...document.querySelectorAll(".settings form")].some((form) => form.matches("[data-changed]"))
  if (isChanged) event.preventDefault()
})

document.addEventListener("input", ({ target }) => target.form?.toggleAttribute("data-changed", true))
document.addEventListener("submit", ({ target }) => target.toggleAttribute("data-changed", false))

unlock()
