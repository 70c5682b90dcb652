// Pictures chosen and not yet sent, each with the conversation it was chosen for, whatever
// pane is on show. What this page knows of them an earlier page may have kept.

import { tellOf } from "./drafts.js"
import { forget, keep, kept } from "./kept_pictures.js"
import { show, showFailure } from "./notices.js"
import { entries, newUuid } from "./outbox.js"
import { shrink } from "./shrink.js"
import { unsent } from "./unsent.js"
import { upload } from "./upload.js"

const TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp"]
const MOST = 20

const trays = new Map()
let latest = 0

export function trayOf(conversation, limits) {
  if (!trays.has(conversation)) trays.set(conversation, new Tray(conversation))
  return Object.assign(trays.get(conversation), { limits })
}

export function imagesIn(transfer) {
  return [...(transfer?.files ?? [])].filter(({ type }) => type.startsWith("image/"))
}

class Tray extends EventTarget {
  pictures = []
  limits // {src, mostBytes, mostUpload}
  #conversation
  #sending = null // what is under way
  #stuck = [] // uuids of what was sent before and goes no further by itself

  constructor(conversation) {
    super()
    this.#conversation = conversation
  }

  // Returns whether all of the files are pictures that can be sent.
  add(files) {
    const fit = files.filter(({ type }) => TYPES.includes(type))
    const room = fit.slice(0, MOST - this.pictures.length)
    for (const file of room) {
      const picture = new Picture({ file, original: file, uuid: newUuid() })
      this.pictures.push(picture)
      this.#prepare(picture)
      this.#keep(picture)
    }
    this.#changed()
    return room.length === files.length
  }

  // Those that an earlier page kept stand before what has been added here.
  restore(records) {
    const pictures = records.map((record) => Object.assign(new Picture(record), { isKept: true }))
    this.pictures.unshift(...pictures)
    for (const picture of pictures) if (picture.state === "preparing") this.#prepare(picture)
    if (!unsent(this.#conversation).length) this.unbind()
    this.#changed()
    tellOf(this.#conversation)
  }

  remove(picture) {
    if (picture.state === "sending") return
    this.pictures = this.pictures.filter((one) => one !== picture)
    this.#forget(picture)
    this.#changed()
  }

  useOriginal(picture) {
    this.#forget(picture)
    Object.assign(picture, { file: picture.original, uuid: newUuid() })
    this.#keep(picture)
    this.#changed()
  }

  // Have those that are here now go after the text that is on its way.
  bind(isBound = true) {
    if (isBound) this.#stuck = this.#sent.filter(({ state }) => !["held", "waiting"].includes(state)).map(({ uuid }) => uuid)
    for (const picture of this.pictures) {
      if (picture.isBound === isBound) continue
      picture.isBound = isBound
      this.#keep(picture)
    }
    this.#changed()
  }

  unbind() {
    this.bind(false)
  }

  get isBound() {
    return this.pictures.some(({ isBound }) => isBound)
  }

  get isSending() {
    return this.#sending !== null
  }

  // Whether a text before them has not gone.
  get mustWait() {
    return this.#sent.some(({ uuid, isNote }) => !isNote && !this.#stuck.includes(uuid))
  }

  get #sent() {
    return entries().filter(({ conversation }) => conversation === this.#conversation)
  }

  // Send those that are bound, or else all, one message each, in their order. One that fails
  // stays, with those behind it. taken(outcome) is called for each that went. Returns the
  // outcome of the last.
  send(taken) {
    if (!this.isBound) this.bind()
    this.#sending ??= this.#sendAll(taken).finally(() => {
      this.#sending = null
      this.unbind()
    })
    return this.#sending
  }

  async #sendAll(taken) {
    let outcome = { state: "taken" }
    while (this.pictures[0]?.isBound && outcome.state === "taken") {
      const [picture] = this.pictures
      await picture.prepared
      if (picture.state === "unusable") return { state: "unusable" }
      if (this.pictures[0] !== picture) continue // Taken out meanwhile
      outcome = await this.#sendOne(picture)
      if (outcome.state === "taken") taken(outcome)
    }
    return outcome
  }

  async #sendOne(picture) {
    Object.assign(picture, { state: "sending", progress: 0, error: "" })
    this.#changed()
    const progress = (part) => {
      picture.progress = part
      this.#changed()
    }
    const outcome = await upload(this.limits.src, { image: picture.file, client_uuid: picture.uuid }, progress)
    picture.state = outcome.state === "taken" ? "ready" : "failed"
    picture.error = outcome.error ?? ""
    if (outcome.state === "taken") this.remove(picture)
    this.#changed()
    return outcome
  }

  #prepare(picture) {
    const { mostBytes, mostUpload } = this.limits
    if (picture.original.size <= mostBytes) return
    picture.state = "preparing"
    picture.prepared = shrink(picture.original, mostBytes).then((smaller) => {
      const isUsable = smaller || picture.original.size <= mostUpload
      if (smaller) picture.file = smaller
      picture.state = isUsable ? "ready" : "unusable"
      if (this.pictures.includes(picture)) this.#keep(picture)
      this.#changed()
    })
  }

  async #keep(picture) {
    const { file, original, uuid, place, isBound, state } = picture
    const lasting = ["preparing", "unusable"].includes(state) ? state : "ready"
    const record = { file, original, uuid, place, isBound, state: lasting, limits: this.limits }
    const keeping = keep({ ...record, conversation: this.#conversation })
    tellOf(this.#conversation)
    picture.isKept = await keeping
  }

  #forget({ uuid }) {
    forget({ conversation: this.#conversation, uuid })
    tellOf(this.#conversation)
  }

  #changed() {
    this.dispatchEvent(new Event("change"))
  }
}

class Picture {
  state // preparing, ready, sending, failed, unusable
  progress = 0
  error = ""
  prepared = Promise.resolve()
  isKept = false

  constructor({ file, original, uuid, state = "ready", isBound = false, place = Date.now() }) {
    latest = Math.max(place, latest + 1)
    Object.assign(this, { file, original, uuid, state, isBound, place: latest })
  }

  get isShrunk() {
    return this.file !== this.original
  }
}

async function restore() {
  const records = (await kept()).sort((one, other) => one.place - other.place)
  for (const conversation of new Set(records.map((one) => one.conversation))) {
    const theirs = records.filter((one) => one.conversation === conversation)
    trayOf(conversation, trays.get(conversation)?.limits ?? theirs[0].limits).restore(theirs)
  }
}

// The text has gone, perhaps while another conversation is open.
document.addEventListener("desk:said", async ({ detail: { conversation } }) => {
  const tray = trays.get(conversation)
  if (!tray?.isBound || tray.isSending || tray.mustWait) return
  const said = ({ messages }) => document.dispatchEvent(new CustomEvent("desk:said", { detail: { conversation, messages } }))
  const { state, error } = await tray.send(said)
  const sentence = error || document.querySelector("picture-tray")?.dataset[state]
  if (state !== "taken") sentence ? show(sentence) : showFailure()
})

// A text that was taken back takes no pictures along. That one has gone is told in the same
// breath.
document.addEventListener("desk:unsent", () => {
  queueMicrotask(() => {
    for (const tray of trays.values()) if (tray.isBound && !tray.isSending && !tray.mustWait) tray.unbind()
  })
})

// A picture dropped beside the conversation must not replace the page.
for (const type of ["dragover", "drop"]) {
  document.addEventListener(type, (event) => {
    if (!event.dataTransfer?.types.includes("Files") || event.defaultPrevented) return
    event.preventDefault()
    event.dataTransfer.dropEffect = "none"
  })
}

// Those that could not be kept are nowhere else.
addEventListener("beforeunload", (event) => {
  if ([...trays.values()].some(({ pictures }) => pictures.some(({ isKept }) => !isKept))) event.preventDefault()
})

restore().catch(() => {})
