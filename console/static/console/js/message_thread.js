// <message-thread> holds all that one customer and we have said, the newest at the bottom.
//
// The server draws a message the same for every viewer and sends it again whenever it
// changes. The thread puts each drawing where it belongs: over the one it replaces, or in
// order among the rest. What lies beyond the part on the page is left out; scrolling brings
// it. At the end it follows; anywhere else what is being read stays where it is.

import { came, isOvertaken, moment } from "./drawings.js"
import { fetchInTheEnd, parse } from "./http.js"
import { decorate } from "./message_bars.js"
import { morph } from "./morph.js"
import { isNews, News } from "./thread_news.js"
import { Pages } from "./thread_pages.js"
import "./thread_pictures.js"
import { Reading } from "./thread_reading.js"
import { Place } from "./thread_scroll.js"

const NEAR = 600 // px from either end of the part on the page

class MessageThread extends HTMLElement {
  #follows = true
  #isLoading = false
  #pages
  #place
  #news
  #reading
  #leaving = new AbortController()
  #reloading = new AbortController()
  #resized = new ResizeObserver(() => this.#follows && this.#place.toEnd())

  connectedCallback() {
    const { signal } = this.#leaving
    const on = (target, type, does, options = {}) => target.addEventListener(type, does, { signal, ...options })
    this.#pages = new Pages(this.#list, this.dataset.src)
    this.#place = new Place(this.#scroller, () => this.#pages.messages)
    this.#news = new News(this, this.#place)
    this.#reading = new Reading(this.dataset, { through: () => this.#through, isAtEnd: () => this.#follows }, signal)
    on(document, "live:message", ({ detail }) => this.#receive(parse(detail.html)))
    on(document, "live:reload", () => this.#reload())
    on(this, "htmx:beforeSwap", this.#takeOver)
    on(this.#scroller, "scroll", this.#scrolled, { passive: true })
    on(this.querySelector(".thread__pill"), "click", () => this.follow())
    on(this.querySelector(".thread__late"), "click", () => this.show(this.#news.takeLate()))
    on(this.querySelector("[data-older]"), "click", () => this.#more("before"))
    this.#pages.messages.forEach((one) => decorate(one))
    this.#begin()
    this.#resized.observe(this.#scroller)
  }

  disconnectedCallback() {
    this.#leaving.abort()
    this.#reloading.abort()
    this.#resized.disconnect()
  }

  #receive(message) {
    came(message.id, () => this.isConnected && this.#take(message))
  }

  #take(message) {
    if (message.dataset.customer !== this.dataset.customer) return
    const current = document.getElementById(message.id)
    const later = current ? null : this.#pages.messages.find((other) => isBefore(message, other))
    if (!current && later && later === this.#pages.messages[0] && this.#pages.before) return this.#news.came(message, "above")
    if (!current && !later && this.#pages.after) return this.#came(message, "below")
    if (current) return this.#redraw(current, message)
    this.#keepingPlace(() => {
      this.#list.insertBefore(message, later ?? null)
      if (this.#follows) this.#pages.trim()
      this.#dress([message])
    })
    this.#came(message, later ? "among" : "end")
  }

  // Whoever is at the message stays there, also when the button they pressed has gone.
  #redraw(current, message) {
    const before = current.cloneNode(true)
    this.#keepingPlace(() => {
      if (morph(current, message)) current.querySelector("article")?.focus({ preventScroll: true })
      this.#dress([current])
    })
    this.#news.changed(before, current)
  }

  // What the server answered to something sent from here: there it is, and so are we. One
  // that is here already came live, and is never older than the answer.
  say(list) {
    for (const message of [...list.children]) {
      if (!document.getElementById(message.id)) this.#take(message)
    }
    this.follow()
  }

  focusLog() {
    this.#scroller.focus({ preventScroll: true })
  }

  async follow() {
    this.#follows = true
    if (this.#pages.after) await this.#turnTo({})
    this.#place.toEnd()
    this.#scrolled()
  }

  // Lead to one message, wherever in the log it is, and show which.
  async show(id) {
    if (!id) return
    if (!document.getElementById(`message-${id}`)) await this.#turnTo({ around: id })
    const message = document.getElementById(`message-${id}`)
    if (!message) return
    this.#place.lead(message)
    this.#scrolled()
    flash(message)
    message.querySelector("article")?.focus({ preventScroll: true })
  }

  // Whether something has come that was never on the screen, nor told of before; leads to
  // the first of it if so. told: a Set of elements' ids, which grows.
  showUnseen(told) {
    const [first, ...rest] = this.#news.unseen.filter((id) => !told.has(id))
    if (!first) return false
    for (const id of [first, ...rest]) told.add(id)
    this.#bring(first)
    return true
  }

  // The focus stays where it is.
  async #bring(id) {
    await this.follow()
    if (!document.getElementById(id)) await this.#turnTo({ around: id.replace("message-", "") })
    const message = document.getElementById(id)
    if (message && !this.#place.shows(message)) this.#place.lead(message)
    flash(message)
  }

  // More of the log for whoever walks through it by keys.
  reach(side) {
    return this.#more(side)
  }

  #came(message, where) {
    if (where === "end" && !Reading.isLooking && isNews(message)) this.#drawLine(message)
    this.#news.came(message, where, this.#follows)
    this.#reading.look()
  }

  // To the first unread one, when not all of them fit; else to the end.
  #begin() {
    const first = this.#news.firstUnread(this.#pages.messages)
    if (first) {
      this.#drawLine(first)
      this.#scroller.scrollTop += first.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top - 80
      this.#follows = this.#place.isAtEnd
      const messages = this.#pages.messages
      this.#news.below(messages.slice(messages.indexOf(first)))
    }
    if (this.#follows) this.#place.toEnd()
    this.#scrolled()
    const wanted = location.hash.match(/^#message-(\d+)$/)?.[1]
    if (wanted) this.show(wanted)
  }

  // Above what is new since the agent last looked: one line, or none.
  #drawLine(message) {
    this.querySelector(".bar--unread")?.remove()
    message.before(this.querySelector("[data-unread-bar]").content.cloneNode(true))
    decorate(message)
  }

  #scrolled = () => {
    this.#follows = this.#place.isAtEnd && !this.#pages.after
    this.#news.scrolled({ follows: this.#follows, isFar: !this.#place.isNearEnd || Boolean(this.#pages.after) })
    this.#reading.look()
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller
    if (scrollTop < NEAR) this.#more("before")
    else if (scrollHeight - scrollTop - clientHeight < NEAR) this.#more("after")
  }

  async #more(side) {
    const key = this.#pages[side]
    if (!key || this.#isLoading) return
    this.#wait(true)
    try {
      const page = await this.#pages.fetch({ [side]: key })
      if (key !== this.#pages[side]) return this.#wait(false) // Somebody has turned the page
      this.#keepingPlace(() => this.#dress(side === "before" ? this.#pages.addAbove(page) : this.#pages.addBelow(page)))
      this.#failed.hidden = true
    } catch {
      this.#failed.hidden = side !== "before"
    }
    this.#wait(false)
  }

  async #turnTo(query) {
    this.#wait(true)
    const page = await this.#pages.fetch(query).catch(() => null)
    if (page && this.isConnected) {
      this.#pages.replace(page)
      this.#dress(this.#pages.messages)
    }
    this.#wait(false)
  }

  #wait(isLoading) {
    this.#isLoading = isLoading
    this.#scroller.setAttribute("aria-busy", isLoading)
    this.querySelector(".thread__older").hidden = !isLoading
  }

  // Too much was missed. What was loaded stays if the page that comes joins on to it.
  async #reload() {
    this.#reloading.abort()
    this.#reloading = new AbortController()
    const asked = moment()
    const around = this.#pages.after ? this.#place.first?.dataset.messageId : null
    const src = around ? `${this.dataset.src}?around=${around}` : this.dataset.src
    const list = await fetchInTheEnd(src, this.#reloading.signal)
    if (!list) return
    const joins = [...list.children].some((one) => document.getElementById(one.id))
    if (joins) {
      for (const message of [...list.children]) if (!isOvertaken(message.id, asked)) this.#take(message)
      return
    }
    this.#pages.replace(list)
    this.#dress(this.#pages.messages)
    this.follow()
  }

  // A message that htmx asked for goes the way of all messages.
  #takeOver = (event) => {
    if (!event.detail.shouldSwap) return
    event.detail.shouldSwap = false
    this.#take(parse(event.detail.xhr.responseText))
  }

  // New drawings come to life; those beside them may look different for it.
  #dress(messages) {
    const beside = new Set(messages.flatMap((one) => [one.previousElementSibling, one, one.nextElementSibling]))
    messages.forEach((one) => htmx.process(one))
    for (const one of beside) if (one?.matches(".message")) decorate(one)
  }

  #keepingPlace(change) {
    if (!this.#follows) return this.#place.keep(change)
    change()
    this.#place.toEnd()
  }

  get #through() {
    const { messages } = this.#pages
    const seen = messages.slice(0, messages.indexOf(this.#place.last) + 1).filter(isNews)
    return Math.max(0, ...seen.map(({ dataset }) => Number(dataset.messageId)))
  }

  get #scroller() {
    return this.querySelector(".thread")
  }

  get #list() {
    return this.querySelector(".messages")
  }

  get #failed() {
    return this.querySelector(".thread__failed")
  }
}

function flash(message) {
  message?.classList.add("message--seen-now")
  setTimeout(() => message?.classList.remove("message--seen-now"), 2000)
}

function isBefore({ dataset: one }, { dataset: other }) {
  if (one.orderedAt !== other.orderedAt) return one.orderedAt < other.orderedAt
  return Number(one.messageId) < Number(other.messageId)
}

customElements.define("message-thread", MessageThread)
