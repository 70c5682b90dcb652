// <mention-picker> finds a colleague while their name is typed after @ in a note. It has no
// focus of its own; the box gives it its keys first.

import { typeInto } from "./box_editing.js"
import { fetchFragment } from "./http.js"

const CALL = /[@＠]([^\s@＠]*)$/u

class MentionPicker extends HTMLElement {
  #colleagues = null
  #found = []
  #chosen = 0
  #call = null // {start, end, query}
  #dismissed = null

  async follow(box) {
    this.#call = callIn(box)
    if (!this.#call) this.#dismissed = null
    if (!this.#call || this.#call.start === this.#dismissed) return this.close(box)
    this.#colleagues ??= this.#fetch()
    await this.#colleagues
    if (this.#call && document.activeElement === box) this.#draw(box)
  }

  takes(event, box) {
    if (this.hidden) return false
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) this.#move(step, box)
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) this.#put(this.#found[this.#chosen], box)
    else if (event.key === "Escape") this.#dismiss(box)
    else return false
    event.preventDefault()
    return true
  }

  takeClick({ target }, box) {
    const option = target.closest("[role=option]")
    if (option) this.#put(option, box)
  }

  close(box) {
    if (this.hidden) return
    this.hidden = true
    for (const name of ["role", "aria-expanded"]) box.removeAttribute(name)
    box.removeAttribute("aria-activedescendant")
  }

  #dismiss(box) {
    this.#dismissed = this.#call.start
    this.close(box)
  }

  async #fetch() {
    const list = await fetchFragment(this.dataset.src).catch(() => null)
    if (!list) return void (this.#colleagues = null) // Asked again with the next key
    this.#list.replaceChildren(...list.children)
  }

  #draw(box) {
    const query = fold(this.#call.query)
    const options = [...this.#list.children]
    options.forEach((one, index) => (one.id = `mention-option-${index}`))
    this.#found = options.filter(({ dataset }) => [dataset.name, dataset.username ?? ""].some((name) => fold(name).includes(query)))
    for (const one of options) one.hidden = !this.#found.includes(one)
    this.#chosen = 0
    if (!this.#found.length) return this.close(box)
    this.hidden = false
    box.setAttribute("aria-controls", this.#list.id)
    box.setAttribute("role", "combobox") // While there is a list; else it is a box of text
    box.setAttribute("aria-expanded", "true")
    this.#mark(box)
  }

  #move(step, box) {
    this.#chosen = (this.#chosen + step + this.#found.length) % this.#found.length
    this.#mark(box)
  }

  #mark(box) {
    for (const one of this.#list.children) one.setAttribute("aria-selected", one === this.#found[this.#chosen])
    box.setAttribute("aria-activedescendant", this.#found[this.#chosen].id)
    this.#found[this.#chosen].scrollIntoView({ block: "nearest" })
  }

  #put({ dataset }, box) {
    box.focus()
    box.setSelectionRange(this.#call.start, this.#call.end)
    typeInto(box, `@${dataset.name} `)
  }

  get #list() {
    return this.querySelector("[role=listbox]")
  }
}

function callIn({ value, selectionStart, selectionEnd }) {
  const match = selectionStart === selectionEnd && value.slice(0, selectionStart).match(CALL)
  return match ? { start: match.index, end: selectionStart, query: match[1] } : null
}

function fold(text) {
  return text.normalize("NFKC").toLowerCase()
}

customElements.define("mention-picker", MentionPicker)
