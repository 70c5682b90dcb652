// <search-pane data-src="/search/"> looks for what is typed and puts what it finds in place
// of the rows. Leaving the field empty brings the rows back, which went on meanwhile.
//
// A hit opens its conversation and leads to the message; an answer goes into the box.

import { find } from "./answers.js"
import { ask, parse, SignedOut } from "./http.js"
import { openConversation, visit } from "./panes.js"

const PAUSE = 200 // ms without a key before the server is asked
const UNUSABLE = 422 // the answer says what is wrong with what was typed

class SearchPane extends HTMLElement {
  #timer
  #isComposing = false
  #asking = new AbortController()

  connectedCallback() {
    this.#field.addEventListener("compositionstart", () => (this.#isComposing = true))
    this.#field.addEventListener("compositionend", () => {
      this.#isComposing = false
      this.#typed()
    })
    this.#field.addEventListener("input", () => this.#typed())
    this.addEventListener("keydown", this.#press)
    this.addEventListener("submit", (event) => {
      event.preventDefault()
      this.#ask()
    })
    this.addEventListener("change", ({ target }) => target !== this.#field && this.#ask(target.name))
    this.addEventListener("click", this.#click)
    document.addEventListener("desk:search-inside", this.#begin)
    document.addEventListener("desk:open", this.#leaveConversation)
  }

  disconnectedCallback() {
    document.removeEventListener("desk:search-inside", this.#begin)
    document.removeEventListener("desk:open", this.#leaveConversation)
    clearTimeout(this.#timer)
    this.#asking.abort()
  }

  // Look through the open conversation, and no other. A phone shows this pane instead of it.
  #begin = () => {
    const isOpen = openConversation() !== null
    this.#inside.checked = isOpen
    document.body.toggleAttribute("data-searching", isOpen)
    this.#field.focus()
    this.#field.select()
    if (this.#field.value) this.#typed()
  }

  #comeBack() {
    document.body.removeAttribute("data-searching")
  }

  #leaveConversation = ({ detail }) => {
    this.#comeBack()
    const isOther = this.#inside.checked && detail.conversation !== this.#inside.value
    if (isOther) this.#inside.checked = false
  }

  #typed() {
    clearTimeout(this.#timer)
    if (this.#isComposing) return
    if (this.#field.value.trim() === "") return this.#leave()
    this.#timer = setTimeout(() => this.#ask(), PAUSE)
  }

  async #ask(changed) {
    clearTimeout(this.#timer)
    if (this.#isComposing || this.#field.value.trim() === "") return
    const found = await this.#fetch(this.#query())
    if (!found) return
    this.#show(found)
    // Whoever goes through the choices by keys stays at the one they changed.
    if (changed) this.#found.querySelector(`[name="${changed}"]:checked, select[name="${changed}"], [type=date][name="${changed}"]`)?.focus()
    document.getElementById("news").textContent = found.dataset.said
  }

  // Returns null when a later question came first, or when there is no answer.
  async #fetch(query) {
    this.#asking.abort()
    this.#asking = new AbortController()
    const { signal } = this.#asking
    this.#found.setAttribute("aria-busy", "true")
    try {
      const response = await ask(`${this.dataset.src}?${query}`, { signal })
      if (!response.ok && response.status !== UNUSABLE) throw new Error(response.status)
      return parse(await response.text())
    } catch (error) {
      if (!signal.aborted && !(error instanceof SignedOut)) this.#show(this.#failed)
      return null
    } finally {
      if (!signal.aborted) this.#found.removeAttribute("aria-busy")
    }
  }

  #query(more = {}) {
    this.#inside.value = openConversation() ?? ""
    const query = new URLSearchParams(new FormData(this.#form))
    for (const [name, value] of Object.entries(more)) query.set(name, value)
    for (const [name, value] of [...query]) if (value === "") query.delete(name)
    return query
  }

  #show(drawn) {
    this.#found.replaceChildren(drawn)
    this.#found.hidden = false
    this.#found.scrollTop = 0
    this.closest(".inbox").classList.add("inbox--searching")
  }

  #leave() {
    clearTimeout(this.#timer)
    this.#asking.abort()
    this.#field.value = ""
    this.#inside.checked &&= document.body.hasAttribute("data-searching")
    this.#found.hidden = true
    this.#found.replaceChildren()
    this.closest(".inbox").classList.remove("inbox--searching")
  }

  #press = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (event.key === "Escape" && (this.#field.value || !this.#found.hidden)) {
      this.#comeBack()
      this.#leave()
      this.#field.focus()
    } else if (step && event.target.matches(".hit, [data-search]")) this.#walk(step)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  #walk(step) {
    const stops = [this.#field, ...this.querySelectorAll(".hit")]
    const to = stops[stops.indexOf(document.activeElement) + step]
    to?.focus()
    to?.scrollIntoView({ block: "nearest" })
  }

  #click = (event) => {
    const { target } = event
    const hit = target.closest("[data-hit]")
    const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey
    if (hit && isPlain) {
      event.preventDefault()
      this.#open(hit)
    } else if (target.closest("[data-answer]")) this.#insert(target.closest("[data-answer]").dataset)
    else if (target.closest("[data-only]")) this.#only(target.closest("[data-only]").dataset.only)
    else if (target.closest("[data-more-hits]")) this.#more(target.closest("[data-kind]"))
    else if (target.closest("[data-search-again]")) this.#ask()
    else if (target.closest("[data-search-leave]")) {
      this.#comeBack()
      this.#leave()
    }
  }

  async #open(hit) {
    for (const one of this.querySelectorAll("[data-hit][aria-current]")) one.removeAttribute("aria-current")
    hit.setAttribute("aria-current", "true")
    this.#comeBack()
    const { hit: conversation, message } = hit.dataset
    if (conversation !== openConversation() || !message) await visit(conversation)
    const thread = document.querySelector("message-thread")
    if (message && thread?.dataset.conversation === conversation) await thread.show(message)
  }

  #insert({ answer: id, title }) {
    const { miniProgram } = document.querySelector("message-composer")?.dataset ?? {}
    const answer = find(title, Number(miniProgram)).find((one) => one.id === Number(id))
    if (answer) document.dispatchEvent(new CustomEvent("desk:use-answer", { detail: { answer, sendAtOnce: false } }))
  }

  #only(kind) {
    const choice = this.#found.querySelector(`[name=kind][value="${kind}"]`)
    choice.checked = true
    this.#ask("kind")
  }

  async #more(group) {
    const list = group.querySelector(".hits")
    const { kind } = group.dataset
    const query = this.#query({ after: group.dataset.next, kind: kind === "both" ? "" : kind })
    const page = await this.#fetch(query)
    if (!page?.matches(".hits") || !list.isConnected) return
    const [first] = page.children
    list.append(...page.children)
    group.dataset.next = page.dataset.next
    group.querySelector(".found__more").hidden = page.dataset.next === ""
    first?.querySelector(".hit").focus({ preventScroll: true })
  }

  get #failed() {
    return this.querySelector("[data-failed]").content.firstElementChild.cloneNode(true)
  }

  get #form() {
    return this.querySelector("form")
  }

  get #field() {
    return this.querySelector("[data-search]")
  }

  get #inside() {
    return this.querySelector("[data-inside]")
  }

  get #found() {
    return this.querySelector(".found")
  }
}

customElements.define("search-pane", SearchPane)
