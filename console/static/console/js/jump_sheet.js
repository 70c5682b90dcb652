// <jump-sheet> makes a jump link of words in the box, or changes the one at the caret.

import { links, token } from "./jump_links.js"
import { offerPages } from "./page_list.js"
import { Sheet } from "./sheet.js"

class JumpSheet extends Sheet {
  #range = [0, 0] // in the box: what the link replaces

  open(opener) {
    offerPages(this, (page) => this.#take(page))
    super.open(opener)
  }

  empty() {
    return { appid: this.composer.dataset.appid }
  }

  fill(values) {
    const { value, selectionStart, selectionEnd } = this.composer.box
    const around = links(value).find(({ start, end }) => start < selectionEnd && selectionStart < end)
    const label = value.slice(selectionStart, selectionEnd)
    this.#range = around ? [around.start, around.end] : [selectionStart, selectionEnd]
    const appid = around?.appid || this.composer.dataset.appid
    super.fill(around ? { ...around, appid } : { ...values, ...(label && { label }) })
  }

  change() {
    const { label, appid } = this.read()
    const isOther = appid.trim() !== this.composer.dataset.appid
    this.querySelector("[data-other-appid]").hidden = !isOther
    this.querySelector(".phone__link").textContent = label.trim() || this.form.elements.label.placeholder
  }

  submit() {
    const { label, path, href, appid } = this.read()
    const other = appid.trim() === this.composer.dataset.appid ? "" : appid.trim()
    const { needed, address, unusable } = this.dataset
    if (!label.trim()) return this.explain({ label: needed })
    if (!path.trim()) return this.explain({ path: needed })
    if (href.trim() && !/^https:\/\/[^/\s]/i.test(href.trim())) return this.explain({ href: address })
    const made = token({ label, path, href, appid: other })
    if (!made) return this.explain({}, unusable)
    this.finish()
    this.composer.insert(made, ...this.#range)
  }

  #take({ path, title }) {
    const { elements } = this.form
    elements.path.value = path
    if (!elements.label.value.trim()) elements.label.value = title
    this.noteChange()
  }
}

customElements.define("jump-sheet", JumpSheet)
