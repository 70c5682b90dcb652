// <message-composer> is where an agent writes to one customer, or to colleagues about them.
// It belongs to the conversation it was drawn for, whatever the page shows by the time a
// send comes back.
//
// Nothing that arrives changes the text in the box, not even the answer to a send: what is
// sent leaves it at once for this browser's outbox, as it stood when it was sent.

import { take } from "./answer_use.js"
import { exchange, grow, typeInto } from "./box_editing.js"
import { showFoot, showPreview } from "./composer_foot.js"
import { Modes } from "./composer_modes.js"
import { Pickers } from "./composer_pickers.js"
import { Sending } from "./composer_sending.js"
import { watch } from "./connection.js"
import { isOver, sentence } from "./cost.js"
import { live } from "./live_socket.js"
import * as quickReplies from "./quick_replies.js"
import { TextLength } from "./text_length.js"

class MessageComposer extends HTMLElement {
  #modes
  #length = new TextLength(this, () => this.showFoot())
  #sending
  #pickers
  #told = new Set() // ids of messages that stopped a send once
  isComposing = false // with an input method
  #leaving = new AbortController()

  connectedCallback() {
    const { signal } = this.#leaving
    const on = (target, type, does) => target.addEventListener(type, does, { signal })
    const mine = (does) => (event) => event.detail.conversation === this.dataset.conversation && does(event)
    on(this.#form, "submit", this.#submit)
    on(this.box, "keydown", this.#press)
    on(this.box, "input", this.#change)
    on(this.box, "compositionstart", () => (this.isComposing = true))
    on(this.box, "compositionend", () => (this.isComposing = false))
    on(this.box, "compositionend", this.#change)
    on(this.box, "blur", () => this.#pickers.close())
    on(this, "click", this.#click)
    on(this, "tray:changed", () => this.showFoot())
    on(this, "tray:again", () => this.#sending.pictures())
    on(document, "reply-window-changed", () => (this.#modes.close(), this.showFoot()))
    on(document, "live:answers", () => quickReplies.refresh(this))
    on(document, "live:reload", () => quickReplies.refresh(this))
    on(document, "desk:use-answer", ({ detail }) => this.box.readOnly || take(this, detail.answer, detail.sendAtOnce))
    on(document, "desk:note", mine(() => this.#turnTo("note")))
    on(document, "desk:send-next", mine(() => this.send({ goesOn: true })))
    on(document, "desk:said", mine(({ detail }) => this.taken(detail)))
    on(document, "desk:flush", () => this.#modes.flush())
    on(document, "visibilitychange", () => document.hidden && this.#modes.flush())
    on(window, "pagehide", () => this.#modes.flush())
    watch(() => this.showFoot(), signal)
    this.#restore()
  }

  disconnectedCallback() {
    this.#leaving.abort()
    this.#length.stop()
    this.#modes.flush()
  }

  #restore() {
    this.#modes = new Modes(this)
    this.#sending = new Sending(this)
    this.#pickers = new Pickers(this, this.#leaving.signal)
    this.#modes.choose("reply")
    this.#count()
  }

  #submit = (event) => {
    event.preventDefault()
    this.send()
  }

  #press = (event) => {
    if (this.#pickers.takes(event)) return
    const isCommand = event.ctrlKey || event.metaKey
    if (event.key === "Escape") return this.thread?.focusLog()
    const isPlain = !isCommand && !event.shiftKey && !event.altKey
    if (event.key === "ArrowDown" && isPlain && !this.isNote && !this.box.value) return event.preventDefault(), this.#pickers.offer()
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return
    if (document.body.dataset.sendKey === "ctrl_enter" && !isCommand) return
    event.preventDefault()
    if (!event.repeat) this.send()
  }

  #click = (event) => {
    const { target } = event
    const tab = target.closest("[data-mode]")
    if (tab) return this.#turnTo(tab.dataset.mode)
    if (target.closest("[data-pick]")) return this.#pickers.call()
    if (target.closest("[data-send-next]")) return this.send({ goesOn: true })
    this.#openSheet(target)
    if (quickReplies.press(event, this.sendAnswer)) this.box.focus()
  }

  #change = (event) => {
    if (event.isComposing) {
      if (event.data && !this.isNote) live.typing.types(this.#number)
      return
    }
    this.#modes.draft.write(this.box.value)
    this.#count()
    this.#pickers.follow()
    if (this.isNote) return
    live.typing[this.box.value.trim() ? "types" : "stops"](this.#number)
  }

  #turnTo(mode) {
    if (mode === "note") live.typing.stops(this.#number)
    this.#pickers.close()
    this.tell("")
    this.#modes.choose(mode)
    this.#count()
    this.box.focus()
  }

  async send({ goesOn = false } = {}) {
    const text = this.box.value
    const { messages } = this.#length
    const pictures = this.isNote ? 0 : this.#pictures
    if (!text.trim() && !pictures) return
    if (this.box.readOnly || this.#form.querySelector("[type=submit]").disabled) return
    if (this.isNote) return this.#sending.note(text)
    const cost = messages + pictures
    if (cost > 1 && isOver(cost)) return this.tell(sentence(this, cost), "warn")
    if (this.stops()) return
    const words = messages > 1 ? { text, split: messages } : { text }
    if (messages) this.#sending.say(words)
    else if (!(await this.#sending.pictures())) return
    if (goesOn) document.dispatchEvent(new CustomEvent("desk:sent-next", { detail: { ...this.dataset } }))
  }

  // Whether something has come that was never on the screen: it is shown, and stops a send,
  // once.
  stops() {
    if (!this.thread?.showUnseen(this.#told)) return false
    this.tell(this.dataset.news, "warn")
    return true
  }

  // Something went out from here that wasn't in the box.
  taken(sent) {
    this.#sending.took(sent)
  }

  sendAnswer = async (words, says) => {
    if (!this.hasAttribute("data-closed") && !this.stops()) await this.#sending.answer(words, says)
  }

  // A reply has gone another way.
  gone(text) {
    this.clear(text, "reply")
  }

  // It has gone from here. What was added meanwhile stays.
  clear(sent, mode) {
    const draft = this.#modes.of(mode)
    const isShown = draft === this.#modes.draft
    const value = isShown ? this.box.value : draft.text
    const rest = value.startsWith(sent) ? value.slice(sent.length).trimStart() : value
    draft.sent(sent, rest)
    if (!isShown) return
    if (rest !== value) this.box.value = rest
    this.#count()
    this.#pickers.follow()
  }

  // What was to be sent is to be written on, before what has been begun since.
  putBack(text, mode) {
    if (this.isNote !== (mode === "note")) this.#turnTo(mode)
    this.box.focus()
    this.box.setSelectionRange(0, 0)
    typeInto(this.box, this.box.value ? `${text}\n` : text)
  }

  // Put a text into the box, in place of a part of what is there.
  insert(text, start, end) {
    this.box.focus()
    this.box.setSelectionRange(start, end)
    typeInto(this.box, text)
  }

  // Put a replacement where a text stands, unless somebody is at it.
  exchange(text, start, replacement) {
    if (!this.isComposing) exchange(this.box, text, start, replacement)
  }

  #openSheet(target) {
    const button = target.closest("[data-sheet], [data-choose]")
    if (!button || this.box.readOnly) return
    if (button.matches("[data-choose]")) this.tray.choose()
    else this.querySelector(button.dataset.sheet).open(button)
  }

  #count() {
    this.#length.measure(this.box.value)
    showPreview(this, this.isNote ? "" : this.box.value)
    this.showFoot()
    grow(this.box)
  }

  showFoot({ isSlow = false } = {}) {
    if (this.isConnected) showFoot(this, this.#length, this.#pictures, isSlow)
  }

  tell(sentence, tone = "", quoted = "") {
    const notice = this.querySelector(".composer__notice")
    notice.textContent = sentence
    notice.classList.toggle("composer__notice--warn", tone === "warn")
    if (quoted) notice.append(Object.assign(document.createElement("q"), { textContent: quoted }))
    notice.hidden = !sentence
  }

  get isNote() {
    return this.#modes.isNote
  }

  // What was begun to be said to the customer, whatever the box shows.
  get reply() {
    return this.#modes.of("reply").text
  }

  get box() {
    return this.querySelector("textarea")
  }

  get #number() {
    return Number(this.dataset.conversation)
  }

  get thread() {
    return document.querySelector("message-thread")
  }

  get #form() {
    return this.querySelector("form")
  }

  get tray() {
    return this.querySelector("picture-tray")
  }

  // The tray may still be about to become one.
  get #pictures() {
    return this.tray.count ?? 0
  }
}

customElements.define("message-composer", MessageComposer)
