// What the box is for: a reply to the customer, or a note that only colleagues see. Each has
// its own draft, and a new box is always for a reply.

import { Draft } from "./drafts.js"

export class Modes {
  #composer
  #drafts
  #mode = "reply"

  constructor(composer) {
    const { conversation, draftSrc, draftAt, noteDraftAt, drawnAt } = composer.dataset
    this.#composer = composer
    this.#drafts = { reply: new Draft(conversation, draftSrc), note: new Draft(conversation, draftSrc, "note") }
    this.#drafts.reply.newest(composer.box.defaultValue, draftAt, drawnAt)
    this.#drafts.note.newest(composer.querySelector("[data-note-draft]").content.textContent, noteDraftAt, drawnAt)
  }

  get isNote() {
    return this.#mode === "note"
  }

  get draft() {
    return this.#drafts[this.#mode]
  }

  of(mode) {
    return this.#drafts[mode]
  }

  flush() {
    Object.values(this.#drafts).forEach((draft) => draft.flush())
  }

  choose(mode) {
    const { box, dataset } = this.#composer
    this.#mode = mode
    this.#composer.classList.toggle("composer--note", this.isNote)
    for (const tab of this.#composer.querySelectorAll("[data-mode]")) {
      tab.setAttribute("aria-selected", tab.dataset.mode === mode)
      tab.tabIndex = tab.dataset.mode === mode ? 0 : -1
    }
    this.#composer.querySelector("label[for=composer-text]").textContent = this.isNote ? dataset.noteLabel : dataset.replyLabel
    box.placeholder = this.isNote ? dataset.notePlaceholder : dataset.replyPlaceholder
    box.value = this.draft.text
    box.setSelectionRange(box.value.length, box.value.length)
    this.close()
  }

  // A closed reply window closes the box for replies alone.
  close() {
    this.#composer.box.readOnly = !this.isNote && this.#composer.hasAttribute("data-closed")
  }
}
