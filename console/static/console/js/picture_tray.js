// <picture-tray> shows the pictures chosen for one conversation, over the foot of the box.
// Which there are, and their sending, is in pictures.js: a tray that is drawn anew shows
// the same ones.

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
  }

  get count() {
    return this.#tray.pictures.length
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
    if (!this.#box.readOnly) this.#add(files)
  }

  #drag = (event) => {
    if (!event.dataTransfer?.types.includes("Files") || document.querySelector("dialog[open]")) return
    event.preventDefault()
    const isOver = event.type === "dragover" || event.type === "dragenter"
    this.closest("message-composer").classList.toggle("composer--drop", isOver && !this.#box.readOnly)
    if (event.type === "drop" && !this.#box.readOnly) this.#add([...event.dataTransfer.files])
  }

  #choose = () => {
    this.#add([...this.#input.files])
    this.#input.value = "" // So that the same one can be chosen again
  }

  #add(files) {
    if (!this.#tray.add(files)) this.dispatchEvent(new Event("tray:refused", { bubbles: true }))
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
      item.remove()
      this.#items.delete(picture)
    }
    for (const picture of pictures) this.#drawOne(picture)
    this.hidden = pictures.length === 0
    this.dispatchEvent(new Event("tray:changed", { bubbles: true }))
  }

  #drawOne(picture) {
    const item = this.#items.get(picture) ?? this.#addItem(picture)
    const { state, isShrunk, original, file } = picture
    item.classList.toggle("tray__picture--failed", state === "failed" || state === "unusable")
    item.querySelector(".tray__size").textContent = isShrunk
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
    image.src = picture.url
    image.alt = picture.original.name
    this.querySelector("ul").append(item)
    this.#items.set(picture, item)
    return item
  }

  get #box() {
    return this.closest("message-composer").querySelector("textarea")
  }

  get #input() {
    return this.querySelector("input[type=file]")
  }
}

function size({ size }) {
  return size < 1024 * 1024 ? `${Math.max(1, Math.round(size / 1024))} KB` : `${(size / 1024 / 1024).toFixed(1)} MB`
}

customElements.define("picture-tray", PictureTray)
