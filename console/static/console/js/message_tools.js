// <message-tools> is what can be done with one message of the thread: a small bar beside
// the one under the pointer or the keys. Arrow keys lead from message to message, Enter to
// the bar, Escape back, and from a message to the box.

import { fetchFragment } from "./http.js"
import { show } from "./notices.js"
import { words } from "./said.js"

const STEPS = { ArrowUp: -1, ArrowDown: 1 }

class MessageTools extends HTMLElement {
  #article = null // whose bar it is
  #leaving = new AbortController()

  connectedCallback() {
    const { signal } = this.#leaving
    const on = (target, type, does, options = {}) => target.addEventListener(type, does, { signal, ...options })
    on(this.#log, "keydown", this.#press)
    on(this.#log, "pointerover", this.#hover)
    on(this.#log, "focusin", ({ target }) => this.#show(target.closest("article")))
    on(this.#log, "scroll", () => this.#follow(), { passive: true })
    on(this.#log, "click", this.#click)
    on(this.#thread, "pointerleave", () => this.#hide())
    on(this, "keydown", this.#pressTool)
    on(this, "click", this.#use)
  }

  disconnectedCallback() {
    this.#leaving.abort()
  }

  #press = (event) => {
    const { key, target } = event
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const isIn = target.closest("article")
    if (key in STEPS) this.#step(STEPS[key], isIn, event)
    else if ((key === "Home" || key === "End") && isIn) this.#focus(key === "Home" ? this.#articles[0] : this.#articles.at(-1), event)
    else if (key === "Enter" && target === isIn) this.#enter(event)
    else if (key === "Escape") this.#leave(event)
  }

  #step(by, from, event) {
    const articles = this.#articles
    const next = from ? articles[articles.indexOf(from) + by] : this.#nearest(articles, by)
    if (next) this.#focus(next, event)
    else if (from) this.#thread.reach(by < 0 ? "before" : "after")
  }

  // From the log itself: the last that can be seen.
  #nearest(articles) {
    const { bottom } = this.#log.getBoundingClientRect()
    return articles.findLast((one) => one.getBoundingClientRect().top < bottom)
  }

  #focus(article, event) {
    event.preventDefault()
    article.focus({ preventScroll: true })
    article.scrollIntoView({ block: "nearest" })
    this.#show(article)
  }

  #enter(event) {
    event.preventDefault()
    const own = this.#article?.querySelector(".delivery__choice button:not(:disabled)")
    const first = own ?? this.querySelector("button")
    first.focus()
  }

  #leave(event) {
    const article = event.target.closest("article")
    event.preventDefault()
    if (article && event.target !== article) return article.focus()
    this.#hide()
    document.getElementById("composer-text")?.focus()
  }

  #pressTool = (event) => {
    if (event.target.closest("dialog")) return
    const tools = [...this.querySelectorAll("[data-tool]")]
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by) tools.at((tools.indexOf(document.activeElement) + by) % tools.length).focus()
    if (event.key === "Escape") this.#article?.focus()
    if (by || event.key === "Escape") event.preventDefault()
  }

  #hover = ({ target, pointerType }) => {
    if (pointerType === "touch" || this.contains(document.activeElement)) return
    const article = target.closest("article")
    if (article) this.#show(article)
  }

  #click = ({ target, detail }) => {
    const copied = target.closest("[data-copy-text]")
    if (copied) return this.#copy(copied.dataset.copyText)
    const rewritten = target.closest("[data-rewrite]")
    if (rewritten) return this.#rewrite(rewritten.dataset.rewrite)
    // Where there is no pointer to hover with.
    if (detail && matchMedia("(hover: none)").matches) this.#show(target.closest("article"))
  }

  #use = ({ target }) => {
    if (target.closest("[data-close]")) return this.#dialog.close()
    const { tool } = target.closest("[data-tool]")?.dataset ?? {}
    if (tool === "copy") this.#copy(words(this.#article))
    if (tool === "details") this.#explain()
  }

  async #copy(text) {
    try {
      await navigator.clipboard.writeText(text)
      show(this.#thread.dataset.copied)
    } catch {
      show(this.#thread.dataset.notCopied)
    }
  }

  // Into the box, after what is there. What was refused stays where it is.
  #rewrite(text) {
    const { composer } = this
    if (!composer || composer.box.readOnly) return
    const { length } = composer.box.value
    composer.insert(length ? `\n${text}` : text, length, length)
  }

  async #explain() {
    const { messageId } = this.#article.closest(".message").dataset
    const body = this.querySelector("[data-body]")
    const drawn = await fetchFragment(`${this.#thread.dataset.src}${messageId}/attempts/`).catch(() => null)
    if (!drawn || !this.isConnected) return
    body.replaceChildren(drawn)
    this.#dialog.showModal()
  }

  #show(article) {
    if (!article) return this.#hide()
    this.#article = article
    this.hidden = false
    this.querySelector("[data-tool=copy]").hidden = !words(article)
    this.#follow()
  }

  #follow() {
    if (!this.#article?.isConnected) return this.#hide()
    const around = this.#thread.getBoundingClientRect()
    const box = (this.#article.querySelector(".bubble, .picture") ?? this.#article).getBoundingClientRect()
    const bar = this.firstElementChild
    const isOurs = Boolean(this.#article.closest(".message--agent, .message--auto_reply"))
    const left = isOurs ? box.left - bar.offsetWidth - 6 : box.right + 6
    const most = around.width - bar.offsetWidth - 8
    bar.style.left = `${Math.max(8, Math.min(left - around.left, most))}px`
    bar.style.top = `${box.top - around.top}px`
    bar.hidden = box.bottom < around.top || box.top > around.bottom - bar.offsetHeight
  }

  #hide() {
    if (this.contains(document.activeElement)) return
    this.#article = null
    this.hidden = true
  }

  get composer() {
    return document.querySelector("message-composer")
  }

  get #thread() {
    return this.closest("message-thread")
  }

  get #log() {
    return this.#thread.querySelector(".thread")
  }

  get #dialog() {
    return this.querySelector("dialog")
  }

  get #articles() {
    return [...this.#log.querySelectorAll(".message article")]
  }
}

customElements.define("message-tools", MessageTools)
