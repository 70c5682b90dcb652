// <inbox-list data-view="waiting"> holds the rows of one view of the inbox.
//
// A row that changes is redrawn where it stands. While a hand is at the list, by pointer or
// by keyboard, nothing moves: rows that have left the view are dimmed, new ones come at the
// end. Five seconds after the hand was last seen to move the list is put in order.

import { belongs, dependsOnTime, inbox, listOnShow } from "./belonging.js"
import { came, isOvertaken } from "./drawings.js"
import { Hand } from "./hand.js"
import { parse } from "./http.js"
import { ListPages } from "./list_pages.js"
import { compare, placeOf, placeOfKey } from "./order.js"
import { isPinned, mark, setOpened, takePins } from "./row_marks.js"

const LOOK_EVERY = 250 // ms
const SETTLE_AFTER = 60 // ms in which several changes are put in order at once

class InboxList extends HTMLElement {
  #hand
  #pages
  #isDirty = false
  #settling
  #timer
  #leaving = new AbortController()

  connectedCallback() {
    const { signal } = this.#leaving
    const on = (target, type, does, options = {}) => target.addEventListener(type, does, { signal, ...options })
    this.#hand = new Hand(this, signal)
    this.#pages = new ListPages(this, (row, asked) => this.#add(row, asked), signal)
    on(document, "live:row", ({ detail }) => this.#receive(parse(detail.html)))
    on(document, "live:reload", () => this.#reload())
    on(document, "live:counts", ({ detail }) => this.#compare(detail))
    on(document, "desk:open", ({ detail }) => this.#select(detail.conversation))
    on(document, "desk:draft", ({ detail }) => this.#remark(detail.conversation))
    on(document, "desk:pinned", ({ detail }) => this.#pinned(detail.conversation))
    on(this, "pointerleave", this.#settleSoon)
    on(this, "keydown", this.#walk)
    on(this.#release, "click", () => this.#settle())
    this.#timer = setInterval(this.#look, LOOK_EVERY)
    takePins(inbox())
    this.#select(document.getElementById("conversation")?.dataset.conversation ?? null)
    inbox().querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" })
    this.#tell()
    this.#pages.more()
  }

  disconnectedCallback() {
    this.#leaving.abort()
    clearInterval(this.#timer)
    clearTimeout(this.#settling)
  }

  get rows() {
    return [...this.list.children]
  }

  get list() {
    return this.querySelector(".rows")
  }

  get scroller() {
    return this.querySelector(".rows-scroll")
  }

  #receive(row) {
    came(row.id, () => this.#redraw(row))
  }

  #redraw(row) {
    const current = document.getElementById(row.id)
    const list = listOnShow()
    if (!current && (!belongs(row, list) || this.#isBeyondPage(row))) return
    if (current) redraw(current, row)
    else this.list.append(row)
    const shown = current ?? row
    shown.classList.toggle("row--gone", !belongs(shown, list))
    if (!current) shown.classList.add("row--new")
    this.#mark(shown)
    this.#changed()
  }

  #changed() {
    this.#isDirty = true
    if (this.#hand.isHere) this.#offer()
    else this.#settling ??= setTimeout(this.#settleSoon, SETTLE_AFTER)
    this.#tell()
  }

  // Put everything in order, keeping in place what is on top of the visible part.
  #settle() {
    const focused = this.contains(document.activeElement) ? document.activeElement : null
    const anchor = this.scroller.scrollTop > 0 ? this.rows.find((row) => row.getBoundingClientRect().bottom > this.#top) : null
    const before = anchor?.getBoundingClientRect().top
    this.rows.filter((row) => row.classList.contains("row--gone") && !row.matches(":hover")).forEach((row) => row.remove())
    const places = new Map(this.rows.map((row) => [row, this.#place(row)]))
    const sorted = [...places.keys()].sort((one, other) => compare(places.get(one), places.get(other)))
    let there = this.list.firstElementChild
    for (const row of sorted) {
      if (row === there) there = there.nextElementSibling
      else this.list.insertBefore(row, there)
    }
    if (anchor?.isConnected) this.scroller.scrollTop += anchor.getBoundingClientRect().top - before
    focused?.focus({ preventScroll: true })
    this.#isDirty = Boolean(this.querySelector(".row--gone"))
    this.#release.hidden = true
    this.#tell()
  }

  #settleSoon = () => {
    this.#settling = undefined
    if (!this.#isDirty) return
    if (this.#hand.isHere) this.#offer()
    else this.#settle()
  }

  #offer() {
    const places = this.rows.map((row) => this.#place(row))
    const moved = this.rows.filter((row, index) => {
      const isGone = row.classList.contains("row--gone")
      return isGone || (index > 0 && compare(places[index - 1], places[index]) > 0)
    }).length
    this.#release.hidden = moved === 0
    this.#release.textContent = this.#release.dataset.text.replace("{n}", moved)
  }

  #look = () => {
    const list = listOnShow()
    if (dependsOnTime(list)) {
      for (const row of this.rows) {
        if (row.classList.toggle("row--gone", !belongs(row, list))) this.#isDirty = true
      }
    }
    if (this.#isDirty && !this.#hand.isHere) this.#settle()
  }

  // By the clock alone a row may come to belong here, and nothing is sent then but the count.
  #compare(counts) {
    const { view, ...narrowed } = listOnShow()
    if (view !== "closing" || this.list.dataset.next) return
    const isNarrowed = Object.keys(narrowed).some((name) => name !== "mini_program")
    const shown = this.rows.filter((row) => !row.classList.contains("row--gone")).length
    if (!isNarrowed && counts.closing > shown) this.#reload()
  }

  async #reload() {
    const missing = await this.#pages.anew()
    if (!missing) return
    this.rows.filter(missing).forEach((row) => row.remove())
    this.rows.forEach(this.#mark)
    this.#settle()
  }

  #add(row, asked) {
    const current = document.getElementById(row.id)
    if (current && isOvertaken(row.id, asked)) return
    if (current) redraw(current, row)
    else this.#append(row)
    this.#mark(current ?? row)
    this.#tell()
  }

  // What came live beyond the page stands before what is only now fetched, for a while.
  #append(row) {
    const last = this.list.lastElementChild
    this.list.append(row)
    if (last && compare(this.#place(last), this.#place(row)) > 0) this.#changed()
  }

  #mark = (row) => {
    mark(row)
    const link = row.querySelector(".row__link")
    link.tabIndex = link === document.activeElement || row === this.#stop ? 0 : -1
  }

  #select(conversation) {
    setOpened(conversation)
    this.rows.forEach(this.#mark)
  }

  #remark(conversation) {
    const row = document.getElementById(`conversation-${conversation}-row`)
    if (row) mark(row)
    return row
  }

  // One's own doing: at once, hand or no hand.
  #pinned(conversation) {
    if (this.#remark(conversation)) this.#settle()
  }

  // Whoever counts what is shown, or marks what is chosen.
  #tell() {
    this.dispatchEvent(new CustomEvent("desk:rows", { bubbles: true }))
  }

  // One stop for Tab, arrows from there.
  #walk = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const row = event.target.closest(".row")
    const to = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling, Home: this.rows[0], End: this.rows.at(-1) }[event.key]
    if (!to) return
    event.preventDefault()
    const link = to.querySelector(".row__link")
    row.querySelector(".row__link").tabIndex = -1
    link.tabIndex = 0
    link.focus()
  }

  // Who begins to wait is shown, however many wait already: in their place, at the end.
  #isBeyondPage(row) {
    if (this.dataset.view === "waiting") return false
    const { next } = this.list.dataset
    return next !== "" && compare(this.#place(row), placeOfKey(next)) > 0
  }

  #place({ dataset }) {
    return placeOf(this.dataset.view, dataset, isPinned(dataset.conversation))
  }

  get #stop() {
    return this.list.querySelector(".row:has([aria-current])") ?? this.list.firstElementChild
  }

  get #top() {
    return this.scroller.getBoundingClientRect().top
  }

  get #release() {
    return this.querySelector(".rows-release")
  }
}

// The row and its link stay the same elements: a press that began on them still ends there,
// and focus stays. What the page has marked it with stays until it is marked again.
function redraw(current, drawn) {
  const link = current.querySelector(".row__link")
  const { isChosen } = current.dataset
  for (const { name, value } of drawn.attributes) current.setAttribute(name, value)
  if (isChosen) current.classList.add("row--chosen")
  link.replaceChildren(...drawn.querySelector(".row__link").childNodes)
}

customElements.define("inbox-list", InboxList)
