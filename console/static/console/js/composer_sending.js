// How what an agent wrote gets out of the box: at once into this browser's outbox, which
// sends it in its turn, and the pictures after it.

import { isOffline } from "./connection.js"
import { live } from "./live_socket.js"
import { show } from "./notices.js"
import { refresh } from "./quick_replies.js"
import { add, settled, unsent } from "./unsent.js"

export class Sending {
  #composer
  #conversation

  constructor(composer) {
    this.#composer = composer
    this.#conversation = composer.dataset.conversation
  }

  // The words, {text} and maybe in how many messages. The pictures that are there now go
  // after them, whatever conversation is open by then: see pictures.js.
  say(words) {
    const { tray } = this.#composer
    if (tray.count) tray.bind()
    this.#add(words, { said: words.text })
    this.#composer.clear(words.text, "reply")
  }

  note(text) {
    this.#composer.tell("")
    add(this.#conversation, this.#composer.dataset.noteSrc, { text }, { said: text, isNote: true })
    this.#composer.clear(text, "note")
  }

  // An answer as it is: {answer, version}, and what it says (see add). Resolves once it has
  // left.
  answer(words, says) {
    return settled(this.#add(words, says))
  }

  // Returns whether they are out of the agent's hands.
  async pictures() {
    const { tray } = this.#composer
    if (!tray.count) return true
    if (this.#isBehind) return tray.bind(), true
    this.#composer.tell("")
    const outcome = await tray.send((sent) => this.took(sent))
    if (outcome.state !== "taken") this.#explain(outcome.error || tray.dataset[outcome.state])
    return outcome.state === "taken"
  }

  // Something went out from here.
  took({ messages }) {
    const composer = this.#composer
    if (composer.isConnected && messages) composer.thread?.say(messages)
  }

  #add(words, says) {
    const composer = this.#composer
    composer.tell("")
    const entry = add(this.#conversation, composer.dataset.src, words, says)
    // What goes out ends the typing at WeChat by itself.
    const isHeld = entry.state === "held" || isOffline()
    live.typing[isHeld ? "stops" : "replied"](Number(this.#conversation))
    return entry
  }

  // Whether a text of this conversation's is still on its way.
  get #isBehind() {
    return unsent(this.#conversation).some(({ state, isNote }) => state !== "asking" && !isNote)
  }

  #explain(sentence) {
    const composer = this.#composer
    if (composer.isConnected) composer.tell(sentence)
    else show(sentence)
  }
}

document.addEventListener("desk:stale", ({ detail: { conversation, error, text } }) => {
  const composer = document.querySelector("message-composer")
  if (composer?.dataset.conversation !== conversation) return show(text ? `${error} ${text}` : error)
  composer.tell(error, "warn", text)
  refresh(composer)
})
