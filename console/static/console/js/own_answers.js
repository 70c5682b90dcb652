// The page of an agent's own answers: add, change, delete, put in order. What was typed
// stays in the dialog until the server has it.

import { ask, parse } from "./http.js"
import "./ime.js"
import { size } from "./jump_links.js"
import { show } from "./notices.js"
import "./sign_out.js"
import "./signed_out.js"

const NEW = { use: "common_answer" }

const list = document.querySelector(".owns__list")

class OwnAnswers extends HTMLElement {
  #edited = null // the one in the dialog; null for a new one
  #fresh = null // what has been typed for a new one that was not saved

  connectedCallback() {
    document.addEventListener("click", this.#press)
    this.#form.addEventListener("submit", this.#save)
    this.#form.addEventListener("input", this.#change)
    for (const dialog of this.querySelectorAll("dialog")) dialog.addEventListener("click", ({ target }) => target.closest("[data-close]") && dialog.close())
    list.addEventListener("keydown", this.#walk)
    list.addEventListener("dragstart", this.#lift)
    list.addEventListener("dragover", this.#drag)
    list.addEventListener("dragend", this.#drop)
  }

  #press = ({ target }) => {
    const own = target.closest("[data-own]")
    if (target.closest("[data-add]")) this.#open(null, this.#fresh ?? NEW)
    else if (target.closest("[data-edit]")) this.#open(own, own.dataset)
    else if (target.closest("[data-delete]")) this.#ask(own)
  }

  #open(own, { use, title = "", shortcut = "", text = "" }) {
    this.#edited = own
    for (const [name, value] of Object.entries({ use, title, shortcut, text })) this.#form.elements[name].value = value
    this.querySelector("#own-dialog-title").textContent = own ? this.dataset.change : this.dataset.new
    this.#explain({})
    this.#count()
    this.#dialog.showModal()
    this.#form.elements.title.focus()
  }

  #change = () => {
    if (!this.#edited) this.#fresh = this.#read()
    this.#count()
  }

  #read() {
    return Object.fromEntries(new FormData(this.#form))
  }

  #save = async (event) => {
    event.preventDefault()
    const own = this.#edited
    const button = this.#form.querySelector("[type=submit]")
    button.disabled = true
    const url = own ? `${this.dataset.src}${own.dataset.own}/` : this.dataset.src
    const response = await ask(url, { method: "POST", data: this.#read() }).catch(() => null)
    button.disabled = false
    if (response?.status === 422 || response?.status === 409) {
      const { fields, error } = await response.json()
      return this.#explain(fields ?? { "": error })
    }
    if (!response?.ok) return this.#explain({ "": response?.status === 404 ? this.dataset.gone : this.dataset.broken })
    const drawn = parse(await response.text())
    if (own) own.replaceWith(drawn)
    else list.append(drawn)
    if (!own) this.#fresh = null
    this.#dialog.close()
    drawn.scrollIntoView({ block: "nearest" })
    drawn.querySelector("[data-edit]").focus()
  }

  #explain(errors) {
    for (const place of this.#form.querySelectorAll("[data-error]")) {
      const { error } = place.dataset
      place.textContent = errors[error] ?? ""
      place.hidden = !place.textContent
      if (error) this.#form.elements[error].setAttribute("aria-invalid", !place.hidden)
    }
    this.#form.querySelector('[aria-invalid="true"]')?.focus()
  }

  #count() {
    const bytes = size(this.#form.elements.text.value.trim(), "")
    const { counter, mostBytes } = this.dataset
    const output = this.querySelector(".own-dialog__count")
    output.value = counter.replace("{n}", bytes).replace("{most}", mostBytes)
    output.classList.toggle("own-dialog__count--over", bytes > Number(mostBytes))
  }

  // Delete.

  #ask(own) {
    const dialog = this.querySelector("[data-confirm]")
    const heading = dialog.querySelector("h2")
    heading.textContent = heading.dataset.text.replace("{title}", own.dataset.title)
    dialog.querySelector("[data-really]").onclick = () => this.#delete(own, dialog)
    dialog.showModal()
  }

  async #delete(own, dialog) {
    const response = await ask(`${this.dataset.src}${own.dataset.own}/`, { method: "DELETE" }).catch(() => null)
    dialog.close()
    if (!response?.ok && response?.status !== 404) return show(this.dataset.broken)
    const next = own.nextElementSibling ?? own.previousElementSibling
    own.remove()
    ;(next?.querySelector("[data-delete]") ?? document.querySelector("[data-add]")).focus()
  }

  // Order.

  #walk = (event) => {
    const own = event.target.closest("[data-grip]")?.closest("[data-own]")
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (!own || !by) return
    event.preventDefault()
    const other = by < 0 ? own.previousElementSibling : own.nextElementSibling
    if (!other) return
    if (by < 0) other.before(own)
    else other.after(own)
    event.target.closest("[data-grip]").focus()
    this.#sayWhere(own)
    this.#keepOrder()
  }

  #lift = (event) => {
    const own = event.target.closest?.("[data-own]")
    if (!own) return
    own.classList.add("own--lifted")
    event.dataTransfer.effectAllowed = "move"
    event.dataTransfer.setData("text/plain", own.dataset.title)
    event.dataTransfer.setDragImage(own, 16, 16)
  }

  #drag = (event) => {
    const lifted = list.querySelector(".own--lifted")
    const over = event.target.closest?.("[data-own]")
    if (!lifted) return
    event.preventDefault()
    if (!over || over === lifted) return
    const { top, height } = over.getBoundingClientRect()
    if (event.clientY < top + height / 2) over.before(lifted)
    else over.after(lifted)
  }

  #drop = () => {
    const lifted = list.querySelector(".own--lifted")
    lifted?.classList.remove("own--lifted")
    if (lifted) this.#keepOrder()
  }

  #sayWhere(own) {
    const [n, of] = [[...list.children].indexOf(own) + 1, list.children.length]
    this.querySelector("[role=status]").textContent = this.dataset.moved.replace("{title}", own.dataset.title).replace("{n}", n).replace("{of}", of)
  }

  // One request at a time; the newest order is what counts.
  #keeping = null
  #keepOrder() {
    const ids = [...list.children].map((own) => own.dataset.own).join(",")
    this.#keeping = (this.#keeping ?? Promise.resolve()).then(async () => {
      if (ids !== [...list.children].map((own) => own.dataset.own).join(",")) return
      const response = await ask(this.dataset.orderSrc, { method: "POST", data: { ids } }).catch(() => null)
      if (!response?.ok) show(this.dataset.broken)
    })
  }

  get #dialog() {
    return this.querySelector("[data-form]")
  }

  get #form() {
    return this.querySelector("form")
  }
}

customElements.define("own-answers", OwnAnswers)
