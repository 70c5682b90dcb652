// Which part of a log without end is on the page: some hundreds of messages around what is
// being read. What is far away goes, and comes again from the server.

import { fetchFragment } from "./http.js"

const MOST = 300 // messages on the page

export class Pages {
  #list
  #src

  constructor(list, src) {
    this.#list = list
    this.#src = src
  }

  // The keys of what isn't here: "" when there is nothing above, or below.
  get before() {
    return this.#list.dataset.before
  }

  get after() {
    return this.#list.dataset.after ?? ""
  }

  fetch(query) {
    return fetchFragment(`${this.#src}?${new URLSearchParams(query)}`)
  }

  // Returns the messages that were not here.
  addAbove(page) {
    const fresh = missing(page)
    this.#list.prepend(...fresh)
    this.#list.dataset.before = page.dataset.before
    const far = this.messages.slice(MOST)
    if (far.length) this.#cut(far, "after", this.messages[MOST - 1])
    return fresh
  }

  addBelow(page) {
    const fresh = missing(page)
    this.#list.append(...fresh)
    this.#list.dataset.after = page.dataset.after
    this.trim()
    return fresh
  }

  // What is far above goes, but for what somebody is at.
  trim() {
    const { messages } = this
    const far = messages.slice(0, Math.max(0, messages.length - MOST))
    if (!far.length || far.some((one) => one.contains(document.activeElement))) return
    this.#cut(far, "before", messages[far.length])
  }

  replace(page) {
    this.#list.replaceChildren(...page.children)
    this.#list.dataset.before = page.dataset.before
    this.#list.dataset.after = page.dataset.after ?? ""
  }

  get messages() {
    return [...this.#list.querySelectorAll(".message")]
  }

  #cut(far, side, edge) {
    far.forEach((message) => message.remove())
    this.#list.dataset[side] = `${edge.dataset.orderedAt},${edge.dataset.messageId}`
  }
}

function missing(page) {
  return [...page.children].filter((one) => !document.getElementById(one.id))
}
