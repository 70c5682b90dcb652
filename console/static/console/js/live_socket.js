// <live-socket> keeps this tab in touch: one socket, for ever.
//
// It tells the page what arrives (`live:row`, `live:message`, `live:header`, `live:answers`,
// `live:counts`, and `live:reload` when too much was missed), and how the line is
// (`live:lost` every second, `live:found`). The database has numbered
// every change; the tab remembers the last number it has and asks for what came after it.
// While no socket can be had it asks every few seconds over HTTP.

import { learn } from "./clock.js"
import { ask } from "./http.js"
import { Typing } from "./typing.js"

const SIGNED_OUT = 4401
const NOT_FOUND = 4404
const SILENCE = 45_000 // ms after which a line is dead; the server says something every 15 s
const SILENCE_HIDDEN = 75_000 // ms; browsers let a hidden page's timers run once a minute
const LOST_AFTER = 2_000 // ms before anybody is bothered with it
const POLL_EVERY = 5_000 // ms
const HERE_EVERY = 25_000 // ms
const LONGEST_WAIT = 20_000 // ms between two attempts

class LiveSocket extends HTMLElement {
  #socket
  #seq = Number(document.body.dataset.liveSeq)
  #pending = null // the lowest number asked for and not yet answered
  #lookingAt = null
  #miniProgram = null // the only one the list shows
  #attempts = 0
  #heardAt = 0
  #lostAt = Date.now() // since when nothing is heard
  #noticedAt = Date.now() // when that was noticed: a computer may have slept in between
  #seenAt = Date.now() // when the page was last brought to the front
  #wasLost = false // and somebody was told
  #wasReset = false
  #missed = new Set() // ids of what changed since the line was lost; null while it is well
  #retry
  #isBarred = false // by the server, for good
  #typing = new Typing((what) => this.#say(what))

  connectedCallback() {
    for (const type of ["online", "focus", "pageshow"]) addEventListener(type, this.#check)
    document.addEventListener("visibilitychange", this.#check)
    document.addEventListener("desk:signed-in", this.#connect)
    addEventListener("pagehide", () => this.#drop())
    setInterval(this.#tick, 1000)
    setInterval(this.#sayHere, HERE_EVERY)
    setInterval(this.#poll, POLL_EVERY)
    this.#connect()
  }

  // seq: the number at which its pane was drawn; what has come since is asked for.
  lookAt(conversation, seq) {
    this.#lookingAt = conversation
    if (seq === undefined) this.#say({ looking_at: conversation })
    else this.catchUp(seq)
  }

  // Which mini program's conversations the badges count; null: of all.
  narrow(miniProgram) {
    this.#miniProgram = miniProgram
    this.#say({ mini_program: miniProgram })
  }

  // What a pane drawn at number `seq` may have missed before it stood on the page.
  catchUp(seq) {
    this.#want(seq)
    this.#say({ looking_at: this.#lookingAt, resume: seq })
  }

  get typing() {
    return this.#typing
  }

  #connect = () => {
    clearTimeout(this.#retry)
    this.#drop()
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/live/`)
    socket.onopen = () => this.#opened()
    socket.onmessage = ({ data }) => this.#heard(JSON.parse(data))
    socket.onclose = ({ code }) => this.#closed(socket, code)
    this.#socket = socket
    this.#heardAt = Date.now()
  }

  #opened() {
    this.#attempts = 0
    this.#want(this.#seq)
    this.#say({ resume: this.#pending, looking_at: this.#lookingAt, mini_program: this.#miniProgram })
    this.#sayHere()
  }

  // What is new may come before the answer: should the line break in between, the number of
  // the newest says nothing about those below it.
  #want(seq) {
    this.#pending = Math.min(this.#pending ?? seq, seq)
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return
    this.#socket = undefined
    this.#lose()
    if (code === SIGNED_OUT) return document.dispatchEvent(new CustomEvent("desk:signed-out"))
    if (code === NOT_FOUND) return this.#giveUp()
    // Never all tabs at once: a server that has just come back must live.
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** this.#attempts++)
    this.#retry = setTimeout(this.#connect, wait * (0.5 + Math.random() / 2))
  }

  // What this tab looks at is gone, or no longer its agent's: the list is what is left.
  #giveUp() {
    this.#isBarred = true
    if (this.#lookingAt !== null) location.assign("/")
  }

  #drop() {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
    if (socket) this.#lose()
  }

  #check = ({ type }) => {
    if (document.hidden || !this.#mayConnect) return
    if (type === "visibilitychange") this.#seenAt = Date.now()
    const isConnecting = this.#socket?.readyState === WebSocket.CONNECTING
    if (!this.#socket || (this.#isDead && !isConnecting)) this.#connect()
    else this.#sayHere()
  }

  // The answer tells the time.
  #sayHere = () => this.#say({ here: Math.round(performance.now()) })

  get #isDead() {
    return Date.now() - this.#heardAt > (document.hidden ? SILENCE_HIDDEN : SILENCE)
  }

  #lose() {
    if (this.#lostAt !== null) return
    this.#lostAt = this.#isDead ? this.#heardAt : Date.now()
    this.#noticedAt = Date.now()
    this.#missed = new Set()
    this.#wasReset = false
  }

  #heard(frame) {
    this.#heardAt = Date.now()
    this.#take(frame)
    if ("through" in frame && this.#lostAt !== null) this.#found()
  }

  #take(frame) {
    if (frame.now) learn(frame.now, frame.here)
    if (frame.html) this.#show(frame)
    else if (frame.topic) this.#tell(frame.topic, frame)
    if (frame.reset || frame.resync) this.#tell("reload")
    if (frame.reset) this.#wasReset = true
    this.#seq = Math.max(this.#seq, frame.seq ?? 0, frame.through ?? 0)
    if (frame.reset) this.#seq = frame.through
    if ("through" in frame) this.#pending = null
  }

  #show({ html }) {
    const kind = ["row", "header", "panel"].find((one) => html.slice(0, 400).includes(`-${one}"`)) ?? "message"
    this.#tell(kind, { html })
    // Once each: the last question over HTTP and the new socket may both bring it.
    if (this.#missed !== null && isNews(kind, html)) this.#missed.add(html.match(/ id="([^"]+)"/)[1])
  }

  #tell(what, detail = {}) {
    document.dispatchEvent(new CustomEvent(`live:${what}`, { detail }))
  }

  #poll = async () => {
    const isLost = this.#lostAt !== null && Date.now() - this.#lostAt > LOST_AFTER
    if (!isLost || document.hidden || !this.#mayConnect) return
    this.#want(this.#seq)
    const after = this.#pending
    const query = new URLSearchParams({ after, looking_at: this.#lookingAt ?? "", mini_program: this.#miniProgram ?? "" })
    const response = await ask(`/events/?${query}`).catch(() => null)
    if (!response?.ok || this.#lostAt === null) return
    const { frames = [], ...rest } = await response.json()
    frames.forEach((frame) => this.#take(frame))
    if (this.#pending >= after) this.#take(rest) // Else a pane has come that wants more
  }

  #tick = () => {
    if (this.#socket && this.#isDead) this.#connect()
    if (this.#lostAt === null) return
    // Nobody who comes back to this page is told of a line that is there a moment later.
    const since = Math.max(this.#noticedAt, this.#seenAt)
    const isShown = !document.hidden && Date.now() - since >= LOST_AFTER
    this.#wasLost ||= isShown
    this.#tell("lost", { lostFor: Date.now() - this.#lostAt, isShown })
  }

  #found() {
    const missed = this.#missed.size
    const isNews = this.#wasLost || (missed > 0 && Date.now() - this.#lostAt > LOST_AFTER)
    this.#lostAt = null
    this.#missed = null
    this.#tell("found", { missed, isNews, wasReset: this.#wasReset && this.#wasLost })
    this.#wasLost = false
  }

  #say(what) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false
    this.#socket.send(JSON.stringify(what))
    return true
  }

  get #mayConnect() {
    return !this.#isBarred && !document.getElementById("signed-out").open
  }
}

// A thread tells its own messages; a row tells of a conversation that isn't on show.
function isNews(kind, html) {
  const customer = document.getElementById("conversation").dataset.customer
  const isElsewhere = !html.slice(0, 400).includes(`data-customer="${customer}"`)
  return kind === "message" || (kind === "row" && isElsewhere)
}

customElements.define("live-socket", LiveSocket)

export const live = document.querySelector("live-socket")
