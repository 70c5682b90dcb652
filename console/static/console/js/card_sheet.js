// <card-sheet> sends a page of the mini program as a card: page, parameters, title, cover.

import { newUuid } from "./outbox.js"
import { offerPages } from "./page_list.js"
import { Sheet } from "./sheet.js"
import { upload } from "./upload.js"

const chosen = new Map() // conversation → {file, url} or {page, url}: its cover

class CardSheet extends Sheet {
  #sent = { said: "", uuid: "" } // the last try: the same words again bear the same UUID

  connectedCallback() {
    super.connectedCallback()
    this.addEventListener("paste", ({ clipboardData }) => this.#choose(clipboardData.files[0]))
    this.querySelector("[data-add-row]").addEventListener("click", () => this.#addRow().querySelector("input").focus())
    this.#rows.addEventListener("click", this.#removeRow)
    this.querySelector("[data-choose-cover]").addEventListener("click", () => this.#askForCover())
  }

  open(opener) {
    offerPages(this, (page) => this.#take(page))
    super.open(opener)
  }

  read() {
    const rows = [...this.#rows.children].map((row) => [...row.querySelectorAll("input")].map(({ value }) => value))
    return { ...super.read(), rows }
  }

  fill(values) {
    super.fill(values)
    this.#rows.replaceChildren()
    for (const row of values.rows ?? []) this.#addRow(row)
  }

  clear() {
    this.#cover(null)
    super.clear()
  }

  change() {
    const { title } = this.read()
    const field = this.form.elements.title
    this.querySelector(".phone__title").textContent = title.trim() || field.placeholder
    this.querySelector("[data-counts]").textContent = `${field.value.length}/${field.maxLength}`
    const path = this.querySelector(".sheet__path")
    path.textContent = this.#path
    path.hidden = !this.read().rows.length
    const cover = chosen.get(this.#conversation)
    const image = this.querySelector(".phone__cover img")
    image.hidden = !cover
    if (cover && image.getAttribute("src") !== cover.url) image.src = cover.url
    if (!cover) image.removeAttribute("src")
  }

  async submit() {
    const { title, path } = this.read()
    const { needed, coverNeeded } = this.dataset
    const cover = chosen.get(this.#conversation)
    if (!path.trim()) return this.explain({ path: needed })
    if (!title.trim()) return this.explain({ title: needed })
    if (!cover) return this.explain({ cover: coverNeeded })
    const { composer } = this
    const fields = { title: title.trim(), page_path: this.#path, cover: cover.file, page: cover.page }
    this.wait(true)
    const outcome = await upload(this.dataset.src, { ...fields, client_uuid: this.#uuid(fields, cover) })
    this.wait(false)
    if (outcome.state !== "taken") {
      const { page_path: path, ...errors } = outcome.fields ?? {}
      return this.explain(path ? { ...errors, path } : errors, outcome.error ?? composer.dataset[outcome.state])
    }
    this.#cover(null)
    this.finish()
    composer.taken(outcome)
  }

  #uuid(fields, { url }) {
    const said = JSON.stringify([fields, url])
    if (this.#sent.said !== said) this.#sent = { said, uuid: newUuid() }
    return this.#sent.uuid
  }

  #take({ id, path, title, cover }) {
    const [base, query = ""] = path.split("?")
    const { elements } = this.form
    elements.path.value = base
    elements.title.value = title
    this.#rows.replaceChildren()
    for (const [name, value] of new URLSearchParams(query)) this.#addRow([name, value])
    if (cover) this.#cover({ page: id, url: cover })
    this.noteChange()
  }

  #askForCover() {
    const input = Object.assign(document.createElement("input"), { type: "file", accept: this.dataset.accept })
    input.onchange = () => this.#choose(input.files[0])
    input.click()
  }

  #choose(file) {
    if (file?.type.startsWith("image/")) this.#cover({ file, url: URL.createObjectURL(file) })
    this.explain({})
    this.noteChange()
  }

  #cover(cover) {
    const before = chosen.get(this.#conversation)
    if (before?.file) URL.revokeObjectURL(before.url)
    if (cover) chosen.set(this.#conversation, cover)
    else chosen.delete(this.#conversation)
  }

  #addRow(values = []) {
    const row = this.querySelector("template").content.firstElementChild.cloneNode(true)
    ;[...row.querySelectorAll("input")].forEach((input, index) => (input.value = values[index] ?? ""))
    this.#rows.append(row)
    return row
  }

  #removeRow = ({ target }) => {
    if (!target.closest("[data-remove-row]")) return
    target.closest("li").remove()
    this.querySelector("[data-add-row]").focus()
    this.noteChange()
  }

  // The page with its parameters, as in app.json.
  get #path() {
    const { path, rows } = this.read()
    const said = rows.filter(([name]) => name.trim()).map(([name, value]) => `${escaped(name.trim())}=${escaped(value.trim())}`)
    const page = path.trim().replace(/^\/+/, "")
    return page + (said.length ? (page.includes("?") ? "&" : "?") : "") + said.join("&")
  }

  get #conversation() {
    return this.composer.dataset.conversation
  }

  get #rows() {
    return this.querySelector(".sheet__rows")
  }
}

// What would end a parameter. The rest stays readable.
function escaped(text) {
  return text.replace(/[&=#%?+\s"'<>|]/g, (mark) => (mark === "'" ? "%27" : encodeURIComponent(mark)))
}

customElements.define("card-sheet", CardSheet)
