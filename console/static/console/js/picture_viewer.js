// <picture-viewer> shows one picture of the open thread large. The arrow keys lead to its
// neighbours, a click on the picture to its details and back, R turns it, Escape leads out.

import { copy, drawn, mayCopy } from "./picture_turns.js"

const LARGER = 2 // times, for a picture that is on the screen whole already

class PictureViewer extends HTMLElement {
  #shown = null // the message it belongs to
  #turned = null // the address of what was made by turning

  connectedCallback() {
    document.addEventListener("click", this.#open)
    this.#dialog.addEventListener("click", this.#clicked)
    this.#dialog.addEventListener("keydown", this.#pressed)
    this.#image.addEventListener("load", () => this.#dialog.classList.remove("viewer--loading"))
    this.#image.addEventListener("error", () => this.#failed(true))
    this.#dialog.addEventListener("close", () => this.#forget())
    this.querySelector("[data-copy]").hidden = !mayCopy()
  }

  disconnectedCallback() {
    document.removeEventListener("click", this.#open)
  }

  #open = (event) => {
    const link = event.target.closest?.("a[data-picture]")
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey
    if (!link || !isPlain) return
    event.preventDefault()
    this.#show(link)
    this.#dialog.showModal()
  }

  #show(link) {
    this.#forget()
    this.#shown = link.dataset.picture
    this.#zoom(false)
    this.#failed(false)
    this.#dialog.classList.add("viewer--loading")
    this.#image.src = link.href
    this.#image.alt = link.querySelector("img").alt
    this.querySelector("[download]").href = link.href
    const links = this.#links
    const index = links.indexOf(link)
    this.#place.textContent = this.#place.dataset.text.replace("{n}", index + 1).replace("{all}", links.length)
    this.#place.hidden = links.length < 2
    this.querySelector("[data-step='-1']").hidden = index <= 0
    this.querySelector("[data-step='1']").hidden = index === links.length - 1
  }

  #step(by) {
    const links = this.#links
    const index = links.findIndex((link) => link.dataset.picture === this.#shown)
    const next = links[index + by]
    if (next) this.#show(next)
  }

  #clicked = ({ target, offsetX, offsetY }) => {
    const step = target.closest("[data-step]")
    if (step) return this.#step(Number(step.dataset.step))
    if (target.closest("[data-turn]")) return this.#turn()
    if (target.closest("[data-copy]")) return this.#copy()
    if (target === this.#image) {
      const { clientWidth, clientHeight } = this.#image
      return this.#zoom(!this.#isZoomed, offsetX / clientWidth, offsetY / clientHeight)
    }
    // Beside the picture, as on the button.
    if (target.closest("[data-close]") || !target.closest(".viewer__bar")) this.#dialog.close()
  }

  #pressed = (event) => {
    event.stopPropagation() // The desk has keys of its own
    if (event.key === "r" && !event.ctrlKey && !event.metaKey && !event.altKey) this.#turn()
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by && !this.#isZoomed) {
      event.preventDefault()
      this.#step(by)
    }
  }

  // To its own size, or larger, with the point that was clicked in the middle.
  #zoom(isZoomed, x = 0.5, y = 0.5) {
    const { naturalWidth, clientWidth } = this.#image
    this.#dialog.classList.toggle("viewer--zoomed", isZoomed)
    this.#image.style.width = isZoomed ? `${Math.max(naturalWidth, LARGER * clientWidth)}px` : ""
    if (!isZoomed) return
    const stage = this.#image.parentElement
    stage.scrollLeft = this.#image.clientWidth * x - stage.clientWidth / 2
    stage.scrollTop = this.#image.clientHeight * y - stage.clientHeight / 2
  }

  async #turn() {
    const shown = this.#shown
    const blob = await drawn(this.#image, { isTurned: true }).catch(() => null)
    if (!blob || shown !== this.#shown) return
    this.#zoom(false)
    if (this.#turned) URL.revokeObjectURL(this.#turned)
    this.#turned = this.#image.src = URL.createObjectURL(blob)
  }

  async #copy() {
    const said = this.querySelector("output")
    said.value = await copy(this.#image).then(() => said.dataset.copied, () => said.dataset.notCopied)
  }

  #forget() {
    this.#shown = null
    this.querySelector("output").value = ""
    this.#image.removeAttribute("src")
    if (this.#turned) URL.revokeObjectURL(this.#turned)
    this.#turned = null
  }

  #failed(hasFailed) {
    this.#dialog.classList.toggle("viewer--loading", false)
    this.querySelector(".viewer__failed").hidden = !hasFailed
    this.#image.hidden = hasFailed
  }

  get #isZoomed() {
    return this.#dialog.classList.contains("viewer--zoomed")
  }

  get #links() {
    return [...document.querySelectorAll("message-thread a[data-picture]")]
  }

  get #dialog() {
    return this.querySelector("dialog")
  }

  get #image() {
    return this.querySelector(".viewer__picture")
  }

  get #place() {
    return this.querySelector(".viewer__place")
  }
}

customElements.define("picture-viewer", PictureViewer)
