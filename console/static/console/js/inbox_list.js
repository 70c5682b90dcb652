// <inbox-list data-view="waiting"> holds the rows of one view of the inbox.
//
// A row that changes is redrawn where it stands. While a hand is at the list, by pointer or
// by keyboard, nothing moves: rows that have left the view are dimmed, new ones come at the
// end. Five seconds after the hand was last seen to move the list is put in order.

import { nameWindow } from "./counts.js"
import { drafted } from "./drafts.js"
import { came, isOvertaken, moment } from "./drawings.js"
import { fetchFragment, fetchInTheEnd, parse } from "./http.js"
import { live } from "./live_socket.js"
import { belongs, compare, placeOf, placeOfKey } from "./order.js"

const AT_REST = 5000 // ms
const NEAR_END = 300 // px
const LOOK_EVERY = 1000 // ms

class InboxList extends HTMLElement {
  #handAt = 0
  #isPressed = false
  #isDirty = false
  #isLoading = false
  #timer
  #leaving = new AbortController()
  #reloading = new AbortController()

  connectedCallback() {
    const { signal } = this.#leaving
    const on = (target, type, does, options = {}) => target.addEventListener(type, does, { signal, ...options })
    on(document, "live:row", ({ detail }) => this.#receive(parse(detail.html)))
    on(document, "live:reload", () => this.#reload())
    on(document, "desk:open", ({ detail }) => this.#select(detail.conversation))
    on(document, "desk:draft", ({ detail }) => this.#markDraft(detail))
    for (const type of ["pointermove", "pointerdown", "keydown", "wheel"]) on(this, type, this.#feel, { passive: true })
    on(this, "pointerdown", () => (this.#isPressed = true))
    for (const type of ["pointerup", "pointercancel"]) on(window, type, () => (this.#isPressed = false))
    on(this, "pointerleave", this.#settleSoon)
    on(this, "keydown", this.#walk)
    on(this.#scroller, "scroll", this.#more, { passive: true })
    on(this.querySelector("[data-more]"), "click", this.#more)
    on(this.#release, "click", () => this.#settle())
    this.#timer = setInterval(() => this.#isDirty && !this.#isHeld && this.#settle(), LOOK_EVERY)
    this.#rows.forEach(this.#mark)
    this.#select(document.getElementById("conversation")?.dataset.conversation ?? null)
    this.#more()
  }

  disconnectedCallback() {
    this.#leaving.abort()
    this.#reloading.abort()
    clearInterval(this.#timer)
  }

  #receive(row) {
    came(row.id, () => this.#redraw(row))
  }

  #redraw(row) {
    const current = document.getElementById(row.id)
    if (!current && !this.#belongs(row)) return
    if (!current && this.#isBeyondPage(row)) return
    if (current) redraw(current, row)
    else this.#list.append(row)
    const shown = current ?? row
    shown.classList.toggle("row--gone", !this.#belongs(shown))
    if (!current) shown.classList.add("row--new")
    this.#mark(shown)
    this.#isDirty = true
    if (this.#isHeld) this.#offer()
    else this.#settle()
  }

  // Put everything in order, keeping in place what is on top of the visible part.
  #settle() {
    const focused = this.contains(document.activeElement) ? document.activeElement : null
    const anchor = this.#scroller.scrollTop > 0 ? this.#rows.find((row) => row.getBoundingClientRect().bottom > this.#top) : null
    const before = anchor?.getBoundingClientRect().top
    this.#rows.filter((row) => row.classList.contains("row--gone") && !row.matches(":hover")).forEach((row) => row.remove())
    const sorted = this.#rows.sort((one, other) => compare(this.#place(one), this.#place(other)))
    sorted.forEach((row, index) => {
      const there = this.#list.children[index]
      if (there !== row) this.#list.insertBefore(row, there)
    })
    if (anchor?.isConnected) this.#scroller.scrollTop += anchor.getBoundingClientRect().top - before
    focused?.focus({ preventScroll: true })
    this.#isDirty = Boolean(this.querySelector(".row--gone"))
    this.#release.hidden = true
  }

  #settleSoon = () => {
    if (this.#isDirty && !this.#isHeld) this.#settle()
  }

  #offer() {
    const moved = this.#rows.filter((row, index, rows) => {
      const isGone = row.classList.contains("row--gone")
      return isGone || (index > 0 && compare(this.#place(rows[index - 1]), this.#place(row)) > 0)
    }).length
    this.#release.hidden = moved === 0
    this.#release.textContent = this.#release.dataset.text.replace("{n}", moved)
  }

  #feel = () => {
    this.#handAt = Date.now()
  }

  get #isHeld() {
    if (this.#isPressed) return true
    const isHere = this.matches(":hover") || this.contains(document.activeElement)
    return isHere && Date.now() - this.#handAt < AT_REST
  }

  #more = async () => {
    const { next } = this.#list.dataset
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    if (!next || this.#isLoading || scrollHeight - scrollTop - clientHeight > NEAR_END) return
    this.#isLoading = true
    const failed = this.querySelector(".rows-failed")
    failed.hidden = true
    const asked = moment()
    try {
      const page = await fetchFragment(`/inbox/?${this.#query({ after: next })}`)
      for (const row of [...page.children]) this.#add(row, asked)
      this.#list.dataset.next = page.dataset.next
    } catch {
      failed.hidden = false
      return
    } finally {
      this.#isLoading = false
    }
    this.#more()
  }

  #add(row, asked) {
    const current = document.getElementById(row.id)
    if (current && isOvertaken(row.id, asked)) return
    if (current) redraw(current, row)
    else this.#list.append(row)
    this.#mark(current ?? row)
  }

  // Too much was missed: take the first page anew, and forget what may lie beyond it.
  async #reload() {
    this.#reloading.abort()
    this.#reloading = new AbortController()
    const asked = moment()
    const pane = await fetchInTheEnd(`/inbox/?${this.#query()}`, this.#reloading.signal)
    if (!pane) return
    this.#renewChoice(pane)
    const list = pane.querySelector(".rows")
    const kept = new Set([...list.children].map((row) => row.id))
    this.#list.dataset.next = list.dataset.next
    this.#rows.filter((row) => !kept.has(row.id)).forEach((row) => row.remove())
    for (const row of [...list.children]) this.#add(row, asked)
    for (const badge of pane.querySelectorAll("[data-count]")) {
      document.querySelector(`#inbox [data-count="${badge.dataset.count}"]`).replaceWith(badge)
    }
    nameWindow()
    this.#settle()
  }

  // The mini programs there are to choose from may be others by now, or none.
  #renewChoice(pane) {
    const inbox = document.getElementById("inbox")
    const [old, renewed] = [inbox, pane].map((one) => one.querySelector(".inbox__program"))
    if (old?.innerHTML !== renewed?.innerHTML) {
      old?.remove()
      if (renewed) this.before(renewed)
    }
    const { miniProgram } = pane.dataset
    if (miniProgram === inbox.dataset.miniProgram) return
    inbox.dataset.miniProgram = miniProgram
    live.narrow(Number(miniProgram) || null)
  }

  // What else the viewer sees of a row: whose it is, a draft, that it is open.
  #mark = (row) => {
    const { assignee, conversation } = row.dataset
    row.classList.toggle("row--mine", assignee !== "" && assignee === document.body.dataset.agent)
    row.classList.toggle("row--draft", drafted(conversation))
    const link = row.querySelector(".row__link")
    if (conversation === this.#opened) link.setAttribute("aria-current", "true")
    else link.removeAttribute("aria-current")
    link.tabIndex = link === document.activeElement || row === this.#stop ? 0 : -1
  }

  #opened = null

  #select(conversation) {
    this.#opened = conversation
    this.#rows.forEach(this.#mark)
  }

  #markDraft({ conversation, has }) {
    document.getElementById(`conversation-${conversation}-row`)?.classList.toggle("row--draft", has)
  }

  // One stop for Tab, arrows from there.
  #walk = (event) => {
    const row = event.target.closest(".row")
    const to = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling, Home: this.#rows[0], End: this.#rows.at(-1) }[event.key]
    if (!to) return
    event.preventDefault()
    const link = to.querySelector(".row__link")
    row.querySelector(".row__link").tabIndex = -1
    link.tabIndex = 0
    link.focus()
  }

  #isBeyondPage(row) {
    const { next } = this.#list.dataset
    return next !== "" && compare(this.#place(row), placeOfKey(next)) > 0
  }

  #place(row) {
    return placeOf(this.#view, row.dataset)
  }

  #belongs(row) {
    const chosen = this.#miniProgram
    return belongs(this.#view, row.dataset) && (!chosen || row.dataset.miniProgram === chosen)
  }

  #query(more = {}) {
    const chosen = this.#miniProgram ? { mini_program: this.#miniProgram } : {}
    return new URLSearchParams({ view: this.#view, ...chosen, ...more })
  }

  get #miniProgram() {
    return document.getElementById("inbox").dataset.miniProgram
  }

  get #stop() {
    return this.#list.querySelector(".row:has([aria-current])") ?? this.#list.firstElementChild
  }

  get #view() {
    return this.dataset.view
  }

  get #list() {
    return this.querySelector(".rows")
  }

  get #rows() {
    return [...this.#list.children]
  }

  get #scroller() {
    return this.querySelector(".rows-scroll")
  }

  get #top() {
    return this.#scroller.getBoundingClientRect().top
  }

  get #release() {
    return this.querySelector(".rows-release")
  }
}

// The row and its link stay the same elements: a press that began on them still ends there,
// and focus stays.
function redraw(current, drawn) {
  const link = current.querySelector(".row__link")
  for (const { name, value } of drawn.attributes) current.setAttribute(name, value)
  link.replaceChildren(...drawn.querySelector(".row__link").childNodes)
}

customElements.define("inbox-list", InboxList)
