// What the agent has seen: the newest message whose end was on the screen, in a tab that is
// visible and has the focus. The server is told, and takes the rest for unread.

import { ask } from "./http.js"

const SETTLED = 400 // ms without a scroll or an arrival
const AGAIN = 5000 // ms, when the server could not be told

export class Reading {
  #src
  #told
  #isOwed // the team's number was not zero when we came, though we may have seen all
  #timer
  #through // () => the newest number seen, or 0
  #isAtEnd // () => whether that is all there is

  // What is marked as unread while it is looked at stays so: only something newer is read.
  constructor({ reading, seen, unread }, { through, isAtEnd }, signal) {
    this.#src = reading
    this.#told = Number(seen)
    this.#isOwed = Number(unread) > 0
    this.#through = through
    this.#isAtEnd = isAtEnd
    const look = () => this.look()
    document.addEventListener("visibilitychange", look, { signal })
    window.addEventListener("focus", look, { signal })
    signal.addEventListener("abort", () => clearTimeout(this.#timer))
  }

  static get isLooking() {
    return !document.hidden && document.hasFocus()
  }

  look(delay = SETTLED) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#tell(), delay)
  }

  async #tell() {
    const seen = Reading.isLooking ? this.#through() : 0
    if (!seen || (seen <= this.#told && !(this.#isOwed && this.#isAtEnd()))) return
    const [told, isOwed] = [this.#told, this.#isOwed]
    this.#told = Math.max(told, seen)
    this.#isOwed = false
    const response = await ask(this.#src, { method: "POST", data: { seen } }).catch(() => null)
    if (response?.ok) return
    this.#told = told
    this.#isOwed = isOwed
    this.look(AGAIN)
  }
}
