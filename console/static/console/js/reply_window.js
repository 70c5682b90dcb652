// <reply-window> in the header and <window-meter> on a row say how many messages WeChat still
// lets us send a customer, and until when. The server says what each act of theirs granted
// and what of it is used; time goes by here, by the server's clock.
//
// The one in the header also closes the box when nothing may be sent, with the reason and
// what helps, and opens it again as soon as something may. What was written stays.

import { format } from "./clock.js"
import { parse } from "./http.js"
import { read, standing } from "./windows.js"

const HOUR = 3600 // s
const NEAR = 6 * HOUR // s left from which it is worth a colour
const FEW = 2 // messages left from which it is
const ENTRY_NEAR = 20 // s, of the minute that entering opens

const words = document.getElementById("window-words").dataset
const language = document.documentElement.lang
const moment = format({ month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" })
const shown = new Set()

function toneOf({ kind, left, seconds }) {
  if (kind === null) return "closed"
  if (left === 0) return "spent"
  if (kind === "entry") return seconds < ENTRY_NEAR ? "near" : "plain"
  if (seconds < HOUR) return "late"
  return seconds < NEAR || left <= FEW ? "near" : "plain"
}

class WindowElement extends HTMLElement {
  static observedAttributes = ["data-windows", "data-refusal"]

  connectedCallback() {
    const ring = document.getElementById("window-ring").content.cloneNode(true)
    this.replaceChildren(ring, document.createElement("span"), document.createElement("span"))
    shown.add(this)
    this.tick()
  }

  disconnectedCallback() {
    shown.delete(this)
  }

  attributeChangedCallback() {
    if (shown.has(this)) this.tick()
  }

  tick() {
    const room = this.standing
    const tone = toneOf(room)
    if (this.dataset.tone !== tone) this.dataset.tone = tone
    const share = String(Math.ceil(room.share * 100))
    const arc = this.querySelector(".ring__left")
    // Empties clockwise, from the top.
    if (this.dataset.share !== share) arc.setAttribute("stroke-dasharray", `0 ${100 - share} ${share} 1`)
    this.dataset.share = share
    const [first, second] = this.querySelectorAll("span")
    const [count, time] = this.words(room, tone)
    if (first.textContent !== count) first.textContent = count
    if (second.textContent !== time) second.textContent = time
  }

  get windows() {
    return read(this.dataset.windows)
  }

  get standing() {
    return standing(this.windows, this.dataset.refusal)
  }
}

class WindowMeter extends WindowElement {
  words({ left, allowed, seconds }, tone) {
    if (tone === "closed") return [this.windows.length ? words.closed : words.never, ""]
    return [`${left}/${allowed}`, roughly(seconds)]
  }
}

class ReplyWindow extends WindowElement {
  #known = ""

  words(room, tone) {
    this.title = this.#title(room)
    this.#tell(room)
    if (tone === "closed") return [this.windows.length ? words.closed : words.never, ""]
    if (tone === "spent") return [words.spent, ""]
    return [this.#count(room), this.#time(room)]
  }

  // For whoever asks what may be sent: the attributes, and an event when they change.
  #tell({ left, allowed, kind, closesAt }) {
    const { dataset } = this
    const known = JSON.stringify([left, allowed, kind, closesAt, dataset.refusal, this.windows.length])
    if (known === this.#known) return
    this.#known = known
    Object.assign(dataset, { left, allowed, kind: kind ?? "", closesAt: closesAt ? new Date(closesAt).toISOString() : "" })
    this.#close(left === 0)
    this.#warn(left)
    const detail = { left, allowed, kind, closesAt, refusal: dataset.refusal || null }
    this.dispatchEvent(new CustomEvent("reply-window-changed", { bubbles: true, detail }))
  }

  #count({ left, allowed, kind }) {
    if (kind === "entry") return words.entered.replace("{left}", left)
    if (left === 1) return words.last
    return (left <= FEW ? words.few : words.left).replace("{left}", left).replace("{allowed}", allowed)
  }

  #time({ kind, seconds }) {
    if (kind === "entry") return clock(seconds)
    return (seconds < HOUR ? words.hour : words.time).replace("{time}", clock(seconds))
  }

  #title({ closesAt }) {
    if (this.dataset.refusal) return words.byWechat
    return closesAt ? words.until.replace("{time}", moment.format(closesAt)) : ""
  }

  // The box: read only, or not.
  #close(isClosed) {
    const composer = document.querySelector("message-composer")
    const box = composer?.querySelector(".composer__text")
    if (!box) return
    composer.querySelector(".window-closed")?.remove()
    composer.toggleAttribute("data-closed", isClosed)
    box.readOnly = isClosed
    if (isClosed) composer.prepend(this.#reason())
  }

  // Beside Send, when it is worth a thought.
  #warn(left) {
    const button = document.querySelector("message-composer .composer__send")
    if (!button) return
    button.parentElement.querySelector(".window-few")?.remove()
    if (left === 0 || left > FEW) return
    const textContent = (left === 1 ? words.last : words.few).replace("{left}", left)
    button.before(Object.assign(document.createElement("span"), { className: "window-few", textContent }))
  }

  #reason() {
    const reason = document.getElementById("window-closed").content.firstElementChild.cloneNode(true)
    const { kind } = this.standing
    const why = kind !== null ? "spent" : this.windows.length ? "closed" : "never"
    reason.querySelector("[data-why]").textContent = reason.dataset[why]
    // By our own count there was something left: then something is wrong somewhere.
    const isContested = this.dataset.refusal !== "" && standing(this.windows, "").left > 0
    reason.querySelector("[data-check]").hidden = !isContested
    return reason
  }
}

// "41:12:07", and "12:07" in the last hour.
function clock(seconds) {
  const whole = Math.floor(seconds)
  const parts = [whole / HOUR, (whole / 60) % 60, whole % 60].map((part) => String(Math.floor(part)).padStart(2, "0"))
  return (whole < HOUR ? parts.slice(1) : parts).join(":")
}

// "41h", "12m", "48s", in the page's language.
function roughly(seconds) {
  const [count, unit] = seconds >= HOUR ? [seconds / HOUR, "hour"] : seconds >= 60 ? [seconds / 60, "minute"] : [seconds, "second"]
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow" }).format(Math.floor(count))
}

// A customer has one window, however many conversations: news of one is news of all.
function share({ detail }) {
  const drawn = parse(detail.html).querySelector("[data-windows]")
  if (!drawn) return
  const { customer, windows, refusal } = drawn.dataset
  for (const element of shown) {
    if (element.dataset.customer === customer) Object.assign(element.dataset, { windows, refusal })
  }
}

document.addEventListener("live:row", share)
document.addEventListener("live:header", share)

customElements.define("window-meter", WindowMeter)
customElements.define("reply-window", ReplyWindow)

setInterval(() => shown.forEach((element) => element.tick()), 1000)
