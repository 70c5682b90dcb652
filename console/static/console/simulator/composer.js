// What a customer writes with: words, emoji, pictures and cards.

const COMPOSING = 229 // keyCode of a key that an input method has taken

export class Composer {
  #form = document.getElementById("composer")
  #words = document.getElementById("words")
  #send = this.#form.querySelector(".composer__send")
  #more = this.#form.querySelector(".composer__more")
  #panels = [...this.#form.querySelectorAll("[data-panel]")]
  #shelf = document.getElementById("panel-more")
  #onAct

  // onAct(act, values) does it, and resolves to whether it was done.
  constructor(onAct) {
    this.#onAct = onAct
    this.#form.addEventListener("submit", this.#submit)
    this.#words.addEventListener("keydown", this.#pressKey)
    this.#words.addEventListener("input", this.#weigh)
    this.#words.addEventListener("focus", () => this.#show(null))
    for (const button of this.#panels) button.addEventListener("click", () => this.#toggle(button))
    document.getElementById("panel-emoji").addEventListener("click", this.#insertEmoji)
    document.getElementById("picture").addEventListener("change", this.#sendPicture)
    this.#shelf.addEventListener("click", this.#takeFromShelf)
    document.getElementById("panel-samples").addEventListener("click", this.#sendSample)
    document.getElementById("send-card").addEventListener("click", this.#sendCard)
  }

  reset() {
    this.#words.value = ""
    this.#show(null)
    this.#weigh()
  }

  #submit = async (event) => {
    event.preventDefault()
    const words = this.#words.value
    if (!words.trim()) return
    this.#words.value = ""
    this.#weigh()
    const done = await this.#onAct("text", { content: words })
    if (!done && !this.#words.value) {
      this.#words.value = words
      this.#weigh()
    }
  }

  #pressKey = (event) => {
    if (event.key !== "Enter" || event.shiftKey) return
    if (event.isComposing || event.keyCode === COMPOSING) return
    event.preventDefault()
    this.#form.requestSubmit()
  }

  #weigh = () => {
    const empty = !this.#words.value.trim()
    this.#send.hidden = empty
    this.#more.hidden = !empty
  }

  #toggle(button) {
    this.#show(button.getAttribute("aria-expanded") === "true" ? null : button.dataset.panel)
  }

  #show(name) {
    for (const button of this.#panels) {
      const isShown = button.dataset.panel === name
      button.setAttribute("aria-expanded", isShown)
      document.getElementById(`panel-${button.dataset.panel}`).hidden = !isShown
    }
    for (const panel of this.#deeper) panel.hidden = true
    this.#form.dispatchEvent(new CustomEvent("composer:resized", { bubbles: true }))
  }

  // What lies behind the plus: some of it opens a panel of its own in its place.
  #takeFromShelf = ({ target }) => {
    const { more, unknown } = target.closest("button")?.dataset ?? {}
    if (unknown) this.#act("unknown", { kind: unknown })
    if (!more) return
    this.#shelf.hidden = true
    document.getElementById(`panel-${more}`).hidden = false
  }

  #sendSample = ({ target }) => {
    const sample = target.closest("[data-sample]")?.dataset.sample
    if (sample) this.#act("image", { sample })
  }

  get #deeper() {
    return ["samples", "card"].map((name) => document.getElementById(`panel-${name}`))
  }

  #insertEmoji = ({ target }) => {
    const { emoji } = target.closest("button")?.dataset ?? {}
    if (!emoji) return
    this.#words.setRangeText(emoji, this.#words.selectionStart, this.#words.selectionEnd, "end")
    this.#weigh()
  }

  #sendPicture = async ({ target }) => {
    const [picture] = target.files
    target.value = ""
    if (!picture) return
    const form = new FormData()
    form.set("picture", picture)
    await this.#act("image", form)
  }

  #sendCard = () => {
    const title = document.getElementById("card-title").value
    const query = document.getElementById("card-query").value.replace(/^\?/, "")
    const pagepath = document.getElementById("card-page").value + (query && `?${query}`)
    return this.#act("card", { title, pagepath })
  }

  async #act(act, values) {
    if (await this.#onAct(act, values)) this.#show(null)
  }
}
