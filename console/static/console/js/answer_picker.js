// <answer-picker> finds a common answer while its name is typed in the box: after / or ／ at
// the start or behind a space, and after 、 at the start. It has no focus of its own; the box
// gives it its keys first. From an empty box it is called with the likeliest ones, and then
// 1, 2 and 3 choose.

import { scorer, situation } from "./answer_scores.js"
import { find } from "./answers.js"
import { typeInto } from "./box_editing.js"
import { pieces } from "./jump_links.js"

const CALL = /(?:^|\s)([/／][^\s/／]*)$|^(、\S*)$/u
const PAGE = 8 // options
const MOST = 50

class AnswerPicker extends HTMLElement {
  #found = []
  #chosen = 0
  #call = null // where the call stands in the box: {start, end, query}
  #dismissed = null // where one stood that was closed by Esc
  #isOffered = false // not called by a word in the box

  // The box has changed, or its caret has moved.
  follow(box) {
    const call = callIn(box)
    if (call === null) this.#dismissed = null
    const isOpen = call !== null && call.start !== this.#dismissed
    this.#call = isOpen ? call : null
    if (isOpen) this.#draw(box, find(call.query, miniProgramOf(box), scorer(situation())))
    else this.close(box)
  }

  // Open in an empty box.
  offer(box, answers) {
    this.#call = { start: 0, end: 0, query: "" }
    this.#draw(box, answers)
    this.#isOffered = true
    this.firstElementChild.classList.add("picker--numbered")
  }

  // Whether a key was for the picker. `choose(answer, call, sendAtOnce)` does the rest.
  takes(event, box, choose) {
    if (this.hidden) return false
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE }[event.key]
    if (step) this.#move(step, box)
    else if (event.key === "Enter" && !event.shiftKey) this.#choose(event, choose)
    else if (event.key === "Tab" && !event.shiftKey) return this.#complete(event, box)
    else if (this.#isNumber(event)) this.#choose(event, choose, this.#found[event.key - 1])
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
    if (this.hidden) return
    this.hidden = true
    for (const name of ["role", "aria-expanded"]) box.removeAttribute(name)
    box.removeAttribute("aria-activedescendant")
  }

  #dismiss(box) {
    this.#dismissed = this.#isOffered ? null : this.#call.start
    this.close(box)
  }

  #isNumber({ key, ctrlKey, metaKey, altKey }) {
    return this.#isOffered && /^[123]$/.test(key) && key <= this.#found.length && !ctrlKey && !metaKey && !altKey
  }

  // The chosen one's shortcut, as if it had been typed.
  #complete(event, box) {
    const { shortcut } = this.#found[this.#chosen] ?? {}
    if (!shortcut || shortcut === this.#call.query) return false
    event.preventDefault()
    const { start, end } = this.#call
    const mark = box.value[start] ?? "/"
    box.setSelectionRange(start, end)
    typeInto(box, (this.#isOffered ? "/" : mark) + shortcut)
    return true
  }

  #choose(event, choose, answer = this.#found[this.#chosen]) {
    if (answer && !event.repeat) choose(answer, this.#call, event.ctrlKey || event.metaKey)
  }

  #draw(box, answers) {
    this.#found = answers.slice(0, MOST)
    this.#chosen = 0
    this.#isOffered = false
    this.firstElementChild.classList.remove("picker--numbered")
    this.#list.replaceChildren(...this.#found.map(option))
    this.firstElementChild.classList.toggle("picker--none", this.#found.length === 0)
    this.querySelector(".picker__none").hidden = this.#found.length > 0
    const hits = this.querySelector("[data-hits]")
    hits.textContent = hits.dataset.hits.replace("{n}", this.#found.length)
    this.hidden = false
    box.setAttribute("aria-controls", this.#list.id)
    box.setAttribute("role", "combobox") // While there is a list; else it is a box of text
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
    const facts = [this.#text(`scope-${answer.scope}`), this.#text("cost", answer.parts.length)].join(" · ")
    this.querySelector(".picker__preview").replaceChildren(element("p", "picker__facts", facts), ...whole, ...parts)
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

function miniProgramOf(box) {
  return Number(box.closest("message-composer").dataset.miniProgram)
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
