// What a row is called by those who hear it: one sentence, with the times as they are by now.

import { now } from "./clock.js"
import { read, standing } from "./windows.js"

const AGAIN_EVERY = 15_000 // ms
const MARKS = ".row__draft, .row__assignee, .row__failed, .row__note, .row__pin, .row__snoozed"
const UNSEEN = ".row:not(.row--draft) .row__draft, .row--mine .row__assignee, .row:not(.row--pinned) .row__pin"
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]] // s
const HOUR = 3600 // s

const language = document.documentElement.lang
const texts = () => document.querySelector("inbox-list").dataset
const say = (text, number) => text.replace("{n}", number)

export function name(row) {
  const link = row.querySelector(".row__link")
  const sentence = parts(row).filter(Boolean).reduce((one, other) => texts().comma.replace("{one}", () => one).replace("{other}", () => other))
  if (link.ariaLabel !== sentence) link.ariaLabel = sentence
  const about = [row.querySelector(".row__preview"), ...others(row)].map(wordsOf).filter(Boolean).join(" · ")
  if (link.getAttribute("aria-description") !== about) link.setAttribute("aria-description", about)
}

function parts(row) {
  const { unread, waitingSince } = row.dataset
  const { unread: many, unreadOne: one, waiting } = texts()
  const marks = [...row.querySelectorAll(MARKS)].filter((mark) => !mark.matches(UNSEEN))
  return [
    ...[".row__name", ".program", ".row__line .chip"].map((of) => wordsOf(row.querySelector(of))),
    unread !== "0" && say(unread === "1" ? one : many, unread),
    waitingSince && waiting.replace("{time}", long((now() - Date.parse(waitingSince)) / 1000)),
    ...room(row.querySelector("window-meter")),
    ...marks.map(wordsOf),
  ]
}

function room(meter) {
  const { left, kind, seconds } = standing(read(meter.dataset.windows), meter.dataset.refusal)
  if (kind === null) return [wordsOf(meter)]
  const { left: many, leftOne: one, remaining } = texts()
  return [say(left === 1 ? one : many, left), remaining.replace("{time}", seconds < HOUR ? long(seconds) : spelled(seconds / HOUR, "hour"))]
}

function others(row) {
  const { agent } = document.body.dataset
  return [...row.querySelectorAll(".face")].filter((face) => face.dataset.agent !== agent).map((face) => face.querySelector(".face__words"))
}

// "2 min 14 sec", in the page's language: by the largest unit and the next.
function long(seconds) {
  const whole = Math.max(0, Math.floor(seconds))
  const [[unit, size], next] = UNITS.slice(UNITS.findIndex(([, one]) => whole >= one || one === 1))
  const rest = next ? (whole % size) / next[1] : 0
  return spelled(whole / size, unit) + (rest >= 1 ? ` ${spelled(rest, next[0])}` : "")
}

// Our Chinese sets digits apart.
function spelled(count, unit) {
  const words = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(Math.floor(count))
  return words.replace(/(\d)(\p{Script=Han})/gu, "$1 $2")
}

function wordsOf(element) {
  return element?.textContent.trim().replace(/\s+/g, " ") ?? ""
}

// Not under whoever is just hearing it.
setInterval(() => {
  for (const row of document.querySelectorAll("inbox-list .row")) if (!row.contains(document.activeElement)) name(row)
}, AGAIN_EVERY)
document.addEventListener("focusin", ({ target }) => target.matches(".row__link") && name(target.closest(".row")))
