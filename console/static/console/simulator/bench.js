// What is to go wrong for one mini program: armed by a click, counted down as it happens.

import { fromTemplate } from "./chat_log.js"
import { control } from "./server.js"

const ALWAYS = -1

const byId = (id) => document.getElementById(id)

function openApp({ appid }) {
  const url = new URL(location)
  url.searchParams.delete("customer")
  url.searchParams.set("app", appid)
  location.assign(url)
}

export class Bench {
  #bench = byId("bench")
  #choices = [...this.#bench.querySelectorAll(".choice")]
  #appid
  #onFailure

  constructor(appid, onFailure) {
    this.#appid = appid
    this.#onFailure = onFailure
    for (const choice of this.#choices) choice.addEventListener("click", () => this.#do(() => this.#arm(choice)))
    byId("clear-faults").addEventListener("click", () => this.#do(() => this.#clear({ appid })))
    this.#bench.addEventListener("change", ({ target }) => {
      if (target.name === "way") this.#do(() => control("POST", this.#url("apps"), { appid, way: target.value }))
    })
    byId("set-up").addEventListener("submit", (event) => this.#submit(event, { appid }))
    byId("add-app").addEventListener("submit", (event) => this.#submit(event, {}, openApp))
    byId("check-address").addEventListener("click", () => this.#do(() => this.#check()))
  }

  draw({ faults, limits, app }) {
    this.#drawArmed(faults)
    this.#drawLimits(limits)
    if (app) this.#drawWay(app)
  }

  async #do(what) {
    try {
      await what()
    } catch {
      this.#onFailure()
    }
  }

  async #arm({ dataset }) {
    const fault = { ...JSON.parse(dataset.fault), appid: this.#appid, count: Number(byId("fault-count").value) }
    const seconds = Number(byId("fault-seconds").value)
    if (dataset.takes === "seconds" && fault.kind === "push") fault.options.delay = seconds
    else if (dataset.takes === "seconds") fault.seconds = seconds
    await control("POST", this.#url("faults"), fault)
    if ("expires" in dataset) await control("POST", this.#url("faults"), { kind: "expire_tokens", appid: this.#appid })
  }

  // What is left empty stays as it is.
  #submit(event, known, onDone = () => {}) {
    event.preventDefault()
    const form = event.target
    const given = Object.fromEntries([...new FormData(form)].filter(([, value]) => value))
    return this.#do(async () => {
      const app = await control("POST", this.#url("apps"), { ...known, ...given })
      for (const field of form.querySelectorAll("input:not([name=push_url])")) field.value = ""
      form.closest("details").open = false
      onDone(app)
    })
  }

  #clear(which) {
    return control("DELETE", `${this.#url("faults")}?${new URLSearchParams(which)}`)
  }

  #drawArmed(faults) {
    byId("no-faults").hidden = faults.length > 0
    byId("clear-faults").hidden = faults.length === 0
    byId("armed-count").textContent = faults.length || ""
    byId("armed").replaceChildren(...faults.map((fault) => this.#drawFault(fault)))
    const armed = new Set(faults.map(({ name }) => name))
    for (const choice of this.#choices) choice.classList.toggle("choice--armed", armed.has(choice.dataset.name))
  }

  #drawFault(fault) {
    const row = fromTemplate("armed-fault")
    const choice = this.#choices.find(({ dataset }) => dataset.name === fault.name)
    const name = choice ? choice.innerText.replace(/\s+/g, " ") : [fault.kind, fault.path].join(" ")
    const seconds = fault.seconds || fault.options.delay
    row.querySelector(".armed__name").textContent = seconds ? `${name} ${seconds} s` : name
    row.querySelector(".armed__left").textContent =
      fault.count === ALWAYS ? this.#bench.dataset.textAlways : `${fault.count}×`
    row.querySelector("button").addEventListener("click", () => this.#do(() => this.#clear({ id: fault.id })))
    return row
  }

  #drawWay({ way, ways, address, mode, format, push_url: pushUrl, has_previous_key: hasPreviousKey }) {
    const setUp = byId("set-up")
    if (!setUp.contains(document.activeElement)) {
      for (const [name, value] of Object.entries({ push_url: pushUrl, mode, format })) setUp.elements[name].value = value
    }
    for (const radio of this.#bench.querySelectorAll("[name=way]")) {
      radio.checked = radio.value === way
      radio.disabled = !ways.includes(radio.value)
    }
    byId("address").textContent = address
    const said = (name, value) => setUp.elements[name].querySelector(`[value="${value}"]`).textContent
    const written = said("format", format)
    byId("form").textContent = { url: `${said("mode", mode)} · ${written}`, relay: "JSON", cloudrun: written }[way]
    const old = this.#choices.find(({ dataset }) => dataset.name === "old_key")
    old.disabled = !hasPreviousKey
    old.title = hasPreviousKey ? "" : this.#bench.dataset.textNoKey
    byId("check-address").disabled = !address
  }

  #drawLimits(limits) {
    const rows = Object.entries(limits).flatMap(([name, value]) => {
      const [term, words] = [document.createElement("dt"), document.createElement("dd")]
      term.textContent = name
      words.textContent = Array.isArray(value) ? value.join(" / ") : String(value ?? "–")
      return [term, words]
    })
    byId("limits").replaceChildren(...rows)
  }

  async #check() {
    const { ok, status, answer } = await control("POST", `${this.#url("apps")}/${this.#appid}/check`, {})
    const { textOk, textNotOk, textUnheard, textUnchecked } = this.#bench.dataset
    const refused = status ? textNotOk.replace("{status}", status).replace("{answer}", answer || "–") : textUnheard.replace("{answer}", answer)
    const words = { true: textOk, false: refused, null: textUnchecked }[ok]
    byId("checked").textContent = words
    byId("checked").hidden = false
    byId("checked").classList.toggle("bench__checked--bad", ok === false)
  }

  #url(what) {
    return this.#bench.dataset.controlUrl + what
  }
}
