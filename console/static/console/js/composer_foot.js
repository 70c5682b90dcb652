// What stands around the box and follows what is in it: how many bytes, how many messages a
// send would take, what the button says, and how the customer will see jump links.

import { isOffline } from "./connection.js"
import { isOver, sentence } from "./cost.js"
import { pieces } from "./jump_links.js"

// length is a TextLength of the box's text, pictures how many are in the tray.
export function showFoot(composer, length, pictures, isSlow) {
  const { dataset } = composer
  const { messages, isKnown } = length
  const isTooMuch = messages > Number(dataset.mostMessages)
  const cost = messages + pictures
  const counter = composer.querySelector(".composer__counter")
  counter.textContent = isTooMuch ? dataset.tooLong.replace("{n}", messages) : length.counter
  counter.classList.toggle("composer__counter--over", messages > 1)
  const said = composer.querySelector(".composer__cost")
  said.textContent = cost > 1 ? sentence(composer, cost) : ""
  said.classList.toggle("composer__cost--over", cost > 1 && isOver(cost))
  composer.querySelector(".composer__hint").textContent = hint(composer, isSlow)
  const button = composer.querySelector("[type=submit]")
  button.textContent = label(composer, messages > 1 && !isTooMuch ? messages : 1)
  button.disabled = !composer.isNote && messages > 1 && (!isKnown || isTooMuch)
}

function hint({ dataset, isNote }, isSlow) {
  if (isSlow) return dataset.sending
  if (isNote) return dataset.noteHint
  return isOffline() ? dataset.queueHint : dataset.sendHint
}

function label({ dataset, isNote }, messages) {
  if (isNote) return dataset.keep
  if (isOffline()) return dataset.queue
  return messages > 1 ? dataset.split.replaceAll("{n}", messages) : dataset.send
}

// The text as on the phone, while there is a link in it.
export function showPreview(composer, text) {
  const preview = composer.querySelector(".composer__preview")
  const shown = pieces(text)
  const has = shown.some((piece) => typeof piece !== "string")
  preview.hidden = !has
  preview.lastElementChild.replaceChildren(...(has ? shown.map(drawn) : []))
}

function drawn(piece) {
  if (typeof piece === "string") return piece
  const link = document.createElement("span")
  link.className = "composer__link"
  link.title = piece.path
  link.textContent = piece.label
  return link
}
