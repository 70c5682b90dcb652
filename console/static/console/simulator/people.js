// The list of customers: whose phone is in hand, and who has heard something new.

import { dressAvatar } from "./avatar.js"
import { fromTemplate } from "./chat_log.js"
import { timeInChat } from "./times.js"

export class People {
  #list = document.getElementById("customers")
  #none = document.getElementById("no-customers")
  #seen = new Map() // openid → the last line looked at
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
    row.querySelector(".person__time").textContent = last ? timeInChat(last.at, this.#stage.dataset.textYesterday) : ""
    row.querySelector(".person__new").hidden = !this.#isNew(customer, isChosen)
    return row
  }

  #preview({ kind, data }) {
    const { textPicture, textLink, textCard } = this.#stage.dataset
    const kinds = { image: textPicture, link: textLink, miniprogrampage: textCard }
    return `${kinds[kind] ?? ""} ${data.title ?? data.content ?? ""}`.trim()
  }

  #isNew({ openid, last }, isChosen) {
    const newest = last?.id ?? 0
    if (isChosen || !this.#seen.has(openid)) this.#seen.set(openid, newest)
    return last?.side === "service" && newest > this.#seen.get(openid)
  }
}
