// How long the text in the box is for WeChat, and in how many messages it would go out.
// The server cuts it, so the server is asked how many that makes.

import { ask } from "./http.js"
import { size } from "./jump_links.js"

const COUNT_FROM = 0.7 // of the bytes WeChat takes
const ASK_AFTER = 250 // ms after the last key

export class TextLength {
  #composer
  #changed
  #text = ""
  #bytes = 0
  #messages = 0
  #isKnown = true
  #timer
  #asking = new AbortController()

  // changed() is called when the number of messages is known.
  constructor(composer, changed) {
    this.#composer = composer
    this.#changed = changed
  }

  measure(text) {
    if (text === this.#text) return
    this.#text = text
    const { appid } = this.#composer.dataset
    this.#bytes = size(text.trim(), appid)
    this.#messages = text.trim() ? Math.ceil(this.#bytes / this.#most) : 0
    this.#isKnown = this.#messages < 2
    clearTimeout(this.#timer)
    this.#asking.abort()
    if (!this.#isKnown) this.#timer = setTimeout(() => this.#ask(), ASK_AFTER)
  }

  // Messages it takes: 0 for no text. Until the server has said so, as few as it might be.
  get messages() {
    return this.#messages
  }

  // Whether that is sure, and the agent may agree to it.
  get isKnown() {
    return this.#isKnown
  }

  get counter() {
    if (this.#bytes < COUNT_FROM * this.#most) return ""
    return this.#composer.dataset.counter.replace("{n}", this.#bytes).replace("{most}", this.#most)
  }

  stop() {
    clearTimeout(this.#timer)
    this.#asking.abort()
  }

  async #ask() {
    this.#asking = new AbortController()
    const { signal } = this.#asking
    const options = { method: "POST", data: { text: this.#text }, signal }
    const response = await ask(this.#composer.dataset.splittingSrc, options).catch(() => null)
    if (signal.aborted) return
    // Without an answer the guess will do: the server refuses what wasn't agreed to.
    if (response?.ok) this.#messages = (await response.json()).count
    if (signal.aborted) return
    this.#isKnown = true
    this.#changed()
  }

  get #most() {
    return Number(this.#composer.dataset.mostBytes)
  }
}
