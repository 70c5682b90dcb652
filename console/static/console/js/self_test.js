// <self-test> has four lights: whether an alert can reach this agent, here and now. A light
// says what is wrong in words; its colour only repeats it.

import { choices, notify, permission } from "./desktop_notices.js"
import { isUnlocked, play, unlock } from "./tones.js"

const AGAIN = 3000 // ms between two attempts to connect
const GOOD = new Set(["granted", "on", "open", "available"])

let socket = null
let state = "waiting"

// The live line, just to see that it stands: what we say must be answered.
function connect() {
  socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/live/`)
  socket.onopen = () => socket.send(JSON.stringify({ resume: null }))
  socket.onmessage = () => hear("open")
  socket.onclose = ({ code }) => {
    hear("lost")
    if (code === 4401) document.dispatchEvent(new CustomEvent("desk:signed-out"))
    else setTimeout(connect, AGAIN)
  }
}

function hear(news) {
  state = news
  document.querySelector("self-test")?.show()
}

class SelfTest extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#press)
    document.addEventListener("alert:sound", this.show)
    this.show()
  }

  disconnectedCallback() {
    document.removeEventListener("alert:sound", this.show)
  }

  show = () => {
    const isSilent = Object.values(choices().volume).every((volume) => volume === 0)
    this.#light("permission", permission())
    this.#light("sound", isSilent ? "silent" : isUnlocked() ? "on" : "locked")
    this.#light("connection", state)
    this.#light("quiet", document.body.dataset.availability === "available" ? "available" : "quiet")
  }

  #light(name, now) {
    const light = this.querySelector(`[data-light="${name}"]`)
    light.classList.toggle("light--good", GOOD.has(now))
    for (const sentence of light.querySelectorAll("[data-state]")) sentence.hidden = sentence.dataset.state !== now
  }

  #press = async ({ target }) => {
    if (target.closest("[data-allow]")) {
      await Notification.requestPermission()
      this.show()
    }
    const test = target.closest("[data-test]")
    if (!test) return
    unlock()
    const { title, body } = test.dataset
    if (permission() === "default") await Notification.requestPermission()
    play(this.dataset.tone, choices().volume[this.dataset.tone])
    notify({ title, body, tag: "test" })
    this.show()
  }
}

customElements.define("self-test", SelfTest)
document.addEventListener("desk:signed-in", connect)
connect()
