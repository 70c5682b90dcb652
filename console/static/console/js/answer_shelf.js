// <answer-shelf> has all common answers to look through: a click puts one into the box, its
// button sends it. They come from the page's own copy, as in the picker.

import { goesWhole } from "./answer_picker.js"
import { find } from "./answers.js"
import { pieces } from "./jump_links.js"

const MOST = 100 // drawn at a time; a search finds the rest

class AnswerShelf extends HTMLElement {
  #found = []

  connectedCallback() {
    this.#input.addEventListener("input", (event) => event.isComposing || this.#draw())
    this.#input.addEventListener("compositionend", () => this.#draw())
    this.#input.addEventListener("keydown", this.#press)
    this.addEventListener("click", this.#click)
    // The caret stays where it is in the box.
    this.#list.addEventListener("mousedown", (event) => event.preventDefault())
    document.addEventListener("desk:answers", () => this.#draw())
    document.addEventListener("desk:shown", () => this.#draw())
    this.#draw()
  }

  #draw() {
    const { miniProgram } = document.querySelector("message-composer")?.dataset ?? {}
    if (!miniProgram) return
    this.#found = find(this.#input.value, Number(miniProgram)).slice(0, MOST)
    const focused = [...this.#list.children].findIndex((one) => one.contains(document.activeElement))
    this.#list.replaceChildren(...this.#found.map((answer) => this.#entry(answer)))
    this.#list.children[focused]?.querySelector("button:not([disabled])")?.focus()
    this.querySelector("[data-none]").hidden = this.#found.length > 0
    this.querySelector("[role=status]").textContent = this.#input.value && this.dataset.hits.replace("{n}", this.#found.length)
  }

  #entry(answer) {
    const entry = this.querySelector("template").content.firstElementChild.cloneNode(true)
    const put = (name, text) => (entry.querySelector(`.shelf__${name}`).textContent = text)
    put("title", answer.title)
    put("shortcut", answer.shortcut ? `/${answer.shortcut}` : "")
    put("says", answer.parts.map(says).join("\n"))
    const name = (text) => text.replace("{title}", answer.title)
    const insert = entry.querySelector("[data-insert]")
    insert.disabled = goesWhole(answer)
    insert.setAttribute("aria-label", name(this.dataset.insert))
    entry.querySelector("[data-send]").setAttribute("aria-label", name(this.dataset.send))
    const cost = entry.querySelector(".shelf__cost")
    if (answer.parts.length > 1) cost.textContent = cost.dataset.text.replace("{n}", answer.parts.length)
    return entry
  }

  #click = (event) => {
    const button = event.target.closest("[data-insert], [data-send]")
    // The second click of a double click means nothing more than the first.
    if (!button || event.detail > 1) return
    const answer = this.#found[[...this.#list.children].indexOf(button.closest("li"))]
    const sendAtOnce = button.matches("[data-send]")
    document.dispatchEvent(new CustomEvent("desk:use-answer", { detail: { answer, sendAtOnce } }))
  }

  #press = (event) => {
    if (event.key === "ArrowDown") this.#list.querySelector("button:not([disabled])")?.focus()
    else if (event.key === "Escape" && this.#input.value) {
      this.#input.value = ""
      this.#draw()
    } else return
    event.preventDefault()
  }

  get #input() {
    return this.querySelector("input")
  }

  get #list() {
    return this.querySelector(".shelf")
  }
}

function says({ text, title = "", description = "" }) {
  if (text !== undefined) return pieces(text).map((piece) => piece.label ?? piece).join("")
  return [title, description].filter(Boolean).join(" · ")
}

customElements.define("answer-shelf", AnswerShelf)
