// <wait-timer>, <short-time>, <answered-time> and <long-day> say how long ago or when something was, and go
// on saying it right. The words are the browser's own, in the page's language.

import { dayOf, format, now } from "./clock.js"

const SECOND = 1000 // ms
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE
const HOUR = 60 * MINUTE

const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" })
const days = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "day" })
const time = format({ hour: "2-digit", minute: "2-digit" })
const monthAndDay = format({ month: "numeric", day: "numeric" })
const date = format({ year: "numeric", month: "numeric", day: "numeric" })
const longDay = format({ month: "long", day: "numeric", weekday: "short" })
const longDate = format({ year: "numeric", month: "long", day: "numeric", weekday: "short" })

const shown = new Set()

class Moment extends HTMLElement {
  connectedCallback() {
    shown.add(this)
    this.draw()
  }

  disconnectedCallback() {
    shown.delete(this)
  }

  draw() {
    const text = this.words(new Date(this.getAttribute("datetime")))
    if (this.textContent !== text) this.textContent = text
  }
}

class WaitTimer extends Moment {
  words(since) {
    const waited = Math.max(0, now() - since)
    const { amber, red } = document.getElementById("inbox").dataset
    const isLate = waited >= red * SECOND
    this.classList.toggle("wait--near", waited >= amber * SECOND && !isLate)
    this.classList.toggle("wait--late", isLate)
    // Colour alone must not tell.
    this.title = isLate ? this.dataset.late : ""
    return duration(waited)
  }
}

class ShortTime extends Moment {
  words(moment) {
    if (fewDaysAgo(moment) === 0) return time.format(moment)
    return moment > now() ? `${short(moment)} ${time.format(moment)}` : short(moment)
  }
}

// For an hour or a day it is said how long ago, then when.
class AnsweredTime extends ShortTime {
  words(moment) {
    const ago = now() - moment
    if (ago < MINUTE) return this.dataset.now
    return this.dataset.text.replace("{time}", ago < DAY ? howLongAgo(ago) : super.words(moment))
  }
}

class LongDay extends Moment {
  words(moment) {
    const ago = fewDaysAgo(moment)
    if (ago === 0 || ago === 1) return relative.format(-ago, "day")
    return apart((isThisYear(moment) ? longDay : longDate).formatToParts(moment))
  }
}

// Chinese browsers write date and weekday in one word.
function apart(parts) {
  const space = ({ type }, before) => (type === "weekday" && before && !/\s$/.test(before.value) ? " " : "")
  return parts.map((part, index) => space(part, parts[index - 1]) + part.value).join("")
}

function short(moment) {
  if (fewDaysAgo(moment) === 1) return relative.format(-1, "day")
  return (isThisYear(moment) ? monthAndDay : date).format(moment)
}

function duration(ms) {
  if (ms >= DAY) return days.format(Math.floor(ms / DAY))
  const seconds = Math.floor(ms / SECOND)
  const clock = [seconds / 60, seconds].map((part) => String(Math.floor(part) % 60).padStart(2, "0")).join(":")
  return seconds < 3600 ? clock : `${Math.floor(seconds / 3600)}:${clock}`
}

function howLongAgo(ms) {
  const [number, unit] = ms < HOUR ? [ms / MINUTE, "minute"] : [ms / HOUR, "hour"]
  // Our Chinese sets digits apart.
  return relative.format(-Math.floor(number), unit).replace(/(\d)(\p{Script=Han})/gu, "$1 $2")
}

function fewDaysAgo(moment) {
  if (dayOf(moment) === dayOf(now())) return 0
  return dayOf(moment) === dayOf(now() - DAY) ? 1 : undefined
}

function isThisYear(moment) {
  return dayOf(moment).slice(0, 4) === dayOf(now()).slice(0, 4)
}

customElements.define("wait-timer", WaitTimer)
customElements.define("short-time", ShortTime)
customElements.define("answered-time", AnsweredTime)
customElements.define("long-day", LongDay)

setInterval(() => shown.forEach((moment) => moment.draw()), SECOND)
