// <block-dialog> asks until when and why. What was typed stays until it has been done.

import { dayOf, format, now } from "./clock.js"
import { ask } from "./http.js"
import { pane } from "./side_panel.js"

const DAY = 86_400_000 // ms

class BlockDialog extends HTMLElement {
  #opener
  #conversation

  connectedCallback() {
    document.addEventListener("desk:block", () => this.open())
    this.#form.addEventListener("submit", this.#submit)
    this.#form.addEventListener("change", () => this.#choose())
    this.#dialog.addEventListener("close", () => this.#opener?.isConnected && this.#opener.focus())
    this.querySelector("[data-close]").addEventListener("click", () => this.#dialog.close())
  }

  // For the customer on show now, whatever is on show when it is sent.
  open() {
    const { conversation, title } = pane().dataset
    if (!conversation || this.#dialog.open) return
    if (conversation !== this.#conversation) this.#form.reset()
    this.#conversation = conversation
    this.#opener = document.activeElement
    const heading = this.querySelector("h2")
    heading.textContent = heading.dataset.text.replace("{name}", title)
    this.#explain({})
    this.#choose()
    this.#dialog.showModal()
    this.#form.reason.focus()
  }

  #choose() {
    const { until } = this.#form
    until.hidden = this.#form.days.value !== ""
    if (until.value) return
    const tomorrow = now() + DAY
    until.value = `${dayOf(tomorrow)}T${format({ hour: "2-digit", minute: "2-digit" }).format(tomorrow)}`
  }

  #submit = async (event) => {
    event.preventDefault()
    const { days, until, reason } = this.#form
    const said = { reason: reason.value, ...(days.value ? { days: days.value } : { until: until.value }) }
    const button = this.querySelector("[type=submit]")
    button.disabled = true
    const response = await ask(`/conversations/${this.#conversation}/block/`, { method: "POST", data: said }).catch(() => null)
    button.disabled = false
    if (response?.status === 422) return this.#explain((await response.json()).fields)
    if (!response?.ok) return this.#explain({ "": this.dataset.broken })
    this.#form.reset()
    this.#dialog.close()
    document.dispatchEvent(new CustomEvent("live:panel", { detail: { html: await response.text() } }))
  }

  #explain(errors) {
    for (const place of this.querySelectorAll("[data-error]")) {
      place.textContent = errors[place.dataset.error] ?? ""
      place.hidden = !place.textContent
    }
  }

  get #dialog() {
    return this.querySelector("dialog")
  }

  get #form() {
    return this.querySelector("form")
  }
}

customElements.define("block-dialog", BlockDialog)
