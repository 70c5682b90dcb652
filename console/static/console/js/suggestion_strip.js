// <suggestion-strip> offers up to three common answers over the box. A plain click puts one
// in and never sends. What stands there stays until the customer says something else.

import { goesWhole } from "./answer_picker.js"
import { ranked, situation } from "./answer_scores.js"
import { take } from "./answer_use.js"

const MOST = 3
const LIKELY = 0.25 // a score from which it is worth a place

class SuggestionStrip extends HTMLElement {
  #shown = []
  #madeFor = null // id of the message
  #leaving = new AbortController()

  connectedCallback() {
    const { signal } = this.#leaving
    // The thread takes the message in first.
    document.addEventListener("live:message", () => setTimeout(this.#look), { signal })
    document.addEventListener("desk:answers", () => this.#shown.length || this.#make(), { signal })
    this.addEventListener("mousedown", (event) => event.preventDefault(), { signal }) // The caret stays in the box
    this.addEventListener("click", this.#press, { signal })
    this.#look()
  }

  disconnectedCallback() {
    this.#leaving.abort()
  }

  // All of the mini program's, in the order in which they are likely; what is on show leads.
  ranked() {
    const all = ranked(this.#miniProgram).map(({ answer }) => answer)
    const shown = all.filter(({ id }) => this.#shown.some((one) => one.id === id))
    const order = ({ id }) => this.#shown.findIndex((one) => one.id === id)
    shown.sort((one, other) => order(one) - order(other))
    return [...shown, ...all.filter((one) => !shown.includes(one))]
  }

  #look = () => {
    if (!this.isConnected || situation().message?.id === this.#madeFor) return
    // Never under a pointer that is about to press.
    if (this.matches(":hover")) this.addEventListener("pointerleave", this.#look, { once: true })
    else this.#make()
  }

  #make() {
    const now = situation()
    this.#madeFor = now.message?.id
    const isLikely = ({ answer, score }) => score >= LIKELY && !goesWhole(answer)
    this.#shown = now.message ? ranked(this.#miniProgram, now).filter(isLikely).slice(0, MOST).map(({ answer }) => answer) : []
    this.#list.replaceChildren(...this.#shown.map((answer) => this.#chip(answer)))
    this.hidden = this.#shown.length === 0
  }

  #chip(answer) {
    const item = this.querySelector("template").content.firstElementChild.cloneNode(true)
    const button = item.querySelector("button")
    button.setAttribute("aria-label", this.dataset.insert.replace("{title}", answer.title))
    button.title = answer.preview
    button.querySelector(".suggestion__title").textContent = answer.title
    button.querySelector(".suggestion__says").textContent = answer.preview
    return item
  }

  #press = (event) => {
    const item = event.target.closest("li")
    // The second click of a double click means nothing more than the first.
    if (!item || event.detail > 1) return
    const composer = this.closest("message-composer")
    if (!composer.box.readOnly) take(composer, this.#shown[[...this.#list.children].indexOf(item)], event.shiftKey)
    composer.box.focus()
  }

  get #list() {
    return this.querySelector("ul")
  }

  get #miniProgram() {
    return Number(this.closest("message-composer").dataset.miniProgram)
  }
}

customElements.define("suggestion-strip", SuggestionStrip)
