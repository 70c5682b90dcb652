// Pictures chosen and not yet sent: in the memory of this page, each with the conversation
// it was chosen for, whatever pane is on show. An object URL lives as long as its picture.

import { newUuid } from "./outbox.js"
import { shrink } from "./shrink.js"
import { upload } from "./upload.js"

const TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp"]
const MOST = 20

const trays = new Map()

export function trayOf(conversation, limits) {
  if (!trays.has(conversation)) trays.set(conversation, new Tray(limits))
  return trays.get(conversation)
}

export function imagesIn(transfer) {
  return [...(transfer?.files ?? [])].filter(({ type }) => type.startsWith("image/"))
}

class Tray extends EventTarget {
  pictures = []
  #limits
  #sending = null // what is under way

  // limits: {src, mostBytes, mostUpload}
  constructor(limits) {
    super()
    this.#limits = limits
  }

  // Returns whether all of the files are pictures that can be sent.
  add(files) {
    const fit = files.filter(({ type }) => TYPES.includes(type))
    const room = fit.slice(0, MOST - this.pictures.length)
    for (const file of room) {
      const picture = new Picture(file)
      this.pictures.push(picture)
      this.#prepare(picture)
    }
    this.#changed()
    return room.length === files.length
  }

  remove(picture) {
    if (picture.state === "sending") return
    this.pictures = this.pictures.filter((one) => one !== picture)
    URL.revokeObjectURL(picture.url)
    this.#changed()
  }

  useOriginal(picture) {
    picture.file = picture.original
    picture.uuid = newUuid()
    this.#changed()
  }

  // Send them, one message each, in their order. One that fails stays, with those behind
  // it. taken(outcome) is called for each that went. Returns the outcome of the last.
  send(taken) {
    this.#sending ??= this.#sendAll(taken).finally(() => (this.#sending = null))
    return this.#sending
  }

  async #sendAll(taken) {
    let outcome = { state: "taken" }
    while (this.pictures.length && outcome.state === "taken") {
      const [picture] = this.pictures
      await picture.prepared
      if (picture.state === "unusable") return { state: "unusable" }
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
    const outcome = await upload(this.#limits.src, { image: picture.file, client_uuid: picture.uuid }, progress)
    picture.state = outcome.state === "taken" ? "ready" : "failed"
    picture.error = outcome.error ?? ""
    if (outcome.state === "taken") this.remove(picture)
    this.#changed()
    return outcome
  }

  #prepare(picture) {
    const { mostBytes, mostUpload } = this.#limits
    if (picture.original.size <= mostBytes) return
    picture.state = "preparing"
    picture.prepared = shrink(picture.original, mostBytes).then((smaller) => {
      const isUsable = smaller || picture.original.size <= mostUpload
      if (smaller) picture.file = smaller
      picture.state = isUsable ? "ready" : "unusable"
      this.#changed()
    })
  }

  #changed() {
    this.dispatchEvent(new Event("change"))
  }
}

class Picture {
  state = "ready" // preparing, ready, sending, failed, unusable
  progress = 0
  error = ""
  prepared = Promise.resolve()

  constructor(file) {
    this.original = this.file = file
    this.url = URL.createObjectURL(file)
    this.uuid = newUuid()
  }

  get isShrunk() {
    return this.file !== this.original
  }
}

// A picture dropped beside the conversation must not replace the page.
for (const type of ["dragover", "drop"]) {
  document.addEventListener(type, (event) => {
    if (!event.dataTransfer?.types.includes("Files") || event.defaultPrevented) return
    event.preventDefault()
    event.dataTransfer.dropEffect = "none"
  })
}

// They are nowhere else: a page that goes takes them with it.
addEventListener("beforeunload", (event) => {
  if ([...trays.values()].some(({ pictures }) => pictures.length)) event.preventDefault()
})
