// <desk-alerts> calls the agent: with tones, notices on the desktop, and a line over the list
// while customers wait too long. Of all the tabs one sounds, and one shows notices.
//
//     a customer of mine writes   before my eyes: nothing · in another tab or conversation:
//                                 softly · nothing of ours has the focus: loud, and a notice
//     somebody begins to wait     a tone and a notice
//     somebody waits too long     again every 30 s, three times; one line for all of them
//     the time to reply runs out  once; one line for all of them
//     a colleague hands over, or calls my name    always; all else is silent while I am busy

import { choices, mayNotify, notify, withdraw } from "./desktop_notices.js"
import { parse } from "./http.js"
import { visit } from "./panes.js"
import { compete, isDone, leads, whereabouts } from "./tabs.js"
import { isUnlocked, play, unlock } from "./tones.js"
import * as watch from "./watch.js"

const TOGETHER = 1000 // ms within which the same tone sounds once
const MANY = 3 // notices of as many conversations; then one for all
const SOFTLY = 0.6 // of the volume
const OFFLINE_AFTER = 10_000 // ms
const FOR_ME = new Set(["transfer", "offer", "mention"])

class DeskAlerts extends HTMLElement {
  #soundedAt = new Map() // {tone: ms}
  #noticed = new Map() // {tag: ms}
  #called = new Set() // messages that called this agent
  #isOfflineTold = false
  #learning = new AbortController()

  connectedCallback() {
    document.addEventListener("live:row", ({ detail }) => this.#row(parse(detail.html)))
    document.addEventListener("live:agent", ({ detail }) => this.#agent(detail))
    document.addEventListener("live:reload", () => this.#relearn())
    document.addEventListener("live:lost", ({ detail }) => this.#lost(detail))
    document.addEventListener("live:found", () => this.#found())
    document.addEventListener("alert:sound", this.#offerSound)
    this.#late.addEventListener("click", () => this.#openLongest())
    this.#ending.addEventListener("click", () => this.#visit(watch.ending()))
    this.#sound.addEventListener("click", () => unlock())
    new BroadcastChannel("kefu-settings").onmessage = ({ data }) => this.#change(data)
    compete("notice")
    unlock()
    this.#offerSound()
    watch.learn(this.#learning.signal)
    setInterval(() => this.#tick(), 1000)
  }

  #row(element) {
    const { one, is } = watch.notice(element)
    if (one.unread === 0) withdraw(tagOf(one.conversation))
    if (is === "message") this.#message(one)
    if (is === "waiting") this.#tell("waiting", one, this.dataset.waiting)
    this.#showLate()
  }

  async #message(one) {
    const { isFocused, isOpen } = await whereabouts(one.customer)
    if (isOpen || this.#isQuiet) return
    this.#ring("message", isFocused ? SOFTLY : 1)
    if (!isFocused) this.#notify(one, this.dataset.message)
  }

  #tell(tone, one, saying) {
    if (this.#isQuiet) return
    this.#ring(tone)
    this.#notify(one, saying)
  }

  // From a colleague, or of the house: with a sentence that says it all.
  #agent({ about, agent, availability, conversation, message, text }) {
    if (about === "availability" && String(agent) === document.body.dataset.agent) document.body.dataset.availability = availability
    if (!FOR_ME.has(about) || this.#called.has(message)) return
    this.#called.add(message)
    this.#ring("called")
    if (!mayNotify()) return
    const body = choices().hide_text ? this.dataset.called : text
    notify({ title: this.dataset.calledTitle, body, tag: tagOf(conversation), does: () => visit(String(conversation)) })
  }

  #tick() {
    const waiting = this.#showLate()
    const isTime = watch.remind(waiting)
    if (isTime && !this.#isQuiet && choices().repeat) this.#ring("waiting")
    if (isTime && !this.#isQuiet) this.#notifyLate(waiting)
    for (const one of watch.closingNow()) this.#tell("closing", one, this.dataset.closing)
    if (isUnlocked()) leads("sound")
  }

  // One line for all of them. It lies over the list: nothing moves for it.
  #showLate() {
    const waiting = this.#isQuiet ? [] : watch.late()
    if (waiting.length === 0) withdraw("late")
    this.#count(this.#late, "late", waiting)
    this.#count(this.#ending, "ending", this.#isQuiet ? [] : watch.ending())
    return waiting
  }

  #count(line, what, { length }) {
    line.hidden = length === 0
    const text = this.#say(what, length)
    if (line.textContent !== text) line.textContent = text
  }

  async #notifyLate(waiting) {
    if (!mayNotify() || (await whereabouts("")).isFocused) return
    notify({ title: this.#say("late", waiting.length), body: waiting[0].name, tag: "late", does: () => this.#openLongest() })
  }

  #openLongest() {
    this.#visit(watch.late())
  }

  #visit([first]) {
    if (first) visit(first.conversation)
  }

  #ring(tone, share = 1) {
    if (!leads("sound")) return
    const [at, before] = [Date.now(), this.#soundedAt.get(tone) ?? 0]
    if (at - before < TOGETHER) return
    if (play(tone, choices().volume[tone] * share)) this.#soundedAt.set(tone, at)
  }

  #notify(one, saying) {
    if (!mayNotify()) return
    const [at, tag] = [Date.now(), tagOf(one.conversation)]
    for (const [other, then] of this.#noticed) if (at - then > TOGETHER) this.#noticed.delete(other)
    this.#noticed.set(tag, at)
    if (this.#noticed.size > MANY) return notify({ title: this.dataset.calledTitle, body: this.#say("many", this.#noticed.size), tag: "many" })
    const body = choices().hide_text ? saying : one.text
    notify({ title: one.name, body, tag, does: () => visit(one.conversation) })
  }

  #lost({ lostFor }) {
    if (lostFor < OFFLINE_AFTER || this.#isOfflineTold) return
    this.#isOfflineTold = true
    if (document.hidden && mayNotify()) notify({ title: this.dataset.calledTitle, body: this.dataset.lost, tag: "connection" })
  }

  #found() {
    this.#isOfflineTold = false
    withdraw("connection")
  }

  #relearn() {
    this.#learning.abort()
    this.#learning = new AbortController()
    watch.forget()
    watch.learn(this.#learning.signal)
  }

  // The bar, where no tab of this browser may sound yet.
  #offerSound = async () => {
    if (isUnlocked()) compete("sound")
    const { volume } = choices()
    const wantsSound = Object.values(volume).some((percent) => percent > 0)
    this.#sound.hidden = isUnlocked() || !wantsSound || (await isDone("sound"))
  }

  #change({ agent, alerts }) {
    if (agent === document.body.dataset.agent) document.body.dataset.alerts = alerts
  }

  #say(what, count) {
    return (count === 1 ? this.dataset[`${what}One`] : this.dataset[what]).replace("{n}", count)
  }

  // By the agent's own word.
  get #isQuiet() {
    return document.body.dataset.availability !== "available"
  }

  get #late() {
    return document.getElementById("late")
  }

  get #ending() {
    return document.getElementById("closing")
  }

  get #sound() {
    return document.getElementById("sound-locked")
  }
}

function tagOf(conversation) {
  return `conversation-${conversation}`
}

customElements.define("desk-alerts", DeskAlerts)
