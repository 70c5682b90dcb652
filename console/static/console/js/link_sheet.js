// <link-sheet> sends a web page as a card: a title, a description, an address, a picture.

import { send } from "./outbox.js"
import { Sheet } from "./sheet.js"

const HTTPS = /^https:\/\/[^/\s]/i

class LinkSheet extends Sheet {
  change() {
    const { title, description } = this.read()
    const { elements } = this.form
    this.querySelector(".phone__title").textContent = title.trim() || elements.title.placeholder
    this.querySelector(".phone__description").textContent = description.trim() || elements.description.placeholder
    for (const counter of this.querySelectorAll("[data-counts]")) {
      const { value, maxLength } = elements[counter.dataset.counts]
      counter.textContent = `${value.length}/${maxLength}`
    }
  }

  async submit() {
    const fields = Object.fromEntries(Object.entries(this.read()).map(([name, value]) => [name, value.trim()]))
    const { needed, address } = this.dataset
    const missing = Object.keys(fields).find((name) => !fields[name])
    if (missing) return this.explain({ [missing]: needed })
    const other = ["url", "thumb_url"].find((name) => !HTTPS.test(fields[name]))
    if (other) return this.explain({ [other]: address })
    this.wait(true)
    const outcome = await send(this.composer.dataset.conversation, this.dataset.src, fields)
    this.wait(false)
    if (outcome.state === "taken") this.finish()
    else this.explain(outcome.fields ?? {}, outcome.error ?? this.composer?.dataset[outcome.state])
    if (outcome.state === "taken") this.composer?.taken(outcome)
  }
}

customElements.define("link-sheet", LinkSheet)
