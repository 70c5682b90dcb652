// <unsent-lines> shows, right under the log, what has been sent in this conversation and has
// not gone yet, and what can be done about it.

import { left } from "./cost.js"
import { confirm, drop, isFlying, isGoing, merge, mergeable, takeBack, unsent } from "./unsent.js"
import { size } from "./jump_links.js"

const LOOK_EVERY = 250 // ms
const SLOW = 400 // ms; one that takes longer says so

class UnsentLines extends HTMLElement {
  #leaving = new AbortController()
  #timer

  connectedCallback() {
    const { signal } = this.#leaving
    const isMine = ({ detail }) => (detail.conversation ?? this.#conversation) === this.#conversation
    document.addEventListener("desk:unsent", (event) => isMine(event) && this.#draw(), { signal })
    document.addEventListener("reply-window-changed", () => this.#draw(), { signal })
    this.addEventListener("click", this.#press, { signal })
    this.#draw()
  }

  disconnectedCallback() {
    this.#leaving.abort()
    clearTimeout(this.#timer)
  }

  #draw() {
    const lines = unsent(this.#conversation)
    this.hidden = lines.length === 0
    const list = this.querySelector("ul")
    const focused = document.activeElement?.closest?.("[data-uuid]")?.dataset.uuid
    list.replaceChildren(...lines.map((one) => this.#line(one)))
    if (focused) (list.querySelector(`[data-uuid="${focused}"] button:not([hidden])`) ?? this.#composer.box).focus()
    this.#offerMerging()
    clearTimeout(this.#timer)
    if (lines.some(changes)) this.#timer = setTimeout(() => this.#count(), LOOK_EVERY)
  }

  #line(entry) {
    const line = this.querySelector("template").content.firstElementChild.cloneNode(true)
    line.dataset.uuid = entry.uuid
    line.classList.add(`unsent__line--${isGoing(entry) ? "going" : entry.state}`)
    line.classList.toggle("unsent__line--note", Boolean(entry.isNote))
    line.querySelector(".unsent__text").textContent = entry.said
    line.querySelector(".unsent__state").textContent = this.#words(entry)
    const shown = isFlying(entry) || isNew(entry) ? "" : entry.state
    for (const button of line.querySelectorAll("[data-in]")) button.hidden = !button.dataset.in.split(" ").includes(shown)
    if (!textOf(entry) && shown === "asking") line.querySelector("[data-back][data-in=asking]").hidden = true
    return line
  }

  // Only the words: a button under the pointer stays what it is.
  #count() {
    const lines = unsent(this.#conversation)
    for (const entry of lines) {
      const words = this.querySelector(`[data-uuid="${entry.uuid}"] .unsent__state`)
      if (words && words.textContent !== this.#words(entry)) words.textContent = this.#words(entry)
    }
    if (lines.some(changes)) this.#timer = setTimeout(() => this.#count(), LOOK_EVERY)
  }

  #words(entry) {
    const { dataset } = this
    if (isNew(entry)) return ""
    if (isFlying(entry) || isGoing(entry)) return dataset.flying
    if (entry.state === "held") return dataset.held.replace("{n}", Math.max(1, Math.ceil((entry.until - Date.now()) / 1000)))
    return entry.state === "waiting" ? dataset[entry.why] ?? dataset.waiting : entry.error ?? dataset[entry.why]
  }

  // Two lines that would need more than there is may go as one.
  #offerMerging() {
    const lines = mergeable(this.#conversation)
    const { mostBytes, appid } = this.#composer.dataset
    const bytes = size(lines.map(({ words }) => words.text).join("\n"), appid)
    const button = this.querySelector("[data-merge]")
    button.hidden = lines.length < 2 || left() === null || left() >= 2 || bytes > Number(mostBytes)
  }

  #press = ({ target }) => {
    const button = target.closest("button")
    if (!button) return
    const { uuid } = button.closest("[data-uuid]")?.dataset ?? {}
    if (button.matches("[data-merge]")) merge(this.#conversation)
    if (button.matches("[data-confirm]")) confirm(uuid)
    if (button.matches("[data-drop]")) drop(uuid)
    if (button.matches("[data-back]")) this.#takeBack(uuid)
  }

  #takeBack(uuid) {
    const entry = takeBack(uuid)
    const text = entry && textOf(entry)
    if (text) this.#composer.putBack(text, entry.isNote ? "note" : "reply")
  }

  get #conversation() {
    return this.#composer.dataset.conversation
  }

  get #composer() {
    return this.closest("message-composer")
  }
}

// What can be written on; undefined for an answer of more than words.
function textOf({ words, text }) {
  return words.text ?? text
}

// On its way for so short a time that there is nothing to say of it.
function isNew(entry) {
  return isGoing(entry) && Date.now() - entry.at < SLOW
}

// Whether its words change by the clock alone.
function changes(entry) {
  return entry.state === "held" || isNew(entry)
}

customElements.define("unsent-lines", UnsentLines)
