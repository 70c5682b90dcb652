// The list of customers: whose phone is in hand, and who has heard something new.

import { dressAvatar } from "./avatar.js"
import { fromTemplate, nameOf } from "./chat_log.js"
import { timeInChat } from "./times.js"

const TAG = /<\/?a\b[^<>]*>/giu // Of a link; the words in it stay

export class People {
  #list = document.getElementById("customers")
  #none = document.getElementById("no-customers")
  #seen = new Map() // openid → the last line looked at
  #chosen
  #stage
  #onChoose

  constructor(stage, onChoose) {
    this.#stage = stage
    this.#onChoose = onChoose
  }

  draw(customers, chosen) {
    this.#none.hidden = customers.length > 0
    this.#list.hidden = customers.length === 0
    const rows = customers.map((customer) => this.#row(customer, customer.openid === chosen))
    const focused = document.activeElement?.closest("[data-openid]")?.dataset.openid
    this.#list.replaceChildren(...rows)
    if (chosen !== this.#chosen) this.#list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" })
    this.#chosen = chosen
    if (focused) this.#list.querySelector(`[data-openid="${focused}"]`)?.focus()
  }

  #row(customer, isChosen) {
    const row = fromTemplate("person")
    const button = row.querySelector("button")
    const { last } = customer
    button.dataset.openid = customer.openid
    if (isChosen) button.setAttribute("aria-current", "true")
    button.addEventListener("click", () => this.#onChoose(customer.openid))
    dressAvatar(row.querySelector(".avatar"), customer.name)
    row.querySelector(".person__name").textContent = customer.name
    row.querySelector(".person__last").textContent = last ? this.#preview(last) : this.#stage.dataset.textEmpty
    row.querySelector(".person__time").textContent = last ? timeInChat(last.at, this.#stage.dataset) : ""
    row.querySelector(".person__new").hidden = !this.#isNew(customer, isChosen)
    return row
  }

  #preview({ kind, data }) {
    return `${nameOf(kind, this.#stage)} ${data.title ?? data.content ?? data.label ?? ""}`.replace(TAG, "").trim()
  }

  #isNew({ openid, last }, isChosen) {
    const newest = last?.id ?? 0
    if (isChosen || !this.#seen.has(openid)) this.#seen.set(openid, newest)
    return last?.side === "service" && newest > this.#seen.get(openid)
  }
}
