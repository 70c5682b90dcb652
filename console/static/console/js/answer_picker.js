// <answer-picker> finds a common answer while its name is typed in the box: after / or ／ at
// the start or behind a space, and after 、 at the start. It has no focus of its own; the box
// gives it its keys first.

import { find } from "./answers.js"
import { pieces } from "./jump_links.js"

const CALL = /(?:^|\s)([/／][^\s/／]*)$|^(、\S*)$/u
const PAGE = 8 // options
const MOST = 50

class AnswerPicker extends HTMLElement {
  #found = []
  #chosen = 0
  #call = null // where the call stands in the box: {start, end, query}
  #dismissed = null // where one stood that was closed by Esc

  // The box has changed, or its caret has moved.
  follow(box) {
    const call = callIn(box)
    if (call === null) this.#dismissed = null
    const isOpen = call !== null && call.start !== this.#dismissed
    this.#call = isOpen ? call : null
    if (isOpen) this.#draw(box)
    else this.close(box)
  }

  // Whether a key was for the picker. `choose(answer, call, sendAtOnce)` does the rest.
  takes(event, box, choose) {
    if (this.hidden) return false
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE }[event.key]
    if (step) this.#move(step, box)
    else if (event.key === "Enter" && !event.shiftKey) this.#choose(event, choose)
    else if (event.key === "Escape") this.#dismiss(box)
    else return false
    event.preventDefault()
    return true
  }

  takeClick(event, choose) {
    const option = event.target.closest("[role=option]")
    if (option) choose(this.#found[[...this.#list.children].indexOf(option)], this.#call, false)
  }

  close(box) {
    this.hidden = true
    box.setAttribute("aria-expanded", "false")
    box.removeAttribute("aria-activedescendant")
  }

  #dismiss(box) {
    this.#dismissed = this.#call.start
    this.close(box)
  }

  #choose(event, choose) {
    const answer = this.#found[this.#chosen]
    if (answer && !event.repeat) choose(answer, this.#call, event.ctrlKey || event.metaKey)
  }

  #draw(box) {
    this.#found = find(this.#call.query, Number(box.closest("message-composer").dataset.miniProgram)).slice(0, MOST)
    this.#chosen = 0
    this.#list.replaceChildren(...this.#found.map(option))
    this.firstElementChild.classList.toggle("picker--none", this.#found.length === 0)
    this.querySelector(".picker__none").hidden = this.#found.length > 0
    const hits = this.querySelector("[data-hits]")
    hits.textContent = hits.dataset.hits.replace("{n}", this.#found.length)
    this.hidden = false
    box.setAttribute("aria-expanded", "true")
    this.#mark(box)
  }

  #move(step, box) {
    if (!this.#found.length) return
    const last = this.#found.length - 1
    const to = this.#chosen + step
    // Single steps go round; pages stop at the ends.
    if (Math.abs(step) === 1) this.#chosen = to < 0 ? last : to > last ? 0 : to
    else this.#chosen = Math.max(0, Math.min(last, to))
    this.#mark(box)
  }

  #mark(box) {
    ;[...this.#list.children].forEach((one, index) => one.setAttribute("aria-selected", index === this.#chosen))
    const chosen = this.#list.children[this.#chosen]
    if (!chosen) return box.removeAttribute("aria-activedescendant")
    box.setAttribute("aria-activedescendant", chosen.id)
    chosen.scrollIntoView({ block: "nearest" })
    this.#preview(this.#found[this.#chosen])
  }

  #preview(answer) {
    const parts = answer.parts.map((part) => element("p", "picker__part", this.#says(part)))
    const whole = goesWhole(answer) ? [element("p", "picker__whole", this.#text("whole", answer.parts.length))] : []
    this.querySelector(".picker__preview").replaceChildren(...whole, ...parts)
  }

  #says({ kind, text, title = "", description, url, page_path: path }) {
    if (kind === "text") return pieces(text).map((piece) => piece.label ?? piece).join("")
    return [`[${this.#text(kind)}] ${title}`, description, url ?? path].filter(Boolean).join("\n")
  }

  #text(name, count) {
    return this.querySelector(`[data-${name}]`).content.textContent.replace("{n}", count)
  }

  get #list() {
    return this.querySelector("[role=listbox]")
  }
}

// A link, or several messages, can't be edited as one text: it is sent as it is.
export function goesWhole({ parts }) {
  return parts.length > 1 || parts[0].kind !== "text"
}

function callIn({ value, selectionStart, selectionEnd }) {
  if (selectionStart !== selectionEnd) return null
  const match = value.slice(0, selectionStart).match(CALL)
  if (!match) return null
  const call = match[1] ?? match[2]
  return { start: selectionStart - call.length, end: selectionStart, query: call.slice(1) }
}

function option(answer, index) {
  const one = element("li", "picker__option")
  one.id = `answer-option-${index}`
  one.setAttribute("role", "option")
  const shortcut = answer.shortcut ? `/${answer.shortcut}` : ""
  one.append(element("span", "picker__title", answer.title), element("span", "picker__shortcut", shortcut))
  return one
}

function element(name, className, text = "") {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}

customElements.define("answer-picker", AnswerPicker)
