// <message-thread> holds all that one customer and we have said, the newest at the bottom.
//
// The server draws a message the same for every viewer and sends it again whenever it
// changes. The thread puts each drawing where it belongs: over the one it replaces, or in
// order among the rest. One from before the oldest on show is left out; scrolling up brings
// it. At the end it follows; anywhere else what is being read stays where it is.

import { came, isOvertaken, moment } from "./drawings.js"
import { ask, fetchFragment, fetchInTheEnd, parse } from "./http.js"
import { decorate } from "./message_bars.js"

const AT_END = 40 // px from the bottom that still counts as reading the latest
const NEAR_TOP = 400 // px

class MessageThread extends HTMLElement {
  #follows = true
  #unread = 0 // of the customer's messages, as far as this page knows
  #unseen = 0 // that have arrived below what is on the screen
  #isLoading = false
  #leaving = new AbortController()
  #reloading = new AbortController()
  #resized = new ResizeObserver(() => this.#follows && this.#toEnd())

  connectedCallback() {
    const { signal } = this.#leaving
    const on = (target, type, does, options = {}) => target.addEventListener(type, does, { signal, ...options })
    on(document, "live:message", ({ detail }) => this.#receive(parse(detail.html)))
    on(document, "live:reload", () => this.#reload())
    on(this, "htmx:beforeSwap", this.#takeOver)
    on(this.#scroller, "scroll", this.#scrolled, { passive: true })
    on(this.#pill, "click", () => this.follow())
    on(this.querySelector("[data-older]"), "click", () => this.#older())
    on(document, "visibilitychange", () => this.#read())
    on(window, "focus", () => this.#read())
    this.#unread = Number(this.dataset.unread)
    this.#messages.forEach(decorate)
    this.#begin()
    this.#resized.observe(this.#scroller)
  }

  disconnectedCallback() {
    this.#leaving.abort()
    this.#reloading.abort()
    this.#resized.disconnect()
  }

  #receive(message) {
    came(message.id, () => this.isConnected && this.#place(message))
  }

  #place(message) {
    if (message.dataset.customer !== this.dataset.customer) return
    const current = document.getElementById(message.id)
    const later = this.#messages.find((other) => isBefore(message, other))
    if (!current && later === this.#messages[0] && this.#before) return
    this.#keepingPlace(() => {
      if (current) current.replaceWith(message)
      else this.#list.insertBefore(message, later ?? null)
      htmx.process(message)
      this.#decorateAround(message)
    })
    if (!current) this.#heard(message)
  }

  // What the server answered to something sent from here: there it is, and so are we. One
  // that is here already came live, and is never older than the answer.
  say(list) {
    for (const message of [...list.children]) {
      if (!document.getElementById(message.id)) this.#place(message)
    }
    this.follow()
  }

  focusLog() {
    this.#scroller.focus({ preventScroll: true })
  }

  follow() {
    this.#follows = true
    this.#toEnd()
    this.#scrolled()
  }

  // Whether something has come that was never on the screen; shows it if so.
  showUnseen() {
    if (this.#unseen === 0) return false
    const [first] = this.#messages.slice(-this.#unseen)
    this.follow()
    first.classList.add("message--seen-now")
    setTimeout(() => first.classList.remove("message--seen-now"), 2000)
    return true
  }

  #heard(message) {
    const { agent } = message.dataset
    const isTheirs = message.classList.contains("message--customer")
    if (isTheirs) this.#unread++
    if (!this.#follows && (isTheirs || agent !== document.body.dataset.agent)) this.#unseen++
    this.#showPill()
    this.#read()
  }

  // To the first unread one, when not all of them fit; else to the end.
  #begin() {
    const theirs = this.#messages.filter((one) => one.classList.contains("message--customer"))
    const first = this.#unread > 0 ? theirs.at(-this.#unread) ?? theirs[0] : null
    if (first) {
      first.before(this.querySelector("[data-unread-bar]").content.cloneNode(true))
      const above = first.offsetTop - 80
      this.#scroller.scrollTop = above
      this.#follows = this.#isAtEnd
    }
    if (this.#follows) this.#toEnd()
    this.#scrolled()
  }

  #scrolled = () => {
    this.#follows = this.#isAtEnd
    if (this.#follows) this.#unseen = 0
    this.#showPill()
    this.#read()
    if (this.#scroller.scrollTop < NEAR_TOP) this.#older()
  }

  #read = async () => {
    const isSeen = !document.hidden && document.hasFocus() && this.#follows
    if (!isSeen || this.#unread === 0) return
    const unread = this.#unread
    this.#unread = 0
    await ask(this.dataset.reading, { method: "POST" }).catch(() => (this.#unread += unread))
  }

  async #older() {
    if (!this.#before || this.#isLoading) return
    this.#wait(true)
    try {
      const list = await fetchFragment(`${this.dataset.src}?${new URLSearchParams({ before: this.#before })}`)
      this.#keepingPlace(() => {
        this.#list.prepend(...[...list.children].filter((one) => !document.getElementById(one.id)))
        this.#list.dataset.before = list.dataset.before
        htmx.process(this.#list)
        this.#messages.forEach(decorate)
      })
      this.#failed.hidden = true
    } catch {
      this.#failed.hidden = false
    }
    this.#wait(false)
  }

  #wait(isLoading) {
    this.#isLoading = isLoading
    this.#scroller.setAttribute("aria-busy", isLoading)
    this.querySelector(".thread__older").hidden = !isLoading
  }

  // Too much was missed. What was loaded stays if the newest page joins on to it.
  async #reload() {
    this.#reloading.abort()
    this.#reloading = new AbortController()
    const asked = moment()
    const list = await fetchInTheEnd(this.dataset.src, this.#reloading.signal)
    if (!list) return
    const joins = [...list.children].some((one) => document.getElementById(one.id))
    if (joins) {
      for (const message of [...list.children]) if (!isOvertaken(message.id, asked)) this.#place(message)
      return
    }
    this.#list.replaceChildren(...list.children)
    this.#list.dataset.before = list.dataset.before
    htmx.process(this.#list)
    this.#messages.forEach(decorate)
    this.follow()
  }

  // A message that htmx asked for goes the way of all messages.
  #takeOver = (event) => {
    if (!event.detail.shouldSwap) return
    event.detail.shouldSwap = false
    this.#place(parse(event.detail.xhr.responseText))
  }

  #decorateAround(message) {
    const messages = this.#messages
    const index = messages.indexOf(message)
    messages.slice(Math.max(0, index - 1), index + 2).forEach((one) => decorate(one))
  }

  #keepingPlace(change) {
    if (this.#follows) {
      change()
      return this.#toEnd()
    }
    const top = this.#scroller.getBoundingClientRect().top
    const isVisible = (message) => message.getBoundingClientRect().bottom > top
    let anchor = this.#messages.find(isVisible)
    const before = anchor?.getBoundingClientRect().top
    change()
    if (anchor && !anchor.isConnected) anchor = document.getElementById(anchor.id)
    if (anchor) this.#scroller.scrollTop += anchor.getBoundingClientRect().top - before
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight
  }

  #showPill() {
    this.#pill.hidden = this.#unseen === 0
    this.#pill.textContent = this.#pill.dataset.text.replace("{n}", this.#unseen)
  }

  get #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    return scrollHeight - scrollTop - clientHeight <= AT_END
  }

  get #before() {
    return this.#list.dataset.before
  }

  get #scroller() {
    return this.querySelector(".thread")
  }

  get #list() {
    return this.querySelector(".messages")
  }

  get #messages() {
    return [...this.#list.querySelectorAll(".message")]
  }

  get #pill() {
    return this.querySelector(".thread__pill")
  }

  get #failed() {
    return this.querySelector(".thread__failed")
  }
}

function isBefore({ dataset: one }, { dataset: other }) {
  if (one.orderedAt !== other.orderedAt) return one.orderedAt < other.orderedAt
  return Number(one.messageId) < Number(other.messageId)
}

customElements.define("message-thread", MessageThread)
