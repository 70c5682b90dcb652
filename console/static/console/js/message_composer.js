// <message-composer> is where an agent writes to one customer. It belongs to the
// conversation it was drawn for, whatever the page shows by the time a send comes back.
//
// Nothing that arrives changes the text in the box. It goes when the server has it, and not
// before.

import { goesWhole } from "./answer_picker.js"
import { pick } from "./answers.js"
import { exchange, grow, typeInto } from "./box_editing.js"
import { showFoot, showPreview } from "./composer_foot.js"
import { isOver, sentence } from "./cost.js"
import { Draft } from "./drafts.js"
import { fetchFragment } from "./http.js"
import { live } from "./live_socket.js"
import { show } from "./notices.js"
import { send, underWay } from "./outbox.js"
import { TextLength } from "./text_length.js"

const SLOW = 400 // ms; a send that takes longer says so

class MessageComposer extends HTMLElement {
  #draft
  #length = new TextLength(this, () => this.#showFoot())
  #sending = null // the text on its way
  #again = false // Enter was pressed meanwhile
  #hasWarned = false
  #isComposing = false // with an input method
  #leaving = new AbortController()

  connectedCallback() {
    const { signal } = this.#leaving
    const on = (target, type, does) => target.addEventListener(type, does, { signal })
    on(this.#form, "submit", this.#submit)
    on(this.#box, "keydown", this.#press)
    on(this.#box, "input", this.#change)
    on(this.#box, "compositionstart", () => (this.#isComposing = true))
    on(this.#box, "compositionend", () => (this.#isComposing = false))
    on(this.#box, "compositionend", this.#change)
    on(this.#box, "blur", () => this.#picker.close(this.#box))
    on(this.#picker, "mousedown", (event) => event.preventDefault())
    on(this.#picker, "click", (event) => this.#picker.takeClick(event, this.#choose))
    on(this.querySelector("[data-pick]"), "click", this.#callPicker)
    on(this, "click", this.#sendQuickReply)
    on(this, "click", this.#openSheet)
    on(this, "tray:changed", () => this.#showFoot())
    on(this, "tray:refused", () => this.#tell(this.#tray.dataset.refused, "warn"))
    on(this, "tray:again", () => this.#sendPictures())
    on(document, "reply-window-changed", () => this.#showFoot())
    on(document, "desk:answers", this.#fillPicker)
    on(document, "live:answers", this.#refreshQuickReplies)
    on(document, "live:reload", this.#refreshQuickReplies)
    on(document, "desk:flush", () => this.#draft.flush())
    on(document, "visibilitychange", () => document.hidden && this.#draft.flush())
    on(window, "pagehide", () => this.#draft.flush())
    this.#restore()
  }

  disconnectedCallback() {
    this.#leaving.abort()
    this.#length.stop()
    this.#draft.flush()
  }

  #restore() {
    const { conversation, draftSrc, draftAt, drawnAt } = this.dataset
    this.#draft = new Draft(conversation, draftSrc)
    this.#box.value = this.#draft.newest(this.#box.defaultValue, draftAt, drawnAt)
    this.#box.setSelectionRange(this.#box.value.length, this.#box.value.length)
    this.#count()
    const interrupted = underWay().find((one) => one.conversation === conversation && one.words.text)
    if (interrupted && interrupted.words.text === this.#box.value) this.#say(interrupted.words)
  }

  #submit = (event) => {
    event.preventDefault()
    this.#send()
  }

  #press = (event) => {
    if (this.#picker.takes(event, this.#box, this.#choose)) return
    if (event.key === "Escape") return this.#thread?.focusLog()
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return
    event.preventDefault()
    if (!event.repeat) this.#send()
  }

  #change = (event) => {
    if (event.isComposing) {
      if (event.data) live.typing.types(Number(this.dataset.conversation))
      return
    }
    this.#draft.write(this.#box.value)
    this.#hasWarned = false
    this.#count()
    this.#picker.follow(this.#box)
    const does = this.#box.value.trim() ? "types" : "stops"
    live.typing[does](Number(this.dataset.conversation))
  }

  async #send() {
    const text = this.#box.value
    const { messages } = this.#length
    if (!messages && !this.#pictures) return
    if (this.#sending !== null) return void (this.#again = text !== this.#sending)
    if (this.#box.readOnly || this.#form.querySelector("[type=submit]").disabled) return
    const cost = messages + this.#pictures
    if (cost > 1 && isOver(cost)) return this.#tell(sentence(this, cost), "warn")
    if (!this.#hasWarned && this.#thread?.showUnseen()) {
      this.#hasWarned = true
      return this.#tell(this.dataset.news, "warn")
    }
    if (messages) this.#say(messages > 1 ? { text, split: messages } : { text })
    else this.#sendPictures()
  }

  // The words, {text} and in how many messages, and then the pictures.
  async #say(words) {
    this.#sending = words.text
    const outcome = await this.#deliver(words)
    this.#sending = null
    const isTaken = outcome.state === "taken"
    if (isTaken) this.#clear(words.text)
    if (isTaken && this.#again) this.#send()
    else if (isTaken && this.isConnected) this.#sendPictures()
    this.#again = false
  }

  async #sendPictures() {
    const tray = this.#tray
    if (!this.#pictures) return
    const outcome = await tray.send((sent) => this.taken(sent))
    if (outcome.state !== "taken") this.#explain({ ...outcome, error: outcome.error || tray.dataset[outcome.state] })
  }

  // Something went out from here that wasn't in the box.
  taken({ messages }) {
    if (!this.isConnected) return
    this.#tell("")
    live.typing.replied(Number(this.dataset.conversation))
    this.#thread?.say(messages)
  }

  #openSheet = ({ target }) => {
    const button = target.closest("[data-sheet], [data-choose]")
    if (!button || this.#box.readOnly) return
    if (button.matches("[data-choose]")) this.#tray.choose()
    else this.querySelector(button.dataset.sheet).open(button)
  }

  #sendQuickReply = async (event) => {
    const button = event.target.closest("[data-answer]")
    // The second click of a double click means nothing more than the first.
    if (!button || button.disabled || event.detail > 1) return
    button.disabled = true
    await this.#deliver({ answer: button.dataset.answer, version: button.dataset.version })
    button.disabled = false
    this.#box.focus()
  }

  async #deliver(words) {
    const { conversation, src } = this.dataset
    this.#tell("")
    const hint = this.querySelector(".composer__hint")
    const idle = hint.textContent
    const slow = setTimeout(() => (hint.textContent = this.dataset.sending), SLOW)
    const outcome = await send(conversation, src, words)
    clearTimeout(slow)
    hint.textContent = idle
    if (outcome.state === "taken") {
      this.#tell("")
      live.typing.replied(Number(conversation))
      this.#thread?.say(outcome.messages)
    } else this.#explain(outcome)
    return outcome
  }

  #explain({ state, error, text, isStale }) {
    const sentence = error ?? this.dataset[state]
    if (this.isConnected) this.#tell(sentence, isStale ? "warn" : "", text)
    else show(sentence)
    if (isStale) this.#refreshQuickReplies()
  }

  // The server has it. What was added meanwhile stays.
  #clear(sent) {
    const { value } = this.#box
    const rest = value.startsWith(sent) ? value.slice(sent.length).trimStart() : value
    if (rest !== value) this.#box.value = rest
    this.#draft.sent(sent, rest)
    this.#count()
    this.#picker.follow(this.#box)
  }

  #choose = (answer, call, sendAtOnce) => {
    this.#box.focus()
    this.#box.setSelectionRange(call.start, call.end)
    if (!sendAtOnce && !goesWhole(answer)) return this.#use(answer, call.start)
    typeInto(this.#box, "")
    this.#deliver({ answer: answer.id, version: answer.version })
  }

  // Put in at once; the server says a moment later whether it still says so.
  async #use(answer, start) {
    const { text } = answer.parts[0]
    typeInto(this.#box, text)
    const news = await pick(this.dataset.pickSrc, answer)
    if (!news || !this.isConnected) return
    this.#tell(news.error, "warn", news.text)
    if (news.replacement === null || this.#isComposing || this.#sending !== null) return
    exchange(this.#box, text, start, news.replacement)
  }

  // Called before there were answers to show. What is on show already stays as it is.
  #fillPicker = () => {
    const isEmpty = !this.#picker.hidden && !this.#picker.querySelector("[role=option]")
    if (isEmpty && !this.#isComposing) this.#picker.follow(this.#box)
  }

  #callPicker = () => {
    const { value, selectionStart } = this.#box
    this.#box.focus()
    typeInto(this.#box, /\S$/.test(value.slice(0, selectionStart)) ? " /" : "/")
  }

  // Put a text into the box, in place of a part of what is there.
  insert(text, start, end) {
    this.#box.focus()
    this.#box.setSelectionRange(start, end)
    typeInto(this.#box, text)
  }

  #refreshQuickReplies = async () => {
    const row = await fetchFragment(this.dataset.quickSrc).catch(() => null)
    if (!row || !this.isConnected) return
    const current = this.querySelector("#quick-replies")
    const replace = () => current.replaceWith(row)
    // Never under a pointer that is about to press.
    if (current.matches(":hover")) current.addEventListener("pointerleave", replace, { once: true })
    else replace()
  }

  #count() {
    this.#length.measure(this.#box.value)
    showPreview(this, this.#box.value)
    this.#showFoot()
    grow(this.#box)
  }

  #showFoot() {
    if (this.isConnected) showFoot(this, this.#length, this.#pictures)
  }

  #tell(sentence, tone = "", quoted = "") {
    const notice = this.querySelector(".composer__notice")
    notice.textContent = sentence
    notice.classList.toggle("composer__notice--warn", tone === "warn")
    if (quoted) notice.append(Object.assign(document.createElement("q"), { textContent: quoted }))
    notice.hidden = !sentence
  }

  get #thread() {
    return document.querySelector("message-thread")
  }

  get #form() {
    return this.querySelector("form")
  }

  get #box() {
    return this.querySelector("textarea")
  }

  get box() {
    return this.#box
  }

  get #tray() {
    return this.querySelector("picture-tray")
  }

  // The tray may still be about to become one.
  get #pictures() {
    return this.#tray.count ?? 0
  }

  get #picker() {
    return this.querySelector("answer-picker")
  }
}

customElements.define("message-composer", MessageComposer)
