// Where in the thread the agent reads, and how it stays there while the thread changes.

const AT_END = 40 // px from the bottom that still counts as reading the latest

export class Place {
  #scroller
  #messages // () => those on show, in order

  constructor(scroller, messages) {
    this.#scroller = scroller
    this.#messages = messages
  }

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    return scrollHeight - scrollTop - clientHeight <= AT_END
  }

  get isNearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    return scrollHeight - scrollTop < 2 * clientHeight
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight
  }

  // Change the thread; what is being read stays where it is, to the pixel.
  keep(change) {
    let anchor = this.first
    const before = anchor?.getBoundingClientRect().top
    change()
    if (anchor && !anchor.isConnected) anchor = document.getElementById(anchor.id)
    if (anchor) this.#scroller.scrollTop += anchor.getBoundingClientRect().top - before
  }

  // The first that can be seen.
  get first() {
    const { top } = this.#view
    return this.#messages().find((message) => message.getBoundingClientRect().bottom > top)
  }

  // The last whose end can be seen.
  get last() {
    const { bottom } = this.#view
    return this.#messages().findLast((message) => message.getBoundingClientRect().bottom <= bottom + 1)
  }

  shows(message) {
    const { top, bottom } = this.#view
    const box = message.getBoundingClientRect()
    return box.bottom <= bottom + 1 && box.bottom > top
  }

  lead(message) {
    const { top, height } = this.#view
    const box = message.getBoundingClientRect()
    this.#scroller.scrollTop += box.top - top - Math.max(0, (height - box.height) / 2)
  }

  get #view() {
    return this.#scroller.getBoundingClientRect()
  }
}
