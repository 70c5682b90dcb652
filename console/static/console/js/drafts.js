// What was begun and not sent: kept in this browser at once, on the server soon after, so
// that neither a reload nor another computer loses it. The newer of the two is shown.

import { now } from "./clock.js"
import { ask } from "./http.js"

const LOCAL_AFTER = 300 // ms after the last key
const SERVER_AFTER = 3000 // ms after the first key the server doesn't know of

const theirs = `kefu.${document.body.dataset.agent}.`
const prefix = `${theirs}draft.`
const elsewhere = new Set((document.getElementById("inbox")?.dataset.drafts ?? "").split(" ").filter(Boolean))

export function drafted(conversation) {
  return localStorage.getItem(prefix + conversation) !== null || elsewhere.has(conversation)
}

export class Draft {
  #conversation
  #url
  #text
  #local
  #server
  #isUnsaved = false
  #saving = Promise.resolve()

  constructor(conversation, url) {
    this.#conversation = conversation
    this.#url = url
  }

  // Return the text to go on with. `savedAt` is empty when the server has no draft: then
  // what it once had from here has been sent, from another page.
  newest(saved, savedAt) {
    const kept = JSON.parse(localStorage.getItem(this.#key) ?? "null")
    const isNewer = kept && kept.at > (Date.parse(savedAt) || 0)
    const isSentElsewhere = kept?.isSaved && !savedAt
    if (isNewer && !isSentElsewhere && !kept.isSaved) this.write(kept.text)
    else this.#text = isNewer && !isSentElsewhere ? kept.text : saved
    this.#keep()
    return this.#text
  }

  write(text) {
    this.#text = text
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

  // The server has the message: nothing of it is a draft any more, except what was added.
  sent(rest) {
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
    this.#tell(true)
  }

  #forget() {
    localStorage.removeItem(this.#key)
    this.#tell(false)
  }

  #tell(has) {
    if (has) elsewhere.add(this.#conversation)
    else elsewhere.delete(this.#conversation)
    const detail = { conversation: this.#conversation, has }
    document.dispatchEvent(new CustomEvent("desk:draft", { detail }))
  }

  // One after the other, so that an older text can't land after a newer one.
  #save(isLast = false) {
    clearTimeout(this.#server)
    this.#server = undefined
    const text = this.#text
    const put = async () => {
      const response = await ask(this.#url, { method: "PUT", data: { text }, keepalive: true })
      if (!response.ok || text !== this.#text) return
      this.#isUnsaved = false
      this.#keep()
    }
    const failed = () => (this.#server ??= isLast ? undefined : setTimeout(() => this.#save(), SERVER_AFTER))
    this.#saving = (isLast ? put() : this.#saving.then(put)).catch(failed)
  }

  get #key() {
    return prefix + this.#conversation
  }
}

// Whoever sits here next must not find what customers said.
document.getElementById("sign-out")?.addEventListener("submit", () => {
  document.dispatchEvent(new CustomEvent("desk:flush"))
  for (const key of Object.keys(localStorage)) if (key.startsWith(theirs)) localStorage.removeItem(key)
})
