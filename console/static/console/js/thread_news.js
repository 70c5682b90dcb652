// What the agent has not seen of the thread on show: what came below the screen, what came
// late somewhere above it, and what was there already when they opened it.

import { alarm } from "./announcements.js"

// Whether a message tells its reader anything: neither their own nor a mere event.
export function isNews(message) {
  return !message.matches(".message--event") && message.dataset.agent !== document.body.dataset.agent
}

export class News {
  #thread
  #place
  #below = [] // ids of elements, the oldest first
  #late = [] // the messages' numbers
  #told = new Set() // late ones that are not on the page
  #isFar = false

  constructor(thread, place) {
    this.#thread = thread
    this.#place = place
  }

  // The first that is new to this agent: since they last looked, else since anybody did.
  firstUnread(messages) {
    const { seen, unread } = this.#thread.dataset
    const oldest = Number(messages[0]?.dataset.messageId)
    if (seen && oldest <= Number(seen)) {
      return messages.find((one) => isNews(one) && Number(one.dataset.messageId) > Number(seen)) ?? null
    }
    const theirs = messages.filter((one) => one.matches(".message--customer:not(.message--event)"))
    return Number(unread) > 0 ? theirs.at(-unread) ?? theirs[0] ?? null : null
  }

  // Ids of elements, which need not be on the page.
  get unseen() {
    return [...this.#late.map((number) => `message-${number}`), ...this.#below]
  }

  below(messages) {
    this.#below = messages.filter((one) => isNews(one) && !this.#place.shows(one)).map((one) => one.id)
  }

  // where  end, among, above (what is on the page) or below (it)
  came(message, where, follows) {
    const isLate = Boolean(message.querySelector(".message__late"))
    if (where === "above" && !isLate) return // An old one that changed
    if (isLate && where !== "end") this.#cameLate(message)
    else if (isNews(message) && !follows) this.#below.push(message.id)
    this.#show()
  }

  changed(before, after) {
    const hasFailed = (message) => message.querySelector(".delivery--failed, .delivery--unconfirmed")
    const failure = hasFailed(after)
    if (!failure || hasFailed(before) || isNews(after)) return
    alarm(this.#thread.dataset.failed.replace("{text}", failure.textContent.trim()))
  }

  scrolled({ follows, isFar }) {
    this.#isFar = isFar
    const isBelow = (id) => {
      const message = document.getElementById(id)
      return !message || !this.#place.shows(message)
    }
    this.#below = follows ? [] : this.#below.filter(isBelow)
    this.#late = this.#late.filter((number) => isBelow(`message-${number}`))
    this.#show()
  }

  takeLate() {
    const number = this.#late.shift()
    this.#show()
    return number
  }

  #cameLate(message) {
    const { messageId } = message.dataset
    if (this.#told.has(messageId)) return
    this.#told.add(messageId)
    if (!message.isConnected || !this.#place.shows(message)) this.#late.push(messageId)
  }

  #show() {
    const late = this.#thread.querySelector(".thread__late")
    const pill = this.#thread.querySelector(".thread__pill")
    fill(late, this.#late.length, late.dataset.text)
    const count = this.#below.length
    fill(pill, count || (this.#isFar ? 1 : 0), count ? pill.dataset.text : pill.dataset.end)
  }
}

function fill(pill, count, text) {
  pill.hidden = count === 0
  const words = text.replace("{n}", count)
  if (pill.textContent !== words) pill.textContent = words
}
