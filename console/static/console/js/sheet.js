// A sheet: a dialog of the box with fields on one side and what the customer will see on
// the other. What was typed stays, for this conversation, until it is sent or cleared,
// however the sheet was closed and whatever pane was on show meanwhile.

import { isMine } from "./ime.js"

const kept = new Map() // "conversation sheet" → what its fields hold

export class Sheet extends HTMLElement {
  #opener
  #leaving = new AbortController()

  connectedCallback() {
    const { signal } = this.#leaving
    const on = (target, type, does) => target.addEventListener(type, does, { signal })
    on(this.form, "submit", this.#submit)
    on(this.form, "input", () => this.noteChange())
    on(this.dialog, "close", () => this.#opener?.focus())
    on(this, "click", this.#press)
  }

  disconnectedCallback() {
    this.#leaving.abort()
  }

  open(opener) {
    this.#opener = opener
    this.fill(kept.get(this.#key) ?? this.empty())
    this.explain({})
    this.change()
    this.dialog.showModal()
  }

  // For each sheet: what an empty one holds, how its fields are read and filled, what else
  // changes with them, and what becomes of it. `submit` is called with valid fields.
  empty() {
    return {}
  }

  read() {
    return Object.fromEntries(new FormData(this.form))
  }

  fill(values) {
    for (const field of this.form.elements) if (field.name) field.value = values[field.name] ?? ""
  }

  change() {}

  submit() {}

  noteChange() {
    kept.set(this.#key, this.read())
    this.change()
  }

  // Put what is wrong next to its field; what belongs to none, at the end.
  explain(errors, sentence = "") {
    for (const field of this.querySelectorAll("[data-error]")) {
      const text = errors[field.dataset.error] ?? ""
      field.textContent = text
      field.hidden = !text
      const input = this.form.elements[field.dataset.error]
      if (input instanceof HTMLElement) input.setAttribute("aria-invalid", Boolean(text))
    }
    const other = this.querySelector(".sheet__error")
    const isShown = Object.keys(errors).some((name) => this.querySelector(`[data-error="${name}"]`))
    other.textContent = isShown ? "" : sentence
    other.hidden = !other.textContent
    this.querySelector("[data-error]:not([hidden])")?.closest("label, .sheet__field")?.querySelector("input, button")?.focus()
  }

  clear() {
    kept.delete(this.#key)
    this.fill(this.empty())
    this.explain({})
    this.change()
  }

  // Done: the sheet is empty again, and the box is next.
  finish() {
    kept.delete(this.#key)
    this.#opener = this.composer.box
    this.dialog.close()
  }

  wait(isWaiting) {
    this.querySelector("[type=submit]").disabled = isWaiting
  }

  #submit = (event) => {
    event.preventDefault()
    // An input method's Enter is not ours, whatever the browser makes of it.
    if (isMine(event)) this.submit()
  }

  #press = ({ target }) => {
    if (target.closest("[data-close]")) this.dialog.close()
    if (target.closest("[data-clear]")) this.clear()
  }

  get form() {
    return this.querySelector("form")
  }

  get dialog() {
    return this.querySelector("dialog")
  }

  get composer() {
    return this.closest("message-composer")
  }

  get #key() {
    return `${this.composer.dataset.conversation} ${this.localName}`
  }
}
