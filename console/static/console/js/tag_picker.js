// <tag-picker> puts one of the tags there are on the customer: typed by name or pinyin,
// chosen with the arrows and Enter, or by the pointer.

import { ask } from "./http.js"
import { change } from "./known_customer.js"

const MOST = 8 // shown at a time

let tags = []

async function load() {
  const response = await ask("/tags/").catch(() => null)
  if (response?.ok) tags = (await response.json()).tags
}

function fold(text) {
  return text.normalize("NFKC").toLowerCase().trim()
}

// By name first, then by pinyin.
function find(query) {
  const word = fold(query)
  const rank = ({ name, pinyin }) => {
    if (fold(name).startsWith(word)) return 0
    if (fold(name).includes(word)) return 1
    return pinyin.split(" ").some((key) => key.startsWith(word)) ? 2 : 3
  }
  return tags
    .map((tag) => [rank(tag), tag])
    .filter(([found]) => found < 3)
    .sort(([one], [other]) => one - other)
    .map(([, tag]) => tag)
}

class TagPicker extends HTMLElement {
  #found = []
  #chosen = 0

  connectedCallback() {
    this.#input.addEventListener("focus", this.#open)
    this.#input.addEventListener("input", (event) => event.isComposing || this.#draw())
    this.#input.addEventListener("compositionend", () => this.#draw())
    this.#input.addEventListener("keydown", this.#press)
    this.#input.addEventListener("blur", this.#close)
    this.addEventListener("mousedown", (event) => event.target !== this.#input && event.preventDefault())
    this.addEventListener("click", this.#click)
  }

  #open = async () => {
    await load()
    if (document.activeElement === this.#input) this.#draw()
  }

  #close = () => {
    this.#list.hidden = this.#none.hidden = true
    this.#input.setAttribute("aria-expanded", "false")
    this.#input.removeAttribute("aria-activedescendant")
  }

  // What they bear already is not offered.
  #draw() {
    const borne = new Set([...this.closest("[data-part]").querySelectorAll("[data-tag]")].map((one) => Number(one.dataset.tag)))
    this.#found = find(this.#input.value).filter(({ id }) => !borne.has(id)).slice(0, MOST)
    this.#chosen = 0
    this.#list.replaceChildren(...this.#found.map(option))
    this.#list.hidden = this.#found.length === 0
    this.#none.hidden = this.#found.length > 0
    this.#none.textContent = this.dataset.none
    this.querySelector("[role=status]").textContent = this.dataset.hits.replace("{n}", this.#found.length)
    this.#input.setAttribute("aria-expanded", "true")
    this.#mark()
  }

  #mark() {
    ;[...this.#list.children].forEach((one, index) => one.setAttribute("aria-selected", index === this.#chosen))
    const chosen = this.#list.children[this.#chosen]
    if (chosen) this.#input.setAttribute("aria-activedescendant", chosen.id)
    else this.#input.removeAttribute("aria-activedescendant")
  }

  #press = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && this.#list.hidden) this.#draw()
    else if (step) this.#move(step)
    else if (event.key === "Enter") this.#choose(this.#found[this.#chosen])
    else if (event.key === "Escape" && !(this.#list.hidden && this.#none.hidden)) this.#close()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  #move(step) {
    const count = this.#found.length
    this.#chosen = (this.#chosen + step + count) % count
    this.#mark()
  }

  #click = ({ target }) => {
    const option = target.closest("[role=option]")
    if (option) this.#choose(this.#found[[...this.#list.children].indexOf(option)])
  }

  async #choose(tag) {
    if (!tag || this.#list.hidden) return
    const place = this.closest("[data-part]").querySelector("[data-tag-error]")
    const typed = this.#input.value
    this.#input.value = ""
    this.#close()
    const error = await change("tags/", "POST", { tag: tag.id })
    if (!place.isConnected) return
    place.textContent = error
    place.hidden = !error
    if (error) this.#input.value = typed
  }

  get #input() {
    return this.querySelector("input")
  }

  get #list() {
    return this.querySelector("[role=listbox]")
  }

  get #none() {
    return this.querySelector(".tag-list--none")
  }
}

function option({ id, name, colour }) {
  const one = document.createElement("li")
  one.id = `tag-option-${id}`
  one.className = "tag-list__tag"
  one.setAttribute("role", "option")
  const chip = document.createElement("span")
  chip.className = `chip chip--${colour}`
  chip.textContent = name
  one.append(chip)
  return one
}

customElements.define("tag-picker", TagPicker)
