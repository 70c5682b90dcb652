// What was begun and not sent: kept in this browser at once, on the server soon after, so
// that neither a reload nor another computer loses it. The newer of the two is shown.

import { now } from "./clock.js"
import { ask } from "./http.js"
import { forgetPictures, hasPictures } from "./kept_pictures.js"
import { entries } from "./outbox.js"

const LOCAL_AFTER = 300 // ms after the last key
const SERVER_AFTER = 3000 // ms after the first key the server doesn't know of
const CROSSING = 1000 // ms in which a draft and the drawing of its page may cross
const ON_ITS_WAY = 60_000 // ms in which the server may still show what has just been sent

const theirs = `kefu.${document.body.dataset.agent}.`
const prefix = `${theirs}draft.`
const sentPrefix = `${theirs}sent.`
const elsewhere = new Set((document.getElementById("inbox")?.dataset.drafts ?? "").split(" ").filter(Boolean))

const MODES = { reply: "", note: ".note" } // and what each adds to a key

export function drafted(conversation) {
  return isKept(conversation) || elsewhere.has(conversation) || hasPictures(conversation) || entries().some((one) => one.conversation === conversation && isStuck(one))
}

// Sent from here, and not simply on its way.
function isStuck({ state, asksFirst }) {
  return state && (state !== "waiting" || asksFirst)
}

function isKept(conversation) {
  return Object.values(MODES).some((mode) => localStorage.getItem(prefix + conversation + mode) !== null)
}

// Whether there is anything begun has changed.
export function tellOf(conversation) {
  const detail = { conversation, has: drafted(conversation) }
  document.dispatchEvent(new CustomEvent("desk:draft", { detail }))
}

export class Draft {
  #conversation
  #url
  #mode
  #text
  #local
  #server
  #isUnsaved = false
  #saving = Promise.resolve()

  constructor(conversation, url, mode = "reply") {
    this.#conversation = conversation
    this.#url = url
    this.#mode = mode
  }

  // Return the text to go on with. `savedAt` is empty when the server had no draft as it
  // drew the page, at `drawnAt`: then what it had from here before that has been sent, from
  // another page. What it heard of at about the same time, the drawing may have missed.
  newest(saved, savedAt, drawnAt) {
    const kept = read(this.#key)
    if (saved === justSent(this.#name)) saved = savedAt = ""
    const isNewer = kept && kept.at > (Date.parse(savedAt) || 0)
    const isSentElsewhere = kept?.isSaved && !savedAt && Date.parse(drawnAt) - kept.at > CROSSING
    if (isNewer && !isSentElsewhere && !kept.isSaved) this.write(kept.text)
    else this.#text = isNewer && !isSentElsewhere ? kept.text : saved
    this.#keep()
    return this.#text
  }

  write(text) {
    this.#text = text
    if (text && text === justSent(this.#name)) localStorage.removeItem(sentPrefix + this.#name) // Begun anew
    this.#isUnsaved = true
    clearTimeout(this.#local)
    this.#local = setTimeout(() => this.#keep(), LOCAL_AFTER)
    this.#server ??= setTimeout(() => this.#save(), SERVER_AFTER)
  }

  // The page may be going away.
  flush() {
    if (!this.#isUnsaved) return
    clearTimeout(this.#local)
    this.#keep()
    this.#save(true)
  }

  // The outbox has the message: nothing of it is a draft any more, except what was added.
  sent(text, rest) {
    localStorage.setItem(sentPrefix + this.#name, JSON.stringify({ text, at: now() }))
    this.write(rest)
    clearTimeout(this.#local)
    this.#keep()
    this.#save()
  }

  get text() {
    return this.#text
  }

  #keep() {
    if (!this.#text) return this.#forget()
    const draft = { text: this.#text, at: now(), isSaved: !this.#isUnsaved }
    localStorage.setItem(this.#key, JSON.stringify(draft))
    elsewhere.add(this.#conversation)
    tellOf(this.#conversation)
  }

  #forget() {
    localStorage.removeItem(this.#key)
    if (!isKept(this.#conversation)) elsewhere.delete(this.#conversation)
    tellOf(this.#conversation)
  }

  // One after the other, so that an older text can't land after a newer one.
  #save(isLast = false) {
    clearTimeout(this.#server)
    this.#server = undefined
    const text = this.#text
    const put = async () => {
      const response = await ask(this.#url, { method: "PUT", data: { text, mode: this.#mode }, keepalive: true })
      if (!response.ok || text !== this.#text) return
      this.#isUnsaved = false
      // Back on the same conversation, another box may have gone on with it.
      if ((read(this.#key)?.text ?? "") === text) this.#keep()
    }
    const failed = () => (this.#server ??= isLast ? undefined : setTimeout(() => this.#save(), SERVER_AFTER))
    this.#saving = (isLast ? put() : this.#saving.then(put)).catch(failed)
  }

  get #key() {
    return prefix + this.#name
  }

  get #name() {
    return this.#conversation + MODES[this.#mode]
  }
}

function read(key) {
  return JSON.parse(localStorage.getItem(key) ?? "null")
}

// A page may be drawn before the server hears that its draft has gone out.
function justSent(name) {
  const sent = read(sentPrefix + name)
  return sent && now() - sent.at < ON_ITS_WAY ? sent.text : null
}

for (const key of Object.keys(localStorage)) {
  if (key.startsWith(sentPrefix) && now() - read(key).at > ON_ITS_WAY) localStorage.removeItem(key)
}

// Give the server what it doesn't have yet. Returns how many it could not be given.
export async function saveAll() {
  document.dispatchEvent(new CustomEvent("desk:flush"))
  const unsaved = Object.keys(localStorage).filter((key) => key.startsWith(prefix) && !read(key).isSaved)
  const saved = await Promise.all(unsaved.map(saveKept))
  return saved.filter((is) => !is).length
}

async function saveKept(key) {
  const [conversation, mode = "reply"] = key.slice(prefix.length).split(".")
  const data = { text: read(key).text, mode }
  const response = await ask(`/conversations/${conversation}/draft/`, { method: "PUT", data }).catch(() => null)
  return response?.ok === true
}

// All that this browser has of this agent's.
export function forgetAll() {
  for (const key of Object.keys(localStorage)) if (key.startsWith(theirs)) localStorage.removeItem(key)
  return forgetPictures()
}
