// How what an agent wrote gets from the box to the server, or into this browser's outbox:
// one text at a time, and the pictures after it.

import { live } from "./live_socket.js"
import { show } from "./notices.js"
import { send } from "./outbox.js"
import { refresh } from "./quick_replies.js"
import { add, mustWait } from "./unsent.js"

const SLOW = 400 // ms; a send that takes longer says so

export class Sending {
  #composer
  #conversation
  #text = null // on its way
  #again = false // Enter was pressed meanwhile

  constructor(composer) {
    this.#composer = composer
    this.#conversation = composer.dataset.conversation
  }

  get isBusy() {
    return this.#text !== null
  }

  // Pressed while something is on its way: what is in the box then goes next.
  press(text) {
    this.#again = text !== this.#text
  }

  // The words, {text} and in how many messages, and then the pictures. Returns whether they
  // are out of the agent's hands. The pictures that are there now go with these words, be it
  // later, while another conversation is open.
  async say(words) {
    const { tray } = this.#composer
    this.#text = words.text
    tray.bind?.() // It may still be about to become one
    const { state } = await this.#deliver(words, words.text)
    this.#text = null
    const isTaken = state === "taken"
    const isGone = isTaken || state === "kept"
    if (isGone) this.#composer.clear(words.text, "reply")
    else tray.bind(false)
    const isNext = isTaken && this.#goOn()
    if (isTaken && !isNext && tray.isBound) this.pictures()
    return isGone
  }

  async note(text) {
    const composer = this.#composer
    this.#text = text
    const outcome = await send(this.#conversation, composer.dataset.noteSrc, { text })
    this.#text = null
    if (outcome.state !== "taken") return this.#explain(outcome)
    composer.tell("")
    composer.clear(text, "note")
    if (composer.isConnected) composer.thread?.say(outcome.messages)
    this.#goOn()
  }

  // An answer as it is: {answer, version}, and what it says.
  answer(words, said) {
    return this.#deliver(words, said)
  }

  async pictures() {
    const { tray } = this.#composer
    if (!tray.count) return true
    const outcome = await tray.send((sent) => this.took(sent))
    if (outcome.state !== "taken") this.#explain({ ...outcome, error: outcome.error || tray.dataset[outcome.state] })
    return outcome.state === "taken"
  }

  // Something went out from here that wasn't in the box.
  took({ messages }) {
    const composer = this.#composer
    if (!composer.isConnected) return
    composer.tell("")
    live.typing.replied(Number(this.#conversation))
    composer.thread?.say(messages)
  }

  #goOn() {
    const again = this.#again
    this.#again = false
    if (again) this.#composer.send()
    return again
  }

  async #deliver(words, said) {
    const composer = this.#composer
    composer.tell("")
    if (mustWait(this.#conversation)) {
      live.typing.stops(Number(this.#conversation))
      add(this.#conversation, composer.dataset.src, words, said)
      return { state: "kept" }
    }
    const slow = setTimeout(() => composer.showFoot({ isSlow: true }), SLOW)
    const outcome = await send(this.#conversation, composer.dataset.src, words)
    clearTimeout(slow)
    composer.showFoot()
    if (outcome.state === "taken") {
      live.typing.replied(Number(this.#conversation))
      composer.thread?.say(outcome.messages)
    } else this.#explain(outcome)
    return outcome
  }

  #explain({ state, error, text, isStale }) {
    const composer = this.#composer
    const sentence = error ?? composer.dataset[state]
    this.#again = false
    if (composer.isConnected) composer.tell(sentence, isStale ? "warn" : "", text)
    else show(sentence)
    if (isStale) refresh(composer)
  }
}
