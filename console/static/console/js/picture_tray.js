// <picture-tray> shows the pictures chosen for one conversation, over the foot of the box.
// Which there are, and their sending, is in pictures.js: a tray that is drawn anew shows
// the same ones. An object URL lives as long as its thumbnail.

import { imagesIn, trayOf } from "./pictures.js"

class PictureTray extends HTMLElement {
  #tray
  #items = new Map() // picture → its <li>
  #leaving = new AbortController()

  connectedCallback() {
    const { signal } = this.#leaving
    const { conversation, src, mostBytes, mostUpload } = this.dataset
    this.#tray = trayOf(conversation, { src, mostBytes: Number(mostBytes), mostUpload: Number(mostUpload) })
    this.#tray.addEventListener("change", () => this.#draw(), { signal })
    this.addEventListener("click", this.#press, { signal })
    this.#box.addEventListener("paste", this.#paste, { signal })
    const pane = document.getElementById("conversation")
    for (const type of ["dragenter", "dragover", "dragleave", "drop"]) pane.addEventListener(type, this.#drag, { signal })
    this.#input.addEventListener("change", this.#choose, { signal })
    this.#draw()
  }

  disconnectedCallback() {
    this.#leaving.abort()
    for (const picture of this.#items.keys()) this.#removeItem(picture)
  }

  get count() {
    return this.#tray.pictures.length
  }

  get isBound() {
    return this.#tray.isBound
  }

  bind(isBound = true) {
    this.#tray.bind(isBound)
  }

  choose() {
    this.#input.click()
  }

  send(taken) {
    return this.#tray.send(taken)
  }

  // What was copied from a document is words and a picture of them; then the words count.
  #paste = (event) => {
    const files = imagesIn(event.clipboardData)
    if (!files.length || event.clipboardData.getData("text/plain")) return
    event.preventDefault()
    this.#add(files)
  }

  #drag = (event) => {
    if (!event.dataTransfer?.types.includes("Files") || document.querySelector("dialog[open]")) return
    event.preventDefault()
    const isOver = event.type === "dragover" || event.type === "dragenter"
    this.#composer.classList.toggle("composer--drop", isOver && !this.#bar)
    if (event.type === "drop") this.#add([...event.dataTransfer.files])
  }

  #choose = () => {
    this.#add([...this.#input.files])
    this.#input.value = "" // So that the same one can be chosen again
  }

  #add(files) {
    const why = this.#bar || (this.#tray.add(files) ? "" : "refused")
    if (why) this.#composer.tell(this.dataset[why], "warn")
  }

  // What speaks against any picture now.
  get #bar() {
    if (this.#composer.isNote) return "inNote"
    return this.#box.readOnly ? "closed" : ""
  }

  #press = ({ target }) => {
    const item = target.closest("li")
    const [picture] = [...this.#items].find(([, one]) => one === item) ?? []
    if (!picture) return
    if (target.closest("[data-drop]")) this.#drop(picture)
    if (target.closest("[data-original]")) this.#tray.useOriginal(picture)
    if (target.closest("[data-retry]")) this.dispatchEvent(new Event("tray:again", { bubbles: true }))
  }

  #drop(picture) {
    const place = this.#tray.pictures.indexOf(picture)
    this.#tray.remove(picture)
    const next = this.#tray.pictures[Math.min(place, this.count - 1)]
    const focused = next ? this.#items.get(next).querySelector("[data-drop]") : this.#box
    focused.focus()
  }

  #draw() {
    const { pictures } = this.#tray
    for (const [picture, item] of this.#items) {
      if (pictures.includes(picture)) continue
      this.#removeItem(picture)
    }
    for (const picture of pictures) this.#drawOne(picture)
    this.hidden = pictures.length === 0
    this.dispatchEvent(new Event("tray:changed", { bubbles: true }))
  }

  #drawOne(picture) {
    const item = this.#items.get(picture) ?? this.#addItem(picture)
    const { state, isShrunk, original, file, isBound } = picture
    const waits = isBound && !this.#tray.isSending
    item.classList.toggle("tray__picture--failed", state === "failed" || state === "unusable")
    item.querySelector(".tray__size").textContent = waits ? this.dataset.waits : isShrunk
      ? this.dataset.shrunk.replace("{from}", size(original)).replace("{to}", size(file))
      : state === "preparing" ? this.dataset.preparing : size(file)
    item.querySelector("[data-original]").hidden = !isShrunk || state === "sending" || original.size > this.dataset.mostUpload
    item.querySelector("[data-drop]").disabled = state === "sending"
    item.querySelector("[data-retry]").hidden = state !== "failed"
    const error = item.querySelector(".tray__error")
    error.textContent = state === "unusable" ? this.dataset.tooLarge : picture.error || this.dataset.failed
    error.hidden = state !== "failed" && state !== "unusable"
    const progress = item.querySelector("progress")
    progress.hidden = state !== "sending"
    progress.value = picture.progress
  }

  #addItem(picture) {
    const item = this.querySelector("template").content.firstElementChild.cloneNode(true)
    const image = item.querySelector("img")
    image.src = URL.createObjectURL(picture.original)
    image.alt = picture.original.name
    this.querySelector("ul").append(item)
    this.#items.set(picture, item)
    return item
  }

  #removeItem(picture) {
    const item = this.#items.get(picture)
    URL.revokeObjectURL(item.querySelector("img").src)
    item.remove()
    this.#items.delete(picture)
  }

  get #composer() {
    return this.closest("message-composer")
  }

  get #box() {
    return this.#composer.querySelector("textarea")
  }

  get #input() {
    return this.querySelector("input[type=file]")
  }
}

function size({ size }) {
  return size < 1024 * 1024 ? `${Math.max(1, Math.round(size / 1024))} KB` : `${(size / 1024 / 1024).toFixed(1)} MB`
}

customElements.define("picture-tray", PictureTray)
