// <picture-viewer> shows one picture of the open thread large. The arrow keys lead to its
// neighbours; a click, the wheel, + and − to its details and back; R turns it, Escape leads
// out.

import { copy, drawn, mayCopy } from "./picture_turns.js"
import { Zoom } from "./picture_zoom.js"

const STEP = 1.25 // times, by a key

class PictureViewer extends HTMLElement {
  #shown = null // the message it belongs to
  #turned = null // the address of what was made by turning
  #zoom

  connectedCallback() {
    this.#zoom = new Zoom(this.querySelector(".viewer__stage"), this.#image)
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
    this.#zoom.reset()
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

  #clicked = ({ target, clientX, clientY }) => {
    const step = target.closest("[data-step]")
    if (step) return this.#step(Number(step.dataset.step))
    if (target.closest("[data-turn]")) return this.#turn()
    if (target.closest("[data-copy]")) return this.#copy()
    if (target.closest("[data-close]")) return this.#dialog.close()
    if (target.closest(".viewer__bar") || this.#zoom.hasDragged) return
    if (target === this.#image) return this.#zoom.toggle(clientX, clientY)
    this.#dialog.close() // Beside the picture
  }

  #pressed = (event) => {
    event.stopPropagation() // The desk has keys of its own
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey
    if (event.key === "r" && isPlain) this.#turn()
    const larger = { "+": STEP, "=": STEP, "-": 1 / STEP }[event.key]
    if (larger && isPlain) this.#zoom.by(larger)
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by && !this.#zoom.isOn) {
      event.preventDefault()
      this.#step(by)
    }
  }

  async #turn() {
    const shown = this.#shown
    const blob = await drawn(this.#image, { isTurned: true }).catch(() => null)
    if (!blob || shown !== this.#shown) return
    this.#zoom.reset()
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
