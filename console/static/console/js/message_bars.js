// What stands between messages depends on their neighbours, so it shows here: a bar where
// the day or the entrance changes, one name and one time for what was said in one go, and
// one line for what happened several times over.

import { dayOf } from "./clock.js"

const IN_ONE_GO = 3 * 60_000 // ms

export function decorate(message) {
  const before = neighbour(message, "previousElementSibling")
  const after = neighbour(message, "nextElementSibling")
  message.classList.toggle("message--new-day", !before || day(before) !== day(message))
  message.classList.toggle("message--new-entrance", isElsewhere(before, message))
  message.classList.toggle("message--continued", goesOn(before, message) && !message.previousElementSibling.matches(".bar"))
  message.classList.toggle("message--to-be-continued", goesOn(message, after))
  if (message.matches(".message--event")) fold(message)
}

// The last of the same events in a row stands for all, and says how many.
function fold(event) {
  let last = event
  for (let next; happensAgain(last, (next = neighbour(last, "nextElementSibling"))); ) last = next
  let times = 1
  for (let one = last, before; happensAgain((before = neighbour(one, "previousElementSibling")), one); one = before) {
    before.classList.add("message--folded")
    delete before.querySelector(".event__words").dataset.times
    times++
  }
  last.classList.remove("message--folded")
  const words = last.querySelector(".event__words")
  if (times > 1) words.dataset.times = times
  else delete words.dataset.times
}

function happensAgain(one, other) {
  if (!one?.matches(".message--event") || !other?.matches(".message--event")) return false
  if (isElsewhere(one, other) || day(one) !== day(other)) return false
  const [words, others] = [one, other].map((each) => each.querySelector(".event__words"))
  return words.textContent === others.textContent && words.title === others.title
}

function neighbour(message, side) {
  const next = message[side]
  return next?.matches(".bar") ? next[side] : next
}

function isElsewhere(before, message) {
  return !before || before.dataset.conversation !== message.dataset.conversation
}

function goesOn(one, other) {
  if (!one || !other || isElsewhere(one, other) || day(one) !== day(other)) return false
  return speaker(one) === speaker(other) && speaker(one) !== "event" && time(other) - time(one) < IN_ONE_GO
}

function speaker(message) {
  if (message.matches(".message--event")) return "event"
  const author = [...message.classList].find((name) => /^message--(customer|agent|auto_reply|system)$/.test(name))
  const rule = message.querySelector(".message__author")?.textContent.trim() ?? ""
  return `${author} ${message.dataset.agent} ${rule}`
}

function time({ dataset }) {
  return Date.parse(dataset.orderedAt)
}

function day(message) {
  return dayOf(time(message))
}
