// What the server is told of an agent's typing, so that the customer sees it while it goes
// on and not much longer. WeChat shows it for 15 seconds each time it is asked.

const SHOWN_FOR = 15_200 // ms, with a little for the way there
const STILL_TYPING = 5_000 // ms since the last key
const LEFT_FOR = 10_000 // ms without a key: the box was left

export class Typing {
  #say
  #conversation = null // the one whose customer sees it
  #typedAt = 0
  #renewal
  #leaving

  // `say` sends to the server; it returns false when there is no line.
  constructor(say) {
    this.#say = say
  }

  types(conversation) {
    this.#typedAt = Date.now()
    if (this.#conversation !== conversation) {
      this.stops(this.#conversation)
      this.#show(conversation)
    }
    clearTimeout(this.#leaving)
    this.#leaving = setTimeout(() => this.stops(conversation), LEFT_FOR)
  }

  // The box is empty again, or was left.
  stops(conversation) {
    if (conversation === null || this.#conversation !== conversation) return
    this.#say({ not_typing: conversation })
    this.#forget()
  }

  // A message has gone out, which ends it; what is typed from now on is another one.
  replied(conversation) {
    if (this.#conversation === conversation) this.#forget()
    this.#say({ typed: conversation }) // WeChat needs no word of it, colleagues do
  }

  #show(conversation) {
    this.#conversation = this.#say({ typing: conversation }) ? conversation : null
    if (this.#conversation !== null) this.#renewal = setTimeout(this.#renew, SHOWN_FOR)
  }

  #renew = () => {
    if (Date.now() - this.#typedAt < STILL_TYPING) this.#show(this.#conversation)
    else this.#conversation = null // It has ended by itself
  }

  #forget() {
    clearTimeout(this.#renewal)
    clearTimeout(this.#leaving)
    this.#conversation = null
  }
}
