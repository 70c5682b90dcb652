// <mention-list> says how many notes call this agent by name that they haven't seen. Whoever
// has the conversation open, with the page before them, has seen them.

import { fetchFragment, fetchInTheEnd } from "./http.js"
import { morph } from "./morph.js"
import { openConversation, visit } from "./panes.js"

class MentionList extends HTMLElement {
  connectedCallback() {
    document.addEventListener("live:agent", ({ detail }) => detail.about === "mention" && this.#renew())
    document.addEventListener("live:reload", () => this.#renew())
    document.addEventListener("desk:open", ({ detail }) => this.#see(detail.conversation))
    document.addEventListener("visibilitychange", () => this.#see(openConversation()))
    this.addEventListener("click", this.#go)
    this.#renew()
  }

  async #renew() {
    const drawn = await fetchInTheEnd(this.dataset.src, new AbortController().signal)
    if (drawn) this.#show(drawn)
    this.#see(openConversation())
  }

  async #see(conversation) {
    if (document.hidden || !conversation) return
    if (!this.querySelector(`[data-mentioned="${conversation}"]`)) return
    const url = `/conversations/${conversation}/mentions/`
    const drawn = await fetchFragment(url, { method: "POST" }).catch(() => null)
    if (drawn) this.#show(drawn)
  }

  #show(drawn) {
    const isOpen = this.querySelector("details")?.open ?? false
    drawn.querySelector("details")?.toggleAttribute("open", isOpen)
    if (this.firstElementChild) morph(this.firstElementChild, drawn)
    else this.append(drawn)
  }

  #go = (event) => {
    const link = event.target.closest("a")
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    this.querySelector("details").open = false
    visit(link.dataset.mentioned)
  }
}

customElements.define("mention-list", MentionList)
