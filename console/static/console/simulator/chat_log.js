// The lines of one chat, drawn and kept in order. A line that comes again replaces its
// older self: that is how "on its way" becomes "not delivered".

import { dressAvatar } from "./avatar.js"
import { drawText, isWeb } from "./text.js"
import { GAP, timeInChat } from "./times.js"

const NEAR_END = 80 // px from the bottom that still counts as reading the latest

export class ChatLog {
  #list
  #stage
  #onJump
  #onPicture
  #names

  // onJump({appid, path, href}) and onPicture(address) are called on a tap.
  constructor(list, stage, { onJump, onPicture }) {
    this.#list = list
    this.#stage = stage
    this.#onJump = onJump
    this.#onPicture = onPicture
  }

  // Begin with another chat. names: {customer, service}
  open(names) {
    this.#names = names
    this.#list.replaceChildren()
  }

  add(lines) {
    const wasNearEnd = this.#isNearEnd
    for (const line of lines) if (line.kind !== "event") this.#place(line)
    if (wasNearEnd || lines.some((line) => line.side === "customer" && line.state === "going")) this.scrollToEnd()
  }

  scrollToEnd() {
    this.#list.scrollTop = this.#list.scrollHeight
  }

  get #isNearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list
    return scrollHeight - scrollTop - clientHeight <= NEAR_END
  }

  #place(line) {
    const current = document.getElementById(`line-${line.id}`)
    if (current && current.dataset.kind === line.kind) return this.#settle(current, line)
    const drawn = this.#draw(line)
    this.#settle(drawn, line)
    this.#list.append(drawn)
  }

  #draw(line) {
    const drawn = fromTemplate("line")
    drawn.id = `line-${line.id}`
    drawn.classList.add(`line--${line.side}`)
    Object.assign(drawn.dataset, { kind: line.kind, side: line.side, at: line.at })
    this.#showTime(drawn, line)
    const isService = line.side === "service"
    dressAvatar(drawn.querySelector(".avatar"), isService ? this.#names.service : this.#names.customer, isService)
    const content = drawn.querySelector(".line__content")
    content.append(this.#drawContent(line))
    if (line.data.by_ai) content.append(this.#byAi())
    return drawn
  }

  #showTime(drawn, line) {
    const before = this.#list.lastElementChild
    if (before && line.at - Number(before.dataset.at) < GAP) return
    const time = drawn.querySelector(".line__time")
    time.textContent = timeInChat(line.at, this.#stage.dataset)
    time.hidden = false
  }

  #settle(drawn, line) {
    drawn.dataset.state = line.state
    const mark = drawn.querySelector(".line__state")
    if (line.state === "failed" && !mark.firstChild) mark.append(fromTemplate("failed-mark"))
    if (line.state === "transferred" && !drawn.querySelector(".line__note")) {
      const note = fromTemplate("handed-over")
      note.textContent = this.#stage.dataset.textHandedOver
      drawn.append(note)
    }
  }

  #drawContent(line) {
    switch (line.kind) {
      case "text": return this.#drawBubble(line.data.content)
      case "image": return this.#drawPicture(line.data.media_id)
      case "link": return this.#drawLink(line.data)
      case "miniprogrampage": return this.#drawCard(line.data)
      case "voice":
      case "video":
      case "location":
      case "file": return this.#drawUnknown(line)
      default: return document.createTextNode(line.data.content ?? "")
    }
  }

  #drawBubble(words) {
    const bubble = document.createElement("div")
    bubble.className = "bubble"
    bubble.dir = "auto"
    bubble.append(drawText(words, this.#onJump))
    return bubble
  }

  #drawPicture(mediaId) {
    const button = document.createElement("button")
    button.type = "button"
    button.className = "picture"
    const picture = document.createElement("img")
    picture.alt = this.#stage.dataset.textPicture
    picture.addEventListener("load", () => this.#isNearEndBefore(picture) && this.scrollToEnd())
    picture.src = this.#pictureUrl(mediaId)
    button.addEventListener("click", () => this.#onPicture(picture.src))
    button.append(picture)
    return button
  }

  #drawUnknown({ kind, data }) {
    const drawn = fromTemplate("unknown-line")
    drawn.querySelector("use").setAttribute("href", `#i-${kind}`)
    drawn.querySelector("span").textContent = `${nameOf(kind, this.#stage)} ${data.label}`.trim()
    return drawn
  }

  // A picture grows when it comes: whoever read the end still wants to.
  #isNearEndBefore(picture) {
    const { scrollHeight, scrollTop, clientHeight } = this.#list
    return scrollHeight - scrollTop - clientHeight - picture.clientHeight <= NEAR_END
  }

  #drawLink({ title, description, url, thumb_url: thumb }) {
    const card = fromTemplate("link-card")
    if (isWeb(url)) card.href = url
    card.querySelector(".card__title").textContent = title
    card.querySelector(".card__text").textContent = description
    if (isWeb(thumb) && URL.canParse(thumb) && new URL(thumb).origin === location.origin) {
      const picture = document.createElement("img") // Another site's would need a looser policy
      picture.alt = ""
      picture.src = thumb
      card.querySelector(".card__thumb").replaceChildren(picture)
    }
    return card
  }

  #drawCard({ title, pagepath, appid, thumb_media_id: cover }) {
    const card = fromTemplate("program-card")
    card.querySelector(".card__app").textContent = this.#names.service
    card.querySelector(".card__title").textContent = title
    card.querySelector(".card__cover").src = this.#pictureUrl(cover)
    card.dataset.path = pagepath
    card.addEventListener("click", () => this.#onJump({ appid: appid ?? this.#stage.dataset.app, path: pagepath }))
    return card
  }

  #byAi() {
    const note = document.createElement("span")
    note.className = "by-ai"
    note.textContent = this.#stage.dataset.textAi
    return note
  }

  #pictureUrl(mediaId) {
    return this.#stage.dataset.picturesUrl + encodeURIComponent(mediaId)
  }
}

// Return what a kind of line is called where it can't be shown.
export function nameOf(kind, { dataset }) {
  const { textPicture, textLink, textCard, textVoice, textVideo, textLocation, textFile } = dataset
  const names = { image: textPicture, link: textLink, miniprogrampage: textCard }
  return { ...names, voice: textVoice, video: textVideo, location: textLocation, file: textFile }[kind] ?? ""
}

export function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true)
}
