// The lists that open over the box while something is called for in it: common answers in a
// reply, colleagues in a note. They take the box's keys first.

import { choose } from "./answer_use.js"
import { typeInto } from "./box_editing.js"

export class Pickers {
  #composer
  #answers
  #colleagues

  constructor(composer, signal) {
    this.#composer = composer
    this.#answers = composer.querySelector("answer-picker")
    this.#colleagues = composer.querySelector("mention-picker")
    const on = (target, type, does) => target.addEventListener(type, does, { signal })
    // The caret stays in the box.
    for (const picker of [this.#answers, this.#colleagues]) on(picker, "mousedown", (event) => event.preventDefault())
    on(this.#answers, "click", (event) => this.#answers.takeClick(event, this.#choose))
    on(this.#colleagues, "click", (event) => this.#colleagues.takeClick(event, composer.box))
    on(document, "desk:answers", this.#fill)
  }

  takes(event) {
    const { isNote, box } = this.#composer
    return isNote ? this.#colleagues.takes(event, box) : this.#answers.takes(event, box, this.#choose)
  }

  follow() {
    const { isNote, box } = this.#composer
    if (isNote) this.#colleagues.follow(box)
    else this.#answers.follow(box)
  }

  close() {
    this.#answers.close(this.#composer.box)
    this.#colleagues.close(this.#composer.box)
  }

  // By a button instead of the key.
  call() {
    const { box } = this.#composer
    box.focus()
    typeInto(box, /\S$/.test(box.value.slice(0, box.selectionStart)) ? " /" : "/")
  }

  // In an empty box.
  offer() {
    const { box } = this.#composer
    if (!box.readOnly) this.#answers.offer(box, this.#composer.querySelector("suggestion-strip").ranked())
  }

  #choose = (answer, call, sendAtOnce) => choose(this.#composer, answer, call, sendAtOnce)

  // Called before there were answers to show. What is on show already stays as it is.
  #fill = () => {
    const isEmpty = !this.#answers.hidden && !this.#answers.querySelector("[role=option]")
    if (isEmpty && !this.#composer.isComposing) this.follow()
  }
}
